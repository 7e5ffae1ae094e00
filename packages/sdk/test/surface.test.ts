import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const built = (path: string): string => new URL(`../dist/${path}`, import.meta.url).href;

describe('the package', () => {
  it('has these doors and no others', async () => {
    const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
    const { exports } = JSON.parse(text) as { readonly exports: object };
    expect(Object.keys(exports)).toEqual(['.', './exchange', './runtime', './runtime/masking', './package.json']);
  });

  it('gives authors these names', async () => {
    const root = (await import('../src/index.ts')) as object;
    expect(
      Object.keys(root)
        .filter((name) => !/^[A-Z].*Error$/.test(name))
        .toSorted(),
    ).toEqual([
      'ConnectorAdapter',
      'LOG_LEVELS',
      'LONGEST_TIMER_MS',
      'Secret',
      'action',
      'createConnectorError',
      'createRedactor',
      'describeProblem',
      'errorForStatus',
      'fromJsonSchema',
      'guardCall',
      'headerOf',
      'isFreshTimestamp',
      'isJsonObject',
      'isSecretKey',
      'localPath',
      'normalizeError',
      'parseRetryAfter',
      'readTls',
      'remainingMs',
      'socketError',
      'startPatience',
      'toActionName',
      'unjudgedSchema',
      'until',
      'verifyAuthorization',
      'verifyHmacSha256',
      'verifySlackSignature',
      'withDeadline',
    ]);
  });

  it('gives kinds that speak HTTP these names', async () => {
    expect(Object.keys((await import('../src/exchange/index.ts')) as object).toSorted()).toEqual([
      'authorizationHeaders',
      'callAction',
      'createTokenSource',
      'encodePayload',
      'exchange',
      'exchangeInput',
      'exchangeOutput',
      'isSaidByStatus',
      'isWholeJson',
      'jsonValue',
      'openAgents',
      'parseExact',
      'proxyError',
      'readJson',
      'responseOf',
      'textMap',
      'textUpTo',
      'toRequest',
      'tryJson',
      'wholeText',
      'withEffect',
    ]);
  });

  it('gives hosts these names', async () => {
    expect(Object.keys((await import('../src/runtime/index.ts')) as object).toSorted()).toEqual([
      'ADAPTER_PROTOCOL',
      'OPEN_FILES',
      'actionsOf',
      'adapterProtocolOf',
      'attachContext',
      'checkHealth',
      'createCallContext',
      'createConnectorContext',
      'describeAdapter',
      'discoverActions',
      'grantPaths',
      'isAdapterClass',
      'isAmong',
      'judgeWebhook',
      'placesOf',
      'policyRefusal',
      'rateLimitClassOf',
      'realPathOf',
      'renewConnectorContext',
      'replaceLeaves',
      'replaceSecretSettings',
      'requireGranted',
      'secretSettings',
      'startError',
      'validateSettings',
    ]);
  });

  it('gives hosts these names for masking', async () => {
    expect(Object.keys((await import('../src/runtime/masking.ts')) as object).toSorted()).toEqual([
      'isSecretKey',
      'replaceLeaves',
      'replaceSecretSettings',
      'secretSettings',
    ]);
  });

  it.each(['index.js', 'exchange/index.js', 'runtime/index.js', 'runtime/masking.js'])(
    'loads no network module before the first request: %s',
    async (path) => {
      const script = `await import(${JSON.stringify(built(path))}); console.log(process.moduleLoadList.filter((name) => /NativeModule (http|https|tls|_http_client|zlib)$/.test(name)).join())`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
      expect(stdout.trim()).toBe('');
    },
  );
});
