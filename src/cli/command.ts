import type { Output } from "./output.ts";

/** An option of a command. */
export interface OptionSpec {
  /** Its name after two dashes. */
  readonly long?: string;
  /** Its letter after one dash. */
  readonly short?: string;
  /** What its value is called in the usage, when it takes one. */
  readonly value?: string;
  /** What it does, in a few words. */
  readonly help: string;
}

/** A command: its parser and its help come from the same table. */
export interface CommandSpec {
  /** What it is called after the program's name. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What stands behind its options, such as `PATH`. */
  readonly operands: string;
  /** Its options. */
  readonly options: readonly OptionSpec[];
  /** More to know, below the options. */
  readonly notes?: string;
}

/** What the module of a command exports. */
export interface Command {
  /** Its options and its help. */
  readonly spec: CommandSpec;
  /**
   * Does it.
   *
   * @returns The exit code.
   */
  run(args: Arguments, output: Output): Promise<number> | number;
}

/** The option of commands that work on one of a repository's stacks. */
export const WORKTREE: OptionSpec = {
  long: "worktree",
  help: "take the stack of the linked working tree, not the shared one",
};

/** What such a command takes as its path. */
export const STACK_PATH =
  "<path> is a directory of tables, a '.git' directory, a working tree or a bare repository.";

/** The option that every command has. */
export const HELP: OptionSpec = { short: "h", long: "help", help: "show this help" };

/** The command line does not fit the command; its message says how. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What stood on a command line. */
export class Arguments {
  readonly #options = new Map<OptionSpec, string>();
  /** What was no option. */
  readonly operands: readonly string[];
  readonly #spec: CommandSpec;

  /**
   * Parses a command line as Git does: bundled letters, `--name=value` and `--name value`, unique
   * beginnings of names, and `--` which ends the options.
   *
   * @throws {UsageError} When an option is not known, or a value is missing or too much.
   */
  constructor(spec: CommandSpec, args: readonly string[]) {
    this.#spec = spec;
    const operands: string[] = [];
    const rest = [...args];
    for (let arg; (arg = rest.shift()) !== undefined;) {
      if (arg === "--") {
        operands.push(...rest);
        break;
      }
      if (arg.startsWith("--")) this.#parseLong(arg.slice(2), rest);
      else if (arg.startsWith("-") && arg !== "-") this.#parseShort(arg.slice(1), rest);
      else operands.push(arg);
    }
    this.operands = operands;
  }

  /** Tells whether an option was given. */
  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  /** The value of an option, empty for one that takes none; `undefined` when it was not given. */
  value(name: string): string | undefined {
    const option = this.#spec.options.find(({ long, short }) => long === name || short === name);
    return option && this.#options.get(option);
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
   * The value of an option as a whole number.
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

  #parseLong(text: string, rest: string[]): void {
    const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const option = this.#findLong(name);
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`option \`${option.long}' takes no value`);
      this.#options.set(option, "");
    } else {
      this.#options.set(option, value ?? takeValue(rest, `option \`${option.long}'`));
    }
  }

  #findLong(name: string): OptionSpec {
    const known = this.#spec.options.filter(({ long }) => long?.startsWith(name));
    const exact = known.find(({ long }) => long === name);
    if (exact) return exact;
    if (known.length === 1) return known[0]!;
    if (known.length === 0 || name === "") throw new UsageError(`unknown option \`${name}'`);
    const names = known.map(({ long }) => `--${long}`).join(" or ");
    throw new UsageError(`ambiguous option: ${name} (could be ${names})`);
  }

  #parseShort(letters: string, rest: string[]): void {
    for (let i = 0; i < letters.length; i++) {
      const letter = letters[i]!;
      const option = this.#spec.options.find(({ short }) => short === letter);
      if (!option) throw new UsageError(`unknown switch \`${letter}'`);
      if (option.value === undefined) {
        this.#options.set(option, "");
        continue;
      }
      const attached = letters.slice(i + 1);
      this.#options.set(option, attached || takeValue(rest, `switch \`${letter}'`));
      return;
    }
  }
}

function takeValue(rest: string[], option: string): string {
  const value = rest.shift();
  if (value === undefined) throw new UsageError(`${option} requires a value`);
  return value;
}

/** Formats the usage of a command. */
export function formatUsage(spec: CommandSpec): string {
  const rows = spec.options.map((option) => {
    const { long, short, value, help } = option;
    const names = [short && `-${short}`, long && `--${long}`].filter(Boolean).join(", ");
    return [`    ${names}${value === undefined ? "" : ` <${value}>`}`, help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  const lines = rows.map(([left, help]) => left.padEnd(width) + help);
  const notes = spec.notes === undefined ? "" : `\n${spec.notes}\n`;
  return `usage: reftable ${spec.name} [<options>] ${spec.operands}\n\n${spec.summary}\n\n` +
    `${lines.join("\n")}\n${notes}`;
}
