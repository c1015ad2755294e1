import { compareText } from "../../bytes/text.ts";
import { compileWildmatch } from "../../bytes/wildmatch.ts";
import { literalPrefix } from "../../refs/names.ts";
import type { ListedRef } from "../../refs/ref_listing.ts";
import type { RefStore } from "../../refs/ref_store.ts";
import { type Arguments, parseInteger } from "../arguments.ts";
import type { Context } from "../context.ts";
import { fatal, UsageError } from "../failure.ts";
import { readLines } from "../input.ts";
import { linesPrefix, warnOfBroken } from "../list_lines.ts";
import type { ObjectDatabase } from "../objects/object_database.ts";
import { listWorktrees } from "../worktrees.ts";
import { parseFormat } from "./format.ts";
import type { RefItem, RefSurroundings } from "./item.ts";
import { prepareLoading } from "./load_objects.ts";
import { parseSortKey, sortItems, type SortKey } from "./sort.ts";
import type { QuoteStyle } from "./text.ts";

/** What Git shows of a ref when it is not told. */
const DEFAULT_FORMAT = "%(objectname) %(objecttype)\t%(refname)";

/** Lists refs in any form and order. */
export async function listRefs(args: Arguments, context: Context): Promise<number> {
  const refs = await context.refs();
  const around = await surroundingsOf(refs, context, wantsColor(args, context));
  const count = parseInteger(args.value("count") ?? "0", "option `count'");
  if (count < 0) throw args.usage(`invalid --count argument: \`${count}'`);
  for (const name of ["merged", "no-merged", "contains", "no-contains"]) {
    if (args.has(name)) {
      throw fatal(`option '--${name}' is not supported: it needs a walk through the history`);
    }
  }
  const format = parseFormat(args.value("format") ?? DEFAULT_FORMAT, around, {
    quote: quoteStyle(args),
  });
  const keys = sortKeys(args, around);
  const isPlain = keys.length === 1 && isRefname(keys[0]!);
  const after = args.value("start-after");
  const hasCustomSort = args.values("sort").length > 0;
  if (after !== undefined && hasCustomSort) {
    throw fatal("cannot use --start-after with custom sort options");
  }
  const patterns = await readPatterns(args, context);
  const prefix = linesPrefix(args, patterns, refs);
  if (prefix !== undefined) {
    const write = (bytes: Uint8Array) => context.output.writeBytes(bytes);
    refs.writeLines({ prefix, write }, (ref) => warnOfBroken(ref.refname, context));
    return 0;
  }
  if (after !== undefined && patterns.length > 0) {
    throw fatal("cannot use --start-after with patterns");
  }
  const ignoreCase = args.has("ignore-case");
  const selection: Selection = {
    patterns,
    after,
    ignoreCase,
    includeRoot: args.has("include-root-refs"),
    excluded: compilePatterns(args.values("exclude"), ignoreCase),
  };
  const load = await prepareLoading(args, context, [
    ...format.atoms,
    ...keys.map(({ atom }) => atom),
  ]);
  const show = (item: RefItem) => {
    const line = format.format(item);
    if (line !== "" || !args.has("omit-empty")) context.output.write(`${line}\n`);
  };
  let shown = 0;
  if (isPlain && !ignoreCase) {
    for (const item of selectItems(refs, selection, context)) {
      if (load && !load(item)) continue;
      show(item);
      if (++shown === count) break;
    }
    return 0;
  }
  const items: RefItem[] = [];
  for (const item of selectItems(refs, selection, context)) {
    if (!load || load(item)) items.push(item);
  }
  const suffixes = versionSuffixes(refs);
  const sorted = keys.length === 0 ? items : sortItems(items, keys, { ignoreCase, suffixes });
  for (const item of sorted.slice(0, count || undefined)) show(item);
  return 0;
}

function isRefname({ atom, reverse, version }: SortKey): boolean {
  return atom.name === "refname" && !reverse && !version;
}

/** The last key counts most; what nothing tells apart goes by name. */
function sortKeys(args: Arguments, around: RefSurroundings): SortKey[] {
  const byName = args.flag("sort") === false ? [] : ["refname"];
  const isReset = args.given.some(({ option, negated }) => option.long === "sort" && negated);
  const names = [...isReset ? [] : byName, ...args.values("sort")];
  return names.reverse().map((name) => parseSortKey(name, around));
}

function versionSuffixes({ repository: { config } }: RefStore): string[] {
  const [name, old] = ["versionsort.suffix", "versionsort.prereleasesuffix"];
  const found = config.all(name);
  return (found.length > 0 ? found : config.all(old)).map(({ value }) => value ?? "");
}

const STYLES = ["shell", "perl", "python", "tcl"] as const satisfies QuoteStyle[];

