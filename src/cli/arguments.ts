import type { CommandSpec, OptionSpec } from "./command.ts";
import { UsageError } from "./failure.ts";

/** An option as it stood on the command line. */
export interface GivenOption {
  /** Which one. */
  readonly option: OptionSpec;
  /** Its value, when it has one. */
  readonly value: string | undefined;
  /** Whether it was taken back: `--no-option`. */
  readonly negated: boolean;
}

/** What stood on a command line. */
export class Arguments {
  /** What was no option. */
  readonly operands: readonly string[];
  /** The options in their order. */
  readonly given: readonly GivenOption[];
  readonly #spec: CommandSpec;

  /**
   * Parses a command line as Git does: bundled letters, `--name=value` and `--name value`, unique
   * beginnings of names, `--no-name`, and `--` or `--end-of-options` which end the options.
   *
   * @throws {UsageError} When an option is not known, or a value is missing, too much or of the wrong kind.
   */
  constructor(spec: CommandSpec, args: readonly string[]) {
    this.#spec = spec;
    const [first] = args;
    // What takes its command line as it is has help all the same.
    const isRaw = spec.raw === true && first !== "--help" && (first !== "-h" || args.length > 1);
    const { operands, given } = isRaw
      ? { operands: args, given: [] }
      : new Parser(spec.options, args).parse();
    this.operands = operands;
    this.given = given;
  }

  /** Tells whether an option was given, and not taken back. */
  has(name: string): boolean {
    return this.flag(name) ?? false;
  }

  /** Tells whether an option was given or taken back; `undefined` when it was neither. */
  flag(name: string): boolean | undefined {
    const last = this.given.findLast(({ option }) => isNamed(option, name));
    return last && !last.negated;
  }

  /** The value of an option, empty for one that has none; `undefined` when it was not given. */
  value(name: string): string | undefined {
    const last = this.given.findLast(({ option }) => isNamed(option, name));
    return last === undefined || last.negated ? undefined : last.value ?? "";
  }

  /** All values of an option, since it was taken back. */
  values(name: string): string[] {
    const all = this.given.filter(({ option }) => isNamed(option, name));
    const start = all.findLastIndex(({ negated }) => negated) + 1;
    return all.slice(start).map(({ value }) => value ?? "");
  }

  /**
   * The only operand.
   *
   * @param what What it is, for the error.
   * @throws {UsageError} When there is none, or more than one.
   */
  soleOperand(what: string): string {
    const [operand, extra] = this.operands;
    if (operand === undefined) throw new UsageError(`${what} is missing`);
    if (extra !== undefined) throw new UsageError(`unexpected argument \`${extra}'`);
    return operand;
  }

  /**
   * The value of an option as a whole number that is not negative.
   *
   * @throws {UsageError} When it is none.
   */
  number(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^[0-9]+$/.test(value) && Number.isSafeInteger(number)) return number;
    throw new UsageError(`option \`${name}' expects a number, not \`${value}'`);
  }

  /**
   * The value of an option as one of several words.
   *
   * @throws {UsageError} When it is none of them.
   */
  choice<const Choice extends string>(
    name: string,
    choices: readonly Choice[],
  ): Choice | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const choice = choices.find((choice) => choice === value);
    if (choice !== undefined) return choice;
    throw new UsageError(`option \`${name}' expects ${choices.join(" or ")}, not \`${value}'`);
  }

  /** Shows how the command is called, because what was given is not it. */
  usage(message = ""): UsageError {
    return new UsageError(message);
  }

  /** The command. */
  get spec(): CommandSpec {
    return this.#spec;
  }
}

function isNamed({ long, short }: OptionSpec, name: string): boolean {
  return long === name || (long === undefined && short === name);
}

/** An option that a name may mean. */
interface Meaning {
  readonly option: OptionSpec;
  readonly negated: boolean;
}

/** Goes through a command line once. */
class Parser {
  readonly #options: readonly OptionSpec[];
  readonly #rest: string[];
  readonly #operands: string[] = [];
  readonly #given: GivenOption[] = [];
  readonly #isSole: boolean;

  constructor(options: readonly OptionSpec[], args: readonly string[]) {
    this.#options = options;
    this.#rest = [...args];
    this.#isSole = args.length === 1;
  }

