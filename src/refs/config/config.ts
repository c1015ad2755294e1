import type { ConfigVariable } from "./config_variable.ts";
import {
  canonicalKey,
  configBoolean,
  configNumber,
  configString,
  expandPath,
  type NumberKind,
} from "./parse_config.ts";

/**
 * What a repository is configured to do: the variables of all files that apply to it, and of the command line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openRepository } from "@reftable/reftable";
 *
 * const options = { parameters: ["reftable.blockSize=8k"] };
 * const { config } = await openRepository("tests/fixtures/repository/git", options);
 * assertEquals(config.string("remote.origin.url"), "https://example.com/repository.git");
 * assertEquals(config.boolean("core.bare"), false);
 * assertEquals(config.number("reftable.blockSize"), 8192);
 * ```
 */
export class Config {
  /** All variables in the order in which they were read: of the same name, the last one counts. */
  readonly variables: readonly ConfigVariable[];
  readonly #byName: ReadonlyMap<string, readonly ConfigVariable[]>;
  readonly #home: string | undefined;

  /**
   * Takes variables in the order in which they were read.
   *
   * @param home The user's directory, which `~` stands for in paths.
   */
  constructor(variables: readonly ConfigVariable[], home?: string) {
    this.variables = variables;
    this.#byName = Map.groupBy(variables, ({ name }) => name);
    this.#home = home;
  }

  /**
   * Finds all variables of a name, in the order in which they were read.
   *
   * @param name Section, perhaps subsection, and key; the case of the subsection matters.
   */
  all(name: string): readonly ConfigVariable[] {
    return this.#byName.get(canonicalKey(name)) ?? [];
  }

  /** Finds the variable of a name that counts. */
  find(name: string): ConfigVariable | undefined {
    return this.all(name).at(-1);
  }

  /**
   * Gives the value of a variable; `undefined` when there is none.
   *
   * @throws {ReftableError} With code `"format"` when only its key is there.
   */
  string(name: string): string | undefined {
    const variable = this.find(name);
    return variable && configString(variable);
  }

  /**
   * Gives a variable as a boolean, which may be written as a word or as a number; a key alone is true.
   *
   * @throws {ReftableError} With code `"format"` when it is none.
   */
  boolean(name: string): boolean | undefined {
    const variable = this.find(name);
    return variable && configBoolean(variable);
  }

  /**
   * Gives a variable as a whole number, which may end in `k`, `m` or `g`.
   *
   * @param kind Which numbers it takes; 32 bits with a sign by default.
   * @throws {ReftableError} With code `"format"` when it is none.
   */
  number(name: string, kind: NumberKind = "int"): number | undefined {
    const variable = this.find(name);
    return variable && configNumber(variable, kind);
  }

  /**
   * Gives a variable as a path; `~/` at its beginning stands for the user's directory.
   *
   * @throws {ReftableError} With code `"format"` when the user's directory is not known.
   */
  path(name: string): string | undefined {
    const variable = this.find(name);
    return variable && expandPath(variable, this.#home);
  }
}
