import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FakeService, RecordedService, startConnector } from '@automate/testing';
import type { RecordedServiceOptions } from '@automate/testing';
import type { JsonObject } from '@automate/sdk';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AskingAdapter } from './asking-adapter.ts';

const TOKEN = 'live-token-8f3e1c';
let directory: string;
let file: string;
let real: FakeService;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'recordings-'));
  file = join(directory, 'recordings/notes.json');
  real = await FakeService.start();
});
afterEach(async () => {
  await real.close();
  await rm(directory, { recursive: true });
});

type Ask = (request: JsonObject) => Promise<JsonObject>;

/** Uses a connector against the recorded service; what the test fails with is the result. */
async function use(
  body: (ask: Ask, service: RecordedService) => Promise<void>,
  options: Partial<RecordedServiceOptions> = {},
  token = 'dummy',
): Promise<string> {
  try {
    await RecordedService.use({ file, ...options }, async (service) => {
      const connector = await startConnector(AskingAdapter, {
        url: service.url,
        config: { auth: { type: 'bearer', token } },
      });
      await body((request) => connector.call('ask', request), service);
      await connector.close();
    });
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}
const record = (body: (ask: Ask, service: RecordedService) => Promise<void>, options = {}): Promise<string> =>
  use(body, { mode: 'record', upstream: () => real.url, ...options }, TOKEN);

describe('a service that was recorded', () => {
  it('is replayed without it, answer for answer, also where it gave links to itself', async () => {
    real.on('GET', '/notes', (request) => ({
      json: request.query.has('page')
        ? { notes: [3], next: null }
        : { notes: [1, 2], next: `${real.url}/notes?page=2` },
      headers: { link: `<${real.url}/notes?page=2>; rel="next"` },
    }));
    real.on('POST', '/notes', [
      { status: 201, json: { id: 1 } },
      { status: 409, text: 'is there' },
    ]);
    real.on('GET', '/packed', {
      bytes: gzipSync('packed'),
      headers: { 'content-encoding': 'gzip', 'content-type': 'text/plain' },
    });
    const told: JsonObject[][] = [];
    const tour = async (ask: Ask, service: RecordedService): Promise<void> => {
      const first = await ask({ path: '/notes' });
      const { next } = JSON.parse(String(first['text'])) as { next: string };
      expect(next).toBe(`${service.url}/notes?page=2`);
      expect(first['link']).toContain(service.url);
      const answers = [
        await ask({ path: '/notes', query: { page: '2' } }),
        await ask({ method: 'POST', path: '/notes', json: { text: 'a', to: `${service.url}/hook` } }),
        await ask({ method: 'POST', path: '/notes', json: { text: 'a', to: `${service.url}/hook` } }),
        await ask({ path: '/packed' }),
      ];
      told.push(answers.map(({ link: _link, ...answer }) => answer));
    };
    expect(await record(tour)).toBe('');
    expect(real.requests[2]?.json()).toEqual({ text: 'a', to: `${real.url}/hook` });
    const { url } = real;
    await real.close();
    expect(await use(tour)).toBe('');
    expect(told[1]).toEqual(told[0]);
    expect(told[1]?.map(({ status }) => status)).toEqual([200, 201, 409, 200]);
    expect(await readFile(file, 'utf8')).not.toContain(url);
  });

  it('stands in a file for people, without any secret that was sent or given', async () => {
    const secrets = ['given-9a8b7c', 'cookie-5d5d5d', 'query-1f1f1f', 'path-7e7e7e', 'owner-3c3c3c', 'url-2b2b2b'];
    const [given = '', cookie = '', query = '', path = '', owner = '', inUrl = ''] = secrets;
    real.on('POST', `/bots/${path}/token`, (request) => ({
      json: {
        access_token: given,
        token_type: 'Bearer',
        expires_in: 3600,
        said: `you are ${request.headers['authorization']}`,
        next: `https://elsewhere.example/x?access_token=${inUrl}`,
      },
      headers: { 'set-cookie': [`sid=${cookie}; Path=/`], 'x-request-id': `r-${cookie}` },
    }));
    const ask = { method: 'POST', path: `/bots/${path}/token`, query: { api_key: query, page: '2' } };
    await record(
      async (send) => {
        await send({
          ...ask,
          headers: { cookie: `sid=${cookie}` },
          json: { owner: { password: owner }, text: 'hello' },
        });
      },
      { secrets: [path] },
    );
    const text = await readFile(file, 'utf8');
    for (const secret of [TOKEN, ...secrets]) expect(text).not.toContain(secret);
    expect(JSON.parse(text)).toEqual({
      recorded: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      exchanges: [
        {
          request: {
            method: 'POST',
            path: '/bots/[secret]/token',
            query: { api_key: '[secret]', page: '2' },
            headers: { authorization: 'Bearer [secret]', cookie: '[secret]', 'content-type': 'application/json' },
            json: { owner: { password: '[secret]' }, text: 'hello' },
          },
          answer: {
            status: 200,
            headers: {
              'content-type': 'application/json',
              'set-cookie': 'sid=[secret]; Path=/',
              'x-request-id': 'r-[secret]',
            },
            json: {
              access_token: '[secret]',
              token_type: 'Bearer',
              expires_in: 3600,
              said: 'you are Bearer [secret]',
              next: 'https://elsewhere.example/x?access_token=[secret]',
            },
          },
        },
      ],
    });
    // The same request with other secrets is the same request.
    const again = await use(async (send) => {
      const answer = await send({
        ...ask,
        path: '/bots/dummy/token',
        query: { api_key: 'other', page: '2' },
        headers: { cookie: 'sid=x' },
        json: { owner: { password: 'p' }, text: 'hello' },
      });
      expect(answer['status']).toBe(200);
    });
    expect(again).toBe('');
  });

  it('is not written where a secret would stand in it, or where the service was not there, and leaves the file as it was', async () => {
    real.on('GET', '/picture', { bytes: Buffer.from(`\xff\xd8 ${TOKEN}`, 'latin1') });
    const before = '{"recorded":"2026-01-01","exchanges":[]}';
    await record(async (ask) => void (await ask({ path: '/' })));
    await writeFile(file, before);
    expect(await record(async (ask) => void (await ask({ path: '/picture' }).catch(() => undefined)))).toMatch(
      /a secret would stand in it: in GET \/picture/,
    );
    const gone = await record(async (ask) => {
      await real.close();
      await expect(ask({ path: '/' })).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK' });
    });
    real = await FakeService.start();
    expect(gone).toMatch(/was not recorded, and is as it was: GET \/: connect ECONNREFUSED/);
    expect(await record(async () => undefined)).toMatch(/nothing was asked/);
    expect(await readFile(file, 'utf8')).toBe(before);
    expect(await readdir(join(directory, 'recordings'))).toEqual(['notes.json']);
  });
});

describe('a replay', () => {
  const first = { method: 'POST', path: '/notes', json: { text: 'a', at: 1 } };
  beforeEach(async () => {
    real.on('POST', '/notes', { json: { id: 1 } });
    real.on('GET', '/notes', { json: [] });
    await record(async (ask) => {
      await ask(first);
      await ask({ path: '/notes', query: { limit: '5' } });
    });
  });
  const second = { path: '/notes', query: { limit: '5' } };

  it('tells of a changed request what was asked, what is nearest, and where they differ', async () => {
    const said = await use(async (ask) => {
      await ask(first);
      await ask(second);
      expect(await ask({ ...second, query: { limit: '6', sort: 'up' } })).toMatchObject({ status: 501 });
      expect(await ask({ path: '/notes/1' })).toMatchObject({
        text: expect.stringMatching(/not recorded in notes.json/),
      });
    });
    expect(said).toMatch(
      /GET \/notes: nearest is exchanges\[1\], GET \/notes, which differs in query.limit \(recorded "5", asked "6"\), query.sort \(recorded nothing, asked "up"\)/,
    );
    expect(said).toMatch(/GET \/notes\/1: nearest is exchanges\[1\], GET \/notes, which differs in path/);
    expect(said).toMatch(/AUTOMATE_RECORDINGS=record/);
  });

  it('tells of credentials that are sent no more', async () => {
    const service = await RecordedService.start({ file, allowUnasked: true });
    await fetch(`${service.url}/notes?limit=5`);
    await expect(service.close()).rejects.toThrow(
      /headers.authorization \(recorded "Bearer \[secret\]", asked nothing\)/,
    );
  });

  it('tells what was recorded and is not asked, unless it may be left out', async () => {
    expect(await use(async (ask) => void (await ask(first)))).toMatch(
      /Recorded, and not asked:\n +exchanges\[1\], GET \/notes/,
    );
    expect(await use(async (ask) => void (await ask(first)), { allowUnasked: true })).toBe('');
  });

  it('gives each answer once, and the last one to a GET for as long as it is asked', async () => {
    const said = await use(async (ask) => {
      await ask(first);
      for (let times = 0; times < 3; times += 1) expect(await ask(second)).toMatchObject({ status: 200, text: '[]' });
      expect(await ask(first)).toMatchObject({ status: 501 });
    });
    expect(said).toMatch(/POST \/notes: recorded for one request, and asked once more/);
    expect(said).not.toMatch(/GET/);
  });

  it('fails with the error of the test, which is the cause where something was asked that is not recorded', async () => {
    const failed = new Error('of the test');
    const fail = () => Promise.reject(failed);
    await expect(RecordedService.use({ file }, fail)).rejects.toBe(failed);
    const asked = RecordedService.use({ file }, async ({ url }) => {
      await fetch(`${url}/other`);
      return fail();
    });
    await expect(asked).rejects.toMatchObject({
      message: expect.stringMatching(/GET \/other: nearest/),
      cause: failed,
    });
    const before = await readFile(file, 'utf8');
    const recording = RecordedService.use({ file, mode: 'record', upstream: real.url }, async ({ url }) => {
      await fetch(`${url}/other`);
      return fail();
    });
    await expect(recording).rejects.toBe(failed);
    expect(await readFile(file, 'utf8')).toBe(before);
  });

  it('passes over what is another one each time', async () => {
    const said = await use(
      async (ask) => {
        expect(await ask({ ...first, json: { text: 'a', at: 2 } })).toMatchObject({ status: 200 });
        await ask(second);
      },
      { varies: ['body.at'] },
    );
    expect(said).toBe('');
  });

  it('says how to record what is not, and what is wrong with a file', async () => {
    await rm(file);
    await expect(RecordedService.start({ file })).rejects.toThrow(/with AUTOMATE_RECORDINGS=record/);
    await writeFile(file, '{"recorded":"2026-01-01","exchanges":[{"request":{"path":"/"},"answer":{"status":"200"}}]}');
    await expect(RecordedService.start({ file })).rejects.toThrow(
      /exchanges\/0\/request: .*method.*exchanges\/0\/answer\/status: /s,
    );
    await expect(RecordedService.start({ file, mode: 'record' })).rejects.toThrow(/names no upstream/);
    await expect(RecordedService.start({ file, mode: 'record', upstream: `${real.url}/api` })).rejects.toThrow(
      /a path belongs into the configuration/,
    );
  });
});
