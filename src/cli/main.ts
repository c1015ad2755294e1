import { removePendingFiles } from "../../mod.ts";
import { Arguments, type Command, formatUsage, UsageError } from "./command.ts";
import { ClosedPipe, Output } from "./output.ts";

/** The commands; a module is loaded when its command is called. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; load(): Promise<{ command: Command }> }>
> = {
  dump: {
    summary: "print what is in a table, a stack or a repository",
    load: () => import("./dump.ts"),
  },
  load: {
    summary: "write a table from records",
    load: () => import("./load.ts"),
  },
  stats: {
    summary: "show what the tables of a stack consist of",
    load: () => import("./stats.ts"),
  },
  compact: {
    summary: "merge the tables of a stack into one",
    load: () => import("./compact.ts"),
  },
  clean: {
    summary: "remove tables that the stack does not name any more",
    load: () => import("./clean.ts"),
  },
  verify: {
    summary: "check tables, stacks and repositories for damage",
    load: () => import("./verify.ts"),
  },
};

/** The exit code for a command line that is not understood, as Git's. */
const USAGE = 129;

function formatCommands(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  const lines = names.map((name) => `    ${name.padEnd(width)}${COMMANDS[name]!.summary}`);
  return `usage: reftable <command> [<options>]\n\n${lines.join("\n")}\n\n` +
    `'reftable <command> --help' tells about a command.\n`;
}

/**
 * Runs the command line.
 *
 * @param args What stands behind the program's name.
 * @returns The exit code: 0 when all went well, 1 for bad input, 129 for a wrong command line.
 */
export async function main(args: readonly string[]): Promise<number> {
  removeFilesOnSignals();
  const output = new Output();
  try {
    const code = await dispatch(args, output);
    output.flush();
    return code;
  } catch (error) {
    return explain(error, output);
  }
}

/** What is interrupted leaves neither a lock nor a temporary file behind. */
function removeFilesOnSignals(): void {
  for (const [signal, number] of [["SIGINT", 2], ["SIGHUP", 1], ["SIGTERM", 15]] as const) {
    if (signal !== "SIGINT" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, () => {
      removePendingFiles();
      // As a shell reports a program that the signal ended.
      Deno.exit(128 + number);
    });
  }
}

async function dispatch([name, ...args]: readonly string[], output: Output): Promise<number> {
  if (name === "--help" || name === "-h" || name === "help") {
    output.write(formatCommands());
    return 0;
  }
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    const reason = name === undefined ? "" : `error: unknown command \`${name}'\n`;
    console.error(reason + formatCommands().trimEnd());
    return USAGE;
  }
  const { command } = await COMMANDS[name]!.load();
  try {
    const parsed = new Arguments(command.spec, args);
    if (!parsed.has("help")) return await command.run(parsed, output);
    output.write(formatUsage(command.spec));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`error: ${error.message}\n${formatUsage(command.spec).trimEnd()}`);
    return USAGE;
  }
}

/** Tells people what went wrong, behind what was written before it did. */
function explain(error: unknown, output: Output): number {
  if (error instanceof ClosedPipe) return 0;
  try {
    output.flush();
  } catch {
    // What went wrong first is what people need to know.
  }
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  return 1;
}
