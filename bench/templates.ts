import { copy, ensureDir } from "@std/fs";
import { join } from "@std/path";
import { Stack } from "../mod.ts";
import type { Context } from "./case.ts";

/**
 * Gives a repository that cases copy or read, made at the first time.
 *
 * @param name What to call it, without an ending.
 * @param make Makes it at a path.
 * @returns Its path.
 */
export async function template(
  { data }: Context,
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(data.dir, `${name}.git`);
  if (await exists(path)) return path;
  // What is not finished has another name.
  const unfinished = `${path}.unfinished`;
  await removeIfAny(unfinished);
  await ensureDir(data.dir);
  await make(unfinished);
  await Deno.rename(unfinished, path);
  return path;
}

/** The refs in several tables: a large one, and newer ones that each change another of every so many refs. */
export function stackedTables(context: Context, count: number, every: number): Promise<string> {
  return template(context, `${count}-tables`, async (path) => {
    await copy(context.data.reftableRepo, path);
    const options = { autoCompact: false, skipNameCheck: true };
    await using stack = await Stack.open(join(path, "reftable"), options);
    for (let table = 1; table < count; table++) {
      await stack.add((writer) => {
        const changed = stack.refs().filter((_, index) => index % every === table - 1);
        for (const ref of changed) writer.addRef({ ...ref, updateIndex: stack.nextUpdateIndex });
      });
    }
  });
}

/** A repository without refs that finds the objects of the others. */
export function emptyRepo(context: Context): Promise<string> {
  const { data, git } = context;
  return template(context, "empty", async (path) => {
    const options = ["-q", "--bare", "--initial-branch=main", "--template="];
    await git.run(["init", ...options, "--ref-format=reftable", path]);
    await lendObjects(data.reftableRepo, path);
  });
}

/** Lets a repository find the objects of another one. */
export async function lendObjects(from: string, to: string): Promise<void> {
  await ensureDir(join(to, "objects", "info"));
  await Deno.writeTextFile(join(to, "objects", "info", "alternates"), `${join(from, "objects")}\n`);
}

/** Tells whether there is something at a path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Removes a file or a directory, if it is there. */
export async function removeIfAny(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
