import { create } from '@bufbuild/protobuf';
import type { ConnectorInfo } from '../../connector.ts';
import { CONNECTOR_OWNERS, ISOLATION_LEVELS } from '../../connector.ts';
import { ConnectorInfoSchema } from '../../gen/connectors/connectors_pb.ts';
import type { ConnectorInfo as InfoMessage } from '../../gen/connectors/connectors_pb.ts';
import { LINE_LEVELS } from '../../line-level.ts';
import type { LineLevel } from '../../line-level.ts';
import {
  modeFromNumber,
  modeToNumber,
  readWord,
  statusFromNumber,
  statusToNumber,
  typeFromNumber,
  typeToNumber,
} from './words.ts';
import type { Problems } from './words.ts';

const OVERRIDES = ['enabled', 'disabled'] as const;

export function infoToMessage(info: ConnectorInfo): InfoMessage {
  const problems: Problems = [];
  return create(ConnectorInfoSchema, {
    ...info,
    type: typeToNumber(info.type, { path: 'type', problems }),
    mode: modeToNumber(info.mode, { path: 'mode', problems }),
    status: statusToNumber(info.status),
    metadata: { ...info.metadata },
    tags: [...info.tags],
  });
}

/**
 * Reads what a service says of a connector. What a service of the original interface leaves out is filled in: its
 * kind is its id, it belongs to the API, nothing is said of its isolation.
 */
export function infoFromMessage(message: InfoMessage, problems: Problems): ConnectorInfo {
  return {
    id: message.id,
    name: message.name,
    type: typeFromNumber(message.type, { path: 'type', problems }) ?? 'custom',
    kind: message.kind || message.metadata['kind'] || message.id,
    description: message.description,
    endpoint: message.endpoint,
    enabled: message.enabled,
    status: statusFromNumber(message.status, { path: 'status', problems }),
    mode: modeFromNumber(message.mode, { path: 'mode', problems }) ?? 'local',
    metadata: { ...message.metadata },
    tags: [...message.tags],
    owner: readWord(CONNECTOR_OWNERS, message.owner, { path: 'owner', problems, fallback: 'api' }),
    isolation: readWord(ISOLATION_LEVELS, message.isolation, { path: 'isolation', problems, fallback: 'none' }),
    lastError: message.lastError,
    ...(message.heldBack === undefined ? {} : { heldBack: message.heldBack }),
    ...(message.host === undefined ? {} : { host: message.host }),
    ...(message.logLevel === undefined
      ? {}
      : {
          logLevel: readWord<LineLevel>(LINE_LEVELS, message.logLevel, {
            path: 'log_level',
            problems,
            fallback: 'info',
          }),
        }),
    ...(message.pausedSince === undefined ? {} : { pausedSince: message.pausedSince }),
    ...(message.override === undefined
      ? {}
      : {
          override: readWord<'enabled' | 'disabled'>(OVERRIDES, message.override, {
            path: 'override',
            problems,
            fallback: 'disabled',
          }),
        }),
  };
}
