/**
 * Stacks that something has happened to.
 *
 * @module
 */

import { type MemoryFileSystem, Stack } from "@reftable/reftable";
import { addTable } from "./stack_scenarios.ts";

/** The directory of the tables. */
export const DIRECTORY = "/repository/reftable";

/** The list of the tables. */
export const LIST = `${DIRECTORY}/tables.list`;

/** Makes a damaged stack in the directory. */
export type Damage = (fileSystem: MemoryFileSystem) => Promise<void>;

/** Makes a stack of three tables. */
async function makeStack(fileSystem: MemoryFileSystem): Promise<string[]> {
  await using stack = await Stack.open(DIRECTORY, { fileSystem, autoCompact: false });
  for (const count of [40, 12, 3]) await addTable(stack, count);
  return stack.tableNames.map((name) => `${DIRECTORY}/${name}`);
}

/** Changes a byte of a file. */
function damageByte(fileSystem: MemoryFileSystem, path: string, offset: number): void {
  const bytes = fileSystem.readFileSync(path);
  bytes[offset]! ^= 0xff;
  fileSystem.writeFileSync(path, bytes);
}

/** What has happened. */
export const DAMAGES: Readonly<Record<string, Damage>> = {
  async "a list that is cut"(fileSystem) {
    await makeStack(fileSystem);
    fileSystem.writeFileSync(LIST, fileSystem.readFileSync(LIST).subarray(0, 60));
  },
  async "two damaged tables"(fileSystem) {
    const [oldest = "", newer = ""] = await makeStack(fileSystem);
    // A value in the first block, and the checksum.
    damageByte(fileSystem, oldest, 400);
    damageByte(fileSystem, newer, fileSystem.statSync(newer)!.size - 1);
  },
  async "a damaged table and no list"(fileSystem) {
    const [, newer = ""] = await makeStack(fileSystem);
    // The type of its first block.
    damageByte(fileSystem, newer, 24);
    await fileSystem.remove(LIST);
  },
  async "a compaction that came halfway"(fileSystem) {
    const [oldest = "", newer = "", newest = ""] = await makeStack(fileSystem);
    const list = fileSystem.readFileSync(LIST);
    const files = [oldest, newer].map((path) => [path, fileSystem.readFileSync(path)] as const);
    {
      await using stack = await Stack.open(DIRECTORY, { fileSystem });
      await stack.compact({ range: { start: 0, end: 2 } });
    }
    // The old list came back, and one of the old tables; another orphan was never committed.
    fileSystem.writeFileSync(LIST, list);
    fileSystem.writeFileSync(...files[0]!);
    fileSystem.writeFileSync(
      `${DIRECTORY}/0x000000000004-0x000000000004-00000000.ref`,
      fileSystem.readFileSync(newest),
    );
  },
};
