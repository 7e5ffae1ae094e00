import { describe, expect, it } from '@jest/globals';
import { create } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import * as schemas from '../src/gen/connectors/connectors_pb.ts';
import {
  configFromMessage,
  configInputFromMessage,
  configToMessage,
  CONNECTORS_SERVICE,
  descriptionFromMessage,
  descriptionToMessage,
  eventFromMessage,
  eventToMessage,
  healthAllFromMessage,
  healthAllToMessage,
  healthFromMessage,
  healthToMessage,
  infoFromMessage,
  infoToMessage,
  pluginsFromMessage,
  pluginsToMessage,
  testFromMessage,
  testToMessage,
} from '../src/grpc/index.ts';
import type { ConnectorConfigInput, Problem } from '../src/index.ts';
import { bottomlessRegistration } from './fixtures/bottomless-registration.ts';
import * as arbitrary from './grpc-arbitraries.ts';

type Serializer<Schema extends DescMessage> = {
  readonly output: Schema;
  responseSerialize(message: MessageShape<Schema>): Buffer;
  responseDeserialize(bytes: Buffer): MessageShape<Schema>;
};

/** Over the wire and back, with the service's own codec. */
function travel<Schema extends DescMessage>(
  method: Serializer<Schema>,
  message: MessageShape<Schema>,
): MessageShape<Schema> {
  return method.responseDeserialize(method.responseSerialize(message));
}

/** Reads a message that must hold no problem. */
function clean<Value>(read: (problems: Problem[]) => Value): Value {
  const problems: Problem[] = [];
  const value = read(problems);
  expect(problems).toEqual([]);
  return value;
}

const service = CONNECTORS_SERVICE;

function configOverTheWire(config: ConnectorConfigInput, problems: Problem[] = []) {
  const message = create(schemas.GetConnectorResponseSchema, { config: configToMessage(config, problems) });
  return travel(service.getConnector, message).config!;
}

describe('values that travel as messages come out as they went in', () => {
  it('connectors', () => {
    fc.assert(
      fc.property(arbitrary.info, (info) => {
        const message = create(schemas.ListConnectorsResponseSchema, { connectors: [infoToMessage(info)] });
        const [read] = travel(service.listConnectors, message).connectors;
        expect(clean((problems) => infoFromMessage(read!, problems))).toStrictEqual(info);
      }),
    );
  });

  it('configurations, in answers and in requests', () => {
    fc.assert(
      fc.property(arbitrary.config, (config) => {
        const message = clean((problems) => configOverTheWire(config, problems));
        expect(clean((problems) => configFromMessage(message, problems))).toStrictEqual(config);
        // What stands for the default may come out as absent, never as something else.
        const { healthCheck, ...input } = configInputFromMessage(message);
        expect({ ...config, ...input, healthCheck: { ...config.healthCheck, ...healthCheck } }).toStrictEqual(config);
      }),
    );
  });

  it('health reports, of one and of all', () => {
    fc.assert(
      fc.property(arbitrary.health, arbitrary.healthById, (health, all) => {
        const one = travel(service.healthCheck, healthToMessage(health));
        expect(clean((problems) => healthFromMessage(one, problems))).toStrictEqual(health);
        const many = travel(service.healthCheckAll, healthAllToMessage(all));
        expect(clean((problems) => healthAllFromMessage(many, problems))).toStrictEqual(all);
      }),
    );
  });

  it('connection tests, events, descriptions and plugin reports', () => {
    const { test, event, description, plugins } = arbitrary;
    fc.assert(
      fc.property(test, event, description, plugins, (tested, happened, described, found) => {
        const testMessage = travel(service.testConnector, testToMessage(tested));
        expect(clean((problems) => testFromMessage(testMessage, problems))).toStrictEqual(tested);
        const eventMessage = travel(service.watchConnectors, eventToMessage(happened));
        expect(clean((problems) => eventFromMessage(eventMessage, problems))).toStrictEqual(happened);
        const descriptionMessage = travel(service.describeConnector, descriptionToMessage(described));
        expect(clean((problems) => descriptionFromMessage(descriptionMessage, problems))).toStrictEqual(described);
        const report = create(schemas.ListPluginsResponseSchema, { report: pluginsToMessage(found) });
        const pluginMessage = travel(service.listPlugins, report).report;
        expect(clean((problems) => pluginsFromMessage(pluginMessage, problems))).toStrictEqual(found);
      }),
      { numRuns: 60 },
    );
  });
});

