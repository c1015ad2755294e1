import { putUint16, putUint24, putVarint, varintLength } from "../bytes/bytes.ts";
import { BLOCK_HEADER_SIZE, type BlockType } from "./block.ts";

/** A block has at most this many restarts: they are counted in 16 bits. */
const MAX_RESTARTS = 0xffff;

/** A buffer that nobody uses any more: programs that change refs write one small table after another. */
let spare: Uint8Array | undefined;

/** A record in the form in which blocks keep it. The arrays may be longer than what counts. */
export interface EncodedRecord {
  /** The key's bytes. */
  key: Uint8Array;
  /** How many of them count. */
  keyLength: number;
  /** The three bits that are stored beside the key. */
  valueType: number;
  /** Where to find the encoded value. */
  value: Uint8Array;
  /** Where it begins there. */
  valueStart: number;
  /** Where it ends there. */
  valueEnd: number;
}

/**
 * Assembles one block after another in a buffer of its own. It remembers the last key from block to
 * block, so that whoever writes can see that keys ascend.
 */
export class BlockWriter {
  /** The block so far, from its beginning. */
  readonly bytes: Uint8Array;
  /** How many records it has. */
  entries = 0;
  /** The key of the last record, in its first {@linkcode BlockWriter.lastKeyLength} bytes. */
  lastKey: Uint8Array = new Uint8Array(64);
  /** The length of the last key. */
  lastKeyLength = 0;

  readonly #restartInterval: number;
  readonly #restarts: number[] = [];
  #headerOffset = 0;
  #position = 0;

  /**
   * @param blockSize The size that no block exceeds, in bytes.
   * @param restartInterval Every so many records a key is stored whole.
   */
  constructor(blockSize: number, restartInterval: number) {
    this.bytes = spare?.length === blockSize ? spare : new Uint8Array(blockSize);
    if (this.bytes === spare) spare = undefined;
    this.#restartInterval = restartInterval;
  }

  /** Gives the buffer away; no block can be written any more. */
  release(): void {
    spare = this.bytes;
  }

  /** How many keys are stored whole. */
  get restarts(): number {
    return this.#restarts.length;
  }

  /**
   * Begins a block.
   *
   * @param headerOffset How many bytes to leave for the file's header; 0 unless it is the first block.
   */
  begin(type: BlockType, headerOffset: number): void {
    this.bytes[headerOffset] = type;
    this.#headerOffset = headerOffset;
    this.#position = headerOffset + BLOCK_HEADER_SIZE;
    this.#restarts.length = 0;
    this.entries = 0;
  }

  /** Forgets the last key: what comes next may have any. */
  forgetKey(): void {
    this.lastKeyLength = 0;
  }

  /**
   * Adds a record.
   *
   * @param shared How many bytes its key shares with the last one.
   * @returns False, and nothing is added, when it does not fit.
   */
  add(record: EncodedRecord, shared: number): boolean {
    const { key, keyLength, valueStart, valueEnd } = record;
    const { bytes } = this;
    const prefixLength = this.entries % this.#restartInterval === 0 ? 0 : shared;
    const suffixLength = keyLength - prefixLength;
    // Multiplied, not shifted: a shift would cut an absurdly long key to 32 bits.
    const suffix = suffixLength * 8 + record.valueType;
    const length = varintLength(prefixLength) + varintLength(suffix) + suffixLength +
      (valueEnd - valueStart);
    // Git makes every key a restart that shares nothing with the one before it, wherever it stands.
    const isRestart = prefixLength === 0 && this.#restarts.length < MAX_RESTARTS;
    const restarts = this.#restarts.length + (isRestart ? 1 : 0);
    let position = this.#position;
    if (position + length + 3 * restarts + 2 > bytes.length) return false;
    if (isRestart) this.#restarts.push(position);
    position = putVarint(bytes, position, prefixLength);
    position = putVarint(bytes, position, suffix);
    if (this.lastKey.length < keyLength) this.#growLastKey(keyLength);
    const { lastKey } = this;
    for (let i = prefixLength; i < keyLength; i++) {
      bytes[position++] = lastKey[i] = key[i]!;
    }
    const { value } = record;
    // A loop moves an object id faster than a call does, a message slower.
    if (valueEnd - valueStart > 64) bytes.set(value.subarray(valueStart, valueEnd), position);
    else for (let i = valueStart; i < valueEnd; i++) bytes[position + i - valueStart] = value[i]!;
    this.lastKeyLength = keyLength;
    this.#position = position + valueEnd - valueStart;
    this.entries++;
    return true;
  }

  /**
   * Ends the block with its restart table and puts its length into its header.
   *
   * @returns Its length, the first block's with the file's header.
   */
  finish(): number {
    const { bytes } = this;
    let position = this.#position;
    for (const restart of this.#restarts) {
      putUint24(bytes, position, restart);
      position += 3;
    }
    putUint16(bytes, position, this.#restarts.length);
    position += 2;
    putUint24(bytes, this.#headerOffset + 1, position);
    return position;
  }

  #growLastKey(length: number): void {
    const lastKey = new Uint8Array(2 * length);
    lastKey.set(this.lastKey.subarray(0, this.lastKeyLength));
    this.lastKey = lastKey;
  }
}
