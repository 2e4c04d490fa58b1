/** Whether a process exists on this machine: signal 0 only checks. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // it exists, and belongs to another user
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
