import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { knows, openSharingHosts } from '../cluster/fixtures/sharing-hosts.ts';
import { RemoteSystem } from '../executions/fixtures/remote-system.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { sendUntilTaken, signedBySlack } from './fixtures/send-hook.ts';
import type { WebhookEvent } from './fixtures/watch-webhooks.ts';
import { watchWebhooks } from './fixtures/watch-webhooks.ts';

const HOOKED = join(import.meta.dirname, 'fixtures', 'hooked.js');

const send = (address: string, body: string) =>
  sendUntilTaken(address, 'shared', () => ({ body, headers: signedBySlack(body) }));

describeWithPostgres('hosts that share connectors', (databases) => {
  it('take a webhook at each of them: one execution of each, told to those who watch at any', async () => {
    await using remote = await RemoteSystem.open();
    await using scene = await openSharingHosts(databases);
    await scene.project.sandbox.addConnector({ kind: 'hooked', source: await readFile(HOOKED, 'utf8') });
    const [one, other] = await Promise.all([scene.start('a'), scene.start('b')]);
    const over = new AbortController();
    await one.service.register({
      id: 'shared',
      kind: 'hooked',
      host: '127.0.0.1',
      port: remote.port,
      settings: { secret: 'hush' },
      webhook: { action: 'take' },
    });
    await knows(other.service, 'shared');
    const told = [await watchWebhooks(one.service, over.signal), await watchWebhooks(other.service, over.signal)];
    const bodies = Array.from({ length: 10 }, (_, number) => JSON.stringify({ number }));
    const answers = await Promise.all(
      bodies.flatMap((body) => [send(one.host.ready.http, body), send(other.host.ready.http, body)]),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const bodiesOf = (events: readonly WebhookEvent[]): string[] =>
      events.map(({ delivery }) => JSON.stringify(delivery.body));
    await eventually(() => new Set(told.flatMap(bodiesOf)).size === bodies.length);
    // Whoever watches elsewhere hears of it while both hosts reach each other.
    for (let more = 0; !told.every((events) => bodiesOf(events).includes(bodies.at(-1) ?? '')); more += 1) {
      expect(more).toBeLessThan(20);
      bodies.push(JSON.stringify({ more }));
      expect(await send(one.host.ready.http, bodies.at(-1) ?? '')).toMatchObject({ status: 202 });
      await delay(1_000);
    }
    for (const each of told) expect(new Set(bodiesOf(each)).size).toBe(each.length);
    const list = await eventually(
      () => other.service.listExecutions({ connector: 'shared' }),
      ({ executions }) => executions.every(({ status }) => status === 'succeeded'),
    );
    expect(list.executions).toHaveLength(bodies.length);
    expect(remote.asked.map(({ payload }) => JSON.stringify(payload['body'])).toSorted()).toEqual(bodies.toSorted());
    // Who is no host cannot tell watchers anything.
    const delivery = { id: 'x', receivedAt: '', headers: {}, encoding: 'json', body: 'made up' } as const;
    const made = { headers: {}, body: Buffer.from('{}'), told: delivery };
    await expect(one.service.receiveWebhook('shared', made)).resolves.toEqual({ outcome: 'refused' });

    await one.host.end('SIGKILL');
    const last = JSON.stringify({ number: 'last' });
    expect(await send(other.host.ready.http, last)).toMatchObject({ status: 202 });
    for (const body of bodies) expect(await send(other.host.ready.http, body)).toMatchObject({ status: 202 });
    await eventually(() => remote.asked.length > bodies.length);
    expect(remote.asked).toHaveLength(bodies.length + 1);
    expect(told.flat().filter(({ delivery: { body } }) => body === 'made up')).toEqual([]);
    over.abort();
  });
});

it('loses nothing that was answered when its host is killed, and starts nothing twice that is sent again', async () => {
  await using remote = await RemoteSystem.open();
  await using project = await CliProject.open({
    kinds: [],
    yaml: `connectors: [{ id: shared, kind: hooked, host: 127.0.0.1, port: ${remote.port}, settings: { secret: hush }, webhook: { action: take } }]`,
  });
  await project.sandbox.addConnector({ kind: 'hooked', source: await readFile(HOOKED, 'utf8') });
  const bodies = Array.from({ length: 60 }, (_, number) => JSON.stringify({ number }));
  const answered: string[] = [];
  {
    await using host = await project.start();
    const sending = bodies.map(async (body) => {
      const { status } = await send(host.ready.http, body);
      if (status === 202) answered.push(body);
    });
    await eventually(() => answered.length > bodies.length / 3);
    await host.end('SIGKILL');
    await Promise.allSettled(sending);
  }
  await using host = await project.start();
  await using service = await connect({ address: host.ready.grpc });
  for (const body of bodies) expect(await send(host.ready.http, body)).toMatchObject({ status: 202 });
  const { executions } = await eventually(
    () => service.listExecutions({ connector: 'shared', limit: 200 }),
    ({ executions: all }) => all.every(({ status }) => status !== 'queued' && status !== 'running'),
  );
  expect(executions).toHaveLength(bodies.length);
  // What ran when the host was killed may have been sent: nobody knows, and it is not sent again.
  const sent = remote.asked.map(({ payload }) => JSON.stringify(payload['body']));
  expect(new Set(sent).size).toBe(sent.length);
  const unknown = executions.filter(({ status }) => status === 'unknown').length;
  expect(executions.filter(({ status }) => status === 'succeeded')).toHaveLength(bodies.length - unknown);
  expect(sent.length).toBeGreaterThanOrEqual(bodies.length - unknown);
});
