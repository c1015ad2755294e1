import type { Subcommand } from "./command.ts";

/** The commands by name; a module is loaded when its command is called. */
export const COMMANDS: Readonly<Record<string, Subcommand>> = {
  "check-ref-format": {
    summary: "tell whether a ref may have a name",
    load: () => import("./check_ref_format.ts"),
  },
  "for-each-ref": {
    summary: "list refs, in any form and order",
    load: () => import("./for_each_ref.ts"),
  },
  "show-ref": {
    summary: "list refs with the ids of their objects, or check that they exist",
    load: () => import("./show_ref.ts"),
  },
  "symbolic-ref": {
    summary: "show where a symbolic ref points, or change that",
    load: () => import("./symbolic_ref.ts"),
  },
  "update-ref": {
    summary: "create, change or delete refs",
    load: () => import("./update_ref.ts"),
  },
  "pack-refs": {
    summary: "put refs that are files into one; merge tables",
    load: () => import("./pack_refs.ts"),
  },
  refs: {
    summary: "migrate, verify, list, create, rename refs and more",
    load: () => import("./refs.ts"),
  },
  reflog: {
    summary: "show what refs held before, and change these logs",
    load: () => import("./reflog.ts"),
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
  repair: {
    summary: "make damaged stacks whole again",
    load: () => import("./repair.ts"),
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
  ["Refs", [
    "for-each-ref",
    "show-ref",
    "symbolic-ref",
    "update-ref",
    "refs",
    "reflog",
    "pack-refs",
    "check-ref-format",
  ]],
  ["Tables and stacks", ["dump", "load", "stats", "verify", "repair", "compact", "clean"]],
  ["The rest", ["completion"]],
];
