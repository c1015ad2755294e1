import type { ReftableError } from "../../errors.ts";
import type { NewRefValue } from "../stored_ref.ts";

/** What becomes of a ref. */
export type NewValue = NewRefValue | { readonly kind: "delete" };

/** The object id that a ref is to hold. */
export function oidOf(value: NewValue | undefined): string | undefined {
  return value?.kind === "direct" || value?.kind === "peeled" ? value.oid : undefined;
}

/** What a ref must hold before. */
export type OldValue =
  /** An object, found through symbolic refs; all zeros when the ref must not exist. */
  | { readonly kind: "oid"; readonly oid: string }
  /** The name of another ref. */
  | { readonly kind: "symref"; readonly target: string };

/** How a ref is changed. */
export interface UpdateManner {
  /** Whether the ref itself is meant, not what a symbolic ref leads to. */
  readonly noDeref: boolean;
  /** Which log entry there is: as configured, in any case, or none. */
  readonly log: "configured" | "always" | "never";
  /** Why, in one line. */
  readonly message: string;
}

/** What is asked of one ref. */
export interface UpdateRequest {
  /** Its full name. */
  readonly refname: string;
  /** What it is to hold; nothing changes without it. */
  readonly value: NewValue | undefined;
  /** What it must hold before; anything without it. */
  readonly expected: OldValue | undefined;
  /** How it is changed. */
  readonly manner: UpdateManner;
}

/** From which other update an update follows. */
export interface UpdateOrigin {
  /** The update of the symbolic ref that led to this one. */
  readonly parent?: Update | undefined;
  /** The update of the branch that HEAD points at, when this one only tells HEAD's log of it. */
  readonly branch?: Update | undefined;
  /** Whether HEAD led here, and so its log is cared for. */
  readonly isViaHead?: boolean | undefined;
}

/** What follows from nothing. */
const ASKED_FOR: UpdateOrigin = {};

/** An update of a transaction: one that was asked for, or one that follows from it. */
export class Update implements UpdateRequest {
  readonly refname: string;
  readonly value: NewValue | undefined;
  readonly expected: OldValue | undefined;
  readonly manner: UpdateManner;
  /** What this update follows from. */
  readonly origin: UpdateOrigin;
  /** Whether the ref itself stays as it is, and only its log may tell of the change. */
  isLogOnly: boolean;
  /** Whether the ref was there before. */
  existed = false;
  /** Whether the ref was a symbolic one before. */
  wasSymref = false;
  /** What the ref led to before, all zeros when there was nothing. */
  oldOid = "";
  /** Whether there is something to write. */
  isQueued = false;
  #rejection: ReftableError | undefined;
  #isChildRejected = false;

  constructor(
    { refname, value, expected, manner }: UpdateRequest,
    origin: UpdateOrigin = ASKED_FOR,
  ) {
    this.refname = refname;
    this.value = value;
    this.expected = expected;
    this.manner = manner;
    this.origin = origin;
    this.isLogOnly = origin.branch !== undefined;
  }

  /** The name of the ref that was asked for, which errors tell. */
  get originalName(): string {
    return this.origin.parent ? this.origin.parent.originalName : this.refname;
  }

  /** Why it is not done, in a transaction that allows for that. */
  get rejection(): ReftableError | undefined {
    return this.#rejection;
  }

  /** Whether nothing comes of it, because it or what it belongs to was rejected. */
  get isDropped(): boolean {
    return this.#rejection !== undefined || this.#isChildRejected ||
      (this.origin.branch?.isDropped ?? false);
  }

  /** Gives the update up, and with it what led to it. */
  reject(error: ReftableError): void {
    this.#rejection = error;
    for (let { parent } = this.origin; parent; parent = parent.origin.parent) {
      parent.#isChildRejected = true;
    }
  }
}

/** A change that was not made while the rest of its transaction was. */
export interface RefRejection {
  /** The full name of the ref; the one at the end where symbolic refs were followed. */
  readonly refname: string;
  /** The object id that it was to hold, all zeros when it was to be deleted. */
  readonly newOid: string | undefined;
  /** The ref that it was to point at. */
  readonly newTarget: string | undefined;
  /** The object id that it should have held, all zeros when it should not have existed. */
  readonly oldOid: string | undefined;
  /** The ref that it should have pointed at. */
  readonly oldTarget: string | undefined;
  /** Why not, in one of Git's phrases: `incorrect old value provided`. */
  readonly reason: string;
  /** Why not, at length. */
  readonly error: ReftableError;
}

/** Describes an update that was rejected. */
export function describeRejection(
  { refname, value, expected }: Update,
  error: ReftableError,
  zeroOid: string,
): RefRejection {
  return {
    refname,
    newOid: value?.kind === "delete" ? zeroOid : oidOf(value),
    newTarget: value?.kind === "symref" ? value.target : undefined,
    oldOid: expected?.kind === "oid" ? expected.oid : undefined,
    oldTarget: expected?.kind === "symref" ? expected.target : undefined,
    reason: rejectionReason(error),
    error,
  };
}

function rejectionReason({ code, message }: ReftableError): string {
  switch (code) {
    case "name-conflict":
      return "refname conflict";
    case "exists":
    case "lock":
      return "reference already exists";
    case "not-exist":
      return "reference does not exist";
    case "old-value":
      return message.endsWith("but is a regular ref")
        ? "expected symref but found regular ref"
        : "incorrect old value provided";
    case "new-value":
      return "invalid new value provided";
    default:
      return "unknown failure";
  }
}
