/** What a migration is doing. */
export type MigrationPhase = "refs" | "logs" | "check";

/** How far a migration is. */
export interface MigrationProgress {
  /** What is done now: refs are written, logs are written, or both are compared with where they came from. */
  readonly phase: MigrationPhase;
  /** How many refs, logs, or refs and logs were gone through in this phase. */
  readonly done: number;
}

/** How many steps to take between looks at the clock. */
const STEPS_A_LOOK = 1024;

/** After how many milliseconds others get their turn. */
const TURN = 20;

/** Counts what was gone through, tells it, and lets others have their turn. */
export class Pace {
  readonly #onProgress: ((progress: MigrationProgress) => void) | undefined;
  #phase: MigrationPhase = "refs";
  #done = 0;
  #began = performance.now();

  constructor(onProgress: ((progress: MigrationProgress) => void) | undefined) {
    this.#onProgress = onProgress;
  }

  /** Begins a phase, unless it was begun already. */
  begin(phase: MigrationPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#done = 0;
  }

  /** Counts a step, and tells whether it is time to {@linkcode Pace.pass}. */
  step(): boolean {
    if (++this.#done % STEPS_A_LOOK !== 0) return false;
    return performance.now() - this.#began > TURN;
  }

  /** Lets others have their turn. */
  async pass(): Promise<void> {
    this.report();
    await new Promise((resolve) => setTimeout(resolve));
    this.#began = performance.now();
  }

  /** Tells how far it is. */
  report(): void {
    this.#onProgress?.({ phase: this.#phase, done: this.#done });
  }
}
