import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describeWith } from '@automate/tooling/require-service';
import { expect, it } from '@jest/globals';
import { repositoryPath } from '../../cli/fixtures/cli-project.ts';
import { canMakeNetworks } from '../../e2e/fixtures/two-namespaces.ts';
import { postgres } from '../../fixtures/postgres-databases.ts';

const DISTURB = repositoryPath('host', 'soak', 'disturb.mjs');
/** Whoever shares this machine may hold up a host for longer than by hand. */
const FEW = ['--rounds', '2', '--only', 'kill,database away', '--outage', '4', '--calm', '1', '--takeover', '30'];

describeWith(
  {
    name: 'network namespaces and PostgreSQL',
    available: () => canMakeNetworks() && postgres.available(),
    remedy: 'as root: apt-get install --no-install-recommends iproute2 postgresql',
  },
  'three hosts in networks of their own',
  () => {
    it('lose nothing that was acknowledged and do nothing twice, whichever is killed, and where their database goes away', async () => {
      const child = spawn(process.execPath, [DISTURB, ...FEW], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      expect(said.split('\n').filter((line) => line.startsWith('VIOLATED'))).toStrictEqual([]);
      expect(said).toContain('nothing was violated');
      expect(said).toMatch(/host \d was killed/);
      expect(said).toMatch(/the database was away/);
      // Some of everything was asked for, and something was taken over.
      for (const name of [
        'calls',
        'keyed',
        'again',
        'executions',
        'takeovers, and how long they took: median, longest \\(ms\\)',
      ])
        expect(said).toMatch(new RegExp(`^ +${name} +[1-9]`, 'm'));
      expect(child.exitCode).toBe(0);
    }, 300_000);
  },
);
