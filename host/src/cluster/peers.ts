import type { CallOptions, ConnectorService, Principal } from '@automate/contract';
import { LOCAL_PRINCIPAL } from '@automate/contract';
import { openPeer } from '@automate/client/peer';
import type { LivingHost } from '../store/placement-store.ts';
import type { PeerCredentials } from './peer-credentials.ts';

export interface PeersOptions {
  /** This host. */
  readonly id: string;
  readonly credentials: PeerCredentials;
  /** Certificates in PEM that peers may show beside those of known authorities. */
  authorities(): readonly string[];
}

/** The other hosts as services, and who among callers is one of them. */
export class Peers {
  readonly #options: PeersOptions;
  /** By id, with the process that it is of. */
  readonly #open = new Map<string, { readonly instance: string; readonly service: ConnectorService }>();
  /** Callers that another host has let in. */
  readonly #passedOn = new WeakSet<Principal>();

  constructor(options: PeersOptions) {
    this.#options = options;
  }

  /** Who calls by what another host says; undefined for a header of a client's. Throws UNAUTHENTICATED for one that none of the hosts has signed. */
  identify(authorization: string): Principal | undefined {
    const passed = this.#options.credentials.read(authorization);
    if (passed === undefined) return undefined;
    this.#passedOn.add(passed.principal);
    return passed.principal;
  }

  /** Whether another host has passed this call on, which goes no further then. */
  hasPassedOn({ principal }: CallOptions): boolean {
    return principal !== undefined && this.#passedOn.has(principal);
  }

  /** The port of another host; calls of it go in the name of who calls here. */
  serviceOf({ id, instance, address }: LivingHost): ConnectorService {
    const known = this.#open.get(id);
    if (known?.instance === instance) return known.service;
    void known?.service.close();
    const service = openPeer({
      address,
      authorities: this.#options.authorities(),
      authorize: ({ principal = LOCAL_PRINCIPAL }) =>
        this.#options.credentials.sign({ from: this.#options.id, to: id, instance, principal }),
    });
    this.#open.set(id, { instance, service });
    return service;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ service }) => service.close()));
    this.#open.clear();
  }
}
