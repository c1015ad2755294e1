/**
 * Storage that fails when it is told to.
 *
 * @module
 */

import {
  type FileSystem,
  type ReadableFile,
  ReftableError,
  type WritableFile,
} from "@reftable/reftable";

/** An operation on storage, as `verb path`. */
export interface Operation {
  readonly verb: string;
  readonly path: string;
  /** Whether it changes anything. */
  readonly isChange: boolean;
}

/** How storage fails. */
export interface Fault {
  /** What it is called. */
  readonly name: string;
  /** What the error says. */
  readonly message: string;
  /** Whether it goes on failing, or once only. */
  readonly stays: boolean;
  /** Whether an operation can fail in this way. */
  affects(operation: Operation): boolean;
  /** How much of it is done nevertheless: nothing, a part of what is written, or all. */
  readonly done: "nothing" | "part" | "all";
}

/** What takes room on a disk. */
const TAKES_ROOM: ReadonlySet<string> = new Set([
  "create",
  "append",
  "makeDirectory",
  "write",
  "sync",
]);

/** The ways in which storage fails. */
export const FAULTS: readonly Fault[] = [
  {
    name: "EACCES",
    message: "Permission denied (os error 13)",
    stays: false,
    affects: () => true,
    done: "nothing",
  },
  {
    name: "EIO",
    message: "Input/output error (os error 5)",
    stays: false,
    affects: ({ isChange }) => isChange,
    done: "part",
  },
  {
    // As where an answer gets lost on its way over a network.
    name: "EIO when it is done",
    message: "Input/output error (os error 5)",
    stays: false,
    affects: ({ isChange, verb }) => isChange && verb !== "create" && verb !== "append",
    done: "all",
  },
  {
    name: "ENOSPC from then on",
    message: "No space left on device (os error 28)",
    stays: true,
    affects: ({ verb }) => TAKES_ROOM.has(verb),
    done: "part",
  },
  {
    name: "EROFS from then on",
    message: "Read-only file system (os error 30)",
    stays: true,
    affects: ({ isChange }) => isChange,
    done: "nothing",
  },
];

/** What changes nothing. */
const READS: ReadonlySet<string> = new Set([
  ...["open", "read", "readFile", "stat", "lstat", "list", "realPath", "readLink"],
]);

/** Storage whose operations are counted, and may fail. */
export class FaultyFileSystem {
  /** The operations so far. */
  readonly operations: Operation[] = [];
  /** The file system to hand out. */
  readonly fileSystem: FileSystem;
  readonly #before: (operation: Operation) => void;
  readonly #fault: Fault | undefined;
  readonly #at: number;
  #isArmed = true;

  /**
   * @param inner The storage that does what does not fail.
   * @param before Called before each operation.
   * @param fault How it fails.
   * @param at At which operation, the first being 0.
   */
  constructor(
    inner: FileSystem,
    before: (operation: Operation) => void = () => {},
    fault?: Fault,
    at = 0,
  ) {
    this.#before = before;
    this.#fault = fault;
    this.#at = at;
    this.fileSystem = new Proxy(inner, {
      get: (_, name) => {
        const method: unknown = Reflect.get(inner, name);
        if (typeof method !== "function" || typeof name === "symbol") return method;
        // Questions about permissions, not about files.
        if (name.startsWith("may")) return method.bind(inner);
        const verb = name.replace(/Sync$/, "");
        const isAsync = verb === name;
        return (path: string | URL, ...rest: readonly unknown[]) => {
          const act = () =>
            this.#attempt(verb, String(path), () => method.call(inner, path, ...rest));
          const wrap = (result: unknown) => this.#wrap(verb, String(path), result);
          return isAsync ? Promise.try(act).then(wrap) : wrap(act());
        };
      },
    });
  }

  /** Makes it fail no more. */
  disarm(): void {
    this.#isArmed = false;
  }

  /** Counts an operation, and does it or fails. */
  #attempt<T>(verb: string, path: string, act: () => T, actInPart = () => {}): T {
    const operation = { verb, path, isChange: !READS.has(verb) };
    this.#before(operation);
    const number = this.operations.push(operation) - 1;
    const fault = this.#isArmed ? this.#fault : undefined;
    const isDue = fault && (fault.stays ? number >= this.#at : number === this.#at);
    if (!isDue || !fault.affects(operation)) return act();
    if (fault.done === "part") actInPart();
    const error = () => failure(operation, fault);
    if (fault.done !== "all") throw error();
    const result = act();
    if (result instanceof Promise) return result.then(() => Promise.reject(error())) as T;
    throw error();
  }

  #wrap(verb: string, path: string, result: unknown): unknown {
    if (result === undefined) return undefined;
    if (verb === "open") return this.#readable(path, result as ReadableFile);
    if (verb === "create" || verb === "append") return this.#writable(path, result as WritableFile);
    return result;
  }

  #readable(path: string, file: ReadableFile): ReadableFile {
    return {
      size: file.size,
      readSync: (position, buffer) =>
        this.#attempt("read", path, () => file.readSync(position, buffer)),
      read: (position, buffer) =>
        Promise.try(() => this.#attempt("read", path, () => file.read(position, buffer))),
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }

  #writable(path: string, file: WritableFile): WritableFile {
    return {
      write: (bytes) => {
        const writeHalf = () => file.write(bytes.subarray(0, bytes.length >> 1));
        this.#attempt("write", path, () => file.write(bytes), writeHalf);
      },
      sync: () => Promise.try(() => this.#attempt("sync", path, () => file.sync())),
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  }
}

function failure({ verb, path }: Operation, { message }: Fault): ReftableError {
  const cause = new Error(message);
  return new ReftableError("io", `Cannot ${verb} "${path}": ${message}`, { file: path, cause });
}
