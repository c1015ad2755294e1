import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type Problem,
  type ProblemCode,
  ReftableError,
  Stack,
  verifyStack,
  type VerifyStackOptions,
} from "@reftable/reftable";
import { FIXTURES } from "../cli/run_cli.ts";
import { fixture } from "../fixtures.ts";
import type { Bytes } from "../hand_made.ts";
import { withBytes } from "../table/verifying.ts";
import { write } from "../table/written.ts";
import { deletion, direct, entry, symref, tidyTest } from "./changes.ts";
import { StackDirectory, WatchedFileSystem } from "./stack_directory.ts";

/** A table of so many refs with a range of update indices. */
function tableOf(min: number, max: number, refs = 1, hash: "sha1" | "sha256" = "sha1"): Bytes {
  return write({
    options: { hash },
    minUpdateIndex: min,
    maxUpdateIndex: max,
    refs: Array.from({ length: refs }, (_, i) => {
      const ref = direct(`refs/heads/${1000 + i}`, min, i);
      return hash === "sha1" ? ref : { ...ref, oid: ref.oid.padStart(64, "0") };
    }),
    logs: [],
  }).bytes;
}

const hex = (index: number) => `0x${index.toString(16).padStart(12, "0")}`;
const nameOf = (min: number, max = min) => `${hex(min)}-${hex(max)}-0000000${max % 10}.ref`;

const FIRST = nameOf(1, 4);
const SECOND = nameOf(5);
const THIRD = nameOf(6, 7);

/** Three tables that form a geometric sequence. */
function sound(): Record<string, Bytes> {
  return { [FIRST]: tableOf(1, 4, 40), [SECOND]: tableOf(5, 5, 8), [THIRD]: tableOf(6, 7) };
}

async function problemsIn(
  directory: string,
  options: VerifyStackOptions = {},
): Promise<Problem[]> {
  const { problems } = await verifyStack(directory, options);
  // Where it is does not matter.
  return problems.map((problem) => ({
    ...problem,
    file: problem.file.replace(`${directory}/`, ""),
  }));
}

/** Asserts that one thing is wrong with a stack, and which. */
async function assertOnly(
  directory: StackDirectory,
  code: ProblemCode,
  file: string,
  { severity = "error", offset, message = "", ...options }: {
    severity?: Problem["severity"];
    offset?: number;
    message?: string;
  } & VerifyStackOptions = {},
): Promise<void> {
  const problems = await problemsIn(directory.path, options);
  const [problem, ...others] = problems;
  assertEquals(others, []);
  assertEquals([problem?.severity, problem?.code, problem?.file, problem?.offset], [
    severity,
    code,
    file,
    offset,
  ]);
  assert(problem!.message.includes(message), problem!.message);
}

/** Makes a file look as if it had not been written for so many minutes. */
function age(path: string, minutes: number): void {
  const time = Date.now() / 1000 - 60 * minutes;
  Deno.utimeSync(path, time, time);
}

tidyTest("verifyStack() finds nothing wrong with a sound stack", async () => {
  using directory = new StackDirectory(sound());
  const { directory: path, tables, problems } = await verifyStack(directory.path);
  assertEquals([path, problems], [directory.path, []]);
  assertEquals(tables.map(({ file }) => file), [FIRST, SECOND, THIRD].map((n) => `${path}/${n}`));
  assertEquals(tables.map(({ header }) => header?.maxUpdateIndex), [4, 5, 7]);
  assertEquals(await problemsIn(directory.path, { hash: "sha1" }), []);
});

tidyTest("verifyStack() finds nothing wrong with an empty stack", async () => {
  using directory = new StackDirectory();
  assertEquals(await problemsIn(directory.path), []);
  directory.remove("tables.list");
  assertEquals(await problemsIn(directory.path), []);
});

