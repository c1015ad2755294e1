import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  cleanIdentity,
  committerIdentity,
  openRepository,
  ReftableError,
} from "@reftable/reftable";
import { decodeText } from "../../src/bytes/text.ts";
import { GitRepo, gitTest, peer } from "../peers/git.ts";
import { NO_ENVIRONMENT } from "./open_backend.ts";

/** Variables of the environment and of the configuration. */
type Setting = Readonly<Record<string, string>>;

const USER: Setting = { "user.name": "Jane Doe", "user.email": "jane@example.com" };
const DATE: Setting = { GIT_COMMITTER_DATE: "1700000000 -0730" };
const ENVIRONMENT: Setting = {
  ...DATE,
  GIT_COMMITTER_NAME: "C O Mitter",
  GIT_COMMITTER_EMAIL: "c@example.com",
};

/** Settings for which somebody is known, and what a log says who that is. */
const KNOWN: readonly (readonly [config: Setting, env: Setting, expected: string])[] = [
  [{}, ENVIRONMENT, "C O Mitter <c@example.com>"],
  [USER, ENVIRONMENT, "C O Mitter <c@example.com>"],
  [USER, DATE, "Jane Doe <jane@example.com>"],
  [{ ...USER, "committer.name": "X" }, DATE, "X <jane@example.com>"],
  [{ ...USER, "committer.email": "x@y" }, DATE, "Jane Doe <x@y>"],
  [{ ...USER, "committer.email": "" }, DATE, "Jane Doe <jane@example.com>"],
  [{ ...USER, "author.name": "A", "author.email": "a" }, DATE, "Jane Doe <jane@example.com>"],
  [USER, { ...DATE, GIT_COMMITTER_NAME: "Z" }, "Z <jane@example.com>"],
  [USER, { ...DATE, GIT_COMMITTER_EMAIL: "" }, "Jane Doe <>"],
  [{ "user.name": "N", "user.email": "" }, { ...DATE, EMAIL: "e@f" }, "N <>"],
  [{ "user.name": "N" }, { ...DATE, EMAIL: " e@f " }, "N <e@f>"],
  [{ ...USER }, { ...DATE, EMAIL: "e@f" }, "Jane Doe <jane@example.com>"],
  [{ ...USER, "user.name": " ., \"N'n <x> y\t: " }, DATE, "., \"N'n x y <jane@example.com>"],
  [{ ...USER, "user.email": "<a@b>" }, DATE, "Jane Doe <a@b>"],
  [{ ...USER, "user.name": "a\nb\\" }, DATE, "ab <jane@example.com>"],
  [{ ...USER, "user.name": "Größe" }, DATE, "Größe <jane@example.com>"],
  [{ ...USER, "user.name": ";" }, DATE, " <jane@example.com>"],
];

gitTest("committerIdentity() tells who git says makes a change", async () => {
  await using repo = await GitRepo.create({ refFormat: "files" });
  await repo.ok(["commit", "-q", "--allow-empty", "-m", "one"]);
  const original = Deno.readTextFileSync(`${repo.gitDir}/config`);
  for (const [index, [config, env, expected]] of KNOWN.entries()) {
    Deno.writeTextFileSync(`${repo.gitDir}/config`, original);
    for (const [name, value] of Object.entries(config)) await repo.ok(["config", name, value]);
    assert(peer.available);
    const refname = `refs/heads/${index}`;
    const { success } = new Deno.Command(peer.path, {
      args: ["update-ref", "--create-reflog", refname, "HEAD"],
      cwd: repo.dir,
      clearEnv: true,
      env: { ...env, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    }).outputSync();
    assert(success);
    const line = decodeText(Deno.readFileSync(`${repo.gitDir}/logs/${refname}`));
    const { name, email, time, tzOffset } = committerIdentity({
      ...(await openRepository(repo.dir, { environment: NO_ENVIRONMENT })),
      environment: (name) => env[name],
    });
    assertEquals(`${name} <${email}>`, expected, JSON.stringify(config));
    const zone = `-0${-tzOffset}`;
    assertEquals(line.slice(82), `${expected} ${time} ${zone}\n`);
  }
});

/** Settings for which nobody is known, and what is said about it. */
const UNKNOWN: readonly (readonly [config: Setting, env: Setting, expected: RegExp])[] = [
  [
    {},
    DATE,
    /^Committer identity unknown\n[^]*\nno email was given and auto-detection is disabled$/,
  ],
  [{}, { EMAIL: "a@b" }, /\nno name was given and auto-detection is disabled$/],
  [{ "user.name": "a" }, { EMAIL: "" }, /\*\*\* Please tell me who you are\.\n/],
  [{ "user.email": "a@b" }, {}, /\nno name was given/],
  [USER, { GIT_COMMITTER_NAME: "" }, /^empty ident name \(for <jane@example\.com>\) not allowed$/],
  [{ ...USER, "user.name": "" }, {}, /^empty ident name/],
  [USER, { GIT_COMMITTER_DATE: "the other day" }, /^invalid date format: the other day$/],
];

Deno.test("committerIdentity() refuses to guess", async () => {
  for (const [config, env, expected] of UNKNOWN) {
    const parameters = Object.entries(config).map(([name, value]) => `${name}=${value}`);
    const options = { parameters, environment: NO_ENVIRONMENT };
    const repository = await openRepository("tests/fixtures/repository/git", options);
    const environment = (name: string) => env[name];
    const error = assertThrows(
      () => committerIdentity({ config: repository.config, environment }),
      ReftableError,
    );
    assertEquals(error.code, "identity");
    assert(expected.test(error.message), error.message);
  }
});

Deno.test("committerIdentity() takes the time that it is", async () => {
  const parameters = Object.entries(USER).map(([name, value]) => `${name}=${value}`);
  const { config } = await openRepository("tests/fixtures/repository/git", { parameters });
  const before = Math.floor(Date.now() / 1000);
  const { time, tzOffset } = committerIdentity({ config });
  assert(time >= before && time <= Date.now() / 1000);
  const minutes = Math.trunc(tzOffset / 100) * 60 + tzOffset % 100;
  assertEquals(minutes, -new Date().getTimezoneOffset());
});

Deno.test("cleanIdentity() leaves alone what else there is", () => {
  const identity = { name: "<A>\n", email: " a@b ", time: 5, tzOffset: -730 };
  assertEquals(cleanIdentity(identity), { name: "A", email: "a@b", time: 5, tzOffset: -730 });
});
