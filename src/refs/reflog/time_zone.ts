import type { ReflogEntry } from "../reflog_entry.ts";

/** Makes of minutes east of Greenwich the decimal number that Git writes: −730 of −450. */
export function decimalZone(minutes: number): number {
  const distance = Math.abs(minutes);
  const decimal = Math.floor(distance / 60) * 100 + distance % 60;
  return minutes < 0 ? -decimal : decimal;
}

/** Makes of a time zone in minutes, as JGit writes it, the decimal number that Git writes. */
export function zoneFromMinutes<T extends ReflogEntry>(entry: T): T {
  return { ...entry, tzOffset: decimalZone(entry.tzOffset) };
}
