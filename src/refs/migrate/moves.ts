import type { FileSystem } from "../../io/file_system.ts";
import { dirname } from "../../io/path.ts";

/** Renamings of files and directories that can be taken back, the last one first. */
export class Moves implements AsyncDisposable {
  readonly #fileSystem: FileSystem;
  #undo: (() => Promise<void>)[] = [];
  readonly #changed = new Set<string>();
  #isKept = false;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Moves a file or a directory to where there is nothing yet, in a directory that is made when it is missing. */
  async move(from: string, to: string): Promise<void> {
    await this.#fileSystem.makeDirectory(dirname(to));
    this.onUndo(async () => {
      // What failed may have been done all the same.
      if (await this.#fileSystem.stat(to)) await this.#fileSystem.rename(to, from);
    });
    await this.#fileSystem.rename(from, to);
    this.#note(from, to);
  }

  /** Moves a file or a directory to a place that is cleared before: what is there is moved elsewhere. */
  async exchange(from: string, to: string, old: string): Promise<void> {
    if (await this.#fileSystem.stat(to)) await this.move(to, old);
    await this.move(from, to);
  }

  /** Puts a file in the place of another one, which is never missing. */
  async replace(from: string, to: string): Promise<void> {
    if (!this.#isKept) {
      const copy = `${from}.old`;
      using file = await this.#fileSystem.create(copy);
      file?.write(await this.#fileSystem.readFile(to));
      this.onUndo(() => this.#fileSystem.rename(copy, to));
    }
    await this.#fileSystem.rename(from, to);
    this.#note(from, to);
  }

  #note(...paths: readonly string[]): void {
    for (const path of paths) this.#changed.add(dirname(path));
  }

  /** Does something else that can be taken back. */
  onUndo(undo: () => Promise<void>): void {
    if (!this.#isKept) this.#undo.push(undo);
  }

  /** Waits until all that was moved has reached the disk. */
  async sync(): Promise<void> {
    for (const directory of this.#changed) await this.#fileSystem.syncDirectory(directory);
    this.#changed.clear();
  }

  /** Says that nothing is to be taken back any more, whatever comes. */
  keep(): void {
    this.#undo = [];
    this.#isKept = true;
  }

  /** Takes back what was moved, unless it was said to be kept. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Where something cannot be taken back, what came before it must stay too.
    for (let undo; (undo = this.#undo.pop());) await undo();
  }
}
