// `npm run kills`: a host that is killed with SIGKILL at random moments, again and again, while others call and change it. Nothing that it
// acknowledged may be lost, and nothing may be done twice for one idempotency key: the remote system counts. Prints what was counted,
// and ends with 1 where something was violated. Options:
//   --kills N       how often; default 200
//   --seed N        of the moments at which it is killed; default: another each time, which is printed
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '@automate/client';
import { randomFrom } from './random-from.mjs';

const { values: options } = parseArgs({
  options: { kills: { type: 'string', default: '200' }, seed: { type: 'string' } },
});
const kills = Number(options.kills);
const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(kills > 0) || !Number.isInteger(seed)) {
  console.error('--kills is a number above 0, --seed a whole number');
  process.exit(2);
}

/** How many callers there are at a time, and how many calls each may make between two kills. */
const LANES = 6;
const CALLS = 25;

const HERE = import.meta.dirname;
const BIN = join(HERE, '..', 'bin', 'automate.js');
const ADAPTER = `
import { action, ConnectorAdapter } from '@automate/sdk';
const anything = { schema: { '~standard': { version: 1, vendor: 'kills', validate: (value) => ({ value }) } }, jsonSchema: { type: 'object' } };
export default class Ledger extends ConnectorAdapter {
  name = 'ledger';
  version = '1.0.0';
  actions = {
    book: action({
      description: 'Books an order. Booking it twice books it twice.',
      input: anything,
      sideEffects: true,
      idempotent: false,
      run: ({ order }, { http }) => http.json({ method: 'POST', path: '/' + order }),
    }),
  };
  async connect() { return true; }
}
`;

const violations = new Set();
const judge = (isSo, words) => void (isSo || violations.add(words));
const random = randomFrom(seed);

/** The remote system: how often each order was booked, and with which credential it was asked last. */
const booked = new Map();
let shown = 0;
const remote = createServer((request, response) => {
  const order = request.url.slice(1);
  shown = Number(/^Bearer number-(\d+)$/.exec(request.headers.authorization ?? '')?.[1]);
  const times = (booked.get(order) ?? 0) + 1;
  booked.set(order, times);
  judge(times === 1, `${order} was booked ${times} times`);
  const answer = JSON.stringify({ order, number: booked.size });
  setTimeout(() => response.setHeader('content-type', 'application/json').end(answer), Math.random() * 12);
});
remote.listen(0, '127.0.0.1');
await once(remote, 'listening');

const root = makeProject(remote.address().port);
/**
 * What was acknowledged: the outcomes by key, what is unknown, whether each connector is registered and each profile set, versions of
 * secrets, and of each token whether it counts.
 */
const outcomes = new Map();
const unknown = new Set();
const registered = new Map();
const profiles = new Map();
const secrets = new Set();
const tokens = new Map();
/** The credential of the ledger is a secret that is set again and again, to one number after the other: the last that was tried, and acknowledged. */
const credential = { tried: 0, acknowledged: 0 };
/** Keys of calls without an answer, to be asked for again. */
let unanswered = [];
const counted = { ready: 0, booting: 0, replayed: 0, made: 0, changes: 0, rotations: 0 };

const token = await makeFirstToken();

for (let round = 1; round <= kills; round += 1) {
  const host = startHost();
  // Some are killed while they start.
  if (random() < 0.1) {
    await delay(random() * 400);
    counted.booting += 1;
    await host.kill();
    continue;
  }
  const { grpc, http } = await host.ready;
  counted.ready += 1;
  const service = await open({ address: grpc, token });
  await checkWhatIsThere(service, http);
  await checkCredential(service, `credential-${round}`);
  const again = unanswered;
  unanswered = [];
  // Most are killed in the midst of calls, some while the connector starts.
  if (random() < 0.75) await call(service, `order-${round}`);
  const working = work(service, http, round, again);
  const rotating = random() < 0.15 ? rotateKeys() : undefined;
  await delay(random() * 800);
  await host.kill();
  await Promise.all([working, rotating]);
  await service.close();
}
const host = startHost();
const { grpc, http } = await host.ready;
const service = await open({ address: grpc, token });
await checkWhatIsThere(service, http, { all: true });
await checkCredential(service, 'credential-at-the-end');
for (const key of unanswered) await call(service, key);
await checkUnknown(service);
const { ok, fault, records } = await service.verifyAudit();
judge(ok, `the audit does not hold: ${fault?.message}`);
await service.close();
await host.kill();
remote.close();
rmSync(root, { recursive: true, force: true });

