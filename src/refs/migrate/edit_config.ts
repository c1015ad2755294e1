import { trimEnd } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";

/** A variable of a configuration file, and where in the text it is. */
interface Entry {
  /** Its section and key in lower case, a subsection between them as it is written. */
  readonly name: string;
  /** Where the key begins. */
  readonly start: number;
  /** Where the value begins, or would. */
  readonly valueStart: number;
  /** Where the value ends. */
  readonly end: number;
}

/** A header of a section, and where in the text it is. */
interface Header {
  readonly section: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[\s\ufeff]+/y;
const COMMENT = /[#;][^\n]*/y;
const HEADER = /\[([^\]\s"]*)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]/y;
const KEY = /[A-Za-z][A-Za-z0-9-]*/y;
const VALUE = /[ \t]*=[ \t]*((?:"(?:[^"\\\n]|\\[^])*"|\\[^]|[^"\\\n#;])*)/y;

/**
 * Gives a variable of a configuration file another value, and leaves everything else as it is.
 *
 * @param text The file, which was parsed without an error before.
 * @param section The section in lower case; it has no subsection.
 * @param key The key in lower case.
 * @param value The value, which needs no quotes; `undefined` takes the variable away, and the section too when
 * nothing is left in it.
 */
export function editConfig(
  text: string,
  section: string,
  key: string,
  value: string | undefined,
): string {
  const { entries, headers } = scan(text);
  const found = entries.filter(({ name }) => name === `${section}.${key}`);
  if (value === undefined) {
    const rest = found.reduceRight(removeEntry, text);
    return found.length > 0 ? removeEmptySections(rest, section) : text;
  }
  const last = found.at(-1);
  if (last) {
    const sign = text.slice(last.start, last.end).includes("=") ? "" : " = ";
    return text.slice(0, last.valueStart) + sign + value + text.slice(last.end);
  }
  const line = `\t${key} = ${value}\n`;
  const header = headers.findLast((header) => header.section === section);
  if (!header) return `${withNewline(text)}[${section}]\n${line}`;
  // Behind the last variable of the section, and what follows that on its line.
  const next = headers.find(({ start }) => start > header.start)?.start ?? text.length;
  const before = entries.findLast(({ start }) => start > header.start && start < next) ?? header;
  const [rest = ""] = /^[^\n]*\n?/.exec(text.slice(before.end, next)) ?? [];
  const place = before.end + rest.length;
  return withNewline(text.slice(0, place)) + line + text.slice(place);
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function scan(text: string): { entries: Entry[]; headers: Header[] } {
  const entries: Entry[] = [];
  const headers: Header[] = [];
  let prefix = "";
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found) position = pattern.lastIndex;
    return found;
  };
  while (position < text.length) {
    const start = position;
    if (match(SPACE) || match(COMMENT)) continue;
    const header = match(HEADER);
    if (header) {
      const [, name = "", subsection] = header;
      const section = name.toLowerCase() + (subsection === undefined ? "" : `.${subsection}`);
      headers.push({ section, start, end: position });
      prefix = `${section}.`;
      continue;
    }
    const key = match(KEY)?.[0];
    if (key === undefined) {
      throw new ReftableError("format", `Cannot edit the configuration at offset ${position}`);
    }
    const keyEnd = position;
    const value = match(VALUE)?.[1]?.trimEnd();
    const valueStart = value === undefined ? keyEnd : text.indexOf("=", keyEnd) + 1;
    entries.push(entry(text, prefix + key.toLowerCase(), start, valueStart, value));
  }
  return { entries, headers };
}

function entry(
  text: string,
  name: string,
  start: number,
  behindSign: number,
  value: string | undefined,
): Entry {
  if (value === undefined) return { name, start, valueStart: behindSign, end: behindSign };
  const spaces = /^[ \t]*/.exec(text.slice(behindSign))![0].length;
  const valueStart = behindSign + spaces;
  return { name, start, valueStart, end: valueStart + value.length };
}

/** Takes away an entry, and the whole line when there is nothing else on it. */
function removeEntry(text: string, { start, end }: Entry): string {
  const before = trimEnd(text.slice(0, start), " \t");
  const behind = text.slice(end).replace(/^[^\n]*/, "");
  const isAlone = before === "" || before.endsWith("\n");
  return before + (isAlone ? behind.slice(1) : behind);
}

/** Takes away the headers of a section that nothing follows, not even a comment. */
function removeEmptySections(text: string, section: string): string {
  const { headers } = scan(text);
  return headers.filter((header) => header.section === section).reduceRight((rest, header) => {
    const behind = rest.slice(header.end).trimStart();
    if (behind !== "" && !behind.startsWith("[")) return rest;
    return rest.slice(0, header.start) + behind;
  }, text);
}
