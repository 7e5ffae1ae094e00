import { coversAddress, parseAddress, parseNetworkRule } from '@automate/contract';
import type { NetworkConfig } from '../../config/host-config.ts';
import type { Finding } from './finding.ts';

/** Where clouds hand out a machine's credentials: what is allowed there is worth a second look. */
const METADATA = ['169.254.169.254', 'fd00:ec2::254'];

/** What keeps connectors from where, in a sentence. */
export function checkNetwork({ allow, deny, registeredAllow }: NetworkConfig): Finding {
  const check = 'network';
  const listed = (rules: readonly string[]): string => rules.map((rule) => `"${rule}"`).join(', ');
  const denied = [
    'link-local and metadata addresses',
    "the host's own ports",
    ...(deny.length > 0 ? [listed(deny)] : []),
  ];
  const parts = [
    `denied to connectors: ${denied.join(', ')}`,
    ...(allow.length > 0 ? [`all the same allowed: ${listed(allow)}`] : []),
    `denied besides to those that are registered over the API, where callers sign in: loopback and private addresses${registeredAllow.length > 0 ? ` but for ${listed(registeredAllow)}` : ''}`,
  ];
  const message = parts.join('; ');
  const risky = allow.filter((rule) => reachesMetadata(rule));
  if (risky.length === 0) return { check, state: 'ok', message };
  return {
    check,
    state: 'warning',
    message: `${message}; ${listed(risky)} opens the metadata service, which hands out this machine's credentials`,
    remedy: 'narrow network.allow in the configuration file, unless a connector needs that',
  };
}

function reachesMetadata(text: string): boolean {
  const rule = parseNetworkRule(text);
  return METADATA.some((each) => {
    const address = parseAddress(each);
    return rule !== undefined && address !== undefined && coversAddress(rule, address);
  });
}
