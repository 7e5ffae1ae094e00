import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { putInPlace } from '@automate/tooling/put-in-place';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

let root: string;
let place: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'automate-place-'));
  place = join(root, 'bundle');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function make(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(root, 'made-'));
  mkdirSync(join(made, 'deep'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(made, file), text);
  return made;
}

it('stands where nothing was, readable for everyone', () => {
  const made = make({ 'index.js': 'one', 'deep/entry.js': 'two' });
  putInPlace(made, place);
  expect(readFileSync(join(place, 'deep/entry.js'), 'utf8')).toBe('two');
  expect(statSync(place).mode & 0o777).toBe(0o755);
  expect(existsSync(made)).toBe(false);
});

it('leaves the same as it was, which someone may be reading', () => {
  putInPlace(make({ 'index.js': 'one', 'deep/entry.js': 'two' }), place);
  const { ino } = statSync(join(place, 'deep/entry.js'));
  const again = make({ 'index.js': 'one', 'deep/entry.js': 'two' });
  putInPlace(again, place);
  expect(statSync(join(place, 'deep/entry.js')).ino).toBe(ino);
  expect(existsSync(again)).toBe(false);
});

it.each([
  ['other text', { 'index.js': 'one', 'deep/entry.js': 'six' }],
  ['another name', { 'index.js': 'one', 'deep/exit.js': 'two' }],
  ['one file less', { 'index.js': 'one' }],
])('takes the place of what has %s', (_what, files) => {
  putInPlace(make({ 'index.js': 'one', 'deep/entry.js': 'two' }), place);
  putInPlace(make(files), place);
  expect(existsSync(join(place, 'deep/entry.js'))).toBe('deep/entry.js' in files);
  for (const [file, text] of Object.entries(files)) expect(readFileSync(join(place, file), 'utf8')).toBe(text);
});

it('takes the place of what may not be run, where it may be', () => {
  putInPlace(make({ 'index.js': 'one' }), place);
  const made = make({ 'index.js': 'one' });
  chmodSync(join(made, 'index.js'), 0o755);
  putInPlace(made, place);
  expect(statSync(join(place, 'index.js')).mode & 0o777).toBe(0o755);
});
