import { assertEquals, assertLess } from "@std/assert";
import { type FileSystem, MemoryFileSystem } from "@reftable/reftable";
import type { LogChange, RefBackend, RefChange } from "../../../src/refs/backend.ts";
import { readLog } from "../../../src/refs/files/files_logs.ts";
import { formatLogLine } from "../../../src/refs/log_line.ts";
import type { ReflogEntry } from "../../../src/refs/reflog_entry.ts";
import { type GitRepo, gitTest } from "../../peers/git.ts";
import { change, COMMITTER, makeCommits } from "../open_backend.ts";
import { makeFilesRepo, openFiles, refFiles } from "./open_files.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);

function makeEntry(i: number): ReflogEntry {
  const message = i % 5 === 0 ? "\n" : `${"x".repeat(i % 300)} ä ${i}\n`;
  return { ...COMMITTER, oldOid: A, newOid: B, time: 1_700_000_000 + i, message };
}

/** Entries as they come back when they are written. */
function write(entries: readonly ReflogEntry[]): Uint8Array {
  return new TextEncoder().encode(entries.map(formatLogLine).join(""));
}

Deno.test("readLog() gives the entries of a log in both directions", () => {
  for (const count of [0, 1, 2, 10, 3000]) {
    const entries = Array.from({ length: count }, (_, i) => makeEntry(i));
    const fileSystem = new MemoryFileSystem();
    fileSystem.writeFileSync("/log", write(entries));
    const expected = entries.map((entry) => ({
      ...entry,
      message: entry.message.replace(/^ /, ""),
    }));
    assertEquals([...readLog(fileSystem, "/log", "oldest-first", "sha1")], expected);
    assertEquals([...readLog(fileSystem, "/log", "newest-first", "sha1")], expected.toReversed());
  }
  assertEquals([...readLog(new MemoryFileSystem(), "/log", "newest-first", "sha1")], []);
});

Deno.test("readLog() passes over what makes no sense, and takes lines of any length", () => {
  const long = { ...makeEntry(1), message: `${"y".repeat(200_000)}\n` };
  const entries = [makeEntry(1), long, makeEntry(2), long, long, makeEntry(3)];
  const lines = entries.map(formatLogLine);
  const texts = [
    lines.join("damage\n"),
    `\n\n${lines.join("\n")}\n\n`,
    `${lines.join("")}${lines[0]!.trimEnd()}`,
    `${"z".repeat(100_000)}\n${lines.join("")}${"z".repeat(100_000)}`,
  ];
  for (const text of texts) {
    const fileSystem = new MemoryFileSystem();
    fileSystem.writeFileSync("/log", new TextEncoder().encode(text));
    assertEquals([...readLog(fileSystem, "/log", "oldest-first", "sha1")], entries);
    assertEquals([...readLog(fileSystem, "/log", "newest-first", "sha1")], entries.toReversed());
  }
});

Deno.test("readLog() reads no more than it takes to find the newest entries, and closes the file", () => {
  const memory = new MemoryFileSystem();
  memory.writeFileSync("/log", write(Array.from({ length: 50_000 }, (_, i) => makeEntry(i))));
  let bytes = 0;
  let open = 0;
  const fileSystem = new Proxy<FileSystem>(memory, {
    get(_, name) {
      if (name !== "openSync") return Reflect.get(memory, name).bind(memory);
      return (path: string) => {
        const file = memory.openSync(path);
        open++;
        return {
          size: file.size,
          readSync(position: number, buffer: Uint8Array) {
            bytes += buffer.length;
            return file.readSync(position, buffer);
          },
          [Symbol.dispose]: () => void open--,
        };
      };
    },
  });
  const newest = readLog(fileSystem, "/log", "newest-first", "sha1").take(10);
  assertEquals(newest.map(({ time }) => time - 1_700_000_000).toArray()[9], 49_990);
  assertLess(bytes, 200_000);
  assertEquals(open, 0);
});

