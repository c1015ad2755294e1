import { assertEquals } from "@std/assert";
import { MemoryFileSystem } from "@reftable/reftable";
import { decodeText, encodeText } from "../../../../src/bytes/text.ts";
import { PackedRefsFile } from "../../../../src/refs/files/packed/packed_refs_file.ts";
import { writePackedRefs } from "../../../../src/refs/files/packed/packed_refs_store.ts";
import type { PackedChange } from "../../../../src/refs/files/packed/packed_store.ts";

const FULL = "# pack-refs with: peeled fully-peeled sorted \n";

const oid = (i: number) => i.toString(16).padStart(40, "0");

function write(old: string | undefined, changes: readonly PackedChange[]): string {
  const fileSystem = new MemoryFileSystem();
  if (old !== undefined) fileSystem.writeFileSync("/packed-refs", encodeText(old));
  const file = PackedRefsFile.open(fileSystem, "/packed-refs", "sha1");
  const pieces: string[] = [];
  writePackedRefs((bytes) => pieces.push(decodeText(bytes)), file, changes);
  file?.release();
  return pieces.join("");
}

function put(refname: string, i: number, peeled?: string, isPeelKnown = true): PackedChange {
  return { refname, value: { oid: oid(i), peeled, isPeelKnown } };
}

function remove(refname: string): PackedChange {
  return { refname, value: undefined };
}

Deno.test("writePackedRefs() adds, replaces and removes refs in their places", () => {
  const lines = [
    `${oid(1)} refs/heads/b\n`,
    `${oid(2)} refs/heads/d\n`,
    `${oid(3)} refs/tags/a\n^${oid(4)}\n`,
    `${oid(5)} refs/tags/b\n^${oid(6)}\n`,
    `${oid(7)} refs/tags/c\n`,
  ];
  const old = FULL + lines.join("");
  assertEquals(write(old, []), old);
  const changes = [
    put("refs/heads/a", 10),
    put("refs/heads/b", 11),
    remove("refs/heads/c"),
    remove("refs/tags/a"),
    put("refs/tags/b", 12, oid(13)),
    put("refs/tags/bb", 14),
    put("refs/tags/c", 15, oid(16)),
    put("refs/tags/d", 17),
  ];
  const expected = [
    `${oid(10)} refs/heads/a\n`,
    `${oid(11)} refs/heads/b\n`,
    lines[1],
    `${oid(12)} refs/tags/b\n^${oid(13)}\n`,
    `${oid(14)} refs/tags/bb\n`,
    `${oid(15)} refs/tags/c\n^${oid(16)}\n`,
    `${oid(17)} refs/tags/d\n`,
  ];
  assertEquals(write(old, changes), FULL + expected.join(""));
  assertEquals(write(undefined, changes.slice(0, 2)), FULL + expected.slice(0, 2).join(""));
  assertEquals(write(undefined, []), FULL);
  assertEquals(
    write(old, ["b", "d"].map((name) => remove(`refs/heads/${name}`))),
    FULL + lines.slice(2).join(""),
  );
});

Deno.test("writePackedRefs() changes large files as small ones", () => {
  const name = (i: number) => `refs/heads/${String(i).padStart(6, "0")}\udcff`;
  const line = (i: number, value = i) => `${oid(value)} ${name(i)}\n`;
  const numbers = Array.from({ length: 30_000 }, (_, i) => i);
  const old = FULL + numbers.map((i) => line(i)).join("");
  const changes = numbers.filter((i) => i % 3 === 0).map((i) => {
    return i % 2 === 0 ? remove(name(i)) : put(name(i), i + 1);
  });
  const expected = numbers.map((i) => i % 3 !== 0 ? line(i) : i % 2 === 0 ? "" : line(i, i + 1));
  assertEquals(write(old, changes) === FULL + expected.join(""), true);
});

Deno.test("writePackedRefs() promises no more than is known", () => {
  const header = (text: string) => text.split("\n")[0] + "\n";
  const line = `${oid(1)} refs/heads/b\n`;
  const tags = "# pack-refs with: peeled sorted \n";
  const none = "# pack-refs with: sorted \n";
  // What an old file does not tell is not told from now on either.
  for (const [old, expected] of [[FULL, FULL], [tags, tags], [none, none], ["", none]]) {
    assertEquals(header(write(old + line, [remove("refs/heads/b")])), expected);
    assertEquals(header(write(old + line, [put("refs/heads/c", 1)])), expected);
  }
  // Nor is what nobody knows of a new ref.
  assertEquals(header(write(FULL, [put("refs/notes/x", 1, undefined, false)])), tags);
  assertEquals(header(write(FULL, [put("refs/tags/x", 1, undefined, false)])), none);
  assertEquals(header(write(FULL, [put("refs/tags/x", 1, oid(2), false)])), FULL);
});

Deno.test("writePackedRefs() puts refs in order that were in none", () => {
  const old = `${oid(1)} refs/heads/b\n${oid(2)} refs/heads/a\n^${oid(3)}\n`;
  assertEquals(
    write(old, [put("refs/heads/aa", 4)]),
    `# pack-refs with: sorted \n${oid(2)} refs/heads/a\n^${oid(3)}\n${oid(4)} refs/heads/aa\n` +
      `${oid(1)} refs/heads/b\n`,
  );
});
