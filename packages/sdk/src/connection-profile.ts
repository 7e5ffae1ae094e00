import type { JsonObject } from '@automate/contract';
import type { Secret } from './secret.ts';

/** A connection profile as the connector that uses it sees it: secrets resolved. */
export interface ConnectionProfile {
  readonly name: string;
  readonly environment: string;
  readonly settings: JsonObject;
  readonly secrets: Readonly<Record<string, Secret>>;
}
