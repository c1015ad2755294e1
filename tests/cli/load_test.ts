import { assert, assertEquals, assertMatch } from "@std/assert";
import { type LogRecord, type RefRecord, Table } from "@reftable/reftable";
import { assertRecords, fixture, fixtures, seeded } from "../fixtures.ts";
import { concat } from "../hand_made.ts";
import { countedStatistics, jobOf } from "../table/written.ts";
import { CLI, eachOf, reftable } from "./run_cli.ts";

/** A temporary directory in which `load` runs, removed on disposal. */
class Workplace implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "reftable-load-" });

  /** Starts `reftable`, which may read and write here only. */
  start(args: readonly string[], permissions?: readonly string[]): Deno.ChildProcess {
    const { path } = this;
    const all = permissions ?? [`--allow-read=${path}`, `--allow-write=${path}`];
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...all, CLI, ...args],
      cwd: path,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs `reftable load` with something on its standard input. */
  async load(
    args: readonly string[],
    input: string | Uint8Array<ArrayBuffer>,
    permissions?: readonly string[],
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = this.start(["load", ...args], permissions);
    const feed = async () => {
      try {
        await new Blob([input]).stream().pipeTo(child.stdin);
      } catch (error) {
        // What refuses its input need not read all of it.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    };
    const [{ code, stdout, stderr }] = await Promise.all([child.output(), feed()]);
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  }

  /** Runs `reftable load`, which must succeed and be silent, and gives the table. */
  async loaded(
    args: readonly string[],
    input: string | Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array> {
    const name = `${crypto.randomUUID()}.ref`;
    assertEquals(await this.load([...args, name], input), { code: 0, stdout: "", stderr: "" });
    return this.read(name);
  }

  read(name: string): Uint8Array<ArrayBuffer> {
    return Deno.readFileSync(`${this.path}/${name}`);
  }

  /** The names of all files. */
  get names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function lines({ refs = [], logs = [] }: {
  refs?: readonly RefRecord[];
  logs?: readonly LogRecord[];
}): string[] {
  return [
    ...refs.map((ref) => JSON.stringify({ type: "ref", ...ref })),
    ...logs.map((log) => JSON.stringify({ type: "log", ...log })),
  ].map((line) => `${line}\n`);
}

/** The options for which git wrote a table. */
function optionsOf(given: Parameters<typeof jobOf>[0]): string[] {
  const { options, minUpdateIndex, maxUpdateIndex } = jobOf(given);
  return [
    `--hash=${options.hash}`,
    `--block-size=${options.blockSize}`,
    `--restart-interval=${options.restartInterval}`,
    `--min-update-index=${minUpdateIndex}`,
    `--max-update-index=${maxUpdateIndex}`,
    ...(options.unpadded ? ["--unpadded"] : []),
    ...(options.skipIndexObjects ? ["--skip-index-objects"] : []),
    ...(options.exactLogMessage ? ["--exact-log-message"] : []),
  ];
}

Deno.test("dump --json and load copy git's tables byte for byte", async () => {
  using place = new Workplace();
  const given = fixtures().filter(({ name }) => name.startsWith("git/"));
  await eachOf(given, async (given) => {
    const { code, stdoutBytes } = await reftable(["dump", "--json", given.name]);
    assertEquals(code, 0);
    const bytes = await place.loaded(optionsOf(given), stdoutBytes);
    assertEquals(bytes.length, given.bytes.length, given.name);
    assert(bytes.every((byte, i) => byte === given.bytes[i]), given.name);
  });
  assertEquals(place.names.length, given.length);
});

Deno.test("dump --json and load copy the records of JGit's tables", async () => {
  using place = new Workplace();
  await eachOf(fixtures().filter(({ name }) => name.startsWith("jgit/")), async (given) => {
    const { stdoutBytes } = await reftable(["dump", "--json", given.name]);
    const bytes = await place.loaded(["--exact-log-message"], stdoutBytes);
    using table = Table.openSync(bytes);
    assertRecords(table.refs(), given.refs, given.name);
    assertRecords(table.logs(), given.logs, given.name);
  });
});

Deno.test("load takes lines in any order, of which the last may lack its end", async () => {
  using place = new Workplace();
  const given = fixture("git/mixed-4k.ref");
  const random = seeded(5);
  const shuffled = lines(given).map((line) => [random(1e9), line] as const)
    .sort(([a], [b]) => a - b).map(([, line]) => line);
  for (const input of [shuffled.join(""), shuffled.join("").trimEnd()]) {
    const bytes = await place.loaded(optionsOf(given), input.replaceAll("}\n", "}\r\n"));
    assert(
      bytes.every((byte, i) => byte === given.bytes[i]) && bytes.length === given.bytes.length,
    );
  }
});

Deno.test("load takes hash and limits from the records", async () => {
  using place = new Workplace();
  const range = async (args: readonly string[], input: string) => {
    using table = Table.openSync(await place.loaded(args, input));
    return [table.hash, table.minUpdateIndex, table.maxUpdateIndex];
  };
  const ref = (updateIndex: number) => ({ kind: "deletion", refname: "a", updateIndex } as const);
  const input = lines({ refs: [ref(7)], logs: [ref(3), ref(9)] }).join("");
  const { refs, logs } = fixture("git/sha256.ref");
  const at = ({ updateIndex }: { updateIndex: number }) => updateIndex;
  const direct = refs.find(({ kind }) => kind === "direct")!;
  const update = logs.find(({ kind }) => kind === "update")!;
  const cases: readonly [string[], string, unknown[]][] = [
    [[], "", ["sha1", 0, 0]],
    [["--hash=sha256"], "", ["sha256", 0, 0]],
    [["--min-update-index=4"], "", ["sha1", 4, 4]],
    [["--max-update-index=4"], "", ["sha1", 0, 4]],
    [[], input, ["sha1", 3, 9]],
    [["--min-update-index=5"], input, ["sha1", 5, 9]],
    [["--min-update-index", "0", "--max-update-index", "9007199254740991"], input, [
      "sha1",
      0,
      Number.MAX_SAFE_INTEGER,
    ]],
    [["--min-update-index=5"], lines({ logs: [ref(3)] }).join(""), ["sha1", 5, 5]],
    [["--hash=sha256"], input, ["sha256", 3, 9]],
    [[], lines({ refs: [ref(7), direct] }).join(""), [
      "sha256",
      Math.min(7, at(direct)),
      Math.max(7, at(direct)),
    ]],
    [[], lines({ logs: [ref(7), update] }).join(""), [
      "sha256",
      Math.min(7, at(update)),
      Math.max(7, at(update)),
    ]],
  ];
  await eachOf(cases, async ([args, input, expected]) => {
    assertEquals(await range(args, input), expected, args.join(" "));
  });
});

Deno.test("load makes an empty table of empty input", async () => {
  using place = new Workplace();
  const { bytes } = fixture("git/empty.ref");
  assertEquals(await place.loaded(["--min-update-index=1", "--max-update-index=1"], ""), bytes);
});

Deno.test("load writes names that are not UTF-8, escaped or as they are", async () => {
  using place = new Workplace();
  const ref = (
    refname: string,
  ) => ({ kind: "symref", refname, updateIndex: 1, target: refname } as const);
  const refs = [
    ref("refs/heads/\udcfc"),
    ref("refs/heads/\u{1d4b3}"),
    ref("refs/heads/\udced\udcb2"),
  ];
  refs.sort((a, b) => a.refname < b.refname ? -1 : 1);
  const escaped = await place.loaded([], lines({ refs }).join(""));
  const raw = concat(...refs.flatMap(({ refname }) => {
    const bytes = refname.isWellFormed()
      ? new TextEncoder().encode(refname)
      : Uint8Array.from(refname, (character) => character.charCodeAt(0) & 0xff);
    return [
      `{"type":"ref","kind":"symref","updateIndex":1,"refname":"`,
      bytes,
      '","target":"',
      bytes,
      '"}\n',
    ];
  }));
  assertEquals(await place.loaded([], raw), escaped);
  using table = Table.openSync(escaped);
  assertEquals(
    new Set(table.refs().map(({ refname }) => refname)),
    new Set(refs.map((ref) => ref.refname)),
  );
});

Deno.test("load --verbose prints the statistics", async () => {
  using place = new Workplace();
  for (const name of ["git/logs-heavy.ref", "git/log-only.ref"] as const) {
    const given = fixture(name);
    const args = ["-v", ...optionsOf(given), `${given.bytes.length}.ref`];
    const { code, stdout, stderr } = await place.load(args, lines(given).join(""));
    assertEquals([code, stderr], [0, ""]);
    const { size, blocks, objectIdLength, ...sections } = countedStatistics(given.bytes);
    let expected = `size: ${size}\nblocks: ${blocks}\nobject id length: ${objectIdLength}\n`;
    for (const section of ["refs", "objects", "logs", "indexes"] as const) {
      const { entries, restarts, blocks, indexBlocks, indexDepth, ...counts } = sections[section];
      expected += `${section}: entries ${entries}, restarts ${restarts}, blocks ${blocks}, ` +
        `index blocks ${indexBlocks}, index depth ${indexDepth}, ` +
        `offset ${counts.offset}, index offset ${counts.indexOffset}\n`;
    }
    assertEquals(stdout, expected);
  }
});

const GOOD = lines({ refs: [{ kind: "deletion", refname: "refs/heads/a", updateIndex: 3 }] })[0]!;

Deno.test("load tells which line is no record, and leaves nothing behind", async () => {
  using place = new Workplace();
  const cases: readonly [string | Uint8Array<ArrayBuffer>, RegExp][] = [
    ["words\n", /^error: Cannot read line 1 as a record: .*JSON.*\n$/],
    ["\n", /line 1 as/],
    [`${GOOD}\n${GOOD}`, /line 2 as/],
    [`${GOOD}${GOOD.trimEnd()}${GOOD}`, /line 2 as/],
    [`${GOOD}${GOOD}{"type":"ref"}`, /line 3 as a record: its kind is missing/],
    [GOOD.repeat(2999) + GOOD.replace("3", '"3"'), /line 3000 as a record: its updateIndex is "3"/],
    [GOOD.replace("ref", "tag"), /line 1 as a record: its type is "tag"/],
    [`\ufeff\ufeff${GOOD}`, /line 1 as/],
    [concat(GOOD, [0xff, 0xfe, 0x0a]), /line 2 as/],
    [concat(GOOD, [0]), /line 2 as/],
  ];
  await eachOf(cases, async ([input, message]) => {
    const { code, stdout, stderr } = await place.load(["out.ref"], input);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, message);
    assertMatch(stderr, /^error: [^\n]+\n$/);
  });
  assertEquals(place.names, []);
});

Deno.test("load tells what no table can have, and leaves nothing behind", async () => {
  using place = new Workplace();
  const { refs } = fixture("git/one-ref.ref");
  const direct = lines({ refs })[0]!;
  const long = GOOD.replace("refs/heads/a", "x".repeat(5000));
  const cases: readonly [string[], string, RegExp][] = [
    [[], GOOD + GOOD, /ref "refs\/heads\/a": its key is not above/],
    [["--min-update-index=4"], GOOD, /its update index is 3, the limits are 4 to 4/],
    [["--max-update-index=2"], GOOD, /limits: 3 to 2 is no range/],
    [["--min-update-index=5", "--max-update-index=4"], "", /limits: 5 to 4 is no range/],
    [[], GOOD.replace("3", "3.5"), /3.5 to 3.5 is no range/],
    [[], GOOD.replace("3", "1e999"), /Infinity is no range/],
    [[], GOOD.replace("3", "-3"), /-3 to 0 is no range/],
    [["--hash=sha256"], direct, /is not 64 hexadecimal digits/],
    [[], GOOD + long, /does not fit into a block of 4096 bytes/],
    [["--block-size=40"], GOOD, /does not fit into a block of 40 bytes/],
    [["--block-size=16777216"], GOOD, /block size is 16777216, expected 1 to 16777215/],
    [["--restart-interval=65536"], GOOD, /restart interval is 65536, expected 1 to 65535/],
  ];
  await eachOf(cases, async ([args, input, message]) => {
    const { code, stdout, stderr } = await place.load([...args, "out.ref"], input);
    assertEquals([code, stdout], [1, ""], args.join(" "));
    assertMatch(stderr, /^error: Cannot write [^\n]+\n$/);
    assertMatch(stderr, message);
  });
  assertEquals(place.names, []);
});

Deno.test("load refuses a wrong command line with the usage", async () => {
  using place = new Workplace();
  const cases: readonly [string[], string][] = [
    [[], "a path is missing"],
    [["a", "b"], "unexpected argument `b'"],
    [["--frob", "a"], "unknown option `frob'"],
    [["--block-size", "b", "a"], "option `block-size' expects a number, not `b'"],
    [["--block-size=-1", "a"], "option `block-size' expects a number, not `-1'"],
    [["--block-size=", "a"], "option `block-size' expects a number, not `'"],
    [["--restart-interval=1.5", "a"], "option `restart-interval' expects a number, not `1.5'"],
    [["--min-update-index=0x10", "a"], "option `min-update-index' expects a number, not `0x10'"],
    [
      ["--max-update-index=9007199254740992", "a"],
      "option `max-update-index' expects a number, not `9007199254740992'",
    ],
    [["--hash=md5", "a"], "option `hash' expects sha1 or sha256, not `md5'"],
    [["--unpadded=yes", "a"], "option `unpadded' takes no value"],
    [["a", "--max-update-index"], "option `max-update-index' requires a value"],
  ];
  await eachOf(cases, async ([args, message]) => {
    const { code, stdout, stderr } = await place.load(args, "");
    assertEquals([code, stdout], [129, ""], args.join(" "));
    // Of a value that is too much or missing Git says no more, and neither do we.
    const usage = /takes no value|requires a value/.test(message) ? "" : "usage: reftable load ";
    const expected = `error: ${message}\n${usage}`;
    assertEquals(stderr.slice(0, expected.length), expected);
    assertEquals(stderr.length === expected.length, usage === "");
  });
  assertEquals(place.names, []);
});

Deno.test("load replaces a table only with --force", async () => {
  using place = new Workplace();
  Deno.writeTextFileSync(`${place.path}/out.ref`, "old");
  const refused = await place.load(["out.ref"], GOOD);
  assertEquals(refused, {
    code: 1,
    stdout: "",
    stderr: 'error: Cannot write "out.ref": it exists already\n',
  });
  assertEquals(place.read("out.ref"), new TextEncoder().encode("old"));
  // What cannot be written replaces nothing.
  assertEquals((await place.load(["--force", "out.ref"], GOOD + GOOD)).code, 1);
  assertEquals(place.read("out.ref"), new TextEncoder().encode("old"));
  const expected = await place.loaded([], GOOD);
  for (const force of ["--force", "-f"]) {
    Deno.writeTextFileSync(`${place.path}/out.ref`, "old");
    assertEquals(await place.load([force, "out.ref"], GOOD), { code: 0, stdout: "", stderr: "" });
    assertEquals(place.read("out.ref"), expected);
  }
  assertEquals(place.names.length, 2);
});

Deno.test("load tells where it cannot write, and leaves nothing behind", async () => {
  using place = new Workplace();
  Deno.mkdirSync(`${place.path}/directory`);
  Deno.writeTextFileSync(`${place.path}/file`, "");
  const read = `--allow-read=${place.path}`;
  const cases: readonly [string[], RegExp, string[]?][] = [
    [["missing/out.ref"], /"missing\/out\.ref.*": it does not exist/],
    [["file/out.ref"], /"file\/out\.ref/],
    [["directory"], /"directory": it exists already/],
    [["--force", "directory"], /directory/],
    [["out.ref"], /permission is missing, run again with --allow-read/, []],
    [["out.ref"], /permission is missing, run again with --allow-write/, [read]],
  ];
  await eachOf(cases, async ([args, message, permissions]) => {
    const { code, stdout, stderr } = await place.load(args, GOOD, permissions);
    assertEquals([code, stdout], [1, ""], args.join(" "));
    assertMatch(stderr, /^error: Cannot [^\n]+\n$/);
    assertMatch(stderr, message);
  });
  assertEquals(place.names, ["directory", "file"]);
  assertEquals([...Deno.readDirSync(`${place.path}/directory`)], []);
});

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `load leaves nothing behind when ${signal} ends it`,
    ignore: Deno.build.os === "windows",
    async fn() {
      using place = new Workplace();
      const child = place.start(["load", "--verbose", "out.ref"]);
      const writer = child.stdin.getWriter();
      // More than a pipe holds: when it is written, the command reads.
      await writer.write(new TextEncoder().encode(GOOD.repeat(5000)));
      child.kill(signal);
      const { code: actual, stdout } = await child.output();
      assertEquals([actual, stdout.length, place.names], [code, 0, []]);
      await writer.abort().catch(() => {});
    },
  });
}
