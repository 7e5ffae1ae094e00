import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseExposition } from '../telemetry/fixtures/parse-exposition.ts';
import type { ExposedMetric } from '../telemetry/fixtures/parse-exposition.ts';
import { codeIn, tableOf } from './fixtures/read-docs.ts';
import type { RunningHost } from './fixtures/running-host.ts';
import { startHost } from './fixtures/running-host.ts';

let running: RunningHost;
let scraped: ReadonlyMap<string, ExposedMetric>;

const scrape = async (): Promise<ReadonlyMap<string, ExposedMetric>> =>
  parseExposition(await (await fetch(`${running.http}/metrics`)).text());

beforeAll(async () => {
  const entry = new URL('fixtures/ending.js', import.meta.url);
  running = await startHost({
    env: { AUDIT: 'on' },
    sampleMs: 100,
    kinds: [{ kind: 'ending', adapter: { entry }, autoconfigure: true }],
  });
  const { service } = running.host;
  await service.execute({ id: 'logging', action: 'log', payload: { message: 'hello', level: 'debug' } });
  await service.register({ id: 'bounded', kind: 'logging', circuit: {}, limits: { rate: { requests: 10 } } });
  await service.execute({ id: 'bounded', action: 'log', payload: { message: 'hello', level: 'debug' } });
  await service.execute({ id: 'ending', action: 'end' }).catch(() => undefined);
  await service.startExecution({ id: 'logging', action: 'none' });
  await service.healthCheck('logging');
  await fetch(`${running.http}/hooks/nobody`, { method: 'POST' });
  const late = ['nodejs_eventloop_lag_max_seconds', 'automate_worker_loop_lag_seconds', 'automate_executions_queued'];
  // The event loop is watched from the first scrape on, workers are looked at now and then, and executions are counted for the next scrape.
  do {
    await delay(50);
    scraped = await scrape();
  } while (!late.every((metric) => scraped.has(metric)));
});

afterAll(async () => {
  await running?.[Symbol.asyncDispose]();
});

function labelsOf({ samples }: ExposedMetric): readonly string[] {
  const names = [...samples.keys()].flatMap((sample) =>
    [...sample.matchAll(/[{,](\w+)="/g)].map((match) => match[1] ?? ''),
  );
  return [...new Set(names)].toSorted();
}

describe('the metrics in docs/operating.md', () => {
  it('are those of a real scrape, with their types and labels', () => {
    const documented = tableOf('docs/operating.md', 'Metrics', 'metric').rows.map(
      ([metric = '', type, labels = '']) => ({
        metric: codeIn(metric)[0] ?? '',
        type,
        labels: codeIn(labels).toSorted(),
      }),
    );
    const actual = [...scraped].map(([metric, exposed]) => ({ metric, type: exposed.type, labels: labelsOf(exposed) }));
    const byName = (a: { metric: string }, b: { metric: string }): number => (a.metric < b.metric ? -1 : 1);
    expect(documented.toSorted(byName)).toEqual(actual.toSorted(byName));
  });
});
