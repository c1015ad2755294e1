import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import type { SectionStatistics } from "../table/section_writer.ts";
import type { WriteStatistics } from "../table/table_writer.ts";
import { writeTable } from "../table/write_table.ts";
import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { readLines } from "./input.ts";
import type { Output } from "./output.ts";
import type { System } from "./system.ts";

const spec: CommandSpec = {
  name: "load",
  summary: "Write a table from records, one JSON object a line, as 'dump --json' prints them.",
  usage: ["[<options>] <table>"],
  operand: "path",
  options: [
    { long: "hash", value: "sha1|sha256", help: "the hash of the object ids; by their length" },
    { long: "block-size", value: "n", help: "the size of a block in bytes; 4096" },
    { long: "restart-interval", value: "n", help: "store every n-th key whole; 16" },
    { long: "unpadded", help: "do not pad blocks" },
    { long: "skip-index-objects", help: "leave out the section that leads from objects to refs" },
    { long: "exact-log-message", help: "store log messages as they are" },
    { long: "min-update-index", value: "n", help: "the lowest update index; that of the records" },
    { long: "max-update-index", value: "n", help: "the highest update index; that of the records" },
    { short: "f", long: "force", help: "replace <table> if it exists" },
    { short: "v", long: "verbose", help: "print what was written" },
  ],
  notes: `Records are read from standard input, in any order. <table> appears when it is complete.`,
  examples: [
    ["dump --json . | reftable load all.ref", "writes one table of all that a stack holds"],
  ],
};

/** `reftable load` */
export const command: Command = { spec, run };

/** What was read from standard input. */
interface Records {
  readonly refs: RefRecord[];
  readonly logs: LogRecord[];
}

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  const blockSize = args.number("block-size");
  const restartInterval = args.number("restart-interval");
  const given = { min: args.number("min-update-index"), max: args.number("max-update-index") };
  const hash = args.choice("hash", ["sha1", "sha256"]);
  const records = await readRecords(context.system);
  const range = updateRange(records);
  const min = given.min ?? range.min;
  const max = given.max ?? Math.max(min, range.max);
  const statistics = await writeTable(path, (writer) => {
    writer.setLimits(min, max);
    writer.addRefs(records.refs);
    writer.addLogs(records.logs);
  }, {
    hash: hash ?? hashOf(records),
    blockSize,
    restartInterval,
    unpadded: args.has("unpadded"),
    skipIndexObjects: args.has("skip-index-objects"),
    exactLogMessage: args.has("exact-log-message"),
    overwrite: args.has("force"),
  });
  if (args.has("verbose")) printStatistics(statistics, output);
  return 0;
}

async function readRecords(system: System): Promise<Records> {
  const records: Records = { refs: [], logs: [] };
  let number = 0;
  for await (const line of readLines(system)) {
    number++;
    try {
      const parsed = parseRecord(line);
      if (parsed.type === "ref") records.refs.push(parsed.record);
      else records.logs.push(parsed.record);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      const message = `Cannot read line ${number} as a record: ${cause.message}`;
      throw new ReftableError("format", message, { cause });
    }
  }
  return records;
}

/** The hash that makes object ids as long as the first one is. */
function hashOf({ refs, logs }: Records): HashName {
  const oid = refs.find((ref) => "oid" in ref)?.oid ??
    logs.find((log) => log.kind === "update")?.newOid;
  return oid?.length === 64 ? "sha256" : "sha1";
}

function updateRange({ refs, logs }: Records): { min: number; max: number } {
  let min = Infinity;
  let max = 0;
  for (const { updateIndex } of [...refs, ...logs]) {
    min = Math.min(min, updateIndex);
    max = Math.max(max, updateIndex);
  }
  return { min: Math.min(min, max), max };
}

function printStatistics(statistics: WriteStatistics, output: Output): void {
  const { refs, objects, logs, indexes, blocks, objectIdLength, size } = statistics;
  output.write(`size: ${size}\nblocks: ${blocks}\nobject id length: ${objectIdLength}\n`);
  for (const [name, section] of Object.entries({ refs, objects, logs, indexes })) {
    output.write(formatSection(name, section));
  }
}

function formatSection(name: string, section: SectionStatistics): string {
  const counts = [
    `entries ${section.entries}`,
    `restarts ${section.restarts}`,
    `blocks ${section.blocks}`,
    `index blocks ${section.indexBlocks}`,
    `index depth ${section.indexDepth}`,
    `offset ${section.offset}`,
    `index offset ${section.indexOffset}`,
  ];
  return `${name}: ${counts.join(", ")}\n`;
}

/** A line of `dump --json`. */
type ParsedRecord =
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
