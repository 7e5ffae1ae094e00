import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { Writable } from 'node:stream';
import type { JsonObject } from '@automate/contract';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createHost } from '../../dist/index.js';
import type { Host, HostSettingsInput } from '../../dist/index.js';

const ENTRY = new URL('../../../plugins/logging/dist/logging-adapter.js', import.meta.url);

const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of running.splice(0).toReversed()) await close();
});

/** A host with the kind `logging`, whose log goes there. */
async function openHost(logTo: (folder: string) => Writable, flags: HostSettingsInput = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  running.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  await mkdir(join(folder, 'config'));
  await writeFile(join(folder, 'package.json'), '{}');
  await writeFile(
    join(folder, 'config', 'connectors.yaml'),
    'connectors:\n  - id: logging\n    limits: { concurrency: 64, queue: 1000 }\n',
  );
  const destination = logTo(folder);
  const host: Host = await createHost({
    cwd: folder,
    env: {},
    flags: { grpcPort: 0, httpPort: 0, logFormat: 'json', ...flags },
    logTo: destination,
    serve: false,
    kinds: [{ kind: 'logging', adapter: { entry: ENTRY } }],
  });
  running.push(() => host.close());
  const log = async (payload: JsonObject): Promise<JsonObject> =>
    (await host.service.execute({ id: 'logging', action: 'log', payload })).result as JsonObject;
  /** The records that are in the file, as another program reads it. */
  const written = async (): Promise<JsonObject[]> => {
    await host.close();
    destination.end();
    await finished(destination);
    return readFileSync(join(folder, 'host.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as JsonObject)
      .filter(({ connector, source }) => connector === 'logging' && source === 'logger');
  };
  return { log, written };
}

const toFile = (folder: string): Writable => createWriteStream(join(folder, 'host.log'));

describe('records that an action writes', () => {
  it('are refused, without effect, where too many wait for a log that takes nothing', async () => {
    const gate = Promise.withResolvers<void>();
    const { log, written } = await openHost((folder) => {
      const file = toFile(folder);
      return new Writable({
        write: (chunk, _encoding, done) => void gate.promise.then(() => file.write(chunk, done)),
        final: (done) => void file.end(done),
      });
    });
    const calls = Array.from({ length: 60 }, (_, index) =>
      log({ message: `record ${index}`, fields: { text: 'x'.repeat(200_000) } }),
    );
    // Whoever waits has no answer yet.
    await expect(Promise.race(calls)).rejects.toMatchObject({ code: 'OVERLOADED', effect: 'none' });
    gate.resolve();
    const ends = await Promise.allSettled(calls);
    const logged = ends.flatMap((end, index) => (end.status === 'fulfilled' ? [`record ${index}`] : []));
    expect((await written()).map(({ msg }) => msg).toSorted()).toStrictEqual(logged.toSorted());
  });

  it('are all in the log where it says so, however many and large they are', async () => {
    const { log, written } = await openHost(toFile);
    const text = 'x'.repeat(4096);
    const many = Array.from({ length: 600 }, (_, n) => log({ message: `${n} ${text}` }));
    const results = await Promise.all(many);
    expect(new Set(results.map(({ logged }) => logged))).toStrictEqual(new Set([true]));
    const large = { message: 'y'.repeat(20_000), fields: { text: 'z'.repeat(1_000_000), list: Array(5000).fill(1) } };
    await expect(log(large)).resolves.toMatchObject({ logged: true });
    const records = await written();
    expect(records).toHaveLength(601);
    expect(new Set(records.map(({ msg }) => msg)).size).toBe(601);
    expect(records.find(({ msg }) => msg === large.message)).toMatchObject(large.fields);
  });

  it('are told not to be written below the level of the host', async () => {
    const { log, written } = await openHost(toFile);
    await expect(log({ message: 'detail', level: 'trace' })).resolves.toMatchObject({
      logged: false,
      reason: 'below_level',
    });
    await expect(log({ message: 'news', level: 'info' })).resolves.toMatchObject({ logged: true });
    const records = await written();
    expect(records.map(({ msg }) => msg)).toStrictEqual(['news']);
  });

  it('are told not to be written by a host that is silent', async () => {
    const { log } = await openHost(toFile, { logLevel: 'silent' });
    await expect(log({ message: 'news', level: 'fatal' })).resolves.toMatchObject({ logged: false });
  });

  it.each<JsonObject>([
    { level: 'fatal', msg: 'forged', connector: 'other', time: 1, order: 7 },
    { source: 'host', order: 7 },
    { event: 'ready', grpc: '127.0.0.1:1' },
    { event: 'unhealthy', blame: 'operator' },
    { reason: 'forged' },
    { err: { message: 'forged' } },
    { problems: [] },
    { fields: { order: 7 } },
  ])('keep their fields, and whose they are, where a field has a name of the log itself: %j', async (fields) => {
    const { log, written } = await openHost(toFile);
    await expect(log({ message: 'mine', fields })).resolves.toMatchObject({ logged: true });
    const [line] = await written();
    expect(line).toEqual({
      level: 'info',
      time: expect.any(String),
      connector: 'logging',
      source: 'logger',
      fields,
      msg: 'mine',
    });
  });

  it('are told not to be written where the log cannot take them, and wait while it takes its time', async () => {
    let broken = false;
    const waiting: (() => void)[] = [];
    let slow = false;
    const { log } = await openHost(() =>
      new Writable({
        write(_chunk, _encoding, done) {
          if (slow) waiting.push(done);
          else if (broken) done(new Error('the disk is full'));
          else done();
        },
      }).on('error', () => undefined),
    );
    await expect(log({ message: 'first' })).resolves.toMatchObject({ logged: true });
    slow = true;
    let settled = false;
    const late = log({ message: 'late' }).finally(() => (settled = true));
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(settled).toBe(false);
    slow = false;
    waiting.pop()?.();
    await expect(late).resolves.toMatchObject({ logged: true });
    broken = true;
    await expect(log({ message: 'lost' })).resolves.toMatchObject({ logged: false, reason: 'failed' });
  });
});
