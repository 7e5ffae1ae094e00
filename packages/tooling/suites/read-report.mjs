import { relative } from 'node:path';
import { ROOT } from '../run.mjs';

const firstLine = (message) =>
  message
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('●')) ?? 'no reason given';

/** Turns Jest's own report into names and numbers. A file that failed outside its tests counts as one failure. */
export function readReport(report) {
  const result = { passed: 0, failures: [], skipped: [] };
  for (const file of report.testResults) {
    const path = relative(ROOT, file.name);
    const hasFailedTest = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !hasFailedTest) {
      // It could not be loaded, its process died, or something around the tests went wrong.
      result.failures.push(`${path}: ${firstLine(file.message)}`);
    }
    for (const test of file.assertionResults) {
      const name = `${path} › ${[...test.ancestorTitles, test.title].join(' › ')}`;
      if (test.status === 'passed') result.passed += 1;
      else if (test.status === 'failed') result.failures.push(name);
      else result.skipped.push(name);
    }
  }
  return result;
}
