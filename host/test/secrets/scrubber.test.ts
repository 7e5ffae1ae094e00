import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createScrubber } from '../../src/secrets/scrubber.ts';
import type { Scrubber } from '../../src/secrets/scrubber.ts';
import { BYTES, ESCAPES, json, LISTS } from './written-forms.ts';

const SECRET = 'p@ss/w+rd "q" \\ ü 1';

function knowing(...values: readonly string[]): Scrubber {
  const scrubber = createScrubber();
  scrubber.learn('a', values);
  return scrubber;
}

describe('a text with a secret in it', () => {
  it.each([
    ['as it is', SECRET],
    ...Object.entries({ ...ESCAPES, ...BYTES, ...LISTS }).map(([name, encode]) => [name, encode(SECRET)]),
    ['as JSON within JSON', json(json(SECRET))],
    ['as JSON for HTML within JSON', json(ESCAPES['as JSON for HTML']?.(SECRET) ?? '')],
  ])('loses it %s', (_name, form = '') => {
    const scrubber = knowing(SECRET);
    expect(scrubber.scrubString(`before ${form} after ${form}`)).toBe('before [secret] after [secret]');
    const data = JSON.stringify({ text: `before ${form} after`, [form]: [form] });
    expect(JSON.parse(scrubber.scrubText(data))).toStrictEqual({
      text: 'before [secret] after',
      '[secret]': ['[secret]'],
    });
  });

  it.each(['u', 'us', 'usr', 'ada@example.com'])(
    'loses a password from a Basic header, whatever the user: %s',
    (user) => {
      const header = `Basic ${Buffer.from(`${user}:correct-horse`).toString('base64')}`;
      const scrubbed = knowing('correct-horse').scrubString(header);
      expect(scrubbed).toContain('[secret]');
      expect(Buffer.from(scrubbed.replace('Basic ', '').split('[secret]')[0] ?? '', 'base64').toString()).not.toContain(
        'correct',
      );
    },
  );

  it('is the very same text when it holds none', () => {
    const text = '{ "a" : 1.0 , "b" : "\\u0041" }';
    expect(knowing(SECRET).scrubText(text)).toBe(text);
    expect(createScrubber().scrubText('no json')).toBe('no json');
  });

  it('keeps everything else, including keys that reach prototypes and the newline of a log line', () => {
    const line = `${JSON.stringify({ n: 1, t: true, x: null, m: 'correct-horse' })}\n`;
    expect(knowing('correct-horse').scrubText(line)).toBe('{"n":1,"t":true,"x":null,"m":"[secret]"}\n');
    const odd = knowing('correct-horse').scrubText('{"__proto__":{"x":"correct-horse"}}');
    expect(odd).toBe('{"__proto__":{"x":"[secret]"}}');
  });

  it('is scrubbed as a string when it is no JSON', () => {
    expect(knowing('correct-horse').scrubText('GET /?key=correct-horse failed')).toBe('GET /?key=[secret] failed');
  });

  it('loses a secret of digits that came back as a number, and keeps numbers that contain it', () => {
    expect(knowing('12345678').scrubText('{"a":12345678,"b":9123456789}')).toBe('{"a":"[secret]","b":9123456789}');
  });

  it('stays JSON when the secret looks like JSON', () => {
    for (const secret of ['","a":"', 'u0041bc', 'false,', '":true,"']) {
      const json = JSON.stringify({ a: 'u0041bcd \u0007', b: [false, true], c: secret });
      expect(JSON.parse(knowing(secret).scrubText(json))).toMatchObject({ b: [false, true], c: '[secret]' });
    }
  });

  it('is withheld whole when it is nested beyond what can be walked', () => {
    const deep = `${'['.repeat(200_000)}"correct-horse"${']'.repeat(200_000)}`;
    expect(knowing('correct-horse').scrubText(deep)).not.toContain('correct-horse');
  });

  it('does not lose what is too short to be told from innocent words', () => {
    expect(knowing('abcde').scrubString('abcde')).toBe('abcde');
    expect(knowing('abcdef').scrubString('abcdef')).toBe('[secret]');
  });

  it('loses the longest of several secrets that start alike', () => {
    expect(knowing('correct', 'correct-horse').scrubString('correct-horse correct')).toBe('[secret] [secret]');
  });

  it('never holds any of the secrets afterwards, however many and wherever', () => {
    const secret = fc
      .string({ minLength: 6, maxLength: 20, unit: 'grapheme' })
      .filter((text) => !'[secret]'.includes(text));
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 20 }),
        fc.array(fc.string(), { maxLength: 5 }),
        (secrets, words) => {
          const scrubber = knowing(...secrets);
          const json = JSON.stringify([...words, ...secrets, ...secrets.map((text) => ({ [text]: `x${text}y` }))]);
          // The mark may join with what stands beside it, so it is taken out before looking.
          const rest = scrubber.scrubText(json).split('[secret]');
          for (const text of secrets)
            expect(rest.some((part) => part.includes(JSON.stringify(text).slice(1, -1)))).toBe(false);
        },
      ),
    );
  });
});

