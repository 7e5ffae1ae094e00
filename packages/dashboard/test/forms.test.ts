import { describe, expect, it } from '@jest/globals';
import type { JsonMap } from '../src/api/types.ts';
import { findDifferences } from '../src/forms/config-fields.ts';
import { planFields } from '../src/forms/plan-field.ts';
import { describeProblem, problemsAt } from '../src/forms/problems-at.ts';
import { writeSnippets } from '../src/views/connector/call-snippets.ts';
import { sinceWhen } from '../src/views/connector/since-when.ts';

const planOf = (schema: JsonMap, root: JsonMap = {}) =>
  planFields({ ...root, type: 'object', properties: { x: schema } })?.[0]?.plan;

describe('a field of a form', () => {
  it.each<readonly [string, JsonMap, object]>([
    ['a text', { type: 'string' }, { kind: 'text', secret: false, alsoNumber: false }],
    ['a secret', { type: 'string', writeOnly: true }, { kind: 'text', secret: true }],
    ['a number', { type: 'integer' }, { kind: 'number' }],
    ['a choice', { enum: ['a', 'b'] }, { kind: 'choice', options: ['a', 'b'] }],
    ['constants', { anyOf: [{ const: 1 }, { const: 2 }] }, { kind: 'choice', options: [1, 2] }],
    ['what may be null', { anyOf: [{ type: 'boolean' }, { type: 'null' }] }, { kind: 'switch' }],
    ['a moment or a number', { anyOf: [{ type: 'number' }, { type: 'string' }] }, { kind: 'text', alsoNumber: true }],
    ['texts', { type: 'array', items: { type: 'string' } }, { kind: 'lines' }],
    ['objects', { type: 'array', items: { type: 'object' } }, { kind: 'json' }],
    ['any map', { type: 'object', additionalProperties: {} }, { kind: 'json' }],
    ['a group', { type: 'object', properties: { y: { type: 'string' } } }, { kind: 'group' }],
    ['an unknown thing', {}, { kind: 'json' }],
  ])('for %s is planned by its schema', (_what, schema, plan) => {
    expect(planOf(schema)).toMatchObject(plan);
  });

  it('is found through references, and a circle ends in JSON', () => {
    const root = { $defs: { 'a/b': { type: 'integer', title: 'Port' }, loop: { $ref: '#/$defs/loop' } } };
    expect(planOf({ $ref: '#/$defs/a~1b' }, root)).toEqual({ kind: 'number' });
    expect(planOf({ $ref: '#/$defs/loop' }, root)).toEqual({ kind: 'json' });
  });

  it('comes first where it must be given, and shows its default', () => {
    const fields = planFields({
      type: 'object',
      required: ['b'],
      properties: { a: { type: 'string', default: 'x' }, b: { title: 'Bee', type: 'string' } },
    });
    expect(fields?.map(({ key, title, required, fallback }) => [key, title, required, fallback])).toEqual([
      ['b', 'Bee', true, ''],
      ['a', 'a', false, '"x"'],
    ]);
  });

  it('shows the problems at it and within it', () => {
    const at = (path: string) => ({ path, expected: 'one', received: 'two' });
    const problems = [at('auth'), at('auth.token'), at('headers["x-a"]'), at('authority')];
    expect(problemsAt(problems, 'auth').map(({ path }) => path)).toEqual(['auth', 'auth.token']);
    expect(problemsAt(problems, 'headers')).toHaveLength(1);
    expect(describeProblem(at('auth.token'), 'auth')).toBe('auth.token: expected one, received two');
  });
});

it('lists what a change of a configuration changes, value by value', () => {
  expect(
    findDifferences({ port: 1, auth: { type: 'none' }, tags: ['a'] }, { port: 2, auth: { type: 'none' }, name: 'n' }),
  ).toEqual([
    { path: 'name', before: undefined, after: '"n"' },
    { path: 'port', before: '1', after: '2' },
    { path: 'tags', before: '["a"]', after: undefined },
  ]);
});

it('writes a call as a shell reads it', () => {
  const call = { id: 'a', action: 'say it', payload: `{ "text": "it's" }` };
  const { curl, cli, typescript } = writeSnippets(call, 'http://127.0.0.1:8080', true);
  expect(curl).toContain(`'http://127.0.0.1:8080/api/v1/connectors/a/actions/say%20it' -H "Authorization: Bearer $`);
  expect(cli).toBe(String.raw`automate execute a 'say it' --input '{"text":"it'\''s"}'`);
  expect(typescript).toContain(`payload: {"text":"it's"}`);
});

it('says since when a status holds', () => {
  const finding = (at: string, status: 'healthy' | 'unhealthy') =>
    ({ at, status, message: '', response_time_ms: 1, by: 'check' }) as const;
  const findings = [finding('1', 'healthy'), finding('2', 'unhealthy'), finding('3', 'unhealthy')];
  expect(sinceWhen(findings, 'unhealthy')).toBe('2');
  expect(sinceWhen(findings, 'healthy')).toBeUndefined();
  expect(sinceWhen([], 'healthy')).toBeUndefined();
});
