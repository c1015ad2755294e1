import { fromFileUrl } from "@std/path";
import type { Case } from "../case.ts";
import { type Command, deno, timeProcess } from "../process.ts";

const NOTHING = fromFileUrl(new URL("../processes/nothing.ts", import.meta.url));
const READ_HEAD = fromFileUrl(new URL("../processes/read_head.ts", import.meta.url));

/** How often both processes run in a round. A start is disturbed easily, and never takes too little. */
const STARTS = 10;

/** What a prompt or a hook waits for that only wants to know what is checked out, however refs are stored. */
export const readHeads: readonly Case[] = (["reftable", "files"] as const).map((format) => ({
  name: `read-head-${format}`,
  description: `readHead() of ${format} by a process of its own, beyond what an empty one takes`,
  unit: "ms",
  aim: { atMost: 10 },
  async start({ data }) {
    const permissions = [`--allow-read=${data.dir}`];
    const repo = format === "files" ? data.filesRepo : data.reftableRepo;
    const nothing = deno(permissions, [NOTHING]);
    const ours = deno(permissions, [READ_HEAD, repo]);
    // The runtime keeps what it makes of a program for the next time.
    for (const command of [nothing, ours]) await timeProcess(command);
    return { ours: () => difference(ours, nothing) };
  },
}));

/** How many milliseconds longer one program takes than another one, when nothing disturbs them. */
async function difference(longer: Command, shorter: Command): Promise<number> {
  let [most, least] = [Infinity, Infinity];
  for (let i = 0; i < STARTS; i++) {
    most = Math.min(most, await timeProcess(longer));
    least = Math.min(least, await timeProcess(shorter));
  }
  return most - least;
}
