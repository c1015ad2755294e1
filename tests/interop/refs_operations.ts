/**
 * Random changes of refs, each as a git command and as a call of the library.
 *
 * @module
 */

import type { Identity, RefStore } from "@reftable/reftable";

/** A change, in both ways. */
export interface Operation {
  /** What it is, for people. */
  readonly name: string;
  /** The working tree that it is made in. */
  readonly place: Place;
  /** git's arguments. */
  readonly args: readonly string[];
  /** What git reads from its standard input. */
  readonly stdin?: string | undefined;
  /** Makes the change with the library; throws when it is refused. */
  run(refs: RefStore, identity: Identity): Promise<unknown>;
  /** The working tree that the library makes it in, when that is another one. */
  readonly runPlace?: Place | undefined;
}

/** A working tree: the main one, or the linked one. */
export type Place = "main" | "linked";

/** What operations choose from. */
export interface World {
  /** Gives a whole number below a limit. */
  readonly random: (limit: number) => number;
  /** Objects of several kinds. */
  readonly oids: readonly string[];
  /** Those of them that are commits, and the one that was checked out first. */
  readonly commits: readonly string[];
  /** When the next operation is made, in seconds; a minute after the last. */
  readonly time: number;
  /** Whether commits can be found. */
  readonly canReadObjects: boolean;
  /** How refs are stored. */
  readonly refFormat: "files" | "reftable";
  /** Reads the refs of a working tree as they are now. */
  readonly look: (place: Place) => RefStore;
}

/** Names of which some cannot exist beside each other. */
export const REFNAMES: readonly string[] = [
  ...["refs/heads/main", "refs/heads/a", "refs/heads/a/b", "refs/heads/b", "refs/heads/c/d/e"],
  ...["refs/heads/c/d", "refs/tags/t", "refs/tags/t/u", "refs/remotes/o/x", "refs/notes/n"],
  ...["refs/custom/z", "HEAD", "ORIG_HEAD", "refs/worktree/w", "refs/bisect/bad", "FOO"],
];

/** Names that lead to the refs of a certain working tree. */
export const FAR_REFNAMES: readonly string[] = [
  ...["worktrees/linked/refs/worktree/w", "worktrees/linked/ORIG_HEAD"],
  ...["main-worktree/refs/worktree/w", "main-worktree/ORIG_HEAD"],
];

const MESSAGES = ["one", "  two \n words ", "", "x".repeat(3000), "ä — ö"] as const;

/** The names that operations may use, by which git can write. In reftables it writes far names as they are. */
function writableNames({ refFormat }: World): readonly string[] {
  return refFormat === "reftable" ? REFNAMES : [...REFNAMES, ...FAR_REFNAMES];
}

/** Makes a random operation. */
export function randomOperation(world: World): Operation {
  const { random } = world;
  const kinds = [
    ...Array(9).fill(updateRefs),
    ...Array(3).fill(pointSymref),
    ...[deleteSymref, renameBranch, renameBranch, copyBranch, writeLog, writeLog, dropLog],
    ...[updateFarRef, deleteLogEntry, deleteLogEntry, expireLog, expireLog, pack],
  ] as const;
  return kinds[random(kinds.length)]!(world);
}

function pick<T>({ random }: World, values: readonly T[]): T {
  return values[random(values.length)]!;
}

function pickPlace(world: World): Place {
  return world.random(5) === 0 ? "linked" : "main";
}

/** What a ref leads to, spelled as old value; zeros when there is nothing. */
function current(refs: RefStore, refname: string): string {
  return refs.resolve(refname)?.oid ?? "0".repeat(refs.hash === "sha1" ? 40 : 64);
}

function target(refs: RefStore, refname: string): string | undefined {
  const ref = refs.read(refname);
  return ref?.kind === "symref" ? ref.target : undefined;
}

