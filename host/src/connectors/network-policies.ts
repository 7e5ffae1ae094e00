import { isIP } from 'node:net';
import type { NetworkConfig } from '../config/host-config.ts';
import type { Environment } from '../host-settings.ts';
import type { ListeningPlace, NetworkPolicy } from '../runtime/network-policy.ts';
import { proxiesOf } from '../secrets/resolver.ts';
import type { ConnectorEntry } from './connector-state.ts';

export interface NetworkPoliciesOptions {
  /** Where the host listens by now. */
  readonly own: readonly ListeningPlace[];
  /** The host's own files and directories. */
  readonly closed: readonly string[];
  /** Of the host: connectors that others register may use its proxies as well. */
  readonly environment: Environment;
  /** Whether callers have to sign in, so that whoever registers a connector may be anybody on the network. */
  signInRequired(): boolean;
  /** `network` of the file, as it stands. */
  config(): NetworkConfig;
}

export interface NetworkPolicies {
  of(entry: Pick<ConnectorEntry, 'owner' | 'anyAddress' | 'network'>): NetworkPolicy;
  /** Of kinds that are only described. */
  ofKinds(): NetworkPolicy;
}

/** Which policy a connector is held to, as things stand when its worker starts. */
export function createNetworkPolicies(options: NetworkPoliciesOptions): NetworkPolicies {
  const { own, closed, environment, signInRequired, config } = options;
  const base = ({ allow, deny }: NetworkConfig): NetworkPolicy => ({ allow, deny, own: [...own], closed });
  return {
    of({ owner, anyAddress, network }) {
      if (owner !== 'api' || !signInRequired()) return base(network);
      const { http, https } = proxiesOf(environment);
      const allow = [...network.registeredAllow, ...[http, https].flatMap(placeOfProxy)];
      return { ...base(network), registered: { allow, lenient: anyAddress } };
    },
    ofKinds: () => base(config()),
  };
}

/** Of `127.0.0.1:50051` or `http://127.0.0.1:8080`: what stands there. A name of this machine stands for both of its addresses. */
export function listeningPlaces(shown: string): readonly ListeningPlace[] {
  const url = URL.parse(shown.includes('://') ? shown : `http://${shown}`);
  if (url === null) return [];
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? ['127.0.0.1', '::1'] : [host];
  return addresses.map((address) => ({ address, port: Number(url.port) }));
}

function placeOfProxy(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '') return [];
  return [`${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`];
}