function quoteStyle(args: Arguments): QuoteStyle | undefined {
  const [style, other] = STYLES.filter((name) => args.has(name));
  if (other !== undefined) throw args.usage("more than one quoting style?");
  return style;
}

function wantsColor(args: Arguments, { system }: Context): boolean {
  const when = args.flag("color") === false ? "never" : args.value("color");
  if (when === "always" || when === "") return true;
  if (when === "never") return false;
  if (when !== undefined && when !== "auto") {
    throw new UsageError('option `color\' expects "always", "auto", or "never"', "none");
  }
  return system.isTerminal("stdout") && !system.env("NO_COLOR") && system.env("TERM") !== "dumb";
}

async function readPatterns(args: Arguments, { system }: Context): Promise<readonly string[]> {
  if (!args.has("stdin")) return args.operands;
  if (args.operands.length > 0) throw fatal("unknown arguments supplied with --stdin");
  return await Array.fromAsync(readLines(system));
}

/** Which refs are listed. */
interface Selection {
  readonly patterns: readonly string[];
  readonly after: string | undefined;
  readonly ignoreCase: boolean;
  readonly includeRoot: boolean;
  readonly excluded: NameTest;
}

function* selectItems(
  refs: RefStore,
  selection: Selection,
  context: Context,
): Generator<RefItem, void> {
  const { patterns, ignoreCase, excluded } = selection;
  const matches = patterns.length === 0 ? () => true : compilePatterns(patterns, ignoreCase);
  for (const listed of candidates(refs, selection)) {
    const item = toItem(listed, context);
    if (item && matches(item.refname) && !excluded(item.refname)) yield item;
  }
}

/** Lists what can match, by as few beginnings as there are. */
function* candidates(refs: RefStore, selection: Selection): Generator<ListedRef, void> {
  const { patterns, after, ignoreCase, includeRoot } = selection;
  if (includeRoot || ignoreCase || patterns.length === 0) {
    yield* refs.list({ includeRoot, after, ...(includeRoot ? { prefix: "" } : {}) });
    return;
  }
  const prefixes = [...new Set(patterns.map(literalPrefix))].sort(compareText);
  let covered: string | undefined;
  for (const prefix of prefixes) {
    if (covered !== undefined && prefix.startsWith(covered)) continue;
    covered = prefix;
    yield* refs.list({ prefix });
  }
}

function toItem(ref: ListedRef, context: Context): RefItem | undefined {
  const { kind, refname } = ref;
  if (kind === "broken") {
    warnOfBroken(refname, context);
    return undefined;
  }
  if (kind === "direct") return { refname, oid: ref.oid };
  if (kind === "peeled") return { refname, oid: ref.oid, peeled: ref.peeled };
  const { oid, peeled, refname: symref } = ref.resolved;
  return oid === undefined ? undefined : { refname, oid, peeled, symref };
}

/** Finds out what formats must know of a repository, each thing when it is asked for. */
async function surroundingsOf(
  refs: RefStore,
  context: Context,
  color: boolean,
): Promise<RefSurroundings> {
  const { repository } = refs;
  const strict = repository.config.boolean("core.warnAmbiguousRefs") ?? true;
  const objects: ObjectDatabase = await context.objects();
  let branches: ReadonlyMap<string, string> | undefined;
  return {
    get head() {
      return refs.resolve("HEAD")?.refname;
    },
    shorten: (refname) => refs.shorten(refname, { strict }),
    abbreviate: (oid, length) => objects.abbreviate(oid, length),
    worktreePath: (refname) => (branches ??= checkedOut(refs)).get(refname),
    now: () => context.now(),
    color,
  };
}

/** The branches that are checked out, and where. */
function checkedOut(refs: RefStore): ReadonlyMap<string, string> {
  const branches = new Map<string, string>();
  for (const { prefix, path } of listWorktrees(refs)) {
    const head = refs.read(`${prefix}HEAD`);
    if (head?.kind === "symref" && path !== undefined) branches.set(head.target, path);
  }
  return branches;
}

/** Tells whether something is asked for. */
type NameTest = (refname: string) => boolean;

/**
 * Prepares the patterns of a listing: each is a name, the beginning of one up to a slash, or has wildcards
 * that do not match slashes.
 */
function compilePatterns(patterns: readonly string[], ignoreCase: boolean): NameTest {
  const tests = patterns.map((pattern) => compilePattern(pattern, ignoreCase));
  return (refname) => tests.some((test) => test(refname));
}

function compilePattern(pattern: string, ignoreCase: boolean): NameTest {
  const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
  const isBelow: NameTest = (refname) => refname === pattern || refname.startsWith(directory);
  // Without wildcards there is one name that matches, which was just compared.
  if (!ignoreCase && literalPrefix(pattern).length === pattern.length) return isBelow;
  const matches = compileWildmatch(pattern, { pathname: true, ignoreCase });
  return (refname) => isBelow(refname) || matches(refname);
}
