import { InvalidInputError } from '@automate/contract';
import type { ConnectorConfigInput, Problem } from '@automate/contract';
import { configToMessage, CONNECTORS_SERVICE } from '@automate/contract/grpc';
import type { MessageInitShape } from '@bufbuild/protobuf';

type ConfigMessage = NonNullable<MessageInitShape<typeof CONNECTORS_SERVICE.registerConnector.input>['config']>;

/**
 * A configuration as a message.
 *
 * @throws INVALID_INPUT with every problem for one that no message can carry: the same that the service would find
 */
export async function writeConfig(config: ConnectorConfigInput): Promise<ConfigMessage> {
  const problems: Problem[] = [];
  let cause: unknown;
  try {
    const message = configToMessage(config, problems);
    // Finds what has another type than it should: callers need not be written in TypeScript.
    CONNECTORS_SERVICE.registerConnector.requestSerialize({ $typeName: 'connectors.RegisterConnectorRequest', config: message });
    if (problems.length === 0) return message;
  } catch (error) {
    cause = error;
  }
  const found = await findProblems(config, problems);
  const count = found.length === 1 ? '1 problem' : `${found.length} problems`;
  throw new InvalidInputError(`the configuration has ${count}`, { problems: found, cause });
}

/** Loaded only here: the schemas are large, and most configurations are well-formed. */
async function findProblems(config: ConnectorConfigInput, known: readonly Problem[]): Promise<readonly Problem[]> {
  const { parseConnectorConfig, toWireConfig } = await import('@automate/contract/schemas');
  const parsed = parseConnectorConfig(toWireConfig(config), { allowReferences: false });
  if (!parsed.ok) return parsed.problems;
  if (known.length > 0) return known;
  return [{ path: '', expected: 'a configuration that gRPC can carry', received: 'something else' }];
}
