import { Table } from "../../mod.ts";
import { advance, advancePast, type SectionCursor } from "../../src/table/record_cursors.ts";
import { type Case, expectCount, timeEach } from "../case.ts";

/** The cursor alone: names and values are passed over. */
export const scan: Case = {
  name: "scan",
  description: "walk over all refs, table in memory",
  unit: "ns/ref",
  aim: { atMost: 10 },
  async start({ data }) {
    const bytes = await Deno.readFile(data.table);
    return { ours: () => walk(bytes, data.refs + 1, advancePast) };
  },
};

/** The same with names, which are put together and seen to ascend. */
export const scanNames: Case = {
  name: "scan-names",
  description: "the same, the bytes of each name put together",
  unit: "ns/ref",
  async start({ data }) {
    const bytes = await Deno.readFile(data.table);
    return { ours: () => walk(bytes, data.refs + 1, advance) };
  },
};

/** The same with the reading. */
export const scanFile: Case = {
  name: "scan-file",
  description: "the same, and the file opened and read",
  unit: "ns/ref",
  start: ({ data }) => ({ ours: () => walk(data.table, data.refs + 1, advance) }),
};

/** Records as most callers use them. */
export const records: Case = {
  name: "records",
  description: "open the file and list all refs, names and ids",
  unit: "ns/ref",
  aim: { atMost: 100 },
  start({ data }) {
    return {
      ours: () =>
        timeEach("ns", data.refs + 1, () => {
          using table = Table.openSync(data.table);
          let found = 0;
          let seen = 0;
          for (const ref of table.refs()) {
            found++;
            seen |= ref.refname.charCodeAt(ref.refname.length - 1);
            if (ref.kind === "direct" || ref.kind === "peeled") seen |= ref.oid.charCodeAt(39);
          }
          expectCount(seen & ~0x7f, 0);
          expectCount(found, data.refs + 1);
        }),
    };
  },
};

function walk(
  input: string | Uint8Array,
  expected: number,
  goOn: (cursor: SectionCursor) => boolean,
): number {
  return timeEach("ns", expected, () => {
    using table = Table.openSync(input);
    const cursor = table.refCursor();
    let found = 0;
    while (goOn(cursor)) found++;
    expectCount(found, expected);
  });
}
