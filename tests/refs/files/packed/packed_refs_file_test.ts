import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { type FileSystem, MemoryFileSystem, ReftableError } from "@reftable/reftable";
import { compareText, decodeText, encodeText } from "../../../../src/bytes/text.ts";
import { PackedRefsFile } from "../../../../src/refs/files/packed/packed_refs_file.ts";
import { gitTest } from "../../../peers/git.ts";
import { makeCommits } from "../../open_backend.ts";
import { makeFilesRepo, openFiles, refLines } from "../open_files.ts";

const HEADER = "# pack-refs with: peeled fully-peeled sorted \n";

const oid = (i: number) => i.toString(16).padStart(40, "0");

/** Lines for refs; every third holds a tag. */
function lines(names: readonly string[], digits = 40): string {
  return names.map((name, i) => {
    const id = oid(i).padStart(digits, "0");
    return `${id} ${name}\n${i % 3 === 0 ? `^${id.replace(/^0/, "f")}\n` : ""}`;
  }).join("");
}

function open(text: string, hash: "sha1" | "sha256" = "sha1"): PackedRefsFile {
  const fileSystem = new MemoryFileSystem();
  fileSystem.writeFileSync("/packed-refs", encodeText(text));
  return PackedRefsFile.open(fileSystem, "/packed-refs", hash)!;
}

/** Names in order, some of them neighbours that are easily mixed up. */
function makeNames(count: number): string[] {
  const names = Array.from({ length: count }, (_, i) => {
    const name = `refs/heads/${(i * 7919) % 1000}/${"x".repeat(i % 50)}${i}`;
    return i % 10 === 0 ? `${name}-\udcff\u{1f600}` : name;
  });
  names.push("refs/heads/a", "refs/heads/a-b", "refs/heads/a.b", "refs/heads/a/b", "refs/heads/a0");
  names.push(`refs/heads/${"long/".repeat(5000)}name`, "HEAD", "refs/tags/v1");
  return names.sort(compareText);
}

for (const [title, count] of [["a small", 200], ["a large", 20_000]] as const) {
  Deno.test(`PackedRefsFile finds every ref of ${title} file, and no other`, () => {
    const names = makeNames(count);
    const file = open(HEADER + lines(names));
    const all = [...file.list({})];
    assertEquals(all.map(({ refname }) => refname), names);
    const step = Math.ceil(names.length / 3000);
    for (let i = 0; i < names.length; i += step) {
      const name = names[i]!;
      assertEquals(file.find(name), all[i]);
      assertEquals(
        all[i],
        {
          ...(i % 3 === 0
            ? { kind: "peeled", peeled: oid(i).replace(/^0/, "f") }
            : { kind: "direct" }),
          refname: name,
          oid: oid(i),
        } as typeof all[0],
      );
      assertEquals(file.find(`${name}!`), undefined);
      assertEquals(
        file.find(name.slice(0, -1)),
        all.find((ref) => ref.refname === name.slice(0, -1)),
      );
    }
    for (const name of ["", "A", "refs/heads/a/", "refs/heads/a-", "refs/z", "\u{10ffff}"]) {
      assertEquals(file.find(name), undefined, name);
      const rest = names.filter((other) => compareText(other, name) >= 0);
      const position = file.lowerBound(encodeText(name));
      assertEquals(position === file.end ? undefined : file.nameAt(position), rest[0]);
      assertEquals(
        [...file.list({ after: name })].map(({ refname }) => refname),
        rest.filter((other) => other !== name),
      );
    }
    for (const prefix of ["refs/heads/a", "refs/heads/1", "refs/heads/long/", "refs/tags/", "x"]) {
      const found = names.filter((name) => name.startsWith(prefix));
      assertEquals([...file.list({ prefix })].map(({ refname }) => refname), found);
      const after = found[Math.floor(found.length / 2)];
      assertEquals(
        [...file.list({ prefix, after })].map(({ refname }) => refname),
        found.slice(Math.floor(found.length / 2) + 1),
      );
    }
    file.release();
  });

  Deno.test(`PackedRefsFile goes on from any ref of ${title} file`, () => {
    const names = makeNames(count);
    const file = open(HEADER + lines(names));
    let position = file.start;
    for (const [i, name] of names.entries()) {
      if (i % 7 === 0) position = file.lowerBound(encodeText(name), position);
      assert(file.isAt(position, encodeText(name)), name);
      if (i % 7 === 0) assertEquals(file.lowerBound(encodeText(name), position), position);
      position = file.next(position);
    }
    assertEquals(position, file.end);
    file.release();
  });
}

