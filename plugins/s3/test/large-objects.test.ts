// Long: each way in which moving a large object can go wrong, over one server and one pair of folders.
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { StartedConnector } from '@automate/testing';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { S3Refusal } from './check-signature.ts';
import type { SignedRequest } from './check-signature.ts';
import type S3Adapter from '../src/s3-adapter.ts';
import { hashOf, LARGE, makeFolders, MIB, openMover, secondClient, startMover } from './move-files.ts';
import type { Folders, Second } from './move-files.ts';
import type { Interference, S3Server } from './start-server.ts';
import { auth, startServer } from './start-server.ts';
import { startSwift, swift, swiftUser } from './start-swift.ts';

interface Bench {
  readonly s3: StartedConnector<S3Adapter>;
  readonly second: Second;
  readonly folders: Folders;
}

const bucket = 'files';

function itMovesLargeObjects(bench: () => Bench): void {
  it('writes an object from a file and a file from an object, byte by byte', async () => {
    const { s3, second, folders } = bench();
    const { file, hash } = folders.make('large', LARGE);
    const about = { content_type: 'text/x-large', metadata: { owner: 'ann' } };
    await expect(s3.call('upload_file', { key: 'a/large ä', file, ...about })).resolves.toMatchObject({ size: LARGE });
    await expect(second.hash(bucket, 'a/large ä')).resolves.toBe(hash);
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
    const target = join(folders.write, 'copy');
    await expect(s3.call('download_file', { key: 'a/large ä', file: target })).resolves.toMatchObject({
      size: LARGE,
      ...about,
    });
    expect(folders.written('copy')).toBe(hash);
    expect(folders.names()).toStrictEqual(['copy']);
  }, 240_000);

  it.each([
    ['empty', 0],
    ['one part', 8 * MIB],
    ['a byte more than a part', 8 * MIB + 1],
  ])(
    'does so at any size: %s',
    async (key, size) => {
      const { s3, second, folders } = bench();
      const { file, hash } = folders.make(key, size);
      await expect(s3.call('upload_file', { key, file })).resolves.toMatchObject({ size });
      await expect(second.hash(bucket, key)).resolves.toBe(hash);
      await s3.call('download_file', { key, file: join(folders.write, key) });
      expect(folders.written(key)).toBe(hash);
    },
    60_000,
  );
}

