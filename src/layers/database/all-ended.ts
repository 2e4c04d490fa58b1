/**
 * Waits until all of the work has ended, however it did: nobody goes on when the others are cleaned up after.
 * @throws the first failure, in the order of the works
 */
export async function allEnded<const T extends readonly unknown[]>(
  works: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return Promise.all(works)
}
