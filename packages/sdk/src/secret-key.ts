/**
 * How a name must speak of a secret: `value`, the secret itself is called so (`db_password`, not `token_url`); `word`, one
 * of its words says so (`X-Slack-Signature`, not `author`); `part`, any of its letters do (`authkey`), as in URLs.
 */
export type SecretNameReading = 'value' | 'word' | 'part';

const KEY =
  '(?:access|account|api|app|auth|client|encryption|license|master|private|secret|shared|signing|subscription)_?keys?';
const ENDINGS = 'pass_?words?|passwds?|pass_?phrases?|passcodes?|secrets?|credentials?|cookies?|jwt';
const WORDS = `pwd|otp|bearer|authorization|session_?id|${KEY}`;
/** Those of which many are meant may be counts: `max_tokens`. */
const VALUE = `(?:${ENDINGS}|token|(?<![a-z\\d])(?:pass|${WORDS}))`;
const VERSION = '(?:_?\\d+|_(?:prod|production|staging|test|dev|old|new|current|previous))?';

const READINGS: Readonly<Record<SecretNameReading, RegExp>> = {
  value: new RegExp(`${VALUE}${VERSION}$`),
  word: new RegExp(`(?:${VALUE}|tokens|(?<![a-z\\d])(?:signature|sig))(?:_|\\d*(?:_|$))`),
  part: /auth|token|key|secret|cookie|pass|pwd|signature|(?<![a-z\d])sig(?![a-z\d])|credential|jwt/,
};

/** Whose numbers are counts: `total_tokens: 120`, `pass: 3`. */
const OF_NUMBERS = new RegExp(`(?:${ENDINGS}|(?<![a-z\\d])(?:${WORDS}))(?:_|\\d*(?:_|$))`);

/** Whether a value of this name is a secret, or tells one: `Authorization`, `db_pwd`, `clientSecret`; not `author`, not `tokenizer`. */
export function isSecretKey(key: string, reading: SecretNameReading = 'word'): boolean {
  return READINGS[reading].test(wordsOf(key));
}

/** Whether even a number of this name is a secret. */
export function isSecretNumberKey(key: string): boolean {
  return OF_NUMBERS.test(wordsOf(key));
}

function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '_');
}
