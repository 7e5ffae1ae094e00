import type { FakeReply } from '@automate/testing';
import { describe, expect, it } from '@jest/globals';
import PrometheusAdapter from '../src/prometheus-adapter.ts';
import { startScripted } from './start-scripted.ts';

const start = (reply: FakeReply) => startScripted(PrometheusAdapter, reply);

const error = (status: number, errorType: string): FakeReply => ({
  status,
  json: { status: 'error', errorType, error: 'because' },
});

describe('an error of Prometheus that comes as a success', () => {
  it.each([
    ['bad_data', 'INVALID_INPUT', false],
    ['execution', 'INVALID_INPUT', false],
    ['not_found', 'NOT_FOUND', false],
    ['timeout', 'TIMEOUT', true],
    ['internal', 'UPSTREAM_5XX', true],
    ['unavailable', 'UPSTREAM_5XX', true],
    ['422', 'INVALID_INPUT', false],
    ['503', 'UPSTREAM_5XX', true],
    ['504', 'TIMEOUT', true],
    ['of a kind nobody knows', 'UPSTREAM_5XX', true],
  ] as const)('keeps its words: %s becomes %s', async (errorType, code, retryable) => {
    for (const status of [200, 206]) {
      const { connector } = await start(error(status, errorType));
      for (const [action, payload] of [
        ['query', { query: 'up' }],
        ['labels', {}],
        ['targets', {}],
      ] as const)
        await expect(connector.call(action, payload)).rejects.toMatchObject({
          code,
          retryable,
          effect: 'none',
          details: { status, error_type: errorType },
          message: expect.stringContaining('because'),
        });
    }
  });

  it('without a type may be anything, and keeps its words', async () => {
    const { connector } = await start({ json: { status: 'error', error: 'cannot execute query: timeout exceeded' } });
    await expect(connector.call('query', { query: 'up' })).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringContaining('timeout exceeded'),
    });
    const other = await start({ json: { status: 'error', error: 'no backends' } });
    await expect(other.connector.adapter.connect()).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'remote',
      message: expect.stringContaining('no backends'),
    });
  });
});
