import { assert, assertEquals } from "@std/assert";
import { RefStore } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { ReftableLines } from "../../src/refs/reftable/reftable_lines.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { concat } from "../hand_made.ts";
import { COMMITTER, makeCommits } from "./open_backend.ts";

gitTest("RefStore.writeLines() writes what RefStore.list() lists", async () => {
  for (const refFormat of ["files", "reftable"] as const) {
    await using repo = await GitRepo.create({ refFormat });
    await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
    await repo.ok(["worktree", "add", "-q", "-b", "linked", "linked"]);
    await using refs = await RefStore.open(repo.dir, { identity: COMMITTER });
    const [oid] = await makeCommits(repo, 1);
    await refs.transaction((transaction) => {
      for (let i = 0; i < 300; i++) transaction.create(`refs/changes/${10_000 + i}/1`, oid!);
      transaction.create("refs/heads/größe", oid!);
      transaction.create("refs/bisect/bad", oid!);
      transaction.createSymref("refs/heads/alias", "refs/heads/main");
      transaction.createSymref("refs/heads/dangling", "refs/heads/gone");
      // What leads out of what is listed.
      const elsewhere = ["worktrees/linked/HEAD", "main-worktree/HEAD", "worktrees/none/HEAD"];
      for (const [i, target] of ["HEAD", "FETCH_HEAD", ...elsewhere].entries()) {
        transaction.createSymref(`refs/heads/elsewhere-${i}`, target);
      }
    });
    // A name that git would not make, and an id of zeros.
    const zeros = "0".repeat(40);
    if (refFormat === "files") {
      Deno.writeTextFileSync(`${repo.dir}/.git/refs/heads/bad..name`, `${oid}\n`);
      Deno.writeTextFileSync(`${repo.dir}/.git/refs/heads/zeros`, `${zeros}\n`);
    }
    Deno.writeTextFileSync(`${repo.dir}/.git/FETCH_HEAD`, `${oid}\t\tbranch 'x' of y\n`);
    for (const path of [repo.dir, `${repo.dir}/linked`]) {
      await using opened = await RefStore.open(path);
      for (const prefix of [undefined, "refs/heads/", "refs/changes/101", "refs/bisect/"]) {
        const lines: Uint8Array[] = [];
        const broken: string[] = [];
        const write = (bytes: Uint8Array) => void lines.push(bytes.slice());
        opened.writeLines({ prefix, write }, ({ refname }) => broken.push(refname));
        using alone = ReftableLines.open(opened.repository);
        assertEquals(alone !== undefined, refFormat === "reftable" && path === repo.dir);
        if (alone) {
          const same: Uint8Array[] = [];
          alone.write({ prefix, write: (bytes) => void same.push(bytes.slice()) }, undefined);
          assertEquals(concat(...same), concat(...lines));
        }
        const expected: string[] = [];
        const expectedBroken: string[] = [];
        for (const ref of opened.list({ prefix })) {
          if (ref.kind === "broken") expectedBroken.push(ref.refname);
          const found = ref.kind === "symref"
            ? ref.resolved.oid
            : ref.kind === "broken"
            ? undefined
            : ref.oid;
          if (found !== undefined) expected.push(`${found} ${ref.refname}\n`);
        }
        assertEquals(concat(...lines), encodeText(expected.join("")), `${refFormat} ${prefix}`);
        assertEquals(broken, expectedBroken);
        if (prefix === "refs/changes/101") assertEquals(expected.length, 100);
        if (!prefix && refFormat === "files") assert(broken.length > 0);
      }
    }
  }
});
