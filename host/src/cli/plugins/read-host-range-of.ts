import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject } from '@automate/contract';
import { readHostRange } from '../../plugins/compatibility/host-range.ts';
import { parseJson } from '../../plugins/discovery/parse-json.ts';

/** The hosts that an installed package says it works with; undefined where it does not say. */
export function readHostRangeOf(packageDir: string): string | undefined {
  const json = parseJson(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  if (!json.ok || !isJsonObject(json.value)) return undefined;
  const { engines, peerDependencies } = json.value;
  const declared = readHostRange(
    isJsonObject(engines) ? engines['automate'] : undefined,
    isJsonObject(peerDependencies) ? peerDependencies['@automate/sdk'] : undefined,
  );
  return declared.kind === 'declared' ? declared.range : undefined;
}
