import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/sdk';
import { PluginSandbox } from '@automate/testing';
import { runConformance } from '@automate/testing/conformance';

/** A fault of the fixture or of its package.json, and the check that must name it. */
const FAULTS: readonly (readonly [fault: string, check: string])[] = [
  ['throws-at-import', 'describable'],
  ['never-loads', 'describable'],
  ['no-adapter', 'describable'],
  ['other-name', 'describable'],
  ['no-semver', 'version'],
  ['other-version', 'package-version'],
  ['changes-description', 'same-description'],
  ['no-words', 'described-in-words'],
  ['read-not-idempotent', 'reads-are-idempotent'],
  ['unsound-schema', 'sound-schemas'],
  ['takes-anything', 'says-what-it-takes'],
  ['takes-any-record', 'says-what-it-takes'],
  ['unchecked-input', 'bad-input'],
  ['transform', 'no-transforms'],
  ['coercion', 'bad-input'],
  ['password-in-clear', 'secret-settings'],
  ['takes-any-settings', 'settings-refused'],
  ['entry-missing', 'entry-exists'],
  ['files-without-entry', 'entry-published'],
  ['no-keyword', 'manifest'],
  ['host-left-out', 'level-thread'],
  ['never-starts', 'starts'],
  ['connect-hangs', 'starts'],
  ['optimist', 'not-connected'],
  ['connect-breaks', 'not-connected'],
  ['health-hangs', 'health'],
  ['always-healthy', 'health'],
  ['healthy-when-refused', 'healthy-when-refused'],
  ['close-hangs', 'closes'],
  ['closes-once', 'closes'],
  ['believes-webhooks', 'unsigned-webhooks'],
  ['webhook-any-body', 'signed-webhooks'],
  ['webhook-any-key', 'signed-webhooks'],
  ['webhook-any-time', 'signed-webhooks'],
  ['webhook-loose', 'signed-webhooks'],
  ['webhook-new-id', 'signed-webhooks'],
  ['webhook-slow', 'signed-webhooks'],
  ['errors-as-they-are', 'errors-from-anything'],
  ['does-not-redact', 'redacts'],
  ['shows-config', 'masked-config'],
  ['answers-unknown-actions', 'unknown-action'],
  ['wrong-output', 'fits-output'],
  ['answers-date', 'plain-json'],
  ['huge', 'bounded-results'],
  ['posts', 'honest-effects'],
  ['deletes', 'honest-effects'],
  ['own-retries', 'no-own-retries'],
  ['raw-path', 'encodes-paths'],
  ['drops-key', 'passes-keys-on'],
  ['ignores-abort', 'heeds-abort'],
  ['blocks', 'never-blocks'],
  ['loops', 'never-blocks'],
  ['flattens-errors', 'error-classes'],
  ['swallows-errors', 'error-classes'],
  ['forgets-retry-after', 'error-classes'],
  ['throws-text', 'coded-errors'],
  ['throws-plain', 'coded-errors'],
  ['secret-in-result', 'secrets-in-result'],
  ['secret-in-error', 'secrets-in-error'],
  ['secret-in-details', 'secrets-in-details'],
  ['logs-secret', 'secrets-in-log'],
  ['logs-secret-later', 'secrets-in-log'],
  ['console-secret', 'secrets-in-console'],
  ['console', 'silent-console'],
  ['reads-environment', 'no-environment'],
  ['reads-whole-environment', 'no-environment'],
  ['rejects-later', 'handles-failures'],
  ['exits', 'handles-failures'],
  ['pollutes-globals', 'globals'],
  ['timer-left', 'lets-go'],
  ['server-left', 'lets-go'],
  ['asks-variables', 'used-permissions'],
  ['asks-files', 'used-permissions'],
  ['asks-programs', 'used-permissions'],
  ['discovery-fails', 'discovers'],
  ['learns-nothing', 'discovers'],
  ['learns-others', 'discovers'],
  ['learned-no-words', 'described-in-words'],
  ['learned-posts', 'honest-effects'],
  ['learned-raw-path', 'encodes-paths'],
  ['learned-wrong-output', 'fits-output'],
  ['keeps-memory', 'no-leaks'],
  ['keeps-timers', 'no-leaks'],
  ['keeps-listeners', 'no-leaks'],
];

