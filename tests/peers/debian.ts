/**
 * Debian's packages and their sources, from the mirrors that the machine's own configuration names.
 * The system is left alone: apt gets a root of its own, whose only suite is Debian's sid.
 *
 * @module
 */

import { ensureDir, exists, walk } from "@std/fs";
import { join } from "@std/path";

/** An archive of Debian packages. */
export interface Mirror {
  readonly uri: string;
  /** What follows `Signed-By:` in apt's configuration: a space and a path, or lines of a key. */
  readonly signedBy: string | undefined;
}

/** Runs apt-get with a root of its own; `cwd` is where it puts what it loads. */
export type AptGet = (args: readonly string[], cwd: string) => Promise<void>;

/**
 * Loads something from Debian, from the first mirror where that goes well.
 *
 * @param work The directory for what apt keeps.
 * @param type What is to be loaded: packages (`deb`) or their sources (`deb-src`).
 * @param load Loads it into the empty directory that it is given.
 * @returns What `load` returned.
 */
export async function loadFromDebian<T>(
  work: string,
  type: "deb" | "deb-src",
  load: (aptGet: AptGet, directory: string) => Promise<T>,
): Promise<T> {
  if (Deno.build.os !== "linux" || !await exists("/etc/apt")) {
    throw new Error("this is no system with apt");
  }
  const mirrors = await debianMirrors();
  if (mirrors.length === 0) throw new Error("apt's configuration names no Debian mirror");
  let failure: unknown;
  for (const mirror of mirrors) {
    try {
      const root = await Deno.makeTempDir({ dir: work, prefix: "apt-" });
      const config = await writeAptConfig(root, type, mirror);
      const aptGet: AptGet = async (args, cwd) => {
        await run("apt-get", ["-c", config, "-q", ...args], { cwd });
      };
      await aptGet(["update"], root);
      const directory = join(root, "loaded");
      await ensureDir(directory);
      return await load(aptGet, directory);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Writes the configuration of an apt that touches nothing outside `root`; returns its path. */
async function writeAptConfig(
  root: string,
  type: "deb" | "deb-src",
  { uri, signedBy }: Mirror,
): Promise<string> {
  await ensureDir(join(root, "state", "lists", "partial"));
  await ensureDir(join(root, "cache", "archives", "partial"));
  await Deno.writeTextFile(join(root, "status"), "");
  const architecture = (await run("dpkg", ["--print-architecture"])).trim();
  const sources = [
    `Types: ${type}`,
    `URIs: ${uri}`,
    "Suites: sid",
    "Components: main",
    `Architectures: ${architecture}`,
    // Lists of packages or sources alone: no translations, no contents.
    `Targets: ${type === "deb" ? "Packages" : "Sources"}`,
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

/** Runs a program and returns what it printed; throws its first complaint when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { LC_ALL: "C" },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  const [complaint = "no reason given"] = decoder.decode(stderr).trim().split("\n");
  throw new Error(`${program} failed: ${complaint.trim()}`);
}
