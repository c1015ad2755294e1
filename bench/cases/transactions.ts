import { join } from "@std/path";
import { RefStore, Table } from "../../mod.ts";
import type { Case, Context, Run } from "../case.ts";
import { type Command, measurePeakMemory, reftable, timeProcess } from "../process.ts";
import { presentObject, ScratchRepo } from "../scratch.ts";
import { emptyRepo } from "../templates.ts";

/** How the transactions of a case are made. */
interface Transactions {
  /** How many there are. */
  readonly count: number;
  /** How many refs each creates. */
  readonly refs: number;
  /** Whether what is written must reach the disk. */
  readonly sync: boolean;
}

/** What a script does. */
export const singleRefs: Case = {
  name: "transactions",
  description: "update-ref --stdin: 1000 transactions of one ref",
  unit: "ms",
  aim: { ratio: 1 },
  start: (context) => start(context, { count: 1000, refs: 1, sync: false }),
};

/** The same, when nothing may be lost that was answered. */
export const syncedRefs: Case = {
  name: "transactions-synced",
  description: "the same, each synced to the disk",
  unit: "ms",
  aim: { ratio: 1 },
  start: (context) => start(context, { count: 1000, refs: 1, sync: true }),
};

/** What a server does all day, whose code is loaded and fast by then. */
export const servedRefs: Case = {
  name: "transactions-server",
  description: "1000 transactions in a process that goes on; git: update-ref --stdin",
  unit: "ms",
  aim: { ratio: 1 },
  async start(context) {
    const { lines, oid } = await prepare(context, { count: 1000, refs: 1, sync: false });
    const scratch = new ScratchRepo(context.data, await emptyRepo(context), "transactions");
    const theirs = context.git.command(["update-ref", "--stdin"], {
      cwd: scratch.path,
      stdin: lines,
    });
    return {
      async ours() {
        await scratch.reset();
        const parameters = [fsync(false)];
        await using refs = await RefStore.open(scratch.path, { parameters });
        const start = performance.now();
        for (let i = 0; i < 1000; i++) {
          await refs.transaction((transaction) => transaction.create(refnameOf(i), oid));
        }
        return performance.now() - start;
      },
      async peer() {
        await scratch.reset();
        return await timeProcess(theirs);
      },
      [Symbol.dispose]: () => scratch[Symbol.dispose](),
    };
  },
};

/** A mirror that is filled. */
export const manyRefs: Case = {
  name: "transaction-large",
  description: "update-ref --stdin: one transaction of 100,000 refs",
  unit: "ms",
  aim: { ratio: 0.8 },
  start: (context) => start(context, { count: 1, refs: 100_000, sync: false }),
};

/** How many refs are deleted at once, if there are twice as many. */
const DELETED = 100_000;

/** A mirror that is emptied again, and what is left of it. */
export const deletion: Case = {
  name: "delete-and-list",
  description: "update-ref --stdin deletes 100,000 refs, for-each-ref lists the others",
  unit: "ms",
  aim: { ratio: 0.5 },
  async start({ data, git }) {
    const stdin = join(data.dir, "deletions.txt");
    using table = Table.openSync(data.table);
    // They are scattered among the others, of which there are as many at least.
    const step = Math.max(2, Math.floor(data.refs / DELETED));
    const doomed = table.refs({ prefix: "refs/" }).filter((_, i) => i % step === 0).take(DELETED);
    await Deno.writeTextFile(
      stdin,
      doomed.map((ref) => `delete ${ref.refname}\n`).toArray().join(""),
    );
    const scratch = new ScratchRepo(data, data.reftableRepo, "deletion");
    const repo = scratch.path;
    const list = ["for-each-ref", "--format=%(objectname) %(refname)"];
    const settings = ["-c", fsync(false)];
    const change = [...settings, "update-ref", "--stdin"];
    const ours = [
      reftable({ repo, write: true, stdin }, change),
      reftable({ repo }, list),
    ];
    const theirs = [git.command(change, { cwd: repo, stdin }), git.command(list, { cwd: repo })];
    const all = async (
      measure: (command: Command) => Promise<number | undefined>,
      commands: readonly Command[],
      join: (a: number, b: number) => number,
    ) => {
      await scratch.reset();
      let result = 0;
      for (const command of commands) result = join(result, await measure(command) ?? 0);
      return result;
    };
    const add = (a: number, b: number) => a + b;
    return {
      ours: () => all(timeProcess, ours, add),
      peer: () => all(timeProcess, theirs, add),
      peakMemory: {
        ours: () => all(measurePeakMemory, ours, Math.max),
        peer: () => all(measurePeakMemory, theirs, Math.max),
      },
      [Symbol.dispose]: () => scratch[Symbol.dispose](),
    };
  },
};

/** Both programs are told the same. */
function fsync(sync: boolean): string {
  return `core.fsync=${sync ? "reference" : "none"}`;
}

function refnameOf(number: number): string {
  return `refs/heads/new-${String(number).padStart(6, "0")}`;
}

async function start(context: Context, transactions: Transactions): Promise<Run> {
  const { lines: stdin } = await prepare(context, transactions);
  const scratch = new ScratchRepo(context.data, await emptyRepo(context), "transactions");
  const repo = scratch.path;
  const args = ["-c", fsync(transactions.sync), "update-ref", "--stdin"];
  return scratch.compare(
    reftable({ repo, write: true, stdin }, args),
    context.git.command(args, { cwd: repo, stdin }),
  );
}

/** Writes what to do into a file. */
async function prepare(
  { data, git }: Context,
  { count, refs }: Transactions,
): Promise<{ lines: string; oid: string }> {
  const oid = await presentObject(data, git);
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    lines.push("start\n");
    for (let j = 0; j < refs; j++) lines.push(`create ${refnameOf(i * refs + j)} ${oid}\n`);
    lines.push("commit\n");
  }
  const path = join(data.dir, `transactions-${count}.txt`);
  await Deno.writeTextFile(path, lines.join(""));
  return { lines: path, oid };
}
