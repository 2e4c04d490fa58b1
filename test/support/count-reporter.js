import { writeSync } from 'node:fs'

/** Ends a run of jest with the plain line `N passed, N failed, N skipped`. A test file that does not even load counts as one failure. */
export default class CountReporter {
  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites },
  ) {
    const failed = numFailedTests + numRuntimeErrorTestSuites
    const line = `${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped\n`
    // jest's own summary comes after this, and the count is to be the last line; by then jest has closed its stream
    process.once('exit', () => print(line))
  }
}

/** To standard output itself, once whoever reads it has made room. */
function print(line) {
  for (;;) {
    try {
      return writeSync(1, line)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
