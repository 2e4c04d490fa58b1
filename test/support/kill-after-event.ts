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
  let last = (await shop.hosted.git.readRef('refs/heads/rollback-history'))?.sha
  const stopListening = shop.github.onRequest(async () => {
    // each event is a commit of the history's branch
    const head = (await shop.hosted.git.readRef('refs/heads/rollback-history'))?.sha
    if (head === last) return
    last = head
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
