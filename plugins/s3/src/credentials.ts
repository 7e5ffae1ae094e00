import { ConfigInvalidError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';

/** An access key with its secret. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Goes with temporary credentials. */
  readonly sessionToken?: string;
}

/**
 * The access key of a connector: `auth` of the type basic (user name and password are access key and secret key), or a
 * profile's secrets `access_key_id`, `secret_access_key` and `session_token`. Undefined: requests are not signed.
 *
 * @throws ConfigInvalidError for an `auth` that S3 does not know, and for half a key.
 */
export function credentialsOf({ id, config, profile }: ConnectorContext): Credentials | undefined {
  const { auth } = config;
  if (auth.type !== 'none' && auth.type !== 'basic') {
    throw credentialsInvalid(
      id,
      `auth.type is ${auth.type}, but S3 signs requests with an access key: set auth.type to basic`,
    );
  }
  const secrets = profile?.secrets ?? {};
  const accessKeyId = auth.username ?? secrets['access_key_id']?.reveal();
  const secretAccessKey = auth.password?.reveal() ?? secrets['secret_access_key']?.reveal();
  const sessionToken = secrets['session_token']?.reveal();
  if (accessKeyId === undefined && secretAccessKey === undefined && auth.type === 'none') return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'access key (auth.username)' : 'secret key (auth.password)';
    throw credentialsInvalid(
      id,
      `it has no ${missing}; set it, or the secrets access_key_id and secret_access_key of its profile`,
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}

function credentialsInvalid(id: string, why: string): ConfigInvalidError {
  return new ConfigInvalidError(`connector "${id}": ${why}; the operator must act`, {
    details: { reason: 'credentials' },
  });
}
