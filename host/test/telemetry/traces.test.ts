import { afterEach, describe, expect, it } from '@jest/globals';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { formatTraceparent, parseTraceparent } from '../../src/telemetry/trace-context.ts';
import { startOtlpCollector } from './fixtures/otlp-collector.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const PARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;
const OK = { code: 'OK', blame: 'none', attempts: 1, durationMs: 5 } as const;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function openTraced() {
  const lines: string[] = [];
  const collector = await startOtlpCollector();
  cleanups.push(collector.close);
  const log = (_fields: object, message: string) => void lines.push(message);
  const telemetry = await createTelemetry({
    version: '1.0.0',
    otlpEndpoint: collector.endpoint,
    otlpWithout: ['metrics', 'logs'],
    logger: { warn: log, info: log },
  });
  cleanups.push(telemetry.shutdown);
  return { telemetry, collector, lines };
}

describe('spans', () => {
  it("arrive at the collector as children of the caller's span, and the worker gets a child's context", async () => {
    const { telemetry, collector } = await openTraced();
    const call = telemetry.calls.start({
      connector: 'grafana',
      action: 'search',
      traceparent: PARENT,
      tracestate: 'a=1',
    });
    call.end(OK);
    await telemetry.flush();
    expect(collector.paths).toEqual(['POST /v1/traces']);
    expect(collector.spans).toHaveLength(1);
    const [span] = collector.spans;
    expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: SPAN_ID, name: 'automate.execute' });
    expect(span?.attributes).toMatchObject({
      'automate.connector': 'grafana',
      'automate.action': 'search',
      'automate.attempts': 1,
    });
    expect(span?.resource).toMatchObject({ 'service.name': 'automate', 'service.version': '1.0.0' });
    expect(call.traceparent).toBe(`00-${TRACE_ID}-${span?.spanId}-01`);
    expect(call.tracestate).toBe('a=1');
  });

  it('begin a trace of their own for a caller without one, or with one that cannot be read', async () => {
    const { telemetry, collector } = await openTraced();
    for (const traceparent of [undefined, 'nonsense', `00-${'0'.repeat(32)}-${SPAN_ID}-01`]) {
      const call = telemetry.calls.start({ connector: 'c', action: 'a', traceparent, tracestate: 'a=1' });
      expect(call.tracestate).toBeUndefined();
      expect(parseTraceparent(call.traceparent)?.flags).toBe(1);
      call.end(OK);
    }
    await telemetry.flush();
    expect(new Set(collector.spans.map((span) => span.traceId)).size).toBe(3);
    expect(collector.spans.filter((span) => span.parentSpanId !== undefined && span.parentSpanId !== '')).toEqual([]);
  });

  it('say how a call failed', async () => {
    const { telemetry, collector } = await openTraced();
    telemetry.calls
      .start({ connector: 'c', action: 'a' })
      .end({ code: 'TIMEOUT', blame: 'remote', attempts: 3, durationMs: 900 });
    await telemetry.flush();
    expect(collector.spans[0]?.status).toMatchObject({ code: 2, message: 'TIMEOUT' });
    expect(collector.spans[0]?.attributes).toMatchObject({ 'error.type': 'TIMEOUT', 'automate.attempts': 3 });
  });

  it('are not made for a trace that its caller does not record', async () => {
    const { telemetry, collector } = await openTraced();
    const unsampled = `00-${TRACE_ID}-${SPAN_ID}-00`;
    const call = telemetry.calls.start({ connector: 'c', action: 'a', traceparent: unsampled });
    call.end(OK);
    await telemetry.flush();
    expect(call.traceparent).toBe(unsampled);
    expect(collector.spans).toEqual([]);
  });

  it('are sent when the host ends', async () => {
    const { telemetry, collector } = await openTraced();
    telemetry.calls.start({ connector: 'c', action: 'a' }).end(OK);
    await telemetry.shutdown();
    await telemetry.shutdown();
    expect(collector.spans).toHaveLength(1);
  });

  it('that cannot be sent are reported once, and once more when it works again', async () => {
    const { telemetry, collector, lines } = await openTraced();
    for (const status of [400, 400, 200, 200]) {
      collector.state.status = status;
      telemetry.calls.start({ connector: 'c', action: 'a' }).end(OK);
      await telemetry.flush();
    }
    expect(lines).toEqual(['spans cannot be exported; calls go on', 'spans are exported again']);
  });

  it('do not hold up the end of the host when nobody collects them', async () => {
    const collector = await startOtlpCollector();
    await collector.close();
    const telemetry = await createTelemetry({ version: '1.0.0', otlpEndpoint: collector.endpoint });
    telemetry.calls.start({ connector: 'c', action: 'a' }).end(OK);
    await telemetry.shutdown();
  });

  it('go below a base path', async () => {
    const collector = await startOtlpCollector();
    cleanups.push(collector.close);
    const telemetry = await createTelemetry({
      version: '1.0.0',
      otlpEndpoint: `${collector.endpoint}/otlp/`,
      otlpWithout: ['metrics', 'logs'],
    });
    telemetry.calls.start({ connector: 'c', action: 'a' }).end(OK);
    await telemetry.shutdown();
    expect(collector.paths).toEqual(['POST /otlp/v1/traces']);
  });

  it.each(['127.0.0.1:4318', 'not a url', 'ftp://host'])(
    'are refused an endpoint that is no http URL: %s',
    async (otlpEndpoint) => {
      await expect(createTelemetry({ version: '1.0.0', otlpEndpoint })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('OTEL_EXPORTER_OTLP_ENDPOINT'),
      });
    },
  );
});

describe('without a collector', () => {
  it("the caller's context passes through unchanged", async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    const call = telemetry.calls.start({ connector: 'c', action: 'a', traceparent: PARENT, tracestate: 'a=1' });
    expect([call.traceparent, call.tracestate]).toEqual([PARENT, 'a=1']);
  });

  it('a context that cannot be read, and a tracestate without one, go no further', async () => {
    const telemetry = await createTelemetry({ version: '1.0.0' });
    const call = telemetry.calls.start({ connector: 'c', action: 'a', traceparent: '00-xyz', tracestate: 'a=1' });
    expect([call.traceparent, call.tracestate]).toEqual([undefined, undefined]);
    const large = telemetry.calls.start({
      connector: 'c',
      action: 'a',
      traceparent: PARENT,
      tracestate: 'a'.repeat(600),
    });
    expect([large.traceparent, large.tracestate]).toEqual([PARENT, undefined]);
  });
});

describe('a traceparent', () => {
  it.each([
    [PARENT, { traceId: TRACE_ID, spanId: SPAN_ID, flags: 1 }],
    [`cc-${TRACE_ID}-${SPAN_ID}-00-later`, { traceId: TRACE_ID, spanId: SPAN_ID, flags: 0 }],
    [`ff-${TRACE_ID}-${SPAN_ID}-01`, undefined],
    [`00-${TRACE_ID}-${SPAN_ID}-01-more`, undefined],
    [`00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`, undefined],
    [`00-${TRACE_ID}-${'0'.repeat(16)}-01`, undefined],
    ['', undefined],
  ])('%s is read as %j', (text, context) => {
    expect(parseTraceparent(text)).toEqual(context);
  });

  it('comes out as it went in', () => {
    const context = parseTraceparent(PARENT);
    expect(context && formatTraceparent(context)).toBe(PARENT);
  });
});
