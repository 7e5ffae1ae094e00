// What `npm run disturb` does in the hub of its networks: the callers, the remote system and the database are here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { randomFrom } from '../random-from.mjs';
import { openDoor, startCallers } from './callers.mjs';
import { DISTURBANCES } from './disturbances.mjs';
import { EVERYWHERE, PLACED, prepareHosts } from './hosts.mjs';
import { judgePlacement, Ledger } from './judge-round.mjs';
import { HUB_ADDRESS, networkOf, processesIn, SLOTS } from './networks.mjs';
import { startRemote } from './remote.mjs';

const { owner, folder, rounds, seed, only, outageMs, calmMs, takeoverMs, pauseMs, logs } = JSON.parse(process.argv[2]);
const SETTLED_WITHIN_MS = 60_000;
/** Who took what when, written by the database itself. */
const HISTORY = `CREATE TABLE taken (at timestamptz, connector text, host text, fence bigint);
  CREATE FUNCTION note_taken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO public.taken VALUES (clock_timestamp(), NEW.connector, NEW.host, NEW.fence); RETURN NEW; END $$;
  CREATE TRIGGER taken AFTER INSERT OR UPDATE OF host ON automate.placements FOR EACH ROW EXECUTE FUNCTION note_taken();`;

const random = randomFrom(seed);
const violations = new Map();
let round = 0;
const print = (words) => console.log(words);
const judge = (isSo, words) => {
  if (isSo || violations.size >= 500) return;
  const shape = words.replaceAll(/\d+/g, '#');
  const known = violations.get(shape);
  if (known === undefined) print(`        ! ${words}`);
  violations.set(shape, { first: known?.first ?? `round ${round}: ${words}`, times: (known?.times ?? 0) + 1 });
};

const remote = await startRemote(HUB_ADDRESS.calls);
const hosts = await prepareHosts({
  ...{ owner, folder, slots: SLOTS, remotePort: remote.port },
  onEnd(slot, { stdout, stderr }) {
    if (logs !== undefined) writeFileSync(join(logs, `host-${slot}.log`), stdout + stderr, { flag: 'a' });
  },
});
const figures = { takeovers: [], alone: [], together: [], late: 0, lapses: 0 };
/** By connector, what waits for its next answer. */
const watchers = new Set();
const callers = startCallers({
  ...{ connectors: [...PLACED, EVERYWHERE], random: randomFrom(seed + 2), pauseMs, judge },
  onAnswer: (answer) => {
    for (const watcher of watchers) watcher(answer);
  },
});
const ledger = new Ledger({ remote, judge, random: randomFrom(seed + 1), errors: callers.errors });
const doors = [];
/** By id of a host. */
const slots = new Map();
const deck = [];
let expected = { of: [], before: new Map() };
let version = '1.0.0';

try {
  await prepare();
  for (round = 1; round <= rounds; round += 1) await oneRound();
  await ledger.judgeAll({ doors });
} catch (error) {
  judge(false, `the rounds could not go on: ${error.stack}`);
} finally {
  callers.expect();
  await Promise.race([callers.close(), delay(30_000)]);
  for (const slot of SLOTS) if (hosts.isRunning(slot)) await hosts.end(slot);
  for (const { service } of doors) await service.close();
  for (const slot of SLOTS) {
    const left = processesIn(networkOf(owner, slot).name);
    judge(left.length === 0, `host ${slot} left processes: ${left.join(', ')}`);
  }
  await hosts.close();
  remote.close();
}
report();

/** One host is measured alone, then all of them start together. */
async function prepare() {
  const [first, ...others] = SLOTS;
  await start(first);
  await hosts.database.query(HISTORY);
  callers.go(doors);
  await settled([first]);
  expect('nothing was disturbed', { isMeasured: true });
  await delay(calmMs * 2);
  expect();
  figures.alone = callers.takeLatencies();
  await judgeWhatWasTold('one host alone');
  await hosts.end(first);
  await Promise.all(SLOTS.map((slot) => hosts.start(slot)));
  for (const slot of others) await open(slot);
  callers.go(doors);
  await settled(SLOTS);
}

