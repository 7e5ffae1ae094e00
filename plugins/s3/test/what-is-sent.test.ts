import type { JsonObject } from '@automate/sdk';
import { FakeService, startConnector } from '@automate/testing';
import type { FakeReply, RecordedRequest, StartedConnector } from '@automate/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import { auth } from './start-server.ts';

const ANSWERS: readonly (readonly [RegExp, FakeReply])[] = [
  [/[?&]delete/, { text: '<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>' }],
  [/[?&]versions/, { text: '<ListVersionsResult></ListVersionsResult>' }],
  [/[?&]uploads/, { text: '<ListMultipartUploadsResult></ListMultipartUploadsResult>' }],
  [/[?&]tagging/, { text: '<Tagging><TagSet></TagSet></Tagging>' }],
  [/list-type=2/, { text: '<ListBucketResult></ListBucketResult>' }],
  [/CopyObject/, { text: '<CopyObjectResult></CopyObjectResult>' }],
];

const seconds = '2026-01-02T03:04:05Z';
const dates = 'Fri, 02 Jan 2026 03:04:05 GMT';

describe('what is asked of S3', () => {
  let server: FakeService;
  let s3: StartedConnector<S3Adapter>;
  let last: RecordedRequest;

  beforeAll(async () => {
    server = await FakeService.start();
    server.on('*', /.*/, (request) => {
      last = request;
      const [, answer] = ANSWERS.find(([target]) => target.test(request.target)) ?? [];
      return answer ?? { headers: { etag: '"e"' } };
    });
    s3 = await startConnector(S3Adapter, { url: server.url, config: { auth }, settings: { bucket: 'b' } });
  });
  afterAll(async () => {
    await s3.close();
    await server.close();
  });

  it.each<[string, JsonObject, readonly (readonly [string, string])[]]>([
    ['get_object', { key: 'k', version_id: 'v+1' }, [['versionId', 'v+1']]],
    ['head_object', { key: 'k', version_id: 'v' }, [['versionId', 'v']]],
    ['delete_object', { key: 'k', version_id: 'v' }, [['versionId', 'v']]],
    ['get_object_tags', { key: 'k', version_id: 'v' }, [['versionId', 'v']]],
    ['set_object_tags', { key: 'k', version_id: 'v', tags: [{ key: 'a', value: '' }] }, [['versionId', 'v']]],
    ['set_object_tags', { key: 'k', version_id: 'v', tags: [] }, [['versionId', 'v']]],
    ['abort_upload', { key: 'k', upload_id: 'u/+' }, [['uploadId', 'u/+']]],
    [
      'list_objects',
      { prefix: 'p&', delimiter: '/', start_after: 's', continuation_token: 't+/=', max_keys: 7 },
      [
        ['prefix', 'p&'],
        ['delimiter', '/'],
        ['start-after', 's'],
        ['continuation-token', 't+/='],
        ['max-keys', '7'],
        ['encoding-type', 'url'],
      ],
    ],
    [
      'list_object_versions',
      { prefix: 'p', delimiter: '/', key_marker: 'k+', version_id_marker: 'v', max_keys: 7 },
      [
        ['prefix', 'p'],
        ['delimiter', '/'],
        ['key-marker', 'k+'],
        ['version-id-marker', 'v'],
        ['max-keys', '7'],
        ['encoding-type', 'url'],
      ],
    ],
    [
      'list_uploads',
      { prefix: 'p', key_marker: 'k+', upload_id_marker: 'u', max_uploads: 7 },
      [
        ['prefix', 'p'],
        ['key-marker', 'k+'],
        ['upload-id-marker', 'u'],
        ['max-uploads', '7'],
        ['encoding-type', 'url'],
      ],
    ],
  ])('stands in the query: %s %j', async (action, payload, expected) => {
    await s3.call(action, payload);
    for (const [name, value] of expected) expect([name, last.query.getAll(name)]).toStrictEqual([name, [value]]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      'get_object',
      { key: 'k', if_match: 'e', if_modified_since: seconds, if_unmodified_since: seconds },
      { 'if-match': '"e"', 'if-modified-since': dates, 'if-unmodified-since': dates },
    ],
    ['get_object', { key: 'k', if_none_match: '"e"' }, { 'if-none-match': '"e"', 'x-amz-checksum-mode': 'ENABLED' }],
    ['head_object', { key: 'k', if_match: 'e', if_unmodified_since: seconds }, { 'if-unmodified-since': dates }],
    ['get_object', { key: 'k', range: { start: 0, end: 0 } }, { range: 'bytes=0-0' }],
    [
      'put_object',
      { key: 'k', text: '', if_match: 'e', tags: [{ key: 'a b', value: 'ü&=+' }] },
      { 'if-match': '"e"', 'x-amz-tagging': 'a%20b=%C3%BC%26%3D%2B', 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' },
    ],
    ['put_object', { key: 'k', text: '', if_none_match: '*' }, { 'if-none-match': '*' }],
    [
      'copy_object',
      { key: 'k', source_bucket: 'a+b', source_key: 'ä b//?', source_version_id: 'v/+' },
      { 'x-amz-copy-source': 'a%2Bb/%C3%A4%20b//%3F?versionId=v%2F%2B' },
    ],
    [
      'copy_object',
      { key: 'k', source_key: 'k', replace: { cache_control: 'no-store' } },
      { 'x-amz-copy-source': 'b/k', 'x-amz-metadata-directive': 'REPLACE', 'cache-control': 'no-store' },
    ],
  ])('stands in headers: %s %j', async (action, payload, expected) => {
    await s3.call(action, payload).catch(() => undefined);
    expect(last.headers).toMatchObject(expected);
  });

  it('is a version of each object that shall be deleted', async () => {
    await s3.call('delete_objects', { objects: [{ key: 'k', version_id: 'v<1' }, { key: 'k' }] });
    expect(last.text()).toContain(
      '<Object><Key>k</Key><VersionId>v&lt;1</VersionId></Object><Object><Key>k</Key></Object>',
    );
    expect(last.headers['content-md5']).toHaveLength(24);
  });

  it('is written in words of 75 characters at most', async () => {
    await s3.call('put_object', { key: 'k', text: '', metadata: { a: 'ü😀x'.repeat(60) } });
    const words = (last.headers['x-amz-meta-a'] ?? '').split(' ');
    expect(words.length).toBeGreaterThan(5);
    for (const word of words) {
      expect(word.length).toBeLessThanOrEqual(75);
      const [, text = ''] = /^=\?UTF-8\?B\?(.*)\?=$/.exec(word) ?? [];
      expect(Buffer.from(text, 'base64').toString()).not.toContain('\ufffd');
    }
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      'presign_get',
      { version_id: 'v+', expires_in: 61, response_content_type: 'text/x', response_content_disposition: 'inline' },
      {
        versionId: 'v+',
        'X-Amz-Expires': '61',
        'response-content-type': 'text/x',
        'response-content-disposition': 'inline',
      },
    ],
    ['presign_get', {}, { 'X-Amz-Expires': '900', 'X-Amz-SignedHeaders': 'host' }],
    [
      'presign_put',
      { expires_in: 604_800, content_type: 'text/x' },
      { 'X-Amz-Expires': '604800', 'X-Amz-SignedHeaders': 'content-type;host' },
    ],
  ])('stands in a signed address: %s %j', async (action, payload, expected) => {
    const before = Date.now();
    const { url, expires_at: end } = await s3.call(action, { key: 'k', ...payload });
    const query = Object.fromEntries(new URL(String(url)).searchParams);
    expect(query).toMatchObject(expected);
    expect(Date.parse(String(end))).toBeGreaterThanOrEqual(before + Number(query['X-Amz-Expires']) * 1000);
    expect(Date.parse(String(end))).toBeLessThanOrEqual(Date.now() + Number(query['X-Amz-Expires']) * 1000);
  });
});
