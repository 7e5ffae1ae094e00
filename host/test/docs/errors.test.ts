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
    // It has no reasons, and so no table.
    const withoutTable = ['OUTCOME_UNKNOWN'];
    expect([...titles, ...withoutTable].toSorted()).toEqual(codes.toSorted());
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
