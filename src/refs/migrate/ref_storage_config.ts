import { decodeText, encodeText, trimEnd } from "../../bytes/text.ts";
import { ReftableError } from "../../errors.ts";
import type { FileSystem } from "../../io/file_system.ts";
import { readIfPresent, runAsync } from "../../io/io.ts";
import type { ConfigVariable } from "../config/config_variable.ts";
import { parseConfig } from "../config/parse_config.ts";
import { acquireGitLock } from "../files/git_lock.ts";

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

/** A variable of a configuration file, and where in the text it is. */
interface Entry {
  /** Its section and key in lower case, a subsection between them as it is written. */
  readonly name: string;
  /** Where the key begins. */
  readonly start: number;
  /** Where the value begins, or would. */
  readonly valueStart: number;
  /** Where the value ends. */
  readonly end: number;
}

/** A header of a section, and where in the text it is. */
interface Header {
  readonly section: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /[\s\ufeff]+/y;
const COMMENT = /[#;][^\n]*/y;
const HEADER = /\[([^\]\s"]*)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*)")?\]/y;
const KEY = /[A-Za-z][A-Za-z0-9-]*/y;
const VALUE = /[ \t]*=[ \t]*((?:"(?:[^"\\\n]|\\[^])*"|\\[^]|[^"\\\n#;])*)/y;

/**
 * Gives a variable of a configuration file another value, and leaves everything else as it is.
 *
 * @param text The file, which was parsed without an error before.
 * @param section The section in lower case; it has no subsection.
 * @param key The key in lower case.
 * @param value The value, which needs no quotes; `undefined` takes the variable away, and the section too when
 * nothing is left in it.
 */
export function editConfig(
  text: string,
  section: string,
  key: string,
  value: string | undefined,
): string {
  const { entries, headers } = scan(text);
  const found = entries.filter(({ name }) => name === `${section}.${key}`);
  if (value === undefined) {
    const rest = found.reduceRight(removeEntry, text);
    return found.length > 0 ? removeEmptySections(rest, section) : text;
  }
  const last = found.at(-1);
  if (last) {
    const sign = text.slice(last.start, last.end).includes("=") ? "" : " = ";
    return text.slice(0, last.valueStart) + sign + value + text.slice(last.end);
  }
  const line = `\t${key} = ${value}\n`;
  const header = headers.findLast((header) => header.section === section);
  if (!header) return `${withNewline(text)}[${section}]\n${line}`;
  // Behind the last variable of the section, and what follows that on its line.
  const next = headers.find(({ start }) => start > header.start)?.start ?? text.length;
  const before = entries.findLast(({ start }) => start > header.start && start < next) ?? header;
  const [rest = ""] = /^[^\n]*\n?/.exec(text.slice(before.end, next)) ?? [];
  const place = before.end + rest.length;
  return withNewline(text.slice(0, place)) + line + text.slice(place);
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function scan(text: string): { entries: Entry[]; headers: Header[] } {
  const entries: Entry[] = [];
  const headers: Header[] = [];
  let prefix = "";
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const found = pattern.exec(text);
    if (found) position = pattern.lastIndex;
    return found;
  };
  while (position < text.length) {
    const start = position;
    if (match(SPACE) || match(COMMENT)) continue;
    const header = match(HEADER);
    if (header) {
      const [, name = "", subsection] = header;
      const section = name.toLowerCase() + (subsection === undefined ? "" : `.${subsection}`);
      headers.push({ section, start, end: position });
      prefix = `${section}.`;
      continue;
    }
    const key = match(KEY)?.[0];
    if (key === undefined) {
      throw new ReftableError("format", `Cannot edit the configuration at offset ${position}`);
    }
    const keyEnd = position;
    const value = match(VALUE)?.[1]?.trimEnd();
    const valueStart = value === undefined ? keyEnd : text.indexOf("=", keyEnd) + 1;
    entries.push(entry(text, prefix + key.toLowerCase(), start, valueStart, value));
  }
  return { entries, headers };
}

function entry(
  text: string,
  name: string,
  start: number,
  behindSign: number,
  value: string | undefined,
): Entry {
  if (value === undefined) return { name, start, valueStart: behindSign, end: behindSign };
  const spaces = /^[ \t]*/.exec(text.slice(behindSign))![0].length;
  const valueStart = behindSign + spaces;
  return { name, start, valueStart, end: valueStart + value.length };
}

/** Takes away an entry, and the whole line when there is nothing else on it. */
function removeEntry(text: string, { start, end }: Entry): string {
  const before = trimEnd(text.slice(0, start), " \t");
  const behind = text.slice(end).replace(/^[^\n]*/, "");
  const isAlone = before === "" || before.endsWith("\n");
  return before + (isAlone ? behind.slice(1) : behind);
}

/** Takes away the headers of a section that nothing follows, not even a comment. */
function removeEmptySections(text: string, section: string): string {
  const { headers } = scan(text);
  return headers.filter((header) => header.section === section).reduceRight((rest, header) => {
    const behind = rest.slice(header.end).trimStart();
    if (behind !== "" && !behind.startsWith("[")) return rest;
    return rest.slice(0, header.start) + behind;
  }, text);
}
