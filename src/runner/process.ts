/** Whether a process of this machine is there: signal 0 only asks. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // it is there, and is somebody else's
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
