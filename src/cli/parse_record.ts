import type { LogRecord, RefRecord } from "../../mod.ts";

/** A line of `dump --json`. */
export type ParsedRecord =
  | { readonly type: "ref"; readonly record: RefRecord }
  | { readonly type: "log"; readonly record: LogRecord };

/** The fields that each kind of record has besides `refname` and `updateIndex`. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> =
  {
    ref: {
      deletion: {},
      direct: { oid: "string" },
      peeled: { oid: "string", peeled: "string" },
      symref: { target: "string" },
    },
    log: {
      deletion: {},
      update: {
        oldOid: "string",
        newOid: "string",
        name: "string",
        email: "string",
        time: "number",
        tzOffset: "number",
        message: "string",
      },
    },
  };

/**
 * Parses a line of `dump --json`.
 *
 * @throws {SyntaxError} When it is no record, telling why.
 */
export function parseRecord(line: string): ParsedRecord {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new SyntaxError("it is no JSON object");
  const record = value as Record<string, unknown>;
  const type = choose(record, "type", FIELDS);
  const kinds = FIELDS[type]!;
  const kind = choose(record, "kind", kinds);
  const picked: Record<string, unknown> = { kind };
  const fields = { refname: "string", updateIndex: "number", ...kinds[kind] };
  for (const [name, expected] of Object.entries(fields)) {
    const value = record[name];
    const found = typeof value;
    if (found !== expected) {
      throw new SyntaxError(`its ${name} is ${show(value)}, expected a ${expected}`);
    }
    picked[name] = value;
  }
  return { type, record: picked } as unknown as ParsedRecord;
}

function choose(record: Record<string, unknown>, name: string, choices: object): string {
  const value = record[name];
  if (typeof value === "string" && Object.hasOwn(choices, value)) return value;
  const expected = Object.keys(choices).map((choice) => JSON.stringify(choice)).join(", ");
  throw new SyntaxError(`its ${name} is ${show(value)}, expected one of ${expected}`);
}

function show(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value);
}
