import { encodeText } from "../../../bytes/text.ts";
import type { PackedRefsFile, PeeledTrait } from "./packed_refs_file.ts";
import type { PackedChange } from "./packed_store.ts";

/** How many bytes to gather before they are written. */
const BATCH = 0x10000;

/**
 * Writes a `packed-refs` file anew, with changes. What does not change is copied as it is.
 *
 * @param write Appends bytes to the new file.
 * @param old The file as it was, if there was one.
 * @param changes The changes, in the order of the bytes of their names.
 */
export function writePackedRefs(
  write: (bytes: Uint8Array) => void,
  old: PackedRefsFile | undefined,
  changes: readonly PackedChange[],
): void {
  const output = new Output(write);
  output.text(header(old, changes));
  let position = old?.start ?? 0;
  const copyTo = (end: number) => {
    if (old) { for (const bytes of old.copy(position, end)) output.bytes(bytes); }
    position = end;
  };
  for (const { refname, value } of changes) {
    if (old) {
      const name = encodeText(refname);
      copyTo(old.lowerBound(name, position));
      if (old.isAt(position, name)) position = old.next(position);
    }
    if (!value) continue;
    output.text(`${value.oid} ${refname}\n`);
    if (value.peeled !== undefined) output.text(`^${value.peeled}\n`);
  }
  if (old) copyTo(old.end);
  output.flush();
}

/** Gathers what is to be written. */
class Output {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #gathered = new Uint8Array(BATCH);
  #length = 0;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  text(text: string): void {
    this.bytes(encodeText(text));
  }

  bytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length > BATCH) this.flush();
    if (bytes.length > BATCH) return this.#write(bytes);
    this.#gathered.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  flush(): void {
    if (this.#length > 0) this.#write(this.#gathered.subarray(0, this.#length));
    this.#length = 0;
  }
}

/**
 * The first line, which promises no more than is so. Git always says that all are peeled; where an old file did not
 * say so, its next readers may miss what tags lead to.
 */
function header(old: PackedRefsFile | undefined, changes: readonly PackedChange[]): string {
  const peeled = changes.reduce(withChange, old ? old.peeled : "fully");
  const traits = { none: "", tags: " peeled", fully: " peeled fully-peeled" }[peeled];
  return `# pack-refs with:${traits} sorted \n`;
}

function withChange(known: PeeledTrait, { refname, value }: PackedChange): PeeledTrait {
  if (!value || value.peeled !== undefined || value.isPeelKnown || known === "none") return known;
  return refname.startsWith("refs/tags/") ? "none" : "tags";
}
