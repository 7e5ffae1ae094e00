import { relative } from 'node:path';
import { ROOT } from '../run.mjs';

const firstLine = (message) =>
  message
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('●')) ?? 'no reason given';

/** Whether a file of Jest's report failed, within its tests or around them. */
export const hasFailed = (file) => file.status === 'failed';

/** The results of a run, with those of files that were run again in place of the first ones. */
export function replaceResults(results, again) {
  const anew = new Map(again.map((file) => [file.name, file]));
  return results.map((file) => anew.get(file.name) ?? file);
}

/** Turns the files of Jest's own report into names and numbers. A file that failed outside its tests counts as one failure. */
export function readReport(testResults) {
  const result = { passed: 0, failures: [], skipped: [] };
  for (const file of testResults) {
    const path = relative(ROOT, file.name);
    const hasFailedTest = file.assertionResults.some((test) => test.status === 'failed');
    if (hasFailed(file) && !hasFailedTest) {
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
