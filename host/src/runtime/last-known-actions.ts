import type { ConnectorDescription } from '@automate/contract';

/**
 * What a connector can do: as this description says; or, where its actions come from a remote system that was not asked yet, as it
 * was known before.
 */
export function withLastKnown(
  description: ConnectorDescription,
  known: ConnectorDescription | undefined,
): ConnectorDescription {
  const { discovery } = description;
  const isOpen = discovery !== undefined && discovery.revision === undefined && discovery.error === undefined;
  return isOpen && known?.discovery !== undefined
    ? { ...description, actions: known.actions, discovery: known.discovery }
    : description;
}
