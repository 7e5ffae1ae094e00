import { create } from '@bufbuild/protobuf';
import { HostSchema } from '../../gen/connectors/connectors_pb.ts';
import type { Host as HostMessage, MissingHost as MissingMessage } from '../../gen/connectors/connectors_pb.ts';
import type { FromHosts, HostInfo, MissingHost } from '../../host-operations.ts';
import { int64ToNumber } from './words.ts';
import type { Problems } from './words.ts';

export function hostToMessage({ labels, memoryBytes, drift, configDrift, ...host }: HostInfo): HostMessage {
  return create(HostSchema, {
    ...host,
    labels: [...labels],
    memoryBytes: BigInt(memoryBytes),
    drift: drift.map((each) => ({ ...each })),
    configDrift: configDrift.map((each) => ({ ...each })),
  });
}

/** What a message has of hosts that are missing. */
export function missingToMessages(missing: readonly MissingHost[] = []): {
  readonly missing: { host: string; why: string }[];
} {
  return { missing: missing.map(({ host, why }) => ({ host, why })) };
}

/** The same, for an answer with a member of that name; empty where none is missing. */
export function missingFromMessages(messages: readonly MissingMessage[]): {
  readonly missing?: readonly MissingHost[];
} {
  return messages.length === 0 ? {} : { missing: messages.map(({ host, why }) => ({ host, why })) };
}

/** Rows of several hosts, from what a message has. */
export function rowsFromMessages<Row>(rows: readonly Row[], missing: readonly MissingMessage[]): FromHosts<Row> {
  return Object.assign([...rows], missingFromMessages(missing));
}

export function hostFromMessage(message: HostMessage, problems: Problems): HostInfo {
  const { id, name, version, address, labels, since, lastBeatAt, held, draining, memoryBytes, drift, configDrift } =
    message;
  return {
    id,
    name,
    version,
    ...(address === undefined ? {} : { address }),
    labels: [...labels],
    since,
    lastBeatAt,
    held,
    draining,
    memoryBytes: int64ToNumber(memoryBytes, { path: `hosts.${id}.memory_bytes`, problems }),
    drift: drift.map((each) => ({
      package: each.package,
      ...(each.version === undefined ? {} : { version: each.version }),
      ...(each.integrity === undefined ? {} : { integrity: each.integrity }),
    })),
    configDrift: configDrift.map(({ part, form }) => ({ part, ...(form === undefined ? {} : { form }) })),
  };
}
