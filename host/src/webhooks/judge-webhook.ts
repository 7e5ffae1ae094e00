import type { WebhookRequest, WebhookResponse } from '@automate/contract';
import { ConnectorError, ConnectorInternalError, isJsonObject } from '@automate/contract';
import { RESULT_LIMITS } from '../runtime/bounds.ts';
import { parseObject } from '../runtime/parse-object.ts';
import type { ConnectorWorker } from '../runtime/runtime.ts';

/** What a connector's adapter says of a webhook that it finds genuine. */
export interface Genuine {
  /** What its sender calls it; absent: nothing that could be trusted. */
  readonly id?: string;
  readonly deliver: boolean;
  /** Headers that nobody is shown besides. */
  readonly secretHeaders: readonly string[];
  readonly response?: WebhookResponse;
}

export interface JudgeOptions {
  readonly worker: ConnectorWorker;
  readonly request: WebhookRequest;
  /** In milliseconds since the epoch; for the worker's start as well, where it has to be started. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Has a connector's adapter tell, in its worker, whether a webhook is genuine; undefined where it is not, or the kind takes none. Rejects
 * with what kept it from being told. A start for it goes after those that calls wait for: nobody has shown who asks.
 */
export async function judgeWebhook({ worker, request, deadline, signal }: JudgeOptions): Promise<Genuine | undefined> {
  const { capabilities } = await worker.ensure('initialized', { deadline, signal, background: true });
  if (!capabilities.webhooks) return undefined;
  const { headers, body } = request;
  const outcome = await worker.call({
    op: 'webhook',
    action: '',
    payload: JSON.stringify({ headers, body: Buffer.from(body).toString('base64') }),
    deadline,
    ...(signal === undefined ? {} : { signal }),
  });
  if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
  return readJudgement(worker.id, outcome.value);
}

/** What a worker says is looked at once more. */
function readJudgement(connector: string, text: string): Genuine | undefined {
  const answer = parseObject(text, RESULT_LIMITS.bytes);
  if (answer?.['genuine'] === false) return undefined;
  const { genuine, id, deliver, response, secretHeaders = [] } = answer ?? {};
  if (genuine !== true || typeof deliver !== 'boolean' || (id !== undefined && typeof id !== 'string'))
    throw unreadable(connector);
  if (!Array.isArray(secretHeaders)) throw unreadable(connector);
  return {
    deliver,
    secretHeaders: secretHeaders.map(String),
    ...(id === undefined ? {} : { id }),
    ...(response === undefined ? {} : { response: readResponse(connector, response) }),
  };
}

function readResponse(connector: string, response: unknown): WebhookResponse {
  const { status, contentType, body } = isJsonObject(response) ? response : {};
  if (typeof status !== 'number' || status < 200 || status > 299) throw unreadable(connector);
  return {
    status,
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(typeof body === 'string' ? { body } : {}),
  };
}

function unreadable(connector: string): ConnectorInternalError {
  return new ConnectorInternalError(`the worker of "${connector}" says nothing of a webhook that can be read`, {
    connector,
    effect: 'none',
    details: { reason: 'bad_webhook_answer' },
  });
}
