/** The kind of an object. */
export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** An object as far as it was read. */
export interface ReadObject {
  /** Its id. */
  readonly oid: string;
  /** What it is. */
  readonly type: ObjectType;
  /** Its size in bytes. */
  readonly size: number;
  /** What is in it, when that was asked for; bytes that are not UTF-8 are lone surrogates. */
  readonly content?: string | undefined;
}

/** A ref that is shown. */
export interface RefItem {
  /** Its full name. */
  readonly refname: string;
  /** The id of the object that it leads to. */
  readonly oid: string;
  /** Where it leads in the end when it is symbolic. */
  readonly symref?: string | undefined;
  /** Whether it is in `packed-refs`. */
  readonly isPacked?: boolean | undefined;
  /** The id of the object behind the tag that it holds, where that is stored beside it. */
  readonly peeled?: string | undefined;
  /** The object, when it was read. */
  object?: ReadObject | undefined;
  /** The object behind it when that is a tag, as far as it was read; what the ref itself tells goes first. */
  peeledObject?: ReadObject | undefined;
}

/** What a format must know of a repository. */
export interface RefSurroundings {
  /** Where `HEAD` leads. */
  readonly head: string | undefined;
  /** Shortens the name of a ref. */
  shorten(refname: string): string;
  /** Cuts an object id to so many digits that it still means one object; to as many as people like by default. */
  abbreviate(oid: string, length?: number): string;
  /** Tells which working tree a branch is checked out in. */
  worktreePath(refname: string): string | undefined;
  /** The present, in seconds since 1970-01-01 UTC. */
  now(): number;
  /** Whether colours are wanted. */
  readonly color: boolean;
}
