import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import type { Scrubber } from '../../src/secrets/scrubber.ts';
import { base64 } from './written-forms.ts';

const SECRET = 'p@ss/w+rd="q" ü 4711';

function knowing(...values: readonly string[]): Scrubber {
  const scrubber = createScrubber();
  scrubber.learn('a', values);
  return scrubber;
}

const scrubbed = (value: unknown, secret = SECRET): unknown =>
  JSON.parse(knowing(secret).scrubText(JSON.stringify(value)));

describe('the bytes of a secret as data', () => {
  const bytes = Buffer.from(SECRET);

  it.each([
    ['a list', [...bytes], ['[secret]']],
    ['a list among others', { a: [1, 2, ...bytes, 3], b: 4 }, { a: [1, 2, '[secret]', 3], b: 4 }],
    ['a buffer of Node', bytes, { type: 'Buffer', data: ['[secret]'] }],
    ['a typed array', new Uint8Array(bytes), { 0: '[secret]' }],
    ['codes of characters', Array.from(SECRET, (char) => char.codePointAt(0)), ['[secret]']],
    ['UTF-16', [...Buffer.from(SECRET, 'utf16le')], ['[secret]', 0]],
    ['a list that was printed', inspect([...bytes]), '[\n  [secret]\n]'],
    ['a buffer that was printed', inspect(bytes), '<Buffer [secret]>'],
    ['a list in a text', JSON.stringify([...bytes]), '[[secret]]'],
    [
      'a list in a text in a text',
      JSON.stringify({ a: JSON.stringify([...bytes], null, 4) }),
      '{"a":"[\\n    [secret]\\n]"}',
    ],
    ['a list within quotes', [...bytes].join(), '[secret]'],
    [
      'a list that was printed far within',
      JSON.stringify({ a: { b: [...bytes] } }, null, 4),
      expect.stringMatching(/\[\s+\[secret\]\s+\]/),
    ],
    ['a list in a URL', encodeURIComponent([...bytes].join(', ')), '[secret]'],
    ['hex in a URL', encodeURIComponent(Array.from(bytes, (byte) => byte.toString(16)).join(' ')), '[secret]'],
    ['nested lists beside', [[1, 2], [...bytes], { '99': 111 }], [[1, 2], ['[secret]'], { '99': 111 }]],
  ])('goes: %s', (_name, value, expected) => {
    expect(scrubbed(value)).toStrictEqual(expected);
  });

  it('goes from a buffer that is printed in part, as Node does with long ones', () => {
    const long = 'correct-horse-battery-staple-'.repeat(3);
    expect(scrubbed(inspect(Buffer.from(long)), long)).toMatch(/^<Buffer \[secret\] \.\.\. \d+ more bytes>$/);
  });

  it.each(['abc-12', 'q7#Kp2z'])('goes as soon as it is long enough to be a secret: %s', (short) => {
    const hex = Buffer.from(short).toString('hex');
    for (const text of [
      hex,
      `4c${hex}61`,
      hex.replaceAll(/..(?=.)/g, '$& '),
      JSON.stringify([...Buffer.from(short)]),
    ]) {
      expect(scrubbed(`<${text}>`, short)).not.toContain(hex.slice(2, -2));
      expect(scrubbed(`<${text}>`, short)).toContain('[secret]');
    }
  });

  it('goes wherever it begins, whatever bytes of other secrets stand before', () => {
    const others = ['0123456789abcdef', 'fedcba98-76543210'];
    for (let before = 0; before < 40; before += 1) {
      const text = Buffer.from('fedcba98-0123456789fedcba98-76543'.repeat(2).slice(0, before) + 'A0x11_9x').toString(
        'hex',
      );
      expect(knowing('A0x11_9x', ...others).scrubString(`${text}.`)).toContain('[secret].');
    }
  });

  it('goes wherever in a text it stands, beside what is no digit and after runs of digits that say nothing', () => {
    const controls = '\t\b\t\u0007\t\b\t\u0006';
    const scrubber = knowing('A0x11_9x', controls);
    const hex = Buffer.from('A0x11_9x').toString('hex');
    for (const written of [hex, hex.replaceAll(/..(?=.)/g, '$&:'), [...Buffer.from(controls)].join()])
      for (let before = 0; before < 40; before += 1)
        for (const [text, after] of [
          ['z'.repeat(before), ''],
          [`${'0'.repeat(before)}z`, 'z'],
          [`${'f'.repeat(before % 20)}z${'12 '.repeat(before % 7)}z`, ''],
        ] as const)
          expect(scrubber.scrubString(`${text}${written}${after}`)).toBe(`${text}[secret]${after}`);
  });

  it('goes with what was left of hex beside other digits', () => {
    const hex = bytes.toString('hex');
    for (const before of ['', 'a', 'ab', 'abc'])
      for (const after of ['', 'd', 'de'])
        expect(scrubbed(`<${before}${hex}${after}>`)).toBe(`<${before}[secret]${after}>`);
    expect(scrubbed(`${hex.slice(0, 30)}\n${hex.slice(30)}`)).toBe('[secret]');
  });

  it('goes from JSON, which stays JSON and keeps every other value', () => {
    const number = fc.oneof(
      fc.integer({ min: -300, max: 70_000 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(fc.array(number), fc.array(number), fc.string(), (before, after, text) => {
        const all = scrubbed({ text: `${text}x`, list: [...before, true, ...bytes, null, ...after] }) as {
          list: unknown[];
        };
        const [first, ...last] = all.list.join(',').split(/,?\[secret\],?/);
        expect([first, ...last].join('|')).toBe(
          [
            `${[...JSON.parse(JSON.stringify(before)), true].join(',')}|${[null, ...JSON.parse(JSON.stringify(after))].join(',')}`,
          ].join(''),
        );
      }),
    );
  });

  it('is told from numbers that merely look alike', () => {
    const text = JSON.stringify({
      ids: ['5f0c1b2a-7d3e-4f60-8a9b-0c1d2e3f4a5b', 'aa:bb:cc:dd:ee:ff', '10.11.12.13'],
      at: '2026-11-26T21:49:38.123Z',
      counts: Array.from({ length: 300 }, (_, index) => (index * 7919) % 256),
      hash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    });
    expect(knowing(SECRET).scrubText(text)).toBe(text);
  });
});

describe('a secret in other letters', () => {
  it('goes composed and decomposed, in UTF-8 and base64', () => {
    for (const [known, written] of [
      ['NFC', 'NFD'],
      ['NFD', 'NFC'],
    ]) {
      const text = SECRET.normalize(written);
      const scrubber = knowing(SECRET.normalize(known));
      for (const form of [text, Buffer.from(text).toString('hex'), base64('')(text)])
        expect(scrubber.scrubString(`<${form}>`)).toBe('<[secret]>');
    }
  });

  it('goes as UTF-8 that was read as Latin-1', () => {
    expect(knowing(SECRET).scrubString(`<${Buffer.from(SECRET).toString('latin1')}>`)).toBe('<[secret]>');
  });

  it('goes in capitals and in small letters, if it is no word', () => {
    const scrubber = knowing('Sk-Live-4711abcd', 'Correct-Horse');
    expect(scrubber.scrubString('sk-live-4711abcd SK-LIVE-4711ABCD correct-horse')).toBe(
      '[secret] [secret] correct-horse',
    );
  });
});

describe('a secret in quoted-printable', () => {
  const quoted = 'p=40ss/w+rd=3D=22q=22 =C3=\r\n=BC 4711';
  it.each([
    ['as mail has it', quoted],
    ['with its lines broken otherwise', 'p@s=\ns/w+rd=3D"q" =FC 471=\n1'],
  ])('goes %s, and in JSON', (_name, written) => {
    expect(knowing(SECRET).scrubString(`<${written}>`)).toBe('<[secret]>');
    expect(scrubbed({ written: `<${written}>` })).toStrictEqual({ written: '<[secret]>' });
  });

  it('does not hide what stands in a query', () => {
    expect(knowing('3Dab/cdefgh').scrubString('?a=3Dab%2Fcdefgh&b=2')).toBe('?a=[secret]&b=2');
  });
});
