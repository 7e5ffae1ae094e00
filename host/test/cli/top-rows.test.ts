import { expect, it } from '@jest/globals';
import type { ConnectorStats } from '@automate/contract';
import { renderTop } from '../../src/cli/top/render-top.ts';

const marked = (format: string, text: string): string => `<${format}>${text}`;
function rows(...connectors: readonly Partial<ConnectorStats>[]): readonly string[] {
  const base: ConnectorStats = {
    id: '',
    kind: 'echo',
    isolation: 'thread',
    status: 'healthy',
    calls: 0,
    callsPerSecond: 0,
    errors: {},
    inFlight: 0,
    queued: 0,
    restarts: 0,
    crashes: 0,
  };
  const lines = renderTop(
    {
      at: '2026-01-31T09:00:00.000Z',
      windowMs: 60_000,
      host: { version: '1.0.0', since: '2026-01-31T08:00:00.000Z' },
      connectors: connectors.map((each) => ({ ...base, ...each })),
    },
    { sort: 'calls', style: marked },
  );
  return lines.slice(4);
}

it('what does as much comes in the order of the ids', () => {
  expect(rows({ id: 'b' }, { id: 'c', callsPerSecond: 1 }, { id: 'a' }).map((row) => row[0])).toEqual(['c', 'a', 'b']);
});

it.each<[Partial<ConnectorStats>, RegExp]>([
  [{ status: 'unhealthy' }, /^<red>x +unhealthy /],
  [{ circuit: 'open' }, /^<red>x +circuit open /],
  [{ circuit: 'half_open' }, /^x +healthy /],
  [{ status: 'unavailable' }, /^<dim>x +unavailable /],
  [{ errors: { TIMEOUT: 1 } }, /^<yellow>x +healthy .* 1 +TIMEOUT/],
  [{ inFlight: 4 }, / 4 +- +- /],
  [{ inFlight: 4, queued: 7 }, / 4\+7 /],
  [{ p50Ms: 1.26, p99Ms: 1_260 }, / 1\.3 ms +1\.3 s /],
])('%j is shown as %s', (stats, shown) => {
  expect(rows({ id: 'x', ...stats })).toEqual([expect.stringMatching(shown)]);
});
