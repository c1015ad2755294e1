import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { hashFromId, hashId, hashSize, oidBytes } from "../../src/format/hash.ts";

Deno.test("hashId() is four letters, which hashFromId() reads", () => {
  const spell = (id: number) =>
    String.fromCharCode(id >>> 24, id >>> 16 & 255, id >>> 8 & 255, id & 255);
  assertEquals(spell(hashId("sha1")), "sha1");
  assertEquals(spell(hashId("sha256")), "s256");
  assertEquals([hashId("sha1"), hashId("sha256"), 0].map(hashFromId), [
    "sha1",
    "sha256",
    undefined,
  ]);
});

Deno.test("oidBytes() takes as many digits as the hash makes", () => {
  for (const hash of ["sha1", "sha256"] as const) {
    const size = hashSize(hash);
    assertEquals(oidBytes("aB".repeat(size), hash), new Uint8Array(size).fill(0xab));
    for (const oid of ["", "ab".repeat(size - 1), "ab".repeat(size + 1), "ag".repeat(size)]) {
      const error = assertThrows(() => oidBytes(oid, hash), ReftableError, `"${oid}"`);
      assertEquals(error.code, "api");
    }
  }
  assertEquals([hashSize("sha1"), hashSize("sha256")], [20, 32]);
});
