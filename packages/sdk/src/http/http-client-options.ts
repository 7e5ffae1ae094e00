import type { CallContext, ResolvedConfig } from '../connector-context.ts';
import type { Logger } from '../logger.ts';
import type { Redactor } from '../redact.ts';
import type { ProxyEnvironment } from './proxy.ts';

export interface HttpClientOptions {
  readonly id: string;
  /** Its `auth` is read with each request, as it may change. */
  readonly config: ResolvedConfig;
  readonly proxies?: ProxyEnvironment | undefined;
  readonly logger: Logger;
  /** Fires when the connector closes; ends every request and connection. */
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  /** Told of access tokens, before anyone can use them. */
  readonly onSecrets: (values: readonly string[]) => void;
}

/** What a request takes from the call that it is made in. */
export type CallScope = Pick<CallContext, 'deadline' | 'traceparent' | 'tracestate' | 'signal'> & {
  /** The action's. */
  readonly rateLimitClass?: string;
};
