import { refnameProblem } from "../format/refname.ts";
import { isSafeRefname } from "../refs/names.ts";
import type { ListedRef } from "../refs/ref_listing.ts";
import type { RefStore } from "../refs/ref_store.ts";
import { resolveRef } from "../refs/resolve.ts";
import { type Arguments, parseAbbreviation } from "./arguments.ts";
import type { Command, CommandSpec } from "./command.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { readLines } from "./input.ts";
import { lookUp, requireRef } from "./look_up.ts";
import type { TagPeeler } from "./objects/contents.ts";
import type { ObjectDatabase } from "./objects/object_database.ts";

const spec: CommandSpec = {
  name: "show-ref",
  summary: "List refs with the ids of their objects, or check that they exist.",
  usage: [
    "[--head] [-d | --dereference]\n" +
    "              [-s | --hash[=<n>]] [--abbrev[=<n>]] [--branches] [--tags]\n" +
    "              [--] [<pattern>...]",
    "--verify [-q | --quiet] [-d | --dereference]\n" +
    "              [-s | --hash[=<n>]] [--abbrev[=<n>]]\n" +
    "              [--] [<ref>...]",
    "--exclude-existing[=<pattern>]",
    "--exists <ref>",
  ],
  options: [
    { long: "tags", help: "only tags; with --branches, these too" },
    { long: "branches", help: "only branches; with --tags, these too" },
    { long: "heads", alias: "branches", hidden: true, help: "the same as --branches" },
    { long: "exists", help: "tell by the exit code whether a ref exists; nothing is followed" },
    { long: "verify", help: "take names as they are, in full" },
    { short: "h", alias: "head", hidden: true, help: "the same as --head" },
    { long: "head", help: "show HEAD as well" },
    { short: "d", long: "dereference", help: "show the objects behind tags too" },
    {
      short: "s",
      long: "hash",
      value: "n",
      optional: true,
      type: "abbreviation",
      help: "show only object ids, of <n> digits",
    },
    {
      long: "abbrev",
      value: "n",
      optional: true,
      type: "abbreviation",
      help: "show <n> digits of object ids",
    },
    { short: "q", long: "quiet", help: "print nothing; for --verify" },
    {
      long: "exclude-existing",
      value: "pattern",
      optional: true,
      negatable: false,
      help: "copy lines from standard input whose refs do not exist",
    },
  ],
  notes: `<pattern> is the end of a name from a slash on: 'main' shows refs/heads/main and
refs/remotes/origin/main. The exit code is 1 when nothing was found, 2 when a ref does not exist.`,
  examples: [
    ["show-ref --verify refs/heads/main", "prints the id of the object that main leads to"],
    ["show-ref --exists refs/heads/topic", "exits with 0 if there is such a ref, with 2 if not"],
  ],
  operand: "ref",
  repository: "found",
  plumbing: true,
};

/** `reftable show-ref` */
export const command: Command = { spec, run };

async function run(args: Arguments, context: Context): Promise<number> {
  const modes = ["exclude-existing", "verify", "exists"].filter((mode) => args.has(mode));
  refuseTogether(modes.map((mode) => `--${mode}`));
  switch (modes[0]) {
    case "exclude-existing":
      return await excludeExisting(await context.refs(), args.value("exclude-existing")!, context);
    case "exists":
      return await exists(args.operands, context);
    case "verify":
      return await verify(args.operands, await Printer.create(args, context), context);
    default:
      return list(await context.refs(), args, await Printer.create(args, context));
  }
}

function refuseTogether(options: readonly string[]): void {
  if (options.length < 2) return;
  const names = options.map((option) => `'${option}'`);
  const list = names.length === 2
    ? names.join(" and ")
    : `${names.slice(0, -1).join(", ")}, and ${names.at(-1)}`;
  throw fatal(`options ${list} cannot be used together`);
}

/** Prints refs as the options say. */
class Printer {
  readonly #context: Context;
  readonly #objects: ObjectDatabase;
  readonly #length: number | undefined;
  /** Whether nothing is printed. */
  readonly isQuiet: boolean;
  readonly #isHashOnly: boolean;
  /** What finds the objects behind tags, when these are shown. */
  readonly #tags: TagPeeler | undefined;

  private constructor(
    args: Arguments,
    context: Context,
    objects: ObjectDatabase,
    tags: TagPeeler | undefined,
  ) {
    this.#context = context;
    this.#objects = objects;
    this.#length = digits(args);
    this.isQuiet = args.has("quiet");
    this.#isHashOnly = args.given.some(({ option }) => option.long === "hash");
    this.#tags = tags;
  }

  static async create(args: Arguments, context: Context): Promise<Printer> {
    const objects = await context.objects();
    if (!args.has("dereference")) return new Printer(args, context, objects, undefined);
    const { TagPeeler } = await import("./objects/contents.ts");
    const tags = new TagPeeler(objects, (message) => context.warn(message, "error"));
    return new Printer(args, context, objects, tags);
  }

