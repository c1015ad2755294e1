import { isEncodable } from "../bytes/text.ts";
import { LOG_KEY_TAIL, type LogRecord, LogValueType, putLogKeyTail } from "./log_record.ts";
import { putOid, type RecordBuffer } from "./record_buffer.ts";
import { type RefRecord, RefValueType } from "./ref_record.ts";

/**
 * Encodes a ref.
 *
 * @param target Receives key and value.
 * @param hashSize The length of an object id in bytes.
 * @param minUpdateIndex The table's lowest update index.
 * @returns What is wrong with the record, if anything is.
 */
export function encodeRef(
  target: RecordBuffer,
  ref: RefRecord,
  hashSize: number,
  minUpdateIndex: number,
): string | undefined {
  target.setKey(ref.refname);
  target.putVarint(ref.updateIndex - minUpdateIndex);
  target.valueType = RefValueType[ref.kind];
  switch (ref.kind) {
    case "deletion":
      return undefined;
    case "direct":
      return putOid(target, ref.oid, hashSize);
    case "peeled":
      return putOid(target, ref.oid, hashSize) ?? putOid(target, ref.peeled, hashSize);
    case "symref":
      if (typeof ref.target !== "string") return "its target is no string";
      if (ref.target === "") return "its target is empty";
      if (ref.target.includes("\0")) return "its target has a NUL in it";
      if (!isEncodable(ref.target)) return "its target has a lone surrogate in it";
      target.putText(ref.target);
      return undefined;
    default:
      return `its kind is ${JSON.stringify((ref as RefRecord).kind)}`;
  }
}

/**
 * Encodes a log entry.
 *
 * @param target Receives key and value.
 * @param message The message as it is to be stored.
 * @param hashSize The length of an object id in bytes.
 * @returns What is wrong with the record, if anything is.
 */
export function encodeLog(
  target: RecordBuffer,
  log: LogRecord,
  message: string,
  hashSize: number,
): string | undefined {
  target.setKey(log.refname);
  target.appendToKey(LOG_KEY_TAIL);
  putLogKeyTail(target.key, target.keyLength - LOG_KEY_TAIL, log.updateIndex);
  // Callers whose code is not type-checked come with anything.
  const valueType: number | undefined = LogValueType[log.kind];
  if (valueType === undefined) return `its kind is ${JSON.stringify(log.kind)}`;
  target.valueType = valueType;
  if (log.kind === "deletion") return undefined;
  if (typeof log.name !== "string" || typeof log.email !== "string") {
    return "its name or email is no string";
  }
  if (!Number.isSafeInteger(log.time) || log.time < 0) return `its time is ${log.time}`;
  if (!(log.tzOffset >= -0x8000 && log.tzOffset <= 0x7fff) || log.tzOffset % 1 !== 0) {
    return `its time zone is ${log.tzOffset}`;
  }
  const wrong = putOid(target, log.oldOid, hashSize) ?? putOid(target, log.newOid, hashSize);
  if (wrong !== undefined) return wrong;
  target.putText(log.name);
  target.putText(log.email);
  target.putVarint(log.time);
  target.putUint16(log.tzOffset & 0xffff);
  target.putText(message);
  return undefined;
}

/**
 * Encodes an object's positions.
 *
 * @param target Receives the value; its key must be set already.
 * @param positions The positions of ref blocks in ascending order, or none to say that all refs must be scanned.
 */
export function encodeObjectPositions(target: RecordBuffer, positions: readonly number[]): void {
  const count = positions.length;
  target.valueType = count < 8 ? count : 0;
  if (target.valueType === 0) target.putVarint(count);
  let last = 0;
  for (const position of positions) {
    target.putVarint(position - last);
    last = position;
  }
}
