import { describe, expect, it } from '@jest/globals';
import type { Effect } from '@automate/contract';
import { OutcomeUnknownError, UnavailableError, UpstreamError } from '@automate/contract';
import type { Called } from '../../../src/transports/mcp/remedy.ts';
import { remedyOf } from '../../../src/transports/mcp/remedy.ts';

const READS = { sideEffects: false, idempotent: true };
const REPEATABLE = { sideEffects: true, idempotent: true };
const WRITES = { sideEffects: true, idempotent: false };

describe('what an agent is told to do', () => {
  it.each<[string, Called, Effect, boolean, RegExp]>([
    ['a call that changes nothing', READS, 'maybe', true, /^Call again in a moment: nothing was changed\.$/],
    ['one that may be done twice', REPEATABLE, 'maybe', true, /^Call again in a moment: doing it twice is the same\.$/],
    ['one that may not', WRITES, 'maybe', true, /^Whether it took effect is not known\..* with a tool that reads/],
    ['one that may not, but was not done', WRITES, 'none', true, /^Call again in a moment: nothing was changed\.$/],
    [
      'one that fails again',
      WRITES,
      'none',
      false,
      /^The host does not expect another call to help; nothing was changed\.$/,
    ],
  ])('about %s', (_what, called, effect, retryable, remedy) => {
    expect(remedyOf(new UpstreamError('x', { effect, retryable }), called)).toMatch(remedy);
  });

  it('of a call under a key names the tool that knows what became of it', () => {
    const called = { ...WRITES, connector: 'c', idempotencyKey: 'k' };
    expect(remedyOf(new OutcomeUnknownError('x'), called)).toContain(
      'outcomes_get tells what is known of {"connector":"c","key":"k"}',
    );
  });

  it('waits as long as it is told to', () => {
    expect(remedyOf(new UnavailableError('x', { retryAfterMs: 1_001 }), READS)).toMatch(/^Call again in 2 s/);
    expect(remedyOf(new UnavailableError('x', { retryable: false }), READS)).toMatch(/until whoever operates the host/);
  });
});
