import { decodeText } from "../../bytes/text.ts";
import type { Arguments } from "../arguments.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { taggedObject, TagPeeler } from "../objects/contents.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { resolveOid } from "../revision.ts";
import type { ValueAtom } from "./atoms.ts";
import { strongestNeed } from "./format.ts";
import type { ReadObject, RefItem } from "./item.ts";

/** Reads what must be known of an item's object; false when the item is not wanted after all. */
export type Loader = (item: RefItem) => boolean;

/** Makes what reads the objects of refs as far as some values need them, and picks those that are asked for. */
export async function prepareLoading(
  args: Arguments,
  context: Context,
  atoms: readonly ValueAtom[],
): Promise<Loader | undefined> {
  const wanted = await pointsAt(args, context);
  const need = strongestNeed(atoms);
  if (need === "nothing" && !wanted) return undefined;
  const objects = await context.objects();
  const needsPeeled = atoms.some(({ deref }) => deref);
  const tags = new TagPeeler(objects, (message) => context.warn(message, "error"));
  return (item) => {
    if (wanted && !leadsTo(item, wanted, objects)) return false;
    if (need === "nothing") return true;
    item.object = load(item.oid, item.refname, need, objects);
    if (!needsPeeled) return true;
    tags.note(item.oid, item.object.type);
    if (item.object.type !== "tag") return true;
    item.peeledObject = load(peel(item, tags), item.refname, need, objects);
    tags.note(item.peeledObject.oid, item.peeledObject.type);
    return true;
  };
}

/** The objects that refs must lead to, themselves or by tags. */
async function pointsAt(
  args: Arguments,
  context: Context,
): Promise<ReadonlySet<string> | undefined> {
  const names = args.values("points-at");
  if (names.length === 0) return undefined;
  const oids = new Set<string>();
  for (const name of names) {
    const oid = await resolveOid(context, name);
    if (oid === undefined) throw new UsageError(`malformed object name '${name}'`, "none");
    oids.add(oid);
  }
  return oids;
}

function leadsTo(item: RefItem, wanted: ReadonlySet<string>, objects: ObjectDatabase): boolean {
  if (wanted.has(item.oid)) return true;
  let { oid } = item;
  while (true) {
    const info = objects.info(oid);
    if (!info) throw fatal(`malformed object at '${item.refname}'`);
    if (info.type !== "tag") return false;
    oid = taggedObject(objects.readSync(oid)!)?.oid ?? "";
    if (wanted.has(oid)) return true;
  }
}

/** Finds what the tag of a ref leads to, which may be stored with it. */
function peel({ refname, oid, peeled }: RefItem, tags: TagPeeler): string {
  if (peeled !== undefined) return peeled;
  if (!tags.fits(oid)) throw fatal(`parse_object_buffer failed on ${oid} for ${refname}`);
  const reached = tags.peel(oid, true);
  if (reached === undefined) throw fatal("bad tag");
  return reached;
}

function load(
  oid: string,
  refname: string,
  need: "type" | "content",
  objects: ObjectDatabase,
): ReadObject {
  if (need === "type") {
    const info = objects.info(oid);
    if (info) return { oid, ...info };
  } else {
    const object = objects.readSync(oid);
    if (object) {
      const { type, content } = object;
      return { oid, type, size: content.length, content: decodeText(content) };
    }
  }
  throw fatal(`missing object ${oid} for ${refname}`);
}
