import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseConfig } from '../../src/config/parse-config.ts';
import { configOf, problemsOf } from './parse.ts';

/** The example of the documentation of the service, to the letter. */
const SEED = `connectors:
  - id: prometheus
    name: Prometheus
    type: observability
    mode: local
    enabled: true
    host: prometheus
    port: 9090
    scheme: http
    health_check:
      enabled: true
      interval: 30s
      timeout: 5s
      path: /-/healthy
`;

describe('the text of a configuration', () => {
  it('makes secrets of variables by their names, and none of the directory that a shell is in', () => {
    const environment = { PWD: '/home/ada/project', OLDPWD: '/home/ada', DB_PWD: 'correct-horse' };
    const yaml = 'connectors: [{ id: a, kind: echo, settings: { a: "${PWD}/x", b: "${OLDPWD}", c: "${DB_PWD}" } }]';
    expect(configOf(yaml, environment).secretVariables).toStrictEqual(['correct-horse']);
  });

  it('may be the well-known example, unchanged', () => {
    const [connector] = configOf(SEED).connectors;
    expect(connector?.config).toMatchObject({
      id: 'prometheus',
      name: 'Prometheus',
      type: 'observability',
      kind: 'prometheus',
      mode: 'local',
      enabled: true,
      host: 'prometheus',
      port: 9090,
      scheme: 'http',
      healthCheck: { enabled: true, intervalMs: 30_000, timeoutMs: 5000, path: '/-/healthy' },
    });
    expect(connector?.written).toStrictEqual(connector?.config);
  });

  it('names every problem with line, column and path, in the order of the file', () => {
    const text = `plugins:
  scan: everything
connectors:
  - id: a
    port: 99999
    health_check: { interval: 30, tiemout: 5s }
  - id: a
    hosst: h
    port: 80
    port: 81
conectors: []
`;
    expect(problemsOf(text)).toStrictEqual([
      '2:3: plugins.scan: expected one of direct, all, received "everything"',
      '5:5: connectors[0].port: expected a port from 1 to 65535, received 99999',
      '6:21: connectors[0].health_check.interval: expected a duration such as "30s", "250ms" or "1m30s", received 30',
      '6:35: connectors[0].health_check.tiemout: expected a known key (did you mean "timeout"?), received the key "tiemout"',
      '7:5: connectors[1].id: expected an id of its own, received "a", which connectors[0] has too',
      '8:5: connectors[1].hosst: expected a known key (did you mean "host"?), received the key "hosst"',
      '10:5: expected every key once, received the key "port" a second time',
      '11:1: conectors: expected a known key (did you mean "connectors"?), received the key "conectors"',
    ]);
  });

  it('names the file in each problem', () => {
    const parsed = parseConfig('a: 1\nb: 2\n', { file: '/x/y.yaml', environment: {} });
    expect(parsed.ok ? [] : parsed.problems.map(({ file }) => file)).toStrictEqual(['/x/y.yaml', '/x/y.yaml']);
  });

  it.each([
    ['interval: 30', 'received 30'],
    ['interval: 0s', 'received "0s"'],
    ['interval: -5s', 'received "-5s"'],
    ['interval: 1e400', 'received "1e400"'],
    ['interval: .inf', 'expected a finite number, received Infinity'],
    ['timeout: 25h', 'received "25h"'],
  ])('does not take %s for a duration', (line, said) => {
    expect(problemsOf(`connectors:\n  - id: a\n    health_check:\n      ${line}\n`)).toStrictEqual([
      expect.stringContaining(said),
    ]);
  });

  it.each([
    ['connectors: [1', /^1:13: expected a closing \] for this list/],
    ['a: b: c', /^1:4: expected quotes around the value/],
    ['connectors:\n\t- id: a\n', /^2:1: expected spaces for indentation/],
    ['connectors:\n  - id: "a\n', /^2:9: expected a closing " on the same line/],
    ['a: \u0000', /^1:4: expected text without control characters/],
    ['a: \u0007', /^1:4: expected text without control characters/],
    ['- a\n', /^1:1: expected a map with the keys/],
    ['just text', /^1:1: expected ":" and a space after a key/],
    ['connectors: []\n---\nconnectors: []\n', /^2:1: expected one document/],
    ['connectors: !!js/function "x"', /tags are not read, received a tag/],
    ['? [a]\n: b\n', /expected a key that is a text/],
    ['connectors:\n  - { id: a, port: ${PORT} }\n', /^2:20: expected quotes around a value with \$\{…\} inside/],
  ])('%j is a problem with a place', (text, said) => {
    expect(problemsOf(text).join('\n')).toMatch(said);
  });

  it('reads Windows line ends, a byte order mark and tabs where they are harmless', () => {
    const windows = SEED.replaceAll('\n', '\r\n').replace('port: 9090', 'port: 9090\t# tab');
    expect(configOf(windows).connectors[0]?.config).toStrictEqual(configOf(SEED).connectors[0]?.config);
    expect(problemsOf('connectors:\r\n  - id: a\r\n    port: 0\r\n')[0]).toMatch(/^3:5: /);
  });

  it('reads JSON, with the same places', () => {
    const json = JSON.stringify(
      { $schema: './x.json', connectors: [{ id: 'a', name: 'tab\there \u{1F600} / " \\', port: 0 }] },
      undefined,
      '\t',
    );
    expect(problemsOf(json)).toStrictEqual(['7:4: connectors[0].port: expected a port from 1 to 65535, received 0']);
    expect(configOf(json.replace('"port": 0', '"port": 1')).connectors[0]?.config.name).toBe(
      'tab\there \u{1F600} / " \\',
    );
  });

  it('shows no more than so many problems', () => {
    const problems = problemsOf(`connectors:\n${'  - {}\n'.repeat(5000)}`);
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toContain('and 4800 more problems from here on');
  });

  it('never throws, whatever the text', () => {
    const yamlish = fc
      .array(
        fc.constantFrom(
          'connectors:',
          '\n',
          '  ',
          '- ',
          'id: a',
          '{',
          '}',
          '[',
          ']',
          '"',
          "'",
          '&a ',
          '*a',
          '<<: ',
          '!!x ',
          '|',
          '>',
          '#',
          ':',
          ',',
          '? ',
          '---',
          '\t',
          '${',
          '}',
          '%',
          '\r',
          '\u0000',
          '\ufeff',
          'é',
          '\ud800',
        ),
        { maxLength: 40 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string(), fc.json()), (text) => {
        const parsed = parseConfig(text, { environment: {} });
        expect(parsed.ok || parsed.problems.every(({ line, column }) => (line ?? 0) >= 1 && (column ?? 0) >= 1)).toBe(
          true,
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the configuration that comes with the host', () => {
  const read = (): Promise<string> => readFile(new URL('../../../config/connectors.yaml', import.meta.url), 'utf8');

  it('is right as it is', async () => {
    const { connectors } = configOf(await read());
    expect(connectors.map(({ config }) => [config.id, config.enabled, config.host, config.port])).toStrictEqual([
      ['prometheus', true, 'localhost', 9090],
    ]);
    expect(configOf(await read(), { PROMETHEUS_PORT: '1234' }).connectors[0]?.config.port).toBe(1234);
  });

  it('is right with every example taken out of its comment, and then names every key there is', async () => {
    const text = (await read()).replaceAll(/^(\s*)#(?! \S|\n|$)/gm, '$1');
    expect(problemsOf(text)).toStrictEqual([]);
    const schema = JSON.parse(
      await readFile(new URL('../../../config/connectors.schema.json', import.meta.url), 'utf8'),
    ) as object;
    const missing = keysOf(schema).filter(
      (key) => key !== '$schema' && !new RegExp(`(^|[\\s{-])${key}:`, 'm').test(text),
    );
    expect(missing).toStrictEqual([]);
  });
});

function keysOf(schema: object): readonly string[] {
  const properties = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [
    ...properties,
    ...Object.values(schema).flatMap((value: unknown) =>
      typeof value === 'object' && value !== null ? keysOf(value) : [],
    ),
  ];
}
