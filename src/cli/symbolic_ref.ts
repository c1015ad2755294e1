import { refnameProblem } from "../format/refname.ts";
import { shortenName } from "../refs/expand.ts";
import { resolveRef } from "../refs/resolve.ts";
import type { Arguments } from "./arguments.ts";
import { changeRefs } from "./change_refs.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { lookUp, type SingleRefs } from "./look_up.ts";

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
  repository: "found",
  plumbing: true,
};

/** `reftable symbolic-ref` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const message = args.value("m");
  if (message === "") throw fatal("Refusing to perform update with empty message");
  const [name, target, extra] = args.operands;
  if (args.has("delete")) {
    if (name === undefined || target !== undefined) throw args.usage();
    return await deleteSymref(name, context);
  }
  if (name === undefined || extra !== undefined) throw args.usage();
  if (target === undefined) return await show(name, args, context);
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

async function show(name: string, args: Arguments, context: Context): Promise<number> {
  const recurse = args.flag("recurse") ?? true;
  const target = await lookUp(context, (refs) => {
    const target = targetOf(refs, name, recurse);
    return target !== undefined && args.has("short") ? shortenName(refs, target) : target;
  });
  if (target === undefined) {
    if (args.has("quiet")) return 1;
    throw fatal(`ref ${name} is not a symbolic ref`);
  }
  context.output.write(`${target}\n`);
  return 0;
}

/** Finds where a symbolic ref leads; `undefined` when it is none. */
function targetOf(refs: SingleRefs, name: string, recurse: boolean): string | undefined {
  if (refnameProblem(name) !== undefined) throw fatal(`No such ref: ${name}`);
  if (!recurse) {
    const stored = refs.read(name);
    return stored?.kind === "symref" ? stored.target : undefined;
  }
  const resolved = resolveRef(refs, name);
  if (resolved?.isBroken) throw fatal(`No such ref: ${name}`);
  return resolved?.isSymref ? resolved.refname : undefined;
}

async function deleteSymref(name: string, context: Context): Promise<number> {
  if (await lookUp(context, (refs) => targetOf(refs, name, false)) === undefined) {
    throw fatal(`Cannot delete ${name}, not a symbolic ref`);
  }
  if (name === "HEAD") throw fatal(`deleting '${name}' is not allowed`);
  return await changeRefs(context, (transaction) => transaction.deleteSymref(name));
}