tidyTest("verifyStack() finds nothing wrong with what git and the library made", async () => {
  for (
    const name of ["repository/git", "repository/git/worktrees/linked", "repository-sha256/git"]
  ) {
    const problems = await problemsIn(`${FIXTURES}/${name}/reftable`);
    assertEquals(problems.filter(({ severity }) => severity !== "info"), [], name);
  }
  using directory = new StackDirectory();
  await using stack = await Stack.open(directory.path);
  for (let i = 0; i < 40; i++) {
    await stack.add((writer) => {
      const index = stack.nextUpdateIndex;
      writer.addRef(direct(`refs/heads/a${i % 7}`, index));
      writer.addRef(
        i % 3 ? symref(`refs/heads/b${i % 5}`, index, "refs/heads/a0") : deletion("refs/x", index),
      );
      writer.addLog(entry("HEAD", index));
    });
    assertEquals(await problemsIn(directory.path), [], `${i}`);
  }
  await stack.compact();
  assertEquals(await problemsIn(directory.path), []);
});

tidyTest("verifyStack() reports what is wrong with a table under its path", async () => {
  const tables = sound();
  using directory = new StackDirectory({
    ...tables,
    [SECOND]: withBytes(tables[SECOND]!, 29, [0]),
  });
  await assertOnly(directory, "record", SECOND, { offset: 28 });
  // A table whose header cannot be read has no range and no hash.
  directory.put({ [SECOND]: withBytes(tables[SECOND]!, 0, "x") });
  await assertOnly(directory, "magic", SECOND, { offset: 0 });
  directory.put({ [SECOND]: new Uint8Array() });
  await assertOnly(directory, "magic", SECOND, { offset: 0 });
});

tidyTest("verifyStack() tells a line of the list that is no file name", async () => {
  using directory = new StackDirectory(sound());
  for (const name of ["", "..", `../reftable/${SECOND}`, "a\\b", "C:x"]) {
    directory.writeList([FIRST, name, SECOND, THIRD].map((name) => `${name}\n`).join(""));
    const message = `line ${JSON.stringify(name)} is no file name`;
    await assertOnly(directory, "tables-list", "tables.list", {
      offset: FIRST.length + 1,
      message,
    });
  }
  // Names are bytes.
  directory.writeList(`ä/b\n${FIRST}\n${SECOND}\n${THIRD}\n..`);
  const problems = await problemsIn(directory.path);
  const end = 5 + FIRST.length + SECOND.length + THIRD.length + 3;
  assertEquals(problems.map(({ code, offset }) => [code, offset]), [
    ["tables-list", 0],
    ["tables-list", end],
  ]);
  directory.writeList("\n");
  const [empty] = await problemsIn(directory.path);
  assertEquals([empty?.code, empty?.offset], ["tables-list", 0]);
});

tidyTest("verifyStack() takes a list whose last line does not end", async () => {
  using directory = new StackDirectory(sound());
  directory.writeList([FIRST, SECOND, THIRD].join("\n"));
  assertEquals(await problemsIn(directory.path), []);
});

tidyTest("verifyStack() tells a list that is missing where there are tables", async () => {
  using directory = new StackDirectory(sound());
  directory.remove("tables.list");
  await assertOnly(directory, "tables-list", "tables.list", { message: "but there are 3 tables" });
  Deno.mkdirSync(directory.listPath);
  await assertOnly(directory, "tables-list", "tables.list", { message: "but there are 3 tables" });
  // An empty list may be right: all that there was has been deleted.
  Deno.removeSync(directory.listPath);
  directory.writeList("");
  const [first, ...others] = await problemsIn(directory.path);
  assertEquals([first?.severity, first?.code], ["warning", "tables-list"]);
  assertEquals(first?.message, "it names no tables, but there are 3 tables");
  assertEquals(others.map(({ code }) => code), ["orphan", "orphan", "orphan"]);
});

tidyTest("verifyStack() tells a table that the list names and that is not there", async () => {
  for (const [index, name] of [FIRST, SECOND, THIRD].entries()) {
    using directory = new StackDirectory(sound());
    const offset = index * (FIRST.length + 1);
    directory.remove(name);
    await assertOnly(directory, "missing-table", "tables.list", { offset, message: `"${name}"` });
    Deno.mkdirSync(`${directory.path}/${name}`);
    await assertOnly(directory, "missing-table", "tables.list", { offset });
  }
});

