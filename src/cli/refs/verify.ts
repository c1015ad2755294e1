import { findRepositoryStacks } from "../../refs/repository_stacks.ts";
import { verifyStack } from "../../stack/verify_stack.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { ProgressLine } from "../progress.ts";

/** `reftable refs verify` */
export const command: Command = {
  spec: {
    name: "refs verify",
    summary: "Check the refs of all working trees.",
    usage: ["[--strict] [--verbose]"],
    options: [
      { long: "verbose", help: "tell what is checked" },
      { long: "strict", help: "warnings count as well as errors" },
    ],
    notes: "'verify' tells more of tables, and takes single ones.",
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  if (args.operands.length > 0) {
    throw new UsageError("'git refs verify' takes no arguments", "none", "usage");
  }
  const { format, repository } = await context.refs();
  if (format !== "reftable") {
    throw fatal("refs that are files cannot be verified yet");
  }
  const { directories, hash, geometricFactor } = await findRepositoryStacks(repository.gitDir);
  using line = new ProgressLine(context.system, "Verifying");
  let failed = false;
  for (const directory of directories) {
    if (args.has("verbose")) context.warn(directory, "Checking references consistency");
    const report = await verifyStack(directory, {
      hash,
      geometricFactor,
      onProgress: ({ checked, total }) => line.show(checked, total, directory),
    });
    for (const { severity, file, code, message } of report.problems) {
      // What is only worth knowing is told by "verify".
      if (severity === "info") continue;
      const counts = severity === "error" || args.has("strict");
      context.warn(`${file}: ${code}: ${message}`, counts ? "error" : "warning");
      failed ||= counts;
    }
  }
  return failed ? 1 : 0;
}
