import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { startOtlpCollector } from './fixtures/otlp-collector.ts';
import { parseExposition } from './fixtures/parse-exposition.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

/** Asks its remote system for `/seen`. */
const ASKING = `
import { ConnectorAdapter } from '@automate/sdk';
export default class Asking extends ConnectorAdapter {
  name = 'asking';
  version = '1.0.0';
  async connect() { return true; }
  async execute(action, payload, context) { return { status: (await context.http.request({ path: '/seen' })).status }; }
}
`;

/** A remote system that remembers the headers of its requests. */
async function startRemote() {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { seen, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() };
}

const call = (host: SandboxHost, path: string, headers: Record<string, string> = {}) =>
  fetch(`${host.host.httpAddress}/api/v1/connectors/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"text":"x"}',
  });

describe('a running host', () => {
  it('shows in /metrics what happened to its connectors', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, retry: { attempts: 1 } }\n',
    });
    const scrape = async () => parseExposition(await (await fetch(`${it.host.httpAddress}/metrics`)).text());
    expect(
      (await scrape())
        .get('automate_connector_health')
        ?.samples.get('automate_connector_health{connector="echo",status="unknown"}'),
    ).toBe(1);

    expect((await call(it, 'echo/actions/say')).status).toBe(200);
    expect((await call(it, 'echo/actions/say')).status).toBe(200);
    expect((await call(it, 'echo/actions/nope')).status).toBe(400);
    expect((await call(it, 'ghost/actions/say')).status).toBe(404);
    expect((await call(it, 'echo/actions/die')).status).toBe(502);
    expect((await fetch(`${it.host.httpAddress}/api/v1/connectors/echo/health`)).status).toBe(200);

    const metrics = await scrape();
    const value = (name: string, labels: string) => metrics.get(name)?.samples.get(`${name}{${labels}}`);
    expect(value('automate_calls_total', 'action="say",blame="none",code="OK",connector="echo"')).toBe(2);
    expect(value('automate_calls_total', 'action="other",blame="caller",code="INVALID_INPUT",connector="echo"')).toBe(
      1,
    );
    expect(value('automate_calls_total', 'action="other",blame="caller",code="NOT_FOUND",connector="other"')).toBe(1);
    expect(value('automate_calls_total', 'action="die",blame="plugin",code="WORKER_LOST",connector="echo"')).toBe(1);
    expect(
      metrics
        .get('automate_call_duration_seconds')
        ?.samples.get('automate_call_duration_seconds_count{action="say",connector="echo"}'),
    ).toBe(2);
    expect(metrics.get('automate_worker_crashes_total')?.samples.size).toBe(1);
    expect(value('automate_worker_restarts_total', 'connector="echo"')).toBe(1);
    expect(value('automate_connector_health', 'connector="echo",status="healthy"')).toBe(1);
    expect(value('automate_in_flight', 'connector="echo"')).toBe(0);

    // The runtime looks at its workers' memory now and then.
    const memory = async () =>
      (await scrape())
        .get('automate_worker_memory_bytes')
        ?.samples.get('automate_worker_memory_bytes{connector="echo"}') ?? 0;
    while ((await memory()) < 1e5) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('shows in /metrics which calls are under way and which wait', async () => {
    await using it = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors:\n  - { id: echo, limits: { concurrency: 1 }, health_check: { enabled: false } }\n',
    });
    const scrape = async (name: string) =>
      parseExposition(await (await fetch(`${it.host.httpAddress}/metrics`)).text())
        .get(name)
        ?.samples.get(`${name}{connector="echo"}`);
    const leaving = new AbortController();
    const request = { id: 'echo', action: 'wait', payload: { ms: 60_000 } };
    const calls = [1, 2, 3].map(() => it.service.execute(request, { signal: leaving.signal }));
    const ends = Promise.allSettled(calls);
    expect([await scrape('automate_in_flight'), await scrape('automate_queue_length')]).toEqual([1, 2]);
    leaving.abort();
    await ends;
    expect([await scrape('automate_in_flight'), await scrape('automate_queue_length')]).toEqual([0, 0]);
  });

  it('shows in /metrics what a worker sent past the protocol, over all its lives', async () => {
    await using it = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'stray', adapter: { entry: new URL('../runtime/fixtures/stray.mjs', import.meta.url) } }],
      yaml: 'connectors:\n  - { id: stray, retry: { attempts: 1 }, health_check: { enabled: false } }\n',
    });
    const dropped = async () =>
      parseExposition(await (await fetch(`${it.host.httpAddress}/metrics`)).text())
        .get('automate_worker_dropped_messages_total')
        ?.samples.get('automate_worker_dropped_messages_total{connector="stray"}') ?? 0;
    const call = (action: string, payload = {}) => it.service.execute({ id: 'stray', action, payload });
    await call('junk');
    await eventually(async () => (await dropped()) === 8);
    await expect(call('flood', { count: 100_000 })).rejects.toMatchObject({ code: 'WORKER_LOST' });
    // Those of the worker that was ended for them count on.
    expect(await dropped()).toBe(100);
    await call('junk');
    await eventually(async () => (await dropped()) === 108);
  });

  it("passes its caller's trace on to the remote system, through a span of its own where spans are collected", async () => {
    const collector = await startOtlpCollector();
    await using remote = await startRemote();
    const yaml = `connectors:\n  - { id: asking, host: 127.0.0.1, port: ${remote.port} }\n`;
    for (const otlpEndpoint of [undefined, collector.endpoint]) {
      await using it = await SandboxHost.open({
        kinds: [],
        yaml,
        ...(otlpEndpoint === undefined ? {} : { env: { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint } }),
        prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'asking', source: ASKING })),
      });
      expect((await call(it, 'asking/actions/ask', { traceparent: TRACEPARENT, tracestate: 'a=1' })).status).toBe(200);
    }
    const [plain, traced] = remote.seen;
    expect([plain?.['traceparent'], plain?.['tracestate']]).toEqual([TRACEPARENT, 'a=1']);
    expect(collector.spans).toHaveLength(1);
    expect(collector.spans[0]).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID });
    expect(traced?.['traceparent']).toBe(`00-${TRACE_ID}-${collector.spans[0]?.spanId}-01`);
    await collector.close();
  });
});
