import { assert, assertEquals, assertRejects } from "@std/assert";
import { type RefRecord, ReftableError, Stack, type StackOptions } from "@reftable/reftable";
import { seeded } from "../fixtures.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { assertTidy, contentsOf, deletion, direct, refnames, tidyTest } from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const OPTIONS: StackOptions = { sync: false, autoCompact: false };

/** Adds refs to a stack with one table that has others. */
async function attempt(
  existing: readonly string[],
  additions: readonly string[],
  deletions: readonly string[] = [],
  options: StackOptions = {},
): Promise<string> {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, { ...OPTIONS, skipNameCheck: true });
  const write = (to: Stack, names: readonly string[], gone: readonly string[] = []) => {
    const { nextUpdateIndex } = to;
    const refs: RefRecord[] = names.map((name) => direct(name, nextUpdateIndex));
    for (const name of gone) refs.push(deletion(name, nextUpdateIndex));
    return to.add((writer) => writer.addRefs(refs));
  };
  await write(stack, existing);
  await using checked = await Stack.open(dir.path, { ...OPTIONS, ...options });
  const before = contentsOf(dir.path);
  try {
    await write(checked, additions, deletions);
  } catch (error) {
    if (!(error instanceof ReftableError)) throw error;
    assertEquals(contentsOf(dir.path), before);
    return `${error.code}: ${error.message}`;
  }
  assertTidy(dir.path);
  const kept = existing.filter((name) => !deletions.includes(name));
  assertEquals(refnames(checked), [...new Set([...kept, ...additions])].sort());
  return "ok";
}

function conflict(refname: string, other: string): string {
  return `name-conflict: Cannot add ref "${refname}": "${other}" exists`;
}

function together(refname: string, other: string): string {
  return `name-conflict: Cannot add ref "${refname}": "${other}" is added too`;
}

function bad(refname: string, problem: string): string {
  return `refname: Cannot add ref "${refname}": ${problem}`;
}

tidyTest("Stack.add() checks names against the stack and what it deletes", async () => {
  const cases: readonly [additions: string[], deletions: string[], expected: string][] = [
    [["a/b/c"], [], conflict("a/b/c", "a/b")],
    [["b"], [], "ok"],
    [["a"], [], conflict("a", "a/b")],
    [["a"], ["a/b"], "ok"],
    [["a/b"], [], "ok"],
    [["p/"], [], bad("p/", "it has an empty component")],
    [["p//q"], [], bad("p//q", "it has an empty component")],
    [["p/./q"], [], bad("p/./q", "a component begins with a dot")],
    [["p/../q"], [], bad("p/../q", 'it has ".." in it')],
    [["a/b/c"], ["a/b"], "ok"],
    // What has a bad name can be deleted.
    [[], ["a//b"], "ok"],
    [[], ["a"], "ok"],
    [[], ["a/b", "a/b/c"], "ok"],
  ];
  for (const [additions, deletions, expected] of cases) {
    const name = `${additions} without ${deletions}`;
    assertEquals(await attempt(["a/b"], additions, deletions), expected, name);
  }
});

tidyTest("Stack.add() checks names among what it adds", async () => {
  const cases: readonly [existing: string[], additions: string[], expected: string][] = [
    [[], ["x", "x/y"], together("x/y", "x")],
    [[], ["x/y", "x/y/z/w"], together("x/y/z/w", "x/y")],
    [[], ["x-", "x/y"], "ok"],
    [[], ["x!", "x-y", "x.y/z", "x0/y", "xy"], "ok"],
    // Names between a directory and what is in it do not hide it.
    [[], ["x", "x!", "x-", "x.y", "x/y"], together("x/y", "x")],
    [["a/b", "a/c"], ["a/d", "a/e", "a/f/g"], "ok"],
    [["a/b", "c"], ["a/d", "a/e", "c/d"], conflict("c/d", "c")],
    [["a/b/c/d/e"], ["a/b/c"], conflict("a/b/c", "a/b/c/d/e")],
    [["a/b"], ["a/b/c/d/e"], conflict("a/b/c/d/e", "a/b")],
    [
      ["refs/heads/größe"],
      ["refs/heads/größe/名"],
      conflict("refs/heads/größe/名", "refs/heads/größe"),
    ],
    [["HEAD"], ["HEAD/x"], conflict("HEAD/x", "HEAD")],
    // A directory that was looked up stands for all that follows in it.
    [["d/a"], ["d/b", "d/c/x", "d/d"], "ok"],
    [["d/c"], ["d/b", "d/c/x", "d/d"], conflict("d/c/x", "d/c")],
  ];
  for (const [existing, additions, expected] of cases) {
    assertEquals(await attempt(existing, additions), expected, `${existing} and ${additions}`);
  }
});

tidyTest("Stack.add() checks names against all tables of a stack and of an addition", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, OPTIONS);
  await stack.add((writer) => writer.addRefs([direct("a", 1), direct("b/c", 1), direct("d", 1)]));
  await stack.add((writer) => writer.addRefs([deletion("a", 2), deletion("b/c", 2)]));
  await using addition = await stack.beginAddition();
  const add = (...refs: readonly RefRecord[]) => addition.add((writer) => writer.addRefs(refs));
  const fails = async (message: string, ...refs: readonly RefRecord[]) => {
    await assertRejects(() => add(...refs), ReftableError, message);
  };
  await fails('Cannot add ref "d/e": "d" exists', direct("d/e", 3));
  await add(direct("a/x", 3), direct("b", 3));
  await fails('Cannot add ref "a": "a/x" exists', direct("a", 4));
  await fails('Cannot add ref "b/c": "b" exists', direct("b/c", 4));
  await add(deletion("a/x", 4), deletion("d", 4));
  await add(direct("a", 5), direct("d/e", 5));
  await addition.commit();
  assertEquals(refnames(stack), ["a", "b", "d/e"]);
});

