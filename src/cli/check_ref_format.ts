import { refnameProblem } from "../format/refname.ts";
import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { Failure, fatal } from "./failure.ts";

const spec: CommandSpec = {
  name: "check-ref-format",
  summary: "Tell by the exit code whether a ref may have a name: 0 if so, 1 if not.",
  usage: ["[--normalize] [<options>] <refname>", "--branch <branchname-shorthand>"],
  options: [
    { long: "normalize", negatable: false, help: "print the name without needless slashes" },
    { long: "print", negatable: false, hidden: true, help: "the same as --normalize" },
    { long: "allow-onelevel", help: "a name without a slash will do" },
    { long: "refspec-pattern", negatable: false, help: "the name may have one asterisk" },
    { long: "branch", negatable: false, help: "print the branch that @{-<n>} or a name means" },
  ],
  examples: [
    ["check-ref-format refs/heads/topic", "exits with 0: that is a good name"],
    ["check-ref-format --normalize refs//heads/topic", "prints refs/heads/topic"],
    ["check-ref-format --branch @{-1}", "prints the branch that was checked out before this one"],
  ],
  plumbing: true,
  raw: true,
};

/** `reftable check-ref-format` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const { operands } = args;
  if (operands.length === 2 && operands[0] === "--branch") {
    const branch = await checkBranch(operands[1]!, context);
    context.output.write(`${branch}\n`);
    return 0;
  }
  const options = operands.slice(0, -1);
  const name = operands.at(-1);
  if (name === undefined || name.startsWith("-")) throw args.usage();
  let normalize = false;
  let oneLevel = false;
  let pattern = false;
  for (const option of options) {
    if (option === "--normalize" || option === "--print") normalize = true;
    else if (option === "--allow-onelevel") oneLevel = true;
    else if (option === "--no-allow-onelevel") oneLevel = false;
    else if (option === "--refspec-pattern") pattern = true;
    else throw args.usage();
  }
  const refname = normalize ? name.replace(/^\/+/, "").replace(/\/+/g, "/") : name;
  // An asterisk is as good as a letter, once.
  const plain = pattern ? refname.replace("*", "x") : refname;
  if (refnameProblem(plain) !== undefined || !(oneLevel || refname.includes("/"))) return 1;
  if (normalize) context.output.write(`${refname}\n`);
  return 0;
}

/** Finds the branch that a name means; outside of a repository, the name itself. */
async function checkBranch(name: string, context: Context): Promise<string> {
  const branch = name.startsWith("@{-") ? await priorBranch(name, context) : name;
  const isBranch = !name.startsWith("-") && branch !== "HEAD" &&
    refnameProblem(`refs/heads/${branch}`) === undefined;
  if (!isBranch) throw fatal(`'${name}' is not a valid branch name`);
  return branch;
}

async function priorBranch(name: string, context: Context): Promise<string> {
  try {
    const refs = await context.refs();
    const { resolveBranchName } = await import("./revision.ts");
    return resolveBranchName(refs, name) ?? name;
  } catch (error) {
    if (error instanceof Failure) return name;
    throw error;
  }
}
