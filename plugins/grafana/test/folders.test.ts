import { describe, expect, it } from '@jest/globals';
import { grafana, start } from './running-grafana.ts';

describe('folders', () => {
  it('are made within one another, listed, read and deleted', async () => {
    const connector = await start();
    await expect(connector.call('create_folder', { title: 'Shop', uid: 'shop' })).resolves.toMatchObject({
      uid: 'shop',
      title: 'Shop',
      parents: [],
      created_by: 'sa-1-automate',
    });
    const inner = await connector.call('create_folder', { title: 'Orders', parent_uid: 'shop' });
    expect(inner).toMatchObject({ parent_uid: 'shop', parents: [{ uid: 'shop', title: 'Shop' }] });
    const uid = inner['uid'] as string;
    await expect(connector.call('list_folders')).resolves.toStrictEqual({ folders: [{ uid: 'shop', title: 'Shop' }] });
    await expect(connector.call('list_folders', { parent_uid: 'shop', limit: 1 })).resolves.toStrictEqual({
      folders: [{ uid, title: 'Orders', parent_uid: 'shop' }],
      next_page: 2,
    });
    await expect(connector.call('get_folder', { uid })).resolves.toMatchObject({ title: 'Orders' });
    await expect(connector.call('delete_folder', { uid })).resolves.toStrictEqual({ deleted: true });
    await expect(connector.call('get_folder', { uid })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(connector.call('delete_folder', { uid })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(connector.call('delete_folder', { uid }, { repeated: true })).resolves.toStrictEqual({
      deleted: true,
    });
  });

  it('are not made twice, and not deleted with their alert rules unless told to', async () => {
    const connector = await start();
    await connector.call('create_folder', { title: 'Rules', uid: 'f1' });
    await expect(connector.call('create_folder', { title: 'Rules', uid: 'f1' })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      effect: 'none',
    });
    await expect(connector.call('delete_folder', { uid: 'f1' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('alert rules'),
    });
    await expect(connector.call('delete_folder', { uid: 'f1', delete_alert_rules: true })).resolves.toStrictEqual({
      deleted: true,
    });
  });
});

describe('the organization', () => {
  it('is that of the settings, in every request', async () => {
    const connector = await start({ settings: { org_id: 1 } });
    await connector.call('list_datasources');
    await connector.call('call', { path: '/api/org' });
    await connector.health();
    expect(new Set(grafana.service.requests.map(({ headers }) => headers['x-grafana-org-id']))).toStrictEqual(
      new Set(['1']),
    );
    const other = await start({ settings: { org_id: 2 } });
    await expect(other.health()).resolves.toMatchObject({ status: 'unhealthy', details: { code: 'AUTH_FAILED' } });
  });
});
