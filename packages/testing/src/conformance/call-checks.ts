import assert from 'node:assert/strict';
import type { JsonObject } from '@automate/sdk';
import { ConnectorError, until } from '@automate/sdk';
import { checkHealth } from '@automate/sdk/runtime';
import { openAdapter } from '../open-adapter.ts';
import type { Check, Subject } from './check.ts';
import { closedPort } from '../closed-port.ts';
import { invalidSample } from './invalid-sample.ts';

const UNKNOWN_ACTION = 'no_such_action_of_a_conformance_test';
/** Milliseconds that a check of health or connection may take when nothing answers. */
const PATIENCE_MS = 5000;

/** What a connector does when it is called, as far as that can be tried without a remote system. */
export const CALL_CHECKS: readonly Check[] = [
  {
    title: 'refuses an action that it does not have',
    async run(subject) {
      const error = await failureOf(subject, UNKNOWN_ACTION, {});
      assert.ok(ConnectorError.is(error), 'normalizeError must give a ConnectorError');
      if (!subject.description.open) assert.equal(error.name, 'UnknownActionError');
    },
  },
  {
    title: 'refuses a wrong payload with INVALID_INPUT and says what is wrong',
    // An adapter that overrides execute might act on it.
    concerns: ({ description }) => !description.open && description.actions.length > 0,
    async run(subject) {
      for (const { name, input } of subject.description.actions) {
        const wrong = invalidSample(input);
        if (wrong === undefined) continue;
        const error = await failureOf(subject, name, wrong);
        assert.equal(error.code, 'INVALID_INPUT', `"${name}" given ${JSON.stringify(wrong)}`);
        assert.ok((error.problems?.length ?? 0) > 0, `"${name}" given ${JSON.stringify(wrong)} must name the problems`);
      }
    },
  },
  {
    title: 'makes a connector error of anything thrown',
    run({ sample }) {
      const thrown = [
        new Error('plain'),
        'text',
        undefined,
        null,
        42,
        { status: 429, message: 'slow down' },
        Object.create(null),
      ];
      for (const value of thrown) {
        const error = sample.normalizeError(value);
        assert.ok(ConnectorError.is(error), `normalizeError(${typeof value}) must give a ConnectorError`);
        assert.equal(typeof error.message, 'string');
        assert.doesNotThrow(() => JSON.stringify(error.toEnvelope()));
      }
    },
  },
  {
    title: 'leaves connector errors as they are',
    run({ sample }) {
      const error = new ConnectorError('RATE_LIMITED', 'slow down', { retryAfterMs: 5 });
      assert.equal(sample.normalizeError(error).code, 'RATE_LIMITED');
      assert.equal(sample.normalizeError(error).retryAfterMs, 5);
    },
  },
  {
    title: 'says that it is not connected when nothing answers at its endpoint',
    concerns: hasEndpoint,
    async run(subject) {
      const { adapter, close } = await openWithoutRemote(subject);
      try {
        const connected = await within(
          PATIENCE_MS,
          'connect',
          Promise.resolve().then(() => adapter.connect()),
        ).catch((error: unknown) => {
          assert.ok(!(error instanceof Hung), 'connect must end when nothing answers');
          assert.notEqual(
            adapter.normalizeError(error).code,
            'INTERNAL_ERROR',
            `connect must not fail with a fault of its own: ${String(error)}`,
          );
          return false;
        });
        assert.equal(connected, false);
      } finally {
        await close();
      }
    },
  },
  {
    title: 'reports its health in time, in words',
    async run(subject) {
      const { adapter, call, close } = await openWithoutRemote(subject);
      try {
        const health = await within(
          PATIENCE_MS,
          'the health check',
          checkHealth(adapter, call('health', { timeoutMs: PATIENCE_MS / 2 })),
        );
        assert.ok(health.message.length > 0, 'a health check says something');
        if (hasEndpoint(subject)) assert.equal(health.status, 'unhealthy', 'nothing answers at the endpoint');
      } finally {
        await close();
      }
    },
  },
  {
    title: 'closes, also twice and without having connected',
    async run(subject) {
      const { adapter, close } = await openWithoutRemote(subject);
      await within(PATIENCE_MS, 'close', close());
      await within(PATIENCE_MS, 'close', Promise.resolve(adapter.close()));
    },
  },
  {
    title: 'does not believe a webhook that nobody signed',
    concerns: ({ description }) => description.capabilities.webhooks,
    async run(subject) {
      const { adapter, close } = await openWithoutRemote(subject);
      try {
        assert.equal(await adapter.verifyWebhook({ 'content-type': 'application/json' }, '{}'), false);
      } finally {
        await close();
      }
    },
  },
];

class Hung extends Error {}

function hasEndpoint({ options }: Subject): boolean {
  return options.config?.host !== undefined;
}

/** The connector as configured, but with its endpoint at a port where nothing listens. */
async function openWithoutRemote({ adapterClass, options }: Subject): ReturnType<typeof openAdapter> {
  const { config = {}, settings, secrets } = options;
  const moved = config.host === undefined ? config : { ...config, host: '127.0.0.1', port: await closedPort() };
  return openAdapter(adapterClass, {
    config: moved,
    ...(settings === undefined ? {} : { settings }),
    ...(secrets === undefined ? {} : { secrets }),
  });
}

async function failureOf(subject: Subject, action: string, payload: JsonObject): Promise<ConnectorError> {
  const { adapter, call, close } = await openWithoutRemote(subject);
  const refused = new Error(`"${action}" given ${JSON.stringify(payload)} must be refused`);
  try {
    await adapter.execute(action, payload, call(action, { timeoutMs: PATIENCE_MS }));
    throw refused;
  } catch (error) {
    if (error === refused) throw error;
    return adapter.normalizeError(error);
  } finally {
    await close();
  }
}

function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  return until({ deadline: Date.now() + ms, error: () => new Hung(`${what} did not end within ${ms} ms`) }, () => work);
}
