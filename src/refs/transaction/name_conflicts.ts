import { compareText, isAscending } from "../../bytes/text.ts";
import type { ReftableError } from "../../errors.ts";
import type { RefSession } from "../backend.ts";
import { changedTwice, namesCollide, nameTaken } from "../ref_errors.ts";
import type { Update } from "./update.ts";

/** No names: what a transaction deletes is in the way of what it creates, as in Git. */
const NOTHING_REMOVED: ReadonlySet<string> = new Set();

/** The names of the refs of a transaction. */
export interface TransactionNames {
  /** Those that were not refused; `refuse` takes names out. */
  readonly live: LiveNames;
  /** Those that are locked where locks are files, and so in the way of shorter names; `undefined` elsewhere. */
  readonly inTheWay: ReadonlySet<string> | undefined;
}

/**
 * Checks that refs which are not there yet can exist beside all others: `a` cannot beside `a/b`.
 *
 * @param missing The updates of refs that do not exist, whether they are created or not, in the order of the transaction.
 * @param refuse Is told what is wrong with an update; it may throw.
 */
export function checkNames(
  session: Pick<RefSession, "findConflicts">,
  missing: readonly Update[],
  { live, inTheWay }: TransactionNames,
  refuse: (update: Update, error: ReftableError) => void,
): void {
  if (missing.length === 0) return;
  const refnames = missing.map(({ refname }) => refname);
  const sorted = live.areInOrder ? refnames : sortNames(refnames);
  const taken = session.findConflicts(sorted, NOTHING_REMOVED);
  if (inTheWay) {
    const below = new NamesBelow(inTheWay);
    for (const update of missing) {
      const { refname } = update;
      const other = taken.has(refname) ? undefined : below.first(refname);
      if (other !== undefined) refuse(update, namesCollide(refname, other));
    }
  }
  // Mostly nothing is in the way, which is seen sooner than what is in the way of each name.
  if (taken.size === 0 && !live.areInTheWay()) return;
  const below = new NamesBelow(live.set);
  for (const update of missing) {
    const { refname } = update;
    if (update.isDropped) continue;
    const conflict = conflictOf(refname, taken.get(refname), live.set, below);
    if (conflict) refuse(update, conflict);
  }
}

/**
 * Finds out why a ref could not be locked whose name is, or has, the directory of something: of a ref, or of a lock of
 * the same transaction.
 *
 * @param names The names of the transaction's refs.
 * @param below The same names.
 * @returns `undefined` when it is something else.
 */
export function findConflict(
  session: Pick<RefSession, "findConflicts">,
  refname: string,
  names: ReadonlySet<string>,
  below: NamesBelow,
): ReftableError | undefined {
  const taken = session.findConflicts([refname], NOTHING_REMOVED).get(refname);
  return conflictOf(refname, taken, names, below);
}

/** Tells what is in the way of a name: what is above goes first, and then what exists, as in Git. */
function conflictOf(
  refname: string,
  taken: string | undefined,
  names: ReadonlySet<string>,
  below: NamesBelow,
): ReftableError | undefined {
  const above = taken !== undefined && refname.startsWith(`${taken}/`)
    ? undefined
    : firstDirectory(refname, names);
  if (above !== undefined) return namesCollide(refname, above);
  if (taken !== undefined) return nameTaken(refname, taken);
  const other = below.first(refname);
  return other === undefined ? undefined : namesCollide(refname, other);
}

/** Puts names in the order of their bytes. Mostly they are in order already. */
export function sortNames(names: string[]): string[] {
  return isAscending(names) ? names : names.sort(compareText);
}

/** The shortest directory of a name that is a name itself. */
function firstDirectory(refname: string, names: ReadonlySet<string>): string | undefined {
  for (let end = refname.indexOf("/"); end !== -1; end = refname.indexOf("/", end + 1)) {
    const directory = refname.slice(0, end);
    if (names.has(directory)) return directory;
  }
  return undefined;
}

/** Finds names that have others as their directories. Names may be taken out meanwhile. */
export class NamesBelow {
  readonly #names: ReadonlySet<string>;
  /** All directories of all names. */
  readonly #directories: ReadonlySet<string>;
  #sorted: readonly string[] | undefined;

  /** @param names All names. */
  constructor(names: ReadonlySet<string>) {
    this.#names = names;
    this.#directories = directoriesOf(names);
  }

  /** The first name below a directory. */
  first(directory: string): string | undefined {
    return this.#directories.has(directory) ? this.#search(directory) : undefined;
  }

  #search(directory: string): string | undefined {
    const sorted = this.#sorted ??= sortNames([...this.#names]);
    const prefix = `${directory}/`;
    let low = 0;
    for (let high = sorted.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (compareText(sorted[middle]!, prefix) < 0) low = middle + 1;
      else high = middle;
    }
    for (; sorted[low]?.startsWith(prefix); low++) {
      if (this.#names.has(sorted[low]!)) return sorted[low];
    }
    return undefined;
  }
}

function directoriesOf(names: Iterable<string>): Set<string> {
  const directories = new Set<string>();
  for (const name of names) {
    let end = name.lastIndexOf("/");
    // Where a directory is known, so are those that it is in.
    while (end > 0) {
      const directory = name.slice(0, end);
      if (directories.has(directory)) break;
      directories.add(directory);
      end = name.lastIndexOf("/", end - 1);
    }
  }
  return directories;
}

/**
 * The names of the refs that a transaction changes, without those that were refused. Mostly they come in order and
 * little is asked of them, so that no set of them is made until something is.
 */
export class LiveNames {
  /** The names in the order of their bytes, as long as these are all. */
  #sorted: readonly string[] | undefined;
  #set: Set<string> | undefined;
  #isInOrder = false;

  /**
   * Takes names in any order.
   *
   * @throws {ReftableError} With code `"name-conflict"` when one is there twice.
   */
  constructor(names: readonly string[]) {
    if (isAscending(names)) {
      this.#sorted = names;
      this.#isInOrder = true;
      return;
    }
    this.#set = new Set(names);
    if (this.#set.size === names.length) return;
    // As in Git, of several it is the lowest that is told.
    const sorted = names.toSorted(compareText);
    throw changedTwice(sorted.find((name, i) => name === sorted[i + 1])!);
  }

  /** Whether all names were given in the order of their bytes, and none was added. */
  get areInOrder(): boolean {
    return this.#isInOrder;
  }

  /** The names, in no order; what is added and deleted changes it. */
  get set(): ReadonlySet<string> {
    return this.#set ??= new Set(this.#sorted);
  }

  /** Tells whether a name is among them. */
  has(name: string): boolean {
    return this.set.has(name);
  }

  /** Adds a name. */
  add(name: string): void {
    this.#change().add(name);
    this.#isInOrder = false;
  }

  /** Takes a name out. */
  delete(name: string): void {
    this.#change().delete(name);
  }

  #change(): Set<string> {
    const set = this.#set ??= new Set(this.#sorted);
    this.#sorted = undefined;
    return set;
  }

  /** Tells whether one of the names is a directory of another one. */
  areInTheWay(): boolean {
    const sorted = this.#sorted ??= [...this.set].sort(compareText);
    // What begins with a name follows it at once, so that one way through all names is enough.
    const beginnings: string[] = [];
    for (const name of sorted) {
      let last;
      while ((last = beginnings.at(-1)) !== undefined && !name.startsWith(last)) beginnings.pop();
      if (last !== undefined && beginnings.some(({ length }) => name[length] === "/")) return true;
      beginnings.push(name);
    }
    return false;
  }
}
