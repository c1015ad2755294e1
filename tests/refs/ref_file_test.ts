import { assertEquals } from "@std/assert";
import { parseRefFile } from "../../src/refs/ref_file.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { makeCommits } from "./open_backend.ts";

const OID = "0123456789abcdef0123456789abcdef01234567";

gitTest("parseRefFile() takes of a file what git takes", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const [oid = ""] = await makeCommits(repo, 1);
  await repo.ok(["update-ref", "refs/heads/main", oid]);
  const texts = [
    oid,
    `${oid}\n`,
    `${oid.toUpperCase()}\n`,
    `${oid}\tnot-for-merge\tbranch 'x' of y\n${OID}\n`,
    `${oid} x`,
    `${oid}x`,
    oid.slice(1),
    ` ${oid}`,
    "",
    "\n",
    "nonsense\n",
    "ref: refs/heads/main\n",
    "ref:refs/heads/main",
    "ref:  \t refs/heads/main  \n\n",
    "REF: refs/heads/main\n",
  ];
  for (const text of texts) {
    await Deno.writeTextFile(`${repo.gitDir}/refs/heads/x`, text);
    const { code, stdout } = await repo.run(["rev-parse", "--verify", "-q", "refs/heads/x"]);
    const ref = parseRefFile(text, "refs/heads/x", "sha1");
    const found = ref.kind === "symref" && ref.target === "refs/heads/main"
      ? oid
      : ref.kind === "direct"
      ? ref.oid
      : undefined;
    assertEquals(found, code === 0 ? stdout.trim() : undefined, JSON.stringify(text));
    if (found === undefined) assertEquals(ref.kind, "broken", JSON.stringify(text));
  }
});

Deno.test("parseRefFile() knows object ids of both lengths, and tells what it found instead", () => {
  const long = OID + OID.slice(0, 24);
  const parse = (text: string, hash: "sha1" | "sha256") => parseRefFile(text, "X_HEAD", hash);
  assertEquals(parse(`${long}\n`, "sha256"), { kind: "direct", refname: "X_HEAD", oid: long });
  assertEquals(parse(`${OID}\n`, "sha256").kind, "broken");
  assertEquals(parse(`${long}\n`, "sha1").kind, "broken");
  const broken = { kind: "broken", refname: "X_HEAD" } as const;
  assertEquals(parse("", "sha1"), { ...broken, finding: "an empty file" });
  assertEquals(parse("a\tb\n", "sha1"), { ...broken, finding: '"a\\tb"' });
});
