import type { UpdateOptions } from "../../refs/ref_transaction.ts";
import type { Arguments } from "../arguments.ts";
import type { OptionSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { resolveOid } from "../revision.ts";

/** What the log says of a change. */
export const MESSAGE: OptionSpec = {
  long: "message",
  value: "reason",
  help: "what the log says of the change",
};

/** The options of commands that write refs. */
export const WRITE_OPTIONS: readonly OptionSpec[] = [
  MESSAGE,
  { long: "no-deref", help: "change <ref> itself, not what it points to" },
  { long: "create-reflog", help: "begin a log" },
];

/** Reads the options of a command that writes refs. */
export function writeOptions(args: Arguments): UpdateOptions {
  return {
    message: readMessage(args),
    noDeref: args.has("no-deref"),
    createReflog: args.has("create-reflog"),
  };
}

/** Reads why refs are changed. */
export function readMessage(args: Arguments): string | undefined {
  const message = args.value("message");
  if (message === "") throw fatal("refusing to perform update with empty message");
  return message;
}

/** Complains of operands that are too few or too many. */
export function wrongOperands(message: string): UsageError {
  return new UsageError(message, "none", "usage");
}

/** Finds the object that an operand means. */
export async function requireOid(
  context: Context,
  text: string,
  what: string,
): Promise<string> {
  const oid = await resolveOid(context, text);
  if (oid === undefined) throw fatal(`invalid ${what}: '${text}'`);
  return oid;
}
