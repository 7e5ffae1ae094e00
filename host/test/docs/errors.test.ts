import { describe, expect, it } from '@jest/globals';
import { createConnectorError, ERROR_CODES, GRPC_STATUS, HTTP_STATUS } from '@automate/contract';
import type { ErrorCode } from '@automate/contract';
import { status } from '@grpc/grpc-js';
import { join } from 'node:path';
import { ERROR_REASONS } from '../../../packages/contract/src/error-reasons.ts';
import { readSources } from '../boundaries/read-sources.ts';
import { codeIn, readPage, tableOf, tables } from './fixtures/read-docs.ts';

const PAGE = 'docs/errors.md';
const TABLE = 'packages/contract/src/error-reasons.ts';
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe('docs/errors.md', () => {
  it('lists every code, and no other, with what the code says of it', () => {
    const { rows } = tableOf(PAGE, 'The codes', 'code');
    const expected = codes.map((code) => {
      const { retryable, effect, blame } = ERROR_CODES[code];
      const again = code === 'WORKER_LOST' ? 'as the action is idempotent or not' : retryable ? 'yes' : 'no';
      const name = `\`${createConnectorError(code, '').name}\``;
      return [
        `[${code}](#${code.toLowerCase()})`,
        name,
        blame,
        again,
        effect,
        status[GRPC_STATUS[code]],
        `${HTTP_STATUS[code]}`,
      ];
    });
    expect(rows).toEqual(expected);
  });

  it('has a section for every code, and no other', () => {
    const sections = tables(PAGE).map(({ sections: [, ...rest] }) => rest.at(-1) ?? '');
    const titles = new Set(sections.filter((title) => /^[A-Z0-9_]+$/.test(title)));
    expect([...titles].toSorted()).toEqual(codes.toSorted());
  });
});

describe('the reasons in docs/errors.md', () => {
  it.each(codes)('are those of the table for %s', (code) => {
    const documented = tables(PAGE)
      .filter(({ head, sections }) => head[0] === 'reason' && sections.at(-1) === code)
      .flatMap(({ rows }) => rows.flatMap(([words = '', when]) => codeIn(words).map((word) => [word, when])));
    expect(documented).toEqual(Object.entries(ERROR_REASONS[code]));
  });

  it.each(['packages/contract', 'packages/sdk', 'packages/client', 'host'])(
    'are the only ones that compile in %s',
    (folder) => {
      const { include } = JSON.parse(readPage(`${folder}/tsconfig.json`)) as { readonly include: readonly string[] };
      expect(include.map((each) => join(folder, each))).toContain('packages/tooling/closed-reasons.d.ts');
    },
  );

  it('are all named by a source beside the table', () => {
    const text = readSources('{packages,plugins}/*/src/**/*.ts', 'host/src/**/*.ts')
      .filter(({ file }) => file !== TABLE)
      .map((source) => source.text)
      .join('\n');
    const words = Object.values(ERROR_REASONS).flatMap((reasons) => Object.keys(reasons));
    expect(words.filter((word) => !new RegExp(`'${word}'|^ *${word}: true`, 'm').test(text))).toEqual([]);
  });
});

describe('errors whose message names the operator', () => {
  const codeOfClass = new Map(codes.map((code) => [createConnectorError(code, '').name, code]));

  /** Whom the innermost bracket around a place blames, of those that blame somebody: by `blame`, else by the code. */
  function blamedAt(text: string, place: number): string | undefined {
    let depth = 0;
    for (let start = place; start >= 0; start -= 1) {
      if (')}'.includes(text[start] ?? '')) depth += 1;
      if (!'({'.includes(text[start] ?? '') || (depth -= 1) >= 0) continue;
      depth = 0;
      const expression = text.slice(start, endOf(text, start));
      const code =
        /\bcode: '([A-Z_0-9]+)'/.exec(expression)?.[1] ??
        /^\(\s*'([A-Z_0-9]+)'/.exec(expression)?.[1] ??
        codeOfClass.get(/\bnew (\w+)$/.exec(text.slice(0, start))?.[1] ?? '');
      const blame = /\bblame: '(\w+)'/.exec(expression)?.[1] ?? ERROR_CODES[code as ErrorCode]?.blame;
      if (blame !== undefined) return blame;
      // A whole function says nothing of one of its sentences.
      if (/\b(function|=>)\b.*$/.test(text.slice(text.lastIndexOf('\n', start) + 1, start))) return undefined;
    }
    return undefined;
  }

  function endOf(text: string, start: number): number {
    let depth = 0;
    for (let end = start; end < text.length; end += 1) {
      if ('({'.includes(text[end] ?? '')) depth += 1;
      if (')}'.includes(text[end] ?? '') && (depth -= 1) === 0) return end + 1;
    }
    return text.length;
  }

  it('blame nobody else', () => {
    const sentences = readSources('{packages,plugins}/*/src/**/*.ts', 'host/src/**/*.ts').flatMap(({ file, text }) =>
      [...text.matchAll(/^ *(?!\/\/|\*|\/\*).*the operator (?:must|should)\b/gm)].map(({ index, 0: line }) => ({
        where: `${file}: ${line.trim()}`,
        blamed: blamedAt(text, index + line.length),
      })),
    );
    const judged = sentences.filter(({ blamed }) => blamed !== undefined);
    expect(judged.length).toBeGreaterThan(40);
    expect(judged.filter(({ blamed }) => blamed !== 'operator')).toEqual([]);
  });
});
