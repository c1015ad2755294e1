import { ReftableError, type ReftableErrorCode } from "../errors.ts";
import type { HashName } from "../format/hash.ts";
import type { FileSystem } from "../io/file_system.ts";
import { type Io, readIfPresent, realPath, statFile } from "../io/io.ts";
import { basename, isAbsolute } from "../io/path.ts";
import type { RefFormat } from "./backend.ts";
import type { ConfigVariable } from "./config/config_variable.ts";
import { badLine, configBoolean, configNumber, parseConfig } from "./config/parse_config.ts";
import { type FoundDirectory, type GitDirectory, within } from "./git_directory.ts";

/** What the configuration says about a repository's make, which everybody must understand who uses it. */
export interface RepositoryFormat {
  /** The hash of the object ids. */
  readonly hash: HashName;
  /** How refs are stored; `undefined` when it is not said. */
  readonly refStorage: RefStorage | undefined;
  /** Whether each working tree has a configuration of its own besides. */
  readonly worktreeConfig: boolean;
  /** Whether there is no working tree; `undefined` when it is not said. */
  readonly isBare: boolean | undefined;
  /** Where the working tree is, relative to Git's directory; `undefined` when it is not said. */
  readonly workTree: string | undefined;
}

/** How refs are stored, and where. */
export interface RefStorage {
  /** The way. */
  readonly format: "files" | "reftable";
  /** The directory, relative to the one that all working trees share, if it is another one than that. */
  readonly payload: string | undefined;
}

/** The newest version of repositories that we know. */
const NEWEST_VERSION = 1;

/** What is being collected. */
type Draft = { -readonly [Key in keyof RepositoryFormat]: RepositoryFormat[Key] } & {
  compatHash?: HashName;
};

/** What the names of extensions begin with. */
const EXTENSIONS_PREFIX = "extensions.";

/** Extensions that were understood from the first version of repositories on. */
const EXTENSIONS: Readonly<Record<string, (variable: ConfigVariable, draft: Draft) => void>> = {
  noop: () => {},
  preciousobjects: (variable) => void configBoolean(variable),
  partialclone: (variable) => void requiredValue(variable),
  worktreeconfig: (variable, draft) => draft.worktreeConfig = configBoolean(variable),
};

/** Extensions that came with the second version. */
const NEW_EXTENSIONS: typeof EXTENSIONS = {
  "noop-v1": () => {},
  objectformat: (variable, draft) => draft.hash = hashName(variable),
  compatobjectformat(variable, draft) {
    const hash = hashName(variable);
    if (draft.compatHash !== undefined) {
      throw badLine(variable, `'${variable.name}' already specified as '${draft.compatHash}'`);
    }
    draft.compatHash = hash;
  },
  refstorage(variable, draft) {
    draft.refStorage = parseRefStorage(requiredValue(variable));
    if (!draft.refStorage) throw badExtension(variable);
  },
  relativeworktrees: (variable) => void configBoolean(variable),
  submodulepathconfig: (variable) => void configBoolean(variable),
};

/**
 * Reads what a repository's own configuration says about its make, and refuses what is not known. Files that the
 * configuration includes have no say in it.
 *
 * A configuration that names no version but an extension of the second one is refused as well, where git
 * would take the repository for one without the extension.
 *
 * @throws {ReftableError} With git's message: with code `"unsupported"` when the repository is of a make that is not
 * known, `"format"` when its configuration makes no sense.
 */
export function repositoryFormat(variables: readonly ConfigVariable[]): RepositoryFormat {
  const draft: Draft = {
    hash: "sha1",
    refStorage: undefined,
    worktreeConfig: false,
    isBare: undefined,
    workTree: undefined,
  };
  let version = 0;
  const newExtensions: string[] = [];
  const unknownExtensions: string[] = [];
  for (const variable of variables) {
    const { name } = variable;
    const extension = name.startsWith(EXTENSIONS_PREFIX)
      ? name.slice(EXTENSIONS_PREFIX.length)
      : undefined;
    if (name === "core.repositoryformatversion") version = configNumber(variable, "int");
    else if (extension === undefined) readPlace(variable, draft);
    else if (Object.hasOwn(EXTENSIONS, extension)) EXTENSIONS[extension]!(variable, draft);
    else if (Object.hasOwn(NEW_EXTENSIONS, extension)) {
      NEW_EXTENSIONS[extension]!(variable, draft);
      newExtensions.push(extension);
    } else unknownExtensions.push(extension);
  }
  const file = variables[0]?.file;
  if (version > NEWEST_VERSION) {
    const message = `Expected git repo version <= ${NEWEST_VERSION}, found ${version}`;
    throw new ReftableError("unsupported", message, { file });
  }
  if (version > 0) refuse("unsupported", "unknown repository", unknownExtensions, file);
  else refuse("format", "repo version is 0, but v1-only", newExtensions, file);
  const { compatHash: _, ...format } = draft;
  return format;
}

