import { fatal } from "../failure.ts";

/** A moment, as Git notes it down. */
export interface Moment {
  /** Seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** The time zone, read as a decimal number: −730 for `-0730`. */
  readonly tzOffset: number;
}

/** Formats moments. */
export type DateFormatter = (moment: Moment) => string;

/** What the formats that depend on it take as the present, in seconds since 1970-01-01 UTC. */
export type Clock = () => number;

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July", "August", "September"],
  ...["October", "November", "December"],
];

/**
 * Makes what formats moments as Git's `--date` says it: `default`, `iso`, `iso-strict`, `rfc`, `short`, `raw`, `unix`,
 * `relative`, `human` or `format:` with the directives of `strftime`; `-local` behind one takes the time zone
 * of this place.
 *
 * @throws {Failure} When there is no such format.
 */
export function parseDateFormat(text: string, clock: Clock): DateFormatter {
  const [, format = ""] = /^auto:(.*)$/s.exec(text) ?? [];
  // Nobody is shown dates in another way: output is no terminal's business here.
  if (format !== "") return parseDateFormat("default", clock);
  if (text.startsWith("format:")) return (moment) => strftime(text.slice(7), moment, false);
  if (text.startsWith("format-local:")) {
    return (moment) => strftime(text.slice(13), localMoment(moment), true);
  }
  const [, name = "", suffix] =
    /^(.*?)(-local)?$/s.exec(text === "local" ? "default-local" : text) ??
      [];
  const isLocal = suffix !== undefined;
  const formatter = namedFormat(name, isLocal, clock);
  if (!formatter) throw fatal(`unknown date format ${text}`);
  return isLocal ? (moment) => formatter(localMoment(moment)) : formatter;
}

function namedFormat(name: string, isLocal: boolean, clock: Clock): DateFormatter | undefined {
  switch (name) {
    case "default":
      return isLocal
        ? (moment) => strftime("%a %b %-d %H:%M:%S %Y", moment, false)
        : (moment) => strftime("%a %b %-d %H:%M:%S %Y %z", moment, false);
    case "iso":
    case "iso8601":
      return (moment) => strftime("%Y-%m-%d %H:%M:%S %z", moment, false);
    case "iso-strict":
    case "iso8601-strict":
      return (moment) => strftime("%Y-%m-%dT%H:%M:%S", moment, false) + strictZone(moment);
    case "rfc":
    case "rfc2822":
      return (moment) => strftime("%a, %-d %b %Y %H:%M:%S %z", moment, false);
    case "short":
      return (moment) => strftime("%Y-%m-%d", moment, false);
    case "raw":
      return ({ time, tzOffset }) => `${time} ${formatZone(tzOffset)}`;
    case "unix":
      return ({ time }) => `${time}`;
    case "relative":
      return ({ time }) => formatRelative(time, clock());
    case "human":
      return (moment) => formatHuman(moment, clock());
    default:
      return undefined;
  }
}

/** Formats a time zone as Git writes it: a sign and four digits. */
export function formatZone(tzOffset: number): string {
  return (tzOffset < 0 ? "-" : "+") + String(Math.abs(tzOffset)).padStart(4, "0");
}

function strictZone({ tzOffset }: Moment): string {
  return tzOffset === 0 ? "Z" : formatZone(tzOffset).replace(/(..)$/, ":$1");
}

/** The moment in the time zone of this place. */
function localMoment({ time }: Moment): Moment {
  const minutes = -new Date(time * 1000).getTimezoneOffset();
  const size = Math.floor(Math.abs(minutes) / 60) * 100 + Math.abs(minutes) % 60;
  return { time, tzOffset: minutes < 0 ? -size : size };
}

