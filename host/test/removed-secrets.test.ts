import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { createScrubber } from '../src/secrets/scrubber.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const SECRET = 'cnry-of-one-that-is-gone';

/** Tells its secret late: when there is a file. */
const LATE = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectorAdapter } from '@automate/sdk';
export default class Late extends ConnectorAdapter {
  name = 'late';
  version = '1.0.0';
  async connect() { return true; }
  async execute(_action, { began, gate }) {
    const secret = this.context.settings.token;
    writeFileSync(began, '');
    while (!existsSync(gate)) await sleep(5);
    this.context.logger.info('late: ' + secret);
    throw new Error('could not log in with ' + secret);
  }
}
`;

it('secrets of a removed connector are known as long as anything of it runs, however long that takes', async () => {
  let passed = 0;
  await using it_ = await SandboxHost.open({
    kinds: [],
    scrubber: createScrubber({ now: () => Date.now() + passed }),
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'late', source: LATE })),
  });
  const [began, gate] = ['began', 'gate'].map((name) => join(it_.sandbox.root, name)) as [string, string];
  await it_.service.register({ id: 'late', kind: 'late', settings: { token: SECRET } });
  const call = it_.service.execute({ id: 'late', action: 'any', payload: { began, gate } });
  const failure = call.catch((error: unknown) => error as Error);
  await eventually(() => existsSync(began));
  await it_.service.remove('late');
  passed = 10 * 60_000;
  writeFileSync(gate, '');
  expect((await failure) as Error).toMatchObject({ message: expect.stringMatching(/^could not log in with \S+$/) });
  expect(((await failure) as Error).message).not.toContain(SECRET);
  expect(it_.logText).toContain('late: ');
  expect(it_.logText).not.toContain(SECRET);
});

it.each(['never ran', 'has ended'])('secrets of a removed connector that %s are forgotten', async (what) => {
  let passed = 0;
  await using it_ = await SandboxHost.open({
    kinds: ['echo'],
    serve: false,
    scrubber: createScrubber({ now: () => Date.now() + passed }),
    yaml: 'connectors:\n  - { id: echo }\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'late', source: LATE })),
  });
  const said = async () => {
    const call = { id: 'echo', action: 'say', payload: { text: `it is ${SECRET}` } };
    return (await it_.service.execute(call)).result;
  };
  expect(await said()).toMatchObject({ text: `it is ${SECRET}` });
  await it_.service.register({ id: 'late', kind: 'late', settings: { token: SECRET } });
  expect(await said()).toMatchObject({ text: 'it is [secret]' });
  if (what === 'has ended') {
    const [began, gate] = [join(it_.sandbox.root, 'began'), join(it_.sandbox.root, 'gate')];
    writeFileSync(gate, '');
    const call = it_.service.execute({ id: 'late', action: 'any', payload: { began, gate } });
    await expect(call).rejects.toMatchObject({ message: 'could not log in with [secret]' });
  }
  await it_.service.remove('late');
  await eventually(async () => {
    passed += 10 * 60_000;
    return ((await said()) as { text: string }).text === `it is ${SECRET}`;
  });
});
