import { ReftableError } from "../errors.ts";
import { compileWildmatch } from "../bytes/wildmatch.ts";
import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec, OptionSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { failed, fatal } from "./failure.ts";

/** The options that pack refs, by whatever command. */
export const PACK_OPTIONS: readonly OptionSpec[] = [
  { long: "all", help: "pack all refs, not only tags and what was packed before" },
  { long: "prune", help: "remove the files of refs that are packed; the default" },
  { long: "auto", help: "do something only when it pays" },
  { long: "include", value: "pattern", help: "pack refs that match" },
  { long: "exclude", value: "pattern", help: "leave refs alone that match" },
];

/** How to call it. */
export const PACK_USAGE: readonly string[] = [
  "[--all] [--no-prune] [--auto] [--include <pattern>] [--exclude <pattern>]",
];

const spec: CommandSpec = {
  name: "pack-refs",
  summary: "Put refs that are files into one; where refs are in tables, merge these.",
  usage: PACK_USAGE,
  options: PACK_OPTIONS,
  notes: "Which refs are packed makes a difference only where refs are files.",
  examples: [["pack-refs --all", "packs all refs into one file, or merges all tables"]],
  repository: true,
  plumbing: true,
};

/** `reftable pack-refs` */
export const command: Command = { spec, run };

/** The exit code of Git where tables could not be merged: −1, as processes end. */
const FAILED = 255;

/** Packs refs. */
export async function run(args: Arguments, context: Context): Promise<number> {
  if (args.operands.length > 0) throw args.usage();
  const refs = await context.refs();
  const included = args.values("include");
  if (args.has("all")) included.push("*");
  if (included.length === 0) included.push("refs/tags/*");
  const [includes, excludes] = [included, args.values("exclude")].map((patterns) =>
    patterns.map((pattern) => compileWildmatch(pattern))
  );
  try {
    await refs.pack({
      auto: args.has("auto"),
      prune: args.flag("prune") ?? true,
      accepts: (refname) =>
        includes!.some((matches) => matches(refname)) &&
        !excludes!.some((matches) => matches(refname)),
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    if (refs.repository.refFormat !== "reftable") throw fatal(error.message);
    throw failed(error.message, FAILED);
  }
}
