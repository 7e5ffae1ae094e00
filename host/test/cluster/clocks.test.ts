import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { openSharingHosts } from './fixtures/sharing-hosts.ts';

/** The clock that a whole process reads, as where its machine's was set. */
const behind = (milliseconds: number) => `
const now = Date.now;
Date.now = () => now() - ${milliseconds};
`;

describeWithPostgres('hosts that share a store, and the clocks of their machines', (databases) => {
  it('say once where theirs is off from that of the database by more than five seconds, and so does the doctor', async () => {
    await using scene = await openSharingHosts(databases);
    const { project, url } = scene;
    const clockOf = async (name: string, milliseconds: number) => {
      await project.sandbox.writeFile(`${name}.mjs`, behind(milliseconds));
      return { NODE_OPTIONS: `--import ${join(project.root, `${name}.mjs`)}` };
    };
    const [late, early, fine] = [
      await clockOf('late', 42_000),
      await clockOf('early', -12_000),
      await clockOf('fine', 3_000),
    ];
    const hosts = [await scene.start('a', late), await scene.start('b', early), await scene.start('c', fine)] as const;
    // Each has asked the database many times by now.
    await eventually(
      () => hosts[2].service.listHosts(),
      (all) =>
        all.length === 3 && all.every(({ since, lastBeatAt }) => Date.parse(lastBeatAt) - Date.parse(since) > 2_000),
    );
    const said = hosts.map(({ host }) => host.records.filter(({ event }) => event === 'clock_differs'));
    expect(said).toMatchObject([
      [{ level: 'warn', msg: expect.stringMatching(/this machine is 4[12] s behind that of the store's.*NTP/) }],
      [{ level: 'warn', msg: expect.stringMatching(/this machine is 1[12] s ahead of that of the store's/) }],
      [],
    ]);
    expect(Math.round(Number(said[0]?.[0]?.['aheadMs']) / 5_000)).toBe(8);

    const examine = async (more: Readonly<Record<string, string>>) => {
      const env = { STORE_URL: url, MASTER_KEY_FILE: 'master.key', DATA_DIR: 'd', ...more };
      const { stdout } = await project.automate(['doctor', '--json'], { env });
      const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; remedy?: string }[] };
      return checks.filter(({ check }) => check === 'clock');
    };
    expect(await examine(late)).toMatchObject([{ state: 'warning', remedy: expect.stringContaining('NTP') }]);
    expect(await examine({})).toEqual([]);
  });
});
