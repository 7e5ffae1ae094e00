import { hash } from 'node:crypto';
import type {
  CallOptions,
  Execution,
  Principal,
  StartExecutionRequest,
  WebhookDelivery,
  WebhookOperations,
  WebhookReceipt,
  WebhookRequest,
} from '@automate/contract';
import { ConnectorError, OverloadedError, UnavailableError } from '@automate/contract';
import type { ConnectorEntry } from '../connectors/connector-state.ts';
import type { WebhookNews } from '../events/host-events.ts';
import { pausedError } from '../connectors/unusable.ts';
import type { ConnectorWorker } from '../runtime/runtime.ts';
import type { OutcomePlace, OutcomeStore } from '../store/outcome-store.ts';
import type { Genuine } from './judge-webhook.ts';
import { judgeWebhook } from './judge-webhook.ts';
import type { ReadBody } from './read-webhook.ts';
import { headersForAdapter, headersForWatchers, readBody } from './read-webhook.ts';

/** How long an adapter may take to tell whether a webhook is genuine, the start of its worker included, in milliseconds. */
const JUDGE_MS = 5_000;
/** Webhooks of one connector that are judged at a time. */
const MOST_JUDGED = 16;
/** Deliveries that are remembered of what other hosts told. */
const MOST_HEARD = 1_000;
/** After which time senders are asked to come again, in milliseconds. */
const AGAIN_MS = 1_000;

export interface WebhooksOptions {
  find(id: string): ConnectorEntry | undefined;
  /** Whether its kind takes webhooks, as far as that is known without asking it. */
  takesWebhooks(entry: ConnectorEntry): boolean | undefined;
  /** Its worker, whether it is paused or not. Throws where it cannot run, or another host runs it. */
  workerOf(id: string): ConnectorWorker;
  readonly outcomes: Pick<OutcomeStore, 'begin' | 'clear' | 'end'>;
  startExecution(
    request: StartExecutionRequest & { readonly payload: string },
    options: CallOptions,
  ): Promise<Execution>;
  /** Tells those who watch. `size`: its characters. */
  publish(id: string, delivery: WebhookDelivery, size: number): void;
  /** Tells those who watch at other hosts of the same store. */
  tellHosts?: ((id: string, delivery: WebhookDelivery, caller: Principal) => void) | undefined;
  /** Whether another of these hosts calls. */
  isHost?: ((options: CallOptions) => boolean) | undefined;
  /** JSON text without known secrets. */
  scrub(text: string): string;
  /** Hears what became of each. */
  onEnd(news: WebhookNews): void;
}

