import type * as zlib from "node:zlib";

/** The part of `node:zlib` that we use. */
export type Zlib = Pick<typeof zlib, "inflateSync">;

/** The part of `fflate` that we use. */
export type Fflate = Pick<typeof import("fflate"), "inflateSync" | "unzlibSync">;

/** How `node:zlib` is had without importing it, which would fail in browsers. */
interface NodeProcess {
  getBuiltinModule?(name: "node:zlib"): Zlib;
}

/** Deno is asked by name: to look at `process` there costs ten milliseconds, and only logs are deflated. */
function hasNodeZlib(): boolean {
  if ("Deno" in globalThis) return true;
  return (globalThis as { process?: NodeProcess }).process?.getBuiltinModule !== undefined;
}

/** What stands in for `node:zlib` where the runtime has none. */
export const fflate: Fflate | undefined = hasNodeZlib() ? undefined : await import("fflate");

/** Gets `node:zlib`, where {@linkcode fflate} is not needed. */
export function nodeZlib(): Zlib {
  const { process } = globalThis as unknown as { process: Required<NodeProcess> };
  return process.getBuiltinModule("node:zlib");
}
