import type { ReftableError } from "../../errors.ts";
import { isBranch } from "../names.ts";
import type { ObjectReader, ObjectType } from "../object_reader.ts";
import { refError } from "../ref_errors.ts";
import { Update } from "./update.ts";

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
 *
 * @param refuse Is told what is wrong with an update; it may throw.
 */
export async function checkObjects(
  objects: ObjectReader,
  updates: Update[],
  refuse: (update: Update, error: ReftableError) => void,
): Promise<void> {
  const known = new Map<string, KnownObject>();
  for (const [i, update] of updates.entries()) {
    const { refname, request } = update;
    const { value } = request;
    if (value?.kind !== "oid") continue;
    const { oid } = value;
    let object = known.get(oid);
    if (!object) known.set(oid, object = await readObject(objects, oid));
    const { type, peeled = value.peeled } = object;
    if (type === undefined) {
      const message = `trying to write ref '${refname}' with nonexistent object ${oid}`;
      refuse(update, refError("new-value", refname, message));
    } else if (type !== "commit" && isBranch(refname)) {
      const message = `trying to write non-commit object ${oid} to branch '${refname}'`;
      refuse(update, refError("new-value", refname, message));
    } else if (peeled !== undefined) {
      updates[i] = new Update({ ...request, value: { ...value, peeled } }, update.origin);
    }
  }
}

async function readObject(objects: ObjectReader, oid: string): Promise<KnownObject> {
  const type = await objects.type(oid);
  return { type, peeled: type === "tag" ? await objects.peel(oid) : undefined };
}
