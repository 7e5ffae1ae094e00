import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';

/** A request as it came over the wire; header values hold one character per byte. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, still encoded. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SignatureRules {
  /** The one region that requests must be signed for. */
  readonly region: string;
  /** The secret of an access key. */
  readonly secretOf: (accessKey: string) => string | undefined;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly now: number;
}

/** A refusal in S3's words. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Elements of the error beside code and message. */
  readonly more: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
    this.headers = headers;
  }
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60 * 1000;
const MAX_EXPIRES_SECONDS = 7 * 24 * 60 * 60;
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

interface Claim {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly date: string;
  readonly payload: string;
}

/**
 * Checks a request as AWS documents signature version 4, in headers or in the query, and that the body is the one that
 * the request announces.
 *
 * @returns the access key; undefined for a request that nobody signed.
 * @throws S3Refusal as S3 would answer.
 */
export function checkSignature(request: SignedRequest, rules: SignatureRules): string | undefined {
  const query = queryOf(request.url);
  const claim = claimInHeaders(request) ?? claimInQuery(query);
  if (claim === undefined) return undefined;
  const [accessKey = '', day = '', region = '', service = '', end = ''] = claim.credential.split('/');
  const secret = rules.secretOf(accessKey);
  if (secret === undefined) throw new S3Refusal(403, 'InvalidAccessKeyId', 'there is no such access key');
  if (service !== 's3' || end !== 'aws4_request' || day !== claim.date.slice(0, 8))
    throw new S3Refusal(400, 'AuthorizationHeaderMalformed', 'the credential is malformed');
  if (region !== rules.region)
    throw new S3Refusal(
      400,
      'AuthorizationHeaderMalformed',
      `the region '${region}' is wrong; expecting '${rules.region}'`,
      {
        Region: rules.region,
      },
    );
  checkTime(claim, query, rules.now);
  checkSignedHeaders(request, claim);
  const scope = [day, region, service, end];
  const key = scope.reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`);
  const text = [ALGORITHM, claim.date, scope.join('/'), sha256(canonicalRequest(request, claim, query))].join('\n');
  const wanted = hmac(key, text);
  const got = Buffer.from(claim.signature, 'hex');
  if (got.length !== wanted.length || !timingSafeEqual(got, wanted))
    throw new S3Refusal(403, 'SignatureDoesNotMatch', 'the signature is not the one that the secret gives');
  checkBody(request, claim.payload);
  return accessKey;
}

function claimInHeaders({ headers }: SignedRequest): Claim | undefined {
  if (headers.authorization === undefined) return undefined;
  const found = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers.authorization,
  );
  const [date, payload] = [headers['x-amz-date'], headers['x-amz-content-sha256']];
  if (found === null || typeof date !== 'string')
    throw new S3Refusal(400, 'AuthorizationHeaderMalformed', 'the authorization header cannot be read');
  if (typeof payload !== 'string') throw new S3Refusal(400, 'InvalidRequest', 'x-amz-content-sha256 is missing');
  const [, credential = '', signedHeaders = '', signature = ''] = found;
  return { credential, signedHeaders, signature, date, payload };
}

function claimInQuery(query: readonly (readonly [string, string])[]): Claim | undefined {
  const values = new Map(query);
  const signature = values.get('X-Amz-Signature');
  if (signature === undefined) return undefined;
  const value = (name: string): string => {
    const found = values.get(`X-Amz-${name}`);
    if (found === undefined) throw new S3Refusal(400, 'AuthorizationQueryParametersError', `X-Amz-${name} is missing`);
    return found;
  };
  if (value('Algorithm') !== ALGORITHM)
    throw new S3Refusal(400, 'AuthorizationQueryParametersError', 'another algorithm');
  return {
    credential: value('Credential'),
    signedHeaders: value('SignedHeaders'),
    signature,
    date: value('Date'),
    payload: values.get('X-Amz-Content-Sha256') ?? UNSIGNED,
  };
}

function checkTime({ date }: Claim, query: readonly (readonly [string, string])[], now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date)?.slice(1).map(Number);
  if (parts === undefined) throw new S3Refusal(403, 'AccessDenied', 'the date is not one');
  const [year = 0, month = 1, ...rest] = parts;
  const signedAt = Date.UTC(year, month - 1, ...(rest as [number, number, number, number]));
  const expires = new Map(query).get('X-Amz-Expires');
  if (expires !== undefined) {
    const seconds = Number(expires);
    if (!(seconds >= 1 && seconds <= MAX_EXPIRES_SECONDS))
      throw new S3Refusal(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be within a week');
    if (signedAt - MAX_SKEW_MS > now) throw new S3Refusal(403, 'AccessDenied', 'the address is not valid yet');
    if (signedAt + seconds * 1000 < now) throw new S3Refusal(403, 'AccessDenied', 'Request has expired');
    return;
  }
  if (Math.abs(signedAt - now) > MAX_SKEW_MS)
    throw new S3Refusal(403, 'RequestTimeTooSkewed', 'the difference between the clocks is too large', {
      RequestTime: date,
      ServerTime: new Date(now).toISOString(),
      MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    });
}

function checkSignedHeaders({ headers }: SignedRequest, { signedHeaders }: Claim): void {
  const signed = signedHeaders.split(';');
  const must = Object.keys(headers).filter(
    (name) => name === 'host' || name === 'content-md5' || name.startsWith('x-amz-'),
  );
  const missing = must.filter((name) => !signed.includes(name));
  if (missing.length > 0)
    throw new S3Refusal(403, 'AccessDenied', `there were headers that were not signed: ${missing.join(', ')}`);
}

function canonicalRequest(
  { method, url, headers }: SignedRequest,
  { signedHeaders, payload }: Claim,
  query: readonly (readonly [string, string])[],
): Buffer {
  const [path = ''] = url.split('?');
  const canonicalPath = path
    .split('/')
    .map((part) => encode(decodeURIComponent(part)))
    .join('/');
  const canonicalQuery = query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  const canonicalHeaders = signedHeaders.split(';').map((name) => {
    const value = headers[name];
    return `${name}:${String(Array.isArray(value) ? value.join(',') : (value ?? ''))
      .trim()
      .replace(/ +/g, ' ')}\n`;
  });
  // The headers' bytes as they came, which is what S3 signs.
  return Buffer.from(
    [method, canonicalPath, canonicalQuery, canonicalHeaders.join(''), signedHeaders, payload].join('\n'),
    'latin1',
  );
}

function checkBody({ headers, body }: SignedRequest, payload: string): void {
  if (payload === TRAILER) {
    checkDigests(trailersOf(headers, body), unchunk(body));
    return;
  }
  if (payload !== UNSIGNED && payload !== sha256(body))
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch', 'the body is not the one that was signed');
  checkDigests(headers, body);
}

const DIGESTS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  'content-md5': (bytes) => createHash('md5').update(bytes).digest('base64'),
  'x-amz-checksum-sha1': (bytes) => createHash('sha1').update(bytes).digest('base64'),
  'x-amz-checksum-sha256': (bytes) => createHash('sha256').update(bytes).digest('base64'),
  'x-amz-checksum-crc32': (bytes) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(bytes));
    return value.toString('base64');
  },
};

function checkDigests(headers: IncomingHttpHeaders, bytes: Buffer): void {
  for (const [name, digest] of Object.entries(DIGESTS)) {
    if (headers[name] !== undefined && headers[name] !== digest(bytes))
      throw new S3Refusal(400, 'BadDigest', `the body does not fit ${name}`);
  }
}

/** The bytes within AWS's own chunks: size in hexadecimal, a line end, bytes, a line end; the last one is empty. */
function unchunk(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, lineEnd).toString(), 16);
    if (lineEnd < 0 || Number.isNaN(size)) throw new S3Refusal(400, 'IncompleteBody', 'the chunks are malformed');
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + size + 4;
  }
}

function trailersOf(headers: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  const tail = body.subarray(body.lastIndexOf('\r\n0\r\n') + 1).toString();
  const trailers = [...tail.matchAll(/^([a-z0-9-]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [
    name,
    value.trim(),
  ]);
  const found = Object.fromEntries(trailers) as IncomingHttpHeaders;
  for (const name of String(headers['x-amz-trailer'] ?? '').split(',')) {
    if (name !== '' && found[name.trim()] === undefined)
      throw new S3Refusal(400, 'MalformedTrailerError', `the trailer ${name} is missing`);
  }
  return found;
}

function queryOf(url: string): readonly (readonly [string, string])[] {
  const start = url.indexOf('?');
  const text = start < 0 ? '' : url.slice(start + 1);
  return text
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...value] = part.split('=');
      return [decode(name), decode(value.join('='))] as const;
    });
}

const decode = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
