import { fromFileUrl } from "@std/path";
import { configureWorkers, endWorkers, verifyTable } from "../../mod.ts";
import { type Case, type Context, expectCount, type Run } from "../case.ts";
import { compareProcesses, deno, SOURCES } from "../process.ts";

const SCRIPT = fromFileUrl(new URL("../processes/verify_table.ts", import.meta.url));

/** Longer than a round takes, in milliseconds. */
const IDLE = 60_000;

/** All checks of the table in a server, which keeps its workers. */
export const verifyTwo: Case = {
  name: "verify-2",
  description: "verifyTable() with two workers that are kept, with one",
  unit: "ms",
  peer: "one worker",
  aim: { ratio: 0.65 },
  start({ data }): Run {
    configureWorkers({ mode: "always", idle: IDLE });
    const measure = (jobs: number) => async () => {
      const begun = performance.now();
      const { problems } = await verifyTable(data.table, { jobs });
      expectCount(problems.length, 0);
      return performance.now() - begun;
    };
    return {
      ours: measure(2),
      peer: measure(1),
      [Symbol.dispose]() {
        endWorkers();
        configureWorkers({ mode: undefined, idle: undefined });
      },
    };
  },
};

/** All checks of the table by a program that does nothing else. */
export const verifyTwoCold: Case = {
  name: "verify-2-cold",
  description: "a process that verifies the table with two workers, with one",
  unit: "ms",
  peer: "one worker",
  start({ data }: Context): Run {
    const command = (jobs: number) => {
      return deno([`--allow-read=${data.dir},${SOURCES}`], [SCRIPT, data.table, `${jobs}`]);
    };
    return compareProcesses(command(2), command(1));
  },
};
