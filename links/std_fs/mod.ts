// Stands in for jsr:@std/fs (whole directories at once) where npm can be reached and JSR cannot.
//
// deno-std on npm leaves fs out, so the functions this project uses are written here, with the
// names, parameters and results of @std/fs.

import { basename, fromFileUrl, join, normalize, relative, resolve } from "@std/path";

/** Makes sure that a directory exists, its parents included. */
export async function ensureDir(dir: string | URL): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
}

/** Makes sure that a directory exists, its parents included. */
export function ensureDirSync(dir: string | URL): void {
  Deno.mkdirSync(dir, { recursive: true });
}

/** Whether something lies at a path. */
export async function exists(path: string | URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Whether something lies at a path. */
export function existsSync(path: string | URL): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export interface CopyOptions {
  /** Whether to replace what lies at the destination. Off unless set. */
  overwrite?: boolean;
}

/** Copies a file, a symbolic link or a directory with all that is in it. */
export async function copy(
  src: string | URL,
  dest: string | URL,
  options: CopyOptions = {},
): Promise<void> {
  const from = resolve(toPath(src));
  const to = resolve(toPath(dest));
  const stat = await Deno.lstat(from);
  if (from === to) throw new Error("Source and destination cannot be the same.");
  if (stat.isDirectory && !relative(from, to).startsWith("..")) {
    throw new Error(`Cannot copy '${from}' to a subdirectory of itself: '${to}'.`);
  }
  await copyEntry(from, to, stat, options.overwrite ?? false);
}

async function copyEntry(
  from: string,
  to: string,
  entry: Pick<Deno.DirEntry, "isDirectory" | "isSymlink">,
  overwrite: boolean,
): Promise<void> {
  const present = await lstatIfAny(to);
  if (present && !overwrite) throw new Deno.errors.AlreadyExists(`'${to}' already exists.`);
  if (entry.isDirectory) {
    if (present && !present.isDirectory) {
      throw new Error(`Cannot overwrite non-directory '${to}' with directory '${from}'.`);
    }
    await ensureDir(to);
    for await (const child of Deno.readDir(from)) {
      await copyEntry(join(from, child.name), join(to, child.name), child, overwrite);
    }
  } else if (entry.isSymlink) {
    await Deno.symlink(await Deno.readLink(from), to);
  } else {
    await Deno.copyFile(from, to);
  }
}

export interface WalkOptions {
  /** How many directories to go down. No limit unless set. */
  maxDepth?: number;
  /** Whether to yield files. On unless set. */
  includeFiles?: boolean;
  /** Whether to yield directories, the root among them. On unless set. */
  includeDirs?: boolean;
  /** Whether to yield symbolic links, which are never followed. On unless set. */
  includeSymlinks?: boolean;
  /** Yield only files with one of these extensions. */
  exts?: string[];
  /** Yield only paths that one of these matches. */
  match?: RegExp[];
  /** Leave out paths that one of these matches, and all below them. */
  skip?: RegExp[];
}

export interface WalkEntry extends Deno.DirEntry {
  path: string;
}

/** Yields a directory and all that is in it. */
export async function* walk(
  root: string | URL,
  options: WalkOptions = {},
): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeFiles = true, includeDirs = true } = options;
  if (maxDepth < 0) return;
  const path = normalize(toPath(root));
  const wanted = (path: string) => {
    const dotted = options.exts?.map((ext) => ext.startsWith(".") ? ext : `.${ext}`);
    if (dotted && !dotted.some((ext) => path.endsWith(ext))) return false;
    if (options.match && !options.match.some((pattern) => pattern.test(path))) return false;
    return !options.skip?.some((pattern) => pattern.test(path));
  };
  if (includeDirs && wanted(path)) {
    const { isFile, isDirectory, isSymlink } = await Deno.stat(path);
    yield { path, name: basename(path), isFile, isDirectory, isSymlink };
  }
  if (maxDepth < 1 || options.skip?.some((pattern) => pattern.test(path))) return;
  for await (const entry of Deno.readDir(path)) {
    const inner = join(path, entry.name);
    if (entry.isDirectory) {
      yield* walk(inner, { ...options, maxDepth: maxDepth - 1 });
    } else if (entry.isSymlink ? options.includeSymlinks ?? true : includeFiles) {
      if (wanted(inner)) yield { path: inner, ...entry };
    }
  }
}

async function lstatIfAny(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function toPath(path: string | URL): string {
  return path instanceof URL ? fromFileUrl(path) : path;
}
