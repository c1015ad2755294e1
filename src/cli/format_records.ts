import type { LogRecord, RefRecord } from "../../mod.ts";

/** Formats a ref as Git's own dump tool does. */
export function formatRef(ref: RefRecord): string {
  const head = `ref{${ref.refname}(${ref.updateIndex}) `;
  switch (ref.kind) {
    case "deletion":
      return `${head}delete}\n`;
    case "direct":
      return `${head}val 1 ${ref.oid}}\n`;
    case "peeled":
      return `${head}val 2 ${ref.oid}(T ${ref.peeled})}\n`;
    case "symref":
      return `${head}=> ${ref.target}}\n`;
  }
}

/**
 * Formats a log entry much as Git's own dump tool does; the time zone has a sign and four
 * digits, and the newline that git ends messages with is not doubled.
 */
export function formatLog(log: LogRecord): string {
  const head = `log{${log.refname}(${log.updateIndex}) `;
  if (log.kind === "deletion") return `${head}delete}\n`;
  const end = log.message.endsWith("\n") ? "" : "\n";
  return `${head}${log.name} <${log.email}> ${log.time} ${formatZone(log.tzOffset)}\n` +
    `${log.oldOid} => ${log.newOid}\n\n${log.message}${end}}\n`;
}

function formatZone(tzOffset: number): string {
  return (tzOffset < 0 ? "-" : "+") + String(Math.abs(tzOffset)).padStart(4, "0");
}
