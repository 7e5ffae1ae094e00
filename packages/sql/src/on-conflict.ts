/** The end of an INSERT that updates rows whose key is there, as PostgreSQL and SQLite write it. */
export const onConflict =
  (quote: (name: string) => string) =>
  (key: readonly string[], columns: readonly string[]): string => {
    const updates = columns.map((name) => `${quote(name)} = excluded.${quote(name)}`);
    const action = updates.length === 0 ? 'NOTHING' : `UPDATE SET ${updates.join(', ')}`;
    return ` ON CONFLICT (${key.map(quote).join(', ')}) DO ${action}`;
  };
