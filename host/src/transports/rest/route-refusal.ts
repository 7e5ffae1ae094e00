import type { ConnectorError } from '@automate/contract';
import type { FastifyInstance } from 'fastify';
import { methodNotAllowed, unknownRoute } from './error-reply.ts';
import type { HttpFailure } from './http-failure.ts';

/** Why no route takes a request: 405 with `Allow` where its path has routes for other methods, else 404. */
export type RefuseRoute = (method: string, url: string) => HttpFailure | ConnectorError;

/** To be called before the routes are added. What it gives back holds for every method, also those that no router knows. */
export function watchRoutes(app: FastifyInstance): RefuseRoute {
  const routes = new Map<string, { readonly path: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { path: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), methods: new Set() };
    for (const name of [method].flat()) known.methods.add(name);
    routes.set(url, known);
  });
  return (method, url) => {
    const [path = ''] = url.split('?', 1);
    const allowed = routes
      .values()
      .filter((route) => route.path.test(path))
      .flatMap(({ methods }) => methods);
    const list = [...new Set(allowed)].toSorted().join(', ');
    return list === '' ? unknownRoute(method, url) : methodNotAllowed(method, list);
  };
}
