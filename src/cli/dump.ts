import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import type { RefRecord } from "../format/ref_record.ts";
import { openRepositoryStack } from "../refs/repository_stacks.ts";
import { Stack } from "../stack/stack.ts";
import { Table } from "../table/table.ts";
import type { Arguments } from "./arguments.ts";
import { type Command, type CommandSpec, WORKTREE } from "./command.ts";
import { compactAll } from "./compact.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./failure.ts";
import { isTableFile, openForReading } from "./open_for_reading.ts";
import type { Output } from "./output.ts";

const spec: CommandSpec = {
  name: "dump",
  summary: "Print what is in a reftable, a stack of them, or a repository.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { short: "t", mode: "path", help: "<path> is a table" },
    { short: "s", mode: "path", help: "<path> is a directory of tables" },
    { short: "c", help: "compact the stack, and print nothing" },
    { short: "b", help: "print the blocks of each table, not the records" },
    { short: "6", help: "the same as --hash=sha256" },
    { short: "2", help: "the same as --hash=sha256" },
    { long: "hash", value: "sha1|sha256", help: "refuse tables of another hash" },
    { long: "refs", help: "print the refs only" },
    { long: "logs", help: "print the logs only" },
    { long: "prefix", value: "prefix", help: "print only what has a name that begins so" },
    { long: "ref", value: "name", help: "print only this ref and its log" },
    { long: "oid", value: "oid", help: "print only refs that hold or peel to this object" },
    { long: "tables", help: "print each table of a stack by itself, with tombstones" },
    WORKTREE,
    { long: "json", help: "print a JSON object a line" },
  ],
  notes: `<path> is a table, a directory of tables, a '.git' directory, a working tree or a bare
repository. A table shows its tombstones, a stack only what is there.`,
  examples: [
    ["dump .", "prints all refs and logs of the repository here"],
    ["dump --ref refs/heads/main .", "prints a branch and its log"],
    ["dump -b table.ref", "prints the blocks that a table consists of"],
  ],
};

/** What answers questions about records: a table or a stack. */
type Records = Pick<Table | Stack, "ref" | "refs" | "logs" | "refsFor">;

/** What is dumped: the tables, and all of them as one. */
interface Dumped extends AsyncDisposable {
  readonly records: Records;
  readonly tables: readonly Table[];
}

/** `reftable dump` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  const hash = args.choice("hash", ["sha1", "sha256"]) ??
    (args.has("6") || args.has("2") ? "sha256" : undefined);
  if (args.has("oid") && args.has("logs")) {
    throw new UsageError("options '--oid' and '--logs' cannot be used together");
  }
  if (args.has("c")) {
    await using stack = await openRepositoryStack(path, { hash, worktree: args.has("worktree") });
    await compactAll(stack, context.system);
    return 0;
  }
  await using dumped = await open(path, args, hash);
  for (const table of dumped.tables) checkHash(table, hash);
  if (args.has("b")) {
    for (const table of dumped.tables) printBlocks(table, args, output);
  } else if (args.has("tables")) {
    for (const table of dumped.tables) {
      if (!args.has("json")) output.write(`table{${table.name}}\n`);
      printRecords(table, args, output, { table: table.name });
    }
  } else {
    printRecords(dumped.records, args, output);
  }
  return 0;
}

async function open(path: string, args: Arguments, hash: HashName | undefined): Promise<Dumped> {
  if (args.has("t") || (!args.has("s") && isTableFile(path))) {
    const table = await Table.open(path);
    return {
      records: table,
      tables: [table],
      [Symbol.asyncDispose]: () => Promise.try(() => table[Symbol.dispose]()),
    };
  }
  const stack = args.has("s")
    ? await Stack.open(path, { hash })
    : await openForReading(path, { hash, worktree: args.has("worktree") });
  return {
    records: stack,
    tables: stack.tables,
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

function checkHash(table: Table, hash: HashName | undefined): void {
  if (hash === undefined || table.hash === hash) return;
  throw new ReftableError(
    "format",
    `Cannot dump table "${table.name}": its hash is ${table.hash}, not ${hash}`,
    { file: table.name },
  );
}

function printRecords(
  records: Records,
  args: Arguments,
  output: Output,
  label: { table?: string } = {},
): void {
  const json = args.has("json");
  if (args.has("refs") || !args.has("logs")) {
    for (const ref of selectRefs(records, args)) {
      output.write(json ? toJson({ ...label, type: "ref", ...ref }) : formatRef(ref));
    }
  }
  if ((args.has("logs") || !args.has("refs")) && !args.has("oid")) {
    const refname = args.value("ref");
    for (const log of records.logs({ refname, prefix: args.value("prefix") })) {
      output.write(json ? toJson({ ...label, type: "log", ...log }) : formatLog(log));
    }
  }
}

function selectRefs(records: Records, args: Arguments): Iterable<RefRecord> {
  const refname = args.value("ref");
  const prefix = args.value("prefix") ?? "";
  const oid = args.value("oid");
  if (oid === undefined && refname === undefined) return records.refs({ prefix });
  const ref = refname === undefined ? undefined : records.ref(refname);
  const found = oid === undefined ? [ref] : [...records.refsFor(oid)];
  return found.filter((ref) => ref !== undefined)
    .filter((ref) => ref.refname.startsWith(prefix) && ref.refname === (refname ?? ref.refname));
}

const SECTIONS = { ref: "ref", object: "obj", index: "idx", log: "log" } as const;

function printBlocks(table: Table, args: Arguments, output: Output): void {
  if (args.has("json")) {
    for (const block of table.blocks()) output.write(toJson({ table: table.name, ...block }));
    return;
  }
  output.write(`header:\n  block_size: ${table.blockSize}\n`);
  let section;
  for (const { type, restartOffset, restarts } of table.blocks()) {
    if (type !== section) output.write(`${SECTIONS[type]}:\n`);
    section = type;
    output.write(`  - length: ${restartOffset}\n    restarts: ${restarts}\n`);
  }
}

function toJson(value: unknown): string {
  return JSON.stringify(value) + "\n";
}

/** Formats a ref as Git's own dump tool does. */
function formatRef(ref: RefRecord): string {
  const head = `ref{${ref.refname}(${ref.updateIndex}) `;
  switch (ref.kind) {
    case "deletion":
      return `${head}delete}\n`;
    case "direct":
      return `${head}val 1 ${ref.oid}}\n`;
    case "peeled":
      return `${head}val 2 ${ref.oid}(T ${ref.peeled})}\n`;
    case "symref":
      return `${head}=> ${ref.target}}\n`;
  }
}

/**
 * Formats a log entry much as Git's own dump tool does; the time zone has a sign and four
 * digits, and the newline that git ends messages with is not doubled.
 */
function formatLog(log: LogRecord): string {
  const head = `log{${log.refname}(${log.updateIndex}) `;
  if (log.kind === "deletion") return `${head}delete}\n`;
  const end = log.message.endsWith("\n") ? "" : "\n";
  return `${head}${log.name} <${log.email}> ${log.time} ${formatZone(log.tzOffset)}\n` +
    `${log.oldOid} => ${log.newOid}\n\n${log.message}${end}}\n`;
}

function formatZone(tzOffset: number): string {
  return (tzOffset < 0 ? "-" : "+") + String(Math.abs(tzOffset)).padStart(4, "0");
}
