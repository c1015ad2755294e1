/** From which kind of place a variable comes, in the order in which they are read: the last value counts. */
export type ConfigScope = "system" | "global" | "local" | "worktree" | "command";

/** A variable of the configuration. */
export interface ConfigVariable {
  /** Its full name: section and key in lower case, a subsection between them as it is written. */
  readonly name: string;
  /** Its value; `undefined` when only the key is there, which means true. */
  readonly value: string | undefined;
  /** The path of the file it is in; `undefined` when it comes from the command line. */
  readonly file: string | undefined;
  /** The line of the file on which it ends, from 1; 0 when it comes from the command line. */
  readonly line: number;
}
