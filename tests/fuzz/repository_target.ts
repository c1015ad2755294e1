import { assert } from "@std/assert";
import {
  findRepositoryStacks,
  MemoryFileSystem,
  type ReflogEntry,
  RefStore,
  Stack,
} from "@reftable/reftable";
import { readHead } from "../../src/refs/read_head.ts";
import { direct, entry, symref } from "../stack/changes.ts";
import { mutateText } from "./mutate_text.ts";
import type { Random } from "./random.ts";
import { attempt, file, type Files, type Target } from "./target.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

const LOG = `${A} ${B} A U Thor <a@example.com> 1700000000 -0730\tcommit: one\n` +
  `${B} ${A} C O Mitter <c@example.com> 1700000001 +0000\treset\n`;

/** A stack of a table, in the files of a repository. */
async function stackIn(directory: string, refname: string): Promise<Files> {
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync("/s");
  await using stack = await Stack.open("/s", { fileSystem });
  await stack.add((writer) => {
    writer.addRef(symref("HEAD", 1, "refs/heads/main"));
    writer.addRef(direct(refname, 1));
    writer.addLog(entry("HEAD", 1));
  });
  const [name = ""] = stack.tableNames;
  return {
    [`${directory}/table.ref`]: fileSystem.readFileSync(`/s/${name}`),
    [`${directory}/tables.list`]: file("table.ref\n"),
  };
}

/** What both kinds of repositories have. */
const COMMON: Files = {
  "r/.git/objects/x": file(""),
  "r/.git/worktrees/w/commondir": file("../..\n"),
  "r/.git/worktrees/w/gitdir": file("/w/.git\n"),
  "w/.git": file("gitdir: /r/.git/worktrees/w\n"),
};

const REFTABLE: Files = {
  ...COMMON,
  "r/.git/HEAD": file("ref: refs/heads/.invalid\n"),
  "r/.git/refs/heads": file("this repository uses the reftable format\n"),
  "r/.git/config": file(
    "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefStorage = reftable\n",
  ),
  "r/.git/worktrees/w/HEAD": file("ref: refs/heads/.invalid\n"),
  "r/.git/worktrees/w/refs/heads": file("this worktree uses the reftable format\n"),
  ...await stackIn("r/.git/reftable", "refs/heads/main"),
  ...await stackIn("r/.git/worktrees/w/reftable", "refs/bisect/bad"),
};

const FILES: Files = {
  ...COMMON,
  "r/.git/HEAD": file("ref: refs/heads/main\n"),
  "r/.git/config": file("[core]\n\trepositoryformatversion = 0\n"),
  "r/.git/packed-refs": file(
    `# pack-refs with: peeled fully-peeled sorted \n${A} refs/heads/packed\n${B} refs/tags/t\n^${A}\n`,
  ),
  "r/.git/refs/heads/main": file(`${A}\n`),
  "r/.git/refs/heads/dir/topic": file(`${B}\n`),
  "r/.git/refs/heads/alias": file("ref: refs/heads/main\n"),
  "r/.git/logs/HEAD": file(LOG),
  "r/.git/logs/refs/heads/main": file(LOG),
  "r/.git/worktrees/w/HEAD": file(`${B}\n`),
};

const WORDS = [
  ...["gitdir: ", "ref: ", "ref:refs/heads/alias", "/r/.git", "/w/.git", "../..", "../../..", "."],
  ...["refs/heads/main", "refs/heads/alias", "HEAD", A, B, "^", "# pack-refs with: sorted", "\t"],
  ...[
    "reftable",
    "reftable:///r/.git",
    "files",
    "hybrid",
    "repositoryformatversion = 2",
    "worktree",
  ],
  ...[
    "extensions.x = 1",
    "[extensions]\nworktreeConfig",
    "include.path = config",
    "-0000",
    "<",
    ">",
  ],
];

/** What is changed: all that is text. */
function mutate(files: Record<string, Uint8Array>, random: Random): void {
  const names = Object.keys(files).filter((name) => !name.endsWith(".ref"));
  const name = random.pick(names);
  const bytes = files[name]!;
  switch (random.below(6)) {
    case 0:
      delete files[name];
      break;
    case 1:
      files[
        name.replace(/[^/]+$/, () => random.pick(["HEAD", "config", "packed-refs", "x.lock"]))
      ] = bytes;
      break;
    default:
      files[name] = mutateText(bytes, random, WORDS);
  }
}

/** A repository with anything in its files. */
export const repositoryTarget: Target = {
  name: "repository",
  weight: 4,
  make(random) {
    const files = { ...random.pick([REFTABLE, FILES]) };
    for (let i = 1 + random.size(3); i > 0; i--) mutate(files, random);
    return files;
  },
  async check(files) {
    const fileSystem = new MemoryFileSystem();
    for (const [name, bytes] of Object.entries(files)) {
      const path = `/${name}`;
      // A file may stand where a directory should be.
      await attempt(() => {
        fileSystem.makeDirectorySync(path.slice(0, path.lastIndexOf("/")));
        fileSystem.writeFileSync(path, bytes);
      });
    }
    for (const path of ["/r", "/w", "/r/.git/worktrees/w"]) {
      await attempt(() => readHead(path, { fileSystem }));
      await attempt(() => findRepositoryStacks(path, { fileSystem }));
      const opening = await attempt(() => RefStore.open(path, { fileSystem }));
      if (!opening.value) continue;
      await using store = opening.value;
      await attempt(() => store.resolve("HEAD"));
      await attempt(() => store.resolve("refs/heads/alias"));
      await attempt(() => [...store.list({ includeRoot: true })]);
      const names = await attempt(() => [...store.reflogNames()]);
      for (const refname of names.value ?? []) {
        const log = await attempt((): ReflogEntry[] => [...store.reflog(refname)]);
        for (const { time } of log.value ?? []) assert(!Number.isNaN(time));
      }
    }
  },
};
