import { differentialTest, gitIn, type Kind, line } from "./differential.ts";
import { makeFull } from "./differential_repositories.ts";

/** Somebody holds the lock of the stack. */
function makeLocked(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  Deno.writeTextFileSync(`${directory}/.git/reftable/tables.list.lock`, "");
}

/** What is written has no place in a block, though what is there has. */
function makeTight(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  gitIn(directory, "config", "reftable.blockSize", "120");
}

/** Somebody holds the locks of the packed refs and of some files. */
function makeFilesLocked(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  // The lock is taken even when there is nothing to pack.
  gitIn(directory, "pack-refs", "--all");
  gitIn(directory, "config", "core.packedRefsTimeout", "0");
  gitIn(directory, "config", "core.filesRefLockTimeout", "0");
  for (const name of ["packed-refs", "HEAD", "refs/heads/locked"]) {
    Deno.writeTextFileSync(`${directory}/.git/${name}.lock`, "");
  }
}

const kinds = [{ refFormat: "reftable", hash: "sha1" }] as const;

differentialTest("changing files that are locked", makeFilesLocked, {
  writing: [
    line("pack-refs --all"),
    line("pack-refs --auto"),
    line("refs optimize"),
    line("update-ref -d refs/heads/topic"),
    line("update-ref refs/heads/locked HEAD"),
    line("update-ref --no-deref HEAD HEAD"),
    line("update-ref --stdin", { stdin: "delete refs/heads/topic\n" }),
    line("symbolic-ref HEAD refs/heads/other"),
    line("reflog expire --expire=all HEAD"),
  ],
}, [{ refFormat: "files", hash: "sha1" }]);

differentialTest("packing a stack that is locked", makeLocked, {
  writing: [line("pack-refs"), line("refs optimize --all")],
}, kinds);

differentialTest("writing what is too large", makeTight, {
  writing: [
    line("pack-refs"),
    line("refs optimize"),
    line(`update-ref refs/heads/${"long".repeat(40)} HEAD`),
    line(`symbolic-ref refs/heads/x refs/heads/${"long".repeat(40)}`),
    line("update-ref --stdin", { stdin: `create refs/heads/${"long".repeat(40)} HEAD\n` }),
  ],
}, kinds);
