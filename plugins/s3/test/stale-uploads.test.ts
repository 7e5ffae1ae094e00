import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { StartedConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type S3Adapter from '../src/s3-adapter.ts';
import type { SignedRequest } from './check-signature.ts';
import { LARGE, makeFolders, secondClient, startMover } from './move-files.ts';
import { auth, startServer } from './start-server.ts';
import { startSwift, swift, swiftUser } from './start-swift.ts';

const bucket = 'files';
const KEYS = ['a & b', 'folder/a+b?', 'ä'];

interface Uploads {
  readonly uploads: readonly { readonly key: string; readonly upload_id: string; readonly initiated?: string }[];
  readonly truncated: boolean;
  readonly key_marker?: string;
  readonly upload_id_marker?: string;
}

type User = Readonly<Record<'username' | 'password', string>>;

function itFindsThem(start: () => Promise<{ url: string; user: User; end(): Promise<void> }>): void {
  let server: Awaited<ReturnType<typeof start>>;
  let s3: StartedConnector<S3Adapter>;
  let second: ReturnType<typeof secondClient>;
  const folders = makeFolders();

  beforeAll(async () => {
    server = await start();
    second = secondClient(server.url, server.user);
    s3 = await startMover(server.url, server.user, { folders });
    await s3.call('create_bucket', { bucket });
  }, 120_000);
  afterAll(async () => {
    second?.close();
    folders.remove();
    await s3?.close();
    await server?.end();
  }, 30_000);

  const begin = (key: string) =>
    s3.call('call', { method: 'POST', path: `/${bucket}/${encodeURIComponent(key)}?uploads` });
  const list = async (input = {}) => (await s3.call('list_uploads', input)) as unknown as Uploads;

  it('are listed page by page, with the time when they began, and aborted one by one', async () => {
    for (const key of [...KEYS, KEYS[0] ?? '']) await begin(key);
    const found: Uploads['uploads'][number][] = [];
    let page: Uploads | undefined;
    do {
      const { key_marker, upload_id_marker } = page ?? {};
      page = await list({ max_uploads: 1, ...(key_marker === undefined ? {} : { key_marker, upload_id_marker }) });
      found.push(...page.uploads);
    } while (page.truncated);
    expect(found.map(({ key }) => key)).toStrictEqual(['a & b', 'a & b', 'folder/a+b?', 'ä']);
    for (const { initiated } of found)
      expect(Math.abs(Date.parse(String(initiated)) - Date.now())).toBeLessThan(600_000);
    await expect(list({ prefix: 'folder/' })).resolves.toMatchObject({ uploads: [{ key: 'folder/a+b?' }] });
    for (const { key, upload_id } of found) {
      await expect(s3.call('abort_upload', { key, upload_id })).resolves.toStrictEqual({ aborted: true });
      await expect(s3.call('abort_upload', { key, upload_id })).resolves.toStrictEqual({ aborted: false });
    }
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
    await expect(list()).resolves.toStrictEqual({ uploads: [], truncated: false });
    await expect(list({ bucket: 'no-such-bucket' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { s3_error: 'NoSuchBucket' },
    });
  }, 60_000);
}

describe('uploads that nobody ends', () => {
  itFindsThem(async () => {
    const server = await startServer();
    return { url: server.url, user: auth, end: () => server.stop() };
  });

  it('are found after the process that sent them was killed', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const interfere = ({ method, url }: SignedRequest) => {
      if (method !== 'PUT' || !url.includes('partNumber=2')) return undefined;
      resolve();
      return 'silence' as const;
    };
    const server = await startServer({ interfere });
    const folders = makeFolders();
    const s3 = await startMover(server.url, auth, { folders });
    await s3.call('create_bucket', { bucket });
    const helper = new URL('move-files.ts', import.meta.url).href;
    const program = `
      const { startMover } = await import(${JSON.stringify(helper)});
      const { url, auth, folders, file } = JSON.parse(process.argv[1]);
      const s3 = await startMover(url, auth, { folders });
      await s3.call('upload_file', { key: 'left', file });`;
    const { file } = folders.make('left', LARGE);
    const about = JSON.stringify({ url: server.url, auth, folders, file });
    const sender = spawn(process.execPath, ['--input-type=module', '-e', program, about], { stdio: 'ignore' });
    const ended = once(sender, 'exit');
    await Promise.race([reached, ended]);
    sender.kill('SIGKILL');
    await expect(ended).resolves.toStrictEqual([null, 'SIGKILL']);
    const { uploads } = (await s3.call('list_uploads', {})) as unknown as Uploads;
    expect(uploads).toMatchObject([{ key: 'left' }]);
    const upload_id = String(uploads[0]?.upload_id);
    await expect(s3.call('abort_upload', { key: 'left', upload_id })).resolves.toStrictEqual({ aborted: true });
    const second = secondClient(server.url, auth);
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
    second.close();
    await s3.close();
    folders.remove();
    await server.stop();
  }, 60_000);
});

describeWith(swift, 'uploads that nobody ends at a real Swift', () => {
  itFindsThem(async () => {
    const server = await startSwift();
    return { url: server.url, user: swiftUser, end: () => server.close() };
  });
});
