import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../src/schemas/index.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['90s', 90_000],
    ['2h', 7_200_000],
    ['1h1m1s1ms', 3_661_001],
    ['1m1ms', 60_001],
    ['0s', 0],
    ['007s', 7000],
  ])('reads %s as %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '30',
    '30 s',
    ' 30s',
    '30s ',
    '30S',
    '-30s',
    '+30s',
    '1.5s',
    '1e3s',
    's',
    '1s1m',
    '1s1s',
    '1d',
    '1 m',
    'Infinitys',
    '1234567890s',
    '30s\n',
  ])('does not read %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it.each([
    [0, '0s'],
    [1, '1ms'],
    [1500, '1s500ms'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
  ])('writes %d milliseconds as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses to write %d', (ms) => {
    expect(() => formatDuration(ms)).toThrow(RangeError);
  });

  it('reads back whatever it writes', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });

  it('never throws on any text, however long', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseDuration(text) !== 'string'));
    expect(parseDuration('9'.repeat(1_000_000))).toBeUndefined();
  });
});
