import { join } from "@std/path";
import { copy } from "@std/fs";
import type { Data } from "./data.ts";
import type { Git } from "./git.ts";

/** A repository that rounds may change: a copy, made anew before each. */
export class ScratchRepo implements Disposable {
  /** The repository's path. */
  readonly path: string;
  readonly #template: string;

  /**
   * Makes a scratch copy.
   *
   * @param template The repository to copy.
   * @param name What to call the copy.
   */
  constructor(data: Data, template: string, name: string) {
    this.path = join(data.dir, `${name}.scratch`);
    this.#template = template;
  }

  /** Makes the repository as the template is. */
  async reset(): Promise<void> {
    this[Symbol.dispose]();
    await copy(this.#template, this.path);
  }

  [Symbol.dispose](): void {
    try {
      Deno.removeSync(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** An object that is there, for those who look whether it is. */
export async function presentObject(data: Data, git: Git): Promise<string> {
  const args = ["rev-parse", "refs/tags/v0.0.0^{}"];
  return (await git.run(args, { cwd: data.reftableRepo })).trim();
}
