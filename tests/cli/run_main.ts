/**
 * The command line without a process of its own: hundreds of runs in the time of ten.
 *
 * @module
 */

import { decodeText, encodeText } from "../../src/bytes/text.ts";
import { main } from "../../src/cli/main.ts";
import type { StreamName, System } from "../../src/cli/system.ts";

/** What a run finds around it. */
export interface Surroundings {
  /** The directory to run in. */
  readonly cwd?: string | undefined;
  /** All of the environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What stands on standard input. */
  readonly stdin?: string | Uint8Array | undefined;
  /** The streams at which a person sits. */
  readonly terminals?: readonly StreamName[] | undefined;
}

/** A system that keeps what is written to it. */
export class CapturedSystem implements System {
  readonly directory: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #terminals: readonly StreamName[];
  readonly #written: Record<"stdout" | "stderr", Uint8Array[]> = { stdout: [], stderr: [] };
  #input: Uint8Array;

  constructor({ cwd = "", env = {}, stdin = "", terminals = [] }: Surroundings = {}) {
    this.directory = cwd;
    this.#env = env;
    this.#terminals = terminals;
    this.#input = typeof stdin === "string" ? encodeText(stdin) : stdin;
  }

  env(name: string): string | undefined {
    return this.#env[name];
  }

  isTerminal(stream: StreamName): boolean {
    return this.#terminals.includes(stream);
  }

  read(buffer: Uint8Array): Promise<number | null> {
    const chunk = this.#input.subarray(0, buffer.length);
    buffer.set(chunk);
    this.#input = this.#input.subarray(chunk.length);
    return Promise.resolve(chunk.length === 0 ? null : chunk.length);
  }

  write(stream: "stdout" | "stderr", bytes: Uint8Array): number {
    this.#written[stream].push(bytes.slice());
    return bytes.length;
  }

  /** All that was written to a stream; bytes that are not UTF-8 become lone surrogates. */
  written(stream: "stdout" | "stderr"): string {
    return this.#written[stream].map((bytes) => decodeText(bytes)).join("");
  }
}

/** What a run left. */
export interface MainRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `reftable` here. */
export async function runMain(
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<MainRun> {
  const system = new CapturedSystem(surroundings);
  const code = await main(args, system);
  return { code, stdout: system.written("stdout"), stderr: system.written("stderr") };
}
