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
  start: (context) => serve(context, { count: 1000, refs: 1, sync: false }),
};

/** A mirror that is filled. */
export const manyRefs: Case = {
  name: "transaction-large",
  description: "update-ref --stdin: one transaction of 100,000 refs",
  unit: "ms",
  aim: { ratio: 0.8 },
  start: (context) => start(context, { count: 1, refs: 100_000, sync: false }),
};

/** The same by a server. */
export const servedManyRefs: Case = {
  name: "transaction-large-server",
  description: "one transaction of 100,000 refs in a process that goes on; git: update-ref --stdin",
  unit: "ms",
  aim: { ratio: 0.8 },
  start: (context) => serve(context, { count: 1, refs: 100_000, sync: false }),
};

/** How many refs are deleted at once, if there are twice as many. */
const DELETED = 100_000;

/** A mirror that is emptied again, and what is left of it. */
export const deletion: Case = {
  name: "delete-and-list",
  description: "update-ref --stdin deletes 100,000 refs, for-each-ref lists the others",
  unit: "ms",
  aim: { ratio: 0.5 },
  async start(context) {
    const { stdin, scratch, theirs } = await prepareDeletion(context);
    const repo = scratch.path;
    const ours = [
      reftable({ repo, write: true, stdin }, update(false)),
      reftable({ repo }, LIST),
    ];
    const add = (a: number, b: number) => a + b;
    return {
      ours: () => runAll(scratch, timeProcess, ours, add),
      peer: () => runAll(scratch, timeProcess, theirs, add),
      peakMemory: {
        ours: () => runAll(scratch, measurePeakMemory, ours, Math.max),
        peer: () => runAll(scratch, measurePeakMemory, theirs, Math.max),
      },
      [Symbol.dispose]: () => scratch[Symbol.dispose](),
    };
  },
};

/** The same by a server. */
export const servedDeletion: Case = {
  name: "delete-and-list-server",
  description: "100,000 deletions and a listing in a process that goes on; git: two processes",
  unit: "ms",
  aim: { ratio: 0.5 },
  async start(context) {
    const { data } = context;
    const { refnames, scratch, theirs } = await prepareDeletion(context);
    return {
      async ours() {
        await scratch.reset();
        await using refs = await openUnsynced(scratch);
        let size = 0;
        const start = performance.now();
        await refs.transaction((transaction) => {
          for (const refname of refnames) transaction.delete(refname);
        });
        refs.writeLines({ write: (bytes) => void (size += bytes.length) });
        const time = performance.now() - start;
        // A line has an object id, a name that is no empty one, and two characters more.
        if (size < 43 * (data.refs - refnames.length)) throw new Error(`listed ${size} bytes`);
        return time;
      },
      peer: () => runAll(scratch, timeProcess, theirs, (a, b) => a + b),
      [Symbol.dispose]: () => scratch[Symbol.dispose](),
    };
  },
};

/** How both programs list what is left. */
const LIST = ["for-each-ref", "--format=%(objectname) %(refname)"];

/** Chooses refs that are scattered among the others, of which there are as many at least. */
async function prepareDeletion({ data, git }: Context) {
  using table = Table.openSync(data.table);
  const step = Math.max(2, Math.floor(data.refs / DELETED));
  const doomed = table.refs({ prefix: "refs/" }).filter((_, i) => i % step === 0).take(DELETED);
  const refnames = doomed.map(({ refname }) => refname).toArray();
  const stdin = join(data.dir, "deletions.txt");
  await Deno.writeTextFile(stdin, refnames.map((refname) => `delete ${refname}\n`).join(""));
  const scratch = new ScratchRepo(data, data.reftableRepo, "deletion");
  const cwd = scratch.path;
  const theirs = [git.command(update(false), { cwd, stdin }), git.command(LIST, { cwd })];
  return { refnames, stdin, scratch, theirs };
}

/** Measures programs that run one after the other, on a repository as it was. */
async function runAll(
  scratch: ScratchRepo,
  measure: (command: Command) => Promise<number | undefined>,
  commands: readonly Command[],
  join: (a: number, b: number) => number,
): Promise<number> {
  await scratch.reset();
  let result = 0;
  for (const command of commands) result = join(result, await measure(command) ?? 0);
  return result;
}

/** How both programs change refs. */
function update(sync: boolean): string[] {
  return ["-c", fsync(sync), "update-ref", "--stdin"];
}

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
  const args = update(transactions.sync);
  return scratch.compare(
    reftable({ repo, write: true, stdin }, args),
    context.git.command(args, { cwd: repo, stdin }),
  );
}

/** Measures the library in this process, which has done the same before, beside git. */
async function serve(context: Context, transactions: Transactions): Promise<Run> {
  const { lines, oid } = await prepare(context, transactions);
  const scratch = new ScratchRepo(context.data, await emptyRepo(context), "transactions");
  const theirs = context.git.command(update(false), { cwd: scratch.path, stdin: lines });
  const { count, refs: size } = transactions;
  const refnames = Array.from({ length: count * size }, (_, i) => refnameOf(i));
  return {
    async ours() {
      await scratch.reset();
      await using refs = await openUnsynced(scratch);
      const begin = performance.now();
      for (let start = 0; start < refnames.length; start += size) {
        await refs.transaction((transaction) => {
          for (let i = start; i < start + size; i++) transaction.create(refnames[i]!, oid);
        });
      }
      return performance.now() - begin;
    },
    async peer() {
      await scratch.reset();
      return await timeProcess(theirs);
    },
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}

function openUnsynced(scratch: ScratchRepo): Promise<RefStore> {
  return RefStore.open(scratch.path, { parameters: [fsync(false)] });
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
