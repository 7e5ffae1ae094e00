import { MASKED_SECRET } from '@automate/contract';
import type { JsonValue } from '@automate/sdk';
import { isJsonObject } from '@automate/sdk';
import type { Question } from './exchange.ts';

/** One place in which a question differs from a recorded one. */
export interface Difference {
  /** `method`, `path`, `query.limit`, `headers.content-type`, `body.items[0].id`; `body` for the whole. */
  readonly at: string;
  /** As JSON; absent where there is none. */
  readonly recorded?: string;
  readonly asked?: string;
}

/**
 * Where a question is another one than was recorded; nowhere if the recorded answer answers it. What was masked as a secret stands for
 * any value.
 *
 * @param varies places that do not count, with `[*]` for any index
 */
export function compareQuestions(
  recorded: Question,
  asked: Question,
  varies: readonly string[],
): readonly Difference[] {
  const found: Difference[] = [];
  const add = (at: string, one: JsonValue | undefined, other: JsonValue | undefined): void =>
    void found.push({
      at,
      ...(one === undefined ? {} : { recorded: JSON.stringify(one) }),
      ...(other === undefined ? {} : { asked: JSON.stringify(other) }),
    });
  const compare = (at: string, one: JsonValue | undefined, other: JsonValue | undefined): void => {
    if (varies.includes(at.replaceAll(/\[\d+\]/g, '[*]'))) return;
    if (Array.isArray(one) && Array.isArray(other)) {
      for (let index = 0; index < Math.max(one.length, other.length); index += 1)
        compare(`${at}[${index}]`, one[index], other[index]);
    } else if (isJsonObject(one) && isJsonObject(other)) {
      for (const name of new Set([...Object.keys(one), ...Object.keys(other)]))
        compare(`${at}.${name}`, valueOf(one, name), valueOf(other, name));
    } else if (!isSame(one, other)) add(at, one, other);
  };
  compare('method', recorded.method, asked.method);
  compare('path', recorded.path, asked.path);
  compare('query', { ...recorded.query }, { ...asked.query });
  compare('headers', { ...recorded.headers }, { ...asked.headers });
  compare('body', bodyOf(recorded), bodyOf(asked));
  return found;
}

function valueOf(object: { readonly [name: string]: JsonValue }, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function bodyOf({ json, form, text, base64 }: Question): JsonValue | undefined {
  return json ?? (form === undefined ? (text ?? base64) : { ...form });
}

function isSame(recorded: JsonValue | undefined, asked: JsonValue | undefined): boolean {
  if (recorded === asked) return true;
  if (typeof recorded !== 'string' || !recorded.includes(MASKED_SECRET)) return false;
  if (typeof asked !== 'string') return recorded === MASKED_SECRET && asked !== undefined && asked !== null;
  const parts = recorded.split(MASKED_SECRET).map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join('.+')}$`, 's').test(asked);
}

/** The recorded question that is most like the one that was asked, by its index, and what differs. */
export function findNearest(
  recorded: readonly Question[],
  asked: Question,
  varies: readonly string[],
): { readonly index: number; readonly differences: readonly Difference[] } | undefined {
  const near = recorded.map((question, index) => {
    const differences = compareQuestions(question, asked, varies);
    return { index, differences, far: 10 * distance(question, asked) + differences.length };
  });
  return near.toSorted((a, b) => a.far - b.far)[0];
}

/** How far apart two addresses are: the part of the path that differs, and another method. */
function distance(one: Question, other: Question): number {
  const [a, b] = [one.path.split('/'), other.path.split('/')];
  const same = a.filter((segment, index) => segment === b[index]).length;
  return (1 - same / Math.max(a.length, b.length)) * 4 + (one.method === other.method ? 0 : 1);
}
