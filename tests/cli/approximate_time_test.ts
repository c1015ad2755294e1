import { assertEquals } from "@std/assert";
import { parseApproximateTime, parseExpiryTime } from "../../src/cli/approximate_time.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

const TEXTS = [
  "now",
  "today",
  "5 seconds ago",
  "5.seconds.ago",
  "10.minutes.ago",
  "yesterday",
  "3.days.ago",
  "12:34:56.3.days.ago",
  "3.weeks.ago",
  "3.months.ago",
  "2.years.3.months.ago",
  "6am yesterday",
  "6pm yesterday",
  "3:00",
  "15:00",
  "noon today",
  "today at noon",
  "noon yesterday",
  "last Friday at noon",
  "tea last saturday",
  "January 5th noon pm",
  "January 5th today pm",
  "10am noon",
  "January 5th yesterday",
  "last tuesday",
  "July 5th",
  "06/05/2009",
  "06.05.2009",
  "Jan 5 today",
  "Jun 6, 5AM",
  "5AM Jun 6",
  "6AM, June 7, 2009",
  "2008-12-01",
  "2009-12-01",
  "2000 +0000",
  "@2000 +0000",
  "5 days ago",
  "10.days",
  "2 months ago",
  "3 fridays ago",
  "last week",
  "one year ago",
  "ten minutes ago",
  "Nov 5",
  "5 Nov 2010",
  "Nov 5 10:30",
  "10:30 yesterday",
  "12/25",
  "25.12.",
  "25.12.2008",
  "2008-13-01",
  "31/12/2008",
  "noon",
  "midnight",
  "tea",
  "3pm",
  "11am",
  "@1234567890",
  "1234567890",
  "123456789",
  "2009",
  "2009-08",
  "15",
  "garbage",
  "",
  "two",
  "-1",
  "1.5",
  "august",
  "friday",
  "next friday",
  "6 months",
  "10 years ago",
  "2008-02-14 20:30:45 -0500",
  "Thu, 7 Apr 2005 15:14:13 -0700",
  "20080214T203045",
  "2008-02-14T20:30:45Z",
  "2008-02-14 20:30",
  "1.hour.ago",
  "2.hours.30.minutes.ago",
  "90.days.ago",
  "last month",
  "last year",
  "yesterday noon",
  "2 weeks ago friday",
];

/** A day in summer, the morning before, two days later, a leap day, the end of a month. */
const PRESENTS = [1_251_660_000, 1_251_616_800, 1_251_789_600, 1_709_164_800, 1_711_850_400];

gitTest("parseApproximateTime() guesses what git guesses", async () => {
  await using repo = await GitRepo.create({ bare: true });
  // Days begin at midnight here.
  const TZ = Deno.env.get("TZ") ?? ":/etc/localtime";
  for (const now of PRESENTS) {
    for (const text of TEXTS) {
      const env = { GIT_TEST_DATE_NOW: `${now}`, TZ };
      const { stdout } = repo.runSync(["rev-parse", `--since=${text}`], { env });
      assertEquals(
        `--max-age=${parseApproximateTime(text, now) ?? now}\n`,
        stdout,
        `${text} ${now}`,
      );
    }
  }
});

Deno.test("parseApproximateTime() tells when nothing is about time", () => {
  for (const text of ["", "garbage", " - ", "ago"]) {
    assertEquals(parseApproximateTime(text, 5), undefined);
  }
});

Deno.test("parseExpiryTime() knows all and nothing", () => {
  const texts = ["never", "false", "now", "all", "@7 +0000", "garbage"];
  const times = texts.map((text) => parseExpiryTime(text, 1_700_000_000));
  assertEquals(times, [0, 0, Infinity, Infinity, 7, undefined]);
});
