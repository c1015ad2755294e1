/**
 * Whatever happens to the bytes of a table, reading it ends, in answers or in a `ReftableError`.
 *
 * @module
 */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { ReftableError, Table } from "@reftable/reftable";
import { deflateSync } from "node:zlib";
import { putUint32 } from "../../src/bytes/bytes.ts";
import { type Block, BlockType, frameBlock } from "../../src/format/block.ts";
import { BlockCursor, decodeIndexPosition } from "../../src/format/block_cursor.ts";
import { crc32 } from "../../src/format/header_footer.ts";
import { LogDecoder } from "../../src/format/log_record.ts";
import { RefBatch } from "../../src/format/ref_record.ts";
import { decodeObjectPositions } from "../../src/table/objects.ts";
import { blocksOf, keyOf, layoutOf, oidsOf, walk } from "../blocks.ts";
import { type Fixture, fixture, fixtures, seeded } from "../fixtures.ts";
import { concat, split } from "../hand_made.ts";

const SMALL = [
  "git/empty.ref",
  "git/one-ref.ref",
  "git/exact-messages.ref",
  "git/large-indices.ref",
  "jgit/small-mixed.ref",
] as const;

/** More records than the largest fixture has: who reads more goes round in circles. */
const MANY = 50_000;

/** What can become of a byte. */
const CHANGES: readonly ((byte: number) => number)[] = [
  (byte) => byte ^ 0xff,
  (byte) => (byte + 1) & 0xff,
  () => 0,
];

/** A way to read something of a table, all of it or until damage is met. */
type Question = (table: Table) => Iterable<unknown>;

const LISTS: readonly Question[] = [
  (table) => table.refs(),
  (table) => table.logs(),
  (table) => table.blocks(),
];

/** What to ask of a table: for all it has, and for a few records that it should have or not. */
function questionsFor({ bytes, refs, logs }: Fixture): Question[] {
  const questions = [...LISTS];
  for (const records of [refs, logs]) {
    const chosen = [records[0], records[records.length >> 1], records.at(-1)];
    for (const refname of ["refs/none", ...chosen.map((record) => record?.refname ?? "")]) {
      questions.push((table) => [records === refs ? table.ref(refname) : table.log(refname)]);
    }
  }
  const digits = 2 * layoutOf(bytes).hashSize;
  const oids = refs.flatMap(oidsOf).filter((_, i, all) => i % Math.ceil(all.length / 3) === 0);
  for (const oid of ["0".repeat(digits), ...oids]) {
    questions.push((table) => oid.length === digits ? table.refsFor(oid) : []);
  }
  return questions;
}

/** What came of asking. */
interface Outcome {
  clean: number;
  damaged: number;
}

function ask(bytes: Uint8Array, questions: readonly Question[], where: string): Outcome {
  const outcome = { clean: 0, damaged: 0 };
  const attempt = (action: () => void) => {
    try {
      action();
      outcome.clean++;
    } catch (error) {
      if (!(error instanceof ReftableError)) {
        throw new Error(`${where}: ${error}`, { cause: error });
      }
      if (!["format", "zlib", "api"].includes(error.code)) throw error;
      if (!error.message.includes('"')) throw new Error(`${where}: ${error.message}`);
      outcome.damaged++;
    }
  };
  attempt(() => {
    using table = Table.openSync(bytes);
    for (const question of questions) {
      attempt(() => {
        let count = 0;
        for (const _ of question(table)) {
          if (count++ > MANY) throw new Error(`${where}: it does not end`);
        }
      });
    }
  });
  return outcome;
}

/** Puts a byte into a table. When the footer is concerned its checksum is made to fit. */
function withByte(bytes: Uint8Array, position: number, byte: number, mend: boolean): Uint8Array {
  const copy = bytes.slice();
  copy[position] = byte;
  if (mend) {
    const { header } = split(bytes);
    const footer = copy.subarray(bytes.length - header.length - 44);
    // The footer repeats the header.
    if (position < header.length) footer[position] = byte;
    putUint32(footer, footer.length - 4, crc32(footer.subarray(0, -4)));
  }
  return copy;
}

Deno.test("a table with any byte changed is read to an end", () => {
  for (const name of SMALL) {
    const table = fixture(name);
    const { bytes } = table;
    const questions = questionsFor(table);
    const logs = layoutOf(bytes).logs?.start ?? bytes.length;
    const { refname } = table.logs[0] ?? { refname: "" };
    const logQuestions: Question[] = [...LISTS.slice(1), (table) => [table.log(refname)]];
    assertEquals(ask(bytes, questions, name), { clean: questions.length + 1, damaged: 0 }, name);
    let damaged = 0;
    for (let position = 0; position < bytes.length; position++) {
      for (const [i, change] of CHANGES.entries()) {
        // To inflate takes most of the time, and how a stream is damaged makes little difference.
        const isLog = position >= logs && position < bytes.length - 68;
        const asked = !isLog ? questions : logQuestions.slice(i, i + 1);
        const changed = withByte(bytes, position, change(bytes[position]!), false);
        damaged += ask(changed, asked, `${name}, byte ${position}`).damaged;
      }
    }
    assertGreater(damaged, bytes.length / 10, name);
  }
});

Deno.test("a table whose header or footer is changed, with a checksum that fits, is read to an end", () => {
  for (const name of [...SMALL, "git/restart-4-1k.ref", "git/sha256.ref"] as const) {
    const table = fixture(name);
    const { bytes } = table;
    const { header, footer } = split(bytes);
    const small = bytes.length < 5000;
    const questions = questionsFor(table).slice(small ? 0 : LISTS.length);
    const changes = small
      ? [...CHANGES, (byte: number) => byte ^ 0x80, (byte: number) => byte ^ 2]
      : CHANGES;
    const end = bytes.length - footer.length;
    const positions = [...header.keys(), ...footer.keys().map((i) => end + i).drop(header.length)];
    for (const position of positions) {
      for (const change of changes) {
        const changed = withByte(bytes, position, change(bytes[position]!), true);
        ask(changed, questions, `${name}, byte ${position}`);
      }
    }
  }
});

