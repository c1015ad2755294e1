import type { OptionSpec } from "../command.ts";
import { fatal } from "../failure.ts";

/** What the options are, for the help. They are those of `git log`, which are parsed in a way of their own. */
export const LOG_OPTIONS: readonly OptionSpec[] = [
  { short: "n", long: "max-count", value: "n", negatable: false, help: "no more than <n>; -<n>" },
  { long: "skip", value: "n", negatable: false, help: "leave out the first <n> entries" },
  { long: "all", negatable: false, help: "the logs of all refs, the newest entries first" },
  { long: "date", value: "format", negatable: false, help: "tell when, not which in number" },
  { long: "relative-date", negatable: false, help: "the same as --date=relative" },
  { long: "format", value: "format", negatable: false, help: "what to show; also --pretty" },
  { long: "oneline", negatable: false, help: "show an entry as it is shown by default" },
  { long: "abbrev", value: "n", optional: true, help: "cut object ids to <n> digits" },
  { long: "abbrev-commit", help: "cut object ids; the default" },
  { long: "color", value: "when", optional: true, help: "show colours: always, never or auto" },
];

/** What was asked for. */
export interface LogOptions {
  /** How many entries to show; all when it is negative. */
  maxCount: number;
  /** How many entries to leave out first. */
  skip: number;
  /** Whether the logs of all refs are meant. */
  all: boolean;
  /** How to show dates, if that was said. */
  date: string | undefined;
  /** What to show of each entry. */
  format: string;
  /** How many digits of an object id to show, 0 for all; as many as are needed unless it was said. */
  abbrev: number | undefined;
  /** Whether object ids are cut where the format does not tell. */
  abbreviates: boolean;
  /** When to show colours. */
  color: string;
  /** The refs. */
  readonly revisions: string[];
  /** Whether there can be no paths among the refs. */
  hasSeparator: boolean;
  /** The first option that is not known; Git complains of refs before. */
  unknown: string | undefined;
}

/**
 * Parses options and refs.
 *
 * @throws {Failure} When an option lacks its value.
 */
export function parseLogOptions(line: readonly string[]): LogOptions {
  const options: LogOptions = {
    maxCount: -1,
    skip: 0,
    all: false,
    date: undefined,
    format: "oneline",
    abbrev: undefined,
    abbreviates: true,
    color: "auto",
    revisions: [],
    hasSeparator: false,
    unknown: undefined,
  };
  const rest = [...line];
  for (let arg; (arg = rest.shift()) !== undefined;) {
    if (arg === "--") {
      options.hasSeparator = true;
      if (rest.length === 0) break;
      throw fatal("paths are not supported: which commits change them is not in logs");
    }
    if (arg.startsWith("-") && arg !== "-") parseOption(arg, rest, options);
    else options.revisions.push(arg);
  }
  return options;
}

function parseOption(arg: string, rest: string[], options: LogOptions): void {
  const [, name = arg, attached] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? [];
  const valueOf = () => {
    const value = attached ?? rest.shift();
    if (value === undefined) throw fatal(`Option '${name}' requires a value`);
    return value;
  };
  const [, count] = /^-n?([0-9].*|(?<=-n).+)$/s.exec(arg) ?? [];
  if (count !== undefined) {
    options.maxCount = parseCount(count);
    return;
  }
  if (attached === undefined && parseFlag(arg, options)) return;
  switch (name) {
    case "-n":
      if (rest.length === 0) throw fatal("-n requires an argument");
      options.maxCount = parseCount(rest.shift()!);
      return;
    case "--max-count":
      options.maxCount = parseCount(valueOf());
      return;
    case "--skip":
      options.skip = parseCount(valueOf());
      return;
    case "--date":
      options.date = valueOf();
      return;
  }
  switch (attached === undefined ? "" : name) {
    case "--format":
    case "--pretty":
      options.format = attached!;
      return;
    case "--abbrev":
      // Fewer digits say nothing.
      options.abbrev = Math.max(4, parseInt(attached!) || 0);
      return;
    case "--color":
      options.color = attached!;
      return;
  }
  options.unknown ??= arg;
}

/** Parses an option without a value; false when it is none. */
function parseFlag(arg: string, options: LogOptions): boolean {
  switch (arg) {
    case "--all":
      options.all = true;
      return true;
    case "--relative-date":
      options.date = "relative";
      return true;
    case "--oneline":
      options.format = "oneline";
      options.abbreviates = true;
      return true;
    case "--pretty":
      options.format = "medium";
      return true;
    case "--abbrev":
    case "--no-abbrev":
      options.abbrev = arg === "--abbrev" ? undefined : 0;
      return true;
    case "--abbrev-commit":
    case "--no-abbrev-commit":
      options.abbreviates = arg === "--abbrev-commit";
      return true;
    case "--color":
    case "--no-color":
      options.color = arg === "--color" ? "always" : "never";
      return true;
    case "-g":
    case "-q":
    case "--walk-reflogs":
    case "--quiet":
      // They ask for what is done in any case.
      return true;
  }
  return false;
}

function parseCount(text: string): number {
  if (/^\s*[+-]?[0-9]+$/.test(text)) return Number(text);
  throw fatal(`'${text}': not an integer`);
}
