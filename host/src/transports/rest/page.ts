import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { unknownRoute } from './error-reply.ts';
import { PAGE_POLICY } from './page-policy.ts';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A year: the name of such a file holds a hash of what is in it. */
const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

const NOT_BUILT = `This is an Automate Connectors host. Its page has not been built.

In a clone of the repository, "npm run build" builds it; a published @automate/host has it inside.
Everything else works: the API is at /api/v1, its description at /openapi.json.
`;

interface PageFile {
  readonly type: string;
  readonly cache: string;
  readonly plain: Buffer;
  readonly gzipped: Buffer;
}

/**
 * The page's static files, for everybody: what they show, they have to ask for. They are a handful, listed and read when someone first
 * asks, so that no request names a path of this machine, and a start does not wait for them.
 *
 * @param directory where they were built to; there need be nothing
 */
export function addPage(app: FastifyInstance, directory: string | undefined): void {
  let files: Promise<ReadonlyMap<string, PageFile>> | undefined;
  const find = async (name: string): Promise<PageFile | undefined> => {
    const known = await (files ??= readPage(directory));
    // A page that is built while the host runs is found.
    if (known.size === 0) files = undefined;
    return known.get(name);
  };
  const hidden = { schema: { hide: true } };
  app.get('/', hidden, async (request, reply) => {
    reply.header('content-security-policy', PAGE_POLICY);
    const page = await find('index.html');
    if (page !== undefined) return sendFile(request, reply, page);
    return reply.code(404).header('content-type', 'text/plain; charset=utf-8').send(NOT_BUILT);
  });
  app.get('/assets/:name', hidden, async (request, reply) => {
    const file = await find(`assets/${(request.params as { name: string }).name}`);
    if (file === undefined) throw unknownRoute('GET', request.url);
    return sendFile(request, reply, file);
  });
}

function sendFile({ headers }: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const zipped = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  reply.headers({ 'content-type': file.type, 'cache-control': file.cache, vary: 'accept-encoding' });
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.send(zipped ? file.gzipped : file.plain);
}

async function readPage(directory: string | undefined): Promise<ReadonlyMap<string, PageFile>> {
  if (directory === undefined) return new Map();
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const files = names.filter((name) => extname(name) in MEDIA_TYPES);
  const compress = promisify(gzip);
  const read = async (name: string): Promise<readonly [string, PageFile]> => {
    const plain = await readFile(join(directory, name));
    const cache = name === 'index.html' ? ASK_AGAIN : FOR_EVER;
    const gzipped = await compress(plain, { level: 9 });
    return [name.replaceAll('\\', '/'), { type: MEDIA_TYPES[extname(name)] ?? '', cache, plain, gzipped }];
  };
  return new Map(await Promise.all(files.map(read)));
}
