import type { Problem } from "../../mod.ts";
import { printable } from "./printable.ts";

/** Formats a problem as a line for people. */
export function formatProblem({ severity, file, offset, message, code }: Problem): string {
  const place = offset === undefined ? "" : ` offset ${offset}:`;
  return printable(`${severity}: ${file}:${place} ${message} (${code})`) + "\n";
}
