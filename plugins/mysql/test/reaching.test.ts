import { describeWith } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mariadb } from './start-mariadb.ts';
import type { Shop } from './start-shop.ts';
import { startShop } from './start-shop.ts';

describeWith(mariadb, 'a MariaDB is reached', () => {
  let shop: Shop;
  const odd = 'p@ss:wörd/$%{1}#?';
  beforeAll(async () => {
    shop = await startShop({
      args: ['--bind-address=*'],
      setup: [`CREATE USER 'od d@'@'%' IDENTIFIED BY '${odd}'`, "GRANT ALL ON shop.* TO 'od d@'@'%'"],
    });
  });
  afterAll(() => shop?.close());

  const login = { auth: { type: 'basic', username: 'od d@', password: odd } } as const;
  const asked = { sql: 'SELECT DATABASE() AS name' };
  const answer = { rows: [{ name: 'shop' }] };

  it('with any password', async () => {
    const connector = await shop.connect({ url: shop.server.url, settings: { database: 'shop' }, config: login });
    await expect(connector.call('query', asked)).resolves.toMatchObject(answer);
  });

  it.each(['::1', '[::1]'])('at %s', async (host) => {
    const port = Number(new URL(shop.server.url).port);
    const connector = await shop.connect({ settings: { database: 'shop' }, config: { ...login, host, port } });
    await expect(connector.call('query', asked)).resolves.toMatchObject(answer);
    await expect(connector.health()).resolves.toMatchObject({ message: `MySQL at [::1]:${port} lets us in` });
  });

  it('over a Unix socket', async () => {
    const connector = await shop.connect({ settings: { database: 'shop', socket: shop.server.socket }, config: login });
    await expect(connector.call('query', asked)).resolves.toMatchObject(answer);
  });

  it('by a URI', async () => {
    const { port } = new URL(shop.server.url);
    const user = `${encodeURIComponent('od d@')}:${encodeURIComponent(odd)}`;
    for (const uri of [
      `mysql://${user}@127.0.0.1:${port}/shop`,
      `mariadb://${user}@[::1]:${port}/shop`,
      `mysql://${user}@localhost/shop?socket=${encodeURIComponent(shop.server.socket)}`,
    ]) {
      const connector = await shop.connect({ settings: { uri } });
      await expect(connector.call('query', asked)).resolves.toMatchObject(answer);
    }
  });

  it.each(['nonsense', 'http://a:secret@b/', 'mysql://a:secret@b/c?multipleStatements=true', 'mysql://a:%zz@b/c'])(
    'not by %s, whose password no error shows',
    async (uri) => {
      const failure = (await (async () => {
        const connector = await shop.connect({ settings: { uri } });
        await connector.call('query', asked);
      })().catch((error: unknown) => error)) as Error;
      expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
      expect(failure.message).not.toMatch(/secret|zz/);
    },
  );
});
