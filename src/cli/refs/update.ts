import type { Arguments } from "../arguments.ts";
import { changeRefs } from "../change_refs.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { requireOid, WRITE_OPTIONS, writeOptions, wrongOperands } from "./write_options.ts";

/** `reftable refs update` */
export const command: Command = {
  spec: {
    name: "refs update",
    summary: "Change a ref; what it must hold before can be told.",
    usage: ["[--message=<reason>] [--no-deref] [--create-reflog] <ref> <new-value> [<old-value>]"],
    options: WRITE_OPTIONS,
    notes:
      `A new value of zeros deletes the ref; an old value of zeros means that it must not exist.`,
    operand: "ref",
    repository: true,
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname, value, old, extra] = args.operands;
  if (refname === undefined || value === undefined || extra !== undefined) {
    throw wrongOperands("update requires reference name, new value and an optional old value");
  }
  const options = writeOptions(args);
  const oid = await requireOid(context, value, "new object ID");
  const expect = old === undefined ? undefined : await requireOid(context, old, "old object ID");
  return await changeRefs(
    context,
    (transaction) => transaction.update(refname, oid, { ...options, expect }),
    `update_ref failed for ref '${refname}': `,
  );
}
