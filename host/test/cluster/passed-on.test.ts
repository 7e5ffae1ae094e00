// Long, as one table has all that a call may carry and how it may end.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { CallOptions, CallProgress, ConnectorService, ExecuteRequest, JsonValue } from '@automate/contract';
import { ConnectorError, MAX_PAYLOAD_BYTES } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { startOtlpCollector } from '../telemetry/fixtures/otlp-collector.ts';
import { HOP } from './fixtures/hop-connector.ts';
import { knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

/** Where a caller asks: at the host that runs the connector, or at another one. */
interface Asked {
  readonly grpc: ConnectorService;
  /** The same, for a caller who may do little. */
  readonly few: ConnectorService;
  readonly http: string;
  readonly token: string;
}

/** What a caller sees, but for what time it takes. */
type Seen = JsonValue;

interface Case {
  readonly name: string;
  /** Once for each place; `tag` differs between them. */
  play(at: Asked, tag: string): Promise<Seen>;
  /** What is seen at both, so that both do not fail alike. */
  readonly seen: unknown;
}

describeWithPostgres('a call that another host answers', (databases) => {
  let scene: Awaited<ReturnType<typeof openSharingHosts>>;
  let collector: Awaited<ReturnType<typeof startOtlpCollector>>;
  const places: { local?: Asked; forwarded?: Asked } = {};
  const services: ConnectorService[] = [];
  const admins: { local?: ConnectorService; forwarded?: ConnectorService } = {};

  const openAt = async ({ grpc, http }: { grpc: string; http: string }, [token, few]: readonly [string, string]) => {
    const both = [await connect({ address: grpc, token }), await connect({ address: grpc, token: few })] as const;
    services.push(...both);
    return { grpc: both[0], few: both[1], http, token };
  };

  beforeAll(async () => {
    collector = await startOtlpCollector();
    scene = await openSharingHosts(databases, {
      yaml: 'access: { limits: { calls_in_flight: 3 } }\nconnectors: []\n',
    });
    await scene.project.sandbox.addConnector({ kind: 'hop', source: HOP });
    const traced = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
      OTEL_BSP_SCHEDULE_DELAY: '200',
      AUDIT: 'on',
    };
    const one = await scene.start('a', traced);
    const other = await scene.start('b', traced);
    await one.service.register({ ...scene.config('hop'), kind: 'hop' });
    const expiresInMs = 3_600_000;
    const { token: ops } = await one.service.createToken({ name: 'ops', scopes: ['admin'], expiresInMs });
    await using admin = await connect({ address: one.host.ready.grpc, token: ops });
    const { token: few } = await admin.createToken({ name: 'few', scopes: ['execute:hop/echo'], expiresInMs });
    const tokens = [ops, few] as const;
    places.local = await openAt(one.host.ready, tokens);
    // Tokens are taken up within about a second.
    places.forwarded = await eventually(() => openAt(other.host.ready, tokens).catch(() => undefined));
    await eventually(() => places.forwarded?.few.list().then(Boolean, () => false));
    await knows(places.forwarded?.grpc as never, 'hop');
    await places.local.grpc.execute({ id: 'hop', action: 'echo', payload: {} });
    await eventually(
      async () => (await places.forwarded?.grpc.get('hop'))?.connector.host,
      (holder) => holder !== undefined && holder !== '',
    );
    Object.assign(admins, { local: places.local.grpc, forwarded: places.forwarded?.grpc });
  }, 120_000);
  afterAll(async () => {
    for (const service of services) await service.close();
    await scene?.[Symbol.asyncDispose]();
    await collector?.close();
  });

  const text = (payload: string) => (service: ConnectorService) =>
    service.executeText({ id: 'hop', action: 'echo', payload });

  const CASES: readonly Case[] = [
    {
      name: 'an answer',
      play: (at) => execute(at.grpc, { action: 'echo', payload: { a: [1, 'ü', null] } }),
      seen: { result: { a: [1, 'ü', null] }, attempts: 1, replayed: false },
    },
    {
      name: 'an answer over REST',
      play: (at) => post(at, 'echo', '{"a":[1,"ü😀",null],"n":1.50}'),
      seen: expect.objectContaining({ status: 200 }),
    },
    {
      name: 'no JSON',
      play: (at) => outcome(() => text('{')(at.grpc)),
      seen: expect.objectContaining({ code: 'INVALID_INPUT' }),
    },
    {
      name: 'no JSON over REST',
      play: (at) => post(at, 'echo', '{"a":'),
      seen: expect.objectContaining({ status: 400 }),
    },
    {
      name: 'numbers and keys as they were written',
      play: (at) => outcome(() => text('{"b":1.50,"a":12345678901234567890123}')(at.grpc)),
      seen: expect.anything(),
    },
    {
      name: 'the largest payload, three at a time',
      play: async (at) => {
        const payloads = ['a', 'b', 'c'].map((letter) => JSON.stringify({ x: letter.repeat(MAX_PAYLOAD_BYTES - 8) }));
        const answers = await Promise.all(payloads.map((payload) => text(payload)(at.grpc)));
        return answers.map(({ result }, index) => [Buffer.byteLength(result), result === payloads[index]]);
      },
      seen: Array.from({ length: 3 }, () => [MAX_PAYLOAD_BYTES, true]),
    },
    {
      name: 'a payload that is too large',
      play: (at) => post(at, 'echo', JSON.stringify({ x: 'y'.repeat(MAX_PAYLOAD_BYTES) })),
      seen: expect.objectContaining({ status: 413 }),
    },
    {
      name: 'a payload that is too large, over gRPC',
      play: (at) => outcome(() => text(JSON.stringify('y'.repeat(MAX_PAYLOAD_BYTES)))(at.grpc)),
      seen: expect.objectContaining({ code: 'INVALID_INPUT' }),
    },
    {
      name: 'a result that is too large',
      play: (at) => execute(at.grpc, { action: 'large', payload: { bytes: 4 * 1024 * 1024 } }),
      seen: expect.objectContaining({ code: expect.any(String) }),
    },
    {
      name: 'an action that there is not',
      play: (at) => execute(at.grpc, { action: 'ech', payload: {} }),
      seen: expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({ reason: 'unknown_action' }),
      }),
    },
    ...['limited', 'refused', 'upstream', 'blamed', 'thrown'].flatMap((how): Case[] => [
      {
        name: `the error: ${how}`,
        play: (at) => execute(at.grpc, { action: 'fail', payload: { how } }),
        seen: expect.objectContaining({ connector: 'hop' }),
      },
      {
        name: `the error over REST: ${how}`,
        play: (at) => post(at, 'fail', JSON.stringify({ how })),
        seen: expect.objectContaining({
          headers: expect.objectContaining({ 'content-type': expect.stringContaining('problem+json') }),
        }),
      },
    ]),
    {
      name: 'what a call carries',
      play: async (at) => {
        const { leftMs, traceparent, ...rest } = await carried(at, {
          timeoutMs: 7_000,
          traceparent: TRACEPARENT,
          tracestate: 'a=1',
        });
        return { ...rest, isInTime: leftMs > 4_000 && leftMs <= 7_000, trace: traceparent.split('-')[1] ?? '' };
      },
      seen: expect.objectContaining({ isInTime: true, trace: TRACE, tracestate: 'a=1' }),
    },
    {
      name: 'a deadline that passes',
      play: (at) => execute(at.grpc, { action: 'ask', payload: { what: 'hold-late' } }, { timeoutMs: 400 }),
      seen: expect.objectContaining({ code: 'TIMEOUT' }),
    },
    {
      name: 'a deadline that passes, over REST',
      play: (at) => post(at, 'ask', '{"what":"hold-late"}', { prefer: 'wait=1' }),
      seen: expect.objectContaining({ status: 504 }),
    },
    {
      name: 'a caller who leaves, of which the remote system hears',
      play: async (at, tag) => {
        const gone = new AbortController();
        const what = `hold-left-${tag}`;
        const call = execute(at.grpc, { action: 'ask', payload: { what } }, { signal: gone.signal });
        await eventually(() => scene.remote.asked(what).times === 1);
        gone.abort();
        const error = await call;
        await eventually(() => scene.remote.left.includes(what));
        return error;
      },
      seen: expect.objectContaining({ code: 'CANCELLED' }),
    },
    {
      name: 'progress',
      play: async (at) => {
        const told: CallProgress[] = [];
        const answer = await execute(at.grpc, { action: 'told', payload: {} }, { onProgress: (now) => told.push(now) });
        return [answer, told as never];
      },
      seen: [
        expect.objectContaining({ result: { told: 3 } }),
        [1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })),
      ],
    },
    {
      name: 'a key: once, again, and with another payload',
      play: async (at, tag) => {
        const idempotencyKey = `key-${tag}`;
        const what = `keyed-${tag}`;
        const call = { action: 'change', idempotencyKey } as const;
        const all = [
          await execute(at.grpc, { ...call, payload: { what } }),
          await execute(at.grpc, { ...call, payload: { what } }),
          await execute(at.grpc, { ...call, payload: { what: 'other' } }),
        ];
        return JSON.parse(
          JSON.stringify([all, scene.remote.asked(what).times, scene.remote.asked('other').times]).replaceAll(
            tag,
            'TAG',
          ),
        ) as Seen;
      },
      seen: [
        [
          expect.objectContaining({ replayed: false }),
          expect.objectContaining({ replayed: true }),
          expect.objectContaining({ code: 'INVALID_INPUT' }),
        ],
        1,
        0,
      ],
    },
    {
      name: 'a caller who may call one action alone, calling that',
      play: (at) => execute(at.few, { action: 'echo', payload: { few: true } }),
      seen: expect.objectContaining({ result: { few: true } }),
    },
    {
      name: 'and another',
      play: (at) => execute(at.few, { action: 'change', payload: { what: 'denied' } }),
      seen: expect.objectContaining({ code: 'PERMISSION_DENIED' }),
    },
    {
      name: 'and restarting it',
      play: (at) => outcome(() => at.few.restart('hop')),
      seen: expect.objectContaining({ code: 'PERMISSION_DENIED' }),
    },
    {
      name: 'and reading who called it',
      play: (at) => outcome(() => at.few.listCalls('hop')),
      seen: expect.objectContaining({ code: 'PERMISSION_DENIED' }),
    },
    {
      name: 'and testing it',
      play: (at) => outcome(() => at.few.test('hop')),
      seen: expect.objectContaining({ code: 'PERMISSION_DENIED' }),
    },
    {
      name: 'a description',
      play: (at) => outcome(() => at.grpc.describe('hop')),
      seen: expect.objectContaining({ actions: expect.any(Array) }),
    },
    {
      name: 'health',
      play: async (at) => {
        const {
          checkedAt: _at,
          lastSuccessAt: _last,
          responseTimeMs: _took,
          ...rest
        } = await at.grpc.healthCheck('hop');
        return rest as never;
      },
      seen: expect.objectContaining({ healthy: true }),
    },
    { name: 'a test', play: (at) => outcome(() => at.grpc.test('hop')), seen: expect.anything() },
    {
      name: 'a connector that there is not',
      play: (at) => outcome(() => at.grpc.execute({ id: 'none', action: 'echo', payload: {} })),
      seen: expect.objectContaining({ code: 'NOT_FOUND' }),
    },
  ];

  it.each(CASES)('$name: as at the host that runs it', async ({ play, seen }) => {
    const [local, forwarded] = [
      await play(places.local as Asked, 'local'),
      await play(places.forwarded as Asked, 'forwarded'),
    ];
    expect(local).toEqual(seen);
    expect(forwarded).toEqual(local);
  });

  it('nothing of what may not be called was asked of the remote system', () => {
    expect(scene.remote.asked('denied').times).toBe(0);
  });

  it('counts once against what its caller may have: where it came in', async () => {
    const [local, forwarded] = [places.local as Asked, places.forwarded as Asked];
    const hold = (at: Asked, what: string) =>
      execute(at.grpc, { action: 'ask', payload: { what } }, { timeoutMs: 30_000 });
    const under = [1, 2, 3].map((call) => hold(forwarded, `hold-counted-${call}`));
    await eventually(() => [1, 2, 3].every((call) => scene.remote.asked(`hold-counted-${call}`).times === 1));
    await expect(hold(forwarded, 'hold-counted-4')).resolves.toMatchObject({
      code: 'RATE_LIMITED',
      details: { reason: 'caller_limit' },
    });
    // The host that runs them has counted none.
    under.push(...[5, 6, 7].map((call) => hold(local, `hold-counted-${call}`)));
    await eventually(() => [5, 6, 7].every((call) => scene.remote.asked(`hold-counted-${call}`).times === 1));
    expect(scene.remote.asked('hold-counted-4').times).toBe(0);
    scene.remote.letGo();
    for (const answer of await Promise.all(under)) expect(answer).toMatchObject({ attempts: 1 });
  });

  it('is recorded once, where it came in, with its caller and the door that it came by', async () => {
    const at = places.forwarded as Asked;
    const traceparent = `00-${'5'.repeat(32)}-00f067aa0ba902b7-01`;
    await at.grpc.execute({ id: 'hop', action: 'change', payload: { what: 'recorded' } }, { traceparent });
    await post(at, 'change', '{"what":"recorded"}', { traceparent });
    const recordsOf = async (service: ConnectorService | undefined) =>
      ((await service?.listAudit({ limit: 1_000 })) ?? { records: [] }).records.filter(
        ({ traceId }) => traceId === '5'.repeat(32),
      );
    const records = await eventually(
      () => recordsOf(admins.forwarded),
      (all) => all.length >= 2,
    );
    expect(records.map(({ principal, door, operation }) => ({ principal, door, operation }))).toEqual(
      expect.arrayContaining(['grpc', 'rest'].map((door) => ({ principal: 'ops', door, operation: 'execute' }))),
    );
    expect(records).toHaveLength(2);
    await delay(1_500);
    expect(await recordsOf(admins.local)).toEqual([]);
  });

  it('is one trace over both hosts, in which what the one does is a part of what the other does', async () => {
    const trace = '6'.repeat(32);
    await (places.forwarded as Asked).grpc.execute(
      { id: 'hop', action: 'echo', payload: {} },
      { traceparent: `00-${trace}-00f067aa0ba902b7-01` },
    );
    const spans = await eventually(
      () => collector.spans.filter(({ traceId }) => traceId === trace),
      (all) => all.length >= 2,
    );
    const [passed, run] = ['automate.forward', 'automate.execute'].map((name) =>
      spans.find((span) => span.name === name),
    );
    expect(passed?.parentSpanId).toBe('00f067aa0ba902b7');
    expect(run?.parentSpanId).toBe(passed?.spanId);
    expect(spans).toHaveLength(2);
  });
});

