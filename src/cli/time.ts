import { UsageError } from "./command.ts";

/** Units of time in seconds. */
const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
  month: 2592000,
  year: 31536000,
};

/**
 * Parses a point of time: seconds since 1970, an ISO date, `now`, `never` or `<n>.<unit>.ago`.
 *
 * @param now The present, in seconds since 1970-01-01 UTC.
 * @returns Seconds since 1970-01-01 UTC; 0 for `never`, before which there is nothing.
 * @throws {UsageError} When it is none of these.
 */
export function parseTime(text: string, now: number = Math.floor(Date.now() / 1000)): number {
  if (text === "now" || text === "all") return now;
  if (text === "never" || text === "false") return 0;
  if (/^@?[0-9]+$/.test(text)) return Number(text.replace("@", ""));
  const [, count, unit] = /^([0-9]+)[. ]([a-z]+?)s?[. ]ago$/.exec(text) ?? [];
  if (unit !== undefined && Object.hasOwn(UNITS, unit)) return now - Number(count) * UNITS[unit]!;
  const time = /^[0-9]{4}-/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return Math.floor(time / 1000);
  throw new UsageError(`malformed time \`${text}'`);
}
