/**
 * What takes the place of `src/io/deno.ts` when the modules that read a table are
 * checked without the `Deno` namespace, as `browser.json` tells the compiler.
 *
 * @module
 */

import type { FileSystem } from "../../src/io/file_system.ts";

/** A browser has files only as blobs and bytes. */
export declare const denoFileSystem: FileSystem;
