import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { decodeText, encodeText } from "../../src/bytes/text.ts";
import {
  configBoolean,
  configNumber,
  type ConfigVariable,
  lastValue,
  type NumberKind,
  parseConfig,
} from "../../src/refs/config.ts";
import { seeded } from "../fixtures.ts";
import { gitTest, runGitSync } from "../peers/git.ts";

const FILE = "a/config";

/** What is in a file: names and values, or the number of the line that is wrong. */
type Contents = readonly (readonly [name: string, value?: string])[] | number;

function parse(text: string): Contents {
  try {
    return parseConfig(encodeText(text), FILE).map(({ name, value, file }) => {
      assertEquals(file, FILE);
      return value === undefined ? [name] : [name, value];
    });
  } catch (error) {
    assert(error instanceof ReftableError);
    assertEquals([error.code, error.file], ["format", FILE]);
    const line = /^bad config line (\d+) in file a\/config$/.exec(error.message)?.[1];
    assert(line !== undefined, error.message);
    return Number(line);
  }
}

/** What git finds in a file; its answer ends each variable with a NUL. */
function parseWithGit(text: string, dir: string): Contents {
  const file = `${dir}/config`;
  Deno.writeFileSync(file, encodeText(text));
  const args = ["config", "--list", "--null", "--file", file];
  const { code, stderr, stdoutBytes } = runGitSync(args);
  if (code === 0) {
    return decodeText(stdoutBytes).split("\0").slice(0, -1).map((variable) => {
      const end = variable.indexOf("\n");
      return end < 0 ? [variable] : [variable.slice(0, end), variable.slice(end + 1)];
    });
  }
  const line = /^fatal: bad config line (\d+) in file (.*)\n$/.exec(stderr);
  assertEquals(line?.[2], file, stderr);
  return Number(line?.[1]);
}

const CASES: Readonly<Record<string, Contents>> = {
  "": [],
  "\n \t\n# only\n; comments": [],
  "[empty]\n[sections]\n": [],
  "[core]\n\tbare = false\n\tfilemode=true\n": [["core.bare", "false"], ["core.filemode", "true"]],
  "[core] bare = false\n": [["core.bare", "false"]],
  "[a]\n[b] c = 1": [["b.c", "1"]],
  "[a]k=1\n[A]K=2\n[a]k=3": [["a.k", "1"], ["a.k", "2"], ["a.k", "3"]],
  // Sections and keys are not case-sensitive, subsections are.
  "[CoRe]\nReposiTory-2 = X\n": [["core.repository-2", "X"]],
  '[Remote "Origin"]\n\tURL = A': [["remote.Origin.url", "A"]],
  "[Remote.Origin]\n\tURL = A": [["remote.origin.url", "A"]],
  "[.a]k\n[-]k\n[1]k": [[".a.k"], ["-.k"], ["1.k"]],
  '[a "b.C d"]k\n[a  \t"b"]k\n[ "x"]k\n[a ""]k': [["a.b.C d.k"], ["a.b.k"], [".x.k"], ["a..k"]],
  '[a "q\\"b\\\\c\\d#;"]k': [['a.q"b\\cd#;.k']],
  '[a "größe"]k = ü\n': [["a.größe.k", "ü"]],
  '[a "\udcff"]k = \udcfe\n': [["a.\udcff.k", "\udcfe"]],
  // A key before all sections stands by itself.
  "key = 1\n[a]b\n": [["key", "1"], ["a.b"]],
  // A key alone means true; a key with nothing behind the sign is empty.
  "[a]\nk\nl=\nm = \n n\t \n": [["a.k"], ["a.l", ""], ["a.m", ""], ["a.n"]],
  "[a]k\r\nl = v\r\n[b]\r\n": [["a.k"], ["a.l", "v"]],
  "[a]k = v\r": [["a.k", "v"]],
  "[a]k = v\rw\r\r\n": [["a.k", "v\rw"]],
  "\r[a]\r\rk": [["a.k"]],
  "\ufeff[a]k": [["a.k"]],
  // White space around a value is dropped, within it stays.
  "[a]k =  \t x  y\tz \t \n": [["a.k", "x  y\tz"]],
  '[a]k = "  x " \n': [["a.k", "  x "]],
  '[a]k = " x"y" z "  w\n': [["a.k", " xy z   w"]],
  '[a]k = "" x\n': [["a.k", "x"]],
  '[a]k = x "" \n': [["a.k", "x "]],
  "[a]k = x # comment\n": [["a.k", "x"]],
  "[a]k = x;comment \\\nl = y": [["a.k", "x"], ["a.l", "y"]],
  '[a]k = "x # y ; z" ; "\n': [["a.k", "x # y ; z"]],
  "[a]k = # \n[b]k = ;": [["a.k", ""], ["b.k", ""]],
  '[a]k = \\"x\\" \\\\ \\t \\n \\b.': [["a.k", '"x" \\ \t \n \b.']],
  // A backslash joins the next line.
  "[a]k = x \\\n  y\\\nz\nl\n": [["a.k", "x   yz"], ["a.l"]],
  '[a]k = "x \\\r\n y"\n': [["a.k", "x  y"]],
  "[a]k = x\\": [["a.k", "x"]],
  "[a]k = x = y = [z]\n": [["a.k", "x = y = [z]"]],
  // What is wrong, and where.
  "[a]\nk = 1\n!\n": 3,
  "\n\n-k = 1": 3,
  "1k = 1": 1,
  "[a]\nk_l = 1\n": 2,
  "[a]\nk l\n": 2,
  "[a]\nk # comment\n": 2,
  "[a]\nk\r": 2,
  "[a]\nk : 1\n": 2,
  "[]k": 1,
  "[a_b]k": 1,
  "\n[a]b]\n": 2,
  "[a\nb]\n": 1,
  "[a \n": 1,
  "[a b]\n": 1,
  "[a ]\n": 1,
  '[a "b]\n': 1,
  '[a "b\\\nc"]\n': 1,
  '[a "b" ]\n': 1,
  '[a "b"c]\n': 1,
  "[a]\u00a0k": 1,
  "[a]\vk": 1,
  "\ufeff\ufeff[a]k": 1,
  "[a]\u2028k": 1,
  // At the end of the file git counts a line more.
  "[a": 2,
  '[a "b"': 2,
  '[a "b"\n]': 2,
  '[a "b': 1,
  '[a]\nk = "x\n"': 2,
  '[a]\nk = "x': 2,
  '[a]\nk = "x\\\ny\n': 3,
  "[a]\nk = \\x\n": 2,
  "[a]\nk = x \\\n y \\q": 3,
  '[a]\nk = "\\\n\n': 3,
};

