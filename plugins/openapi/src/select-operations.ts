import type { OperationHead } from '@automate/openapi';
import { toActionName } from '@automate/sdk';

/** Whether an operation is wanted, by patterns of what it is called, where it is, or what it is tagged with. */
export function createSelector(
  include: readonly string[] | undefined,
  exclude: readonly string[],
): (operation: OperationHead) => boolean {
  const wanted = include?.map(toMatcher);
  const unwanted = exclude.map(toMatcher);
  return (operation) =>
    (wanted === undefined || wanted.some((matches) => matches(operation))) &&
    !unwanted.some((matches) => matches(operation));
}

function toMatcher(pattern: string): (operation: OperationHead) => boolean {
  if (pattern.startsWith('tag:')) {
    const tag = toExpression(pattern.slice(4), '.*');
    return ({ tags }) => tags.some((each) => tag.test(each));
  }
  const [, method, path] = /^(?:([A-Za-z]+)\s+)?(\/.*)$/.exec(pattern) ?? [];
  if (path !== undefined) {
    const place = toExpression(path, '[^/]*');
    return (operation) =>
      (method === undefined || method.toUpperCase() === operation.method) && place.test(operation.path);
  }
  const name = toExpression(pattern, '.*');
  return ({ operationId }) =>
    operationId !== undefined && (name.test(operationId) || name.test(toActionName(operationId)));
}

function toExpression(pattern: string, star: string): RegExp {
  const parts = pattern.split(/(\*\*?)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? star : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('')}$`, 'su');
}
