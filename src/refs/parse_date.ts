import type { ReflogEntry } from "./reflog_entry.ts";

/** A moment, and the time zone of whoever names it. */
export interface ZonedTime {
  /** In seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** The time zone as Git writes it, read as a decimal number: −730 for `-0730`. */
  readonly tzOffset: number;
}

/**
 * Reads a date in one of the forms that Git's documentation puts first: `<seconds> <zone>`, with an `@` before it
 * where the seconds have fewer than nine digits; as in mails (RFC 2822); by ISO 8601, with a space or a `T` between
 * date and time; or as Git prints it. Without a time zone the local one is meant.
 *
 * Git reads more than that, but it also takes what it cannot read for nothing.
 *
 * @returns `undefined` when it is none of these.
 */
export function parseDate(text: string): ZonedTime | undefined {
  return parseSeconds(text) ?? parseCalendarDate(text);
}

/** Gives a moment in the local time zone. */
export function localTime(date: Date): ZonedTime {
  const time = Math.floor(date.getTime() / 1000);
  return { time, tzOffset: decimalZone(-date.getTimezoneOffset()) };
}

/** 2099-12-31 23:59:59 UTC, where Git's calendar ends. */
const LAST_TIME = 4_102_444_799;

function parseSeconds(text: string): ZonedTime | undefined {
  const [, at, digits, zone] = /^(@?)(\d+)(?: ([+-]\d{4}))?$/.exec(text) ?? [];
  const time = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(time)) return undefined;
  if (at && zone !== undefined) return { time, tzOffset: decimalZone(zoneMinutes(zone)) };
  // What is shorter could be a date without separators.
  if (time < 100_000_000 || time > LAST_TIME) return undefined;
  if (zone !== undefined) return isZone(zone) ? { time, tzOffset: Number(zone) } : undefined;
  // Git looks up the zone of the moment at which local clocks show what those in Greenwich show now.
  const utc = new Date(time * 1000);
  const shown = [utc.getUTCHours(), utc.getUTCMinutes(), utc.getUTCSeconds()] as const;
  const local = new Date(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate(), ...shown);
  return { time, tzOffset: localTime(local).tzOffset };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_NAME = "(?:(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat),? +)?";
const MONTH = `(?<month>${MONTHS.join("|")})`;
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d))?`;
const ZONE = String.raw`(?<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)`;

const FORMS: readonly RegExp[] = [
  // 2005-04-07T22:13:13+02:00
  String.raw`(?<year>\d{4})([-./])(?<month>\d\d)\2(?<day>\d\d)[T ]${TIME}(?:\.\d+)?(?: ?${ZONE})?`,
  // 20050407T221313Z
  String
    .raw`(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)${ZONE}?`,
  // Thu, 7 Apr 2005 22:13:13 +0200
  String.raw`${DAY_NAME}(?<day>\d\d?) ${MONTH} (?<year>\d{4}) ${TIME}(?: ${ZONE})?`,
  // Thu Apr 7 22:13:13 2005 +0200
  String.raw`${DAY_NAME}${MONTH} +(?<day>\d\d?) ${TIME} (?<year>\d{4})(?: ${ZONE})?`,
].map((form) => new RegExp(`^${form}$`, "i"));

function parseCalendarDate(text: string): ZonedTime | undefined {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups;
    if (fields) return readFields(fields);
  }
  return undefined;
}

function readFields(
  { year, month = "", day, hour, minute, second = "0", zone }: Readonly<
    Record<string, string | undefined>
  >,
): ZonedTime | undefined {
  const named = MONTHS.findIndex((name) => name.toLowerCase() === month.toLowerCase());
  const [y, m, d] = [Number(year), named < 0 ? Number(month) - 1 : named, Number(day)];
  const [h, min, s] = [Number(hour), Number(minute), Number(second)];
  const utc = new Date(Date.UTC(y, m, d, h, min, s));
  // A day or an hour that there is not becomes another one.
  const isReal = y >= 1970 && y < 2100 && utc.getUTCMonth() === m && utc.getUTCDate() === d &&
    utc.getUTCHours() === h && utc.getUTCMinutes() === min && utc.getUTCSeconds() === s;
  if (!isReal || (zone !== undefined && !isZone(zone))) return undefined;
  const minutes = zone === undefined
    ? -new Date(y, m, d, h, min, s).getTimezoneOffset()
    : zoneMinutes(zone);
  const time = utc.getTime() / 1000 - minutes * 60;
  return time >= 0 && time <= LAST_TIME ? { time, tzOffset: decimalZone(minutes) } : undefined;
}

/** Tells whether a zone is one that may be: less than a day away. */
function isZone(zone: string): boolean {
  const [, hours, minutes] = /^[+-](\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return Number(hours ?? 0) < 24 && Number(minutes ?? 0) < 60;
}

function zoneMinutes(zone: string): number {
  const [, sign, hours = 0, minutes = 0] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  const distance = Number(hours) * 60 + Number(minutes);
  return sign === "-" ? -distance : distance;
}

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
