/**
 * The order in which modules may use each other. Whoever adds a folder or a package adds it here.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { walk } from "@std/fs";
import { fromFileUrl, join, relative, SEPARATOR } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));

/** What each unit (a folder of `src/` or a file beside one) may import besides itself. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  "errors.ts": [],
  "bytes": ["errors.ts"],
  "format": ["errors.ts", "bytes"],
  "io": ["errors.ts", "bytes", "format"],
  "table": ["errors.ts", "bytes", "format", "io"],
  "merged": ["errors.ts", "bytes", "format", "io", "table"],
  "stack": ["errors.ts", "bytes", "format", "io", "table", "merged"],
  "refs": ["errors.ts", "bytes", "format", "io", "table", "merged", "stack"],
  "workers": ["errors.ts", "bytes", "format", "io", "table", "merged", "stack", "refs"],
  "mod.ts": [
    ...["errors.ts", "bytes", "format", "io", "table", "merged", "stack", "refs", "workers"],
  ],
  // Each command takes what it needs from where it is: to load all of mod.ts costs more than most
  // commands take to run.
  "cli": [
    ...["errors.ts", "bytes", "format", "io", "table", "merged", "stack", "refs", "workers"],
    "deno.json",
  ],
  "cli.ts": ["cli"],
  "head.ts": ["errors.ts", "io", "refs"],
};

/** The packages that the library uses, and the units that may. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "fflate": ["io"],
  "isomorphic-git": ["refs"],
  "node:zlib": ["io"],
  "pako": ["io"],
};

/** The units that touch the system; all others reach it through the interfaces of `io/`. */
const USES_DENO: readonly string[] = ["io", "workers", "cli", "cli.ts"];

/** What must work in a browser: bytes in, bytes out. */
const PURE: readonly RegExp[] = [
  /^src\/errors\.ts$/,
  /^src\/bytes\//,
  /^src\/format\//,
  /^src\/merged\//,
  /^src\/stack\/compaction_plan\.ts$/,
];

interface Module {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly unit: string;
  readonly source: Source;
}

interface Source {
  /** The text without comments. */
  readonly code: string;
  /** What it imports, exports from or starts as a worker, in the order of the text. */
  readonly specifiers: readonly string[];
}

/**
 * Comments, strings, templates and regular expressions: the tokens in which the text of a program
 * means something else than elsewhere.
 */
