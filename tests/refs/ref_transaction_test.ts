import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ReftableError, type TransactionOptions } from "@reftable/reftable";
import { gitTest } from "../peers/git.ts";
import { REF_FORMATS, RefsRepository } from "./refs_repository.ts";
import { addCommands } from "./update_commands.ts";

/** Makes changes, spelled as `git update-ref --stdin` reads them; gives the error when they are refused. */
async function refuse(
  { refs }: RefsRepository,
  commands: string,
  options: TransactionOptions = {},
): Promise<ReftableError> {
  return await assertRejects(
    () => refs.transaction((transaction) => addCommands(transaction, commands), options),
    ReftableError,
  );
}

/** Makes a repository with refs of all kinds. */
async function createRepository(refFormat: "files" | "reftable"): Promise<RefsRepository> {
  const repository = await RefsRepository.create({ refFormat });
  const [a, b] = repository.oids as [string, string];
  await repository.git(
    ["update-ref", "--stdin"],
    `create refs/heads/main ${a}
create refs/heads/a ${a}
create refs/heads/d/e ${b}
option no-deref
symref-create refs/heads/s refs/heads/main
option no-deref
symref-create refs/heads/dangling refs/heads/gone
`,
  );
  await repository.git(["symbolic-ref", "refs/heads/c1", "refs/heads/c2"]);
  await repository.git(["symbolic-ref", "refs/heads/c2", "refs/heads/c1"]);
  return repository;
}

const ZERO = "0".repeat(40);
const MISSING = "1".repeat(40);

/** Changes that git refuses: A and B are commits, T is a tree. */
const REFUSED: readonly (readonly [commands: string, code: ReftableError["code"]])[] = [
  ["create refs/heads/a A", "exists"],
  [`update refs/heads/a B ${ZERO}`, "exists"],
  ["update refs/heads/a B B", "old-value"],
  ["update refs/heads/x B A", "not-exist"],
  ["delete refs/heads/a B", "old-value"],
  ["delete refs/heads/x B", "not-exist"],
  ["verify refs/heads/a B", "old-value"],
  ["verify refs/heads/a", "exists"],
  ["verify refs/heads/x A", "not-exist"],
  ["update HEAD B B", "old-value"],
  ["update refs/heads/s B B", "old-value"],
  ["create refs/heads/s B", "exists"],
  ["create refs/heads/new/x A\ncreate refs/heads/new A", "name-conflict"],
  ["create refs/heads/new A\ncreate refs/heads/new/x/y A", "name-conflict"],
  ["update refs/heads/a B\nupdate refs/heads/a A", "name-conflict"],
  ["update refs/heads/main B\nupdate HEAD B", "name-conflict"],
  ["verify HEAD A\nupdate refs/heads/main B", "name-conflict"],
  ["update refs/heads/s B\ndelete refs/heads/main", "name-conflict"],
  ["update refs/heads/c1 B", "name-conflict"],
  ["option no-deref\nupdate refs/heads/c1 B A", "format"],
  ["option no-deref\ncreate refs/heads/dangling A", "exists"],
  ["option no-deref\nupdate refs/heads/dangling A B", "not-exist"],
  ["option no-deref\nsymref-create refs/heads/a refs/heads/b", "exists"],
  ["option no-deref\nsymref-create refs/heads/s refs/heads/b", "exists"],
  ["option no-deref\nsymref-update refs/heads/a refs/heads/b ref refs/heads/c", "old-value"],
  ["option no-deref\nsymref-update refs/heads/s refs/heads/b ref refs/heads/c", "old-value"],
  ["option no-deref\nsymref-update refs/heads/s refs/heads/b oid B", "old-value"],
  ["option no-deref\nsymref-update refs/heads/x refs/heads/b ref refs/heads/c", "not-exist"],
  ["option no-deref\nsymref-delete refs/heads/s refs/heads/c", "old-value"],
  ["option no-deref\nsymref-verify refs/heads/s refs/heads/c", "old-value"],
  ["option no-deref\nsymref-verify refs/heads/s", "exists"],
  ["option no-deref\nsymref-verify refs/heads/a refs/heads/c", "old-value"],
  [`update refs/heads/x ${MISSING}`, "new-value"],
  ["update refs/heads/x T", "new-value"],
  ["update HEAD T", "new-value"],
  ["update FETCH_HEAD A", "refname"],
  ["delete foo", "refname"],
  ["verify main-worktree/foo A", "refname"],
];

