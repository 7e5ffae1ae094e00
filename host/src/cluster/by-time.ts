/** Sorts the oldest first; rows of the same millisecond stay as they came. */
export function byTime(one: { readonly at: string }, other: { readonly at: string }): number {
  return one.at < other.at ? -1 : one.at > other.at ? 1 : 0;
}
