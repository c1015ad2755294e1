import { trimEnd } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { Environment } from "../io/deno.ts";
import type { Config } from "./config/config.ts";
import type { Identity, ReflogEntry } from "./reflog_entry.ts";

/** Where to find out who makes a change. */
export interface IdentitySources {
  /** The repository's configuration, or the user's. */
  readonly config: Config;
  /** Gives variables of the environment, as far as they may be read. */
  readonly environment?: Environment | undefined;
}

/**
 * Finds out who makes a change now, as Git does it: from `GIT_COMMITTER_NAME`, `GIT_COMMITTER_EMAIL` and
 * `GIT_COMMITTER_DATE`, then from the variables `committer.*` and `user.*` of the configuration, then from `EMAIL`. A
 * name or an address is not made up from the account's and the machine's, which Git would do.
 *
 * @throws {ReftableError} With code `"identity"` when there is no name or no address, or the date cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { committerIdentity, openRepository } from "@reftable/reftable";
 *
 * const parameters = ["user.name=Jane Doe", "user.email=jane@example.com"];
 * const { config } = await openRepository("tests/fixtures/repository/git", { parameters });
 * assertEquals(committerIdentity({ config }).name, "Jane Doe");
 * ```
 */
export function committerIdentity(
  { config, environment = () => undefined }: IdentitySources,
): Identity {
  // What is empty does not count, but where it is the last word.
  const configured = (key: string) =>
    config.string(`committer.${key}`) || config.string(`user.${key}`);
  const email = environment("GIT_COMMITTER_EMAIL") ?? configured("email") ??
    (environment("EMAIL") || undefined);
  if (email === undefined) throw unknownIdentity("email");
  const name = environment("GIT_COMMITTER_NAME") ?? configured("name");
  if (name === undefined) throw unknownIdentity("name");
  if (name === "") throw refuse(`empty ident name (for <${email}>) not allowed`);
  return cleanIdentity({ name, email, ...committerTime(environment("GIT_COMMITTER_DATE")) });
}

function committerTime(date: string | undefined): ZonedTime {
  if (!date) return localTime(new Date());
  const time = parseDate(date);
  if (time) return time;
  throw refuse(`invalid date format: ${date}`);
}

/**
 * Takes out of a name and an address what Git takes out: white space and punctuation around them, and what would
 * break the line in which they are written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cleanIdentity } from "@reftable/reftable";
 *
 * const identity = { name: "Jane <Doe>, ", email: "<jane@example.com>" };
 * assertEquals(cleanIdentity(identity), { name: "Jane Doe", email: "jane@example.com" });
 * ```
 */
export function cleanIdentity<T extends Pick<Identity, "name" | "email">>(identity: T): T {
  return { ...identity, name: clean(identity.name), email: clean(identity.email) };
}

/**
 * Checks an identity that was given, and takes out of it what Git takes out.
 *
 * @throws {ReftableError} With code `"api"` when a log cannot hold it.
 */
export function checkIdentity(identity: Identity): Identity {
  const problem = identityProblem(identity);
  if (problem === undefined) return cleanIdentity(identity);
  throw new ReftableError("api", `Cannot log who makes a change: ${problem}`);
}

function identityProblem({ name, email, time, tzOffset }: Identity): string | undefined {
  if (name.includes("\0")) return `the name ${JSON.stringify(name)} has a NUL`;
  if (email.includes("\0")) return `the address ${JSON.stringify(email)} has a NUL`;
  if (!Number.isSafeInteger(time) || time < 0) return `the time is ${time}`;
  const isZone = Number.isInteger(tzOffset) && Math.abs(tzOffset) <= MAX_ZONE;
  return isZone ? undefined : `the time zone is ${tzOffset}`;
}

/** The largest time zone that is written in four digits. */
const MAX_ZONE = 9999;

function clean(text: string): string {
  return trimEnd(text, CRUD).replace(/^[\0- ,:;<>"\\']+/, "").replace(/[\n<>]/g, "");
}

/** What names and addresses neither begin nor end with: control characters, spaces and some marks. */
const CRUD = String.fromCharCode(...Array(33).keys()) + ",:;<>\"\\'";

function unknownIdentity(what: string): ReftableError {
  return refuse(`Committer identity unknown

*** Please tell me who you are.

Run

  git config --global user.email "you@example.com"
  git config --global user.name "Your Name"

to set your account's default identity.
Omit --global to set the identity only in this repository.

no ${what} was given and auto-detection is disabled`);
}

function refuse(message: string): ReftableError {
  return new ReftableError("identity", message);
}

/** A moment, and the time zone of whoever names it. */
interface ZonedTime {
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
function localTime(date: Date): ZonedTime {
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
function decimalZone(minutes: number): number {
  const distance = Math.abs(minutes);
  const decimal = Math.floor(distance / 60) * 100 + distance % 60;
  return minutes < 0 ? -decimal : decimal;
}

/** Makes of a time zone in minutes, as JGit writes it, the decimal number that Git writes. */
export function zoneFromMinutes<T extends ReflogEntry>(entry: T): T {
  return { ...entry, tzOffset: decimalZone(entry.tzOffset) };
}
