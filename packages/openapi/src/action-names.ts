import { toActionName } from '@automate/contract';

/** What an operation is called by. */
export interface OperationPlace {
  readonly operationId: string | undefined;
  readonly method: string;
  readonly path: string;
}

/**
 * A name for each of the operations, in their order: the operation id in the form of an action's name, else method and path.
 * Where that is the same for several, each of them is called by method and path; and where that is the same too, they are counted in
 * the order of paths and methods. So the names do not depend on the order of the document.
 */
export function nameOperations(operations: readonly OperationPlace[]): readonly string[] {
  const ids = operations.map(({ operationId }) => toActionName(operationId ?? ''));
  const once = new Set<string>();
  const isShared = new Set(ids.filter((id) => once.size === once.add(id).size));
  const wanted = operations.map((operation, index) => {
    const id = ids[index] as string;
    return id === '' || isShared.has(id) ? nameByPath(operation) : id;
  });
  const order = operations
    .map((operation, index) => ({ key: `${operation.path} ${operation.method}`, index }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const own = new Set(ids.filter((id) => id !== '' && !isShared.has(id)));
  const taken = new Set<string>();
  const names: string[] = [];
  for (const { index } of order) {
    const base = wanted[index] as string;
    const isOwn = base === ids[index];
    let name = base;
    for (let count = 2; taken.has(name) || (!isOwn && own.has(name)); count += 1) name = `${base}_${count}`;
    taken.add(name);
    names[index] = name;
  }
  return names;
}

function nameByPath({ method, path }: OperationPlace): string {
  return toActionName(`${method} ${path.replaceAll(/[{}]/g, ' ')}`) || method.toLowerCase();
}
