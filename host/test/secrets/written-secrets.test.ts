import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import type { Scrubber } from '../../src/secrets/scrubber.ts';
import { base64, BYTES, ESCAPES, json } from './written-forms.ts';
import type { Encode } from './written-forms.ts';

const SECRET = 'p@ss/w+rd "q" \\ ü 1';

function knowing(...values: readonly string[]): Scrubber {
  const scrubber = createScrubber();
  scrubber.learn('a', values);
  return scrubber;
}

describe('a secret that was escaped again and again', () => {
  it('is found through any four layers, the last of bytes or not', () => {
    const escapes = fc.array(fc.constantFrom(...Object.values(ESCAPES)), { maxLength: 4 });
    const secret = fc.constantFrom(
      SECRET,
      'xoxb-12/34+ab=',
      "it's <b>&amp;</b> %41 100% \\n 'q'",
      'postgres://u:p%40ss@h/db?a=1&b=2',
    );
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom((text: string) => text, ...Object.values(BYTES)),
        escapes,
        (value, whole, layers) => {
          const written = layers.reduce((text, encode) => encode(text), whole(value));
          expect(knowing(value).scrubString(`before ${written} after`)).toBe('before [secret] after');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is found where an escape of a backslash stands before backslashes', () => {
    const { 'as JSON': asJson, 'as JSON for HTML': forHtml, 'in a form': inForm } = ESCAPES as Record<string, Encode>;
    const layers = [inForm, forHtml, asJson] as readonly Encode[];
    const written = layers.reduce((text, encode) => encode(text), SECRET);
    expect(knowing(SECRET).scrubString(`before ${written} after`)).toBe('before [secret] after');
  });

  it('leaves everything else as it is written', () => {
    const text = 'a%20b &amp; \\n \\u0041 &#65; 100% &c \\';
    expect(knowing(SECRET).scrubString(`${text} ${encodeURIComponent(SECRET)} ${text}`)).toBe(
      `${text} [secret] ${text}`,
    );
  });

  it('is found beside numbers that JSON.parse would round, which stay as they are', () => {
    expect(knowing('correct-horse').scrubText('{"id":12345678901234567890,"price":1.50,"s":"correct-horse"}')).toBe(
      '{"id":12345678901234567890,"price":1.50,"s":"[secret]"}',
    );
  });
});

describe('a secret of several lines', () => {
  const body = [
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
    'BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
    'MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3S',
    'C2dVMvDuict==',
  ];
  const pem = `-----BEGIN PRIVATE KEY-----\n${body.join('\n')}\n-----END PRIVATE KEY-----`;

  it.each(body)('is known by each of its lines: %s', (line) => {
    expect(knowing(pem).scrubString(`read ${line} of it`)).toBe('read [secret] of it');
  });

  it.each([
    ['as it is', pem],
    ['with Windows ends of lines', pem.replaceAll('\n', '\r\n')],
    ['in JSON', json(pem)],
    ['in base64', base64('')(pem)],
    ['with Windows ends of lines in base64', base64('')(pem.replaceAll('\n', '\r\n'))],
    ['its body in one line', body.join('')],
  ])('goes %s', (_name, written) => {
    expect(knowing(pem).scrubString(`key: ${written}.`)).toBe('key: [secret].');
  });

  it('does not make secrets of what frames a key, nor of short lines and words of a configuration', () => {
    const text = '-----BEGIN PRIVATE KEY-----\nkind: Config\nusers';
    expect(knowing(`${text}\n  token: abcdefghijklmnopqrstuvw\n`).scrubString(`a ${text} b`)).toBe(`a ${text} b`);
  });
});

describe('a URL that is secret', () => {
  it.each([
    ['its password', 'postgres://ada:p%40ss-word@h/db', 'p@ss-word'],
    ['its password as it is written', 'postgres://ada:p%40ss-word@h/db', 'p%40ss-word'],
    [
      'the token of a webhook',
      'https://hooks.example.com/services/T00/B00/abcdefghijklmnopqrst',
      'abcdefghijklmnopqrst',
    ],
    ['what its query says', 'https://example.com/x?sig=abcdefgh%2Bij', 'abcdefgh+ij'],
  ])('is known by %s too', (_name, url, part) => {
    expect(knowing(url).scrubString(`with ${part}: no`)).toBe('with [secret]: no');
    expect(knowing(url).scrubString('at example.com/services')).toBe('at example.com/services');
  });
});

describe('a part of a secret', () => {
  const scrubber = knowing('sk-0123456789abcdef');

  it.each([
    ['at the end', 'refused sk-0123456', 'refused [secret]'],
    ['at the beginning', '89abcdef was refused', '[secret] was refused'],
    ['before an ellipsis', 'refused sk-0123456… (9000 characters)', 'refused [secret]… (9000 characters)'],
    ['before three dots', 'refused sk-0123456...', 'refused [secret]...'],
    ['behind one', '…456789abcdef was refused', '…[secret] was refused'],
    ['in quotes', 'refused "sk-0123456"', 'refused "[secret]"'],
    ['within an escape', 'refused sk%2D0123456%3', 'refused [secret]'],
    ['within an escaped one', 'refused sk&#45;0123456&amp;#5… x', 'refused [secret]… x'],
    ['behind the rest of an escape', '38;9abcdef was refused', '38;9abcdef was refused'],
    ['behind the rest of another', '7;89abcdef was refused', '7;[secret] was refused'],
  ])('goes from messages %s, where texts are cut', (_name, text, scrubbed) => {
    expect(scrubber.scrubString(text)).toBe(scrubbed);
    expect(JSON.parse(scrubber.scrubLine(JSON.stringify({ msg: text })))).toStrictEqual({ msg: scrubbed });
  });

  it('stays in results, which are data, except beside an ellipsis', () => {
    const data = '{"a":"sk-01234","b":"…"}';
    expect(scrubber.scrubText(data)).toBe(data);
    expect(scrubber.scrubText('{"a":"sk-01234…"}')).toBe('{"a":"[secret]…"}');
  });
});
