/** A small query, or so many bytes of what a query answers: the value, and its text. */
export function payloadOf(bytes) {
  const series = Array.from({ length: Math.floor(bytes / 100) }, (_, index) => ({
    metric: { job: 'node', instance: `10.0.0.${index}:9100`, mode: 'idle' },
    value: [1_700_000_000.5 + index, String(index * 1.5)],
  }));
  const value =
    bytes <= 100
      ? { query: 'sum by (job) (rate(http_requests_total[5m]))', time: '2026-01-01T00:00:00Z', limit: 10 }
      : { series };
  return { value, text: JSON.stringify(value) };
}