describe('an error with a secret in it', () => {
  it('loses it from what it says, and keeps its code and its flags', () => {
    const scrubber = knowing('TIMEOUT', 'correct-horse');
    const envelope = {
      code: 'TIMEOUT' as const,
      name: 'TimeoutError',
      message: 'correct-horse took too long',
      retryable: true,
      effect: 'maybe' as const,
      blame: 'remote' as const,
      details: { url: 'https://x/?k=correct-horse' },
      problems: [{ path: 'a', expected: 'b', received: 'correct-horse' }],
      connector: 'a',
    };
    expect(scrubber.scrubEnvelope(envelope)).toStrictEqual({
      ...envelope,
      message: '[secret] took too long',
      details: { url: 'https://x/?k=[secret]' },
      problems: [{ path: 'a', expected: 'b', received: '[secret]' }],
    });
  });
});

describe('what a scrubber knows', () => {
  it('belongs to those who taught it', () => {
    let time = 0;
    const scrubber = createScrubber({ lingerMs: 1000, now: () => time });
    scrubber.learn('a', ['shared-secret', 'secret-of-a']);
    scrubber.learn('b', ['shared-secret']);
    scrubber.release('a');
    time = 2000;
    expect(scrubber.scrubString('shared-secret secret-of-a')).toBe('[secret] secret-of-a');
  });

  it('lingers while a worker may still be draining', () => {
    let time = 0;
    const scrubber = createScrubber({ lingerMs: 1000, now: () => time });
    scrubber.learn('a', ['secret-of-a']);
    scrubber.release('a');
    time = 999;
    expect(scrubber.scrubString('secret-of-a')).toBe('[secret]');
    time = 1000;
    expect(scrubber.scrubString('secret-of-a')).toBe('secret-of-a');
  });

  it('grows when a secret was changed: the old one is still about', () => {
    const scrubber = createScrubber();
    scrubber.learn('a', ['first-secret']);
    scrubber.learn('a', ['second-secret']);
    expect(scrubber.scrubString('first-secret second-secret')).toBe('[secret] [secret]');
  });

  it('is bounded for each of them: the oldest tokens are forgotten', () => {
    let time = 0;
    const bounded = createScrubber({ lingerMs: 1000, now: () => time });
    for (let index = 0; index < 600; index += 1) bounded.learn('a', [`token-number-${index}`, 'password-of-a']);
    time = 2000;
    expect(bounded.scrubString('token-number-0 token-number-599 password-of-a')).toBe(
      'token-number-0 [secret] [secret]',
    );
  });

  it('may be released by someone who taught nothing', () => {
    const scrubber = createScrubber();
    scrubber.release('nobody');
    expect(scrubber.scrubString('text')).toBe('text');
  });
});

describe('the time that scrubbing takes', () => {
  it('is that of one pass, however many secrets there are', () => {
    const scrubber = knowing(...Array.from({ length: 500 }, (_, index) => `secret-number-${index}-${index * 7919}`));
    const text = JSON.stringify({
      rows: Array.from({ length: 20_000 }, (_, index) => ({ name: `secret-number-${index}`, value: 'secret-numbe' })),
    });
    const before = process.cpuUsage();
    expect(scrubber.scrubText(text)).toBe(text);
    // What this process worked, however long it waited for its turn.
    expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
  });
});
