/** Columns of text, each as wide as its widest cell; the last one runs on. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  styleHeader = (text: string): string => text,
): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [styleHeader(line(header)), ...rows.map(line)].join('\n');
}
