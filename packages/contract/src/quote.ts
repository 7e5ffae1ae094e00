/** Control and format characters, and blanks that are no space: all that cannot be seen, or turns around what can. */
const UNSEEN = /(?! )[\p{C}\p{Z}]/gu;

/** A text in which everything can be seen: `a\u200bb`, as JSON would write it. */
export function makeVisible(text: string): string {
  return text.replaceAll(UNSEEN, (character) =>
    character.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** A text from outside, for a message: in quotes, as JSON writes it, with everything in it to be seen. */
export function quote(text: string): string {
  return makeVisible(JSON.stringify(text));
}