Deno.test("PackedRefsFile reads little of a large file to find a ref", () => {
  const names = Array.from({ length: 200_000 }, (_, i) => `refs/heads/branch-${oid(i).slice(20)}`);
  const memory = new MemoryFileSystem();
  memory.writeFileSync("/packed-refs", encodeText(HEADER + lines(names)));
  let reads = 0;
  let bytes = 0;
  const fileSystem: FileSystem = new Proxy<FileSystem>(memory, {
    get(_, name) {
      if (name !== "openSync") return Reflect.get(memory, name).bind(memory);
      return (path: string) => {
        const file = memory.openSync(path);
        return {
          size: file.size,
          readSync(position: number, buffer: Uint8Array) {
            reads++;
            bytes += buffer.length;
            return file.readSync(position, buffer);
          },
          [Symbol.dispose]: () => file[Symbol.dispose](),
        };
      };
    },
  });
  const file = PackedRefsFile.open(fileSystem, "/packed-refs", "sha1")!;
  assertEquals(file.find(names[123_456]!)?.oid, oid(123_456));
  assertLess(reads, 60);
  assertLess(bytes, 500_000);
  // Many that follow each other are found step by step.
  reads = bytes = 0;
  let position = file.start;
  for (const name of names) position = file.lowerBound(encodeText(name), position);
  assertLess(bytes, 2 * file.end);
  file.release();
});

Deno.test("PackedRefsFile puts the refs of a file in order that is in none", () => {
  const names = makeNames(300);
  const shuffled = names.toSorted((a, b) => compareText(a.slice(-3), b.slice(-3)));
  for (const header of ["", "# pack-refs with: peeled \n"]) {
    const file = open(header + lines(shuffled));
    const found = [...file.list({})];
    assertEquals(found.map(({ refname }) => refname), names);
    for (const ref of found) {
      assertEquals(ref.oid, oid(shuffled.indexOf(ref.refname)));
      assertEquals(file.find(ref.refname), ref);
    }
    assertEquals(file.peeled, header === "" ? "none" : "tags");
  }
  assertEquals([...open(lines(names)).list({})].map(({ refname }) => refname), names);
});

Deno.test("PackedRefsFile knows what the header says", () => {
  assertEquals(open(HEADER).peeled, "fully");
  assertEquals(open("# pack-refs with: fully-peeled\n").peeled, "fully");
  assertEquals(open("# pack-refs with: unpeeled other\n").peeled, "none");
  assertEquals(open("").find("HEAD"), undefined);
  assertEquals([...open(HEADER).list({})], []);
  assertEquals(PackedRefsFile.open(new MemoryFileSystem(), "/packed-refs", "sha1"), undefined);
});

Deno.test("PackedRefsFile reads the ids of both hashes", () => {
  const file = open(
    `# pack-refs with: sorted \n${lines(["refs/heads/a", "refs/heads/b"], 64)}`,
    "sha256",
  );
  assertEquals([...file.list({})].map(({ oid }) => oid.length), [64, 64]);
  const upper = open(`${"AB".repeat(20)} refs/heads/a\n^${"CD".repeat(20)}\n`);
  assertEquals(upper.find("refs/heads/a"), {
    kind: "peeled",
    refname: "refs/heads/a",
    oid: "ab".repeat(20),
    peeled: "cd".repeat(20),
  });
});

Deno.test("PackedRefsFile stays readable as long as somebody uses it", () => {
  const file = open(HEADER + lines(makeNames(5000)));
  file.retain().release();
  assertEquals(file.find("HEAD")?.refname, "HEAD");
  file.release();
  assertThrows(() => [...file.list({})], ReftableError, "closed");
});

const A = "a".repeat(40);

