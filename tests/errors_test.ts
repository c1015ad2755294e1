import { assert, assertEquals, assertFalse, assertInstanceOf } from "@std/assert";
import { ReftableError } from "@reftable/reftable";

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
