import type { ServerResponse } from 'node:http';
import { S3Refusal } from './check-signature.ts';
import type { SignedRequest } from './check-signature.ts';
import { escapeXml } from './escape-xml.ts';

export type Tag = readonly [key: string, value: string];

export function isOfTags({ url }: SignedRequest): boolean {
  return /(^|&)tagging(=|&|$)/.test(url.split('?')[1] ?? '');
}

/** A new object has the tags that it comes with, and none of those of the one that it replaces. */
export function noteTags({ method, url, headers }: SignedRequest, tags: Map<string, Tag[]>): void {
  const [path = '', query = ''] = url.split('?');
  const given = headers['x-amz-tagging'];
  if (typeof given === 'string') tags.set(path, [...new URLSearchParams(given)]);
  else if (method === 'DELETE' || (method === 'PUT' && !query.includes('uploadId='))) tags.delete(path);
}

/** Tags, which the store behind does not know either. */
export function answerTags(
  { method, url, headers, body }: SignedRequest,
  tags: Map<string, Tag[]>,
  response: ServerResponse,
): void {
  const [path = ''] = url.split('?');
  if (method === 'PUT') {
    if (headers['content-md5'] === undefined)
      throw new S3Refusal(400, 'InvalidRequest', 'Missing required header: Content-MD5');
    const found = [...body.toString().matchAll(/<Tag><Key>(.*?)<\/Key><Value>(.*?)<\/Value><\/Tag>/gs)];
    tags.set(
      path,
      found.map(([, key = '', value = '']) => [plain(key), plain(value)]),
    );
  }
  if (method === 'DELETE') tags.delete(path);
  const list = (tags.get(path) ?? []).map(
    ([key, value]) => `<Tag><Key>${escapeXml(key)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
  );
  response.writeHead(method === 'DELETE' ? 204 : 200, { 'content-type': 'application/xml' });
  response.end(
    method === 'GET'
      ? `<?xml version="1.0" encoding="UTF-8"?>\n<Tagging><TagSet>${list.join('')}</TagSet></Tagging>`
      : undefined,
  );
}

const plain = (xml: string): string =>
  xml
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
