import { describe, expect, it } from '@jest/globals';
import { ConnectorError, TimeoutError } from '@automate/contract';
import { createRedactor } from '../src/redact.ts';
import { redactError } from '../src/redact-error.ts';
import { withEffect } from '../src/with-effect.ts';

/** As a plugin throws it that brings an older copy of the contract: of what its class can do, only the envelope is sure. */
function errorOfOlderCopy(cause: Error): ConnectorError {
  const ours = new TimeoutError('late with hidden-word', { effect: 'maybe' });
  const foreign = new Error(ours.message, { cause });
  const facts = { ...ours.toEnvelope(), [Symbol.for('automate.connector-error')]: true };
  return Object.assign(foreign, facts, { toEnvelope: () => ours.toEnvelope() }) as unknown as ConnectorError;
}

describe("an error of another copy of the contract's", () => {
  const cause = new Error('the cause');

  it('is given another effect', () => {
    const changed = withEffect(errorOfOlderCopy(cause), 'none');
    expect(changed).toMatchObject({ code: 'TIMEOUT', message: 'late with hidden-word', effect: 'none', cause });
    expect(changed).toBeInstanceOf(TimeoutError);
  });

  it('is shown without secrets', () => {
    const shown = redactError(errorOfOlderCopy(cause), createRedactor(['hidden-word']));
    expect(shown).toMatchObject({ code: 'TIMEOUT', effect: 'maybe', cause });
    expect(ConnectorError.is(shown)).toBe(true);
    expect(shown.message).not.toContain('hidden-word');
  });
});
