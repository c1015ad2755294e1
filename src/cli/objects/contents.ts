import { encodeHex } from "../../bytes/hex.ts";
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

/** What a tree has under a name. */
export interface TreeEntry {
  /** What it is, in octal digits: `40000` for a tree, `160000` for a commit of another repository. */
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

/**
 * Reads the entries of a tree: a mode, a name, a NUL and an object id, one behind the other.
 *
 * @param size The size of an object id in bytes.
 */
export function* treeEntries(content: Uint8Array, size: number): Generator<TreeEntry, void> {
  for (let position = 0; position < content.length;) {
    const space = content.indexOf(0x20, position);
    const end = content.indexOf(0, space);
    const oid = end + 1;
    yield {
      mode: decodeText(content, position, space),
      name: decodeText(content, space + 1, end),
      oid: encodeHex(content, oid, oid + size),
    };
    position = oid + size;
  }
}
