import { join } from "@std/path";
import { Table } from "../../mod.ts";
import { type Case, expectCount, timeEach } from "../case.ts";
import type { DataRef } from "../data_refs.ts";
import { compareProcesses, reftable } from "../process.ts";

/** How many times a round opens a table. */
const OPENINGS = 200;

/** Every block is in the cache. */
export const hotLookup: Case = {
  name: "lookup-hot",
  description: "look a random name up, all blocks cached",
  unit: "µs",
  aim: { atMost: 1 },
  start({ data }) {
    // The cache may forget half of what it keeps.
    const table = Table.openSync(data.table, { cacheSize: 4 * data.tableSize });
    lookUpAll(table, data.sample);
    return {
      ours: () => timeEach("µs", data.sample.length, () => lookUpAll(table, data.sample)),
      [Symbol.dispose]: () => table[Symbol.dispose](),
    };
  },
};

/** What a program pays that asks for many names and holds on to little. */
export const randomLookups: Case = {
  name: "lookup-random",
  description: "open the file and look 100,000 random names up",
  unit: "ms",
  start({ data }) {
    return {
      ours: () =>
        timeEach("ms", 1, () => {
          using table = Table.openSync(data.table);
          lookUpAll(table, data.sample);
        }),
    };
  },
};

/** What a program pays that asks for one name. */
export const coldLookup: Case = {
  name: "lookup-cold",
  description: "open the file and look one name up",
  unit: "ms",
  aim: { atMost: 0.3 },
  start({ data }) {
    const sample = data.sample.slice(0, OPENINGS);
    return {
      ours: () =>
        timeEach("ms", sample.length, () => {
          for (const ref of sample) {
            using table = Table.openSync(data.table);
            lookUpAll(table, [ref]);
          }
        }),
    };
  },
};

/** Many exact names at once: git answers these only where a transaction checks them. */
export const verifyRefs: Case = {
  name: "verify-refs",
  description: "update-ref --stdin: verify 100,000 random refs",
  unit: "ms",
  async start({ data, git }) {
    const stdin = join(data.dir, "verify.txt");
    const lines = data.sample.map(({ refname, oid }) => `verify ${refname} ${oid}\n`);
    // A transaction names each ref once.
    await Deno.writeTextFile(stdin, [...new Set(lines)].join(""));
    const repo = data.reftableRepo;
    const args = ["update-ref", "--stdin"];
    return compareProcesses(
      reftable({ repo, write: true, stdin }, args),
      git.command(args, { cwd: repo, stdin }),
    );
  },
};

function lookUpAll(table: Table, sample: readonly DataRef[]): void {
  let found = 0;
  for (const { refname, oid } of sample) {
    const ref = table.ref(refname);
    if ((ref?.kind === "direct" || ref?.kind === "peeled") && ref.oid === oid) found++;
  }
  expectCount(found, sample.length);
}
