/** What `@jest/globals` exports, with the limit of time that jest-light-runner does not have. */

/** A test starts several actions, and the machine may be busy: this is for one that hangs. */
const limitMs = 240_000

export const { expect, describe } = globalThis
export const test = bindTest(globalThis.test)
export const [beforeAll, afterAll, beforeEach, afterEach] = [
  'beforeAll',
  'afterAll',
  'beforeEach',
  'afterEach',
].map((hook) => (run, ms) => globalThis[hook](limit(run, ms)))

function bindTest(original) {
  return Object.assign((name, run, ms) => original(name, limit(run, ms)), {
    skip: original.skip,
    only: (name, run, ms) => original.only(name, limit(run, ms)),
    each:
      (...table) =>
      (name, run, ms) =>
        original.each(...table)(name, limit(run, ms)),
  })
}

function limit(run, ms = limitMs) {
  return async (...values) => {
    let timer
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it did not end within ${ms} ms`)), ms)
    })
    try {
      await Promise.race([run(...values), late])
    } finally {
      clearTimeout(timer)
    }
  }
}
