import { assertEquals, assertObjectMatch, assertThrows } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { layoutOf } from "../blocks.ts";
import { fixture } from "../fixtures.ts";
import { block, concat, directRef, logUpdate, record, table } from "../hand_made.ts";

Deno.test("readLayout() tells where the sections of a table lie", () => {
  assertObjectMatch(layoutOf(fixture("git/restart-4-1k.ref").bytes), {
    hashSize: 20,
    refs: { start: 0 },
    end: 86829 - 68,
  });
  const { refs, objects, logs, end } = layoutOf(fixture("git/restart-4-1k.ref").bytes);
  assertEquals([refs?.end, objects?.end, logs?.end], [objects?.start, logs?.start, end]);
  const types = [refs, objects, logs].map((section) => String.fromCharCode(section!.type));
  assertEquals(types.join(""), "rog");
});

Deno.test("readLayout() tells a table of logs from one of refs", () => {
  const cases = {
    "git/empty.ref": [false, false],
    "git/one-ref.ref": [true, false],
    "git/log-only.ref": [false, true],
    "jgit/log-only.log": [false, true],
    "git/exact-messages.ref": [true, true],
  } as const;
  for (const [name, expected] of Object.entries(cases)) {
    const { refs, logs } = layoutOf(fixture(name as keyof typeof cases).bytes);
    assertEquals([refs !== undefined, logs !== undefined], [...expected], name);
  }
});

Deno.test("readLayout() takes a log section that begins with the file or behind the header", () => {
  const updates = [logUpdate("HEAD", 2, "two"), logUpdate("HEAD", 1, "one")];
  for (const [headerSize, log] of [[24, 0], [0, 24]] as const) {
    using opened = Table.openSync(table([block("g", updates, { headerSize })], { log }));
    assertEquals(opened.logs().map(({ updateIndex }) => updateIndex).toArray(), [2, 1]);
    assertEquals(opened.blocks().map(({ offset }) => offset).toArray(), [log]);
    assertEquals(opened.refs().toArray(), []);
  }
});

Deno.test(
  "readLayout() refuses a log section that begins behind the first log block",
  () => {
    const first = block("g", [logUpdate("a", 2, "")], { headerSize: 24 });
    const second = block("g", [logUpdate("b", 2, "")]);
    const bytes = table([first, second], { log: 24 + first.length });
    assertThrows(() => Table.openSync(bytes), ReftableError, "log section");
  },
);

Deno.test("readLayout() refuses a file that is too short for what it begins with", () => {
  for (const name of ["git/empty.ref", "git/sha256.ref", "jgit/small-mixed.ref"] as const) {
    const { bytes } = fixture(name);
    for (let length = 0; length < Math.min(bytes.length, 200); length++) {
      const error = assertThrows(
        () => Table.openSync(bytes.subarray(0, length), { name: "x.ref" }),
        ReftableError,
        'Cannot read table "x.ref": ',
      );
      assertEquals(error.code, "format");
    }
  }
});

Deno.test("readLayout() refuses a table that begins with anything but refs and logs", () => {
  const objects = record(0, [1, 1], 1, [0]);
  for (const type of ["o", "i"] as const) {
    const bytes = table([block(type, [objects], { headerSize: 24 })]);
    const error = assertThrows(
      () => Table.openSync(bytes),
      ReftableError,
      `the first block has type ${type.charCodeAt(0)}, expected "r" (114) or "g" (103)`,
    );
    assertEquals([error.code, error.offset], ["format", 24]);
  }
  assertThrows(
    () => Table.openSync(table([[0, 0, 0]])),
    ReftableError,
    "the first block has type 0",
  );
});

Deno.test("readLayout() takes bytes behind the footer for damage", () => {
  const { bytes } = fixture("git/one-ref.ref");
  assertThrows(() => Table.openSync(concat(bytes, [0])), ReftableError, 'no "REFT"');
  using opened = Table.openSync(table([block("r", [directRef("a")], { headerSize: 24 })]));
  assertEquals(opened.ref("a")?.kind, "direct");
});
