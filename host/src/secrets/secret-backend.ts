import type { SecretReference } from '@automate/contract/schemas';

/** What asking a backend gave. A reason never holds a secret. */
export type SecretRead =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: string };

/** One place that secrets come from. Never rejects. */
export interface SecretBackend {
  /** The secret as it is now; nothing is kept between two calls, so that a changed secret takes effect at the next start. */
  read(reference: SecretReference): Promise<SecretRead>;
}
