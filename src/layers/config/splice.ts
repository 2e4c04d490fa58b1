import type { Path } from './value.ts'

/** A text in which the value at one path is that of another text, and nothing else is touched; undefined when that is not possible. */
export type Splice = (texts: {
  readonly file: string
  readonly current: string
  readonly target: string
  readonly path: Path
}) => string | undefined
