import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { initRepository, RefStore, type RefStoreOptions, ReftableError } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";
import { COMMITTER, makeCommits, NO_ENVIRONMENT } from "./open_backend.ts";

/** Refs whose short names have more than one meaning, or one that nobody expects. */
const NAMES = [
  ...["refs/heads/both", "refs/tags/both", "refs/remotes/both/main", "refs/remotes/both/HEAD"],
  ...["refs/heads/tags/deep", "refs/tags/deep", "refs/heads/only", "refs/notes/only", "refs/other"],
  ...[
    "refs/heads/heads/only",
    "refs/heads/other",
    "refs/remotes/far/main",
    "refs/remotes/far/HEAD",
  ],
  ...["refs/heads/HEAD", "refs/tags/heads/both", "refs/heads/größe", "ORIG_HEAD"],
];

const SHORT = [
  ...["both", "heads/both", "tags/both", "remotes/both", "deep", "tags/deep", "only", "heads/only"],
  ...[
    "notes/only",
    "other",
    "far",
    "far/main",
    "HEAD",
    "ORIG_HEAD",
    "größe",
    "dangling",
    "nothing",
  ],
];

gitTest("RefStore.expand() and RefStore.shorten() name refs as git does", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await using refs = await RefStore.open(repo.dir, { identity: COMMITTER });
    const oids = await makeCommits(repo, NAMES.length);
    await refs.transaction((transaction) => {
      NAMES.forEach((refname, i) => transaction.update(refname, oids[i]!));
      transaction.createSymref("refs/heads/dangling", "refs/heads/gone");
    });
    for (const short of SHORT) {
      const found = refs.expand(short);
      const { code, stdout, stderr } = await repo.run(["rev-parse", "--verify", short]);
      assertEquals(found?.resolved.oid, code ? undefined : stdout.trim(), short);
      assertEquals((found?.others.length ?? 0) > 0, stderr.includes("is ambiguous"), short);
    }
    for (const [strict, isStrict] of [[false, "false"], [true, "true"]] as const) {
      const config = ["-c", `core.warnAmbiguousRefs=${isStrict}`];
      const format = "--format=%(refname) %(refname:short)";
      const told = await repo.ok([...config, "for-each-ref", format]);
      // Git does not list what leads nowhere.
      const found = refs.list().filter(({ refname }) => refs.resolve(refname)?.oid !== undefined);
      const ours = found.map(({ refname }) => {
        return `${refname} ${refs.shorten(refname, { strict })}\n`;
      });
      assertEquals(ours.toArray().join(""), told);
    }
  }
});

Deno.test("RefStore takes from the environment who makes changes, and from the user's configuration", async () => {
  const dir = await Deno.makeTempDir();
  const oid = "1".repeat(40);
  const variables = {
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: `${dir}/global`,
    GIT_COMMITTER_NAME: "Env",
    GIT_COMMITTER_DATE: "1700000000 -0730",
  };
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  try {
    await Deno.writeTextFile(`${dir}/global`, "[user]\n\tname = U\n\temail = u@x\n");
    await initRepository(`${dir}/repo`);
    for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
    const write = async (refname: string, options: RefStoreOptions = {}) => {
      await using refs = await RefStore.open(`${dir}/repo`, options);
      await refs.transaction((tx) => tx.create(refname, oid, { createReflog: true }));
      return refs.reflog(refname).toArray().map((entry) => `${entry.name} <${entry.email}>`);
    };
    assertEquals(await write("refs/heads/a"), ["Env <u@x>"]);
    Deno.env.delete("GIT_COMMITTER_NAME");
    assertEquals(await write("refs/heads/b"), ["U <u@x>"]);
    assertEquals(await write("refs/heads/c", { identity: COMMITTER }), [
      "C O Mitter <c@example.com>",
    ]);
    const options = { environment: NO_ENVIRONMENT };
    const error = await assertRejects(() => write("refs/heads/d", options), ReftableError);
    assertEquals(error.code, "identity");
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    await Deno.remove(dir, { recursive: true });
  }
});

const DIRECTORY = await Deno.makeTempDir();

