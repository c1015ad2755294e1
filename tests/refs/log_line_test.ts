import { assertEquals } from "@std/assert";
import { formatKeptLine, formatLogLine, parseLogLine } from "../../src/refs/log_line.ts";
import type { ReflogEntry } from "../../src/refs/reflog_entry.ts";
import { GitRepo, gitTest } from "../peers/git.ts";
import { COMMITTER, makeCommits } from "./open_backend.ts";

const A = "0123456789abcdef0123456789abcdef01234567";
const B = "89abcdef0123456789abcdef0123456789abcdef";

const ENTRY: ReflogEntry = { oldOid: A, newOid: B, ...COMMITTER, message: "why\n" };
const LINE = `${A} ${B} C O Mitter <c@example.com> 1700000000 -0730\twhy`;

Deno.test("parseLogLine() and formatLogLine() are each other's opposite", () => {
  const cases: readonly (readonly [string, Partial<ReflogEntry>])[] = [
    [LINE, {}],
    [LINE.replace("\twhy", ""), { message: "\n" }],
    [LINE.replace("why", "a\tb").replace("\tb", " b"), { message: "a b\n" }],
    [LINE.replace("-0730", "+0000"), { tzOffset: 0 }],
    [LINE.replace("-0730", "+1345"), { tzOffset: 1345 }],
    [LINE.replace("-0730", "-0001"), { tzOffset: -1 }],
    [LINE.replace("C O Mitter", ""), { name: "" }],
    [LINE.replace("c@example.com", ""), { email: "" }],
    [LINE.replace("C O Mitter", "Ä\udcff"), { name: "Ä\udcff" }],
  ];
  for (const [line, more] of cases) {
    const entry = { ...ENTRY, ...more };
    assertEquals(parseLogLine(line, 40), entry, line);
    assertEquals(formatLogLine(entry), `${line}\n`);
  }
  const long = LINE.replace(A, A + A.slice(0, 24)).replace(B, B + B.slice(0, 24));
  assertEquals(parseLogLine(long, 64)?.oldOid, A + A.slice(0, 24));
  assertEquals(parseLogLine(LINE.toUpperCase(), 40)?.newOid, B);
});

Deno.test("parseLogLine() passes lines over that make no sense", () => {
  const bad = [
    "",
    LINE.slice(1),
    LINE.replace(" ", "  "),
    LINE.replace("> ", ">"),
    LINE.replace("1700000000", "now"),
    LINE.replace("1700000000", "0"),
    LINE.replace("-0730", "0730"),
    LINE.replace("-0730", "-073"),
  ];
  for (const line of bad) assertEquals(parseLogLine(line, 40), undefined, line);
  assertEquals(parseLogLine(LINE, 64), undefined);
});

Deno.test("formatLogLine() leaves out what would end the line early", () => {
  const entry = { ...ENTRY, name: "a<b>\nc", email: "<d>\n", message: "one\ntwo \n\n" };
  const line = LINE.replace("C O Mitter", "abc").replace("c@example.com", "d");
  assertEquals(formatLogLine(entry), `${line.replace("why", "one two")}\n`);
});

gitTest("parseLogLine() and formatLogLine() take git's lines", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  const oids = await makeCommits(repo, 3);
  const messages = ["", "plain", "with  space\tand\nlines "];
  for (const [i, message] of messages.entries()) {
    const env = { GIT_COMMITTER_DATE: `170000000${i} +0${i}30`, GIT_COMMITTER_NAME: `N ${i}` };
    const reason = message === "" ? [] : ["-m", message];
    await repo.ok(["update-ref", ...reason, "refs/heads/main", oids[i]!], { env });
  }
  const text = await Deno.readTextFile(`${repo.gitDir}/logs/refs/heads/main`);
  const lines = text.split("\n").slice(0, -1);
  const entries = lines.map((line) => parseLogLine(line, 40)!);
  assertEquals(entries.map(({ message }) => message), ["\n", "plain\n", "with space and lines\n"]);
  assertEquals(entries.map(({ tzOffset }) => tzOffset), [30, 130, 230]);
  assertEquals(entries.map(formatLogLine).join(""), text);
  // What git shows of lines that we made.
  const ours = entries.map((entry, i) => formatLogLine({ ...entry, message: `message ${i}\n` }));
  await Deno.writeTextFile(`${repo.gitDir}/logs/refs/heads/main`, ours.join(""));
  const shown = await repo.ok(["log", "-g", "--date=raw", "--format=%gd %gn %gs", "main"]);
  assertEquals(shown.split("\n").slice(0, -1), [
    "main@{1700000002 +0230} N 2 message 2",
    "main@{1700000001 +0130} N 1 message 1",
    "main@{1700000000 +0030} N 0 message 0",
  ]);
});

gitTest(
  "parseLogLine() takes odd lines as git does, formatKeptLine() writes them as git does",
  async () => {
    await using repo = await GitRepo.create({ refFormat: "files" });
    const [a = "", b = ""] = await makeCommits(repo, 2);
    await repo.ok(["update-ref", "-m", "one", "refs/heads/main", b]);
    const start = `${a} ${b} N <e> 17000000`;
    const odd = [
      `${start}00 -0730\tplain`,
      `${start}01 +05301\tfive`,
      `${start}02 +0530 no tab`,
      `${start}03 -0000`,
      `${start}04 +0000\t`,
      `${start}05 +0000\ttwo \t spaces `,
      `${a} ${b} N <e>   1700000006 +0530\tindented`,
      `${a} ${b} N <e <f> 1700000007 +0530\ttwo addresses`,
      `${a.toUpperCase()} ${b} N <e> +1700000008 +0530\tsigned`,
      `${a} ${b}  <> 1700000009 +0530\tnobody`,
    ];
    const bad = [`${a}  ${b} N <e> 1700000010 +0000`, `${a} ${b} N <e> 0 +0000`, `${a} ${b} N e`];
    const lines = [...odd, ...bad];
    const log = `${repo.gitDir}/logs/refs/heads/main`;
    await Deno.writeTextFile(log, lines.map((line) => `${line}\n`).join(""));
    const entries = lines.map((line) => parseLogLine(line, 40));
    assertEquals(
      entries.map((entry) => entry !== undefined),
      lines.map((line) => odd.includes(line)),
    );
    await repo.ok([
      "reflog",
      "expire",
      "--expire=never",
      "--expire-unreachable=never",
      "refs/heads/main",
    ]);
    const kept = entries.filter((entry) => entry !== undefined).map(formatKeptLine).join("");
    assertEquals(kept, await Deno.readTextFile(log));
  },
);
