import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

const newKey = () => randomBytes(32).toString('base64');

/** Hosts read the file at any moment. */
async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}-new`, text, { mode: 0o600 });
  await rename(`${file}-new`, file);
}

describeWithPostgres('hosts that share a store, and their master keys', (databases) => {
  it('do not let one in that has another key, as long as one of them lives or something is sealed', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, project, url } = scene;
    const foreign = join(project.root, 'foreign.key');
    await writeFile(foreign, `${newKey()}\n`, { mode: 0o600 });
    const env = { STORE_URL: url, GRPC_PORT: '0', HTTP_PORT: '0' };
    const refusals = async () => {
      const other = await project.automate(['start'], { env: { ...env, DATA_DIR: 'b', MASTER_KEY_FILE: foreign } });
      // It would make one of its own.
      const none = await project.automate(['start'], { env: { ...env, DATA_DIR: 'c' } });
      return [other, none].map(({ status, stderr }) => ({ status, stderr }));
    };
    const one = await start('a');
    const { id } = (await one.service.listHosts())[0] ?? {};
    const other = expect.stringMatching(
      new RegExp(
        `MASTER_KEY_FILE, ${foreign}: this host has another master key.*expected [\\da-f]{12}, which the host ${id} .*has in use; received [\\da-f]{12}`,
        's',
      ),
    );
    const none = expect.stringMatching(/the master key, .*master.key: .*received none\..*names the file that all/s);
    expect(await refusals()).toEqual([
      { status: 78, stderr: other },
      { status: 78, stderr: none },
    ]);
    await expect(one.service.listHosts()).resolves.toHaveLength(1);

    // Nobody lives, and something is sealed.
    await one.service.setSecret({ namespace: 'team', name: 'word', value: 'hidden-word' });
    await one.host.end('SIGTERM');
    const sealed = { status: 78, stderr: expect.stringMatching(/which what is kept there is sealed under; received/) };
    expect(await refusals()).toEqual([sealed, sealed]);
    // Where the key is lost, what is said there is the way out.
    await project.json(['secrets', 'remove', 'team/word'], {
      env: { ...env, DATA_DIR: 'b', MASTER_KEY_FILE: foreign },
    });
    await start('b', { MASTER_KEY_FILE: foreign });
  });

  it('take a new key once all of them have it, and go on calling each other and reading secrets meanwhile', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, project, url, remote, pid } = scene;
    const [first, second] = [join(project.root, 'one.key'), join(project.root, 'other.key')];
    const old = await readFile(join(project.root, 'master.key'), 'utf8');
    for (const file of [first, second]) await writeFile(file, old, { mode: 0o600 });
    const one = await start('a', { MASTER_KEY_FILE: first });
    const other = await start('b', { MASTER_KEY_FILE: second });
    await one.service.setSecret({ namespace: 'team', name: 'word', value: 'hidden-word' });
    await one.service.register({
      ...config('shared'),
      auth: { type: 'bearer', token: 'secretref://store/team/word' },
    });
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'begin');
    const rotate = async (DATA_DIR: string, MASTER_KEY_FILE: string) =>
      project.automate(['secrets', 'rotate-keys', '--json'], { env: { STORE_URL: url, DATA_DIR, MASTER_KEY_FILE } });
    const calls = { made: 0, faults: new Array<unknown>(), isOver: false };
    const calling = [one, other].map(async ({ service }) => {
      while (!calls.isOver) {
        calls.made += 1;
        await ask(service, 'shared', 'read', 'meanwhile').catch((fault: unknown) => calls.faults.push(fault));
        const { id } = await service.startExecution({ id: 'shared', action: 'read', payload: { what: 'later' } });
        await eventually(
          async () => (await service.getExecution(id)).status,
          (status) => status === 'succeeded',
        ).catch((fault: unknown) => calls.faults.push(fault));
      }
    });
    const added = newKey();
    await replaceFile(first, `${added}\n${old}`);
    const early = await rotate('a', first);
    expect([early.status, early.stderr]).toEqual([1, expect.stringMatching(/is not known to the host .*rotate again/)]);
    // Its file is read again each second: calls with the new key would be refused by now.
    const seen = calls.made;
    await eventually(() => calls.made > seen + 40);
    await replaceFile(second, `${added}\n${old}`);
    const rotated = await eventually(
      () => rotate('a', first),
      ({ status }) => status === 0,
    );
    const { key_id: id } = JSON.parse(rotated.stdout) as { key_id: string };
    await eventually(() => calls.made > seen + 80);
    calls.isOver = true;
    await Promise.all(calling);
    expect(calls.faults).toEqual([]);

    // What is sealed is under the new key, and a host that has only the one of before does not come in.
    const lone = join(project.root, 'master.key');
    const { status, stderr } = await project.automate(['start'], {
      env: { STORE_URL: url, DATA_DIR: 'c', MASTER_KEY_FILE: lone, GRPC_PORT: '0', HTTP_PORT: '0' },
    });
    expect([status, stderr]).toEqual([78, expect.stringContaining(`expected ${id}`)]);
    // The one that holds it goes; the other reads the secret anew.
    const { pid: holder } = await ask(one.service, 'shared', 'read', 'last');
    const [gone, left] = holder === pid(one.host) ? [one, other] : [other, one];
    await gone.host.end('SIGKILL');
    await ask(left.service, 'shared', 'read', 'taken');
    expect(remote.asked('taken').pids).toEqual([pid(left.host)]);
  });
});
