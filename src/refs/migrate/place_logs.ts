import type { Stack } from "../../stack/stack.ts";
import { FilesLogs } from "../files/files_logs.ts";
import { isCurrentWorktreeRef } from "../names.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import { LogIndex, stackLog } from "../reftable/stack_logs.ts";
import type { FilePlace } from "./file_refs.ts";

/** The logs of one working tree. */
export interface PlaceLogs {
  /** The names of the refs that have a log, in the order of their bytes. */
  readonly names: readonly string[];
  /** Gives the entries of a log from the oldest to the newest. */
  read(refname: string): Promise<readonly ReflogEntry[]>;
}

/** Finds the logs of one working tree that are files. */
export function fileLogs(place: FilePlace): PlaceLogs {
  const logs = new FilesLogs({ ...place, mode: undefined });
  const names = logs.names().filter((refname) => !place.isLinked || isCurrentWorktreeRef(refname));
  const read = (refname: string) => Promise.try(() => logs.read(refname, "oldest-first").toArray());
  return { names, read };
}

/** Finds the logs in the stack of one working tree. */
export function stackLogs(stack: Stack, accepts: (refname: string) => boolean): PlaceLogs {
  using index = new LogIndex(stack);
  const names = index.names().filter(accepts);
  const read = (refname: string) => {
    return Promise.resolve(stackLog(stack, refname, "oldest-first").toArray());
  };
  return { names, read };
}

/** How many entries to keep so that they need not be read twice. */
const KEPT_ENTRIES = 250_000;

/** Keeps entries that were read, as far as they are not too many. */
export function keepEntries(logs: PlaceLogs): PlaceLogs {
  const kept = new Map<string, readonly ReflogEntry[]>();
  let count = 0;
  const read = async (refname: string) => {
    const known = kept.get(refname);
    if (known) return known;
    const entries = await logs.read(refname);
    count += entries.length;
    if (count <= KEPT_ENTRIES) kept.set(refname, entries);
    return entries;
  };
  return { names: logs.names, read };
}
