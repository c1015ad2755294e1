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

const kinds = [{ refFormat: "reftable", hash: "sha1" }] as const;

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
