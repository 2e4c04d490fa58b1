/** Ends a run of jest with the plain line `N passed, N failed, N skipped`. A test file that does not even load counts as one failure. */
export default class CountReporter {
  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites },
  ) {
    const failed = numFailedTests + numRuntimeErrorTestSuites
    const line = `${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped\n`
    // jest's own summary comes after this, and the count is to be the last line
    process.once('exit', () => process.stdout.write(line))
  }
}
