import { join } from "@std/path";
import { Stack } from "../../mod.ts";
import type { Case, Context, Run } from "../case.ts";
import { reftable } from "../process.ts";
import { ScratchRepo } from "../scratch.ts";
import { stackedTables } from "../templates.ts";

/** How often the timer is to go off that tells how long others wait, in milliseconds. */
const TICK = 5;

/** The large table, and a newer one over a tenth of its refs. */
export const compact: Case = {
  name: "compact",
  description: "pack-refs: all refs and a newer table over a tenth",
  unit: "ms",
  aim: { ratio: 0.4 },
  async start(context) {
    const scratch = await twoTables(context);
    const repo = scratch.path;
    const args = ["pack-refs", "--all"];
    return scratch.compare(
      reftable({ repo, write: true }, args),
      context.git.command(args, { cwd: repo }),
    );
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

/** The second table changes every tenth ref. */
async function twoTables(context: Context): Promise<ScratchRepo> {
  return new ScratchRepo(context.data, await stackedTables(context, 2, 10), "compaction");
}
