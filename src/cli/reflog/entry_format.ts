import { parseColor } from "../ref_filter/color.ts";
import { fatal } from "../failure.ts";
import type { DateFormatter } from "../ref_filter/date_format.ts";
import type { ShownEntry } from "./walk_logs.ts";

/** What formats of entries need to know. */
export interface EntrySurroundings {
  /** Shortens the name of a ref. */
  shorten(refname: string): string;
  /** Cuts an object id to so many digits that it still means one object. */
  abbreviate(oid: string): string;
  /** How dates are shown; places are told by date where one is asked for. */
  readonly date: DateFormatter;
  /** Whether a date format was asked for. */
  readonly hasDate: boolean;
  /** Whether colours are wanted. */
  readonly color: boolean;
  /** Whether object ids are cut where the format does not tell. */
  readonly abbreviates: boolean;
}

/** Shows entries one after the other. */
export interface EntryFormat {
  /** Formats an entry. */
  format(shown: ShownEntry): string;
  /** Whether each is followed by a newline, and not only those before others. */
  readonly terminates: boolean;
}

/** Formats that show the commit too. */
const COMMIT_FORMATS = ["short", "medium", "full", "fuller", "reference", "email", "mboxrd", "raw"];

/**
 * Parses a format as that of `git log`: `oneline`, or text with placeholders, perhaps with `format:` or `tformat:`
 * before it.
 *
 * @throws {Failure} When there is no such format, or what it shows is not in logs.
 */
export function parseEntryFormat(text: string, around: EntrySurroundings): EntryFormat {
  if (text === "oneline") {
    return { format: (shown) => formatLine(shown, around), terminates: true };
  }
  const [, kind = "tformat", template = text] = /^(t?format):(.*)$/s.exec(text) ?? [];
  if (template === text && !text.includes("%")) {
    const isKnown = COMMIT_FORMATS.includes(text);
    throw fatal(isKnown ? notInLogs(text) : `invalid --pretty format: ${text}`);
  }
  const parts = parseTemplate(template);
  return {
    format: (shown) => parts.map((part) => part(shown, around)).join(""),
    terminates: kind === "tformat",
  };
}

function formatLine(shown: ShownEntry, around: EntrySurroundings): string {
  const { newOid } = shown.entry;
  const oid = around.abbreviates ? around.abbreviate(newOid) : newOid;
  const [on, off] = around.color ? ["\x1b[33m", "\x1b[m"] : ["", ""];
  return `${on}${oid}${off} ${formatSelector(shown, shown.log.name, around)}: ${subject(shown)}`;
}

/** The place of an entry, by number or by date. */
function formatSelector(
  { log, entry, position }: ShownEntry,
  name: string,
  { date, hasDate }: EntrySurroundings,
): string {
  const isDate = log.selector === "date" || (log.selector === "unsaid" && hasDate);
  return `${name}@{${isDate ? date(entry) : position}}`;
}

function subject({ entry }: ShownEntry): string {
  return entry.message.replace(/\n$/, "");
}

type Part = (shown: ShownEntry, around: EntrySurroundings) => string;

const PARTS: Readonly<Record<string, Part>> = {
  H: ({ entry }) => entry.newOid,
  h: ({ entry }, { abbreviate }) => abbreviate(entry.newOid),
  gD: (shown, around) => formatSelector(shown, shown.log.name, around),
  gd: (shown, around) => formatSelector(shown, around.shorten(shown.log.name), around),
  gs: subject,
  gn: ({ entry }) => entry.name,
  gN: ({ entry }) => entry.name,
  ge: ({ entry }) => entry.email,
  gE: ({ entry }) => entry.email,
  n: () => "\n",
  "%": () => "%",
};

/** What begins a placeholder for something in the commit, or for how to lay something out. */
const NOT_IN_LOGS = /^[acGTtPpeSsfbBNdDmw<>(]/;

const TOKENS =
  /%(?:x(?<hex>[0-9a-f]{2})|C(?<color>\([^)]*\)|red|green|blue|reset)|(?<name>g?[^]))?|[^%]+/gi;

function parseTemplate(template: string): Part[] {
  return [...template.matchAll(TOKENS)].map((match): Part => {
    const [all] = match;
    const { hex, color, name = "" } = match.groups as Record<string, string | undefined>;
    if (hex !== undefined) return () => String.fromCharCode(parseInt(hex, 16));
    if (color !== undefined) return colorPart(color);
    if (Object.hasOwn(PARTS, name)) return PARTS[name]!;
    if (NOT_IN_LOGS.test(name)) throw fatal(notInLogs(all));
    return () => all;
  });
}

/** Colours that need no parentheses and others, which do. */
function colorPart(text: string): Part {
  const [, when, name = text] = /^\((?:(always|auto),)?(.*)\)$/.exec(text) ?? [];
  if (name === "auto") return () => "";
  const sequence = parseColor(name);
  if (sequence === undefined) throw fatal(`unable to parse --pretty format`);
  return (_shown, { color }) => color || when === "always" ? sequence : "";
}

function notInLogs(what: string): string {
  return `${what} is not supported: it shows what is in commits`;
}
