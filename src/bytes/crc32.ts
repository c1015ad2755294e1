/** The remainders of all half bytes for the reversed polynomial 0xEDB88320 (ISO 3309, zlib). */
const TABLE = Uint32Array.of(
  ...[0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158],
  ...[0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4],
  ...[0xa00ae278, 0xbdbdf21c],
);

/**
 * Computes the CRC-32 of some bytes, as an unsigned 32-bit number. They are few, so it goes by half bytes: a table
 * for whole ones would take longer to make than all that it saves.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = TABLE[(crc ^ byte) & 0xf]! ^ (crc >>> 4);
    crc = TABLE[(crc ^ (byte >>> 4)) & 0xf]! ^ (crc >>> 4);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
