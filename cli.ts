/**
 * The command line: `deno run --allow-read cli.ts dump PATH`.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
