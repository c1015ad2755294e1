import { ReftableError } from "../errors.ts";
import { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { Context } from "./context.ts";
import { EXIT, Failure, fatal, UsageError } from "./failure.ts";
import { parseGlobalOptions } from "./global_options.ts";
import { ClosedPipe, formatMessage, writeError } from "./output.ts";
import { denoSystem, type System } from "./system.ts";

/** Texts for people, loaded when one of them is wanted: most calls are right, and shall start soon. */
const usage = () => import("./usage.ts");

/**
 * Runs the command line.
 *
 * @param args What stands behind the program's name.
 * @param system What it runs in.
 * @returns The exit code: 0 when all went well, 1 for bad input or a "no", 128 when nothing could be
 * done, 129 for a wrong command line.
 */
export async function main(
  args: readonly string[],
  system: System = denoSystem,
): Promise<number> {
  try {
    const { globals, name, args: rest } = parseGlobalOptions(args, system);
    await using context = new Context(system, globals);
    return await finish(context, () => dispatch(name, rest, context));
  } catch (error) {
    return await explain(error, system);
  }
}

/** Does something, and writes what it printed whether it went well or not. */
async function finish(context: Context, action: () => Promise<number>): Promise<number> {
  try {
    const code = await action();
    context.output.flush();
    return code;
  } catch (error) {
    try {
      context.output.flush();
    } catch {
      // What went wrong first is what people need to know.
    }
    throw error;
  }
}

async function dispatch(
  name: string | undefined,
  args: readonly string[],
  context: Context,
): Promise<number> {
  const { output, system } = context;
  if (name === "--help" || name === "-h" || name === "help") {
    const topic = args[0];
    if (topic !== undefined && Object.hasOwn(COMMANDS, topic)) {
      return await dispatch(topic, [...args.slice(1), "--help"], context);
    }
    output.write((await usage()).formatProgramHelp());
    return 0;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    const [{ PROGRAM }, { VERSION }] = await Promise.all([usage(), import("./version.ts")]);
    output.write(`${PROGRAM} version ${VERSION}\n`);
    return 0;
  }
  if (name === undefined) {
    writeError(system, (await usage()).formatProgramHelp());
    return EXIT.USAGE;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`unknown command \`${name}'`);
  }
  return await runCommand((await COMMANDS[name]!.load()).command, args, context);
}

async function runCommand(
  command: Command,
  args: readonly string[],
  context: Context,
): Promise<number> {
  const { spec } = command;
  try {
    const isHelp = args[0] === "--help" || (args.length === 1 && args[0] === "-h");
    if (spec.repository === true && !isHelp) await context.refs();
    if (spec.repository === "found" && !isHelp) await context.repository();
    const name = subcommandName(spec, args);
    if (name === undefined) return await command.run(new Arguments(spec, args), context);
    const subcommand = await spec.subcommands![name]!.load();
    return await runCommand(subcommand.command, args[0] === name ? args.slice(1) : args, context);
  } catch (error) {
    if (spec.plumbing && error instanceof ReftableError) throw fatal(error.message);
    if (!(error instanceof UsageError) || error.usage === "none") throw error;
    if (error.usage !== "help" && error.message !== "") {
      context.warn(error.message, error.prefix);
    }
    const { formatHelp, formatUsage } = await usage();
    if (error.usage === "help") {
      context.output.write(formatHelp(spec));
      return 0;
    }
    if (error.usage === "stdout") context.output.write(formatUsage(spec));
    else writeError(context.system, formatUsage(spec));
    return EXIT.USAGE;
  }
}

/** Tells which of its subcommands a command line means; none when there are none. */
function subcommandName(spec: CommandSpec, args: readonly string[]): string | undefined {
  const { subcommands, defaultSubcommand } = spec;
  if (!subcommands) return undefined;
  const [name = ""] = args;
  if (Object.hasOwn(subcommands, name)) return name;
  if (
    name === "--help" || (defaultSubcommand === undefined && name.startsWith("-")) || name === "-h"
  ) {
    // It complains of options, for it has none.
    new Arguments(spec, args);
  } else if (defaultSubcommand !== undefined) {
    return defaultSubcommand;
  } else if (name !== "") {
    throw new UsageError(`unknown subcommand: \`${name}'`);
  }
  throw new UsageError("need a subcommand");
}

/** Tells people what went wrong, behind what was written before it did. */
async function explain(error: unknown, system: System): Promise<number> {
  if (error instanceof ClosedPipe) return 0;
  const prefix = error instanceof Failure ? error.prefix : "error";
  const message = error instanceof Error ? error.message : String(error);
  if (message !== "") writeError(system, formatMessage(prefix, message));
  if (!(error instanceof Failure)) return EXIT.FAILURE;
  if (error instanceof UsageError && error.usage === "stderr") {
    writeError(system, (await usage()).formatProgramUsage());
  }
  return error.code;
}
