import { within } from "../git_directory.ts";
import { isPerWorktreeRef, parseWorktreeName, REFS_PREFIX } from "../names.ts";
import type { Repository } from "../repository.ts";

/** Where a ref is kept. */
export interface RefLocation {
  /** The directory below which its file is, and the file of its log below `logs`. */
  readonly root: string;
  /** The name that it has there. */
  readonly name: string;
}

/** Names that lead out of where they belong: those with a component that is empty, `.` or `..`. */
const UNSAFE = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/** Where the files of refs and logs are, as one working tree sees them. */
export class RefPaths {
  /** The directory of the refs that all working trees share. */
  readonly shared: string;
  /** The directory of the refs that belong to this working tree alone; the same one in the main working tree. */
  readonly own: string;
  /** Whether the working tree is a linked one. */
  readonly isLinked: boolean;
  readonly #id: string | undefined;

  constructor({ storage, worktreeStorage, isLinked, worktreeId }: Repository) {
    this.shared = storage;
    this.own = worktreeStorage;
    this.isLinked = isLinked;
    this.#id = worktreeId;
  }

  /** Finds out where a ref is kept; `undefined` where a name leads to no place for refs. */
  locate(refname: string): RefLocation | undefined {
    if (UNSAFE.test(refname)) return undefined;
    // Nearly all names are such.
    if (refname.startsWith(REFS_PREFIX)) {
      const isOwn = this.isLinked && isPerWorktreeRef(refname);
      return { root: isOwn ? this.own : this.shared, name: refname };
    }
    const place = parseWorktreeName(refname);
    if (place.refname === "") return undefined;
    const name = place.refname;
    switch (place.kind) {
      case "shared":
      case "main":
        return { root: this.shared, name };
      case "current":
        return { root: this.own, name };
      case "other": {
        const isOwn = place.worktree === this.#id;
        return {
          root: isOwn ? this.own : within(this.shared, `worktrees/${place.worktree}`),
          name,
        };
      }
    }
  }
}

/** Gives the path of the file that holds a ref. */
export function refPath({ root, name }: RefLocation): string {
  return within(root, name);
}

/** Gives the path of the file that holds a ref's log. */
export function logPath({ root, name }: RefLocation): string {
  return within(root, `logs/${name}`);
}

/** Gives the names of the directories that a name is in, from the shortest to the longest. */
export function* directoriesOf(name: string): Generator<string, void> {
  for (let end = name.indexOf("/"); end !== -1; end = name.indexOf("/", end + 1)) {
    yield name.slice(0, end);
  }
}
