import { assertEquals, assertRejects } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { Turns } from "../../src/stack/turns.ts";
import { tidyTest } from "./changes.ts";

/** Lets everything run that can. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

tidyTest("Turns come in the order in which they were asked for", async () => {
  const turns = new Turns();
  const order: number[] = [];
  await Promise.all(Array.from({ length: 50 }, async (_, i) => {
    using _turn = await turns.take(-1, "dir");
    order.push(i);
    // The turn is not over before this.
    for (let n = 0; n < i % 5; n++) await Promise.resolve();
    order.push(i);
  }));
  assertEquals(order, Array.from({ length: 100 }, (_, i) => i >> 1));
});

tidyTest("Turns begin when the one before has ended", async () => {
  const turns = new Turns();
  const first = await turns.take(-1, "dir");
  let begun = 0;
  const others = [1, 2].map(async () => {
    const turn = await turns.take(-1, "dir");
    begun++;
    return turn;
  });
  await settle();
  assertEquals(begun, 0);
  first[Symbol.dispose]();
  await settle();
  assertEquals(begun, 1);
  // A turn ends once.
  first[Symbol.dispose]();
  await settle();
  assertEquals(begun, 1);
  for (const turn of others) (await turn)[Symbol.dispose]();
  (await turns.take(0, "dir"))[Symbol.dispose]();
});

tidyTest("Turns are given up when another does not end", async () => {
  const turns = new Turns(0);
  const first = await turns.take(0, "dir");
  const waiting = [turns.take(-1, "dir"), turns.take(0, "dir"), turns.take(5, "dir")];
  for (const given of waiting.slice(1)) {
    const error = await assertRejects(
      () => given,
      ReftableError,
      'Cannot change stack "dir": another addition of this process has not ended',
    );
    assertEquals([error.code, error.file], ["lock", "dir"]);
  }
  first[Symbol.dispose]();
  // Who gave up is not waited for.
  (await waiting[0]!)[Symbol.dispose]();
  (await turns.take(0, "dir"))[Symbol.dispose]();
});

tidyTest("Turns are not given up sooner than a slow disk needs", async () => {
  const turns = new Turns();
  const first = await turns.take(0, "dir");
  const second = turns.take(0, "dir");
  await new Promise((resolve) => setTimeout(resolve, 20));
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});
