import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { BodyForm } from './operation.ts';

export interface MediaType {
  /** As the document writes it. */
  readonly contentType: string;
  readonly form: BodyForm;
  readonly media: JsonObject;
}

/** What is rather taken where several are given. */
const ORDER: readonly BodyForm[] = ['json', 'form', 'multipart', 'text', 'binary'];

/** The media types of a body, those first that say most. */
export function mediaTypesOf(content: JsonValue | undefined): readonly MediaType[] {
  if (!isJsonObject(content)) return [];
  return Object.entries(content)
    .map(([contentType, media]) => ({
      contentType,
      form: formOf(contentType),
      media: isJsonObject(media) ? media : {},
    }))
    .toSorted((a, b) => ORDER.indexOf(a.form) - ORDER.indexOf(b.form));
}

/** How a body of this content type is given and taken. */
export function formOf(contentType: string): BodyForm {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === '' || type === '*/*' || /^(application|text)\/([\w.-]+\+)?json$/.test(type) || type === 'application/*')
    return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type === 'multipart/form-data') return 'multipart';
  if (/^text\/|[/+](xml|yaml|javascript|csv|x-ndjson|graphql|sql)$/.test(type)) return 'text';
  return 'binary';
}
