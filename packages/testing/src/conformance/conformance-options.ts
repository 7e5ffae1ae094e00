import type { ConfiguredLevel, Permission } from '@automate/contract';
import type { JsonObject, JsonValue } from '@automate/sdk';
import type { TestConfig } from '../open-adapter.ts';
import type { WebhookSample } from './signed-webhooks.ts';

/** What a kind is tested with, where its schemas do not say it. */
export interface ConformanceOptions {
  /** Configuration of a connector of this kind. A `host` says that the kind has an endpoint, which is replaced by a local one. */
  readonly config?: TestConfig;
  /** Settings that the kind accepts; `{service}` in their texts is the address of the local stand-in. Default: made from its `configSchema`. */
  readonly settings?: JsonObject;
  /** Secrets of a profile that the kind accepts. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The key in the manifest. Default: the adapter's own name. */
  readonly kind?: string;
  /** The package's package.json, to be checked as well. */
  readonly packageJson?: unknown;
  /** Payloads by action, for actions whose schema does not say all that they ask of one. Default: made from the schema. */
  readonly payloads?: Readonly<Record<string, JsonObject>>;
  /** What the remote system answers, by action, where that is not what the action's output says, or too much to be made up. Default: made from it. */
  readonly answers?: Readonly<Record<string, JsonValue>>;
  /**
   * Actions that are declared free of side effects and read by another method than GET, as a search that is a POST. Others that do
   * so fail.
   */
  readonly readsByPost?: readonly string[];
  /** Permissions that the manifest asks for and that nothing uses of what is tried here. */
  readonly usedElsewhere?: readonly Permission[];
  /** Levels of isolation at which the kind can run, where it says that it cannot at others. Default: all. */
  readonly levels?: readonly ConfiguredLevel[];
  /** What the remote system answers, as JSON, to requests of a method and path whatever is tried: `GET /openapi.json`. */
  readonly routes?: Readonly<Record<string, JsonValue>>;
  /** The tools that the remote system offers, for a kind that speaks the Model Context Protocol: it is spoken to it then. */
  readonly mcpTools?: readonly JsonObject[];
  /** Members of payloads that are paths or URLs, which are sent as they stand: `action.member`. Others must be encoded. */
  readonly sentAsTheyStand?: readonly string[];
  /** Webhooks as the remote system sends them, and how it signs them. Default: only that what nobody signed is refused is checked. */
  readonly webhooks?: readonly WebhookSample[];
}
