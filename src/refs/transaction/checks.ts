import type { ReftableError } from "../../errors.ts";
import { isZero } from "../../format/hash.ts";
import type { RefFormat } from "../backend.ts";
import { isBranch } from "../names.ts";
import type { ObjectReader, ObjectType } from "../object_reader.ts";
import { refError } from "../ref_errors.ts";
import type { StoredRef } from "../stored_ref.ts";
import { type NewValue, oidOf, Update } from "./update.ts";

/** Tells whether an update is only possible where there is a ref. */
export function needsRef({ isLogOnly, expected }: Update, zeroOid: string): boolean {
  if (isLogOnly || expected === undefined) return false;
  return expected.kind === "symref" || expected.oid !== zeroOid;
}

/** Makes the error for a ref that is not there but should be. */
export function missingRef(update: Update): ReftableError {
  const { refname, originalName, expected } = update;
  const message = `cannot lock ref '${originalName}': unable to resolve reference '${refname}'`;
  return refError("not-exist", refname, message, {
    expected: expected?.kind === "symref" ? expected.target : expected?.oid,
  });
}

/**
 * Checks that a ref which exists holds what it should.
 *
 * @param stored The ref, whose object is in the update already.
 * @param format How refs are stored.
 * @returns What is wrong, if anything is.
 */
export function checkOldValue(
  update: Update,
  stored: StoredRef,
  format: RefFormat,
): ReftableError | undefined {
  const { isLogOnly, expected } = update;
  if (expected === undefined) return undefined;
  // What a symbolic ref leads to has an update of its own, which is checked. In reftables Git checks targets here too.
  if (isLogOnly && (expected.kind === "oid" || format !== "reftable")) return undefined;
  return expected.kind === "symref"
    ? checkTarget(update, stored, expected.target)
    : checkOid(update, stored, expected.oid);
}

function checkTarget(
  { refname, originalName, oldOid }: Update,
  stored: StoredRef,
  expected: string,
): ReftableError | undefined {
  if (stored.kind !== "symref") {
    const message = `cannot lock ref '${originalName}': ` +
      `expected symref with target '${expected}': but is a regular ref`;
    return refError("old-value", refname, message, { expected, found: oldOid });
  }
  const { target: found } = stored;
  if (found === expected) return undefined;
  const message =
    `verifying symref target: '${originalName}': is at ${found} but expected ${expected}`;
  return refError("old-value", refname, message, { expected, found });
}

function checkOid(
  { refname, originalName, oldOid: found, manner }: Update,
  stored: StoredRef,
  expected: string,
): ReftableError | undefined {
  const values = { expected, found };
  const prefix = `cannot lock ref '${originalName}':`;
  if (found === expected) {
    // Nothing was found because the symbolic ref leads nowhere: it would be lost.
    if (!manner.noDeref || stored.kind !== "symref" || !isZero(expected)) return undefined;
    const message = `${prefix} dangling symref already exists`;
    return refError("exists", refname, message, { expected, found: stored.target });
  }
  if (isZero(expected)) {
    return refError("exists", refname, `${prefix} reference already exists`, values);
  }
  if (isZero(found)) {
    const message = `${prefix} reference is missing but expected ${expected}`;
    return refError("not-exist", refname, message, values);
  }
  const message = `${prefix} is at ${found} but expected ${expected}`;
  return refError("old-value", refname, message, values);
}

/** What is known of an object. */
interface KnownObject {
  /** Its kind; `undefined` when it is not there. */
  readonly type: ObjectType | undefined;
  /** What it leads to, when it is an annotated tag. */
  readonly peeled: string | undefined;
}

/**
 * Checks that the objects which refs are to hold are there, and are commits where that matters. Updates with tags are
 * replaced by such that tell what those lead to.
 */
export class ObjectChecks {
  readonly #objects: ObjectReader;
  readonly #updates: Update[];
  readonly #refuse: (update: Update, error: ReftableError) => void;
  readonly #known = new Map<string, KnownObject>();
  /** How many updates were checked. */
  #checked = 0;

  /**
   * @param updates What is checked, as far as it is there.
   * @param refuse Is told what is wrong with an update; it may throw.
   */
  constructor(
    objects: ObjectReader,
    updates: Update[],
    refuse: (update: Update, error: ReftableError) => void,
  ) {
    this.#objects = objects;
    this.#updates = updates;
    this.#refuse = refuse;
  }

  /** Checks the updates that are new: at once, unless objects must be read. */
  run(): void | Promise<void> {
    const unknown = this.#goOn();
    if (unknown !== undefined) return this.#read(unknown);
  }

  async #read(oid: string): Promise<void> {
    for (let unknown: string | undefined = oid; unknown !== undefined; unknown = this.#goOn()) {
      this.#known.set(unknown, await readObject(this.#objects, unknown));
    }
  }

  /** Checks updates up to one whose object is not known yet, which is returned. */
  #goOn(): string | undefined {
    for (; this.#checked < this.#updates.length; this.#checked++) {
      const oid = oidOf(this.#updates[this.#checked]!.value);
      if (oid === undefined) continue;
      const object = this.#known.get(oid);
      if (!object) return oid;
      this.#check(this.#checked, oid, object);
    }
    return undefined;
  }

  #check(place: number, oid: string, { type, peeled }: KnownObject): void {
    const update = this.#updates[place]!;
    const { refname, expected, manner, origin } = update;
    if (type === undefined) {
      const message = `trying to write ref '${refname}' with nonexistent object ${oid}`;
      this.#refuse(update, refError("new-value", refname, message));
    } else if (type !== "commit" && isBranch(refname)) {
      const message = `trying to write non-commit object ${oid} to branch '${refname}'`;
      this.#refuse(update, refError("new-value", refname, message));
    } else if (peeled !== undefined) {
      const value: NewValue = { kind: "peeled", oid, peeled };
      this.#updates[place] = new Update({ refname, value, expected, manner }, origin);
    }
  }
}

async function readObject(objects: ObjectReader, oid: string): Promise<KnownObject> {
  const type = await objects.type(oid);
  return { type, peeled: type === "tag" ? await objects.peel(oid) : undefined };
}
