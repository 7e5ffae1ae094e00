import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FakeService } from '@automate/testing';
import type { FakeReply } from '@automate/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeFolders, startMover } from './move-files.ts';
import type { Folders } from './move-files.ts';
import { auth } from './start-server.ts';

let server: FakeService;
let folders: Folders;
beforeEach(async () => {
  server = await FakeService.start();
  folders = makeFolders();
});
afterEach(async () => {
  folders.remove();
  await server.close();
});

const md5 = createHash('md5').update('content').digest('hex');
const other = '0'.repeat(32);
const object = (etag: string, headers: Readonly<Record<string, string>> = {}, text = 'content'): FakeReply => ({
  status: 200,
  text,
  headers: { etag: `"${etag}"`, ...headers },
});
const checksum = (text: string): Record<string, string> => {
  const digest = Buffer.alloc(4);
  digest.writeUInt32BE(crc32(text));
  return { 'x-amz-checksum-crc32': digest.toString('base64') };
};

/** Downloads what the server answers, and says how often it was asked. */
async function download(...replies: FakeReply[]) {
  server.on('GET', '/files/object', replies);
  const s3 = await startMover(server.url, auth, { folders });
  try {
    const result = await s3.call('download_file', { key: 'object', file: join(folders.write, 'file') });
    return { result, text: readFileSync(join(folders.write, 'file'), 'utf8'), asked: server.requests.length };
  } finally {
    await s3.close();
  }
}

const changed = { code: 'TRANSIENT_NETWORK', effect: 'none', details: { reason: 'checksum_mismatch' } };

describe('the bytes of a download', () => {
  it.each([
    ['its MD5', object(md5)],
    ['its MD5 in capitals', object(md5.toUpperCase())],
    ['a digest of digests', object(`${other}-3`)],
    ['what a server makes up', object('made-up')],
    [
      'another digest, as it is encrypted by a key of KMS',
      object(other, { 'x-amz-server-side-encryption': 'aws:kms' }),
    ],
    ['another, by two', object(other, { 'x-amz-server-side-encryption': 'aws:kms:dsse' })],
    ["another, by the caller's key", object(other, { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' })],
    ['another, but fit the checksum', object(other, checksum('content'))],
  ])('are taken as they come where the ETag is %s', async (_title, reply) => {
    await expect(download(reply)).resolves.toMatchObject({ text: 'content', asked: 1, result: { size: 7 } });
  });

  it.each([
    ['nothing explains', {}],
    ['a checksum of checksums says nothing of', { 'x-amz-checksum-crc32': 'AAAAAA==-2' }],
    ["the server's own encryption does not explain", { 'x-amz-server-side-encryption': 'AES256' }],
  ])('are taken once they came twice where the ETag is another digest, which %s', async (_title, headers) => {
    await expect(download(object(other, headers), object(other, headers))).resolves.toMatchObject({
      text: 'content',
      asked: 2,
    });
  });

  it('are not taken where they do not come again, or do not fit the checksum', async () => {
    await expect(download(object(md5, {}, 'comtent'), object(md5))).rejects.toMatchObject(changed);
    await expect(download(object(md5, checksum('comtent')))).rejects.toMatchObject(changed);
    expect(folders.names()).toStrictEqual([]);
  });
});