it('an answer of ExecuteAction written from text is the message, byte for byte', () => {
  const { responseSerialize, responseDeserialize } = service.executeAction;
  const answer = fc.record({
    result: fc.string({ unit: 'grapheme', maxLength: 300 }),
    attempts: fc.integer({ min: 0, max: 2_147_483_647 }),
    durationMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    replayed: fc.boolean(),
    resultDropped: fc.boolean(),
  });
  fc.assert(
    fc.property(answer, ({ result, attempts, durationMs, replayed, resultDropped }) => {
      const message = create(schemas.ExecuteActionResponseSchema, {
        result: Buffer.from(result),
        attempts,
        durationMs: BigInt(durationMs),
        replayed,
        resultDropped,
      });
      expect(
        responseSerialize({ result, attempts, durationMs, replayed, ...(resultDropped && { resultDropped }) }),
      ).toEqual(responseSerialize(message));
    }),
  );
  const odd = responseDeserialize(
    responseSerialize({ result: 'half \ud800', attempts: 1, durationMs: 1.6, replayed: false }),
  );
  expect(odd).toMatchObject({ result: new Uint8Array(Buffer.from('half \ufffd')), durationMs: 2n });
});

describe('a configuration from a client of the original interface', () => {
  const read = (config: object) =>
    configInputFromMessage(
      travel(service.getConnector, create(schemas.GetConnectorResponseSchema, { config })).config!,
    );

  it('has the defaults where it says nothing', () => {
    expect(read({ id: 'a', enabled: true })).toStrictEqual({ id: 'a' });
  });

  it('takes the kind from the metadata when it has none, and leaves the metadata alone', () => {
    expect(read({ id: 'a', metadata: { kind: 'slack' } })).toMatchObject({
      kind: 'slack',
      metadata: { kind: 'slack' },
    });
    expect(read({ id: 'a', kind: 'jira', metadata: { kind: 'slack' } })).toMatchObject({ kind: 'jira' });
  });

  it('means false when the health check is there and not enabled, and the default interval by 0', () => {
    expect(read({ id: 'a', healthCheck: { path: '/up' } }).healthCheck).toStrictEqual({ enabled: false, path: '/up' });
    expect(read({ id: 'a', healthCheck: { enabled: true, timeoutMs: 7n } }).healthCheck).toStrictEqual({
      timeoutMs: 7,
    });
  });
});

describe('what a message cannot carry, or nobody knows', () => {
  it('makes unknown enum numbers words that the service will refuse with everything else', () => {
    const config = create(schemas.ConnectorConfigSchema, { id: 'a', type: 42 as never, mode: 9 as never });
    expect(configInputFromMessage(config)).toMatchObject({ type: '42', mode: '9' });
  });

  it('makes unknown enum numbers in answers problems', () => {
    const problems: Problem[] = [];
    const message = create(schemas.ConnectorInfoSchema, {
      id: 'a',
      type: 42 as never,
      status: 9 as never,
      owner: 'nobody',
    });
    expect(infoFromMessage(message, problems)).toMatchObject({ id: 'a', status: 'unknown' });
    expect(problems.map(({ path, received }) => `${path}: ${received}`)).toEqual([
      'type: 42',
      'status: 9',
      'owner: "nobody"',
    ]);
  });

  it('makes numbers beyond 2^53 problems instead of other numbers', () => {
    const problems: Problem[] = [];
    const message = create(schemas.HealthCheckResponseSchema, { id: 'a', responseTimeMs: 2n ** 60n });
    healthFromMessage(message, problems);
    expect(problems).toEqual([
      { path: 'response_time_ms', expected: 'a whole number within ±2^53', received: '1152921504606846976' },
    ]);
  });

  it('names every value that a configuration message has no place for', () => {
    const problems: Problem[] = [];
    const config = {
      id: 'a',
      type: 'magic',
      mode: 'sideways',
      port: 0.5,
      healthCheck: { intervalMs: 0, timeoutMs: Number.NaN },
      limits: { concurrency: 2 ** 40, timeoutMs: 1.5 },
      retry: { attempts: '3' },
    };
    configToMessage(config as unknown as ConnectorConfigInput, problems);
    expect(problems.map(({ path }) => path).toSorted()).toEqual([
      'health_check.interval',
      'health_check.timeout',
      'limits.concurrency',
      'limits.timeout',
      'mode',
      'port',
      'retry.attempts',
      'type',
    ]);
  });

  it('reads settings that nest deeper than any real ones', () => {
    const nested = (depth: number) =>
      JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)) as Record<string, never>;
    expect(configInputFromMessage(configOverTheWire({ id: 'a', settings: nested(150) })).settings).toEqual(nested(150));
  });

  it('says why a request cannot be read, instead of throwing', () => {
    const { registerConnector: register } = service;
    expect(register.requestDeserialize(bottomlessRegistration(2000))).toMatchObject({
      unreadable: expect.stringContaining('recursion'),
    });
    expect(register.requestDeserialize(Buffer.from([255, 255, 255]))).toHaveProperty('unreadable');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const read = register.requestDeserialize(Buffer.from(bytes));
        if (!('unreadable' in read) && read.config !== undefined) configInputFromMessage(read.config);
      }),
    );
  });

  it('keeps the prototype of what it reads, whatever the keys are', () => {
    const settings = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as Record<string, never>;
    const metadata = JSON.parse('{"__proto__":"x"}') as Record<string, string>;
    const read = configInputFromMessage(configOverTheWire({ id: 'a', settings, metadata }));
    expect(Object.getPrototypeOf(read.settings)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(read.metadata)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
