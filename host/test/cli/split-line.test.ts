import { expect, it } from '@jest/globals';
import { splitLine } from '../../src/cli/completion/split-line.ts';

it.each<[line: string, words: readonly string[], quote: string]>([
  ['automate ', ['automate', ''], ''],
  ['automate  execute\techo sa', ['automate', 'execute', 'echo', 'sa'], ''],
  [String.raw`automate secrets open-copy a\ f`, ['automate', 'secrets', 'open-copy', 'a f'], ''],
  [`a 'b c`, ['a', 'b c'], "'"],
  [`a "b c" d`, ['a', 'b c', 'd'], ''],
  [`a it"'"s`, ['a', "it's"], ''],
  // A backslash is one within quotes, but for what it can escape within double ones.
  [String.raw`a 'b\c' d`, ['a', String.raw`b\c`, 'd'], ''],
  [String.raw`a 'b\' d`, ['a', 'b\\', 'd'], ''],
  [String.raw`a "b\c`, ['a', String.raw`b\c`], '"'],
  [String.raw`a "b\"c`, ['a', 'b"c'], '"'],
  [String.raw`a "$HOME\$`, ['a', '$HOME$'], '"'],
])('splits %j as a shell does', (line, words, quote) => {
  expect(splitLine(line)).toMatchObject({ words, quote });
});
