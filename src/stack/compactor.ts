import { ReftableError } from "../errors.ts";
import { footerSize, headerSize } from "../format/header_footer.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileSystem } from "../io/file_system.ts";
import { runAsync } from "../io/io.ts";
import { acquireLock } from "../io/lock.ts";
import { PendingFile } from "../io/pending_file.ts";
import { Table } from "../table/table.ts";
import type { WriteStatistics } from "../table/table_writer.ts";
import {
  type CompactionHooks,
  type CompactionJob,
  compactionRunner,
  compactTables,
  type LogExpiry,
} from "./compaction.ts";
import { planCompaction } from "./compaction_plan.ts";
import type { StackHost } from "./host.ts";
import type { SharedTable } from "./snapshot.ts";
import { formatTableName } from "./tables_list.ts";

/** Tables of a stack, by their places from the oldest. */
export interface TableRange {
  /** The place of the first one. */
  readonly start: number;
  /** The place behind the last one. */
  readonly end: number;
}

/** What compactions have done since a stack was opened. */
export interface CompactionStatistics {
  /** How many were tried. */
  readonly attempts: number;
  /** How many of these failed, mostly because others held a lock. */
  readonly failures: number;
  /** How many bytes the tables had that were compacted. */
  readonly bytes: number;
  /** How many records were written. */
  readonly entriesWritten: number;
}

/** What a compaction is to do. */
export interface CompactionRequest extends CompactionHooks {
  /**
   * Picks the tables to compact, which follow each other, from those of the stack. It is asked under the
   * lock, since the stack may be another one by then; no tables mean that there is nothing to do.
   */
  readonly select: (tables: readonly SharedTable[]) => readonly SharedTable[];
  readonly expiry?: LogExpiry | undefined;
  /** Whether the newer part of the range will do when somebody has locked the older. */
  readonly bestEffort: boolean;
}

/** Compacts tables of a stack that others use at the same time. */
export class Compactor {
  readonly #host: StackHost;
  #statistics: CompactionStatistics = { attempts: 0, failures: 0, bytes: 0, entriesWritten: 0 };

  constructor(host: StackHost) {
    this.#host = host;
  }

  /** What was done so far. */
  get statistics(): CompactionStatistics {
    return this.#statistics;
  }

  /** The tables that should become one for the sizes to form a geometric sequence. */
  plan(tables: readonly SharedTable[]): readonly SharedTable[] {
    const { start, end } = this.planRange(tables.map(({ table }) => table));
    return tables.slice(start, end);
  }

