import { assertGreater } from "@std/assert";
import { oid } from "../stack/changes.ts";
import { refScenario } from "./ref_scenarios.ts";
import { addTotals, formatTotals, type Scenario, type Totals, tryFaults } from "./try_faults.ts";

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
  // Several at once are tried on stacks.
  ...format === "reftable" ? [] : [refScenario({
    format,
    name: "several transactions",
    async run(refs, acknowledge) {
      for (let i = 0; i < 2; i++) {
        await refs.transaction((t) => t.update("HEAD", oid(20 + i)), { message: "change" });
        await acknowledge();
      }
    },
  })],
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

Deno.test("tryFaults() tries refs too", () => {
  console.log(`refs: ${formatTotals(sum)}`);
  assertGreater(sum.errors + sum.crashes + sum.wrecks, 1000);
});
