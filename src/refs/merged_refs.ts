import { compareText } from "../bytes/text.ts";
import type { StoredRefBase } from "./stored_ref.ts";

/** Two lists of refs as one. Where both have a ref, that of the first counts. */
export class MergedRefs<T extends StoredRefBase> extends Iterator<T, void> {
  readonly #first: IteratorObject<T, void>;
  readonly #second: IteratorObject<T, void>;
  #a: IteratorResult<T, void> | undefined;
  #b: IteratorResult<T, void> | undefined;

  /** Takes lists in the order of the bytes of their names. */
  constructor(first: IteratorObject<T, void>, second: IteratorObject<T, void>) {
    super();
    this.#first = first;
    this.#second = second;
  }

  override next(): IteratorResult<T, void> {
    const a = this.#a ??= this.#first.next();
    const b = this.#b ??= this.#second.next();
    const order = a.done ? 1 : b.done ? -1 : compareText(a.value.refname, b.value.refname);
    if (order <= 0 && !a.done) this.#a = undefined;
    if (order >= 0 && !b.done) this.#b = undefined;
    return order <= 0 ? a : b;
  }

  override return(): IteratorReturnResult<void> {
    this.#first.return?.();
    this.#second.return?.();
    this.#a = this.#b = { done: true, value: undefined };
    return this.#a;
  }
}
