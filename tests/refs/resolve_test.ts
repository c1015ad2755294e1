import { assertEquals } from "@std/assert";
import { resolveRef } from "../../src/refs/resolve.ts";
import type { StoredRef } from "../../src/refs/stored_ref.ts";

const OID = "1".repeat(40);

/** A reader of refs: object ids, or the names of other refs. */
function reader(values: Readonly<Record<string, string>>) {
  return {
    read(refname: string): StoredRef | undefined {
      const value = values[refname];
      if (value === undefined) return undefined;
      if (/^[0-9]{40}$/.test(value)) return { kind: "direct", refname, oid: value };
      if (value === "?") return { kind: "broken", refname, finding: "nonsense" };
      return { kind: "symref", refname, target: value };
    },
  };
}

/** A chain of symbolic refs: `s1` points at `s2` and so on, and the last one holds an object. */
function chain(length: number) {
  const names = Array.from({ length }, (_, i) => [`s${i}`, `s${i + 1}`]);
  return reader({ ...Object.fromEntries(names), [`s${length}`]: OID });
}

Deno.test("resolveRef() finds nothing where there is no ref, and by a bad name", () => {
  const refs = reader({ "a..b": OID });
  assertEquals(resolveRef(refs, "refs/heads/a"), undefined);
  assertEquals(resolveRef(refs, "a..b"), undefined);
});

Deno.test("resolveRef() finds a ref that is no symbolic one", () => {
  assertEquals(resolveRef(reader({ a: OID }), "a"), {
    refname: "a",
    oid: OID,
    peeled: undefined,
    via: [],
    isSymref: false,
    isBroken: false,
    finding: undefined,
  });
});

Deno.test("resolveRef() tells what the tag at the end leads to", () => {
  const peeled = "2".repeat(40);
  const tag: StoredRef = { kind: "peeled", refname: "t", oid: OID, peeled };
  const refs = { read: (refname: string) => refname === "t" ? tag : undefined };
  assertEquals(resolveRef(refs, "t")?.peeled, peeled);
});

Deno.test("resolveRef() follows four symbolic refs and no more", () => {
  const found = resolveRef(chain(4), "s0");
  assertEquals([found?.refname, found?.oid, found?.isBroken], ["s4", OID, false]);
  assertEquals(found?.via, ["s0", "s1", "s2", "s3"]);
  const tooFar = resolveRef(chain(5), "s0");
  assertEquals([tooFar?.oid, tooFar?.isBroken], [undefined, true]);
  assertEquals(tooFar?.finding, "more than 4 symbolic refs on the way to an object");
});

Deno.test("resolveRef() tells circles", () => {
  const found = resolveRef(reader({ a: "b", b: "c", c: "b" }), "a");
  assertEquals([found?.oid, found?.isBroken], [undefined, true]);
  assertEquals(found?.finding, "symbolic refs that lead in a circle: b, c, b");
  assertEquals(
    resolveRef(reader({ a: "a" }), "a")?.finding,
    "symbolic refs that lead in a circle: a, a",
  );
});

Deno.test("resolveRef() tells where a symbolic ref would lead that leads nowhere", () => {
  const found = resolveRef(reader({ HEAD: "refs/heads/main" }), "HEAD");
  assertEquals([found?.refname, found?.oid], ["refs/heads/main", undefined]);
  assertEquals([found?.isSymref, found?.isBroken], [true, false]);
});

Deno.test("resolveRef() follows no bad names", () => {
  const found = resolveRef(reader({ a: "../../outside", "../../outside": OID }), "a");
  assertEquals([found?.oid, found?.isBroken], [undefined, true]);
  assertEquals(found?.finding, 'a symbolic ref to the bad name "../../outside"');
});

Deno.test("resolveRef() tells of refs that make no sense", () => {
  const found = resolveRef(reader({ a: "b", b: "?" }), "a");
  assertEquals([found?.refname, found?.isBroken, found?.finding], ["b", true, "nonsense"]);
  const zero = resolveRef(reader({ a: "0".repeat(40) }), "a");
  assertEquals([zero?.oid, zero?.isBroken], [undefined, true]);
});
