import { configureWorkers, verifyTable } from "../../mod.ts";
import { type Case, type Context, expectCount, type Run } from "../case.ts";

/** All checks of the table, by one worker. */
export const verifyOne: Case = {
  name: "verify-1",
  description: "verifyTable() with one worker",
  unit: "ms",
  start: (context) => start(context, 1),
};

/** The same, divided between two. */
export const verifyTwo: Case = {
  name: "verify-2",
  description: "verifyTable() with two workers",
  unit: "ms",
  start: (context) => start(context, 2),
};

function start({ data }: Context, jobs: number): Run {
  configureWorkers({ mode: "always" });
  return {
    async ours() {
      const begun = performance.now();
      const { problems } = await verifyTable(data.table, { jobs });
      expectCount(problems.length, 0);
      return performance.now() - begun;
    },
    [Symbol.dispose]: () => configureWorkers({ mode: undefined }),
  };
}
