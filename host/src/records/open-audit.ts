import { createSecretKey } from 'node:crypto';
import type { HostSettings } from '../host-settings.ts';
import type { HostLog } from '../log/host-log.ts';
import { AuditLog } from './audit-log.ts';
import { auditPlaceOf } from './audit-place.ts';
import type { AuditKeyRing } from './audit-table.ts';

/** Where the keys come from that records are sealed with: the master keys of the host, the one in use first. */
export interface AuditKeySource {
  all(): readonly DerivingKey[];
  current(): DerivingKey;
}

interface DerivingKey {
  readonly id: string;
  derive(label: string): Uint8Array;
}

/** The keys of all records that were ever written, and the one for those to come; '' where there is no key yet. */
export function auditKeysOf(keys: readonly DerivingKey[]): AuditKeyRing {
  const ring = new Map(keys.map((key) => [key.id, createSecretKey(key.derive('audit'))]));
  return { current: keys[0]?.id ?? '', keys: ring };
}

export interface OpenAuditOptions {
  readonly settings: Pick<HostSettings, 'dataDir' | 'storeUrl' | 'auditMaxAgeMs' | 'auditMaxRows'>;
  /** Whether anything is recorded: asked of every call. */
  recording(): boolean;
  readonly masterKeys: AuditKeySource;
  readonly log: Pick<HostLog, 'error' | 'warn'>;
}

/** Nothing is read, made or recorded yet. */
export function openAudit({ settings, recording, masterKeys, log }: OpenAuditOptions): AuditLog {
  return new AuditLog({
    placeOf: (makes) => auditPlaceOf(settings, makes),
    bounds: { maxAgeMs: settings.auditMaxAgeMs, maxRows: settings.auditMaxRows },
    log,
    recording,
    keysToRead: () => auditKeysOf(masterKeys.all()),
    keysToWrite: () => {
      masterKeys.current();
      return auditKeysOf(masterKeys.all());
    },
  });
}
