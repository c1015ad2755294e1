import { copy, ensureDir } from "@std/fs";
import { fromFileUrl, join } from "@std/path";
import { countKinds, DATA_VERSION, type DataRef, type DataTag, makeRefs } from "./data_refs.ts";
import type { Git } from "./git.ts";
import { Random } from "./random.ts";

/** Ignored folder for what the benchmark reads. */
const DATA_DIR = fromFileUrl(new URL(".data", import.meta.url));

/** How many refs, drawn at random and some more than once, lookups ask for. */
const SAMPLE_SIZE = 100_000;

/** What the benchmark reads: the same refs as git keeps them in files and in a reftable. */
export interface Data {
  /** How many refs there are, besides HEAD. */
  readonly refs: number;
  /** The folder of it all; cases may keep files of theirs here. */
  readonly dir: string;
  /** A bare repository with all refs in `packed-refs`. */
  readonly filesRepo: string;
  /** The size of its `packed-refs` in bytes. */
  readonly packedRefsSize: number;
  /** A bare repository with all refs in one table. */
  readonly reftableRepo: string;
  /** That table. */
  readonly table: string;
  /** Its size in bytes. */
  readonly tableSize: number;
  /** The version of the git that wrote it. */
  readonly writtenBy: string;
  /** Refs to look up. */
  readonly sample: readonly DataRef[];
}

/** HEAD leads to a branch that is there; nothing is copied from the machine's templates. */
const INIT_OPTIONS = ["-q", "--bare", "--initial-branch=main", "--template="];

interface Manifest {
  readonly version: number;
  readonly git: string;
}

/**
 * Gives the data with some number of refs, made at the first time.
 *
 * @param refs How many refs.
 * @param git Who writes them.
 * @param report Called before something that takes seconds.
 */
export async function openData(
  refs: number,
  git: Git,
  report: (message: string) => void,
): Promise<Data> {
  const dir = join(DATA_DIR, `${refs}`);
  let manifest = await readManifest(dir);
  if (manifest?.version !== DATA_VERSION) {
    report(`making ${refs} refs in ${dir}`);
    await removeIfAny(dir);
    // What is not finished has another name.
    const unfinished = `${dir}.unfinished`;
    await removeIfAny(unfinished);
    await ensureDir(unfinished);
    manifest = await makeData(unfinished, refs, git);
    await Deno.rename(unfinished, dir);
  }
  const filesRepo = join(dir, "files.git");
  const reftableRepo = join(dir, "reftable.git");
  const table = await onlyTable(join(reftableRepo, "reftable"));
  return {
    refs,
    dir,
    filesRepo,
    packedRefsSize: (await Deno.stat(join(filesRepo, "packed-refs"))).size,
    reftableRepo,
    table,
    tableSize: (await Deno.stat(table)).size,
    writtenBy: manifest.git,
    sample: JSON.parse(await Deno.readTextFile(join(dir, "sample.json"))),
  };
}

async function makeData(dir: string, refs: number, git: Git): Promise<Manifest> {
  const filesRepo = join(dir, "files.git");
  await git.run(["init", ...INIT_OPTIONS, "--ref-format=files", filesRepo]);
  const tags = await makeTags(dir, filesRepo, countKinds(refs).tags, git);
  const all = makeRefs(refs, tags);
  const reftableRepo = join(dir, "reftable.git");
  await makeReftable(dir, filesRepo, reftableRepo, all, git);
  await writePackedRefs(filesRepo, all);

  const random = new Random(1);
  const sample = Array.from({ length: SAMPLE_SIZE }, () => random.pick(all));
  await Deno.writeTextFile(join(dir, "sample.json"), JSON.stringify(sample));
  const manifest: Manifest = { version: DATA_VERSION, git: git.version };
  await Deno.writeTextFile(join(dir, "manifest.json"), JSON.stringify(manifest));
  return manifest;
}

/** Makes annotated tags of as many commits, and keeps the objects in a repository. */
async function makeTags(
  dir: string,
  repo: string,
  count: number,
  git: Git,
): Promise<DataTag[]> {
  const scratch = join(dir, "tags.git");
  await git.run(["init", ...INIT_OPTIONS, "--ref-format=reftable", scratch]);
  const stdin = join(dir, "input.txt");
  await Deno.writeTextFile(stdin, importStream(count));
  await git.run(["fast-import", "--quiet"], { cwd: scratch, stdin });
  const format = "--format=%(objectname) %(*objectname)";
  const listing = await git.run(["for-each-ref", format, "refs/tags"], { cwd: scratch });
  await Deno.remove(join(repo, "objects"), { recursive: true });
  await Deno.rename(join(scratch, "objects"), join(repo, "objects"));
  await Deno.remove(scratch, { recursive: true });
  await Deno.remove(stdin);
  return listing.trim().split("\n").map((line) => {
    const [oid = "", peeled = ""] = line.split(" ");
    return { oid, peeled };
  });
}

/**
 * Lets git write the table. A migration takes ids of objects that are nowhere, but it does not store
 * what tags peel to; a transaction does, and wants the objects. So git writes a table in
 * each way, and makes one of both.
 */
async function makeReftable(
  dir: string,
  filesRepo: string,
  repo: string,
  refs: readonly DataRef[],
  git: Git,
): Promise<void> {
  const { tags = [], others = [] } = Object.groupBy(
    refs,
    (ref) => ref.peeled === undefined ? "others" : "tags",
  );
  await copy(filesRepo, repo);
  await writePackedRefs(repo, others);
  await git.run(["refs", "migrate", "--ref-format=reftable"], { cwd: repo });
  const stdin = join(dir, "input.txt");
  const lines = tags.map(({ refname, oid }) => `create ${refname} ${oid}\n`);
  await Deno.writeTextFile(stdin, lines.join(""));
  await git.run(["update-ref", "--stdin"], { cwd: repo, stdin });
  await Deno.remove(stdin);
  await git.run(["refs", "optimize"], { cwd: repo });
}

function importStream(count: number): string {
  const person = "C O Mitter <c@example.com> 1700000000 +0000";
  const lines: string[] = [];
  for (let i = 1; i <= count; i++) {
    const message = `data ${`${i}`.length}\n${i}`;
    lines.push("commit refs/heads/main", `mark :${i}`, `committer ${person}`, message);
    lines.push(`tag ${i}`, `from :${i}`, `tagger ${person}`, message);
  }
  return lines.map((line) => `${line}\n`).join("");
}

async function writePackedRefs(repo: string, refs: readonly DataRef[]): Promise<void> {
  const lines = ["# pack-refs with: peeled fully-peeled sorted "];
  for (const { refname, oid, peeled } of refs) {
    lines.push(`${oid} ${refname}`);
    if (peeled !== undefined) lines.push(`^${peeled}`);
  }
  await Deno.writeTextFile(join(repo, "packed-refs"), lines.join("\n") + "\n");
}

async function readManifest(dir: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(join(dir, "manifest.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function onlyTable(stack: string): Promise<string> {
  const names = (await Deno.readTextFile(join(stack, "tables.list"))).trim().split("\n");
  const [name] = names;
  if (!name || names.length > 1) {
    throw new Error(`Cannot use "${stack}": expected one table, found ${names.join(", ")}`);
  }
  return join(stack, name);
}

async function removeIfAny(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
