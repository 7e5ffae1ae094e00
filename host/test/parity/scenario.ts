// Long, as one scenario goes through every operation.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CallOptions,
  ConnectorService,
  Execution,
  JsonObject,
  JsonValue,
  SetScheduleRequest,
  StartExecutionRequest,
} from '@automate/contract';
import { ConnectorError, hasEnded } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';

/** What one step of the scenario came to. */
export interface Step {
  readonly step: string;
  readonly answer?: unknown;
  readonly error?: unknown;
}

/** What a project needs for the scenario. */
export const SCENARIO_YAML = `
connectors:
  - id: echo
    name: An echo
    description: says it again
    tags: [blue, tested]
    metadata: { team: a-team }
    host: example.org
    port: 8443
    scheme: https
    base_path: /api
    auth: { type: bearer, token: "canary-file-token" }
    settings: { greeting: hi, token: canary-setting }
    limits: { concurrency: 4 }
    retry: { attempts: 2, backoff: 10ms }
  - { id: hasty, kind: echo, limits: { timeout: 1s }, retry: { attempts: 2, backoff: 10ms } }
  - { id: off, kind: echo, enabled: false }
  - { id: ghost, kind: not_installed }
  - { id: refused, kind: unreachable, retry: { attempts: 1 } }
  - { id: database, kind: open_kind, host: "[::1]", port: 5432 }
  - { id: misled, kind: unreachable, settings: { how: missing } }
  - { id: stillborn, kind: unreachable, settings: { how: initialize } }
`;

/** See the fixture `echo`. */
export const ODD_ERRORS = [
  ...['text', 'nothing', 'null', 'number', 'bigint', 'symbol', 'frozen', 'circular', 'deep', 'many', 'revoked'],
  ...['hostile', 'wordless', 'unpaired', 'long', 'aborted', 'unknown_code', 'odd_wait', 'odd_details'],
];

