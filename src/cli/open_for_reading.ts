import {
  denoFileSystem,
  openRepositoryStack,
  type RepositoryStackOptions,
  Stack,
} from "../../mod.ts";

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
