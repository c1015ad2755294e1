import { decodeText, encodeText } from "../../bytes/text.ts";

/** The size of a block when it is not configured. */
const DEFAULT_BLOCK_SIZE = 4096;

/**
 * Cuts a message so that its entry fits into a block, as git does: to half the size of a block, perhaps in the middle
 * of a character.
 *
 * @param message The message without a newline.
 * @param blockSize The size of a block in bytes; the usual one when it is 0 or not configured.
 */
export function cutMessage(message: string, blockSize: number | undefined): string {
  const size = Math.floor((blockSize || DEFAULT_BLOCK_SIZE) / 2);
  if (3 * message.length <= size) return message;
  const bytes = encodeText(message);
  return bytes.length <= size ? message : decodeText(bytes, 0, size);
}
