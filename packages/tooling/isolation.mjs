// `npm run isolation` does every fault at every level for real, prints what came of it, and writes that into docs/isolation.md. Needs a
// build. `-- --faults NAME` and `-- --levels LEVEL`, each as often as need be, do and write those alone.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../client/dist/index.js';
import { markdownMatrix, outcomeOf, replaceCell } from '../../host/dist/cli/isolation/render-matrix.js';
import { HOST_FILES } from '../../host/dist/identity.js';
import { LEVELS, runIsolation } from '../../host/dist/cli/isolation/run-isolation.js';
import { ROOT } from './run.mjs';

const PAGE = join(ROOT, 'docs', 'isolation.md');
const MARKED = /(?<=^<!-- written by `npm run isolation` -->\n)[^]*?(?=^<!-- end of that -->$)/m;

const { values: only } = parseArgs({
  options: { levels: { type: 'string', multiple: true }, faults: { type: 'string', multiple: true } },
});
const cells = await runIsolation({
  ...(only.levels && { levels: only.levels }),
  ...(only.faults && { only: only.faults }),
  connect,
  files: HOST_FILES,
  execPath: process.execPath,
  env: process.env,
  kill: process.kill.bind(process),
  signal: AbortSignal.any([]),
  onObserved: (cell) => console.log(`${cell.level.padEnd(10)} ${cell.fault.padEnd(22)} ${outcomeOf(cell)}`),
});
const before = readFileSync(PAGE, 'utf8');
const all = only.levels === undefined && only.faults === undefined;
const machine = `Node.js ${process.versions.node} on ${process.platform} ${process.arch}.`;
const after = all
  ? before.replace(MARKED, () => `\n${machine}\n\n${markdownMatrix(cells, LEVELS)}\n\n`)
  : cells.reduce((page, cell) => replaceCell(page, cell, LEVELS), before);
writeFileSync(PAGE, after);
console.log('written: docs/isolation.md');
