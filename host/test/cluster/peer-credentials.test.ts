import { randomBytes } from 'node:crypto';
import { expect, it, jest } from '@jest/globals';
import type { Principal } from '@automate/contract';
import { createPeerCredentials } from '../../src/cluster/peer-credentials.ts';

const key = randomBytes(32);
const former = randomBytes(32);
const principal: Principal = { name: 'ops', scopes: ['read', 'execute:shared'] };
const one = createPeerCredentials({ id: 'one', keys: () => [key] });
const two = createPeerCredentials({ id: 'two', keys: () => [randomBytes(32), key, former] });
const refused = expect.objectContaining({ code: 'UNAUTHENTICATED', details: { reason: 'peer_refused' } });

it('what a host signs for another one says who called, and only there', () => {
  const header = one.sign({ from: 'one', to: 'two', principal });
  expect(two.read(header)).toEqual({ from: 'one', to: 'two', principal });
  const third = createPeerCredentials({ id: 'three', keys: () => [key] });
  expect(() => third.read(header)).toThrow(refused);
});

it('headers of clients are not looked at, and what nobody signed is refused', () => {
  const header = one.sign({ from: 'one', to: 'two', principal });
  expect(two.read('Bearer aut_0123')).toBeUndefined();
  const [scheme = '', rest = ''] = header.split(' ');
  const [said = '', mac = ''] = rest.split('.');
  const more = JSON.parse(Buffer.from(said, 'base64url').toString()) as unknown[];
  const raised = Buffer.from(JSON.stringify([...more.slice(0, 4), ['admin']])).toString('base64url');
  for (const forged of [`${scheme} ${raised}.${mac}`, `${scheme} ${said}.`, `${scheme} ${said}`, `${scheme} .`])
    expect(() => two.read(forged)).toThrow(refused);
  const stranger = createPeerCredentials({ id: 'one', keys: () => [randomBytes(32)] });
  expect(() => two.read(stranger.sign({ from: 'one', to: 'two', principal }))).toThrow(refused);
});

it('a header counts for half a minute', () => {
  const header = one.sign({ from: 'one', to: 'two', principal });
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now');
  try {
    clock.mockReturnValue(now + 25_000);
    expect(two.read(header)).toBeDefined();
    clock.mockReturnValue(now + 35_000);
    expect(() => two.read(header)).toThrow(refused);
  } finally {
    clock.mockRestore();
  }
});
