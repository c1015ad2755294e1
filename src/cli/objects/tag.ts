import { decodeText } from "../../bytes/text.ts";
import type { GitObject, ObjectType } from "../../refs/object_reader.ts";

/** What a tag says of the object it names. */
export interface TaggedObject {
  /** Its id. */
  readonly oid: string;
  /** Its kind. */
  readonly type: ObjectType;
}

/** The object that an annotated tag names; `undefined` when it is no tag. */
export function taggedObject({ type, content }: GitObject): TaggedObject | undefined {
  if (type !== "tag") return undefined;
  const found = /^object ([0-9a-f]+)\ntype (blob|commit|tag|tree)\n/.exec(decodeText(content));
  return found ? { oid: found[1]!, type: found[2] as ObjectType } : undefined;
}
