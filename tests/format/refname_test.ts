import { assert, assertEquals, assertMatch } from "@std/assert";
import { commonPrefixLength } from "../../src/bytes/bytes.ts";
import { encodeText } from "../../src/bytes/text.ts";
import { RefnameChecker, refnameProblem } from "../../src/format/refname.ts";
import { seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";
import { gitTest, runGit } from "../peers/git.ts";

const GOOD = [
  ..."HEAD,refs/heads/main,a,a/b,a-,-a,-,--,refs/heads/-,a.b,a.lockx,a.lock.x,lock,@a,a@,@@".split(
    ",",
  ),
  ..."a@b,@/a,a/@,{,a{,{@,}@},a}b,a]b,a%b,a\"b,a'b,a$b,a!b,#,&,(a),a+b,a;b,a<b>,a=b,a|b,`,_".split(
    ",",
  ),
  ...["a,b", "ä", "\u{1f600}", "\udcff", "a/\udc80", "\u00a0", "\u0080", "\u2028", "\ufeff"],
  ...["a.LOCK", "x".repeat(5000), `${"x/".repeat(1000)}x`, ".lockx/a".slice(1)],
];

const BAD: readonly (readonly [name: string, problem: string])[] = [
  ["", "it is empty"],
  ["@", 'it is "@"'],
  ["a.", "it ends with a dot"],
  [".", "it ends with a dot"],
  ["a/b.", "it ends with a dot"],
  ["a..b", 'it has ".." in it'],
  ["..a", 'it has ".." in it'],
  ["a@{b", 'it has "@{" in it'],
  ["@{", 'it has "@{" in it'],
  ["@{1}", 'it has "@{" in it'],
  ...[..." ~^:?*[\\\t\r\x01\x1f\x7f"].flatMap((character) =>
    [`a${character}b`, character, `${character}a`, `a${character}`].map((name) =>
      [name, `it has ${JSON.stringify(character)} in it`] as const
    )
  ),
  ["/", "it has an empty component"],
  ["/a", "it has an empty component"],
  ["a/", "it has an empty component"],
  ["a//b", "it has an empty component"],
  [".a", "a component begins with a dot"],
  ["a/.b", "a component begins with a dot"],
  ["a/.b/c", "a component begins with a dot"],
  ["a.lock", 'a component ends with ".lock"'],
  ["a.lock/b", 'a component ends with ".lock"'],
  ["a/b.lock", 'a component ends with ".lock"'],
  ["a/.lock", "a component begins with a dot"],
];

Deno.test("refnameProblem() knows good names", () => {
  for (const name of GOOD) assertEquals(refnameProblem(name), undefined, name);
});

Deno.test("refnameProblem() tells what is wrong with a name", () => {
  for (const [name, problem] of BAD) assertEquals(refnameProblem(name), problem, name);
  for (const name of ["a\nb", "a\0b", "\0"]) assertMatch(refnameProblem(name)!, /^it has "\\/);
});

Deno.test("RefnameChecker finds what refnameProblem() finds, whatever was checked before", () => {
  const random = seeded(29);
  const parts = ["a", "l", "lock", ".", ".l", "/", "@", "{", " ", "é", "v1.0", "refs/heads/"];
  const made = Array.from({ length: 3000 }, () => {
    return Array.from({ length: 1 + random(5) }, () => parts[random(parts.length)]!).join("");
  });
  const names = [...GOOD, ...BAD.map(([name]) => name), ...made];
  // Names in order share the most with each other.
  for (const inTurn of [names, names.toSorted(), names.toSorted().reverse()]) {
    const checker = new RefnameChecker();
    let last = new Uint8Array();
    for (const name of inTurn) {
      const bytes = encodeText(name);
      const shared = commonPrefixLength(last, last.length, bytes, bytes.length);
      // Less may be known to be shared than is.
      const known = random(3) === 0 ? random(shared + 1) : shared;
      const room = concat(bytes, "..");
      const expected = refnameProblem(name) === undefined;
      assertEquals(checker.isGood(room, bytes.length, known), expected, JSON.stringify(name));
      last = bytes;
      if (random(20) === 0) {
        checker.reset();
        last = new Uint8Array();
      }
    }
  }
});

/** Asks git about names, one a line. */
async function askGit(names: readonly string[]): Promise<boolean[]> {
  const line = 'while IFS= read -r n; do git check-ref-format --allow-onelevel "$n"; echo $?; done';
  const stdin = concat(...names.flatMap((name) => [encodeText(name), "\n"]));
  const { code, stdout, stderr } = await runGit(["-c", `alias.ask=!${line}`, "ask"], { stdin });
  assertEquals([code, stderr], [0, ""]);
  const answers = stdout.trim().split("\n");
  assertEquals(answers.length, names.length);
  return answers.map((answer) => answer === "0");
}

gitTest("refnameProblem() agrees with git check-ref-format --allow-onelevel", async () => {
  const random = seeded(7);
  const parts = "a,b,.,..,/,@,{,@{,.lock,lock,~,é,\udcff,-, ,*,\\,x.,HEAD,refs/,\x7f,\t".split(",");
  const made = Array.from({ length: 400 }, () => {
    // Three in four parts are harmless, so that half of the names are good.
    const pick = () =>
      random(4) > 0 ? ["a", "b", "/a", "é."][random(4)]! : parts[random(parts.length)]!;
    return Array.from({ length: 1 + random(6) }, pick).join("");
  });
  // Git would take a name that begins with a dash for an option.
  const names = [...made, ...GOOD, ...BAD.map(([name]) => name)].filter((name) => name[0] !== "-");
  const answers = await askGit(names);
  assert(answers.filter((good) => good).length > 100);
  assert(answers.filter((good) => !good).length > 100);
  for (const [i, name] of names.entries()) {
    assertEquals(refnameProblem(name) === undefined, answers[i], JSON.stringify(name));
  }
});
