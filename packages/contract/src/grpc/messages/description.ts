import { quote } from '../../quote.ts';
import { create } from '@bufbuild/protobuf';
import type { ActionDescription, ActionDiscovery, ConnectorDescription } from '../../connector.ts';
import { DescribeConnectorResponseSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  ActionDescription as ActionMessage,
  ActionDiscovery as DiscoveryMessage,
  DescribeConnectorResponse,
} from '../../gen/connectors/connectors_pb.ts';
import { isJsonObject } from '../../json.ts';
import type { JsonSchema } from '../../json.ts';
import { int64ToNumber, millisToInt64 } from './words.ts';
import type { Problems } from './words.ts';

export function descriptionToMessage(description: ConnectorDescription): DescribeConnectorResponse {
  const { title, description: text, package: from, configSchema } = description;
  return create(DescribeConnectorResponseSchema, {
    kind: description.kind,
    name: description.name,
    version: description.version,
    ...(title === undefined ? {} : { title }),
    ...(text === undefined ? {} : { description: text }),
    ...(from === undefined ? {} : { package: { ...from } }),
    capabilities: { ...description.capabilities },
    ...(configSchema === undefined ? {} : { configSchema: JSON.stringify(configSchema) }),
    open: description.open,
    actions: description.actions.map(actionToInit),
    ...(description.discovery === undefined ? {} : { discovery: discoveryToInit(description.discovery) }),
    ...(description.paused && { paused: true }),
  });
}

function discoveryToInit({ revision, error, leftOut = [] }: ActionDiscovery) {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(error === undefined ? {} : { error }),
    leftOut: leftOut.map((each) => ({ ...each })),
  };
}

function actionToInit(action: ActionDescription) {
  return {
    name: action.name,
    description: action.description,
    inputSchema: JSON.stringify(action.input),
    ...(action.output === undefined ? {} : { outputSchema: JSON.stringify(action.output) }),
    sideEffects: action.sideEffects,
    idempotent: action.idempotent,
    ...(action.idempotencyKey === undefined ? {} : { idempotencyKey: false }),
    ...(action.rateLimitClass === undefined ? {} : { rateLimitClass: action.rateLimitClass }),
    ...(action.timeoutMs === undefined ? {} : { timeoutMs: millisToInt64(action.timeoutMs) }),
  };
}

export function descriptionFromMessage(message: DescribeConnectorResponse, problems: Problems): ConnectorDescription {
  const { title, description, package: from, capabilities, configSchema } = message;
  return {
    kind: message.kind,
    name: message.name,
    version: message.version,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(from === undefined ? {} : { package: { name: from.name, version: from.version } }),
    capabilities: {
      webhooks: capabilities?.webhooks ?? false,
      polling: capabilities?.polling ?? false,
      batch: capabilities?.batch ?? false,
      idempotencyKey: capabilities?.idempotencyKey ?? false,
      oauth: capabilities?.oauth ?? false,
      rateLimitHeaders: capabilities?.rateLimitHeaders ?? false,
    },
    ...(configSchema === undefined ? {} : { configSchema: readSchema(configSchema, 'config_schema', problems) }),
    open: message.open,
    actions: message.actions.map((action) => actionFromMessage(action, problems)),
    ...(message.discovery === undefined ? {} : { discovery: discoveryFromMessage(message.discovery) }),
    ...(message.paused && { paused: true }),
  };
}

function discoveryFromMessage({ revision, error, leftOut }: DiscoveryMessage): ActionDiscovery {
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(error === undefined ? {} : { error }),
    ...(leftOut.length === 0 ? {} : { leftOut: leftOut.map(({ name, reason }) => ({ name, reason })) }),
  };
}

function actionFromMessage(action: ActionMessage, problems: Problems): ActionDescription {
  const path = `actions.${action.name}`;
  const { outputSchema, rateLimitClass, timeoutMs } = action;
  return {
    name: action.name,
    description: action.description,
    input: readSchema(action.inputSchema, `${path}.input_schema`, problems),
    ...(outputSchema === undefined ? {} : { output: readSchema(outputSchema, `${path}.output_schema`, problems) }),
    sideEffects: action.sideEffects,
    idempotent: action.idempotent,
    ...(action.idempotencyKey === false ? { idempotencyKey: false } : {}),
    ...(rateLimitClass === undefined ? {} : { rateLimitClass }),
    ...(timeoutMs === undefined
      ? {}
      : { timeoutMs: int64ToNumber(timeoutMs, { path: `${path}.timeout_ms`, problems }) }),
  };
}

function readSchema(text: string, path: string, problems: Problems): JsonSchema {
  try {
    const schema: unknown = JSON.parse(text);
    if (isJsonObject(schema)) return schema;
  } catch {
    // Said below, together with what is JSON but no object.
  }
  problems.push({ path, expected: 'a JSON Schema as text', received: quote(text.slice(0, 60)) });
  return {};
}
