/** Passes the first of each kind on, and the next no sooner than so many milliseconds later: others choose how often something happens. */
export function seldom<News>(everyMs: number, tell: (news: News) => void): (kind: string, news: News) => void {
  const last = new Map<string, number>();
  return (kind, news) => {
    const now = performance.now();
    if (now - (last.get(kind) ?? -Infinity) < everyMs) return;
    last.set(kind, now);
    tell(news);
  };
}
