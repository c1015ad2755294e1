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
  env(variable) {
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    return state === "granted" ? Deno.env.get(variable) : undefined;
  },
  isTerminal: (stream) => Deno[stream].isTerminal(),
  read: (buffer) => Deno.stdin.read(buffer),
  write: (stream, bytes) => Deno[stream].writeSync(bytes),
};
