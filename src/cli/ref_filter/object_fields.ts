import { trimEnd } from "../../bytes/text.ts";
import type { ReadObject } from "./item.ts";

/** What a commit or a tag says in its message. */
export interface MessageParts {
  /** The message with everything. */
  readonly whole: string;
  /** The first paragraph, as it is. */
  readonly subject: string;
  /** What follows, with the signature. */
  readonly body: string;
  /** What follows, without the signature. */
  readonly unsignedBody: string;
  /** The signature, empty when there is none. */
  readonly signature: string;
}

/** The lines of an object's header that begin with a word and a space, without these. */
export function headerValues({ content = "" }: ReadObject, key: string): string[] {
  const end = content.indexOf("\n\n");
  const header = end < 0 ? content : content.slice(0, end);
  return header.split("\n").filter((line) => line.startsWith(`${key} `))
    .map((line) => line.slice(key.length + 1));
}

/** The lines that a signature begins with. */
const SIGNATURE = /^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----/gm;

/** Takes the message of a commit or a tag apart. */
export function messageParts({ content = "" }: ReadObject): MessageParts {
  const whole = skipHeader(content);
  // A signature is what stands at the end; earlier ones are quoted.
  const start = [...whole.matchAll(SIGNATURE)].at(-1)?.index ?? whole.length;
  const blank = ["\n\n", "\r\n\r\n"].map((line) => whole.indexOf(line)).find((at) => at >= 0);
  const subjectEnd = blank === undefined ? start : Math.min(blank, start);
  const rest = whole.slice(subjectEnd);
  const body = rest.replace(/^[\r\n]+/, "");
  const bodyStart = whole.length - body.length;
  return {
    whole,
    subject: trimEnd(whole.slice(0, subjectEnd), "\r\n"),
    body,
    unsignedBody: whole.slice(bodyStart, Math.max(bodyStart, start)),
    signature: whole.slice(start),
  };
}

/** The first lines of a message without its signature, the second and later ones behind four spaces. */
export function firstLines({ whole, signature }: MessageParts, count: number): string {
  const unsigned = whole.slice(0, whole.length - signature.length);
  if (unsigned === "") return "";
  const lines = unsigned.replace(/\n$/, "").split("\n");
  return lines.slice(0, count).join("\n    ");
}

function skipHeader(content: string): string {
  let position = 0;
  while (position < content.length && content[position] !== "\n") {
    const end = content.indexOf("\n", position);
    position = end < 0 ? content.length : end + 1;
  }
  while (content[position] === "\n") position++;
  return content.slice(position);
}

/** Joins the lines of a subject. */
export function joinSubject(subject: string): string {
  return subject.replace(/\r?\n/g, " ");
}

/** Turns a subject into what can be the name of a file. */
export function sanitizeSubject(subject: string): string {
  const joined = subject.replace(/\.{2,}/g, ".").replace(/[^A-Za-z0-9._]+/g, "-");
  return trimEnd(joined.replace(/^-+/, ""), ".-");
}

/** How to show an e-mail address. */
export interface EmailOptions {
  /** Without the angle brackets. */
  readonly trim: boolean;
  /** Only what stands before the `@`. */
  readonly localPart: boolean;
}

/** The name in a line that tells who did something, and when. */
export function personName(line: string): string {
  const end = line.indexOf(" <");
  return end < 0 ? "" : line.slice(0, end);
}

/** The e-mail address in a line that tells who did something, and when. */
export function personEmail(line: string, { trim, localPart }: EmailOptions): string {
  const start = line.indexOf("<");
  if (start < 0) return "";
  const at = localPart ? line.indexOf("@", start) : -1;
  const end = at >= 0 ? at : line.indexOf(">", start);
  if (end < 0) return "";
  return trim || localPart ? line.slice(start + 1, end) : line.slice(start, end + 1);
}

/** The moment in a line that tells who did something, and when; `undefined` where there is none. */
export function personMoment(line: string): { time: number; tzOffset: number } | undefined {
  const [, time, zone] = /> ([0-9]+)(?: ([+-]?[0-9]+))?/.exec(line) ?? [];
  return time === undefined ? undefined : { time: Number(time), tzOffset: Number(zone ?? 0) };
}
