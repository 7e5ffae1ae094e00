import { InvalidInputError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';
import { z } from 'zod';
import { alertmanagerConfigSchema } from './config.ts';

const HEADER = 'x-scope-orgid';

/** The field of inputs by which a call names its tenant. */
export const tenantField = z.string().min(1).optional().describe('Asks in the name of this tenant (X-Scope-OrgID)');

/** In whose name a connector asks: Mimir, Cortex and Thanos tell tenants apart by a header. */
export class Tenant {
  #configured: string | undefined;
  #pinned = false;

  open({ settings, config }: ConnectorContext): void {
    this.#configured = alertmanagerConfigSchema.parse(settings).tenant;
    this.#pinned = Object.keys(config.auth.headers ?? {}).some((name) => name.toLowerCase() === HEADER);
  }

  /** @param named the tenant that a call names */
  headers(named?: string): Readonly<Record<string, string>> {
    if (named !== undefined && this.#pinned) {
      throw new InvalidInputError("the operator has pinned this connector's tenant in auth.headers: call without one", {
        problems: [{ path: 'tenant', expected: 'nothing, for this connector', received: JSON.stringify(named) }],
      });
    }
    const tenant = named ?? this.#configured;
    return tenant === undefined ? {} : { [HEADER]: tenant };
  }
}
