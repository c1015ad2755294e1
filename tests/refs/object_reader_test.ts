import { assertEquals } from "@std/assert";
import { type GitObject, makeObjectReader } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";

const id = (digit: string) => digit.repeat(40);

function tag(target: string, type: string): GitObject {
  const text = `object ${target}\ntype ${type}\ntag v1\ntagger A <a> 1 +0000\n\nobject ${
    id("9")
  }\n`;
  return { type: "tag", content: encodeText(text) };
}

function object(type: GitObject["type"], text = ""): GitObject {
  return { type, content: encodeText(text) };
}

const OBJECTS: Readonly<Record<string, GitObject>> = {
  [id("1")]: object(
    "commit",
    `tree ${id("2")}\nparent ${id("3")}\nparent ${id("4")}\nauthor x\n\nparent ${id("5")}\n`,
  ),
  [id("2")]: object("tree"),
  [id("3")]: object("commit", `tree ${id("2")}\nauthor parent\n\nmessage`),
  [id("4")]: object("blob", `tree ${id("2")}\nparent ${id("3")}\n`),
  [id("a")]: tag(id("1"), "commit"),
  [id("b")]: tag(id("a"), "tag"),
  [id("c")]: tag(id("2"), "commit"),
  [id("d")]: tag(id("0"), "commit"),
  [id("e")]: tag(id("e"), "tag"),
  [id("f")]: object("tag", "nothing\n"),
};

const objects = makeObjectReader((oid) => Promise.resolve(OBJECTS[oid]));

Deno.test("makeObjectReader() peels tags to what is no tag", async () => {
  const cases: readonly [string, string | undefined][] = [
    ["1", "1"],
    ["2", "2"],
    ["a", "1"],
    ["b", "1"],
    ["0", undefined],
    // What a tag leads to is of another kind, or is not there; or the tag leads nowhere.
    ["c", undefined],
    ["d", undefined],
    ["e", undefined],
    ["f", undefined],
  ];
  for (const [oid, expected] of cases) {
    assertEquals(await objects.peel(id(oid)), expected && id(expected), oid);
  }
});

Deno.test("makeObjectReader() tells kinds, existence and parents", async () => {
  assertEquals(await objects.type(id("2")), "tree");
  assertEquals(await objects.type(id("0")), undefined);
  assertEquals(await objects.has(id("4")), true);
  assertEquals(await objects.has(id("0")), false);
  assertEquals(await objects.parents(id("1")), [id("3"), id("4")]);
  assertEquals(await objects.parents(id("3")), []);
  for (const digit of ["4", "a", "0"]) assertEquals(await objects.parents(id(digit)), undefined);
});
