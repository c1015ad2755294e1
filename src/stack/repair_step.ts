import type { Stretch } from "../table/salvage_table.ts";

/** Something that a repair does to a file of a stack's directory. */
export type RepairStep =
  | BreakLockStep
  | SalvageStep
  | GiveUpStep
  | SetAsideStep
  | ListStep
  | RemoveStep;

/** A lock is removed that nobody should hold any more. */
export interface BreakLockStep {
  /** A lock is removed. */
  readonly kind: "break-lock";
  /** Its file name. */
  readonly name: string;
  /** Why, for people. */
  readonly reason: string;
}

/** What can be read of a damaged table is written into a new one. */
export interface SalvageStep {
  /** A table is salvaged. */
  readonly kind: "salvage";
  /** The new table's file name. */
  readonly name: string;
  /** The damaged one's. */
  readonly from: string;
  /** What is wrong with that, for people. */
  readonly reason: string;
  /** How many refs could be read. */
  readonly refs: number;
  /** How many log entries could be read. */
  readonly logs: number;
  /** Where in the damaged table there are blocks that could not be read, or not to their ends. */
  readonly lost: readonly Stretch[];
}

/** A table is no longer listed that is not there; what it held is lost. */
export interface GiveUpStep {
  /** A table is given up. */
  readonly kind: "give-up";
  /** Its file name. */
  readonly name: string;
  /** Why, for people. */
  readonly reason: string;
}

/** A file is kept under another name. */
export interface SetAsideStep {
  /** A file is set aside. */
  readonly kind: "set-aside";
  /** Its name. */
  readonly name: string;
  /** The name that it gets. */
  readonly as: string;
  /** Why, for people. */
  readonly reason: string;
}

/** The list of tables gets new contents. */
export interface ListStep {
  /** The list is written. */
  readonly kind: "list";
  /** The file names of the tables, from the oldest to the newest. */
  readonly names: readonly string[];
}

/** A file is removed that nobody needs. */
export interface RemoveStep {
  /** A file is removed. */
  readonly kind: "remove";
  /** Its name. */
  readonly name: string;
  /** Why, for people. */
  readonly reason: string;
}