tidyTest("verifyStack() tells a table that the list names twice", async () => {
  using directory = new StackDirectory(sound());
  directory.list(FIRST, SECOND, FIRST, THIRD);
  const offset = 2 * (FIRST.length + 1);
  await assertOnly(directory, "duplicate-table", "tables.list", { offset });
});

tidyTest("verifyStack() tells names that do not tell the range of their tables", async () => {
  const { [FIRST]: first, [SECOND]: second, [THIRD]: third } = sound();
  const other = nameOf(5, 6);
  using directory = new StackDirectory({ [FIRST]: first!, [other]: second!, [THIRD]: third! });
  const message = "its name says update indices 5 to 6, it has 5 to 5";
  await assertOnly(directory, "table-name", other, { message });
  using odd = new StackDirectory({ [FIRST]: first!, "odd.ref": second!, [THIRD]: third! });
  await assertOnly(odd, "table-name", "odd.ref", { severity: "warning" });
  // Older names have no random part, and logs had files of their own.
  const old = `${hex(5)}-${hex(5)}.log`;
  using older = new StackDirectory({ [FIRST]: first!, [old]: second!, [THIRD]: third! });
  assertEquals(await problemsIn(older.path), []);
});

tidyTest("verifyStack() tells tables whose ranges do not ascend", async () => {
  using directory = new StackDirectory(sound());
  directory.list(FIRST, THIRD, SECOND);
  const message = `its update indices are 5 to 5, but ${THIRD} has them up to 7`;
  const problems = await problemsIn(directory.path);
  assertEquals(problems.filter(({ code }) => code !== "geometric").map(({ code }) => code), [
    "table-range",
  ]);
  assertEquals([problems[0]!.file, problems[0]!.message], [SECOND, message]);
  const overlapping = nameOf(4, 5);
  const { [FIRST]: first } = sound();
  using overlap = new StackDirectory({ [FIRST]: first!, [overlapping]: tableOf(4, 5) });
  await assertOnly(overlap, "table-range", overlapping, { message: `${FIRST} has them up to 4` });
});

tidyTest("verifyStack() tells tables of another hash", async () => {
  const tables = sound();
  const mixed = { ...tables, [SECOND]: tableOf(5, 5, 8, "sha256") };
  using directory = new StackDirectory(mixed);
  await assertOnly(directory, "table-hash", SECOND, {
    message: "its hash is sha256, expected sha1",
  });
  // Which is the wrong one tells whoever knows the repository, else the many.
  using odd = new StackDirectory({ ...mixed, [FIRST]: tableOf(1, 4, 80, "sha256") });
  await assertOnly(odd, "table-hash", THIRD, { message: "its hash is sha1, expected sha256" });
  const problems = await problemsIn(odd.path, { hash: "sha1" });
  assertEquals(problems.map(({ code, file }) => [code, file]), [
    ["table-hash", FIRST],
    ["table-hash", SECOND],
  ]);
});

tidyTest("verifyStack() tells what is left over, and how old it is", async () => {
  const cases: readonly (readonly [string, ProblemCode])[] = [
    [nameOf(3), "orphan"],
    ["any.log", "orphan"],
    [`${SECOND}.temp.aB3x9Z`, "temporary"],
    ["tables.list.lock", "lock"],
    [`${FIRST}.lock`, "lock"],
  ];
  for (const [name, code] of cases) {
    using directory = new StackDirectory(sound());
    const path = `${directory.path}/${name}`;
    // What it has in it does not matter.
    Deno.writeTextFileSync(path, "anything");
    await assertOnly(directory, code, name, { severity: "info" });
    age(path, 4);
    await assertOnly(directory, code, name, { severity: "info", message: "4 minutes ago" });
    age(path, 6);
    await assertOnly(directory, code, name, { severity: "warning", message: "6 minutes ago" });
    age(path, 60 * 50);
    await assertOnly(directory, code, name, { severity: "warning", message: "2 days ago" });
  }
  using directory = new StackDirectory(sound());
  Deno.writeTextFileSync(`${directory.path}/README`, "");
  assertEquals(await problemsIn(directory.path), []);
});

