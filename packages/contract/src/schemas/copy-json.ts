import { MASKED_SECRET } from '../connector.ts';
import type { JsonValue } from '../json.ts';
import { describeReceived, HIDDEN_KEY, mayBeSecret } from './describe-received.ts';
import type { Finding } from './finding.ts';
import type { PathStep } from '../problem-path.ts';
import {
  hasReferenceForm,
  isStoreReference,
  looksLikeSecretReference,
  parseSecretReference,
} from './secret-reference.ts';

/** Deepest nesting of a configuration. */
const MAX_DEPTH = 32;
/** Most values in one configuration. */
const MAX_VALUES = 100_000;
/** Keys that reach an object's prototype somewhere, sooner or later. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** `$${` stands for `${` itself. */
const VARIABLE = /(?<!\$)\$\{(?:\s*([A-Za-z_][A-Za-z0-9_]*)[^{}]*\})?/;
/** How other programs write that a value stands elsewhere. Nobody here reads it, so that it would be sent as the credential. */
const FOREIGN_REFERENCE =
  /^\s*(?:(?:bearer|basic|token)\s+)?(?:\{\{.*\}\}|<%.*%>|\$[A-Z_][A-Z0-9_]+|\$\(.*\)|%[A-Z_][A-Z0-9_]+%|env:[A-Z_][A-Z0-9_]*|(?:env|vault|file|op|ref|aws-?sm|gcp-?sm|ssm|keyvault|keyring|sops)(?:\+\w+)?:\/\/.*|arn:aws:(?:secretsmanager|ssm):.*)\s*$/is;

/** Not every door can carry half of a pair of code units: UTF-8 has no form for it. */
const WHOLE_TEXT = 'a text of whole characters';

/** Who wrote a configuration; see `ParseOptions`. */
export type ConfigSource = 'file' | 'caller' | 'service';

interface Walk {
  readonly from: ConfigSource;
  readonly findings: Finding[];
  values: number;
}

/**
 * A copy of a value from outside, made of nothing but JSON, with every fault that has nothing to do with its shape
 * added to the findings: values that JSON cannot carry, dangerous keys, too deep or too many, masked secrets that were
 * sent back, references where there may be none. Reads every property once; the walk is bounded.
 */
export function copyJson(
  value: unknown,
  options: { readonly from: ConfigSource; readonly findings: Finding[] },
): JsonValue | undefined {
  const walk: Walk = { ...options, values: 0 };
  const copy = copyValue(value, [], walk);
  if (walk.values > MAX_VALUES) {
    options.findings.push({ path: [], expected: `at most ${MAX_VALUES} values`, received: 'more' });
  }
  return copy;
}

function copyValue(value: unknown, path: readonly PathStep[], walk: Walk): JsonValue | undefined {
  walk.values += 1;
  if (walk.values > MAX_VALUES) return undefined;
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) noteFinding(value, path, walk, WHOLE_TEXT);
      checkText(value, path, walk);
      return value;
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) noteFinding(value, path, walk, 'a finite number');
      // The number that was written may have been another: it was rounded.
      else if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21)
        noteFinding(value, path, walk, `at most ${Number.MAX_SAFE_INTEGER}: larger whole numbers as text`);
      return value;
    case 'object':
      if (value === null) return null;
      if (path.length >= MAX_DEPTH) return noteFinding(value, path, walk, `at most ${MAX_DEPTH} levels of nesting`);
      return Array.isArray(value) ? copyList(value, path, walk) : copyMap(value, path, walk);
    default:
      // A missing value is reported by the check of the shape.
      return value === undefined && path.length === 0
        ? undefined
        : noteFinding(value, path, walk, 'a value that JSON can carry');
  }
}

function copyList(list: readonly unknown[], path: readonly PathStep[], walk: Walk): JsonValue[] {
  const copy: JsonValue[] = [];
  for (const [index, item] of list.entries()) {
    copy.push(copyValue(item, [...path, index], walk) ?? null);
    if (walk.values > MAX_VALUES) break;
  }
  return copy;
}

