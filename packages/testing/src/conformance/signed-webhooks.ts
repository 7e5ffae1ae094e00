import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JsonObject, JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';

/**
 * A webhook as the remote system sends it. In the texts of `headers` and `signed` stand `{timestamp}` for the time in seconds since 1970,
 * `{key}` for the key, `{body}` for the body, and, in headers, `{signature}` for the signature.
 */
export interface WebhookSample {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Where the key stands: `settings.signing_secret`, `secrets.signing_secret`. A text that has to be there already; for `ed25519` the public
   * key in hexadecimal digits, which is put there.
   */
  readonly key: string;
  /** What is signed, such as `v0:{timestamp}:{body}`. Absent: nothing is, and the headers hold the key itself. */
  readonly signed?: string;
  /** Default `hmac-sha256`. */
  readonly algorithm?: 'hmac-sha256' | 'ed25519';
  /** How the signature is written. Default `hex`. */
  readonly encoding?: 'hex' | 'base64' | 'base64url';
}

/** A webhook that is tried, and what an adapter has to say of it. */
export interface WebhookTrial {
  readonly what: string;
  readonly genuine: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Key = string | KeyObject;

/** Where keys can stand. */
interface WithSecrets {
  readonly settings?: JsonObject;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** An opening with which samples are genuine, and their keys, in their order. Throws an Error for a key that is not where it should be. */
export function withKeys<Opening extends WithSecrets>(
  opening: Opening,
  samples: readonly WebhookSample[],
): { readonly opening: Opening; readonly keys: readonly Key[] } {
  let { settings = {}, secrets = {} } = opening;
  const keys = samples.map(({ key: place, algorithm }): Key => {
    const [where, ...path] = place.split('.');
    if ((where !== 'settings' && where !== 'secrets') || path.length === 0)
      throw new Error(
        `conformance.json: the key of a webhook stands in "settings.…" or "secrets.…", not in "${place}"`,
      );
    if (algorithm === 'ed25519') {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const written = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
      if (where === 'settings') settings = put(settings, path, written);
      else secrets = { ...secrets, [path.join('.')]: written };
      return privateKey;
    }
    const found = where === 'settings' ? at(settings, path) : secrets[path.join('.')];
    if (typeof found === 'string' && found !== '') return found;
    throw new Error(`conformance.json: there is no text at "${place}", where the key of a webhook should stand`);
  });
  return { opening: { ...opening, settings, secrets }, keys };
}

/** What an adapter is shown of one sample: as it should be, sent again, and with one fault each. */
export function trialsOf(sample: WebhookSample, key: Key, now = Date.now()): readonly WebhookTrial[] {
  const { body, signed } = sample;
  const isTimed = signed?.includes('{timestamp}') === true;
  const seconds = Math.floor(now / 1000);
  const genuine = headersOf(sample, key, seconds);
  const other = headersOf(sample, otherKey(key), seconds);
  const refused = (what: string, headers: WebhookTrial['headers'], sent = body): WebhookTrial => ({
    what,
    genuine: false,
    headers,
    body: sent,
  });
  return [
    { what: 'as the remote system sends it', genuine: true, headers: genuine, body },
    { what: 'sent again a moment later', genuine: true, headers: headersOf(sample, key, seconds + 1), body },
    refused('signed with another key', other),
    refused('without its headers', {}),
    ...(signed === undefined
      ? []
      : [
          refused('with a byte more', genuine, `${body} `),
          refused('with another byte', genuine, `${body.slice(0, -1)}${body.endsWith('0') ? '1' : '0'}`),
          refused(
            'with something behind its signature',
            headersOf(sample, key, seconds, (text) => `${text}zz`),
          ),
          refused(
            'with half a signature',
            headersOf(sample, key, seconds, (text) => text.slice(0, text.length / 2)),
          ),
          refused(
            'with no signature',
            headersOf(sample, key, seconds, () => ''),
          ),
        ]),
    ...(isTimed
      ? [
          refused('signed an hour ago', headersOf(sample, key, seconds - 3_600)),
          refused('signed for in an hour', headersOf(sample, key, seconds + 3_600)),
          refused('with another time than was signed', retimed(sample, key, seconds)),
        ]
      : []),
  ];
}

function headersOf(
  sample: WebhookSample,
  key: Key,
  seconds: number,
  write = (signature: string): string => signature,
): Record<string, string> {
  const signature = write(signatureOf(sample, key, seconds));
  const words = { timestamp: String(seconds), key: typeof key === 'string' ? key : '', body: sample.body, signature };
  return Object.fromEntries(
    Object.entries(sample.headers).map(([name, text]) => [name.toLowerCase(), fill(text, words)]),
  );
}

/** Its time is another one, and its signature that of the first. */
function retimed(sample: WebhookSample, key: Key, seconds: number): Record<string, string> {
  return headersOf(sample, key, seconds - 1, () => signatureOf(sample, key, seconds));
}

function signatureOf({ signed, body, algorithm, encoding = 'hex' }: WebhookSample, key: Key, seconds: number): string {
  if (signed === undefined) return '';
  const told = Buffer.from(fill(signed, { timestamp: String(seconds), body }));
  if (algorithm === 'ed25519' && typeof key !== 'string') return sign(undefined, told, key).toString(encoding);
  return createHmac('sha256', key).update(told).digest(encoding);
}

function otherKey(key: Key): Key {
  return typeof key === 'string' ? randomBytes(16).toString('hex') : generateKeyPairSync('ed25519').privateKey;
}

function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{(timestamp|key|body|signature)\}/g, (whole, name: string) => words[name] ?? whole);
}

function at(settings: JsonObject, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, name) => (isJsonObject(value) ? value[name] : undefined), settings);
}

function put(settings: JsonObject, [name = '', ...path]: readonly string[], value: string): JsonObject {
  const inner = settings[name];
  return { ...settings, [name]: path.length === 0 ? value : put(isJsonObject(inner) ? inner : {}, path, value) };
}