async function oneRound() {
  expect('nothing was disturbed', { isMeasured: true });
  await delay(calmMs);
  expect();
  figures.together.push(...callers.takeLatencies());
  const kind = nextKind();
  const startedAt = performance.now();
  const victim = await pickVictim();
  const held = await heldBy(victim);
  const what = await DISTURBANCES[kind]({
    ...{ owner, hosts, victim, outageMs, judge, random, expect, answeredBy, drift },
    takeover: () => takeover(victim, held),
    /** What has nothing to do with the victim goes on, at the other hosts. */
    spareOthers: (title, also = () => false) =>
      expect(title, {
        of: SLOTS.filter((slot) => slot !== victim),
        must: (call) => (call.slot !== victim && !held.includes(call.connector)) || also(call),
      }),
    nextVersion: () => (version = version.replace(/\d+(?=\.0$)/, (minor) => String(Number(minor) + 1))),
  });
  expect();
  await settled(SLOTS);
  const ms = Math.round(performance.now() - startedAt);
  await judgeWhatWasTold(`${what}, ${ms} ms until all was well`);
  callers.go(doors);
}

/**
 * From now on calls must be answered of which `must` says so; without a title none need be. What was not until now is a violation, unless
 * this machine was too busy for one of the hosts to say in time that it lives, which takes its connectors from it.
 *
 * @param of the hosts that lose their lease only so
 */
function expect(title, { of = SLOTS, ...options } = {}) {
  const complaints = callers.expect(title, options);
  const lapses = expected.of.reduce((sum, slot) => sum + hosts.leasesLost(slot) - (expected.before.get(slot) ?? 0), 0);
  if (lapses > 0 && complaints.length > 0) figures.lapses += lapses;
  else for (const complaint of complaints) judge(false, complaint);
  expected = { of, before: new Map(of.map((slot) => [slot, hosts.leasesLost(slot)])) };
}

async function judgeWhatWasTold(what) {
  const before = { ...ledger.counted };
  const records = await callers.rest();
  await ledger.judgeRecords(records, { doors, call: callers.call });
  const late = judgePlacement({ came: remote.takeCame(), taken: await history(), slotOf: hosts.slotOf, judge, print });
  figures.late += late;
  const news = Object.entries(ledger.counted).map(([name, count]) => `${name} ${count - before[name]}`);
  print(`${String(round).padStart(4)}  ${what}; ${news.join(', ')}, late ${late}, violations ${violations.size}`);
}

async function start(slot) {
  await hosts.start(slot);
  await open(slot);
}

async function open(slot) {
  doors.push(await openDoor(slot, networkOf(owner, slot).address, hosts.token, join(folder, 'authority.pem')));
}

/** Every host sees all of them, and answers for each connector. */
async function settled(slots) {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  for (const { slot, service } of doors.filter((door) => slots.includes(door.slot))) {
    for (const connector of [undefined, ...PLACED, EVERYWHERE]) {
      for (;;) {
        const trouble = await look(service, connector, slots.length);
        if (trouble === undefined) break;
        if (performance.now() > deadline) throw new Error(`host ${slot} has not come back: ${trouble}`);
        await delay(100);
      }
    }
  }
}

async function look(service, connector, count) {
  try {
    if (connector === undefined) {
      const living = await service.listHosts({ timeoutMs: 5_000 });
      return living.length === count ? undefined : `it sees ${living.length} hosts`;
    }
    await service.execute({ id: connector, action: 'read', payload: { id: 'settled' } }, { timeoutMs: 5_000 });
    return undefined;
  } catch (error) {
    return `${connector}: ${error.code} ${error.details?.reason}: ${error.message}`;
  }
}

/** What a host held last, as the database has it. */
async function heldBy(slot) {
  const last = new Map((await history()).map(({ connector, slot: holder }) => [connector, holder]));
  return [...last].flatMap(([connector, holder]) => (holder === slot ? [connector] : []));
}

