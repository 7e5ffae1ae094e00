import { isUtf8 } from 'node:buffer';
import { InvalidInputError } from '@automate/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { unsupportedMediaType } from './error-reply.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?$/i;

/**
 * Bodies are JSON text in UTF-8 and stay text: what an action's payload holds is for the worker to read. Accepting
 * nothing but JSON also means that no form on a foreign page can send anything here.
 */
export function acceptJsonText(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
    if (type !== 'application/json' && !JSON_TYPE.test(type)) done(unsupportedMediaType('the Content-Type header'));
    else if (encoding !== 'identity') done(unsupportedMediaType('the Content-Encoding header'));
    else if (!isUtf8(bytes)) done(invalidUtf8(bytes));
    else done(null, bytes.toString('utf8'));
  });
}

/** The request's body as text; empty without one. */
export function bodyText(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}

function invalidUtf8(bytes: Buffer): InvalidInputError {
  const text = bytes.toString('utf8');
  const at = Math.max(0, text.indexOf('\u{FFFD}'));
  const before = text.slice(0, at);
  return new InvalidInputError("the request's body is not UTF-8", {
    problems: [
      {
        path: '',
        expected: 'UTF-8',
        received: 'bytes that are none',
        line: before.split('\n').length,
        column: at - before.lastIndexOf('\n'),
      },
    ],
  });
}
