import { boolCoreTag, floatCoreTag, intCoreTag, NOT_RESOLVED, nullCoreTag } from 'js-yaml';

/** The variables that a configuration may read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What became of a text with variables in it. */
export type Interpolation =
  | { readonly kind: 'plain'; readonly text: string }
  /** `whole`: the text is one reference and nothing else. */
  | { readonly kind: 'resolved'; readonly text: string; readonly whole: boolean }
  | { readonly kind: 'failed'; readonly expected: string; readonly received: string };

const MARK = /\$(?<escape>\$)?\{(?<inside>[^{}]*)\}?/g;
const REFERENCE = /^(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[\s\S]*))?$/;
/** Longest text that variables may make of a value. */
const MAX_LENGTH = 1024 * 1024;

/**
 * Replaces `${VAR}` and `${VAR:-default}` in one parsed text; `$${` stands for `${` itself. The default is used where
 * the variable is not set or empty, as in a shell. What a variable holds is taken as it is, never read again. A
 * variable that is not set and has no default is a failure, which names it.
 */
export function interpolate(text: string, environment: Environment): Interpolation {
  if (!text.includes('${')) return { kind: 'plain', text };
  const failures: { readonly expected: string; readonly received: string }[] = [];
  let references = 0;
  const resolved = text.replaceAll(MARK, (mark: string, ...rest: unknown[]) => {
    const { escape, inside = '' } = rest.at(-1) as { escape?: string; inside?: string };
    if (escape !== undefined) return mark.slice(1);
    references += 1;
    const value = valueOf(mark, inside, environment);
    if (typeof value === 'string') return value;
    failures.push(value);
    return '';
  });
  const [failure] = failures;
  if (failure !== undefined) return { kind: 'failed', ...failure };
  if (resolved.length > MAX_LENGTH)
    return { kind: 'failed', expected: `at most ${MAX_LENGTH} characters`, received: 'more' };
  return { kind: 'resolved', text: resolved, whole: references === 1 && isWhole(text) };
}

/** The variables that a text reads, with what each stands for. */
export function variablesIn(
  text: string,
  environment: Environment,
): readonly { readonly name: string; readonly value: string }[] {
  return [...text.matchAll(MARK)].flatMap(([mark, escape, inside = '']) => {
    const value = escape === undefined ? valueOf(mark, inside, environment) : undefined;
    return typeof value === 'string' ? [{ name: REFERENCE.exec(inside)?.groups?.['name'] ?? '', value }] : [];
  });
}

function valueOf(
  mark: string,
  inside: string,
  environment: Environment,
): string | { readonly expected: string; readonly received: string } {
  const { name, fallback } = REFERENCE.exec(inside)?.groups ?? {};
  if (!mark.endsWith('}') || name === undefined) {
    return {
      expected: 'a variable such as ${NAME} or ${NAME:-default}; $${ stands for ${ itself',
      // The text is not shown: it may be a secret that contains `${` by chance.
      received: mark.endsWith('}') ? 'something else between "${" and "}"' : '"${" without "}"',
    };
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  return value ?? { expected: `the variable ${name} to be set, or a default: \${${name}:-…}`, received: 'nothing' };
}

/** Whether a problem is a variable that the environment does not have, so that another environment may have none. */
export function isUnsetVariable({ expected }: { readonly expected: string }): boolean {
  return /^the variable \w+ to be set/.test(expected);
}

function isWhole(text: string): boolean {
  return /^\$\{[^{}]*\}$/.test(text);
}

/**
 * A plain scalar as YAML 1.2's core schema reads it: null, true or false, a number, otherwise the text. Digits after a
 * zero are a text too: they mean an octal number to some, a decimal one to others, and to most a code.
 */
export function readScalar(text: string): string | number | boolean | null {
  if (/^[-+]?0\d/.test(text)) return text;
  for (const tag of [nullCoreTag, boolCoreTag, intCoreTag, floatCoreTag]) {
    const value = tag.resolve(text, false, tag.tagName);
    if (value !== NOT_RESOLVED) return value;
  }
  return text;
}
