/** A command line up to the cursor, as a shell reads it. */
export interface SplitLine {
  /** The words without their quotes, the last one being the one that is completed. */
  readonly words: readonly string[];
  /** The last word as it was typed. */
  readonly typed: string;
  /** The quote that is open at the cursor. */
  readonly quote: '' | "'" | '"';
}

/** Splits a line into words as POSIX shells do. Variables and substitutions are left as they stand. */
export function splitLine(line: string): SplitLine {
  const words: string[] = [];
  let word = '';
  let typed = '';
  let quote: SplitLine['quote'] = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === '' && /\s/.test(character)) {
      if (typed !== '') words.push(word);
      [word, typed] = ['', ''];
      continue;
    }
    typed += character;
    if (character === '\\' && quote !== "'") {
      at += 1;
      const next = line[at] ?? '';
      typed += next;
      // Within double quotes a backslash is one, unless it stands before what it can escape.
      word += quote === '' || /["\\$`]/.test(next) ? next : character + next;
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else word += character;
  }
  return { words: [...words, word], typed, quote };
}
