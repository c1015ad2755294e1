/**
 * Repositories in memory.
 *
 * @module
 */

import { type MemoryFileSystem, RefStore, type RefStoreOptions } from "@reftable/reftable";

/** Where the repository is. */
export const REPOSITORY = "/repository";

const encode = (text: string) => new TextEncoder().encode(text);

/** Makes an empty bare repository that logs everything. */
export function makeRepository(fileSystem: MemoryFileSystem, format: "reftable" | "files"): void {
  const isReftable = format === "reftable";
  for (const name of ["objects", "refs", ...isReftable ? ["reftable"] : []]) {
    fileSystem.makeDirectorySync(`${REPOSITORY}/${name}`);
  }
  const head = isReftable ? "refs/heads/.invalid" : "refs/heads/main";
  const extension = isReftable ? "[extensions]\n\trefStorage = reftable\n" : "";
  const files = {
    HEAD: `ref: ${head}\n`,
    config: `[core]\n\trepositoryformatversion = ${isReftable ? 1 : 0}\n\tbare = true\n` +
      `\tlogAllRefUpdates = always\n${extension}`,
    ...isReftable ? { "refs/heads": "this repository uses the reftable format\n" } : {},
  };
  for (const [name, text] of Object.entries(files)) {
    fileSystem.writeFileSync(`${REPOSITORY}/${name}`, encode(text));
  }
}

/** Opens it. */
export async function openStore(options: RefStoreOptions): Promise<RefStore> {
  const identity = { name: "A U Thor", email: "author@example.com", time: 1, tzOffset: 0 };
  return await RefStore.open(REPOSITORY, { identity, ...options });
}
