import { expect, it } from '@jest/globals';
import { checkWalls } from '../../src/cli/doctor/check-machine.ts';
import type { Walls } from '../../src/runtime/bodies/walls.ts';

const ALL: Walls = {
  nodeVersion: 'v26.10.0',
  permissionModel: true,
  refusesNetwork: true,
  prlimit: '/usr/bin/prlimit',
  setpriv: '/usr/bin/setpriv',
  emptyNetwork: ['/usr/bin/unshare', '--net', '--'],
};

const statesOf = (walls: Partial<Walls>): unknown =>
  Object.fromEntries(checkWalls({ ...ALL, ...walls }).map(({ check, state }) => [check.replace('wall: ', ''), state]));

const OK = {
  'permission model': 'ok',
  network: 'ok',
  privileges: 'ok',
  'end with the host': 'ok',
  'memory, descriptors and core dumps': 'ok',
};

it.each<[string, Partial<Walls>, object]>([
  ['none', {}, {}],
  ['the permission model', { permissionModel: false }, { 'permission model': 'warning' }],
  ['a Node.js that refuses the network', { refusesNetwork: false }, {}],
  ['anything that refuses the network', { refusesNetwork: false, emptyNetwork: undefined }, { network: 'warning' }],
  ['setpriv', { setpriv: undefined }, { privileges: 'warning', 'end with the host': 'warning' }],
  ['prlimit', { prlimit: undefined }, { 'memory, descriptors and core dumps': 'warning' }],
])('each wall is told as present or absent, here all but %s', (_what, walls, absent) => {
  expect(statesOf(walls)).toEqual({ ...OK, ...absent });
  for (const { state, message, remedy } of checkWalls({ ...ALL, ...walls }))
    expect([message.startsWith('absent: '), remedy === undefined]).toEqual([state === 'warning', state === 'ok']);
});
