import { assertEquals, assertThrows } from "@std/assert";
import { parseRecord } from "../../src/cli/load.ts";
import { assertRecords, fixtures } from "../fixtures.ts";

const OID = "0123456789abcdef0123456789abcdef01234567";
const REF = { type: "ref", kind: "direct", refname: "HEAD", updateIndex: 1, oid: OID };
const LOG = {
  type: "log",
  kind: "update",
  refname: "HEAD",
  updateIndex: 1,
  oldOid: OID,
  newOid: OID,
  name: "n",
  email: "e",
  time: 5,
  tzOffset: -730,
  message: "m",
};

Deno.test("parseRecord() parses the records of every fixture", () => {
  for (const { name, refs, logs } of fixtures()) {
    const parsed = [
      ...refs.map((ref) => parseRecord(JSON.stringify({ type: "ref", ...ref }))),
      ...logs.map((log) => parseRecord(JSON.stringify({ ...log, type: "log" }))),
    ];
    const of = (wanted: "ref" | "log") =>
      parsed.filter(({ type }) => type === wanted).map(({ record }) => record);
    assertRecords(of("ref"), refs, name);
    assertRecords(of("log"), logs, name);
  }
});

Deno.test("parseRecord() takes what belongs to a kind and leaves the rest", () => {
  const more = { table: "a.ref", target: "t", peeled: OID, message: 5, toString: 1 };
  const { type: _, oid, ...base } = REF;
  assertEquals<unknown>(parseRecord(JSON.stringify({ ...more, ...REF })), {
    type: "ref",
    record: { ...base, oid },
  });
  const deletion = { ...base, kind: "deletion" };
  assertEquals<unknown>(parseRecord(` ${JSON.stringify({ ...REF, ...deletion })} \r`), {
    type: "ref",
    record: deletion,
  });
  assertEquals<unknown>(parseRecord(JSON.stringify({ ...LOG, ...deletion, oid })), {
    type: "log",
    record: deletion,
  });
  assertEquals<unknown>(
    parseRecord(JSON.stringify({ ...REF, kind: "symref", target: "" })).record,
    {
      ...base,
      kind: "symref",
      target: "",
    },
  );
  // Escapes that stand for bytes which are not UTF-8.
  const escaped = parseRecord(JSON.stringify({ ...REF, refname: "a\udcff" }));
  assertEquals(escaped.record.refname, "a\udcff");
});

const KINDS = {
  ref: '"deletion", "direct", "peeled", "symref"',
  log: '"deletion", "update"',
};

const REFUSALS: readonly (readonly [line: unknown, message: string])[] = [
  [null, "it is no JSON object"],
  [5, "it is no JSON object"],
  ["ref", "it is no JSON object"],
  [[], 'its type is missing, expected one of "ref", "log"'],
  [{}, 'its type is missing, expected one of "ref", "log"'],
  [{ ...REF, type: "tag" }, 'its type is "tag", expected one of "ref", "log"'],
  [{ ...REF, type: "toString" }, 'its type is "toString", expected one of "ref", "log"'],
  [{ ...REF, type: ["ref"] }, 'its type is ["ref"], expected one of "ref", "log"'],
  [{ ...REF, kind: undefined }, `its kind is missing, expected one of ${KINDS.ref}`],
  [{ ...REF, kind: "update" }, `its kind is "update", expected one of ${KINDS.ref}`],
  [{ ...REF, kind: "constructor" }, `its kind is "constructor", expected one of ${KINDS.ref}`],
  [{ ...LOG, kind: "direct" }, `its kind is "direct", expected one of ${KINDS.log}`],
  [{ ...LOG, kind: null }, `its kind is null, expected one of ${KINDS.log}`],
  [{ ...REF, refname: undefined }, "its refname is missing, expected a string"],
  [{ ...REF, refname: 5 }, "its refname is 5, expected a string"],
  [{ ...REF, updateIndex: "1" }, 'its updateIndex is "1", expected a number'],
  [{ ...REF, updateIndex: NaN }, "its updateIndex is null, expected a number"],
  [{ ...REF, oid: undefined }, "its oid is missing, expected a string"],
  [{ ...REF, kind: "peeled" }, "its peeled is missing, expected a string"],
  [{ ...REF, kind: "symref" }, "its target is missing, expected a string"],
  ...["refname", "oldOid", "newOid", "name", "email", "message"].map((field) =>
    [{ ...LOG, [field]: true }, `its ${field} is true, expected a string`] as const
  ),
  ...["updateIndex", "time", "tzOffset"].map((field) =>
    [{ ...LOG, [field]: {} }, `its ${field} is {}, expected a number`] as const
  ),
];

Deno.test("parseRecord() tells why a line is no record", () => {
  for (const [value, message] of REFUSALS) {
    const error = assertThrows(() => parseRecord(JSON.stringify(value)), SyntaxError);
    assertEquals(error.message, message);
  }
  for (
    const line of ["", " ", "{", `${JSON.stringify(REF)},`, "ref", JSON.stringify(REF).slice(1)]
  ) {
    assertThrows(() => parseRecord(line), SyntaxError, "JSON");
  }
});
