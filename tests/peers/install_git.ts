/**
 * Installs a git that knows reftables into `.peers/git` where the machine's own is too old, so
 * that the tests can compare with it. Does nothing when there is one already.
 *
 * This works on systems with apt, as root and as anyone else, and leaves the system alone: apt
 * gets a root of its own whose only suite is Debian's sid, from the mirror that the machine's own
 * configuration names. The packages are unpacked, not installed, and git's programs are pointed
 * at the C library that came with them.
 *
 * Where that fails, the reason goes into `.peers/no-git.txt` for the tests to report.
 *
 * @module
 */

import { ensureDir, exists, walk } from "@std/fs";
import { dirname, join } from "@std/path";
import { loadFromDebian, run } from "./debian.ts";
import { findGit, PEERS_DIR, REASON_FILE } from "./git.ts";

const TARGET = join(PEERS_DIR, "git");

/** git with the libraries it needs. */
const GIT_PACKAGES = ["git", "libc6", "libpcre2-8-0", "zlib1g"];

/** patchelf with the libraries it needs beyond git's. */
const PATCHELF_PACKAGES = ["patchelf", "libgcc-s1", "libstdc++6"];

if (import.meta.main) {
  if (!findGit().available) await install();
}

async function install(): Promise<void> {
  await ensureDir(PEERS_DIR);
  using lock = await Deno.open(join(PEERS_DIR, "lock"), { create: true, write: true });
  await lock.lock(true);
  // Another run may have installed it while this one waited.
  if (findGit().available) return;
  console.error(`Installing a git that knows reftables into ${TARGET} (about 15 MB to load)`);
  const work = await Deno.makeTempDir({ dir: PEERS_DIR, prefix: "installing-" });
  try {
    const unpacked = await unpackPackages(work);
    await assemble(unpacked, join(work, "git"));
    await removeIfAny(TARGET);
    await Deno.rename(join(work, "git"), TARGET);
    await removeIfAny(REASON_FILE);
    const found = findGit();
    if (!found.available) throw new Error("the git that was installed does not run");
    console.error(`Installed git ${found.version}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await Deno.writeTextFile(REASON_FILE, `none could be installed (${reason})\n`);
    console.error(`Cannot install git: ${reason}`);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Loads the packages and unpacks them all into one directory, whose path it returns. */
async function unpackPackages(work: string): Promise<string> {
  return await loadFromDebian(work, "deb", async (aptGet, directory) => {
    await aptGet(["download", ...GIT_PACKAGES, ...PATCHELF_PACKAGES], directory);
    const unpacked = join(directory, "..", "unpacked");
    for await (const { path } of walk(directory, { exts: [".deb"] })) {
      await run("dpkg", ["-x", path, unpacked]);
    }
    return unpacked;
  });
}

/** Makes a directory that holds git and runs from `TARGET`, whatever C library the system has. */
async function assemble(unpacked: string, git: string): Promise<void> {
  let loader: string | undefined;
  for await (
    const { path } of walk(join(unpacked, "usr", "lib"), { match: [/\/ld-linux[^/]*$/] })
  ) {
    // The loader lies beside the C library, and once more where other programs look for it.
    if (await exists(join(dirname(path), "libc.so.6"))) loader = path;
  }
  if (loader === undefined) throw new Error("package libc6 holds no loader");
  const libraries = dirname(loader);
  const patchelf = [
    ...["--library-path", libraries, join(unpacked, "usr", "bin", "patchelf")],
    ...["--set-interpreter", join(TARGET, "lib", loader.slice(libraries.length + 1))],
    ...["--force-rpath", "--set-rpath", "$ORIGIN/../lib"],
  ];
  const programs = join(unpacked, "usr", "lib", "git-core");
  for await (const entry of walk(programs, { maxDepth: 1, includeDirs: false })) {
    if (!entry.isSymlink && await isElf(entry.path)) await run(loader, [...patchelf, entry.path]);
  }
  await ensureDir(join(git, "bin"));
  await Deno.rename(libraries, join(git, "lib"));
  await Deno.rename(programs, join(git, "git-core"));
  await Deno.rename(
    join(unpacked, "usr", "share", "git-core", "templates"),
    join(git, "templates"),
  );
  const quoted = (name: string) => `'${join(TARGET, name).replaceAll("'", "'\\''")}'`;
  const wrapper = [
    "#!/bin/sh",
    `GIT_EXEC_PATH=${quoted("git-core")}`,
    `GIT_TEMPLATE_DIR=${quoted("templates")}`,
    "export GIT_EXEC_PATH GIT_TEMPLATE_DIR",
    'exec "$GIT_EXEC_PATH/git" "$@"',
  ];
  await Deno.writeTextFile(join(git, "bin", "git"), wrapper.join("\n") + "\n", { mode: 0o755 });
}

async function isElf(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const magic = new Uint8Array(4);
  await file.read(magic);
  return new TextDecoder().decode(magic) === "\x7fELF";
}

async function removeIfAny(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
