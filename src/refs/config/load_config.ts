import { ReftableError } from "../../errors.ts";
import { denoFileSystem, type Environment, permittedEnvironment } from "../../io/deno.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { type Io, readIfPresent, statFile } from "../../io/io.ts";
import { isAbsolute } from "../../io/path.ts";
import { Config } from "./config.ts";
import type { ConfigVariable } from "./config_variable.ts";
import { type ConditionContext, conditionHolds } from "./include_condition.ts";
import {
  badLine,
  canonicalKey,
  expandHome,
  parseBoolean,
  parseConfig,
  splitConfigKey,
} from "./parse_config.ts";

/** What is configured outside of the repository. */
export interface ConfigSources {
  /**
   * Gives variables of the environment, `undefined` for those that may not be read. It says where the configuration of
   * the system and of the user is, which is read as far as that is permitted without anybody being asked.
   *
   * By default it is the program's own, as `permittedEnvironment` gives it; there is none where the storage is another
   * one than the real file system. Give one that answers `GIT_CONFIG_NOSYSTEM` with `1`, and nothing else, where
   * only the repository's own files are to count.
   */
  readonly environment?: Environment | undefined;
  /** Variables that go before those of all files, each as Git's option `-c` takes it: `section.key=value`. */
  readonly parameters?: readonly string[] | undefined;
}

/** Gives the environment that counts for a repository. */
export function environmentOf(
  fileSystem: FileSystem,
  { environment }: ConfigSources,
): Environment | undefined {
  return environment ?? (fileSystem === denoFileSystem ? permittedEnvironment : undefined);
}

/** Where to look for configuration. */
export interface LoadConfigOptions extends ConfigSources {
  /** The working tree's own directory; `undefined` outside of repositories. */
  readonly gitDir?: string | undefined;
  /** The directory that all working trees share; `undefined` outside of repositories. */
  readonly commonDir?: string | undefined;
  /** Whether the working tree has a configuration of its own besides. */
  readonly worktreeConfig?: boolean | undefined;
  /** Finds the name of the branch that is checked out, without `refs/heads/`, if there is one. */
  readonly currentBranch?: (() => Io<string | undefined>) | undefined;
}

/**
 * Reads all configuration that applies to a repository, and what it includes.
 *
 * What is included but is not there, or is not to be found because nobody knows where the user's files are, is
 * left out.
 *
 * @throws {ReftableError} With code `"format"` and git's message when something makes no sense.
 */
export function* loadConfig(fileSystem: FileSystem, options: LoadConfigOptions = {}): Io<Config> {
  const variables = yield* new ConfigReader(fileSystem, options).read();
  return new Config(variables, options.environment?.("HOME"));
}

/** How deep includes may be nested. */
const MAX_DEPTH = 10;

/** Reads one place of configuration after the other. */
class ConfigReader {
  readonly #fileSystem: FileSystem;
  readonly #options: LoadConfigOptions;
  /** Whether only the addresses of remotes are looked for, on which some includes depend. */
  readonly #isForUrls: boolean;
  readonly #context: ConditionContext;
  readonly #variables: ConfigVariable[] = [];
  #depth = 0;
  /** Whether what is read must not have addresses of remotes: it may be included because of some. */
  #forbidsUrls = false;
  #remoteUrls: readonly string[] | undefined;

  constructor(fileSystem: FileSystem, options: LoadConfigOptions, isForUrls = false) {
    this.#fileSystem = fileSystem;
    this.#options = options;
    this.#isForUrls = isForUrls;
    const { environment, gitDir, currentBranch } = options;
    const remoteUrls = () => this.#findRemoteUrls();
    this.#context = { fileSystem, environment, gitDir, currentBranch, remoteUrls };
  }

  *read(): Io<ConfigVariable[]> {
    const { gitDir, commonDir, worktreeConfig, environment, parameters = [] } = this.#options;
    for (const file of environment ? outerFiles(environment) : []) {
      if (this.#mayRead(file)) yield* this.#readFile(file);
    }
    if (commonDir !== undefined) yield* this.#readFile(`${commonDir}/config`);
    if (worktreeConfig) yield* this.#readFile(`${gitDir}/config.worktree`);
    for (const variable of readParameters(environment, parameters)) yield* this.#take(variable);
    return this.#variables;
  }

  /** What may lie outside of the repository is left out when somebody would have to be asked. */
  #mayRead(file: string): boolean {
    return this.#fileSystem.mayReadSync(file);
  }