for (const key of outcomes.keys())
  judge(booked.get(key) === 1, `${key} was answered and booked ${booked.get(key)} times`);
const show = (title, value) => console.log(`  ${title.padEnd(44)} ${value}`);
console.log(`${kills} kills, seed ${seed}, Node.js ${process.versions.node}`);
show('kills at work, while starting', `${counted.ready}, ${counted.booting}`);
show('calls acknowledged, answered again', `${outcomes.size}, ${counted.replayed}`);
show('outcomes unknown', unknown.size);
show('changes acknowledged, tokens among them', `${counted.changes}, ${tokens.size}`);
show('rotations of the master key that ended', counted.rotations);
show('records of the audit', records);
for (const words of violations) console.log(`VIOLATED: ${words}`);
console.log(violations.size === 0 ? 'nothing was violated' : `${violations.size} violated`);
process.exitCode = violations.size === 0 ? 0 : 1;

/** Calls and changes until the host is gone, or until there is enough. */
async function work(service, http, round, again) {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const keys = [
      ...again.filter((_key, index) => index % LANES === lane),
      ...Array.from({ length: CALLS }, (_each, n) => `order-${round}-${lane}-${n}`),
    ];
    for (const [index, key] of keys.entries()) {
      const isThere = await (index % 2 === 0 ? call(service, key) : callOverRest(http, key));
      if (isThere) continue;
      // What was to be asked for again has not been asked for yet.
      unanswered.push(...keys.slice(index + 1).filter((other) => again.includes(other)));
      return;
    }
  });
  await Promise.all([...lanes, change(service, round)]);
}

/** The first token, by the socket of the host's own user: from then on every caller signs in. It is who calls, over each door alike. */
async function makeFirstToken() {
  const host = startHost();
  const service = await open({ address: `unix:${(await host.ready).socket}` });
  const made = await service.createToken({ name: 'caller', scopes: ['admin'] });
  await setCredential(service);
  await service.close();
  await host.kill();
  return made.token;
}

/** A machine that does much else may take its time. */
function open(where) {
  return connect({ ...where, connectTimeoutMs: 60_000 });
}

async function setCredential(service) {
  credential.tried += 1;
  const number = credential.tried;
  await service.setSecret({ namespace: 'kills', name: 'credential', value: `number-${number}` });
  credential.acknowledged = number;
  counted.changes += 1;
}

/** Asked by the first call after a start, before it is changed any more: an older one is no answer to what was acknowledged. */
async function checkCredential(service, key) {
  if (!(await call(service, key)) || !outcomes.has(key)) return;
  const { tried, acknowledged } = credential;
  judge(
    shown >= acknowledged && shown <= tried,
    `the credential ${acknowledged} was set, and ${shown} is used (${tried} was tried)`,
  );
  credential.acknowledged = shown;
}

/** A new master key, under which every secret is wrapped anew, in a process of its own, which may be killed as well. */
async function rotateKeys() {
  const child = spawn(process.execPath, [BIN, 'secrets', 'rotate-keys', '--json'], { cwd: root, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), random() * 2_000);
  const [code] = await once(child, 'exit');
  clearTimeout(timer);
  if (code === 0) counted.rotations += 1;
}

