import { fromFileUrl } from "@std/path";
import type { Case } from "../case.ts";
import type { Data } from "../data.ts";
import { type Command, deno, reftable, timeProcess } from "../process.ts";

const NOTHING = fromFileUrl(new URL("../processes/nothing.ts", import.meta.url));
const READ_HEAD = fromFileUrl(new URL("../processes/read_head.ts", import.meta.url));

/** How often both processes run in a round. A start is disturbed easily, and never takes too little. */
const STARTS = 10;

/** What a prompt or a hook waits for: what is done takes less than the start of the process that does it. */
export const beyondRuntime: readonly Case[] = [
  ...(["reftable", "files"] as const).map((format) =>
    beyond(`read-head-${format}`, `readHead() of ${format}`, 10, (data) => {
      const repo = format === "files" ? data.filesRepo : data.reftableRepo;
      return deno([`--allow-read=${data.dir}`], [READ_HEAD, repo]);
    })
  ),
  ...([
    ["symbolic-ref", "symbolic-ref HEAD", ["symbolic-ref", "HEAD"]],
    ["show-ref", "show-ref --verify REF", ["show-ref", "--verify", "refs/tags/v0.0.0"]],
    [
      "prefix",
      "for-each-ref refs/heads",
      ["for-each-ref", "--format=%(objectname) %(refname)", "refs/heads"],
    ],
  ] as const).map(([name, title, args]) =>
    beyond(`beyond-${name}`, title, 30, ({ reftableRepo: repo }) => reftable({ repo }, args))
  ),
];

/** Measures how much longer a process takes than an empty one. */
function beyond(
  name: string,
  title: string,
  atMost: number,
  command: (data: Data) => Command,
): Case {
  return {
    name,
    description: `${title} by a process of its own, beyond what an empty one takes`,
    unit: "ms",
    aim: { atMost },
    async start({ data }) {
      const nothing = deno([`--allow-read=${data.dir}`], [NOTHING]);
      const ours = command(data);
      // The runtime keeps what it makes of a program for the next time.
      for (const each of [nothing, ours]) await timeProcess(each);
      return { ours: () => difference(ours, nothing) };
    },
  };
}

/** How many milliseconds longer one program takes than another one, when nothing disturbs them. */
async function difference(longer: Command, shorter: Command): Promise<number> {
  let [most, least] = [Infinity, Infinity];
  for (let i = 0; i < STARTS; i++) {
    most = Math.min(most, await timeProcess(longer));
    least = Math.min(least, await timeProcess(shorter));
  }
  return most - least;
}