  *#readFile(file: string): Io<void> {
    // To name this file is to say that there is no configuration.
    if (file === "/dev/null") return;
    const bytes = yield* readIfPresent(this.#fileSystem, file);
    if (!bytes) return;
    for (const variable of parseConfig(bytes, file)) yield* this.#take(variable);
  }

  *#take(variable: ConfigVariable): Io<void> {
    if (this.#forbidsUrls && isRemoteUrl(variable)) {
      const message = "remote URLs cannot be configured in file directly or indirectly included " +
        "by includeIf.hasconfig:remote.*.url";
      throw new ReftableError("format", message, { file: variable.file });
    }
    this.#variables.push(variable);
    if (variable.name === "include.path") return yield* this.#include(variable);
    const [section, subsection, key] = splitConfigKey(variable.name);
    if (section === "includeif" && subsection !== "" && key === ".path") {
      yield* this.#includeIf(subsection.slice(1), variable);
    }
  }

  *#includeIf(condition: string, variable: ConfigVariable): Io<void> {
    const isTaken = this.#isForUrls && condition.startsWith("hasconfig:remote.*.url:");
    if (!isTaken && !(yield* conditionHolds(condition, variable, this.#context))) return;
    const outer = this.#forbidsUrls;
    // Git is strict here: what is included for any other reason must not have addresses either.
    this.#forbidsUrls = this.#isForUrls;
    yield* this.#include(variable);
    this.#forbidsUrls = outer;
  }

  *#include(variable: ConfigVariable): Io<void> {
    const { value, file } = variable;
    if (value === undefined) throw badLine(variable, "missing value for 'include.path'");
    const expanded = expandHome(value, this.#options.environment?.("HOME"));
    if (expanded === undefined) return;
    if (!isAbsolute(expanded) && file === undefined) {
      throw badLine(variable, "relative config includes must come from files");
    }
    // Relative paths begin where the file is.
    const path = isAbsolute(expanded) ? expanded : file!.replace(/[^/]*$/, "") + expanded;
    if (!this.#mayRead(path) || !(yield* statFile(this.#fileSystem, path))) return;
    if (++this.#depth > MAX_DEPTH) throw tooDeep(path, file);
    yield* this.#readFile(path);
    this.#depth--;
  }

  *#findRemoteUrls(): Io<readonly string[]> {
    if (!this.#remoteUrls) {
      const variables = yield* new ConfigReader(this.#fileSystem, this.#options, true).read();
      this.#remoteUrls = variables.filter(isRemoteUrl).map(({ value }) => value ?? "");
    }
    return this.#remoteUrls;
  }
}

/** Names the files of the system and of the user. */
function outerFiles(environment: Environment): string[] {
  const files: string[] = [];
  const noSystem = environment("GIT_CONFIG_NOSYSTEM");
  if (noSystem === undefined || !environmentBoolean("GIT_CONFIG_NOSYSTEM", noSystem)) {
    files.push(environment("GIT_CONFIG_SYSTEM") ?? SYSTEM_FILE);
  }
  const global = environment("GIT_CONFIG_GLOBAL");
  if (global !== undefined) return [...files, global];
  const home = environment("HOME");
  const configHome = environment("XDG_CONFIG_HOME") || (home && `${home}/.config`);
  if (configHome) files.push(`${configHome}/git/config`);
  if (home !== undefined) files.push(`${home}/.gitconfig`);
  return files.filter((file) => file !== "");
}

/** Where Git is told to look for the system's configuration when it is built, nearly always. */
const SYSTEM_FILE = "/etc/gitconfig";

function environmentBoolean(name: string, value: string): boolean {
  const boolean = parseBoolean(value);
  if (boolean !== undefined) return boolean;
  throw new ReftableError("format", `bad boolean environment value '${value}' for '${name}'`);
}

function isRemoteUrl({ name }: ConfigVariable): boolean {
  const [section, subsection, key] = splitConfigKey(name);
  return section === "remote" && subsection !== "" && key === ".url";
}

function tooDeep(path: string, file: string | undefined): ReftableError {
  return new ReftableError(
    "format",
    `exceeded maximum include depth (${MAX_DEPTH}) while including\n\t${path}\n` +
      `from\n\t${file ?? "the command line"}\nThis might be due to circular includes.`,
    { file },
  );
}

/**
 * Reads the variables that are given outside of all files: by `GIT_CONFIG_COUNT` and its like, by
 * `GIT_CONFIG_PARAMETERS`, and one by one.
 *
 * @param parameters Variables as Git's option `-c` takes them: `section.key=value`, or a key alone.
 * @throws {ReftableError} With code `"format"` and git's message when one is none.
 */
function* readParameters(
  environment: Environment | undefined,
  parameters: readonly string[],
): Generator<ConfigVariable, void> {
  if (environment) {
    yield* readCounted(environment);
    yield* readQuoted(environment("GIT_CONFIG_PARAMETERS") ?? "");
  }
  for (const parameter of parameters) yield splitParameter(parameter);
}

/** The largest number of variables that Git takes. */
const MAX_COUNT = 0x7fffffff;

function* readCounted(environment: Environment): Generator<ConfigVariable, void> {
  const count = environment("GIT_CONFIG_COUNT") ?? "";
  const digits = /^[\t-\r ]*([+-]?)(\d+)$/.exec(count);
  if (count !== "" && !digits) throw bad("bogus count in GIT_CONFIG_COUNT");
  const isNegative = digits?.[1] === "-" && !/^0+$/.test(digits[2] ?? "");
  if (isNegative || Number(digits?.[2]) > MAX_COUNT) {
    throw bad("too many entries in GIT_CONFIG_COUNT");
  }
  for (let i = 0; i < Number(digits?.[2] ?? 0); i++) {
    const key = environment(`GIT_CONFIG_KEY_${i}`);
    if (key === undefined) throw bad(`missing config key GIT_CONFIG_KEY_${i}`);
    const value = environment(`GIT_CONFIG_VALUE_${i}`);
    if (value === undefined) throw bad(`missing config value GIT_CONFIG_VALUE_${i}`);
    yield variable(key, value);
  }
}

/** A word in single quotes as a shell would take it, in which `!` may be quoted by itself. */
const QUOTED = /'((?:[^']|'\\['!]')*)'/y;

/** Reads variables in quotes: `'key=value'`, as Git wrote them once, or `'key'='value'`. */
function* readQuoted(text: string): Generator<ConfigVariable, void> {
  let position = 0;
  const quoted = (): string => {
    QUOTED.lastIndex = position;
    const [all, word] = QUOTED.exec(text) ?? [];
    if (all === undefined) throw bad("bogus format in GIT_CONFIG_PARAMETERS");
    position += all.length;
    return word!.replaceAll(/'\\(['!])'/g, "$1");
  };
  const isAtEnd = () => position === text.length || SPACE.test(text[position]!);
  while (position < text.length) {
    const word = quoted();
    if (isAtEnd()) {
      if (/^(?:=|$)/.test(word)) throw bad(`bogus config parameter: ${word}`);
      yield splitParameter(word);
    } else if (text[position++] === "=") {
      yield variable(word, isAtEnd() ? undefined : quoted());
      if (!isAtEnd()) throw bad("bogus format in GIT_CONFIG_PARAMETERS");
    } else throw bad("bogus format in GIT_CONFIG_PARAMETERS");
    while (position < text.length && isAtEnd()) position++;
  }
}

const SPACE = /[ \t\r\n]/;

/** What comes before the first sign is the name; a name alone means true. */
function splitParameter(text: string): ConfigVariable {
  const end = text.indexOf("=");
  return end < 0 ? variable(text, undefined) : variable(text.slice(0, end), text.slice(end + 1));
}

function variable(name: string, value: string | undefined): ConfigVariable {
  if (name === "") throw bad("empty config key");
  const [section, subsection, key] = splitConfigKey(name);
  if (key === "" || section + subsection === "") {
    throw bad(`key does not contain a section: ${name}`);
  }
  if (key === ".") throw bad(`key does not contain variable name: ${name}`);
  if (!SECTION.test(section) || !KEY.test(key)) throw bad(`invalid key: ${name}`);
  if (subsection.includes("\n")) throw bad(`invalid key (newline): ${name}`);
  return { name: canonicalKey(name), value, file: undefined, line: 0 };
}

const SECTION = /^[A-Za-z0-9-]*$/;
const KEY = /^\.[A-Za-z][A-Za-z0-9-]*$/;

function bad(reason: string): ReftableError {
  return badLine({ file: undefined, line: 0 }, reason);
}
