/**
 * Node loads the tests itself (`jest-light-runner`): what they import from `@jest/globals`, which only works in a realm of
 * Jest's own, comes from `globals.js`.
 */
import { registerHooks } from 'node:module'

const globals = new URL('globals.js', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@jest/globals'
      ? { url: globals, format: 'module', shortCircuit: true }
      : next(specifier, context),
})
