import { assert, assertEquals, assertGreater } from "@std/assert";
import { refnameProblem } from "../../src/format/refname.ts";
import {
  canonicalName,
  isBranch,
  isGoodRefname,
  isPerWorktreeRef,
  isPseudoRef,
  isRootRef,
  isSafeRefname,
  parseWorktreeName,
} from "../../src/refs/names.ts";
import { seeded } from "../fixtures.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

function filter(names: readonly string[], accepts: (name: string) => boolean): string[] {
  return names.filter((name) => accepts(name));
}

Deno.test("isPseudoRef() knows the two files that are no refs", () => {
  const names = ["FETCH_HEAD", "MERGE_HEAD", "HEAD", "ORIG_HEAD", "refs/heads/FETCH_HEAD", ""];
  assertEquals(filter(names, isPseudoRef), ["FETCH_HEAD", "MERGE_HEAD"]);
});

Deno.test("isGoodRefname() agrees with refnameProblem()", () => {
  const random = seeded(7);
  const parts = [
    "a",
    "B-",
    "_",
    "1",
    ".",
    "/",
    ".lock",
    "@",
    "{",
    "ä",
    " ",
    "..",
    "lock",
    "refs/heads/",
  ];
  let good = 0;
  for (let i = 0; i < 5000; i++) {
    const name = Array.from({ length: random(6) }, () => parts[random(parts.length)]).join("");
    assertEquals(isGoodRefname(name), refnameProblem(name) === undefined, name);
    if (isGoodRefname(name)) good++;
  }
  assertGreater(good, 500);
});

const ROOT_REFS = [
  ...["HEAD", "AUTO_MERGE", "BISECT_EXPECTED_REV", "NOTES_MERGE_PARTIAL", "NOTES_MERGE_REF"],
  ...["MERGE_AUTOSTASH", "ORIG_HEAD", "CHERRY_PICK_HEAD", "MY-OWN_HEAD", "_HEAD", "-_HEAD"],
];
const NO_ROOT_REFS = [
  ...["FETCH_HEAD", "MERGE_HEAD", "FOO", "AHEAD", "A_HEADS", "a_HEAD", "A1_HEAD", "A/B_HEAD"],
  ...["refs/heads/HEAD", "head", "", "NOTES_MERGE_WORKTREE", "NOTES_MERGE_REF_"],
];

Deno.test("isRootRef() knows names with _HEAD and some others", () => {
  assertEquals(filter([...ROOT_REFS, ...NO_ROOT_REFS], isRootRef), ROOT_REFS);
});

gitTest("isRootRef() knows what git lists as root refs", async () => {
  await using repo = await GitRepo.create();
  await repo.ok(["commit", "--allow-empty", "-m", "one"]);
  const names = [...ROOT_REFS, ...NO_ROOT_REFS, "COMMIT_EDITMSG", "INDEX"]
    .filter((name) => /^[A-Z-][A-Z_1-]*$/i.test(name) && name !== "HEAD" && !isPseudoRef(name));
  const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
  const commands = names.filter((name) => !name.startsWith("refs/"))
    .map((name) => `update ${name} ${oid}\n`);
  await repo.ok(["update-ref", "--stdin"], { stdin: commands.join("") });
  const listed = await repo.ok(["for-each-ref", "--include-root-refs", "--format=%(refname)"]);
  const found = listed.trim().split("\n").filter((name) => !name.startsWith("refs/"));
  assertEquals(found, ["HEAD", ...filter(names, isRootRef)].sort());
});

Deno.test("isPerWorktreeRef() knows what each working tree has for itself", () => {
  const own = ["refs/bisect/bad", "refs/worktree/a", "refs/rewritten/x/y"];
  const shared = ["refs/heads/bisect/a", "refs/bisect", "refs/worktrees/a", "refs/tags/v1", "HEAD"];
  assertEquals(filter([...own, ...shared], isPerWorktreeRef), own);
});

Deno.test("isBranch() knows HEAD and what is below refs/heads/", () => {
  const names = ["HEAD", "refs/heads/a", "refs/heads/a/b", "refs/heads", "refs/tags/a", "AHEAD"];
  assertEquals(filter(names, isBranch), ["HEAD", "refs/heads/a", "refs/heads/a/b"]);
});

Deno.test("parseWorktreeName() finds out where refs belong", () => {
  const current = ["HEAD", "ORIG_HEAD", "FETCH_HEAD", "refs/bisect/bad", "refs/worktree/a/b"];
  for (const refname of current) {
    assertEquals(parseWorktreeName(refname), { kind: "current", refname });
    assertEquals(parseWorktreeName(`main-worktree/${refname}`), { kind: "main", refname });
    const other = { kind: "other", worktree: "w.1", refname } as const;
    assertEquals(parseWorktreeName(`worktrees/w.1/${refname}`), other);
  }
  const shared = [
    ...["refs/heads/main", "refs/heads/main-worktree/HEAD", "main-worktree/refs/heads/a"],
    ...["worktrees/w/refs/heads/a", "worktrees/w/main-worktree/HEAD", "main-worktree", "worktrees"],
    "main-worktree/worktrees/w/HEAD",
  ];
  for (const refname of shared) {
    assertEquals(parseWorktreeName(refname), { kind: "shared", refname });
  }
});

Deno.test("parseWorktreeName() gives no name for the place of a working tree itself", () => {
  const expected = { kind: "other", worktree: "w", refname: "" } as const;
  assertEquals(parseWorktreeName("worktrees/w"), expected);
  assertEquals(parseWorktreeName("worktrees/w/"), expected);
});

Deno.test("canonicalName() takes the way to one's own working tree off", () => {
  assertEquals(canonicalName("worktrees/w/HEAD", "w"), "HEAD");
  assertEquals(canonicalName("worktrees/w/refs/bisect/bad", "w"), "refs/bisect/bad");
  assertEquals(canonicalName("main-worktree/HEAD", undefined), "HEAD");
  const others = ["worktrees/v/HEAD", "main-worktree/HEAD", "worktrees/w/refs/heads/a", "HEAD"];
  for (const name of [...others, "refs/heads/a"]) assertEquals(canonicalName(name, "w"), name);
  assertEquals(canonicalName("worktrees/w/HEAD", undefined), "worktrees/w/HEAD");
});

Deno.test("isSafeRefname() refuses what leads out of refs/, and what looks like a file", () => {
  const safe = [
    ...["refs/heads/a", "refs/a", "refs/heads/a..b", "refs/heads/.a", "refs/heads/...", "refs/a b"],
    ...["refs/heads/a.lock", "refs/heads/@{", "HEAD", "A_B", "_", "ORIG_HEAD"],
  ];
  const unsafe = [
    ...[
      "refs/",
      "refs//a",
      "refs/a/",
      "refs/a//b",
      "refs/./a",
      "refs/a/..",
      "refs/../a",
      "refs/..",
    ],
    ...["", "a", "config", "A-B", "A1", "A/B", "refs", "worktrees/w/HEAD", "main-worktree/HEAD"],
  ];
  assertEquals(filter([...safe, ...unsafe], isSafeRefname), safe);
});

Deno.test("isGoodRefname() and isSafeRefname() take names of millions of parts", () => {
  const name = `refs/${"a/".repeat(1e7)}a`;
  assert(isGoodRefname(name) && isSafeRefname(name));
  assert(!isGoodRefname(`${name}.lock`));
});
