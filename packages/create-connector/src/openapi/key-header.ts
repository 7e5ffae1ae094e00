import { isJsonObject } from '@automate/contract';
import type { Operation, Parameter } from '@automate/openapi';

/** An operation, and the header of it that takes a caller's idempotency key. */
export interface KeyedOperation {
  readonly operation: Operation;
  readonly keyHeader?: string;
}

/** Takes that header out of the input: the key is the call's own. */
export function takeKeyOut(operation: Operation): KeyedOperation {
  const { parameters, input } = operation;
  const header = parameters.find(isForKey);
  if (header === undefined) return { operation };
  const { properties, required, ...rest } = input;
  const { [header.property]: _key, ...others } = isJsonObject(properties) ? properties : {};
  const needed = Array.isArray(required) ? required.filter((name) => name !== header.property) : [];
  return {
    operation: {
      ...operation,
      parameters: parameters.filter((parameter) => parameter !== header),
      input: { ...rest, properties: others, ...(needed.length === 0 ? {} : { required: needed }) },
      examples: { ...operation.examples, input: withoutKey(operation.examples.input, header) },
    },
    keyHeader: header.name,
  };
}

function isForKey({ in: place, name }: Parameter): boolean {
  return place === 'header' && name.toLowerCase() === 'idempotency-key';
}

function withoutKey(input: Operation['examples']['input'], { property }: Parameter): Operation['examples']['input'] {
  return Object.fromEntries(Object.entries(input).filter(([name]) => name !== property));
}
