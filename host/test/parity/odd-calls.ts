import type { ConnectorService } from '@automate/contract';
import { ConnectorError } from '@automate/contract';

type OddCall = (service: ConnectorService) => Promise<unknown>;

const say = { id: 'echo', action: 'say', payload: { text: 'a' } } as const;
const any = (value: unknown): never => value as never;

const nested = (depth: number): object => (depth === 0 ? {} : { in: nested(depth - 1) });

/** What nobody sees: no width, the other way round, C1, a mark of encoding, a blank, a line, a tag. */
export const UNSEEN = '\u200b\u202e\u0085\ufeff\u00a0\u2028\u{e0041}';

/** Registers a configuration, and answers how it is shown; it is removed again. */
const registered =
  (config: object): OddCall =>
  async (service) => {
    const given = { id: 'odd', kind: 'echo', ...config };
    await service.register(any(given));
    try {
      const { connector, config: shown } = await service.get(given.id);
      return { connector, shown };
    } finally {
      await service.remove(given.id);
    }
  };

/** Calls that a careful caller would not make, and some that only look odd. None leaves anything behind. */
export const ODD_CALLS: Readonly<Record<string, OddCall>> = {
  // Filters
  'list an unknown type': (service) => service.list({ type: any('cloud') }),
  'list a type of other case': (service) => service.list({ type: any('Custom') }),
  'list a type of no name': (service) => service.list({ type: any('') }),
  'list a tag of no name': (service) => service.list({ tag: '' }),
  'list a tag that nobody has': (service) => service.list({ tag: 'a b&c=%00ü' }),
  'health of an unknown type': (service) => service.healthCheckAll({ type: any('cloud') }),
  'cached health of an unknown type': (service) => service.healthCheckAll({ type: any('cloud'), cached: true }),
  // Ids
  'get an id of no name': (service) => service.get(''),
  'get a space': (service) => service.get(' '),
  'get a path': (service) => service.get('../../etc/passwd'),
  'get dots': (service) => service.get('..'),
  'get a slash': (service) => service.get('echo/health'),
  'get percents': (service) => service.get('echo%2fhealth%00'),
  'get a query': (service) => service.get('echo?live=true#x'),
  'get other letters': (service) => service.get('Grüße-世界-😀'),
  'get quotes': (service) => service.get('"echo"'),
  'get lines': (service) => service.get('echo\nid: x\r\t'),
  'get another case': (service) => service.get('ECHO'),
  'get a prototype': (service) => service.get('__proto__'),
  'get a member of prototypes': (service) => service.get('constructor'),
  'get a word of a route': (service) => service.get('health'),
  'get a long id': (service) => service.get('x'.repeat(300)),
  'get a very long id': (service) => service.get('x'.repeat(5000)),
  'describe no id': (service) => service.describe(''),
  'describe a path': (service) => service.describe('a/b'),
  'remove no id': (service) => service.remove(''),
  'remove a path': (service) => service.remove('a/b'),
  'health of no id': (service) => service.healthCheck(''),
  'health of a path': (service) => service.healthCheck('a/b'),
  'test no id': (service) => service.test(''),
  'test a missing kind': (service) => service.test('ghost'),
  'health of a missing kind': (service) => service.healthCheck('ghost'),
  'health of a disabled one': (service) => service.healthCheck('off'),
  'describe a disabled one': (service) => service.describe('off'),
  'register a word of a route': (service) => service.register({ id: 'health', kind: 'echo' }),
  'update a word of a route': (service) => service.update({ id: 'health', kind: 'echo' }),
  'remove a word of a route': (service) => service.remove('health'),
  'health of a word of a route': (service) => service.healthCheck('health'),
  'test a word of a route': (service) => service.test('health'),
  'use what is a word of another route': async (service) => {
    await service.register({ id: 'plugins', kind: 'echo' });
    try {
      return (await service.execute({ ...say, id: 'plugins' })).result;
    } finally {
      await service.remove('plugins');
    }
  },
  'execute on a word of a route': (service) => service.execute({ ...say, id: 'health' }),
  'get one letter of two': (service) => service.get('e\u0301cho'),
  'get wide letters': (service) => service.get('ｅｃｈｏ'),
  'register a full stop at the end': registered({ id: 'a.' }),
  'register a number': registered({ id: '0' }),
  // What cannot be seen
  'unseen: id': (service) => service.get(`a${UNSEEN}`),
  'unseen: action': (service) => service.execute({ ...say, action: `a${UNSEEN}` }),
  'unseen: in a text': (service) => service.executeText({ ...say, payload: `{"text":"a",${UNSEEN}}` }),
  'unseen: before a text': (service) => service.executeText({ ...say, payload: `${UNSEEN}{}` }),
  'unseen: a key twice': (service) =>
    service.executeText({ ...say, payload: `{"text":"a","${UNSEEN}":1,"${UNSEEN}":2}` }),
  'unseen: a type': (service) => service.list({ type: any(UNSEEN) }),
  ...Object.fromEntries(
    Object.entries({
      ...{ id: `a${UNSEEN}`, kind: UNSEEN, host: UNSEEN, scheme: UNSEEN, profile: UNSEEN, basePath: UNSEEN },
      ...{ metadata: { [UNSEEN]: 5 }, settings: { [UNSEEN]: 1 }, [UNSEEN]: 1, healthCheck: { path: UNSEEN } },
    }).map(([key, value]) => [`unseen: ${key === UNSEEN ? 'a key' : key}`, registered({ [key]: value })]),
  ),
  // Options
  'timeout: under a millisecond': (service) =>
    service
      .execute({ id: 'hasty', action: 'wait' }, { timeoutMs: 0.0001 })
      .catch((reason: unknown) => ConnectorError.from(reason).code),
  'timeout: beyond timers': (service) => service.execute(say, { timeoutMs: 2 ** 40 }),
  'timeout: of a call, 0': (service) => service.execute(say, { timeoutMs: 0 }),
  'timeout: of a call, below 0': (service) => service.execute(say, { timeoutMs: -5 }),
  'trace: no trace': (service) => service.execute(say, { traceparent: 'no trace at all' }),
  // Calls
  'execute a path': (service) => service.execute({ ...say, action: '../say' }),
  'execute a member of prototypes': (service) => service.execute({ ...say, action: 'toString' }),
  'execute __proto__': (service) => service.execute({ ...say, action: '__proto__' }),
  'execute other letters': (service) => service.execute({ ...say, action: 'säg/😀' }),
  'execute a long name': (service) => service.execute({ ...say, action: 'x'.repeat(1000) }),
  'execute a very long name': (service) => service.execute({ ...say, action: 'x'.repeat(5000) }),
  'execute a list': (service) => service.execute({ ...say, payload: any([1]) }),
  'execute a text': (service) => service.execute({ ...say, payload: any('a') }),
  'execute a number': (service) => service.execute({ ...say, payload: any(5) }),
  'execute deep': (service) => service.execute({ ...say, payload: any(nested(300)) }),
  'execute half a character': (service) => service.execute({ ...say, payload: { text: 'a\ud800b' } }),
  'execute text with a key twice in two forms': (service) =>
    service.executeText({ ...say, payload: '{"text":"a","\\u0074ext":"b"}' }),
  'execute text with lines of other systems': (service) => service.executeText({ ...say, payload: '{\r\n"text":\rx}' }),
  'execute odd keys': (service) =>
    service.execute({ ...say, payload: JSON.parse('{"text":"a","constructor":1,"toString":2}') as never }),
  'execute text of no length': (service) => service.executeText({ ...say, payload: '' }),
  'execute text of spaces': (service) => service.executeText({ ...say, payload: ' \n ' }),
  'execute text that is null': (service) => service.executeText({ ...say, payload: 'null' }),
  'execute text with a mark': (service) => service.executeText({ ...say, payload: '\ufeff{"text":"a"}' }),
  'execute text with more behind it': (service) => service.executeText({ ...say, payload: '{"text":"a"} {}' }),
  'execute text with a comment': (service) => service.executeText({ ...say, payload: '{"text":"a"} // b' }),
  'execute text with a prototype': (service) =>
    service.executeText({ ...say, payload: '{"text":"a","__proto__":{"b":1}}' }),
  'execute text that is deep': (service) =>
    service.executeText({ ...say, payload: `{"text":${'['.repeat(10_000)}${']'.repeat(10_000)}}` }),
  'key: spaces around it': (service) => service.execute({ ...say, idempotencyKey: ' k ' }),
  'key: in quotes': (service) => service.execute({ ...say, action: 'count', idempotencyKey: '"k"' }),
  // Configurations
  'register an empty path': registered({ host: 'example.org', basePath: '' }),
  'register no headers': registered({ auth: { type: 'none', headers: {} } }),
  'register no scopes': registered({
    auth: { type: 'oauth2', tokenUrl: 'https://e.org/t', clientId: 'a', clientSecret: 'b0123456', scopes: [] },
  }),
  'register half a character': registered({ metadata: { team: '\ud800' } }),
  'register half a character in a key': registered({ metadata: { '\udc00': 'a' } }),
  'register half a character in a secret': registered({ settings: { token: 'a\ud800' } }),
  'register much metadata': registered({
    metadata: Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key ${index}`, 'ü'.repeat(20)])),
  }),
  'register metadata of lines': registered({ metadata: { 'a\nb': 'c\r\nd', '': ' ', 'a.b[0]': '\u0000' } }),
  'register tags of all sorts': registered({ tags: ['a,b', 'a,b', ' ', 'e\u0301', '\u00e9'] }),
  'register an escaped variable': registered({ metadata: { team: '$${TEAM}' }, tags: ['$${A}'] }),
  'register the longest intervals': registered({ healthCheck: { intervalMs: 86_400_000, timeoutMs: 86_400_000 } }),
  'register a longer interval': registered({ healthCheck: { intervalMs: 86_400_001 } }),
  'register odd hosts': async (service) => {
    const hosts = ['::1', '[::1]', '0x7f.1', 'localhost.', 'bücher.de', 'a..b', 'fe80::1%eth0', 'a:80', 'u@h', '*.x'];
    const found = hosts.map((given) => registered({ id: `host${hosts.indexOf(given)}`, host: given })(service));
    return (await Promise.allSettled(found)).map((one) =>
      one.status === 'fulfilled' ? one.value : (one.reason as ConnectorError).toEnvelope(),
    );
  },
  'register a large one': (service) =>
    service.register({ id: 'large', kind: 'echo', settings: { greeting: 'x'.repeat(1_100_000) } }),
  'register a large one of other letters': (service) =>
    service.register({ id: 'large', kind: 'echo', settings: { greeting: 'ü'.repeat(600_000) } }),
  'register a very large one': (service) =>
    service.register({ id: 'large', kind: 'echo', settings: { greeting: 'x'.repeat(5_000_000) } }),
  'update with a large one': (service) =>
    service.update({ id: 'echo', kind: 'echo', settings: { greeting: 'x'.repeat(1_100_000) } }),
  'register an unknown key': (service) => service.register(any({ id: 'odd', kind: 'echo', colour: 'red' })),
  'register an unknown type': (service) => service.register({ id: 'odd', kind: 'echo', type: any('cloud') }),
  'register an id in capitals': (service) => service.register({ id: 'ODD', kind: 'echo' }),
  'register a long id': (service) => service.register({ id: 'x'.repeat(64), kind: 'echo' }),
  'register a port of text': (service) => service.register({ id: 'odd', kind: 'echo', port: any('80') }),
  'register half a port': (service) => service.register({ id: 'odd', kind: 'echo', port: 80.5 }),
  'register a host with a path': (service) => service.register({ id: 'odd', kind: 'echo', host: 'example.org/x' }),
  'register metadata of numbers': (service) =>
    service.register({ id: 'odd', kind: 'echo', metadata: any({ team: 5 }) }),
  'register an unknown profile': (service) => service.register({ id: 'odd', kind: 'echo', profile: 'nobody' }),
  'register a profile of no name': (service) => service.register({ id: 'odd', kind: 'echo', profile: '' }),
  'register a profile of an odd name': (service) => service.register({ id: 'odd', kind: 'echo', profile: 'a b' }),
  'register basic without a password': (service) =>
    service.register({ id: 'odd', kind: 'echo', auth: { type: 'basic', username: 'u' } }),
  'register an unknown auth': (service) => service.register({ id: 'odd', kind: 'echo', auth: any({ type: 'magic' }) }),
  'register odd intervals': (service) =>
    service.register({ id: 'odd', kind: 'echo', healthCheck: { intervalMs: 5, timeoutMs: 0.5 } }),
  'register no retries': (service) => service.register({ id: 'odd', kind: 'echo', retry: { attempts: 0 } }),
  'register odd limits': (service) =>
    service.register({ id: 'odd', kind: 'echo', limits: any({ concurrency: -1, queue: 1e9, memoryMb: 'much' }) }),
};

/** What only a program in JavaScript can hand over: values of other types than the port declares. */
export const ODD_VALUES: Readonly<Record<string, OddCall>> = {
  'get half a character': (service) => service.get('\ud800'),
  'execute half an action': (service) => service.execute({ ...say, action: 'say\udc00' }),
  'execute text with half a character': (service) => service.executeText({ ...say, payload: '{"text":"a\ud800"}' }),
  ...Object.fromEntries(
    ['30s', null, 10.5, true].flatMap((time) => [
      [`register the interval ${time}`, registered({ healthCheck: { intervalMs: time } })],
      [`register the timeout ${time}`, registered({ limits: { timeoutMs: time } })],
    ]),
  ),
  'list nothing': (service) => service.list(any(null)),
  'list a list': (service) => service.list(any([])),
  'list a type that is a number': (service) => service.list({ type: any(3) }),
  'list a tag that is a number': (service) => service.list({ tag: any(5) }),
  'list what is half enabled': (service) => service.list({ enabledOnly: any('yes') }),
  'health by nothing': (service) => service.healthCheckAll(any(null)),
  'health half cached': (service) => service.healthCheckAll({ cached: any(1) }),
  'get no id': (service) => service.get(any(undefined)),
  'get a number': (service) => service.get(any(5)),
  'options: null': (service) => service.list({}, any(null)),
  'options: a list': (service) => service.get('echo', any([])),
  'timeout: 0': (service) => service.get('echo', { timeoutMs: 0 }),
  'timeout: below 0': (service) => service.get('echo', { timeoutMs: -1 }),
  'timeout: NaN': (service) => service.get('echo', { timeoutMs: NaN }),
  'timeout: a text': (service) => service.get('echo', { timeoutMs: any('5s') }),
  'timeout: null': (service) => service.get('echo', { timeoutMs: any(null) }),
  'timeout: infinite': (service) => service.execute(say, { timeoutMs: Infinity }),
  'timeout: beyond whole numbers': (service) => service.execute(say, { timeoutMs: 1e300 }),
  'timeout: of a call, -Infinity': (service) => service.execute(say, { timeoutMs: -Infinity }),
  'timeout: of a registration, 0': (service) => service.register({ id: 'late', kind: 'echo' }, { timeoutMs: 0 }),
  'signal: no signal': (service) => service.get('echo', { signal: any({}) }),
  'trace: lines': (service) => service.execute(say, { traceparent: 'a\r\nb: c', tracestate: '\u0000' }),
  'execute nothing': (service) => service.execute(any(null)),
  'execute nothing as text': (service) => service.executeText(any(null)),
  'execute no action': (service) => service.execute({ ...say, action: any(undefined) }),
  'execute an action that is a number': (service) => service.execute({ ...say, action: any(5) }),
  'execute text that is no text': (service) => service.executeText({ ...say, payload: any({ text: 'a' }) }),
  'key: null': (service) => service.execute({ ...say, idempotencyKey: any(null) }),
  'key: a number': (service) => service.execute({ ...say, idempotencyKey: any(7) }),
  'register a text': (service) => service.register(any('echo')),
  'register an id that is a number': (service) => service.register({ id: any(5), kind: 'echo' }),
  'register tags of one text': (service) => service.register({ id: 'odd', kind: 'echo', tags: any('a') }),
  'update what has no id': (service) => service.update(any({ kind: 'echo' })),
  'update nothing': (service) => service.update(any(null)),
};
