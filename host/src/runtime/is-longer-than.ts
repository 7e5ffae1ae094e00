/** Whether a text has more bytes in UTF-8. Counts them only where the number of characters does not tell. */
export function isLongerThan(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}
