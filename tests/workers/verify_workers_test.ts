import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  configureWorkers,
  endWorkers,
  ReftableError,
  verifyTable,
  type WorkerMode,
} from "@reftable/reftable";
import { fixture, fixtures, seeded } from "../fixtures.ts";

/** Has tables verified by workers, or in place, until it is disposed. */
function using(mode: WorkerMode): Disposable {
  configureWorkers({ mode });
  return { [Symbol.dispose]: () => configureWorkers({ mode: undefined }) };
}

Deno.test({
  name: "verifyTable() reports the same with workers and without",
  sanitizeResources: true,
  async fn() {
    const random = seeded(11);
    const tables = fixtures().filter(({ bytes }) => bytes.length > 40_000).map(({ bytes }) =>
      bytes
    );
    const damaged = tables.map((bytes) => {
      const copy = bytes.slice();
      for (let i = 0; i < 5; i++) copy[30 + random(copy.length - 110)]! ^= 0x55;
      return copy;
    });
    let problems = 0;
    for (const bytes of [...tables, ...damaged]) {
      let expected;
      {
        using _ = using("never");
        expected = await verifyTable(bytes);
      }
      using _ = using("always");
      for (const jobs of [1, 2, 5]) assertEquals(await verifyTable(bytes, { jobs }), expected);
      problems += expected.problems.length;
    }
    assert(problems >= damaged.length);
  },
});

Deno.test("verifyTable() has workers read a path and a file URL", async () => {
  const { url, bytes } = fixture("git/mixed-4k.ref");
  using _ = using("always");
  for (const input of [fromFileUrl(url), url]) {
    const { problems } = await verifyTable(input, { jobs: 2 });
    assertEquals(problems, []);
  }
  // What is in memory stays there.
  await verifyTable(bytes, { jobs: 2 });
  assert(bytes.length > 0);
});

Deno.test("verifyTable() with workers ends when its signal says so", async () => {
  const { bytes } = fixture("git/64k-restart-64.ref");
  using _ = using("always");
  const reason = new ReftableError("api", "enough");
  const signal = AbortSignal.abort(reason);
  assertEquals(await assertRejects(() => verifyTable(bytes, { signal })), reason);
});

Deno.test({
  name: "configureWorkers() keeps workers until it is called again, or all are ended",
  sanitizeResources: true,
  async fn() {
    const { bytes } = fixture("git/mixed-4k.ref");
    using _ = using("always");
    for (const end of [endWorkers, () => configureWorkers({})]) {
      configureWorkers({ idle: 60_000 });
      for (let i = 0; i < 2; i++) {
        assertEquals((await verifyTable(bytes, { jobs: 2 })).problems, []);
      }
      end();
      configureWorkers({ idle: undefined });
    }
  },
});
