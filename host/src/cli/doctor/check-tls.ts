import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import type { TlsSettings } from '../../host-settings.ts';
import { describeProblem } from '@automate/contract';
import { expiresSoon, readTlsFiles } from '../../transports/tls-files.ts';
import type { Finding } from './finding.ts';

/** How long a host may take to show its certificate, in milliseconds. */
const REACH_MS = 3_000;

/** Whether the files of TLS can be used, for how long, and whether they are what a host that runs serves. */
export async function checkTls(tls: TlsSettings | undefined, running: string | undefined): Promise<readonly Finding[]> {
  if (tls === undefined) return [];
  const check = 'TLS';
  const read = readTlsFiles(tls);
  if (!read.ok)
    return read.problems.map((problem) => ({
      check,
      state: 'failed',
      message: describeProblem(problem),
      remedy: 'correct the file or the variable',
    }));
  const { expires, context } = read.material;
  const until = `${tls.certFile} is valid until ${expires.toISOString().slice(0, 10)}`;
  const files: Finding = expiresSoon(read.material)
    ? {
        check,
        state: 'warning',
        message: until,
        remedy: 'put a new certificate there; a running host reads it by itself',
      }
    : { check, state: 'ok', message: until };
  const served = running === undefined ? undefined : await certificateServedAt(running);
  if (served === undefined || served === new X509Certificate(String(context.cert)).fingerprint256) return [files];
  const message = `the running host serves another certificate than ${tls.certFile} holds`;
  return [
    files,
    {
      check,
      state: 'failed',
      message,
      remedy: 'see its log for what it finds wrong with the files, or start it again',
    },
  ];
}

/** The fingerprint of the certificate at an address of REST; undefined where none is shown. */
async function certificateServedAt(http: string): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(http);
  if (protocol !== 'https:') return undefined;
  // Nothing is sent: whom the certificate is for is for callers to judge.
  const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(REACH_MS) });
    return socket.getPeerX509Certificate()?.fingerprint256;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