gitTest("logs are those that git shows, and lists", async () => {
  await using repo = await makeFilesRepo({ config: { "core.logAllRefUpdates": "always" } });
  const oids = await makeCommits(repo, 3);
  const linked = `${repo.dir}/../linked`;
  await repo.ok(["update-ref", "refs/heads/main", oids[0]!]);
  await repo.ok(["worktree", "add", "-q", linked]);
  for (const cwd of [repo.dir, linked]) {
    for (
      const name of [
        "HEAD",
        "refs/heads/a/b",
        "refs/heads/a.b",
        "refs/bisect/x",
        "refs/t",
        "X_HEAD",
      ]
    ) {
      for (const [i, oid] of oids.entries()) {
        const env = { GIT_COMMITTER_DATE: `17000000${name.length % 10}${i} +0${i}30` };
        await repo.ok(["update-ref", "--no-deref", "-m", `to ${i}`, name, oid], { cwd, env });
      }
    }
  }
  await repo.ok(["update-ref", "refs/heads/none", oids[0]!]);
  await repo.ok(["update-ref", "-d", "refs/heads/none"]);
  // No logs.
  for (const name of ["refs/heads/x.lock", "refs/heads/.x", "refs/heads/a..b"]) {
    await Deno.writeTextFile(`${repo.gitDir}/logs/${name}`, "");
  }
  for (const cwd of [repo.dir, linked]) {
    await using backend = await openFiles(cwd);
    const names = [...backend.logNames()];
    const listed = (await repo.ok(["reflog", "list"], { cwd })).trim().split("\n");
    assertEquals(names, listed.sort());
    for (const name of [...names, "main-worktree/HEAD", "worktrees/linked/refs/bisect/x"]) {
      assertEquals(backend.hasLog(name), true, name);
      const format = "--format=%H %gn <%ge> %gd %gs";
      const args = ["log", "-g", "--date=raw", format, name, "--"];
      const expected = (await repo.ok(args, { cwd })).split("\n").slice(0, -1)
        .map((line) => line.replace(/ \S+@\{(.*)\}/, " $1"));
      const found = Array.from(backend.log(name, "newest-first"), (entry) => {
        const { newOid, name, email, time, tzOffset, message } = entry;
        const zone = `+${String(tzOffset).padStart(4, "0")}`.replace("+-730", "-0730");
        return `${newOid} ${name} <${email}> ${time} ${zone} ${message.trimEnd()}`;
      });
      assertEquals(found, expected);
    }
    for (
      const name of ["refs/heads/none", "refs/heads", "refs/heads/a", "refs/../HEAD", "x/HEAD"]
    ) {
      assertEquals(backend.hasLog(name), false);
      assertEquals(backend.log(name, "newest-first").toArray(), []);
    }
  }
});

/** Two repositories whose refs have the same logs. */
async function makeTwins() {
  const repos = [await makeFilesRepo(), await makeFilesRepo()] as const;
  let oids: string[] = [];
  for (const repo of repos) {
    oids = await makeCommits(repo, 4);
    for (const [i, oid] of oids.entries()) {
      const env = { GIT_COMMITTER_DATE: `170000000${i} +0${i}30` };
      await repo.ok(["update-ref", "-m", `  to\t${i}`, "refs/heads/x", oid], { env });
    }
    await repo.ok(["update-ref", "refs/heads/y/z", oids[0]!]);
  }
  const [theirs, ours] = repos;
  const backend = await openFiles(ours.dir);
  return {
    theirs,
    ours,
    oids,
    backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]();
      for (const repo of repos) await repo[Symbol.asyncDispose]();
    },
  };
}

/** Changes only logs. */
function changeLog(backend: RefBackend, refname: string, log: LogChange): Promise<void> {
  return change(backend, { refname, log });
}

function logText(repo: GitRepo, refname: string): string {
  return Deno.readTextFileSync(`${repo.gitDir}/logs/${refname}`);
}

gitTest("entries are taken out of a log as git does it", async () => {
  await using twins = await makeTwins();
  const { theirs, ours, backend } = twins;
  await theirs.ok(["reflog", "delete", "--rewrite", "refs/heads/x@{1}"]);
  const before = backend.log("refs/heads/x", "oldest-first").toArray();
  const [a, b, , d] = before;
  const joined = { ...d!, oldOid: b!.newOid };
  const after = [a, b, undefined, joined];
  await changeLog(backend, "refs/heads/x", { kind: "rewrite", before, after });
  assertEquals(logText(ours, "refs/heads/x"), logText(theirs, "refs/heads/x"));
  // All entries, but not the log.
  await theirs.ok(["reflog", "expire", "--expire=all", "refs/heads/y/z"]);
  const one = backend.log("refs/heads/y/z", "oldest-first").toArray();
  await changeLog(backend, "refs/heads/y/z", { kind: "rewrite", before: one, after: [undefined] });
  assertEquals(logText(ours, "refs/heads/y/z"), logText(theirs, "refs/heads/y/z"));
  assertEquals(refFiles(ours), refFiles(theirs));
  // A log that is not there is not made.
  await changeLog(backend, "refs/heads/none", { kind: "rewrite", before: [], after: [] });
  assertEquals(refFiles(ours), refFiles(theirs));
});