/** Sets secrets, makes and revokes tokens, registers connectors, and removes some that were registered before. */
async function change(service, round) {
  const old = [...registered].filter(([, isThere]) => isThere === true).map(([id]) => id);
  for (let n = 0; n < 12; n += 1) {
    try {
      const name = `secret-${n}`;
      const { version } = await service.setSecret({ namespace: 'kills', name, value: `value-${round}` });
      secrets.add(`${name} ${version}`);
      counted.changes += 1;
      // Each starts the ledger anew, which would leave its callers little time.
      if (n % 6 === 1) await setCredential(service);
    } catch {
      return;
    }
    if (!(await changeTokens(service))) return;
    if (n % 4 === 2 && !(await changeProfiles(service, `profile-${round}-${n}`))) return;
    const id = n % 3 === 2 ? old.shift() : `ledger-${round}-${n}`;
    if (id === undefined) continue;
    const isRemoval = n % 3 === 2;
    // Until it is acknowledged it may be there or not.
    registered.set(id, undefined);
    try {
      await (isRemoval
        ? service.remove(id)
        : service.register({ id, kind: 'ledger', healthCheck: { enabled: false } }));
    } catch {
      return;
    }
    registered.set(id, !isRemoval);
    counted.changes += 1;
  }
}

/** Sets a profile with a secret of its own, and removes one that was set before. False where the host is gone. */
async function changeProfiles(service, name) {
  const [old] = [...profiles].find(([, isThere]) => isThere === true) ?? [];
  // Until it is acknowledged it may be there or not.
  profiles.set(name, undefined);
  try {
    await service.setProfile({ name, kind: 'ledger', secrets: { token: `token of ${name}` } });
    profiles.set(name, true);
    counted.changes += 1;
    if (old === undefined) return true;
    profiles.set(old, undefined);
    await service.removeProfile(old);
  } catch {
    return false;
  }
  profiles.set(old, false);
  counted.changes += 1;
  return true;
}

/** Makes a token and revokes one made before. False where the host is gone. */
async function changeTokens(service) {
  const [old] = [...tokens].find(([, { counts }]) => counts === true) ?? [];
  try {
    const made = await service.createToken({ name: 'other', scopes: ['read'] });
    tokens.set(made.id, { token: made.token, counts: true });
    counted.changes += 1;
    if (old === undefined) return true;
    // Until it is acknowledged it may count or not.
    tokens.set(old, { ...tokens.get(old), counts: undefined });
    await service.revokeToken(old);
  } catch {
    return false;
  }
  tokens.set(old, { ...tokens.get(old), counts: false });
  counted.changes += 1;
  return true;
}

/** Makes a call. False where the host is gone. */
async function call(service, key) {
  try {
    take(key, await service.execute({ id: 'ledger', action: 'book', payload: { order: key }, idempotencyKey: key }));
    return true;
  } catch (error) {
    return fail(key, error.code, error);
  }
}

async function callOverRest(http, key) {
  try {
    const answer = await fetch(`${http}/api/v1/connectors/ledger/actions/book`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ order: key }),
    });
    const body = await answer.json();
    if (answer.status === 200) take(key, body);
    return answer.status === 200 || fail(key, body.code, body);
  } catch (error) {
    return fail(key, 'UNAVAILABLE', error);
  }
}

function take(key, { result, replayed }) {
  judge(result.order === key, `${key} was answered with the result of ${result.order}`);
  judge(!unknown.has(key), `${key} was unknown and is known now`);
  const before = outcomes.get(key);
  if (before !== undefined) {
    judge(replayed, `${key} was answered before and is made anew`);
    judge(result.number === before.number, `${key} was answered ${before.number} before and ${result.number} now`);
  }
  counted[replayed ? 'replayed' : 'made'] += 1;
  outcomes.set(key, result);
}

/** False where the host is gone, so that the call is to be asked for again. */
function fail(key, code, error) {
  judge(!outcomes.has(key) || code !== 'OUTCOME_UNKNOWN', `${key} was answered before and is unknown now`);
  if (code === 'OUTCOME_UNKNOWN') {
    unknown.add(key);
    return true;
  }
  unanswered.push(key);
  judge(
    ['UNAVAILABLE', 'TRANSIENT_NETWORK', 'CANCELLED', 'ALREADY_EXISTS'].includes(code),
    `${key} failed with ${code}: ${error.detail ?? error.message}`,
  );
  return code === 'ALREADY_EXISTS';
}

