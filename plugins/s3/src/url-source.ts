import { ConfigInvalidError, ForbiddenError, InvalidInputError, remainingMs, UpstreamError } from '@automate/sdk';
import type { CallContext, CallScope, HttpResponse } from '@automate/sdk';
import { sourceChanged } from './file-source.ts';
import { PART_BYTES } from './upload.ts';
import type { Source } from './upload.ts';

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * What an address gives, read in ranges. Only servers of `origins` are asked, redirects included, and none of them gets the
 * connector's credentials.
 *
 * @throws ForbiddenError for another server; UpstreamError for more than one part from a server that gives no ranges.
 */
export async function urlSource(
  address: string,
  {
    origins,
    http,
    scope,
  }: { readonly origins: readonly string[]; readonly http: CallContext['http']; readonly scope: CallScope },
): Promise<Source> {
  const url = allowedUrl(address, origins);
  const what = `${url.origin}${url.pathname}`;
  const ask = async (start: number, length: number, { deadline }: CallScope): Promise<HttpResponse> => {
    let at = url;
    for (let count = 0; count <= MOST_REDIRECTS; count += 1) {
      const answer = await http.request({
        path: at.href,
        anyOrigin: true,
        authorize: false,
        headers: { range: `bytes=${start}-${start + length - 1}` },
        // Each redirect is looked at before it is followed.
        accept: (status) => [200, 206, 416].includes(status) || REDIRECTS.has(status),
        maxBytes: length,
        timeoutMs: remainingMs(deadline),
      });
      if (!REDIRECTS.has(answer.status)) return answer;
      at = allowedUrl(answer.headers['location'] ?? '', origins, at);
    }
    throw badSource(`${what} led from address to address`, 'redirects');
  };
  const first = await ask(0, PART_BYTES, scope);
  const size = announcedSize(first);
  if (size === undefined) throw badSource(`${what} gave another range than the one that was asked for`, 'bad_range');
  const mark = markOf(first);
  return {
    size,
    async read(start, length, within) {
      if (start === 0 && length === first.body.byteLength) return first.body;
      if (length === 0) return new Uint8Array();
      const answer = await ask(start, length, within);
      const range = `bytes ${start}-${start + length - 1}/${size}`;
      if (answer.headers['content-range'] !== range || answer.body.byteLength !== length || markOf(answer) !== mark)
        throw sourceChanged(what);
      return answer.body;
    },
  };
}

/** Bytes of the whole, by the answer to the first range; undefined where it is not the answer to it. */
function announcedSize({ status, headers, body }: HttpResponse): number | undefined {
  if (status === 200) return body.byteLength;
  const [, from, to, total] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  const size = Number(total);
  const length = status === 416 ? 0 : body.byteLength;
  const fits = status === 416 ? size === 0 : Number(from) === 0 && Number(to) === length - 1;
  return fits && length === Math.min(size, PART_BYTES) ? size : undefined;
}

/** What tells one state of a file from the next. */
function markOf({ headers }: HttpResponse): string {
  return `${headers['etag']} ${headers['last-modified']}`;
}

function allowedUrl(address: string, origins: readonly string[], base?: URL): URL {
  const url = URL.parse(address, base?.href);
  if (url === null)
    throw base === undefined
      ? new InvalidInputError(`"${address}" is no address`, {
          problems: [{ path: 'url', expected: 'an http or https URL', received: 'another text' }],
        })
      : badSource(`${base.origin}${base.pathname} led to no address`, 'redirects');
  if (origins.length === 0) {
    throw new ConfigInvalidError(
      'the connector may read from no address; the operator must name the servers for it in settings.url_origins',
      { details: { reason: 'no_origins' } },
    );
  }
  if (origins.some((origin) => URL.parse(origin)?.origin === url.origin)) return url;
  const led = base === undefined ? '' : `, to which ${base.origin}${base.pathname} leads,`;
  throw new ForbiddenError(`the server ${url.origin}${led} is not one that settings.url_origins names`, {
    blame: 'caller',
    details: { reason: 'other_origin' },
  });
}

function badSource(message: string, reason: string): UpstreamError {
  return new UpstreamError(message, { effect: 'none', retryable: false, details: { reason } });
}
