/** Texts that strangers can put into titles, paths, names and answers, each a command of the runner when it is printed as it is. */
export const hostileTexts: readonly string[] = [
  '##[add-mask]pwned',
  'tidy up ##[stop-commands]pwned-token',
  '##[set-env name=PWNED]pwned',
  '##[add-path]/pwned',
  '##[set-output name=decision]pwned',
  '###[save-state name=pwned]pwned',
  '::stop-commands::pwned-token',
  '\u0085::set-env name=PWNED::pwned',
  '\u00a0\u2028::add-path::/pwned',
  'fine\r::add-mask::pwned',
  'fine\n::error title=pwned::pwned',
  '\v\f::warning title=pwned::pwned',
  '\u200b##[error]pwned',
  '::add-matcher::pwned.json',
]

/** What is left of them in the commands that a run sent: nothing, when each was printed as text. */
export function obeyed(
  commands: readonly {
    readonly name: string
    readonly data: string
    readonly properties: Readonly<Record<string, string>>
  }[],
): readonly string[] {
  const ours = new Set(['add-mask', 'debug', 'warning', 'error'])
  return commands
    .filter(
      ({ name, data, properties }) => !ours.has(name) || properties['title'] === 'pwned' || data === 'pwned',
    )
    .map(({ name, data }) => `${name}: ${data}`)
}
