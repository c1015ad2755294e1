import type { Case, Context, Run } from "../case.ts";
import { compareProcesses, reftable } from "../process.ts";
import { stackedTables } from "../templates.ts";

const FORMAT = "--format=%(objectname) %(refname)";

/** All refs as text. */
export const list: Case = {
  name: "list",
  description: "for-each-ref: list all refs",
  unit: "ms",
  aim: { ratio: 0.4 },
  start: (context) => compare(context, context.data.reftableRepo),
};

/** Where a newer table hides some of them. */
export const listTwo: Case = {
  name: "list-2",
  description: "for-each-ref: a newer table changes every tenth ref",
  unit: "ms",
  aim: { ratio: 0.6 },
  start: async (context) => compare(context, await stackedTables(context, 2, 10)),
};

/** Where seven newer tables do. */
export const listEight: Case = {
  name: "list-8",
  description: "for-each-ref: seven newer tables change 7 of 32 refs",
  unit: "ms",
  aim: { ratio: 0.6 },
  start: async (context) => compare(context, await stackedTables(context, 8, 32)),
};

/** What a user asks for: the branches among very many refs. */
export const listPrefix: Case = {
  name: "list-prefix",
  description: "for-each-ref refs/heads: 0.5 % of the refs",
  unit: "ms",
  start: (context) => compare(context, context.data.reftableRepo, ["refs/heads"]),
};

function compare({ git }: Context, repo: string, patterns: readonly string[] = []): Run {
  const args = ["for-each-ref", FORMAT, ...patterns];
  return compareProcesses(reftable({ repo }, args), git.command(args, { cwd: repo }));
}
