/** A key's value, where `__proto__` and `constructor` are keys like any other and nothing is inherited. */
export function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
