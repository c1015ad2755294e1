/**
 * Builds git with the programs that its own tests need, from the source that Debian's sid has, into
 * the ignored folder `.peers/git-source`. Takes some minutes the first time, and nothing later.
 *
 * @module
 */

import { ensureDir, exists } from "@std/fs";
import { join } from "@std/path";
import { loadFromDebian, run } from "./debian.ts";
import { PEERS_DIR } from "./git.ts";

/** Where git's source is built, and its tests lie in `t`. */
const TARGET = join(PEERS_DIR, "git-source");

/** Says that all of it was built; the paths that are built in keep it from being built elsewhere. */
const STAMP = join(TARGET, "built");

/** What is left out: nothing that refs need, so that a compiler and zlib are enough to build it. */
const LEFT_OUT = ["CURL", "EXPAT", "GETTEXT", "OPENSSL", "PERL", "PYTHON", "TCLTK"];

/**
 * Builds git unless it is there.
 *
 * @returns The directory that it was built in.
 * @throws {Error} When the source cannot be loaded, or does not build.
 */
export async function buildGit(): Promise<string> {
  await ensureDir(PEERS_DIR);
  using lock = await Deno.open(join(PEERS_DIR, "build-lock"), { create: true, write: true });
  await lock.lock(true);
  if (await exists(STAMP)) return TARGET;
  const work = await Deno.makeTempDir({ dir: PEERS_DIR, prefix: "building-" });
  try {
    console.error("Loading git's source (about 8 MB)");
    const source = join(work, "source");
    await ensureDir(source);
    await loadFromDebian(work, "deb-src", async (aptGet, directory) => {
      await aptGet(["source", "--download-only", "git"], directory);
      const names = [...Deno.readDirSync(directory)].map(({ name }) => name);
      const archive = names.find((name) => /^git_.*\.orig\.tar\.[a-z0-9]+$/.test(name));
      if (archive === undefined) throw new Error("the source package has no archive of git's");
      const unpacking = ["-x", "--strip-components=1", "-f", archive, "-C", source];
      await run("tar", unpacking, { cwd: directory });
    });
    console.error("Building git (some minutes)");
    if (await exists(TARGET)) await Deno.remove(TARGET, { recursive: true });
    await Deno.rename(source, TARGET);
    const variables = ["CFLAGS=-O1", ...LEFT_OUT.map((name) => `NO_${name}=YesPlease`)];
    const jobs = `-j${navigator.hardwareConcurrency}`;
    await run("make", [jobs, ...variables, "all"], { cwd: TARGET });
    await Deno.writeTextFile(STAMP, "");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return TARGET;
}