/** Waits until each of the connectors that the host held has been answered for by another. */
function takeover(slot, held) {
  const startedAt = performance.now();
  const waiting = new Map();
  const watcher = ({ connector, pid, at }) => {
    if (hosts.slotOf(pid) !== slot && !waiting.has(connector)) waiting.set(connector, at - startedAt);
  };
  watchers.add(watcher);
  return {
    async done(withinMs) {
      while (held.some((id) => !waiting.has(id)) && performance.now() - startedAt < withinMs) await delay(20);
      watchers.delete(watcher);
      for (const id of held) {
        const ms = waiting.get(id);
        judge(ms !== undefined, `${id} was not taken over within ${withinMs} ms`);
        if (ms === undefined) continue;
        judge(ms <= takeoverMs, `${id} was taken over after ${Math.round(ms)} ms`);
        figures.takeovers.push(ms);
      }
    },
  };
}

async function answeredBy(wanted) {
  const seen = new Set();
  const watcher = ({ connector, version: by }) => by === wanted && seen.add(connector);
  watchers.add(watcher);
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while (seen.size < PLACED.length + 1 && performance.now() < deadline) await delay(50);
  watchers.delete(watcher);
  judge(seen.size === PLACED.length + 1, `version ${wanted} answers only for ${[...seen].join(', ')}`);
}

/** What hosts say in which packages they differ, once that has had time to be told. */
async function drift() {
  let found = [];
  for (const { service } of doors)
    for (let n = 0; n < 100; n += 1) {
      found = (await service.listHosts()).flatMap((host) => host.drift);
      if (found.length === 0) break;
      await delay(100);
    }
  return found;
}

/** One that holds something, where there is one. */
async function pickVictim() {
  const last = new Map((await history()).map(({ connector, slot }) => [connector, slot]));
  const holders = SLOTS.filter((slot) => [...last.values()].includes(slot));
  const list = holders.length === 0 ? SLOTS : holders;
  return list[Math.floor(random() * list.length)];
}

/** Who took what when; `slot` is absent where a host let go of it. */
async function history() {
  const known = await hosts.database.query('SELECT id, pid FROM automate.hosts');
  for (const { id, pid } of known) slots.set(id, hosts.slotOf(pid) ?? slots.get(id));
  const rows = await hosts.database.query(
    'SELECT extract(epoch FROM at) * 1000 AS at, connector, host FROM taken ORDER BY at',
  );
  return rows.map(({ at, connector, host }) => ({ at: Number(at), connector, slot: slots.get(host) }));
}

/** Each kind once before one comes again. */
function nextKind() {
  if (deck.length === 0) deck.push(...shuffled(only ?? Object.keys(DISTURBANCES)));
  return deck.pop();
}

function shuffled(list) {
  const order = list.map((each) => ({ each, at: random() }));
  return order.toSorted((a, b) => a.at - b.at).map(({ each }) => each);
}

function report() {
  const { takeovers, alone, together, late, lapses } = figures;
  const p99 = { alone: quantile(alone, 0.99), together: quantile(together, 0.99) };
  const show = (title, value) => print(`  ${title.padEnd(58)} ${value}`);
  print(`${rounds} rounds, seed ${seed}, Node.js ${process.versions.node}`);
  for (const [name, count] of Object.entries(ledger.counted)) show(name, count);
  show(
    'takeovers, and how long they took: median, longest (ms)',
    `${takeovers.length}, ${Math.round(quantile(takeovers, 0.5))}, ${Math.round(Math.max(0, ...takeovers))}`,
  );
  show('p50 of one host, of three (ms)', `${quantile(alone, 0.5).toFixed(1)}, ${quantile(together, 0.5).toFixed(1)}`);
  show(
    'p99 of one host, of three (ms), ratio',
    `${p99.alone.toFixed(1)}, ${p99.together.toFixed(1)}, ${(p99.together / p99.alone).toFixed(2)}`,
  );
  show('leases that lapsed while nothing was disturbed', lapses);
  show('sent before another host had the connector, and came after', late);
  for (const [said, times] of [...callers.errors].toSorted((a, b) => b[1] - a[1])) show(`errors: ${said}`, times);
  for (const { first, times } of violations.values())
    print(`VIOLATED ${first}${times > 1 ? ` (${times} of that kind)` : ''}`);
  print(violations.size === 0 ? 'nothing was violated' : `${violations.size} kinds of violation`);
  process.exit(violations.size === 0 ? 0 : 1);
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
