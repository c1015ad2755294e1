const MEBIBYTE = 1024 * 1024;

/** Rounds a number so that three digits say something. */
export function significant(number: number): string {
  const digits = number > 0 ? Math.max(0, 2 - Math.floor(Math.log10(number))) : 0;
  return number.toFixed(digits);
}

/** Formats a number of bytes. */
export function formatSize(bytes: number): string {
  return `${significant(bytes / MEBIBYTE)} MiB`;
}

/** Formats a number of refs. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}
