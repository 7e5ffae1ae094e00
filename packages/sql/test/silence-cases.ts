import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectorAdapter, JsonObject } from '@automate/sdk';
import type { StartedConnector } from '@automate/testing';
import { expect, it } from '@jest/globals';
import { startMovingProxy } from './moving-proxy.ts';

export interface SilentServer {
  readonly port: () => number;
  /** A statement that takes a minute. */
  readonly slow: string;
  /** Whether it runs in the server. */
  isRunning(): Promise<boolean>;
  /** Ends what still runs there. */
  endAll(): Promise<unknown>;
  /** A connector with one connection, to what listens on a port. */
  connect(port: number): Promise<StartedConnector<ConnectorAdapter>>;
}

/** What becomes of calls to a server that says nothing more and keeps its connections, to be called within a `describe`. */
export function itSurvivesSilence({ port, slow, isRunning, endAll, connect }: SilentServer): void {
  const one = { sql: 'SELECT 1 AS one' };

  it.each(['query', 'execute', 'transaction'])(
    'answers %s in time where the server falls silent, and has its connection back after that',
    async (action) => {
      const proxy = await startMovingProxy(port());
      const connector = await connect(proxy.port);
      try {
        const input: JsonObject = action === 'transaction' ? { statements: [one, { sql: slow }] } : { sql: slow };
        const call = connector.call(action, input, { timeoutMs: 3000 }).catch((error: unknown) => error);
        while (!(await isRunning())) await sleep(20);
        const speakAgain = proxy.fallSilent();
        await expect(call).resolves.toMatchObject({ code: 'TIMEOUT' });
        speakAgain();
        await expect(connector.call('query', one)).resolves.toMatchObject({ rows: [{ one: 1 }] });
      } finally {
        await endAll();
        await connector.close();
        await proxy.close();
      }
    },
  );

  it('closes while the server is silent from the beginning', async () => {
    const proxy = await startMovingProxy(port());
    const connector = await connect(proxy.port);
    proxy.fallSilent();
    const call = connector.call('query', one, { timeoutMs: 300 });
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT', effect: 'none' });
    await connector.close();
    await proxy.close();
  });
}
