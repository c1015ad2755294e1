import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { encodeText } from "../../src/bytes/text.ts";
import { Config } from "../../src/refs/config/config.ts";
import { parseConfig } from "../../src/refs/config/parse_config.ts";
import { stackConfig } from "../../src/refs/stack_config.ts";
import type { StackSettings } from "../../src/stack/settings.ts";
import { GitRepo, gitTest } from "../peers/git.ts";

const FILE = ".git/config";

function read(text: string): StackSettings {
  return stackConfig(new Config(Array.from(parseConfig(encodeText(text), FILE))));
}

/** Reads one variable alone, which is given as `section.key = value`. */
function readVariable(variable: string): StackSettings {
  return read(configText(variable));
}

function configText(variable: string): string {
  const [section, ...rest] = variable.split(".");
  return `[${section}]\n\t${rest.join(".")}\n`;
}

/** What a configuration says beside the defaults. */
function given(config: StackSettings): Partial<StackSettings> {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

Deno.test("stackConfig() leaves to the defaults what is not configured", () => {
  assertEquals(given(read("")), {});
  assertEquals(given(read("[core]\n\tbare = true\n[reftable]\n\tother = 1\n")), {});
  assertEquals(given(read('[reftable "x"]\n\tblockSize = 1\n')), {});
});

Deno.test("stackConfig() reads the settings of stacks", () => {
  const config = read(`
[core]
	sharedRepository = 0640
[reftable]
	blockSize = 2k
	restartInterval = 1
	restartInterval = 32
	indexObjects = no
	geometricFactor = 3
	lockTimeout = -1
`);
  assertEquals(given(config), {
    blockSize: 2048,
    restartInterval: 32,
    geometricFactor: 3,
    lockTimeout: -1,
    skipIndexObjects: true,
    mode: 0o640,
  });
  const cases: readonly [string, Partial<StackSettings>][] = [
    ["core.fsync = none", { sync: false }],
    ["core.fsync = loose-object", { sync: false }],
    ["core.fsync = committed", {}],
    ["reftable.blockSize = 0", { blockSize: 0 }],
    ["reftable.blockSize = 16777215", { blockSize: 0xffffff }],
    ["reftable.restartInterval = 65535", { restartInterval: 0xffff }],
    ["reftable.geometricFactor = 255", { geometricFactor: 255 }],
    ["reftable.lockTimeout = 0", { lockTimeout: 0 }],
    ["reftable.indexObjects", { skipIndexObjects: false }],
    ["reftable.indexObjects = 0", { skipIndexObjects: true }],
    ["core.sharedRepository", { mode: { atLeast: 0o660 } }],
    ["core.sharedRepository = all", { mode: { atLeast: 0o664 } }],
    ["core.sharedRepository = umask", {}],
    ["core.sharedRepository = false", {}],
  ];
  for (const [variable, expected] of cases) {
    assertEquals(given(readVariable(variable)), expected, variable);
  }
});

/** What git takes for an error, and how it says so. */
const REFUSED: readonly (readonly [variable: string, message: string])[] = [
  ["reftable.blockSize = 16777216", "reftable block size cannot exceed 16MB"],
  ["reftable.blockSize = 16m", "reftable block size cannot exceed 16MB"],
  ["reftable.restartInterval = 65536", "reftable block size cannot exceed 65535"],
  ["reftable.geometricFactor = 256", "reftable geometric factor cannot exceed 255"],
  [
    "reftable.lockTimeout = -2",
    "reftable lock timeout does not support negative values other than -1",
  ],
  ...([
    ["blocksize", "-1", "invalid unit"],
    ["blocksize", "1e3", "invalid unit"],
    ["blocksize", "99999999999999999999", "out of range"],
    ["restartinterval", "-1", "invalid unit"],
    ["geometricfactor", "-2", "invalid unit"],
    ["geometricfactor", "2.5", "invalid unit"],
    ["locktimeout", "soon", "invalid unit"],
    ["locktimeout", "9223372036854775808", "out of range"],
  ] as const).map(([key, value, reason]) =>
    [
      `reftable.${key} = ${value}`,
      `bad numeric config value '${value}' for 'reftable.${key}' in file ${FILE}: ${reason}`,
    ] as const
  ),
  ["reftable.indexObjects = maybe", "bad boolean config value 'maybe' for 'reftable.indexobjects'"],
  ["core.sharedRepository = Group", "bad boolean config value 'Group' for 'core.sharedrepository'"],
  [
    "core.sharedRepository = 0400",
    "problem with core.sharedRepository filemode value (0400).\n" +
    "The owner of files must always have read and write permissions.",
  ],
];

Deno.test("stackConfig() refuses what is out of git's limits", () => {
  for (const [variable, message] of REFUSED) {
    const error = assertThrows(() => readVariable(variable), ReftableError);
    assertEquals([error.message, error.code], [message, "format"], variable);
  }
});

gitTest("stackConfig() refuses what git refuses, in the same words", async () => {
  await using repo = await GitRepo.create();
  const sound = Deno.readTextFileSync(`${repo.gitDir}/config`);
  assertEquals((await repo.run(["for-each-ref"])).code, 0);
  for (const [variable, message] of REFUSED) {
    Deno.writeTextFileSync(`${repo.gitDir}/config`, sound + configText(variable));
    const { code, stderr } = await repo.run(["for-each-ref"]);
    assertEquals(code, 128, variable);
    const said = stderr.replace(/^(?:fatal|error): /, "");
    assert(said.startsWith(`${message}\n`), `${variable}: ${stderr}`);
  }
});
