#!/usr/bin/env node
// Plain JavaScript that any Node.js understands: package managers link it before the first build, and an old Node.js
// must get a sentence instead of a syntax error.

// First of all: without a listener this signal opens the debugger to every process of the same user.
process.on('SIGUSR1', function () {});

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 16)) {
  console.error(
    'automate needs Node.js 24.16 or newer; this is ' + process.versions.node + '. Install a newer one and try again.',
  );
  process.exit(78);
}

import('node:module')
  .then(({ enableCompileCache }) => {
    enableCompileCache();
    return import('../dist/cli/main.js');
  })
  .then(
    (main) => main.run(),
    (error) => {
      if (error && error.code === 'ERR_MODULE_NOT_FOUND' && String(error.url || '').endsWith('/dist/cli/main.js')) {
        console.error('automate is not built yet: run "npm run build" in its repository.');
      } else {
        console.error(error);
      }
      process.exit(1);
    },
  );
