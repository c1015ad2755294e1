import { refnameProblem } from "../format/refname.ts";
import type { RefStore } from "../refs/ref_store.ts";
import type { Arguments } from "./arguments.ts";
import { changeRefs } from "./change_refs.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

const spec: CommandSpec = {
  name: "symbolic-ref",
  summary: "Show where a symbolic ref points, or change that.",
  usage: [
    "[-m <reason>] <name> <ref>",
    "[-q] [--short] [--no-recurse] <name>",
    "--delete [-q] <name>",
  ],
  options: [
    { short: "q", long: "quiet", help: "say nothing of a ref that is not symbolic" },
    { short: "d", long: "delete", help: "delete the symbolic ref" },
    { long: "short", help: "print the shortest name that means the ref" },
    { long: "recurse", help: "follow symbolic refs to the end; the default" },
    { short: "m", value: "reason", help: "what the log says of the change" },
  ],
  examples: [
    ["symbolic-ref --short HEAD", "prints the name of the current branch"],
    ["symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main", "has one point at another"],
  ],
  operand: "ref",
  repository: true,
  plumbing: true,
};

/** `reftable symbolic-ref` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const message = args.value("m");
  if (message === "") throw fatal("Refusing to perform update with empty message");
  const refs = await context.refs();
  const [name, target, extra] = args.operands;
  if (args.has("delete")) {
    if (name === undefined || target !== undefined) throw args.usage();
    return await deleteSymref(refs, name, context);
  }
  if (name === undefined || extra !== undefined) throw args.usage();
  if (target === undefined) return show(refs, name, args, context);
  if (name === "HEAD" && !target.startsWith("refs/")) {
    throw fatal("Refusing to point HEAD outside of refs/");
  }
  if (refnameProblem(target) !== undefined) {
    throw fatal(`Refusing to set '${name}' to invalid ref '${target}'`);
  }
  return await changeRefs(context, (transaction) => {
    transaction.updateSymref(name, target, { message });
  });
}

function show(refs: RefStore, name: string, args: Arguments, { output }: Context): number {
  const target = targetOf(refs, name, args.flag("recurse") ?? true);
  if (target === undefined) {
    if (args.has("quiet")) return 1;
    throw fatal(`ref ${name} is not a symbolic ref`);
  }
  // Names that HEAD and the like could hide are no reason to be long here.
  output.write(`${args.has("short") ? refs.shorten(target) : target}\n`);
  return 0;
}

/** Finds where a symbolic ref leads; `undefined` when it is none. */
function targetOf(refs: RefStore, name: string, recurse: boolean): string | undefined {
  if (refnameProblem(name) !== undefined) throw fatal(`No such ref: ${name}`);
  if (!recurse) {
    const stored = refs.read(name);
    return stored?.kind === "symref" ? stored.target : undefined;
  }
  const resolved = refs.resolve(name);
  if (resolved?.isBroken) throw fatal(`No such ref: ${name}`);
  return resolved?.isSymref ? resolved.refname : undefined;
}

async function deleteSymref(refs: RefStore, name: string, context: Context): Promise<number> {
  if (targetOf(refs, name, false) === undefined) {
    throw fatal(`Cannot delete ${name}, not a symbolic ref`);
  }
  if (name === "HEAD") throw fatal(`deleting '${name}' is not allowed`);
  return await changeRefs(context, (transaction) => transaction.deleteSymref(name));
}
