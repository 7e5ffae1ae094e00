import type { Json, JsonMap } from '../api/types.ts';
import type { PlannedField } from './plan-field.ts';
import { planFields } from './plan-field.ts';

/** What most connectors need, in the order in which people think of it. */
const FIRST = ['id', 'kind', 'name', 'description', 'host', 'port', 'scheme', 'base_path', 'auth'];
/** Asked for elsewhere: by the kind's own schema. */
const ELSEWHERE = ['settings'];
const SECRETS = ['password', 'token', 'api_key', 'client_secret'];

export interface ConfigFields {
  readonly first: readonly PlannedField[];
  readonly more: readonly PlannedField[];
}

/** The fields of a connector's configuration, from the service's own description of what it takes. */
export function planConfig(document: JsonMap, kinds: readonly string[]): ConfigFields {
  const schema = dig(document, [
    'paths',
    '/api/v1/connectors',
    'post',
    'requestBody',
    'content',
    'application/json',
    'schema',
  ]);
  const fields = (planFields(schema, document) ?? []).filter(({ key }) => !ELSEWHERE.includes(key)).map(markSecrets);
  const chosen = FIRST.flatMap((key) => fields.filter((field) => field.key === key));
  const withKinds = chosen.map((field): PlannedField =>
    field.key === 'kind' && kinds.length > 0 ? { ...field, plan: { kind: 'choice', options: kinds } } : field,
  );
  return { first: withKinds, more: fields.filter(({ key }) => !FIRST.includes(key)) };
}

const AUTH_FIELDS: Readonly<Record<string, readonly string[]>> = {
  none: [],
  basic: ['username', 'password'],
  bearer: ['token'],
  api_key: ['api_key', 'api_key_header'],
  oauth2: ['token_url', 'client_id', 'client_secret', 'scopes', 'audience', 'token_params'],
};

/** Of `auth` what its type takes, and what is given already. */
export function narrowAuth(field: PlannedField, auth: JsonMap): PlannedField {
  const { plan } = field;
  if (field.key !== 'auth' || plan.kind !== 'group') return field;
  const { type = 'none' } = auth;
  const taken = [
    'type',
    'headers',
    ...(AUTH_FIELDS[typeof type === 'string' ? type : 'none'] ?? []),
    ...Object.keys(auth),
  ];
  return { ...field, plan: { ...plan, fields: plan.fields.filter(({ key }) => taken.includes(key)) } };
}

function markSecrets(field: PlannedField): PlannedField {
  const { plan } = field;
  if (plan.kind === 'group') return { ...field, plan: { ...plan, fields: plan.fields.map(markSecrets) } };
  return plan.kind === 'text' && SECRETS.includes(field.key) ? { ...field, plan: { ...plan, secret: true } } : field;
}

function dig(document: JsonMap, path: readonly string[]): JsonMap {
  let now: Json | undefined = document;
  for (const key of path) now = (now as JsonMap | undefined)?.[key];
  return (now ?? {}) as JsonMap;
}

/** One value that a change gives another. */
export interface Difference {
  readonly path: string;
  /** As JSON; undefined where there was, or is, none. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What differs between two configurations, value by value. */
export function findDifferences(before: Json | undefined, after: Json | undefined, path = ''): readonly Difference[] {
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
    return keys.flatMap((key) => findDifferences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  const [was, is] = [toText(before), toText(after)];
  return was === is ? [] : [{ path, before: was, after: is }];
}

function toText(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
