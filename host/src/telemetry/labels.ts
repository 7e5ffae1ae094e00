/** Longest text that becomes a label's value; ids of connectors are shorter. */
const LONGEST = 100;

/** What stands for names that nobody vouches for, or that came when there was no room left. */
export const OTHER = 'other';

/** A text as a label's value: no control characters, bounded length. */
export function cleanLabel(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '');
}
