/** A line on standard error that tells how far something is, when a person looks at it. */
export class ProgressLine implements Disposable {
  readonly #label: string;
  readonly #isShown = Deno.stderr.isTerminal();
  #length = 0;

  /** @param label What is going on. */
  constructor(label: string) {
    this.#label = label;
  }

  /**
   * Shows how much of a total is done.
   *
   * @param details More to tell, behind the share.
   */
  show(done: number, total: number, details: string): void {
    if (!this.#isShown) return;
    const share = total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total));
    this.#write(`${this.#label}: ${String(share).padStart(3)}% ${details}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#length > 0) this.#write("");
  }

  #write(text: string): void {
    const line = `\r${text.padEnd(this.#length)}${text === "" ? "\r" : ""}`;
    this.#length = text.length;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
  }
}
