import type { Config } from "../config/config.ts";

/** Components of a repository that refs are part of, by their names in `core.fsync`. */
const WITH_REFS = ["reference", "committed", "added", "all"];

/**
 * Tells whether what is written waits until it has reached the disk: what `core.fsync` says about refs. Without that
 * variable they do, where Git lets the system write them when it likes.
 */
export function syncsRefs(config: Config): boolean {
  const value = config.string("core.fsync");
  if (value === undefined) return true;
  // As in Git, the beginning of a name will do, and what is wanted goes before what is not.
  return value.split(",").map((name) => name.replace(/^[ \t\n\r]+/, "")).some((name) => {
    return name !== "" && WITH_REFS.some((component) => component.startsWith(name));
  });
}
