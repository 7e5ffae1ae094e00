import type { ConnectorAdapter } from '@automate/sdk';
import type { FakeScript, StartConnectorOptions } from '@automate/testing';
import { FakeService, startConnector } from '@automate/testing';
import { afterEach } from '@jest/globals';

/** What is closed after the test, the last first. */
export const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

/** A connector to a server that answers everything as the script says; both are closed after the test. */
export async function startScripted<A extends ConnectorAdapter>(
  adapterClass: Parameters<typeof startConnector<A>>[0],
  script: FakeScript,
  options: StartConnectorOptions = {},
) {
  const server = await FakeService.start();
  running.push(server);
  server.on('*', /.*/, script);
  const connector = await startConnector(adapterClass, { url: server.url, ...options });
  running.push(connector);
  return { server, connector };
}
