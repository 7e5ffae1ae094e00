#!/usr/bin/env node
// Plain JavaScript that any Node.js understands: an old one must get a sentence instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 16)) {
  console.error(
    'create-connector needs Node.js 24.16 or newer, as connectors do; this is ' +
      process.versions.node +
      '. Install a newer one and try again.',
  );
  process.exit(78);
}

void import('../dist/main.js').then((main) => main.run());
