import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

/** Statements that have another module loaded; types are gone by then. */
const IMPORTS = /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\bfrom\s+)?"(\.[^"]*)"/gm;

/** Finds all that is loaded with some modules of the command line. */
async function loadedWith(names: readonly string[]): Promise<ReadonlySet<string>> {
  const queue = names.map((name) => new URL(`../../src/cli/${name}`, import.meta.url).href);
  const loaded = new Set(queue);
  for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
    const text = await Deno.readTextFile(fromFileUrl(module));
    for (const [, specifier] of text.matchAll(IMPORTS)) {
      const url = new URL(specifier!, module).href;
      if (!loaded.has(url)) queue.push(url);
      loaded.add(url);
    }
  }
  return loaded;
}

/** What a ref store consists of, which takes longer to load than any question to it takes. */
const STORE = ["refs/ref_store.ts", "refs/ref_transaction.ts", "stack/stack.ts", "io/deflate.ts"];

async function storeIn(names: readonly string[]): Promise<readonly string[]> {
  const loaded = await loadedWith(names);
  return STORE.filter((name) => loaded.has(new URL(`../../src/${name}`, import.meta.url).href));
}

Deno.test("help, versions and names are told without the library", async () => {
  assertEquals(await storeIn(["main.ts", "version.ts", "check_ref_format.ts"]), []);
  const library = [...await loadedWith(["main.ts"])].filter((url) => /src\/(?!cli\/)/.test(url));
  assertEquals(library.map((url) => url.replace(/^.*\/src\//, "")).sort(), [
    "bytes/bytes.ts",
    "bytes/text.ts",
    "errors.ts",
    "io/deno.ts",
    "io/path.ts",
  ]);
});

Deno.test("what asks for single refs is loaded without the ref store", async () => {
  const commands = ["show_ref.ts", "symbolic_ref.ts", "refs/exists.ts"];
  const onTheWay = ["main.ts", "find_repository.ts", "look_up.ts", "objects/object_database.ts"];
  assertEquals(await storeIn([...commands, ...onTheWay]), []);
  assertEquals(await storeIn(["open_refs.ts"]), STORE);
});
