import type { Subcommand } from "./command.ts";

/** The commands by name; a module is loaded when its command is called. */
export const COMMANDS: Readonly<Record<string, Subcommand>> = {
  "check-ref-format": {
    summary: "tell whether a ref may have a name",
    load: () => import("./check_ref_format.ts"),
  },
  dump: {
    summary: "print what is in a table, a stack or a repository",
    load: () => import("./dump.ts"),
  },
  load: {
    summary: "write a table from records",
    load: () => import("./load.ts"),
  },
  stats: {
    summary: "show what the tables of a stack consist of",
    load: () => import("./stats.ts"),
  },
  verify: {
    summary: "check tables, stacks and repositories for damage",
    load: () => import("./verify.ts"),
  },
  compact: {
    summary: "merge the tables of a stack into one",
    load: () => import("./compact.ts"),
  },
  clean: {
    summary: "remove tables that the stack does not name any more",
    load: () => import("./clean.ts"),
  },
  completion: {
    summary: "print what makes a shell complete command lines",
    load: () => import("./completion.ts"),
  },
};

/** Groups of commands, as the help shows them. */
export const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ["Names", ["check-ref-format"]],
  ["Tables and stacks", ["dump", "load", "stats", "verify", "compact", "clean"]],
  ["The rest", ["completion"]],
];
