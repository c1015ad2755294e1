import type { Arguments } from "../arguments.ts";
import { changeRefs } from "../change_refs.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { isZeroOid } from "../revision.ts";
import { requireOid, WRITE_OPTIONS, writeOptions, wrongOperands } from "./write_options.ts";

/** `reftable refs delete` */
export const command: Command = {
  spec: {
    name: "refs delete",
    summary: "Delete a ref and its log; what it must hold before can be told.",
    usage: ["[--message=<reason>] [--no-deref] <ref> [<old-value>]"],
    options: WRITE_OPTIONS.filter(({ long }) => long !== "create-reflog"),
    operand: "ref",
    repository: true,
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname, old, extra] = args.operands;
  if (refname === undefined || extra !== undefined) {
    throw wrongOperands("delete requires reference name and an optional old object ID");
  }
  const options = writeOptions(args);
  const expect = old === undefined ? undefined : await requireOid(context, old, "old object ID");
  if (expect !== undefined && isZeroOid(expect)) {
    throw fatal("cannot delete reference with null old object ID");
  }
  return await changeRefs(
    context,
    (transaction) => transaction.delete(refname, { ...options, expect }),
  );
}