const execute = (service: ConnectorService, request: Omit<ExecuteRequest, 'id'>, options?: CallOptions) =>
  outcome(() => service.execute({ id: 'hop', ...request }, options));

async function carried(at: Asked, options: CallOptions) {
  const { result } = await at.grpc.execute({ id: 'hop', action: 'carried', payload: {} }, options);
  return result as { readonly leftMs: number; readonly traceparent: string };
}

/** What came of it, but for how long it took. */
async function outcome(work: () => Promise<unknown>): Promise<Seen> {
  try {
    return withoutTimes(await work());
  } catch (reason) {
    return withoutTimes(ConnectorError.from(reason).toEnvelope());
  }
}

async function post(
  at: Asked,
  action: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const answer = await fetch(`${at.http}/api/v1/connectors/hop/actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${at.token}`, ...headers },
    body,
  });
  const { date: _date, ...kept } = Object.fromEntries(answer.headers);
  const said = await answer.text();
  return withoutTimes({
    status: answer.status,
    headers: { ...kept, 'content-length': '' },
    body: JSON.parse(said) as JsonValue,
  });
}

/** How long it took is another each time. */
function withoutTimes(value: unknown): Seen {
  const text = JSON.stringify(value, (key, each: unknown) =>
    ['durationMs', 'duration_ms', 'responseTimeMs', 'started_at'].includes(key) ? undefined : each,
  );
  return JSON.parse(text.replaceAll(/(?<=did not answer within )\d+ ms/g, 'TIME')) as Seen;
}
