/**
 * Fuzzing: makes inputs from a seed, and looks at what comes of them. What fails is written out, to become a test.
 *
 * Usage: deno task fuzz [--seconds <n>] [--seed <n>] [--jobs <n>]
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { TextLineStream } from "@std/streams";
import { formatInput, makeInput } from "./fuzz.ts";

/** A process that has not said a word hangs when it took so many seconds meanwhile. No input takes a tenth of it. */
const DEADLINE = 20;

/** How much memory a process may take for what lives long, in MiB. */
const MOST_MEMORY = 512;

const PROCESS = fromFileUrl(new URL("./fuzz_process.ts", import.meta.url));

/** Where failing inputs go; those that lie there are checked by the tests from then on. */
const KEPT = fromFileUrl(new URL("./kept", import.meta.url));

/** Reads the value of an option. */
function option(name: string, value: number): number {
  const place = Deno.args.indexOf(`--${name}`);
  const given = place < 0 ? value : Number(Deno.args[place + 1]);
  if (Number.isSafeInteger(given) && given >= 0) return given;
  console.error(`error: option \`${name}' expects a number`);
  Deno.exit(129);
}

const seconds = option("seconds", 60);
const seed = option("seed", Math.floor(Math.random() * 2 ** 32));
const jobs = Math.max(1, option("jobs", navigator.hardwareConcurrency));

/** The seconds that a process has taken of a processor; a machine may have none for it. Where nobody tells, the time. */
function secondsTaken(pid: number): number {
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)!.split(" ");
    // In hundredths, those of the system behind those of the process itself.
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return performance.now() / 1000;
  }
}

/** What a process did. */
interface Outcome {
  readonly inputs: number;
  readonly failures: number;
}

/** Writes a failing input out. */
function keep(number: number, reason: string): void {
  const input = makeInput(seed, number);
  const path = `${KEPT}/${input.target.name}-${seed}-${number}.json`;
  Deno.mkdirSync(KEPT, { recursive: true });
  Deno.writeTextFileSync(path, formatInput(input));
  console.error(`Input ${number} of seed ${seed} fails, see ${path}:\n${reason}\n`);
}

/** Watches a process that checks every n-th input from one on; a new one goes on where it dies. */
async function run(first: number, end: number): Promise<Outcome> {
  const left = end - performance.now();
  if (left <= 0) return { inputs: 0, failures: 0 };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", "--allow-read", "--allow-env"],
      ...[`--v8-flags=--max-old-space-size=${MOST_MEMORY}`, PROCESS],
      ...[seed, first, jobs, left].map((number) => `${Math.floor(number)}`),
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let hangs = false;
  let at = first;
  let failures = 0;
  let isDone = false;
  let taken = secondsTaken(child.pid);
  const timer = setInterval(() => {
    hangs = secondsTaken(child.pid) - taken > DEADLINE;
    if (hangs) child.kill("SIGKILL");
  }, 1000);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
  for await (const line of lines) {
    taken = secondsTaken(child.pid);
    const message = JSON.parse(line) as {
      at?: number;
      failed?: number;
      done?: number;
      error?: string;
    };
    at = message.at ?? message.done ?? at;
    isDone = message.done !== undefined;
    if (message.failed !== undefined) {
      failures++;
      keep(message.failed, message.error ?? "");
    }
  }
  clearInterval(timer);
  const { code, signal } = await child.status;
  const inputs = (at - first) / jobs;
  if (isDone && code === 0) return { inputs, failures };
  // It is one of those since it told where it was.
  keep(at, hangs ? "It hangs, or one soon behind it" : `It ended with ${signal ?? code}`);
  const rest = await run(at + 1000 * jobs, end);
  return { inputs: inputs + rest.inputs, failures: failures + 1 + rest.failures };
}

const end = performance.now() + 1000 * seconds;
const outcomes = await Promise.all(Array.from({ length: jobs }, (_, job) => run(job, end)));
const inputs = outcomes.reduce((sum, outcome) => sum + outcome.inputs, 0);
const failures = outcomes.reduce((sum, outcome) => sum + outcome.failures, 0);
console.log(`${inputs} inputs of seed ${seed} in ${seconds} seconds: ${failures} failures`);
Deno.exit(failures === 0 ? 0 : 1);
