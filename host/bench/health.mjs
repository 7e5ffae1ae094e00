// P11: HealthCheckAll over 100 connectors, five of which hang.
import { createProject, openHost } from './bench-project.mjs';
import { printTable } from './bench-table.mjs';

export const name = 'health';

const ROUNDS = 7;
const TIMEOUT_MS = 2_000;

/** Measures and prints. */
export async function run() {
  const connectors = Array.from({ length: 100 }, (_, index) => {
    const kind = index % 20 === 7 ? 'hangs' : 'echo';
    return `  - { id: c${index}, kind: ${kind}, health_check: { interval: 1h, timeout: ${TIMEOUT_MS}ms }, limits: { memory_mb: 64 } }\n`;
  });
  const project = createProject(`connectors:\n${connectors.join('')}`);
  const host = await openHost(project.root);
  try {
    // Workers start once; what is measured is checking, not starting.
    await host.service.healthCheckAll();
    const all = [];
    const well = [];
    let healthy = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      const whole = host.service.healthCheckAll().then((reports) => {
        all.push(performance.now() - startedAt);
        healthy = Object.values(reports).filter((report) => report.healthy).length;
      });
      const others = Array.from({ length: 100 }, (_, index) => index).filter((index) => index % 20 !== 7);
      await Promise.all(others.map((index) => host.service.healthCheck(`c${index}`)));
      well.push(performance.now() - startedAt);
      await whole;
    }
    printTable(`HealthCheckAll, 100 connectors of which five hang, timeout ${TIMEOUT_MS} ms; ${healthy} healthy`, [
      { name: 'the longest timeout', samples: all.map(() => TIMEOUT_MS) },
      { name: 'all 100 reported', samples: all, goal: 1.1 },
      { name: 'the 95 that answer, one by one', samples: well },
    ]);
  } finally {
    await host.close();
    project.dispose();
  }
}
