import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RefStore, ReftableError } from "@reftable/reftable";
import { collapseMessage, givenMessage } from "../../src/refs/log_line.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { COMMITTER } from "./open_backend.ts";

Deno.test("collapseMessage() makes one line of single words", () => {
  assertEquals(collapseMessage(""), "");
  assertEquals(collapseMessage(" \n\t "), "");
  assertEquals(collapseMessage("commit: one"), "commit: one");
  assertEquals(collapseMessage("\n a\t\tb \r\n c\n"), "a b c");
});

Deno.test("collapseMessage() leaves white space alone that is none to git", () => {
  assertEquals(collapseMessage("\u00a0a\u2003b\u3000"), "\u00a0a\u2003b\u3000");
  assertEquals(collapseMessage("\v a\v \fb\f"), "\v a\v \fb\f");
});

Deno.test("givenMessage() refuses a NUL and nothing else", () => {
  assertEquals(givenMessage(" a\x01\x1b[0m\x7f \n"), "a\x01\x1b[0m\x7f");
  const error = assertThrows(() => givenMessage("a\0b"), ReftableError, '"a\\u0000b"');
  assertEquals(error.code, "api");
});

/** Messages with all that could end a line, a message or a word. */
const MESSAGES = [
  " \v a \v\f b\fc \x01\x1b[0m\x7f d \f ",
  "\v",
  "a\r\nb\rc\t",
  "\u00a0 x \u2028y\u0085",
];

gitTest("RefStore writes the same messages to logs as git does", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await using refs = await RefStore.open(repo.dir, { identity: COMMITTER });
    const oid = refs.resolve("HEAD")!.oid!;
    for (const [i, message] of MESSAGES.entries()) {
      const [theirs, ours] = [`refs/heads/git${i}`, `refs/heads/own${i}`];
      await repo.ok(["update-ref", "-m", message, theirs, oid]);
      await refs.transaction((tx) => tx.create(ours, oid, { message }));
      await refs.reload();
      const log = (refname: string) => refs.reflog(refname).map((entry) => entry.message).toArray();
      assertEquals(log(ours), log(theirs), JSON.stringify(message));
      const told = await repo.ok(["reflog", "--format=%gs", ours]);
      assertEquals(told, await repo.ok(["reflog", "--format=%gs", theirs]));
    }
  }
});

/** Identities that no log can hold, as they differ from one that it can. */
const PEOPLE = [
  ...[{ name: "a\0" }, { email: "a\0" }, { time: -1 }, { time: 0.5 }, { time: NaN }],
  ...[{ tzOffset: 10000 }, { tzOffset: 0.5 }, { tzOffset: NaN }],
];

gitTest("RefStore refuses messages and people that logs cannot hold", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await using refs = await RefStore.open(repo.dir, { identity: COMMITTER });
    const oid = refs.resolve("HEAD")!.oid!;
    const message = "a\0b";
    const entry = { oldOid: oid, newOid: oid };
    const [from, to] = ["refs/heads/main", "refs/heads/to"];
    const changes: Record<string, () => Promise<unknown>> = {
      update: () => refs.transaction((tx) => tx.update(to, oid, { message })),
      transaction: () => refs.transaction((tx) => tx.update(to, oid), { message }),
      write: () => refs.writeReflog("HEAD", { ...entry, message }),
      rename: () => refs.rename(from, to, { message }),
      copy: () => refs.copy(from, to, { message }),
    };
    for (const person of PEOPLE) {
      const identity = { ...COMMITTER, ...person };
      const what = JSON.stringify(identity);
      changes[`as ${what}`] = () => refs.transaction((tx) => tx.update(to, oid), { identity });
      changes[`write as ${what}`] = () => refs.writeReflog("HEAD", entry, { identity });
      changes[`copy as ${what}`] = () => refs.copy(from, to, { identity });
    }
    for (const [name, change] of Object.entries(changes)) {
      const error = await assertRejects(change, ReftableError, "Cannot log", name);
      assertEquals(error.code, "api");
    }
    assertEquals(refs.list().map(({ refname }) => refname).toArray(), [from]);
    assertEquals(refs.reflog("HEAD").toArray().length, 1);
    const identity = { ...COMMITTER, name: " C <O>\nMitter, ", email: "<c@example.com>" };
    await refs.transaction((tx) => tx.create(to, oid), { identity });
    const people = refs.reflog(to).map(({ name, email }) => [name, email]);
    assertEquals(people.toArray(), [["C OMitter", "c@example.com"]]);
  }
});
