import type { Case, Context, Run } from "../case.ts";
import { reftable } from "../process.ts";
import { ScratchRepo } from "../scratch.ts";

/** Files become a table. */
export const migrateToReftable: Case = {
  name: "migrate-to",
  description: "refs migrate: packed refs become a reftable",
  unit: "ms",
  aim: { ratio: 0.5 },
  start: (context) => migrate(context, context.data.filesRepo, "reftable"),
};

/** A table becomes files. */
export const migrateToFiles: Case = {
  name: "migrate-from",
  description: "refs migrate: a reftable becomes packed refs",
  unit: "ms",
  aim: { ratio: 0.5 },
  start: (context) => migrate(context, context.data.reftableRepo, "files"),
};

function migrate({ data, git }: Context, from: string, format: string): Run {
  const scratch = new ScratchRepo(data, from, `migrate-to-${format}`);
  const repo = scratch.path;
  const args = ["refs", "migrate", `--ref-format=${format}`];
  return scratch.compare(reftable({ repo, write: true }, args), git.command(args, { cwd: repo }));
}
