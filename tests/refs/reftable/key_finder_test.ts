import { assertEquals } from "@std/assert";
import { Stack } from "@reftable/reftable";
import { compareText } from "../../../src/bytes/text.ts";
import { findStackConflicts } from "../../../src/refs/reftable/key_finder.ts";
import { LogIndex } from "../../../src/refs/reftable/stack_logs.ts";
import { seeded } from "../../fixtures.ts";
import { deletion, direct, entry, noEntry } from "../../stack/changes.ts";
import { StackDirectory } from "../../stack/stack_directory.ts";

/** Names that are often directories of each other, or almost the same. */
function randomNames(count: number, seed: number): string[] {
  const random = seeded(seed);
  const part = () => ["a", "a-b", "a.b", "b", "é", "c"][random(6)]!;
  const names = Array.from({ length: count }, () => {
    return `refs/${Array.from({ length: 1 + random(4) }, part).join("/")}`;
  });
  return [...new Set(names)].sort(compareText);
}

/** A stack of some tables in which refs and logs are added and deleted again. */
async function makeStack(dir: StackDirectory, seed: number): Promise<Stack> {
  const random = seeded(seed);
  const stack = await Stack.open(dir.path, {
    autoCompact: false,
    skipNameCheck: true,
    blockSize: 512,
  });
  for (let round = 0; round < 4; round++) {
    const names = randomNames(120, seed + round);
    const { nextUpdateIndex } = stack;
    await stack.add((writer) => {
      for (const name of names) {
        const isGone = round > 0 && random(2) === 0;
        writer.addRef(isGone ? deletion(name, nextUpdateIndex) : direct(name, nextUpdateIndex));
      }
      for (const name of names) {
        if (random(3) === 0) continue;
        const logs = stack.logs({ refname: name }).toArray();
        if (random(2) === 0) {
          for (const { updateIndex } of logs) writer.addLog(noEntry(name, updateIndex));
        } else {
          writer.addLog(entry(name, nextUpdateIndex));
        }
      }
    });
  }
  return stack;
}

/** The same names in their order, in the opposite one and in none. */
function orders(names: readonly string[], seed: number): (readonly string[])[] {
  const random = seeded(seed);
  const shuffled = names.map((name) => [random(1e9), name] as const).sort(([a], [b]) => a - b);
  return [names, names.toReversed(), shuffled.map(([, name]) => name)];
}

Deno.test("LogIndex finds the logs that there are, in whichever order it is asked", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    using dir = new StackDirectory();
    await using stack = await makeStack(dir, seed);
    const asked = randomNames(300, seed + 2);
    const expected = new Map(asked.map((name) => {
      const logs = stack.logs({ refname: name }).map(({ updateIndex }) => updateIndex);
      return [name, logs.toArray()];
    }));
    for (const names of orders(asked, seed)) {
      using index = new LogIndex(stack);
      for (const name of names) {
        assertEquals(index.updateIndices(name), expected.get(name), name);
        assertEquals(index.has(name), expected.get(name)!.length > 0, name);
      }
    }
    using index = new LogIndex(stack);
    const all = new Set(stack.logs().map(({ refname }) => refname));
    assertEquals(index.names(), [...all]);
  }
});

Deno.test("LogIndex finds nothing where there are no logs", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  for (let round = 0; round < 2; round++) {
    using index = new LogIndex(stack);
    assertEquals([index.has("HEAD"), index.updateIndices("HEAD"), index.names()], [false, [], []]);
    const { nextUpdateIndex } = stack;
    await stack.add((writer) => writer.addRef(direct("HEAD", nextUpdateIndex)));
  }
});

Deno.test("findStackConflicts() finds what a search through all names finds", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    using dir = new StackDirectory();
    await using stack = await makeStack(dir, seed);
    const existing = stack.refs().map(({ refname }) => refname).toArray();
    const random = seeded(seed);
    const removed = new Set(existing.filter(() => random(4) === 0));
    const left = existing.filter((name) => !removed.has(name));
    const asked = randomNames(200, seed + 3);
    const isRemoved = (name: string) => removed.has(name);
    const found = findStackConflicts(stack, asked, isRemoved).map(({ index, other }) => {
      return [asked[index]!, other] as const;
    });
    const expected = asked.flatMap((name) => {
      const above = left.find((other) => name.startsWith(`${other}/`));
      const other = above ?? left.find((other) => other.startsWith(`${name}/`));
      return other === undefined ? [] : [[name, other] as const];
    });
    assertEquals(found, expected);
  }
});

Deno.test("findStackConflicts() finds what is below a name behind one that nothing is below", async () => {
  using dir = new StackDirectory();
  await using stack = await Stack.open(dir.path);
  await stack.add((writer) => writer.addRef(direct("refs/a-b/c", stack.nextUpdateIndex)));
  // "refs/a" comes before "refs/a-b", but what is below it behind what is below that.
  const conflicts = findStackConflicts(stack, ["refs/a", "refs/a-b"], () => false);
  assertEquals(conflicts, [{ index: 1, other: "refs/a-b/c" }]);
});
