import { assertEquals, assertGreater } from "@std/assert";
import { MemoryFileSystem, repairStack, Stack, verifyStack } from "@reftable/reftable";
import { CrashingDisk } from "./crashing_disk.ts";
import { type Damage, DAMAGES, DIRECTORY, LIST } from "./damaged_stacks.ts";
import { addTable, readStack, stackLitter } from "./stack_scenarios.ts";
import {
  addTotals,
  copyOf,
  formatTotals,
  randomNumbers,
  type Scenario,
  type Totals,
  tryFaults,
} from "./try_faults.ts";

/** The list, and those of the tables that are there that it names; nothing when there is no list. */
function listed(fileSystem: MemoryFileSystem): string | undefined {
  if (!fileSystem.statSync(LIST)) return undefined;
  const text = new TextDecoder().decode(fileSystem.readFileSync(LIST));
  const names = text.split("\n").filter((name) =>
    name && fileSystem.statSync(`${DIRECTORY}/${name}`)
  );
  return JSON.stringify([text, names]);
}

/** All files, by their names. */
function contents(fileSystem: MemoryFileSystem): Record<string, string> {
  const names = fileSystem.listSync(DIRECTORY).map(({ name }) => name).sort();
  return Object.fromEntries(
    names.map((name) => [name, fileSystem.readFileSync(`${DIRECTORY}/${name}`).toHex()]),
  );
}

/** Repairs a stack, however often that is begun. */
function repairScenario(name: string, damage: Damage): Scenario {
  let before: string | undefined;
  /** What can be had from what there is: a repair of a copy tells. */
  const read = async (fileSystem: MemoryFileSystem) => {
    // At no moment is there anything but the old list with its tables, or a new one that is sound.
    if (listed(fileSystem) !== before) {
      const { problems } = await verifyStack(DIRECTORY, { fileSystem });
      assertEquals(problems.filter(({ severity }) => severity === "error"), []);
    }
    const copy = copyOf(fileSystem);
    for (const { name } of copy.listSync(DIRECTORY)) {
      if (name.endsWith(".lock")) await copy.remove(`${DIRECTORY}/${name}`);
    }
    await repairStack(DIRECTORY, { fileSystem: copy });
    const { problems } = await verifyStack(DIRECTORY, { fileSystem: copy });
    assertEquals(problems.filter(({ severity }) => severity === "error"), []);
    return await readStack(copy);
  };
  return {
    name: `repair of ${name}`,
    images: 5,
    async prepare(fileSystem) {
      fileSystem.makeDirectorySync(DIRECTORY);
      await damage(fileSystem);
      before = listed(fileSystem);
    },
    async run(fileSystem, acknowledge) {
      await repairStack(DIRECTORY, { fileSystem, lockTimeout: 0 });
      await acknowledge();
    },
    read: (fileSystem) => read(fileSystem as MemoryFileSystem),
    async goOn(fileSystem) {
      await repairStack(DIRECTORY, { fileSystem });
      await using stack = await Stack.open(DIRECTORY, { fileSystem });
      // Until nothing that was not committed is beyond it.
      for (let i = 0; i < 3; i++) await addTable(stack, 1);
      await stack.clean();
    },
    litter(fileSystem) {
      const names = fileSystem.listSync(DIRECTORY).map(({ name }) => name);
      try {
        // Without a list, all tables are of use.
        if (!names.includes("tables.list")) throw new Error("no list");
        return stackLitter(fileSystem).filter((path) => !/\.set-aside(?:\.\d)?$/.test(path));
      } catch {
        const isLitter = /\.(?:lock|temp\.[0-9a-f]+)$/;
        return names.filter((name) => isLitter.test(name)).map((name) => `${DIRECTORY}/${name}`);
      }
    },
  };
}

const sum: Totals = { operations: 0, errors: 0, crashes: 0, wrecks: 0 };

for (const [name, damage] of Object.entries(DAMAGES)) {
  Deno.test(`repairStack() loses nothing, whatever fails: ${name}`, async () => {
    addTotals(sum, await tryFaults(repairScenario(name, damage)));
  });
}

Deno.test("repairStack() ends when all that it did has reached the disk", async () => {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync(DIRECTORY);
    await damage(memory);
    const disk = new CrashingDisk(memory);
    await repairStack(DIRECTORY, { fileSystem: disk.fileSystem });
    for (const image of disk.wreck().images(8, randomNumbers(1))) {
      assertEquals(contents(image), contents(memory), name);
    }
  }
});

Deno.test("tryFaults() tries repairs too", () => {
  console.log(`repair: ${formatTotals(sum)}`);
  assertGreater(sum.errors + sum.crashes + sum.wrecks, 500);
});
