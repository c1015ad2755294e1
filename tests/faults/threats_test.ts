import { assert, assertGreater } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

Deno.test("each threat in the README names a test that is there", () => {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const section = readme.split("\n## ").find((section) => section.startsWith("Security\n")) ?? "";
  const rows = section.split("\n").filter((line) => line.includes("](tests/"));
  assertGreater(rows.length, 15);
  for (const row of rows) {
    const tests = [...row.matchAll(/\]\((tests\/[\w/]+\.ts)\): "([^"]+)"/g)];
    assertGreater(tests.length, 0, row);
    for (const [, path = "", name = ""] of tests) {
      const text = Deno.readTextFileSync(new URL(path, ROOT));
      assert(text.includes(name), `${path} has no test "${name}"`);
    }
  }
});
