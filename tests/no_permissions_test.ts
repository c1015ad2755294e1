import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { fixture, type FixtureName } from "./fixtures.ts";

Deno.test("Tables in memory are read without any permission", async () => {
  // With refs, tombstones, and logs, which must be inflated.
  const names: readonly FixtureName[] = ["jgit/small-mixed.ref", "git/exact-messages.ref"];
  const tables = names.map((name) => Array.from(fixture(name).bytes));
  const program = `
    import { MergedTable, Table } from ${JSON.stringify(new URL("../mod.ts", import.meta.url))};
    const tables = ${JSON.stringify(tables)}.map((bytes) => Uint8Array.from(bytes));
    const opened = [Table.openSync(tables[0]), await Table.open(new Blob([tables[1]]))];
    const list = (table) => [...table.refs(), ...table.logs()];
    const merged = new MergedTable(opened);
    const found = [...merged.refs()].flatMap((ref) => ref.oid ? merged.refsFor(ref.oid) : []);
    console.log(JSON.stringify([opened.map(list), list(merged).length > 0, found.length > 0]));
    for (const name of ["read", "write", "net", "env", "run", "sys", "ffi"]) {
      if ((await Deno.permissions.query({ name })).state === "granted") throw name;
    }
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-"],
    cwd: fromFileUrl(new URL("..", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { stdout, stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
  const [records, merged, found] = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(records, names.map(fixture).map(({ refs, logs }) => [...refs, ...logs]));
  assertEquals([merged, found], [true, true]);
});
