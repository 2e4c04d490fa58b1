import { InputError } from '../errors.ts'
import type { Repository } from '../github/client.ts'
import type { LayerName } from '../history/event.ts'
import type { OpenClone } from '../layers/code/partial-clone.ts'
import type { Config } from '../settings/schema.ts'
import type { Progress } from './record.ts'
import type { Choice } from './strategy.ts'

/** The parameters to open the layers with. */
export interface LayerSurroundings {
  readonly repository: Repository
  /** The same repository for another token. */
  readonly openRepository: (token: string) => Repository
  readonly config: Config
  readonly branch: string
  readonly environment: string
  readonly incident: string
  /** the failed revision */
  readonly bad: string
  /** the good revision, as it is asked for */
  readonly target: string
  /** called once the good revision is known, with the plan still to be made */
  readonly onTarget?: (good: string) => void
  /** what is to be rolled back */
  readonly choice: Choice
  readonly automatic: boolean
  readonly progress: Progress
  /** Commits that layers have put on the branch in this run, each by the commit that it is on top of. */
  readonly ownCommits: Map<string, string>
  /** why, in a sentence without secrets */
  readonly reason: string
  /** a login */
  readonly by: string
  readonly runUrl: string | undefined
  readonly openClone: OpenClone
  readonly env: NodeJS.ProcessEnv
  /** values that are secrets wherever they stand */
  readonly secrets: readonly string[]
  readonly fetch: typeof fetch
  /** a folder for temporary files */
  readonly scratch: string
  /** ms since the epoch */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

/** True when a layer is to be rolled back. */
export function isChosen({ choice }: Pick<LayerSurroundings, 'choice'>, layer: LayerName): boolean {
  return choice === 'changed' || choice.includes(layer)
}

/** A variable that the settings name. @throws InputError when it is not set */
export function readVariable(env: NodeJS.ProcessEnv, key: string, name: string): string {
  const value = env[name]
  if (value) return value
  throw new InputError(
    `the variable ${name}, which \`${key}\` in the configuration names, is not set: give it to the step under \`env\`, from a secret`,
  )
}
