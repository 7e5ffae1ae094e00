import { describe, expect, it } from '@jest/globals';
import { WorkerLostError } from '@automate/contract';
import { HostEvents } from '../../src/events/host-events.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import type { Telemetry } from '../../src/telemetry/telemetry.ts';
import { parseExposition } from './fixtures/parse-exposition.ts';

const scrape = async (telemetry: Telemetry) => parseExposition(await telemetry.metricsText());

function call(
  telemetry: Telemetry,
  connector: string,
  action: string,
  end: Partial<Parameters<ReturnType<Telemetry['calls']['start']>['end']>[0]> = {},
): void {
  telemetry.calls.start({ connector, action }).end({ code: 'OK', blame: 'none', attempts: 1, durationMs: 4, ...end });
}

function listenedBy(telemetry: Telemetry): HostEvents {
  const events = new HostEvents(() => undefined);
  telemetry.listen(events);
  return events;
}

const lost = (reason: string) => new WorkerLostError('lost', { details: { reason } }).toEnvelope();

describe('the metrics', () => {
  it('count calls by connector, action, code and blame', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    call(telemetry, 'grafana', 'search');
    call(telemetry, 'grafana', 'search');
    call(telemetry, 'grafana', 'search', { code: 'UPSTREAM_5XX', blame: 'remote', attempts: 3 });
    call(telemetry, 'slack', 'send_message', { code: 'AUTH_FAILED', blame: 'operator' });
    const metrics = await scrape(telemetry);
    const calls = metrics.get('automate_calls_total');
    expect(calls?.type).toBe('counter');
    expect(Object.fromEntries(calls?.samples ?? [])).toEqual({
      'automate_calls_total{action="search",blame="none",code="OK",connector="grafana"}': 2,
      'automate_calls_total{action="search",blame="remote",code="UPSTREAM_5XX",connector="grafana"}': 1,
      'automate_calls_total{action="send_message",blame="operator",code="AUTH_FAILED",connector="slack"}': 1,
    });
    expect(
      metrics
        .get('automate_call_attempts_total')
        ?.samples.get('automate_call_attempts_total{action="search",connector="grafana"}'),
    ).toBe(5);
  });

  it('show durations as a histogram whose buckets add up', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    for (const durationMs of [0.4, 1, 3, 700, 60_000]) call(telemetry, 'c', 'a', { durationMs });
    const samples = (await scrape(telemetry)).get('automate_call_duration_seconds')?.samples;
    const at = (le: string) =>
      samples?.get(`automate_call_duration_seconds_bucket{action="a",connector="c",le="${le}"}`);
    expect([at('0.001'), at('0.0025'), at('0.005'), at('0.5'), at('1'), at('30'), at('+Inf')]).toEqual([
      2, 2, 3, 3, 4, 4, 5,
    ]);
    expect(samples?.get('automate_call_duration_seconds_count{action="a",connector="c"}')).toBe(5);
    expect(samples?.get('automate_call_duration_seconds_sum{action="a",connector="c"}')).toBeCloseTo(60.7044);
  });

  it('do not grow with names that callers invent', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0', isConnector: (id) => id === 'known' });
    for (let index = 0; index < 500; index++) {
      call(telemetry, `ghost-${index}`, 'a', { code: 'NOT_FOUND', blame: 'caller' });
      call(telemetry, 'known', `typo-${index}`, { code: 'INVALID_INPUT', blame: 'caller' });
      call(telemetry, 'known', `open-${index}`);
    }
    call(telemetry, 'known', 'open-3', { code: 'INVALID_INPUT', blame: 'caller' });
    const samples = (await scrape(telemetry)).get('automate_calls_total')?.samples ?? new Map<string, number>();
    expect(samples.size).toBeLessThan(110);
    expect(samples.get('automate_calls_total{action="other",blame="caller",code="NOT_FOUND",connector="other"}')).toBe(
      500,
    );
    expect(
      samples.get('automate_calls_total{action="other",blame="caller",code="INVALID_INPUT",connector="known"}'),
    ).toBe(500);
    expect(
      samples.get('automate_calls_total{action="open-3",blame="caller",code="INVALID_INPUT",connector="known"}'),
    ).toBe(1);
    expect([...samples.values()].reduce((sum, value) => sum + value, 0)).toBe(1501);
  });

  it('stay readable whatever an action is called', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    call(telemetry, 'c', 'a"b\\c\nd\u0000\u2028e');
    call(telemetry, 'c', 'x'.repeat(100_000));
    const text = await telemetry.metricsText();
    expect(text.length).toBeLessThan(10_000);
    expect(parseExposition(text).get('automate_calls_total')?.samples.keys().toArray()[0]).toBe(
      'automate_calls_total{action="a\\"b\\\\cde",blame="none",code="OK",connector="c"}',
    );
  });

  it('show how the connectors are at the moment of the scrape', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    let status: 'unknown' | 'healthy' = 'unknown';
    telemetry.observe(() => ({
      connectors: [
        {
          id: 'c',
          status,
          paused: true,
          kind: 'c',
          isolation: 'thread',
          message: '',
          consecutiveFailures: 0,
          heldBack: 'it failed',
          queued: 2,
          inFlight: 16,
          memoryBytes: 9e6,
          memoryLimitBytes: 2 ** 27,
          utilization: 0,
          crashes: 2,
          starts: 3,
          startQueued: true,
          abandonedThreads: 2,
          poisonousCalls: 1,
          droppedLogLines: 7,
          droppedMessages: 1,
        },
      ],
      abandonedThreads: 3,
    }));
    const events = listenedBy(telemetry);
    events.emit('crash', 'c', lost('out_of_memory'), '1.0.0');
    events.emit('crash', 'c', lost('out_of_memory'), '1.0.0');
    events.emit('health', 'c', 'healthy');
    status = 'healthy';
    const metrics = await scrape(telemetry);
    const value = (name: string, labels = 'connector="c"') => metrics.get(name)?.samples.get(`${name}{${labels}}`);
    expect(value('automate_connector_health', 'connector="c",status="healthy"')).toBe(1);
    expect(value('automate_connector_health', 'connector="c",status="unknown"')).toBe(0);
    expect(value('automate_connector_held_back')).toBe(1);
    expect(value('automate_connector_paused')).toBe(1);
    expect(value('automate_queue_length')).toBe(2);
    expect(value('automate_in_flight')).toBe(16);
    expect(value('automate_worker_memory_bytes')).toBe(9e6);
    expect(value('automate_worker_abandoned_threads')).toBe(2);
    expect(value('automate_abandoned_threads', '')).toBe(3);
    expect(value('automate_worker_start_queued')).toBe(1);
    expect(value('automate_worker_restarts_total')).toBe(2);
    expect(value('automate_worker_crashes_total', 'connector="c",reason="out_of_memory"')).toBe(2);
    expect(value('automate_worker_dropped_log_lines_total')).toBe(7);
    expect(value('automate_health_checks_total', 'connector="c",status="healthy"')).toBe(1);
    expect(metrics.get('automate_in_flight')?.type).toBe('gauge');
  });

  it('forget a connector that was removed', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    call(telemetry, 'gone', 'a');
    call(telemetry, 'here', 'a');
    const events = listenedBy(telemetry);
    events.emit('crash', 'gone', lost('exit'), '1.0.0');
    events.emit('health', 'gone', 'unhealthy');
    events.emit('change', 'removed', 'gone');
    const text = await telemetry.metricsText();
    expect(text).not.toContain('gone');
    expect(text).toContain('connector="here"');
  });

  it('say something of the process, its event loop and the version', async () => {
    const telemetry = await createTelemetry({ version: '1.2.3', process });
    const lag = (): number =>
      metrics.get('nodejs_eventloop_lag_max_seconds')?.samples.get('nodejs_eventloop_lag_max_seconds{}') ?? 0;
    let metrics = await scrape(telemetry);
    // The event loop is watched from the first scrape on.
    while (!(lag() > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      metrics = await scrape(telemetry);
    }
    await telemetry.shutdown();
    expect(metrics.get('automate_build_info')?.samples.get('automate_build_info{version="1.2.3"}')).toBe(1);
    expect(
      metrics.get('process_resident_memory_bytes')?.samples.get('process_resident_memory_bytes{}'),
    ).toBeGreaterThan(1e6);
    expect(metrics.get('process_cpu_seconds_total')?.type).toBe('counter');
    expect(
      metrics.get('nodejs_eventloop_utilization')?.samples.get('nodejs_eventloop_utilization{}'),
    ).toBeLessThanOrEqual(1);
  });
});