/** What it asks of the machine, and does not need. */
const PERMISSIONS: Readonly<Record<string, JsonObject>> = {
  'asks-variables': { network: ['*'], env: ['REGION'] },
  'asks-files': { network: ['*'], fs: { read: ['*', '/etc/hosts'] } },
  'asks-programs': { network: ['*'], childProcess: true },
};

let sandbox: PluginSandbox;
let source: string;

beforeAll(async () => {
  sandbox = await PluginSandbox.create();
  await sandbox.linkPackage('zod', dirname(fileURLToPath(import.meta.resolve('zod/package.json'))));
  source = await readFile(join(import.meta.dirname, 'fixtures/bad-adapters/adapter.js'), 'utf8');
});
afterAll(() => sandbox.dispose());

/** How its webhooks are signed, for `conformance.json`. */
const WEBHOOKS: JsonObject = {
  settings: { password: 'hush' },
  webhooks: [
    {
      body: '{}',
      headers: { 'X-Time': '{timestamp}', 'X-Signature': '{signature}' },
      key: 'settings.password',
      signed: '{timestamp}{body}',
    },
  ],
};

async function addPackage(fault: string): Promise<string> {
  const directory = await sandbox.addConnector({
    kind: 'bad',
    name: `connector-${fault}`,
    source: source.replace("const fault = 'none'", `const fault = '${fault}'`),
    ...(fault === 'entry-missing' ? { manifest: { entry: './dist/adapter.js' } } : {}),
    packageJson: {
      type: 'module',
      dependencies: { zod: '*' },
      engines: { automate: fault === 'host-left-out' ? '^7.0.0' : '^1.0.0' },
      automate: {
        connectors: {
          bad: {
            entry: fault === 'entry-missing' ? './dist/adapter.js' : './adapter.js',
            permissions: PERMISSIONS[fault] ?? { network: ['*'] },
          },
        },
      },
      files: fault === 'files-without-entry' ? ['lib', 'README.md'] : ['*.js'],
      keywords: fault === 'no-keyword' ? [] : ['automate-connector'],
    },
  });
  if (fault.startsWith('webhook-'))
    await writeFile(join(directory, 'conformance.json'), JSON.stringify({ bad: WEBHOOKS }));
  return directory;
}

describe('the sound adapter from which the bad ones are made', () => {
  it('scores full marks', async () => {
    const report = await runConformance(await addPackage('none'));
    const rest = report.kinds.flatMap(({ checks }) => checks.filter(({ status }) => status !== 'passed'));
    // It takes none.
    expect(rest).toMatchObject([{ name: 'signed-webhooks', status: 'not_concerned' }]);
    expect(report.passed).toBe(report.total);
  });
});

describe('one that takes webhooks and is sound', () => {
  it('passes with the samples of them that its author gives', async () => {
    const { kinds } = await runConformance(await addPackage('webhook-sound'), { only: ['signed-webhooks'] });
    expect(kinds[0]?.checks).toEqual([expect.objectContaining({ name: 'signed-webhooks', status: 'passed' })]);
  });
});

describe('a deliberately bad adapter is caught by name:', () => {
  // Side by side, as most of the time is spent waiting.
  it.concurrent.each(FAULTS)('%s by %s', async (fault, check) => {
    const { kinds } = await runConformance(await addPackage(fault), { only: [check] });
    expect(kinds[0]?.checks).toEqual([
      expect.objectContaining({ name: check, status: 'failed', message: expect.stringMatching(/./) }),
    ]);
  });
});
