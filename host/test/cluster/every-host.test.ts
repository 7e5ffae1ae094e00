import { expect, it } from '@jest/globals';
import type { HostStats, LogEvent } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const callsOf = ({ connectors }: HostStats, id: string) =>
  connectors.filter((row) => row.id === id).map(({ host, calls }) => [host, calls]);

interface Told {
  readonly seq: number;
  readonly host: string;
  readonly connector?: string;
}

/** Follows the log over REST until enough has come; gives the lines, and the id of the last. */
async function readStream(
  http: string,
  isEnough: (lines: readonly Told[]) => boolean,
  last?: string,
): Promise<{ readonly lines: readonly Told[]; readonly id: string }> {
  const end = new AbortController();
  const headers = last === undefined ? {} : { 'last-event-id': last };
  const { body } = await fetch(`${http}/api/v1/logs?follow=true&limit=1000`, { headers, signal: end.signal });
  const lines: Told[] = [];
  let [rest, id] = ['', ''];
  for await (const bytes of body ?? []) {
    const blocks = (rest + Buffer.from(bytes).toString()).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks.filter((each) => each.includes('event: line'))) {
      lines.push(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as Told);
      id = /^id: (.*)$/m.exec(block)?.[1] ?? '';
    }
    if (isEnough(lines)) break;
  }
  end.abort();
  return { lines, id };
}