/** A transaction of `git update-ref --stdin`. */
function updateRefs(world: World): Operation {
  const { random } = world;
  const place = pickPlace(world);
  const message = pick(world, MESSAGES).trim();
  const createReflog = random(8) === 0;
  const allowRejections = random(4) === 0;
  const commands = Array.from({ length: 1 + random(4) }, () => {
    return randomCommand(world, place, allowRejections);
  });
  if (isTooMuchForGit(world.look(place), commands)) return updateRefs(world);
  // Locks are files: that of `a/b` is in the way of `a` though `a/b` is rejected, as long as it is held.
  if (world.refFormat === "files" && allowRejections && areInTheWay(commands)) {
    return updateRefs(world);
  }
  // Of several stacks git writes one after another, and the logs of the later ones tell what is in the first.
  if (place === "linked" && commands.length > 1 && commands.some(({ isSymref }) => isSymref)) {
    return updateRefs(world);
  }
  return {
    name: `${place}: ${createReflog ? "with log " : ""}${commands.map(({ text }) => text)}`,
    place,
    args: [
      ...["update-ref", "--stdin"],
      ...(message === "" ? [] : ["-m", message]),
      ...(createReflog ? ["--create-reflog"] : []),
      ...(allowRejections ? ["--batch-updates"] : []),
    ],
    stdin: commands.map(({ text }) => text).join(""),
    run: (refs, identity) =>
      refs.transaction((transaction) => {
        for (const { add } of commands) add(transaction, createReflog);
      }, { message, allowRejections, identity }),
  };
}

type Transaction = ReturnType<RefStore["beginTransaction"]>;

/**
 * Tells whether symbolic refs of a transaction lead to refs that are the same, or cannot exist beside others. git looks
 * such names up in a list that it takes for sorted: it may miss them, and then give up in the middle of its work.
 */
function isTooMuchForGit(refs: RefStore, commands: readonly Command[]): boolean {
  const followed = commands.flatMap(({ refname, noDeref }) => {
    const resolved = noDeref ? undefined : refs.resolve(refname);
    return resolved?.isSymref ? [...resolved.via.slice(1), resolved.refname] : [];
  });
  const given = commands.map(({ refname }) => refname);
  const names = [...followed, ...given];
  const isDetour = followed.length > 1 && given.some((refname) => followed.includes(refname));
  return isDetour || new Set(followed).size < followed.length ||
    followed.some((a) => names.some((b) => isNested(a, b)));
}

function areInTheWay(commands: readonly Command[]): boolean {
  return commands.some((a) => commands.some((b) => isNested(a.refname, b.refname)));
}

interface Command {
  readonly refname: string;
  readonly noDeref: boolean;
  readonly isSymref?: boolean;
  readonly text: string;
  readonly add: (transaction: Transaction, createReflog: boolean) => void;
}

