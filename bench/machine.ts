import { run } from "./process.ts";

/** What a measurement depends on. */
export interface Machine {
  /** The processor's name. */
  readonly cpu: string;
  /** How many cores there are. */
  readonly cores: number;
  /** The system and the architecture. */
  readonly system: string;
  /** The version of Deno. */
  readonly deno: string;
  /** The version of V8. */
  readonly v8: string;
  /** The version of git. */
  readonly git: string;
}

/** Describes the machine. */
export async function describeMachine(git: string): Promise<Machine> {
  const { os, arch } = Deno.build;
  const { deno, v8 } = Deno.version;
  return {
    cpu: await cpuName(),
    cores: navigator.hardwareConcurrency,
    system: `${os} ${arch}`,
    deno,
    v8,
    git,
  };
}

/** Asks the system's own programs, for which no further permission is needed. */
async function cpuName(): Promise<string> {
  const unknown = "unknown processor";
  try {
    if (Deno.build.os === "linux") {
      const text = await run({ program: "cat", args: ["/proc/cpuinfo"] });
      return /^model name\s*:\s*(.+)$/m.exec(text)?.[1] ?? unknown;
    }
    if (Deno.build.os === "darwin") {
      const args = ["-n", "machdep.cpu.brand_string"];
      return (await run({ program: "sysctl", args })).trim();
    }
  } catch {
    // A name is not worth an error.
  }
  return unknown;
}
