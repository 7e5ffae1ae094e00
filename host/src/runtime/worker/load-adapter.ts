import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache, setSourceMapsSupport } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ConnectorError, ConnectorInternalError } from '@automate/contract';
import type { ConnectorAdapter } from '@automate/sdk';
import type { AdapterClass } from '@automate/sdk/runtime';
import { ADAPTER_PROTOCOL, adapterProtocolOf, isAdapterClass } from '@automate/sdk/runtime';
import type { StartTask } from '../bodies/body.ts';
import { explainMissingPackage } from './explain-missing-package.ts';
import { explainRefusedFile } from './explain-refused-file.ts';
import { locateImportError } from './locate-import-error.ts';
import { messageOf } from './failure.ts';
import { resolveAsInstalled } from './resolve-as-installed.ts';

/** Loads the connector's module, where it was not handed over as a class, and makes its adapter. Throws a ConnectorError that says which step failed, and where. */
export async function loadAdapter({
  code,
  kind,
  snapshot,
  compileCacheDirectory,
}: Pick<StartTask, 'code' | 'kind' | 'snapshot' | 'compileCacheDirectory'>): Promise<ConnectorAdapter> {
  if (snapshot !== undefined) resolveAsInstalled(snapshot);
  const [where, exported] =
    typeof code === 'string'
      ? [`the default export of ${code}`, await importModule(code, compileCacheDirectory)]
      : [`what was registered for the kind "${kind}"`, code];
  const AdapterOfKind = readClass(exported, where);
  try {
    return new AdapterOfKind();
  } catch (cause) {
    if (ConnectorError.is(cause)) throw cause;
    throw new ConnectorInternalError(
      `${where} could not be constructed: ${importMessage(cause)}; the plugin's author must act`,
      {
        effect: 'none',
        details: { reason: 'construct_failed' },
        cause,
      },
    );
  }
}

async function importModule(entryUrl: string, compileCacheDirectory: string | undefined): Promise<unknown> {
  enableCompileCache(compileCacheDirectory);
  // Stacks then name the places that its author wrote. Maps of what it depends on would only make its start longer.
  if (hasSourceMap(entryUrl)) setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });
  try {
    const namespace = (await import(entryUrl)) as { readonly default?: unknown };
    // Written now, not at the thread's end: a connector's thread often ends by being killed.
    flushCompileCache();
    return namespace.default;
  } catch (cause) {
    throw importFailed(entryUrl, cause);
  }
}

function hasSourceMap(entryUrl: string): boolean {
  return entryUrl.startsWith('file:') && existsSync(`${fileURLToPath(entryUrl)}.map`);
}

function readClass(exported: unknown, where: string): AdapterClass {
  // A CommonJS module that was compiled from ES syntax keeps its default export one level down.
  const inner =
    typeof exported === 'object' && exported !== null
      ? (exported as { readonly default?: unknown }).default
      : undefined;
  const candidate = isAdapterClass(inner) ? inner : exported;
  if (isAdapterClass(candidate)) return candidate;
  const protocol = adapterProtocolOf(candidate);
  if (protocol !== undefined) {
    throw new ConnectorInternalError(
      `${where} speaks protocol ${protocol}, this host ${ADAPTER_PROTOCOL}; look for a release of the plugin that fits the host`,
      { effect: 'none', details: { reason: 'protocol_mismatch', protocol, expected: ADAPTER_PROTOCOL } },
    );
  }
  const received = candidate === undefined ? 'nothing' : `a value of the type ${typeof candidate}`;
  throw new ConnectorInternalError(
    `${where} must be a class that extends ConnectorAdapter; it is ${received}; the plugin's author must act`,
    { effect: 'none', details: { reason: 'no_adapter' } },
  );
}

function importFailed(entryUrl: string, cause: unknown): ConnectorInternalError {
  const place = locateImportError(entryUrl, cause);
  const where = place === undefined ? entryUrl : `${place.file}${place.line === undefined ? '' : `:${place.line}`}`;
  const remedy = explainRefusedFile(cause) ?? explainMissingPackage(cause);
  return new ConnectorInternalError(
    `loading the adapter failed at ${where}: ${remedy ?? `${importMessage(cause)}; the plugin's author must act`}`,
    {
      effect: 'none',
      blame: remedy === undefined ? 'plugin' : 'operator',
      details: { reason: 'import_failed', entry: entryUrl, ...place },
      cause,
    },
  );
}

function importMessage(cause: unknown): string {
  return ConnectorError.from(cause).message === '' ? messageOf(cause) : ConnectorError.from(cause).message;
}
