import { assert, assertEquals } from "@std/assert";
import { compileWildmatch, type WildmatchOptions } from "../../src/bytes/wildmatch.ts";
import { seeded } from "../fixtures.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

/** Patterns with what they match and what they do not, in paths and elsewhere. */
const CASES: readonly (readonly [
  pattern: string,
  matches: readonly string[],
  others: readonly string[],
])[] = [
  ["", [""], ["a"]],
  ["foo", ["foo"], ["", "fo", "foo/", "bar/foo", "Foo"]],
  ["f?o", ["foo", "f*o"], ["fo", "f/o", "fooo"]],
  ["*", ["", "foo", ".foo"], ["foo/bar", "/"]],
  ["*/bar", ["foo/bar", "/bar"], ["bar", "a/b/bar"]],
  ["a*b*c", ["abc", "a-b-c", "abbcc"], ["a/bc", "ab", "abcd"]],
  ["**", ["", "foo", "foo/bar/"], []],
  ["**/foo", ["foo", "a/foo", "a/b/foo", "/foo"], ["afoo", "a/bfoo"]],
  ["a/**", ["a/", "a/b", "a/b/c"], ["a", "ab"]],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "a/x/by"]],
  ["a/***/b", ["a/b", "a/x/y/b"], []],
  ["a/**\\/b", ["a/x/b", "a//b"], ["a/b"]],
  ["a**b", ["ab", "axb"], ["a/b"]],
  ["**a", ["a", "ba"], ["b/a"]],
  ["[abc]x", ["ax", "cx"], ["dx", "x", "[abc]x"]],
  ["[a-c]", ["a", "b", "c"], ["d", "-"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[-a]", ["a", "-"], ["b"]],
  ["[a-c-e]", ["b", "-", "e"], ["d"]],
  ["[!a]", ["b", "!"], ["a", "/", ""]],
  ["[^a]", ["b", "^"], ["a"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[!]a]", ["b"], ["]", "a"]],
  ["[\\]a]", ["]", "a"], ["\\"]],
  ["[a\\-z]", ["a", "-", "z"], ["b"]],
  ["[a-\\z]", ["b"], ["-", "\\"]],
  ["[[:alpha:]1]", ["x", "X", "1"], ["2", ":", "["]],
  ["[[:digit:]-]", ["5", "-"], ["a"]],
  ["[[:upper:]]", ["A"], ["a", "1"]],
  ["[[:space:]]", [" ", "\t", "\n", "\r"], ["\v", "\f", "x"]],
  ["[[:punct:][:cntrl:]]", ["!", "_", "~", "\x01", "\x7f"], ["a", " "]],
  ["[[:xdigit:][:blank:]]", ["f", "F", "9", " "], ["g"]],
  ["[[:print:]]", [" ", "~"], ["\x1f", "ü"]],
  ["[[:nothing:]]", [], ["n", ":"]],
  ["[[:digit]]", ["d]", ":]", "[]"], ["1]", "d"]],
  ["[abc", [], ["a", "[abc"]],
  ["[]", [], ["", "[]"]],
  ["a\\", [], ["a", "a\\"]],
  ["\\*\\?\\[\\a", ["*?[a"], ["x?[a"]],
  ["??", ["ü", "ab"], ["a"]],
  ["[ü]", [], ["ü"]],
  ["*\udcff*", ["a\udcffb", "\udcff"], ["ÿ"]],
];

Deno.test("compileWildmatch() makes a function that matches paths", () => {
  for (const [pattern, matches, others] of CASES) {
    const match = compileWildmatch(pattern, { pathname: true });
    for (const text of matches) assert(match(text), `${pattern} should match ${text}`);
    for (const text of others) assert(!match(text), `${pattern} should not match ${text}`);
  }
});

Deno.test("compileWildmatch() lets all wildcards match slashes elsewhere", () => {
  for (const pattern of ["a*b", "a**b", "a?b", "a[/]b", "a[!x]b"]) {
    assert(compileWildmatch(pattern)("a/b"), pattern);
  }
  for (const [pattern, text] of [["a/**/b", "a/b"], ["**/a", "a"]] as const) {
    assert(!compileWildmatch(pattern)(text), pattern);
  }
});

Deno.test("compileWildmatch() ignores case where told to", () => {
  const cases: readonly [string, string, boolean][] = [
    ["Foo*", "fOObAR", true],
    ["[A-Z]oo", "foo", true],
    ["[[:upper:]]", "a", true],
    ["[[:lower:]]", "A", true],
    // As git has it: what is given letter by letter counts as small ones.
    ["[F]oo", "Foo", false],
    ["[f]oo", "Foo", true],
    ["\\Foo", "Foo", false],
  ];
  for (const [pattern, text, expected] of cases) {
    assertEquals(compileWildmatch(pattern, { ignoreCase: true })(text), expected, pattern);
  }
});

Deno.test("compileWildmatch() takes no longer for patterns that are meant to take long", () => {
  const pattern = `${"a*".repeat(500)}b`;
  assert(!compileWildmatch(pattern)("a".repeat(20_000)));
  assert(compileWildmatch("**/".repeat(500) + "b", { pathname: true })("a/".repeat(5000) + "b"));
});

gitTest("compileWildmatch() matches what git matches", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const random = seeded(11);
  const pick = (pieces: readonly string[], count: number) =>
    Array.from({ length: count }, () => pieces[random(pieces.length)]).join("");
  const names = new Set<string>();
  const letters = ["a", "b", "B", "ab", "-", "!", "]", "1", "/x", "/a", "/b/a", "ü"];
  while (names.size < 150) names.add(`x${pick(letters, 1 + random(4))}/y`);
  await repo.ok(["update-ref", "--stdin"], {
    stdin: [...names].map((name) => `create refs/heads/${name} HEAD\n`).join(""),
  });
  await repo.ok(["update-ref", "-d", "refs/heads/main"]);
  const pieces = [
    ...["*", "**", "?", "/", "/**/", "*/", "a", "b", "B", "y", "\\a", "\\", "-", "x"],
    ...["[ab]", "[!a]", "[^-b]", "[a-b]", "[A-Z]", "[]a]", "[[:alpha:]]", "[[:upper:]-]", "["],
  ];
  const all = [...names];
  let matched = 0;
  for (let i = 0; i < 400; i++) {
    const pattern = `${pick(["x", "x", "**", "*"], 1)}${pick(pieces, random(5))}${
      pick(["y", "/y", "*", "**"], 1)
    }`;
    const ignoreCase = random(2) === 0;
    const pathname = random(2) === 0;
    const options: WildmatchOptions = { ignoreCase, pathname };
    const flags = ignoreCase ? ["--ignore-case"] : [];
    const output = pathname
      ? await repo.ok(["for-each-ref", "--format=%(refname)", ...flags, `refs/heads/${pattern}`])
      : await repo.ok(["branch", "--list", "--format=%(refname)", ...flags, pattern]);
    const theirs = output.split("\n").filter((name) => name !== "");
    const full = pathname ? `refs/heads/${pattern}` : pattern;
    const match = compileWildmatch(full, options);
    const ours = all.map((name) => `refs/heads/${name}`)
      .filter((name) => match(pathname ? name : name.slice("refs/heads/".length)));
    // A pattern without wildcards names a directory as well.
    if (/[*?[\\]/.test(pattern)) assertEquals(ours.sort(), theirs.sort(), JSON.stringify(full));
    matched += ours.length;
  }
  assert(matched > 1000, `${matched} matches`);
});
