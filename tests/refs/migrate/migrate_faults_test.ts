import { assertEquals, assertGreater } from "@std/assert";
import type { FileSystem, MemoryFileSystem } from "@reftable/reftable";
import { runAsync, runSync } from "../../../src/io/io.ts";
import { filePlace } from "../../../src/refs/migrate/file_refs.ts";
import { migrateRefs } from "../../../src/refs/migrate/migrate_refs.ts";
import { findStrayFiles } from "../../../src/refs/migrate/stray_refs.ts";
import { findWorkingTrees } from "../../../src/refs/migrate/working_trees.ts";
import { openBackend } from "../../../src/refs/ref_store.ts";
import { removeTree } from "../../../src/refs/remove_tree.ts";
import { locateRepository } from "../../../src/refs/repository.ts";
import { formatTotals, type Scenario, tryFaults } from "../../faults/try_faults.ts";

const ROOT = "/repository";

const A = "a".repeat(40);
const B = "b".repeat(40);
const WHO = "A U Thor <author@example.com> 1700000000 +0100";

/** A repository with a linked working tree, whose refs are files. */
const FILES: Readonly<Record<string, string>> = {
  "config": "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
  "HEAD": "ref: refs/heads/main\n",
  "ORIG_HEAD": `${B}\n`,
  "packed-refs": `# pack-refs with: sorted \n${A} refs/heads/main\n${B} refs/tags/v1\n^${A}\n`,
  "refs/heads/main": `${B}\n`,
  "refs/heads/s": "ref: refs/heads/main\n",
  "logs/HEAD": `${A} ${B} ${WHO}\tone\n`,
  "logs/refs/heads/main": `${A} ${B} ${WHO}\tone\n`,
  "logs/refs/heads/empty": "",
  "objects/x": "",
  "worktrees/one/HEAD": "ref: refs/heads/s\n",
  "worktrees/one/commondir": "../..\n",
  "worktrees/one/gitdir": "/one/.git\n",
  "worktrees/one/refs/bisect/bad": `${A}\n`,
  "worktrees/one/logs/HEAD": `${A} ${B} ${WHO}\n`,
};

/** Makes the repository. */
function prepare(fileSystem: MemoryFileSystem): Promise<void> {
  for (const [name, text] of Object.entries(FILES)) {
    const path = `${ROOT}/${name}`;
    fileSystem.makeDirectorySync(path.replace(/\/[^/]*$/, ""));
    fileSystem.writeFileSync(path, new TextEncoder().encode(text));
  }
  return Promise.resolve();
}

/** What all working trees have, however it is stored. */
async function read(fileSystem: FileSystem): Promise<string> {
  const lines: string[] = [];
  for (const tree of await findWorkingTrees(fileSystem, ROOT, {})) {
    const { repository, prefix } = tree;
    const refs = new Map<string, string>();
    const note = (refname: string, value: string) => refs.set(prefix + refname, value);
    await using backend = await runAsync(openBackend(repository));
    const own = (name: string) => !repository.isLinked || /^(?:HEAD|refs\/bisect)/.test(name);
    const all = backend.list({ includeRoot: true }).filter(({ refname }) => own(refname));
    for (const ref of all) note(ref.refname, valueOf(ref));
    for (const name of backend.logNames().filter(own)) {
      const entries = backend.log(name, "oldest-first").toArray();
      note(`log ${name}`, JSON.stringify(entries));
    }
    for (const name of [...refs.keys()].sort()) lines.push(`${name} ${refs.get(name)}`);
  }
  // In a table an entry knows its ref and its place.
  return lines.join("\n").replace(/"kind":"update","refname":"[^"]*","updateIndex":\d+,/g, "");
}

function valueOf(ref: { kind: string; target?: string; oid?: string }): string {
  return ref.kind === "symref" ? `ref: ${ref.target}` : `${ref.oid}`;
}

/** The locks that are held. Old storage and directories of migrations are in nobody's way. */
function locks(fileSystem: FileSystem): string[] {
  const found: string[] = [];
  const visit = (path: string) => {
    for (const { name, kind } of fileSystem.listSync(path)) {
      if (name.startsWith("ref_migration.")) continue;
      if (kind === "directory") visit(`${path}/${name}`);
      else if (name.endsWith(".lock")) found.push(`${path}/${name}`);
    }
  };
  visit(ROOT);
  return found;
}

/** Migrates what was not migrated, and clears away what is not needed. */
async function goOn(fileSystem: FileSystem, to: "files" | "reftable"): Promise<void> {
  const before = await read(fileSystem);
  const { refFormat } = runSync(locateRepository(fileSystem, ROOT));
  if (refFormat !== to) await migrateRefs(ROOT, { to, fileSystem, lockTimeout: 0 });
  for (const { name } of await fileSystem.list(ROOT)) {
    if (name.startsWith("ref_migration.")) await removeTree(fileSystem, `${ROOT}/${name}`);
  }
  if (to === "reftable") {
    for (const tree of await findWorkingTrees(fileSystem, ROOT, {})) {
      for (const { kind, file } of findStrayFiles(filePlace(tree.repository, tree.directory))) {
        if (kind !== "head") await fileSystem.remove(file);
      }
    }
  }
  assertEquals(await read(fileSystem), before);
  const back = to === "files" ? "reftable" : "files";
  await migrateRefs(ROOT, { to: back, fileSystem, lockTimeout: 0 });
  assertEquals(await read(fileSystem), before);
  await migrateRefs(ROOT, { to, fileSystem, lockTimeout: 0 });
}

for (const to of ["reftable", "files"] as const) {
  const scenario: Scenario = {
    name: `migration to ${to}`,
    images: 2,
    disposes: true,
    async prepare(fileSystem) {
      await prepare(fileSystem);
      if (to === "files") await migrateRefs(ROOT, { to: "reftable", fileSystem });
    },
    async run(fileSystem, acknowledge) {
      await migrateRefs(ROOT, { to, fileSystem, lockTimeout: 0 });
      await acknowledge();
    },
    read,
    litter: locks,
    goOn: (fileSystem) => goOn(fileSystem, to),
  };
  Deno.test(`migrateRefs() to ${to} loses nothing, whatever fails and whenever it is stopped`, async () => {
    const totals = await tryFaults(scenario);
    console.log(formatTotals(totals));
    assertGreater(totals.operations, 100);
  });
}
