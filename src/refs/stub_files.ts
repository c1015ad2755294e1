/**
 * What is in the place of refs in files where they are stored in reftables.
 *
 * @module
 */

/** What `HEAD` holds, so that other programs take the directory for a repository. */
export const STUB_HEAD = "ref: refs/heads/.invalid\n";

/** What the file `refs/heads` holds, so that nobody stores refs below it. */
export const STUB_HEADS = "this repository uses the reftable format\n";
