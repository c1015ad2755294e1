import { ReftableError } from "../../errors.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import type { Context } from "../context.ts";
import { failed, fatal } from "../failure.ts";
import { MESSAGE, readMessage, wrongOperands } from "./write_options.ts";

/** `reftable refs rename` */
export const command: Command = {
  spec: {
    name: "refs rename",
    summary: "Rename a ref and its log.",
    usage: ["[--message=<reason>] <old-ref> <new-ref>"],
    options: [MESSAGE],
    notes: `A HEAD that points at the ref stays as it is and leads nowhere then.`,
    operand: "ref",
    repository: true,
    plumbing: true,
  },
  run,
};

async function run(args: Arguments, context: Context): Promise<number> {
  const [from, to, extra] = args.operands;
  if (from === undefined || to === undefined || extra !== undefined) {
    throw wrongOperands("rename requires old and new reference name");
  }
  const message = readMessage(args);
  for (const refname of [from, to]) {
    if (refnameProblem(refname) !== undefined || !refname.includes("/")) {
      throw fatal(`invalid ref format: '${refname}'`);
    }
  }
  const refs = await context.refs();
  if (refs.resolve(from)?.oid === undefined) throw fatal(`reference does not exist: '${from}'`);
  if (refs.resolve(to)?.oid !== undefined) throw fatal(`reference already exists: '${to}'`);
  try {
    await refs.rename(from, to, { message });
    return 0;
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    throw failed(error.message);
  }
}
