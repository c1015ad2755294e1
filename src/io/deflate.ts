import { deflate as pakoDeflate } from "pako";

/**
 * Deflates bytes into a zlib stream of level 9, the very bytes that zlib gives git.
 *
 * The `node:zlib` of Deno and of Node.js is no plain zlib: its streams are as good but often differ. pako
 * computes what zlib does, bit by bit, in twice the time.
 */
export function deflate(input: Uint8Array): Uint8Array {
  return pakoDeflate(input, { level: 9 });
}