/** Names by what git thinks of them: `check-ref-format`, and as a name below `refs/`. */
const BAD_NAMES: Readonly<Record<string, string>> = {
  "refs/heads/.a": "a component begins with a dot",
  "refs/.heads/a": "a component begins with a dot",
  "refs/heads/a.lock": 'a component ends with ".lock"',
  "refs/heads.lock/a": 'a component ends with ".lock"',
  "refs/heads/a..b": 'it has ".." in it',
  "refs/heads/a.": "it ends with a dot",
  "refs/heads/a@{b": 'it has "@{" in it',
  "refs/heads/a b": 'it has " " in it',
  "refs/heads/a\tb": 'it has "\\t" in it',
  "refs/heads/a\x7fb": 'it has "\x7f" in it',
  "refs/heads/a~": 'it has "~" in it',
  "refs/heads/a^": 'it has "^" in it',
  "refs/heads/a:b": 'it has ":" in it',
  "refs/heads/a?": 'it has "?" in it',
  "refs/heads/a*": 'it has "*" in it',
  "refs/heads/[a": 'it has "[" in it',
  "refs/heads/a\\b": 'it has "\\\\" in it',
  "/refs/heads/a": "it has an empty component",
  "@": 'it is "@"',
};

const GOOD_NAMES = [
  "refs/heads/a.b",
  "refs/heads/a.lock.b",
  "refs/heads/lock",
  "refs/heads/a@b",
  "refs/heads/@",
  "refs/heads/{a}",
  "refs/heads/]",
  "refs/heads/-a",
  "refs/heads/a|b;$&<>\"'`!#%",
  "refs/heads/größe/名",
  "refs/heads/\udcff",
  "HEAD",
];

tidyTest("Stack.add() checks names by the rules for ref names", async () => {
  for (const [name, problem] of Object.entries(BAD_NAMES)) {
    assertEquals(await attempt([], [name]), bad(name, problem));
    assertEquals(await attempt([name], [], [name]), "ok", `deleting ${name}`);
  }
  for (const name of GOOD_NAMES) assertEquals(await attempt([], [name]), "ok", name);
});

gitTest("Stack.add() takes the names that git takes", async () => {
  await using repo = await GitRepo.create();
  const check = async (name: string) =>
    (await repo.run(["check-ref-format", "--allow-onelevel", name])).code === 0;
  for (const name of Object.keys(BAD_NAMES)) assertEquals(await check(name), false, name);
  for (const name of GOOD_NAMES) {
    // It is not passed on as it is.
    if (name.isWellFormed()) assertEquals(await check(name), true, name);
  }
});

tidyTest("Stack.add() takes any name when it is told not to check", async () => {
  const options = { skipNameCheck: true };
  for (const name of ["a", "a/b/c", ...Object.keys(BAD_NAMES)]) {
    assertEquals(await attempt(["a/b"], [name], [], options), "ok", name);
  }
  assertEquals(await attempt([], ["x", "x/y", "x/y/z"], [], options), "ok");
});

tidyTest("Stack.add() does not check the names of logs", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path, OPTIONS);
  await stack.add((writer) => {
    writer.addRef(direct("a", 1));
    for (const refname of ["a/b", "p//q"]) {
      writer.addLog({ kind: "deletion", refname, updateIndex: 1 });
    }
  });
  assertTidy(dir.path);
});

/** Whether one of two names is the directory of the other. */
function clash(a: string, b: string): boolean {
  return a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

tidyTest("Stack.add() finds each name that is the directory of another, and no more", async () => {
  const random = seeded(7);
  const components = ["a", "b", "a-", "a.b", "ä"];
  const randomName = () =>
    Array.from({ length: 1 + random(3) }, () => components[random(components.length)]).join("/");
  const randomNames = (limit: number) => new Set(Array.from({ length: random(limit) }, randomName));
  const outcomes = { ok: 0, conflict: 0 };
  for (let round = 0; round < 400; round++) {
    // The stack is now larger than what is added, now smaller.
    const existing: string[] = [];
    for (const name of randomNames(round % 2 === 0 ? 12 : 4)) {
      if (!existing.some((other) => clash(name, other))) existing.push(name);
    }
    const additions = [...randomNames(round % 2 === 0 ? 4 : 12)];
    const deletions = existing.filter((name) => !additions.includes(name) && random(3) === 0);
    const after = new Set([...existing.filter((name) => !deletions.includes(name)), ...additions]);
    const isConflict = additions.some((name) => [...after].some((other) => clash(name, other)));
    const outcome = await attempt(existing, additions, deletions);
    const message = `${existing} with ${additions} without ${deletions}: ${outcome}`;
    assertEquals(outcome.startsWith("name-conflict: "), isConflict, message);
    if (!isConflict) assertEquals(outcome, "ok", message);
    outcomes[isConflict ? "conflict" : "ok"]++;
  }
  assert(outcomes.ok > 80 && outcomes.conflict > 80, JSON.stringify(outcomes));
});
