/**
 * Finds directories of names that are refs themselves. Names come in order, so those with the same directory mostly
 * follow each other and are answered at once.
 */
export class ExistingDirectories {
  readonly #exists: (name: string) => boolean;
  #directory = "";
  #first: string | undefined;

  /** @param exists Tells whether there is a ref of a name. */
  constructor(exists: (name: string) => boolean) {
    this.#exists = exists;
  }

  /** The shortest directory of a name that is a ref. */
  first(refname: string): string | undefined {
    const directory = refname.slice(0, Math.max(0, refname.lastIndexOf("/")));
    if (directory !== this.#directory) {
      this.#first = this.#search(directory);
      this.#directory = directory;
    }
    return this.#first;
  }

  #search(directory: string): string | undefined {
    // What the last directory shares with this one was looked for already, unless that found something.
    const last = `${this.#directory}/`;
    for (let end = directory.indexOf("/"); end !== -1; end = directory.indexOf("/", end + 1)) {
      const name = directory.slice(0, end);
      if (this.#first === undefined && last.startsWith(`${name}/`)) continue;
      if (this.#exists(name)) return name;
    }
    return directory !== "" && this.#exists(directory) ? directory : undefined;
  }
}