Deno.test({
  name: "RefStore asks nobody for an environment that it may not read",
  permissions: { read: [DIRECTORY], write: [DIRECTORY] },
  async fn() {
    await initRepository(`${DIRECTORY}/repo`);
    const make = async (refs: RefStore) => {
      await refs.transaction((tx) => tx.create("refs/heads/a", "1".repeat(40)));
    };
    {
      await using refs = await RefStore.open(`${DIRECTORY}/repo`);
      const error = await assertRejects(() => make(refs), ReftableError);
      assertEquals(error.code, "identity");
    }
    const parameters = ["user.name=A", "user.email=a@b"];
    await using refs = await RefStore.open(`${DIRECTORY}/repo`, { parameters });
    await make(refs);
    assertEquals(refs.reflog("refs/heads/a").toArray().map(({ name }) => name), ["A"]);
    await Deno.remove(DIRECTORY, { recursive: true });
  },
});

gitTest("RefStore.openSync() and reloadSync() see what git does", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    using refs = RefStore.openSync(repo.dir);
    assertEquals(refs.format, refFormat);
    await repo.ok(["branch", "more"]);
    await repo.ok(["pack-refs", "--all"]);
    refs.reloadSync();
    const names = refs.list({ includeRoot: true }).map(({ refname }) => refname).toArray();
    assertEquals(names, ["HEAD", "refs/heads/main", "refs/heads/more"]);
  }
});

gitTest("RefStore.reflog() takes time zones in minutes for what they are", async () => {
  await using repo = await GitRepo.create();
  await using refs = await RefStore.open(repo.dir);
  const [oldOid, newOid] = ["0".repeat(40), "1".repeat(40)];
  for (const [minutes, decimal] of [[0, 0], [90, 130], [-450, -730], [345, 545]] as const) {
    const identity = { ...COMMITTER, tzOffset: minutes };
    await refs.writeReflog("refs/heads/jgit", { oldOid, newOid }, { identity });
    const [entry] = refs.reflog("refs/heads/jgit", { timeZones: "minutes" });
    assert(entry);
    assertEquals(entry.tzOffset, decimal);
    const [asWritten] = refs.reflog("refs/heads/jgit");
    assertEquals(asWritten?.tzOffset, minutes);
  }
});

gitTest("RefStore refuses all that would look at refs once it was disposed", async () => {
  for (const kind of ["files", "reftable", "hybrid"] as const) {
    await using repo = await GitRepo.create({ refFormat: kind === "reftable" ? kind : "files" });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    if (kind === "hybrid") {
      await Deno.mkdir(`${repo.gitDir}/reftable`);
      await Deno.writeTextFile(`${repo.gitDir}/reftable/tables.list`, "");
    }
    const refs = await RefStore.open(repo.dir, { identity: COMMITTER });
    assertEquals(refs.format, kind);
    const oid = refs.resolve("HEAD")!.oid!;
    const unprepared = refs.beginTransaction();
    unprepared.update("refs/heads/late", oid);
    await refs[Symbol.asyncDispose]();
    const looking: Record<string, () => unknown> = {
      read: () => refs.read("HEAD"),
      "read of a file": () => refs.read("FETCH_HEAD"),
      resolve: () => refs.resolve("HEAD"),
      list: () => refs.list().toArray(),
      writeLines: () => refs.writeLines({ write() {} }),
      expand: () => refs.expand("main"),
      shorten: () => refs.shorten("refs/heads/main"),
      hasReflog: () => refs.hasReflog("HEAD"),
      reflogNames: () => refs.reflogNames().toArray(),
      reflog: () => refs.reflog("HEAD").toArray(),
      reloadSync: () => refs.reloadSync(),
    };
    const changing: Record<string, () => Promise<unknown>> = {
      oidOf: () => refs.oidOf("main"),
      reload: () => refs.reload(),
      prepare: () => unprepared.prepare(),
      transaction: () => refs.transaction((tx) => tx.update("refs/heads/late", oid)),
      createReflog: () => refs.createReflog("refs/heads/late"),
      writeReflog: () => refs.writeReflog("HEAD", { oldOid: oid, newOid: oid }),
      deleteReflogEntries: () => refs.deleteReflogEntries("HEAD", [0]),
      dropReflogs: () => refs.dropReflogs(["HEAD"]),
      expireReflogs: () => refs.expireReflogs(["HEAD"], { before: 1 }),
      rename: () => refs.rename("refs/heads/main", "refs/heads/late"),
      copy: () => refs.copy("refs/heads/main", "refs/heads/late"),
      pack: () => refs.pack({ all: true }),
    };
    for (const [name, look] of Object.entries(looking)) {
      const error = assertThrows(look, ReftableError, "disposed", `${kind}: ${name}`);
      assertEquals(error.code, "api");
    }
    for (const [name, change] of Object.entries(changing)) {
      const error = await assertRejects(change, ReftableError, "disposed", `${kind}: ${name}`);
      assertEquals(error.code, "api");
    }
  }
});
