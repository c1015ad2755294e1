import { decodeText } from "../bytes/text.ts";
import type { ObjectType } from "../refs/object_reader.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { taggedObject, treeEntries } from "./objects/contents.ts";
import type { ObjectDatabase } from "./objects/object_database.ts";

/** Finds the parent of a commit with this number, 1 for the first; 0 means the commit itself. */
export async function nthParent(
  context: Context,
  oid: string | undefined,
  number: number,
): Promise<string | undefined> {
  const objects = await context.objects();
  const commit = peel(objects, oid, "commit");
  if (commit === undefined || number === 0) return commit;
  return headerLines(objects, commit, "parent")[number - 1];
}

/** Goes from a commit to its first parent, so many times. */
export async function nthAncestor(
  context: Context,
  oid: string | undefined,
  count: number,
): Promise<string | undefined> {
  const objects = await context.objects();
  let commit = peel(objects, oid, "commit");
  for (let i = 0; i < count && commit !== undefined; i++) {
    commit = headerLines(objects, commit, "parent")[0];
  }
  return commit;
}

const TYPES: readonly string[] = ["blob", "commit", "tag", "tree"] satisfies ObjectType[];

/** Goes from an object to one of a type: from a tag to what it names, from a commit to its tree. */
export async function peelTo(
  context: Context,
  oid: string | undefined,
  type: string,
): Promise<string | undefined> {
  const objects = await context.objects();
  if (type === "object") return oid !== undefined && objects.has(oid) ? oid : undefined;
  if (type.startsWith("/")) {
    throw fatal(`^{${type}} is not supported: it needs a walk through the history`);
  }
  if (type !== "" && !TYPES.includes(type)) return undefined;
  return peel(objects, oid, type);
}

/** Goes from a commit or a tree to what is at a path in it. */
export async function objectAt(
  context: Context,
  oid: string | undefined,
  path: string,
): Promise<string | undefined> {
  const objects = await context.objects();
  let reached = peel(objects, oid, "tree");
  for (const name of path === "" ? [] : path.replace(/\/$/, "").split("/")) {
    const tree = reached === undefined ? undefined : objects.readSync(reached);
    if (tree?.type !== "tree") return undefined;
    const entries = treeEntries(tree.content, reached!.length / 2);
    reached = entries.find((entry) => entry.name === name)?.oid;
  }
  return reached;
}

/**
 * Goes from an object to one of a type; to what is no tag when no type is given.
 *
 * @returns `undefined` when something on the way is missing, or nothing of that type comes.
 */
export function peel(
  objects: ObjectDatabase,
  oid: string | undefined,
  type: string,
): string | undefined {
  let reached = oid;
  while (reached !== undefined) {
    const object = objects.readSync(reached);
    if (!object) return undefined;
    if (object.type === type || (type === "" && object.type !== "tag")) return reached;
    reached = object.type === "commit" && type === "tree"
      ? headerLines(objects, reached, "tree")[0]
      : taggedObject(object)?.oid;
  }
  return undefined;
}

/** The values of the lines of a commit's header that begin with a word. */
export function headerLines(objects: ObjectDatabase, commit: string, key: string): string[] {
  const [header = ""] = decodeText(objects.readSync(commit)!.content).split("\n\n", 1);
  return header.split("\n").filter((line) => line.startsWith(`${key} `))
    .map((line) => line.slice(key.length + 1));
}
