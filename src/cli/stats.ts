import type { StackInventory, StrayFile, TableInventory } from "../stack/inventory.ts";
import type { Arguments } from "./arguments.ts";
import { type Command, type CommandSpec, STACK_PATH, WORKTREE } from "./command.ts";
import type { Context } from "./context.ts";
import { openForReading } from "./open_for_reading.ts";

const spec: CommandSpec = {
  name: "stats",
  summary: "Show what the tables of a stack consist of.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { long: "json", help: "print one JSON object" },
    WORKTREE,
  ],
  notes: STACK_PATH,
  examples: [["stats .", "shows the tables of the repository here"]],
};

/** `reftable stats` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  await using stack = await openForReading(path, { worktree: args.has("worktree") });
  const inventory = await stack.inventory();
  if (args.has("json")) output.write(JSON.stringify(inventory) + "\n");
  else output.write(formatInventory(inventory));
  return 0;
}

function formatInventory(inventory: StackInventory): string {
  const { tables, sizes, isGeometric, orphans, temporaries, locks } = inventory;
  const total = tables.reduce((sum, { size }) => sum + size, 0);
  return [
    `tables: ${tables.length}, ${total} bytes`,
    ...tables.flatMap(formatTable),
    `geometric sequence: ${sizes.join(", ")}: ${isGeometric ? "kept" : "broken"}`,
    ...formatStray("orphan", orphans),
    ...formatStray("temporary file", temporaries),
    ...formatStray("lock", locks),
    "",
  ].join("\n");
}

const KINDS = ["ref", "object", "index", "log"] as const;

function formatTable(table: TableInventory): string[] {
  const { name, size, minUpdateIndex, maxUpdateIndex, blocks, entries, paddingShare } = table;
  const parts = KINDS.filter((kind) => blocks[kind] > 0)
    .map((kind) => `${kind} ${blocks[kind]} (${entries[kind]})`);
  return [
    name,
    `  size: ${size}, padding: ${(100 * paddingShare).toFixed(1)}%`,
    `  update indices: ${minUpdateIndex} to ${maxUpdateIndex}`,
    `  blocks (entries): ${parts.join(", ") || "none"}`,
  ];
}

function formatStray(what: string, files: readonly StrayFile[]): string[] {
  return files.map(({ name, mtime }) => {
    const age = Math.max(0, Math.round((Date.now() - mtime) / 1000));
    return `${what}: ${name}, ${age} seconds old`;
  });
}