function randomCommand(world: World, place: Place, isBatch: boolean): Command {
  const { random, look } = world;
  const refs = look(place);
  const refname = pickName(world, refs, isBatch);
  const noDeref = random(4) === 0;
  const option = noDeref ? "option no-deref\n" : "";
  const oid = pick(world, world.oids);
  const old = [undefined, current(refs, refname), "0".repeat(oid.length), pick(world, world.oids)];
  const expect = old[random(old.length)];
  const to = pick(world, REFNAMES.filter((name) => name.startsWith("refs/heads/")));
  switch (random(10)) {
    case 0:
    case 1:
      return {
        refname,
        noDeref,
        text: `${option}create ${refname} ${oid}\n`,
        add: (tx, createReflog) => tx.create(refname, oid, { noDeref, createReflog }),
      };
    case 2:
    case 3:
    case 4:
      return {
        refname,
        noDeref,
        text: `${option}update ${refname} ${oid}${expect === undefined ? "" : ` ${expect}`}\n`,
        add: (tx, createReflog) => tx.update(refname, oid, { noDeref, createReflog, expect }),
      };
    case 5:
    case 6: {
      const isZero = expect === undefined || /^0*$/.test(expect);
      // Without the file HEAD there is no repository.
      const isHeadItself = noDeref || target(refs, refname) === undefined;
      if (world.refFormat === "files" && refname === "HEAD" && isHeadItself) break;
      return {
        refname,
        noDeref,
        text: `${option}delete ${refname}${isZero ? "" : ` ${expect}`}\n`,
        add: (tx) => tx.delete(refname, { noDeref, expect: isZero ? undefined : expect }),
      };
    }
    case 7:
      if (isMisloggedByGit(world, refs, refname, noDeref)) break;
      return {
        refname,
        noDeref,
        text: `${option}verify ${refname} ${expect ?? ""}\n`,
        add: (tx) => tx.verify(refname, expect ?? "0".repeat(oid.length), { noDeref }),
      };
    case 8:
      if (isHeadBranch(refs, refname) || isDetour(refs, refname, to)) break;
      return {
        refname,
        noDeref: true,
        isSymref: true,
        text: `option no-deref\nsymref-create ${refname} ${to}\n`,
        add: (tx, createReflog) => tx.createSymref(refname, to, { createReflog }),
      };
    case 9: {
      if (isHeadBranch(refs, refname) || isDetour(refs, refname, to)) break;
      const expectTarget = pick(world, [undefined, target(refs, refname), to]);
      const old = expectTarget === undefined ? "" : ` ref ${expectTarget}`;
      return {
        refname,
        noDeref: true,
        isSymref: true,
        text: `option no-deref\nsymref-update ${refname} ${to}${old}\n`,
        add: (tx, createReflog) => tx.updateSymref(refname, to, { createReflog, expectTarget }),
      };
    }
  }
  return randomCommand(world, place, isBatch);
}

/**
 * Picks the ref to change. In a batch git logs for HEAD, and for symbolic refs, what was rejected; so those are left
 * out there.
 */
function pickName(world: World, refs: RefStore, isBatch: boolean): string {
  for (;;) {
    const refname = pick(world, writableNames(world));
    if (!isBatch) return refname;
    if (refs.read(refname)?.kind !== "symref" && !isHeadBranch(refs, refname)) return refname;
  }
}

/** Where refs are files, git has HEAD's log tell that a ref was deleted which was only verified. */
function isMisloggedByGit(
  { refFormat }: World,
  refs: RefStore,
  refname: string,
  noDeref: boolean,
): boolean {
  if (refFormat === "reftable") return false;
  return isHeadBranch(refs, refname) || !noDeref && refs.read(refname)?.kind === "symref";
}

/** Tells whether HEAD would point at another symbolic ref. */
function isDetour(refs: RefStore, refname: string, to: string): boolean {
  return refname === "HEAD" && refs.read(to)?.kind === "symref";
}

/** Where HEAD leads by way of two symbolic refs, git's files tell HEAD's log another story than its reftables. */
function isHeadBranch(refs: RefStore, refname: string): boolean {
  return refs.read("HEAD")?.kind === "symref" && target(refs, "HEAD") === refname;
}

