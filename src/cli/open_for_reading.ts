import { denoFileSystem } from "../io/deno.ts";
import { basename } from "../io/path.ts";
import { openRepositoryStack, type RepositoryStackOptions } from "../refs/repository_stacks.ts";
import { Stack } from "../stack/stack.ts";

/** Tells whether a path is that of a table: a file, except the `.git` file of a linked working tree. */
export function isTableFile(path: string): boolean {
  return basename(path) !== ".git" && denoFileSystem.statSync(path)?.kind === "file";
}

/**
 * Opens the stack that a path means, only to look into it: what lies around a directory of tables need
 * not be readable.
 */
export async function openForReading(
  path: string,
  options: RepositoryStackOptions,
): Promise<Stack> {
  return denoFileSystem.statSync(`${path}/tables.list`)
    ? await Stack.open(path, { hash: options.hash })
    : await openRepositoryStack(path, options);
}
