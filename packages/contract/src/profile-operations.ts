import type { CallOptions } from './call-options.ts';
import type { JsonObject } from './json.ts';

/** Who keeps a profile: the configuration file, or the service itself, where it was set over the API. */
export const PROFILE_OWNERS = ['file', 'api'] as const;
export type ProfileOwner = (typeof PROFILE_OWNERS)[number];

/** What may be known of a connection profile: everything but the values of its secrets. */
export interface ProfileInfo {
  readonly name: string;
  /** The kind of connector that may use it. */
  readonly kind: string;
  readonly environment: string;
  /** A disabled profile stops the connectors that use it. */
  readonly enabled: boolean;
  readonly owner: ProfileOwner;
  /** As they are written; secrets among them as references to where they are kept, or as `[secret]`. */
  readonly settings: JsonObject;
  /** The reference to each secret, by field. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Ids of the connectors that name it. */
  readonly usedBy: readonly string[];
  /** Of a profile of the file: one of the same name was set over the API, which counts for nothing while this one stands. */
  readonly hidesOther?: true;
}

export interface SetProfileRequest {
  /** Up to 63 letters, digits, `_`, `.` or `-`. */
  readonly name: string;
  /** The kind of connector that may use it; one that is installed. */
  readonly kind: string;
  /** Default `prod`. */
  readonly environment?: string;
  /** Settings for the connectors that use it; a connector's own win. Secrets among them move into the store. Default: none. */
  readonly settings?: JsonObject;
  /**
   * Secrets by field; those named as fields of `auth` fill the ones that are absent there. Each is the secret itself, which moves into
   * the store; a reference to one of the store; or `[secret]` for what stands in that field already. Default: none.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Default true. */
  readonly enabled?: boolean;
}

/** A connector that goes on with the profile as it was, as it failed with the new one when that was tried. */
export interface HeldBackConnector {
  readonly connector: string;
  readonly reason: string;
}

/** What a change of a profile answers. */
export interface ProfileChange {
  readonly name: string;
  /** A sentence for people. */
  readonly message: string;
  readonly heldBack: readonly HeldBackConnector[];
}

/** The part of the port that keeps connection profiles. Those of the configuration file can be listed, and are changed there. */
export interface ProfileOperations {
  /** All profiles by name, those of the file among them, and who uses them; never the value of a secret. */
  listProfiles(options?: CallOptions): Promise<readonly ProfileInfo[]>;
  /**
   * Adds a profile, or replaces one whole; it is persisted before the answer. Connectors that use it run with it from then on; those
   * that fail with it go on as they were, and the answer says which. One of the file is refused with INVALID_INPUT, reason `not_owned`.
   */
  setProfile(request: SetProfileRequest, options?: CallOptions): Promise<ProfileChange>;
  /** Removes a profile that was set. What a connector uses is refused with INVALID_INPUT, reason `profile_in_use`. */
  removeProfile(name: string, options?: CallOptions): Promise<ProfileChange>;
}
