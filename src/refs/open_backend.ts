import { ReftableError } from "../errors.ts";
import type { Io } from "../io/io.ts";
import type { RefBackend } from "./backend.ts";
import { openReftableBackend } from "./reftable/reftable_backend.ts";
import type { Repository } from "./repository.ts";

/** Opens what stores the refs of a repository. */
export function* openBackend(repository: Repository): Io<RefBackend> {
  switch (repository.refFormat) {
    case "reftable":
      return yield* openReftableBackend(repository);
    case "files":
    case "hybrid":
      throw new ReftableError(
        "unsupported",
        `Cannot open "${repository.commonDir}": its refs are stored as files`,
        { file: repository.commonDir },
      );
  }
}
