import { permittedEnvironment } from "../io/deno.ts";

/** A standard stream. */
export type StreamName = "stdin" | "stdout" | "stderr";

/** All that commands ask of the process they run in. */
export interface System {
  /** The directory that relative paths begin at; empty for that of the process. */
  readonly directory: string;
  /** The value of an environment variable, if there is one and it may be known without asking anybody. */
  env(name: string): string | undefined;
  /** Tells whether a person sits at a stream. */
  isTerminal(stream: StreamName): boolean;
  /** Reads from standard input what there is; `null` at its end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes and tells how many. */
  write(stream: "stdout" | "stderr", bytes: Uint8Array): number;
}

/** This process. */
export const denoSystem: System = {
  directory: "",
  env: permittedEnvironment,
  isTerminal: (stream) => Deno[stream].isTerminal(),
  read: (buffer) => Deno.stdin.read(buffer),
  write: (stream, bytes) => Deno[stream].writeSync(bytes),
};

/** The signals that end a program from outside, with their numbers. */
const SIGNALS = [["SIGINT", 2], ["SIGHUP", 1], ["SIGTERM", 15]] as const;

/** What is interrupted leaves neither a lock nor a temporary file behind. */
export function removeFilesOnSignals(): void {
  for (const [signal, number] of SIGNALS) {
    if (signal !== "SIGINT" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, async () => {
      // Loaded when it is needed: most commands hold no locks, and shall start soon.
      const { removePendingFiles } = await import("../io/pending_file.ts");
      removePendingFiles();
      // As a shell reports a program that the signal ended.
      Deno.exit(128 + number);
    });
  }
}
