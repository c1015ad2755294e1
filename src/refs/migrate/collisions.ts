import { commonPrefixLength } from "../../bytes/compare.ts";
import { compareText, decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import { isSafeRefname } from "../names.ts";

/** How many findings an error tells one by one. */
const TOLD = 20;

/**
 * Checks that names can all be paths of files.
 *
 * @param names The names.
 * @param ignoresCase Whether the file system takes names for the same that differ in case only.
 * @returns What is wrong, name by name.
 */
export function findCollisions(names: readonly string[], ignoresCase: boolean): string[] {
  const findings: string[] = [];
  const nesting = new NestedNames();
  for (const name of names.toSorted(compareText)) {
    if (!isSafeRefname(name)) findings.push(`'${name}' cannot be the name of a file`);
    const bytes = encodeText(name);
    const directory = nesting.add(bytes, bytes.length);
    if (directory !== undefined) findings.push(`'${directory}' and '${name}'`);
  }
  return ignoresCase ? [...findings, ...findCaseCollisions(names)] : findings;
}

/** Finds names, and directories of names, that differ in case only. */
function findCaseCollisions(names: readonly string[]): string[] {
  const findings: string[] = [];
  const spelled = new Map<string, string>();
  for (const name of names) {
    for (let end = name.indexOf("/"); end !== 0; end = name.indexOf("/", end + 1)) {
      const path = end < 0 ? name : name.slice(0, end);
      const folded = path.normalize("NFC").toLowerCase();
      const other = spelled.get(folded);
      if (other === undefined) spelled.set(folded, path);
      else if (other !== path) findings.push(`'${other}' and '${path}' differ in case only`);
      if (end < 0) break;
    }
  }
  return [...new Set(findings)];
}

/**
 * Refuses to migrate.
 *
 * @param what What the findings are.
 */
export function refuse(
  code: "name-conflict" | "format",
  what: string,
  findings: readonly string[],
): ReftableError {
  const told = findings.slice(0, TOLD).map((finding) => `\n\t${finding}`).join("");
  const more = findings.length > TOLD ? `\n\tand ${findings.length - TOLD} more` : "";
  return new ReftableError(code, `Cannot migrate refs: ${what}:${told}${more}`);
}

const SLASH = 0x2f;

/** Finds names that are directories of others, as `a` is of `a/b`, in names that come in the order of their bytes. */
export class NestedNames {
  #last = new Uint8Array(64);
  #lastLength = 0;
  /** The lengths of those names that the last one begins with. */
  readonly #open: number[] = [];

  /**
   * Takes the next name.
   *
   * @returns The name that is a directory of it, if one is.
   */
  add(name: Uint8Array, length: number): string | undefined {
    const shared = commonPrefixLength(this.#last, this.#lastLength, name, length);
    while ((this.#open.at(-1) ?? 0) > shared) this.#open.pop();
    if (shared === this.#lastLength && shared > 0) this.#open.push(shared);
    if (this.#last.length < length) this.#last = new Uint8Array(2 * length);
    for (let i = shared; i < length; i++) this.#last[i] = name[i]!;
    this.#lastLength = length;
    for (const end of this.#open) {
      if (name[end] === SLASH) return decodeText(name, 0, end);
    }
    return undefined;
  }
}
