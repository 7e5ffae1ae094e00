// Tests that need a program which is not an npm package (a Prometheus server, Python, …).
//
//   import { describeWith, isOnPath } from '@automate/tooling/require-service';
//
//   describeWith({ name: 'prometheus', available: () => isOnPath('prometheus'), remedy: 'apt-get install prometheus' },
//     'querying a real Prometheus', () => {
//       …
//     });
//
// `findPython(['grpc'])` gives a Python interpreter that can import those modules, or undefined.
//
// Where the service is there, this is `describe`. Where it is missing, the block's tests are reported as skipped, each by
// its name — except with CI=true, where a missing service is a failure: a build that quietly tests less must not be green.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from '@jest/globals';

export function describeWith(service, title, body) {
  if (service.available()) {
    describe(title, body);
  } else if (process.env.CI === 'true') {
    describe(title, () => {
      it(`has the service that it needs: ${service.name}`, () => {
        throw new Error(
          `${service.name} is not available on this machine, and with CI=true nothing may be skipped` +
            (service.remedy === undefined ? '' : `; ${service.remedy}`),
        );
      });
    });
  } else {
    describe.skip(`${title} (needs ${service.name})`, body);
  }
}

export function isOnPath(program) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) => isExecutable(join(folder, program)));
}

export function findPython(modules) {
  // Debian's packages are seen by Debian's interpreter only, which another Python may hide on PATH.
  const interpreters = ['/usr/bin/python3', 'python3'];
  const program = modules.map((module) => `import ${module}`).join('; ');
  return interpreters.find((python) => spawnSync(python, ['-c', program], { stdio: 'ignore' }).status === 0);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
