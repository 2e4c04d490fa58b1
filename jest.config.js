import { fileURLToPath } from 'node:url'

// The processes that tests start compile the same files again and again: they keep what they compiled, sources and bundles
// alike. Node knows each file by its content.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('.cache/compiled', import.meta.url))

/** Tests run the TypeScript sources as ES modules; bundles are tested as real processes. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript' },
          experimental: { keepImportAttributes: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // other people's packages, which the tests start as servers
  modulePathIgnorePatterns: ['<rootDir>/.cache/'],
  // a test starts several actions, and the machine may be busy
  testTimeout: 240_000,
  maxWorkers: 2,
  // a process that starts others is copied for each: a large one takes four times as long
  workerIdleMemoryLimit: '400MB',
  reporters: ['default', '<rootDir>/test/support/count-reporter.js'],
}
