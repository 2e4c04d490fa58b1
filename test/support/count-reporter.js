/** Ends a run of jest with the plain line `N passed, N failed, N skipped`. A test file that does not even load counts as one failure. */
export default class CountReporter {
  onRunComplete(
    _contexts,
    { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites },
  ) {
    const failed = numFailedTests + numRuntimeErrorTestSuites
    process.stdout.write(
      `${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped\n`,
    )
  }
}
