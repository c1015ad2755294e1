import { assertEquals, assertThrows } from "@std/assert";
import { ReftableError } from "@reftable/reftable";
import { encodeText } from "../../../src/bytes/text.ts";
import { parseConfig } from "../../../src/refs/config/parse_config.ts";
import { editConfig } from "../../../src/refs/migrate/ref_storage_config.ts";

const PLAIN = `[core]
\trepositoryformatversion = 0
\tbare = false # of course not
[remote "a b"]
\turl = x
`;

const edit = (text: string, value: string | undefined) => {
  return editConfig(text, "extensions", "refstorage", value);
};

Deno.test("editConfig() adds a variable with its section, and takes both away", () => {
  const edited = edit(PLAIN, "files");
  assertEquals(edited, `${PLAIN}[extensions]\n\trefstorage = files\n`);
  assertEquals(edit(edited, "reftable"), `${PLAIN}[extensions]\n\trefstorage = reftable\n`);
  assertEquals(edit(edited, undefined), PLAIN);
  assertEquals(edit(PLAIN, undefined), PLAIN);
  assertEquals(edit("", "files"), "[extensions]\n\trefstorage = files\n");
  assertEquals(edit("[a]\n b = c", "files"), "[a]\n b = c\n[extensions]\n\trefstorage = files\n");
});

Deno.test("editConfig() changes a value where it is", () => {
  const version = (text: string) => editConfig(text, "core", "repositoryformatversion", "1");
  assertEquals(version(PLAIN), PLAIN.replace("version = 0", "version = 1"));
  const cases = {
    "[Core] RepositoryFormatVersion=0;c\n": "[Core] RepositoryFormatVersion=1;c\n",
    '[core]repositoryformatversion =  "0" # c\n': "[core]repositoryformatversion =  1 # c\n",
    "[core]\r\nrepositoryformatversion\t=\t0\r\nx\r\n":
      "[core]\r\nrepositoryformatversion\t=\t1\r\nx\r\n",
    "[core]\nrepositoryformatversion\n": "[core]\nrepositoryformatversion = 1\n",
    "[core]\nrepositoryformatversion =\n": "[core]\nrepositoryformatversion =1\n",
    "[core]\nrepositoryformatversion = 0\\\n 1\nx\n": "[core]\nrepositoryformatversion = 1\nx\n",
    // The last one counts, and another section of that name is another section.
    "[core]\nrepositoryformatversion = 5\n[core]\nrepositoryformatversion = 0":
      "[core]\nrepositoryformatversion = 5\n[core]\nrepositoryformatversion = 1",
    '[core "x"]\nrepositoryformatversion = 0\n[core]\n':
      '[core "x"]\nrepositoryformatversion = 0\n[core]\n\trepositoryformatversion = 1\n',
    // Where there is none, it comes behind the last one of the section.
    "[core] ; no\n": "[core] ; no\n\trepositoryformatversion = 1\n",
    "[core]": "[core]\n\trepositoryformatversion = 1\n",
    "[core][a]\nx\n": "[core]\n\trepositoryformatversion = 1\n[a]\nx\n",
    "[core] x = y # z\n[a]\nx\n": "[core] x = y # z\n\trepositoryformatversion = 1\n[a]\nx\n",
    '\ufeff[core]\nx = "[a]\\"\\n#"\n#\n':
      '\ufeff[core]\nx = "[a]\\"\\n#"\n\trepositoryformatversion = 1\n#\n',
  };
  for (const [before, after] of Object.entries(cases)) assertEquals(version(before), after);
});

Deno.test("editConfig() takes away a line, and leaves what else there is in the section", () => {
  const cases = {
    "[extensions]\n\tobjectformat = sha256\n\trefstorage = reftable # c\n[a]\n":
      "[extensions]\n\tobjectformat = sha256\n[a]\n",
    "[extensions] refstorage = reftable\n": "",
    "[extensions] refstorage = reftable\n[a]\n\tb\n": "[a]\n\tb\n",
    "[extensions]\n# why\nrefstorage = a\nrefstorage = b\n": "[extensions]\n# why\n",
    "[extensions]\nx\n[Extensions]\nRefStorage\n": "[extensions]\nx\n",
    "[extensions] refstorage = a\n x = y\n": "[extensions]\n x = y\n",
  };
  for (const [before, after] of Object.entries(cases)) {
    const names = [...parseConfig(encodeText(before), "config")].map(({ name }) => name);
    assertEquals(edit(before, undefined), after);
    const left = [...parseConfig(encodeText(after), "config")].map(({ name }) => name);
    assertEquals(left, names.filter((name) => name !== "extensions.refstorage"));
  }
});

Deno.test("editConfig() refuses what it does not understand", () => {
  assertThrows(() => edit("[a]\n=\n", "files"), ReftableError, "at offset 4");
});
