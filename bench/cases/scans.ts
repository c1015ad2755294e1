import { Table } from "../../mod.ts";
import { advance } from "../../src/table/record_cursors.ts";
import { type Case, expectCount, timeEach } from "../case.ts";

/** The cursor alone: keys are put together, values passed over. */
export const scan: Case = {
  name: "scan",
  description: "walk over all refs, table in memory",
  unit: "ns/ref",
  aim: { atMost: 10 },
  async start({ data }) {
    const bytes = await Deno.readFile(data.table);
    return { ours: () => walk(bytes, data.refs + 1) };
  },
};

/** The same with the reading. */
export const scanFile: Case = {
  name: "scan-file",
  description: "open the file and walk over all refs",
  unit: "ns/ref",
  start: ({ data }) => ({ ours: () => walk(data.table, data.refs + 1) }),
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

function walk(input: string | Uint8Array, expected: number): number {
  return timeEach("ns", expected, () => {
    using table = Table.openSync(input);
    const cursor = table.refCursor();
    let found = 0;
    while (advance(cursor)) found++;
    expectCount(found, expected);
  });
}
