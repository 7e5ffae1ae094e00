import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  coversAddress,
  coversName,
  facesOf,
  isInGroup,
  normalName,
  parseAddress,
  parseNetworkRule,
} from '../src/index.ts';

const bytesOf = (text: string): string => Buffer.from(parseAddress(text) ?? []).toString('hex');

describe('an address', () => {
  it('is read where Node.js reads one, and nowhere else', () => {
    const part = fc.constantFrom('::', ':', '0', '1', 'ffff', 'FE80', '127', '255', '256', '.', '01', 'g', ' ');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 16 }), (parts) => {
        const text = parts.join('');
        expect([text, parseAddress(text) !== undefined]).toEqual([text, isIP(text) !== 0]);
      }),
      { numRuns: 20_000 },
    );
    fc.assert(fc.property(fc.ipV4(), (text) => parseAddress(text) !== undefined));
    fc.assert(fc.property(fc.ipV6(), (text) => parseAddress(text) !== undefined));
  });

  it.each([
    ['127.0.0.1', '00000000000000000000ffff7f000001'],
    ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001'],
    ['::FFFF:7f00:1', '00000000000000000000ffff7f000001'],
    ['::', '00000000000000000000000000000000'],
    ['1::', '00010000000000000000000000000000'],
    ['1:2::7:8', '00010002000000000000000000070008'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ])('%s is these bytes', (text, bytes) => expect(bytesOf(text)).toBe(bytes));

  it.each([
    ['64:ff9b::7f00:1'],
    ['64:ff9b:1::7f00:1'],
    ['2002:7f00:1::'],
    ['::127.0.0.1'],
    ['::ffff:0:127.0.0.1'],
    // Of the client every bit is flipped.
    ['2001:0:1:2:3:4:80ff:fffe'],
    ['2001:0:7f00:1::'],
    ['2001:db8::5efe:7f00:1'],
    ['2001:db8::200:5efe:7f00:1'],
  ])('%s may lead to the address of IPv4 within it', (text) => {
    const faces = facesOf(parseAddress(text) ?? []).map((face) => Buffer.from(face).toString('hex'));
    expect(faces).toContain('00000000000000000000ffff7f000001');
  });

  it.each([
    ['private', ['10.0.0.1', '172.31.255.255', '192.168.0.1', '100.127.0.1', 'fd00::1', 'fec0::1', '224.0.0.1']],
    ['loopback', ['127.9.9.9', '0.0.0.0', '0.1.2.3', '::1', '::']],
    ['link-local', ['169.254.1.1', 'fe80::1', 'febf::1']],
    ['metadata', ['169.254.169.254', 'fd00:ec2::254', '100.100.100.200']],
  ] as const)('belongs to %s', (group, addresses) => {
    for (const address of addresses)
      expect([address, isInGroup(group, parseAddress(address) ?? [])]).toEqual([address, true]);
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111'])
      expect([address, isInGroup(group, parseAddress(address) ?? [])]).toEqual([address, false]);
  });
});

describe('a rule', () => {
  it.each([
    ['*', { kind: 'all' }],
    ['*:443', { kind: 'all', port: 443 }],
    ['10.0.0.0/8', { kind: 'range', bits: 104 }],
    ['10.1.2.3', { kind: 'range', bits: 128 }],
    ['10.0.0.5:5432', { kind: 'range', bits: 128, port: 5432 }],
    ['::1', { kind: 'range', bits: 128 }],
    ['fd00::/8', { kind: 'range', bits: 8 }],
    ['[fd00::1]:6379', { kind: 'range', bits: 128, port: 6379 }],
    ['loopback:*', { kind: 'group', group: 'loopback' }],
    ['DB.Internal.:5432', { kind: 'name', name: 'db.internal', below: false, port: 5432 }],
    ['*.example.com', { kind: 'name', name: 'example.com', below: true }],
  ])('%s is read', (text, rule) => expect(parseNetworkRule(text)).toMatchObject({ text, ...rule }));

  it.each([
    ...[
      '',
      ' ',
      'a b',
      'http://x',
      '127.1',
      '0x7f.1',
      '2130706433',
      '10.0.0.0/33',
      'fd00::/129',
      '1.2.3.4/8/8',
      'a..b',
    ],
    ...['x:0', 'x:65536', 'x:y', '*.*', 'a.*', '[::1', '::1]', '[1.2.3', 'fe80::1%eth0', '-a', 'ü.test'],
  ])('%p is none', (text) => expect(parseNetworkRule(text)).toBeUndefined());

  it('of a name is about that name, or all below it, however it is written', () => {
    const covers = (text: string, name: string): boolean => {
      const rule = parseNetworkRule(text);
      return rule !== undefined && coversName(rule, normalName(name));
    };
    expect(covers('db.internal', 'DB.INTERNAL.')).toBe(true);
    expect(covers('db.internal', 'x.db.internal')).toBe(false);
    expect(covers('*.example.com', 'a.b.Example.com')).toBe(true);
    for (const name of ['example.com', 'badexample.com', '.example.com', 'example.com.evil'])
      expect([name, covers('*.example.com', name)]).toEqual([name, false]);
  });

  it('of a range is about the addresses within it alone', () => {
    const covers = (text: string, address: string): boolean => {
      const rule = parseNetworkRule(text);
      return rule !== undefined && coversAddress(rule, parseAddress(address) ?? []);
    };
    expect(covers('10.128.0.0/9', '10.128.0.1')).toBe(true);
    expect(covers('10.128.0.0/9', '10.127.0.1')).toBe(false);
    expect(covers('10.0.0.0/8', '::ffff:10.0.0.1')).toBe(true);
    expect(covers('0.0.0.0/0', '::1')).toBe(false);
    expect(covers('::/0', '10.0.0.1')).toBe(true);
  });
});
