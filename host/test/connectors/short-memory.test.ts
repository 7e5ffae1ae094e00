import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const GB = 1024 ** 3;

/** Starts of a worker after its first. */
async function restartsOf(host: SandboxHost, id: string): Promise<number> {
  const metrics = await (await fetch(`${host.host.httpAddress}/metrics`)).text();
  const line = metrics.split('\n').find((each) => each.startsWith(`automate_worker_restarts_total{connector="${id}"}`));
  return Number(line?.split(' ')[1]);
}

it.each<[memory: string, free: number, restarts: number]>([
  ['short', GB / 8, 2],
  ['not short', GB, 0],
])('where memory is %s, a worker that only checks start is kept as long as that allows', async (_m, free, restarts) => {
  await using it = await SandboxHost.open({
    kinds: ['echo'],
    yaml: [
      'connectors:',
      '  - { id: checked, kind: echo, settings: { greeting: hi }, health_check: { interval: 1h } }',
      '  - { id: used, kind: echo, settings: { greeting: hi }, health_check: { interval: 1h } }',
    ].join('\n'),
    process: Object.assign(Object.create(process) as typeof process, {
      constrainedMemory: () => GB,
      availableMemory: () => free,
    }),
  });
  await it.service.execute({ id: 'used', action: 'say', payload: { text: 'x' } });
  for (const round of [1, 2, 3]) {
    for (const id of ['checked', 'used'])
      expect([round, (await it.service.healthCheck(id)).status]).toStrictEqual([round, 'healthy']);
  }
  // What it was found to be holds without a worker, too.
  expect(await it.service.get('checked')).toMatchObject({ connector: { status: 'healthy' } });
  expect(await restartsOf(it, 'checked')).toBe(restarts);
  expect(await restartsOf(it, 'used')).toBe(0);
});
