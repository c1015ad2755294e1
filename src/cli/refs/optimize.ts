import type { Command } from "../command.ts";
import { PACK_OPTIONS, PACK_USAGE, run } from "../pack_refs.ts";

/** `reftable refs optimize` */
export const command: Command = {
  spec: {
    name: "refs optimize",
    summary: "Make reading refs faster: pack those that are files, merge tables.",
    usage: PACK_USAGE,
    options: PACK_OPTIONS,
    repository: true,
    plumbing: true,
  },
  run,
};
