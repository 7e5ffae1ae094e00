import { MASKED_SECRET } from '@automate/contract';
import { isSecretKey } from '@automate/sdk';
import type { RecordedRequest } from '../fake-service.ts';
import { replaceAddress, replaceAddressIn, toParameters, toRecordedBody } from './bodies.ts';
import type { Question } from './exchange.ts';
import { SERVICE } from './exchange.ts';

/** What of a request counts. Of its headers: the type of its body, that credentials were there, and those named. */
export function questionOf(request: RecordedRequest, origin: string, counting: readonly string[]): Question {
  const [path = '/', search = ''] = splitOnce(request.target, '?');
  const query = toParameters(new URLSearchParams(replaceAddress(search, origin, SERVICE)));
  const { bytes, contentType } = withoutBoundary(request);
  const headers = Object.entries(request.headers)
    .flatMap(([name, value]): [string, string][] => {
      if (name === 'content-type') return [[name, contentType ?? value]];
      if (isSecretKey(name, 'part')) return [[name, credentialsOf(name, value)]];
      return counting.includes(name) ? [[name, value]] : [];
    })
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    method: request.method,
    path,
    ...(search === '' ? {} : { query }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...toRecordedBody(replaceAddressIn(bytes, origin, SERVICE), contentType),
  };
}

/** `Bearer [secret]`: how somebody signs in is no secret. */
function credentialsOf(name: string, value: string): string {
  const scheme = name.endsWith('authorization') ? /^([A-Za-z][\w-]*) +\S/.exec(value)?.[1] : undefined;
  return scheme === undefined ? MASKED_SECRET : `${scheme} ${MASKED_SECRET}`;
}

/** The parts of a form are held apart by a text that is another one each time. */
function withoutBoundary({ headers, body }: RecordedRequest): {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
} {
  const contentType = headers['content-type'];
  const boundary = /^multipart\/.*boundary="?(?<boundary>[^";]+)/i.exec(contentType ?? '')?.groups?.['boundary'];
  if (boundary === undefined) return { bytes: body, contentType };
  const bytes = Buffer.from(Buffer.from(body).toString('latin1').replaceAll(boundary, 'boundary'), 'latin1');
  return { bytes, contentType: contentType?.replace(boundary, 'boundary') };
}

function splitOnce(text: string, by: string): readonly string[] {
  const at = text.indexOf(by);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
