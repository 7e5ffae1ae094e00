import { expect, it } from '@jest/globals';
import type { Exposure } from '../../../src/events/host-events.ts';
import { exposesAction, exposesConnector } from '../../../src/transports/mcp/exposure.ts';

const exposure = (more: Partial<Exposure> = {}): Exposure => ({ allow: ['*'], deny: [], readOnly: false, ...more });

it.each<[Partial<Exposure>, string, boolean]>([
  [{}, 'a', true],
  [{ allow: ['a/run'] }, 'a', true],
  [{ allow: ['a/run'] }, 'b', false],
  [{ deny: ['a'] }, 'a', false],
  [{ deny: ['a/*'] }, 'a', false],
  // One of its actions is not all of it.
  [{ deny: ['a/run'] }, 'a', true],
  // What an agent was started with narrows what the host lets it see, and never widens it.
  [{ within: ['b'] }, 'a', false],
  [{ within: ['a/run'] }, 'a', true],
  [{ allow: ['b'], within: ['a'] }, 'a', false],
])('with %j whether agents see connector %s: %s', (more, id, seen) => {
  expect(exposesConnector(exposure(more), id)).toBe(seen);
});

it.each<[Partial<Exposure>, string, boolean]>([
  [{}, 'a/run', true],
  [{ readOnly: true }, 'a/run', false],
  [{ readOnly: true }, 'a/read', true],
  [{ allow: ['a/r*'] }, 'a/run', true],
  [{ allow: ['a/r*'], deny: ['*/run'] }, 'a/run', false],
  [{ within: ['a/read'] }, 'a/run', false],
  [{ within: ['a/read'] }, 'a/read', true],
  [{ within: ['a'], deny: ['a'] }, 'a/read', false],
])('with %j whether agents may call %s: %s', (more, target, may) => {
  const [connector = '', action = ''] = target.split('/');
  expect(exposesAction(exposure(more), { connector, action, sideEffects: action === 'run' })).toBe(may);
});
