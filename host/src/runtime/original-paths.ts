import { pathToFileURL } from 'node:url';
import type { ErrorEnvelope } from '@automate/contract';
import type { RuntimeParts } from './runtime-parts.ts';
import type { Snapshot } from './runtime.ts';

/**
 * The parts of one worker that runs from a snapshot: where errors and log records speak of the snapshot's files, those of the package
 * are named, which its author and its operator know. Results stay as they are.
 */
export function withOriginalPaths(parts: RuntimeParts, snapshot: Snapshot | undefined): RuntimeParts {
  if (snapshot === undefined) return parts;
  const { secrets, log, record } = parts;
  const shown = originalPaths(snapshot);
  const shownRecord = <R extends { readonly message: string; readonly fields: string }>(given: R): R => ({
    ...given,
    message: shown(given.message),
    fields: shown(given.fields),
  });
  return {
    ...parts,
    secrets: {
      learn: (connector, values) => secrets.learn(connector, values),
      scrubText: (text) => secrets.scrubText(text),
      scrubString: (text) => secrets.scrubString(shown(text)),
      scrubEnvelope: (envelope) => secrets.scrubEnvelope(JSON.parse(shown(JSON.stringify(envelope))) as ErrorEnvelope),
    },
    log: (connector, given) => log(connector, shownRecord(given)),
    record: (connector, given) => record(connector, shownRecord(given)),
  };
}

function originalPaths({ directory, packageDir }: Snapshot): (text: string) => string {
  const url = pathToFileURL(directory).href;
  const packageUrl = pathToFileURL(packageDir).href;
  return (text) => text.replaceAll(url, packageUrl).replaceAll(directory, packageDir);
}
