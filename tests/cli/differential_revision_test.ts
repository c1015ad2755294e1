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
