import type { ReftableError } from "../../errors.ts";
import type { Environment } from "../../io/environment.ts";
import { badLine, canonicalKey, splitConfigKey } from "./config_values.ts";
import type { ConfigVariable } from "./config_variable.ts";

/**
 * Reads the variables that are given outside of all files: by `GIT_CONFIG_COUNT` and its like, by
 * `GIT_CONFIG_PARAMETERS`, and one by one.
 *
 * @param parameters Variables as Git's option `-c` takes them: `section.key=value`, or a key alone.
 * @throws {ReftableError} With code `"format"` and git's message when one is none.
 */
export function* readParameters(
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
