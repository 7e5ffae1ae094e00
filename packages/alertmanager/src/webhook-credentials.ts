import type { SharedCredentials } from '@automate/sdk';
import { z } from 'zod';

/** Settings of what an Alertmanager shows with the notifications that it sends; the contact points of Grafana have the same. */
export const credentialFields = {
  token: z
    .string()
    .min(1)
    .optional()
    .describe('Token that the sender shows (`Authorization: Bearer`)')
    .meta({ writeOnly: true }),
  username: z
    .string()
    .min(1)
    .optional()
    .describe('Name that the sender shows (`Authorization: Basic`), with `password`'),
  password: z.string().min(1).optional().describe('Password that the sender shows').meta({ writeOnly: true }),
};

export interface CredentialSettings {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** The credentials in such settings; undefined where there are none, `mixed` where half of them is missing or there are too many. */
export function credentialsOf({
  token,
  username,
  password,
}: CredentialSettings): SharedCredentials | 'mixed' | undefined {
  if (token !== undefined) return username === undefined && password === undefined ? { token } : 'mixed';
  if (username !== undefined && password !== undefined) return { username, password };
  return username === undefined && password === undefined ? undefined : 'mixed';
}
