/** Exit codes that mean the same in all commands. */
export const EXIT = {
  /** The answer is no, or the input is bad. */
  FAILURE: 1,
  /** Nothing could be done. */
  FATAL: 128,
  /** The command line does not fit the command. */
  USAGE: 129,
} as const;

/** The command ends with an exit code and a line on standard error. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  /** The exit code. */
  readonly code: number;
  /** What stands before the message, such as `fatal`; nothing when it is empty. */
  readonly prefix: string;

  /**
   * Makes one.
   *
   * @param message The line, without its prefix.
   */
  constructor(code: number, prefix: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.prefix = prefix;
  }
}

/** What Git says before it gives up. */
export function fatal(message: string): Failure {
  return new Failure(EXIT.FATAL, "fatal", message);
}

/** What Git says when the answer is no. */
export function failed(message: string, code: number = EXIT.FAILURE): Failure {
  return new Failure(code, "error", message);
}

/** The command line does not fit the command; its message says how. */
export class UsageError extends Failure {
  override readonly name = "UsageError";
  /** Whether the usage follows, and where; `help` is all there is to say, and no error. */
  readonly usage: "none" | "stderr" | "stdout" | "help";

  /**
   * Makes one.
   *
   * @param message The line, without its prefix; without one, only the usage is shown.
   */
  constructor(message: string, usage: UsageError["usage"] = "stderr", prefix = "error") {
    super(EXIT.USAGE, prefix, message);
    this.usage = usage;
  }
}
