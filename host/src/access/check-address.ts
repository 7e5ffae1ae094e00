import type { Problem } from '@automate/contract';
import { quote } from '@automate/contract';

/** How the host is to be reached. */
export interface Reachability {
  readonly bindAddress: string;
  /** Whether only this machine can reach it. */
  readonly loopback: boolean;
  /** Whether anybody could sign in: a token that counts, or an authority of client certificates. */
  readonly canSignIn: boolean;
  readonly tls: boolean;
  readonly allowPlaintext: boolean;
}

/** Why the host must not be reached there as it is set up, each with what mends it; and what works but should be looked at. */
export function checkAddress(reach: Reachability): {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
} {
  const { bindAddress, loopback, canSignIn, tls, allowPlaintext } = reach;
  if (loopback) return { problems: [], warnings: [] };
  const problem = (expected: string, received: string): Problem => ({
    path: 'BIND_ADDRESS',
    expected,
    received: `${quote(bindAddress)} ${received}`,
  });
  const problems = [
    ...(canSignIn
      ? []
      : [
          problem(
            'a way to sign in where others can reach the host: run "automate tokens create NAME --scope read", or set TLS_CLIENT_CA_FILE',
            'and no token',
          ),
        ]),
    ...(tls || allowPlaintext
      ? []
      : [
          problem(
            'TLS where others can reach the host: set TLS_CERT_FILE and TLS_KEY_FILE, or ALLOW_PLAINTEXT=true where a proxy in front of it ends TLS',
            'and no TLS',
          ),
        ]),
  ];
  const warnings = tls
    ? []
    : [
        `tokens and payloads reach ${bindAddress} in clear text (ALLOW_PLAINTEXT): let nobody but a proxy that ends TLS reach it`,
      ];
  return { problems, warnings };
}
