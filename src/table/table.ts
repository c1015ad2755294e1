import { decodeText, encodeTextInto } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { BlockType } from "../format/block.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import { type HashName, oidBytes } from "../format/hash.ts";
import type { LogRecord } from "../format/log_record.ts";
import { decodeRef, type RefRecord } from "../format/ref_record.ts";
import { type BlockSource, BytesSource, openFileSource } from "../io/block_source.ts";
import { denoFileSystem } from "../io/deno.ts";
import { inflate } from "../io/inflate.ts";
import { type Io, runAsync, runSync } from "../io/io.ts";
import { BlockLoader } from "./block_loader.ts";
import { readLayout, type TableLayout } from "./layout.ts";
import { ObjectLookup } from "./objects.ts";
import { listLogs, listRefs, type LogsOptions, type RefsOptions } from "./queries.ts";
import { LogCursor, RefCursor } from "./record_cursors.ts";
import { Search } from "./search.ts";

/** What a table can be opened from: a path, a file URL, its bytes, or a source of the caller's own. */
export type TableInput = string | URL | Uint8Array | BlockSource;

/** How to open a table. */
export interface TableOptions {
  /** What to call the table in errors; its path when it is opened from one, else `(bytes)`. */
  readonly name?: string | undefined;
  /** How many bytes of blocks to keep for lookups; 16 MiB by default. */
  readonly cacheSize?: number | undefined;
}

const DEFAULT_CACHE_SIZE = 0x1000000;

/**
 * One reftable, opened for reading. A table never changes, so neither do its answers.
 *
 * What it gives are plain objects that stay valid when it is disposed. Lookups read single blocks and
 * keep them in a bounded cache; listings read the file from where they begin, and no further
 * than they are asked to go.
 *
 * @example Reading a file
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Table } from "@reftable/reftable";
 *
 * using table = await Table.open("tests/fixtures/git/one-ref.ref");
 * const names = table.refs().map((ref) => ref.refname).toArray();
 * assertEquals(names, ["refs/heads/fix-a4589f"]);
 * ```
 */
export class Table implements Disposable {
  readonly #layout: TableLayout;
  readonly #loader: BlockLoader;
  readonly #source: BlockSource;
  /** A lookup is over before anything else runs, so all of them share one search and one key. */
  readonly #search: Search;
  #key = new Uint8Array(64);
  readonly #objects: ObjectLookup;
  /** The object id that is looked up. */
  readonly #oid: Uint8Array;
  #disposed = false;

  private constructor(source: BlockSource, layout: TableLayout, options: TableOptions) {
    this.#source = source;
    this.#layout = layout;
    const { cacheSize = DEFAULT_CACHE_SIZE } = options;
    this.#loader = new BlockLoader(source, layout, cacheSize, inflate);
    this.#oid = new Uint8Array(layout.hashSize);
    this.#objects = new ObjectLookup(this.#loader);
    this.#search = new Search(this.#loader, new BlockCursor(layout.hashSize));
  }

  /**
   * Opens a table without holding up the caller.
   *
   * @param input A path or file URL, the table's bytes, a `Blob` (which is read whole) or a source,
   * which the table then owns.
   * @throws {ReftableError} With code `"not-exist"` or `"io"` when it cannot be read, `"format"` when it
   * is no sound table.
   */
  static async open(input: TableInput | Blob, options: TableOptions = {}): Promise<Table> {
    if (input instanceof Blob) {
      const name = options.name ?? (input instanceof File ? input.name : undefined);
      return Table.openSync(new Uint8Array(await input.arrayBuffer()), { ...options, name });
    }
    return await runAsync(Table.read(openInput(input, options.name), options));
  }

  /**
   * Opens a table at once; see {@linkcode Table.open}.
   *
   * @example From bytes, which takes no permission
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { Table } from "@reftable/reftable";
   *
   * const bytes = await Deno.readFile("tests/fixtures/git/one-ref.ref");
   * using table = Table.openSync(bytes);
   * assertEquals(table.ref("refs/heads/fix-a4589f")?.kind, "direct");
   * ```
   */
  static openSync(input: TableInput, options: TableOptions = {}): Table {
    return runSync(Table.read(openInput(input, options.name), options));
  }

  /**
   * Opens a table on what a computation opens.
   *
   * @internal
   */
  static *read(opening: Io<BlockSource>, options: TableOptions = {}): Io<Table> {
    const source = yield* opening;
    try {
      return new Table(source, yield* readLayout(source), options);
    } catch (error) {
      source[Symbol.dispose]();
      throw error;
    }
  }

  /** What the table is called in errors: its path, or the name it was given. */
  get name(): string {
    return this.#layout.file;
  }

  /** The length of the table in bytes. */
  get size(): number {
    return this.#source.size;
  }

  /** The version of the format: 1, or 2 which names its hash. */
  get version(): 1 | 2 {
    return this.#layout.version;
  }

  /** The hash that made the object ids. */
  get hash(): HashName {
    return this.#layout.hash;
  }

  /** The size of a padded block in bytes; 0 in JGit's unaligned tables. */
  get blockSize(): number {
    return this.#layout.blockSize;
  }

  /** The lowest update index of the table's refs. */
  get minUpdateIndex(): number {
    return this.#layout.minUpdateIndex;
  }

