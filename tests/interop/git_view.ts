/**
 * What git says is in a repository, and what the records of its stacks say, in the same words.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { LogRecord, LogUpdate, RefRecord } from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { runGit } from "../peers/git.ts";

/** The records of one stack or of several that belong together. */
export interface RepositoryRecords {
  readonly refs: readonly RefRecord[];
  readonly logs: readonly LogRecord[];
}

/** Git in one repository; names that are not UTF-8 come as the library spells them. */
export class GitView {
  readonly #gitDir: string;

  constructor(gitDir: string) {
    this.#gitDir = gitDir;
  }

  /** Runs git, which must succeed, and gives its lines. */
  async lines(args: readonly string[]): Promise<string[]> {
    const { code, stderr, stdoutBytes } = await runGit([`--git-dir=${this.#gitDir}`, ...args]);
    if (code !== 0) throw new Error(`git ${args.join(" ")} exited with ${code}: ${stderr}`);
    return decodeText(stdoutBytes).split("\n").slice(0, -1);
  }

  /** Whether git, run so, says yes. */
  async says(args: readonly string[]): Promise<boolean> {
    return (await runGit([`--git-dir=${this.#gitDir}`, ...args])).code === 0;
  }

  /** All refs as `oid refname symref peeled`. */
  refs(): Promise<string[]> {
    const format = "%(objectname) %(refname) %(symref) %(*objectname)";
    return this.lines(["for-each-ref", "--include-root-refs", `--format=${format}`]);
  }

  /** The names of the refs that have a log. */
  logNames(): Promise<string[]> {
    return this.lines(["reflog", "list"]);
  }

  /** The entries of a log, the newest first; git shows those that lead to commits. */
  async log(refname: string): Promise<string[]> {
    const format = "--format=%H %gd %gn <%ge> %gs";
    const lines = await this.lines(["reflog", "show", "--date=raw", format, refname, "--"]);
    // Dates stand in a shortened name of the ref.
    return lines.map((line) => line.replace(/^(\S+) \S*@\{([^}]*)\}/, "$1 $2"));
  }

  /** Asserts that records are what git lists: refs, the names of logs, and the entries of each. */
  async assertAgrees(records: RepositoryRecords): Promise<void> {
    assertEquals(refLines(records), await this.refs());
    for (const ref of records.refs) {
      // A listing shows where a symbolic ref leads in the end, not where it points.
      if (ref.kind !== "symref") continue;
      const target = await this.lines(["symbolic-ref", "--no-recurse", ref.refname]);
      assertEquals([ref.target], target, ref.refname);
    }
    const names = [...new Set(records.logs.map(({ refname }) => refname))];
    assertEquals(names, await this.logNames());
    for (const name of names) {
      // The name of a log that is not UTF-8 cannot be passed to git here.
      if (!name.isWellFormed()) continue;
      assertEquals(logLines(records, name), await this.log(name), name);
    }
  }
}

/** Spells refs as {@linkcode GitView.refs} does; git leaves out those that lead nowhere. */
export function refLines({ refs }: RepositoryRecords): string[] {
  const byName = new Map(refs.map((ref) => [ref.refname, ref]));
  return refs.flatMap((ref) => {
    let symref = "";
    let end: RefRecord | undefined = ref;
    while (end?.kind === "symref") end = byName.get(symref = end.target);
    if (end === undefined || end.kind === "deletion") return [];
    return `${end.oid} ${ref.refname} ${symref} ${end.kind === "peeled" ? end.peeled : ""}`;
  });
}

/** Spells the entries of a log as {@linkcode GitView.log} does. */
export function logLines(records: RepositoryRecords, refname: string): string[] {
  return entries(records, refname).filter(({ newOid }) => !isZero(newOid)).map((log) =>
    `${log.newOid} ${log.time} ${zone(log)} ${log.name} <${log.email}> ${log.message.trimEnd()}`
  );
}

/** Spells a log as git's files do, the oldest entry first. */
export function logFile(records: RepositoryRecords, refname: string): string[] {
  return entries(records, refname).toReversed().map((log) => {
    const message = log.message.trimEnd();
    const head = `${log.oldOid} ${log.newOid} ${log.name} <${log.email}> ${log.time} ${zone(log)}`;
    return message === "" ? head : `${head}\t${message}`;
  });
}

/** The entries of a log without the record which says that there is one. */
function entries({ logs }: RepositoryRecords, refname: string): LogUpdate[] {
  return logs.filter((log) => log.refname === refname)
    .filter((log) => log.kind === "update")
    .filter(({ oldOid, newOid }) => !isZero(oldOid) || !isZero(newOid));
}

function isZero(oid: string): boolean {
  return /^0+$/.test(oid);
}

function zone({ tzOffset }: LogUpdate): string {
  return `${tzOffset < 0 ? "-" : "+"}${`${Math.abs(tzOffset)}`.padStart(4, "0")}`;
}

/** What belongs to one working tree and not to all. */
function isOwn({ refname }: { readonly refname: string }): boolean {
  return !refname.startsWith("refs/") || /^refs\/(bisect|rewritten|worktree)\//.test(refname);
}

/** Puts together what a linked working tree sees: what all share, and what is its own. */
export function seenFromWorktree(
  shared: RepositoryRecords,
  own: RepositoryRecords,
): RepositoryRecords {
  const join = <T extends { readonly refname: string }>(a: readonly T[], b: readonly T[]): T[] =>
    [...a.filter((record) => !isOwn(record)), ...b.filter(isOwn)]
      .sort((a, b) => a.refname === b.refname ? 0 : a.refname < b.refname ? -1 : 1);
  return { refs: join(shared.refs, own.refs), logs: join(shared.logs, own.logs) };
}
