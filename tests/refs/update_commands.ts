/**
 * Reads what `git update-ref --stdin` reads.
 *
 * @module
 */

import type { RefTransaction } from "@reftable/reftable";

/** Adds commands to a transaction, one a line. */
export function addCommands(transaction: RefTransaction, commands: string): void {
  let noDeref = false;
  for (const line of commands.trimEnd().split("\n")) {
    if (line === "option no-deref") {
      noDeref = true;
      continue;
    }
    addCommand(transaction, line.split(" "), noDeref);
    noDeref = false;
  }
}

function addCommand(
  transaction: RefTransaction,
  [command, refname = "", ...rest]: string[],
  noDeref: boolean,
): void {
  const [first = "", second] = rest;
  switch (command) {
    case "create":
      return transaction.create(refname, first, { noDeref });
    case "update":
      return transaction.update(refname, first, { noDeref, expect: second });
    case "delete":
      return transaction.delete(refname, { noDeref, expect: first || undefined });
    case "verify":
      return transaction.verify(refname, first || "0".repeat(40), { noDeref });
    case "symref-create":
      return transaction.createSymref(refname, first, { noDeref });
    case "symref-update": {
      const [, kind, old] = rest;
      const expected = kind === "oid" ? { expect: old } : { expectTarget: old };
      return transaction.updateSymref(refname, first, { noDeref, ...expected });
    }
    case "symref-delete":
      return transaction.deleteSymref(refname, { expectTarget: first || undefined });
    case "symref-verify":
      return transaction.verifySymref(refname, first || undefined);
    default:
      throw new Error(`unknown command: ${command}`);
  }
}
