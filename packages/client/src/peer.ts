import { createSecureContext } from 'node:tls';
import type { CallOptions, ConnectorService } from '@automate/contract';
import { Client, credentials } from '@automate/grpc';
import { createRemoteBackend } from './remote-backend.ts';
import { isLoopbackAddress, parseServiceAddress } from './service-address.ts';

/** How a host calls another one. */
export interface PeerOptions {
  /** `host:port`, or `grpcs://host:port` for TLS. */
  readonly address: string;
  /** Certificates in PEM whose holders are trusted. */
  readonly authorities: readonly string[];
  /** The header `authorization` of a call. */
  authorize(call: CallOptions): string;
}

/** The port of another host. Nothing is connected before the first call; the caller closes it. For hosts, of one version or nearly. */
export function openPeer({ address, authorities, authorize }: PeerOptions): ConnectorService {
  const { target, secure } = parseServiceAddress(address);
  const channel = secure
    ? credentials.createFromSecureContext(
        createSecureContext({
          ca: [...authorities],
          // Those that are given are trusted also where who issued them is not known.
          allowPartialTrustChain: true,
          minVersion: 'TLSv1.2',
        }),
      )
    : credentials.createInsecure();
  const open = (): Client =>
    new Client(target, channel, {
      'grpc.max_receive_message_length': 64 * 1024 * 1024,
      'grpc.max_send_message_length': -1,
      'grpc.enable_channelz': 0,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      ...(isLoopbackAddress(target) ? { 'grpc.enable_http_proxy': 0 } : {}),
    });
  return createRemoteBackend({ client: open(), address, open, authorization: authorize });
}