const TOKENS =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`|(?<=(?:^|[(,=:[!&|?{};]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/\w*/g;

function readSource(text: string): Source {
  const code = text.replace(TOKENS, (token) => /^\/[/*]/.test(token) ? " " : token);
  const tokens: string[] = [];
  const marked = text.replace(TOKENS, (token) => {
    if (/^\/[/*]/.test(token)) return " ";
    return ` \0${tokens.push(token) - 1}\0 `;
  });
  const imports = [
    /\b(?:import|export)\b(?:[\w$\s{},*]*\bfrom\b)?\s*\0(\d+)\0/,
    /\bimport\s*\(\s*\0(\d+)\0/,
    /\bimport\s*\.\s*meta\s*\.\s*resolve\s*\(\s*\0(\d+)\0/,
    /\bnew\s+URL\s*\(\s*\0(\d+)\0\s*,\s*import\s*\.\s*meta\s*\.\s*url\b/,
    // What cannot be read here cannot be checked; it is named by its first word.
    /\bimport\s*\(\s*([^\s\0])/,
  ];
  const specifiers: string[] = [];
  for (
    const [, ...groups] of marked.matchAll(new RegExp(imports.map((r) => r.source).join("|"), "g"))
  ) {
    const group = groups.find((group) => group !== undefined) ?? "";
    specifiers.push(tokens[Number(group)]?.slice(1, -1) ?? "a computed import");
  }
  return { code, specifiers };
}

async function readModules(): Promise<Module[]> {
  const paths = ["mod.ts", "cli.ts", "head.ts"].map((name) => join(ROOT, name));
  for await (const { path } of walk(join(ROOT, "src"), { includeDirs: false })) paths.push(path);
  return await Promise.all(paths.map(async (file) => {
    const path = relative(ROOT, file).replaceAll(SEPARATOR, "/");
    return { path, unit: unitOf(path), source: readSource(await Deno.readTextFile(file)) };
  }));
}

/** The folder of `src/` in which a path lies, or the file's name. */
function unitOf(path: string): string {
  return path.replace(/^src\//, "").split("/")[0] ?? path;
}

/** The path from the root to which a relative specifier leads. */
function resolveSpecifier(module: Module, specifier: string): string {
  const base = new URL(module.path, "file:///");
  return new URL(specifier, base).pathname.slice(1);
}

const modules = await readModules();

Deno.test("modules lie in folders with a place in the order", () => {
  const units = [...new Set(modules.map(({ unit }) => unit))];
  assertEquals(units.filter((unit) => !(unit in IMPORTS)), []);
  for (const unit of ["bytes", "format", "io", "table", "merged", "stack", "cli"]) {
    assertGreater(modules.filter((module) => module.unit === unit).length, 0, `${unit}/ is empty`);
  }
});

Deno.test("modules import from their own folder and those above it", () => {
  const wrong: string[] = [];
  let count = 0;
  for (const module of modules) {
    for (const specifier of module.source.specifiers) {
      if (!/^\.\.?\//.test(specifier)) continue;
      count++;
      const unit = unitOf(resolveSpecifier(module, specifier));
      if (unit !== module.unit && !IMPORTS[module.unit]?.includes(unit)) {
        wrong.push(`${module.path} imports ${specifier}`);
      }
    }
  }
  assertEquals(wrong, []);
  assertGreater(count, 0);
});

Deno.test("modules import packages only where these have a place", () => {
  const wrong: string[] = [];
  for (const module of modules) {
    for (const specifier of module.source.specifiers) {
      if (/^\.\.?\//.test(specifier) || PACKAGES[specifier]?.includes(module.unit)) continue;
      wrong.push(`${module.path} imports ${specifier}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("modules outside io/, workers/ and cli/ leave the Deno namespace alone", () => {
  const wrong = modules.filter(({ unit, source }) =>
    !USES_DENO.includes(unit) && /\bDeno\b/.test(source.code)
  );
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("pure modules mention neither Deno nor Node.js", () => {
  const pure = modules.filter(({ path }) => PURE.some((pattern) => pattern.test(path)));
  assertGreater(pure.length, 0);
  const wrong = pure.filter(({ source }) => /\bDeno\b|\bnode:/.test(source.code));
  assertEquals(wrong.map(({ path }) => path), []);
});

Deno.test("readSource() sees every kind of import and nothing else", () => {
  const { code, specifiers } = readSource(`
// import "./comment.ts";
/* import "./comment.ts"; Deno */
/** @example import { a } from "./comment.ts" */
import "./effect.ts";
import all, { type A, b as c } from './all.ts'; // import "./comment.ts"
import type { T } from "./type.ts";
import * as everything from "package";
export * from "./star.ts";
export {
  one, // with a comment from "./comment.ts"
  two,
} from "./some.ts";
export const text = "import './string.ts'", from = /["'\`]|\\/\\/[/"]/.test(text);
const later = await import("./later.ts");
const where = import.meta.resolve("./where.ts");
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const message = \`import "./template.ts" // \${text}\`;
export type Size = number;
const half = size / 2; // from "./comment.ts"
const computed = await import(name);
`);
  assertEquals(specifiers, [
    "./effect.ts",
    "./all.ts",
    "./type.ts",
    "package",
    "./star.ts",
    "./some.ts",
    "./later.ts",
    "./where.ts",
    "./worker.ts",
    "a computed import",
  ]);
  assertEquals(/Deno|comment/.exec(code), null);
});
