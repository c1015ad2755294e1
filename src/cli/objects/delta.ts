import { ReftableError } from "../../errors.ts";

/** The sizes of what a delta is applied to, and of what comes out. */
export interface DeltaSizes {
  /** How long the base must be. */
  readonly base: number;
  /** How long the result is. */
  readonly result: number;
  /** Where the instructions begin. */
  readonly start: number;
}

/** Reads the head of a delta. */
export function deltaSizes(delta: Uint8Array): DeltaSizes {
  let at = 0;
  const size = () => {
    let size = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = delta[at++];
      if (byte === undefined) throw bad("it ends in its head");
      size += (byte & 127) * factor;
      if (byte < 0x80) return size;
    }
  };
  const [base, result] = [size(), size()];
  return { base, result, start: at };
}

/**
 * Makes an object from another one: a delta says which ranges of it to copy, and what to insert.
 *
 * @throws {ReftableError} With code `"format"` when the delta does not fit.
 */
export function applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array {
  const sizes = deltaSizes(delta);
  if (sizes.base !== base.length) {
    throw bad(`it is for ${sizes.base} bytes, there are ${base.length}`);
  }
  const result = new Uint8Array(sizes.result);
  let done = 0;
  for (let at = sizes.start; at < delta.length;) {
    const instruction = delta[at++]!;
    let part: Uint8Array;
    if (instruction < 0x80) {
      part = delta.subarray(at, at + instruction);
      at += instruction;
      if (instruction === 0 || part.length < instruction) throw bad("it ends in what it inserts");
    } else {
      // Each of seven bits tells whether a byte of the position or the length is there.
      const numbers = [0, 0];
      for (let bit = 0; bit < 7; bit++) {
        if ((instruction & (1 << bit)) === 0) continue;
        numbers[bit < 4 ? 0 : 1]! += (delta[at++] ?? 0) * 2 ** (8 * (bit < 4 ? bit : bit - 4));
      }
      const [position, length] = [numbers[0]!, numbers[1]! || 0x10000];
      part = base.subarray(position, position + length);
      if (part.length < length) throw bad("it copies what is not there");
    }
    if (done + part.length > result.length) throw bad("more comes out than it says");
    result.set(part, done);
    done += part.length;
  }
  if (done < result.length) throw bad("less comes out than it says");
  return result;
}

function bad(finding: string): ReftableError {
  return new ReftableError("format", `Cannot apply a delta: ${finding}`);
}
