/**
 * The command line: `deno run --allow-read cli.ts dump PATH`.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";
import { removeFilesOnSignals } from "./src/cli/system.ts";

if (import.meta.main) {
  removeFilesOnSignals();
  Deno.exit(await main(Deno.args));
}
