// `npm run author-journeys [-- npm pnpm yarn]`: from `create @automate/connector` to a call that is answered, by each package manager, on a
// real registry. Prints every step with its time, and ends with 1 where one failed.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MANAGER_NAMES, openWorkplace, TEMPLATE_NAMES, travel } from './fixtures/author-journey.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !MANAGER_NAMES.includes(name));
if (unknown.length > 0) {
  console.error(
    `there is no package manager ${unknown.join(', ')}: name some of ${MANAGER_NAMES.join(', ')}, or none for all`,
  );
  process.exit(2);
}

const began = performance.now();
const seconds = (since) => ((performance.now() - since) / 1000).toFixed(1).padStart(6);
const root = await realpath(await mkdtemp(join(tmpdir(), 'automate-author-')));
console.log('publishing what an author and an operator need');
const workplace = await openWorkplace(root);
console.log(`${seconds(began)} s`);
try {
  for (const manager of wanted.length > 0 ? wanted : MANAGER_NAMES) {
    const start = performance.now();
    await travel(workplace, manager, TEMPLATE_NAMES, (step) => console.log(`${seconds(start)} s  ${step}`));
    console.log(`${seconds(start)} s  ${manager}: done`);
  }
  console.log(`${seconds(began)} s in all`);
} catch (error) {
  console.error(`FAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  await workplace.registry.close();
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
}
