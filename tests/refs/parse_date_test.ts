import { assert, assertEquals } from "@std/assert";
import { parseDate } from "../../src/refs/identity.ts";
import { seeded } from "../fixtures.ts";
import { gitTest, peer } from "../peers/git.ts";

/** Dates, and the seconds and zone they mean; nothing when they are refused. */
const DATES: Readonly<Record<string, [time: number, tzOffset: number] | undefined>> = {
  "1700000000 -0730": [1700000000, -730],
  "@1700000000 -0730": [1700000000, -730],
  "@0 +0000": [0, 0],
  "@5 -0000": [5, 0],
  "@5 +9999": [5, 10039],
  "@99999999999 +1400": [99999999999, 1400],
  "100000000 +0545": [100000000, 545],
  "4102444799 +0000": [4102444799, 0],
  "Thu, 07 Apr 2005 22:13:13 +0200": [1112904793, 200],
  "Thu, 7 Apr 2005 22:13:13 +0200": [1112904793, 200],
  "7 apr 2005 22:13 GMT": [1112911980, 0],
  "Thu Apr 7 22:13:13 2005 -0130": [1112917393, -130],
  "2005-04-07T22:13:13+02:00": [1112904793, 200],
  "2005-04-07 22:13:13 +0200": [1112904793, 200],
  "2005-04-07T22:13:13.019Z": [1112911993, 0],
  "2005-04-07T22:13:13-05": [1112929993, -500],
  "2005.04.07T22:13:13 UTC": [1112911993, 0],
  "2005/04/07 22:13 +0000": [1112911980, 0],
  "20050407T221313Z": [1112911993, 0],
  "20050407T221313+0130": [1112906593, 130],
  "2099-12-31T23:59:59Z": [4102444799, 0],
  "1970-01-01T00:00:00Z": [0, 0],
  "": undefined,
  "now": undefined,
  "yesterday": undefined,
  "5 +0000": undefined,
  "@5": undefined,
  "@5 0000": undefined,
  "@-5 +0000": undefined,
  "1700000000 +2400": undefined,
  "1700000000 +0060": undefined,
  "1700000000 +01": undefined,
  "4102444800 +0000": undefined,
  "@9007199254740993 +0000": undefined,
  "2005-04-07": undefined,
  "2005-02-29T00:00:00Z": undefined,
  "2005-13-01T00:00:00Z": undefined,
  "2005-04-07T24:00:00Z": undefined,
  "2005-04-07T22:60:00Z": undefined,
  "2005-04-07T22:13:13+24:00": undefined,
  "2100-01-01T00:00:00Z": undefined,
  "1969-12-31T23:59:59Z": undefined,
  "1970-01-01T00:00:00+01:00": undefined,
  "2005-04.07T22:13:13Z": undefined,
  "2005-04-07T22:13:13 CEST": undefined,
  "04/07/2005 22:13:13 +0000": undefined,
};

Deno.test("parseDate() reads the dates of Git's documentation and refuses others", () => {
  for (const [text, expected] of Object.entries(DATES)) {
    const found = parseDate(text);
    assertEquals(found && [found.time, found.tzOffset], expected, text);
  }
});

/** What git makes of a date; `undefined` when it refuses it. */
function dateOfGit(date: string, TZ: string): [time: number, tzOffset: number] | undefined {
  assert(peer.available);
  const { stdout } = new Deno.Command(peer.path, {
    args: ["var", "GIT_COMMITTER_IDENT"],
    clearEnv: true,
    env: {
      ...{ GIT_COMMITTER_NAME: "a", GIT_COMMITTER_EMAIL: "b", GIT_COMMITTER_DATE: date, TZ },
      ...{ GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    },
    stderr: "null",
  }).outputSync();
  const [, time, zone] = /> (\d+) ([+-]\d+)\n$/.exec(new TextDecoder().decode(stdout)) ?? [];
  return time === undefined ? undefined : [Number(time), Number(zone)];
}

gitTest("parseDate() reads what git reads", () => {
  for (const [text, expected] of Object.entries(DATES)) {
    if (expected) assertEquals(dateOfGit(text, "UTC"), expected, text);
  }
  const random = seeded(8);
  const two = (limit: number) => `${random(limit)}`.padStart(2, "0");
  let read = 0;
  for (let i = 0; i < 300; i++) {
    const date = `${1968 + random(134)}-${two(14)}-${two(32)}`;
    const time = `${two(25)}:${two(62)}:${two(61)}`;
    const zone = [
      "Z",
      ` +${two(25)}${two(61)}`,
      `-${two(16)}:${two(60)}`,
      "+02",
      " GMT",
    ][random(5)]!;
    const text = random(5) === 0
      ? `${random(2) ? "@" : ""}${random(2 ** 32)} -${two(30)}${two(70)}`
      : `${date}${random(2) ? "T" : " "}${time}${zone}`;
    const found = parseDate(text);
    if (!found) continue;
    read++;
    assertEquals([found.time, found.tzOffset], dateOfGit(text, "UTC"), text);
  }
  assert(read > 100, `${read} were read`);
});

gitTest("parseDate() takes dates without a zone for local ones", async () => {
  const dates = [
    ...["2005-04-07T22:13:13", "2005-12-07 22:13:13", "1 Jul 1999 00:00", "1700000000"],
    ...["@1700000000", "1699162200", "1699165800", "Sun Nov 5 04:30:00 2023", "150000000"],
  ];
  const module = new URL("../../src/refs/identity.ts", import.meta.url);
  const script = `
    import { parseDate } from ${JSON.stringify(module.href)};
    const dates = ${JSON.stringify(dates)}.map(parseDate);
    console.log(JSON.stringify(dates.map(({ time, tzOffset }) => [time, tzOffset])));`;
  for (const TZ of ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", script],
      env: { TZ },
    }).output();
    const found: unknown = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(found, dates.map((date) => dateOfGit(date, TZ)), TZ);
  }
});
