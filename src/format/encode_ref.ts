import { isEncodable } from "../bytes/text.ts";
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
