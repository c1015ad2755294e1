import { trimEnd } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { ReflogEntry } from "./reflog_entry.ts";

/** Both object ids, who and when, and what follows the first four digits of the time zone. */
const LINE =
  /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^>]*)> [ \t\v\f\r]*([+-]?\d+) ([+-]\d{4})(.*)$/is;

/**
 * Parses a line of a log that is a file, as Git reads it.
 *
 * @param line The line without its newline.
 * @param digits How many digits object ids have.
 * @returns `undefined` for a line that makes no sense, which Git passes over.
 */
export function parseLogLine(line: string, digits: number): ReflogEntry | undefined {
  const parts = LINE.exec(line);
  if (!parts) return undefined;
  const [, oldOid = "", newOid = "", who = "", seconds, zone = "", rest = ""] = parts;
  const time = Number(seconds);
  // Git takes the first second of 1970 for damage.
  if (oldOid.length !== digits || newOid.length !== digits || time === 0) return undefined;
  const [, name = who, email = ""] = /^([^<]*)<(.*)$/s.exec(who) ?? [];
  return {
    oldOid: oldOid.toLowerCase(),
    newOid: newOid.toLowerCase(),
    name: trimEnd(name, " ").replace(/^ +/, ""),
    email,
    time,
    // All digits count, and there is no zone −0.
    tzOffset: parseInt(zone + rest, 10) || 0,
    message: `${rest.replace(/^\t/, "")}\n`,
  };
}

/**
 * Formats an entry as a line of a log that is a file, with its newline. What would end the line or the address early is
 * left out.
 */
export function formatLogLine(entry: ReflogEntry): string {
  const message = collapseMessage(entry.message);
  const name = withoutMarks(entry.name);
  const email = withoutMarks(entry.email);
  const end = message === "" ? "\n" : `\t${message}\n`;
  return formatLogStart({ ...entry, name, email }) + end;
}

/**
 * Formats an entry that was read from a log that is a file, with its newline, as Git does when it writes a log anew: even
 * when there is no message, there is a tab.
 */
export function formatKeptLine(entry: ReflogEntry): string {
  return `${formatLogStart(entry)}\t${entry.message}`;
}

/** Formats all that comes before the message. */
function formatLogStart({ oldOid, newOid, name, email, time, tzOffset }: ReflogEntry): string {
  const sign = tzOffset < 0 ? "-" : "+";
  const zone = `${sign}${Math.abs(tzOffset).toString().padStart(4, "0")}`;
  return `${oldOid} ${newOid} ${name} <${email}> ${time} ${zone}`;
}

function withoutMarks(text: string): string {
  return text.replace(/[\n<>]/g, "");
}

/**
 * Makes one line of the reason for a change, as logs want it: white space becomes single spaces, and there is none at
 * either end. What is white space to Git is so here: spaces, tabs and the ends of lines.
 */
export function collapseMessage(message: string): string {
  return message.replace(/[ \t\n\r]+/g, " ").replace(/^ | $/g, "");
}

/**
 * Makes one line of the reason that was given for a change; other control characters are kept, as Git keeps them.
 *
 * @throws {ReftableError} With code `"api"` when there is a NUL in it, where Git would take it to end.
 */
export function givenMessage(message: string): string {
  if (!message.includes("\0")) return collapseMessage(message);
  throw new ReftableError("api", `Cannot log the message ${JSON.stringify(message)}: it has a NUL`);
}
