import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, sendErrorReply } from './error-reply.ts';

/**
 * Lets every path that has a route answer 405 with `Allow` to all other methods. To be called before the routes are
 * added; the answers are added with the function that it gives back.
 */
export function answerWrongMethods(app: FastifyInstance): () => void {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set<string>();
    for (const name of [method].flat()) known.add(name);
    methods.set(url, known);
  });
  return () => {
    for (const [url, allowed] of new Map(methods)) {
      const list = [...allowed].toSorted().join(', ');
      const others = app.supportedMethods.filter((method) => !allowed.has(method));
      app.route({
        method: others,
        url,
        schema: { hide: true },
        // Before the body is read: what it holds does not matter.
        onRequest: async (request, reply) => sendErrorReply(reply, methodNotAllowed(request.method, list)),
        handler: () => undefined,
      });
    }
  };
}
