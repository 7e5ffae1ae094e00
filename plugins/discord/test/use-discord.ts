import type { FakeService, StartConnectorOptions, StartedConnector } from '@automate/testing';
import { startConnector } from '@automate/testing';
import { afterEach, beforeEach } from '@jest/globals';
import DiscordAdapter from '../src/discord-adapter.ts';
import { startDiscord, TOKEN } from './discord-stand-in.ts';

/** A stand-in for each test of a file, and connectors to it, which end with the test. */
export function useDiscord(): {
  /** The stand-in of the test that runs. */
  discord(): FakeService;
  start(options?: StartConnectorOptions): Promise<StartedConnector<DiscordAdapter>>;
} {
  let discord: FakeService;
  const running: { close(): Promise<void> }[] = [];
  beforeEach(async () => {
    discord = await startDiscord();
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.close();
    await discord.close();
  });
  return {
    discord: () => discord,
    async start(options = {}) {
      const connector = await startConnector(DiscordAdapter, {
        url: discord.url,
        config: { auth: { type: 'bearer', token: TOKEN } },
        ...options,
      });
      running.push(connector);
      return connector;
    },
  };
}
