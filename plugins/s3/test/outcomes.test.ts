import { join } from 'node:path';
import type { JsonObject } from '@automate/sdk';
import { closedPort, createCertificateAuthority, FakeService, startConnector } from '@automate/testing';
import type { FakeReply, FakeScript, StartConnectorOptions, TestCallOptions } from '@automate/testing';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { outcomes } from '../src/outcomes.ts';
import S3Adapter from '../src/s3-adapter.ts';
import { makeFolders, MIB } from './move-files.ts';
import { auth } from './start-server.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

const PUT = { bucket: 'bucket', key: 'key', text: 'text' };

async function ask(
  { action = 'put_object', payload = PUT, call }: { action?: string; payload?: JsonObject; call?: TestCallOptions },
  options: StartConnectorOptions,
): Promise<unknown> {
  const connector = await startConnector(S3Adapter, { ...options, config: { auth, ...options.config } });
  running.push(connector);
  return connector.call(action, payload, call);
}

async function answered(reply: FakeScript, asked: Parameters<typeof ask>[0] = {}): Promise<unknown> {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, reply);
  return ask(asked, { url: server.url });
}

const xml = (text: string, status = 200): FakeReply => ({
  status,
  text: `<?xml version="1.0" encoding="UTF-8"?>\n${text}`,
  headers: { 'content-type': 'application/xml' },
});
const refusal = (name: string, status: number): FakeReply =>
  xml(`<Error><Code>${name}</Code><Message>no</Message></Error>`, status);

/** S3's words in a row of the table, each as an answer to a write. */
const said = (row: number, status: number) =>
  [...(outcomes[row]?.when ?? '').matchAll(/`([A-Z]\w+)`/g)].map(
    ([, name = '']) =>
      () =>
        answered(refusal(name, status)),
  );
const deletes = { action: 'delete_objects', payload: { bucket: 'bucket', objects: [{ key: 'a' }, { key: 'b' }] } };
const left = (name: string): string => `<Error><Key>b</Key><Code>${name}</Code><Message>no</Message></Error>`;

const folders = makeFolders();
const done = {
  create: xml('<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>'),
  part: { headers: { etag: '"of-a-part"' } },
  complete: xml('<CompleteMultipartUploadResult><ETag>"all-2"</ETag></CompleteMultipartUploadResult>'),
  abort: { status: 204 },
};

/** An upload in two parts of which some steps go wrong. */
async function uploaded(wrong: Partial<Record<keyof typeof done, FakeReply>>): Promise<unknown> {
  const steps = { ...done, ...wrong };
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, ({ method, query }) => {
    if (method === 'PUT') return steps.part;
    if (method === 'DELETE') return steps.abort;
    return query.has('uploads') ? steps.create : steps.complete;
  });
  const { file } = folders.make('large', 9 * MIB);
  const payload = { bucket: 'bucket', key: 'key', file };
  return ask({ action: 'upload_file', payload }, { url: server.url, settings: { files: { read: [folders.read] } } });
}

async function downloaded(reply: FakeReply): Promise<unknown> {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, reply);
  const payload = { bucket: 'bucket', key: 'key', file: join(folders.write, 'file') };
  return ask(
    { action: 'download_file', payload },
    { url: server.url, settings: { files: { write: [folders.write] } } },
  ).finally(() => expect(folders.names()).toStrictEqual([]));
}

const CASES: readonly (readonly (() => Promise<unknown>)[])[] = [
  [...said(0, 409), () => answered({ status: 307 })],
  [...said(1, 400), () => answered(refusal('MadeUp', 400)), () => answered({ status: 403 })],
  [
    ...said(2, 500),
    () => answered(refusal('MadeUp', 503)),
    () => answered({ status: 500 }),
    () =>
      answered(refusal('InternalError', 200), {
        action: 'copy_object',
        payload: { bucket: 'bucket', key: 'key', source_key: 'other' },
      }),
  ],
  [
    async () => ask({}, { url: `http://127.0.0.1:${await closedPort()}` }),
    () => ask({}, { url: 'http://no-such-host.invalid' }),
    async () => {
      const server = await FakeService.start({ tls: createCertificateAuthority().issue() });
      running.push(server);
      return ask({}, { url: server.url });
    },
  ],
  [() => answered({ drop: 'request' }), () => answered({ drop: 'never' }, { call: { timeoutMs: 2000 } })],
  [
    () => answered({ text: '<html>', headers: { 'content-type': 'text/html' } }),
    () => answered({ status: 404, text: 'not found' }),
    () => answered(xml('<DeleteResult><Deleted>'), deletes),
  ],
  [
    () =>
      answered(refusal('PreconditionFailed', 412), {
        payload: { ...PUT, if_none_match: '*' },
        call: { repeated: true },
      }),
  ],
  [
    () => answered(xml(`<DeleteResult><Deleted><Key>a</Key></Deleted>${left('AccessDenied')}</DeleteResult>`), deletes),
    () => answered(xml(`<DeleteResult><Deleted><Key>a</Key></Deleted>${left('SlowDown')}</DeleteResult>`), deletes),
  ],
  [
    () => uploaded({ part: refusal('AccessDenied', 403) }),
    () => uploaded({ part: refusal('InternalError', 500) }),
    () => uploaded({ complete: refusal('PreconditionFailed', 412), abort: refusal('NoSuchUpload', 404) }),
  ],
  [() => uploaded({ complete: refusal('InternalError', 200) }), () => uploaded({ complete: { drop: 'request' } })],
  [() => uploaded({ part: refusal('AccessDenied', 403), abort: refusal('AccessDenied', 403) })],
  [
    () => downloaded({ text: 'x'.repeat(1000), drop: 'body', headers: { etag: '"x"' } }),
    () => downloaded(refusal('InternalError', 500)),
    () => downloaded({ text: 'x', headers: { etag: '"x"', 'x-amz-checksum-crc32': 'AAAAAA==' } }),
  ],
];

describe('the outcomes in the README', () => {
  afterAll(() => folders.remove());

  it('have a case each', () => {
    expect(CASES).toHaveLength(outcomes.length);
  });

  it.each(outcomes.map((rule, index) => [rule.when, rule, CASES[index] ?? []] as const))(
    'are true of: %s',
    async (_when, { effect, retried }, cases) => {
      for (const failing of cases) {
        const error = await failing().then(
          () => 'a success',
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ effect, ...(typeof retried === 'boolean' ? { retryable: retried } : {}) });
      }
    },
  );
});
