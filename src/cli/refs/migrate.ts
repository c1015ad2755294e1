import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { Failure, fatal, UsageError } from "../failure.ts";

/** `reftable refs migrate` */
export const command: Command = {
  spec: {
    name: "refs migrate",
    summary: "Store the refs of a repository in another way: as files, or in tables.",
    usage: ["--ref-format=<format> [--no-reflog] [--dry-run]"],
    options: [
      {
        long: "ref-format",
        value: "format",
        negatable: false,
        help: "how refs are to be stored: files or reftable",
      },
      { long: "dry-run", help: "only tell whether it is possible" },
      { long: "no-reflog", help: "leave all logs behind" },
    ],
    examples: [
      ["refs migrate --ref-format=reftable", "puts all refs and logs into tables"],
    ],
    plumbing: true,
  },
  run,
};

const FORMATS = ["files", "reftable"] as const;

async function run(args: Arguments, context: Context): Promise<number> {
  if (args.operands.length > 0) throw new UsageError("too many arguments", "none", "usage");
  const name = args.value("ref-format");
  if (name === undefined) {
    throw new UsageError("missing --ref-format=<format>", "none", "usage");
  }
  const format = FORMATS.find((format) => format === name);
  if (format === undefined) throw refused(`unknown ref storage format '${name}'`);
  const refs = await context.refs();
  if (refs.format === format) throw refused(`repository already uses '${format}' format`);
  throw fatal("later");
}

/** Git reports these by an exit code of −1. */
function refused(message: string): Failure {
  return new Failure(255, "error", message);
}