/** The wall clock at a moment: its UTC fields are those of the moment's own time zone. */
function wallClock({ time, tzOffset }: Moment): Date {
  const size = Math.abs(tzOffset);
  const minutes = Math.floor(size / 100) * 60 + size % 100;
  return new Date((time + (tzOffset < 0 ? -minutes : minutes) * 60) * 1000);
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function formatRelative(time: number, now: number): string {
  if (now < time) return "in the future";
  const seconds = now - time;
  if (seconds < 90) return `${plural(seconds, "second")} ago`;
  const minutes = Math.floor((seconds + 30) / 60);
  if (minutes < 90) return `${plural(minutes, "minute")} ago`;
  const hours = Math.floor((minutes + 30) / 60);
  if (hours < 36) return `${plural(hours, "hour")} ago`;
  const days = Math.floor((hours + 12) / 24);
  if (days < 14) return `${plural(days, "day")} ago`;
  if (days < 70) return `${plural(Math.floor((days + 3) / 7), "week")} ago`;
  if (days < 365) return `${plural(Math.floor((days + 15) / 30), "month")} ago`;
  if (days >= 1825) return `${plural(Math.floor((days + 183) / 365), "year")} ago`;
  const months = Math.floor((days * 12 * 2 + 365) / (365 * 2));
  const years = plural(Math.floor(months / 12), "year");
  return months % 12 === 0 ? `${years} ago` : `${years}, ${plural(months % 12, "month")} ago`;
}

/** The nearer a moment is, the less of its date is told. */
function formatHuman(moment: Moment, now: number): string {
  const here = localMoment({ time: now, tzOffset: 0 });
  const [date, today] = [wallClock(moment), wallClock(here)];
  const sameYear = date.getUTCFullYear() === today.getUTCFullYear();
  let hidesDate = false;
  if (sameYear && date.getUTCMonth() === today.getUTCMonth()) {
    const days = today.getUTCDate() - date.getUTCDate();
    if (days === 0) return formatRelative(moment.time, now);
    hidesDate = days > 0 && days < 5;
  }
  const zone = hidesDate && moment.tzOffset !== here.tzOffset ? " %z" : "";
  if (hidesDate) return strftime(`%a %H:%M${zone}`, moment, false);
  return strftime(sameYear ? "%a %b %-d %H:%M" : "%b %-d %Y", moment, false);
}

/** Formats the wall clock at a moment by the directives of the C library, in English. */
function strftime(format: string, moment: Moment, isLocal: boolean): string {
  const date = wallClock(moment);
  return format.replace(/%([-_0^#]?[EO]?)([\s\S])/g, (whole, flag: string, directive: string) => {
    const text = expand(directive, date, moment, isLocal);
    if (text === undefined) return whole;
    if (flag === "-") return text.replace(/^[0 ]+(?=.)/, "");
    if (flag === "^") return text.toUpperCase();
    return flag === "_" ? text.replace(/^0+(?=.)/, (zeros) => " ".repeat(zeros.length)) : text;
  });
}

function expand(
  directive: string,
  date: Date,
  moment: Moment,
  isLocal: boolean,
): string | undefined {
  const pad = (number: number, width = 2) => String(number).padStart(width, "0");
  const again = (format: string) => strftime(format, moment, isLocal);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const [hours, weekday] = [date.getUTCHours(), date.getUTCDay()];
  const yearDay = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000);
  switch (directive) {
    case "a":
      return WEEKDAYS[weekday]!.slice(0, 3);
    case "A":
      return WEEKDAYS[weekday]!;
    case "b":
    case "h":
      return MONTHS[month]!.slice(0, 3);
    case "B":
      return MONTHS[month]!;
    case "c":
      return again("%a %b %e %H:%M:%S %Y");
    case "C":
      return pad(Math.floor(year / 100));
    case "d":
      return pad(day);
    case "D":
    case "x":
      return again("%m/%d/%y");
    case "e":
      return String(day).padStart(2, " ");
    case "F":
      return again("%Y-%m-%d");
    case "g":
      return pad(isoWeek(date).year % 100);
    case "G":
      return pad(isoWeek(date).year, 4);
    case "H":
      return pad(hours);
    case "I":
      return pad(hours % 12 || 12);
    case "j":
      return pad(yearDay + 1, 3);
    case "k":
      return String(hours).padStart(2, " ");
    case "l":
      return String(hours % 12 || 12).padStart(2, " ");
    case "m":
      return pad(month + 1);
    case "M":
      return pad(date.getUTCMinutes());
    case "n":
      return "\n";
    case "p":
      return hours < 12 ? "AM" : "PM";
    case "P":
      return hours < 12 ? "am" : "pm";
    case "r":
      return again("%I:%M:%S %p");
    case "R":
      return again("%H:%M");
    case "s":
      return `${moment.time}`;
    case "S":
      return pad(date.getUTCSeconds());
    case "t":
      return "\t";
    case "T":
    case "X":
      return again("%H:%M:%S");
    case "u":
      return `${weekday || 7}`;
    case "U":
      return pad(Math.floor((yearDay + 7 - weekday) / 7));
    case "V":
      return pad(isoWeek(date).week);
    case "w":
      return `${weekday}`;
    case "W":
      return pad(Math.floor((yearDay + 7 - (weekday + 6) % 7) / 7));
    case "y":
      return pad(year % 100);
    case "Y":
      return `${year}`;
    case "z":
      return formatZone(moment.tzOffset);
    case "Z":
      return isLocal ? zoneName(moment) : "";
    case "%":
      return "%";
    default:
      return undefined;
  }
}

/** The week of a date, and the year that this is counted in: that of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const year = thursday.getUTCFullYear();
  const days = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / 86_400_000);
  return { year, week: Math.floor(days / 7) + 1 };
}

/** The name of this place's time zone at a moment, such as `UTC`. */
function zoneName({ time }: Moment): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" })
    .formatToParts(time * 1000);
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
}