Deno.test("parseConfig() finds the variables of a file, or the line that is wrong", () => {
  for (const [text, contents] of Object.entries(CASES)) {
    assertEquals(parse(text), contents, JSON.stringify(text));
  }
});

/** A temporary directory, removed on disposal. */
function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-config-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

gitTest("parseConfig() finds what git finds", () => {
  using dir = temporary();
  for (const text of Object.keys(CASES)) {
    assertEquals(parse(text), parseWithGit(text, dir.path), JSON.stringify(text));
  }
});

gitTest("parseConfig() finds what git finds in files of any kind", () => {
  using dir = temporary();
  const pieces = [
    ...["[a]", '[a "b"]', "[A.B]", '[a "\\""]', "\n[c]\n", "\nkey = v\n", "\nK-1\n", "\nk="],
    ...["[", "]", '"', "\\", "=", "\n", "\r\n", "\r", " ", "\t", "#", ";", ".", "-", "1", "x"],
    ...[" = ", " \\\n ", "\\n", "\\\\", '\\"', "\\q", '"a b"', "# c\n", "\ufeff", "ü", "\v"],
  ];
  const random = seeded(4);
  let sound = 0;
  for (let i = 0; i < 250; i++) {
    let text = random(3) === 0 ? "" : "[a]\nk";
    for (let n = random(4); n >= 0; n--) text += pieces[random(pieces.length)];
    const found = parse(text);
    assertEquals(found, parseWithGit(text, dir.path), JSON.stringify(text));
    if (typeof found === "object") sound++;
  }
  assert(sound > 50 && sound < 200, `${sound} of them were sound`);
});

Deno.test("lastValue() finds the last variable of a name", () => {
  const variables = parseConfig(encodeText("[a]k=1\nl=2\n[A]K=3\n[b]k=4"), FILE);
  assertEquals(lastValue(variables, "a.k"), { name: "a.k", value: "3", file: FILE });
  assertEquals(lastValue(variables, "a.m"), undefined);
});

function variable(value: string | undefined): ConfigVariable {
  return { name: "a.k", value, file: FILE };
}

/** What a function makes of a value, or its complaint. */
function attempt(fn: (variable: ConfigVariable) => unknown, value: string | undefined): string {
  try {
    return String(fn(variable(value)));
  } catch (error) {
    assert(error instanceof ReftableError);
    assertEquals([error.code, error.file], ["format", FILE]);
    return error.message;
  }
}

