import { type Problem, ReftableError } from "../errors.ts";
import { findStrayRefs, type StrayRefFile } from "../refs/migrate/stray_refs.ts";
import { findRepositoryStacks } from "../refs/repository_stacks.ts";
import { verifyStack } from "../stack/verify_stack.ts";
import { verifyTable } from "../table/verify_table.ts";
import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT, UsageError } from "./failure.ts";
import { isTableFile } from "./open_for_reading.ts";
import { formatProblem } from "./output.ts";
import { ProgressLine } from "./progress.ts";
// Large jobs go to workers.
import "../workers/install.ts";

const spec: CommandSpec = {
  name: "verify",
  summary: "Check a table, a stack of them, or all stacks of a repository for damage.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { long: "strict", help: "warnings count as well as errors" },
    { long: "json", help: "print a JSON object a line for each problem" },
    { long: "jobs", value: "n", help: "divide the work on a large table among so many workers" },
  ],
  notes: `<path> is a table, a directory of tables, a '.git' directory, a working tree or a bare
repository. Nothing is printed of what is sound. The exit code is 0 when there are no errors, 1 when
there are, and 128 when something could not be checked. Refs that are files are checked by
'refs verify'.`,
  examples: [
    ["verify .", "checks all tables of the repository here"],
    ["verify --json table.ref", "tells programs what is wrong with a table"],
  ],
};

/** `reftable verify` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  const jobs = args.number("jobs");
  if (jobs === 0) throw new UsageError("option `jobs' expects a number above 0");
  let counts = 0;
  const print = (problems: readonly Problem[]) => {
    for (const problem of problems) {
      output.write(args.has("json") ? JSON.stringify(problem) + "\n" : formatProblem(problem));
      if (problem.severity === "error") counts++;
      if (problem.severity === "warning" && args.has("strict")) counts++;
    }
  };
  try {
    await verify(path, jobs, print, context);
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    output.flush();
    context.warn(error.message, "error");
    return EXIT.FATAL;
  }
  return counts === 0 ? 0 : 1;
}

async function verify(
  path: string,
  jobs: number | undefined,
  print: (problems: readonly Problem[]) => void,
  context: Context,
): Promise<void> {
  using line = new ProgressLine(context.system, "Verifying");
  const optionsFor = (file: string) => ({
    jobs,
    onProgress: ({ checked, total }: { checked: number; total: number }) =>
      line.show(checked, total, file),
  });
  if (isTableFile(path)) {
    print((await verifyTable(path, optionsFor(path))).problems);
    return;
  }
  const { directories, hash, geometricFactor } = await findRepositoryStacks(path);
  for (const directory of directories) {
    const options = { ...optionsFor(directory), hash, geometricFactor };
    print((await verifyStack(directory, options)).problems);
  }
  // A directory of tables is no more than that.
  if (directories[0] === path) return;
  for (const { file, kind } of await findStrayRefs(path)) {
    print([{ severity: "warning", code: "stray-ref", file, message: STRAY[kind] }]);
  }
}

/** What files are that look as if refs were stored in files. */
const STRAY: Readonly<Record<StrayRefFile["kind"], string>> = {
  head:
    "it is not the stub that should be here; whoever reads it finds something else than the stack says",
  ref: "it looks like a ref, but refs are stored in reftables: nobody reads it",
  log: "it looks like the log of a ref, but logs are stored in reftables: nobody reads it",
  "packed-refs": "refs are stored in reftables: nobody reads it",
  migration: "a migration of refs has left it, or is under way",
};
