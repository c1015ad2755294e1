import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";
import { MemoryFileSystem, type RefStore } from "@reftable/reftable";
import { oid } from "../stack/changes.ts";
import { CrashingDisk } from "./crashing_disk.ts";
import { FAULTS, FaultyFileSystem } from "./faulty_file_system.ts";
import { openStore, REPOSITORY } from "./memory_repository.ts";
import { refScenario } from "./ref_scenarios.ts";
import {
  addTotals,
  copyOf,
  formatTotals,
  randomNumbers,
  type Scenario,
  type Totals,
  tryFaults,
} from "./try_faults.ts";

const SCENARIOS: readonly Scenario[] = (["reftable", "files"] as const).flatMap((format) => [
  refScenario({
    format,
    name: "a transaction",
    async run(refs, acknowledge) {
      await refs.transaction((transaction) => {
        transaction.create("refs/heads/new", oid(7));
        transaction.update("refs/heads/main", oid(8), { expect: oid(1) });
        transaction.delete("refs/heads/old");
      }, { message: "change" });
      await acknowledge();
    },
  }),
  // Several at once are tried on stacks, and these have no directories.
  ...format === "reftable" ? [] : [
    refScenario({
      format,
      name: "refs in directories of their own",
      async run(refs, acknowledge) {
        await refs.transaction((transaction) => {
          transaction.create("refs/heads/a/b/c", oid(7));
          transaction.delete("refs/heads/topic/two");
        }, { message: "change" });
        await acknowledge();
      },
    }),
    refScenario({
      format,
      name: "several transactions",
      async run(refs, acknowledge) {
        for (let i = 0; i < 2; i++) {
          await refs.transaction((t) => t.update("HEAD", oid(20 + i)), { message: "change" });
          await acknowledge();
        }
      },
    }),
  ],
  refScenario({
    format,
    name: "packing",
    async run(refs, acknowledge) {
      await refs.pack({ all: true });
      await acknowledge();
    },
  }),
  refScenario({
    format,
    name: "logs",
    async run(refs, acknowledge) {
      await refs.deleteReflogEntries("HEAD", [0]);
      await acknowledge();
      await refs.expireReflogs(["refs/heads/main"], { before: Infinity });
      await acknowledge();
    },
  }),
]);

const sum: Totals = { operations: 0, errors: 0, crashes: 0, wrecks: 0 };

for (const scenario of SCENARIOS) {
  Deno.test(`RefStore loses nothing, whatever fails: ${scenario.name}`, async () => {
    addTotals(sum, await tryFaults(scenario));
  });
}

Deno.test("RefStore leaves logs that tell what happened, when a ref in a file cannot be changed", async () => {
  const scenario = refScenario({
    format: "files",
    name: "several refs",
    async run(refs) {
      await refs.transaction((transaction) => {
        transaction.update("HEAD", oid(20));
        transaction.update("refs/heads/topic/one", oid(21));
        transaction.delete("refs/heads/old");
      }, { message: "change" });
    },
  });
  const before = new MemoryFileSystem();
  await scenario.prepare(before);
  const counting = new FaultyFileSystem(copyOf(before));
  await scenario.run(counting.fileSystem, () => Promise.resolve());
  const fault = FAULTS.find(({ name }) => name === "EIO");
  const values: string[] = [];
  for (const [at, { verb }] of counting.operations.entries()) {
    if (verb !== "rename") continue;
    const memory = copyOf(before);
    const faulty = new FaultyFileSystem(memory, undefined, fault, at);
    await assertRejects(() => scenario.run(faulty.fileSystem, () => Promise.resolve()));
    await using refs = await openStore({ fileSystem: memory });
    const told = (name: string) => refs.reflog(name).take(1).toArray()[0]?.newOid;
    const value = (name: string) => refs.resolve(name)?.oid;
    for (const name of ["HEAD", "refs/heads/main", "refs/heads/topic/one", "refs/heads/old"]) {
      assertEquals(told(name), value(name), name);
    }
    values.push(`${value("HEAD")} ${value("refs/heads/topic/one")}`);
  }
  // Before anything was changed, and when one was.
  assertEquals(values.slice(0, 2), [`${oid(1)} ${oid(2)}`, `${oid(20)} ${oid(2)}`]);
});

Deno.test("RefStore loses no log that it writes anew when the power fails", async () => {
  const { prepare } = refScenario({ format: "files", name: "a log", run: async () => {} });
  const memory = new MemoryFileSystem();
  await prepare(memory);
  {
    await using refs = await openStore({ fileSystem: memory });
    for (const number of [20, 21]) await refs.transaction((t) => t.update("HEAD", oid(number)));
  }
  const disk = new CrashingDisk(memory);
  await using refs = await openStore({ fileSystem: disk.fileSystem });
  const lengthOf = (refs: RefStore) => refs.reflog("HEAD").toArray().length;
  const before = lengthOf(refs);
  await refs.deleteReflogEntries("HEAD", [0]);
  assertEquals(lengthOf(refs), before - 1);
  for (const fileSystem of disk.wreck().images(8, randomNumbers(1))) {
    await using found = await openStore({ fileSystem });
    assert([before, before - 1].includes(lengthOf(found)), `${lengthOf(found)}`);
  }
});

Deno.test("RefStore.pack() removes no file of a ref of which something else is packed meanwhile", async () => {
  const { prepare } = refScenario({ format: "files", name: "packing", run: async () => {} });
  const memory = new MemoryFileSystem();
  await prepare(memory);
  const path = `${REPOSITORY}/packed-refs`;
  let locks = 0;
  const { fileSystem } = new FaultyFileSystem(memory, ({ verb, path: lock }) => {
    if (verb !== "create" || lock !== `${path}.lock` || ++locks !== 2) return;
    const text = new TextDecoder().decode(memory.readFileSync(path));
    assert(text.includes(oid(1)));
    memory.writeFileSync(path, new TextEncoder().encode(text.replace(oid(1), oid(9))));
  });
  await using refs = await openStore({ fileSystem });
  await refs.pack({ all: true });
  assertEquals(locks, 2);
  assertEquals(refs.resolve("refs/heads/main")?.oid, oid(1));
});

Deno.test("tryFaults() tries refs too", () => {
  console.log(`refs: ${formatTotals(sum)}`);
  assertGreater(sum.errors + sum.crashes + sum.wrecks, 1000);
});
