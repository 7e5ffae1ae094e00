import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Metadata } from '@automate/grpc';
import type { ClientCertificate } from '../client-certificate.ts';
import { clientCertificateOf } from '../client-certificate.ts';

/** The library hands a call's metadata on and keeps the connection to itself, so that this is where the certificate travels. */
const KEY = 'connectors-client-certificate';

/** Writes into a call's headers what its connection showed. Whatever a caller wrote there itself is taken out. */
export function passCertificateOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const certificate = clientCertificateOf(stream.session?.socket);
  if (certificate !== undefined) headers[KEY] = encodeURIComponent(JSON.stringify(certificate));
  else if (headers[KEY] !== undefined) delete headers[KEY];
}

/** The certificate that a call's connection showed; undefined where it showed none. Only in calls that `passCertificateOn` has seen. */
export function shownCertificate(metadata: Metadata): ClientCertificate | undefined {
  const [value] = metadata.get(KEY);
  return value === undefined ? undefined : (JSON.parse(decodeURIComponent(String(value))) as ClientCertificate);
}
