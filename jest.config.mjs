/**
 * Runs the TypeScript tests of every package as native ES modules. Types are stripped, not checked:
 * `tsc -p tsconfig.tests.json` does that, once, for all of them.
 *
 * @type {import('jest').Config}
 */
export default {
  roots: ['<rootDir>/packages', '<rootDir>/host', '<rootDir>/plugins'],
  testEnvironment: 'node',
  testMatch: ['**/test/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/fixtures/', '/templates/'],
  // Fixtures hold package.json files with equal names on purpose, and dist repeats src: neither belongs in the module map.
  modulePathIgnorePatterns: ['/dist/', '/fixtures/', '/templates/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/packages/tooling/jest-transform.mjs' },
  // Only what hangs meets this: real threads, sockets and processes may be slow on a busy machine.
  testTimeout: 120_000,
};
