import { throwingFirst } from "../../errors.ts";
import type { RefBackend, RefChange, RefSession, SessionOptions } from "../backend.ts";
import { lockRefused } from "../ref_errors.ts";

/**
 * Locks refs, finds out what is to be done about them, and does it.
 *
 * @param build Tells the changes from what is stored now, under the locks; nothing is written without any.
 * @throws {ReftableError} With the code of what keeps a ref from being locked: `"lock"`, `"name-conflict"`.
 */
export async function changeLocked(
  backend: RefBackend,
  refnames: readonly string[],
  options: SessionOptions,
  build: (session: RefSession) => readonly RefChange[] | Promise<readonly RefChange[]>,
): Promise<void> {
  if (refnames.length === 0) return;
  await throwingFirst(async () => {
    await using session = await backend.begin(options);
    for (const [refname, failure] of await session.lock(refnames)) {
      throw lockRefused(refname, refname, failure);
    }
    const changes = await build(session);
    if (changes.length > 0) await session.commit(changes);
  });
}
