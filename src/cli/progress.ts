import { writeError } from "./output.ts";
import type { System } from "./system.ts";

/** A line on standard error that tells how far something is, when a person looks at it. */
export class ProgressLine implements Disposable {
  readonly #label: string;
  readonly #system: System;
  readonly #isShown: boolean;
  #length = 0;

  /**
   * Begins with an empty line.
   *
   * @param label What is going on.
   */
  constructor(system: System, label: string) {
    this.#system = system;
    this.#isShown = system.isTerminal("stderr");
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

  /** Shows how far something is of which nobody knows how much there is. */
  tell(details: string): void {
    if (this.#isShown) this.#write(`${this.#label}: ${details}`);
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#length > 0) this.#write("");
  }

  #write(text: string): void {
    const line = `\r${text.padEnd(this.#length)}${text === "" ? "\r" : ""}`;
    this.#length = text.length;
    writeError(this.#system, line);
  }
}
