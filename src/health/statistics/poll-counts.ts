/** So many bad ones of so many, since the last look. */
export interface PollCounts {
  readonly bad: number
  readonly of: number
  /** how many polls they stand for, where some were missed or it is long since the start. Default: 1 */
  readonly polls?: number
}
