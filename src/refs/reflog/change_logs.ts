import { ReftableError } from "../../errors.ts";
import { checkOid, type HashName, isZero } from "../../format/hash.ts";
import type { RefBackend, RefChange, RefReader, RefSession } from "../backend.ts";
import { givenMessage } from "../log_line.ts";
import { isGoodRefname, isPseudoRef, isRootRef } from "../names.ts";
import type { ObjectReader } from "../object_reader.ts";
import { nameTaken, refError } from "../ref_errors.ts";
import type { Identity } from "../reflog_entry.ts";
import { resolveStored } from "../resolve.ts";
import { changeLocked } from "../transaction/change_locked.ts";
import {
  planRewrite,
  type ReflogFilter,
  type ReflogRewrite,
  type ReflogRewriteOptions,
} from "./rewrite_log.ts";

/** How long to wait for locks. */
export interface ReflogLockOptions {
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout?: number | undefined;
}

/** An entry to be written to a log. */
export interface NewReflogEntry {
  /** What the ref held before, all zeros when it did not exist. */
  readonly oldOid: string;
  /** What the ref held then, all zeros when it was deleted. */
  readonly newOid: string;
  /** Why; white space in it becomes single spaces. */
  readonly message?: string | undefined;
}

/** Creates a log without entries, unless there is one. */
export async function createLog(
  backend: RefBackend,
  refname: string,
  options: ReflogLockOptions,
): Promise<void> {
  checkLogName(refname);
  await changeLocked(backend, [refname], options, () => [{ refname, log: { kind: "create" } }]);
}

/**
 * Checks the objects of a new entry.
 *
 * @throws {ReftableError} With code `"api"` when an object id is none, `"new-value"` when an object is not there, as far
 * as objects can be read.
 */
export async function checkEntry(
  { oldOid, newOid }: NewReflogEntry,
  hash: HashName,
  objects: ObjectReader | undefined,
): Promise<void> {
  for (const [which, oid] of [["old", oldOid], ["new", newOid]] as const) {
    checkOid(oid, hash);
    if (!objects || isZero(oid) || await objects.has(oid)) continue;
    throw new ReftableError("new-value", `${which} object '${oid}' does not exist`);
  }
}

/** Appends an entry to a log, and begins the log where there is none. The ref stays as it is and need not exist. */
export async function appendToLog(
  backend: RefBackend,
  refname: string,
  { oldOid, newOid, message = "" }: NewReflogEntry,
  committer: Identity,
  options: ReflogLockOptions,
): Promise<void> {
  checkLogName(refname);
  if (!refname.includes("/") && !isRootRef(refname)) {
    throw refError("refname", refname, `invalid reference name: ${refname}`);
  }
  const text = givenMessage(message);
  const log = { kind: "append", oldOid, newOid, committer, message: text } as const;
  await changeLocked(backend, [refname], options, (session) => {
    if (backend.format !== "reftable") checkLockable(session, refname);
    return [{ refname, log }];
  });
}

/** Checks what Git checks where locks are files: that there is, or could be, a ref of this name. */
function checkLockable(session: RefSession, refname: string): void {
  const ref = session.read(refname);
  if (ref === undefined) {
    const other = session.findConflicts([refname], new Set()).get(refname);
    if (other !== undefined) throw nameTaken(refname, other);
  } else if (resolveStored(session, ref).isBroken) {
    const message = `cannot lock ref '${refname}': error reading reference`;
    throw refError("format", refname, message);
  }
}

/** Deletes logs with all their entries. Refs without a log are passed over. */
export async function deleteLogs(
  backend: RefBackend,
  refnames: readonly string[],
  options: ReflogLockOptions,
): Promise<void> {
  await changeLocked(backend, refnames, options, (session) => {
    const withLog = refnames.filter((refname) => session.hasLog(refname));
    return withLog.map((refname): RefChange => ({ refname, log: { kind: "delete" } }));
  });
}

/**
 * Takes entries out of logs.
 *
 * @param makeFilter Makes what decides about the entries of a ref's log.
 * @param peel Finds what the objects lead to that refs hold from then on; nothing for those that are no tags.
 */
export async function removeFromLogs(
  backend: RefBackend,
  refnames: readonly string[],
  makeFilter: (reader: RefReader, refname: string) => ReflogFilter | Promise<ReflogFilter>,
  peel: (oid: string) => Promise<string | undefined>,
  options: ReflogRewriteOptions & ReflogLockOptions,
): Promise<ReflogRewrite[]> {
  const results: ReflogRewrite[] = [];
  await changeLocked(backend, refnames, options, async (session) => {
    const changes: RefChange[] = [];
    for (const refname of refnames) {
      const filter = await makeFilter(session, refname);
      const plan = planRewrite(session, refname, filter, options, backend.format);
      const { change, ...result } = plan;
      if (change) changes.push(await withPeeled(change, peel));
      results.push(result);
    }
    return options.dryRun ? [] : changes;
  });
  return results;
}

async function withPeeled(
  change: RefChange,
  peel: (oid: string) => Promise<string | undefined>,
): Promise<RefChange> {
  const { value } = change;
  if (typeof value !== "object" || value.kind !== "direct") return change;
  const peeled = await peel(value.oid);
  if (peeled === undefined) return change;
  return { ...change, value: { kind: "peeled", oid: value.oid, peeled } };
}

function checkLogName(refname: string): void {
  if (isPseudoRef(refname)) {
    const message = `refusing to update reflog for pseudoref '${refname}'`;
    throw refError("refname", refname, message);
  }
  if (isGoodRefname(refname)) return;
  throw refError("refname", refname, `refusing to update reflog with bad name '${refname}'`);
}

/** Checks that a ref has a log. */
export function requireLog(reader: Pick<RefReader, "hasLog">, refname: string): void {
  if (reader.hasLog(refname)) return;
  const message = `reflog could not be found: '${refname}'`;
  throw new ReftableError("not-exist", message, { ref: { refname } });
}