/** Takes webhooks: has the connector's own adapter judge them, and delivers each of the genuine ones once. */
export class Webhooks implements WebhookOperations {
  readonly #options: WebhooksOptions;
  /** By id of the connector. */
  readonly #judged = new Map<string, number>();
  /** What other hosts told last. */
  readonly #heard = new Set<string>();

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  async receiveWebhook(id: string, request: WebhookRequest, options: CallOptions = {}): Promise<WebhookReceipt> {
    const { told } = request;
    if (told !== undefined && this.#options.isHost?.(options) === true) {
      return this.#tellAgain(id, told);
    }
    const { door = 'local' } = options;
    const about = { connector: this.#options.find(id) === undefined ? undefined : id, door };
    try {
      const { delivery, action, ...receipt } = await this.#receive(id, request, options);
      this.#options.onEnd({ ...about, outcome: receipt.outcome, delivery, action, execution: receipt.execution });
      return receipt;
    } catch (reason) {
      const error = ConnectorError.from(reason).withConnector(id);
      // It is taken up again where the connector is now.
      if (error.details?.['reason'] !== 'moved') this.#options.onEnd({ ...about, outcome: 'failed', error });
      if (isStumble(error)) return REFUSED;
      throw error;
    }
  }

  /** What another host tells, which may tell it twice where it was not sure that it was heard. */
  #tellAgain(connector: string, told: WebhookDelivery): WebhookReceipt {
    const heard = `${connector} ${told.id}`;
    if (this.#heard.has(heard)) return { outcome: 'duplicate' };
    for (const oldest of this.#heard) {
      if (this.#heard.size < MOST_HEARD) break;
      this.#heard.delete(oldest);
    }
    this.#heard.add(heard);
    this.#options.publish(connector, told, JSON.stringify(told).length);
    return { outcome: 'accepted' };
  }

  async #receive(id: string, request: WebhookRequest, options: CallOptions): Promise<Received> {
    const entry = this.#options.find(id);
    const headers = headersForAdapter(request.headers);
    if (entry?.state.phase !== 'usable' || headers === undefined || this.#options.takesWebhooks(entry) === false)
      return REFUSED;
    const genuine = await this.#judge(id, { ...request, headers }, options);
    if (genuine === undefined) return REFUSED;
    const response = genuine.response === undefined ? {} : { response: genuine.response };
    if (!genuine.deliver) return { outcome: 'answered', ...response };
    const since = this.#options.find(id)?.overlay?.pausedSince;
    if (since !== undefined) throw ConnectorError.change(pausedError(id, since), { retryAfterMs: 30 * AGAIN_MS });
    return { ...(await this.#deliver(entry, { ...request, headers }, genuine, options)), ...response };
  }

  async #judge(id: string, request: WebhookRequest, { signal }: CallOptions): Promise<Genuine | undefined> {
    const judged = this.#judged.get(id) ?? 0;
    if (judged >= MOST_JUDGED) throw tooMany(id);
    this.#judged.set(id, judged + 1);
    try {
      const worker = this.#options.workerOf(id);
      return await judgeWebhook({ worker, request, deadline: Date.now() + JUDGE_MS, signal });
    } finally {
      const left = (this.#judged.get(id) ?? 1) - 1;
      if (left === 0) this.#judged.delete(id);
      else this.#judged.set(id, left);
    }
  }

  /** The delivery stands in the store before anything is done for it, and that it was done before it is answered. */
  async #deliver(
    { id: connector, config }: ConnectorEntry,
    { headers, body }: WebhookRequest,
    genuine: Genuine,
    options: CallOptions,
  ): Promise<Received> {
    const { outcomes, publish, tellHosts, scrub } = this.#options;
    const { action } = config.webhook ?? {};
    const delivery = hash('sha256', genuine.id === undefined ? body : `id ${genuine.id}`);
    const principal = principalOf(connector);
    const place = { connector, principal: principal.name, key: `delivery:${delivery}` };
    if (await this.#wasDelivered(place, action)) return { outcome: 'duplicate', delivery };
    try {
      const shown = headersForWatchers(headers, genuine.secretHeaders);
      const read = readBody(body);
      const execution =
        action === undefined
          ? undefined
          : await this.#start({ connector, action, delivery, headers: shown, read }, { ...options, principal });
      const { encoding, body: told } = read;
      const event = { id: delivery, receivedAt: new Date().toISOString(), headers: shown, encoding, body: told };
      const text = scrub(JSON.stringify(event));
      const watched = JSON.parse(text) as WebhookDelivery;
      publish(connector, watched, text.length);
      tellHosts?.(connector, watched, principal);
      const expiresAt = Date.now() + config.limits.idempotencyTtlMs;
      await outcomes.end(place, { status: 'succeeded', attempts: 1, text: 'null', expiresAt });
      return { outcome: 'accepted', delivery, action, ...(execution === undefined ? {} : { execution }) };
    } catch (reason) {
      // It was not: whoever sends it again has it delivered.
      await outcomes.end(place, 'nothing').catch(() => undefined);
      throw reason;
    }
  }

  /** Takes the place of a delivery; true where it was delivered before. One that a host began which ended since is delivered again. */
  async #wasDelivered(place: OutcomePlace, action = 'webhook'): Promise<boolean> {
    const { outcomes } = this.#options;
    const claim = { ...place, action, payloadSha256: hash('sha256', place.key) };
    const found = (await outcomes.begin(claim)) ?? 'new';
    if (found === 'new') return false;
    if (found.status === 'succeeded') return true;
    if (found.status === 'running') throw underWay(place);
    await outcomes.clear(place);
    if ((await outcomes.begin(claim)) !== undefined) throw underWay(place);
    return false;
  }

  /** The execution's id. The same delivery finds the one that it started before. */
  async #start({ connector, action, delivery, headers, read }: Started, options: CallOptions): Promise<string> {
    const encoding = read.encoding === 'base64' ? ',"encoding":"base64"' : '';
    const payload = `{"headers":${JSON.stringify(headers)},"body":${read.text}${encoding}}`;
    try {
      const request = { id: connector, action, payload, idempotencyKey: `webhook:${delivery}` };
      const { id } = await this.#options.startExecution(request, options);
      return id;
    } catch (reason) {
      // Sent again with other headers, after a host was lost that had started it.
      const { details } = ConnectorError.from(reason);
      if (details?.['reason'] === 'key_reused' && typeof details['execution'] === 'string') return details['execution'];
      throw reason;
    }
  }
}

type Received = WebhookReceipt & { readonly delivery?: string; readonly action?: string | undefined };

interface Started {
  readonly connector: string;
  readonly action: string;
  readonly delivery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly read: ReadBody;
}

const REFUSED: Received = { outcome: 'refused' };

/** In whose name a connector's webhooks start executions: no token has such a name. */
function principalOf(connector: string): Principal {
  return { name: `webhook:${connector}`, scopes: [`execute:${connector}`] };
}

/** What an adapter throws that knows no better is most often about what it was sent, by whoever cannot sign: it is refused as all such is. */
function isStumble({ code, details }: ConnectorError): boolean {
  return code === 'INTERNAL_ERROR' && details?.['reason'] !== 'bad_webhook_answer';
}

function tooMany(connector: string): OverloadedError {
  return new OverloadedError(`"${connector}" has ${MOST_JUDGED} webhooks to judge already`, {
    connector,
    retryAfterMs: AGAIN_MS,
    details: { reason: 'webhooks_full' },
  });
}

function underWay({ connector }: OutcomePlace): UnavailableError {
  return new UnavailableError(`the same webhook for "${connector}" is being delivered`, {
    connector,
    retryAfterMs: AGAIN_MS,
    details: { reason: 'in_progress' },
  });
}
