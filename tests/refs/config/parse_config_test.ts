import { assert, assertEquals } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { decodeText, encodeText } from "../../../src/bytes/text.ts";
import { parseConfig } from "../../../src/refs/config/parse_config.ts";
import { seeded } from "../../fixtures.ts";
import { gitTest, runGitSync } from "../../peers/git.ts";

const FILE = "a/config";

/** What is in a file: names and values, or the number of the line that is wrong. */
type Contents = readonly (readonly [name: string, value?: string])[] | number;

function parse(text: string): Contents {
  try {
    return Array.from(parseConfig(encodeText(text), FILE)).map(({ name, value, file }) => {
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
