import { decodeText } from "../../bytes/text.ts";
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
import type { DateFormatter, Moment } from "../ref_filter/date_format.ts";

/** Somebody who had a part in a commit. */
export interface Person {
  readonly name: string;
  readonly email: string;
  readonly moment: Moment;
}

/** What is in a commit. */
export interface CommitFields extends Pick<MessageParts, "whole" | "body"> {
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
export interface CommitStyle {
  /** Cuts an object id to so many digits that it still means one object. */
  abbreviate(oid: string): string;
  /** How dates are shown. */
  readonly date: DateFormatter;
  /** Makes a formatter of dates by its name. */
  dateFormat(name: string): DateFormatter;
}

/** Placeholders for what is in a commit; those for people come with `a` and with `c` before them. */
export const COMMIT_PARTS: Readonly<
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
export const PERSON_PARTS: Readonly<
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
export const LAYOUTS: Readonly<
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
export function formatCommit(commit: CommitFields, layout: string, style: CommitStyle): string {
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
