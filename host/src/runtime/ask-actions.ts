import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectorDescription } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { Channel } from './channel.ts';
import { withDiscovered } from './parse-description.ts';

/** A remote system is not asked more often what it offers, in milliseconds. */
const ASK_AGAIN_MS = 500;

/**
 * The description with the actions that the remote system offers now, where it is for that to say.
 *
 * @throws ConnectorError with what kept the adapter from learning them
 */
export async function askActions(
  channel: Pick<Channel, 'call'>,
  description: ConnectorDescription,
  deadline: number,
): Promise<ConnectorDescription> {
  if (description.discovery === undefined) return description;
  const outcome = await channel.call({ op: 'discover', action: '', payload: '{}', deadline });
  if (!outcome.ok) throw ConnectorError.fromEnvelope(outcome.error);
  return withDiscovered(description, outcome.value);
}

/** Asks while a worker runs, however often that is wanted: once after the other, each a while after the last. */
export class ActionWatch {
  readonly #ask: () => Promise<boolean>;
  #wanted = false;
  #asking = false;

  /** @param ask answers whether there is still anybody to ask; must not reject */
  constructor(ask: () => Promise<boolean>) {
    this.#ask = ask;
  }

  async want(): Promise<void> {
    this.#wanted = true;
    if (this.#asking) return;
    this.#asking = true;
    while (this.#wanted) {
      await sleep(ASK_AGAIN_MS, undefined, { ref: false });
      this.#wanted = false;
      if (!(await this.#ask())) break;
    }
    this.#asking = false;
  }
}
