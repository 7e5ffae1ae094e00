import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres(
  'a host that stood still for longer than its lease in the midst of a call with a key',
  (databases) => {
    it('answers what the others have told of the key meanwhile', async () => {
      await using scene = await openSharingHosts(databases);
      const { remote, start, config } = scene;
      const one = await start('a');
      const other = await start('b');
      await one.service.register({ ...config('shared'), placement: 'all' });
      await knows(other.service, 'shared');
      const codeOf = (call: Promise<unknown>): Promise<string> =>
        call.then(
          () => 'OK',
          ({ code }: { code: string }) => code,
        );
      const first = codeOf(ask(one.service, 'shared', 'change', 'hold', 'key-of-held'));
      await eventually(() => remote.asked('hold').times === 1);
      one.host.kill('SIGSTOP');
      const again = (): Promise<string> => codeOf(ask(other.service, 'shared', 'change', 'hold', 'key-of-held'));
      await eventually(again, (code) => code === 'OUTCOME_UNKNOWN');
      one.host.kill('SIGCONT');
      remote.letGo();
      await expect(first).resolves.toBe('OUTCOME_UNKNOWN');
      await expect(again()).resolves.toBe('OUTCOME_UNKNOWN');
      await expect(codeOf(ask(one.service, 'shared', 'change', 'hold', 'key-of-held'))).resolves.toBe(
        'OUTCOME_UNKNOWN',
      );
      expect(remote.asked('hold').times).toBe(1);
    });
  },
);
