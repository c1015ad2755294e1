import { ReftableError } from "../../errors.ts";
import { refnameProblem } from "../../format/refname.ts";
import { isRootRef } from "../../refs/names.ts";
import type { Arguments } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { isZeroOid } from "../revision.ts";

const spec: CommandSpec = {
  name: "reflog write",
  summary: "Append an entry to the log of a ref, which stays as it is.",
  usage: ["<ref> <old-oid> <new-oid> <message>"],
  options: [],
  notes: "<ref> is a full name. The ids are those of objects that exist, or zeros.",
  operand: "ref",
  plumbing: true,
};

/** `reftable reflog write` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const [refname, old, next, message, extra] = args.operands;
  if (refname === undefined || old === undefined || next === undefined || message === undefined) {
    throw args.usage();
  }
  if (extra !== undefined) throw args.usage();
  const isQualified = refname.includes("/") && refnameProblem(refname) === undefined;
  if (!isRootRef(refname) && !isQualified) throw fatal(`invalid reference name: ${refname}`);
  const refs = await context.refs();
  const objects = await context.objects();
  const check = (what: "old" | "new", text: string): string => {
    const length = refs.hash === "sha1" ? 40 : 64;
    // Git looks no further than to the last digit.
    const oid = text.slice(0, length).toLowerCase();
    if (!/^[0-9a-f]*$/.test(oid) || oid.length < length) {
      throw fatal(`invalid ${what} object ID: '${text}'`);
    }
    if (isZeroOid(oid) || objects.has(oid)) return oid;
    throw fatal(`${what} object '${text}' does not exist`);
  };
  const oldOid = check("old", old);
  const newOid = check("new", next);
  try {
    await refs.writeReflog(refname, { oldOid, newOid, message });
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw fatal(`cannot commit reflog update: ${error.message}`);
  }
  return 0;
}
