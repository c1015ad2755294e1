import { parseBoolean } from "../refs/config/parse_config.ts";
import type { ObjectReader } from "../refs/object_reader.ts";
import { RefStore } from "../refs/ref_store.ts";
import type { Context } from "./context.ts";
import { openIn } from "./find_repository.ts";

/** Opens the refs of the repository that a command runs in; see {@linkcode findRepository}. */
export function openRefs(context: Context): RefStore {
  const objects = lazyReader(context);
  // As Git's own tests set it.
  const wish = context.system.env("GIT_TEST_REFTABLE_AUTOCOMPACTION");
  const autoCompact = wish === undefined ? undefined : parseBoolean(wish);
  return openIn(
    context,
    (path, options) => RefStore.openSync(path, { ...options, objects, autoCompact }),
  );
}

/** Reads objects with what is loaded when the first one is read: most commands need none. */
export function lazyReader(context: Context): ObjectReader {
  const reader = async () => (await context.objects()).reader;
  return {
    read: async (oid) => (await reader()).read(oid),
    type: async (oid) => (await reader()).type(oid),
    has: async (oid) => (await reader()).has(oid),
    peel: async (oid) => (await reader()).peel(oid),
    parents: async (oid) => (await reader()).parents(oid),
  };
}
