/**
 * Finds directories of names that are refs themselves. Names come in order, so those with the same directory mostly
 * follow each other and are answered at once.
 */
export class ExistingDirectories {
  readonly #exists: (name: string) => boolean;
  /** The directory of the last name with the slash behind it, or nothing. */
  #prefix = "";
  #first: string | undefined;

  /** @param exists Tells whether there is a ref of a name. */
  constructor(exists: (name: string) => boolean) {
    this.#exists = exists;
  }

  /** The shortest directory of a name that is a ref. */
  first(refname: string): string | undefined {
    const { length } = this.#prefix;
    // Nothing is cut out of a name whose directory is that of the last one.
    if (!refname.startsWith(this.#prefix) || refname.includes("/", length)) {
      const prefix = refname.slice(0, refname.lastIndexOf("/") + 1);
      this.#first = this.#search(prefix);
      this.#prefix = prefix;
    }
    return this.#first;
  }

  /** @param prefix A directory with the slash behind it, or nothing. */
  #search(prefix: string): string | undefined {
    // What the last directory shares with this one was looked for already, unless that found something.
    for (let end = prefix.indexOf("/"); end !== -1; end = prefix.indexOf("/", end + 1)) {
      if (this.#first === undefined && this.#prefix.startsWith(prefix.slice(0, end + 1))) continue;
      const name = prefix.slice(0, end);
      if (this.#exists(name)) return name;
    }
    return undefined;
  }
}
