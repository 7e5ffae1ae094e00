import type { ConnectorInfo, PluginEntry } from '@automate/contract';
import { describe, expect, it } from '@jest/globals';
import { formatBootReport } from '../../src/boot-report.ts';
import type { BootReport } from '../../src/boot-report.ts';

const plugin = (name: string, rest: Partial<PluginEntry> = {}): PluginEntry => ({
  package: name,
  version: '1.0.0',
  path: `/project/node_modules/${name}`,
  kinds: ['echo'],
  status: 'admitted',
  problems: [],
  permissions: [],
  warnings: [],
  ...rest,
});

const connector = (id: string, rest: Partial<ConnectorInfo> = {}): ConnectorInfo => ({
  id,
  name: id,
  kind: id,
  type: 'custom',
  description: '',
  endpoint: '',
  enabled: true,
  status: 'unknown',
  mode: 'local',
  metadata: {},
  tags: [],
  owner: 'file',
  lastError: '',
  isolation: 'thread',
  ...rest,
});

const report = (rest: Partial<BootReport> = {}): BootReport => ({
  version: '1.2.3',
  projectDir: '/project',
  plugins: { plugins: [], problems: [] },
  connectors: [],
  warnings: [],
  stages: [
    { name: 'configuration', durationMs: 10.4 },
    { name: 'discovery', durationMs: 20.4 },
  ],
  ...rest,
});

describe('the report of a start', () => {
  it('is short where there is nothing, and says what to do', () => {
    expect(formatBootReport(report())).toBe(
      [
        'automate 1.2.3 in /project',
        '  configuration  no file: "automate init" writes one',
        '  plugins        none found: add one with "automate plugins add"',
        '  connectors     none configured',
        '  ready after    31 ms (configuration 10, discovery 20)',
        '',
      ].join('\n'),
    );
  });

  it('lines up what was admitted and gives the reason for what was not', () => {
    const problem = {
      path: 'automate.connectors.x',
      expected: 'a file',
      received: '"./nowhere.js"',
      remedy: 'build the package',
      blame: 'plugin',
    } as const;
    const text = formatBootReport(
      report({
        plugins: {
          plugins: [
            plugin('short', { warnings: ['it names no host range'] }),
            plugin('@acme/connector-long', { kinds: ['one', 'two'] }),
            plugin('future', {
              status: 'rejected',
              reason: 'incompatible',
              message: 'wants automate ^2.0.0, this is 1.2.3: upgrade the host',
            }),
            plugin('broken', {
              status: 'problem',
              reason: 'problem',
              message: 'its manifest has a problem',
              problems: [problem],
            }),
          ],
          problems: [
            {
              path: 'node_modules',
              expected: 'a directory',
              received: 'nothing',
              remedy: 'run "pnpm install"',
              blame: 'operator',
            },
          ],
        },
      }),
    );
    expect(text).toContain(
      [
        '  plugins        2 admitted, 2 refused',
        '    + short 1.0.0                 echo',
        '        it names no host range',
        '    + @acme/connector-long 1.0.0  one, two',
        '    - future 1.0.0: wants automate ^2.0.0, this is 1.2.3: upgrade the host',
        '    - broken 1.0.0: its manifest has a problem',
        '        automate.connectors.x: expected a file, received "./nowhere.js": build the package',
        '    ! node_modules: expected a directory, received nothing: run "pnpm install"',
      ].join('\n'),
    );
  });

  it('tells connectors that work from those that do not, are disabled or not isolated', () => {
    const text = formatBootReport(
      report({
        connectors: [
          connector('prometheus', { endpoint: 'http://localhost:9090' }),
          connector('eu', { kind: 'prometheus', enabled: false }),
          connector('ghost', { status: 'unhealthy', lastError: 'no plugin provides the kind "ghost"' }),
          connector('own', { isolation: 'none' }),
        ],
        warnings: ['the profile "old" is used by nobody'],
        grpcAddress: '127.0.0.1:50051',
        httpAddress: 'http://127.0.0.1:8080',
      }),
    );
    expect(text).toContain(
      [
        '  connectors     4 configured, 2 usable',
        '    + prometheus       http://localhost:9090',
        '    - eu (prometheus)  disabled',
        '    ! ghost            no plugin provides the kind "ghost"',
        '    + own              not isolated',
        '  warning        the profile "old" is used by nobody',
        '  gRPC           127.0.0.1:50051',
        '  REST           http://127.0.0.1:8080/api/v1',
      ].join('\n'),
    );
  });

  it('marks words only where the reader can see marks, without changing the columns', () => {
    const full = report({
      plugins: { plugins: [plugin('one')], problems: [] },
      connectors: [connector('one'), connector('two', { lastError: 'gone' })],
    });
    const marked = formatBootReport(full, (format, text) => `<${format}>${text}</${format}>`);
    expect(marked).toContain('<red>!</red> two');
    expect(marked.replaceAll(/<\/?\w+>/g, '')).toBe(formatBootReport(full));
  });
});
