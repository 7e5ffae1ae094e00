import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { CallOptions, ConnectorError, ConnectorService } from '@automate/contract';
import type { Server } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Exposure } from '../../events/host-events.ts';
import { createMcpServer } from './mcp-server.ts';
import { ToolCatalog } from './tool-catalog.ts';

export interface StdioOptions {
  readonly service: ConnectorService;
  /** Goes with every call. */
  readonly options: CallOptions;
  readonly exposure: Exposure;
  /** Of the host. */
  readonly version: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Hears of what the agent cannot be told. */
  tellTrouble(error: ConnectorError): void;
}

/** One agent, over standard input and output. */
export interface StdioAgent {
  /** From now on it sees this. */
  setExposure(exposure: Exposure): void;
  /** Resolves when it has left. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Serves the agent at the other end until it leaves. What it may call is for the service to say, which knows who it is. */
export function serveAgentOverStdio({
  service,
  options,
  exposure,
  version,
  input,
  output,
  tellTrouble,
}: StdioOptions): StdioAgent {
  const catalog = new ToolCatalog({ service, options, exposure, tellTrouble });
  const servers = new Set<Server>();
  let listed: number | undefined;
  const transport = new StdioServerTransport(input, output);
  const handle = serveStdio(
    () => {
      const server = createMcpServer({
        service,
        catalog,
        version,
        caller: {
          options,
          mayCall: () => true,
          mayUse: () => true,
          noteListed: (generation) => (listed = generation),
          listed: () => listed,
        },
      });
      servers.add(server);
      // The library has no events.
      Object.assign(server, { onclose: () => servers.delete(server) });
      return server;
    },
    { transport },
  );
  catalog.onChange(({ tools, connectors }) => {
    for (const server of servers) {
      if (tools.length > 0) void server.sendToolListChanged().catch(() => undefined);
      if (connectors) void server.sendResourceListChanged().catch(() => undefined);
    }
  });
  const close = async (): Promise<void> => {
    catalog.close();
    await handle.close();
  };
  return {
    setExposure: (now) => catalog.setExposure(now),
    ended: Promise.race([once(input, 'end'), once(input, 'close'), once(output, 'close')])
      .catch(() => undefined)
      .then(close),
    close,
  };
}
