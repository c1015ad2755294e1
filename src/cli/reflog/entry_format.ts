import { decodeText } from "../../bytes/text.ts";
import { fatal } from "../failure.ts";
import type { DateFormatter, Moment } from "../ref_filter/date_format.ts";
import {
  headerValues,
  joinSubject,
  type MessageParts,
  messageParts,
  personEmail,
  personMoment,
  personName,
  sanitizeSubject,
} from "../ref_filter/object_fields.ts";
import { parseColor } from "../ref_filter/text.ts";
import type { ShownEntry } from "./walk_logs.ts";

/** Somebody who had a part in a commit. */
interface Person {
  readonly name: string;
  readonly email: string;
  readonly moment: Moment;
}

/** What is in a commit. */
interface CommitFields extends Pick<MessageParts, "whole" | "body"> {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  /** The first paragraph of the message, in one line. */
  readonly subject: string;
}

/** Takes a commit apart. */
export function commitFields(oid: string, bytes: Uint8Array): CommitFields {
  const object = { oid, type: "commit", size: bytes.length, content: decodeText(bytes) } as const;
  const person = (key: string): Person => {
    const [line = ""] = headerValues(object, key);
    return {
      name: personName(line),
      email: personEmail(line, { trim: true, localPart: false }),
      moment: personMoment(line) ?? { time: 0, tzOffset: 0 },
    };
  };
  const { whole, subject, body } = messageParts(object);
  return {
    tree: headerValues(object, "tree")[0] ?? "",
    parents: headerValues(object, "parent"),
    author: person("author"),
    committer: person("committer"),
    subject: joinSubject(subject),
    whole,
    body,
  };
}

/** How to show the parts of a commit. */
interface CommitStyle {
  /** Cuts an object id to so many digits that it still means one object. */
  abbreviate(oid: string): string;
  /** How dates are shown. */
  readonly date: DateFormatter;
  /** Makes a formatter of dates by its name. */
  dateFormat(name: string): DateFormatter;
}

/** Placeholders for what is in a commit; those for people come with `a` and with `c` before them. */
const COMMIT_PARTS: Readonly<
  Record<string, (commit: CommitFields, style: CommitStyle) => string>
> = {
  T: ({ tree }) => tree,
  t: ({ tree }, { abbreviate }) => abbreviate(tree),
  P: ({ parents }) => parents.join(" "),
  p: ({ parents }, { abbreviate }) => parents.map((oid) => abbreviate(oid)).join(" "),
  s: ({ subject }) => subject,
  f: ({ whole }) => sanitizeSubject(/^[^\n]*/.exec(whole)![0]),
  b: ({ body }) => body,
  B: ({ whole }) => whole,
};

/** Placeholders for people. Names are as they were written: there is no mailmap. */
const PERSON_PARTS: Readonly<
  Record<string, (person: Person, style: CommitStyle) => string>
> = {
  n: ({ name }) => name,
  e: ({ email }) => email,
  l: ({ email }) => email.replace(/@.*$/s, ""),
  d: ({ moment }, { date }) => date(moment),
  r: ({ moment }, { dateFormat }) => dateFormat("relative")(moment),
  t: ({ moment }) => `${moment.time}`,
  i: ({ moment }, { dateFormat }) => dateFormat("iso")(moment),
  I: ({ moment }, { dateFormat }) => dateFormat("iso-strict")(moment),
  s: ({ moment }, { dateFormat }) => dateFormat("short")(moment),
  D: ({ moment }, { dateFormat }) => dateFormat("rfc")(moment),
  h: ({ moment }, { dateFormat }) => dateFormat("human")(moment),
};

/** The formats of `git log` that take several lines, by what they tell of people and dates. */
const LAYOUTS: Readonly<
  Record<string, readonly (readonly [title: string, placeholder: string])[]>