/** Damage, and how the line is shown. */
const DAMAGE: Readonly<Record<string, string>> = {
  "an id that is none": `${HEADER}${A} refs/heads/a\nx${A.slice(1)} refs/heads/b\n`,
  "a short id": `${HEADER}${A} refs/heads/a\n${A.slice(1)} refs/heads/b\n`,
  "a line without a name": `${HEADER}${A} refs/heads/a\n${A} \n`,
  "a short line": `${HEADER}short\n`,
  "a line that is cut off": `${HEADER}${A} refs/heads/a\n${A} refs/heads/b`,
  "a long line that is cut off": `${HEADER}${A} refs/heads/${"long/".repeat(100)}a`,
  "a long line that makes no sense": `${HEADER}x${A} refs/heads/${"long/".repeat(100)}a\n`,
  "a bad object of a tag": `${HEADER}${A} refs/tags/a\n^x${A.slice(1)}\n`,
  "a long object of a tag": `${HEADER}${A} refs/tags/a\n^${A}a\n`,
  "an object of a tag that is cut off": `${HEADER}${A} refs/tags/a\n^${
    A.slice(9)
  }\n${A} refs/tags/b\n`,
  "an object without a tag": `${HEADER}^${A}\n${A} refs/tags/b\n`,
  "a header that is cut off": "# pack-refs with: sorted",
  "another header": `# packed refs\n${A} refs/heads/a\n`,
  "an empty line": `${HEADER}${A} refs/heads/a\n\n${A} refs/heads/b\n`,
  "a name that leads elsewhere": `${HEADER}${A} refs/heads/../../../x\n`,
  "a name that is no ref": `${HEADER}${A} ../x\n`,
  "a name with a NUL": `${HEADER}${A} refs/heads/a\0b\n`,
};

for (const [title, text] of Object.entries(DAMAGE)) {
  gitTest(`PackedRefsFile refuses ${title} in git's words`, async () => {
    await using repo = await makeFilesRepo();
    const [commit = ""] = await makeCommits(repo, 1);
    const path = `${repo.gitDir}/packed-refs`;
    await Deno.writeTextFile(
      path,
      text.replaceAll(A, commit).replaceAll(A.slice(1), commit.slice(1)),
    );
    const { stderr, code } = await repo.run(["for-each-ref", "--include-root-refs"]);
    assertEquals(code, 128);
    const [expected = ""] = /(?<=^fatal: ).*$/m.exec(stderr) ?? [];
    await using backend = await openFiles(repo.dir);
    const error = assertThrows(() => backend.list({ includeRoot: true }).toArray(), ReftableError);
    assertEquals(error.code, "format");
    assertEquals(error.file, path);
    const shown = error.message.replace(/(?<=NULL: .*)\0.*/s, "");
    assertEquals(shown, expected.replace(".git/", `${repo.gitDir}/`));
  });
}

gitTest("bad names that are packed are listed, as in git", async () => {
  await using repo = await makeFilesRepo();
  const [a = ""] = await makeCommits(repo, 1);
  const names = ["refs/heads/a..b", "refs/heads/b.lock", "refs/heads/good"];
  const text = HEADER + names.map((name) => `${a} ${name}\n`).join("");
  await Deno.writeTextFile(`${repo.gitDir}/packed-refs`, text);
  await using backend = await openFiles(repo.dir);
  assertEquals(backend.list().map(({ refname }) => refname).toArray(), names);
  const { stdout, stderr } = await repo.run(["for-each-ref", "--format=%(refname)"]);
  assertEquals(stdout, "refs/heads/good\n");
  assertEquals(stderr.match(/ref with broken name/g)?.length, 2);
});

gitTest("packed refs are those that git lists", async () => {
  for (const hash of ["sha1", "sha256"] as const) {
    await using repo = await makeFilesRepo({ hash });
    const oids = await makeCommits(repo, 3);
    const stdin = oids.flatMap((oid, i) =>
      ["a.b", "a/b", "a-b", "ä", "z\xff"].map((name) => {
        return `create refs/heads/${i}/${name} ${oid}\n`;
      })
    ).join("");
    const bytes = Uint8Array.from([...stdin].map((c) => c.charCodeAt(0)));
    await repo.ok(["update-ref", "--stdin"], { stdin: bytes });
    await repo.ok(["tag", "-a", "-m", "tag", "v1", oids[0]!]);
    await repo.ok(["tag", "-a", "-m", "tag", "v2", "v1"]);
    await repo.ok(["pack-refs", "--all"]);
    await using backend = await openFiles(repo.dir);
    const format = "--format=%(refname) %(objectname)  %(*objectname)";
    const { stdoutBytes } = await repo.run(["for-each-ref", format]);
    const expected = decodeText(stdoutBytes).split("\n").slice(0, -1);
    assertEquals(refLines(backend, backend.list()), expected);
    assertEquals(backend.list({ prefix: "refs/tags/" }).map(({ kind }) => kind).toArray(), [
      "peeled",
      "peeled",
    ]);
  }
});
