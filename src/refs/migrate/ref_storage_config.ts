import { decodeText, encodeText } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { readIfPresent, runAsync } from "../../io/io.ts";
import type { ConfigVariable } from "../config/config_variable.ts";
import { parseConfig } from "../config/parse_config.ts";
import { acquireGitLock } from "../files/git_lock.ts";
import { editConfig } from "./edit_config.ts";

/** Extensions that repositories of the first version may have; all others need the second one. */
const OLD_EXTENSIONS = /^extensions\.(?:noop|preciousobjects|partialclone|worktreeconfig)$/;

const STORAGE = "extensions.refstorage";
const VERSION = "core.repositoryformatversion";

/**
 * Has a repository's configuration say how refs are stored, in one step that happens wholly or not at all. All
 * else in the file stays as it is.
 *
 * @param storage The way; `undefined` says nothing, which means files.
 * @param lockTimeout How long to wait for the lock, in milliseconds, −1 for ever.
 * @throws {ReftableError} With code `"lock"` when somebody else holds the lock, `"format"` when the file cannot be
 * edited; nothing is changed then.
 */
export async function writeRefStorage(
  fileSystem: FileSystem,
  commonDir: string,
  storage: "files" | "reftable" | undefined,
  lockTimeout: number,
): Promise<void> {
  // Where the file is a symbolic link, that remains one.
  const file = await fileSystem.realPath(`${commonDir}/config`);
  const mode = (await fileSystem.stat(file))?.mode;
  await using lock = await acquireGitLock(fileSystem, file, { timeout: lockTimeout, mode });
  const bytes = await runAsync(readIfPresent(fileSystem, file)) ?? new Uint8Array();
  const edited = encodeText(withRefStorage(decodeText(bytes), storage, file));
  lock.write(edited);
  await lock.sync();
  await lock.commit(file);
  await fileSystem.syncDirectory(commonDir);
}

/** Reads how a repository's configuration says that refs are stored. */
export async function readRefStorage(
  fileSystem: FileSystem,
  commonDir: string,
): Promise<string | undefined> {
  const file = `${commonDir}/config`;
  const bytes = await runAsync(readIfPresent(fileSystem, file));
  return bytes && last(parse(decodeText(bytes), file), STORAGE);
}

/** Edits the text of a configuration file. */
function withRefStorage(text: string, storage: string | undefined, file: string): string {
  const before = parse(text, file);
  const needsNewVersion = storage !== undefined ||
    before.some(({ name }) =>
      /^extensions\./.test(name) && !OLD_EXTENSIONS.test(name) && name !== STORAGE
    );
  const version = needsNewVersion ? "1" : "0";
  const versioned = editConfig(text, "core", "repositoryformatversion", version);
  const edited = editConfig(versioned, "extensions", "refstorage", storage);
  const after = parse(edited, file);
  const isDone = others(before) === others(after) && last(after, VERSION) === version &&
    last(after, STORAGE) === storage;
  if (isDone) return edited;
  throw new ReftableError("format", `Cannot edit "${file}": say by hand how refs are stored`, {
    file,
  });
}

function parse(text: string, file: string): ConfigVariable[] {
  return [...parseConfig(encodeText(text), file)];
}

/** All that shall stay as it is. */
function others(variables: readonly ConfigVariable[]): string {
  const rest = variables.filter(({ name }) => name !== STORAGE && name !== VERSION);
  return JSON.stringify(rest.map(({ name, value }) => [name, value]));
}

function last(variables: readonly ConfigVariable[], name: string): string | undefined {
  return variables.findLast((variable) => variable.name === name)?.value;
}
