import { beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService, ErrorEnvelope } from '@automate/contract';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openRawDoor } from './raw-door.ts';
import { ODD_CALLS, ODD_VALUES } from './odd-calls.ts';
import type { Step } from './scenario.ts';
import { ODD_ERRORS, playScenario, playStep, SCENARIO_YAML } from './scenario.ts';

/** What a door cannot say, and why. */
const CANNOT: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'raw gRPC': {
    'no message has a place for it': [
      ...['register nothing', 'register a list', 'register an unknown key', 'unseen: a key'],
    ],
    'the library answers it by itself': ['cancelled', 'gone before it began'],
    'the library cannot write it': [
      ...['register half a character', 'register half a character in a key', 'register half a character in a secret'],
    ],
    'it is the default in a message': ['register many mistakes', 'register odd intervals'],
    'answers are messages, of which this scenario reads no setting': ['call it as it was shown'],
    'the library puts a 0 for what an enumeration does not have, or refuses the type itself': [
      ...['list an unknown type', 'list a type of other case', 'list a type of no name'],
      ...['health of an unknown type', 'cached health of an unknown type', 'register an unknown type'],
      ...['register a port of text', 'register half a port'],
      ...['unseen: a type', 'unseen: metadata', 'register metadata of numbers'],
      ...['register odd limits', 'register a profile of no name'],
    ],
  },
  REST: {
    'every client makes a path without it': ['get dots'],
    'it is a route of its own': ['get a word of a route'],
    'a header has no spaces around it': ['key: spaces around it'],
  },
};

type Door = (host: SandboxHost) => Promise<ConnectorService>;

const DOORS = {
  'in process': async (it) => it.service,
  gRPC: async (it) => connect({ address: it.host.grpcAddress ?? '' }),
  'raw gRPC': async (it) => openRawDoor(it.host.grpcAddress ?? ''),
  REST: async (it) => openRestBackend(it.host.httpAddress ?? ''),
} as const satisfies Record<string, Door>;

async function play(name: string, door: Door): Promise<readonly Step[]> {
  await using it = await SandboxHost.open({
    yaml: SCENARIO_YAML,
    manifests: { open_kind: { scheme: 'shop' } },
    env: { HEALTH_INTERVAL: '500h' },
  });
  const service = await door(it);
  try {
    const steps = [...(await playScenario(service, it.sandbox.root))];
    for (const [step, work] of Object.entries({ ...ODD_CALLS, ...ODD_VALUES }))
      if (canSay(name)({ step })) steps.push(await playStep(step, () => work(service)));
    return steps;
  } finally {
    await service.close();
  }
}

const canSay = (door: string): ((step: Step) => boolean) => {
  const unsaid = new Set(Object.values(CANNOT[door] ?? {}).flat());
  const isJavaScript = door === 'in process' || door === 'gRPC';
  return ({ step }) => !unsaid.has(step) && (isJavaScript || ODD_VALUES[step] === undefined);
};

