import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { interpolate, readScalar } from '../../src/config/interpolate.ts';
import { configOf, problemsOf } from './parse.ts';

const ENVIRONMENT = { HOST: 'h.example', PORT: '9090', EMPTY: '', NESTED: '${HOST}', DIGITS: '007', TRUE: 'true' };

describe('a variable in a text', () => {
  it.each([
    ['plain', 'plain'],
    ['${HOST}', 'h.example'],
    ['http://${HOST}:${PORT}/', 'http://h.example:9090/'],
    ['${MISSING:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${MISSING:-}', ''],
    ['${MISSING:-a:-b}', 'a:-b'],
    ['${EMPTY}', ''],
    ['$${HOST}', '${HOST}'],
    ['$${anything at all}', '${anything at all}'],
    ['$HOST and $ and {HOST}', '$HOST and $ and {HOST}'],
    ['${NESTED}', '${HOST}'],
    ['$&${HOST}$1', '$&h.example$1'],
  ])('%s becomes %s', (text, expected) => {
    const result = interpolate(text, ENVIRONMENT);
    expect(result.kind === 'failed' ? result : result.text).toBe(expected);
  });

  it.each([
    ['${MISSING}', 'the variable MISSING to be set, or a default: ${MISSING:-…}'],
    ['${toString}', 'the variable toString to be set, or a default: ${toString:-…}'],
    ['${}', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
    ['${HOST', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
    ['${HOST?}', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
    ['${HOST-x}', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
    ['${ HOST }', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
    ['${1}', 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself'],
  ])('%s is a problem', (text, expected) => {
    expect(interpolate(text, ENVIRONMENT)).toMatchObject({ kind: 'failed', expected });
  });

  it('never reads what a variable holds again', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (before, value, after) => {
        const result = interpolate(`${before.replaceAll('$', '')}\${A}${after.replaceAll('$', '')}`, { A: value });
        expect(result).toMatchObject({
          kind: 'resolved',
          text: before.replaceAll('$', '') + value + after.replaceAll('$', ''),
        });
      }),
    );
  });
});

describe('a plain scalar', () => {
  it.each([
    ['9090', 9090],
    ['0x1F', 31],
    ['-1.5', -1.5],
    ['true', true],
    ['null', null],
    ['', null],
    ['~', null],
    ['yes', 'yes'],
    ['on', 'on'],
    ['1_000', '1_000'],
    ['2026-01-01', '2026-01-01'],
    ['012', '012'],
    ['text', 'text'],
  ])('%s is read as YAML 1.2 has it', (text, value) => {
    expect(readScalar(text)).toBe(value);
  });
});

describe('variables in a configuration', () => {
  const settingsOf = (line: string): unknown =>
    configOf(`connectors:\n  - id: a\n    settings:\n      v: ${line}\n`, ENVIRONMENT).connectors[0]?.config.settings[
      'v'
    ];

  it.each([
    ['${PORT}', 9090],
    ['"${PORT}"', '9090'],
    ["'${PORT}'", '9090'],
    ['${PORT}s', '9090s'],
    ['${TRUE}', true],
    ['${EMPTY}', null],
    ['${MISSING:-[1]}', '[1]'],
    ['${MISSING:-5}', 5],
    ['${HOST}', 'h.example'],
  ])('a setting %s becomes %j', (line, value) => {
    expect(settingsOf(line)).toBe(value);
  });

  it('give numbers and truth values where those belong, and texts where those do', () => {
    const text = `connectors:
  - id: a
    enabled: \${TRUE}
    host: \${HOST}
    port: \${PORT}
    auth: { type: bearer, token: "\${DIGITS}" }
    metadata:
      digits: \${DIGITS}
      flag: \${TRUE}
    health_check:
      interval: \${MISSING:-1m}
`;
    const [connector] = configOf(text, ENVIRONMENT).connectors;
    expect(connector?.config).toMatchObject({
      enabled: true,
      host: 'h.example',
      port: 9090,
      auth: { token: '007' },
      metadata: { digits: '007', flag: 'true' },
      healthCheck: { intervalMs: 60_000 },
    });
  });

  it('stay as they are written in the form that answers show', () => {
    const text = `connectors:
  - id: \${HOST_ID:-a}
    name: The \${HOST}
    host: \${HOST}
    port: \${PORT}
    base_path: /\${DIGITS}
    auth: { type: basic, username: "\${HOST}", password: "\${DIGITS}-pa55word", headers: { "X-Some_thing": "\${HOST}" } }
    tls: { ca_file: "/\${HOST}.pem" }
    settings: { deep_key: [{ some_text: "\${HOST}" }], number: "\${PORT}" }
    metadata: { some_key: "\${HOST}" }
    tags: ["\${HOST}", plain]
    health_check: { path: "/\${HOST}" }
`;
    const [connector] = configOf(text, ENVIRONMENT).connectors;
    expect(connector?.written).toStrictEqual({
      ...connector?.config,
      name: 'The ${HOST}',
      host: '${HOST}',
      basePath: '/${DIGITS}',
      auth: {
        type: 'basic',
        username: '${HOST}',
        password: '${DIGITS}-pa55word',
        headers: { 'X-Some_thing': '${HOST}' },
      },
      tls: { caFile: '/${HOST}.pem' },
      settings: { deep_key: [{ some_text: '${HOST}' }], number: '${PORT}' },
      metadata: { some_key: '${HOST}' },
      tags: ['${HOST}', 'plain'],
      healthCheck: { ...connector?.config.healthCheck, path: '/${HOST}' },
    });
    expect(connector?.config).toMatchObject({
      id: 'a',
      kind: 'a',
      name: 'The h.example',
      tags: ['h.example', 'plain'],
    });
  });

  it('that are missing are named where they stand, and nothing else is said of those values', () => {
    expect(problemsOf('connectors:\n  - id: a\n    port: ${A}\n    host: ${B}\n')).toStrictEqual([
      '3:5: connectors[0].port: expected the variable A to be set, or a default: ${A:-…}, received nothing',
      '4:5: connectors[0].host: expected the variable B to be set, or a default: ${B:-…}, received nothing',
    ]);
  });

  it('are never repeated by value in a problem', () => {
    const problems = problemsOf(
      'connectors:\n  - id: a\n    port: ${CANARY}\n    host: http://${CANARY:-canary-default}/\n',
      { CANARY: 'canary-1234567890' },
    );
    expect(problems).toStrictEqual([
      '3:5: connectors[0].port: expected a port from 1 to 65535, received what ${CANARY} gave (not shown)',
      '4:5: connectors[0].host: expected a host name or address, without scheme, port or path, received what ${CANARY} gave (not shown)',
    ]);
  });

  it('in keys are left alone', () => {
    expect(
      configOf('connectors:\n  - id: a\n    metadata: { "${HOST}": x }\n', ENVIRONMENT).connectors[0]?.config.metadata,
    ).toStrictEqual({ '${HOST}': 'x' });
  });
});