  parse(): { operands: string[]; given: GivenOption[] } {
    for (let arg; (arg = this.#rest.shift()) !== undefined;) {
      if (arg === "--" || arg === "--end-of-options") {
        for (const operand of this.#rest) this.#operands.push(operand);
        break;
      }
      if (arg === "--help") throw new UsageError("", "help");
      if (this.#isSole && arg === "-h") throw new UsageError("", "stdout");
      if (arg.startsWith("--")) this.#parseLong(arg.slice(2));
      else if (arg.startsWith("-") && arg !== "-") this.#parseShort(arg.slice(1));
      else this.#operands.push(arg);
    }
    return { operands: this.#operands, given: this.#given };
  }

  #parseLong(text: string): void {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const { option, negated } = this.#findLong(name, text);
    this.#take(option, negated, equals < 0 ? undefined : text.slice(equals + 1), false);
  }

  /** Finds what a name means, or the beginning of one. */
  #findLong(name: string, text: string): Meaning {
    const [, prefix = "", base = ""] = /^((?:no-){0,2})(.*)$/s.exec(name) ?? [];
    const isNegated = prefix === "no-";
    const known: Meaning[] = [];
    for (const option of this.#options) {
      if (option.long === undefined) continue;
      const isNegative = option.long.startsWith("no-");
      const positive = isNegative ? option.long.slice(3) : option.long;
      // "--no-no-x" can only mean an option that is called "no-x".
      if (!isNegative && prefix === "no-no-") continue;
      const negated = isNegated !== isNegative;
      const negatable = option.negatable !== false;
      if (negated && !negatable) continue;
      if (positive === base) return { option, negated };
      if (positive.startsWith(base)) known.push({ option, negated });
      if (negatable && "no-".startsWith(text)) known.push({ option, negated: !isNegative });
    }
    const [other, meaning] = [known.at(-2), known.at(-1)];
    if (!meaning) throw new UsageError(`unknown option \`${text}'`);
    if (!other) return meaning;
    const names = [other, meaning].map(({ option, negated }) =>
      `--${negated ? "no-" : ""}${option.long}`
    );
    throw new UsageError(
      `ambiguous option: ${text} (could be ${names.join(" or ")})`,
      "stdout",
    );
  }

  #parseShort(letters: string): void {
    for (let i = 0; i < letters.length;) {
      const letter = letters[i]!;
      const option = this.#options.find(({ short }) => short === letter);
      // One dash before a long name is a slip; it shows where the letters would go on.
      if (i < 2 && (i === 1 || !option)) this.#refuseLongName(letters);
      if (!option) {
        if (letter === "h") throw new UsageError("", "stdout");
        throw new UsageError(
          letter < "\x80"
            ? `unknown switch \`${letter}'`
            : `unknown non-ascii option in string: \`-${letters.slice(i)}'`,
        );
      }
      i++;
      if (option.value === undefined) {
        this.#take(option, false, undefined, true);
      } else {
        this.#take(option, false, letters.slice(i) || undefined, true);
        return;
      }
    }
  }

  #refuseLongName(letters: string): void {
    if (letters.length < 3) return;
    const isName = letters.startsWith("no-") ||
      this.#options.some(({ long }) => long?.startsWith(letters));
    if (!isName) return;
    throw new UsageError(`did you mean \`--${letters}\` (with two dashes)?`, "none");
  }

  /** Takes an option with what is attached to it, or with the next argument when it needs one. */
  #take(option: OptionSpec, negated: boolean, attached: string | undefined, short: boolean): void {
    const name = short
      ? `switch \`${option.short}'`
      : `option \`${negated ? "no-" : ""}${option.long}'`;
    const takesValue = option.value !== undefined && !negated;
    if (attached !== undefined && !takesValue) {
      throw new UsageError(`${name} takes no value`, "none");
    }
    let value = attached;
    if (takesValue && value === undefined && !option.optional) {
      value = this.#rest.shift();
      if (value === undefined) throw new UsageError(`${name} requires a value`, "none");
    }
    if (value !== undefined) checkValue(option, name, value);
    this.#given.push({ option: this.#target(option), value, negated });
    this.#refuseOtherMode(option, negated);
  }

  #target(option: OptionSpec): OptionSpec {
    return this.#options.find(({ long }) => long !== undefined && long === option.alias) ?? option;
  }

  #refuseOtherMode(option: OptionSpec, negated: boolean): void {
    if (option.mode === undefined || negated) return;
    const other = this.#given.find((given) =>
      given.option.mode === option.mode && given.option !== option && !given.negated
    );
    if (!other) return;
    const [one, two] = [option, other.option].map(dashed);
    throw new UsageError(`options '${one}' and '${two}' cannot be used together`, "none");
  }
}

function dashed({ long, short }: OptionSpec): string {
  return long === undefined ? `-${short}` : `--${long}`;
}

function checkValue({ type }: OptionSpec, name: string, value: string): void {
  if (type === "integer") parseInteger(value, name);
  if (type === "abbreviation") parseAbbreviation(value, name);
}

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
