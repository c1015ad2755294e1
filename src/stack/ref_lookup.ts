import { decodeText, encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import { BlockCursor } from "../format/block_cursor.ts";
import type { HashName } from "../format/hash.ts";
import { decodeRef, type RefRecord } from "../format/ref_record.ts";
import { type BlockSource, openFileSource } from "../io/block_source.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, readIfPresent, statFile } from "../io/io.ts";
import { BlockLoader } from "../table/block_loader.ts";
import { readLayout, type TableLayout } from "../table/layout.ts";
import { Search } from "../table/search.ts";
import { parseTablesList, TABLES_LIST } from "./tables_list.ts";

/** How often to begin anew when tables vanish, which happens when somebody compacts just then. */
const MAX_TRIES = 100;

/** How many bytes of blocks to keep of each table. */
const CACHE_SIZE = 0x10000;

/** A table of which single refs are read. */
interface OpenTable {
  readonly source: BlockSource;
  readonly layout: TableLayout;
  readonly search: Search;
}

/**
 * Looks single refs up in a stack, with no more code and no more tables than that takes: tables are opened from the
 * newest on, as far as they are needed. All refs are read from the same state of the stack, unless tables of it
 * vanish; then what is read next comes from a newer state.
 */
export class RefLookup implements Disposable {
  readonly #fileSystem: FileSystem;
  readonly #directory: string;
  readonly #hash: HashName;
  /** The names of the tables, from the newest to the oldest. */
  #names: readonly string[] | undefined;
  /** As many of them as were needed. */
  #tables: OpenTable[] = [];

  /**
   * @param directory The directory of the tables.
   * @param hash The hash that all tables must have.
   */
  constructor(fileSystem: FileSystem, directory: string, hash: HashName) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
    this.#hash = hash;
  }

  /**
   * Looks a ref up by its full name.
   *
   * @returns The ref, or `undefined` when there is none or it was deleted.
   * @throws {ReftableError} With code `"not-exist"` when there is no such stack, `"format"` when it is damaged.
   */
  *find(refname: string): Io<Exclude<RefRecord, { kind: "deletion" }> | undefined> {
    for (let tries = 1;; tries++) {
      const names = this.#names ??= yield* this.#readNames();
      try {
        const ref = yield* this.#newest(refname, names);
        return ref?.kind === "deletion" ? undefined : ref;
      } catch (error) {
        if (!(error instanceof ReftableError) || error.code !== "not-exist") throw error;
        this[Symbol.dispose]();
        this.#names = yield* this.#readNames();
        if (tries < MAX_TRIES && this.#names.join("\n") !== names.join("\n")) continue;
        throw new ReftableError(
          "format",
          `Cannot read stack "${this.#directory}": ${TABLES_LIST} names "${error.file}", which does not exist`,
          { file: error.file, problem: "missing-table", cause: error },
        );
      }
    }
  }

  *#newest(refname: string, names: readonly string[]): Io<RefRecord | undefined> {
    for (const [age, name] of names.entries()) {
      const table = this.#tables[age] ??= yield* this.#open(`${this.#directory}/${name}`);
      const ref = yield* findIn(table, refname);
      if (ref) return ref;
    }
    return undefined;
  }

  *#readNames(): Io<string[]> {
    const path = `${this.#directory}/${TABLES_LIST}`;
    const bytes = yield* readIfPresent(this.#fileSystem, path);
    if (bytes) return parseTablesList(bytes, path).reverse();
    if (yield* statFile(this.#fileSystem, this.#directory)) return [];
    throw new ReftableError(
      "not-exist",
      `Cannot read stack "${this.#directory}": it does not exist`,
      { file: this.#directory },
    );
  }

  *#open(path: string): Io<OpenTable> {
    const source = yield* openFileSource(this.#fileSystem, path);
    try {
      const layout = yield* readLayout(source);
      if (layout.hash !== this.#hash) throw otherHash(layout, this.#hash);
      const loader = new BlockLoader(source, layout, CACHE_SIZE);
      return { source, layout, search: new Search(loader, new BlockCursor(layout.hashSize)) };
    } catch (error) {
      source[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes the tables. */
  [Symbol.dispose](): void {
    for (const { source } of this.#tables) source[Symbol.dispose]();
    this.#tables = [];
  }
}

function* findIn(
  { layout: { refs, hashSize, minUpdateIndex }, search }: OpenTable,
  refname: string,
): Io<RefRecord | undefined> {
  const key = encodeText(refname);
  const isFound = refs && (yield* search.run(refs, key, key.length)) && search.isExact;
  if (!isFound) return undefined;
  return decodeRef(search.cursor, hashSize, minUpdateIndex, decodeText(key));
}

function otherHash({ file, hash }: TableLayout, expected: HashName): ReftableError {
  const message =
    `Cannot read table "${file}": its hash is ${hash}, that of the stack is ${expected}`;
  return new ReftableError("format", message, { file });
}
