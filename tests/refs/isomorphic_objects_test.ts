import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type ObjectReader, openObjects, openRepository, ReftableError } from "@reftable/reftable";
import { GitRepo, gitTest } from "../peers/git.ts";

async function open(path: string): Promise<ObjectReader> {
  const objects = openObjects(await openRepository(path));
  assert(objects);
  return objects;
}

/** Makes commits, tags of all kinds, and a merge. */
async function fill(repo: GitRepo): Promise<void> {
  for (const name of ["one", "two"]) {
    Deno.writeTextFileSync(`${repo.dir}/${name}`, `${name}\n`.repeat(1000));
    await repo.ok(["add", name]);
    await repo.ok(["commit", "-q", "-m", name]);
  }
  await repo.ok(["switch", "-q", "-c", "topic", "HEAD~1"]);
  // Much like the other one, so that it is packed as the difference.
  Deno.writeTextFileSync(`${repo.dir}/one`, "one\n".repeat(1000) + "more\n");
  await repo.ok(["commit", "-q", "-a", "-m", "three"]);
  await repo.ok(["switch", "-q", "main"]);
  await repo.ok(["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
  for (
    const [name, target] of [["commit", "HEAD"], ["tree", "HEAD^{tree}"], ["blob", "HEAD:one"]]
  ) {
    await repo.ok(["tag", "-m", name!, name!, target!]);
  }
  await repo.ok(["tag", "-m", "tag", "tag", "commit"]);
}

/** Compares what is said of every object with what git says. */
async function compare(repo: GitRepo, objects: ObjectReader): Promise<void> {
  const all = (await repo.ok(["cat-file", "--batch-all-objects", "--batch-check"])).trim();
  const types = new Set<string>();
  for (const line of all.split("\n")) {
    const [oid = "", type = "", size] = line.split(" ");
    types.add(type);
    assertEquals(await objects.type(oid), type, oid);
    assertEquals((await objects.read(oid))?.content.length, Number(size));
    assertEquals(await objects.peel(oid), (await repo.ok(["rev-parse", `${oid}^{}`])).trim());
    const parents = type === "commit"
      ? (await repo.ok(["rev-parse", `${oid}^@`])).trim().split("\n").filter((oid) => oid !== "")
      : undefined;
    assertEquals(await objects.parents(oid), parents);
  }
  assertEquals([...types].sort(), ["blob", "commit", "tag", "tree"]);
  for (const oid of ["0".repeat(40), "1234567890".repeat(4)]) {
    assertEquals(await objects.has(oid), false);
    assertEquals(await objects.peel(oid), undefined);
  }
}

gitTest("openObjects() reads what git reads, loose and packed", async () => {
  await using repo = await GitRepo.create();
  await fill(repo);
  const objects = await open(repo.dir);
  await compare(repo, objects);
  // What is packed meanwhile is found, too.
  await repo.ok(["repack", "-q", "-a", "-d"]);
  await compare(repo, objects);
  await compare(repo, await open(repo.dir));
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "loose"]);
  await compare(repo, objects);
  await repo.ok(["repack", "-q", "-d"]);
  await compare(repo, objects);
  await repo.ok(["worktree", "add", "-q", "../linked"]);
  const head = (await repo.ok(["rev-parse", "HEAD"])).trim();
  assertEquals(await (await open(`${repo.dir}/../linked`)).type(head), "commit");
});

gitTest("openObjects() reads what is borrowed from other repositories", async () => {
  await using repo = await GitRepo.create();
  await fill(repo);
  const top = `${repo.dir}/..`;
  await repo.ok(["clone", "-q", "--shared", ".", "../second"]);
  await repo.ok(["clone", "-q", "--shared", "../second", "../third"]);
  const oids = (await repo.ok(["rev-parse", "HEAD", "tag", "HEAD:one"])).trim().split("\n");
  for (const name of ["second", "third"]) {
    const objects = await open(`${top}/${name}`);
    for (const oid of oids) assert(await objects.has(oid), name);
  }
  const info = `${top}/third/.git/objects/info/alternates`;
  Deno.writeTextFileSync(
    info,
    "# here\n\n../../../third/.git/objects\n../../../second/.git/objects\n",
  );
  assert(await (await open(`${top}/third`)).has(oids[0]!));
  Deno.writeTextFileSync(info, "../../../nowhere\n");
  assertEquals(await (await open(`${top}/third`)).has(oids[0]!), false);
});

gitTest("openObjects() tells damage from absence", async () => {
  await using repo = await GitRepo.create();
  await fill(repo);
  const [head = "", tree = ""] = (await repo.ok(["rev-parse", "HEAD", "HEAD^{tree}"])).trim().split(
    "\n",
  );
  const loose = (oid: string) => `${repo.gitDir}/objects/${oid.slice(0, 2)}/${oid.slice(2)}`;
  for (const bytes of [new Uint8Array(20), Deno.readFileSync(loose(tree))]) {
    Deno.chmodSync(loose(head), 0o644);
    Deno.writeFileSync(loose(head), bytes);
    const objects = await open(repo.dir);
    const error = await assertRejects(() => objects.type(head), ReftableError);
    assertEquals(error.code, "format");
    assert(error.message.startsWith(`Cannot read object ${head}: `), error.message);
  }
  Deno.removeSync(loose(head));
  const objects = await open(repo.dir);
  assertEquals(await objects.type(head), undefined);
  assertEquals(await objects.peel((await repo.ok(["rev-parse", "commit"])).trim()), undefined);
});

gitTest("openObjects() has no reader for SHA-256", async () => {
  await using repo = await GitRepo.create({ hash: "sha256" });
  assertEquals(openObjects(await openRepository(repo.dir)), undefined);
});

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

Deno.test("openObjects() needs permission to read the repository only, and asks for no other", async () => {
  const script = `
    import { openObjects, openRepository, readHead } from "@reftable/reftable";
    const objects = openObjects(await openRepository("tests/fixtures/repository/git"));
    const head = readHead("tests/fixtures/repository/git").oid;
    console.log(await objects.type(head), (await objects.parents(head)).length);
    const before = Deno.permissions.querySync({ name: "env" }).state;
    try {
      console.log(Object.keys(process.env).length);
    } catch (error) {
      console.log(before, error.name);
    }`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, script);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-q",
        "--no-check",
        "--no-prompt",
        `--allow-read=${ROOT}`,
        "--config=deno.json",
        file,
      ],
      cwd: ROOT,
    }).output();
    const decoder = new TextDecoder();
    assertEquals(
      decoder.decode(stdout),
      "commit 1\nprompt NotCapable\n",
      decoder.decode(stderr),
    );
  } finally {
    Deno.removeSync(file);
  }
});
