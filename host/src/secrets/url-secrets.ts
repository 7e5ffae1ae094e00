import { MASKED_SECRET } from '@automate/contract';
import { isSecretKey } from '@automate/sdk/runtime/masking';
import { parseSecretRef } from './parse-secret-ref.ts';

const VARIABLE = /\$\{[A-Za-z_][A-Za-z0-9_]*\}/g;
const CREDENTIALS = /\/\/([^/\s?#@]*:)?([^/\s?#@]+)@/g;
const PARAMETER = /[?&;]([^=&\s?#;]+)=([^&\s#;]+)/g;
const SEGMENT = /(?<=\/)[^/\s?#]+/g;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** A run this long of letters and digits in turn is no word: webhooks and bots have their tokens in the path. */
const LONG_RUN = /[A-Za-z0-9]{20,}/;

/**
 * The secrets in a URL, or in the path of one: the password, or a user name without one; parameters whose name says so;
 * parts of the path that look like tokens. As they are written there, and as they are meant. `${VAR}` is none.
 */
export function secretsInUrl(text: string): readonly string[] {
  const bare = text.replaceAll(VARIABLE, '');
  if ((!bare.includes('//') && !bare.startsWith('/')) || parseSecretRef(text).kind === 'reference') return [];
  const credentials = [...bare.matchAll(CREDENTIALS)].map(([, , password = '']) => password);
  const parameters = [...bare.matchAll(PARAMETER)].flatMap(([, name = '', value = '']) =>
    isSecretKey(name, 'part') ? [value] : [],
  );
  const segments = [...bare.matchAll(SEGMENT)].flatMap(([segment]) => (looksLikeToken(segment) ? [segment] : []));
  // What stands there for a secret that was masked is none.
  const secrets = [...credentials, ...parameters, ...segments].filter((secret) => secret !== MASKED_SECRET);
  return secrets.flatMap((secret) => [secret, meantBy(secret)]);
}

function looksLikeToken(segment: string): boolean {
  const [run = ''] = LONG_RUN.exec(segment) ?? [];
  return /\d/.test(run) && /[A-Za-z]/.test(run) && !UUID.test(segment);
}

function meantBy(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
