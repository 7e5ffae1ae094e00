// Long: each way in which a server can misbehave, against one that does them all.
import { closedPort, FakeService, startConnector } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import type { FakeReply, FakeScript, StartConnectorOptions } from '@automate/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';

const running: { close(): Promise<void> }[] = [];
const auth = { type: 'basic', username: 'key', password: 'secret' } as const;

afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function start(script: FakeScript, options: StartConnectorOptions = {}) {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, script);
  const connector = await startConnector(S3Adapter, {
    ...options,
    url: server.url,
    config: { auth, ...options.config },
  });
  running.push(connector);
  return { connector, server };
}

const xml = (text: string, status = 200): FakeReply => ({
  status,
  text: `<?xml version="1.0" encoding="UTF-8"?>\n${text}`,
  headers: { 'content-type': 'application/xml' },
});
const failure = (status: number, code: string): FakeReply =>
  xml(`<Error><Code>${code}</Code><Message>because of ${code}</Message></Error>`, status);
const noBuckets = xml('<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>');

describe("S3's own errors", () => {
  it.each([
    [404, 'NoSuchBucket', 'NOT_FOUND', false],
    [404, 'NoSuchKey', 'NOT_FOUND', false],
    [409, 'BucketAlreadyExists', 'ALREADY_EXISTS', false],
    [409, 'BucketAlreadyOwnedByYou', 'ALREADY_EXISTS', false],
    [403, 'SignatureDoesNotMatch', 'AUTH_FAILED', false],
    [403, 'InvalidAccessKeyId', 'AUTH_FAILED', false],
    [400, 'ExpiredToken', 'AUTH_FAILED', false],
    [403, 'RequestTimeTooSkewed', 'AUTH_FAILED', false],
    [403, 'AccessDenied', 'FORBIDDEN', false],
    [503, 'SlowDown', 'RATE_LIMITED', true],
    [400, 'RequestTimeout', 'TIMEOUT', true],
    [301, 'PermanentRedirect', 'CONFIG_INVALID', false],
    [500, 'InternalError', 'UPSTREAM_5XX', true],
    [503, 'ServiceUnavailable', 'UPSTREAM_5XX', true],
    [400, 'InvalidBucketName', 'INVALID_INPUT', false],
    [501, 'NotImplemented', 'UPSTREAM_5XX', false],
    [412, 'PreconditionFailed', 'ALREADY_EXISTS', false],
    [409, 'OperationAborted', 'UPSTREAM_5XX', true],
    [400, 'BadDigest', 'TRANSIENT_NETWORK', true],
  ])('%i %s is %s', async (status, name, code, retryable) => {
    const { connector, server } = await start(failure(status, name));
    await expect(connector.call('list_objects', { bucket: 'bucket' })).rejects.toMatchObject({
      code,
      retryable,
      message: expect.stringContaining(`because of ${name}`),
      details: { status, s3_error: name },
    });
    // The library's own retries would multiply the host's.
    expect(server.requests).toHaveLength(1);
  });

  it('are waited for as long as the server says', async () => {
    const { connector } = await start({ ...failure(503, 'SlowDown'), headers: { 'retry-after': '3' } });
    await expect(connector.call('list_buckets')).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 3000 });
  });

  it('are asked for in words where a HEAD gives a status alone', async () => {
    const { connector, server } = await start(({ method }) =>
      method === 'HEAD' ? { status: 403 } : failure(403, 'InvalidAccessKeyId'),
    );
    await expect(connector.call('head_object', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({
      code: 'AUTH_FAILED',
    });
    expect(server.requests.map(({ method }) => method)).toStrictEqual(['HEAD', 'GET']);
  });

  it.each([
    [403, 'FORBIDDEN'],
    [500, 'UPSTREAM_5XX'],
  ])('are judged by the status where nothing tells more: %i', async (status, code) => {
    const { connector } = await start({ status });
    await expect(connector.call('head_object', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({ code });
  });

  it('count by their status and headers where their text is lost', async () => {
    const { connector } = await start({
      status: 429,
      text: '<html>'.repeat(100),
      drop: 'body',
      headers: { 'retry-after': '7' },
    });
    await expect(connector.call('list_buckets')).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      effect: 'none',
      retryAfterMs: 7000,
    });
  });

  it('are found in an answer that began well', async () => {
    const { connector } = await start({ ...failure(200, 'InternalError') });
    await expect(
      connector.call('copy_object', { bucket: 'bucket', key: 'key', source_key: 'other' }),
    ).rejects.toMatchObject({ code: 'UPSTREAM_5XX' });
  });

  const deleteBoth = { bucket: 'bucket', objects: [{ key: 'a' }, { key: 'b' }] };
  const left = (code: string): string => `<Error><Key>b</Key><Code>${code}</Code><Message>no</Message></Error>`;

  it('fail a deletion of many that left some, and say which', async () => {
    const { connector, server } = await start(
      xml(`<DeleteResult><Deleted><Key>a</Key></Deleted>${left('AccessDenied')}</DeleteResult>`),
    );
    await expect(connector.call('delete_objects', deleteBoth)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'maybe',
      message: expect.stringContaining('"b" (AccessDenied: no)'),
      details: { deleted: 1, left: 1, errors: [{ key: 'b', code: 'AccessDenied', message: 'no' }] },
    });
    const headers = server.requests[0]?.headers ?? {};
    expect(headers['content-md5']).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toStrictEqual([]);
  });

  it.each([
    ['SlowDown', { code: 'RATE_LIMITED', retryable: true, effect: 'none' }],
    ['InternalError', { code: 'UPSTREAM_5XX', retryable: true, effect: 'maybe' }],
    ['AccessDenied', { code: 'FORBIDDEN', retryable: false, effect: 'none' }],
  ])('of a deletion that deleted nothing decide alone: %s', async (word, expected) => {
    const { connector } = await start(xml(`<DeleteResult>${left(word)}</DeleteResult>`));
    await expect(connector.call('delete_objects', deleteBoth)).rejects.toMatchObject(expected);
  });

  it('are missed where a deletion of many says nothing of a key', async () => {
    const { connector } = await start(xml('<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>'));
    await expect(connector.call('delete_objects', deleteBoth)).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      details: { reason: 'bad_answer' },
    });
  });

  it.each([
    ['is named alone', '<Deleted><Key>a</Key><VersionId>1</VersionId></Deleted>'],
    ['is said twice', '<Deleted><Key>a</Key><VersionId>1</VersionId></Deleted>'.repeat(2)],
    ['has its key named without it', '<Deleted><Key>a</Key></Deleted>'],
  ])('are missed where a deletion of two versions says nothing of the other one, and one %s', async (_what, said) => {
    const { connector } = await start(xml(`<DeleteResult>${said}</DeleteResult>`));
    const objects = ['1', '2'].map((version_id) => ({ key: 'a', version_id }));
    await expect(connector.call('delete_objects', { bucket: 'bucket', objects })).rejects.toMatchObject({
      effect: 'maybe',
      details: { reason: 'bad_answer' },
    });
  });

  it('are not missed where a service names the keys alone, or once what was asked twice', async () => {
    const { connector } = await start(
      xml(`<DeleteResult>${'<Deleted><Key>a</Key></Deleted>'.repeat(2)}</DeleteResult>`),
    );
    const objects = ['1', '2', '1'].map((version_id) => ({ key: 'a', version_id }));
    await expect(connector.call('delete_objects', { bucket: 'bucket', objects })).resolves.toMatchObject({
      deleted: [{ key: 'a' }, { key: 'a' }],
    });
  });

  it('count as done where a service says that what shall be deleted is not there', async () => {
    const { connector } = await start(failure(404, 'NoSuchKey'));
    await expect(connector.call('delete_object', { bucket: 'bucket', key: 'key' })).resolves.toStrictEqual({});
  });
});

