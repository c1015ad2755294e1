import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Table } from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { concat } from "../hand_made.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

gitTest("Table reads what git lists, names that are not UTF-8 included", async () => {
  await using repo = await GitRepo.create({ config: { "reftable.blockSize": "512" } });
  await repo.ok(["commit", "--allow-empty", "-m", "one"]);
  const oid = (await repo.ok(["rev-parse", "HEAD"])).trim();
  // Latin-1, a cut-off character, an overlong form, a surrogate, and what sorts differently in UTF-16.
  const names = [[0xfc], [0xe6, 0x97], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xff]].map((bytes) =>
    concat("refs/heads/odd/", bytes)
  );
  names.push(concat("refs/heads/odd/\ufeff"), concat("refs/heads/odd/\u{1d4b3}"));
  for (let i = 0; i < 100; i++) names.push(concat(`refs/heads/many/${i}/é`));
  const commands = names.map((name) => concat("create ", name, [0], `${oid}`, [0]));
  await repo.ok(["update-ref", "--stdin", "-z"], { stdin: concat(...commands) });
  await repo.ok(["tag", "-a", "-m", "a tag", "v1"]);
  await repo.ok(["pack-refs", "--all"]);

  const [packed, ...others] = (await Deno.readTextFile(join(repo.reftableDir, "tables.list")))
    .trim().split("\n");
  assertEquals(others, []);
  using table = await Table.open(join(repo.reftableDir, packed!));
  const format = "--format=%(refname) %(objectname) %(*objectname)";
  const { stdoutBytes } = await repo.run(["for-each-ref", format]);
  const listed = decodeText(stdoutBytes).trim().split("\n");
  assert(listed.length > 100);
  const found = table.refs({ prefix: "refs/" }).map((ref) => {
    assert(ref.kind === "direct" || ref.kind === "peeled");
    return `${ref.refname} ${ref.oid} ${ref.kind === "peeled" ? ref.peeled : ""}`.trimEnd();
  }).toArray();
  assertEquals(found, listed.map((line) => line.trimEnd()));
  assertEquals(table.ref("HEAD"), {
    kind: "symref",
    refname: "HEAD",
    updateIndex: table.ref("HEAD")!.updateIndex,
    target: "refs/heads/main",
  });
  assertEquals(table.refsFor(oid).toArray().length, listed.length);
  for (const name of names) assertEquals(table.ref(decodeText(name))?.kind, "direct");
});