> = {
  short: [["Author: ", "a"]],
  medium: [["Author: ", "a"], ["Date:   ", "ad"]],
  full: [["Author: ", "a"], ["Commit: ", "c"]],
  fuller: [
    ...[["Author:     ", "a"], ["AuthorDate: ", "ad"]] as const,
    ...[["Commit:     ", "c"], ["CommitDate: ", "cd"]] as const,
  ],
};

/** Formats a commit behind what its entry tells. */
function formatCommit(commit: CommitFields, layout: string, style: CommitStyle): string {
  const lines = LAYOUTS[layout]!.map(([title, placeholder]) => {
    const { name, email, moment } = placeholder.startsWith("a") ? commit.author : commit.committer;
    return title + (placeholder.length > 1 ? style.date(moment) : `${name} <${email}>`);
  });
  const message = commit.whole.replace(/^(?:[ \t]*\n)+/, "").trimEnd();
  const shown = layout === "short" ? message.replace(/\n[ \t]*\n.*$/s, "") : message;
  const indented = shown.split("\n").map((line) => `    ${expandTabs(line.trimEnd(), layout)}\n`);
  return `${lines.join("\n")}\n${shown === "" ? "" : `\n${indented.join("")}`}`;
}

/** Tabs lead to the next column of eight, where messages are shown as they are. */
function expandTabs(line: string, layout: string): string {
  if (layout === "short") return line;
  return line.replace(
    /([^\t]*)\t/g,
    (_all, text: string) => text + " ".repeat(8 - text.length % 8),
  );
}

/** What formats of entries need to know. */
export interface EntryStyle extends CommitStyle {
  /** Shortens the name of a ref. */
  shorten(refname: string): string;
  /** Whether a date format was asked for: places are told by date then. */
  readonly hasDate: boolean;
  /** Whether colours are wanted. */
  readonly color: boolean;
  /** Whether object ids are cut where the format does not tell. */
  readonly abbreviates: boolean;
}

/** Shows entries one after the other. */
export interface EntryFormat {
  /** Whether it shows what is in commits. */
  readonly needsCommit: boolean;
  /** Whether each entry is followed by a newline, and not only those before others. */
  readonly terminates: boolean;
  /**
   * Formats an entry.
   *
   * @param commit What the ref held, when it is needed.
   */
  format(shown: ShownEntry, commit: CommitFields | undefined): string;
}

/**
 * Parses a format as that of `git log`: `oneline`, `short`, `medium`, `full`, `fuller`, or text with placeholders,
 * perhaps with `format:` or `tformat:` before it.
 *
 * @throws {Failure} When there is no such format, or it shows what cannot be told.
 */
export function parseEntryFormat(text: string, style: EntryStyle): EntryFormat {
  if (text === "oneline") {
    return { format: (shown) => formatLine(shown, style), terminates: true, needsCommit: false };
  }
  if (Object.hasOwn(LAYOUTS, text)) {
    const format = (shown: ShownEntry, commit: CommitFields | undefined) =>
      formatHeader(shown, commit!, style) + formatCommit(commit!, text, style);
    return { format, terminates: false, needsCommit: true };
  }
  const [, kind = "tformat", template = text] = /^(t?format):(.*)$/s.exec(text) ?? [];
  if (template === text && !text.includes("%")) throw fatal(`invalid --pretty format: ${text}`);
  const parts = parseTemplate(template);
  return {
    format: (shown, commit) => parts.map(({ show }) => show(shown, style, commit!)).join(""),
    terminates: kind === "tformat",
    needsCommit: parts.some(({ needsCommit }) => needsCommit),
  };
}

function formatLine(shown: ShownEntry, style: EntryStyle): string {
  const selector = formatSelector(shown, shown.log.name, style);
  return `${colored(shownOid(shown, style), style)} ${selector}: ${reason(shown)}`;
}

function formatHeader(shown: ShownEntry, { parents }: CommitFields, style: EntryStyle): string {
  const { name, email } = shown.entry;
  const selector = formatSelector(shown, shown.log.name, style);
  const lines = [
    colored(`commit ${shownOid(shown, style)}`, style),
    `Reflog: ${selector} (${name} <${email}>)`,
    `Reflog message: ${reason(shown)}`,
  ];
  if (parents.length > 1) {
    lines.push(`Merge: ${parents.map((oid) => style.abbreviate(oid)).join(" ")}`);
  }
  return `${lines.join("\n")}\n`;
}