gitTest("a log is written anew together with its ref", async () => {
  await using twins = await makeTwins();
  const { theirs, ours, backend } = twins;
  await theirs.ok(["reflog", "delete", "--rewrite", "--updateref", "refs/heads/x@{0}"]);
  const before = backend.log("refs/heads/x", "oldest-first").toArray();
  const [a, b, c] = before;
  await change(backend, {
    refname: "refs/heads/x",
    value: { kind: "direct", oid: c!.newOid },
    log: { kind: "rewrite", before, after: [a, b, c, undefined] },
  });
  assertEquals(logText(ours, "refs/heads/x"), logText(theirs, "refs/heads/x"));
  assertEquals(await ours.ok(["for-each-ref"]), await theirs.ok(["for-each-ref"]));
});

gitTest("logs are created without entries, and deleted without their refs", async () => {
  await using twins = await makeTwins();
  const { theirs, ours, backend } = twins;
  await changeLog(backend, "refs/tags/deep/t", { kind: "create" });
  assertEquals(backend.hasLog("refs/tags/deep/t"), true);
  assertEquals(logText(ours, "refs/tags/deep/t"), "");
  const text = logText(ours, "refs/heads/x");
  await changeLog(backend, "refs/heads/x", { kind: "create" });
  assertEquals(logText(ours, "refs/heads/x"), text);
  assertEquals((await ours.run(["reflog", "exists", "refs/tags/deep/t"])).code, 0);
  await changeLog(backend, "refs/tags/deep/t", { kind: "delete" });
  await changeLog(backend, "refs/heads/y/z", { kind: "delete" });
  await changeLog(backend, "refs/heads/none", { kind: "delete" });
  await theirs.ok(["reflog", "drop", "refs/heads/y/z"]);
  assertEquals(refFiles(ours).filter((name) => name !== "logs/refs/tags/"), refFiles(theirs));
});

/** What renames or copies a ref, as is asked of a backend. */
function renaming(from: string, to: string, oid: string, keep: boolean): RefChange[] {
  const message = keep ? `Branch: copied ${from} to ${to}` : `Branch: renamed ${from} to ${to}`;
  const entry = {
    kind: "append",
    oldOid: oid,
    newOid: oid,
    committer: COMMITTER,
    message,
  } as const;
  const log: LogChange = { ...entry, transfer: { from, keep } };
  const created: RefChange = { refname: to, value: { kind: "direct", oid }, log };
  const changes: RefChange[] = keep ? [created] : [created, { refname: from, value: "delete" }];
  return changes.sort((a, b) => a.refname < b.refname ? -1 : 1);
}

async function rename(backend: RefBackend, from: string, to: string, keep = false): Promise<void> {
  await using session = await backend.begin({ replaces: true });
  const failures = await session.lock([from, to, "HEAD"]);
  assertEquals(failures.size, 0);
  assertEquals(session.findConflicts([to], new Set(keep ? [] : [from])).size, 0);
  const ref = session.read(from);
  await session.commit(renaming(from, to, ref && "oid" in ref ? ref.oid : "", keep));
}

gitTest("refs are renamed and copied with their logs, as git does it", async () => {
  const steps: readonly (readonly [string, string])[] = [
    ["x", "new"],
    ["new", "deep/er/new"],
    // A ref takes the place of its own directory, and the other way round.
    ["deep/er/new", "deep"],
    ["deep", "deep/er/still"],
    ["deep/er/still", "deep/er"],
    ["deep/er", "y/other"],
    // In place of another one.
    ["y/other", "y/z"],
  ];
  for (const packs of [false, true]) {
    await using twins = await makeTwins();
    const { theirs, ours, backend } = twins;
    for (const [from, to] of steps) {
      if (packs) { for (const repo of [theirs, ours]) await repo.ok(["pack-refs", "--all"]); }
      await theirs.ok(["branch", "-M", from, to]);
      await rename(backend, `refs/heads/${from}`, `refs/heads/${to}`);
      assertEquals(logText(ours, `refs/heads/${to}`), logText(theirs, `refs/heads/${to}`), to);
      assertEquals(await ours.ok(["for-each-ref"]), await theirs.ok(["for-each-ref"]));
      const without = (names: string[]) => names.filter((name) => !name.startsWith("packed-refs"));
      assertEquals(without(refFiles(ours)), without(refFiles(theirs)));
    }
    for (const to of ["copy", "y/copy"]) {
      await theirs.ok(["branch", "-C", "y/z", to]);
      await rename(backend, "refs/heads/y/z", `refs/heads/${to}`, true);
      assertEquals(logText(ours, `refs/heads/${to}`), logText(theirs, `refs/heads/${to}`), to);
      assertEquals(logText(ours, "refs/heads/y/z"), logText(theirs, "refs/heads/y/z"), to);
    }
    assertEquals(await ours.ok(["for-each-ref"]), await theirs.ok(["for-each-ref"]));
    await ours.ok(["fsck", "--strict"]);
  }
});
