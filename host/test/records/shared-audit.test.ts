import { createSecretKey } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { AuditVerdict } from '@automate/contract';
import type { AuditPlace } from '../../dist/records/audit-place.js';
import { auditPlaceOf, openAuditPlace } from '../../dist/records/audit-place.js';
import { openAuditTable } from '../../dist/records/audit-table.js';
import { listAudit } from '../../dist/records/list-audit.js';
import { verifyAudit } from '../../dist/records/verify-audit.js';
import { openStores } from '../../dist/store/open-stores.js';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';

const RING = {
  current: 'k1',
  keys: new Map(['k1', 'k2'].map((id, index) => [id, createSecretKey(Buffer.alloc(32, index + 1))] as const)),
};

describeWithPostgres('the audits of hosts in one database', (databases) => {
  let url: string;
  let root: string;
  let places: readonly [AuditPlace, AuditPlace];
  beforeEach(async () => {
    url = await databases.create();
    await (await openStores({ dataDir: '', storeUrl: url })).close();
    root = mkdtempSync(join(tmpdir(), 'automate-audits-'));
    const place = (): AuditPlace => auditPlaceOf({ dataDir: mkdtempSync(join(root, 'host-')), storeUrl: url }, 'makes');
    places = [place(), place()];
    await Promise.all(places.map((each) => write(each, 7)));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function write(place: AuditPlace, count: number, ring = RING): Promise<void> {
    const opened = await openAuditPlace(place);
    const table = await openAuditTable(place, ring, opened.openRows);
    for (let index = 1; index <= count; index += 1) {
      const body = {
        at: new Date(index * 1000).toISOString(),
        operation: 'execute',
        action: `grüße ${index} \u0000`,
        host: place.shared?.host,
        code: 'OK',
      };
      await table.append([JSON.stringify(body), JSON.stringify({ ...body, action: 'second' })]);
    }
    await table.close();
    await opened.close();
  }
  async function verify(place: AuditPlace): Promise<AuditVerdict> {
    const opened = await openAuditPlace(place);
    const verdict = await verifyAudit(place.file, RING.keys, undefined, opened.look);
    await opened.close();
    return verdict;
  }

  it('are a chain for each, of which each can be read and verified', async () => {
    const [one, other] = places;
    expect(one.shared?.host).not.toBe(other.shared?.host);
    for (const place of places)
      expect(await verify(place)).toMatchObject({
        ok: true,
        host: place.shared?.host,
        records: 14,
        first: 1,
        last: 14,
        unsealed: 0,
      });
    const opened = await openAuditPlace(one);
    const page = await listAudit(opened.look, { limit: 2, cursor: 13, action: 'grüße 6 \u0000' });
    expect(page.records).toMatchObject([{ seq: 11, action: 'grüße 6 \u0000' }]);
    expect((await listAudit(opened.look, { order: 'oldest', limit: 3 })).records.map(({ seq }) => seq)).toEqual([
      1, 2, 3,
    ]);
    await opened.close();
    expect(auditPlaceOf({ dataDir: join(one.file, '..'), storeUrl: url }).shared?.host).toBe(one.shared?.host);
  });

  it.each([
    [
      'another body',
      `UPDATE automate.audit_records SET body = replace(body, 'OK', 'NO') WHERE host = $1 AND seq = 4`,
      'record 4 is not as it was written',
    ],
    ['a record that is gone', 'DELETE FROM automate.audit_records WHERE host = $1 AND seq = 4', 'record 4 is missing'],
    ['an end that is cut off', 'DELETE FROM automate.audit_records WHERE host = $1 AND seq > 12', 'the end is cut off'],
    [
      'another beginning',
      'UPDATE automate.audit_chains SET cut_seq = 2 WHERE host = $1',
      '"chain" is not as it was sealed',
    ],
    [
      'records of another chain',
      `UPDATE automate.audit_records SET body = o.body, hash = o.hash FROM automate.audit_records o
      WHERE automate.audit_records.host = $1 AND o.host <> $1 AND automate.audit_records.seq = o.seq AND o.seq = 4`,
      'record 4 is not as it was written',
    ],
    ['a whole chain that is gone', 'DELETE FROM automate.audit_chains WHERE host = $1', 'does not have its one row'],
  ])('show what was done to one: %s', async (_what, statement, words) => {
    const [one, other] = places;
    await databases.sql(url, statement.replaceAll('$1', `'${one.shared?.host}'`));
    expect(await verify(one)).toMatchObject({ ok: false, fault: { message: expect.stringContaining(words) } });
    expect(await verify(other)).toMatchObject({ ok: true });
  });

  it('show a head that was put back, and name the key that is not there', async () => {
    const [one, other] = places;
    copyFileSync(`${one.file}-head`, join(root, 'old'));
    await write(one, 2);
    copyFileSync(join(root, 'old'), `${one.file}-head`);
    expect((await verify(one)).fault?.message).toMatch(/-head is 2 writes older than the table/);
    await write(other, 1, { ...RING, current: 'k2' });
    const lost = { current: 'k1', keys: new Map([...RING.keys].slice(0, 1)) };
    await expect(write(other, 1, lost)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      details: { reason: 'audit_key_lost' },
      message: expect.stringMatching(/audit of this host, .* in the store.*master key k2.*host-id/),
    });
  });
});
