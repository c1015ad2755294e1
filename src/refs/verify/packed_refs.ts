import { compareText, decodeText } from "../../bytes/text.ts";
import { type HashName, hashSize } from "../../format/hash.ts";
import { refnameProblem } from "../../format/refname.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { readIfPresent, runSync } from "../../io/io.ts";
import type { RefProblem } from "./ref_problems.ts";

const HEADER = "# pack-refs with: ";

/**
 * Checks a file of packed refs.
 *
 * @param path The file, which need not exist.
 */
export function* verifyPackedRefs(
  fileSystem: FileSystem,
  path: string,
  hash: HashName,
): Generator<RefProblem, void> {
  const kind = fileSystem.lstatSync(path)?.kind;
  if (kind === undefined) return;
  if (kind !== "file") {
    const message = `not a regular file${kind === "symlink" ? " but a symlink" : ""}`;
    yield { code: "badRefFiletype", place: "packed-refs", message };
    return;
  }
  const bytes = runSync(readIfPresent(fileSystem, path));
  if (!bytes) return;
  if (bytes.length === 0) {
    yield { code: "emptyPackedRefsFile", place: "packed-refs", message: "file is empty" };
    return;
  }
  let isSound = true;
  const checker = new PackedRefsChecker(decodeText(bytes), 2 * hashSize(hash));
  for (const problem of checker.checkLines()) {
    isSound = false;
    yield problem;
  }
  if (isSound) yield* checker.checkOrder();
}

class PackedRefsChecker {
  readonly #lines: readonly string[];
  readonly #isTerminated: boolean;
  readonly #header: string | undefined;
  /** How many digits an object id has. */
  readonly #digits: number;

  constructor(text: string, digits: number) {
    this.#isTerminated = text.endsWith("\n");
    this.#lines = (this.#isTerminated ? text.slice(0, -1) : text).split("\n");
    this.#header = text.startsWith("#") ? this.#lines[0] : undefined;
    this.#digits = digits;
  }

  *checkLines(): Generator<RefProblem, void> {
    let isPeelable = false;
    for (const [index, line] of this.#lines.entries()) {
      const place = `packed-refs line ${index + 1}`;
      if (index === this.#lines.length - 1 && !this.#isTerminated) {
        const message = `'${line}' is not terminated with a newline`;
        yield { code: "packedRefEntryNotTerminated", place, message };
      }
      if (index === 0 && line === this.#header) {
        yield* checkHeader(line);
      } else if (line.startsWith("^") && isPeelable) {
        yield* this.#checkPeeled(place, line.slice(1));
        isPeelable = false;
      } else {
        yield* this.#checkRef(place, line);
        isPeelable = true;
      }
    }
  }

  *#checkRef(place: string, line: string): Generator<RefProblem, void> {
    const [oid, rest] = [line.slice(0, this.#digits), line.slice(this.#digits)];
    if (!this.#isOid(oid)) {
      yield { code: "badPackedRefEntry", place, message: `'${line}' has invalid oid` };
    } else if (!/^\s/.test(rest)) {
      const message = `has no space after oid '${oid}' but with '${rest}'`;
      yield { code: "badPackedRefEntry", place, message };
    } else if (!isQualified(rest.slice(1))) {
      yield { code: "badRefName", place, message: `has bad refname '${rest.slice(1)}'` };
    }
  }

  *#checkPeeled(place: string, text: string): Generator<RefProblem, void> {
    const rest = text.slice(this.#digits);
    const message = !this.#isOid(text.slice(0, this.#digits))
      ? `'${text}' has invalid peeled oid`
      : rest !== ""
      ? `has trailing garbage after peeled oid '${rest}'`
      : undefined;
    if (message !== undefined) yield { code: "badPackedRefEntry", place, message };
  }

  /** Checks the order of names, which readers rely on when the header says so; nothing else may be wrong. */
  *checkOrder(): Generator<RefProblem, void> {
    if (!this.#header?.slice(HEADER.length).split(" ").includes("sorted")) return;
    let last: string | undefined;
    for (const [index, line] of this.#lines.entries()) {
      if (index === 0 || line.startsWith("^")) continue;
      const name = line.slice(this.#digits + 1);
      if (last !== undefined && compareText(last, name) >= 0) {
        const place = `packed-refs line ${index + 1}`;
        const message = `refname '${name}' is less than previous refname '${last}'`;
        yield { code: "packedRefUnsorted", place, message };
        return;
      }
      last = name;
    }
  }

  #isOid(text: string): boolean {
    return text.length === this.#digits && /^[0-9a-f]*$/i.test(text);
  }
}

function* checkHeader(line: string): Generator<RefProblem, void> {
  if (line.startsWith(HEADER)) return;
  const message = `'${line}' does not start with '${HEADER}'`;
  yield { code: "badPackedRefHeader", place: "packed-refs.header", message };
}

function isQualified(refname: string): boolean {
  return refname.includes("/") && refnameProblem(refname) === undefined;
}
