import { ReftableError } from "../errors.ts";
import type { UpdateOptions } from "../refs/ref_transaction.ts";
import type { Arguments } from "./arguments.ts";
import { changeRefs } from "./change_refs.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { isZeroOid, resolveOid } from "./revision.ts";

const spec: CommandSpec = {
  name: "update-ref",
  summary: "Create, change or delete refs, safely: what a ref must hold before can be told.",
  usage: [
    "[<options>] -d <refname> [<old-oid>]",
    "[<options>]    <refname> <new-oid> [<old-oid>]",
    "[<options>] --stdin [-z] [--batch-updates]",
  ],
  options: [
    { short: "m", value: "reason", help: "what the log says of the change" },
    { short: "d", help: "delete the ref" },
    { long: "no-deref", help: "change <refname> itself, not what it points to" },
    { short: "z", help: "what is read from standard input ends with NULs" },
    { long: "stdin", help: "read what is to be done from standard input" },
    { long: "create-reflog", help: "begin a log" },
    {
      short: "0",
      long: "batch-updates",
      help: "do what can be done, and tell what could not",
    },
  ],
  notes: `<new-oid> and <old-oid> are object ids, names of refs, or what Git calls revisions. A new
value of zeros deletes the ref; an old value of zeros, or an empty one, means that it must not exist.
Logs tell who did it: GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL, or user.name and user.email of the
configuration. Without --allow-env, that is the repository's and what -c says.

Lines of standard input, all done together or not at all:
    update <ref> <new-oid> [<old-oid>]      symref-update <ref> <target> [oid <old> | ref <old>]
    create <ref> <new-oid>                  symref-create <ref> <target>
    delete <ref> [<old-oid>]                symref-delete <ref> [<old-target>]
    verify <ref> [<old-oid>]                symref-verify <ref> [<old-target>]
    option no-deref
    start | prepare | commit | abort`,
  examples: [
    ["update-ref refs/heads/topic HEAD", "has a branch lead where HEAD does"],
    ["update-ref -d refs/heads/topic <oid>", "deletes a branch if it still leads to <oid>"],
  ],
  operand: "ref",
  repository: true,
  plumbing: true,
};

/** `reftable update-ref` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const message = args.value("m");
  if (message === "") throw fatal("Refusing to perform update with empty message.");
  const options: UpdateOptions = {
    message,
    noDeref: args.has("no-deref"),
    createReflog: args.has("create-reflog"),
  };
  if (args.has("stdin")) {
    if (args.has("d") || args.operands.length > 0) throw args.usage();
    const { updateFromStdin } = await import("./update_ref_stdin.ts");
    return await updateFromStdin(context, options, {
      terminator: args.has("z") ? "\0" : "\n",
      allowRejections: args.has("batch-updates"),
    });
  }
  if (args.has("batch-updates")) throw fatal("--batch-updates can only be used with --stdin");
  if (args.has("z")) throw args.usage();
  return args.has("d")
    ? await deleteRef(args, context, options)
    : await updateRef(args, context, options);
}

async function deleteRef(
  args: Arguments,
  context: Context,
  options: UpdateOptions,
): Promise<number> {
  const [refname, old, extra] = args.operands;
  if (refname === undefined || extra !== undefined) throw args.usage();
  const expect = await oldValue(old, context);
  return await changeRefs(context, (transaction) => {
    // Zeros say nothing here, as they once did.
    transaction.delete(refname, {
      ...options,
      expect: expect === undefined || isZeroOid(expect) ? undefined : expect,
    });
  });
}

async function updateRef(
  args: Arguments,
  context: Context,
  options: UpdateOptions,
): Promise<number> {
  const [refname, value, old, extra] = args.operands;
  if (refname === undefined || value === undefined || extra !== undefined) throw args.usage();
  const oid = await resolveOid(context, value);
  if (oid === undefined) throw fatal(`${value}: not a valid SHA1`);
  const expect = await oldValue(old, context);
  const refs = await context.refs();
  try {
    await refs.transaction((transaction) => {
      transaction.update(refname, oid, { ...options, expect });
    });
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw fatal(`update_ref failed for ref '${refname}': ${error.message}`);
  }
}

async function oldValue(
  text: string | undefined,
  context: Context,
): Promise<string | undefined> {
  if (text === undefined) return undefined;
  if (text === "") return "0".repeat((await context.refs()).hash === "sha1" ? 40 : 64);
  const oid = await resolveOid(context, text);
  if (oid === undefined) throw fatal(`${text}: not a valid old SHA1`);
  return oid;
}
