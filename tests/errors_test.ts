import { assert, assertEquals, assertFalse, assertInstanceOf } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { firstError } from "../src/errors.ts";

Deno.test("ReftableError tells what went wrong, where, and why", () => {
  const cause = new RangeError("below");
  const error = new ReftableError("format", "Cannot read", { file: "x.ref", offset: 7, cause });
  assertInstanceOf(error, Error);
  assertEquals(`${error}`, "ReftableError: Cannot read");
  assertEquals([error.code, error.file, error.offset], ["format", "x.ref", 7]);
  assert(error.cause === cause);
});

Deno.test("ReftableError knows no place and no cause unless it is told", () => {
  const error = new ReftableError("api", "Cannot use");
  assertEquals([error.file, error.offset], [undefined, undefined]);
  assertFalse("cause" in error);
});

Deno.test("firstError() finds what went wrong before leaving scopes failed too", () => {
  const first = new ReftableError("io", "first");
  const both = new SuppressedError(new Error("second"), first);
  assert(firstError(new SuppressedError(new Error("third"), both)) === first);
  assert(firstError(first) === first);
  assertEquals(firstError(undefined), undefined);
});
