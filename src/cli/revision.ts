import type { RefStore } from "../refs/ref_store.ts";
import { isZero } from "../format/hash.ts";
import { fullNames } from "../refs/expand.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";

/** Tells whether an object id is all zeros, which stands for no object. */
export function isZeroOid(oid: string): boolean {
  return oid !== "" && isZero(oid);
}

/**
 * Finds the object that a revision means, by Git's rules: an object id or its beginning, the name of a ref,
 * `name@{<n>}`, `name@{<date>}`, `@{-<n>}`, and `~<n>`, `^<n>`, `^{<type>}`, `:<path>` behind any of these.
 *
 * @returns `undefined` when it means none.
 * @throws {Failure} When a log does not go back so far, in Git's words.
 */
export async function resolveOid(context: Context, text: string): Promise<string | undefined> {
  const refs = await context.refs();
  const oid = fullOid(text, oidLength(refs));
  if (oid !== undefined) return oid;
  const [, root = "", path] = /^((?:[^:{]|\{[^}]*\})*):(.*)$/s.exec(text) ?? [];
  if (path !== undefined) {
    if (root === "") throw fatal(`${text} is not supported: it needs the index, or a search`);
    const { objectAt } = await import("./history.ts");
    return await objectAt(context, await resolveOid(context, root), path);
  }
  const [, base = "", sign, digits = ""] = /^(.*)([~^])([0-9]*)$/s.exec(text) ?? [];
  if (sign !== undefined) {
    const { nthAncestor, nthParent } = await import("./history.ts");
    const count = digits === "" ? 1 : Number(digits);
    const walk = sign === "~" ? nthAncestor : nthParent;
    return await walk(context, await resolveOid(context, base), count);
  }
  const [, inner = "", type] = /^(.+)\^\{([^}]*)\}$/s.exec(text) ?? [];
  if (type !== undefined) {
    const { peelTo } = await import("./history.ts");
    return await peelTo(context, await resolveOid(context, inner), type);
  }
  return await resolveName(refs, text, context) ?? await resolveShortOid(text, context);
}

/** Gives an object id that is written in full, in lower case; `undefined` when that is something else. */
export function fullOid(text: string, digits: number): string | undefined {
  return text.length === digits && /^[0-9a-f]*$/i.test(text) ? text.toLowerCase() : undefined;
}

function oidLength({ hash }: RefStore): number {
  return hash === "sha1" ? 40 : 64;
}

async function resolveName(
  refs: RefStore,
  text: string,
  context: Context,
): Promise<string | undefined> {
  const [, name = text, at] = /^(.*?)@\{([^-].*|)\}$/s.exec(text) ?? [];
  if (at === undefined) {
    const branch = resolveBranchName(refs, text);
    const oid = branch && fullOid(branch, oidLength(refs));
    if (oid) return oid;
    return expandRef(refs, branch ?? text, context)?.oid;
  }
  if (/^(?:u|upstream|push)$/i.test(at)) {
    throw fatal(`@{${at}} is not supported: it needs what is configured of remotes`);
  }
  const log = findLog(refs, name, context);
  if (log === undefined) return undefined;
  const { entryAt } = await import("./reflog_entry_at.ts");
  return entryAt(refs, { ...log, name }, at, context);
}

/** Finds what a short name means, and says so when it could mean something else. */
function expandRef(
  refs: RefStore,
  name: string,
  context: Context,
): { refname: string; oid: string } | undefined {
  const warns = refs.repository.config.boolean("core.warnAmbiguousRefs") ?? true;
  const found: { refname: string; oid: string }[] = [];
  for (const full of fullNames(name)) {
    const resolved = refs.resolve(full);
    if (!resolved) continue;
    const { refname, oid, isSymref, isBroken } = resolved;
    if (oid !== undefined) found.push({ refname, oid });
    else if (isSymref && full !== "HEAD") context.warn(`ignoring dangling symref ${full}`);
    else if (isBroken && full.includes("/")) context.warn(`ignoring broken ref ${full}`);
    if (found.length > 0 && !warns) break;
  }
  if (found.length > 1) context.warn(`refname '${name}' is ambiguous.`);
  return found[0];
}

/** Finds the log that a short name means, and what its ref holds now. */
function findLog(
  refs: RefStore,
  name: string,
  context: Context,
): { refname: string; oid: string } | undefined {
  if (name === "") return expandRef(refs, "HEAD", context);
  const refname = findReflog(refs, resolveBranchName(refs, name) ?? name);
  const oid = refname && refs.resolve(refname)?.oid;
  return oid === undefined ? undefined : { refname: refname!, oid };
}

/**
 * Finds the ref whose log a short name means: of those it may stand for, the first that has one, or leads to a ref
 * that has.
 */
export function findReflog(refs: RefStore, name: string): string | undefined {
  for (const refname of fullNames(name === "@" ? "HEAD" : name)) {
    const resolved = refs.resolve(refname);
    if (resolved?.oid === undefined) continue;
    if (refs.hasReflog(refname)) return refname;
    if (refs.hasReflog(resolved.refname)) return resolved.refname;
  }
  return undefined;
}

/**
 * Finds what `@` and `@{-<n>}` stand for: HEAD, and what was checked out before as often.
 *
 * @returns `undefined` when the name is none of these, or that was not so often.
 */
export function resolveBranchName(refs: RefStore, name: string): string | undefined {
  if (name === "@") return "HEAD";
  const [, digits, rest = ""] = /^@\{-([0-9]+)\}(.*)$/s.exec(name) ?? [];
  if (digits === undefined) return undefined;
  let remaining = Number(digits);
  for (const { message } of refs.reflog("HEAD")) {
    const [, from] = /^checkout: moving from (.*?) to /s.exec(message) ?? [];
    if (from !== undefined && --remaining === 0) return from + rest;
  }
  return undefined;
}

/** The fewest digits that may stand for an object id. */
const FEWEST_DIGITS = 4;

async function resolveShortOid(
  text: string,
  context: Context,
): Promise<string | undefined> {
  const [, digits = text] = /-g([0-9a-f]+)$/i.exec(text) ?? [];
  if (digits.length < FEWEST_DIGITS || !/^[0-9a-f]+$/i.test(digits)) return undefined;
  const objects = await context.objects();
  const [oid, ...others] = objects.withPrefix(digits.toLowerCase());
  if (others.length === 0) return oid;
  context.warn(`short object ID ${digits} is ambiguous`, "error");
  return undefined;
}
