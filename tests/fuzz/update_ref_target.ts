import { assert } from "@std/assert";
import { MemoryFileSystem, type RefStore, ReftableError, verifyStack } from "@reftable/reftable";
import { Context } from "../../src/cli/context.ts";
import { Failure } from "../../src/cli/failure.ts";
import { updateFromStdin } from "../../src/cli/update_ref_stdin.ts";
import { CapturedSystem } from "../cli/run_main.ts";
import { makeRepository, openStore, REPOSITORY } from "../faults/memory_repository.ts";
import { mutateText } from "./mutate_text.ts";
import { file, type Target } from "./target.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const ZERO = "0".repeat(40);

const SOUND = `start
create refs/heads/a ${A}
create "refs/heads/\\303\\251" ${B}
update refs/heads/a ${B} ${A}
verify refs/heads/b ${ZERO}
option no-deref
symref-create refs/heads/s refs/heads/a
symref-update refs/heads/s refs/heads/b ref refs/heads/a
delete refs/heads/a ${B}
prepare
commit
start
symref-delete refs/heads/s
abort
create refs/heads/z ${A}
`;

const WORDS = [
  ...[
    A,
    B,
    ZERO,
    "refs/heads/a",
    "refs/heads/a/b",
    "HEAD",
    "@{-1}",
    "refs/heads/a~1",
    "oid",
    "ref",
  ],
  ...[
    "start",
    "prepare",
    "commit",
    "abort",
    "create",
    "delete",
    "verify",
    "option no-deref",
    '"',
    "\\",
  ],
  ...[
    '"\\777"',
    '"refs/heads/x"',
    "refs/heads/.x",
    "refs/heads/x.lock",
    "symref-verify",
    " ",
    "  ",
  ],
];

/** A context whose refs are in memory. */
class MemoryContext extends Context {
  readonly #store: RefStore;

  constructor(system: CapturedSystem, store: RefStore) {
    super(system, {
      directories: [],
      gitDir: undefined,
      workTree: undefined,
      bare: false,
      config: [],
    });
    this.#store = store;
  }

  override refs(): Promise<RefStore> {
    return Promise.resolve(this.#store);
  }
}

/** What stands on the standard input of `update-ref --stdin`. */
export const updateRefTarget: Target = {
  name: "update-ref",
  weight: 2,
  make(random) {
    const stdin = mutateText(file(SOUND), random, WORDS);
    const isNul = random.oneIn(4);
    // With NULs, words are divided by them too.
    return isNul ? { nul: stdin.map((byte) => byte === 10 || byte === 32 ? 0 : byte) } : { stdin };
  },
  async check({ stdin, nul }) {
    const fileSystem = new MemoryFileSystem();
    makeRepository(fileSystem, "reftable");
    await using store = await openStore({ fileSystem });
    const system = new CapturedSystem({ stdin: stdin ?? nul ?? "" });
    const terminator = nul ? "\0" : "\n";
    try {
      const context = new MemoryContext(system, store);
      await updateFromStdin(context, {}, { terminator, allowRejections: false });
    } catch (error) {
      assert(error instanceof Failure || error instanceof ReftableError, `${error}`);
    }
    const directory = `${REPOSITORY}/reftable`;
    const { problems } = await verifyStack(directory, { fileSystem });
    const bad = problems.filter(({ severity }) => severity !== "info");
    assert(bad.length === 0, JSON.stringify(bad));
    const left = fileSystem.listSync(directory).filter(({ name }) => /lock|temp/.test(name));
    assert(left.length === 0, JSON.stringify(left));
  },
};
