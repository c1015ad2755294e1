import { ReftableError } from "../errors.ts";

/**
 * Lets those who change one open stack follow each other in the order in which they came, so that many at once do
 * not fight for a lock that is their own.
 */
export class Turns {
  readonly #minPatience: number;
  /** Who has the turn, then who waits; each is settled when its turn ends. */
  readonly #queue: Promise<void>[] = [];

  /**
   * @param minPatience How long one may take at least, in milliseconds: more than a slow disk needs, as
   * whoever waits would give up with all that wait behind it.
   */
  constructor(minPatience = 10_000) {
    this.#minPatience = minPatience;
  }

  /**
   * Waits for the turn.
   *
   * @param patience How long one of the others may take, in milliseconds; below 0 for ever.
   * @param directory The stack's directory, for the error.
   * @returns The turn, which ends when it is disposed.
   * @throws {ReftableError} With code `"lock"` when another takes too long: perhaps it waits for this one.
   */
  async take(patience: number, directory: string): Promise<Disposable> {
    const limit = patience < 0 ? patience : Math.max(patience, this.#minPatience);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#queue.push(promise);
    const turn = {
      [Symbol.dispose]: () => {
        const place = this.#queue.indexOf(promise);
        if (place >= 0) this.#queue.splice(place, 1);
        resolve();
      },
    };
    while (this.#queue[0] !== promise) {
      if (await endsWithin(this.#queue[0]!, limit)) continue;
      turn[Symbol.dispose]();
      throw new ReftableError(
        "lock",
        `Cannot change stack "${directory}": another addition of this process has not ended`,
        { file: directory },
      );
    }
    return turn;
  }
}

async function endsWithin(turn: Promise<void>, patience: number): Promise<boolean> {
  if (patience < 0) return await turn.then(() => true);
  let timer;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patience, false);
  });
  const ended = await Promise.race([turn.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
