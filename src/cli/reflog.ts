import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";

const spec: CommandSpec = {
  name: "reflog",
  summary: "Show what refs held before, and change these logs.",
  usage: [
    "[show] [<log-options>] [<ref>]",
    "list",
    "exists <ref>",
    "write <ref> <old-oid> <new-oid> <message>",
    "delete [--rewrite] [--updateref]\n" +
    "                  [--dry-run | -n] [--verbose] <ref>@{<specifier>}...",
    "drop [--all [--single-worktree] | <refs>...]",
    "expire [--expire=<time>] [--expire-unreachable=<time>]\n" +
    "                  [--rewrite] [--updateref] [--stale-fix]\n" +
    "                  [--dry-run | -n] [--verbose] [--all [--single-worktree] | <refs>...]",
  ],
  options: [],
  subcommands: {
    show: {
      summary: "show the entries of a log, the newest first; the default",
      load: () => import("./reflog/show.ts"),
    },
    list: { summary: "list the refs that have a log", load: () => import("./reflog/list.ts") },
    exists: { summary: "tell whether a ref has a log", load: () => import("./reflog/exists.ts") },
    write: { summary: "append an entry to a log", load: () => import("./reflog/write.ts") },
    delete: { summary: "delete entries of logs", load: () => import("./reflog/delete.ts") },
    drop: { summary: "delete whole logs", load: () => import("./reflog/drop.ts") },
    expire: { summary: "delete old entries of logs", load: () => import("./reflog/expire.ts") },
  },
  defaultSubcommand: "show",
  examples: [
    ["reflog", "shows where HEAD was before"],
    ["reflog expire --expire=90.days.ago --all", "deletes what is older than 90 days"],
  ],
  operand: "ref",
  repository: true,
  plumbing: true,
};

/** `reftable reflog` */
export const command: Command = { spec, run: (args: Arguments) => Promise.reject(args.usage()) };
