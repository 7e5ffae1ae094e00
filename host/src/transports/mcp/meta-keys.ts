/** The keys of ours in `_meta`. */
const OURS = 'automate.connectors';

export const META = {
  /** Of a tool that is listed, and of a call: which schema it is made for. */
  revision: `${OURS}/revision`,
  /** Of a call: for the same key the effect happens once. */
  idempotencyKey: `${OURS}/idempotency_key`,
  /** Of a call that takes long: how many seconds it is waited for until it answers with an execution. */
  wait: `${OURS}/wait`,
  /** Of a tool that is listed: what it calls. */
  connector: `${OURS}/connector`,
  action: `${OURS}/action`,
  /** Of a result: what the host did for it. */
  attempts: `${OURS}/attempts`,
  durationMs: `${OURS}/duration_ms`,
  replayed: `${OURS}/replayed`,
  /** Of a result: the execution that it comes from, or that goes on. */
  executionId: `${OURS}/execution_id`,
  /** Of a failed call: the error as the REST service answers it. */
  error: `${OURS}/error`,
} as const;
