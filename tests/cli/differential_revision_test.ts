import { differentialTest, gitIn, type Kind, line } from "./differential.ts";
import { makeFull } from "./differential_repositories.ts";

const PATHS = [
  ...[
    "file",
    "dir/file",
    "dir",
    "dir/",
    "dir/sub/deep",
    "",
    "nothing",
    "file/below",
    "dir/nothing",
  ],
  ...["a:b", "ünïcödé", "with space", "dir//file", "/file", "link"],
];

const ROOTS = ["main", "HEAD", "main~0", "annotated", "HEAD@{0}", "HEAD^{tree}", "nothing", "blob"];

/** Files in directories, with odd names. */
function makeFiles(directory: string, kind: Kind): void {
  makeFull(directory, kind);
  Deno.mkdirSync(`${directory}/dir/sub`, { recursive: true });
  for (const path of ["file", "dir/file", "dir/sub/deep", "a:b", "ünïcödé", "with space"]) {
    Deno.writeTextFileSync(`${directory}/${path}`, `this is ${path}\n`);
  }
  gitIn(directory, "add", ".");
  gitIn(directory, "commit", "-q", "-m", "files");
  gitIn(directory, "tag", "-f", "-a", "-m", "annotated", "annotated");
}

differentialTest("paths in trees", makeFiles, {
  writing: ROOTS.flatMap((root) =>
    (root === "main" ? PATHS : PATHS.slice(0, 3)).map((path) =>
      line(`update-ref refs/odd/one '${root}:${path}'`)
    )
  ),
});

/** What objects are missing, or are not what they should be. */
const OBJECTS = ["1".repeat(40), "1".repeat(64), "HEAD^{tree}", "annotated", "blob", "main:file"];

differentialTest("objects that refs are to hold", makeFiles, {
  writing: OBJECTS.flatMap((object) => [
    line(`update-ref refs/heads/new ${object}`),
    line(`update-ref refs/tags/new ${object}`),
    line(`update-ref HEAD ${object}`),
    line("update-ref --stdin", { stdin: `create refs/heads/new ${object}\n` }),
    line("update-ref --stdin --batch-updates", {
      stdin: `create refs/heads/new ${object}\nupdate refs/heads/topic main\n`,
    }),
  ]),
});
