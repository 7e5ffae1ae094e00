/** The value of an own key. Inherited members, such as `constructor`, do not count. */
export function own(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
