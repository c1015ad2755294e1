import type { CommandSpec, OptionSpec } from "./command.ts";
import { COMMANDS, GROUPS } from "./commands.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";

/** Where the explanations of options begin. */
const COLUMN = 26;

/** What the program is called. */
export const PROGRAM = "reftable";

/** Formats how the program is called. */
export function formatProgramUsage(): string {
  return formatSynopsis([
    `${PROGRAM} [-C <path>] [-c <name>=<value>] [--git-dir=<path>] <command> [<args>]`,
    `${PROGRAM} [<command>] --help`,
  ]);
}

/** Formats all there is to say about the program as a whole. */
export function formatProgramHelp(): string {
  const groups = GROUPS.map(([title, names]) =>
    `${title}:\n${formatTable(names.map((name) => [name, COMMANDS[name]!.summary]))}`
  );
  return [
    formatProgramUsage(),
    "Look into Git's refs, check and change them, whether they are files or tables.\n",
    ...groups,
    `Options:\n${formatTable(GLOBAL_OPTIONS)}`,
    `'${PROGRAM} <command> --help' tells about a command.\n`,
  ].join("\n");
}

/** Formats how a command is called: what is shown when it was called in another way. */
export function formatUsage(spec: CommandSpec): string {
  const options = spec.options.filter(({ hidden }) => !hidden).map(formatOption).join("");
  return formatCalls(spec) +
    (options === "" ? "" : `\n${options}`);
}

/** Formats all there is to say about a command. */
export function formatHelp(spec: CommandSpec): string {
  const options = spec.options.filter(({ hidden }) => !hidden).map(formatOption).join("");
  const subcommands = formatTable(
    Object.entries(spec.subcommands ?? {}).map(([name, { summary }]) => [name, summary]),
  );
  const examples = (spec.examples ?? []).map(([line, meaning]) =>
    `    ${PROGRAM} ${line}\n        ${meaning}\n`
  );
  const paragraphs = [
    formatCalls(spec),
    `${spec.summary}\n`,
    subcommands,
    options,
    spec.notes === undefined ? "" : `${spec.notes}\n`,
    examples.length === 0 ? "" : `Examples:\n${examples.join("")}`,
  ];
  return paragraphs.filter((paragraph) => paragraph !== "").join("\n");
}

function formatCalls({ name, title = name, usage }: CommandSpec): string {
  return formatSynopsis(usage.map((rest) => `${PROGRAM} ${title} ${rest}`.trimEnd()));
}

/** Formats ways to call something, one below the other. */
function formatSynopsis(lines: readonly string[]): string {
  return lines.map((line, i) =>
    `${i === 0 ? "usage: " : "   or: "}${line.replaceAll("\n", `\n${" ".repeat(7)}`)}\n`
  ).join("");
}

/** Formats names and what they mean in two columns. */
function formatTable(rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, meaning]) => `    ${name.padEnd(width)}${meaning}\n`).join("");
}

function formatOption(option: OptionSpec): string {
  const { short, long } = option;
  const negatable = option.negatable !== false && long !== undefined;
  // The positive form of an option that is called "no-x" is told in a line of its own.
  const isNegative = long?.startsWith("no-") ?? false;
  const names = [
    short && `-${short}`,
    long && `--${negatable && !isNegative ? "[no-]" : ""}${long}`,
  ];
  const line = formatLine(names.filter(Boolean).join(", ") + formatValue(option), option.help);
  if (!negatable || !isNegative) return line;
  return line + formatLine(`--${long.slice(3)}`, `opposite of --${long}`);
}

function formatValue({ value, optional, long }: OptionSpec): string {
  if (value === undefined) return "";
  const name = /[()<>[\]|]/.test(value) ? value : `<${value}>`;
  if (!optional) return ` ${name}`;
  return long === undefined ? `[${name}]` : `[=${name}]`;
}

function formatLine(left: string, help: string): string {
  const line = `    ${left}`;
  const gap = line.length < COLUMN ? " ".repeat(COLUMN - line.length) : `\n${" ".repeat(COLUMN)}`;
  return `${line}${gap}${help}\n`;
}
