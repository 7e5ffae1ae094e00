import { isIP } from 'node:net';
import type { ConnectorConfig } from '@automate/contract';
import type { NetworkConfig } from '../config/host-config.ts';
import type { Environment } from '../host-settings.ts';
import type { ListeningPlace, NetworkPolicy } from '../runtime/network-policy.ts';
import { grantedSet } from '../plugins/grants.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import { proxiesOf } from '../secrets/resolver.ts';
import type { ConnectorEntry } from './connector-state.ts';

export interface NetworkPoliciesOptions {
  /** Where the host listens by now: places, and sockets in the file system. */
  readonly own: { readonly places: readonly ListeningPlace[]; readonly sockets: readonly string[] };
  /** The host's own files and directories. */
  readonly closed: readonly string[];
  /** Of the host: connectors that others register may use its proxies as well. */
  readonly environment: Environment;
  /** Whether callers have to sign in, so that whoever registers a connector may be anybody on the network. */
  signInRequired(): boolean;
  /** `network` of the file, as it stands. */
  config(): NetworkConfig;
}

type PolicyOwner = Pick<ConnectorEntry, 'owner' | 'anyAddress' | 'network' | 'config'>;

export interface NetworkPolicies {
  /** @param kind of which the grants count where its connector has walls; absent: there is none */
  of(entry: PolicyOwner, kind: Kind | undefined): NetworkPolicy;
  /** Of what the host itself sends where callers want it: no private address, but those that the operator has named. */
  ofCallbacks(): NetworkPolicy;
  /** Of kinds that are only described. */
  ofKinds(): NetworkPolicy;
}

/** Which policy a connector is held to, as things stand when its worker starts. */
export function createNetworkPolicies(options: NetworkPoliciesOptions): NetworkPolicies {
  const { own: listening, closed, environment, signInRequired, config } = options;
  const base = ({ allow, deny }: NetworkConfig): NetworkPolicy => ({
    allow,
    deny,
    own: [...listening.places],
    closed: [...closed, ...listening.sockets],
  });
  return {
    of({ owner, anyAddress, network, config: own }, kind) {
      const { http, https } = proxiesOf(environment);
      const proxies = [http, https].flatMap(placeOfUrl);
      const written = owner === 'api' ? [] : placesWritten(own);
      const policy =
        kind !== undefined && isolationOf(kind, own.isolation) === 'restricted'
          ? { ...base(network), granted: [...grantedSet(kind.permissions).network, ...proxies, ...written] }
          : base(network);
      if (owner !== 'api' || !signInRequired()) return policy;
      const allow = [...network.registeredAllow, ...proxies];
      return { ...policy, registered: { allow, lenient: anyAddress } };
    },
    ofCallbacks: () => ({
      ...base(config()),
      registered: { allow: config().registeredAllow, lenient: false },
    }),
    ofKinds: () => base(config()),
  };
}

/** What a policy keeps a connector from, in a sentence. */
export function describeNetwork({ allow, deny, granted, registered }: NetworkPolicy): string {
  const listed = (rules: readonly string[]): string => rules.map((rule) => `"${rule}"`).join(', ');
  const butFor = (rules: readonly string[]): string => (rules.length === 0 ? '' : ` but for ${listed(rules)}`);
  return [
    `denied: link-local and metadata addresses, the host's own ports${deny.length === 0 ? '' : `, ${listed(deny)}`}`,
    ...(allow.length === 0 ? [] : [`all the same allowed: ${listed(allow)}`]),
    ...(registered === undefined
      ? []
      : [
          registered.lenient
            ? 'loopback and private addresses are reached with a warning, as it is older than their rule'
            : `denied besides, as it is registered over the API: loopback and private addresses${butFor(registered.allow)}`,
        ]),
    ...(granted === undefined ? [] : [`denied besides, at the level restricted: all${butFor(granted)}`]),
  ].join('; ');
}

/** Of `127.0.0.1:50051` or `http://127.0.0.1:8080`: what stands there. A name of this machine stands for both of its addresses. */
export function listeningPlaces(shown: string): readonly ListeningPlace[] {
  const url = URL.parse(shown.includes('://') ? shown : `http://${shown}`);
  if (url === null) return [];
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? ['127.0.0.1', '::1'] : [host];
  return addresses.map((address) => ({ address, port: Number(url.port) }));
}

/** Where a connector goes by what the operator wrote of it, which grants it. */
function placesWritten({ host, port, proxy, auth }: ConnectorConfig): readonly string[] {
  const endpoint = host === undefined ? [] : [ruleOf(host, port)];
  return [...endpoint, ...placeOfUrl(proxy), ...placeOfUrl(auth.tokenUrl)];
}

function ruleOf(host: string, port: number | undefined): string {
  const bare = host.replace(/^\[|\]$/g, '');
  const shown = bare.includes(':') ? `[${bare}]` : bare;
  return port === undefined ? shown : `${shown}:${port}`;
}

function placeOfUrl(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || url.hostname === '') return [];
  return [`${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`];
}
