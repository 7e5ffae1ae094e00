import { ForbiddenError, TransientNetworkError } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { normalizeError } from '../src/normalize-error.ts';
import { policyRefusal } from '../src/policy-refusal.ts';
import { socketError } from '../src/socket-error.ts';

const refusal = new ForbiddenError('kept from 10.0.0.1:80', { details: { reason: 'network_policy' } });
const ofSystem = Object.assign(new Error('connect EACCES', { cause: refusal }), { code: 'EACCES', syscall: 'connect' });

describe('a refusal of the network policy', () => {
  it.each([
    ['itself', refusal],
    ['the cause of what the system said', ofSystem],
    ["a library's", new TypeError('fetch failed', { cause: ofSystem })],
    [
      "a kind's own",
      new TransientNetworkError('the database is away', { cause: new Error('pool', { cause: ofSystem }) }),
    ],
    ['of all addresses of a name', new AggregateError([ofSystem, ofSystem])],
  ])('is found in what is thrown: %s', (_what, thrown) => {
    expect(policyRefusal(thrown)).toBe(refusal);
  });

  it('is what the kinds make of it, by whichever function', () => {
    expect(normalizeError(new Error('driver', { cause: ofSystem }))).toBe(refusal);
    expect(socketError(ofSystem, { server: 'the database', effect: 'maybe' })).toBe(refusal);
  });

  it.each([
    ['another refusal', new ForbiddenError('no', { details: { reason: 'noperm' } })],
    ['of one address of several', new AggregateError([ofSystem, new Error('ECONNREFUSED')])],
    ['of none', new AggregateError([])],
    ['what the system itself refuses', Object.assign(new Error('connect EACCES'), { code: 'EACCES' })],
    ['no error', 'EACCES'],
    [
      'what cannot be looked at',
      Object.defineProperty({}, 'cause', {
        get() {
          throw new Error('no');
        },
      }),
    ],
  ])('is not found in %s', (_what, thrown) => expect(policyRefusal(thrown)).toBeUndefined());

  it('is looked for in its own cause no more than a few times', () => {
    const circular = new Error('its own cause');
    circular.cause = circular;
    expect(policyRefusal(circular)).toBeUndefined();
  });
});
