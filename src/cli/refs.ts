import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";

const spec: CommandSpec = {
  name: "refs",
  summary: "All there is to do with refs, each thing by a name of its own.",
  usage: [
    "migrate --ref-format=<format> [--no-reflog] [--dry-run]",
    "verify [--strict] [--verbose]",
    "list [<options>] [<pattern>...]",
    "exists <ref>",
    "optimize [<options>]",
    "create [<options>] <ref> <new-value>",
    "delete [<options>] <ref> [<old-value>]",
    "update [<options>] <ref> <new-value> [<old-value>]",
    "rename [<options>] <old-ref> <new-ref>",
  ],
  options: [],
  subcommands: {
    migrate: {
      summary: "store refs in another way, as files or in tables",
      load: () => import("./refs/migrate.ts"),
    },
    verify: {
      summary: "check the refs of all working trees",
      load: () => import("./refs/verify.ts"),
    },
    list: {
      summary: "list refs, in any form and order; as for-each-ref",
      load: () => import("./refs/list.ts"),
    },
    exists: { summary: "tell whether there is a ref", load: () => import("./refs/exists.ts") },
    optimize: {
      summary: "make reading refs faster; as pack-refs",
      load: () => import("./refs/optimize.ts"),
    },
    create: { summary: "create a ref", load: () => import("./refs/create.ts") },
    delete: { summary: "delete a ref", load: () => import("./refs/delete.ts") },
    update: { summary: "change a ref", load: () => import("./refs/update.ts") },
    rename: { summary: "rename a ref and its log", load: () => import("./refs/rename.ts") },
  },
  examples: [
    ["refs migrate --ref-format=reftable --dry-run", "tells whether all refs fit into tables"],
    ["refs rename refs/heads/old refs/heads/new", "renames a branch, its log too"],
  ],
  // What it is for may be to find out what is wrong.
  repository: "found",
  plumbing: true,
};

/** `reftable refs` */
export const command: Command = { spec, run: (args: Arguments) => Promise.reject(args.usage()) };
