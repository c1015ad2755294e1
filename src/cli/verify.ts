import { basename } from "@std/path";
import {
  denoFileSystem,
  findRepositoryStacks,
  type Problem,
  ReftableError,
  verifyStack,
  verifyTable,
} from "../../mod.ts";
import { type Arguments, type Command, type CommandSpec, HELP, UsageError } from "./command.ts";
import type { Output } from "./output.ts";
import { ProgressLine } from "./progress.ts";

const spec: CommandSpec = {
  name: "verify",
  summary: "Check a table, a stack of them, or all stacks of a repository for damage.",
  operands: "<path>",
  options: [
    { long: "strict", help: "warnings count as well as errors" },
    { long: "json", help: "print a JSON object a line for each problem" },
    { long: "jobs", value: "n", help: "divide the work on a large table among so many workers" },
    HELP,
  ],
  notes: `<path> is a table, a directory of tables, a '.git' directory, a working tree or a bare
repository. Nothing is printed of what is sound. The exit code is 0 when there are no errors, 1 when
there are, and 128 when something could not be checked.`,
};

/** `reftable verify` */
export const command: Command = { spec, run };

/** The exit code when something cannot be checked, as Git's when it must stop. */
const CANNOT_CHECK = 128;

async function run(args: Arguments, output: Output): Promise<number> {
  const path = args.soleOperand("a path");
  const jobs = args.number("jobs");
  if (jobs === 0) throw new UsageError("option `jobs' expects a number above 0");
  let counts = 0;
  const print = (problems: readonly Problem[]) => {
    for (const problem of problems) {
      output.write(args.has("json") ? JSON.stringify(problem) + "\n" : format(problem));
      if (problem.severity === "error") counts++;
      if (problem.severity === "warning" && args.has("strict")) counts++;
    }
  };
  try {
    await verify(path, jobs, print);
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    output.flush();
    console.error(`error: ${error.message}`);
    return CANNOT_CHECK;
  }
  return counts === 0 ? 0 : 1;
}

async function verify(
  path: string,
  jobs: number | undefined,
  print: (problems: readonly Problem[]) => void,
): Promise<void> {
  using line = new ProgressLine("Verifying");
  const optionsFor = (file: string) => ({
    jobs,
    onProgress: ({ checked, total }: { checked: number; total: number }) =>
      line.show(checked, total, file),
  });
  // A file is a table, except the `.git` file of a linked working tree.
  if (basename(path) !== ".git" && denoFileSystem.statSync(path)?.kind === "file") {
    print((await verifyTable(path, optionsFor(path))).problems);
    return;
  }
  const { directories, hash, geometricFactor } = await findRepositoryStacks(path);
  for (const directory of directories) {
    const options = { ...optionsFor(directory), hash, geometricFactor };
    print((await verifyStack(directory, options)).problems);
  }
}

/** Control characters, which a terminal would obey. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

function format({ severity, file, offset, message, code }: Problem): string {
  const place = offset === undefined ? "" : ` offset ${offset}:`;
  const text = `${severity}: ${file}:${place} ${message} (${code})`;
  return text.replace(CONTROL, escape) + "\n";
}

function escape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