function shownOid({ entry: { newOid } }: ShownEntry, style: EntryStyle): string {
  return style.abbreviates ? style.abbreviate(newOid) : newOid;
}

function colored(text: string, { color }: EntryStyle): string {
  return color ? `\x1b[33m${text}\x1b[m` : text;
}

/** The place of an entry, by number or by date. */
function formatSelector(
  { log, entry, position }: ShownEntry,
  name: string,
  { date, hasDate }: EntryStyle,
): string {
  const isDate = log.selector === "date" || (log.selector === "unsaid" && hasDate);
  return `${name}@{${isDate ? date(entry) : position}}`;
}

/** Why an entry was made. */
function reason({ entry }: ShownEntry): string {
  return entry.message.replace(/\n$/, "");
}

/** A part of a format. */
interface Part {
  readonly needsCommit?: boolean;
  show(shown: ShownEntry, style: EntryStyle, commit: CommitFields): string;
}

const ENTRY_PARTS: Readonly<Record<string, Part["show"]>> = {
  H: ({ entry }) => entry.newOid,
  h: ({ entry }, { abbreviate }) => abbreviate(entry.newOid),
  gD: (shown, style) => formatSelector(shown, shown.log.name, style),
  gd: (shown, style) => formatSelector(shown, style.shorten(shown.log.name), style),
  gs: reason,
  gn: ({ entry }) => entry.name,
  gN: ({ entry }) => entry.name,
  ge: ({ entry }) => entry.email,
  gE: ({ entry }) => entry.email,
  n: () => "\n",
  "%": () => "%",
};

/** What begins other placeholders that Git knows. */
const UNSUPPORTED = /^(?:[ac][NEL]|[GeNdDmSw<>(])/;

const TOKENS =
  /%(?:x(?<hex>[0-9a-f]{2})|C(?<color>\([^)]*\)|red|green|blue|reset)|(?<name>[acg][a-z]|[^]))?|[^%]+/gi;

function parseTemplate(template: string): Part[] {
  return [...template.matchAll(TOKENS)].map((match): Part => {
    const { hex, color, name = "" } = match.groups as Record<string, string | undefined>;
    if (hex !== undefined) return { show: () => String.fromCharCode(parseInt(hex, 16)) };
    if (color !== undefined) return colorPart(color);
    if (Object.hasOwn(ENTRY_PARTS, name)) return { show: ENTRY_PARTS[name]! };
    const show = commitPart(name);
    if (show) return { show: (_shown, style, commit) => show(commit, style), needsCommit: true };
    if (UNSUPPORTED.test(name)) throw fatal(`${match[0]} is not supported`);
    return { show: () => match[0] };
  });
}

function commitPart(
  name: string,
): ((commit: CommitFields, style: CommitStyle) => string) | undefined {
  if (Object.hasOwn(COMMIT_PARTS, name)) return COMMIT_PARTS[name]!;
  const [, who, what = ""] = /^([ac])(.)$/.exec(name) ?? [];
  if (who === undefined || !Object.hasOwn(PERSON_PARTS, what)) return undefined;
  const part = PERSON_PARTS[what]!;
  const personOf = ({ author, committer }: CommitFields): Person =>
    who === "a" ? author : committer;
  return (commit, style) => part(personOf(commit), style);
}

/** Some colours need no parentheses. */
function colorPart(text: string): Part {
  const [, when, name = text] = /^\((?:(always|auto),)?(.*)\)$/.exec(text) ?? [];
  const sequence = name === "auto" ? "" : parseColor(name);
  if (sequence === undefined) throw fatal(`invalid color value: ${name}`);
  return { show: (_shown, { color }) => color || when === "always" ? sequence : "" };
}
