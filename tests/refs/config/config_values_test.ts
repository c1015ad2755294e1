import { assert, assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import type { ConfigVariable } from "../../../src/refs/config/config_variable.ts";
import {
  configBoolean,
  configNumber,
  type NumberKind,
} from "../../../src/refs/config/parse_config.ts";
import { gitTest, runGitSync } from "../../peers/git.ts";

const FILE = "a/config";

/** A temporary directory, removed on disposal. */
function temporary(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "reftable-config-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function variable(value: string | undefined): ConfigVariable {
  return { name: "a.k", value, file: FILE, line: 1 };
}

/** What a function makes of a value, or its complaint. */
function attempt(fn: (variable: ConfigVariable) => unknown, value: string | undefined): string {
  try {
    return String(fn(variable(value)));
  } catch (error) {
    assert(error instanceof ReftableError);
    assertEquals([error.code, error.file], ["format", FILE]);
    return error.message;
  }
}

const BOOLEANS: Readonly<Record<string, boolean | undefined>> = {
  "true": true,
  "TRUE": true,
  "yes": true,
  "On": true,
  "1": true,
  "-1": true,
  "2k": true,
  "0x10": true,
  "false": false,
  "No": false,
  "off": false,
  "": false,
  "0": false,
  "00": false,
  "0x0": false,
  "0g": false,
  "2147483647": true,
  "-2147483648": true,
  "2147483648": undefined,
  "2g": undefined,
  "maybe": undefined,
  "truee": undefined,
  "t": undefined,
  "08": undefined,
  "1.0": undefined,
};

Deno.test("configBoolean() reads words and numbers", () => {
  for (const [value, expected] of Object.entries(BOOLEANS)) {
    const complaint = `bad boolean config value '${value}' for 'a.k'`;
    assertEquals(attempt(configBoolean, value), String(expected ?? complaint));
  }
  assertEquals(attempt(configBoolean, undefined), "true");
});

/** A value as a number with and without a sign, or why it is none. */
const NUMBERS: Readonly<Record<string, [signed: number | string, unsigned: number | string]>> = {
  "0": [0, 0],
  "7": [7, 7],
  "+7": [7, 7],
  "-7": [-7, "invalid unit"],
  "-0": [0, "invalid unit"],
  " 7": [7, 7],
  "4k": [4096, 4096],
  "4K": [4096, 4096],
  "3m": [3145728, 3145728],
  "2G": [2147483648, 2147483648],
  "-1k": [-1024, "invalid unit"],
  "010": [8, 8],
  "010k": [8192, 8192],
  "0x1f": [31, 31],
  "0X1Fk": [31744, 31744],
  "08": ["invalid unit", "invalid unit"],
  "0x": ["invalid unit", "invalid unit"],
  "": ["invalid unit", "invalid unit"],
  "k": ["invalid unit", "invalid unit"],
  "7 k": ["invalid unit", "invalid unit"],
  "7kb": ["invalid unit", "invalid unit"],
  "7t": ["invalid unit", "invalid unit"],
  "7.5": ["invalid unit", "invalid unit"],
  "1e3": ["invalid unit", "invalid unit"],
  "++7": ["invalid unit", "invalid unit"],
  "7-": ["invalid unit", "invalid unit"],
  "seven": ["invalid unit", "invalid unit"],
  "9007199254740991": [9007199254740991, 9007199254740991],
  "9223372036854775808": ["out of range", 2 ** 63],
  "8589934592g": ["out of range", 2 ** 63],
  "-9223372036854775808": [-(2 ** 63), "invalid unit"],
  "-9223372036854775809": ["out of range", "invalid unit"],
  "18446744073709551616": ["out of range", "out of range"],
  "17179869184g": ["out of range", "out of range"],
};

Deno.test("configNumber() reads whole numbers as C writes them, with a unit", () => {
  for (const [value, expected] of Object.entries(NUMBERS)) {
    for (const [index, kind] of (["signed", "unsigned"] satisfies NumberKind[]).entries()) {
      const reason = expected[index];
      const complaint = `bad numeric config value '${value}' for 'a.k' in file ${FILE}: ${reason}`;
      const wanted = typeof reason === "string" ? complaint : `${reason}`;
      assertEquals(attempt((variable) => configNumber(variable, kind), value), wanted, kind);
    }
  }
  assertThrows(
    () => configNumber(variable(undefined), "signed"),
    ReftableError,
    "bad numeric config value '' for 'a.k' in file a/config: invalid unit",
  );
});

gitTest("configBoolean() and configNumber() read what git reads", () => {
  using dir = temporary();
  const file = `${dir.path}/config`;
  const ask = (type: string, value: string): string => {
    Deno.writeTextFileSync(file, `[a]k = "${value}"\n`);
    const { stdout, stderr } = runGitSync(["config", `--type=${type}`, "--file", file, "a.k"]);
    return (stdout + stderr.replace(/^fatal: /, "").replaceAll(file, FILE)).trim();
  };
  for (const value of Object.keys(BOOLEANS)) {
    assertEquals(attempt(configBoolean, value), ask("bool", value), value);
  }
  for (const value of Object.keys(NUMBERS)) {
    const found = attempt((variable) => configNumber(variable, "signed"), value);
    // A larger number does not come out of JavaScript with all its digits.
    const exact = (text: string) => Number.isNaN(Number(text)) ? text : `${Number(text)}`;
    assertEquals(exact(found), exact(ask("int", value)), value);
  }
});