describe('an answer that is not of S3', () => {
  const page: FakeReply = { text: '<html><body>hello', headers: { 'content-type': 'text/html' } };
  const replies: readonly (readonly [string, FakeReply])[] = [
    ['a web page', page],
    ['JSON', { json: { buckets: [] } }],
    ['XML of another kind', xml('<rss version="2.0"></rss>')],
    ['nothing', { status: 200 }],
    ['a failing proxy', { ...page, status: 502 }],
    ['a missing page', { ...page, status: 404 }],
    ['a gateway that refuses', { ...page, status: 400 }],
  ];
  it.each(replies)('is named as such or by its status: %s', async (_title, reply) => {
    const { connector } = await start(reply);
    const expected = {
      code: 'UPSTREAM_5XX',
      ...(reply.status === 502 ? {} : { details: { reason: 'bad_answer' }, retryable: false }),
    };
    await expect(connector.adapter.connect()).rejects.toMatchObject(expected);
    await expect(connector.call('list_objects', { bucket: 'bucket' })).rejects.toMatchObject(expected);
    await expect(connector.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: expected.code } });
  });

  it.each([
    ['get_object', { key: 'key' }],
    ['head_object', { key: 'key' }],
    ['put_object', { key: 'key', text: '' }],
    ['delete_object', { key: 'key' }],
    ['create_bucket', {}],
  ])('does not pass for a success of %s', async (action, payload) => {
    const { connector } = await start(page);
    await expect(connector.call(action, { bucket: 'bucket', ...payload })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });

  it('is not what some services call HTML and leave empty', async () => {
    const { connector } = await start({ status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' } });
    await expect(connector.call('create_bucket', { bucket: 'bucket' })).resolves.toStrictEqual({});
  });

  it('is named where XML breaks off, and where a page names no next one', async () => {
    const cut = await start(xml('<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Na'));
    await expect(cut.connector.call('list_buckets')).rejects.toMatchObject({ code: 'UPSTREAM_5XX', retryable: false });
    const endless = await start(xml('<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'));
    await expect(endless.connector.call('list_objects', { bucket: 'bucket' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });
});

describe('an object', () => {
  const get = { bucket: 'bucket', key: 'key' };
  const object = (text: string, headers: Record<string, string> = {}): FakeReply => ({
    text,
    headers: { etag: '"e"', ...headers },
  });

  it('is not given where the connection broke off, however the server marks its end', async () => {
    const { connector } = await start([
      { ...object('x'.repeat(100)), drop: 'body' },
      { ...object('x'.repeat(100), { 'transfer-encoding': 'chunked' }), drop: 'body' },
    ]);
    for (const _ of [1, 2])
      await expect(connector.call('get_object', get)).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
  });

  it('is not given with bytes that do not fit its checksum', async () => {
    const { connector } = await start(object('changed', { 'x-amz-checksum-crc32': 'AAAAAA==' }));
    await expect(connector.call('get_object', get)).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      retryable: true,
      details: { reason: 'checksum_mismatch' },
    });
  });

  it.each([
    ['all of it', { start: 2, end: 4 }, {}],
    ['another part', { start: 2, end: 4 }, { 'content-range': 'bytes 0-2/10' }],
    ['a longer part', { start: 2, end: 3 }, { 'content-range': 'bytes 2-4/10' }],
    ['a part of unknown size', { last: 3 }, { 'content-range': 'bytes 7-9/*' }],
  ])('is not given for a part of it: %s', async (_title, range, headers) => {
    const { connector } = await start(object('abc', headers));
    await expect(connector.call('get_object', { ...get, range })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });

  it.each([[{ start: 0 }], [{ start: 0, end: 9 }], [{ last: 3 }], [{ last: 9 }]])(
    'is given whole for a part that is all of it: %j',
    async (range) => {
      const { connector } = await start(object('abc'));
      await expect(connector.call('get_object', { ...get, range, as: 'text' })).resolves.toMatchObject({
        text: 'abc',
        total_size: 3,
      });
    },
  );

  it.each([
    ['iso-8859-1', Buffer.from('caf\u00e9', 'latin1'), 'café'],
    ['"UTF-16"', Buffer.from('\ufeffcafé', 'utf16le'), 'café'],
    ['utf-16', Buffer.from('\ufeffcafé', 'utf16le').swap16(), 'café'],
    ['utf-8', Buffer.from('\ufeffcafé'), '\ufeffcafé'],
  ])('is read as text in the charset of its type: %s', async (charset, bytes, text) => {
    const { connector } = await start({
      bytes,
      headers: { etag: '"e"', 'content-type': `text/plain; charset=${charset}` },
    });
    await expect(connector.call('get_object', { ...get, as: 'text' })).resolves.toMatchObject({ text });
  });

  it('keeps metadata under every name, "__proto__" too', async () => {
    const metadata = JSON.parse('{"__proto__":"a","constructor":"b","with.dot":"c"}') as Record<string, string>;
    const sent = Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
    const { connector, server } = await start(object('', Object.fromEntries(sent) as Record<string, string>));
    await connector.call('put_object', { ...get, text: '', metadata });
    expect(Object.entries(server.requests[0]?.headers ?? {})).toEqual(expect.arrayContaining(sent));
    const read = await connector.call('get_object', get);
    expect(JSON.stringify(read['metadata'])).toBe(JSON.stringify(metadata));
  });

  it('is refused as text in a charset that nobody knows, and too long for a result', async () => {
    const { connector } = await start([
      object('abc', { 'content-type': 'text/plain; charset=klingon' }),
      object('\u0001'.repeat(2 ** 20)),
    ]);
    for (const reason of ['bad_charset', 'object_too_large'])
      await expect(connector.call('get_object', { ...get, as: 'text' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: { reason },
      });
  });
});

describe('another region', () => {
  const elsewhere = { 'x-amz-bucket-region': 'eu-west-3' };
  const malformed = xml(
    '<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-west-3</Region></Error>',
    400,
  );

  it.each<[string, FakeReply]>([
    ['a redirect for good', { ...failure(301, 'PermanentRedirect'), headers: elsewhere }],
    ['a malformed header, says the text', malformed],
    ['a redirect to a HEAD', { status: 301, headers: elsewhere }],
    ['a refusal of a HEAD', { status: 400, headers: elsewhere }],
    ['a redirect for now', { ...failure(307, 'TemporaryRedirect'), headers: elsewhere }],
  ])('is named: %s', async (_title, reply) => {
    const { connector } = await start(reply);
    await expect(connector.call('head_object', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"eu-west-3"'),
      details: { region: 'eu-west-3' },
    });
  });

  it('is not blamed for a redirect that passes', async () => {
    const { connector } = await start({ ...failure(307, 'TemporaryRedirect'), headers: { location: 'http://x/' } });
    await expect(connector.call('put_object', { bucket: 'bucket', key: 'key', text: '' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      retryable: true,
      effect: 'none',
    });
  });
});

describe('keys that XML cannot hold', () => {
  it('are asked for and read in encoded form', async () => {
    const { connector, server } = await start(
      xml(
        '<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>a+b%2Bc%01</Key><Size>1</Size></Contents></ListBucketResult>',
      ),
    );
    await expect(connector.call('list_objects', { bucket: 'bucket' })).resolves.toMatchObject({
      objects: [{ key: 'a b+c\u0001' }],
    });
    expect(server.requests[0]?.query.get('encoding-type')).toBe('url');
  });

  it('are not guessed where they are not encoded as the service says', async () => {
    const { connector } = await start(
      xml('<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>100%</Key></Contents></ListBucketResult>'),
    );
    await expect(connector.call('list_objects', { bucket: 'bucket' })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      details: { reason: 'bad_answer' },
    });
  });
});

describe('a connection', () => {
  it('that is lost in the middle of a call is reported, and the next call works', async () => {
    const { connector } = await start([{ drop: 'request' }, { ...noBuckets, drop: 'body' }, noBuckets]);
    const lost = { code: 'TRANSIENT_NETWORK', retryable: true, effect: 'none' };
    await expect(connector.call('list_buckets')).rejects.toMatchObject(lost);
    await expect(connector.call('list_buckets')).rejects.toMatchObject(lost);
    await expect(connector.call('list_buckets')).resolves.toStrictEqual({ buckets: [] });
  });

  it.each<[string, FakeReply, string]>([
    ['is lost', { drop: 'request' }, 'TRANSIENT_NETWORK'],
    ['gives no answer in time', { drop: 'never' }, 'TIMEOUT'],
  ])('that %s leaves open whether an object was written', async (_title, reply, code) => {
    const { connector } = await start(reply);
    await expect(
      connector.call('put_object', { bucket: 'bucket', key: 'key', text: '' }, { timeoutMs: 2000 }),
    ).rejects.toMatchObject({ code, effect: 'maybe' });
  });

  it('that is lost in the middle of an object is reported', async () => {
    const object: FakeReply = { text: 'x'.repeat(1000), headers: { etag: '"e"' } };
    const { connector } = await start([{ ...object, drop: 'body' }, object]);
    await expect(connector.call('get_object', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
    });
    await expect(connector.call('get_object', { bucket: 'bucket', key: 'key' })).resolves.toMatchObject({ size: 1000 });
  });

  it('that the server closed while it was idle is not used again', async () => {
    const { connector, server } = await start(noBuckets);
    await connector.call('list_buckets');
    expect(server.connections).toBe(1);
    server.dropConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(connector.call('list_buckets')).resolves.toStrictEqual({ buckets: [] });
  });
});

describe('a slow answer', () => {
  it('ends with the deadline of the call, and its connection too', async () => {
    const { connector, server } = await start({ drop: 'never' });
    await expect(connector.call('list_buckets', {}, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      effect: 'none',
    });
    await expect(connector.health({ timeoutMs: 200 })).resolves.toMatchObject({
      status: 'unhealthy',
      details: { code: 'TIMEOUT' },
    });
    await eventually(() => server.connections === 0);
  });

  it('ends when the caller gives up', async () => {
    const { connector } = await start({ drop: 'never' });
    await expect(connector.call('list_buckets', {}, { cancelAfterMs: 50 })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

describe('health', () => {
  it('tells a wrong port, wrong credentials and forbidden ones apart', async () => {
    const elsewhere = await startConnector(S3Adapter, {
      url: `http://127.0.0.1:${await closedPort()}`,
      config: { auth },
    });
    running.push(elsewhere);
    await expect(elsewhere.health()).resolves.toMatchObject({ details: { code: 'TRANSIENT_NETWORK' } });
    const wrong = await start(failure(403, 'SignatureDoesNotMatch'));
    await expect(wrong.connector.health()).resolves.toMatchObject({ details: { code: 'AUTH_FAILED' } });
    const forbidden = await start(failure(403, 'AllAccessDisabled'));
    await expect(forbidden.connector.health()).resolves.toMatchObject({ details: { code: 'FORBIDDEN' } });
    const wall = await start({ status: 403, text: '<html>no', headers: { 'content-type': 'text/html' } });
    await expect(wall.connector.health()).resolves.toMatchObject({ details: { code: 'FORBIDDEN' } });
  });

  it('asks a configured path without the credentials, which are a signing key, and then with them', async () => {
    const healthCheck = { path: '/minio/health/live' };
    const script = ({ path }: { path: string }): FakeReply => (path === healthCheck.path ? { status: 200 } : noBuckets);
    const { connector, server } = await start(script, { config: { healthCheck } });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    expect(server.requests.map(({ path }) => path)).toStrictEqual([healthCheck.path, '/']);
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });
});

describe('credentials', () => {
  const authorizationOf = async (options: StartConnectorOptions): Promise<string | undefined> => {
    const { connector, server } = await start(noBuckets, options);
    await connector.call('list_buckets');
    return server.requests[0]?.headers['authorization'];
  };

  it('sign requests for the region, whether they stand in auth or in a profile', async () => {
    const settings = { region: 'eu-central-1' };
    const scope = (key: string) =>
      expect.stringMatching(new RegExp(`Credential=${key}/\\d+/eu-central-1/s3/aws4_request`));
    expect(await authorizationOf({ settings })).toStrictEqual(scope('key'));
    const profile = { settings, secrets: { access_key_id: 'other', secret_access_key: 'hush' } };
    expect(await authorizationOf({ ...profile, config: { auth: { type: 'none' } } })).toStrictEqual(scope('other'));
    const filled = { settings, secrets: { username: 'third', password: 'hush' } };
    expect(await authorizationOf({ ...filled, config: { auth: { type: 'basic' } } })).toStrictEqual(scope('third'));
  });

  it('may be missing: then nothing is signed, and no address can be', async () => {
    const { connector, server } = await start(noBuckets, { config: { auth: { type: 'none' } } });
    await connector.call('list_buckets');
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    await expect(connector.call('presign_get', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('that are temporary send their token, but sign no address that would give it away', async () => {
    const { connector, server } = await start(noBuckets, { secrets: { session_token: 'passing' } });
    await connector.call('list_buckets');
    expect(server.requests[0]?.headers).toMatchObject({ 'x-amz-security-token': 'passing' });
    await expect(connector.call('presign_put', { bucket: 'bucket', key: 'key' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('that S3 does not know, or half of them, are the fault of the configuration', async () => {
    const unknown = { config: { auth: { type: 'bearer', token: 't' } } } as const;
    const half = { config: { auth: { type: 'none' } }, secrets: { access_key_id: 'key' } } as const;
    for (const options of [unknown, half]) {
      const { connector } = await start(noBuckets, options);
      await expect(connector.adapter.connect()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });

  it('go along with the headers that auth adds', async () => {
    const { connector, server } = await start(noBuckets, {
      config: { auth: { ...auth, headers: { 'X-Tenant': 'one' } } },
    });
    await connector.call('list_buckets');
    expect(server.requests[0]?.headers).toMatchObject({
      'x-tenant': 'one',
      authorization: expect.stringContaining('key'),
    });
  });
});

describe('without a host', () => {
  it.each<[string, StartConnectorOptions['settings'], string]>([
    ['bucket', {}, 'bucket.s3.eu-central-1.amazonaws.com/a/b'],
    ['bucket', { path_style: true }, 's3.eu-central-1.amazonaws.com/bucket/a/b'],
    // No certificate is good for a name with dots before that of the service.
    ['my.bucket', {}, 's3.eu-central-1.amazonaws.com/my.bucket/a/b'],
    ['Old_Bucket', {}, 's3.eu-central-1.amazonaws.com/Old_Bucket/a/b'],
    [
      'arn:aws:s3:eu-central-1:123456789012:accesspoint/mine',
      {},
      'mine-123456789012.s3-accesspoint.eu-central-1.amazonaws.com/a/b',
    ],
  ])('addresses are those of AWS in the region: %s', async (bucket, settings, address) => {
    const connector = await startConnector(S3Adapter, {
      config: { auth },
      settings: { region: 'eu-central-1', ...settings },
    });
    running.push(connector);
    const { url } = await connector.call('presign_get', { bucket, key: 'a/b' });
    expect(String(url).replace(/\?.*/, '')).toBe(`https://${address}`);
  });
});
