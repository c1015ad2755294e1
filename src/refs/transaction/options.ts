import type { Identity } from "../reflog_entry.ts";

/** How to change one ref. */
export interface UpdateOptions {
  /** Why, for the logs; what the transaction says by default. */
  readonly message?: string | undefined;
  /** Whether a symbolic ref itself is meant; else what it leads to is. */
  readonly noDeref?: boolean | undefined;
  /** Whether a log is begun, whatever is configured. */
  readonly createReflog?: boolean | undefined;
  /** Whether nothing is logged. */
  readonly skipReflog?: boolean | undefined;
}

/** How to write an object id to a ref. */
export interface WriteOptions extends UpdateOptions {
  /** The object that the new one leads to, when it is an annotated tag; found out when objects can be read. */
  readonly peeled?: string | undefined;
}

/** What a ref must hold before it is changed. */
export interface ExpectedValue {
  /** The object id that it must lead to; all zeros when it must not exist. Anything is fine without it. */
  readonly expect?: string | undefined;
}

/** What a symbolic ref must hold before it is changed. */
export interface ExpectedTarget extends ExpectedValue {
  /** The ref that it must point at. */
  readonly expectTarget?: string | undefined;
}

/** How to change refs together. */
export interface TransactionOptions {
  /** Why, for the logs. */
  readonly message?: string | undefined;
  /** Whether the rest goes through when single refs cannot be changed as asked. */
  readonly allowRejections?: boolean | undefined;
  /** How long to wait for each lock, in milliseconds, −1 for ever; as configured by default. */
  readonly lockTimeout?: number | undefined;
  /** Who makes the changes; as configured by default. */
  readonly identity?: Identity | undefined;
}
