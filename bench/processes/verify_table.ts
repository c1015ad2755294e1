/**
 * Verifies a table with some workers.
 *
 * @module
 */

import { configureWorkers, verifyTable } from "../../mod.ts";

const [path = "", jobs = ""] = Deno.args;
configureWorkers({ mode: "always" });
const { problems } = await verifyTable(path, { jobs: Number(jobs) });
if (problems.length > 0) throw new Error(problems[0]!.message);
