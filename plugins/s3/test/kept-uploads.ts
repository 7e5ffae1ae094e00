import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SignedRequest } from './check-signature.ts';
import { escapeXml } from './escape-xml.ts';

/** An upload in parts. */
export interface Upload {
  readonly path: string;
  readonly initiated: string;
}

/** Uploads in parts that are neither complete nor aborted, by id, which the store behind does not list. */
export function noteUpload(
  { method, url }: SignedRequest,
  uploads: Map<string, Upload>,
  answer: IncomingMessage,
): void {
  const [path = '', query = ''] = url.split('?');
  const id = new URLSearchParams(query).get('uploadId');
  const done = (answer.statusCode ?? 500) < 300;
  if (done && id !== null && (method === 'DELETE' || method === 'POST')) uploads.delete(id);
  if (method !== 'POST' || !/(^|&)uploads(=|&|$)/.test(query)) return;
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const made = /<UploadId>(.*?)<\/UploadId>/.exec(Buffer.concat(chunks).toString())?.[1];
    if (made !== undefined) uploads.set(made, { path, initiated: new Date().toISOString() });
  });
}

export function isListOfUploads({ method, url }: SignedRequest): boolean {
  return method === 'GET' && new URLSearchParams(url.split('?')[1]).has('uploads');
}

/** In the order of keys, and of one key's uploads in that of their beginning, as S3 has it. */
export function listUploads({ url }: SignedRequest, uploads: Map<string, Upload>, response: ServerResponse): void {
  const [path = '', query = ''] = url.split('?');
  const asked = new URLSearchParams(query);
  const text = (key: string): string =>
    asked.get('encoding-type') === 'url' ? encodeURIComponent(key).replaceAll('%2F', '/') : escapeXml(key);
  const all = [...uploads]
    .map(([id, { path: object, initiated }]) => ({ id, initiated, key: decodeURIComponent(object) }))
    .filter(({ key }) => key.startsWith(`${path.replace(/\/$/, '')}/${asked.get('prefix') ?? ''}`))
    .map(({ key, ...rest }) => ({ ...rest, key: key.split('/').slice(2).join('/') }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  const after = all.findIndex(({ key, id }) => key === asked.get('key-marker') && id === asked.get('upload-id-marker'));
  const page = all.slice(after + 1, after + 1 + Number(asked.get('max-uploads') ?? 1000));
  const last = page.at(-1);
  const isTruncated = last !== undefined && last !== all.at(-1);
  const list = page.map(
    ({ key, id, initiated }) =>
      `<Upload><Key>${text(key)}</Key><UploadId>${id}</UploadId><Initiated>${initiated}</Initiated></Upload>`,
  );
  const next = isTruncated
    ? `<NextKeyMarker>${text(last.key)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
    : '';
  const encoding = asked.has('encoding-type') ? '<EncodingType>url</EncodingType>' : '';
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListMultipartUploadsResult>${encoding}<IsTruncated>${isTruncated}</IsTruncated>${next}${list.join('')}</ListMultipartUploadsResult>`,
  );
}
