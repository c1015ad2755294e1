import { ReftableError } from "../errors.ts";
import { type HashName, hashSize, isZero } from "../format/hash.ts";
import type { RefReader } from "./backend.ts";
import { expandName, fullNames } from "./expand.ts";
import { parseDate } from "./identity.ts";
import { BRANCH_PREFIX } from "./names.ts";
import type { ObjectReader, ObjectType } from "./object_reader.ts";
import { resolveRef } from "./resolve.ts";

/** What revisions are looked up in. */
export interface RevisionSources {
  /** Reads refs and logs. */
  readonly reader: RefReader;
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** Reads objects; needed for `~`, `^` and `^{…}`. */
  readonly objects: ObjectReader | undefined;
}

/** From here on the number behind a name is a date, not the place of an entry. */
const FIRST_DATE = 100_000_000;

/** What a revision is made of: a name, what stands behind it in `@{…}`, and steps through the history. */
const REVISION = /^([^~^]*?)(?:@\{([^{}]*)\})?((?:~[0-9]*|\^[0-9]*|\^\{[^{}]*\})*)$/;

/**
 * Finds the object that a revision means: an object id, the short name of a ref, `@`, `@{-<n>}`, `name@{<n>}`,
 * `name@{<date>}`, and `~<n>`, `^<n>`, `^{}`, `^{<type>}` behind any of these.
 *
 * @returns `undefined` when it means none.
 * @throws {ReftableError} With code `"not-exist"` when a log does not go back so far, `"api"` when objects are needed
 * but none can be read.
 */
export async function findRevision(
  sources: RevisionSources,
  revision: string,
): Promise<string | undefined> {
  const [, name, at, steps = ""] = REVISION.exec(revision) ?? [];
  if (name === undefined) return undefined;
  let oid = findBase(sources, name, at);
  for (const [step] of steps.matchAll(/~[0-9]*|\^[0-9]*(?!\{)|\^\{[^{}]*\}/g)) {
    if (oid === undefined) return undefined;
    oid = await takeStep(sources, oid, step, revision);
  }
  return oid;
}

function findBase(
  { reader, hash }: RevisionSources,
  name: string,
  at: string | undefined,
): string | undefined {
  if (at === undefined) {
    const isOid = name.length === 2 * hashSize(hash) && /^[0-9a-f]*$/i.test(name);
    if (isOid) return name.toLowerCase();
    return name === "" ? undefined : expandName(reader, name === "@" ? "HEAD" : name)?.resolved.oid;
  }
  if (/^-[0-9]+$/.test(at)) {
    const branch = name === "" ? findPriorBranch(reader, -Number(at)) : undefined;
    return branch && findBase({ reader, hash, objects: undefined }, branch, undefined);
  }
  const refname = findLog(reader, name);
  return refname && findLogged(reader, refname, name, at);
}

/**
 * Finds what was checked out before, as often as that: the short name of a branch or an object id.
 *
 * @param count How often; 1 for what was checked out last.
 */
export function findPriorBranch(
  reader: Pick<RefReader, "log">,
  count: number,
): string | undefined {
  let left = count;
  for (const { message } of reader.log("HEAD", "newest-first")) {
    const from = /^checkout: moving from (.*?) to /s.exec(message)?.[1];
    if (from !== undefined && --left === 0) return from;
  }
  return undefined;
}

/**
 * Finds the ref whose log a short name means: of those that it may stand for, the first that has a log, or leads to a
 * ref with one. Without a name it is the current branch.
 */
export function findLog(
  reader: Pick<RefReader, "read" | "hasLog">,
  name: string,
): string | undefined {
  if (name === "") return resolveRef(reader, "HEAD")?.refname;
  for (const refname of fullNames(name === "@" ? "HEAD" : name)) {
    const resolved = resolveRef(reader, refname);
    if (resolved?.oid === undefined) continue;
    if (reader.hasLog(refname)) return refname;
    if (reader.hasLog(resolved.refname)) return resolved.refname;
  }
  return undefined;
}

/** Finds what a ref held so many entries ago, or at some time. */
function findLogged(
  reader: RefReader,
  refname: string,
  name: string,
  at: string,
): string | undefined {
  const number = /^[0-9]+$/.test(at) ? Number(at) : undefined;
  if (number === undefined || number >= FIRST_DATE) {
    const time = number ?? parseDate(at)?.time;
    return time === undefined ? undefined : heldAt(reader, refname, time);
  }
  let count = 0;
  let oldest = "";
  for (const { oldOid, newOid } of reader.log(refname, "newest-first")) {
    if (count === number) return newOid;
    count++;
    oldest = oldOid;
  }
  // The first entry tells what there was before it.
  if (count === number && !isZero(oldest)) return oldest;
  if (count === 0 && number === 0) return resolveRef(reader, refname)?.oid;
  const short = name || refname.replace(BRANCH_PREFIX, "");
  const message = count === 0
    ? `log for ${refname} is empty`
    : `log for '${short}' only has ${count} entries`;
  throw new ReftableError("not-exist", message, { ref: { refname } });
}

/** Finds what a ref held at some time; the first known value when the log begins later. */
function heldAt(reader: RefReader, refname: string, time: number): string {
  let oldest;
  for (const entry of reader.log(refname, "newest-first")) {
    if (entry.time <= time) return entry.newOid;
    oldest = entry;
  }
  if (oldest) return isZero(oldest.oldOid) ? oldest.newOid : oldest.oldOid;
  throw new ReftableError("not-exist", `log for ${refname} is empty`, { ref: { refname } });
}

/** Goes from an object to its parent, its ancestor, or what it leads to. */
async function takeStep(
  { objects }: RevisionSources,
  oid: string,
  step: string,
  revision: string,
): Promise<string | undefined> {
  if (!objects) {
    const message = `Cannot find "${revision}": no reader of objects was given`;
    throw new ReftableError("api", message);
  }
  const type = /^\^\{(.*)\}$/s.exec(step)?.[1];
  if (type !== undefined) return await peelTo(objects, oid, type);
  const number = step.length === 1 ? 1 : Number(step.slice(1));
  let commit = await peelTo(objects, oid, "commit");
  if (step.startsWith("^")) {
    if (commit === undefined || number === 0) return commit;
    return (await objects.parents(commit))?.[number - 1];
  }
  for (let i = 0; i < number && commit !== undefined; i++) {
    commit = (await objects.parents(commit))?.[0];
  }
  return commit;
}

const TYPES: readonly string[] = ["blob", "commit", "tag", "tree"] satisfies ObjectType[];

/** Goes from a tag to what it names, and from a commit to its tree. */
async function peelTo(
  objects: ObjectReader,
  oid: string,
  type: string,
): Promise<string | undefined> {
  const found = await objects.type(oid);
  if (found === undefined) return undefined;
  if (type === "object" || type === found) return oid;
  if (type !== "" && !TYPES.includes(type)) return undefined;
  const peeled = await objects.peel(oid);
  if (peeled === undefined || type === "") return peeled;
  const reached = await objects.type(peeled);
  if (reached === type) return peeled;
  if (type !== "tree" || reached !== "commit") return undefined;
  const commit = await objects.read(peeled);
  return commit && /^tree ([0-9a-f]+)\n/.exec(new TextDecoder().decode(commit.content))?.[1];
}
