import { expect, it } from '@jest/globals';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

/** Has a host take the time of day for a minute later than it is. */
const AHEAD = `--import data:text/javascript,${encodeURIComponent('const now = Date.now; Date.now = () => now() + 60_000;')}`;

describeWithPostgres('a host whose clock is a minute ahead', (databases) => {
  it('passes calls on to another one, and that one to it', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, pid } = scene;
    const one = await start('a');
    const ahead = await start('b', { NODE_OPTIONS: AHEAD });
    for (const [holder, other, id] of [
      [one, ahead, 'here'],
      [ahead, one, 'there'],
    ] as const) {
      await holder.service.register(config(id));
      await ask(holder.service, id, 'read', 'first');
      await knows(other.service, id);
      expect((await ask(other.service, id, 'change', id)).pid).toBe(pid(holder.host));
      // By a call of gRPC, and not over the line.
      expect(await other.service.describe(id)).toMatchObject({ kind: 'marking' });
    }
  });
});
