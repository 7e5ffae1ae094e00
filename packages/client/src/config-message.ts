import { configRefused, profileRefused, requireConfig, requireProfile } from '@automate/contract/service';
import type { ConnectorConfigInput, Problem, SetProfileRequest } from '@automate/contract';
import { configToMessage, setProfileToMessage } from '@automate/contract/grpc';
import type { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import type { MessageInitShape } from '@bufbuild/protobuf';

type ConfigMessage = NonNullable<MessageInitShape<typeof CONNECTORS_SERVICE.registerConnector.input>['config']>;

/** A profile as a message, checked as a configuration is. */
export async function writeProfile(
  request: SetProfileRequest,
): Promise<MessageInitShape<typeof CONNECTORS_SERVICE.setProfile.input>> {
  requireProfile(request);
  const { parseProfile } = await import('@automate/contract/schemas');
  const { name, ...profile } = request;
  const parsed = parseProfile(name, profile, { from: 'caller' });
  if (!parsed.ok) throw profileRefused(name, parsed.problems);
  return setProfileToMessage(request);
}

/**
 * A configuration as a message. It is checked here with the service's own schema: a message has no place for an unknown
 * key, a number with a fraction or a wrong type, so the service could not say what is wrong with them.
 *
 * @throws INVALID_INPUT with every problem
 */
export async function writeConfig(config: ConnectorConfigInput): Promise<ConfigMessage> {
  requireConfig(config);
  // Loaded with the first change: the schemas are large, and most callers never make one.
  const { parseConnectorConfig, toWireConfig } = await import('@automate/contract/schemas');
  const parsed = parseConnectorConfig(toWireConfig(config), { from: 'caller' });
  if (!parsed.ok) throw configRefused(config.id, parsed.problems);
  const problems: Problem[] = [];
  const message = configToMessage(config, problems);
  if (problems.length > 0) throw configRefused(config.id, problems);
  return message;
}
