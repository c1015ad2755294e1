import { ReftableError } from "../../errors.ts";
import { migrateRefs } from "../../refs/migrate/migrate_refs.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { Failure, UsageError } from "../failure.ts";
import { repositoryOptions, repositoryPath } from "../find_repository.ts";
import { lazyReader } from "../open_refs.ts";
import { ProgressLine } from "../progress.ts";

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
      { long: "dry-run", help: "leave the repository as it is, and the result in a directory" },
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
  using line = new ProgressLine(context.system, "Migrating");
  try {
    const { directory, skipped } = await migrateRefs(repositoryPath(context), {
      ...repositoryOptions(context),
      to: format,
      dryRun: args.has("dry-run"),
      reflogs: !args.has("no-reflog"),
      objects: lazyReader(context),
      onProgress: ({ phase, done }) => line.tell(`${phase}, ${done}`),
    });
    for (const refname of skipped) context.warn(`left behind what nobody can see: '${refname}'`);
    if (directory !== undefined) {
      const place = directory.replace(/^\.\//, "");
      context.output.write(
        `Finished dry-run migration of refs, the result can be found at '${place}'\n`,
      );
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw refused(error.message);
  }
}

/** Git reports these by an exit code of −1. */
function refused(message: string): Failure {
  return new Failure(255, "error", message);
}
