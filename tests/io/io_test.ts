import { assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { type Io, perform, type Request, runAsync, runSync } from "../../src/io/io.ts";

/** Answers with how it was asked. */
const ask: Request<string> = { sync: () => "sync", async: () => Promise.resolve("async") };
const refuse: Request<never> = {
  sync: () => {
    throw new RangeError("sync");
  },
  async: () => Promise.reject(new RangeError("async")),
};

function* both(): Io<string[]> {
  return [yield* perform(ask), yield* nested(), yield* perform(ask)];
}

function* nested(): Io<string> {
  return `nested ${yield* perform(ask)}`;
}

Deno.test("runSync() and runAsync() hand over what each request gives", async () => {
  assertEquals(runSync(both()), ["sync", "nested sync", "sync"]);
  assertEquals(await runAsync(both()), ["async", "nested async", "async"]);
});

Deno.test("runSync() and runAsync() need no request", async () => {
  // deno-lint-ignore require-yield
  function* none(): Io<number> {
    return 7;
  }
  assertEquals([runSync(none()), await runAsync(none())], [7, 7]);
});

Deno.test("runSync() and runAsync() throw a request's error where it was asked for", async () => {
  const cleaned: string[] = [];
  function* recover(): Io<string> {
    try {
      yield* perform(refuse);
      return "not refused";
    } catch (error) {
      assertInstanceOf(error, RangeError);
      return `${error.message}, then ${yield* perform(ask)}`;
    } finally {
      cleaned.push("recover");
    }
  }
  function* giveUp(): Io<void> {
    try {
      yield* perform(refuse);
    } finally {
      cleaned.push("give up");
    }
  }
  assertEquals(runSync(recover()), "sync, then sync");
  assertEquals(await runAsync(recover()), "async, then async");
  assertThrows(() => runSync(giveUp()), RangeError, "sync");
  await assertRejects(() => runAsync(giveUp()), RangeError, "async");
  assertEquals(cleaned, ["recover", "recover", "give up", "give up"]);
});

Deno.test("runSync() and runAsync() pass on what a computation throws itself", async () => {
  function* broken(): Io<void> {
    yield* perform(ask);
    throw new SyntaxError("mine");
  }
  assertThrows(() => runSync(broken()), SyntaxError, "mine");
  await assertRejects(() => runAsync(broken()), SyntaxError, "mine");
});
