import { collapseMessage } from "./log_message.ts";
import type { ReflogEntry } from "./reflog_entry.ts";

/** Both object ids, who and when, and what follows: a tab and the message, or anything that is not looked at. */
const LINE =
  /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^<>]*)<([^>]*)> (\d+) ([+-]\d{4})(?:\t(.*))?/is;

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
  const [, oldOid = "", newOid = "", name = "", email = "", seconds, zone, message = ""] = parts;
  const time = Number(seconds);
  // Git takes the first second of 1970 for damage.
  if (oldOid.length !== digits || newOid.length !== digits || time === 0) return undefined;
  return {
    oldOid: oldOid.toLowerCase(),
    newOid: newOid.toLowerCase(),
    name: name.replace(/^ +| +$/g, ""),
    email,
    time,
    tzOffset: Number(zone),
    message: `${message}\n`,
  };
}

/**
 * Formats an entry as a line of a log that is a file, with its newline. What would end the line or the address early is
 * left out.
 */
export function formatLogLine(entry: ReflogEntry): string {
  const { oldOid, newOid, time, tzOffset } = entry;
  const message = collapseMessage(entry.message);
  const sign = tzOffset < 0 ? "-" : "+";
  const zone = `${sign}${Math.abs(tzOffset).toString().padStart(4, "0")}`;
  const who = `${withoutMarks(entry.name)} <${withoutMarks(entry.email)}>`;
  const end = message === "" ? "\n" : `\t${message}\n`;
  return `${oldOid} ${newOid} ${who} ${time} ${zone}${end}`;
}

function withoutMarks(text: string): string {
  return text.replace(/[\n<>]/g, "");
}
