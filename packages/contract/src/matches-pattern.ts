/**
 * Whether a name matches a pattern, in which `*` stands for any run of characters, a slash included.
 * Takes time proportional to both lengths whatever the pattern, as patterns may come from a shared configuration.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    if (pattern[next] === '*') {
      star = next++;
      resume = at;
    } else if (next < pattern.length && pattern[next] === name[at]) {
      next++;
      at++;
    } else if (star >= 0) {
      // The last star takes one character more; earlier stars never have to be reconsidered.
      next = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}
