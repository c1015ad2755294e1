import type { GlobalOptions } from "./context.ts";
import { fatal, UsageError } from "./failure.ts";
import type { System } from "./system.ts";

/** A command line, cut in three. */
export interface CommandLine {
  /** What stood before the command. */
  readonly globals: GlobalOptions;
  /** The command's name, `undefined` when there is none. */
  readonly name: string | undefined;
  /** What stands behind it. */
  readonly args: readonly string[];
}

/** The options and what they mean, for the help. */
export const GLOBAL_OPTIONS: readonly (readonly [names: string, meaning: string])[] = [
  ["-C <path>", "run as if started in <path>"],
  ["-c <name>=<value>", "take this before what configuration files say"],
  ["--config-env=<name>=<variable>", "the same with the value of an environment variable"],
  ["--git-dir=<path>", "the repository, instead of looking for one"],
  ["--work-tree=<path>", "the top of the working tree"],
  ["--bare", "the repository has no working tree"],
  ["-v, --version", "print the version"],
  ["-h, --help", "show this help"],
];

/** What changes nothing here: there is no pager, and objects are neither replaced nor fetched. */
const IGNORED: readonly string[] = [
  ...["-p", "--paginate", "-P", "--no-pager", "--no-replace-objects", "--no-lazy-fetch"],
  ...["--no-optional-locks", "--no-advice"],
];

/** What is asked of the program itself is asked as of a command. */
const COMMANDS: readonly string[] = ["-h", "--help", "-v", "--version"];

/**
 * Takes a command line apart.
 *
 * @throws {UsageError} When an option before the command is not known or lacks its value.
 */
export function parseGlobalOptions(line: readonly string[], system: System): CommandLine {
  const rest = [...line];
  const directories: string[] = [];
  const config: string[] = [];
  let gitDir: string | undefined;
  let workTree: string | undefined;
  let bare = false;
  for (let arg; (arg = rest[0])?.startsWith("-") && !COMMANDS.includes(arg);) {
    rest.shift();
    const [, name = "", attached] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? [arg, arg];
    const value = (missing: string) => {
      const value = attached ?? rest.shift();
      if (value === undefined) throw new UsageError(missing, "stderr", "");
      return value;
    };
    if (IGNORED.includes(arg)) continue;
    switch (name) {
      case "-C":
        directories.push(value("no directory given for '-C' option"));
        break;
      case "-c":
        config.push(value("-c expects a configuration string"));
        break;
      case "--config-env":
        config.push(fromEnvironment(value("no config key given for --config-env"), system));
        break;
      case "--git-dir":
        gitDir = value("no directory given for '--git-dir' option");
        break;
      case "--work-tree":
        workTree = value("no directory given for '--work-tree' option");
        break;
      case "--bare":
        bare = true;
        break;
      case "--namespace":
        throw fatal("namespaces are not supported: refs are named as they are stored");
      default:
        throw new UsageError(`unknown option: ${arg}`, "stderr", "");
    }
  }
  const globals = { directories, config, gitDir, workTree, bare };
  return { globals, name: rest[0], args: rest.slice(1) };
}

/** The value is named, so that it does not show in a list of processes. */
function fromEnvironment(text: string, system: System): string {
  // A name may have equals signs in its subsection; that of a variable has none.
  const equals = text.lastIndexOf("=");
  if (equals < 0) throw fatal(`invalid config format: ${text}`);
  const [name, variable] = [text.slice(0, equals), text.slice(equals + 1)];
  if (variable === "") throw fatal(`missing environment variable name for configuration '${name}'`);
  const value = system.env(variable);
  if (value !== undefined) return `${name}=${value}`;
  throw fatal(`missing environment variable '${variable}' for configuration '${name}'`);
}