function refuse(
  code: ReftableErrorCode,
  what: string,
  extensions: readonly string[],
  file: string | undefined,
): void {
  if (extensions.length === 0) return;
  const plural = extensions.length > 1 ? "s" : "";
  const names = extensions.map((name) => `\n\t${name}`).join("");
  throw new ReftableError(code, `${what} extension${plural} found:${names}`, { file });
}

/** Reads what tells whether there is a working tree, and where: what each working tree may configure for itself. */
function readPlace(variable: ConfigVariable, draft: Draft): void {
  if (variable.name === "core.bare") draft.isBare = configBoolean(variable);
  if (variable.name === "core.worktree") draft.workTree = requiredValue(variable);
}

/** Lets a working tree's own configuration go before what all share. */
export function withWorktreeConfig(
  format: RepositoryFormat,
  variables: readonly ConfigVariable[],
): RepositoryFormat {
  const draft = { ...format };
  for (const variable of variables) readPlace(variable, draft);
  return draft;
}

function requiredValue(variable: ConfigVariable): string {
  if (variable.value !== undefined) return variable.value;
  throw badLine(variable, `missing value for '${variable.name}'`);
}

function hashName(variable: ConfigVariable): HashName {
  const value = requiredValue(variable);
  if (value === "sha1" || value === "sha256") return value;
  throw badExtension(variable);
}

function badExtension(variable: ConfigVariable): ReftableError {
  const message = `invalid value for '${variable.name}': '${variable.value}'`;
  return badLine(variable, message, "unsupported");
}

/**
 * Takes apart what `extensions.refStorage` says: the way refs are stored, and, behind `://`, where.
 *
 * @returns `undefined` when the way is not known.
 */
export function parseRefStorage(value: string): RefStorage | undefined {
  const separator = value.indexOf("://");
  const format = separator < 0 ? value : value.slice(0, separator);
  const payload = separator < 0 ? undefined : value.slice(separator + "://".length);
  return format === "files" || format === "reftable" ? { format, payload } : undefined;
}

/** Reads a configuration file without what it includes; nothing when there is none. */
export function* readConfigFile(fileSystem: FileSystem, file: string): Io<ConfigVariable[]> {
  const bytes = yield* readIfPresent(fileSystem, file);
  return bytes ? Array.from(parseConfig(bytes, file)) : [];
}

/** How and where the refs of a repository are stored. */
export interface RefLocation {
  /** The way. */
  readonly refFormat: RefFormat;
  /** The directory of the refs that all working trees share. */
  readonly storage: string;
  /** The directory of the refs that belong to this working tree alone. */
  readonly worktreeStorage: string;
}

/**
 * Finds out how and where the refs of a repository are stored. Where the configuration does not say it, a
 * directory `reftable` tells that there is a stack in place of `packed-refs`.
 *
 * @throws {ReftableError} With code `"format"` when `HEAD` tells that refs are stored in reftables, and the
 * configuration does not; `"not-exist"` when the place that the configuration names is not there.
 */
export function* locateRefs(
  fileSystem: FileSystem,
  { gitDir, commonDir, head }: FoundDirectory,
  refStorage: RefStorage | undefined,
): Io<RefLocation> {
  if (!refStorage) {
    if (head !== undefined && STUB.test(head)) {
      throw new ReftableError(
        "format",
        `Cannot open "${gitDir}": its HEAD says that refs are stored in another way than as files, ` +
          `expected extensions.refStorage in "${within(commonDir, "config")}"`,
        { file: within(commonDir, "config") },
      );
    }
    const info = yield* statFile(fileSystem, within(commonDir, "reftable"));
    const refFormat = info?.kind === "directory" ? "hybrid" : "files";
    return { refFormat, storage: commonDir, worktreeStorage: gitDir };
  }
  const { format, payload } = refStorage;
  if (payload === undefined) {
    return { refFormat: format, storage: commonDir, worktreeStorage: gitDir };
  }
  const path = isAbsolute(payload) ? payload : within(commonDir, payload);
  if (!(yield* statFile(fileSystem, path))) {
    const message =
      `Cannot open "${gitDir}": its refs are said to be in "${path}", which does not exist`;
    throw new ReftableError("not-exist", message, { file: path });
  }
  const storage = yield* realPath(fileSystem, path);
  const id = worktreeId({ gitDir, commonDir });
  const worktreeStorage = id === undefined ? storage : within(storage, `worktrees/${id}`);
  return { refFormat: format, storage, worktreeStorage };
}

/** What `HEAD` holds where it is only there so that old programs take the directory for a repository. */
const STUB = /^ref:\s*refs\/heads\/\.invalid\s*$/;

/** Gives the name of a linked working tree; `undefined` for the main one. */
export function worktreeId({ gitDir, commonDir }: GitDirectory): string | undefined {
  return gitDir === commonDir ? undefined : basename(gitDir);
}
