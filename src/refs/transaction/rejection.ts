import type { ReftableError } from "../../errors.ts";
import type { Update } from "./update.ts";

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
  { refname, request: { value, expected } }: Update,
  error: ReftableError,
  zeroOid: string,
): RefRejection {
  return {
    refname,
    newOid: value?.kind === "oid" ? value.oid : value?.kind === "delete" ? zeroOid : undefined,
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
