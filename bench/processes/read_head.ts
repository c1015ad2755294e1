/**
 * Reads what is checked out in a repository, and nothing else.
 *
 * @module
 */

import { readHead } from "../../head.ts";

const [path = ""] = Deno.args;
if (readHead(path).oid === undefined) throw new Error(`Cannot read HEAD of ${path}`);