  /**
   * The places of the tables that should become one for the sizes to form a geometric sequence.
   *
   * @param next How many bytes the records take of a table that is yet to come, if there is one.
   */
  planRange(tables: readonly Table[], next?: number): TableRange {
    const sizes = tables.map(sizeForPlan);
    if (next !== undefined) sizes.push(next);
    return planCompaction(sizes, this.#host.settings.geometricFactor);
  }

  /**
   * Merges a range of tables and puts the result in their place.
   *
   * @returns Whether anything was done.
   * @throws {ReftableError} With code `"lock"` when others hold a lock, `"outdated"` when they
   * changed the stack so that the range is not there any more. Nothing is changed then.
   */
  async compact(request: CompactionRequest): Promise<boolean> {
    this.#count({ attempts: 1 });
    try {
      return await this.#compact(request);
    } catch (error) {
      this.#count({ failures: 1 });
      throw error;
    }
  }

  async #compact(request: CompactionRequest): Promise<boolean> {
    const host = this.#host;
    await using locks = new AsyncDisposableStack();
    const { tables, isOldest } = await this.#lockTables(request, locks);
    const first = tables[0];
    const last = tables.at(-1);
    if (!first || !last) return false;
    const name = formatTableName(first.table.minUpdateIndex, last.table.maxUpdateIndex);
    const { fileSystem } = host.location;
    const file = locks.use(
      await PendingFile.createTemporary(fileSystem, host.path(name), host.settings.mode),
    );
    const merged = tables.map(({ table }) => table);
    const written = await this.#merge(tables, file, {
      dropTombstones: isOldest,
      expiry: request.expiry,
      writerOptions: host.writerOptions,
    }, request);
    // A worker may have been done before it heard of it.
    request.signal?.throwIfAborted();
    await this.#replaceTables(tables, written.blocks === 0 ? undefined : { name, file });
    this.#countWritten(totalSize(merged), written);
    return true;
  }

  /** Merges tables into a file, here or in a worker. */
  async #merge(
    tables: readonly SharedTable[],
    file: PendingFile,
    job: CompactionJob,
    { signal, onProgress, isExpired }: CompactionRequest,
  ): Promise<WriteStatistics> {
    const host = this.#host;
    const { workers, sync = true } = host.settings;
    const merged = tables.map(({ table }) => table);
    const size = totalSize(merged);
    // A worker has but the real file system, and a function cannot be sent to it.
    const canMove = host.location.fileSystem === denoFileSystem && !isExpired;
    const run = canMove ? compactionRunner(workers, size) : undefined;
    const paths = tables.map(({ name }) => host.path(name));
    const task = { tables: paths, output: file.path, job, sync };
    const elsewhere = await run?.(task, { signal, onProgress });
    if (elsewhere) {
      file.close();
      return elsewhere;
    }
    const written = await compactTables(merged, file, job, { signal, onProgress, isExpired });
    await host.sync(file);
    file.close();
    return written;
  }

  /**
   * Locks the tables of the range, from the newest to the oldest, so that whoever added a table can
   * compact it while another process still compacts older ones.
   *
   * @returns The tables that are locked, of a best effort at least the two newest; and whether the first of
   * them is the oldest of all.
   */
  async #lockTables(
    { select, bestEffort }: CompactionRequest,
    locks: AsyncDisposableStack,
  ): Promise<{ tables: SharedTable[]; isOldest: boolean }> {
    const host = this.#host;
    await using _listLock = await host.lockList(true);
    const { snapshot } = host;
    // Whatever happens to the stack, they are read to the end.
    snapshot.retain();
    locks.defer(() => snapshot.release());
    const { mode } = host.settings;
    const locked: SharedTable[] = [];
    for (const shared of select(snapshot.tables).toReversed()) {
      try {
        const path = host.path(shared.name);
        const lock = await acquireLock(host.location.fileSystem, path, { timeout: 0, mode });
        locks.use(lock);
        // Its name is what counts; thousands of open files would be too many.
        lock.close();
        locked.unshift(shared);
      } catch (error) {
        const isHeld = error instanceof ReftableError && error.code === "lock";
        if (isHeld && bestEffort && locked.length >= 2) break;
        throw error;
      }
    }
    return { tables: locked, isOldest: locked[0] === snapshot.tables[0] };
  }

  /** Puts a table in the place of others, wherever these are in the list by now, and removes them. */
  async #replaceTables(
    old: readonly SharedTable[],
    replacement: { readonly name: string; readonly file: PendingFile } | undefined,
  ): Promise<void> {
    const host = this.#host;
    const { fileSystem } = host.location;
    // Others may have added tables meanwhile; ours are locked, so nobody can have compacted them.
    await using listLock = await host.lockList(true);
    const { tables } = host.snapshot;
    requireRun(tables, old, host.location.directory);
    const start = tables.indexOf(old[0]!);
    const next = [...tables];
    await using cleanup = new AsyncDisposableStack();
    if (replacement) {
      const path = host.path(replacement.name);
      const table = cleanup.use(await runAsync(Table.read(replacement.file.source(path))));
      await replacement.file.commit(path);
      cleanup.defer(async () => void await fileSystem.remove(path));
      next.splice(start, old.length, { name: replacement.name, table, users: 0 });
    } else {
      next.splice(start, old.length);
    }
    await host.commitList(listLock, next, () => void cleanup.move());
    for (const { name } of old) await removeQuietly(fileSystem, host.path(name));
  }

  /**
   * Counts a compaction that others did.
   *
   * @param bytes The size of what was merged.
   */
  countMerge(bytes: number, written: WriteStatistics): void {
    this.#count({ attempts: 1 });
    this.#countWritten(bytes, written);
  }

  #countWritten(bytes: number, written: WriteStatistics): void {
    this.#count({
      bytes,
      entriesWritten: written.refs.entries + written.logs.entries,
    });
  }

  #count(more: Partial<CompactionStatistics>): void {
    const { attempts = 0, failures = 0, bytes = 0, entriesWritten = 0 } = more;
    const sum = this.#statistics;
    this.#statistics = {
      attempts: sum.attempts + attempts,
      failures: sum.failures + failures,
      bytes: sum.bytes + bytes,
      entriesWritten: sum.entriesWritten + entriesWritten,
    };
  }
}

/**
 * Makes sure that tables still follow each other in a stack.
 *
 * @returns The tables.
 * @throws {ReftableError} With code `"outdated"` when they do not.
 */
export function requireRun(
  tables: readonly SharedTable[],
  run: readonly SharedTable[],
  directory: string,
): readonly SharedTable[] {
  const start = run[0] ? tables.indexOf(run[0]) : 0;
  if (start >= 0 && run.every((table, index) => tables[start + index] === table)) return run;
  throw new ReftableError(
    "outdated",
    `Cannot compact stack "${directory}": others replaced its tables meanwhile`,
    { file: directory },
  );
}

/** The sizes of tables added up, in bytes. */
export function totalSize(tables: readonly Table[]): number {
  return tables.reduce((sum, { size }) => sum + size, 0);
}

/** A table's size as compaction is planned with it: without what an empty table has, but a byte. */
export function sizeForPlan({ size, version }: Table): number {
  return size - footerSize(version) - (headerSize(version) - 1);
}

/** Removes a table that readers may still have open, which some systems do not allow. */
export async function removeQuietly(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.remove(path);
  } catch (error) {
    // It is an orphan then, and cleaned later.
    if (!(error instanceof ReftableError)) throw error;
  }
}
