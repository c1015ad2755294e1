import { join } from "@std/path";
import { copy } from "@std/fs";
import { type LogRecord, type RefRecord, Table, writeTable } from "../../mod.ts";
import type { Case, Context } from "../case.ts";
import { timeProcess } from "../process.ts";
import { Random } from "../random.ts";

/** How many log entries there are, and of how many refs: as many as the reference design was tried with. */
const LOGS = { entries: 149_932, refs: 43_061 };

const PERSON = { name: "C O Mitter", email: "committer@example.com" };

/** A table of all refs with its object section. */
export const write: Case = {
  name: "write",
  description: "writeTable(): all refs and their objects; git: refs migrate --dry-run",
  unit: "ms",
  aim: { ratio: 0.3 },
  async start(context) {
    using table = Table.openSync(context.data.table);
    // A caller's strings are whole, not cut from longer ones.
    const refs = structuredClone(table.refs().toArray()) as RefRecord[];
    const min = Math.min(...new Set(refs.map((ref) => ref.updateIndex)));
    const max = table.maxUpdateIndex;
    return {
      ours: async () => (await timeWrite(context, min, max, refs, [])).time,
      peer: await migration(context, context.data.filesRepo),
    };
  },
};

/** A table of reflogs. */
export const writeLogs: Case = {
  name: "write-logs",
  description: "writeTable(): 149,932 log entries of 43,061 refs; git: refs migrate --dry-run",
  unit: "ms",
  async start(context) {
    const logs = makeLogs();
    const repo = join(context.data.dir, "logs.git");
    await makeLogsRepo(context, repo, logs);
    const max = logs.reduce((max, log) => Math.max(max, log.updateIndex), 0);
    let size = 0;
    return {
      async ours() {
        const written = await timeWrite(context, 1, max, [], logs);
        size = written.size;
        return written.time;
      },
      sizes: () => ({ "the logs in a table": size }),
      peer: await migration(context, repo),
    };
  },
};

async function timeWrite(
  { data }: Context,
  min: number,
  max: number,
  refs: readonly RefRecord[],
  logs: readonly LogRecord[],
): Promise<{ time: number; size: number }> {
  const path = join(data.dir, "written.ref.scratch");
  const start = performance.now();
  await writeTable(path, (writer) => {
    writer.setLimits(min, max);
    for (const ref of refs) writer.addRef(ref);
    for (const log of logs) writer.addLog(log);
  }, { overwrite: true });
  const time = performance.now() - start;
  const { size } = await Deno.stat(path);
  await Deno.remove(path);
  return { time, size };
}

/** Lets git write the same into a stack of its own, which it does without switching to it. */
async function migration({ data, git }: Context, repo: string): Promise<() => Promise<number>> {
  const scratch = join(data.dir, "migration.scratch");
  const command = git.command(["refs", "migrate", "--ref-format=reftable", "--dry-run"], {
    cwd: scratch,
  });
  await Deno.mkdir(data.dir, { recursive: true });
  return async () => {
    await copy(repo, scratch);
    try {
      return await timeProcess(command);
    } finally {
      await Deno.remove(scratch, { recursive: true });
    }
  };
}

function makeLogs(): LogRecord[] {
  const random = new Random(2);
  const logs: LogRecord[] = [];
  for (let i = 0; i < LOGS.refs; i++) {
    const refname = `refs/heads/topic-${String(i).padStart(5, "0")}`;
    const count = Math.floor(((i + 1) * LOGS.entries) / LOGS.refs) -
      Math.floor((i * LOGS.entries) / LOGS.refs);
    for (let updateIndex = count; updateIndex >= 1; updateIndex--) {
      logs.push({
        kind: "update",
        refname,
        updateIndex,
        oldOid: random.oid(),
        newOid: random.oid(),
        ...PERSON,
        time: 1_700_000_000 + random.below(10_000_000),
        tzOffset: 100,
        message: `commit: change number ${random.below(100_000)}\n`,
      });
    }
  }
  return logs;
}

/** Makes a repository whose refs are files and have these logs. */
async function makeLogsRepo(
  { git }: Context,
  repo: string,
  logs: readonly LogRecord[],
): Promise<void> {
  try {
    await Deno.stat(repo);
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const unfinished = `${repo}.unfinished`;
  const options = ["-q", "--bare", "--initial-branch=main", "--template=", "--ref-format=files"];
  await git.run(["init", ...options, unfinished]);
  const packed = ["# pack-refs with: peeled fully-peeled sorted "];
  const byName = Map.groupBy(logs, (log) => log.refname);
  await Deno.mkdir(join(unfinished, "logs", "refs", "heads"), { recursive: true });
  for (const [refname, entries] of byName) {
    const lines = entries.toReversed().map((log) => {
      if (log.kind !== "update") return "";
      const person = `${log.name} <${log.email}> ${log.time} +0100`;
      return `${log.oldOid} ${log.newOid} ${person}\t${log.message}`;
    });
    await Deno.writeTextFile(join(unfinished, "logs", refname), lines.join(""));
    const [newest] = entries;
    if (newest?.kind === "update") packed.push(`${newest.newOid} ${refname}`);
  }
  await Deno.writeTextFile(join(unfinished, "packed-refs"), packed.join("\n") + "\n");
  await Deno.rename(unfinished, repo);
}
