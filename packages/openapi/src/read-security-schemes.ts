import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { objectAt } from './references.ts';
import type { OpenApiDocument } from './read-document.ts';

/** How a request says who sends it. */
export type SecurityScheme =
  | { readonly type: 'api_key'; readonly in: 'header' | 'query' | 'cookie'; readonly name: string }
  | { readonly type: 'basic' }
  | { readonly type: 'bearer' }
  /** `tokenUrl` where the client credentials grant is offered. */
  | { readonly type: 'oauth2'; readonly tokenUrl?: string }
  /** What is done by other means, or not here: client certificates, HTTP schemes of other names. */
  | { readonly type: 'other'; readonly what: string };

/** The security schemes of a document, by name. One that cannot be read is `other`. */
export function readSecuritySchemes({ root }: OpenApiDocument): Readonly<Record<string, SecurityScheme>> {
  const { components } = root;
  const schemes = isJsonObject(components) ? components['securitySchemes'] : undefined;
  if (!isJsonObject(schemes)) return {};
  return Object.fromEntries(
    Object.entries(schemes).map(([name, given]) => {
      try {
        return [name, readScheme(objectAt(root, given, `the security scheme "${name}"`))];
      } catch (error) {
        return [name, { type: 'other', what: (error as Error).message }];
      }
    }),
  );
}

function readScheme(given: JsonObject): SecurityScheme {
  const { type, in: place, name, scheme, flows } = given;
  if (type === 'apiKey' && typeof name === 'string' && (place === 'header' || place === 'query' || place === 'cookie'))
    return { type: 'api_key', in: place, name };
  if (type === 'http' && typeof scheme === 'string') {
    const word = scheme.toLowerCase();
    if (word === 'basic' || word === 'bearer') return { type: word };
    return { type: 'other', what: `the HTTP scheme "${scheme}"` };
  }
  if (type === 'oauth2' || type === 'openIdConnect') {
    const flow = isJsonObject(flows) ? flows['clientCredentials'] : undefined;
    const tokenUrl = isJsonObject(flow) ? flow['tokenUrl'] : undefined;
    return { type: 'oauth2', ...(typeof tokenUrl === 'string' ? { tokenUrl } : {}) };
  }
  return { type: 'other', what: `the type ${JSON.stringify(type)}` };
}
