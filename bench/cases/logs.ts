import { join } from "@std/path";
import { type LogRecord, Stack } from "../../mod.ts";
import { type Case, type Context, expectCount, timeEach } from "../case.ts";
import { compareProcesses, reftable } from "../process.ts";
import { Random } from "../random.ts";
import { presentObject } from "../scratch.ts";
import { lendObjects, template } from "../templates.ts";

/** So many refs have so many entries each: a million. */
const REFS = 10_000;
const ENTRIES = 100;

/** How many logs a round looks into. */
const SAMPLE = 2000;

const PERSON = { name: "C O Mitter", email: "committer@example.com" };

/** The newest entry of one ref, for who asks again and again. */
export const newestEntry: Case = {
  name: "log-newest",
  description: "newest log entry of a random ref, one of a million entries",
  unit: "µs",
  async start(context) {
    const stack = await Stack.open(join(await millionEntries(context), "reftable"));
    const random = new Random(4);
    const names = Array.from({ length: SAMPLE }, () => refnameOf(random.below(REFS)));
    return {
      ours: () =>
        timeEach("µs", SAMPLE, () => {
          for (const name of names) expectCount(stack.log(name)!.updateIndex, ENTRIES);
        }),
      [Symbol.dispose]: () => stack[Symbol.dispose](),
    };
  },
};

/** All entries of one ref as text. */
export const wholeLog: Case = {
  name: "log-whole",
  description: "reflog show: 100 entries of one ref, among a million",
  unit: "ms",
  async start(context) {
    const repo = await millionEntries(context);
    const args = ["reflog", "show", refnameOf(REFS / 2)];
    return compareProcesses(reftable({ repo }, args), context.git.command(args, { cwd: repo }));
  },
};

function refnameOf(number: number): string {
  return `refs/heads/topic-${String(number).padStart(5, "0")}`;
}

/** A repository whose logs have a million entries. */
function millionEntries(context: Context): Promise<string> {
  const { data, git } = context;
  return template(context, "million-entries", async (path) => {
    const oid = await presentObject(data, git);
    const options = ["-q", "--bare", "--initial-branch=main", "--template="];
    await git.run(["init", ...options, "--ref-format=reftable", path]);
    await lendObjects(data.reftableRepo, path);
    await using stack = await Stack.open(join(path, "reftable"));
    await stack.add((writer) => {
      const updateIndex = stack.nextUpdateIndex;
      writer.setLimits(updateIndex, Math.max(updateIndex, ENTRIES));
      for (let i = 0; i < REFS; i++) {
        writer.addRef({ kind: "direct", refname: refnameOf(i), updateIndex, oid });
      }
      for (let i = 0; i < REFS; i++) {
        for (const log of entriesOf(refnameOf(i), oid)) writer.addLog(log);
      }
    });
    await stack.compact();
  });
}

function* entriesOf(refname: string, oid: string): Generator<LogRecord> {
  for (let updateIndex = ENTRIES; updateIndex >= 1; updateIndex--) {
    yield {
      kind: "update",
      refname,
      updateIndex,
      oldOid: updateIndex === 1 ? "0".repeat(40) : oid,
      newOid: oid,
      ...PERSON,
      time: 1_700_000_000 + updateIndex,
      tzOffset: 100,
      message: `commit: change number ${updateIndex}\n`,
    };
  }
}
