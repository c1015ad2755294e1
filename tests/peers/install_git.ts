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
import { findGit, PEERS_DIR, REASON_FILE } from "./git.ts";

const TARGET = join(PEERS_DIR, "git");

/** git with the libraries it needs. */
const GIT_PACKAGES = ["git", "libc6", "libpcre2-8-0", "zlib1g"];

/** patchelf with the libraries it needs beyond git's. */
const PATCHELF_PACKAGES = ["patchelf", "libgcc-s1", "libstdc++6"];

/** An archive of Debian packages. */
export interface Mirror {
  readonly uri: string;
  /** What follows `Signed-By:` in apt's configuration: a space and a path, or lines of a key. */
  readonly signedBy: string | undefined;
}

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
  if (Deno.build.os !== "linux" || !await exists("/etc/apt")) {
    throw new Error("this is no system with apt");
  }
  const mirrors = await debianMirrors();
  if (mirrors.length === 0) throw new Error("apt's configuration names no Debian mirror");
  let failure: unknown;
  for (const mirror of mirrors) {
    try {
      const root = await Deno.makeTempDir({ dir: work, prefix: "apt-" });
      const config = await writeAptConfig(root, mirror);
      const packages = join(root, "packages");
      await ensureDir(packages);
      await run("apt-get", ["-c", config, "-q", "update"]);
      const names = [...GIT_PACKAGES, ...PATCHELF_PACKAGES];
      await run("apt-get", ["-c", config, "-q", "download", ...names], packages);
      const unpacked = join(root, "unpacked");
      for await (const { path } of walk(packages, { exts: [".deb"] })) {
        await run("dpkg", ["-x", path, unpacked]);
      }
      return unpacked;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Writes the configuration of an apt that touches nothing outside `root`; returns its path. */
async function writeAptConfig(root: string, { uri, signedBy }: Mirror): Promise<string> {
  await ensureDir(join(root, "state", "lists", "partial"));
  await ensureDir(join(root, "cache", "archives", "partial"));
  await Deno.writeTextFile(join(root, "status"), "");
  const architecture = (await run("dpkg", ["--print-architecture"])).trim();
  const sources = [
    "Types: deb",
    `URIs: ${uri}`,
    "Suites: sid",
    "Components: main",
    `Architectures: ${architecture}`,
    // Package lists alone: no translations, no contents.
    "Targets: Packages",
    ...(signedBy === undefined ? [] : [`Signed-By:${signedBy}`]),
  ];
  await Deno.writeTextFile(join(root, "sid.sources"), sources.join("\n") + "\n");
  const config = [
    // The system's hooks would clean the system's own caches.
    "#clear APT::Update::Pre-Invoke;",
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    // Else a mirror out of reach is but a warning.
    'APT::Update::Error-Mode "any";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    // The user that apt loads as otherwise may not write below a private directory.
    'APT::Sandbox::User "root";',
    `Dir::Cache "${join(root, "cache")}";`,
    `Dir::Etc::SourceList "${join(root, "sid.sources")}";`,
    'Dir::Etc::SourceParts "/dev/null";',
    `Dir::State "${join(root, "state")}";`,
    `Dir::State::status "${join(root, "status")}";`,
  ];
  const path = join(root, "apt.conf");
  await Deno.writeTextFile(path, config.join("\n") + "\n");
  return path;
}

/** The Debian mirrors that the machine's apt is configured with, the likeliest first. */
async function debianMirrors(): Promise<Mirror[]> {
  const release = await Deno.readTextFile("/etc/os-release");
  const codename = /^VERSION_CODENAME="?([\w-]+)/m.exec(release)?.[1] ?? "stable";
  const files = ["/etc/apt/sources.list"];
  for await (const { path } of walk("/etc/apt", { match: [/\/sources\.list\.d\/[^/]+$/] })) {
    files.push(path);
  }
  const mirrors: Mirror[] = [];
  for (const path of files) {
    if (!await exists(path)) continue;
    const text = await Deno.readTextFile(path);
    if (path.endsWith(".sources")) mirrors.push(...parseDeb822(text, codename));
    else if (path.endsWith(".list")) mirrors.push(...parseSourcesList(text, codename));
  }
  // Other archives may use Debian's suite names; Debian's mirrors end in "debian" by custom.
  const rank = ({ uri }: Mirror) => /\/debian\/?$/.test(uri) ? 0 : 1;
  return mirrors.sort((a, b) => rank(a) - rank(b));
}

/**
 * The Debian mirrors that a deb822 file (`*.sources`) names.
 *
 * @param text The file.
 * @param codename The release that the machine runs, such as `"bookworm"`.
 */
export function parseDeb822(text: string, codename: string): Mirror[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  return lines.join("\n").split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const [, name = "", value = ""] of stanza.matchAll(/^([\w-]+):(.*(?:\n[ \t].*)*)/gm)) {
      fields.set(name.toLowerCase(), value);
    }
    const words = (name: string) => (fields.get(name) ?? "").trim().split(/\s+/);
    if (words("enabled").includes("no") || !words("types").includes("deb")) return [];
    if (!isDebian(words("suites"), words("components"), codename)) return [];
    // Left as it stands: a key may follow in lines of its own.
    const signedBy = fields.get("signed-by")?.trimEnd();
    return words("uris").filter(isNetworkAddress).map((uri) => ({ uri, signedBy }));
  });
}

/**
 * The Debian mirrors that a one-line-style file (`sources.list`) names.
 *
 * @param text The file.
 * @param codename The release that the machine runs, such as `"bookworm"`.
 */
export function parseSourcesList(text: string, codename: string): Mirror[] {
  const lines = text.matchAll(/^[ \t]*deb[ \t]+(?:\[([^\]]*)\][ \t]*)?(\S+)[ \t]+([^#\n]+)/gm);
  return [...lines].flatMap(([, options = "", uri = "", rest = ""]) => {
    const [suite = "", ...components] = rest.trim().split(/\s+/);
    if (!isDebian([suite], components, codename) || !isNetworkAddress(uri)) return [];
    const keyring = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1];
    return [{ uri, signedBy: keyring === undefined ? undefined : ` ${keyring}` }];
  });
}

function isDebian(suites: string[], components: string[], codename: string): boolean {
  const names = [codename, "oldstable", "stable", "testing", "unstable", "sid"];
  return components.includes("main") && suites.some((suite) => names.includes(suite));
}

function isNetworkAddress(uri: string): boolean {
  return /^https?:/.test(uri);
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

/** Runs a program and returns what it printed; throws its first complaint when it fails. */
async function run(program: string, args: string[], cwd?: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: { LC_ALL: "C" },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const [complaint = "no reason given"] = decoder.decode(stderr).trim().split("\n");
  throw new Error(`${program} failed: ${complaint.trim()}`);
}

async function removeIfAny(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
