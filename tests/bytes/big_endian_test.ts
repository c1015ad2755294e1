import { assertEquals } from "@std/assert";
import {
  getUint16,
  getUint24,
  getUint32,
  getUint64,
  putUint16,
  putUint24,
  putUint32,
  putUint64,
} from "../../src/bytes/bytes.ts";

type Get = (bytes: Uint8Array, position: number) => number | undefined;
type Put = (target: Uint8Array, position: number, value: number) => void;

const CASES: readonly (readonly [Get, Put, number, readonly number[]])[] = [
  [getUint16, putUint16, 0x0102, [1, 2]],
  [getUint16, putUint16, 0xffff, [0xff, 0xff]],
  [getUint24, putUint24, 0x010203, [1, 2, 3]],
  [getUint24, putUint24, 0xfffefd, [0xff, 0xfe, 0xfd]],
  [getUint32, putUint32, 0x01020304, [1, 2, 3, 4]],
  [getUint32, putUint32, 0x80000000, [0x80, 0, 0, 0]],
  [getUint32, putUint32, 0xfffefdfc, [0xff, 0xfe, 0xfd, 0xfc]],
  [getUint64, putUint64, 0, [0, 0, 0, 0, 0, 0, 0, 0]],
  [getUint64, putUint64, 0xfffefdfc, [0, 0, 0, 0, 0xff, 0xfe, 0xfd, 0xfc]],
  [getUint64, putUint64, 2 ** 32, [0, 0, 0, 1, 0, 0, 0, 0]],
  [getUint64, putUint64, 0x01020304050607, [0, 1, 2, 3, 4, 5, 6, 7]],
  [getUint64, putUint64, 2 ** 53 - 1, [0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
];

Deno.test("numbers are read and written most significant byte first", () => {
  for (const [get, put, value, bytes] of CASES) {
    assertEquals(get(Uint8Array.of(0xee, ...bytes, 0xee), 1), value, get.name);
    const target = new Uint8Array(bytes.length + 2).fill(0xee);
    put(target, 1, value);
    assertEquals([...target], [0xee, ...bytes, 0xee], `${put.name}(${value})`);
  }
});

Deno.test("getUint64() gives nothing above 2^53 - 1", () => {
  for (const start of [[0, 0x20, 0], [0x01, 0, 0], [0x80, 0, 0], [0xff, 0xff, 0xff]]) {
    assertEquals(getUint64(Uint8Array.of(...start, 0, 0, 0, 0, 0), 0), undefined);
  }
});
