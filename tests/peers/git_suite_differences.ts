/**
 * What our program means to do in another way than git's own tests want it, and why.
 *
 * @module
 */

/** Tests that may fail. */
interface Difference {
  /** The beginnings of the scripts' names. */
  readonly scripts: readonly string[];
  /** What the tests' names match, which begin with their numbers. */
  readonly tests: RegExp;
  /** Why that is so. */
  readonly reason: string;
}

const LISTINGS = ["t1461", "t6300"];

const DIFFERENCES: readonly Difference[] = [
  {
    scripts: ["t0610", "t1400", "t1410", "t1421", "t1461", "t6300"],
    tests:
      /does not crash with -h|-z fails without --stdin|correct usage|invalid number of arguments|help even with invalid sort atoms/,
    reason: "usages name this program",
  },
  {
    scripts: ["t0600"],
    tests: /delete fails cleanly if packed-refs.new write fails/,
    reason: "packed-refs is written in its lock file: no packed-refs.new is in the way",
  },
  {
    scripts: ["t0600"],
    tests: /symref transaction supports symlinks/,
    reason: "no symbolic links are made for symbolic refs, as git 3.0 will not",
  },
  {
    scripts: ["t0600", "t0610"],
    tests: /writes are synced/,
    reason: "no traces are written",
  },
  {
    scripts: ["t1410"],
    tests: /pass through -- to sub-command/,
    reason: "logs are not searched by paths",
  },
  {
    scripts: ["t1416"],
    tests: /./,
    reason: "no programs are run, so no hooks",
  },
  {
    scripts: ["t1423"],
    tests: /migrating repository to \S+ with alternate refs directory/,
    reason: "refs that are kept elsewhere are not migrated",
  },
  {
    scripts: ["t1460"],
    tests: /migration with worktree fails/,
    reason: "refs of all working trees are migrated",
  },
  {
    scripts: LISTINGS,
    tests: /upstream|push|remotename/,
    reason: "what is configured of remotes is not known",
  },
  {
    scripts: LISTINGS,
    tests: /mailmap/,
    reason: "the mailmap is not read",
  },
  {
    scripts: LISTINGS,
    tests: /trailer/,
    reason: "what is configured of trailers is not known",
  },
  {
    scripts: LISTINGS,
    tests: /signature/,
    reason: "no programs are run to check signatures",
  },
  {
    scripts: LISTINGS,
    tests: /objectsize:disk|deltabase/,
    reason: "how packs keep objects is not told",
  },
  {
    scripts: LISTINGS,
    tests: /describe|is-base/,
    reason: "the history is not walked",
  },
  {
    scripts: ["t6301"],
    tests: /ahead-behind/,
    reason: "the history is not walked",
  },
  {
    scripts: ["t6302"],
    tests: /--(?:no-)?(?:merged|contains)/,
    reason: "the history is not walked",
  },
];

/** Tells why a test of a script may fail; `undefined` when it must pass. */
export function deliberateReason(script: string, test: string): string | undefined {
  return DIFFERENCES.find(({ scripts, tests }) => scripts.includes(script) && tests.test(test))
    ?.reason;
}
