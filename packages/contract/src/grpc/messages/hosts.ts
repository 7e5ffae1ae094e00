import { create } from '@bufbuild/protobuf';
import { HostSchema } from '../../gen/connectors/connectors_pb.ts';
import type { Host as HostMessage } from '../../gen/connectors/connectors_pb.ts';
import type { HostInfo } from '../../host-operations.ts';
import { int64ToNumber } from './words.ts';
import type { Problems } from './words.ts';

export function hostToMessage({ labels, memoryBytes, drift, ...host }: HostInfo): HostMessage {
  return create(HostSchema, {
    ...host,
    labels: [...labels],
    memoryBytes: BigInt(memoryBytes),
    drift: drift.map((each) => ({ ...each })),
  });
}

export function hostFromMessage(message: HostMessage, problems: Problems): HostInfo {
  const { id, name, version, address, labels, since, lastBeatAt, held, memoryBytes, drift } = message;
  return {
    id,
    name,
    version,
    ...(address === undefined ? {} : { address }),
    labels: [...labels],
    since,
    lastBeatAt,
    held,
    memoryBytes: int64ToNumber(memoryBytes, { path: `hosts.${id}.memory_bytes`, problems }),
    drift: drift.map((each) => ({
      package: each.package,
      ...(each.version === undefined ? {} : { version: each.version }),
      ...(each.integrity === undefined ? {} : { integrity: each.integrity }),
    })),
  };
}
