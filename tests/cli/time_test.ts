import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../src/cli/failure.ts";
import { parseTime } from "../../src/cli/time.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

const NOW = 1_700_000_000;

/** Times that mean the same everywhere. */
const TIMES: Readonly<Record<string, number>> = {
  "1600000000": 1_600_000_000,
  "@1600000000": 1_600_000_000,
  "10.seconds.ago": NOW - 10,
  "1.minute.ago": NOW - 60,
  "5 minutes ago": NOW - 300,
  "2.hours.ago": NOW - 7200,
  "1.day.ago": NOW - 86400,
  "90.days.ago": NOW - 90 * 86400,
  "3.weeks.ago": NOW - 21 * 86400,
  "2026-01-31T10:00:00Z": 1_769_853_600,
  "2026-01-31 10:00:00 +0100": 1_769_850_000,
  "2026-01-31T10:00:00+01:00": 1_769_850_000,
  "2026-01-31 10:00 -0730": 1_769_880_600,
};

Deno.test("parseTime() knows seconds, dates and times ago", () => {
  for (const [text, time] of Object.entries(TIMES)) assertEquals(parseTime(text, NOW), time, text);
  assertEquals(parseTime("0"), 0);
  assertEquals(parseTime("@5"), 5);
});

Deno.test("parseTime() knows when all is old, and when nothing is", () => {
  assertEquals([parseTime("now"), parseTime("all")], [Infinity, Infinity]);
  assertEquals([parseTime("never"), parseTime("false")], [0, 0]);
});

Deno.test("parseTime() takes dates without a zone as local ones", () => {
  assertEquals(parseTime("2026-01-31"), new Date(2026, 0, 31).getTime() / 1000);
  assertEquals(parseTime("2026-07-31 10:30"), new Date(2026, 6, 31, 10, 30).getTime() / 1000);
});

Deno.test("parseTime() counts from the present", () => {
  const before = Math.floor(Date.now() / 1000);
  const time = parseTime("1.hour.ago");
  const after = Math.floor(Date.now() / 1000);
  assertEquals(before <= time + 3600 && time + 3600 <= after, true);
});

gitTest("parseTime() means what git means", async () => {
  await using repo = await GitRepo.create({ bare: true });
  const months = ["1.month.ago", "3.months.ago", "14.months.ago", "1.year.ago", "2 years ago"];
  // The days of months and years are counted in local time.
  const TZ = Deno.env.get("TZ") ?? ":/etc/localtime";
  for (const now of [NOW, 1_711_843_200, 1_709_164_800]) {
    for (const text of [...Object.keys(TIMES), ...months]) {
      const env = { GIT_TEST_DATE_NOW: `${now}`, TZ };
      const { stdout } = repo.runSync(["rev-parse", `--since=${text}`], { env });
      assertEquals(`--max-age=${parseTime(text, now)}\n`, stdout, text);
    }
  }
});

Deno.test("parseTime() refuses what is no time", () => {
  const malformed = [
    ...["", " ", "soon", "-1", "1.5", "1e9", "0x10", "@", "@-5", "12:00", "3.days", "ago"],
    ...["3.moons.ago", "x.days.ago", "3..days.ago", "3.days.ago ", "3.toString.ago"],
    ...["2026-", "2026-1-5", "2026-01", "2026-13-01", "2026-01-31x", "2026-01-31 (x)"],
    ...["2026-01-31 10", "2026-01-31 25:00", "20260131T100000", "Now"],
  ];
  for (const text of malformed) {
    const error = assertThrows(() => parseTime(text, NOW), UsageError, undefined, text);
    assertEquals(error.message, `malformed time \`${text}'`);
  }
});
