import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted } from './sign-in.ts';

/** Agents, over HTTP. */
export interface AgentDoor {
  /** Answers a request whose sender was let in. `body` is the text of a POST. */
  answer(exchange: {
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
    readonly body: string | undefined;
    readonly admitted: Admitted;
  }): Promise<void>;
  /** Ends every session and stream. Idempotent. */
  close(): Promise<void>;
}
