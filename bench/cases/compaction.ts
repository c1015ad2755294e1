import { fromFileUrl, join } from "@std/path";
import { copy } from "@std/fs";
import { Stack } from "../../mod.ts";
import type { Case, Context, Run } from "../case.ts";
import { deno } from "../process.ts";
import { ScratchRepo } from "../scratch.ts";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** How often the timer is to go off that tells how long others wait, in milliseconds. */
const TICK = 5;

/** The large table, and a newer one over a tenth of its refs. */
export const compact: Case = {
  name: "compact",
  description: "compact, pack-refs: all refs and a newer table over a tenth",
  unit: "ms",
  aim: { ratio: 0.4 },
  async start(context) {
    const scratch = await twoTables(context);
    const access = [`--allow-read=${scratch.path}`, `--allow-write=${scratch.path}`];
    const ours = deno(access, [CLI, "compact", scratch.path]);
    const theirs = context.git.command(["pack-refs", "--all"], { cwd: scratch.path });
    return scratch.compare(ours, theirs);
  },
};

/** What others wait while a worker compacts. */
export const delayWithWorker: Case = {
  name: "delay-worker",
  description: "worst delay of a 5 ms timer while a worker compacts",
  unit: "ms",
  aim: { atMost: 25 },
  start: (context) => delay(context, "always"),
};

/** What others wait while the same thread compacts. */
export const delayInPlace: Case = {
  name: "delay-in-place",
  description: "worst delay of a 5 ms timer while its own thread compacts",
  unit: "ms",
  start: (context) => delay(context, "never"),
};

async function delay(context: Context, workers: "always" | "never"): Promise<Run> {
  const scratch = await twoTables(context);
  return {
    async ours() {
      await scratch.reset();
      await using stack = await Stack.open(join(scratch.path, "reftable"), { workers });
      let worst = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        const now = performance.now();
        worst = Math.max(worst, now - last - TICK);
        last = now;
      }, TICK);
      await stack.compact();
      clearInterval(timer);
      return Math.max(worst, performance.now() - last - TICK);
    },
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}

/** Makes the repository that is compacted: the second table changes every tenth ref. */
async function twoTables({ data }: Context): Promise<ScratchRepo> {
  const template = join(data.dir, "two-tables.git");
  const names = await listTables(template);
  if (names !== 2) {
    try {
      await Deno.remove(template, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await copy(data.reftableRepo, template);
    await using stack = await Stack.open(join(template, "reftable"), { autoCompact: false });
    await stack.add((writer) => {
      const changed = stack.refs().filter((_, index) => index % 10 === 0);
      for (const ref of changed) {
        writer.addRef({ ...ref, updateIndex: stack.nextUpdateIndex });
      }
    });
  }
  return new ScratchRepo(data, template, "compaction");
}

async function listTables(repo: string): Promise<number> {
  try {
    const list = await Deno.readTextFile(join(repo, "reftable", "tables.list"));
    return list.trim().split("\n").length;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
