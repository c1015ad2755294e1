import { encodeHex } from "../../bytes/hex.ts";
import { decodeText } from "../../bytes/text.ts";
import type { GitObject, ObjectType } from "../../refs/object_reader.ts";
import type { ObjectDatabase } from "./object_database.ts";

/** What a tag says of the object it names. */
interface TaggedObject {
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

/** Follows annotated tags to what is none, and notices when what they say does not fit together. */
export class TagPeeler {
  readonly #objects: ObjectDatabase;
  readonly #complain: (message: string) => void;
  readonly #types = new Map<string, ObjectType>();

  /** Takes whom to tell of tags that say different things of the same object. */
  constructor(objects: ObjectDatabase, complain: (message: string) => void) {
    this.#objects = objects;
    this.#complain = complain;
  }

  /** Takes note of what an object is. */
  note(oid: string, type: ObjectType): void {
    this.#types.set(oid, type);
  }

  /** Tells whether what a tag says of its object fits to what is known of that. */
  fits(oid: string): boolean {
    const object = this.#objects.readSync(oid);
    const tagged = object && taggedObject(object);
    if (!tagged) return true;
    const known = this.#types.get(tagged.oid);
    if (known === undefined || known === tagged.type) return true;
    this.#complain(`object ${tagged.oid} is a ${known}, not a ${tagged.type}`);
    this.#complain(`bad tag pointer to ${tagged.oid} in ${oid}`);
    return false;
  }

  /**
   * Finds the object that a tag leads to in the end; `undefined` when it leads nowhere, and for what
   * is no tag.
   *
   * @param oid The tag.
   * @param verify Whether each tag must be right about what it names.
   */
  peel(oid: string, verify: boolean): string | undefined {
    let type = this.#objects.info(oid)?.type;
    if (type !== undefined) this.note(oid, type);
    if (type !== "tag") return undefined;
    let reached = oid;
    while (type === "tag") {
      const object = this.#objects.readSync(reached);
      const tagged = object && taggedObject(object);
      if (!tagged || !this.fits(reached)) return undefined;
      if (verify) {
        const found = this.#objects.info(tagged.oid);
        if (found && found.type !== tagged.type) {
          this.#complain(`object ${tagged.oid} is a ${tagged.type}, not a ${found.type}`);
        }
        if (found?.type !== tagged.type) return undefined;
      }
      this.note(tagged.oid, tagged.type);
      ({ oid: reached, type } = tagged);
    }
    return reached;
  }
}