describe('the same scenario through every door', () => {
  const played = new Map<string, readonly Step[]>();
  beforeAll(async () => {
    for (const [name, door] of Object.entries<Door>(DOORS)) played.set(name, await play(name, door));
  }, 600_000);

  it('says of every step that a door is spared why', () => {
    const steps = new Set(played.get('in process')?.map(({ step }) => step));
    const spared = Object.values(CANNOT).flatMap((reasons) => Object.values(reasons).flat());
    expect(spared.filter((step) => !steps.has(step))).toEqual([]);
  });

  it.each(['gRPC', 'REST'])('gives over %s the same answers and errors as in process', (name) => {
    const [here, there] = ['in process', name].map((door) => played.get(door)?.filter(canSay(name)));
    expect(there).toEqual(here);
  });

  it('gives to a program that has the protocol alone the same errors, and the same results of actions', () => {
    const outline = (steps: readonly Step[] = []) =>
      steps.filter(canSay('raw gRPC')).map(({ step, error, answer }) => {
        const result = (answer as { readonly result?: unknown } | undefined)?.result;
        return { step, error, result };
      });
    expect(outline(played.get('raw gRPC'))).toEqual(outline(played.get('in process')));
  });

  it('answers what it should', () => {
    const steps = Object.fromEntries((played.get('in process') ?? []).map(({ step, ...outcome }) => [step, outcome]));
    expect(steps).toMatchObject({
      execute: {
        answer: { result: { text: 'Grüße, 世界 \u0000 "quoted"', greeting: 'hi' }, attempts: 1, replayed: false },
      },
      'execute without payload': { answer: { result: { count: 1 } } },
      'execute on nobody': { error: { code: 'NOT_FOUND', connector: 'nobody' } },
      'execute on a disabled one': { error: { code: 'UNAVAILABLE', retryable: false } },
      'execute on a remote that refuses': { error: { code: 'TRANSIENT_NETWORK', effect: 'none' } },
      'find_user on misled': { error: { code: 'CONFIG_INVALID', effect: 'none', blame: 'operator', retryable: false } },
      'add_user on misled': {
        error: {
          code: 'CONFIG_INVALID',
          message: '404 from the remote',
          details: { status: 404, start_error: { code: 'NOT_FOUND', message: '404 from the remote' } },
        },
      },
      'health of misled': { answer: { message: 'configuration invalid: 404 from the remote' } },
      'test misled': { answer: { error: 'configuration invalid: 404 from the remote' } },
      'find_user on stillborn': {
        error: {
          code: 'CONFIG_INVALID',
          effect: 'none',
          blame: 'operator',
          details: { start_error: { code: 'INVALID_INPUT' } },
        },
      },
      'test stillborn': { answer: { error: 'configuration invalid: 400 from the remote' } },
      'start later': { answer: { status: 'queued', runAt: '2999-01-31T08:00:00.000Z', priority: -7, attempts: 0 } },
      'an execution': { answer: { status: 'succeeded', result: { text: 'Grüße', greeting: 'hi' }, attempts: 1 } },
      'an execution with a payload as it is not written': {
        answer: { status: 'failed', error: { code: 'INVALID_INPUT', problems: [{ path: 'n' }, { path: 'text' }] } },
      },
      'its key again': { answer: { status: 'succeeded', replayed: true } },
      'its key with another payload': { error: { code: 'INVALID_INPUT', details: { reason: 'key_reused' } } },
      'a call with its key': { answer: { result: { text: 'Grüße' }, replayed: true } },
      'start of too much': { error: { details: { reason: 'payload_too_large' } } },
      'cancel it': { answer: { status: 'cancelled' } },
      'cancel it again': { error: { details: { reason: 'already_ended' } } },
      'how that ended': { answer: { status: 'succeeded', rerunOf: 'UUID' } },
      'run it again once more': { error: { details: { reason: 'already_rerun' } } },
      'run again what succeeded': { error: { details: { reason: 'not_repeatable' } } },
      'set a schedule': {
        answer: {
          name: 'yearly',
          connector: 'echo',
          nextAt: expect.stringMatching(/-01-01T08:00:00.000Z$/),
          priority: 100,
        },
      },
      'schedule: no fields': { error: { code: 'INVALID_INPUT', problems: [{ path: 'cron' }] } },
      'schedule: no zone': { error: { code: 'INVALID_INPUT', problems: [{ path: 'time_zone' }] } },
      schedules: { answer: [{ name: 'yearly' }] },
      'remove no schedule yearly': { error: { code: 'NOT_FOUND', details: { reason: 'unknown_schedule' } } },
      'get no execution': { error: { code: 'NOT_FOUND', details: { reason: 'unknown_execution' } } },
      'unknown action': { error: { code: 'INVALID_INPUT', name: 'UnknownActionError' } },
      'wrong input': { error: { code: 'INVALID_INPUT', problems: [{ path: 'text' }] } },
      'malformed JSON': { error: { code: 'INVALID_INPUT', message: expect.stringMatching(/line 2/) } },
      'not an object': { error: { code: 'INVALID_INPUT' } },
      'too large': { error: { code: 'INVALID_INPUT' } },
      'executed text as it is not written': {
        error: {
          code: 'INVALID_INPUT',
          problems: [
            { path: 'n', received: '9007199254740993', line: 1, column: 17 },
            { path: 'text', expected: 'each key once' },
          ],
        },
      },
      ...Object.fromEntries(
        ['bigint', 'nan', 'infinite', 'function', 'map', 'unsafe'].map((name) => [
          `value: ${name}`,
          { error: { code: 'INVALID_INPUT', effect: 'none', problems: [{ path: 'deep[0].value' }] } },
        ]),
      ),
      'value: cycle': { error: { code: 'INVALID_INPUT', problems: [{ path: 'deep[0].value.again' }] } },
      'value: undefined': { answer: { result: { text: 'a' } } },
      'value: null': { error: { code: 'INVALID_INPUT' } },
      'much to read': {
        error: {
          code: 'INVALID_INPUT',
          effect: 'none',
          blame: 'caller',
          message: expect.stringMatching(/ask for less.*size/),
        },
      },
      'much after a change': {
        error: { code: 'INTERNAL_ERROR', effect: 'maybe', retryable: false, blame: 'caller' },
      },
      // Once by the first call of all, once by the change: it was not tried again.
      'how often it was changed': { answer: { result: { count: 3 } } },
      'a change that takes too long': { error: { code: 'TIMEOUT', effect: 'maybe' } },
      'fail: auth': { error: { code: 'AUTH_FAILED', blame: 'operator', details: { status: 401 } } },
      'fail: rate': { error: { code: 'RATE_LIMITED', retryAfterMs: 120_000, attempts: 1 } },
      'fail: upstream': { error: { code: 'UPSTREAM_5XX', attempts: 2 } },
      'fail: bug': { error: { code: 'INTERNAL_ERROR', effect: 'none', blame: 'plugin' } },
      'fail: not whom the code blames': { error: { code: 'UNAVAILABLE', blame: 'remote' } },
      // A change whose connector throws whatever may have happened, and ends no worker.
      ...Object.fromEntries(
        ODD_ERRORS.map((how) => [`throws: ${how}`, { error: { connector: 'echo', message: expect.any(String) } }]),
      ),
      'throws: revoked': { error: { code: 'INTERNAL_ERROR', attempts: 1 } },
      'throws: hostile': { error: { code: 'INTERNAL_ERROR', attempts: 1 } },
      'throws: aborted': { error: { code: 'INTERNAL_ERROR', blame: 'plugin', details: { reason: 'aborted' } } },
      'throws: bigint': { error: { code: 'INTERNAL_ERROR', effect: 'maybe', blame: 'plugin' } },
      'register a file': { error: { code: 'INVALID_INPUT', message: expect.stringMatching(/files\.roots/) } },
      'gone before it began': { error: { code: 'CANCELLED', effect: 'none' } },
      'worker dies': { error: { code: 'WORKER_LOST', effect: 'none', retryable: false } },
      'after that': { answer: { result: { text: 'again' } } },
      deadline: { error: { code: 'TIMEOUT' } },
      'own timeout': { error: { code: 'TIMEOUT', effect: 'none', attempts: 2 } },
      cancelled: { error: { code: 'CANCELLED' } },
      'idempotency key': { answer: { result: { text: 'x' }, replayed: false } },
      'idempotency key again': { answer: { result: { text: 'x' }, replayed: true, attempts: 1 } },
      'idempotency key of another payload': { error: { code: 'INVALID_INPUT', details: { reason: 'key_reused' } } },
      'idempotency key of another action': { error: { code: 'INVALID_INPUT', details: { reason: 'key_reused' } } },
      outcome: { answer: { action: 'say', status: 'succeeded', result: { text: 'x' } } },
      'clear outcome': { answer: { id: 'echo' } },
      'outcome of nothing': { error: { code: 'NOT_FOUND', connector: 'echo' } },
      'outcome of nobody': { error: { code: 'NOT_FOUND' } },
      'outcome of no key': { error: { code: 'INVALID_INPUT', problems: [{ path: 'idempotency_key' }] } },
      'idempotency key: empty': {
        error: { code: 'INVALID_INPUT', problems: [{ path: 'idempotency_key', received: 'nothing' }] },
      },
      'idempotency key: long': { error: { code: 'INVALID_INPUT', problems: [{ path: 'idempotency_key' }] } },
      health: { answer: { status: 'healthy', healthy: true } },
      'test a refused one': { answer: { success: false, error: expect.stringMatching(/^remote unreachable/) } },
      register: { answer: { id: 'mine' } },
      'register again': { error: { code: 'ALREADY_EXISTS' } },
      'register what the file has': {
        error: { code: 'ALREADY_EXISTS', message: expect.stringMatching(/configuration file/) },
      },
      'register an unknown kind': { error: { code: 'INVALID_INPUT', problems: [{ path: 'kind' }] } },
      'register bad settings': { error: { code: 'INVALID_INPUT', problems: [{ path: 'settings.colour' }] } },
      'register a reference': { error: { code: 'INVALID_INPUT', problems: [{ path: 'settings.greeting' }] } },
      'register without an id': {
        error: { message: expect.stringMatching(/^the configuration is refused: id: expected/) },
      },
      'register nothing': {
        error: { code: 'INVALID_INPUT', message: expect.stringMatching(/an object, received null$/) },
      },
      'register a list': { error: { code: 'INVALID_INPUT', message: expect.stringMatching(/received a list$/) } },
      'register an id that is no kind': {
        error: {
          message: expect.stringMatching(
            /of "my-custom" is refused: kind: .*there are echo, open_kind, unreachable.*metadata\["kind"\]/,
          ),
        },
      },
      'call the updated one': { answer: { result: { greeting: 'ciao' } } },
      'get the escaped one': {
        answer: {
          config: {
            settings: {
              greeting: 'say $${HOME}',
              token: 'secretref://store/connector.escaped/settings.token?version=1',
            },
          },
        },
      },
      'call the escaped one': { answer: { result: { greeting: 'say ${HOME}' } } },
      'call it as it was shown': { answer: { result: { greeting: 'say ${HOME}' } } },
      'endpoint of the kind': {
        answer: { connector: { endpoint: 'shop://[::1]:5432' }, config: { scheme: 'shop', host: '::1' } },
      },
      'update it badly': { error: { code: 'INVALID_INPUT' } },
      'it still works': { answer: { result: { greeting: 'ciao' } } },
      'remove what the file has': {
        error: { code: 'INVALID_INPUT', message: expect.stringMatching(/configuration file/) },
      },
    });
    const refused = steps['register many mistakes']?.error as { problems: { path: string }[] } | undefined;
    const paths = refused?.problems.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['id', 'kind', 'port', 'health_check.interval', 'health_check.path']));
  });

  it('writes out in errors what could not be seen', () => {
    const unseen = (played.get('in process') ?? []).filter(({ step }) => step.startsWith('unseen: '));
    expect(unseen.length).toBeGreaterThan(10);
    for (const { step, error } of unseen) {
      const { message, problems } = error as ErrorEnvelope;
      expect({ step, text: JSON.stringify({ message, problems }) }).toEqual({
        step,
        text: expect.not.stringMatching(/(?! )[\p{C}\p{Z}]/u),
      });
    }
  });

  it('shows no secret in any answer or error', () => {
    for (const steps of played.values()) {
      const text = JSON.stringify(steps);
      expect(text).not.toContain('canary-file-token');
      expect(text).not.toContain('canary-setting');
      expect(text).not.toContain(Buffer.from('canary-file-token').toString('base64'));
    }
  });
});
