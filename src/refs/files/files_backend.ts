import { type Io, perform } from "../../io/io.ts";
import { Stack, type StackOptions } from "../../stack/stack.ts";
import type {
  ListRefsOptions,
  LogOrder,
  PackOptions,
  RefBackend,
  RefFormat,
  RefSession,
  SessionOptions,
} from "../backend.ts";
import { within } from "../git_directory.ts";
import { REFS_PREFIX } from "../names.ts";
import { isListed, listedPrefix, MergedRefs } from "../ref_listing.ts";
import type { ReflogEntry } from "../reflog_entry.ts";
import type { Repository } from "../repository.ts";
import { sharedMode, stackConfig, syncsRefs } from "../stack_config.ts";
import type { StoredRef } from "../stored_ref.ts";
import { FilesLogs } from "./files_logs.ts";
import { FilesSession } from "./files_session.ts";
import { type FilesStorage, readRef } from "./files_storage.ts";
import { listLooseRefs } from "./loose_refs.ts";
import { packRefs } from "./pack_refs.ts";
import { PackedRefsStore } from "./packed/packed_refs_store.ts";
import { PackedStack } from "./packed/packed_stack.ts";
import type { PackedStore } from "./packed/packed_store.ts";
import { RefPaths } from "./ref_paths.ts";

/** How long git waits for the lock of a ref, in milliseconds. */
const REF_LOCK_TIMEOUT = 100;

/** How long git waits for the lock of `packed-refs`, in milliseconds. */
const PACKED_REFS_TIMEOUT = 1000;

/**
 * Opens the refs of a repository that are stored in files, or in files with a stack in place of `packed-refs`.
 *
 * @throws {ReftableError} With code `"format"` when that stack is damaged or the configuration makes no sense.
 */
export function* openFilesBackend(repository: Repository): Io<RefBackend> {
  const { fileSystem, hash, config } = repository;
  const paths = new RefPaths(repository);
  const mode = sharedMode(config);
  const storage: FilesStorage = {
    fileSystem,
    paths,
    packed: yield* openPacked(repository),
    logs: new FilesLogs({ fileSystem, paths, hash, mode }),
    hash,
    mode,
    sync: syncsRefs(config),
    lockTimeout: config.number("core.filesRefLockTimeout") ?? REF_LOCK_TIMEOUT,
  };
  return new FilesBackend(repository.refFormat, storage);
}

function* openPacked(repository: Repository): Io<PackedStore> {
  const { fileSystem, hash, config, storage, refFormat } = repository;
  const lockTimeout = config.number("core.packedRefsTimeout") ?? PACKED_REFS_TIMEOUT;
  const path = within(storage, "packed-refs");
  if (refFormat === "files") {
    const mode = sharedMode(config);
    const sync = syncsRefs(config);
    return new PackedRefsStore({ fileSystem, path, hash, mode, sync, lockTimeout });
  }
  // Whoever changes refs has checked their names, against those of files too.
  const options: StackOptions = {
    ...stackConfig(config),
    fileSystem,
    hash,
    sync: syncsRefs(config),
    skipNameCheck: true,
  };
  const directory = within(storage, "reftable");
  const stack = yield* perform({
    sync: () => Stack.openSync(directory, options),
    async: () => Stack.open(directory, options),
  });
  return new PackedStack(stack, { fileSystem, path, lockTimeout });
}

/** Refs in files. */
class FilesBackend implements RefBackend {
  readonly format: RefFormat;
  readonly #storage: FilesStorage;

  constructor(format: RefFormat, storage: FilesStorage) {
    this.format = format;
    this.#storage = storage;
  }

  read(refname: string): StoredRef | undefined {
    return readRef(this.#storage, refname);
  }

  hasLog(refname: string): boolean {
    return this.#storage.logs.has(refname);
  }

  log(refname: string, order: LogOrder): IteratorObject<ReflogEntry, void> {
    return this.#storage.logs.read(refname, order);
  }

  list(options: ListRefsOptions = {}): IteratorObject<StoredRef, void> {
    const prefix = listedPrefix(options);
    if (prefix === undefined) return Iterator.from<StoredRef>([]);
    const { fileSystem, paths, packed, hash } = this.#storage;
    const wanted = { ...options, prefix };
    const loose = listLooseRefs(fileSystem, paths, wanted, hash);
    const refs = new MergedRefs(loose.values(), packed.list(wanted));
    return prefix.startsWith(REFS_PREFIX) ? refs : refs.filter(isListed);
  }

  logNames(): IteratorObject<string, void> {
    return this.#storage.logs.names().values();
  }

  /** Whatever is read is read anew. */
  *reload(): Io<void> {}

  begin(options: SessionOptions = {}): Promise<RefSession> {
    return Promise.resolve(new FilesSession(this.#storage, options));
  }

  async pack(options: PackOptions = {}): Promise<void> {
    await packRefs(this.#storage, options);
  }

  [Symbol.dispose](): void {
    this.#storage.packed[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storage.packed[Symbol.asyncDispose]();
  }
}
