import type { Arguments } from "../arguments.ts";
import { changeRefs } from "../change_refs.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { isZeroOid } from "../revision.ts";
import { requireOid, WRITE_OPTIONS, writeOptions, wrongOperands } from "./write_options.ts";

/** `reftable refs create` */
export const command: Command = {
  spec: {
    name: "refs create",
    summary: "Create a ref, which must not exist.",
    usage: ["[--message=<reason>] [--no-deref] [--create-reflog] <ref> <new-value>"],
    options: WRITE_OPTIONS,
    operand: "ref",
    repository: true,
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname, value, extra] = args.operands;
  if (refname === undefined || value === undefined || extra !== undefined) {
    throw wrongOperands("create requires reference name and an object ID");
  }
  const options = writeOptions(args);
  const oid = await requireOid(context, value, "object ID");
  if (isZeroOid(oid)) throw fatal("cannot create reference with null new object ID");
  return await changeRefs(
    context,
    (transaction) => transaction.create(refname, oid, options),
    `update_ref failed for ref '${refname}': `,
  );
}
