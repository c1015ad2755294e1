import { assertGreater, assertRejects } from "@std/assert";
import type { Stack } from "@reftable/reftable";
import { direct, entry } from "../stack/changes.ts";
import { addLargeTable, addTable, deleteAll, DIRECTORY, stackScenario } from "./stack_scenarios.ts";
import { addTotals, formatTotals, type Scenario, type Totals, tryFaults } from "./try_faults.ts";

const MANUAL = { autoCompact: false };

const SCENARIOS: readonly Scenario[] = [
  stackScenario({
    name: "the first table",
    tables: 0,
    async run(stack, acknowledge) {
      await addTable(stack, 3);
      await acknowledge();
    },
  }),
  stackScenario({
    name: "a table",
    tables: 2,
    options: MANUAL,
    async run(stack, acknowledge) {
      await addTable(stack, 3);
      await acknowledge();
    },
  }),
  stackScenario({
    name: "an addition of three tables",
    tables: 1,
    options: MANUAL,
    later: 3,
    disposes: true,
    async run(stack, acknowledge) {
      await using addition = await stack.beginAddition();
      for (let i = 0; i < 3; i++) {
        await addition.add((writer) => {
          const { nextUpdateIndex } = addition;
          writer.addRef(direct(`refs/heads/new-${i}`, nextUpdateIndex));
          writer.addLog(entry("HEAD", nextUpdateIndex));
        });
      }
      await addition.commit();
      await acknowledge();
    },
  }),
  stackScenario({
    name: "tables with automatic compaction",
    tables: 2,
    async run(stack, acknowledge) {
      for (let i = 0; i < 3; i++) {
        await addTable(stack, 4);
        await acknowledge();
      }
    },
  }),
  stackScenario({
    name: "tables that are not kept in memory",
    tables: 1,
    images: 4,
    prepare: addLargeTable,
    async run(stack, acknowledge) {
      await addLargeTable(stack);
      await acknowledge();
    },
  }),
  stackScenario({
    name: "a large table that takes small ones in",
    tables: 2,
    options: { ...MANUAL, mergeAdditions: true, skipNameCheck: true },
    disposes: true,
    images: 4,
    async run(stack, acknowledge) {
      await using addition = await stack.beginAddition();
      await addition.add((writer) => {
        const { nextUpdateIndex } = addition;
        for (let i = 0; i < 1500; i++) {
          writer.addRef(direct(`refs/tags/${1000 + i}`, nextUpdateIndex));
        }
      }, { atLeast: 1500 * 24 });
      await addition.commit();
      await acknowledge();
    },
  }),
  stackScenario({
    name: "compaction with expiry",
    tables: 3,
    async run(stack, acknowledge) {
      await stack.compact({ expire: { minUpdateIndex: 3 } });
      await acknowledge();
    },
  }),
  stackScenario({
    name: "compaction of some tables",
    tables: 4,
    async run(stack, acknowledge) {
      await stack.compact({ range: { start: 1, end: 3 } });
      await acknowledge();
    },
  }),
  stackScenario({
    name: "compaction to nothing",
    tables: 1,
    // Afterwards update indices begin anew.
    later: 2,
    prepare: deleteAll,
    async run(stack, acknowledge) {
      await stack.compact();
      await acknowledge();
    },
  }),
  stackScenario({
    name: "cleaning",
    tables: 2,
    prepare(stack, fileSystem) {
      const [name = ""] = stack.tableNames;
      const bytes = fileSystem.readFileSync(`${DIRECTORY}/${name}`);
      for (const orphan of [1, 2]) {
        const path = `${DIRECTORY}/0x000000000001-0x000000000001-0000000${orphan}.ref`;
        fileSystem.writeFileSync(path, bytes);
        fileSystem.writeFileSync(`${path}.temp.0badcafe`, bytes.subarray(0, 50));
      }
      return Promise.resolve();
    },
    async run(stack, acknowledge) {
      await stack.clean();
      await acknowledge();
    },
  }),
];

const sum: Totals = { operations: 0, errors: 0, crashes: 0, wrecks: 0 };

for (const scenario of SCENARIOS) {
  Deno.test(`Stack loses nothing, whatever fails: ${scenario.name}`, async () => {
    addTotals(sum, await tryFaults(scenario));
  });
}

Deno.test("tryFaults() notices what is not synced, and what is lost", async () => {
  const run = async (stack: Stack, acknowledge: () => Promise<void>) => {
    await addTable(stack, 3);
    await acknowledge();
  };
  const name = "unsynced";
  const unsynced = stackScenario({ name, tables: 1, options: { sync: false }, run });
  await assertRejects(() => tryFaults(unsynced), Error, "power failed: ");
  const early = stackScenario({
    name: "acknowledged too early",
    tables: 1,
    async run(stack, acknowledge) {
      await acknowledge();
      await addTable(stack, 3);
    },
  });
  await assertRejects(() => tryFaults(early), Error, "what is not acknowledged changed");
});

Deno.test("tryFaults() tries what it says", () => {
  console.log(`stack: ${formatTotals(sum)}`);
  assertGreater(sum.errors + sum.crashes + sum.wrecks, 2000);
});
