import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError, Stack, type StackOptions, type TableWriter } from "@reftable/reftable";
import {
  addLargeTable,
  addRefs,
  assertTidy,
  ChangingFileSystem,
  contentsOf,
  deletion,
  direct,
  diskFull,
  entry,
  listedNames,
  noEntry,
  refnames,
  shorten,
  symref,
  tidyTest,
} from "./changes.ts";
import { StackDirectory } from "./stack_directory.ts";

const MERGING: StackOptions = {
  sync: false,
  skipNameCheck: true,
  exactLogMessage: true,
  autoCompact: false,
  mergeAdditions: true,
};

/** How many bytes the records of {@linkcode writeLarge} take at least. */
const AT_LEAST = 2500 * 24;

/** Writes what takes more than 32 KiB: new refs, some that were there, deletions, and their logs. */
function writeLarge(writer: TableWriter, updateIndex: number): void {
  writer.addRef(direct("HEAD", updateIndex));
  writer.addRef(deletion("refs/heads/a", updateIndex));
  for (let i = 0; i < 2500; i++) writer.addRef(direct(`refs/heads/n${10_000 + i}`, updateIndex));
  writer.addRef(deletion("refs/heads/none", updateIndex));
  writer.addLog(entry("HEAD", updateIndex));
  writer.addLog(noEntry("refs/heads/a", 1));
  writer.addLog(entry("refs/heads/n10007", updateIndex));
}

async function addLarge(stack: Stack, write = writeLarge, atLeast = AT_LEAST): Promise<void> {
  await using addition = await stack.beginAddition();
  await addition.add((writer) => write(writer, addition.nextUpdateIndex), { atLeast });
  await addition.commit();
}

/** Adds small tables that the large one is compacted with: records before, between and behind its own. */
async function addSmall(stack: Stack): Promise<void> {
  const { nextUpdateIndex: first } = stack;
  await stack.add((writer) => {
    writer.addRef(symref("HEAD", first, "refs/heads/a"));
    for (const name of ["a", "b", "n10007", "n10007a", "z"]) {
      writer.addRef(direct(`refs/heads/${name}`, first));
    }
    writer.addLog(entry("HEAD", first));
    for (const name of ["a", "n10007", "z"]) writer.addLog(entry(`refs/heads/${name}`, first));
  });
  await stack.add((writer) => {
    writer.addRef(deletion("refs/heads/b", first + 1));
    writer.addLog(entry("refs/heads/a", first + 1, { message: "no end of line" }));
  });
}

/** Opens a stack of small tables, with a table before them that is as large as they say. */
async function openSmall(
  dir: StackDirectory,
  options: StackOptions = {},
  refsBefore = 0,
): Promise<Stack> {
  {
    await using stack = await Stack.open(dir.path, { ...MERGING, mergeAdditions: false });
    for (let i = 0; i < refsBefore; i += 2500) await addLargeTable(stack, `refs/${i}/`);
    await stack.compact();
    await addSmall(stack);
  }
  return await Stack.open(dir.path, { ...MERGING, ...options });
}

function ranges(stack: Stack): string[] {
  return stack.tableNames.map((name) => shorten(name).replace(".ref", ""));
}

tidyTest(
  "Addition.add() leaves of a large table what compacting it with small ones would",
  async () => {
    for (const refsBefore of [0, 15_000]) {
      using merging = new StackDirectory();
      using compacting = new StackDirectory();
      await using one = await openSmall(merging, {}, refsBefore);
      await using other = await openSmall(compacting, { mergeAdditions: false }, refsBefore);
      await addLarge(one);
      await addLarge(other);
      assertEquals(ranges(other).length, ranges(one).length + 2);
      await other.autoCompact();
      assertEquals(ranges(one), ranges(other));
      assertEquals(
        one.tableNames.map((name) => Deno.readFileSync(`${merging.path}/${name}`).toHex()),
        other.tableNames.map((name) => Deno.readFileSync(`${compacting.path}/${name}`).toHex()),
      );
      assertEquals(one.nextUpdateIndex, other.nextUpdateIndex);
      assertEquals(one.stats.entriesWritten, other.stats.entriesWritten);
      assertTidy(merging.path);
    }
  },
);

tidyTest("Addition.add() writes a large table but once", async () => {
  using dir = new StackDirectory();
  const watched = new ChangingFileSystem();
  await using stack = await openSmall(dir, { fileSystem: watched.fileSystem });
  await addLarge(stack);
  assertEquals(watched.takeChanges().filter((change) => !change.startsWith("write ")), [
    "create tables.list.lock",
    "create 3-3.temp",
    "close 3-3.temp",
    "rename 1-3.ref",
    "close tables.list.lock",
    "rename tables.list",
    "remove 1-1.ref",
    "remove 2-2.ref",
  ]);
});

tidyTest("Addition.add() adds a large table by itself where it must", async () => {
  const cases: readonly [options: StackOptions, atLeast: number | undefined][] = [
    [{}, undefined],
    [{}, 1000],
    [{ mergeAdditions: false }, AT_LEAST],
    [{ skipNameCheck: false }, AT_LEAST],
  ];
  for (const [options, atLeast] of cases) {
    using dir = new StackDirectory();
    await using stack = await openSmall(dir, options);
    await addLarge(stack, writeLarge, atLeast ?? 0);
    assertEquals(ranges(stack), ["1-1", "2-2", "3-3"]);
  }
});

