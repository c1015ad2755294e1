/**
 * Measures one case, in a process of its own: what others leave behind in memory, and what they have taught the
 * compiler, is not in the way of it.
 *
 * @module
 */

import { cases, growingCases } from "../cases/mod.ts";
import { openData } from "../data.ts";
import { findGit } from "../git.ts";
import { measure } from "../measure.ts";

const [name = "", refs = "", rounds = ""] = Deno.args;
const measured = [...cases, ...growingCases].find((measured) => measured.name === name);
if (!measured) throw new Error(`Cannot find case "${name}"`);
const git = findGit();
const data = await openData(Number(refs), git, () => {});
try {
  const { case: _, ...found } = await measure(measured, { data, git }, Number(rounds));
  console.log(JSON.stringify(found));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
