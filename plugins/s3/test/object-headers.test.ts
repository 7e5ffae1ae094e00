import { startConnector } from '@automate/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import S3Adapter from '../src/s3-adapter.ts';
import type { S3Server } from './start-server.ts';
import { auth, startServer } from './start-server.ts';

describe('what is kept beside the bytes', () => {
  const bucket = 'reports';
  let server: S3Server;
  let s3: Awaited<ReturnType<typeof startConnector<S3Adapter>>>;

  beforeAll(async () => {
    server = await startServer();
    s3 = await startConnector(S3Adapter, { url: server.url, config: { auth } });
    await s3.call('create_bucket', { bucket });
  });
  afterAll(async () => {
    await s3?.close();
    await server?.stop();
  });

  it.each([
    'Zoë',
    '☃ and 😀 '.repeat(20),
    ' blanks around ',
    'two  blanks',
    'a\ttab',
    '=?UTF-8?B?WsOr?=',
    'a=?b',
    'ÿ',
    '\ufeffmark',
  ])('reads metadata back as it was written: %j', async (value) => {
    await s3.call('put_object', { bucket, key: 'k', text: '', metadata: { value } });
    await expect(s3.call('head_object', { bucket, key: 'k' })).resolves.toMatchObject({ metadata: { value } });
    await expect(s3.call('get_object', { bucket, key: 'k' })).resolves.toMatchObject({ metadata: { value } });
    await s3.call('copy_object', { bucket, source_key: 'k', key: 'copy', replace: { metadata: { value } } });
    await expect(s3.call('head_object', { bucket, key: 'copy' })).resolves.toMatchObject({ metadata: { value } });
    const seen = await fetch(`${server.store}/${bucket}/k`);
    expect(seen.headers.get('x-amz-meta-value')).toMatch(/^[\x20-\x7e]*$/);
  });

  it('reads what others wrote, in encoded words or in bare UTF-8', async () => {
    const write = (value: string): Promise<Response> =>
      fetch(`${server.store}/${bucket}/other`, { method: 'PUT', body: '', headers: { 'x-amz-meta-value': value } });
    for (const [written, read] of [
      ['=?utf-8?q?Zo=C3=AB_M?=', 'Zoë M'],
      ['=?utf-8?b?Wm/Dqw==?=', 'Zoë'],
      ['=?UTF-8?B?Wm/Dqw==?=\t=?UTF-8?B?IE0=?=', 'Zoë M'],
      [Buffer.from('Zoë M').toString('latin1'), 'Zoë M'],
      ['Zo\u00eb', 'Zo\u00eb'],
    ] as const) {
      await write(written);
      await expect(s3.call('head_object', { bucket, key: 'other' })).resolves.toMatchObject({
        metadata: { value: read },
      });
    }
  });

  it.each([
    ['metadata.a', { metadata: { a: 'x\r\nx-amz-acl: public-read' } }],
    ['metadata.a', { metadata: { a: '' } }],
    ['metadata.a', { metadata: { a: 1 } }],
    ['metadata.a', { metadata: { a: '\ud800' } }],
    ['metadata.a', { metadata: { A: '1', a: '2' } }],
    ['metadata.a b', { metadata: { 'a b': '1' } }],
    ['metadata', { metadata: [] }],
    ['content_disposition', { content_disposition: 'attachment; filename="naïve.txt"' }],
    ['content_disposition', { content_disposition: 'inline\r\nx: y' }],
    ['content_type', { content_type: 'text/plain\n' }],
    ['cache_control', { cache_control: ' no-store' }],
    ['content_encoding', { content_encoding: 'gzip\u0000' }],
    ['content_type', { content_type: 'text/plain; charset=iso-8859-1' }],
    ['key', { key: '\udc00' }],
    ['key', { key: 'é'.repeat(513) }],
  ])('refuses by field what no header can hold: %s of %j', async (path, given) => {
    const payload = { bucket, key: 'refused', text: '', ...given };
    await expect(s3.call('put_object', payload)).rejects.toMatchObject({ code: 'INVALID_INPUT', problems: [{ path }] });
    expect((await fetch(`${server.store}/${bucket}/refused`)).status).toBe(404);
  });

  it('takes a file name beyond ASCII as its own standard writes it', async () => {
    const content_disposition = "attachment; filename*=UTF-8''na%C3%AFve.txt";
    await s3.call('put_object', { bucket, key: 'k', text: '', content_disposition });
    await expect(s3.call('head_object', { bucket, key: 'k' })).resolves.toMatchObject({ content_disposition });
  });
});
