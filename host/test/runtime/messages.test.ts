import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Batch, FromWorker } from '../../src/runtime/messages.ts';
import {
  CHANNEL_OPS,
  LEVELS,
  LOG_SOURCES,
  openBatch,
  parseFromWorker,
  putCall,
  putCancel,
  putEnd,
  putMessage,
  putReceipt,
  readToWorker,
} from '../../src/runtime/messages.ts';

const SEAL = 'seal';
const id = fc.nat();
const PLAIN = { noNullPrototype: true } as const;
const fromWorker: fc.Arbitrary<FromWorker> = fc.oneof(
  fc.record({ kind: fc.constant('result' as const), id, text: fc.string() }, PLAIN),
  fc.record({ kind: fc.constant('failure' as const), id, error: fc.string() }, PLAIN),
  fc.record({ kind: fc.constant('acknowledged' as const), id }, PLAIN),
  fc.record({ kind: fc.constant('described' as const), description: fc.string() }, PLAIN),
  fc.record({ kind: fc.constant('start-failed' as const), error: fc.string() }, PLAIN),
  fc.record({ kind: fc.constant('dropped-lines' as const), count: fc.integer({ min: 1 }) }, PLAIN),
  fc.record({ kind: fc.constant('strays' as const), count: fc.integer({ min: 1 }) }, PLAIN),
  fc.record(
    {
      kind: fc.constant('record' as const),
      id: fc.integer({ min: 1 }),
      level: fc.constantFrom(...LEVELS),
      message: fc.string(),
      fields: fc.string(),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('log' as const),
      level: fc.constantFrom(...LEVELS),
      source: fc.constantFrom(...LOG_SOURCES),
      message: fc.string(),
      fields: fc.string(),
    },
    PLAIN,
  ),
  fc.record(
    {
      kind: fc.constant('crash' as const),
      report: fc.record(
        {
          reason: fc.constantFrom('process_exit' as const, 'uncaught_exception' as const),
          message: fc.string(),
          stack: fc.string(),
          exitCode: fc.integer(),
        },
        PLAIN,
      ),
    },
    PLAIN,
  ),
);

describe('messages of a worker', () => {
  it('come out of a batch as they went in', () => {
    fc.assert(
      fc.property(fc.array(fromWorker), (messages) => {
        const batch = openBatch();
        for (const message of messages) putMessage(batch, message, JSON.stringify);
        putEnd(batch, SEAL);
        expect(parseFromWorker(structuredClone(batch), SEAL)).toStrictEqual({ messages, stray: false });
      }),
    );
  });

  it('may be anything at all, which then is stray and never throws', () => {
    fc.assert(
      fc.property(fc.anything(), (junk) => {
        expect(parseFromWorker(junk, SEAL)).toStrictEqual({ messages: [], stray: true });
        const sealed = Array.isArray(junk) ? [...(junk as unknown[]), SEAL] : [junk, SEAL];
        const { messages, stray } = parseFromWorker(sealed, SEAL);
        expect(stray || messages.length > 0 || sealed.length === 1).toBe(true);
      }),
    );
  });

  it('count for nothing without the seal, whole as they may be', () => {
    for (const batch of [
      [1, 7, '{"forged'],
      [1, 7, '"forged"', 'another seal'],
      [1, 7, SEAL, '"forged"'],
    ])
      expect(parseFromWorker(batch, SEAL)).toStrictEqual({ messages: [], stray: true });
  });

  it('count up to where a batch is broken', () => {
    const messages = [{ kind: 'result', id: 1, text: '"a"' }];
    expect(parseFromWorker([1, 1, '"a"', 'junk', SEAL], SEAL)).toStrictEqual({ messages, stray: true });
    // The seal is no part of a message.
    expect(parseFromWorker([1, 1, '"a"', 1, 2, SEAL], SEAL)).toStrictEqual({ messages, stray: true });
    for (const broken of [
      [9, '{"reason":"made_up","message":"x"}'],
      [4, 99, 0, 'message', ''],
      [1, 7],
    ])
      expect(parseFromWorker([...broken, SEAL], SEAL)).toStrictEqual({ messages: [], stray: true });
  });
});

describe('messages to a worker', () => {
  it('come out of a batch as they went in', () => {
    const call = fc.record(
      { id, op: fc.constantFrom(...CHANNEL_OPS), action: fc.string(), payload: fc.string(), deadline: fc.nat() },
      PLAIN,
    );
    const extras = fc.option(fc.record({ idempotencyKey: fc.string(), traceparent: fc.string() }, PLAIN), {
      nil: undefined,
    });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.tuple(call, extras), fc.tuple(id, fc.constantFrom('deadline' as const, 'caller' as const))),
        ),
        (sent) => {
          const batch: Batch = [];
          const expected = sent.flatMap<object>(([first, second]) => {
            if (typeof first === 'number') {
              const reason = second as 'deadline' | 'caller';
              putCancel(batch, first, reason);
              putReceipt(batch, first, 'below_level');
              return [
                { kind: 'cancel', id: first, reason },
                { kind: 'receipt', id: first, receipt: 'below_level' },
              ];
            }
            putCall(batch, first, second === undefined ? '' : JSON.stringify(second));
            return { kind: 'call', ...first, extras: second };
          });
          expect(readToWorker(structuredClone(batch), JSON.parse)).toStrictEqual(expected);
        },
      ),
    );
  });
});
