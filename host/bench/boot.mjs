// P6: how long a fresh process takes until the host is ready with 20 configured connectors, none of them started.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createProject } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';
import { unpackHost } from './published-host.mjs';

export const name = 'boot';

const ROUNDS = 11;
const HERE = import.meta.dirname;

/** Measures and prints. */
export async function run() {
  const connectors = Array.from({ length: 20 }, (_, index) => `  - { id: echo${index}, kind: echo }\n`).join('');
  const project = createProject(`connectors:\n${connectors}`);
  try {
    const start = ['start', '--grpc-port', '0', '--http-port', '0', '--log-format', 'json'];
    const contenders = {
      bare: [join(HERE, 'boot-baseline.mjs')],
      published: [unpackHost(project.root), ...start],
      built: [join(HERE, '..', 'bin', 'automate.js'), ...start],
    };
    const samples = { bare: [], published: [], built: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [name, args] of Object.entries(contenders)) {
        const took = await untilReady(args, project.root);
        // The first round fills caches, the compile cache among them, and is thrown away.
        if (round > 0) samples[name].push(took);
      }
    }
    printTable('from the start of the process to its first line on standard output', [
      { name: 'a process that imports grpc-js and Fastify and listens', samples: samples.bare },
      { name: 'automate start as published, 20 connectors configured', samples: samples.published, goal: 1.6 },
      { name: 'the same from this repository, a file per module', samples: samples.built, goal: 2 },
    ]);
  } finally {
    project.dispose();
  }
}

function untilReady(args, cwd) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let took;
    child.stdout.once('data', () => {
      took = performance.now() - startedAt;
      child.kill('SIGTERM');
    });
    child.once('exit', (code) =>
      took === undefined ? reject(new Error(`ended with ${code} before it was ready`)) : resolve(took),
    );
  });
}
