import { create } from '@bufbuild/protobuf';
import { SecretInfoSchema } from '../../gen/connectors/connectors_pb.ts';
import type { SecretInfo as InfoMessage } from '../../gen/connectors/connectors_pb.ts';
import type { SecretInfo } from '../../secret-operations.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

export function secretToMessage({ namespace, name, versions, usedBy }: SecretInfo): InfoMessage {
  return create(SecretInfoSchema, {
    namespace,
    name,
    versions: versions.map((version) => ({ ...version })),
    usedBy: usedBy.map((user) => ({ ...user })),
  });
}

export function secretFromMessage(message: InfoMessage, problems: Problems): SecretInfo {
  const path = `secrets.${message.namespace}/${message.name}.used_by`;
  return {
    namespace: message.namespace,
    name: message.name,
    versions: message.versions.map(({ version, createdAt }) => ({ version, createdAt })),
    usedBy: message.usedBy.map(({ kind, name, version }) => ({
      kind: readWord(['connector', 'profile', 'configuration'], kind, { path, problems, fallback: 'connector' }),
      name,
      ...(version === undefined ? {} : { version }),
    })),
  };
}
