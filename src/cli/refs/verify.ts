import { type Problem, ReftableError } from "../../errors.ts";
import type { Config } from "../../refs/config/config.ts";
import type { Repository } from "../../refs/repository.ts";
import { stackConfig } from "../../refs/stack_config.ts";
import { verifyLooseRefs } from "../../refs/verify/loose_refs.ts";
import { verifyPackedRefs } from "../../refs/verify/packed_refs.ts";
import {
  REF_PROBLEMS,
  type RefProblem,
  type RefProblemSeverity,
} from "../../refs/verify/ref_problems.ts";
import { verifyStackRefs } from "../../refs/verify/stack_refs.ts";
import { listWorktreesSync } from "../../refs/worktrees.ts";
import { Stack } from "../../stack/stack.ts";
import { verifyStack } from "../../stack/verify_stack.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { ProgressLine } from "../progress.ts";

/** `reftable refs verify` */
export const command: Command = {
  spec: {
    name: "refs verify",
    summary: "Check the refs of all working trees.",
    usage: ["[--strict] [--verbose]"],
    options: [
      { long: "verbose", help: "tell what is checked" },
      { long: "strict", help: "warnings count as well as errors" },
    ],
    notes: `How bad a problem is can be configured: fsck.<problem> is error, warn or ignore.
'verify' tells more of tables, and takes single ones.`,
    plumbing: true,
  },
  run,
};

/** The exit code of Git when something is wrong: −1, as processes end. */
const BROKEN = 255;

async function run(args: Arguments, context: Context): Promise<number> {
  if (args.operands.length > 0) {
    throw new UsageError("'git refs verify' takes no arguments", "none", "usage");
  }
  const repository = await context.repository();
  const reporter = new Reporter(repository.config, args, context);
  for (const { id } of listWorktreesSync(repository)) {
    reporter.tell("Checking references consistency");
    const place = placeOf(repository, id);
    if (repository.refFormat !== "reftable") verifyFiles(repository, place, reporter);
    if (repository.refFormat !== "files") await verifyTables(repository, place, reporter, context);
  }
  return reporter.isBroken ? BROKEN : 0;
}

/** Where a working tree keeps what it has for itself. */
interface Place {
  /** The working tree's name; `undefined` for the main one. */
  readonly id: string | undefined;
  /** What leads to its refs from the main one. */
  readonly prefix: string;
  readonly directory: string;
}

function placeOf({ storage }: Repository, id: string | undefined): Place {
  const prefix = id === undefined ? "" : `worktrees/${id}/`;
  return { id, prefix, directory: id === undefined ? storage : `${storage}/worktrees/${id}` };
}

function verifyFiles(repository: Repository, { prefix, directory }: Place, reporter: Reporter) {
  const { fileSystem, storage, hash } = repository;
  const place = { fileSystem, directory, commonDir: storage, prefix, hash };
  const tell = (refname: string) => reporter.tell(`Checking ${refname}`);
  for (const problem of verifyLooseRefs(place, tell)) reporter.report(problem);
  if (prefix !== "" || repository.refFormat !== "files") return;
  const packed = `${storage}/packed-refs`;
  reporter.tell(`Checking packed-refs file ${packed}`);
  for (const problem of verifyPackedRefs(fileSystem, packed, hash)) reporter.report(problem);
}

async function verifyTables(
  { fileSystem, hash, config }: Repository,
  { id, prefix, directory: parent }: Place,
  reporter: Reporter,
  context: Context,
): Promise<void> {
  const directory = `${parent}/reftable`;
  const { geometricFactor } = stackConfig(config);
  // A working tree that has no refs of its own yet has no stack either.
  if (id !== undefined && !fileSystem.statSync(directory)) return;
  try {
    using stack = Stack.openSync(directory, { hash, fileSystem });
    for (
      const problem of verifyStackRefs(stack, prefix, (name) => {
        reporter.tell(`Checking table: ${name}`);
      })
    ) reporter.report(problem);
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    const message = id === undefined
      ? error.message
      : `reftable stack for worktree '${id}' is broken`;
    reporter.reportAs("error", message);
    return;
  }
  using line = new ProgressLine(context.system, "Verifying");
  const report = await verifyStack(directory, {
    hash,
    fileSystem,
    geometricFactor,
    onProgress: ({ checked, total }) => line.show(checked, total, directory),
  });
  for (const problem of report.problems) {
    if (!isTold(problem)) {
      reporter.reportAs(problem.severity, `${problem.file}: ${problem.code}: ${problem.message}`);
    }
  }
}

/** Tells whether Git has a name for a problem, under which it was told already. */
function isTold({ code }: Problem): boolean {
  return code === "table-name" || code === "symref-target";
}

/** Tells people of problems. */
class Reporter {
  readonly #config: Config;
  readonly #context: Context;
  readonly #isStrict: boolean;
  readonly #isVerbose: boolean;
  /** Whether something is wrong. */
  isBroken = false;

  constructor(config: Config, args: Arguments, context: Context) {
    this.#config = config;
    this.#context = context;
    this.#isStrict = args.has("strict");
    this.#isVerbose = args.has("verbose");
  }

  /** Tells what is checked, if that is wanted. */
  tell(message: string): void {
    if (this.#isVerbose) this.#context.warn(message, "");
  }

  report({ code, place, message }: RefProblem): void {
    const configured = configuredSeverity(this.#config, code);
    const severity = configured ?? REF_PROBLEMS[code];
    if (severity === "ignore") return;
    const text = `${place}: ${code}: ${message}`;
    // Strictness makes no more of what is only a habit, nor of what somebody has decided about.
    if (severity === "info" || (severity === "warning" && configured)) this.#context.warn(text);
    else this.reportAs(severity, text);
  }

  /** Reports what Git has no name for. */
  reportAs(severity: RefProblemSeverity, message: string): void {
    // What is only worth knowing is told by "verify".
    if (severity === "info") return;
    const counts = severity === "error" || this.#isStrict;
    this.#context.warn(message, counts ? "error" : "warning");
    this.isBroken ||= counts;
  }
}

const LEVELS: Readonly<Record<string, RefProblemSeverity | "ignore">> = {
  error: "error",
  warn: "warning",
  ignore: "ignore",
};

function configuredSeverity(
  config: Config,
  code: RefProblem["code"],
): RefProblemSeverity | "ignore" | undefined {
  const level = config.string(`fsck.${code}`);
  if (level === undefined) return undefined;
  if (Object.hasOwn(LEVELS, level)) return LEVELS[level];
  throw fatal(`Unknown fsck message type: '${level}'`);
}
