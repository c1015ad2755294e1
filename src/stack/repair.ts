import { decodeText, encodeText } from "../bytes/text.ts";
import { firstError, type Problem, ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { acquireLock, DEFAULT_LOCK_TIMEOUT } from "../io/lock.ts";
import { PendingFile } from "../io/pending_file.ts";
import { statTarget, type StrayFile } from "./inventory.ts";
import { planRepair, type RepairPlan } from "./repair_plan.ts";
import type { RepairStep } from "./repair_step.ts";
import type { StackSettings } from "./settings.ts";
import type { StackLocation } from "./snapshot.ts";
import { formatTableName, TABLES_LIST } from "./tables_list.ts";

/** How to repair a stack. */
export interface RepairOptions extends Omit<StackSettings, "autoCompact" | "skipNameCheck"> {
  /** Whether only to tell what would be done; nothing is locked then. */
  readonly dryRun?: boolean | undefined;
  /**
   * Removes locks that were made longer ago than this, in milliseconds; without it none is removed. Whoever holds
   * such a lock must not be alive: what it does then may be lost, or undo the repair.
   */
  readonly breakLocks?: number | undefined;
  /** Whether to take tables too that would come behind those of the list. */
  readonly adopt?: boolean | undefined;
  /** The hash that all tables should have; by default that which most of them have. */
  readonly hash?: HashName | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
  /** Told what will be done before anything is, but for the removal of locks. */
  readonly onPlan?: ((report: RepairReport) => void) | undefined;
}

/** What a repair found and did. */
export interface RepairReport {
  /** The directory of the tables. */
  readonly directory: string;
  /** What was wrong before. */
  readonly problems: readonly Problem[];
  /** What was done, or would be, in this order. */
  readonly steps: readonly RepairStep[];
  /** Locks that somebody holds or left behind, and that stay. */
  readonly locks: readonly StrayFile[];
}

/**
 * Makes a damaged stack whole again, as far as that can be done. What its tables hold is kept: a list of tables
 * that is missing or damaged is made of the tables that are there; of a damaged table whatever can be read is
 * written into a new one, and itself is set aside, under its name with `.set-aside` behind it. So is an old list.
 * Files that {@linkcode Stack.clean} removes are removed too.
 *
 * A repair that is stopped at any point can be begun again. Names that no ref can have are left as they are.
 *
 * @param directory The directory of the tables, such as `.git/reftable`.
 * @returns What was found and done; no steps when there was nothing to do.
 * @throws {ReftableError} With code `"not-exist"` when there is no such directory, `"lock"` when somebody holds the
 * lock on the list, `"io"` when something cannot be read or written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { MemoryFileSystem, repairStack, Stack } from "@reftable/reftable";
 *
 * const fileSystem = new MemoryFileSystem();
 * fileSystem.makeDirectorySync("/reftable");
 * {
 *   await using stack = await Stack.open("/reftable", { fileSystem });
 *   await stack.add((writer) => {
 *     writer.addRef({ kind: "symref", refname: "HEAD", updateIndex: 1, target: "refs/heads/main" });
 *   });
 * }
 * await fileSystem.remove("/reftable/tables.list");
 * const { steps } = await repairStack("/reftable", { fileSystem });
 * assertEquals(steps.map(({ kind }) => kind), ["list"]);
 * await using stack = await Stack.open("/reftable", { fileSystem });
 * assertEquals(stack.ref("HEAD")?.kind, "symref");
 * ```
 */
export async function repairStack(
  directory: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { fileSystem = denoFileSystem, dryRun = false, adopt = false, hash, breakLocks } = options;
  const location = { fileSystem, directory };
  const before = dryRun ? undefined : await describeFiles(location);
  const plan = await planRepair({ location, adopt, hash, breakLocks, writerOptions: options });
  const { problems, steps, locks } = plan;
  const report: RepairReport = { directory, problems, steps, locks };
  options.onPlan?.(report);
  if (before === undefined || steps.length === 0) return report;
  try {
    await carryOut(plan, location, options, before);
  } catch (error) {
    throw firstError(error);
  }
  return report;
}

type Location = Pick<StackLocation, "fileSystem" | "directory">;

/** Does what was planned, unless the stack has changed since. */
async function carryOut(
  { steps, contents }: RepairPlan,
  { fileSystem, directory }: Location,
  { lockTimeout = DEFAULT_LOCK_TIMEOUT, mode, sync = true }: RepairOptions,
  before: string,
): Promise<void> {
  const path = (name: string) => `${directory}/${name}`;
  const syncDirectory = async () => {
    if (sync) await fileSystem.syncDirectory(directory);
  };
  /** Writes a file that is there as a whole or not at all. */
  const write = async (name: string, bytes: Uint8Array) => {
    // Whatever it is to be, it is cleaned up as a table is when we are stopped.
    const temporary = path(formatTableName(0, 0));
    await using file = await PendingFile.createTemporary(fileSystem, temporary, mode);
    file.write(bytes);
    if (sync) await file.sync();
    await file.commit(path(name));
  };
  for (const step of steps) {
    if (step.kind === "break-lock") await fileSystem.remove(path(step.name));
  }
  const listPath = path(TABLES_LIST);
  await using lock = await acquireLock(fileSystem, listPath, { timeout: lockTimeout, mode });
  if (before !== await describeFiles({ fileSystem, directory })) {
    throw new ReftableError(
      "outdated",
      `Cannot repair stack "${directory}": it has changed since it was looked at`,
      { file: directory },
    );
  }
  for (const step of steps) {
    switch (step.kind) {
      case "salvage":
        await write(step.name, contents.get(step.name)!);
        break;
      case "set-aside":
        // The old list stays in its place until the new one takes it, unless it is no file at all.
        if (
          step.name === TABLES_LIST && (await statTarget(fileSystem, listPath))?.kind === "file"
        ) {
          await write(step.as, await fileSystem.readFile(listPath));
        } else {
          await fileSystem.rename(path(step.name), path(step.as));
        }
        break;
      case "list":
        lock.write(encodeText(step.names.map((name) => `${name}\n`).join("")));
        if (sync) await lock.sync();
        // All that it names is on the disk before it is, and nothing is taken away before it is too.
        await syncDirectory();
        await lock.commit(listPath);
        await syncDirectory();
        break;
      case "remove":
        await fileSystem.remove(path(step.name));
    }
  }
  await syncDirectory();
}

/** What a directory looks like, but for its locks: whether it has changed. */
async function describeFiles({ fileSystem, directory }: Location): Promise<string> {
  const entries = await fileSystem.list(directory);
  const names = entries.map(({ name }) => name).filter((name) => !name.endsWith(".lock")).sort();
  const isFile = (await statTarget(fileSystem, `${directory}/${TABLES_LIST}`))?.kind === "file";
  const list = isFile ? decodeText(await fileSystem.readFile(`${directory}/${TABLES_LIST}`)) : "";
  return JSON.stringify([names, list]);
}
