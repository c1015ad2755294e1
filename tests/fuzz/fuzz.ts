/**
 * Inputs for all targets, one after the other.
 *
 * @module
 */

import { encodeHex } from "../../src/bytes/hex.ts";
import { configTarget } from "./config_target.ts";
import { loadTarget } from "./load_target.ts";
import { Random } from "./random.ts";
import { repositoryTarget } from "./repository_target.ts";
import { stackTarget } from "./stack_target.ts";
import { tableTarget } from "./table_target.ts";
import type { Files, Target } from "./target.ts";
import { updateRefTarget } from "./update_ref_target.ts";

/** All that is fuzzed. */
export const TARGETS: readonly Target[] = [
  tableTarget,
  stackTarget,
  configTarget,
  loadTarget,
  repositoryTarget,
  updateRefTarget,
];

/** Each target as often as its weight says. */
const BY_WEIGHT = TARGETS.flatMap((target) => Array<Target>(target.weight).fill(target));

/** One input may take so much memory more than there was, in bytes. */
const MOST_MEMORY = 128 << 20;

/** An input, which follows from a seed and a number. */
export interface Input {
  readonly target: Target;
  readonly files: Files;
}

/** Makes an input. */
export function makeInput(seed: number, number: number): Input {
  const random = new Random(seed, number);
  const target = random.pick(BY_WEIGHT);
  return { target, files: target.make(random) };
}

/** Checks an input; throws when something is wrong with what comes of it. */
export async function checkInput({ target, files }: Input): Promise<void> {
  const before = Deno.memoryUsage().rss;
  await target.check(files);
  const growth = Deno.memoryUsage().rss - before;
  if (growth > MOST_MEMORY) throw new Error(`it takes ${growth >> 20} MiB of memory`);
}

/** An input as text, to be kept. */
export function formatInput({ target, files }: Input): string {
  const hex = Object.entries(files).map(([name, bytes]) =>
    [name, encodeHex(bytes, 0, bytes.length)] as const
  );
  return JSON.stringify({ target: target.name, files: Object.fromEntries(hex) }, undefined, 1) +
    "\n";
}

/** Reads an input that was kept. */
export function parseInput(text: string): Input {
  const { target: name, files } = JSON.parse(text) as {
    target: string;
    files: Record<string, string>;
  };
  const target = TARGETS.find((target) => target.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  const bytes = Object.entries(files).map(([name, hex]) =>
    [name, Uint8Array.fromHex(hex)] as const
  );
  return { target, files: Object.fromEntries(bytes) };
}
