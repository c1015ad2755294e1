import { fromFileUrl, join } from "@std/path";
import type { Case } from "../case.ts";
import { compareProcesses, deno } from "../process.ts";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const VERIFY = fromFileUrl(new URL("../processes/verify.ts", import.meta.url));

/** All refs as text. */
export const list: Case = {
  name: "list",
  description: "dump --refs, for-each-ref: list all refs",
  unit: "ms",
  aim: { ratio: 0.4 },
  async start({ data, git }) {
    if (!await exists(CLI)) return { skipped: "there is no cli.ts" };
    const ours = deno([`--allow-read=${data.dir}`], [CLI, "dump", "--refs", data.reftableRepo]);
    const args = ["for-each-ref", "--format=%(objectname) %(refname)"];
    return compareProcesses(ours, git.command(args, { cwd: data.reftableRepo }));
  },
};

/** Many exact names at once: git answers these only where a transaction checks them. */
export const verify: Case = {
  name: "verify",
  description: "Table.ref(), update-ref --stdin: verify 100,000 random refs",
  unit: "ms",
  async start({ data, git }) {
    const stdin = join(data.dir, "verify.txt");
    const lines = data.sample.map(({ refname, oid }) => `verify ${refname} ${oid}\n`);
    // A transaction names each ref once.
    await Deno.writeTextFile(stdin, [...new Set(lines)].join(""));
    const ours = deno([`--allow-read=${data.dir}`], [VERIFY, data.table, stdin]);
    const args = ["update-ref", "--stdin"];
    return compareProcesses(ours, git.command(args, { cwd: data.reftableRepo, stdin }));
  },
};

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
