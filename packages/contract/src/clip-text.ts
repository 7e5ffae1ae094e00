/** A longer text is not cut: one that was put together of parts is first copied whole for that, for which there may be no memory. */
const LONGEST_CUT = 1024 * 1024;

/** The text, or its beginning where it has more than so many characters, with how many it has. */
export function clipText(text: string, length = LONGEST_CUT): string {
  if (text.length <= length) return text;
  if (text.length > LONGEST_CUT) return `a text of ${text.length} characters, too long to be shown`;
  return `${text.slice(0, length)}… (${text.length} characters)`;
}
