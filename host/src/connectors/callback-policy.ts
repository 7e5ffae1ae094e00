import type { ErrorReason } from '@automate/contract';
import { InvalidInputError, parseAddress } from '@automate/contract';
import { coversCallback } from '@automate/contract/schemas';
import type { HostConfig } from '../config/host-config.ts';
import { createNetworkJudge } from '../runtime/network-policy.ts';
import type { Secrets } from '../secrets/open-secrets.ts';
import type { NetworkPolicies } from './network-policies.ts';

/** What is to be written so that ends of executions are told. */
const REMEDY =
  'executions: { callback_secret: "secretref://store/NAMESPACE/NAME", callbacks: ["https://hooks.example.com/"] }';

interface CallbackPolicyOptions {
  readonly network: Pick<NetworkPolicies, 'ofCallbacks'>;
  readonly secrets: Pick<Secrets, 'resolveOne'>;
  config(): Pick<HostConfig, 'executions'>;
}

/** Where callbacks may go, and what they are signed with, as the configuration says at that moment. */
export function createCallbackPolicy({ network, secrets, config }: CallbackPolicyOptions) {
  return {
    requireAllowed(text: string): void {
      const { callbackSecret, callbacks } = config().executions;
      if (callbackSecret === undefined || callbacks.length === 0)
        throw refused(
          'callbacks_off',
          ['none', 'a URL'],
          `this host tells of no ends: its operator has to write ${REMEDY}`,
        );
      const url = new URL(text);
      if (callbacks.some((rule) => coversCallback(rule, url))) return;
      // What follows a host may be a secret, as in URLs of chats.
      const hosts = new Set(callbacks.map((rule) => rule.replace(/^(https?:\/\/[^/]*)\/.+$/i, '$1/…')));
      const listed = [...hosts].map((rule) => `"${rule}"`).join(', ');
      const why = `its operator has allowed ${listed} in executions.callbacks`;
      throw refused('callback_not_allowed', ['a URL that executions.callbacks allows', 'another URL'], why);
    },
    async secret(): Promise<string> {
      const { callbackSecret } = config().executions;
      if (callbackSecret === undefined) throw new Error(`callbacks are not signed: write ${REMEDY}`);
      return secrets.resolveOne('executions.callback_secret', callbackSecret);
    },
    refuses({
      host,
      address,
      port,
    }: Record<'host' | 'address', string> & { readonly port: number }): string | undefined {
      const bytes = parseAddress(address);
      const refusal = createNetworkJudge(network.ofCallbacks())({ address: bytes, port, names: [host.toLowerCase()] });
      return refusal && `${host} ${refusal.why}; ${refusal.allowIn} would allow it`;
    },
  };
}

/** A URL that is not taken. It is not repeated, as what stands in one may be a secret. */
function refused(reason: ErrorReason, [expected, received]: readonly [string, string], why: string): InvalidInputError {
  return new InvalidInputError(`callback_url: expected ${expected}: ${why}`, {
    problems: [{ path: 'callback_url', expected, received }],
    details: { reason },
  });
}
