import { UsageError } from "./failure.ts";

/** Units of time in seconds. */
const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86400,
  week: 604800,
};

/** Units of time in months, whose days differ. */
const MONTHS: Readonly<Record<string, number>> = { month: 1, year: 12 };

/** A date, and perhaps a time of the day and a zone. */
const DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?$/;

/**
 * Parses the time before which something is dropped: seconds since 1970, an ISO date, `<n>.<unit>.ago`, `now` or
 * `never`. As with Git, `now` drops all that there is, even what has a date in the future.
 *
 * @param now The present, in seconds since 1970-01-01 UTC.
 * @returns Seconds since 1970-01-01 UTC; 0 for `never`, before which there is nothing, and `Infinity`
 * for `now`.
 * @throws {UsageError} When it is none of these.
 */
export function parseTime(text: string, now: number = Math.floor(Date.now() / 1000)): number {
  if (text === "now" || text === "all") return Infinity;
  if (text === "never" || text === "false") return 0;
  if (/^@?[0-9]+$/.test(text)) return Number(text.replace("@", ""));
  const [, count, unit = ""] = /^([0-9]+)[. ]([a-z]+?)s?[. ]ago$/.exec(text) ?? [];
  if (Object.hasOwn(UNITS, unit)) return now - Number(count) * UNITS[unit]!;
  if (Object.hasOwn(MONTHS, unit)) return monthsBefore(now, Number(count) * MONTHS[unit]!);
  // A date alone begins at midnight here, not in Greenwich.
  const time = DATE.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : NaN;
  if (!Number.isNaN(time)) return Math.floor(time / 1000);
  throw new UsageError(`malformed time \`${text}'`);
}

function monthsBefore(now: number, months: number): number {
  const date = new Date(now * 1000);
  date.setMonth(date.getMonth() - months);
  return Math.floor(date.getTime() / 1000);
}
