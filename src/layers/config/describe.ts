import type { Message } from '../../errors.ts'
import type { ShownChange } from './mask.ts'
import type { PlannedFile } from './restore.ts'

/** How many changes of one file are listed in a log. The report has them all. */
const listed = 50

const verbs = {
  restore: 'is restored',
  create: 'is created again',
  remove: 'would be removed: it did not exist at the target',
  unchanged: 'is unchanged',
} as const

/** What a restore would change, a line for each change, without secrets. */
export function describeFiles(
  planned: readonly Pick<PlannedFile, 'path' | 'what' | 'changes'>[],
): readonly string[] {
  return planned
    .filter(({ what }) => what !== 'unchanged')
    .flatMap(({ path, what, changes }) => [
      ...(changes.length === 0 ? [`${path} ${verbs[what]}`] : []),
      ...changes.slice(0, listed).map((change) => `${path}: ${describeChange(change)}`),
      ...(changes.length > listed ? [`${path}: … and ${changes.length - listed} more changes`] : []),
    ])
}

/** `api.baseUrl: "https://bad" → "https://good"` */
export function describeChange({ kind, path, before, after }: ShownChange): string {
  if (kind === 'changed') return `${path}: ${before} → ${after}`
  return kind === 'added' ? `${path}: added, ${after}` : `${path}: removed, was ${before}`
}

/** What keeps a machine from carrying a plan out. */
export function needsOf(refusal: Message | undefined): readonly string[] {
  return refusal === undefined ? [] : [String(refusal)]
}
