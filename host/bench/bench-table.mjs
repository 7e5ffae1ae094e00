// What the benchmarks share: medians, ratios and a table.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** `1.23 (1.10–1.45)` */
export function spread(values, digits = 2) {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;
}

/**
 * Prints one row per contender: its time, and its ratio against the first one, round by round, so that a machine which slows down
 * slows both. A row with a goal says whether it is met.
 */
export function printTable(title, rows, { unit = 'ms', digits = 2 } = {}) {
  const [baseline] = rows;
  console.log(`\n${title}`);
  const table = rows.map((row) => {
    const ratios = row.samples.map((sample, round) => sample / baseline.samples[round]);
    const ratio = median(ratios);
    const goal = row.goal === undefined ? '' : `${ratio <= row.goal ? 'met' : 'MISSED'}: ≤ ${row.goal}`;
    return [row.name, `${spread(row.samples, digits)} ${unit}`, row === baseline ? '1' : spread(ratios), goal];
  });
  const header = ['', 'median (min–max)', 'ratio (min–max)', 'goal'];
  const widths = header.map((cell, column) => Math.max(cell.length, ...table.map((row) => row[column].length)));
  for (const row of [header, ...table])
    console.log(
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd()}`,
    );
}
