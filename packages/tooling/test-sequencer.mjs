// The order in which Jest takes test files where it knows none of their times, as in a fresh checkout: first those that start
// processes and wait for their ends, however short their sources are, so that none of them is left for the end; then by size.

import { statSync } from 'node:fs';

const WAITING = [
  /\/test\/(runtime\/cycles|cli\/(end-blocked|bisect)|deploy\/confined|e2e\/author-journey)\./,
  // What takes half a minute and more.
  /\/test\/(isolation-matrix|soak|parity\/every-operation|cluster\/(rounds\/rounds|moved-connectors)|faults\/late-loop)\./,
  /\/test\/(e2e\/(author-journey|publish|plugin-\w+|bisect)|bad-adapters|runners|templates)\./,
  /\/test\/(conformance|outcomes|network-drivers|store\/execution-store\/\w+)\./,
  /\/test\/(runtime|cli|parity)\//,
  /\/real-[\w-]+\.test\./,
];

const rankOf = ({ path }) => {
  const rank = WAITING.findIndex((pattern) => pattern.test(path));
  return rank === -1 ? WAITING.length : rank;
};
const sizeOf = ({ path }) => statSync(path).size;

export default class TestSequencer {
  sort(tests) {
    return [...tests].toSorted((one, other) => rankOf(one) - rankOf(other) || sizeOf(other) - sizeOf(one));
  }

  // What else Jest asks for: nothing is kept from one run to the next.
  cacheResults() {}
}
