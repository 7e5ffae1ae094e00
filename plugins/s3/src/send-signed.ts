import { InvalidInputError } from '@automate/sdk';
import type { CallContext, HttpRequest, HttpResponse } from '@automate/sdk';
import { encodePayload, responseOf } from '@automate/sdk/exchange';
import { readBytes, readError } from './answer-check.ts';
import { headerValue } from './inputs.ts';
import type { Asked } from './network-error.ts';
import type { S3Client } from './s3-client.ts';
import { s3Error } from './s3-error.ts';

interface Request {
  method: string;
  path: string;
  query: Record<string, string | string[]>;
  headers: Record<string, string>;
  body?: Uint8Array;
}
interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What the signature makes, or must cover. */
const OURS =
  /^(authorization|host|content-length|transfer-encoding|connection|x-amz-(date|content-sha256|security-token))$/;
const DEFAULT_BYTES = 2 * 1024 * 1024;

/** Sends any request, signed like every other, and gives the answer as it came; refusals are S3's own errors. */
export async function sendSigned(s3: S3Client, request: HttpRequest, context: CallContext): Promise<HttpResponse> {
  const { method = 'GET', path, maxBytes = DEFAULT_BYTES, accept = isSuccess } = request;
  const [encoded = '', ownQuery = ''] = path.split(/\?(.*)/s);
  const what = `${method} ${encoded}`;
  const sent = normalized(encoded);
  if (leaves(encoded) || leaves(sent)) throw requestRefused('path', "a path that stays below the connector's endpoint");
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const [name, value] of headers) {
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || OURS.test(name) || !headerValue.safeParse(value).success)
      throw requestRefused(`headers.${name}`, 'a header of printable ASCII that the signature does not make');
  }
  const { bytes: body, contentType: type } = encodePayload(request);
  return s3.run(context, what, async ({ sdk, aws, options }) => {
    // Any command leads to the endpoint and its signature; this one has neither bucket nor body.
    const command = new sdk.ListBucketsCommand({});
    command.middlewareStack.add(
      (next) => (args) => {
        const made = args.request as Request;
        made.method = method;
        made.path = `${made.path.replace(/\/$/, '')}${sent}`;
        made.query = queryOf(ownQuery, request.query);
        made.headers = {
          ...made.headers,
          ...(type === undefined ? {} : { 'content-type': type }),
          ...(body === undefined ? {} : { 'content-length': String(body.byteLength) }),
          ...Object.fromEntries(headers),
        };
        if (body !== undefined) made.body = body;
        return next(args);
      },
      { step: 'build', priority: 'low', name: 'anyRequest' },
    );
    command.middlewareStack.add(
      () => async (args) => {
        const { response } = await aws.config.requestHandler.handle(args.request as never, options);
        return { response, output: { $metadata: {}, response } };
      },
      // Once it is signed. What the library knows of answers is about ListBuckets.
      { step: 'finalizeRequest', priority: 'low', name: 'anyAnswer' },
    );
    const { response } = (await aws.send(command, options)) as unknown as { readonly response: Response };
    const { statusCode: status, headers: given } = response;
    const asked = { what, ...s3.place };
    if (!accept(status)) throw s3Error(await refusalOf(response, method, asked), asked);
    const { bytes, complete } = await readBytes(response.body, maxBytes);
    if (!complete)
      throw new InvalidInputError(`${what} was answered with more than ${maxBytes} bytes; ask for less`, {
        effect: 'maybe',
        details: { reason: 'answer_too_large', max_bytes: maxBytes },
      });
    return responseOf(what, new URL(`http://s3${path}`), {
      status,
      headers: given,
      headersDistinct: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, [value]])),
      body: bytes,
    });
  });
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Whether a gateway that resolves `..` would be led out of the endpoint. */
const leaves = (path: string): boolean => !new URL(`http://s3/endpoint${path}`).pathname.startsWith('/endpoint/');

/** As the signature has it: each part encoded once, and as little as possible; services take an encoded slash for a plain one. */
function normalized(path: string): string {
  try {
    return path
      .split('/')
      .map((part) => escaped(decodeURIComponent(part)))
      .join('/')
      .replaceAll('%2F', '/');
  } catch {
    throw requestRefused('path', 'a path that is encoded as URLs are');
  }
}

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

function queryOf(own: string, given: HttpRequest['query'] = {}): Record<string, string | string[]> {
  const pairs = Object.entries(given).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, String(each ?? '')] as const),
  );
  const all = Map.groupBy([...new URLSearchParams(own), ...pairs], ([name]) => name);
  return Object.fromEntries([...all].map(([name, list]) => [name, list.map(([, value]) => value)]));
}

/** What S3 says of a refusal, in the library's form. */
async function refusalOf(response: Response, method: string, asked: Asked): Promise<object> {
  const text = await readError(response, { ...asked, hasBody: method !== 'HEAD' });
  const said = (name: string): string | undefined => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return {
    name: said('Code'),
    message: said('Message'),
    Region: said('Region'),
    ServerTime: said('ServerTime'),
    $response: response,
  };
}

function requestRefused(path: string, expected: string): InvalidInputError {
  return new InvalidInputError(`${path} is wrong: expected ${expected}`, {
    problems: [{ path, expected, received: 'another' }],
  });
}
