import { parseArgs } from "node:util";
import type { Case } from "./case.ts";

/** What the command line asks for. */
export interface Options {
  /** How many refs to work with. */
  readonly refs: number;
  /** How many rounds count. */
  readonly rounds: number;
  /** What to measure. */
  readonly cases: readonly Case[];
  /** Whether a program reads the result. */
  readonly json: boolean;
  /** Whether to measure how costs grow with the number of refs. */
  readonly growth: boolean;
  /** Whether to keep the results, and to write them into the README. */
  readonly readme: boolean;
  /** Whether only the usage is wanted. */
  readonly help: boolean;
}

/** As many refs as the repository had that reftables were designed for. */
export const DEFAULT_REFS = 866_456;

/** Fewer leave kinds of refs without any, or make a table without indexes. */
const LEAST_REFS = 1000;

const DEFAULT_ROUNDS = 7;

const OPTIONS = {
  case: { type: "string", multiple: true, default: [] as string[] },
  help: { type: "boolean", short: "h", default: false },
  growth: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  readme: { type: "boolean", default: false },
  refs: { type: "string", default: `${DEFAULT_REFS}` },
  rounds: { type: "string", default: `${DEFAULT_ROUNDS}` },
} as const;

/** Explains the options. */
export function usage(cases: readonly Case[]): string {
  const width = Math.max(...cases.map(({ name }) => name.length));
  const lines = [
    "usage: deno task bench [--refs N] [--rounds N] [--growth] [--json] [--readme] [--case NAME]...",
    "",
    `  --refs N     how many refs, ${DEFAULT_REFS} unless given`,
    `  --rounds N   how many rounds the medians are of, ${DEFAULT_ROUNDS} unless given`,
    "  --growth     measure how some costs grow, with 10,000 to 5,000,000 refs",
    "  --json       print JSON, with the numbers of every round",
    "  --readme     keep the results beside older ones, and write them all into README.md",
    "  --case NAME  measure only this and the others named",
    "",
    "cases:",
    ...cases.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Reads the command line.
 *
 * @param args The arguments.
 * @param cases All cases there are.
 * @throws {Error} When an option is unknown or its value makes no sense.
 */
export function parseOptions(args: readonly string[], cases: readonly Case[]): Options {
  const { values, positionals } = parseArguments(args);
  const { json, help, growth, readme } = values;
  return {
    refs: parseCount("--refs", values.refs, LEAST_REFS),
    rounds: parseCount("--rounds", values.rounds, 1),
    cases: selectCases([...values.case, ...positionals], cases),
    growth,
    json,
    readme,
    help,
  };
}

function parseArguments(args: readonly string[]) {
  try {
    // Several names may follow one --case.
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // What follows the first sentence is advice on arguments that begin with a dash.
    throw new Error(error.message.split(". ")[0], { cause: error });
  }
}

function parseCount(option: string, value: string, least: number): number {
  const count = Number(value.replaceAll(/[_,]/g, ""));
  if (!/^\d/.test(value) || !Number.isSafeInteger(count) || count < least) {
    throw new Error(`${option} must be a whole number of at least ${least}, got "${value}"`);
  }
  return count;
}

function selectCases(names: readonly string[], cases: readonly Case[]): readonly Case[] {
  const known = cases.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) {
      throw new Error(`there is no case "${name}", expected one of ${known.join(", ")}`);
    }
  }
  return names.length === 0 ? cases : cases.filter(({ name }) => names.includes(name));
}
