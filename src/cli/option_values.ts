import { UsageError } from "./failure.ts";

/** What the letters behind a number stand for. */
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The largest whole number that options take. */
const LARGEST = 0x7fffffff;

/**
 * Parses the value of an option as Git parses whole numbers: decimal, octal after `0`, hexadecimal after
 * `0x`, and perhaps `k`, `m` or `g` behind it.
 *
 * @param name What the option is called in errors.
 * @throws {UsageError} When it is no such number, or too large for 32 bits.
 */
export function parseInteger(text: string, name: string): number {
  if (text === "") throw new UsageError(`${name} expects a numerical value`, "none");
  const [, sign, digits = "", unit = ""] =
    /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)([kmg]?)$/i.exec(text) ?? [];
  if (sign === undefined) {
    throw new UsageError(
      `${name} expects an integer value with an optional k/m/g suffix`,
      "none",
    );
  }
  const isOctal = /^0[0-7]+$/.test(digits);
  const number = (isOctal ? parseInt(digits, 8) : Number(digits)) * UNITS[unit.toLowerCase()]!;
  const value = sign === "-" ? -number : number;
  if (value >= -LARGEST - 1 && value <= LARGEST) return value;
  throw new UsageError(
    `value ${text} for ${name} not in range [${-LARGEST - 1},${LARGEST}]`,
    "none",
  );
}

/** The fewest digits that an object id is cut to. */
const FEWEST_DIGITS = 4;

/**
 * Parses how many digits of an object id to show.
 *
 * @param name What the option is called in errors.
 * @returns The number of digits, 0 for all of them.
 * @throws {UsageError} When it is no number.
 */
export function parseAbbreviation(text: string, name: string): number {
  const value = /^\s*[+-]?[0-9]+$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) throw new UsageError(`${name} expects a numerical value`, "none");
  return value === 0 ? 0 : Math.max(value, FEWEST_DIGITS);
}
