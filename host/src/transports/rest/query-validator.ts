import type { Problem } from '@automate/contract';
import { InvalidInputError, makeVisible, quote } from '@automate/contract';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/**
 * Checks queries against the routes' schemas. The rest passes: path parameters are text whatever they hold, headers are
 * read where they are used, and bodies are text still, whose schemas stand in the document for people to read.
 */
export const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  if (httpPart !== 'querystring') return () => true;
  return (value: unknown) => {
    const result = schema.safeParse(value);
    if (result.success) return { value: result.data };
    // Whether there is such a type is for the service to say, in the words of every door.
    if (result.error.issues.every(({ path }) => path[0] === 'type')) return { value };
    const problems = result.error.issues.flatMap((issue) => toProblems(issue, schema, value));
    return { error: new InvalidInputError('the query of this request is not acceptable', { problems }) };
  };
};

function toProblems(issue: z.core.$ZodIssue, schema: z.ZodType, query: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys((schema as z.ZodObject).shape).join(', ');
    return issue.keys.map((key) => problem(key, `one of the parameters ${known}`, `a parameter ${quote(key)}`));
  }
  const name = String(issue.path[0] ?? '');
  const received = makeVisible(JSON.stringify((query as Record<string, unknown>)[name]) ?? 'nothing');
  const expected = issue.code === 'invalid_value' ? `one of ${issue.values.join(', ')}` : 'one text';
  return [problem(name, expected, received)];
}

function problem(name: string, expected: string, received: string): Problem {
  return { path: `query ${makeVisible(name.slice(0, 80))}`, expected, received: received.slice(0, 80) };
}
