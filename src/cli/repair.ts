import { findRepositoryStacks } from "../refs/repository_stacks.ts";
import { type RepairReport, repairStack } from "../stack/repair.ts";
import type { RepairStep } from "../stack/repair_step.ts";
import { verifyStack } from "../stack/verify_stack.ts";
import type { Arguments } from "./arguments.ts";
import { type Command, type CommandSpec, STACK_PATH } from "./command.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./failure.ts";
import { formatProblem, printable } from "./output.ts";
import { parseTime } from "./time.ts";
// Large jobs go to workers.
import "../workers/install.ts";

const spec: CommandSpec = {
  name: "repair",
  summary: "Make the stacks of a repository whole again.",
  usage: ["[<options>] <path>"],
  operand: "path",
  options: [
    { short: "n", long: "dry-run", help: "only tell what would be done" },
    { long: "adopt", help: "take tables too that would come behind those of the list" },
    { long: "break-locks", help: "remove locks that nobody holds any more" },
    { long: "older-than", value: "age", help: "how old these are at least, such as 2.hours" },
    { long: "json", help: "print a JSON object a line for each stack" },
  ],
  notes: `${STACK_PATH}
What is wrong is printed, then what is done about it. What can be read of a damaged table is written
into a new one. Damaged tables and old lists are kept, with '.set-aside' behind their names. The exit
code is 0 when all is sound in the end, 1 when it is not, or something would be done.`,
  examples: [
    ["repair --dry-run .", "see what is wrong, and what would be done"],
    [
      "repair --break-locks --older-than 1.hour .",
      "also remove what processes left that were killed",
    ],
  ],
};

/** `reftable repair` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const path = context.path(args.soleOperand("a path"));
  const { output } = context;
  const json = args.has("json");
  const dryRun = args.has("dry-run");
  const breakLocks = parseAge(args);
  const { directories, hash, settings } = await findRepositoryStacks(path);
  let isSound = true;
  for (const directory of directories) {
    const report = await repairStack(directory, {
      ...settings,
      hash,
      dryRun,
      breakLocks,
      adopt: args.has("adopt"),
      onPlan: (report) => {
        output.write(json ? JSON.stringify(report) + "\n" : formatReport(report, dryRun));
        // It is there to be read before anything is done.
        output.flush();
      },
    });
    if (dryRun) {
      if (report.steps.length > 0) isSound = false;
      continue;
    }
    if (report.steps.length === 0 && !report.problems.some(isError)) continue;
    const { problems } = await verifyStack(directory, { hash });
    for (const problem of problems.filter(isError)) {
      isSound = false;
      if (!json) output.write(`still ${formatProblem(problem)}`);
    }
  }
  return isSound ? 0 : 1;
}

function isError({ severity }: { readonly severity: string }): boolean {
  return severity === "error";
}

/** How old a lock must be to be removed, in milliseconds; `undefined` when none is. */
function parseAge(args: Arguments): number | undefined {
  const age = args.value("older-than");
  if (args.has("break-locks") !== (age !== undefined)) {
    throw new UsageError("options '--break-locks' and '--older-than' belong together");
  }
  if (age === undefined) return undefined;
  const now = Math.floor(Date.now() / 1000);
  const [, span] = /^([0-9]+[. ][a-z]+)(?:[. ]ago)?$/.exec(age) ?? [];
  if (span === undefined) throw new UsageError(`malformed age \`${age}'`);
  return (now - parseTime(`${span}.ago`, now)) * 1000;
}

function formatReport(
  { directory, problems, steps, locks }: RepairReport,
  dryRun: boolean,
): string {
  const lines = [
    ...problems.filter(isError).map(formatProblem),
    ...locks.map(({ name, mtime }) => {
      const seconds = Math.max(0, Math.round((Date.now() - mtime) / 1000));
      return `lock: ${directory}/${name}: ${seconds} seconds old, it stays\n`;
    }),
    ...steps.map((step) => `${dryRun ? "would " : ""}${formatStep(step)}\n`),
  ];
  return lines.map((line) => printable(line.slice(0, -1)) + "\n").join("");
}

function formatStep(step: RepairStep): string {
  switch (step.kind) {
    case "break-lock":
      return `remove lock ${step.name}: ${step.reason}`;
    case "salvage": {
      const stretches = step.lost.map(({ start, end }) => `${start} to ${end}`).join(", ");
      const lost = stretches === ""
        ? "nothing is lost"
        : `what is lost was at offsets ${stretches}`;
      const refs = step.refs === 1 ? "1 ref" : `${step.refs} refs`;
      const logs = step.logs === 1 ? "1 log entry" : `${step.logs} log entries`;
      return `salvage ${refs} and ${logs} of ${step.from} ` +
        `into ${step.name}: ${step.reason}; ${lost}`;
    }
    case "give-up":
      return `give up ${step.name}: ${step.reason}`;
    case "set-aside":
      return `set aside ${step.name} as ${step.as}: ${step.reason}`;
    case "list":
      return `write tables.list with ${step.names.length} tables`;
    case "remove":
      return `remove ${step.name}: ${step.reason}`;
  }
}
