import type { Io } from "../io/io.ts";
import type { BackendOptions, RefBackend } from "./backend.ts";
import { openFilesBackend } from "./files/files_backend.ts";
import { openReftableBackend } from "./reftable/reftable_backend.ts";
import type { Repository } from "./repository.ts";

/** Opens what stores the refs of a repository. */
export function* openBackend(
  repository: Repository,
  options: BackendOptions = {},
): Io<RefBackend> {
  return yield* repository.refFormat === "reftable"
    ? openReftableBackend(repository, options)
    : openFilesBackend(repository);
}
