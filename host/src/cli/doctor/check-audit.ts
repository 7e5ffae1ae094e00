import { existsSync } from 'node:fs';
import type { HostSettings } from '../../host-settings.ts';
import { headFileOf } from '../../records/audit-head.ts';
import { auditPlaceOf, isAuditThere, openAuditPlace } from '../../records/audit-place.ts';
import { auditKeysOf } from '../../records/open-audit.ts';
import { verifyAudit } from '../../records/verify-audit.ts';
import { openMasterKeys } from '../../secrets/master-key.ts';
import type { Finding } from './finding.ts';

/** Whether the audit, where there is one, is as it was written. `isStoreThere`: whether the database of STORE_URL has tables. */
export async function checkAudit(settings: HostSettings, isStoreThere: boolean): Promise<readonly Finding[]> {
  const { dataDir, masterKeyFile } = settings;
  const place = auditPlaceOf(settings);
  if (!isAuditThere(place)) return [];
  const check = 'audit';
  const opened = await openAuditPlace(place);
  try {
    // A host has an id in a database that hosts share also where it records nothing.
    const isBegun = place.shared === undefined || existsSync(headFileOf(place.file));
    const hosts = isBegun || !isStoreThere ? [] : await opened.others?.hosts();
    if (!isBegun && hosts?.includes(place.shared?.host ?? '') !== true) return [];
    const { keys } = auditKeysOf(openMasterKeys({ dataDir, keyFile: masterKeyFile }).all());
    const { ok, records, fault } = await verifyAudit(place.file, keys, undefined, place.shared && opened.look);
    if (ok) return [{ check, state: 'ok', message: `${records} records are as they were written` }];
    const remedy = 'find out who has changed it; "automate audit verify" says more';
    return [{ check, state: 'failed', message: `${place.file}: ${fault?.message ?? 'not as it was written'}`, remedy }];
  } catch (error) {
    return [
      {
        check,
        state: 'failed',
        message: (error as Error).message,
        remedy: 'give the key back that it was sealed with',
      },
    ];
  } finally {
    await opened.close();
  }
}