function copyMap(map: object, path: readonly PathStep[], walk: Walk): JsonValue | undefined {
  if (!isPlain(map)) return noteFinding(map, path, walk, 'a plain map');
  const entries: [string, JsonValue][] = [];
  for (const [key, item] of Object.entries(map)) {
    if (!key.isWellFormed()) {
      walk.findings.push({ path: [...path, HIDDEN_KEY], expected: WHOLE_TEXT, received: 'a key with half a one' });
    } else if (looksLikeSecretReference(key)) {
      walk.findings.push({
        path: [...path, HIDDEN_KEY],
        expected: 'keys that are no references: only values are resolved',
        received: 'a key that looks like a secret reference',
      });
    } else if (FORBIDDEN_KEYS.has(key)) {
      walk.findings.push({
        path: [...path, key],
        expected: 'another key: this one is reserved',
        received: `the key "${key}"`,
      });
    } else if (item !== undefined) {
      const copy = copyValue(item, [...path, key], walk);
      if (copy !== undefined) entries.push([key, copy]);
    }
    if (walk.values > MAX_VALUES) break;
  }
  return Object.fromEntries(entries);
}

/** Whether it is a plain object, of any realm or without a prototype; instances of classes are not. */
function isPlain(map: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(map);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkText(text: string, path: readonly PathStep[], walk: Walk): void {
  if (text === MASKED_SECRET) {
    if (walk.from === 'caller') return;
    const expected = 'the secret itself, or the field left out: answers show secrets as [secret], which is no value';
    walk.findings.push({ path, expected, received: `"${MASKED_SECRET}"` });
    return;
  }
  if (walk.from !== 'file' && !isStoreReference(text)) checkNoReference(text, path, walk);
  else if (looksLikeSecretReference(text)) checkReference(text, path, walk);
  else if (isForeignReference(text, path)) {
    const expected =
      'secretref://store/NAMESPACE/NAME, secretref://env/default/NAME, secretref://file/NAMESPACE/NAME or ${NAME}: no other form is read';
    walk.findings.push({ path, expected, received: 'a reference of another form' });
  }
}

/** Whether a text that looks like a reference is prose: it has several words and is the description. */
function isProse(text: string, path: readonly PathStep[]): boolean {
  return path.length === 1 && path[0] === 'description' && /\s/.test(text.trim());
}

function isForeignReference(text: string, path: readonly PathStep[]): boolean {
  return (path.includes('auth') || path[0] === 'secrets') && FOREIGN_REFERENCE.test(text);
}

function checkNoReference(text: string, path: readonly PathStep[], walk: Walk): void {
  const variable = VARIABLE.exec(text);
  const expected =
    "a value of its own, or secretref://store/NAMESPACE/NAME: registrations may not read the host's environment or files; write $${ where ${ itself is meant";
  if (variable !== null) {
    walk.findings.push({ path, expected, received: `a reference to the variable ${variable[1] ?? '(none)'}` });
  } else if ((looksLikeSecretReference(text) && !isProse(text, path)) || isForeignReference(text, path)) {
    walk.findings.push({ path, expected, received: 'a secret reference' });
  }
}

/** Where references are resolved. */
const RESOLVED: ReadonlySet<string> = new Set([
  ...['auth', 'settings', 'secrets', 'proxy', 'base_path', 'metadata'],
  'callback_secret',
]);

function checkReference(text: string, path: readonly PathStep[], walk: Walk): void {
  const parsed = parseSecretReference(text);
  const received = hasReferenceForm(text) ? text : describeReceived(text, true);
  if (!RESOLVED.has(String(path[0]))) {
    if (isProse(text, path)) return;
    const expected =
      'no secret reference: they are resolved in base_path and proxy, and below auth, settings and metadata, only; ${NAME} is read everywhere';
    walk.findings.push({ path, expected, received });
  } else if (!parsed.ok) {
    const { expected, message } = parsed;
    walk.findings.push({ path, expected, received, ...(message === undefined ? {} : { message }) });
  }
}

function noteFinding(value: unknown, path: readonly PathStep[], walk: Walk, expected: string): undefined {
  walk.findings.push({ path, expected, received: describeReceived(value, mayBeSecret(path)) });
}
