import { decodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";

/** The kinds of objects. */
export type ObjectType = "blob" | "commit" | "tag" | "tree";

/** An object of a repository. */
export interface GitObject {
  /** Its kind. */
  readonly type: ObjectType;
  /** Its contents, without the header. */
  readonly content: Uint8Array;
}

/** Reads the objects of a repository. Object ids are given and taken in lower-case hexadecimal digits. */
export interface ObjectReader {
  /** Reads an object; `undefined` when there is none of that id. */
  read(oid: string): Promise<GitObject | undefined>;
  /** Tells the kind of an object; `undefined` when there is none of that id. */
  type(oid: string): Promise<ObjectType | undefined>;
  /** Tells whether there is an object. */
  has(oid: string): Promise<boolean>;
  /**
   * Follows an annotated tag to the object that is no tag, which is the object itself when it is none.
   *
   * @returns The id of that object; `undefined` when one on the way is missing, or is not of the kind that the tag
   * says.
   */
  peel(oid: string): Promise<string | undefined>;
  /** Gives the ids of a commit's parents; `undefined` when there is no such commit. */
  parents(oid: string): Promise<readonly string[] | undefined>;
}

/**
 * Makes a reader of objects from a function that reads one.
 *
 * @param read Reads an object; gives `undefined` when there is none of that id.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeObjectReader } from "@reftable/reftable";
 *
 * const [tag, commit] = ["1".repeat(40), "2".repeat(40)];
 * const content = new TextEncoder().encode(`object ${commit}\ntype commit\ntag v1\n`);
 * const objects = makeObjectReader((oid) => {
 *   if (oid === tag) return Promise.resolve({ type: "tag", content });
 *   if (oid === commit) return Promise.resolve({ type: "commit", content: new Uint8Array() });
 *   return Promise.resolve(undefined);
 * });
 * assertEquals(await objects.peel(tag), commit);
 * assertEquals(await objects.has("3".repeat(40)), false);
 * ```
 */
export function makeObjectReader(read: ObjectReader["read"]): ObjectReader {
  return {
    read,
    type: async (oid) => (await read(oid))?.type,
    has: async (oid) => await read(oid) !== undefined,
    peel: (oid) => peel(read, oid),
    parents: async (oid) => {
      const object = await read(oid);
      return object?.type === "commit" ? parentsOf(object.content) : undefined;
    },
  };
}

/** How many tags of tags are followed: nobody makes so many, and a reader of one's own may go round in circles. */
const MAX_TAGS = 1000;

async function peel(read: ObjectReader["read"], oid: string): Promise<string | undefined> {
  let object = await read(oid);
  let [reached, tags] = [oid, 0];
  while (object?.type === "tag" && tags++ < MAX_TAGS) {
    const [, target, type] = /^object ([0-9a-f]+)\ntype ([a-z]+)\n/.exec(header(object.content)) ??
      [];
    if (target === undefined) return undefined;
    object = await read(target);
    if (object?.type !== type) return undefined;
    reached = target;
  }
  return object === undefined || object.type === "tag" ? undefined : reached;
}

function parentsOf(content: Uint8Array): string[] {
  const [, lines = ""] = /^tree [0-9a-f]+\n((?:parent [0-9a-f]+\n)*)/.exec(header(content)) ?? [];
  return Array.from(lines.matchAll(/[0-9a-f]{40,}/g), ([oid]) => oid);
}

/** Gives the lines before the first empty one. */
function header(content: Uint8Array): string {
  const end = content.findIndex((byte, i) => byte === 0x0a && content[i + 1] === 0x0a);
  return decodeText(content, 0, end < 0 ? content.length : end + 1);
}

/**
 * Finds what an annotated tag leads to; nothing for other objects.
 *
 * @throws {ReftableError} With code `"not-exist"` when there is no such object.
 */
export async function peelTag(objects: ObjectReader, oid: string): Promise<string | undefined> {
  const type = await objects.type(oid);
  if (type === undefined) throw new ReftableError("not-exist", `object ${oid} does not exist`);
  return type === "tag" ? await objects.peel(oid) : undefined;
}
