import { assert } from "@std/assert";
import { BytesSink, type LogRecord, type RefRecord, TableWriter } from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { parseRecord } from "../../src/cli/load.ts";
import { BytesSource } from "../../src/io/block_source.ts";
import { verifySource } from "../../src/table/verify_table.ts";
import { direct, entry, noEntry, symref } from "../stack/changes.ts";
import { mutateText } from "./mutate_text.ts";
import { attempt, file, type Target } from "./target.ts";

const RECORDS = [
  { type: "ref", ...symref("HEAD", 1, "refs/heads/main") },
  { type: "ref", ...direct("refs/heads/main", 2) },
  { type: "ref", ...direct("refs/tags/a", 3), kind: "peeled", peeled: "0".repeat(40) },
  { type: "ref", kind: "deletion", refname: "refs/x", updateIndex: 1 },
  { type: "log", ...entry("HEAD", 3) },
  { type: "log", ...noEntry("HEAD", 2) },
];

const SOUND = RECORDS.map((record) => JSON.stringify(record) + "\n").join("");

const WORDS = [
  ...["-0", "1.5", "1e400", "9007199254740991", "-1", '"\\ud800"', '"\\u0000"', '"__proto__"', ":"],
  ...['"kind":"peeled"', '"kind":"symref"', '"type":"log"', '"time":-1', '"tzOffset":99999', "\\n"],
];

/** What stands on the standard input of `load`. */
export const loadTarget: Target = {
  name: "load",
  weight: 4,
  make: (random) => ({ lines: mutateText(file(SOUND), random, WORDS) }),
  async check({ lines = new Uint8Array() }) {
    const refs: RefRecord[] = [];
    const logs: LogRecord[] = [];
    // There may be a line a hundred thousand times, and each refusal takes its time.
    const refused = new Set<string>();
    for (const line of decodeText(lines).split("\n")) {
      if (refused.has(line)) continue;
      try {
        const parsed = parseRecord(line);
        if (parsed.type === "ref") refs.push(parsed.record);
        else logs.push(parsed.record);
      } catch (error) {
        assert(error instanceof SyntaxError, `${error}`);
        refused.add(line);
      }
    }
    const sink = new BytesSink();
    const writing = await attempt(() => {
      const writer = new TableWriter(sink);
      writer.setLimits(1, 10);
      writer.addRefs(refs);
      writer.addLogs(logs);
      return writer.finish();
    });
    if (!writing.value) return;
    // What the writer takes can be read; names are checked when a table is added to a stack.
    const { problems } = await verifySource(new BytesSource(sink.bytes, "x.ref"));
    const bad = problems.filter(({ code }) => code !== "refname" && code !== "symref-target");
    assert(bad.length === 0, JSON.stringify(bad));
  },
};