  /** Prints a ref that leads to an object. */
  print(refname: string, oid: string, peeled: string | undefined): void {
    if (!this.#objects.has(oid)) throw fatal(`git show-ref: bad ref ${refname} (${oid})`);
    if (this.isQuiet) return;
    const { output } = this.#context;
    output.write(`${this.#shown(oid)}${this.#isHashOnly ? "" : ` ${refname}`}\n`);
    if (!this.#tags) return;
    // Where refs are files, only those that are packed have it stored.
    const reached = peeled ?? this.#tags.peel(oid, false);
    // As with Git, this line has the name whatever is asked for.
    if (reached !== undefined) output.write(`${this.#shown(reached)} ${refname}^{}\n`);
  }

  #shown(oid: string): string {
    return this.#length === 0 ? oid : this.#objects.abbreviate(oid, this.#length);
  }
}

/** How many digits are shown: 0 for all, as many as tell objects apart without a number. */
function digits(args: Arguments): number | undefined {
  const last = args.given.findLast(({ option, value }) =>
    option.long === "abbrev" || (option.long === "hash" && value !== undefined)
  );
  if (!last || last.negated) return 0;
  return last.value === undefined ? undefined : parseAbbreviation(last.value, "option");
}

function list(refs: RefStore, args: Arguments, printer: Printer): number {
  const patterns = args.operands;
  const matches = (refname: string) =>
    patterns.length === 0 ||
    patterns.some((pattern) => refname === pattern || refname.endsWith(`/${pattern}`));
  let found = 0;
  const show = (refname: string, oid: string, peeled: string | undefined) => {
    found++;
    printer.print(refname, oid, peeled);
  };
  if (args.has("head")) {
    const head = refs.resolve("HEAD");
    if (head?.oid !== undefined) show("HEAD", head.oid, head.peeled);
  }
  const prefixes = ["branches", "tags"].filter((name) => args.has(name))
    .map((name) => name === "tags" ? "refs/tags/" : "refs/heads/");
  for (const prefix of prefixes.length > 0 ? prefixes : [undefined]) {
    for (const ref of refs.list({ prefix })) {
      const value = valueOf(ref);
      if (value && matches(ref.refname)) show(ref.refname, value.oid, value.peeled);
    }
  }
  return found === 0 ? 1 : 0;
}

/** The object that a ref leads to; `undefined` for a symbolic ref that leads nowhere. */
function valueOf(ref: ListedRef): { oid: string; peeled: string | undefined } | undefined {
  switch (ref.kind) {
    case "direct":
      return { oid: ref.oid, peeled: undefined };
    case "peeled":
      return { oid: ref.oid, peeled: ref.peeled };
    case "symref": {
      const { oid, peeled } = ref.resolved;
      return oid === undefined ? undefined : { oid, peeled };
    }
    case "broken":
      return undefined;
  }
}

async function verify(
  names: readonly string[],
  printer: Printer,
  context: Context,
): Promise<number> {
  if (names.length === 0) throw fatal("--verify requires a reference");
  const found = await lookUp(context, (refs) =>
    names.map((name) => {
      const isName = name.startsWith("refs/") || isSafeRefname(name);
      return isName ? resolveRef(refs, name) : undefined;
    }));
  for (const [index, name] of names.entries()) {
    const resolved = found[index];
    if (resolved?.oid !== undefined) printer.print(name, resolved.oid, resolved.peeled);
    else if (printer.isQuiet) return 1;
    else throw fatal(`'${name}' - not a valid ref`);
  }
  return 0;
}

async function exists(
  [name, extra]: readonly string[],
  context: Context,
): Promise<number> {
  if (name === undefined) throw fatal("--exists requires a reference");
  if (extra !== undefined) throw fatal("--exists requires exactly one reference");
  await requireRef(name, context);
  return 0;
}

/** Copies what names a ref that is not there. */
async function excludeExisting(
  refs: RefStore,
  pattern: string,
  context: Context,
): Promise<number> {
  const existing = new Set<string>();
  for (const ref of refs.list()) if (valueOf(ref)) existing.add(ref.refname);
  for await (const line of readLines(context.system)) {
    const text = line.replace(/\^\{\}$/, "");
    // Not looked for from the start: that would begin anew at each character.
    const refname = text.split(/[ \t-\r]/).at(-1)!;
    if (!refname.startsWith(pattern)) continue;
    if (refnameProblem(refname) !== undefined || !refname.includes("/")) {
      context.warn(`ref '${refname}' ignored`);
    } else if (!existing.has(refname)) {
      context.output.write(`${text}\n`);
    }
  }
  return 0;
}