/** Does what callers do, in one order, and writes down all that comes back. Leaves files in the folder. */
export async function playScenario(service: ConnectorService, folder: string): Promise<readonly Step[]> {
  const steps: Step[] = [];
  const note = async (step: string, work: () => Promise<unknown>): Promise<void> =>
    void steps.push(await playStep(step, work));
  /** What becomes of a call whose time is over while it runs: with ever more time, until it had begun by then. */
  const noteOnceBegun = async (step: string, work: (began: string, timeoutMs: number) => Promise<unknown>) => {
    const began = join(folder, step);
    for (let ms = 500; !existsSync(began); ms *= 2) {
      const before = steps.length;
      await note(step, () => work(began, ms));
      if (!existsSync(began)) steps.length = before;
    }
  };
  const call = (action: string, payload: JsonValue, options?: CallOptions, id = 'echo') =>
    service.execute({ id, action, payload: payload as never }, options);

  /** Whether the worker is there: a call that comes before that is tried more than once. */
  const isAtOnce = (): Promise<boolean> =>
    call('say', { text: 'still there' }).then(
      ({ attempts }) => attempts === 1,
      () => false,
    );

  await note('list', () => service.list());
  await note('list by type', () => service.list({ type: 'custom' }));
  await note('list enabled', () => service.list({ enabledOnly: true }));
  await note('list by tag', () => service.list({ tag: 'tested' }));
  await note('get before it is described', () => service.get('echo'));
  await note('describe', () => service.describe('echo'));
  await note('describe what is missing', () => service.describe('ghost'));
  await note('get', () => service.get('echo'));
  await note('get nobody', () => service.get('nobody'));
  await note('execute', () => call('say', { text: 'Grüße, 世界 \u0000 "quoted"' }));
  await note('execute text', () => service.executeText({ id: 'echo', action: 'say', payload: '{"text":"as text"}' }));
  await note('execute without payload', () => service.execute({ id: 'echo', action: 'count' }));
  await note('execute on nobody', () => call('say', {}, {}, 'nobody'));
  await note('execute on a disabled one', () => call('say', {}, {}, 'off'));
  await note('execute on a missing kind', () => call('say', {}, {}, 'ghost'));
  await note('execute on a remote that refuses', () => call('say', {}, {}, 'refused'));
  for (const action of ['find_user', 'add_user'])
    await note(`${action} on misled`, () => call(action, {}, {}, 'misled'));
  await note('health of misled', () => service.healthCheck('misled'));
  await note('find_user on stillborn', () => call('find_user', {}, {}, 'stillborn'));
  for (const id of ['misled', 'stillborn']) await note(`test ${id}`, () => service.test(id));
  await note('unknown action', () => call('sing', {}));
  await note('wrong input', () => call('say', { text: 5 }));
  await note('malformed JSON', () =>
    service.executeText({ id: 'echo', action: 'say', payload: '{"text": "a",\n oops}' }),
  );
  await note('not an object', () => service.executeText({ id: 'echo', action: 'say', payload: '[1]' }));
  await note('too large', () =>
    service.executeText({ id: 'echo', action: 'say', payload: `{"text":"${'x'.repeat(3.2 * 1024 * 1024)}"}` }),
  );
  await note('executed text as it is not written', () =>
    service.executeText({ id: 'echo', action: 'say', payload: '{"text":"a","n":9007199254740993,"text":"b"}' }),
  );
  const odd = {
    bigint: 1n,
    nan: NaN,
    infinite: -Infinity,
    function: () => 1,
    cycle: {},
    map: new Map(),
    unsafe: 2 ** 53,
  };
  Object.assign(odd.cycle, { again: odd.cycle });
  for (const [name, value] of Object.entries(odd))
    await note(`value: ${name}`, () => call('say', { text: 'a', deep: [{ value: value as never }] }));
  await note('value: undefined', () => call('say', { text: 'a', nothing: undefined as never }));
  await note('value: null', () => call('say', null));
  await note('much to read', () => call('read_much', { size: 4_000_000 }));
  await note('much after a change', () => call('change_much', { size: 4_000_000 }));
  await note('how often it was changed', () => call('count', {}));
  await noteOnceBegun('a change that takes too long', (began, timeoutMs) =>
    call('change_slowly', { began }, { timeoutMs }),
  );
  for (const how of ['auth', 'rate', 'upstream', 'bug']) await note(`fail: ${how}`, () => call('fail', { how }));
  await note('fail: not whom the code blames', () => call('fail', { how: { code: 'UNAVAILABLE', blame: 'remote' } }));
  for (const how of ODD_ERRORS) await note(`throws: ${how}`, () => call('throw_oddly', { how }));
  await note('worker dies', () => call('die', {}));
  // Whether its back-off has passed by then is a matter of time, and costs calls an attempt.
  await eventually(isAtOnce);
  await note('after that', () => call('say', { text: 'again' }));
  await note('leak', () => call('leak', {}));
  await note('leak in an error', () => call('leak', { how: 'throw' }));
  await noteOnceBegun('deadline', (began, timeoutMs) => call('wait', { began }, { timeoutMs }));
  await noteOnceBegun('own timeout', (began) => call('wait', { began }, {}, 'hasty'));
  await note('cancelled', async () => {
    const caller = new AbortController();
    const began = join(folder, 'cancelled');
    const cancelled = call('wait', { began }, { signal: caller.signal });
    await eventually(() => existsSync(began));
    caller.abort();
    return cancelled;
  });
  // A worker that was slow to give up is replaced, which costs the next call an attempt.
  await eventually(isAtOnce);
  const keyed = (payload: JsonObject, idempotencyKey: string, action = 'say') =>
    service.execute({ id: 'echo', action, payload, idempotencyKey });
  await note('idempotency key', () => keyed({ text: 'x' }, 'k1/%?'));
  await note('idempotency key again', () => keyed({ text: 'x' }, 'k1/%?'));
  await note('idempotency key of another payload', () => keyed({ text: 'y' }, 'k1/%?'));
  await note('idempotency key of another action', () => keyed({ text: 'x' }, 'k1/%?', 'count'));
  await note('outcome', () => service.getOutcome('echo', 'k1/%?'));
  await note('clear outcome', () => service.clearOutcome('echo', 'k1/%?'));
  await note('outcome of nothing', () => service.getOutcome('echo', 'k1/%?'));
  await note('clear outcome of nothing', () => service.clearOutcome('echo', 'k1/%?'));
  await note('outcome of nobody', () => service.getOutcome('nobody', 'k'));
  await note('outcome of no key', () => service.getOutcome('echo', 'a b'));
  for (const [name, idempotencyKey] of Object.entries({ empty: '', long: 'k'.repeat(300) }))
    await note(`idempotency key: ${name}`, () =>
      service.execute({ id: 'echo', action: 'count', payload: {}, idempotencyKey }),
    );
  for (const idempotencyKey of ['ü', 'k'.repeat(256)])
    await note(`idempotency key: ${JSON.stringify(idempotencyKey.slice(0, 5))}`, () =>
      service.execute({ id: 'echo', action: 'count', payload: {}, idempotencyKey }),
    );
  await note('an action of no name', () => call('', {}));
  await note('an id of no name', () => call('say', {}, {}, ''));
  await note('an odd id', () => call('say', {}, {}, 'a b/..'));
  await note('describe nobody', () => service.describe('nobody'));
  await note('test nobody', () => service.test('nobody'));
  await note('remove nobody', () => service.remove('nobody'));
  await note('gone before it began', () => call('say', { text: 'a' }, { signal: AbortSignal.abort() }));
  await note('health', () => service.healthCheck('echo'));
  await note('health of nobody', () => service.healthCheck('nobody'));
  await note('all health', () => service.healthCheckAll());
  await note('all cached health of a type', () => service.healthCheckAll({ type: 'custom', cached: true }));
  await note('test', () => service.test('echo'));
  await note('test a refused one', () => service.test('refused'));
  await note('test a disabled one', () => service.test('off'));
  await note('register', () =>
    service.register({
      id: 'mine',
      kind: 'echo',
      tags: ['new'],
      settings: { greeting: 'salut' },
      healthCheck: { intervalMs: 90_000 },
    }),
  );
  await note('register again', () => service.register({ id: 'mine', kind: 'echo' }));
  await note('register what the file has', () => service.register({ id: 'echo', kind: 'echo' }));
  await note('register an unknown kind', () => service.register({ id: 'other', kind: 'nothing_known' }));
  await note('register bad settings', () =>
    service.register({ id: 'other', kind: 'echo', settings: { colour: 'red' } }),
  );
  await note('register a reference', () =>
    service.register({ id: 'other', kind: 'echo', settings: { greeting: '${HOME}' } }),
  );
  await note('register many mistakes', () =>
    service.register({
      id: 'Bad Id',
      kind: 'Echo!',
      port: 99_999,
      healthCheck: { intervalMs: 0, path: 'no-slash' },
    } as never),
  );
  const references = [
    'SECRETREF://env/default/A',
    'secretref:/env/default/A',
    'Bearer secretref://env/default/A',
    'vault://a',
  ];
  for (const token of references)
    await note(`register the token ${token}`, () =>
      service.register({ id: 'other', kind: 'echo', auth: { type: 'bearer', token } }),
    );
  await note('register a reference in a header', () =>
    service.register({
      id: 'other',
      kind: 'echo',
      auth: { type: 'none', headers: { 'X-A': 'a secretref://env/a/b' } },
    }),
  );
  await note('register a file', () => service.register({ id: 'other', kind: 'echo', tls: { caFile: '/etc/passwd' } }));
  await note('register a file that is not there', () =>
    service.register({ id: 'other', kind: 'echo', tls: { caFile: '/nowhere/at/all' } }),
  );
  await note('register without an id', () => service.register({ kind: 'echo' } as never));
  await note('register nothing', () => service.register(null as never));
  await note('register a list', () => service.register([] as never));
  await note('register an id that is no kind', () => service.register({ id: 'my-custom', type: 'custom' }));
  await note('get the registered one', () => service.get('mine'));
  await note('call it', () => call('say', { text: 'x' }, {}, 'mine'));
  await note('update it', () => service.update({ id: 'mine', kind: 'echo', settings: { greeting: 'ciao' } }));
  await note('call the updated one', () => call('say', { text: 'x' }, {}, 'mine'));
  await note('update it badly', () => service.update({ id: 'mine', kind: 'echo', settings: { colour: 'red' } }));
  await note('send a mask back', () => service.update({ id: 'mine', kind: 'echo', settings: { token: '[secret]' } }));
  await note('it still works', () => call('say', { text: 'x' }, {}, 'mine'));
  await note('register an escaped one', () =>
    service.register({ id: 'escaped', kind: 'echo', settings: { greeting: 'say $${HOME}', token: 'pa$${HOME}ss' } }),
  );
  const shown = service.get('escaped');
  await note('get the escaped one', () => shown);
  await note('call the escaped one', () => call('say', { text: 'x' }, {}, 'escaped'));
  const { greeting = null } = (await shown).config.settings;
  await note('send back what was shown', () => service.update({ id: 'escaped', kind: 'echo', settings: { greeting } }));
  await note('call it as it was shown', () => call('say', { text: 'x' }, {}, 'escaped'));
  await note('remove the escaped one', () => service.remove('escaped'));
  await note('endpoint of the kind', () => service.get('database'));
  await note('update nobody', () => service.update({ id: 'nobody', kind: 'echo' }));
  await note('update what the file has', () => service.update({ id: 'echo', kind: 'echo' }));
  await note('remove it', () => service.remove('mine'));
  await note('remove it again', () => service.remove('mine'));
  await note('test the removed one', () => service.test('mine'));
  await note('call the removed one', () => call('say', { text: 'x' }, {}, 'mine'));
  await note('health of the removed one', () => service.healthCheck('mine'));
  await note('remove what the file has', () => service.remove('echo'));
  await note('list at the end', () => service.list());
  await note('plugins', () => service.plugins());
  await note('rescan', () => service.rescanPlugins());
  await note('no profiles', () => service.listProfiles());
  await note('set a profile', () =>
    service.setProfile({ name: 'shared', kind: 'echo', settings: { token: 'not shown', deep: { list: [1, 2] } } }),
  );
  await note('set it with secrets', () =>
    service.setProfile({ name: 'shared', kind: 'echo', environment: 'dev', secrets: { token: 'a "secret" value' } }),
  );
  await note('set one of no kind', () => service.setProfile({ name: 'shared', kind: 'nobody' }));
  await note('set one that is wrong', () =>
    service.setProfile({ name: 'a b', kind: 'echo', environment: '', secrets: { 'a-b': 'x', ok: '' } }),
  );
  await note('set one with references', () =>
    service.setProfile({
      name: 'other',
      kind: 'echo',
      settings: { a: '${HOME}' },
      secrets: { token: 'secretref://file/a/b' },
    }),
  );
  await note('use it', () => service.register({ id: 'user', kind: 'echo', profile: 'shared' }));
  await note('profiles', () => service.listProfiles());
  await note('remove it while it is used', () => service.removeProfile('shared'));
  await note('use it no more', () => service.remove('user'));
  await note('remove the profile', () => service.removeProfile('shared'));
  await note('remove a profile that is not there', () => service.removeProfile('shared'));
  const secret = { namespace: 'team', name: 'key' };
  await note('no secrets', () => service.listSecrets());
  await note('set a secret', () =>
    service.setSecret({ ...secret, value: 'a value of "many" signs & ünïcode\nin two lines' }),
  );
  await note('set it again', () => service.setSecret({ ...secret, value: 'another value' }));
  await note('set none', () => service.setSecret({ ...secret, value: '' }));
  await note('set one too long', () => service.setSecret({ ...secret, value: 'x'.repeat(70_000) }));
  await note('set one without a name', () => service.setSecret({ namespace: 'a..b', name: 'key', value: 'value' }));
  await note('set that of a connector', () =>
    service.setSecret({ namespace: 'connector.mine', name: 'key', value: 'value' }),
  );
  await note('secrets', () => service.listSecrets());
  await note('remove a version', () => service.removeSecret({ ...secret, version: 1 }));
  await note('remove it again', () => service.removeSecret({ ...secret, version: 1 }));
  await note('remove the secret', () => service.removeSecret(secret));
  await note('remove a secret that is not there', () => service.removeSecret(secret));
  await playExecutions(service, note);
  return steps;
}

