import { ReftableError } from "../errors.ts";
import { refnameProblem } from "../format/refname.ts";
import { runSync } from "../io/io.ts";
import type { RefReader } from "../refs/backend.ts";
import { isPseudoRef, parseWorktreeName } from "../refs/names.ts";
import { HeadReader } from "../refs/read_head.ts";
import type { StoredRef } from "../refs/stored_ref.ts";
import type { Context } from "./context.ts";
import { failed } from "./failure.ts";

/** What single refs are read with. */
export type SingleRefs = Pick<RefReader, "read">;

/**
 * Does something for which single refs are read. A ref store takes longer to load than to use, so it is done
 * without one; all that is out of the ordinary is left to one after all.
 *
 * @param action May be done again from its beginning, and is not to leave traces before its end.
 */
export async function lookUp<T>(
  context: Context,
  action: (refs: SingleRefs) => T,
): Promise<T> {
  const repository = await context.repository();
  using reader = new HeadReader(repository.fileSystem, repository, repository.hash);
  try {
    return action({ read: (refname) => readOrdinary(reader, refname) });
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    return action(await context.refs());
  }
}

function readOrdinary(reader: HeadReader, refname: string): StoredRef | undefined {
  const { kind } = parseWorktreeName(refname);
  const isBad = refnameProblem(refname) !== undefined;
  if (isBad || isPseudoRef(refname) || kind === "main" || kind === "other") {
    throw new ReftableError("unsupported", `${refname} is no ordinary ref`);
  }
  return runSync(reader.read(refname));
}

/** The exit code for a ref that does not exist. */
const MISSING = 2;

/**
 * Sees to it that there is a ref, whatever it holds.
 *
 * @throws {Failure} When there is none.
 */
export async function requireRef(refname: string, context: Context): Promise<void> {
  const exists = await lookUp(context, (refs) => refs.read(refname) !== undefined);
  if (!exists) throw failed("reference does not exist", MISSING);
}
