import { assertEquals } from "@std/assert";
import { GitRepo, gitTest } from "../peers/git.ts";
import { runMain } from "./run_main.ts";

/** What makes a repository a bad one: files by their names below its directory, links, directories. */
interface Damage {
  readonly files?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly args?: readonly string[];
}

const OID = "1".repeat(40);
const ZERO = "0".repeat(40);
const HEADER = "# pack-refs with: peeled fully-peeled sorted ";

const NAMES: readonly Damage[] = [
  ...[
    ".dot",
    "~stride",
    "@",
    "x.lock",
    ".lock",
    ".x.lock",
    "a..b",
    "with space",
    "ends.",
    "x.LOCK",
  ],
].flatMap((name) => [
  { files: { [`refs/heads/${name}`]: `${OID}\n` } },
  { files: { [`refs/tags/${name}/below`]: `${OID}\n`, [`refs/${name}`]: `${OID}\n` } },
  { files: { [`worktrees/linked/refs/worktree/${name}`]: `${OID}\n` } },
]);

const CONTENTS: readonly Damage[] = [
  ...[
    "",
    "\n",
    "foo",
    `${OID}x`,
    OID,
    `${OID} garbage`,
    `${OID}\n\n\n`,
    `${OID}\n\n  more`,
    `${OID}\t`,
  ],
  ...[OID.slice(1), `${ZERO}\n`, OID.replaceAll("1", "A"), `${OID}\r\n`, "ref: refs/heads/main\n"],
  ...["ref:refs/heads/main\n", "ref:   refs/heads/main\n", "ref: refs/heads/main", "ref: HEAD\n"],
  ...["ref: refs/heads/main  ", "ref: refs/heads/main\n\n", "ref: refs/heads/main \n  ", "ref: \n"],
  ...["ref: refs/heads/main ", "ref: refs/heads/.x\n", "ref: refs/foo\n", "ref: foo\n", "ref:"],
  ...["ref: worktrees/linked/HEAD\n", "ref: logs/x\n", "ref: ORIG_HEAD\n", "ref: refs/heads/a b\n"],
  ...["ref: main-worktree/HEAD\n", "Ref: refs/heads/main\n", " ref: x\n", "\x1b[31m\n", "ref: .\n"],
].flatMap((text) => [
  { files: { "refs/heads/one": text } },
  // What has another HEAD is no repository to git.
  ...(/^ref:\s*refs\/|^[0-9a-fA-F]{40}/.test(text) ? [{ files: { HEAD: text } }] : []),
  { files: { ORIG_HEAD: text, "refs/top": text } },
  { files: { "worktrees/linked/HEAD": text, "worktrees/linked/refs/bisect/bad": text } },
]);

const PACKED: readonly Damage[] = [
  ...[
    "",
    "\n",
    "# pack-refs with: peeled fully-peeled sorted",
    `${HEADER}\n`,
    `${OID} refs/heads/a\n`,
  ],
  ...["# pack-refs wit: sorted\n", "# pack-refs with:sorted\n", "# pack-refs with: \n", "#\n"],
  ...[`${HEADER}\n${OID} refs/heads/b\n${OID} refs/heads/a\n`, `${OID} refs/b\n${OID} refs/a\n`],
  ...[`${HEADER}\n${OID} refs/heads/b\n^${OID}\n${OID} refs/heads/b\n`, `${HEADER}\n^${OID}\n`],
  ...[`${HEADER}\n1111 refs/heads/a\n${OID}x\n${OID}  refs/heads/b\n${OID} refs/heads/b.\n`],
  ...[`${OID} refs/tags/x\n^1111\n${OID} refs/tags/y\n^${OID} more\n^${OID}\n`, `${OID} refs/a`],
  ...[`${OID} refs/heads/a\n\n${OID} refs/heads/b\n`, `${OID}\trefs/heads/a\n`, `${OID}\n`, "x"],
].map((text) => ({ files: { "packed-refs": text } }));

const KINDS: readonly Damage[] = [
  { directories: ["packed-refs"] },
  { links: { "packed-refs": "other" } },
  { links: { "refs/heads/link": "main" } },
  { links: { "refs/heads/link": "../../refs/heads/main" } },
  { links: { "refs/heads/link": "../../logs/x" } },
  { links: { "refs/heads/link": ".bad", "refs/tags/link": "../../.bad" } },
  { links: { "refs/heads/link": "/outside" } },
  { links: { "refs/heads/link": "../../worktrees/linked/HEAD" } },
  { links: { "worktrees/linked/refs/worktree/link": "../../../../refs/heads/main" } },
  { directories: ["refs/heads/.dot", "refs/heads/empty/empty"] },
];

const bad = { "refs/heads/.bad": OID, "packed-refs": "" };

