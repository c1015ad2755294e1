import type { Case } from "../case.ts";
import { compareProcesses, measurePeakMemory, reftable, timeProcess } from "../process.ts";
import { emptyRepo } from "../templates.ts";

/** Commands that do next to nothing in a repository without refs: git has them too. */
const SHARED: readonly (readonly string[])[] = [
  ["--version"],
  ["check-ref-format", "refs/heads/main"],
  ["for-each-ref"],
  ["show-ref", "--exists", "HEAD"],
  ["symbolic-ref", "HEAD"],
  ["update-ref", "--stdin"],
  ["pack-refs"],
  ["reflog", "list"],
  ["refs", "list"],
];

/** The same of commands that git does not have. */
const OURS: readonly (readonly string[])[] = [
  ["dump", "."],
  ["stats", "."],
  ["verify", "."],
  ["clean", "--dry-run", "."],
  ["compact", "."],
  ["repair", "--dry-run", "."],
];

/** How long each command takes to start and to end. */
export const startUps: readonly Case[] = [...SHARED, ...OURS].map((args) => ({
  name: `start-${args[0]!.replaceAll("-", " ").trim().replaceAll(" ", "-")}`,
  description: `start-up: ${args.join(" ")}`,
  unit: "ms",
  async start(context) {
    const repo = await emptyRepo(context);
    const ours = reftable({ repo, write: true }, args);
    if (SHARED.includes(args)) {
      return compareProcesses(ours, context.git.command(args, { cwd: repo }));
    }
    return {
      ours: () => timeProcess(ours),
      peakMemory: { ours: () => measurePeakMemory(ours) },
    };
  },
}));
