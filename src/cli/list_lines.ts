import { ReftableError } from "../errors.ts";
import { refnameProblem } from "../format/refname.ts";
import type { RefReader } from "../refs/backend.ts";
import { literalPrefix, REFS_PREFIX } from "../refs/names.ts";
import { ReftableLines } from "../refs/reftable/reftable_lines.ts";
import type { Repository } from "../refs/repository.ts";
import type { Arguments } from "./arguments.ts";
import type { Context } from "./context.ts";

/** What is asked for most, and may be asked of very many refs. */
const LINE_FORMAT = "%(objectname) %(refname)";

/**
 * Lists refs as lines of their object ids and names, if that is what is asked for. A ref store takes longer to load than
 * most listings take, so it is done without one.
 *
 * @returns False when nothing was done, as more is asked for, or refs are stored in another way.
 */
export async function listLines(args: Arguments, context: Context): Promise<boolean> {
  // What stands on standard input can be read but once.
  if (args.has("stdin") || !isAskedForLines(args)) return false;
  using refs = openLines(await context.repository());
  const prefix = refs && linesPrefix(args, args.operands, refs);
  if (prefix === undefined) return false;
  const write = (bytes: Uint8Array) => context.output.writeBytes(bytes);
  refs!.write({ prefix, write }, ({ refname }) => warnOfBroken(refname, context));
  return true;
}

/** What is wrong with the repository, who opens all of it knows to say. */
function openLines(repository: Repository): ReftableLines | undefined {
  try {
    return ReftableLines.open(repository);
  } catch (error) {
    if (error instanceof ReftableError) return undefined;
    throw error;
  }
}

function isAskedForLines(args: Arguments): boolean {
  return args.value("format") === LINE_FORMAT &&
    args.given.every(({ option: { long } }) => long === "format" || long === "stdin");
}

/**
 * Tells what all names begin with that are listed, when nothing is asked for but their lines.
 *
 * @param refs Where a ref may have just that name.
 */
export function linesPrefix(
  args: Arguments,
  [pattern, ...others]: readonly string[],
  refs: Pick<RefReader, "read">,
): string | undefined {
  if (!isAskedForLines(args) || others.length > 0) return undefined;
  if (pattern === undefined) return REFS_PREFIX;
  const directory = pattern.endsWith("/") ? pattern : `${pattern}/`;
  const isPlain = directory.startsWith(REFS_PREFIX) && literalPrefix(pattern) === pattern;
  // A ref of that name would be listed too.
  return isPlain && (pattern === directory || !refs.read(pattern)) ? directory : undefined;
}

/** Warns of a ref that makes no sense, and is left out. */
export function warnOfBroken(refname: string, context: Context): void {
  const hasBadName = refnameProblem(refname) !== undefined;
  context.warn(`ignoring ${hasBadName ? "ref with broken name" : "broken ref"} ${refname}`);
}
