import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ConnectorService } from '@automate/contract';
import { loadConfig } from '../../config/load-config.ts';
import { watchConfig } from '../../config/watch-config.ts';
import type { Exposure } from '../../events/host-events.ts';
import { serveAgentOverStdio } from '../../transports/mcp/serve-stdio.ts';
import type { AgentOptions } from '../cli-context.ts';

export interface AgentMachine {
  readonly service: ConnectorService;
  /** The project whose file says what agents see; absent where the service is another machine's. */
  readonly project?: { readonly directory: string; readonly configPath: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly input: Readable;
  readonly output: Writable;
  /** For people: standard output is the agent's. */
  tell(line: string): void;
  readonly signal: AbortSignal;
}

const ALL: Exposure = { allow: ['*'], deny: [], readOnly: false };

/** Serves the agent at the other end of standard input and output until it leaves, or the user ends it. */
export async function runAgent({ expose, readOnly = false }: AgentOptions, machine: AgentMachine): Promise<void> {
  const { service, project, env, version, input, output, tell, signal } = machine;
  const load = async (): Promise<{ readonly file?: string; readonly exposure: Exposure }> => {
    if (project === undefined) return { exposure: ALL };
    const { directory: cwd, configPath } = project;
    const loaded = await loadConfig({ cwd, env, ...(configPath === undefined ? {} : { configPath }) });
    // The host says what is wrong with its file; until it is mended agents see nothing.
    if (!loaded.ok) return { exposure: { ...ALL, allow: [] } };
    return { ...(loaded.file === undefined ? {} : { file: loaded.file }), exposure: loaded.config.mcp.expose };
  };
  const narrow = (exposure: Exposure): Exposure => ({
    ...exposure,
    readOnly: exposure.readOnly || readOnly,
    ...(expose === undefined ? {} : { within: expose }),
  });
  const { file, exposure } = await load();
  const agent = serveAgentOverStdio({
    service,
    options: { signal },
    exposure: narrow(exposure),
    version,
    input,
    output,
    tellTrouble: ({ code, message }) => tell(`${code}: ${message}`),
  });
  const watch =
    file === undefined
      ? undefined
      : await watchConfig({ file, onChange: async () => agent.setExposure(narrow((await load()).exposure)) });
  try {
    await Promise.race([agent.ended, once(signal, 'abort')]);
  } finally {
    await watch?.close();
    await agent.close();
  }
}