tidyTest("verifyStack() mentions tables that compaction would merge", async () => {
  const tables = { ...sound(), [nameOf(8)]: tableOf(8, 8, 5) };
  using directory = new StackDirectory(tables);
  const message = "tables 2 to 4 of 4 should be compacted";
  await assertOnly(directory, "geometric", "tables.list", { severity: "info", message });
  assertEquals(await problemsIn(directory.path, { geometricFactor: 1 }), [{
    severity: "info",
    code: "geometric",
    file: "tables.list",
    message: "tables 3 to 4 of 4 should be compacted",
  }]);
});

tidyTest("verifyStack() rejects what it cannot look at", async () => {
  using directory = new StackDirectory(sound());
  const missing = await assertRejects(() => verifyStack(`${directory.path}/none`), ReftableError);
  assertEquals([missing.code, missing.file], ["not-exist", `${directory.path}/none`]);
  const file = await assertRejects(() => verifyStack(directory.listPath), ReftableError);
  assertEquals(file.code, "io");
  assertMatch(file.message, /^Cannot verify stack ".*tables\.list": it is no directory$/);
  for (const name of ["tables.list", SECOND]) {
    const watched = new WatchedFileSystem((call) => {
      if (call === `readFile ${name}` || call === `open ${name}`) {
        throw new ReftableError("io", "permission denied");
      }
    });
    const { fileSystem } = watched;
    const denied = await assertRejects(
      () => verifyStack(directory.path, { fileSystem }),
      ReftableError,
    );
    assertEquals(denied.message, "permission denied");
    assertEquals(watched.open, []);
  }
});

tidyTest("verifyStack() starts over when others compact while it opens tables", async () => {
  using directory = new StackDirectory(sound());
  const whole = nameOf(1, 7);
  let once = false;
  const watched = new WatchedFileSystem((call) => {
    if (call !== `open ${SECOND}` || once) return;
    once = true;
    directory.put({ [whole]: tableOf(1, 7, 50) });
    directory.list(whole);
    directory.remove(FIRST, SECOND, THIRD);
  });
  const { tables, problems } = await verifyStack(directory.path, {
    fileSystem: watched.fileSystem,
  });
  assertEquals(problems, []);
  assertEquals(tables.map(({ file }) => file), [`${directory.path}/${whole}`]);
  assertEquals(watched.open, []);
});

tidyTest("verifyStack() checks the tables that it opened, whatever becomes of them", async () => {
  using directory = new StackDirectory({ [FIRST]: tableOf(1, 4, 3000), [SECOND]: tableOf(5, 5) });
  const whole = nameOf(1, 5);
  const watched = new WatchedFileSystem((call) => {
    if (call !== "list reftable") return;
    directory.put({ [whole]: tableOf(1, 5, 50) });
    directory.list(whole);
    directory.remove(FIRST, SECOND);
  });
  const { tables, problems } = await verifyStack(directory.path, {
    fileSystem: watched.fileSystem,
  });
  assertEquals(tables.length, 2);
  // The new table is on the list by now.
  assertEquals(problems, []);
});

tidyTest("verifyStack() tells how far it is, and stops when it shall", async () => {
  const tables = { [FIRST]: fixture("git/mixed-4k.ref").bytes, [SECOND]: tableOf(5, 5) };
  using directory = new StackDirectory(tables);
  const total = tables[FIRST]!.length + tables[SECOND]!.length;
  const steps: number[] = [];
  await verifyStack(directory.path, {
    onProgress: (progress) => {
      assertEquals(progress.total, total);
      steps.push(progress.checked);
    },
  });
  assertEquals(steps.at(-1), total);
  assert(steps.every((step, i) => step >= (steps[i - 1] ?? 0)));
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => verifyStack(directory.path, { signal })), reason);
});
