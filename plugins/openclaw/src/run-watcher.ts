import type { JsonObject, Logger } from '@automate/sdk';
import { agentEvent } from './frames.ts';
import type { AgentEvent } from './frames.ts';
import type { GatewayConnection } from './gateway-connection.ts';

/** What the events of a run have told. */
export interface RunStory {
  readonly sessionKey?: string | undefined;
  /** What the agent has written so far. */
  readonly text?: string | undefined;
  readonly error?: string | undefined;
}

/** Hears the events of one run and writes them to the log. */
export interface RunWatcher {
  /** Says which run it is. Events that came before count too. */
  follow(runId: string): void;
  readonly story: RunStory;
  stop(): void;
}

/** Events may overtake the answer that names their run. */
const MOST_EARLY_EVENTS = 256;

export function watchRun(connection: GatewayConnection, logger: Logger): RunWatcher {
  let runId: string | undefined;
  let story: RunStory = {};
  const early: AgentEvent[] = [];
  const take = (event: AgentEvent): void => {
    if (event.runId !== runId) return;
    story = { ...story, ...storyOf(event) };
    log(logger, event);
  };
  const stop = connection.onEvent((name, payload) => {
    if (name !== 'agent') return;
    const event = agentEvent.safeParse(payload).data;
    if (event === undefined) return;
    if (runId !== undefined) take(event);
    else if (early.length < MOST_EARLY_EVENTS) early.push(event);
  });
  return {
    follow(id) {
      runId = id;
      for (const event of early.splice(0)) take(event);
    },
    get story() {
      return story;
    },
    stop,
  };
}

function storyOf({ stream, sessionKey, data }: AgentEvent): RunStory {
  const { text, error } = data;
  return {
    ...(sessionKey === undefined ? {} : { sessionKey }),
    ...(stream === 'assistant' && typeof text === 'string' ? { text } : {}),
    ...(stream === 'lifecycle' && typeof error === 'string' ? { error } : {}),
  };
}

/** What an agent writes comes word by word, so that it is of interest only to those who look closely. */
function log(logger: Logger, { runId, stream, seq, data }: AgentEvent): void {
  const fields: JsonObject = { run_id: runId, stream, seq };
  const { phase, name, delta, error } = data;
  if (stream === 'assistant') {
    logger.debug('the agent writes', { ...fields, ...textField('delta', delta) });
    return;
  }
  logger.info(`the run reports: ${stream}`, {
    ...fields,
    ...textField('phase', phase),
    ...textField('name', name),
    ...textField('error', error),
  });
}

function textField(name: string, value: unknown): JsonObject {
  return typeof value === 'string' ? { [name]: value } : {};
}
