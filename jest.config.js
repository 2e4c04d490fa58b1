import { fileURLToPath } from 'node:url'

// The processes that tests start compile the same files again and again: they keep what they compiled, sources and bundles
// alike. Node knows each file by its content.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('.cache/compiled', import.meta.url))

/** Node runs the TypeScript sources as they are; bundles are tested as real processes. */
export default {
  // not in a realm for each file, in which every module is loaded anew: that takes as long as the tests
  runner: ['jest-light-runner', { runtime: 'child_process' }],
  setupFiles: ['<rootDir>/test/support/jest/register.js'],
  transform: {},
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // other people's packages, which the tests start as servers
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
  maxWorkers: 2,
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
}
