import type { OperationHead, Operations } from './list-operations.ts';
import { listOperations, showOperation } from './list-operations.ts';
import type { Operation } from './operation.ts';
import type { OpenApiDocument } from './read-document.ts';

/** How long all schemas may be together, in characters: what a connector says of itself has a bound, and so has one message. */
const MAX_TOTAL = 2_000_000;
const MAX_LENGTH = 64 * 1024;
const MAX_OPERATIONS = 3_000;

/**
 * The operations of a document with as much of their schemas as fits into a description. Where that is not all, what lies deep in
 * the longest of them is left open, and the service judges it. Of more operations than a connector can have, the first are taken.
 */
export function listWithin(document: OpenApiDocument, select: (operation: OperationHead) => boolean): Operations {
  const wanted: string[] = [];
  const over: OperationHead[] = [];
  listOperations(document, {
    select(operation) {
      if (!select(operation)) return false;
      if (wanted.length < MAX_OPERATIONS) wanted.push(showOperation(operation));
      else over.push(operation);
      return false;
    },
  });
  const isTaken = over.length === 0 ? undefined : new Set(wanted);
  const options = {
    select: (operation: OperationHead) => select(operation) && isTaken?.has(showOperation(operation)) !== false,
  };
  // What all may take on average is far less than what a few of them want.
  let maxSchemaLength = Math.min(MAX_LENGTH, Math.ceil((4 * MAX_TOTAL) / Math.max(1, wanted.length)));
  let listed = listOperations(document, { ...options, maxSchemaLength });
  for (let tries = 0; tries < 6 && totalOf(listed.operations) > MAX_TOTAL; tries += 1) {
    maxSchemaLength = Math.min(levelOf(listed.operations), Math.floor(maxSchemaLength * 0.7));
    listed = listOperations(document, { ...options, maxSchemaLength });
  }
  const reason = `a connector has at most ${MAX_OPERATIONS} actions: choose some of its operations`;
  return {
    operations: listed.operations,
    leftOut: [...listed.leftOut, ...over.map((operation) => ({ operation: showOperation(operation), reason }))],
  };
}

/** The length to which schemas are cut so that all fit: the short ones stay as they are. */
function levelOf(operations: readonly Operation[]): number {
  const texts = operations.reduce((length, { name, description }) => length + name.length + description.length, 0);
  const lengths = operations.flatMap(lengthsOf).toSorted((a, b) => a - b);
  let left = MAX_TOTAL - texts;
  for (const [index, length] of lengths.entries()) {
    const level = Math.floor(left / (lengths.length - index));
    if (length > level) return Math.max(0, level);
    left -= length;
  }
  return MAX_LENGTH;
}

function totalOf(operations: readonly Operation[]): number {
  return operations.reduce(
    (total, operation) =>
      total + operation.description.length + operation.name.length + lengthsOf(operation).reduce((a, b) => a + b, 0),
    0,
  );
}

function lengthsOf({ input, output }: Operation): readonly number[] {
  return [JSON.stringify(input).length, ...(output === undefined ? [] : [JSON.stringify(output).length])];
}