describe('large objects', () => {
  let server: S3Server;
  let s3: StartedConnector<S3Adapter>;
  let second: Second;
  let folders: Folders;
  let interfere: ((request: SignedRequest) => Interference | undefined) | undefined;

  beforeAll(async () => {
    server = await startServer({ interfere: (request) => interfere?.(request) });
    second = secondClient(server.url, auth);
  });
  afterAll(async () => {
    second?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    folders = makeFolders();
    s3 = await startMover(server.url, auth, { folders });
    await s3.call('create_bucket', { bucket }).catch(() => undefined);
  });
  afterEach(async () => {
    interfere = undefined;
    await s3?.close();
    folders?.remove();
  });
  const bench = (): Bench => ({ s3, second, folders });
  const nothingIsLeft = async (key: string): Promise<void> => {
    interfere = undefined;
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
    await expect(second.has(bucket, key)).resolves.toBe(false);
  };
  const isPart = (number: number, { method, url }: SignedRequest): boolean =>
    method === 'PUT' && url.includes(`partNumber=${number}`);
  const isComplete = ({ method, url }: SignedRequest): boolean => method === 'POST' && url.includes('uploadId=');

  itMovesLargeObjects(bench);

  it('come with tags, and under a condition that decides when all parts are there', async () => {
    const { file, hash } = folders.make('tagged', LARGE);
    const object = { key: 'tagged', file, if_none_match: '*', tags: [{ key: 'a', value: 'b' }] };
    await s3.call('upload_file', object);
    await expect(s3.call('get_object_tags', { key: 'tagged' })).resolves.toMatchObject({ tags: object.tags });
    const other = folders.make('other', LARGE).file;
    const failed = { code: 'ALREADY_EXISTS', effect: 'none', details: { reason: 'precondition_failed' } };
    await expect(s3.call('upload_file', { ...object, file: other })).rejects.toMatchObject(failed);
    await expect(s3.call('upload_file', { ...object, file: other }, { repeated: true })).rejects.toMatchObject({
      ...failed,
      effect: 'maybe',
    });
    await expect(second.hash(bucket, 'tagged')).resolves.toBe(hash);
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
  }, 240_000);

  it.each<[string, Interference]>([
    ['whose connection breaks', 'break'],
    ['that is refused for now', new S3Refusal(503, 'SlowDown', 'please')],
    ['that arrives as something else', new S3Refusal(400, 'BadDigest', 'other bytes')],
  ])(
    'send a part again %s',
    async (_what, wrong) => {
      const { file, hash } = folders.make('again', LARGE);
      let left = 2;
      interfere = (request) => (isPart(2, request) && (left -= 1) >= 0 ? wrong : undefined);
      await s3.call('upload_file', { key: 'again', file });
      expect(left).toBeLessThan(0);
      await expect(second.hash(bucket, 'again')).resolves.toBe(hash);
      await s3.call('delete_object', { key: 'again' });
    },
    60_000,
  );

  const slowDown = (seconds: number) => new S3Refusal(503, 'SlowDown', 'please', {}, { 'retry-after': `${seconds}` });

  it('wait before they send a part again as long as the service says', async () => {
    const { file, hash } = folders.make('patient', LARGE);
    const seen: number[] = [];
    interfere = (request) => (isPart(2, request) && seen.push(performance.now()) === 1 ? slowDown(1) : undefined);
    await s3.call('upload_file', { key: 'patient', file });
    const [first = 0, next = 0] = seen;
    expect(next - first).toBeGreaterThan(900);
    await expect(second.hash(bucket, 'patient')).resolves.toBe(hash);
    await s3.call('delete_object', { key: 'patient' });
  }, 60_000);

  it('do not wait for longer than the call has, but say how long it would be, and leave nothing behind', async () => {
    const { file } = folders.make('impatient', LARGE);
    let sent = 0;
    interfere = (request) => (isPart(2, request) && (sent += 1) > 0 ? slowDown(3600) : undefined);
    await expect(s3.call('upload_file', { key: 'impatient', file }, { timeoutMs: 200_000 })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      effect: 'none',
      retryAfterMs: 3_600_000,
    });
    expect(sent).toBe(1);
    await nothingIsLeft('impatient');
  }, 240_000);

  it('that fail leave nothing behind', async () => {
    const { file } = folders.make('failing', LARGE);
    interfere = (request) => (isPart(2, request) ? new S3Refusal(403, 'AccessDenied', 'no') : undefined);
    await expect(s3.call('upload_file', { key: 'failing', file })).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'none',
    });
    await nothingIsLeft('failing');
  }, 240_000);

  it('that take too long leave nothing behind', async () => {
    const { file } = folders.make('slow', LARGE);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'hrtime'] });
    interfere = (request) => {
      if (!isPart(2, request)) return undefined;
      // All of the call's time but what is kept for taking back.
      jest.advanceTimersByTime(196_000);
      return 'silence';
    };
    try {
      const late = s3.call('upload_file', { key: 'slow', file }, { timeoutMs: 200_000 });
      await expect(late).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none', retryable: true });
    } finally {
      jest.useRealTimers();
    }
    await nothingIsLeft('slow');
  }, 240_000);

  it('whose caller or connector goes away leave nothing behind', async () => {
    const { file } = folders.make('gone', LARGE);
    const opened = await openMover(server.url, auth, { folders });
    for (const [code, leave] of [
      ['CANCELLED', async (caller: AbortController) => caller.abort()],
      ['UNAVAILABLE', () => opened.close()],
    ] as const) {
      const caller = new AbortController();
      const { promise: reached, resolve } = Promise.withResolvers<void>();
      interfere = (request) => {
        if (!isPart(2, request)) return undefined;
        resolve();
        return 'silence';
      };
      const ended = opened.adapter.execute(
        'upload_file',
        { key: 'gone', file },
        opened.call('upload_file', { signal: caller.signal, timeoutMs: 200_000 }),
      );
      const seen = expect(ended).rejects.toMatchObject({ code, effect: 'none' });
      await reached;
      await leave(caller);
      await seen;
    }
    await nothingIsLeft('gone');
  }, 240_000);

  it('of which nobody knows whether they were put together say so', async () => {
    const { file, hash } = folders.make('unknown', LARGE);
    interfere = (request) => (isComplete(request) ? new S3Refusal(200, 'InternalError', 'try again') : undefined);
    await expect(s3.call('upload_file', { key: 'unknown', file })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      effect: 'maybe',
      retryable: true,
    });
    await nothingIsLeft('unknown');
    interfere = (request) => (isComplete(request) ? 'break-afterwards' : undefined);
    await expect(s3.call('upload_file', { key: 'unknown', file })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'maybe',
    });
    await expect(second.hash(bucket, 'unknown')).resolves.toBe(hash);
    await expect(second.openUploads(bucket)).resolves.toStrictEqual([]);
  }, 240_000);

  it('that cannot be taken back name the upload that is left', async () => {
    const { file } = folders.make('left', LARGE);
    interfere = (request) =>
      isPart(2, request) || request.method === 'DELETE' ? new S3Refusal(403, 'AccessDenied', 'no') : undefined;
    const failed = s3.call('upload_file', { key: 'left', file });
    await expect(failed).rejects.toMatchObject({
      code: 'FORBIDDEN',
      effect: 'maybe',
      details: { upload_id: expect.any(String) },
    });
    await expect(second.openUploads(bucket)).resolves.toStrictEqual(['left']);
    interfere = undefined;
    const { details } = (await failed.catch((error: unknown) => error)) as { details: { upload_id: string } };
    await s3.call('call', {
      method: 'DELETE',
      path: `/${bucket}/left`,
      query: { uploadId: details.upload_id },
    });
    await nothingIsLeft('left');
  }, 240_000);

  it('are not made of a file that changes meanwhile', async () => {
    const { file } = folders.make('changing', LARGE);
    interfere = (request) => {
      if (isPart(1, request)) expect(request.headers['content-md5']).toHaveLength(24);
      if (isPart(1, request)) appendFileSync(file, 'more');
      return undefined;
    };
    await expect(s3.call('upload_file', { key: 'changing', file })).rejects.toMatchObject({
      effect: 'none',
      details: { reason: 'source_changed' },
    });
    await nothingIsLeft('changing');
  }, 240_000);

  describe('files', () => {
    it('are used only within the directories of the settings, wherever links lead', async () => {
      const outside = makeFolders();
      try {
        const secret = outside.make('secret', 10).file;
        const link = join(folders.read, 'link');
        symlinkSync(secret, link);
        symlinkSync(outside.write, join(folders.write, 'out'));
        mkdirSync(`${folders.read}-beside`);
        writeFileSync(join(`${folders.read}-beside`, 'file'), '');
        const refused = {
          code: 'FORBIDDEN',
          blame: 'caller',
          effect: 'none',
          details: { reason: 'outside_directories' },
        };
        for (const file of [
          secret,
          join(outside.read, 'missing'),
          link,
          `${folders.read}/../${secret.split('/').slice(2).join('/')}`,
          `${folders.read}-beside/file`,
        ])
          await expect(s3.call('upload_file', { key: 'x', file })).rejects.toMatchObject(refused);
        await s3.call('put_object', { key: 'x', text: '' });
        for (const file of [join(folders.write, 'out', 'x'), join(outside.write, 'x'), join(folders.read, 'x')])
          await expect(s3.call('download_file', { key: 'x', file })).rejects.toMatchObject(refused);
        expect(outside.names()).toStrictEqual([]);
      } finally {
        outside.remove();
      }
    });

    it('must be files, by an absolute path, and be there', async () => {
      execFileSync('mkfifo', [join(folders.read, 'pipe')]);
      mkdirSync(join(folders.read, 'folder'));
      for (const [name, code] of [
        ['pipe', 'INVALID_INPUT'],
        ['folder', 'INVALID_INPUT'],
        ['missing', 'NOT_FOUND'],
      ] as const)
        await expect(s3.call('upload_file', { key: 'x', file: join(folders.read, name) })).rejects.toMatchObject({
          code,
          effect: 'none',
        });
      await expect(s3.call('upload_file', { key: 'x', file: 'relative' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        problems: [{ path: 'file' }],
      });
      const none = await startMover(server.url, auth, { folders, settings: { files: {} } });
      await expect(none.call('upload_file', { key: 'x', file: join(folders.read, 'x') })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        details: { reason: 'no_directories' },
      });
      await none.close();
    });

    it('are replaced only where the call says so, and then by whole ones', async () => {
      const target = join(folders.write, 'there');
      writeFileSync(target, 'old');
      await s3.call('put_object', { key: 'new', text: 'new' });
      await expect(s3.call('download_file', { key: 'new', file: target })).rejects.toMatchObject({
        code: 'ALREADY_EXISTS',
        effect: 'none',
      });
      interfere = ({ method, url }) => (method === 'GET' && url.includes('/new') ? 'break' : undefined);
      await expect(s3.call('download_file', { key: 'new', file: target, overwrite: true })).rejects.toMatchObject({
        code: 'TRANSIENT_NETWORK',
        effect: 'none',
      });
      interfere = undefined;
      await expect(s3.call('download_file', { key: 'missing', file: target, overwrite: true })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(readFileSync(target, 'utf8')).toBe('old');
      await s3.call('download_file', { key: 'new', file: target, overwrite: true });
      expect(folders.written('there')).toBe(hashOf(Buffer.from('new')));
      expect(folders.names()).toStrictEqual(['there']);
    });
  });
});

describeWith(swift, 'large objects in a real Swift', () => {
  let server: Awaited<ReturnType<typeof startSwift>>;
  let bench: Bench;

  beforeAll(async () => {
    server = await startSwift();
    const folders = makeFolders();
    const s3 = await startMover(server.url, swiftUser, { folders });
    bench = { s3, second: secondClient(server.url, swiftUser), folders };
    await s3.call('create_bucket', { bucket });
  }, 120_000);
  afterEach(() => {
    bench.folders.names().forEach((name) => execFileSync('rm', [join(bench.folders.write, name)]));
  });
  afterAll(async () => {
    bench?.second.close();
    bench?.folders.remove();
    await bench?.s3.close();
    await server?.close();
  }, 30_000);

  itMovesLargeObjects(() => bench);
});