/** Has the library change a ref of the other working tree, and git the same where it belongs. */
function updateFarRef(world: World): Operation {
  const far = pick(world, FAR_REFNAMES);
  const near = far.replace(/^(?:worktrees\/linked|main-worktree)\//, "");
  const [place, runPlace]: Place[] = far.startsWith("worktrees/")
    ? ["linked", "main"]
    : ["main", "linked"];
  const oid = pick(world, world.oids);
  const createReflog = world.random(2) === 0;
  return {
    name: `${runPlace}: update ${far}${createReflog ? " with log" : ""}`,
    place: place!,
    runPlace,
    // Where a symbolic ref leads to a branch, it would be another HEAD's log that tells of it.
    args: [
      ...["update-ref", "--no-deref", "-m", "far"],
      ...(createReflog ? ["--create-reflog"] : []),
      ...[near, oid],
    ],
    run: (refs, identity) => {
      const options = { createReflog, noDeref: true, message: "far" };
      return refs.transaction((tx) => tx.update(far, oid, options), { identity });
    },
  };
}

function pointSymref(world: World): Operation {
  const place = pickPlace(world);
  const refs = world.look(place);
  const refname = pick(world, [
    "HEAD",
    "HEAD",
    "refs/heads/s",
    "refs/remotes/o/HEAD",
    "refs/tags/t",
  ]);
  const to = pick(world, REFNAMES.filter((name) => name.startsWith("refs/heads/")));
  const message = pick(world, MESSAGES.filter((message) => message !== ""));
  if (isHeadBranch(refs, refname) || isDetour(refs, refname, to)) return randomOperation(world);
  return {
    name: `${place}: point ${refname} at ${to}`,
    place,
    args: ["symbolic-ref", "-m", message, refname, to],
    run: (refs, identity) =>
      refs.transaction((tx) => tx.updateSymref(refname, to), { message, identity }),
  };
}

function deleteSymref(world: World): Operation {
  const place = pickPlace(world);
  const refname = pick(world, ["refs/heads/s", "refs/remotes/o/HEAD", "refs/tags/t"]);
  const expectTarget = target(world.look(place), refname);
  if (expectTarget === undefined) return randomOperation(world);
  return {
    name: `${place}: delete symref ${refname}`,
    place,
    args: ["symbolic-ref", "-d", refname],
    run: (refs, identity) => refs.transaction((tx) => tx.deleteSymref(refname), { identity }),
  };
}

function renameBranch(world: World): Operation {
  const refs = world.look("main");
  const [from, to] = pickBranches(world);
  // git would only have HEADs point elsewhere.
  if (isHeadBroken(refs) || refs.read(from) === undefined) return randomOperation(world);
  if (world.refFormat === "files") {
    // A HEAD that points at what is deleted first tells of that, and then of the new one.
    if (hasLogAround(refs, to) || isHeadBranch(refs, to)) return randomOperation(world);
  }
  // To git a branch that leads nowhere is none.
  const force = refs.resolve(to)?.oid === undefined;
  return {
    name: `rename ${from} to ${to}`,
    place: "main",
    args: ["branch", "-m", short(from), short(to)],
    run: (refs, identity) => {
      const message = `Branch: renamed ${from} to ${to}`;
      return refs.rename(from, to, { message, force, moveHeads: true, identity });
    },
  };
}

/** Tells whether logs without refs are in a log's way: git loses the log that it would put there. */
function hasLogAround(refs: RefStore, refname: string): boolean {
  return refs.reflogNames().some((name) => isNested(name, refname));
}

function isNested(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function copyBranch(world: World): Operation {
  const [from, to] = pickBranches(world);
  if (isHeadBroken(world.look("main"))) return randomOperation(world);
  // Where the new ref cannot be beside the old one, git writes to its log before it finds that out.
  if (world.refFormat === "files" && isNested(from, to)) return randomOperation(world);
  const force = world.look("main").resolve(to)?.oid === undefined;
  return {
    name: `copy ${from} to ${to}`,
    place: "main",
    args: ["branch", "-c", short(from), short(to)],
    run: (refs, identity) => {
      return refs.copy(from, to, { message: `Branch: copied ${from} to ${to}`, force, identity });
    },
  };
}

/** Tells whether HEAD leads in a circle: `git branch` does not work then. */
function isHeadBroken(refs: RefStore): boolean {
  return refs.resolve("HEAD")?.isBroken ?? true;
}

function pickBranches(world: World): [from: string, to: string] {
  const names = REFNAMES.filter((name) => name.startsWith("refs/heads/"));
  const from = pick(world, names);
  const to = pick(world, names.filter((name) => name !== from));
  return [from, to];
}

function short(branch: string): string {
  return branch.slice("refs/heads/".length);
}

function writeLog(world: World): Operation {
  const place = pickPlace(world);
  const refname = pick(world, writableNames(world));
  // Files that logs without refs leave behind make git stop in the middle of a transaction.
  if (world.refFormat === "files" && world.look(place).read(refname) === undefined) {
    return randomOperation(world);
  }
  const [oldOid, newOid] = [pick(world, world.oids), pick(world, world.oids)];
  const message = pick(world, MESSAGES);
  return {
    name: `${place}: write log of ${refname}`,
    place,
    args: ["reflog", "write", refname, oldOid, newOid, message],
    run: (refs, identity) => refs.writeReflog(refname, { oldOid, newOid, message }, { identity }),
  };
}

/** Picks a ref with a log, if there is one. */
function pickLog(world: World, refs: RefStore): string {
  const names = refs.reflogNames().toArray();
  return names.length > 0 ? pick(world, names) : pick(world, REFNAMES);
}

function dropLog(world: World): Operation {
  const place = pickPlace(world);
  const refname = pickLog(world, world.look(place));
  if (isLost(world.look(place), refname)) return randomOperation(world);
  return {
    name: `${place}: drop log of ${refname}`,
    place,
    args: ["reflog", "drop", refname],
    run: (refs) => refs.dropReflogs([refname]),
  };
}

/** Tells whether git does not find a log by its name: it asks for a ref that leads to an object. */
function isLost(refs: RefStore, refname: string): boolean {
  return !refs.hasReflog(refname) || refs.resolve(refname)?.oid === undefined;
}

function deleteLogEntry(world: World): Operation {
  const { random } = world;
  const place = pickPlace(world);
  const refname = pickLog(world, world.look(place));
  if (isLost(world.look(place), refname)) return randomOperation(world);
  const position = random(4);
  const rewrite = random(2) === 0;
  const updateRef = random(3) === 0;
  const options = [...(rewrite ? ["--rewrite"] : []), ...(updateRef ? ["--updateref"] : [])];
  return {
    name: `${place}: delete ${refname}@{${position}} ${options}`,
    place,
    args: ["reflog", "delete", ...options, `${refname}@{${position}}`],
    run: (refs) => refs.deleteReflogEntries(refname, [position], { rewrite, updateRef }),
  };
}

function expireLog(world: World): Operation {
  const { random, time, canReadObjects } = world;
  const place = pickPlace(world);
  const refname = pickLog(world, world.look(place));
  if (isLost(world.look(place), refname)) return randomOperation(world);
  const rewrite = random(2) === 0;
  const before = pick(world, [0, time - 60 * random(100), time]);
  const unreachableBefore = canReadObjects ? pick(world, [0, time - 60 * random(100), time]) : 0;
  return {
    name: `${place}: expire ${refname} before ${before}, unreachable before ${unreachableBefore}` +
      `${rewrite ? ", rewrite" : ""}`,
    place,
    args: [
      ...["reflog", "expire", `--expire=${gitTime(before)}`],
      `--expire-unreachable=${gitTime(unreachableBefore)}`,
      ...[...(rewrite ? ["--rewrite"] : []), refname],
    ],
    run: (refs) => {
      const unreachable = canReadObjects ? { unreachableBefore } : {};
      return refs.expireReflogs([refname], { before, ...unreachable, rewrite });
    },
  };
}

function gitTime(time: number): string {
  return time === 0 ? "never" : `@${time}`;
}

function pack(world: World): Operation {
  const place = pickPlace(world);
  if (world.refFormat === "files" && hasOddBranch(world)) return randomOperation(world);
  const auto = world.random(2) === 0;
  return {
    name: `${place}: pack`,
    place,
    args: ["pack-refs", ...(auto ? ["--auto"] : ["--all"])],
    run: (refs) => refs.pack(auto ? { auto } : { all: true }),
  };
}

/** Tells whether a branch holds no commit, which symbolic refs and logs make possible; git does not pack it then. */
function hasOddBranch({ look, commits }: World): boolean {
  return look("main").list({ prefix: "refs/heads/" }).some((ref) => {
    return ref.kind === "peeled" || ref.kind === "direct" && !commits.includes(ref.oid);
  });
}