const CONFIGURED: readonly Damage[] = [
  ...["badRefName=warn", "badRefName=ignore", "badrefname=error", "refMissingNewline=error"],
  ...["emptyPackedRefsFile=error", "emptyPackedRefsFile=ignore", "badRefName=frob"],
].flatMap((level) => [
  { files: bad, args: ["-c", `fsck.${level}`, "refs", "verify"] },
  { files: bad, args: ["-c", `fsck.${level}`, "refs", "verify", "--strict"] },
]);

/** Makes a repository with a linked working tree that is a bad one. */
async function makeDamaged(refFormat: "files" | "reftable", damage: Damage): Promise<GitRepo> {
  const repo = await GitRepo.create({ refFormat });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  await repo.ok(["worktree", "add", "-q", "--detach", "../linked"]);
  const { files = {}, links = {}, directories = [] } = damage;
  for (const path of [...Object.keys(files), ...Object.keys(links)]) {
    await Deno.mkdir(`${repo.gitDir}/${path.replace(/[^/]*$/, "")}`, { recursive: true });
  }
  for (const path of directories) await Deno.mkdir(`${repo.gitDir}/${path}`, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${repo.gitDir}/${path}`, text);
  }
  for (const [path, target] of Object.entries(links)) {
    await Deno.symlink(target, `${repo.gitDir}/${path}`);
  }
  return repo;
}

/** Compares all that is said; the order in which files are looked at is the file system's with git. */
async function compare(repo: GitRepo, args: readonly string[]): Promise<void> {
  const git = await repo.run(args);
  const ours = await runMain(args, { cwd: repo.dir, env: { HOME: "/nonexistent" } });
  // Of the first line without an end git tells twice.
  const lines = (text: string) => {
    return [...new Set(text.replaceAll(`${repo.dir}/`, "").split("\n"))].sort();
  };
  assertEquals(lines(ours.stderr), lines(git.stderr));
  assertEquals(ours.code, git.code);
}

for (const [name, damages] of Object.entries({ NAMES, CONTENTS, PACKED, KINDS, CONFIGURED })) {
  gitTest(
    `refs verify tells what is wrong with files as git does: ${name.toLowerCase()}`,
    async () => {
      for (const damage of damages) {
        await using repo = await makeDamaged("files", damage);
        const { args = ["refs", "verify"] } = damage;
        try {
          await compare(repo, args);
        } catch (error) {
          throw new Error(JSON.stringify(damage), { cause: error });
        }
      }
    },
  );
}

gitTest("refs verify tells what is wrong with tables as git does", async () => {
  await using repo = await makeDamaged("reftable", {});
  const linked = { cwd: `${repo.dir}/../linked` };
  await compare(repo, ["refs", "verify"]);
  for (const target of ["garbage", "refs/foo", "foo/bar", "worktrees/linked/HEAD", "ORIG_HEAD"]) {
    await repo.ok(["symbolic-ref", "refs/heads/symref", target]);
    await repo.ok(["symbolic-ref", "refs/worktree/symref", target], linked);
    await compare(repo, ["refs", "verify"]);
    await compare(repo, ["refs", "verify", "--strict"]);
  }
  await repo.ok(["symbolic-ref", "-d", "refs/heads/symref"]);
  await repo.ok(["symbolic-ref", "-d", "refs/worktree/symref"], linked);
  for (const directory of [repo.reftableDir, `${repo.gitDir}/worktrees/linked/reftable`]) {
    const list = await Deno.readTextFile(`${directory}/tables.list`);
    for (const name of ["foo-bar-e4d12d59.ref", "0x0-0x1-2.ref", "0x1-0x2-e4d12d59.refabc"]) {
      const [first = ""] = list.split("\n");
      await Deno.rename(`${directory}/${first}`, `${directory}/${name}`);
      await Deno.writeTextFile(`${directory}/tables.list`, list.replace(first, name));
      await compare(repo, ["refs", "verify"]);
      await compare(repo, ["refs", "verify", "--strict"]);
      await compare(repo, ["-c", "fsck.badReftableTableName=error", "refs", "verify"]);
      await Deno.rename(`${directory}/${name}`, `${directory}/${first}`);
    }
    await Deno.writeTextFile(`${directory}/tables.list`, list);
  }
  await Deno.writeTextFile(`${repo.gitDir}/worktrees/linked/reftable/tables.list`, "garbage");
  await compare(repo, ["refs", "verify"]);
});

gitTest("refs verify goes on where git breaks down", async () => {
  await using repo = await makeDamaged("reftable", {});
  await Deno.writeTextFile(`${repo.reftableDir}/tables.list`, "garbage\n");
  await Deno.writeTextFile(`${repo.gitDir}/worktrees/linked/reftable/tables.list`, "garbage\n");
  const { code, stderr } = await runMain(["refs", "verify"], { cwd: repo.dir });
  assertEquals(code, 255);
  assertEquals(stderr.split("\n").filter((line) => line.startsWith("error: ")).length, 2, stderr);
  assertEquals(stderr.includes("worktree 'linked' is broken"), true, stderr);
});