tidyTest(
  "Addition.add() does not take tables that somebody has locked, or that are large",
  async () => {
    {
      using dir = new StackDirectory();
      await using stack = await openSmall(dir);
      Deno.writeTextFileSync(`${dir.path}/${stack.tableNames[1]}.lock`, "", { createNew: true });
      await addLarge(stack);
      assertEquals(ranges(stack), ["1-1", "2-2", "3-3"]);
    }
    using dir = new StackDirectory();
    await using stack = await openSmall(dir, {}, 2500);
    await addLarge(stack);
    assertEquals(ranges(stack), ["1-1", "2-2", "3-3", "4-4"]);
  },
);

tidyTest("Addition.add() adds a large table by itself where one before it is damaged", async () => {
  using dir = new StackDirectory();
  const names = await (async () => {
    await using stack = await openSmall(dir);
    return stack.tableNames;
  })();
  const path = `${dir.path}/${names[1]}`;
  const bytes = Deno.readFileSync(path);
  // Its first record claims to share bytes with one before it.
  bytes[28] = 9;
  Deno.writeFileSync(path, bytes);
  await using stack = await Stack.open(dir.path, MERGING);
  await addLarge(stack);
  assertEquals(ranges(stack), ["1-1", "2-2", "3-3"]);
});

tidyTest("Addition.add() leaves no table when a large one takes everything away", async () => {
  using dir = new StackDirectory();
  await using stack = await openSmall(dir);
  await addLarge(stack, (writer, updateIndex) => {
    for (const refname of refnames(stack)) writer.addRef(deletion(refname, updateIndex));
    for (const log of stack.logs().toArray()) {
      writer.addLog(noEntry(log.refname, log.updateIndex));
    }
  });
  assertEquals([ranges(stack), refnames(stack)], [[], []]);
  assertEquals(listedNames(dir.path), []);
  assertTidy(dir.path);
  await addRefs(stack, "refs/heads/b");
  assertEquals(refnames(stack), ["refs/heads/b"]);
});

tidyTest(
  "Addition.add() refuses update indices below the next one, with tables taken too",
  async () => {
    using dir = new StackDirectory();
    await using stack = await openSmall(dir);
    const error = await addLarge(stack, (writer) => writer.setLimits(2, 3)).catch((error) => error);
    assertEquals(error.code, "api");
    assertEquals(ranges(stack), ["1-1", "2-2"]);
  },
);

tidyTest("Addition.add() refuses the same records whether it takes tables or not", async () => {
  const wrong: readonly ((writer: TableWriter, updateIndex: number) => void)[] = [
    (writer, next) => {
      writer.addRef(direct("refs/heads/b", next));
      writer.addRef(deletion("refs/heads/a", next));
    },
    (writer, next) => {
      writer.addRef(deletion("refs/heads/b", next));
      writer.addRef(deletion("refs/heads/b", next));
    },
    (writer, next) => {
      writer.addRef(deletion("refs/heads/b", next));
      writer.addRef(direct("refs/heads/a", next));
    },
    (writer, next) => {
      writer.addLog(entry("refs/heads/a", next));
      writer.addRef(deletion("refs/heads/a", next));
    },
    (writer, next) => {
      writer.addLog(entry("refs/heads/b", next));
      writer.addLog(noEntry("refs/heads/a", 1));
    },
    (writer) => writer.addLog(noEntry("refs/heads/a", 9)),
    (writer, next) => writer.addRef(direct("refs/heads/a", next - 1)),
    (writer, next) => writer.addRef(deletion("refs/heads/a", next - 1)),
    (writer, next) => writer.addRef(deletion("refs/heads/a", next + 1)),
    (writer, next) => writer.addRef(deletion("", next)),
    (writer, next) => writer.addRef(deletion("refs/\ud800", next)),
  ];
  for (const [i, write] of wrong.entries()) {
    const messages: string[] = [];
    for (const atLeast of [0, AT_LEAST]) {
      using dir = new StackDirectory();
      await using stack = await openSmall(dir);
      const error = await assertRejects(() => addLarge(stack, write, atLeast), ReftableError);
      messages.push(error.message);
      assertEquals(ranges(stack), ["1-1", "2-2"]);
    }
    assertEquals(messages[1], messages[0], `${i}`);
  }
});

tidyTest("Addition.add() that takes tables changes nothing when it fails", async () => {
  for (
    const at of ["write 3-3.temp", "rename 1-3.ref", "write tables.list.lock", "rename tables.list"]
  ) {
    using dir = new StackDirectory();
    const { fileSystem } = new ChangingFileSystem((change) => {
      if (shorten(change) === at) throw diskFull();
    });
    await using stack = await openSmall(dir, { fileSystem });
    const before = contentsOf(dir.path);
    const failed = await addLarge(stack).then(() => false, () => true);
    assertEquals([failed, contentsOf(dir.path)], [true, before], at);
    assertEquals(ranges(stack), ["1-1", "2-2"]);
  }
});