/** Whether all that was acknowledged is there still: of the outcomes the latest, or all of them. */
async function checkWhatIsThere(service, http, { all = false } = {}) {
  checkNames(registered, new Set((await service.list()).map(({ id }) => id)));
  checkNames(profiles, new Set((await service.listProfiles()).map(({ name }) => name)));
  const stored = (await service.listSecrets()).flatMap(({ name, versions }) =>
    versions.map(({ version }) => `${name} ${version}`),
  );
  for (const secret of secrets) judge(stored.includes(secret), `${secret} was set and is gone`);
  const known = new Map((await service.listTokens()).map(({ id, revokedAt }) => [id, revokedAt === undefined]));
  for (const [id, { token: text, counts }] of tokens) {
    judge(known.has(id), `the token ${id} was made and is gone`);
    judge(counts === undefined || known.get(id) === counts, `the token ${id} should ${counts ? '' : 'not '}count`);
    tokens.set(id, { token: text, counts: known.get(id) });
  }
  for (const { token: text, counts } of [...tokens.values()].slice(-5)) {
    const { status } = await fetch(`${http}/api/v1/connectors`, { headers: { authorization: `Bearer ${text}` } });
    judge(status === (counts ? 200 : 401), `a token that should ${counts ? '' : 'not '}count was answered ${status}`);
  }
  const keys = [...outcomes.keys()];
  const checked = all ? keys : keys.slice(-40);
  for (let at = 0; at < checked.length; at += 16)
    await Promise.all(checked.slice(at, at + 16).map((key) => call(service, key)));
}

function checkNames(acknowledged, there) {
  for (const [name, isThere] of acknowledged) {
    judge(isThere !== true || there.has(name), `${name} was made and is gone`);
    judge(isThere !== false || !there.has(name), `${name} was removed and is back`);
    acknowledged.set(name, there.has(name));
  }
}

/** What is unknown stays so until it is cleared; then the key is free. */
async function checkUnknown(service) {
  for (const key of unknown) {
    await call(service, key);
    const { status } = await service.getOutcome('ledger', key);
    judge(status === 'unknown', `${key} is unknown, and its outcome ${status}`);
    await service.clearOutcome('ledger', key);
    const gone = await service.getOutcome('ledger', key).catch(({ code }) => code);
    judge(gone === 'NOT_FOUND', `${key} was cleared and is kept`);
  }
}

function startHost() {
  const args = ['start', '--grpc-port', '0', '--http-port', '0', '--log-format', 'json', '--log-level', 'error'];
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  // Where this program itself fails.
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  void ended.then(() => process.off('exit', end));
  const ready = Promise.withResolvers();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.includes('"event":"ready"')) ready.resolve(JSON.parse(line));
  });
  child.once('exit', (code, signal) => ready.reject(new Error(`the host ended with ${signal ?? code}`)));
  ready.promise.catch(() => undefined);
  return {
    ready: ready.promise,
    async kill() {
      judge(child.exitCode === null, `the host ended by itself with ${child.exitCode}`);
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function makeProject(port) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'automate-kills-')));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@automate'), { recursive: true });
  symlinkSync(join(HERE, '..', 'node_modules', '@automate', 'sdk'), join(modules, '@automate', 'sdk'));
  mkdirSync(join(modules, 'connector-ledger'));
  const manifest = {
    name: 'connector-ledger',
    version: '1.0.0',
    type: 'module',
    engines: { automate: '>=1.0.0' },
    automate: { connectors: { ledger: './adapter.mjs' } },
  };
  writeFileSync(join(modules, 'connector-ledger', 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(modules, 'connector-ledger', 'adapter.mjs'), ADAPTER);
  const project = { name: 'kills', private: true, dependencies: { 'connector-ledger': '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
  mkdirSync(join(folder, 'config'));
  const auth = { type: 'bearer', token: 'secretref://store/kills/credential' };
  const ledger = { id: 'ledger', kind: 'ledger', host: '127.0.0.1', port, auth, health_check: { enabled: false } };
  writeFileSync(join(folder, 'config', 'connectors.json'), JSON.stringify({ connectors: [ledger] }));
  return folder;
}