  /** The highest update index of the table's records. */
  get maxUpdateIndex(): number {
    return this.#layout.maxUpdateIndex;
  }

  /**
   * Looks a ref up by its full name.
   *
   * @returns What the table says about it, which may be that it was deleted; `undefined` when it says nothing.
   * @throws {ReftableError} With code `"format"` when a block on the way is damaged.
   */
  ref(refname: string): RefRecord | undefined {
    this.#requireOpen();
    const { refs, hashSize, minUpdateIndex } = this.#layout;
    if (!refs) return undefined;
    if (this.#key.length < 3 * refname.length) this.#key = new Uint8Array(6 * refname.length);
    const key = this.#key;
    const length = encodeTextInto(refname, key, 0);
    if (!this.#search.runSync(refs, key, length) || !this.#search.isExact) return undefined;
    // A name of one byte a character decodes to itself, unless it spells such bytes one by one.
    const isPlain = length === refname.length && refname.isWellFormed();
    const name = isPlain ? refname : decodeText(key, 0, length);
    return decodeRef(this.#search.cursor, hashSize, minUpdateIndex, name);
  }

  /** Lists the table's refs in the order of their names, tombstones too unless told otherwise. */
  refs(options: RefsOptions = {}): IteratorObject<RefRecord, void> {
    return listRefs(() => this.refCursor(), options, true);
  }

  /**
   * Gives the newest log entry of a ref, which may be a tombstone.
   *
   * @returns The entry, or `undefined` when the table has none.
   */
  log(refname: string): LogRecord | undefined {
    for (const log of this.logs({ refname })) return log;
    return undefined;
  }

  /**
   * Lists log entries by ref name, those of a ref from the newest to the oldest, tombstones too
   * unless told otherwise.
   */
  logs(options: LogsOptions = {}): IteratorObject<LogRecord, void> {
    return listLogs(() => this.logCursor(), options, true);
  }

  /**
   * Lists the refs that hold an object id or peel to it, in the order of their names. Without an object
   * section all refs are looked through.
   *
   * @param oid The whole object id in hexadecimal digits.
   * @throws {ReftableError} With code `"api"` when it is not as long as the table's hash makes them.
   */
  refsFor(oid: string): IteratorObject<RefRecord, void> {
    this.#requireOpen();
    return this.#objects.refsFor(oidBytes(oid, this.hash, this.#oid));
  }

  /** Describes every block of the table, in the order of the file; each is read and walked through. */
  blocks(): IteratorObject<BlockInfo, void> {
    this.#requireOpen();
    return describeBlocks(this.#loader);
  }

  /**
   * Makes a cursor over the refs, for reading without making an object for each.
   *
   * @internal
   */
  refCursor(): RefCursor {
    this.#requireOpen();
    return new RefCursor(this.#loader);
  }

  /**
   * Makes a cursor over the logs.
   *
   * @internal
   */
  logCursor(): LogCursor {
    this.#requireOpen();
    return new LogCursor(this.#loader);
  }

  #requireOpen(): void {
    if (!this.#disposed) return;
    throw new ReftableError("api", `Cannot use table "${this.name}": it was disposed`, {
      file: this.name,
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#source[Symbol.dispose]();
  }
}

/** Opens what a table can be opened from, under a name if one is given. */
export function* openInput(input: TableInput, name: string | undefined): Io<BlockSource> {
  if (input instanceof Uint8Array) return new BytesSource(input, name ?? "(bytes)");
  if (typeof input === "string" || input instanceof URL) {
    return yield* openFileSource(denoFileSystem, input, name);
  }
  // Callers whose code is not type-checked come with anything.
  if (typeof (input as Partial<BlockSource> | null)?.readSync === "function") return input;
  throw new ReftableError("api", "Cannot open table: expected a path, a URL, bytes or a source");
}

/** What one block of a table consists of. */
export interface BlockInfo {
  /** What its records are. */
  readonly type: "ref" | "object" | "index" | "log";
  /** Where it begins, in bytes from the start of the file. */
  readonly offset: number;
  /** How many bytes it takes in the file, padding included. */
  readonly size: number;
  /** Its length as it is stored: without padding, and of a log block as it inflates. */
  readonly length: number;
  /** Where its records end and its restart table begins, counted from its own start. */
  readonly restartOffset: number;
  /** How many keys are stored whole, for searching. */
  readonly restarts: number;
  /** How many records it has. */
  readonly entries: number;
}

const NAMES = {
  [BlockType.ref]: "ref",
  [BlockType.object]: "object",
  [BlockType.index]: "index",
  [BlockType.log]: "log",
} as const;

/** Walks through all blocks from the start of the file to its footer. */
function* describeBlocks(loader: BlockLoader): Generator<BlockInfo, void, void> {
  const { layout } = loader;
  const blocks = loader.sequence();
  const cursor = new BlockCursor(layout.hashSize);
  const start = (layout.refs ?? layout.logs)?.start ?? layout.end;
  for (let offset = start; offset < layout.end;) {
    const block = runSync(blocks.load(offset));
    cursor.jump(block);
    let entries = 0;
    while (cursor.next()) entries++;
    yield {
      type: NAMES[block.type],
      offset,
      size: block.nextOffset - offset,
      length: block.bytes.length,
      restartOffset: block.restartStart,
      restarts: block.restartCount,
      entries,
    };
    offset = block.nextOffset;
  }
}
