import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { GitRepo, gitTest } from "../peers/git.ts";
import { main } from "../../src/cli/main.ts";
import { CLI } from "./run_cli.ts";
import { CapturedSystem } from "./run_main.ts";

const CONFIG = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A name that is a command to a shell that takes it for one. */
const TRAP = "refs/heads/$(touch${IFS}trapped)";

async function completion(shell: string): Promise<string> {
  const system = new CapturedSystem();
  assertEquals(await main(["completion", shell], system), 0);
  return system.written("stdout");
}

/** What bash offers when the last of some words is to be completed. */
async function offered(cwd: string, words: readonly string[]): Promise<string[]> {
  const script =
    `reftable() { "$DENO" run --quiet --no-prompt --allow-read --config "$CONFIG" "$CLI" "$@"; }
${await completion("bash")}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_reftable 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"
`;
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", "reftable", ...words],
    cwd,
    env: { DENO: Deno.execPath(), CONFIG, CLI },
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").sort();
}

function hasBash(): boolean {
  try {
    return new Deno.Command("bash", { args: ["-c", "true"] }).outputSync().success;
  } catch {
    return false;
  }
}

if (hasBash()) {
  gitTest(
    "bash completes commands, options and refs, and runs nothing that stands in names",
    async () => {
      await using repo = await GitRepo.create();
      await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
      await repo.ok(["update-ref", "--stdin"], { stdin: `create ${TRAP} HEAD\n` });
      const cases: readonly [words: string[], choices: string[]][] = [
        [["re"], ["reflog", "refs", "repair"]],
        [["--gi"], ["--git-dir="]],
        [["refs", "mi"], ["migrate"]],
        [["refs", "refs"], []],
        [["-C", ".", "refs", "migrate", "--ref"], ["--ref-format", "--reflog"]],
        [["update-ref", "--st"], ["--stdin"]],
        [["update-ref", "refs/heads/ma"], ["refs/heads/main"]],
        [["reflog", "show", "refs/heads/m"], ["refs/heads/main"]],
        [["show-ref", "refs/"], [
          "refs/heads/\\$\\(touch\\$\\{IFS\\}trapped\\)",
          "refs/heads/main",
        ]],
        [["frob", "x"], []],
      ];
      for (const [words, choices] of cases) {
        assertEquals(await offered(repo.dir, words), choices, words.join(" "));
      }
      const names = [...Deno.readDirSync(repo.dir)].map(({ name }) => name);
      assertEquals(names, [".git"]);
    },
  );
}

Deno.test("completion knows all commands in each shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await completion(shell);
    for (const word of ["for-each-ref", "repair", "break-locks", "rename", "expire-unreachable"]) {
      assert(text.includes(word), `${shell} ${word}`);
    }
  }
});
