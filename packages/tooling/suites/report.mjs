const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
const duration = (seconds) => (seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`);

/** What a suite had to say, shown as soon as it ends. */
export function printFailures(result) {
  if (result.output) console.log(result.output.trimEnd());
  const { passed, failures, skipped } = result;
  console.log(
    `${result.name}: ${passed} passed, ${failures.length} failed, ${skipped.length} skipped in ${duration(result.seconds)}`,
  );
}

/**
 * Prints the table, the names of what was skipped, unsteady and failed, and as the very last line `N passed, N failed[, N skipped]`.
 *
 * @returns {number} how many failed
 */
export function printSummary(results) {
  console.log('\n=== summary\n');
  const rows = results.map((result) => [
    result.name,
    String(result.passed),
    String(result.failures.length),
    String(result.skipped.length),
    duration(result.seconds),
  ]);
  const table = [['suite', 'passed', 'failed', 'skipped', 'time'], ...rows];
  for (const [name, ...cells] of table) console.log(name.padEnd(12) + cells.map((cell) => cell.padStart(9)).join(''));

  printNames('skipped', results, (result) => result.skipped);
  printNames('unsteady (failed, then passed when run again alone)', results, (result) => result.unsteady ?? []);
  printNames('failed', results, (result) => result.failures);

  const passed = sum(results.map((result) => result.passed));
  const failed = sum(results.map((result) => result.failures.length));
  const skipped = sum(results.map((result) => result.skipped.length));
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed;
}

function printNames(title, results, pick) {
  const names = results.flatMap((result) => pick(result).map((name) => `  ${result.name}: ${name}`));
  if (names.length > 0) console.log(`\n${title}:\n${names.join('\n')}`);
}
