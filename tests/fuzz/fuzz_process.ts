/**
 * A program that checks inputs until its time is over. It tells at which one it is, so that whoever watches
 * knows which one it hangs at or dies of.
 *
 * Usage: fuzz_process.ts <seed> <first number> <step> <milliseconds>
 *
 * @module
 */

import { checkInput, makeInput } from "./fuzz.ts";

const [seed = 1, first = 0, step = 1, milliseconds = 0] = Deno.args.map(Number);

/** How often to tell where it is, in milliseconds. */
const INTERVAL = 200;

function print(message: Readonly<Record<string, unknown>>): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(message) + "\n"));
}

const end = performance.now() + milliseconds;
let told = 0;
let number = first;
for (; performance.now() < end; number += step) {
  if (performance.now() - told > INTERVAL) {
    print({ at: number });
    told = performance.now();
  }
  try {
    await checkInput(makeInput(seed, number));
  } catch (error) {
    print({ failed: number, error: error instanceof Error ? error.stack : String(error) });
  }
}
print({ done: number });
