import type { Command } from "../command.ts";
import { LIST_NOTES, LIST_OPTIONS, LIST_USAGE, run } from "../for_each_ref.ts";

/** `reftable refs list` */
export const command: Command = {
  spec: {
    name: "refs list",
    summary: "List refs, in any form and order.",
    usage: LIST_USAGE,
    options: LIST_OPTIONS,
    notes: LIST_NOTES,
    operand: "ref",
    repository: "found",
    plumbing: true,
  },
  run,
};
