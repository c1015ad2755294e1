import { join } from "@std/path";
import { copy } from "@std/fs";
import type { Data } from "./data.ts";
import type { Run } from "./case.ts";
import type { Git } from "./git.ts";
import { type Command, measurePeakMemory, timeProcess } from "./process.ts";

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

  /** Measures two programs, each time on the repository as the template is. */
  compare(ours: Command, git: Command): Run {
    const fresh = async <T>(measure: (command: Command) => Promise<T>, command: Command) => {
      await this.reset();
      return await measure(command);
    };
    return {
      ours: () => fresh(timeProcess, ours),
      peer: () => fresh(timeProcess, git),
      peakMemory: {
        ours: () => fresh(measurePeakMemory, ours),
        peer: () => fresh(measurePeakMemory, git),
      },
      [Symbol.dispose]: () => this[Symbol.dispose](),
    };
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