describeWithPostgres('what hosts that share a store know', (databases) => {
  it('is told by whichever is asked, with the host that each row is of, and with those that do not answer', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, project } = scene;
    const one = await start('a', { LOG_LEVEL: 'debug' });
    const alone = await one.service.getStats();
    expect(alone).not.toHaveProperty('hosts');
    await one.service.register(config('shared'));
    await one.service.register(config('elsewhere'));
    await ask(one.service, 'shared', 'read', 'first');
    expect(callsOf(await one.service.getStats(), 'shared')).toEqual([[undefined, 1]]);
    expect((await one.service.readLogs()).every((line) => !('host' in line))).toBe(true);

    const other = await start('b', { LOG_LEVEL: 'debug' });
    await knows(other.service, 'shared');
    const [a = '', b = ''] = await eventually(
      async () => (await one.service.listHosts()).toSorted((x, y) => (x.since < y.since ? -1 : 1)).map(({ id }) => id),
      (ids) => ids.length === 2,
    );
    await eventually(async () => (await other.service.listHosts()).length === 2);
    await one.service.register(config('later'));
    await knows(other.service, 'later');
    await ask(other.service, 'shared', 'read', 'second');
    await expect(other.service.execute({ id: 'shared', action: 'nothing', payload: {} })).rejects.toThrow();

    for (const { service } of [one, other]) {
      const stats = await service.getStats();
      expect(stats.hosts?.map(({ host }) => host)).toEqual([a, b].toSorted());
      expect(stats).not.toHaveProperty('missing');
      expect(callsOf(stats, 'shared')).toEqual([[a, 3]]);
      const { entries } = await service.blame();
      expect(entries.map(({ connector, fault, host }) => [connector, fault, host])).toEqual([['shared', 'errors', a]]);
      expect((await service.listCalls('shared')).map(({ host, action }) => [host, action])).toEqual([
        [a, 'nothing'],
        [a, 'read'],
        [a, 'read'],
      ]);
      const lines = await service.readLogs({ limit: 1000 });
      expect(new Set(lines.map(({ host }) => host))).toEqual(new Set([a, b]));
      expect(lines.map(({ at }) => at)).toEqual(lines.map(({ at }) => at).toSorted());
      const ofOther = await service.readLogs({ host: b });
      expect(ofOther.some(({ message }) => message.includes('took up'))).toBe(true);
      expect(ofOther.every((line) => !('host' in line))).toBe(true);
      const ofAll = await service.readLogs({ host: 'all', limit: 1000 });
      expect(new Set(ofAll.map(({ host }) => host))).toEqual(new Set([a, b]));
      expect((await service.getStats({ host: 'all' })).hosts?.map(({ host }) => host).toSorted()).toEqual(
        [a, b].toSorted(),
      );
      for await (const event of service.followLogs({ host: 'all' })) {
        expect(event).toMatchObject({ kind: 'line', line: { host: expect.any(String) } });
        break;
      }
      await expect(service.readLogs({ host: 'nobody' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        details: { reason: 'unknown_host' },
        message: expect.stringContaining(a),
      });
      await expect(service.getStats({ host: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(callsOf(await service.getStats({ host: b }), 'shared')).toEqual([[undefined, 0]]);
    }

    const at = ['--address', other.host.ready.grpc];
    expect((await project.automate(['top', '--once', ...at])).stdout).toContain(` at ${a} `);
    expect((await project.automate(['logs', ...at])).stdout).toContain(` ${b} `);
    expect((await project.automate(['logs', '--host', 'all', ...at])).stdout).toContain(` ${b} `);
    expect((await project.automate(['logs', '--host', b, ...at])).stdout).not.toContain(` ${b} `);

    other.host.kill('SIGSTOP');
    try {
      const startedAt = performance.now();
      const stats = await one.service.getStats();
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(stats.missing).toEqual([{ host: b, why: expect.stringContaining('has not answered') }]);
      expect(callsOf(stats, 'shared')[0]?.[0]).toBe(a);
    } finally {
      other.host.kill('SIGCONT');
    }
  });

  it('is followed at one of them: lines of all, of those that come, and of those that go by name', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config } = scene;
    const one = await start('a', { LOG_LEVEL: 'debug' });
    const other = await start('b', { LOG_LEVEL: 'debug' });
    await eventually(async () => (await one.service.listHosts()).length === 2);
    const ids = (await one.service.listHosts()).map(({ id }) => id);
    await one.service.register({ ...config('everywhere'), placement: 'all' });
    await knows(other.service, 'everywhere');

    const events: LogEvent[] = [];
    const end = new AbortController();
    const following = (async () => {
      for await (const event of one.service.followLogs({}, { signal: end.signal })) events.push(event);
    })();
    const hostsOf = (connector: string) =>
      new Set(
        events.flatMap((event) =>
          event.kind === 'line' && event.line.connector === connector ? [event.line.host] : [],
        ),
      );
    await eventually(() => events.some(({ kind }) => kind === 'synced'));
    await ask(one.service, 'everywhere', 'read', 'here');
    await ask(other.service, 'everywhere', 'read', 'there');
    await eventually(() => hostsOf('everywhere').size === 2);
    expect([...hostsOf('everywhere')].toSorted()).toEqual(ids.toSorted());

    const third = await start('c', { LOG_LEVEL: 'debug' });
    await knows(third.service, 'everywhere');
    await ask(third.service, 'everywhere', 'read', 'third');
    await eventually(() => hostsOf('everywhere').size === 3);

    await third.host.end('SIGKILL');
    const missed = await eventually(
      () => events.find((event) => event.kind === 'missed' && event.why !== undefined),
      (event) => event !== undefined,
    );
    expect(ids).not.toContain((missed as { readonly host: string }).host);
    expect(events.filter(({ kind }) => kind === 'synced')).toHaveLength(1);
    end.abort();
    await following;

    // Whoever lost the connection goes on at another host, behind the last line of each.
    const before = await readStream(one.host.ready.http, (lines) => new Set(lines.map(({ host }) => host)).size >= 2);
    await ask(one.service, 'everywhere', 'read', 'later');
    await ask(other.service, 'everywhere', 'read', 'later');
    const isLater = ({ seq, host }: Told): boolean =>
      !before.lines.some((line) => line.seq === seq && line.host === host);
    const after = await readStream(
      other.host.ready.http,
      (lines) => new Set(lines.filter(({ connector }) => connector === 'everywhere').map(({ host }) => host)).size >= 2,
      before.id,
    );
    expect(before.id).toMatch(/^[\w-]+=\d+,[\w-]+=\d+/);
    expect(after.lines.filter(isLater)).toEqual(after.lines);
  });

  it('is how a connector was, by whichever of them has found it, also after a kill', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config } = scene;
    const one = await start('a');
    await one.service.register(config('shared'));
    await one.service.healthCheck('shared');
    expect((await one.service.listHealthHistory('shared')).every((finding) => !('host' in finding))).toBe(true);
    const other = await start('b');
    await knows(other.service, 'shared');
    const ids = (await other.service.listHosts()).map(({ id }) => id);
    const hostsOf = async () => [...new Set((await other.service.listHealthHistory('shared')).map(({ host }) => host))];
    await eventually(hostsOf, ([host]) => host !== undefined);
    expect(ids).toContain((await hostsOf())[0]);
    await one.host.end('SIGKILL');
    await ask(other.service, 'shared', 'read', 'taken');
    await other.service.healthCheck('shared');
    expect((await hostsOf()).toSorted()).toEqual(ids.toSorted());
    const { stdout } = await scene.project.automate([
      'connectors',
      'health',
      'shared',
      '--history',
      '--address',
      other.host.ready.grpc,
    ]);
    for (const id of ids) expect(stdout).toContain(id);
  });

  it('is what was done with each: its audit can be read at any of them, also of one that was killed, and verified, of that one but for its end', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config } = scene;
    const one = await start('a', { AUDIT: 'on' });
    await one.service.register(config('first'));
    expect((await one.service.listAudit({ host: 'all' })).records.every((record) => !('host' in record))).toBe(true);
    const other = await start('b', { AUDIT: 'on' });
    await knows(other.service, 'first');
    await other.service.register(config('second'));
    await knows(one.service, 'second');
    await one.service.register(config('third'));
    const [a = '', b = ''] = (await other.service.listHosts())
      .toSorted((x, y) => (x.since < y.since ? -1 : 1))
      .map(({ id }) => id);
    const registered = { operation: 'register', code: 'OK', order: 'oldest' } as const;
    const of = async (filter: object) =>
      (await other.service.listAudit({ ...registered, ...filter })).records.map((record) => [
        record.host,
        record.connector,
      ]);
    const all = [
      [a, 'first'],
      [b, 'second'],
      [a, 'third'],
    ];
    expect(await of({ host: 'all' })).toEqual(all);
    expect(await of({ host: 'all', order: 'newest' })).toEqual(all.toReversed());
    expect(await of({ host: a })).toEqual([
      [undefined, 'first'],
      [undefined, 'third'],
    ]);
    const pages: unknown[] = [];
    let next: number | string | undefined;
    do {
      const page = await other.service.listAudit({
        ...registered,
        host: 'all',
        limit: 1,
        ...(next === undefined ? {} : { cursor: next }),
      });
      pages.push(...page.records.map(({ host, connector }) => [host, connector]));
      ({ next } = page);
    } while (next !== undefined);
    expect(pages).toEqual(all);
    await expect(other.service.listAudit({ host: 'all', cursor: 'x' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(other.service.listAudit({ host: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const seen = await other.service.verifyAudit(undefined, { host: a });
    expect(seen).toMatchObject({ ok: true, host: a });
    const rest = await fetch(`${other.host.ready.http}/api/v1/audit?host=all&limit=2&order=oldest`);
    const page = (await rest.json()) as {
      readonly next: string;
      readonly records: readonly { readonly host: string }[];
    };
    expect(page.records.map(({ host }) => host)).toEqual([a, a]);
    const after = await fetch(
      `${other.host.ready.http}/api/v1/audit?host=all&limit=1&order=oldest&cursor=${encodeURIComponent(page.next)}`,
    );
    expect(after.status).toBe(200);

    await one.host.end('SIGKILL');
    await eventually(async () => (await other.service.listHosts()).length === 1);
    expect(await of({ host: 'all' })).toEqual(all);
    const verify = (head?: { seq: number; hash: string }) => other.service.verifyAudit(head, { host: a });
    const { last: seq, hash } = seen;
    expect(await verify({ seq, hash })).toEqual({ ...seen, unprovenEnd: true });
    expect(await other.service.verifyAudit()).not.toHaveProperty('unprovenEnd');
    await databases.sql(scene.url, `DELETE FROM automate.audit_records WHERE host = '${a}' AND seq = ${seq}`);
    expect(await verify()).toMatchObject({ ok: true, unprovenEnd: true, last: seq - 1 });
    expect(await verify({ seq, hash })).toMatchObject({ ok: false, fault: { seq } });
    await databases.sql(scene.url, `UPDATE automate.audit_records SET hash = '\\x00' WHERE host = '${a}' AND seq = 1`);
    const asked = await fetch(`${other.host.ready.http}/api/v1/audit/verify?host=${a}`);
    expect(await asked.json()).toMatchObject({ ok: false, unproven_end: true, fault: { seq: 1 } });
    await expect(other.service.verifyAudit(undefined, { host: 'nobody' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      details: { reason: 'unknown_host' },
    });
  });
});
