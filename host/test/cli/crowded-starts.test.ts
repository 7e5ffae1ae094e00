import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';

const SPINNING = `
  import { ConnectorAdapter } from '@automate/sdk';
  export default class SpinningAdapter extends ConnectorAdapter {
    name = 'spinning';
    version = '1.0.0';
    constructor() { super(); for (;;); }
    connect() { return true; }
  }`;
const REGISTRATIONS = 20;
/** Two for each processor, and a few more for those that end. */
const MOST_THREADS = 2 * availableParallelism() + 4;

const threadsOf = (host: ServingHost): number => readdirSync(`/proc/${host.child.pid}/task`).length;

const post = (host: ServingHost, path: string, body: object): Promise<Response> =>
  fetch(`${host.ready.http}/api/v1/connectors${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('registrations of a kind that spins take turns, keep nobody else from starting, and end with the host', async () => {
  await using project = await CliProject.open({ yaml: 'connectors:\n  - { id: echo, settings: { greeting: hi } }\n' });
  await project.sandbox.addConnector({ kind: 'spinning', source: SPINNING });
  await using host = await project.start();
  const quiet = threadsOf(host);
  const answers = Array.from({ length: REGISTRATIONS }, (_, index) =>
    post(host, '', { id: `s${index}`, kind: 'spinning' }).then(
      (answer) => answer.status,
      () => 'cut off',
    ),
  );
  await delay(2_000);
  expect(threadsOf(host) - quiet).toBeLessThanOrEqual(MOST_THREADS);
  const called = await post(host, '/echo/actions/say', { text: 'x' });
  expect([called.status, await called.text()]).toStrictEqual([200, expect.stringContaining('hi')]);
  expect(threadsOf(host) - quiet).toBeLessThanOrEqual(MOST_THREADS);
  expect(await host.end('SIGTERM')).toMatchObject({ status: 0, signal: null });
  for (const answer of await Promise.all(answers)) expect([503, 504, 'cut off']).toContain(answer);
});
