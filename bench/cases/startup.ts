import type { Case } from "../case.ts";
import { compareProcesses, reftable } from "../process.ts";
import { emptyRepo } from "../templates.ts";

/** Commands that do next to nothing in a repository without refs. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "version": ["--version"],
  "for-each-ref": ["for-each-ref"],
  "symbolic-ref": ["symbolic-ref", "HEAD"],
  "update-ref": ["update-ref", "--stdin"],
  "reflog": ["reflog", "list"],
};

/** How long each command takes to start and to end. */
export const startUps: readonly Case[] = Object.entries(COMMANDS).map(([name, args]) => ({
  name: `start-${name}`,
  description: `start-up: ${args.join(" ")}`,
  unit: "ms",
  async start(context) {
    const repo = await emptyRepo(context);
    return compareProcesses(reftable({ repo }, args), context.git.command(args, { cwd: repo }));
  },
}));
