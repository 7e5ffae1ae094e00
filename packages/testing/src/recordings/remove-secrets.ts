import { MASKED_SECRET } from '@automate/contract';
import type { JsonValue, Redactor } from '@automate/sdk';
import { createRedactor, isJsonObject, isSecretKey } from '@automate/sdk';
import type { RecordedRequest } from '../fake-service.ts';
import type { Answer, Exchange, ParameterMap, Question, RecordedBody } from './exchange.ts';

/** The secrets that a request shows by where they stand: credentials, cookies, and what is called like a secret. */
export function secretsOfRequest({ headers, query }: RecordedRequest, question: Question): readonly string[] {
  const ofHeaders = Object.entries(headers).flatMap(([name, value]) =>
    isSecretKey(name) ? secretsOfHeader(name, value) : [],
  );
  const ofQuery = [...query].flatMap(([name, value]) => (isSecretKey(name, 'value') ? [value] : []));
  return [...ofHeaders, ...ofQuery, ...secretsOfBody(question)];
}

export function secretsOfAnswer(answer: Answer): readonly string[] {
  const ofHeaders = Object.entries(answer.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => (isSecretKey(name) ? secretsOfHeader(name, value) : secretsInText(value))),
  );
  return [...ofHeaders, ...secretsOfBody(answer)];
}

/** The exchange as it may be shown to everybody. `known`: every secret of the whole recording. */
export function removeSecrets({ request, answer }: Exchange, known: readonly string[]): Exchange {
  const redactor = createRedactor(known);
  const { query, headers, path } = request;
  return {
    request: {
      ...request,
      path: redactor.text(path),
      ...(query === undefined ? {} : { query: maskParameters(query, redactor) }),
      // Those of credentials hold none since they were taken down.
      ...(headers === undefined ? {} : { headers: mapValues(headers, (value) => redactor.text(value)) }),
      ...maskBody(request, redactor),
    },
    answer: {
      ...answer,
      ...(answer.headers === undefined ? {} : { headers: maskHeaders(answer.headers, redactor) }),
      ...maskBody(answer, redactor),
    },
  };
}

/** Where a text, or bytes in base64, still show a secret. Must be none. */
export function findSecret(text: string, { request, answer }: Exchange, known: readonly string[]): boolean {
  const redactor = createRedactor(known);
  if (redactor.text(text) !== text) return true;
  return [request, answer].some(({ base64 }) => {
    if (base64 === undefined) return false;
    const bytes = Buffer.from(base64, 'base64').toString('latin1');
    return redactor.text(bytes) !== bytes;
  });
}

function secretsOfHeader(name: string, value: string): readonly string[] {
  if (name === 'cookie')
    return value.split(/; */).flatMap((each) => [each.slice(each.indexOf('=') + 1)].filter((part) => part !== ''));
  if (name === 'set-cookie') return [cookieValue(value)];
  if (!name.endsWith('authorization')) return [value];
  const { scheme, credentials = value } = /^(?<scheme>[A-Za-z][\w-]*) +(?<credentials>\S.*)$/.exec(value)?.groups ?? {};
  if (scheme?.toLowerCase() !== 'basic') return [credentials];
  const decoded = Buffer.from(credentials, 'base64').toString();
  return [credentials, decoded, decoded.slice(decoded.indexOf(':') + 1)];
}

function cookieValue(setCookie: string): string {
  return /^[^=;]*=(?<value>[^;]*)/.exec(setCookie)?.groups?.['value'] ?? '';
}

const PARAMETER = /[?&;](?<name>[^=&\s?#;"'<>]+)=(?<value>[^&\s#;"'<>\\]+)/g;
const CREDENTIALS = /\/\/(?:[^/\s?#@:"']*:)(?<password>[^/\s?#@"']+)@/g;

/** Of URLs that stand in a text. */
function secretsInText(text: string): readonly string[] {
  const parameters = [...text.matchAll(PARAMETER)].flatMap(({ groups }) =>
    isSecretKey(groups?.['name'] ?? '') ? [groups?.['value'] ?? ''] : [],
  );
  const passwords = [...text.matchAll(CREDENTIALS)].map(({ groups }) => groups?.['password'] ?? '');
  return [...parameters, ...passwords].flatMap((value) => [value, decode(value)]);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function secretsOfBody({ json, form, text }: RecordedBody): readonly string[] {
  const found: string[] = [];
  if (json !== undefined)
    visitJson(json, false, (value, isSecret) => {
      if (isSecret) found.push(String(value));
      else if (typeof value === 'string') found.push(...secretsInText(value));
      return value;
    });
  for (const [name, value] of Object.entries(form ?? {})) if (isSecretKey(name, 'value')) found.push(...[value].flat());
  return text === undefined ? found : [...found, ...secretsInText(text)];
}

function maskBody({ json, form, text }: RecordedBody, redactor: Redactor): RecordedBody {
  if (json !== undefined)
    return {
      json: visitJson(json, false, (value, isSecret) =>
        isSecret ? MASKED_SECRET : typeof value === 'string' ? redactor.text(value) : value,
      ),
    };
  if (form !== undefined) return { form: maskParameters(form, redactor) };
  return text === undefined ? {} : { text: redactor.text(text) };
}

/** Smaller numbers are counts: `pass: 3`. */
const LEAST_SECRET_NUMBER = 1000;

/** A copy with each text and number replaced by what is made of it; told whether its name, or one above it, says that it is a secret. */
function visitJson(
  value: JsonValue,
  isSecret: boolean,
  change: (leaf: string | number, isSecret: boolean) => JsonValue,
): JsonValue {
  if (typeof value === 'string') return change(value, isSecret);
  if (typeof value === 'number') return change(value, isSecret && Math.abs(value) >= LEAST_SECRET_NUMBER);
  if (Array.isArray(value)) return value.map((each) => visitJson(each, isSecret, change));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      visitJson(each, isSecret || isSecretKey(name, 'value'), change),
    ]),
  );
}

/** By the reading for URLs: there, any letters of a name that speak of a secret count. */
function maskParameters(parameters: ParameterMap, redactor: Redactor): ParameterMap {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      if (isSecretKey(name, 'part')) return [name, MASKED_SECRET];
      return [name, typeof value === 'string' ? redactor.text(value) : value.map((each) => redactor.text(each))];
    }),
  );
}

function maskHeaders(headers: NonNullable<Answer['headers']>, redactor: Redactor): NonNullable<Answer['headers']> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => {
      const mask = (value: string): string => {
        if (name === 'set-cookie') return value.replace(/^([^=;]*=)[^;]*/, `$1${MASKED_SECRET}`);
        return isSecretKey(name) ? MASKED_SECRET : redactor.text(value);
      };
      return [name, typeof values === 'string' ? mask(values) : values.map((value) => mask(value))];
    }),
  );
}

function mapValues(
  map: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value)]));
}