async function playExecutions(
  service: ConnectorService,
  note: (step: string, work: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const say = { id: 'echo', action: 'say', payload: { text: 'Grüße' } } as const;
  /** Its last state, in which no door differs from another. */
  const run = async (request: StartExecutionRequest) => {
    const { id } = await service.startExecution(request);
    return eventually(() => service.getExecution(id), hasEnded);
  };
  const ids: Record<string, string> = {};
  const keep = async (name: string, work: Promise<Execution>): Promise<Execution> => {
    const execution = await work;
    ids[name] = execution.id;
    return execution;
  };
  await note('start later', () =>
    keep(
      'later',
      service.startExecution({ ...say, priority: -7, runTimeoutMs: 90_000, runAt: '2999-01-31T09:00:00+01:00' }),
    ),
  );
  await note('an execution', () => keep('said', run(say)));
  for (const [name, payload] of Object.entries({
    'as text': '{"text":"as text"}',
    'of no text': '',
    'as it is not written': '{"text":"a","n":9007199254740993,"text":"b"}',
    'that is malformed': '{"text": "a",\n oops}',
    'that is no object': '[1]',
  }))
    await note(`an execution with a payload ${name}`, () => run({ ...say, payload }));
  for (const how of ['auth', 'upstream', 'bug'])
    await note(`an execution that fails: ${how}`, () =>
      keep(how, run({ id: 'echo', action: 'fail', payload: { how } })),
    );
  await note('an execution of an unknown action', () => run({ id: 'echo', action: 'sing' }));
  await note('an execution with much to read', () =>
    run({ id: 'echo', action: 'read_much', payload: { size: 4_000_000 } }),
  );
  const keyed = { ...say, idempotencyKey: 'e1/%?' };
  await note('an execution with a key', () => run(keyed));
  await note('its key again', () => service.startExecution(keyed));
  await note('its key with another payload', () => service.startExecution({ ...keyed, payload: { text: 'y' } }));
  await note('a call with its key', () => service.execute(keyed));
  const odd: Readonly<Record<string, Partial<StartExecutionRequest>>> = {
    nobody: { id: 'nobody' },
    'no action': { action: '' },
    'no time': { runAt: 'tomorrow' },
    'no priority': { priority: 101 },
    'no time to run': { runTimeoutMs: 0 },
    'no key': { idempotencyKey: 'a b' },
    'nobody to tell': { callbackUrl: 'nowhere' },
    'somebody to tell who is not allowed': { callbackUrl: 'https://hooks.example.com/a?b=%2F' },
    'too much': { payload: `{"text":"${'x'.repeat(3.2 * 1024 * 1024)}"}` },
  };
  for (const [name, part] of Object.entries(odd))
    await note(`start of ${name}`, () => service.startExecution({ ...say, ...part }));
  await note('cancel it', () => service.cancelExecution(ids['later'] ?? ''));
  await note('cancel it again', () => service.cancelExecution(ids['later'] ?? ''));
  await note('run it again', () => keep('again', service.rerunExecution(ids['later'] ?? '')));
  await note('how that ended', () => eventually(() => service.getExecution(ids['again'] ?? ''), hasEnded));
  await note('run it again once more', () => service.rerunExecution(ids['later'] ?? ''));
  await note('run again what succeeded', () => service.rerunExecution(ids['said'] ?? ''));
  for (const [name, ask] of Object.entries({
    get: (id: string) => service.getExecution(id),
    cancel: (id: string) => service.cancelExecution(id),
    rerun: (id: string) => service.rerunExecution(id),
  }))
    await note(`${name} no execution`, () => ask('a b/%?'));
  await note('executions', () => service.listExecutions());
  await note('a page of executions', () => service.listExecutions({ limit: 2 }));
  await note('executions by status', () =>
    service.listExecutions({ status: ['failed', 'cancelled'], connector: 'echo' }),
  );
  await note('dead letters', () => service.listExecutions({ deadLetters: true }));
  await note('executions of nobody', () => service.listExecutions({ principal: 'nobody' }));
  await note('no page of executions', () => service.listExecutions({ after: 'x' }));
  const yearly = { ...say, name: 'yearly', cron: '0 9 1 1 *', timeZone: 'Europe/Berlin' } as const;
  await note('no schedules', () => service.listSchedules());
  await note('set a schedule', () => service.setSchedule({ ...yearly, priority: 100, runTimeoutMs: 90_000 }));
  await note('set it anew', () => service.setSchedule({ ...yearly, payload: '{"text":"as text"}' }));
  const wrong: Readonly<Record<string, Partial<SetScheduleRequest>>> = {
    nobody: { id: 'nobody' },
    'no name': { name: 'a b' },
    'no fields': { cron: 'soon' },
    'too many fields': { cron: '* * * * * * *' },
    'no such day': { cron: '0 0 32 1 *' },
    'no zone': { timeZone: 'Nowhere/At_All' },
    'no priority': { priority: -101 },
  };
  for (const [name, part] of Object.entries(wrong))
    await note(`schedule: ${name}`, () => service.setSchedule({ ...yearly, name: 'other', ...part }));
  await note('schedules', () => service.listSchedules());
  await note('pause it', () => service.pauseSchedule('yearly'));
  await note('resume it', () => service.resumeSchedule('yearly'));
  await note('remove the schedule', () => service.removeSchedule('yearly'));
  for (const [name, ask] of Object.entries({
    pause: (id: string) => service.pauseSchedule(id),
    resume: (id: string) => service.resumeSchedule(id),
    remove: (id: string) => service.removeSchedule(id),
  }))
    for (const id of ['yearly', 'a b/%?']) await note(`${name} no schedule ${id}`, () => ask(id));
  await note('too many executions', () => service.listExecutions({ limit: 1001 }));
  await note('executions of no status', () => service.listExecutions({ status: ['late' as never] }));
}

/** Does one thing and writes down what comes back. */
export async function playStep(step: string, work: () => Promise<unknown>): Promise<Step> {
  try {
    return { step, answer: normalize(await work()) };
  } catch (reason) {
    if (!ConnectorError.is(reason))
      throw new Error(`${step} failed with something else than a ConnectorError`, { cause: reason });
    return { step, error: normalize(reason.toEnvelope()) };
  }
}

/** Times and places differ from run to run; everything else must not. */
function normalize(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => {
      if (['durationMs', 'responseTimeMs'].includes(key)) return typeof item === 'number' ? 'a time' : item;
      if (
        [
          'checkedAt',
          'lastSuccessAt',
          'startedAt',
          'started_at',
          'endedAt',
          'expiresAt',
          'createdAt',
          'pausedSince',
        ].includes(key)
      )
        return typeof item === 'string' ? 'a moment' : item;
      if (typeof item !== 'string') return item;
      return item
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
        .replaceAll(/\/[^\s"']*automate-sandbox-\w+/g, 'ROOT')
        .replaceAll(/\b\d+ ms\b/g, 'N ms');
    }),
  );
}
