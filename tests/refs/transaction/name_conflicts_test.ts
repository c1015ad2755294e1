import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ReftableError } from "../../../src/errors.ts";
import { LiveNames } from "../../../src/refs/transaction/name_conflicts.ts";

/** Names of few characters, so that many are directories of others: `!` comes before the slash, and `é` far behind. */
const refnames = fc.uniqueArray(
  fc.array(fc.string({ unit: fc.constantFrom("a", "!", "é"), minLength: 1, maxLength: 2 }), {
    minLength: 1,
    maxLength: 3,
  }).map((components) => components.join("/")),
);

Deno.test("LiveNames.areInTheWay() tells whether a name is a directory of another one", () => {
  fc.assert(fc.property(refnames, (names) => {
    const expected = names.some((name) => names.some((other) => other.startsWith(`${name}/`)));
    assertEquals(new LiveNames(names).areInTheWay(), expected);
  }));
  assert(new LiveNames(["a", "a!", "a/b"]).areInTheWay());
});

Deno.test("LiveNames has what was given and added, without what was deleted", () => {
  for (const given of [["a", "b"], ["b", "a"]]) {
    const names = new LiveNames(given);
    names.add("a/c");
    assert(names.areInTheWay());
    names.delete("a");
    assert(!names.areInTheWay());
    assert(!names.has("a"));
    assertEquals([...names.set].sort(), ["a/c", "b"]);
  }
});

Deno.test("LiveNames refuses a name that is there twice", () => {
  for (const given of [["a", "a"], ["b", "a", "b"]]) {
    assertThrows(() => new LiveNames(given), ReftableError, "multiple updates for ref");
  }
});
