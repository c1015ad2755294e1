/**
 * Processes that are killed while they change refs.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Change, Groups } from "../interop/ref_groups.ts";

/** What a process had done when it was killed. */
export interface Killed {
  /** Its refs, by what was acknowledged. */
  readonly groups: Groups;
  /** How many changes were. */
  readonly acknowledged: number;
  /** The change of which it is not known whether it was done. */
  readonly underWay: Change | undefined;
}

/** How a process that is to be killed is heard. */
export const PIPED = {
  env: { NO_COLOR: "1" },
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
} as const satisfies Deno.CommandOptions;

/** A process that holds nothing up by waiting longer than this, in milliseconds, is killed whatever it has done. */
const PATIENCE = 3000;

/**
 * Starts a process, and kills it at some moment after it has printed `ready`. It prints `try` before each change, and
 * `ack` or `fail` behind it.
 *
 * @param command The process, {@linkcode PIPED}.
 * @param random Gives numbers from 0 to 1.
 * @param groups The refs that it changes, in the order that follows from their names.
 * @param isWriter Whether it changes any.
 */
export async function killSoon(
  command: Deno.Command,
  random: () => number,
  groups: Groups,
  isWriter: boolean,
): Promise<Killed> {
  await using child = command.spawn();
  const stderr = new Response(child.stderr).text();
  // After none of its changes, or one or two of them, and then at any moment of the next.
  const answers = isWriter ? Math.floor(3 * random()) : 0;
  const delay = 60 * random() ** 2;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const killIn = (time: number) => timers.push(setTimeout(() => child.kill("SIGKILL"), time));
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (timers.length === 0 && text.includes("ready\n")) killIn(PATIENCE);
    const answered = text.split(/^(?:ack|fail)$/m).length - 1;
    if (timers.length === 1 && answered >= answers) killIn(delay);
  }
  for (const timer of timers) clearTimeout(timer);
  const { signal } = await child.status;
  assertEquals([signal, await stderr], ["SIGKILL", ""]);
  let acknowledged = 0;
  let underWay: Change | undefined;
  for (const line of text.split("\n")) {
    if (line === "try") underWay = groups.next();
    if (line === "ack") {
      groups.acknowledge(underWay!);
      acknowledged++;
    }
    if (line === "ack" || line === "fail") underWay = undefined;
  }
  return { groups, acknowledged, underWay };
}
