import { describe, expect, it } from '@jest/globals';
import { createConnectorError, ERROR_CODES, GRPC_STATUS, HTTP_STATUS } from '@automate/contract';
import type { ErrorCode } from '@automate/contract';
import { status } from '@grpc/grpc-js';
import { readSources } from '../boundaries/read-sources.ts';
import { codeIn, PACKAGE_PAGES, tableOf, tables } from './fixtures/read-docs.ts';

const PAGE = 'docs/errors.md';
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

  it('explains each reason of a code once', () => {
    for (const { head, rows, sections } of tables(PAGE)) {
      if (!head.includes('reason') || !/^[A-Z0-9_]+$/.test(sections.at(-1) ?? '')) continue;
      const reasons = rows.flatMap((row) => codeIn(row[head.indexOf('reason')] ?? ''));
      expect(reasons).toEqual([...new Set(reasons)]);
    }
  });

  it('has a section for every code, and no other', () => {
    const sections = tables(PAGE).map(({ sections: [, ...rest] }) => rest.at(-1) ?? '');
    const titles = new Set(sections.filter((title) => /^[A-Z0-9_]+$/.test(title)));
    // It has no reasons, and so no table.
    const withoutTable = ['OUTCOME_UNKNOWN'];
    expect([...titles, ...withoutTable].toSorted()).toEqual(codes.toSorted());
  });
});

/** Codes of the operating system in small letters: documented as a rule rather than one by one. */
const NETWORK_CODE = /^(eai_again|econn[a-z]+|ehostunreach|enotfound|epipe|esockettimedout|etimedout)$/;

function documentedReasons(): ReadonlySet<string> {
  const words = tables(PAGE).flatMap(({ head, rows }) => {
    const column = head.indexOf('reason');
    return column === -1 ? [] : rows.flatMap((row) => codeIn(row[column] ?? ''));
  });
  return new Set(words.filter((word) => !NETWORK_CODE.test(word)));
}

const sources = readSources('packages/*/src/**/*.ts', 'host/src/**/*.ts').filter(({ file }) => !file.includes('/gen/'));
const kinds = readSources('plugins/*/src/**/*.ts');
const LITERAL = /\breason: '([a-z][a-z0-9_]*)'(?! *\|)/g;

/**
 * Files that put something other than a literal into `details.reason`, with a pattern for the words that they may put there. Undefined: the words
 * are codes of the operating system.
 */
const COMPUTED: Readonly<Record<string, RegExp | undefined>> = {
  'packages/contract/src/grpc/plain-status.ts': LITERAL,
  'packages/sdk/src/runtime/describe-adapter.ts': /fault\(\s*'([a-z_]+)'/g,
  'packages/sdk/src/http/failure.ts': undefined,
  'packages/sdk/src/normalize-error.ts': undefined,
  'packages/sdk/src/socket-error.ts': undefined,
  'packages/sdk/src/http/target.ts': /refused\([^;]*?'([a-z_]+)'\)|'(outside_base_path)'/g,
  'packages/sql/src/sql-states.ts': undefined,
  'packages/sql/src/server-login.ts': /misconfigured\([^;]*?'([a-z_]+)',?\s*\)/g,
  'packages/sdk/src/http/redirect.ts': /'(redirect_[a-z_]+)'/g,
  'packages/sdk/src/http/response.ts': LITERAL,
  'host/src/runtime/death.ts': /^ {2}\| '([a-z_]+)'/gm,
  'host/src/runtime/messages.ts': /^ {2}(process_[a-z]+|un[a-z]+_[a-z]+|protocol_violation): true/gm,
  'host/src/runtime/worker/bounded-encode.ts': /: '(result_[a-z_]+)'/g,
  'host/src/runtime/worker/parse-payload.ts': /: '(payload_[a-z_]+)'/g,
  'packages/contract/src/encode-payload.ts': /: '(payload_[a-z_]+)'/g,
  'host/src/runtime/supervised-worker.ts': /'(quarantined|backing_off)'|case '(closed|stopping)':\n/g,
  'host/src/transports/listen-error.ts': /'(address_in_use|cannot_listen)'/g,
};

/** Made of the header's name, which no pattern finds. */
const MADE_OF_HEADERS = ['host_not_allowed', 'origin_not_allowed'];

function usedReasons(): ReadonlySet<string> {
  const literal = sources.flatMap(({ text }) => [...text.matchAll(LITERAL)].map((match) => match[1] ?? ''));
  const computed = Object.entries(COMPUTED).flatMap(([file, pattern]) => {
    const text = sources.find((source) => source.file === file)?.text ?? '';
    return pattern === undefined
      ? []
      : [...text.matchAll(pattern)].map((match) => match.slice(1).find((word) => word !== undefined) ?? '');
  });
  return new Set([...literal, ...computed, ...MADE_OF_HEADERS]);
}

describe('the reasons in docs/errors.md', () => {
  const used = usedReasons();
  const documented = documentedReasons();

  it('include every one that the sources use', () => {
    expect([...used].filter((reason) => !documented.has(reason))).toEqual([]);
  });

  it('are all used by the sources, those of the kinds included', () => {
    const ofKinds = new Set(kinds.flatMap(({ text }) => [...text.matchAll(LITERAL)].map((match) => match[1] ?? '')));
    expect([...documented].filter((reason) => !used.has(reason) && !ofKinds.has(reason))).toEqual([]);
  });

  it('are known for every file that does not write its reason down literally', () => {
    const computing = sources
      .filter(({ text }) => /\bdetails: \{[^'}]*\breason(: (?!')|[ ,}])/.test(text))
      .map(({ file }) => file)
      .filter((file) => !Object.hasOwn(COMPUTED, file) && file !== 'host/src/transports/rest/host-guard.ts');
    expect(computing).toEqual([]);
  });

  it('include those of the kinds', () => {
    const unknown = kinds.flatMap(({ file, text }) => {
      // Without a README a package is still being written.
      if (!PACKAGE_PAGES.includes(file.replace(/\/src\/.*$/, '/README.md'))) return [];
      const words = [...text.matchAll(LITERAL)].map((match) => match[1] ?? '');
      return words.filter((word) => !documented.has(word)).map((word) => `${file}: ${word}; run "npm run generate"`);
    });
    expect(unknown).toEqual([]);
  });
});
