import { Table } from "../../mod.ts";
import { type Case, expectCount, timeEach } from "../case.ts";
import type { DataRef } from "../data_refs.ts";

/** How many objects a round with everything in the cache asks for. */
const OBJECTS = 20_000;

/** How many times a round opens a table. */
const OPENINGS = 200;

/** Every block is in the cache. */
export const hotObject: Case = {
  name: "object-hot",
  description: "find the refs of a random object, all blocks cached",
  unit: "µs",
  aim: { atMost: 3 },
  start({ data }) {
    // The cache may forget half of what it keeps.
    const table = Table.openSync(data.table, { cacheSize: 4 * data.tableSize });
    const sample = data.sample.slice(0, OBJECTS);
    findAll(table, data.sample);
    return {
      ours: () => timeEach("µs", sample.length, () => findAll(table, sample)),
      [Symbol.dispose]: () => table[Symbol.dispose](),
    };
  },
};

/** What a program pays that asks for one object. */
export const coldObject: Case = {
  name: "object-cold",
  description: "open the file and find the refs of one object",
  unit: "ms",
  start({ data }) {
    const sample = data.sample.slice(0, OPENINGS);
    return {
      ours: () =>
        timeEach("ms", sample.length, () => {
          for (const ref of sample) {
            using table = Table.openSync(data.table);
            findAll(table, [ref]);
          }
        }),
    };
  },
};

function findAll(table: Table, sample: readonly DataRef[]): void {
  let found = 0;
  for (const { refname, oid } of sample) {
    // Other refs may hold the same object.
    for (const ref of table.refsFor(oid)) if (ref.refname === refname) found++;
  }
  expectCount(found, sample.length);
}
