import { differentialTest, type Kind, line } from "./differential.ts";
import { makeFull } from "./differential_repositories.ts";

/** Instructions that cannot be followed, each for another reason. */
function rejected({ hash }: Kind): string[] {
  const [zeros, missing] = ["0", "1"].map((digit) => digit.repeat(hash === "sha1" ? 40 : 64));
  return [
    ...[`create refs/heads/new ${missing}`, `create refs/heads/topic ${missing}`],
    ...["create refs/heads/topic main", "create refs/heads/topic/below main"],
    ...[`update refs/heads/new ${missing}`, `update refs/heads/new ${missing} ${zeros}`],
    ...[`update refs/heads/topic ${missing} main`, "update refs/heads/topic main main"],
    ...[`update refs/heads/topic main ${zeros}`, "update refs/heads/topic/below main"],
    ...[
      "delete refs/heads/topic main",
      "delete refs/heads/new main",
      "delete refs/heads/alias main",
    ],
    ...["verify refs/heads/topic main", "verify refs/heads/new main", "verify refs/heads/topic"],
    ...["symref-create refs/heads/topic refs/heads/main", "symref-verify refs/heads/topic"],
    ...["symref-update refs/heads/alias refs/heads/main ref refs/heads/x"],
    ...["symref-update refs/heads/alias refs/heads/main oid main"],
    ...["symref-update refs/heads/topic/below refs/heads/main"],
    ...[
      "symref-verify refs/heads/alias refs/heads/main",
      "symref-verify refs/heads/topic refs/x/y",
    ],
    ...["symref-delete refs/heads/topic refs/heads/main", "symref-delete refs/heads/new refs/x/y"],
  ];
}

for (const hash of ["sha1", "sha256"] as const) {
  const kind = { refFormat: "reftable", hash } as const;
  // What is wrong shows when it is said, or when it is prepared.
  const steps = rejected(kind).flatMap((instruction) => [
    line("update-ref --no-deref --stdin", { stdin: `start\n${instruction}\nabort\n` }),
    line("update-ref --no-deref --stdin", { stdin: `start\n${instruction}\nprepare\n` }),
    line("update-ref --no-deref --stdin", { stdin: `start\n${instruction}\ncommit\n` }),
    line("update-ref --no-deref --stdin", { stdin: `${instruction}\nfrob\n` }),
    line("update-ref --no-deref --stdin --batch-updates", {
      stdin: `start\n${instruction}\nabort\n`,
    }),
  ]);
  differentialTest("update-ref step by step, with what is wrong", makeFull, { writing: steps }, [
    kind,
  ]);
  const writing = rejected(kind).flatMap((instruction) => [
    line("update-ref --no-deref --stdin --batch-updates", { stdin: `${instruction}\n` }),
    line("update-ref --no-deref --stdin --batch-updates", {
      stdin: `update refs/tags/v2 topic~0\n${instruction}\ndelete refs/tags/v1.9\n`,
    }),
  ]);
  differentialTest("update-ref that rejects", makeFull, { writing }, [kind]);
}
