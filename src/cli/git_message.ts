import type { ReftableError } from "../errors.ts";

/** What Git would say of an error where refs are changed. */
export function gitMessage({ code, message }: ReftableError): string {
  // A stack is locked as a whole; which ref was to be changed makes no difference.
  const isStackLock = code === "lock" && !message.startsWith("cannot lock ref");
  return isStackLock ? `cannot lock references: ${message}` : message;
}
