import type { ReflogEntry } from "../reflog_entry.ts";

/** Makes of a time zone in minutes, as JGit writes it, the decimal number that Git writes: −730 of −450. */
export function zoneFromMinutes<T extends ReflogEntry>(entry: T): T {
  const { tzOffset } = entry;
  const minutes = Math.abs(tzOffset);
  const decimal = Math.floor(minutes / 60) * 100 + minutes % 60;
  return { ...entry, tzOffset: tzOffset < 0 ? -decimal : decimal };
}
