import { readFile } from 'node:fs/promises';
import type { JsonObject } from '@automate/sdk';
import type { SandboxHostOptions } from '../fixtures/sandbox-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const SOURCE = await readFile(new URL('../runtime/fixtures/prying.mjs', import.meta.url), 'utf8');

export type Attempted = { readonly got: unknown } | { readonly refused: string };

/** A host with connectors of the kind \`prying\`, one for each level, which is its id. */
export function openPrying(
  options: SandboxHostOptions & {
    readonly manifest?: JsonObject;
    readonly packageJson?: JsonObject;
    readonly plugins?: string;
  } = {},
): Promise<SandboxHost> {
  const { manifest = {}, packageJson = {}, plugins = '{}', ...more } = options;
  return SandboxHost.open({
    serve: false,
    kinds: [],
    yaml: `plugins: ${plugins}\nconnectors:\n${['thread', 'process', 'restricted'].map((level) => `  - { id: ${level}, kind: prying, isolation: ${level} }\n`).join('')}`,
    ...more,
    prepare: async (sandbox) => {
      await sandbox.addConnector({ kind: 'prying', source: SOURCE, manifest, packageJson });
      await more.prepare?.(sandbox);
    },
  });
}

/** What comes of it when the connector runs the code. */
export async function attempt(it: SandboxHost, id: string, code: string, given: JsonObject = {}): Promise<Attempted> {
  const { result } = await it.service.execute({ id, action: 'run', payload: { code, given } });
  return result as unknown as Attempted;
}
