import { assert, assertEquals } from "@std/assert";
import { MemoryFileSystem, repairStack, Stack, verifyStack } from "@reftable/reftable";
import { isDamage } from "../../src/stack/repair_tables.ts";
import { onlyIn } from "../faults/only_in.ts";
import { addTable } from "../faults/stack_scenarios.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutateText } from "./mutate_text.ts";
import type { Random } from "./random.ts";
import { BASES, mutateTable } from "./tables.ts";
import { attempt, type Files, type Target } from "./target.ts";

/** The directory of the tables, as the stack is told of it. */
const DIRECTORY = "/repository/reftable";

const LIST = "tables.list";

/** The files of a stack of three tables. */
const SOUND: Files = await (async () => {
  const fileSystem = new MemoryFileSystem();
  const directory = "/repository/reftable";
  fileSystem.makeDirectorySync(directory);
  await using stack = await Stack.open(directory, { fileSystem, autoCompact: false });
  for (const count of [9, 4, 1]) await addTable(stack, count);
  return Object.fromEntries(
    fileSystem.listSync(directory).map(({ name }) => [
      // The same for the same seed.
      name.replace(/[0-9a-f]{8}\.ref$/, "00000000.ref"),
      name === LIST
        ? new TextEncoder().encode(
          stack.tableNames.map((name) => `${name.replace(/[0-9a-f]{8}\.ref$/, "00000000.ref")}\n`)
            .join(""),
        )
        : fileSystem.readFileSync(`${directory}/${name}`),
    ]),
  );
})();

const NAMES = Object.keys(SOUND).filter((name) => name !== LIST);

/** What a list may name besides. */
const WORDS = [
  ...NAMES,
  "../config",
  "/etc/passwd",
  "tables.list",
  "x.ref",
  "..",
  ".",
  "a\\b",
  "C:x",
];

function mutate(files: Record<string, Uint8Array>, random: Random): void {
  const name = random.pick(NAMES);
  switch (random.below(8)) {
    case 0:
      delete files[random.oneIn(3) ? LIST : name];
      break;
    case 1:
      files[name] = mutateBytes(files[name] ?? new Uint8Array(), random);
      break;
    case 2:
      files[name] = mutateTable(random.pick(BASES), random);
      break;
    case 3: {
      // Tables under others' names, and under new ones.
      const other = random.oneIn(2)
        ? random.pick(NAMES)
        : `0x00000000000${random.below(9)}-0x00000000000${random.below(9)}-0badcafe.ref`;
      files[other] = files[name] ?? new Uint8Array();
      break;
    }
    case 4:
      files[random.oneIn(2) ? `${name}.lock` : `${name}.temp.0badcafe`] = random.bytes(9);
      break;
    default:
      files[LIST] = mutateText(files[LIST] ?? new Uint8Array(), random, WORDS);
  }
}

/** A directory of tables with anything in it. */
export const stackTarget: Target = {
  name: "stack",
  weight: 2,
  make(random) {
    const files = { ...SOUND };
    for (let i = 1 + random.size(4); i > 0; i--) mutate(files, random);
    return files;
  },
  async check(files) {
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync(DIRECTORY);
    for (const [name, bytes] of Object.entries(files)) {
      memory.writeFileSync(`${DIRECTORY}/${name}`, bytes);
    }
    const fileSystem = onlyIn(DIRECTORY, memory);
    const read = async () => {
      using stack = Stack.openSync(DIRECTORY, { fileSystem });
      return await Promise.resolve([...stack.refs()].length + [...stack.logs()].length);
    };
    const reading = await attempt(read);
    const { problems, tables } = await verifyStack(DIRECTORY, { fileSystem });
    const errors = problems.filter(({ severity }) => severity === "error");
    if (errors.length === 0) assertEquals(reading.error, undefined);
    // Without an error an answer is empty only when nothing is listed.
    if (reading.value === 0) assert(tables.length === 0 || errors.length === 0, "silently empty");
    const hasTables = Object.keys(files).some((name) => /\.ref$/.test(name));
    if (tables.length === 0 && hasTables) assert(problems.length > 0, "verified as empty");

    await repairStack(DIRECTORY, { fileSystem, sync: false });
    const repaired = await attempt(read);
    assertEquals(repaired.error, undefined);
    // An empty list may be right, but who asks for a repair wants the tables.
    const hasList = !problems.some(({ code }) => code === "tables-list");
    if (errors.length === 0 && hasList) assertEquals(repaired.value, reading.value);
    const again = await repairStack(DIRECTORY, { fileSystem, sync: false });
    assertEquals([again.problems.filter(isDamage), again.steps], [[], []]);
  },
};
