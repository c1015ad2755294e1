/** What all refs have. */
export interface StoredRefBase {
  /** Its full name, as seen from the working tree that is open: `HEAD`, `refs/heads/main`, `worktrees/w/HEAD`. */
  readonly refname: string;
}

/** A ref that holds an object id. */
export interface StoredDirectRef extends StoredRefBase {
  /** What the ref holds. */
  readonly kind: "direct";
  /** The object id in lower-case hexadecimal digits. */
  readonly oid: string;
}

/** A ref that holds the id of an annotated tag, and what that leads to. */
export interface StoredPeeledRef extends StoredRefBase {
  /** What the ref holds. */
  readonly kind: "peeled";
  /** The id of the tag. */
  readonly oid: string;
  /** The id of the object that is no tag. */
  readonly peeled: string;
}

/** A ref that stands for another one. */
export interface StoredSymbolicRef extends StoredRefBase {
  /** What the ref holds. */
  readonly kind: "symref";
  /** The full name of the other ref. */
  readonly target: string;
}

/** A ref whose contents make no sense; it can only be deleted or written anew without its old value. */
export interface StoredBrokenRef extends StoredRefBase {
  /** What the ref holds. */
  readonly kind: "broken";
  /** What was found instead, for people. */
  readonly finding: string;
}

/** A ref as it is stored: nothing was followed. The refs of a table are such. */
export type StoredRef = StoredDirectRef | StoredPeeledRef | StoredSymbolicRef | StoredBrokenRef;

/** What a ref is to hold. */
export type NewRefValue =
  | Omit<StoredDirectRef, "refname">
  | Omit<StoredPeeledRef, "refname">
  | Omit<StoredSymbolicRef, "refname">;
