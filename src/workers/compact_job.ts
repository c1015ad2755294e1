import { denoFileSystem } from "../io/deno.ts";
import { type CompactionHooks, type CompactionTask, compactTables } from "../stack/compaction.ts";
import { Table } from "../table/table.ts";
import type { WriteStatistics } from "../table/table_writer.ts";

/** Does a compaction from its description. */
export async function compactElsewhere(
  { tables: paths, output, job, sync }: CompactionTask,
  hooks: CompactionHooks,
): Promise<WriteStatistics> {
  using cleanup = new DisposableStack();
  const tables = paths.map((path) => cleanup.use(Table.openSync(path)));
  const file = cleanup.use(await denoFileSystem.append(output));
  const statistics = await compactTables(tables, file, job, hooks);
  if (sync) await file.sync();
  return statistics;
}
