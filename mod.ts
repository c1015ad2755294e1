/**
 * Git's reftable: the format, the stack of tables, and what is built on them.
 *
 * @module
 */

// Errors, and what records are.
export {
  type Problem,
  type ProblemCode,
  type RefErrorDetails,
  ReftableError,
  type ReftableErrorCode,
  type ReftableErrorOptions,
  type Severity,
} from "./src/errors.ts";
export type { HashName } from "./src/format/hash.ts";
export type { LogDeletion, LogRecord, LogRecordBase, LogUpdate } from "./src/format/log_record.ts";
export type {
  DirectRef,
  PeeledRef,
  RefDeletion,
  RefRecord,
  RefRecordBase,
  SymbolicRef,
} from "./src/format/ref_record.ts";

// Tables.
export type { BlockSource } from "./src/io/block_source.ts";
export { MergedTable } from "./src/merged/merged_table.ts";
export { type BlockInfo, Table, type TableInput, type TableOptions } from "./src/table/table.ts";
export type { LogsOptions, RefsOptions } from "./src/table/queries.ts";
export type { SectionStatistics } from "./src/table/section_writer.ts";
export { BytesSink, type TableSink } from "./src/table/table_sink.ts";
export {
  TableWriter,
  type TableWriterOptions,
  type WriteStatistics,
} from "./src/table/table_writer.ts";
export { writeTable, type WriteTableOptions } from "./src/table/write_table.ts";

// Stacks.
export { Addition, type AddOptions } from "./src/stack/addition.ts";
export type { CompactionProgress, LogExpiry, WorkerMode } from "./src/stack/compaction.ts";
export type { CompactionStatistics, TableRange } from "./src/stack/compactor.ts";
export type { StackInventory, StrayFile, TableInventory } from "./src/stack/inventory.ts";
export type { StackSettings } from "./src/stack/settings.ts";
export {
  type AdditionOptions,
  type CleanOptions,
  type CompactOptions,
  Stack,
  type StackOptions,
  type StackStatistics,
} from "./src/stack/stack.ts";

// Repositories.
export {
  findGitDirectory,
  findGitDirectorySync,
  type FindOptions,
  type GitDirectory,
  type SearchOptions,
} from "./src/refs/git_directory.ts";
export { Config } from "./src/refs/config/config.ts";
export { denoFileSystem, type Environment, permittedEnvironment } from "./src/io/deno.ts";
export type { NumberKind } from "./src/refs/config/parse_config.ts";
export type { ConfigVariable } from "./src/refs/config/config_variable.ts";
export type { ConfigSources } from "./src/refs/config/load_config.ts";
export {
  environmentOptions,
  openRepository,
  type OpenRepositoryOptions,
  openRepositorySync,
  type Repository,
  type RepositoryOptions,
} from "./src/refs/repository.ts";
export { cleanIdentity, committerIdentity, type IdentitySources } from "./src/refs/identity.ts";
export { type InitOptions, initRepository } from "./src/refs/init_repository.ts";
export {
  migrateRefs,
  type MigrationOptions,
  type MigrationResult,
} from "./src/refs/migrate/migrate_refs.ts";
export type { MigrationPhase, MigrationProgress } from "./src/refs/migrate/context.ts";
export { findStrayRefs, type StrayRefFile } from "./src/refs/migrate/stray_refs.ts";
export { type Head, readHead } from "./src/refs/read_head.ts";
export { openObjects } from "./src/refs/isomorphic_objects.ts";
export {
  type GitObject,
  makeObjectReader,
  type ObjectReader,
  type ObjectType,
} from "./src/refs/object_reader.ts";
export { listWorktrees, listWorktreesSync, type Worktree } from "./src/refs/worktrees.ts";
export { sharedRepositoryMode } from "./src/refs/stack_config.ts";
export {
  findRepositoryStacks,
  openRepositoryStack,
  type RepositoryStackOptions,
  type RepositoryStacks,
} from "./src/refs/repository_stacks.ts";

// Refs.
export type {
  ListRefsOptions,
  LogOrder,
  PackOptions,
  RefFormat,
  RefLinesOptions,
} from "./src/refs/backend.ts";
export type { ExpandedRef, ShortenOptions } from "./src/refs/expand.ts";
export type { ListedRef, ListedSymbolicRef } from "./src/refs/ref_listing.ts";
export {
  isBranch,
  isPerWorktreeRef,
  isPseudoRef,
  isRootRef,
  isSafeRefname,
  parseWorktreeName,
  type RefPlace,
} from "./src/refs/names.ts";
export {
  type ReflogOptions,
  RefStore,
  type RefStoreOptions,
  type TransactionResult,
} from "./src/refs/ref_store.ts";
export {
  type ExpectedTarget,
  type ExpectedValue,
  RefTransaction,
  type TransactionOptions,
  type UpdateOptions,
  type WriteOptions,
} from "./src/refs/ref_transaction.ts";
export type { Identity, ReflogEntry } from "./src/refs/reflog_entry.ts";
export type { NewReflogEntry, ReflogLockOptions } from "./src/refs/reflog/change_logs.ts";
export type { ReflogExpiry } from "./src/refs/reflog/expiry.ts";
export type {
  ReflogFilter,
  ReflogRewrite,
  ReflogRewriteOptions,
} from "./src/refs/reflog/rewrite_log.ts";
export type { RenameOptions } from "./src/refs/rename.ts";
export type { ResolvedRef } from "./src/refs/resolve.ts";
export type {
  StoredBrokenRef,
  StoredDirectRef,
  StoredPeeledRef,
  StoredRef,
  StoredRefBase,
  StoredSymbolicRef,
} from "./src/refs/stored_ref.ts";
export type { RefRejection } from "./src/refs/transaction/update.ts";

// Verification and repair.
export { type RepairOptions, type RepairReport, repairStack } from "./src/stack/repair.ts";
export type {
  BreakLockStep,
  GiveUpStep,
  ListStep,
  RemoveStep,
  RepairStep,
  SalvageStep,
  SetAsideStep,
} from "./src/stack/repair_step.ts";
export {
  type StackReport,
  verifyStack,
  type VerifyStackOptions,
} from "./src/stack/verify_stack.ts";
export type { Stretch } from "./src/table/salvage_table.ts";
export {
  type TableReport,
  type TableSummary,
  type VerifyProgress,
  verifyTable,
  type VerifyTableOptions,
} from "./src/table/verify_table.ts";

// Storage and workers.
export type {
  DirectoryEntry,
  FileInfo,
  FileMode,
  FileSystem,
  ReadableFile,
  WritableFile,
} from "./src/io/file_system.ts";
export { MemoryFileSystem, type MemoryFileSystemOptions } from "./src/io/memory_file_system.ts";
export { removePendingFiles } from "./src/io/pending_file.ts";
export { configureWorkers, endWorkers, type WorkerSettings } from "./src/workers/install.ts";
