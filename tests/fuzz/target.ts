/**
 * What is fuzzed: how inputs are made, and what must hold for all of them.
 *
 * @module
 */

import { ReftableError } from "@reftable/reftable";
import type { Random } from "./random.ts";

/** An input: files by their names. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** Something that reads what strangers have written. */
export interface Target {
  readonly name: string;
  /** How often it gets an input, beside the others. */
  readonly weight: number;
  /** Makes an input. */
  make(random: Random): Files;
  /** Reads an input; throws when that does something that it must not. */
  check(files: Files): Promise<void> | void;
}

/** What came of reading something. */
export type Outcome<T> =
  | { readonly value: T; readonly error?: undefined }
  | { readonly error: ReftableError; readonly value?: undefined };

/** Does something that may refuse its input, but only in one way. */
export async function attempt<T>(action: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { value: await action() };
  } catch (error) {
    if (error instanceof ReftableError) return { error };
    throw error;
  }
}

/** Text as a file. */
export function file(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
