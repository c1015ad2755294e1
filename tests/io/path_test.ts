import { assertEquals } from "@std/assert";
import * as path from "@std/path";
import { basename, dirname, fromFileUrl, isAbsolute } from "../../src/io/path.ts";

const PATHS: readonly string[] = [
  ...[
    "",
    ".",
    "..",
    "/",
    "//",
    "a",
    "a/",
    "a//",
    "/a",
    "//a",
    "/a/",
    "a/b",
    "a//b",
    "a/b/",
    "/a/b",
  ],
  ...["/a//b//", "./a", "../a", "a/..", "/..", "a b/c", "ü/ö", "a\\b", "C:\\a", "C:/a", "\\a"],
];

Deno.test("isAbsolute(), dirname() and basename() do what the standard library does", () => {
  for (const name of PATHS) {
    assertEquals(isAbsolute(name), path.isAbsolute(name), name);
    // Separators that count for nothing are not worth telling apart.
    assertEquals(dirname(name).replace(/^\/+$/, "/"), path.dirname(name), name);
    // A root has no name here.
    assertEquals(basename(name), path.basename(name).replace(/^\/+$/, ""), name);
  }
});

Deno.test("fromFileUrl() gives the path of a URL", () => {
  for (const name of ["/", "/a/b", "/a b", "/ü", "/100%", "/a%2fb", "/%"]) {
    const url = path.toFileUrl(path.resolve(name));
    assertEquals(fromFileUrl(url), path.fromFileUrl(url));
  }
  const odd = new URL("file:///a%b%2");
  assertEquals(fromFileUrl(odd), path.fromFileUrl(odd));
});
