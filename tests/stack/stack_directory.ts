/**
 * Stacks in temporary directories, and a look at what is done to their files.
 *
 * @module
 */

import { type FileSystem, type ReadableFile, Stack, type StackOptions } from "@reftable/reftable";
import { denoFileSystem } from "../../src/io/deno.ts";
import { fixture, type FixtureName } from "../fixtures.ts";

/** A stack put together of fixtures, removed on disposal. */
export class StackDirectory implements Disposable {
  readonly #temp = Deno.makeTempDirSync({ prefix: "reftable-stack-" });
  /** The directory of the tables. */
  readonly path = `${this.#temp}/reftable`;
  /** The list of the tables. */
  readonly listPath = `${this.path}/tables.list`;

  /** @param tables The tables by their file names, from the oldest to the newest. */
  constructor(tables: Readonly<Record<string, FixtureName | Uint8Array>> = {}) {
    Deno.mkdirSync(this.path);
    this.put(tables);
    this.list(...Object.keys(tables));
  }

  /** Adds files that the list does not name yet. */
  put(tables: Readonly<Record<string, FixtureName | Uint8Array>>): void {
    for (const [name, table] of Object.entries(tables)) {
      const bytes = typeof table === "string" ? fixture(table).bytes : table;
      Deno.writeFileSync(`${this.path}/${name}`, bytes);
    }
  }

  /** Replaces the list as git does, by a rename. */
  list(...names: readonly string[]): void {
    this.writeList(names.map((name) => `${name}\n`).join(""));
  }

  /** Replaces the list by some text. */
  writeList(text: string): void {
    Deno.writeTextFileSync(`${this.listPath}.lock`, text);
    Deno.renameSync(`${this.listPath}.lock`, this.listPath);
  }

  /** Makes the list look so old that it will not change again within its time stamp. */
  settle(secondsAgo = 60): void {
    const time = Date.now() / 1000 - secondsAgo;
    Deno.utimeSync(this.listPath, time, time);
  }

  remove(...names: readonly string[]): void {
    for (const name of names) Deno.removeSync(`${this.path}/${name}`);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#temp, { recursive: true });
  }
}

/** The file system, watched: what is called on which file, and which files are open. */
export class WatchedFileSystem {
  /** Every call so far, as `verb name`. */
  calls: string[] = [];
  /** The names of the files that are open. */
  readonly open: string[] = [];
  /** The file system to hand out. */
  readonly fileSystem: FileSystem;

  /**
   * @param before Called before each call is made; it may change the files, and hold up an asynchronous
   * call by a promise.
   * @param after Called when an asynchronous call has been answered; it may hold up the answer.
   */
  constructor(
    before: (call: string) => Promise<void> | void = () => {},
    after: (call: string) => Promise<void> | void = () => {},
  ) {
    this.fileSystem = new Proxy(denoFileSystem, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== "function" || typeof property === "symbol") return method;
        const verb = property.replace(/Sync$/, "");
        return (path: string, ...rest: readonly unknown[]) => {
          const name = path.slice(path.lastIndexOf("/") + 1);
          this.calls.push(`${verb} ${name}`);
          const call = () => {
            const result: unknown = method.call(target, path, ...rest);
            const watch = (result: unknown) =>
              verb === "open" ? this.#watch(result as ReadableFile, name) : result;
            if (!(result instanceof Promise)) return watch(result);
            return result.then(async (result) => {
              await after(`${verb} ${name}`);
              return watch(result);
            });
          };
          const held = before(`${verb} ${name}`);
          return held ? held.then(call) : call();
        };
      },
    });
  }

  /** The calls since the last time they were asked for. */
  takeCalls(): string[] {
    const { calls } = this;
    this.calls = [];
    return calls;
  }

  #watch(file: ReadableFile, name: string): ReadableFile {
    const { open } = this;
    open.push(name);
    return {
      size: file.size,
      readSync: file.readSync.bind(file),
      read: file.read.bind(file),
      [Symbol.dispose]() {
        const index = open.indexOf(name);
        if (index < 0) throw new Error(`"${name}" was closed before`);
        open.splice(index, 1);
        file[Symbol.dispose]();
      },
    };
  }
}

/** Both ways to open a stack and to reload it. */
export interface Way {
  readonly name: "async" | "sync";
  open(directory: string, options?: StackOptions): Promise<Stack>;
  reload(stack: Stack): Promise<boolean>;
}

const WAYS: readonly Way[] = [
  { name: "async", open: Stack.open, reload: (stack) => stack.reload() },
  {
    name: "sync",
    open: (directory, options) => Promise.try(() => Stack.openSync(directory, options)),
    reload: (stack) => Promise.try(() => stack.reloadSync()),
  },
];

/** Registers a test for each way; a file left open fails it. */
export function eitherWay(name: string, fn: (way: Way) => Promise<void>): void {
  for (const way of WAYS) {
    Deno.test({
      name: `${name} (${way.name})`,
      sanitizeOps: true,
      sanitizeResources: true,
      fn: () => fn(way),
    });
  }
}
