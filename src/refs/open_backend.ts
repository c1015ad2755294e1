import type { Io } from "../io/io.ts";
import type { RefBackend } from "./backend.ts";
import { openFilesBackend } from "./files/files_backend.ts";
import { openReftableBackend } from "./reftable/reftable_backend.ts";
import type { Repository } from "./repository.ts";

/** Opens what stores the refs of a repository. */
export function* openBackend(repository: Repository): Io<RefBackend> {
  const isReftable = repository.refFormat === "reftable";
  return yield* isReftable ? openReftableBackend(repository) : openFilesBackend(repository);
}
