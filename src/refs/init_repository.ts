import { encodeText } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import { refnameProblem } from "../format/refname.ts";
import { denoFileSystem } from "../io/deno.ts";
import type { FileMode, FileSystem } from "../io/file_system.ts";
import { dirname, isWindows } from "../io/path.ts";
import { Stack } from "../stack/stack.ts";
import { within } from "./git_directory.ts";
import { removeTree } from "./remove_tree.ts";
import { openRepository, type Repository } from "./repository.ts";
import { sharedRepositoryMode } from "./stack_config.ts";
import { STUB_HEAD, STUB_HEADS } from "./stub_files.ts";

/** How to make a repository. */
export interface InitOptions {
  /** Whether it has no working tree: then the path is the repository itself. */
  readonly bare?: boolean | undefined;
  /** How refs are stored; `"reftable"` by default. */
  readonly refFormat?: "files" | "reftable" | undefined;
  /** The hash of the object ids; `"sha1"` by default. */
  readonly hash?: HashName | undefined;
  /** The branch that `HEAD` points at, without `refs/heads/`; `"master"` by default, as in Git. */
  readonly initialBranch?: string | undefined;
  /** Who else may use it, as `core.sharedRepository` has it: `group`, `all`, an octal number. */
  readonly sharedRepository?: string | undefined;
  /** The storage; the real file system by default. */
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Makes an empty repository, which is just what `git init` makes, but for templates.
 *
 * @param path The top of the working tree, or the repository when it is bare. It need not exist, and there may be
 * files already.
 * @throws {ReftableError} With code `"exists"` when there is a repository already, `"refname"` when the branch has a bad
 * name, `"io"` when something cannot be written; then nothing stays behind.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { initRepository, readHead } from "@reftable/reftable";
 *
 * const path = await Deno.makeTempDir();
 * const { refFormat } = await initRepository(path, { initialBranch: "main" });
 * assertEquals(refFormat, "reftable");
 * assertEquals(readHead(path), { refname: "refs/heads/main", oid: undefined });
 * ```
 */
export async function initRepository(path: string, options: InitOptions = {}): Promise<Repository> {
  const { bare = false, initialBranch = "master", fileSystem = denoFileSystem } = options;
  const gitDir = bare ? path : within(path, ".git");
  const branch = `refs/heads/${initialBranch}`;
  if (refnameProblem(branch) !== undefined) {
    throw new ReftableError("refname", `invalid initial branch name: '${initialBranch}'`);
  }
  const { sharedRepository } = options;
  const mode = sharedRepository === undefined ? undefined : sharedRepositoryMode(sharedRepository);
  if (await fileSystem.stat(within(gitDir, "HEAD"))) {
    const message = `Cannot create a repository in "${gitDir}": there is one already`;
    throw new ReftableError("exists", message, { file: gitDir });
  }
  await using maker = new RepositoryMaker(fileSystem, gitDir, mode);
  await maker.make(branch, options);
  return await openRepository(path, { fileSystem, ...(bare ? { gitDir: "." } : {}) });
}

/** Makes what a repository consists of, or nothing. */
class RepositoryMaker implements AsyncDisposable {
  readonly #fileSystem: FileSystem;
  readonly #gitDir: string;
  readonly #mode: FileMode | undefined;
  /** What has been made so far. */
  #made: string[] = [];

  constructor(fileSystem: FileSystem, gitDir: string, mode: FileMode | undefined) {
    this.#fileSystem = fileSystem;
    this.#gitDir = gitDir;
    this.#mode = mode;
  }

  /** Makes everything; `HEAD`, which makes it a repository, comes last. */
  async make(branch: string, options: InitOptions): Promise<void> {
    const { refFormat = "reftable", hash = "sha1" } = options;
    // What is above the repository is not shared.
    await this.#makeDirectory(dirname(this.#gitDir), false);
    await this.#makeDirectory(this.#gitDir);
    for (const name of ["objects", "objects/info", "objects/pack", "refs"]) {
      await this.#makeDirectory(within(this.#gitDir, name));
    }
    await this.#makeFile("config", await this.#config(options));
    if (refFormat === "files") {
      for (const name of ["refs/heads", "refs/tags"]) {
        await this.#makeDirectory(within(this.#gitDir, name));
      }
      await this.#makeFile("HEAD", `ref: ${branch}\n`);
    } else {
      await this.#makeStack(branch, hash);
      // Programs that do not know of reftables see that there is something, and fail.
      await this.#makeFile("refs/heads", STUB_HEADS);
      await this.#makeFile("HEAD", STUB_HEAD);
    }
    await this.#fileSystem.syncDirectory(this.#gitDir);
    this.#made = [];
  }

  async #config(options: InitOptions): Promise<string> {
    const { bare = false, refFormat = "reftable", hash = "sha1" } = options;
    const extensions = [
      ...(hash === "sha1" ? [] : [`objectformat = ${hash}`]),
      ...(refFormat === "files" ? [] : [`refstorage = ${refFormat}`]),
    ];
    // Under another spelling a directory is found only where case does not matter.
    const ignoresCase = await this.#fileSystem.stat(within(this.#gitDir, "OBJECTS")) !== undefined;
    const shared = sharedValue(this.#mode);
    const core = [
      `repositoryformatversion = ${extensions.length > 0 ? 1 : 0}`,
      `filemode = ${!isWindows}`,
      `bare = ${bare}`,
      ...(bare ? [] : ["logallrefupdates = true"]),
      ...(ignoresCase ? ["ignorecase = true"] : []),
      ...(shared === undefined ? [] : [`sharedrepository = ${shared}`]),
    ];
    return (extensions.length > 0 ? section("extensions", extensions) : "") +
      section("core", core) +
      // Others must not take away what somebody has pushed.
      (shared === undefined ? "" : section("receive", ["denyNonFastforwards = true"]));
  }

  async #makeStack(branch: string, hash: HashName): Promise<void> {
    const directory = within(this.#gitDir, "reftable");
    await this.#makeDirectory(directory);
    const fileSystem = this.#fileSystem;
    await using stack = await Stack.open(directory, { fileSystem, hash, mode: this.#mode });
    const { nextUpdateIndex: updateIndex } = stack;
    await stack.add((writer) =>
      writer.addRef({ kind: "symref", refname: "HEAD", updateIndex, target: branch })
    );
  }

  /** @param isShared Whether others may use it, too. */
  async #makeDirectory(path: string, isShared = true): Promise<void> {
    if (await this.#fileSystem.stat(path)) return;
    this.#made.push(path);
    await this.#fileSystem.makeDirectory(path, isShared ? this.#mode : undefined);
  }

  async #makeFile(name: string, text: string): Promise<void> {
    const path = within(this.#gitDir, name);
    using file = await this.#fileSystem.create(path, this.#mode);
    if (!file) {
      const message = `Cannot create "${path}": there is a file of that name already`;
      throw new ReftableError("exists", message, { file: path });
    }
    this.#made.push(path);
    file.write(encodeText(text));
    await file.sync();
  }

  /** Removes what was made, unless it became a repository. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#made.reverse()) await removeTree(this.#fileSystem, path);
  }
}

function section(name: string, lines: readonly string[]): string {
  return `[${name}]\n${lines.map((line) => `\t${line}\n`).join("")}`;
}

/** Gives the value of `core.sharedRepository` that Git writes for some permissions. */
function sharedValue(mode: FileMode | undefined): string | undefined {
  if (mode === undefined) return undefined;
  if (typeof mode === "number") return `0${mode.toString(8)}`;
  return mode.atLeast & 0o007 ? "2" : "1";
}