const BOOLEANS: Readonly<Record<string, boolean | undefined>> = {
  "true": true,
  "TRUE": true,
  "yes": true,
  "On": true,
  "1": true,
  "-1": true,
  "2k": true,
  "0x10": true,
  "false": false,
  "No": false,
  "off": false,
  "": false,
  "0": false,
  "00": false,
  "0x0": false,
  "0g": false,
  "2147483647": true,
  "-2147483648": true,
  "2147483648": undefined,
  "2g": undefined,
  "maybe": undefined,
  "truee": undefined,
  "t": undefined,
  "08": undefined,
  "1.0": undefined,
};

Deno.test("configBoolean() reads words and numbers", () => {
  for (const [value, expected] of Object.entries(BOOLEANS)) {
    const complaint = `bad boolean config value '${value}' for 'a.k'`;
    assertEquals(attempt(configBoolean, value), String(expected ?? complaint));
  }
  assertEquals(attempt(configBoolean, undefined), "true");
});

/** A value as a number with and without a sign, or why it is none. */
const NUMBERS: Readonly<Record<string, [signed: number | string, unsigned: number | string]>> = {
  "0": [0, 0],
  "7": [7, 7],
  "+7": [7, 7],
  "-7": [-7, "invalid unit"],
  "-0": [0, "invalid unit"],
  " 7": [7, 7],
  "4k": [4096, 4096],
  "4K": [4096, 4096],
  "3m": [3145728, 3145728],
  "2G": [2147483648, 2147483648],
  "-1k": [-1024, "invalid unit"],
  "010": [8, 8],
  "010k": [8192, 8192],
  "0x1f": [31, 31],
  "0X1Fk": [31744, 31744],
  "08": ["invalid unit", "invalid unit"],
  "0x": ["invalid unit", "invalid unit"],
  "": ["invalid unit", "invalid unit"],
  "k": ["invalid unit", "invalid unit"],
  "7 k": ["invalid unit", "invalid unit"],
  "7kb": ["invalid unit", "invalid unit"],
  "7t": ["invalid unit", "invalid unit"],
  "7.5": ["invalid unit", "invalid unit"],
  "1e3": ["invalid unit", "invalid unit"],
  "++7": ["invalid unit", "invalid unit"],
  "7-": ["invalid unit", "invalid unit"],
  "seven": ["invalid unit", "invalid unit"],
  "9007199254740991": [9007199254740991, 9007199254740991],
  "9223372036854775808": ["out of range", 2 ** 63],
  "8589934592g": ["out of range", 2 ** 63],
  "-9223372036854775808": [-(2 ** 63), "invalid unit"],
  "-9223372036854775809": ["out of range", "invalid unit"],
  "18446744073709551616": ["out of range", "out of range"],
  "17179869184g": ["out of range", "out of range"],
};

Deno.test("configNumber() reads whole numbers as C writes them, with a unit", () => {
  for (const [value, expected] of Object.entries(NUMBERS)) {
    for (const [index, kind] of (["signed", "unsigned"] satisfies NumberKind[]).entries()) {
      const reason = expected[index];
      const complaint = `bad numeric config value '${value}' for 'a.k' in file ${FILE}: ${reason}`;
      const wanted = typeof reason === "string" ? complaint : `${reason}`;
      assertEquals(attempt((variable) => configNumber(variable, kind), value), wanted, kind);
    }
  }
  assertThrows(
    () => configNumber(variable(undefined), "signed"),
    ReftableError,
    "bad numeric config value '' for 'a.k' in file a/config: invalid unit",
  );
});

gitTest("configBoolean() and configNumber() read what git reads", () => {
  using dir = temporary();
  const file = `${dir.path}/config`;
  const ask = (type: string, value: string): string => {
    Deno.writeTextFileSync(file, `[a]k = "${value}"\n`);
    const { stdout, stderr } = runGitSync(["config", `--type=${type}`, "--file", file, "a.k"]);
    return (stdout + stderr.replace(/^fatal: /, "").replaceAll(file, FILE)).trim();
  };
  for (const value of Object.keys(BOOLEANS)) {
    assertEquals(attempt(configBoolean, value), ask("bool", value), value);
  }
  for (const value of Object.keys(NUMBERS)) {
    const found = attempt((variable) => configNumber(variable, "signed"), value);
    // A larger number does not come out of JavaScript with all its digits.
    const exact = (text: string) => Number.isNaN(Number(text)) ? text : `${Number(text)}`;
    assertEquals(exact(found), exact(ask("int", value)), value);
  }
});
