import { assertEquals } from "@std/assert";
import { Config } from "../../src/refs/config/config.ts";
import { parseConfig } from "../../src/refs/config/parse_config.ts";
import { stackConfig } from "../../src/refs/stack_config.ts";
import { mutateText } from "./mutate_text.ts";
import { attempt, file, type Target } from "./target.ts";

const SOUND = `# A comment
[core]
	repositoryformatversion = 1
	sharedRepository = 0660 ; another
	logAllRefUpdates
[extensions]
	refStorage = reftable
	objectFormat = "sha256"
[remote "origin \\"x\\\\"]
	url = "a \\tb\\
	c" # d
[branch.Old]
	merge = refs/heads/main
[reftable]
	blockSize = 4k
	geometricFactor = 0x3
	lockTimeout = -1
[includeIf "gitdir:~/x/**"]
	path = ../other
`;

const WORDS = [
  ...[
    "[",
    "]",
    '"',
    "\\",
    "=",
    "\\\n",
    ";",
    "#",
    "[a",
    '[a "',
    '[a "b"]',
    "blockSize",
    "99999999k",
  ],
  ...[
    "include.path",
    "[include]",
    "path = x",
    "\ufeff",
    "\r\n",
    "-1g",
    "0xffffffffffffffff",
    "yes",
  ],
];

/** A configuration file. */
export const configTarget: Target = {
  name: "config",
  weight: 6,
  make: (random) => ({ config: mutateText(file(SOUND), random, WORDS) }),
  async check({ config = new Uint8Array() }) {
    const parsed = await attempt(() => new Config([...parseConfig(config, "config")], "/home"));
    if (!parsed.value) {
      assertEquals(parsed.error.code, "format");
      return;
    }
    for (const { name } of parsed.value.variables) parsed.value.find(name);
    const { value } = parsed;
    await attempt(() => stackConfig(value));
    await attempt(() => value.boolean("core.logAllRefUpdates"));
  },
};
