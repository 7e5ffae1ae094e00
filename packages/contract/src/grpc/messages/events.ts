import { create } from '@bufbuild/protobuf';
import type { ConnectorEvent } from '../../connector-service.ts';
import { ConnectorEventSchema, SyncedSchema } from '../../gen/connectors/connectors_pb.ts';
import type { ConnectorEvent as EventMessage } from '../../gen/connectors/connectors_pb.ts';
import { infoFromMessage, infoToMessage } from './info.ts';
import { deliveryFromMessage, deliveryToMessage } from './webhooks.ts';
import { int64ToNumber, millisToInt64 } from './words.ts';
import type { Problems } from './words.ts';

export function eventToMessage(event: ConnectorEvent): EventMessage {
  return create(ConnectorEventSchema, { revision: millisToInt64(event.revision), event: changeToMessage(event) });
}

function changeToMessage(event: ConnectorEvent): EventMessage['event'] {
  switch (event.kind) {
    case 'added':
    case 'updated':
    case 'status':
      return { case: event.kind, value: infoToMessage(event.connector) };
    case 'actions_changed':
      return { case: 'actionsChanged', value: infoToMessage(event.connector) };
    case 'removed':
      return { case: 'removed', value: event.id };
    case 'webhook':
      return { case: 'webhook', value: deliveryToMessage(event.id, event.delivery) };
    case 'synced':
      return { case: 'synced', value: create(SyncedSchema) };
    default:
      return event satisfies never;
  }
}

/** Nothing for a kind of event that a newer service knows and this client does not. */
export function eventFromMessage(message: EventMessage, problems: Problems): ConnectorEvent | undefined {
  const revision = int64ToNumber(message.revision, { path: 'revision', problems });
  const { event } = message;
  switch (event.case) {
    case 'added':
    case 'updated':
    case 'status':
      return { kind: event.case, revision, connector: infoFromMessage(event.value, problems) };
    case 'actionsChanged':
      return { kind: 'actions_changed', revision, connector: infoFromMessage(event.value, problems) };
    case 'removed':
      return { kind: 'removed', revision, id: event.value };
    case 'webhook':
      return {
        kind: 'webhook',
        revision,
        id: event.value.connector,
        delivery: deliveryFromMessage(event.value, problems),
      };
    case 'synced':
      return { kind: 'synced', revision };
    case undefined:
      return undefined;
    default:
      return event satisfies never;
  }
}
