import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { watchExecutionCounts } from '../../dist/executions/execution-counts.js';
import { ExecutionMetrics } from '../../dist/telemetry/execution-metrics.js';
import { DataDirectory } from '../executions/fixtures/open-executions.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { parseExposition } from './fixtures/parse-exposition.ts';

it('executions are counted as they wait, run and end, by connector', async () => {
  await using host = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors: [{ id: echo, retry: { attempts: 1 } }, { id: paused, kind: echo }, { id: idle, kind: echo }]',
  });
  const { service } = host;
  const scrape = async () => {
    const metrics = parseExposition(await (await fetch(`${host.host.httpAddress}/metrics`)).text());
    return (metric: string, sample = metric): Record<string, number> =>
      Object.fromEntries([...(metrics.get(metric)?.samples ?? [])].filter(([name]) => name.startsWith(sample)));
  };
  expect((await scrape())('automate_executions_ended_total')).toEqual({});
  await service.pause('paused');
  const start = async (id: string, action: string, more = {}) =>
    (await service.startExecution({ id, action, payload: action === 'say' ? { text: 'x' } : {}, ...more })).id;
  const ids = await Promise.all([
    start('echo', 'say'),
    start('echo', 'say'),
    start('echo', 'none'),
    start('paused', 'say'),
    start('paused', 'say'),
    start('echo', 'say', { runAt: new Date(Date.now() + 3_600_000).toISOString() }),
  ]);
  await service.cancelExecution(ids[4] ?? '');
  await service.cancelExecution(ids[5] ?? '');
  const runsUntil = await start('echo', 'wait', {
    payload: { began: `${host.sandbox.root}/began`, ms: 600_000 },
  });
  await eventually(async () => (await service.getExecution(runsUntil)).status === 'running');
  await eventually(async () => (await service.getExecution(ids[2] ?? '')).status === 'failed');
  const each = (metric: string, echo: number, paused: number) => ({
    [`${metric}{connector="echo"}`]: echo,
    [`${metric}{connector="paused"}`]: paused,
  });
  // Counted for whoever asks next.
  const found = await eventually(scrape, (of) => {
    const running = of('automate_executions_running')['automate_executions_running{connector="echo"}'];
    const dead = of('automate_execution_dead_letters')['automate_execution_dead_letters{connector="echo"}'];
    return running === 1 && dead === 1;
  });
  expect(found('automate_executions_queued')).toEqual(each('automate_executions_queued', 0, 1));
  expect(found('automate_executions_running')).toEqual(each('automate_executions_running', 1, 0));
  expect(found('automate_execution_dead_letters')).toEqual(each('automate_execution_dead_letters', 1, 0));
  const ended = (connector: string, status: string) =>
    `automate_executions_ended_total{connector="${connector}",status="${status}"}`;
  expect(found('automate_executions_ended_total')).toEqual({
    [ended('echo', 'succeeded')]: 2,
    [ended('echo', 'failed')]: 1,
    [ended('echo', 'cancelled')]: 1,
    [ended('echo', 'unknown')]: 0,
    [ended('paused', 'succeeded')]: 0,
    [ended('paused', 'failed')]: 0,
    [ended('paused', 'cancelled')]: 1,
    [ended('paused', 'unknown')]: 0,
  });
  const countOf = (metric: string) => found(metric, `${metric}_count`);
  expect(countOf('automate_execution_wait_seconds')).toEqual(each('automate_execution_wait_seconds_count', 4, 0));
  expect(countOf('automate_execution_run_seconds')).toEqual(each('automate_execution_run_seconds_count', 3, 0));
  await service.cancelExecution(runsUntil);
});

it('executions are counted now and then, the more seldom the longer that takes, and as 0 where none are left', async () => {
  using data = new DataDirectory();
  await using opened = data.open(async () => ({ result: '1', attempts: 1, durationMs: 1, replayed: false }));
  opened.places.concurrency = 0;
  let [asked, takesMs] = [0, 0];
  const counts = watchExecutionCounts({
    async stats() {
      asked += 1;
      await new Promise((resolve) => void setTimeout(resolve, takesMs));
      return opened.store.stats();
    },
  });
  const none = { connector: 'c', queued: 0, running: 0, deadLetters: 0 };
  const { id } = await opened.executions.startExecution({ id: 'c', action: 'a' });
  await eventually(counts, (all) => all.length > 0);
  for (let scrape = 0; scrape < 100; scrape += 1) expect(counts()).toEqual([{ ...none, queued: 1 }]);
  expect(asked).toBe(1);
  await opened.executions.cancelExecution(id);
  takesMs = 200;
  await eventually(counts, (all) => all.every(({ queued }) => queued === 0));
  expect(counts()).toEqual([none]);
  await new Promise((resolve) => void setTimeout(resolve, 2_100));
  counts();
  expect(asked).toBe(2);
});

it('executions are counted by the connectors that are there, with bounds that belong to their buckets, whatever the clocks say', () => {
  const metrics = new ExecutionMetrics();
  metrics.observe(() => [{ connector: 'new', queued: 1, running: 0, deadLetters: 0 }]);
  metrics.recordRun('c', 10);
  metrics.recordRun('c', 11);
  // By the clock of the host that took it, which is behind.
  metrics.recordWait('c', -5_000);
  const familyOf = (name: string) => metrics.families().find((each) => each.name === name);
  const distributionOf = (name: string) => {
    const family = familyOf(name);
    return family?.kind === 'histogram'
      ? family.distributions.find(({ labels }) => labels['connector'] === 'c')
      : undefined;
  };
  expect(distributionOf('automate_execution_run_seconds')?.buckets.slice(0, 3)).toEqual([1, 1, 0]);
  expect(distributionOf('automate_execution_wait_seconds')).toMatchObject({ sum: 0, count: 1 });
  const connectors = () => {
    const family = familyOf('automate_executions_ended_total');
    const samples = family?.kind === 'counter' ? family.samples : [];
    return new Set(samples.map(({ labels }) => labels?.['connector']));
  };
  expect(connectors()).toEqual(new Set(['c', 'new']));
  for (let index = 0; index < 6_000; index += 1) metrics.recordEnd(`c${index}`, 'failed');
  expect(connectors().size).toBe(5_001);
  expect(connectors()).toContain('other');
});
