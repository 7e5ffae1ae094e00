import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProblem } from '@automate/contract';
import type { Problem } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { writeConfigText } from '../../src/config/default-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { codeBlocks, PACKAGE_PAGES, PAGES } from '../docs/fixtures/read-docs.ts';

const ROOT = join(import.meta.dirname, '../../..');
const EXAMPLE = readFileSync(join(ROOT, 'config/connectors.yaml'), 'utf8');

/** The repository's own configurations, and those in its pages. */
const TEXTS: Readonly<Record<string, string>> = {
  'the first configuration': writeConfigText(
    ['grafana', 'jaeger', 'prometheus', 'slack'].map((kind) => ({
      kind,
      title: kind,
      packageName: kind,
      scheme: 'https',
      autoconfigure: false,
    })),
  ),
  'the example': EXAMPLE,
  ...Object.fromEntries(
    [...PAGES, ...PACKAGE_PAGES].flatMap((page) =>
      codeBlocks(page).flatMap(({ language, text, line }) =>
        language === 'yaml' && text.startsWith('connectors:') ? [[`${page}:${line}`, text]] : [],
      ),
    ),
  ),
};

/** Every variable that the texts name. */
const ENVIRONMENT = Object.fromEntries(
  Object.values(TEXTS).flatMap((text) => [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, '1'])),
);

interface Line {
  readonly indent: string;
  readonly dash: string;
  readonly key: string;
  readonly value: string;
}

const ENTRY = /^(?<indent> *)(?<dash>- )?(?<key>[a-z_]+):(?: (?<value>[^#]*[^#\s]))? *(?:#.*)?$/;

/** What someone may have written instead of a line; undefined where the line gives no occasion. */
const SLIPS: Readonly<Record<string, (line: Line) => string | undefined>> = {
  'an unclosed double quote': valued(({ value }) => `"${value.replaceAll(/["']/g, '')}`),
  'an unclosed single quote': valued(({ value }) => `'${value.replaceAll(/["']/g, '')}`),
  'an unclosed list': valued(() => '[a, b'),
  'an unclosed map': valued(() => '{ a: b'),
  'an unquoted star': valued(() => '[*]'),
  'a value with a star': valued(() => '*x'),
  'a value with an ampersand': valued(() => '&x'),
  'a value with an exclamation mark': valued(() => '!x y'),
  'a value with an at': valued(() => '@x'),
  'a value with a backtick': valued(() => '`x`'),
  'a value with a percent': valued(() => '%x'),
  'an apostrophe in single quotes': valued(() => "'it's'"),
  'a colon in a value': valued(({ value }) => `${value.replaceAll(/["']/g, '')}: b`),
  'a path in double quotes': valued(() => '"C:\\new"'),
  'another path in double quotes': valued(() => '"C:\\Users"'),
  'no blank after the colon': ({ indent, dash, key, value }) =>
    value === '' || /^[[{"]/.test(value) ? undefined : `${indent}${dash}${key}:${value}`,
  'no colon': ({ indent, dash, key, value }) => (value === '' ? undefined : `${indent}${dash}${key} ${value}`),
  'an equals sign': ({ indent, dash, key, value }) => (value === '' ? undefined : `${indent}${dash}${key} = ${value}`),
  'no blank after the dash': ({ indent, dash, key, value }) => (dash === '' ? undefined : `${indent}-${key}: ${value}`),
  'a tab for indentation': ({ indent, dash, key, value }) =>
    indent === '' ? undefined : `\t${indent.slice(2)}${dash}${key}: ${value}`,
  'one blank more': ({ indent, dash, key, value }) => `${indent} ${dash}${key}: ${value}`,
  'one blank less': ({ indent, dash, key, value }) =>
    indent === '' ? undefined : `${indent.slice(1)}${dash}${key}: ${value}`,
  'a directive': ({ indent }) => (indent === '' ? '%include x' : undefined),
  'a word for true': ({ indent, dash, key, value }) =>
    /^(?:true|false)$/.test(value) ? `${indent}${dash}${key}: yes` : undefined,
  'a leading zero': ({ indent, dash, key, value }) =>
    /^\d+$/.test(value) ? `${indent}${dash}${key}: 0${value}` : undefined,
  'a second document': ({ indent, dash, key, value }) => `---\n${indent}${dash}${key}: ${value}`,
  'a key twice': ({ indent, dash, key, value }) =>
    dash !== '' || value === '' ? undefined : `${indent}${key}: ${value}\n${indent}${key}: ${value}`,
};

function valued(change: (line: Line) => string): (line: Line) => string | undefined {
  return (line) => (line.value === '' ? undefined : `${line.indent}${line.dash}${line.key}: ${change(line)}`);
}

/** How lines end, and what may stand before the first. */
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  LF: (text) => text,
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
};

/** Every line of every text with the slip in it that makes the text wrong: where it stands, and the first problem. */
function wrongTexts(slip: (line: Line) => string | undefined): { at: string; line: number; first: Problem }[] {
  return Object.entries(TEXTS).flatMap(([name, text]) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => {
      const { indent = '', dash = '', key = '', value = '' } = ENTRY.exec(line)?.groups ?? {};
      const made = key === '' ? undefined : slip({ indent, dash, key, value });
      if (made === undefined) return [];
      return Object.entries(FORMS).flatMap(([form, write]) => {
        const parsed = parseConfig(write(lines.with(index, made).join('\n')), { environment: ENVIRONMENT });
        const [first] = parsed.ok ? [] : parsed.problems;
        if (first === undefined) return [];
        return [
          {
            at: `${name}, ${form}: ${made}`,
            line: index + (made.startsWith('---') ? 1 : made.split('\n').length),
            first,
          },
        ];
      });
    });
  });
}

describe('a slip in a configuration', () => {
  it.each(Object.entries(SLIPS))('is named where it begins, with what to write: %s', (_name, slip) => {
    const wrong = wrongTexts(slip);
    expect(wrong.length).toBeGreaterThan(3);
    const elsewhere = wrong.filter(({ line, first }) => first.line !== line);
    expect(elsewhere.map(({ at, first }) => `${at} → ${first.line}: ${describeProblem(first)}`)).toEqual([]);
  });
});