/** Names that cannot be beside others. */
const CONFLICTS = [
  "create refs/heads/a/b A",
  "create refs/heads/a/b/c A",
  "create refs/heads/d A",
  "delete refs/heads/a/b",
  `verify refs/heads/d ${ZERO}`,
  // What is changed or deleted is in the way too.
  "delete refs/heads/a\ncreate refs/heads/a/b A",
  "create refs/heads/d A\ndelete refs/heads/d/e",
  "create refs/heads/a/b A\ndelete refs/heads/a",
  "delete refs/heads/d/e\ncreate refs/heads/d A",
  "update refs/heads/a B\ncreate refs/heads/a/b A",
  "update refs/heads/d/e A\ncreate refs/heads/d A",
  "verify refs/heads/a A\ncreate refs/heads/a/b A",
  "create refs/heads/n A\ncreate refs/heads/n/x/y A\ncreate refs/heads/n/x A",
  "create refs/heads/n/x/y A\ncreate refs/heads/n A\ncreate refs/heads/n/x A",
];

for (const refFormat of REF_FORMATS) {
  gitTest(`RefTransaction refuses in git's words, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const [a, b] = repository.oids as [string, string];
    const tree = await repository.git(["mktree"]);
    const spell = (text: string) =>
      `${text.replaceAll(/\b[ABT]\b/g, (name) => ({ A: a, B: b, T: tree })[name]!)}\n`;
    const check = async (text: string, code: string) => {
      const { stderr } = await repository.repo.run(["update-ref", "--stdin"], {
        stdin: spell(text),
      });
      const words = stderr.trim().replace(/^fatal: /, "");
      const error = await refuse(repository, spell(text));
      assertEquals([error.message, error.code], [words, code], text);
    };
    for (const [text, code] of REFUSED) await check(text, code);
    for (const text of CONFLICTS) await check(text, "name-conflict");
    await repository.git(["pack-refs", "--all"]);
    for (const text of CONFLICTS) await check(text, "name-conflict");
  });

  gitTest(`RefTransaction rejects single refs as git does, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const [a, b] = repository.oids as [string, string];
    const tree = await repository.git(["mktree"]);
    const commands = `update refs/heads/k ${MISSING}
update refs/heads/tree ${tree}
update refs/heads/a ${b} ${b}
delete refs/heads/nope ${a}
create refs/heads/a/x ${a}
create refs/heads/d ${a}
create refs/heads/q ${a}
create refs/heads/q/r ${a}
option no-deref
symref-update refs/heads/d/e refs/heads/x ref refs/heads/y
option no-deref
symref-update refs/heads/s refs/heads/x ref refs/heads/y
create refs/heads/good ${a}
`;
    await using twin = await createRepository(refFormat);
    const byGit = await twin.git(["update-ref", "--stdin", "--batch-updates"], commands);
    const { rejections } = await repository.refs.transaction(
      (transaction) => addCommands(transaction, commands),
      { allowRejections: true },
    );
    const lines = rejections.map((rejection) => {
      const { refname, newOid, newTarget, oldOid, oldTarget, reason } = rejection;
      // git prints zeros where the targets of symbolic refs should be.
      const old = oldOid ?? (oldTarget ? ZERO : "(null)");
      return `rejected ${refname} ${newOid ?? (newTarget && ZERO)} ${old} ${reason}`;
    });
    assertEquals(lines.sort(), byGit.split("\n").sort());
    assertEquals(await repository.git(["for-each-ref"]), await twin.git(["for-each-ref"]));
    assertEquals(repository.refs.resolve("refs/heads/good")?.oid, a);
  });

  gitTest(`RefTransaction logs nothing of what it rejects, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const [a, b] = repository.oids as [string, string];
    const logged = repository.log("HEAD");
    for (const refname of ["HEAD", "refs/heads/main", "refs/heads/s"]) {
      const { rejections } = await repository.refs.transaction((transaction) => {
        transaction.update(refname, b, { expect: b });
        transaction.create(`refs/tags/${refname}`, a);
      }, { allowRejections: true });
      assertEquals(rejections.map(({ refname }) => refname), ["refs/heads/main"]);
    }
    assertEquals(repository.log("HEAD"), logged);
    assertEquals(repository.refs.list({ prefix: "refs/tags/" }).toArray().length, 3);
  });

  gitTest(`RefTransaction refuses two names of one ref, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const [a, b] = repository.oids as [string, string];
    const names = ["refs/bisect/bad", "main-worktree/refs/bisect/bad"];
    for (const [first, second] of [names, names.toReversed()]) {
      const error = await refuse(repository, `create ${first} ${a}\ncreate ${second} ${b}\n`);
      assertEquals(error.message, `multiple updates for ref '${second}' not allowed`);
    }
    assertEquals(repository.refs.read("refs/bisect/bad"), undefined);
  });

  gitTest(
    `RefTransaction refuses symbolic refs that lead to the same ref, with ${refFormat}`,
    async () => {
      await using repository = await createRepository(refFormat);
      const [a, b] = repository.oids as [string, string];
      await repository.git(["symbolic-ref", "refs/a", "refs/heads/x"]);
      await repository.git(["symbolic-ref", "refs/z", "refs/heads/x"]);
      const error = await refuse(repository, `update refs/a ${a}\nupdate refs/z ${b}\n`);
      assertEquals(
        error.message,
        "multiple updates for 'refs/heads/x' (including one via symref 'refs/z') are not allowed",
      );
    },
  );

  gitTest(`RefTransaction locks from prepare() to commit(), with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const { refs, oids: [a, b] } = repository;
    const args = ["update-ref", "refs/heads/a", b!];
    {
      await using transaction = refs.beginTransaction();
      transaction.update("refs/heads/a", b!, { expect: a });
      await transaction.prepare();
      assertEquals((await repository.repo.run(args)).code, 128);
      assertThrows(() => transaction.verify("refs/heads/d/e", b!), ReftableError, "it is prepared");
      await transaction.commit();
      await assertRejects(() => transaction.commit(), ReftableError, "it is closed");
    }
    assertEquals(refs.resolve("refs/heads/a")?.oid, b);
    await repository.git(["update-ref", "refs/heads/a", a!]);
  });

  gitTest(`RefTransaction changes nothing when it is given up, with ${refFormat}`, async () => {
    await using repository = await createRepository(refFormat);
    const { refs, oids: [a, b] } = repository;
    for (const end of ["abort", "dispose", "throw"] as const) {
      const attempt = async () => {
        await using transaction = refs.beginTransaction();
        transaction.update("refs/heads/a", b!);
        await transaction.prepare();
        if (end === "throw") throw new Error("given up");
        if (end === "abort") await transaction.abort();
      };
      await attempt().catch((error) => assertEquals(error.message, "given up"));
      // Nothing is locked any more.
      await repository.git(["update-ref", "refs/heads/a", a!, a!]);
    }
    await assertRejects(() =>
      refs.transaction((transaction) => {
        transaction.update("refs/heads/a", b!);
        throw new Error("given up");
      }), Error);
    assertEquals(refs.resolve("refs/heads/a")?.oid, a);
  });
}

gitTest("RefTransaction refuses to change a broken ref, as git does", async () => {
  await using repository = await createRepository("files");
  await Deno.writeTextFile(`${repository.repo.gitDir}/refs/heads/broken`, "nonsense\n");
  const oid = repository.oids[0];
  for (const command of [`update refs/heads/broken ${oid}\n`, "delete refs/heads/broken\n"]) {
    const { stderr } = await repository.repo.run(["update-ref", "--stdin"], { stdin: command });
    const error = await refuse(repository, command);
    assertEquals([`fatal: ${error.message}`, error.code], [stderr.trim(), "format"]);
    assertEquals(error.ref?.found, '"nonsense"');
  }
});

gitTest("RefTransaction follows no symbolic ref out of the repository", async () => {
  await using repository = await createRepository("files");
  const { repo, oids } = repository;
  await Deno.writeTextFile(`${repo.gitDir}/refs/heads/out`, "ref: ../../outside\n");
  const error = await refuse(repository, `update refs/heads/out ${oids[0]}\n`);
  assertEquals(error.code, "refname");
  await assertRejects(() => Deno.stat(`${repo.dir}/outside`), Deno.errors.NotFound);
});

gitTest("RefTransaction makes no symbolic ref to a bad name", async () => {
  await using repository = await RefsRepository.create();
  await using transaction = repository.refs.beginTransaction();
  for (const target of ["../outside", "refs/heads/a..b", "", "refs/heads/"]) {
    assertThrows(() => transaction.createSymref("refs/heads/s", target), ReftableError, "bad name");
  }
});

gitTest("RefTransaction stores what tags lead to when objects can be read", async () => {
  await using repository = await RefsRepository.create();
  const commit = repository.oids[0]!;
  await repository.git(["tag", "-m", "one", "one", commit]);
  const tag = repository.refs.resolve("refs/tags/one")!.oid!;
  await repository.refs.transaction((transaction) => transaction.create("refs/tags/two", tag));
  assertEquals(repository.refs.resolve("refs/tags/two")?.peeled, commit);
  await repository.refs.transaction((transaction) => {
    transaction.create("refs/tags/three", commit);
  });
  assertEquals(repository.refs.read("refs/tags/three")?.kind, "direct");
});

gitTest("RefTransaction takes the caller's word where objects cannot be read", async () => {
  await using repository = await RefsRepository.create({}, { objects: undefined });
  const peeled = repository.oids[0]!;
  await repository.refs.transaction((transaction) => {
    transaction.create("refs/tags/a", MISSING, { peeled });
    transaction.create("refs/tags/b", MISSING);
  });
  assertEquals(repository.refs.resolve("refs/tags/a")?.peeled, peeled);
  assertEquals(repository.refs.resolve("refs/tags/b")?.peeled, undefined);
});

gitTest("RefTransaction takes object ids only", async () => {
  await using repository = await RefsRepository.create();
  await using transaction = repository.refs.beginTransaction();
  const oid = repository.oids[0]!;
  for (const bad of [oid.toUpperCase(), oid.slice(1), `${oid}0`, "HEAD", oid.replace(/./, "g")]) {
    if (bad === oid) continue;
    assertThrows(() => transaction.update("refs/heads/a", bad), ReftableError, `"${bad}"`);
    assertThrows(() => transaction.verify("refs/heads/a", bad), ReftableError, `"${bad}"`);
  }
  assertThrows(
    () => transaction.create("refs/heads/a", ZERO),
    ReftableError,
    "neither a valid OID",
  );
  assertThrows(() => transaction.delete("refs/heads/a", { expect: ZERO }), ReftableError, "zeros");
  const both = { expect: oid, expectTarget: "refs/heads/b" };
  assertThrows(() => transaction.delete("refs/heads/a", both), ReftableError, "both");
  const log = { createReflog: true, skipReflog: true };
  assertThrows(() => transaction.update("refs/heads/a", oid, log), ReftableError, "force and skip");
});

gitTest("RefTransaction logs what it is told to log", async () => {
  await using repository = await RefsRepository.create();
  const { refs, oids: [a, b] } = repository;
  await refs.transaction((transaction) => {
    transaction.create("refs/heads/main", a!, { message: "  one\n two " });
    transaction.create("refs/heads/quiet", a!, { skipReflog: true });
    transaction.create("refs/tags/loud", a!, { createReflog: true });
    transaction.create("refs/tags/usual", a!);
  }, { message: "all" });
  assertEquals(repository.log("refs/heads/main"), [[a!, ZERO, "one two"]]);
  assertEquals(repository.log("HEAD"), [[a!, ZERO, "one two"]]);
  assertEquals(repository.log("refs/tags/loud"), [[a!, ZERO, "all"]]);
  assertEquals(refs.reflogNames().toArray(), ["HEAD", "refs/heads/main", "refs/tags/loud"]);
  const identity = { name: "N", email: "e", time: 1, tzOffset: 100 };
  await refs.transaction((transaction) => transaction.update("HEAD", b!), { identity });
  const [entry] = refs.reflog("refs/heads/main");
  const { name, email, time, tzOffset } = entry!;
  assertEquals({ name, email, time, tzOffset }, identity);
});

gitTest("RefTransaction logs nothing where it is told to, whatever there is", async () => {
  for (const refFormat of REF_FORMATS) {
    const config = { "core.logAllRefUpdates": "always" };
    await using repository = await RefsRepository.create({ refFormat, config });
    const { refs, oids: [a, b] } = repository;
    await repository.git(["update-ref", "-m", "one", "HEAD", a!]);
    await repository.git(["symbolic-ref", "-m", "two", "refs/heads/s", "refs/heads/main"]);
    const names = ["HEAD", "refs/heads/main", "refs/heads/s"];
    const before = names.map((refname) => repository.log(refname));
    assertEquals(before.map(({ length }) => length), [1, 1, 1]);
    const options = { skipReflog: true, message: "unseen" };
    for (const [refname, oid] of [["HEAD", b], ["refs/heads/main", a], ["refs/heads/s", b]]) {
      await refs.transaction((transaction) => transaction.update(refname!, oid!, options));
      assertEquals(refs.resolve("HEAD")?.oid, oid);
    }
    await refs.transaction((transaction) => {
      transaction.create("refs/heads/new", a!, options);
      transaction.updateSymref("refs/heads/s", "refs/heads/new", options);
    });
    assertEquals(names.map((refname) => repository.log(refname)), before);
    assertEquals(refs.reflogNames().toArray(), names);
    assertEquals((await repository.git(["reflog", "list"])).split("\n"), names);
    // A log goes with its ref all the same.
    await refs.transaction((transaction) => transaction.delete("refs/heads/main", options));
    assertEquals(refs.reflogNames().toArray(), ["HEAD", "refs/heads/s"]);
  }
});

gitTest("RefTransaction needs no identity when nothing is logged", async () => {
  const config = { "core.logAllRefUpdates": "false" };
  const nobody = { identity: undefined, objects: undefined };
  await using repository = await RefsRepository.create({ config }, nobody);
  const { refs, oids: [a] } = repository;
  await refs.transaction((transaction) => transaction.create("refs/heads/main", a!));
  const error = await assertRejects(() =>
    refs.transaction((transaction) => {
      transaction.create("refs/heads/a", a!, { createReflog: true });
    }), ReftableError);
  assertEquals(error.code, "identity");
  assertEquals(refs.read("refs/heads/a"), undefined);
});
