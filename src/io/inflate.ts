import { ReftableError } from "../errors.ts";

import type * as zlib from "node:zlib";

/** The part of `node:zlib` that we use. */
type Zlib = Pick<typeof zlib, "inflateSync">;

/** The part of `fflate` that we use. */
type Fflate = Pick<typeof import("fflate"), "inflateSync" | "unzlibSync">;

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
const fflate: Fflate | undefined = hasNodeZlib() ? undefined : await import("fflate");

/** Gets `node:zlib`, where {@linkcode fflate} is not needed. */
export function nodeZlib(): Zlib {
  const { process } = globalThis as unknown as { process: Required<NodeProcess> };
  return process.getBuiltinModule("node:zlib");
}

/** A deflate stream's contents. */
export interface Inflated {
  /** The inflated bytes. */
  readonly bytes: Uint8Array;
  /** How many bytes the stream takes. */
  readonly consumed: number;
}

/**
 * Inflates the zlib stream at the start of `input`; what lies behind it is not looked at.
 *
 * @param input The stream and anything behind it.
 * @param length The exact length of the inflated bytes.
 * @returns The bytes, or `undefined` when the input ends before the stream does.
 * @throws {ReftableError} With code `"zlib"` when the stream is broken or has another length.
 */
export type Inflate = (input: Uint8Array, length: number) => Inflated | undefined;

/** Inflates with `node:zlib`, which is native and says how many bytes a stream took. */
export function inflateWithZlib({ inflateSync }: Zlib): Inflate {
  return (input, length) => {
    try {
      const options = { info: true, maxOutputLength: length };
      const { buffer, engine } = inflateSync(input, options) as unknown as {
        buffer: Uint8Array;
        engine: { bytesWritten: number };
      };
      checkLength(buffer.length, length);
      return { bytes: buffer, consumed: engine.bytesWritten };
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      if (code === "Z_BUF_ERROR") return undefined;
      if (code === "ERR_BUFFER_TOO_LARGE") checkLength(Infinity, length);
      throw broken(error);
    }
  };
}

/**
 * Inflates with `fflate`, for places that have no `node:zlib`. It neither checks a stream's checksum
 * nor says where the stream ends, so we look for the checksum of what came out.
 */
export function inflateWithFflate({ inflateSync, unzlibSync }: Fflate): Inflate {
  return (input, length) => {
    // No stream is shorter than its header, a block and its checksum; fflate would judge what is not there.
    if (input.length < 8) return undefined;
    try {
      // With room for one byte more it shows whether there is more: fflate drops what does not fit.
      const bytes = unzlibSync(input, { out: new Uint8Array(length + 1) });
      checkLength(bytes.length, length);
      const end = findChecksum(input, adler32(bytes), (candidate) => {
        inflateSync(input.subarray(2, candidate), { out: new Uint8Array(length) });
      });
      return end === undefined ? undefined : { bytes, consumed: end + 4 };
    } catch (error) {
      if (isEndOfInput(error)) return undefined;
      throw broken(error);
    }
  };
}

/** fflate numbers its errors; 0 is an unexpected end of the input. */
function isEndOfInput(error: unknown): boolean {
  return (error as { code?: unknown }).code === 0;
}

/**
 * Finds the checksum that ends a zlib stream.
 *
 * @param confirm Inflates the stream up to a place; throws when it ends later.
 * @returns Its position, or `undefined` when it is not there.
 */
function findChecksum(
  input: Uint8Array,
  checksum: number,
  confirm: (candidate: number) => void,
): number | undefined {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (let position = 2; position + 4 <= input.length; position++) {
    if (view.getUint32(position) !== checksum) continue;
    try {
      confirm(position);
      return position;
    } catch (error) {
      // Compressed bytes may look like the checksum by chance.
      if (!isEndOfInput(error)) throw error;
    }
  }
  return undefined;
}

/** The checksum at the end of a zlib stream (RFC 1950). */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; start += 3800) {
    // 3800 additions fit into 32 bits before the remainder must be taken.
    const end = Math.min(start + 3800, bytes.length);
    for (let i = start; i < end; i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 0x10000 + a;
}

function checkLength(length: number, expected: number): void {
  if (length === expected) return;
  const found = length > expected ? "more" : `${length}`;
  throw new ReftableError("zlib", `it inflates to ${found} bytes, expected ${expected}`);
}

function broken(error: unknown): ReftableError {
  if (error instanceof ReftableError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ReftableError("zlib", `it does not inflate: ${reason}`, { cause: error });
}

let chosen: Inflate | undefined;

/** Inflates with the best that the runtime has. */
export const inflate: Inflate = (input, length) => {
  chosen ??= fflate ? inflateWithFflate(fflate) : inflateWithZlib(nodeZlib());
  return chosen(input, length);
};
