import type { StepOptions } from '../../src/drill/runner.ts'
import type { WholeShop } from './whole-shop.ts'

/** Runs an action and kills its process when the nth event that it records is written and not yet answered. @returns false when there is no nth event */
export async function killAfterEvent(shop: WholeShop, step: StepOptions, nth: number): Promise<boolean> {
  let kill = () => {}
  let ended: () => void = () => {}
  const end = new Promise<void>((resolve) => {
    ended = resolve
  })
  let seen = 0
  // a lock is a commit of the same branch, and no event
  const events = async () => {
    const args = ['rev-parse', '--verify', '--quiet', 'rollback-history:v1/events']
    return (await shop.hosted.git.git(args).catch(() => Buffer.of())).toString()
  }
  let last = await events()
  const stopListening = shop.github.onRequest(async () => {
    const now = await events()
    if (now === last) return
    last = now
    seen += 1
    if (seen !== nth) return
    kill()
    await end
  })
  const onStart = (killer: () => void) => {
    kill = killer
  }
  const { exitCode } = await shop.run({ ...step, onStart })
  ended()
  stopListening()
  return exitCode === null
}
