import type { ServerHttp2Stream } from 'node:http2';
import { getCACertificates } from 'node:tls';
import type { CallOptions, ConnectorService, Principal } from '@automate/contract';
import { LOCAL_PRINCIPAL, UnauthenticatedError, UnavailableError } from '@automate/contract';
import { openPeer } from '@automate/client/peer';
import { seldom } from '../log/seldom.ts';
import type { LivingHost } from '../store/placement-store.ts';
import { explainUnreached } from './explain-unreached.ts';
import { Line } from './line.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import type { ServedLine } from './serve-line.ts';
import { serveLine } from './serve-line.ts';

export interface PeersOptions {
  /** This host. */
  readonly id: string;
  readonly credentials: PeerCredentials;
  /** Certificates in PEM that peers may show beside those of known authorities. */
  authorities(): readonly string[];
  /** Fires once a host's process is not heard of any more; undefined where it is not now. */
  lifeOf(host: LivingHost): AbortSignal | undefined;
  /** Hears of what an operator should look at, at most once a minute for each host. */
  warn(message: string): void;
  /** Hears of what nobody foresaw. */
  onFault(fault: unknown, what: string): void;
}

/** Another host: calls of actions go over a line, all else by a call of gRPC each. */
interface Peer {
  /** Both end with it, as a host that stands still ends no connection, and may come back as the same process. */
  readonly life: AbortSignal;
  readonly line: Line;
  readonly service: ConnectorService;
}

const WARN_EVERY_MS = 60_000;
/** How many callers of a line are remembered. */
const MOST_CALLERS = 1_000;

/** The other hosts as services, and who among callers is one of them. */
export class Peers {
  readonly #options: PeersOptions;
  /** By id. */
  readonly #open = new Map<string, Peer>();
  /** Callers that another host has let in. */
  readonly #passedOn = new WeakSet<Principal>();
  /** What both ends of a line know, by who begins it. */
  readonly #lineKeys = new WeakMap<Principal, () => Uint8Array>();

  readonly #warn: (address: string, message: string) => void;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#warn = seldom(WARN_EVERY_MS, (message: string) => options.warn(message));
  }

  /** Who calls by what another host says; undefined for a header of a client's. Throws UNAUTHENTICATED for one that none of the hosts has signed. */
  identify(authorization: string): Principal | undefined {
    const passed = this.#options.credentials.read(authorization);
    if (passed === undefined) return undefined;
    this.#lineKeys.set(passed.principal, passed.lineKey);
    return this.#letThrough(passed.principal);
  }

  /** Whether another host has passed this call on, which goes no further then. */
  hasPassedOn({ principal }: CallOptions): boolean {
    return this.isPassedOn(principal);
  }

  /** Whether another host has let this caller in, and passed its call on, which goes no further then. */
  isPassedOn(principal: Principal | undefined): boolean {
    return principal !== undefined && this.#passedOn.has(principal);
  }

  /** Answers what another host says over a stream that it has begun. Throws UNAUTHENTICATED for a caller who is none. */
  serveLine(
    stream: ServerHttp2Stream,
    { principal, service }: { readonly principal: Principal | undefined; readonly service: ConnectorService },
  ): ServedLine {
    const key = principal && this.#lineKeys.get(principal)?.();
    if (key === undefined)
      throw new UnauthenticatedError('lines are for the hosts that share a store: clients call the service', {
        details: { reason: 'peer_refused' },
      });
    const callers = new Map<string, Principal>();
    return serveLine(stream, {
      key,
      service,
      principalOf: (name, scopes) => {
        const known = JSON.stringify([name, scopes]);
        let caller = callers.get(known);
        if (caller === undefined) {
          if (callers.size >= MOST_CALLERS) callers.clear();
          callers.set(known, (caller = this.#letThrough({ name, scopes })));
        }
        return caller;
      },
      onFault: (fault, what) => this.#options.onFault(fault, what),
    });
  }

  #letThrough(principal: Principal): Principal {
    this.#passedOn.add(principal);
    return principal;
  }

  /** The port of another host; calls of it go in the name of who calls here. */
  serviceOf(host: LivingHost): ConnectorService {
    return this.#to(host).service;
  }

  /** The line to another host, over which its connectors' actions are called. */
  lineTo(host: LivingHost): Line {
    return this.#to(host).line;
  }

  #to(host: LivingHost): Peer {
    const { id, instance, address } = host;
    const { id: from, credentials } = this.#options;
    const life = this.#options.lifeOf(host);
    if (life === undefined || life.aborted)
      throw new UnavailableError(`the host at ${address} is not heard of any more`, {
        effect: 'none',
        details: { reason: 'service_unreachable', address },
      });
    const known = this.#open.get(id);
    if (known?.life === life) return known;
    const authorities = (): readonly string[] => [...getCACertificates('default'), ...this.#options.authorities()];
    const peer = {
      life,
      line: new Line({
        address,
        authorities,
        begin: () => credentials.beginLine({ from, to: id, instance }),
        onRefused: (error) => this.#warn(address, explainUnreached(host, error).message),
      }),
      service: openPeer({
        address,
        authorities: authorities(),
        authorize: ({ principal = LOCAL_PRINCIPAL }: CallOptions) =>
          credentials.sign({ from, to: id, instance, principal }),
      }),
    };
    this.#open.set(id, peer);
    life.addEventListener('abort', () => this.#over(id, peer), { once: true });
    return peer;
  }

  #over(id: string, peer: Peer): void {
    if (this.#open.get(id) === peer) this.#open.delete(id);
    void closePeer(peer);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(closePeer));
    this.#open.clear();
  }
}

function closePeer({ line, service }: Peer): Promise<void> {
  line.close();
  return service.close();
}
