import { assertEquals, assertRejects } from "@std/assert";
import { initRepository, RefStore, ReftableError } from "@reftable/reftable";
import { COMMITTER } from "./open_backend.ts";

const [ONE, TWO] = ["1".repeat(40), "2".repeat(40)];
const BRANCH = "refs/heads/branch";

/** Runs a test with repositories of all kinds. */
async function withStores(test: (refs: RefStore) => Promise<void>): Promise<void> {
  for (const refFormat of ["files", "reftable"] as const) {
    const path = await Deno.makeTempDir({ prefix: "reftable-transaction-" });
    try {
      await initRepository(path, { bare: true, refFormat });
      await using refs = await RefStore.open(path, { identity: COMMITTER });
      await test(refs);
      // Nothing is locked any more, and nothing is left.
      await refs.transaction((transaction) => transaction.update(BRANCH, TWO));
      assertEquals(findLocks(path), []);
    } finally {
      await Deno.remove(path, { recursive: true });
    }
  }
}

function findLocks(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory)).flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? findLocks(path) : /lock|temp/.test(name) ? [path] : [];
  });
}

function valueOf(refs: RefStore): string | undefined {
  return refs.resolve(BRANCH)?.oid;
}

Deno.test("RefTransaction.abort() unlocks what is being locked", async () => {
  await withStores(async (refs) => {
    const transaction = refs.beginTransaction();
    transaction.update(BRANCH, ONE);
    const prepared = transaction.prepare();
    await transaction.abort();
    await prepared;
    await assertRejects(() => transaction.commit(), ReftableError, "it is closed");
    assertEquals(valueOf(refs), undefined);
  });
});

Deno.test("RefTransaction.abort() lets a commit under way come to its end", async () => {
  await withStores(async (refs) => {
    const transaction = refs.beginTransaction();
    transaction.update(BRANCH, ONE);
    await transaction.prepare();
    const committed = transaction.commit();
    await transaction.abort();
    assertEquals(valueOf(refs), ONE);
    await committed;
  });
});

Deno.test("RefTransaction.commit() is refused while it is under way", async () => {
  await withStores(async (refs) => {
    const transaction = refs.beginTransaction();
    transaction.update(BRANCH, ONE);
    await transaction.prepare();
    const committed = transaction.commit();
    await assertRejects(() => transaction.commit(), ReftableError, "it is committing");
    await committed;
    assertEquals(valueOf(refs), ONE);
  });
});