Deno.test("a table that ends anywhere is refused", () => {
  for (const name of SMALL) {
    const { bytes } = fixture(name);
    for (let length = 0; length < bytes.length; length++) {
      const outcome = ask(bytes.subarray(0, length), LISTS, `${name}, ${length} bytes`);
      assertEquals(outcome, { clean: 0, damaged: 1 }, `${name}, ${length} bytes`);
    }
  }
});

Deno.test("a table that lacks bytes before its footer is read to an end", () => {
  for (const name of SMALL) {
    const table = fixture(name);
    const questions = questionsFor(table);
    const { header, body, footer } = split(table.bytes);
    const logs = layoutOf(table.bytes).logs?.start ?? table.bytes.length;
    // Where in a stream bytes are missing makes little difference.
    for (let position = 0; position < body.length; position += position < logs ? 1 : 11) {
      const ended = concat(header, body.subarray(0, position), footer);
      ask(ended, questions, `${name} with ${position} bytes of blocks`);
      const gap = concat(header, body.subarray(0, position), body.subarray(position + 1), footer);
      ask(gap, questions, `${name} without byte ${header.length + position}`);
    }
  }
});

/** Reads a block in every way, its records' values too. */
function readBlock(block: Block, keys: readonly Uint8Array[], hashSize: number): void {
  const logs = new LogDecoder(hashSize);
  const refs = new RefBatch(hashSize, 1);
  const look = (cursor: BlockCursor) => {
    if (block.type === BlockType.log) logs.decode(cursor);
    else if (block.type === BlockType.object) decodeObjectPositions(cursor);
    else if (block.type === BlockType.index) decodeIndexPosition(cursor);
    else refs.decode(cursor);
  };
  const cursor = new BlockCursor(hashSize);
  cursor.jump(block);
  for (let count = 0; cursor.next(); count++) {
    // A batch of refs decodes the rest of the block.
    if (block.type !== BlockType.ref || count % 100 === 0) look(cursor);
    assert(count < block.bytes.length, "it does not end");
  }
  for (const key of keys) {
    cursor.jump(block);
    if (cursor.seek(key, key.length)) look(cursor);
  }
}

Deno.test("a block with any byte changed is read to an end, a log block too", () => {
  const names = [
    "git/restart-4-1k.ref",
    "git/sha256.ref",
    "jgit/unaligned-1k.ref",
    ...SMALL,
  ] as const;
  for (const name of names) {
    const { bytes } = fixture(name);
    const { hashSize } = layoutOf(bytes);
    // The last of each kind, of each level of an index, before another kind begins.
    const blocks = blocksOf(bytes).filter((block, i, all) => block.type !== all[i + 1]?.type);
    for (const block of blocks) {
      const keys = [...walk(block, hashSize).map(keyOf)];
      const few = [keys[0]!, keys[keys.length >> 1]!, keys.at(-1)!];
      let damaged = 0;
      const attempt = (changed: Uint8Array, where: string) => {
        try {
          // A block is framed only when its type is known.
          const framed = frameBlock(block.file, block.offset, block.start - 4, changed, 0);
          readBlock({ ...framed, type: block.type }, few, hashSize);
        } catch (error) {
          if (!(error instanceof ReftableError)) {
            throw new Error(`${name}, ${where}`, { cause: error });
          }
          assertEquals(error.code, "format");
          damaged++;
        }
      };
      for (let position = block.start; position < block.bytes.length; position++) {
        for (const change of CHANGES) {
          const changed = block.bytes.slice();
          changed[position] = change(changed[position]!);
          attempt(changed, `byte ${position} of the block at ${block.offset}`);
        }
      }
      for (let length = block.start + 2; length < block.bytes.length; length += 7) {
        attempt(block.bytes.slice(0, length), `${length} bytes of the block at ${block.offset}`);
      }
      assertGreater(damaged, 0);
    }
  }
});

Deno.test("a table whose logs were changed before they were deflated is read to an end", () => {
  const random = seeded(3);
  for (const name of ["git/exact-messages.ref", "jgit/small-mixed.ref"] as const) {
    const table = fixture(name);
    const questions = questionsFor(table);
    const last = blocksOf(table.bytes).at(-1)!;
    assertEquals(last.type, BlockType.log);
    const before = table.bytes.subarray(0, last.offset + 4);
    const { footer } = split(table.bytes);
    const outcomes = { clean: 0, damaged: 0 };
    for (let i = 0; i < 1000; i++) {
      const inflated = last.bytes.slice(4);
      inflated[random(inflated.length)] = random(256);
      const changed = concat(before, deflateSync(inflated, { level: 1 }), footer);
      const { clean, damaged } = ask(changed, questions, `${name}, change ${i}`);
      outcomes.clean += clean;
      outcomes.damaged += damaged;
    }
    // Names and messages may be anything, but lengths may not.
    assertGreater(outcomes.clean, 1000, name);
    assertGreater(outcomes.damaged, 100, name);
  }
});

Deno.test("a large table with a byte changed here or there is read to an end", () => {
  const random = seeded(11);
  for (const table of fixtures()) {
    const { name, bytes } = table;
    if (bytes.length < 5000) continue;
    const questions = questionsFor(table);
    for (let i = 0; i < 40; i++) {
      const position = random(bytes.length);
      const changed = withByte(bytes, position, random(256), false);
      ask(changed, questions, `${name}, byte ${position}`);
    }
  }
});
