import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closedPort } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { answers, startProgram } from '@automate/tooling/start-program';
import { plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { startOtlpCollector } from './fixtures/otlp-collector.ts';
import { parseExposition } from './fixtures/parse-exposition.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = (flags: '00' | '01'): string => `00-${TRACE_ID}-00f067aa0ba902b7-${flags}`;
const YAML = `
connectors:
  - { id: echo, retry: { attempts: 1 }, auth: { type: bearer, token: "canary-of-the-export" } }
`;

const open = (env: Readonly<Record<string, string>> = {}): Promise<SandboxHost> =>
  SandboxHost.open({ kinds: ['echo'], yaml: YAML, env, sampleMs: 250, process });

describe('a collector', () => {
  let collector: Awaited<ReturnType<typeof startOtlpCollector>>;
  beforeEach(async () => {
    collector = await startOtlpCollector();
  });
  afterEach(() => collector.close());

  it('is sent metrics and the log beside traces, without secrets', async () => {
    await using it = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '200',
    });
    const say = { id: 'echo', action: 'say', payload: { text: 'x' } };
    await it.service.execute(say);
    await it.service.execute(say);
    await it.service.execute({ id: 'echo', action: 'leak', payload: { how: 'throw' } }).catch(() => undefined);
    const points = () => collector.metrics.get('automate_calls_total')?.points ?? [];
    await eventually(points, (now) =>
      now.some(({ attributes, value }) => attributes['action'] === 'say' && value === 2),
    );
    expect(collector.metrics.get('automate_calls_total')).toMatchObject({ kind: 'sum', monotonic: true });
    expect(collector.metrics.get('automate_call_duration_seconds')?.kind).toBe('histogram');
    expect(collector.metrics.get('process_resident_memory_bytes')?.points[0]?.value).toBeGreaterThan(1e6);
    // What is under way when it ends is sent as well.
    await it.host.close();
    expect(collector.lines.find(({ attributes }) => attributes['action'] === 'leak')).toMatchObject({
      body: 'a call failed: INTERNAL_ERROR',
      severity: 9,
      attributes: { event: 'call', connector: 'echo', code: 'INTERNAL_ERROR', blame: 'plugin' },
    });
    expect(collector.lines.some(({ body, severity }) => body === 'a call succeeded' && severity === 5)).toBe(true);
    expect(collector.spans).toHaveLength(3);
    expect(collector.refused).toEqual([]);
    expect(JSON.stringify([collector.lines, collector.spans, [...collector.metrics]])).not.toContain(
      'canary-of-the-export',
    );
  });

  it('is not sent what it shall not have', async () => {
    await using it = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    });
    await it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    await it.host.close();
    expect([...new Set(collector.paths)]).toEqual(['POST /v1/traces']);
  });

  it('that takes nothing costs one line for each sort, and no call', async () => {
    collector.state.status = 404;
    await using it = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: '50',
    });
    await it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } });
    const told = (): readonly string[] => it.logText.match(/[a-z ]+ cannot be exported/g) ?? [];
    await eventually(told, (lines) => lines.length > 0);
    await eventually(() => collector.paths.filter((path) => path.endsWith('metrics')).length > 5);
    await it.host.close();
    expect(told().toSorted()).toEqual([...new Set(told())].toSorted());
  });

  it('that is named wrongly keeps the host from starting, with each setting that is wrong', async () => {
    const wrong = { OTEL_LOGS_EXPORTER: 'console', OTEL_METRIC_EXPORT_INTERVAL: 'often' };
    await expect(open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...wrong })).rejects.toMatchObject({
      problems: [{ path: 'OTEL_LOGS_EXPORTER' }, { path: 'OTEL_METRIC_EXPORT_INTERVAL' }],
    });
  });
});

describe('/metrics', () => {
  const scrape = async (
    it: SandboxHost,
    accept?: string,
  ): Promise<{ readonly type: string; readonly text: string }> => {
    const answer = await fetch(`${it.host.httpAddress}/metrics`, accept === undefined ? {} : { headers: { accept } });
    return { type: answer.headers.get('content-type') ?? '', text: await answer.text() };
  };

  it('speaks OpenMetrics to who asks for it, with a trace for each bucket that has one, and the text format to all others', async () => {
    await using it = await open();
    const say = { id: 'echo', action: 'say', payload: { text: 'x' } };
    await it.service.execute(say, { traceparent: traceparent('01') });
    const open10 = await scrape(it, 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5');
    expect(open10.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(open10.text.endsWith('\n# EOF\n')).toBe(true);
    expect(open10.text).toContain('# TYPE automate_calls counter\nautomate_calls_total{connector="echo"');
    expect(
      open10.text.match(/_bucket\{connector="echo",action="say",le="[\d.]+"\} 1 # \{trace_id="\w+"\} [\d.]+ [\d.]+/g),
    ).toHaveLength(1);
    expect(open10.text).toContain(TRACE_ID);
    for (const accept of [undefined, '*/*', 'text/plain', 'application/openmetrics-text;q=0']) {
      const { type, text } = await scrape(it, accept);
      expect([accept, type]).toEqual([accept, 'text/plain; version=0.0.4; charset=utf-8']);
      expect(text).not.toContain(TRACE_ID);
      expect(parseExposition(text).has('automate_calls_total')).toBe(true);
    }
  });

  it('shows no trace that nobody recorded', async () => {
    await using it = await open();
    await it.service.execute({ id: 'echo', action: 'say', payload: { text: 'x' } }, { traceparent: traceparent('00') });
    expect((await scrape(it, 'application/openmetrics-text')).text).not.toContain(TRACE_ID);
  });
});

const prometheus = {
  name: 'prometheus',
  available: () => isOnPath('prometheus'),
  remedy: 'apt-get install --no-install-recommends prometheus',
};

describeWith(prometheus, 'a real Prometheus', () => {
  it('takes the metrics as OpenMetrics, and finds the trace of a call by its duration', async () => {
    await using it = await open();
    const port = await closedPort();
    const config = {
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [
        { job_name: 'automate', static_configs: [{ targets: [new URL(it.host.httpAddress ?? '').host] }] },
      ],
    };
    const server = await startProgram({
      command: 'prometheus',
      port,
      env: plainEnvironment(),
      setUp: (place) => [
        `--config.file=${place.write('prometheus.yml', JSON.stringify(config))}`,
        '--storage.tsdb.path=tsdb',
        '--enable-feature=exemplar-storage',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      isReady: answers('/-/ready'),
    });
    try {
      await it.service.execute(
        { id: 'echo', action: 'say', payload: { text: 'x' } },
        { traceparent: traceparent('01') },
      );
      const query = new URLSearchParams({
        query: 'automate_call_duration_seconds_bucket{connector="echo"}',
        start: String(Date.now() / 1000 - 600),
        end: String(Date.now() / 1000 + 600),
      });
      const found = async (): Promise<string> =>
        (await fetch(`http://127.0.0.1:${port}/api/v1/query_exemplars?${query.toString()}`)).text();
      await eventually(found, (text) => text.includes(TRACE_ID));
      const up = await (await fetch(`http://127.0.0.1:${port}/api/v1/targets`)).json();
      expect(up).toMatchObject({ data: { activeTargets: [{ health: 'up', lastError: '' }] } });
    } finally {
      await server.close();
    }
  }, 60_000);
});
