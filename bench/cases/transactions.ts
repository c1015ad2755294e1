import { fromFileUrl, join } from "@std/path";
import type { Case, Context, Run } from "../case.ts";
import { deno } from "../process.ts";
import { presentObject, ScratchRepo } from "../scratch.ts";

const SCRIPT = fromFileUrl(new URL("../processes/transactions.ts", import.meta.url));

/** How the transactions of a case are made. */
interface Transactions {
  /** How many there are. */
  readonly count: number;
  /** How many refs each creates. */
  readonly refs: number;
  /** Whether what is written must reach the disk; git does not wait for that unless it is told to. */
  readonly sync: boolean;
}

/** What a server does all day. */
export const singleRefs: Case = {
  name: "transactions",
  description: "1000 transactions of one ref in one process",
  unit: "ms",
  aim: { ratio: 1 },
  start: (context) => start(context, { count: 1000, refs: 1, sync: false }),
};

/** The same, when nothing may be lost that was answered. */
export const syncedRefs: Case = {
  name: "transactions-synced",
  description: "1000 transactions of one ref, each synced to the disk",
  unit: "ms",
  aim: { ratio: 1 },
  start: (context) => start(context, { count: 1000, refs: 1, sync: true }),
};

/** A mirror that is filled. */
export const manyRefs: Case = {
  name: "transaction-large",
  description: "one transaction of 100,000 refs",
  unit: "ms",
  aim: { ratio: 0.8 },
  start: (context) => start(context, { count: 1, refs: 100_000, sync: false }),
};

async function start({ data, git }: Context, { count, refs, sync }: Transactions): Promise<Run> {
  const oid = await presentObject(data, git);
  const stdin = join(data.dir, `transactions-${count}.txt`);
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    lines.push("start\n");
    for (let j = 0; j < refs; j++) {
      lines.push(`create refs/heads/new-${String(i * refs + j).padStart(6, "0")} ${oid}\n`);
    }
    lines.push("commit\n");
  }
  await Deno.writeTextFile(stdin, lines.join(""));

  const template = join(data.dir, "empty.git");
  await initWithObjects(data.reftableRepo, template, git);
  const scratch = new ScratchRepo(data, template, "transactions");
  const stack = join(scratch.path, "reftable");
  const permissions = [`--allow-read=${data.dir}`, `--allow-write=${scratch.path}`];
  const ours = deno(permissions, [SCRIPT, stack, stdin, sync ? "sync" : "no"]);
  const settings = sync ? ["-c", "core.fsync=reference"] : [];
  const args = [...settings, "update-ref", "--stdin"];
  const theirs = git.command(args, { cwd: scratch.path, stdin });
  return scratch.compare(ours, theirs);
}

/** Makes an empty repository that finds the objects of another one. */
async function initWithObjects(from: string, to: string, git: Context["git"]): Promise<void> {
  const options = ["-q", "--bare", "--initial-branch=main", "--template=", "--ref-format=reftable"];
  await git.run(["init", ...options, to]);
  await Deno.mkdir(join(to, "objects", "info"), { recursive: true });
  await Deno.writeTextFile(join(to, "objects", "info", "alternates"), `${join(from, "objects")}\n`);
}
