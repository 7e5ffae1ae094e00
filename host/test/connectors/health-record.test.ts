import { describe, expect, it } from '@jest/globals';
import { HealthRecord } from '../../src/connectors/health-record.ts';

const healthy = (at: number) => ({ status: 'healthy', message: 'fine', responseTimeMs: 3, at }) as const;
const unhealthy = (at: number) =>
  ({ status: 'unhealthy', message: 'gone', blame: 'remote', responseTimeMs: 4, at }) as const;

describe('a health record', () => {
  it('says unknown, never healthy, before the first probe', () => {
    expect(new HealthRecord().report('a')).toEqual({
      id: 'a',
      status: 'unknown',
      healthy: false,
      message: 'not checked yet',
      responseTimeMs: 0,
      consecutiveFailures: 0,
    });
  });

  it('counts failures in a row and remembers the last success', () => {
    const record = new HealthRecord();
    for (const result of [healthy(1000), unhealthy(2000), unhealthy(3000)]) record.add(result, 'check');
    expect(record.report('a')).toEqual({
      id: 'a',
      status: 'unhealthy',
      healthy: false,
      message: 'gone',
      blame: 'remote',
      responseTimeMs: 4,
      checkedAt: '1970-01-01T00:00:03.000Z',
      lastSuccessAt: '1970-01-01T00:00:01.000Z',
      consecutiveFailures: 2,
    });
    record.add(healthy(4000), 'check');
    expect(record.report('a')).toMatchObject({
      healthy: true,
      consecutiveFailures: 0,
      lastSuccessAt: '1970-01-01T00:00:04.000Z',
    });
  });

  it('knows what found it unhealthy, and whether its use failed, until it is healthy', () => {
    const record = new HealthRecord();
    expect([record.failedBy, record.useFailed]).toStrictEqual([undefined, false]);
    record.add(unhealthy(1000), 'check');
    expect([record.failedBy, record.useFailed]).toStrictEqual(['check', false]);
    record.add(unhealthy(2000), 'call');
    expect([record.failedBy, record.useFailed]).toStrictEqual(['call', true]);
    record.add(unhealthy(3000), 'check');
    expect([record.failedBy, record.useFailed]).toStrictEqual(['check', true]);
    record.add(healthy(4000), 'check');
    expect([record.failedBy, record.useFailed]).toStrictEqual([undefined, false]);
  });

  it('tells what overrules it without the time that another finding took', () => {
    const record = new HealthRecord();
    record.add(healthy(1_000), 'check');
    expect(record.report('a', { status: 'unhealthy', message: 'worker dead', blame: 'plugin' })).toMatchObject({
      status: 'unhealthy',
      message: 'worker dead',
      responseTimeMs: 0,
      checkedAt: new Date(1_000).toISOString(),
    });
    expect(record.report('a')).toMatchObject({ status: 'healthy', responseTimeMs: 3 });
  });
});
