import { existsSync } from 'node:fs';
import type { HostSettings } from '../../host-settings.ts';
import { auditFileOf, auditKeysOf } from '../../records/open-audit.ts';
import { verifyAudit } from '../../records/verify-audit.ts';
import { openMasterKeys } from '../../secrets/master-key.ts';
import type { Finding } from './finding.ts';

/** Whether the audit, where there is one, is as it was written. */
export async function checkAudit({ dataDir, masterKeyFile }: HostSettings): Promise<readonly Finding[]> {
  const file = auditFileOf(dataDir);
  if (!existsSync(file)) return [];
  const check = 'audit';
  try {
    const { keys } = auditKeysOf(openMasterKeys({ dataDir, keyFile: masterKeyFile }).all());
    const { ok, records, fault } = await verifyAudit(file, keys);
    if (ok) return [{ check, state: 'ok', message: `${records} records are as they were written` }];
    const remedy = 'find out who has changed it; "automate audit verify" says more';
    return [{ check, state: 'failed', message: `${file}: ${fault?.message ?? 'not as it was written'}`, remedy }];
  } catch (error) {
    return [
      {
        check,
        state: 'failed',
        message: (error as Error).message,
        remedy: 'give the key back that it was sealed with',
      },
    ];
  }
}
