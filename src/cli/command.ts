import type { Arguments } from "./arguments.ts";
import type { Context } from "./context.ts";

/** An option of a command. */
export interface OptionSpec {
  /** Its name after two dashes. One that begins with `no-` is the negative of the rest. */
  readonly long?: string;
  /** Its letter after one dash. */
  readonly short?: string;
  /** What its value is called in the usage, when it takes one. */
  readonly value?: string;
  /** Whether the value may be left out; then it only counts when it is attached, as in `--name=value`. */
  readonly optional?: boolean;
  /** What the value must be: anything, unless given. */
  readonly type?: "integer" | "abbreviation";
  /** Whether there is a form with `no-` that takes it back; there is, unless told otherwise. */
  readonly negatable?: boolean;
  /** Options of the same mode exclude each other. */
  readonly mode?: string;
  /** The long name of the option that this one is another word for. */
  readonly alias?: string;
  /** Whether the usage leaves it out. */
  readonly hidden?: boolean;
  /** What it does, in a few words. */
  readonly help: string;
}

/** A command that belongs to another one: `migrate` in `refs migrate`. */
export interface Subcommand {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Loads its module. */
  load(): Promise<{ command: Command }>;
}

/** A command: its parser, its help and its completion come from the same table. */
export interface CommandSpec {
  /** What it is called after the program's name: `dump`, `refs migrate`. */
  readonly name: string;
  /** What it is called where its usage is shown, when that is not just its name. */
  readonly title?: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** The ways to call it: what stands behind its name, such as `[<options>] <path>`. */
  readonly usage: readonly string[];
  /** Its options. */
  readonly options: readonly OptionSpec[];
  /** More to know, below the options. */
  readonly notes?: string;
  /** Command lines to begin with, without the program's name, and what they do. */
  readonly examples?: readonly (readonly [line: string, meaning: string])[];
  /** What it takes as operands, for completion. */
  readonly operand?: "path" | "ref";
  /** Whether it needs a repository, which is looked for before its options are; `found` when its refs may be damaged. */
  readonly repository?: boolean | "found";
  /** Whether it complains as Git does: `fatal:` and an exit code of 128. */
  readonly plumbing?: boolean;
  /** Whether it takes its command line as it is: options and operands are told apart by itself. */
  readonly raw?: boolean;
  /** The commands that belong to it. */
  readonly subcommands?: Readonly<Record<string, Subcommand>>;
  /** Which of them is meant when none is named. */
  readonly defaultSubcommand?: string;
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
  run(args: Arguments, context: Context): Promise<number> | number;
}

/** The option of commands that work on one of a repository's stacks. */
export const WORKTREE: OptionSpec = {
  long: "worktree",
  help: "take the stack of the linked working tree, not the shared one",
};

/** What such a command takes as its path. */
export const STACK_PATH =
  "<path> is a directory of tables, a '.git' directory, a working tree or a bare repository.";
