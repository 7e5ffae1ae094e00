import { randomBytes } from 'node:crypto';
import { expect, it, jest } from '@jest/globals';
import type { Principal } from '@automate/contract';
import { createPeerCredentials } from '../../src/cluster/peer-credentials.ts';
import { rememberUsed } from '../../src/cluster/used-once.ts';

const key = randomBytes(32);
const former = randomBytes(32);
const principal: Principal = { name: 'ops', scopes: ['read', 'execute:shared'] };
const one = createPeerCredentials({ id: 'one', instance: 'i1', now: () => Date.now(), keys: () => [key] });
const two = createPeerCredentials({
  id: 'two',
  instance: 'i2',
  now: () => Date.now(),
  keys: () => [randomBytes(32), key, former],
});
const refused = expect.objectContaining({ code: 'UNAUTHENTICATED', details: { reason: 'peer_refused' } });

it('what a host signs for another one says who called, and only there', () => {
  const header = one.sign({ from: 'one', to: 'two', instance: 'i2', principal });
  expect(two.read(header)).toMatchObject({ from: 'one', to: 'two', instance: 'i2', principal });
  const third = createPeerCredentials({ id: 'three', instance: 'i2', now: () => Date.now(), keys: () => [key] });
  expect(() => third.read(header)).toThrow(refused);
  // It signs with the key that is in use.
  const both = createPeerCredentials({ id: 'both', instance: 'i2', now: () => Date.now(), keys: () => [key, former] });
  expect(third.read(both.sign({ from: 'both', to: 'three', instance: 'i2', principal }))).toBeDefined();
});

it('headers of clients are not looked at, and what nobody signed is refused', () => {
  const header = one.sign({ from: 'one', to: 'two', instance: 'i2', principal });
  expect(two.read('Bearer aut_0123')).toBeUndefined();
  const [scheme = '', rest = ''] = header.split(' ');
  const [said = '', mac = ''] = rest.split('.');
  const more = JSON.parse(Buffer.from(said, 'base64url').toString()) as unknown[];
  const raised = Buffer.from(JSON.stringify(more.with(4, ['admin']))).toString('base64url');
  for (const forged of [`${scheme} ${raised}.${mac}`, `${scheme} ${said}.`, `${scheme} ${said}`, `${scheme} .`])
    expect(() => two.read(forged)).toThrow(refused);
  const stranger = createPeerCredentials({
    id: 'one',
    instance: 'i1',
    now: () => Date.now(),
    keys: () => [randomBytes(32)],
  });
  expect(() => two.read(stranger.sign({ from: 'one', to: 'two', instance: 'i2', principal }))).toThrow(refused);
});

it('a header counts for half a minute', () => {
  const [header, later] = [0, 1].map(() => one.sign({ from: 'one', to: 'two', instance: 'i2', principal })) as [
    string,
    string,
  ];
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now');
  try {
    clock.mockReturnValue(now + 25_000);
    expect(two.read(header)).toBeDefined();
    clock.mockReturnValue(now + 35_000);
    expect(() => two.read(later)).toThrow(refused);
    const early = one.sign({ from: 'one', to: 'two', instance: 'i2', principal });
    clock.mockReturnValue(now);
    expect(() => two.read(early)).toThrow(refused);
  } finally {
    clock.mockRestore();
  }
});

it('a header counts for one call, and for the process that it was meant for', () => {
  const headers = Array.from({ length: 50 }, () => one.sign({ from: 'one', to: 'two', instance: 'i2', principal }));
  // Calls overtake each other.
  for (const header of headers.toReversed()) expect(two.read(header)).toBeDefined();
  for (const header of headers) expect(() => two.read(header)).toThrow(refused);
  const restarted = createPeerCredentials({ id: 'two', instance: 'i3', now: () => Date.now(), keys: () => [key] });
  expect(() => restarted.read(headers[0] ?? '')).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE', effect: 'none', details: { reason: 'moved' } }),
  );
  const twin = createPeerCredentials({ id: 'one', instance: 'i1', now: () => Date.now(), keys: () => [key] });
  expect(two.read(twin.sign({ from: 'one', to: 'two', instance: 'i2', principal }))).toBeDefined();
});

it('that a header was used is remembered for longer than it counts', () => {
  const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
  const wall = jest.spyOn(Date, 'now');
  try {
    // Of a host whose clock is ahead.
    const now = Date.now();
    wall.mockReturnValue(now + 25_000);
    const ahead = one.sign({ from: 'one', to: 'two', instance: 'i2', principal });
    wall.mockReturnValue(now);
    const reader = createPeerCredentials({ id: 'two', instance: 'i2', now: () => Date.now(), keys: () => [key] });
    expect(reader.read(ahead)).toBeDefined();
    wall.mockReturnValue(now + 50_000);
    clock.mockReturnValue(50_000);
    expect(() => reader.read(ahead)).toThrow(refused);

    clock.mockReturnValue(0);
    const used = rememberUsed(60_000);
    clock.mockReturnValue(59_000);
    expect(used.take('one', 1)).toBe(true);
    for (const at of [59_000, 61_000, 118_000]) {
      clock.mockReturnValue(at);
      expect({ at, taken: used.take('one', 1) }).toEqual({ at, taken: false });
    }
    expect(used.take('other', 1)).toBe(true);
    clock.mockReturnValue(300_000);
    for (const sender of ['one', 'other']) expect(used.take(sender, 1)).toBe(true);
  } finally {
    clock.mockRestore();
    wall.mockRestore();
  }
});

it('both ends of a line know a key that nobody else does, and by its header alone nothing may be done', () => {
  const line = { from: 'one', to: 'two', instance: 'i2' };
  const { authorization, key: own } = one.beginLine(line);
  const read = two.read(authorization);
  expect(read).toMatchObject({ ...line, principal: { name: 'one', scopes: [] } });
  expect(read?.lineKey()).toEqual(own);
  expect(authorization).not.toContain(Buffer.from(own).toString('base64url'));
  expect(() => two.read(authorization)).toThrow(refused);
  expect(one.beginLine(line).key).not.toEqual(own);
});
