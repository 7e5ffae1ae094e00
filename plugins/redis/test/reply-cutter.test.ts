import { expect, it } from '@jest/globals';
import { cutOf, ReplyCutter } from '../src/reply-cutter.ts';
import { MAX_ITEMS, MAX_REPLY_BYTES, MAX_VALUE_BYTES } from '../src/schemas.ts';

/** What is left of a reply that comes in chunks of so many bytes. */
function cut(reply: string | Buffer, chunkBytes: number, cutter = new ReplyCutter()): string {
  const bytes = Buffer.from(reply);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) parts.push(...cutter.cut(bytes.subarray(at, at + chunkBytes)));
  return Buffer.concat(parts).toString('latin1');
}
const value = (bytes: number): string => `$${bytes}\r\n${'x'.repeat(bytes)}\r\n`;
/** With the marks as the driver's errors would tell them. */
const shown = (text: string): string =>
  text.replaceAll(/-([^\r\n]*)\r\n/g, (line, message: string) => {
    const found = cutOf(new Error(message));
    return found === undefined ? line : `<${found.what} ${found.count}>`;
  });

const PLAIN = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '$0\r\n\r\n',
  '$7\r\n*2\r\n$9\n\r\n',
  '*3\r\n$3\r\na\r\n\r\n*2\r\n:1\r\n*1\r\n-ERR x\r\n$-1\r\n',
];

it.each([1, 2, 3, 7, 1000])('leaves replies as they are that fit, in chunks of %d bytes', (chunkBytes) => {
  const cutter = new ReplyCutter();
  for (const reply of [...PLAIN, ...PLAIN]) expect(cut(reply, chunkBytes, cutter)).toBe(reply);
  expect(cut(PLAIN.join(''), chunkBytes, cutter)).toBe(PLAIN.join(''));
  expect(cut(value(70_000), 999, cutter)).toBe(value(70_000));
});

it('hands on at once what is no reply', () => {
  expect(cut('HTTP', 1)).toBe('HTTP');
  expect(cut(Buffer.from([0x4a, 0]), 2)).toBe('J\0');
});

it.each([777, 65_536, 10_000_000])('cuts a value that no answer can hold, in chunks of %d bytes', (chunkBytes) => {
  const cutter = new ReplyCutter();
  const most = MAX_VALUE_BYTES;
  expect(cut(value(most), chunkBytes, cutter)).toHaveLength(value(most).length);
  expect(shown(cut(value(most + 1), chunkBytes, cutter))).toBe(`<value ${most + 1}>`);
  expect(shown(cut(`*3\r\n:1\r\n${value(most + 1)}:2\r\n+OK\r\n`, chunkBytes, cutter))).toBe(
    `*3\r\n:1\r\n<value ${most + 1}>:2\r\n+OK\r\n`,
  );
});

it('cuts lists whose sum no answer can hold, each where it is, and goes on with the next reply', () => {
  const cutter = new ReplyCutter();
  const one = value(1_000_000);
  const inner = `*9\r\n${one.repeat(9)}`;
  const [first, second = '', ...rest] = shown(cut(`*4\r\n:1\r\n${inner}${inner}:2\r\n+OK\r\n`, 65_536, cutter)).split(
    '*9\r\n',
  );
  expect(first).toBe('*4\r\n:1\r\n');
  expect(rest).toStrictEqual([]);
  const given = second.split(one).length - 1;
  expect(given * 1_000_000).toBeGreaterThan(MAX_REPLY_BYTES);
  expect(given).toBeLessThan(9);
  expect(second.replaceAll(one, '')).toBe(
    `<rest ${9 - given}>${'$-1\r\n'.repeat(9 - given - 1)}<rest 2>$-1\r\n+OK\r\n`,
  );
  expect(cut(one, 65_536, cutter)).toBe(one);
});

it('cuts lists of more items than any answer can hold', () => {
  const most = MAX_ITEMS;
  const cutter = new ReplyCutter();
  const items = ':1\r\n*1\r\n:2\r\n'.repeat(most);
  const left = shown(cut(`*2\r\n*${2 * most}\r\n${items}:3\r\n`, 65_536, cutter));
  expect(left.startsWith(`*2\r\n*${most}\r\n:1\r\n*1\r\n:2\r\n`)).toBe(true);
  expect(left.slice(-40)).toMatch(/\$-1\r\n:3\r\n$|<rest 1>$|<rest \d+>:3\r\n$/);
});

it('hands on no more items than a worker can hold, in however many lists, and counts anew with the next reply', () => {
  const cutter = new ReplyCutter();
  const lists = 4;
  const items = `*${MAX_ITEMS / 2}\r\n${'$0\r\n\r\n'.repeat(MAX_ITEMS / 2)}`;
  for (let reply = 0; reply < 2; reply += 1) {
    const left = cut(`*${lists}\r\n${items.repeat(lists)}`, 65_536, cutter);
    expect(left.split('$0\r\n').length - 1).toBe(MAX_ITEMS - 2);
    expect(shown(left)).toContain('<rest 2>');
  }
  const whole = `*${MAX_ITEMS}\r\n${':1\r\n'.repeat(MAX_ITEMS)}`;
  expect(cut(whole, 65_536, cutter)).toBe(whole);
});

it('cuts a line without end', () => {
  const cutter = new ReplyCutter();
  const left = cut(`*2\r\n-${'x'.repeat(5_000_000)}\r\n:1\r\n`, 65_537, cutter);
  expect(left).toMatch(/^\*2\r\n-x{60000,65536}\r\n:1\r\n$/);
  expect(cut('+OK\r\n', 2, cutter)).toBe('+OK\r\n');
});

it("takes none of the server's own errors for a cut", () => {
  expect(cutOf(new Error('ERR value 3'))).toBeUndefined();
  expect(cutOf(null)).toBeUndefined();
  expect(cutOf(Buffer.from('x'))).toBeUndefined();
});
