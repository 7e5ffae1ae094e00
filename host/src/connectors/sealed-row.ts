import type { JsonObject, Problem } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { JSON_NAME, ownNamespace, referenceTo } from '../secrets/own-secrets.ts';
import type { SecretVault } from '../secrets/secret-vault.ts';

/** A row in the place of one that cannot be read: why not, and where all that it held is kept sealed. */
export async function sealWholeRow(
  vault: Pick<SecretVault, 'add'>,
  id: string,
  wire: JsonObject,
  problems: readonly Problem[],
): Promise<JsonObject> {
  const secret = { namespace: ownNamespace({ kind: 'connector', name: id }), name: `${JSON_NAME}row` };
  const version = await vault.add(secret, JSON.stringify(wire));
  return { id, unreadable: problems.map(describeProblem).join('; '), row: referenceTo({ ...secret, version }) };
}

/** Why such a row is left out; undefined for any other. */
export function explainSealedRow(id: string, { unreadable }: JsonObject): string | undefined {
  return typeof unreadable === 'string'
    ? `${unreadable}; what was registered is kept sealed: remove it, with "automate connectors remove ${id}", and register it anew`
    : undefined;
}
