import { setTimeout as sleep } from 'node:timers/promises';
import { describeWith } from '@automate/tooling/require-service';
import { afterAll, expect, it } from '@jest/globals';
import { startMovingProxy } from '../../../packages/sql/test/moving-proxy.ts';
import { createWorkshop, postgres } from './open-postgres.ts';

describeWith(postgres, 'a PostgreSQL with a standby that follows it', () => {
  const workshop = createWorkshop();
  afterAll(() => workshop.close());

  it('is followed to where it goes on, once the standby takes changes', async () => {
    const primary = await workshop.start();
    await primary.sql('CREATE TABLE mark (id int PRIMARY KEY)');
    const standby = await workshop.start({ standbyOf: primary.port });
    const name = workshop.use(await startMovingProxy(primary.port));
    const connector = await workshop.connect(name.port);
    const insert = (id: number) => connector.call('execute', { sql: `INSERT INTO mark VALUES (${id})` });
    await insert(1);
    while ((await standby.sql('SELECT id FROM mark')).length === 0) await sleep(20);

    await primary.stop('SIGQUIT');
    name.move(standby.port);
    // The connection that is open may not have heard of it yet.
    await insert(2).catch(() => undefined);
    await expect(insert(2)).rejects.toMatchObject({
      effect: 'none',
      retryable: true,
      blame: 'operator',
      details: { reason: 'server_read_only' },
    });
    await expect(connector.health()).resolves.toMatchObject({
      status: 'unhealthy',
      details: { reason: 'server_read_only' },
    });
    await expect(connector.call('query', { sql: 'SELECT id FROM mark' })).resolves.toMatchObject({ rows: [{ id: 1 }] });

    await standby.sql('SELECT pg_promote()');
    await expect(insert(2)).resolves.toMatchObject({ rows_affected: 1 });
    await expect(connector.health()).resolves.toMatchObject({ status: 'healthy' });
    await expect(standby.sql('SELECT id FROM mark ORDER BY id')).resolves.toStrictEqual([{ id: 1 }, { id: 2 }]);
  });
});
