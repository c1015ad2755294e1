import { assertEquals, assertThrows } from "@std/assert";
import { MemoryFileSystem, ReftableError } from "@reftable/reftable";
import { compareText } from "../../../src/bytes/text.ts";
import { listLooseRefs } from "../../../src/refs/files/loose_refs.ts";
import type { RefPaths } from "../../../src/refs/files/ref_paths.ts";
import { readLooseRef } from "../../../src/refs/ref_file.ts";
import { gitTest } from "../../peers/git.ts";
import { makeCommits } from "../open_backend.ts";
import { gitRefs, makeFilesRepo, openFiles, refLines } from "./open_files.ts";

gitTest("list() gives the refs that git lists from files, however odd they are", async () => {
  await using repo = await makeFilesRepo();
  const [a = "", b = ""] = await makeCommits(repo, 2);
  const put = async (name: string, text: string) => {
    const path = `${repo.gitDir}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(path, text);
  };
  // In a directory, "a.b" comes after "a"; in the order of bytes it comes before "a/b".
  for (
    const name of ["a/b", "a.b", "a-b", "a0", "a/b.c/d", "ä", "\ufffd", "z/\u{1f600}", "z/\uff5e"]
  ) {
    await put(`refs/heads/${name}`, `${a}\n`);
  }
  await put("refs/heads/main", `${a}\n`);
  // What git takes for a ref, and what not.
  await put("refs/heads/no-newline", a);
  await put("refs/heads/trailing", `${a} and more\n`);
  await put("refs/heads/crlf", `${a}\r\n`);
  await put("refs/heads/upper", `${a.toUpperCase()}\n`);
  await put("refs/heads/two", `${a}\n${b}\n`);
  await put("refs/heads/glued", `${a}x\n`);
  await put("refs/heads/short", `${a.slice(1)}\n`);
  await put("refs/heads/empty", "");
  await put("refs/heads/zero", `${"0".repeat(40)}\n`);
  await put("refs/heads/leading", ` ${a}\n`);
  await put("refs/heads/garbage", "garbage\n");
  await put("refs/heads/sym", "ref: refs/heads/main\n");
  await put("refs/heads/sym-tight", "ref:refs/heads/main");
  await put("refs/heads/sym-loose", "ref: \t refs/heads/main \t\n\n");
  await put("refs/heads/sym-dangling", "ref: refs/heads/none\n");
  await put("refs/heads/sym-bad", "ref: refs/heads/b..d\n");
  await put("refs/heads/sym-circle", "ref: refs/heads/sym-circle\n");
  await put("refs/heads/sym-case", "REF: refs/heads/main\n");
  await put("refs/heads/.hidden", `${a}\n`);
  await put("refs/heads/.hidden-directory/x", `${a}\n`);
  await put("refs/heads/locked.lock", `${a}\n`);
  await put("refs/heads/locked.lock.d/x", `${a}\n`);
  await put("refs/heads/d.lock/x", `${a}\n`);
  await put("refs/heads/b..d", `${a}\n`);
  await put("refs/heads/with space", `${a}\n`);
  await put("refs/heads/end.", `${a}\n`);
  await put("refs/heads/@{x", `${a}\n`);
  await put("refs/onelevel", `${a}\n`);
  await Deno.mkdir(`${repo.gitDir}/refs/heads/empty-directory/deep`, { recursive: true });
  await Deno.symlink("main", `${repo.gitDir}/refs/heads/link-to-file`);
  await Deno.symlink("refs/heads/main", `${repo.gitDir}/refs/heads/link-to-name`);
  await Deno.symlink("nowhere", `${repo.gitDir}/refs/heads/link-dangling`);
  await Deno.symlink("a", `${repo.gitDir}/refs/heads/link-to-directory`);
  // Outside of `refs/`.
  await put("ORIG_HEAD", `${b}\n`);
  await put("AUTO_MERGE", `${b}\n`);
  await put("FETCH_HEAD", `${b}\t\tbranch 'x' of y\n`);
  await put("MERGE_HEAD", `${b}\n`);
  await put("OTHER", `${b}\n`);
  await put("x_HEAD", `${b}\n`);
  await put("A-B_HEAD", `${b}\n`);
  await put("DIR_HEAD/x", `${b}\n`);

  await using backend = await openFiles(repo.dir);
  const isBad = (line: string) => /\.\.|with space|end\. |@\{/.test(line);
  const lines = (options: Parameters<typeof backend.list>[0]) =>
    refLines(backend, backend.list(options)).filter((line) =>
      !isBad(line) && !line.includes("refs/heads/zero")
    );
  assertEquals(lines({}), await gitRefs(repo));
  assertEquals(lines({ includeRoot: true }), await gitRefs(repo, ["--include-root-refs"]));
  assertEquals(
    lines({ prefix: "refs/heads/a" }),
    (await gitRefs(repo)).filter((line) => {
      return line.startsWith("refs/heads/a");
    }),
  );
  const { stderr } = await repo.run(["for-each-ref"]);
  const warned = stderr.split("\n").flatMap((line) => {
    return /^warning: ignoring (?:broken ref|ref with broken name) (.*)$/.exec(line)?.[1] ?? [];
  });
  const names = new Map(backend.list().map((ref) => [ref.refname, ref]));
  const broken = [...names.values()].filter((ref) => {
    return ref.kind === "broken" || isBad(`${ref.refname} `) ||
      ref.kind === "direct" && /^0*$/.test(ref.oid);
  });
  assertEquals(broken.map(({ refname }) => refname), warned.sort());
  for (const refname of names.keys()) assertEquals(backend.read(refname), names.get(refname));

  for (
    const after of [...names.keys(), "refs/heads/a/", "refs/heads/a/b.", "refs/", "refs/z", "A"]
  ) {
    const rest = [...names.keys()].filter((name) => compareText(name, after) > 0);
    assertEquals(backend.list({ after }).map(({ refname }) => refname).toArray(), rest, after);
  }
});

gitTest("read() finds the refs that git finds", async () => {
  await using repo = await makeFilesRepo();
  const [a = "", b = ""] = await makeCommits(repo, 2);
  await repo.ok(["update-ref", "refs/heads/main", a]);
  await repo.ok(["update-ref", "refs/heads/packed", a]);
  await repo.ok(["update-ref", "refs/heads/dir", b]);
  await repo.ok(["pack-refs", "--all"]);
  await repo.ok(["update-ref", "refs/heads/main", b]);
  // What is packed is found behind a directory.
  await Deno.mkdir(`${repo.gitDir}/refs/heads/dir/x`, { recursive: true });
  await Deno.writeTextFile(`${repo.gitDir}/FETCH_HEAD`, `${b}\t\tbranch 'x' of y\n${a}\t\n`);
  await Deno.symlink("refs/heads/packed", `${repo.gitDir}/LINK_HEAD`);
  await Deno.writeTextFile(`${repo.gitDir}/refs/heads/bad`, "x\n");
  await using backend = await openFiles(repo.dir);
  const names = ["HEAD", "refs/heads/main", "refs/heads/packed", "refs/heads/dir", "FETCH_HEAD"];
  for (const name of [...names, "LINK_HEAD"]) {
    const [line] = refLines(backend, [backend.read(name)!]);
    assertEquals(line?.split(" ")[1], (await repo.ok(["rev-parse", name])).trim(), name);
  }
  assertEquals(backend.read("LINK_HEAD"), {
    kind: "symref",
    refname: "LINK_HEAD",
    target: "refs/heads/packed",
  });
  assertEquals(backend.read("refs/heads/bad"), {
    kind: "broken",
    refname: "refs/heads/bad",
    finding: '"x"',
  });
  const nothing = ["refs/heads/none", "refs/heads", "refs/heads/main/x", "refs/heads/dir/x"];
  for (const name of [...nothing, "", "refs/", "refs/../HEAD", "refs//heads/main", "worktrees/x"]) {
    assertEquals(backend.read(name), undefined, name);
  }
});

gitTest("refs of this working tree and, by name, of others are found and listed", async () => {
  await using repo = await makeFilesRepo();
  const [a = "", b = "", c = "", d = ""] = await makeCommits(repo, 4);
  const linked = `${repo.dir}/../linked`;
  await repo.ok(["update-ref", "refs/heads/main", a]);
  await repo.ok(["worktree", "add", "-q", "-b", "side", linked]);
  for (const name of ["refs/bisect/bad", "refs/worktree/x", "ORIG_HEAD"]) {
    await repo.ok(["update-ref", name, b]);
    await repo.ok(["update-ref", name, c], { cwd: linked });
  }
  await repo.ok(["update-ref", "refs/rewritten/one", d], { cwd: linked });
  await using main = await openFiles(repo.dir);
  await using own = await openFiles(linked);
  for (const [backend, cwd] of [[main, repo.dir], [own, linked]] as const) {
    assertEquals(refLines(backend, backend.list()), await gitRefs(repo, [], cwd));
    const withRoot = await gitRefs(repo, ["--include-root-refs"], cwd);
    assertEquals(refLines(backend, backend.list({ includeRoot: true })), withRoot);
    for (const prefix of ["refs/bisect/", "refs/w", "refs/rewritten/one", "refs/none/"]) {
      const expected = withRoot.filter((line) => line.startsWith(prefix));
      assertEquals(refLines(backend, backend.list({ prefix })), expected);
    }
    const others = ["main-worktree/", "worktrees/linked/"].flatMap((place) =>
      ["HEAD", "ORIG_HEAD", "refs/bisect/bad", "refs/rewritten/one"].map((name) => place + name)
    );
    for (const name of [...others, "refs/bisect/bad", "refs/rewritten/one", "HEAD"]) {
      const { code, stdout } = await repo.run(["rev-parse", "-q", "--verify", name], { cwd });
      const ref = backend.read(name);
      assertEquals(ref?.refname, code === 0 ? name : undefined);
      if (ref) assertEquals(refLines(backend, [ref])[0]?.split(" ")[1], stdout.trim(), name);
    }
    assertEquals(backend.read("worktrees/none/HEAD"), undefined);
    assertEquals(backend.read("worktrees/../HEAD"), undefined);
    assertEquals(backend.read("main-worktree/refs/heads/main"), undefined);
  }
});

const OID = "0123456789abcdef0123456789abcdef01234567";

Deno.test("readLooseRef() and listLooseRefs() take any bytes for names where the storage does", () => {
  const fileSystem = new MemoryFileSystem();
  const bytes = new TextEncoder().encode(`${OID}\n`);
  fileSystem.makeDirectorySync("/refs/heads");
  for (const name of ["a\udcff", "a\ufffd", "b"]) {
    fileSystem.writeFileSync(`/refs/heads/${name}`, bytes);
  }
  const paths = { shared: "/", own: "/", isLinked: false } as RefPaths;
  const names = listLooseRefs(fileSystem, paths, {}, "sha1").map(({ refname }) => refname);
  assertEquals(names, ["refs/heads/a\ufffd", "refs/heads/a\udcff", "refs/heads/b"]);
  const ref = readLooseRef(fileSystem, "/refs/heads/a\udcff", "refs/heads/a\udcff", "sha1");
  assertEquals(ref, { kind: "direct", refname: "refs/heads/a\udcff", oid: OID });
});

gitTest("names that are not UTF-8 are refused where they could not be told apart", async () => {
  if (Deno.build.os !== "linux") return;
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  const put = async (refname: string) => {
    const bytes = Uint8Array.from([...`create ${refname} ${a}\n`].map((c) => c.charCodeAt(0)));
    await repo.ok(["update-ref", "--stdin"], { stdin: bytes });
  };
  await put("refs/heads/a\xff");
  await put("refs/tags/x\xfey");
  await repo.ok(["pack-refs", "--all"]);
  await using backend = await openFiles(repo.dir);
  // What is packed can be told, as long as it is clear that there is nothing else.
  const names = backend.list().map(({ refname }) => refname).toArray();
  assertEquals(names, ["refs/heads/a\udcff", "refs/tags/x\udcfey"]);
  assertEquals(backend.read("refs/heads/a\udcff"), {
    kind: "direct",
    refname: "refs/heads/a\udcff",
    oid: a,
  });
  // A name of three bytes that are UTF-8.
  await put("refs/tags/\xef\xbf\xbd");
  assertEquals(backend.list({ prefix: "refs/tags/" }).toArray().length, 2);
  await put("refs/heads/b\xff");
  for (
    const action of [
      () => backend.list().toArray(),
      () => backend.read("refs/heads/b\udcff"),
      () => backend.read("refs/heads/b\udcfe"),
    ]
  ) {
    const { code, message } = assertThrows(action, ReftableError);
    assertEquals([code, /not UTF-8/.test(message)], ["unsupported", true]);
  }
  assertEquals(backend.list({ prefix: "refs/tags/" }).toArray().length, 2);
  assertEquals(backend.read("refs/heads/c\udcff"), undefined);
  // The same name twice in a listing of the directory.
  await put("refs/tags/\xff");
  assertThrows(() => backend.list({ prefix: "refs/tags/" }).toArray(), ReftableError, "not UTF-8");
});
