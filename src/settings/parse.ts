import { InputError, message, type Setting } from '../errors.ts'
import { readSettings, type Settings } from './environments.ts'
import { explainIssue, explainPlainly, type Finding } from './explain.ts'
import { checksSchemaFor } from './health.ts'
import { keysOfSchema } from './json-schema.ts'
import { findLiteralSecrets } from './literal-secrets.ts'
import { reportProblems } from './report.ts'
import { type Check, defaultConfig } from './schema.ts'
import { locate, readSource } from './source.ts'

/** Bytes. A configuration is a page or two; what is larger is not one. */
const largestFile = 256 * 1024

/**
 * Reads the text of `.github/rollback.yml`; an empty one has all the defaults.
 * @param file how messages call it
 * @throws InputError with every problem (ten at most), each with line, column and what to write instead
 */
export function parseSettings({ text, file }: { readonly text: string; readonly file: string }): Settings {
  const read = (value: unknown) => {
    const { settings, findings } = readSettings(value ?? {})
    return { data: settings, findings }
  }
  return { file, ...parseYaml({ text, file, read }) }
}

/**
 * Reads a list of checks, as under `health.checks`, from the text of an input; none from an empty one.
 * @param file how messages call it: the setting that holds the text, or the name of a file
 * @param intervalMs time between rounds, which the default of `for` goes by
 * @param windowMs how long the gate will look; a longer `for` is refused
 * @throws InputError as `parseSettings` does
 */
export function parseChecks({
  text,
  file,
  intervalMs = defaultConfig().health.intervalMs,
  windowMs = Number.POSITIVE_INFINITY,
}: {
  readonly text: string
  readonly file: string | Setting
  readonly intervalMs?: number
  readonly windowMs?: number
}): readonly Check[] {
  return parseYaml({ text, file, read: readerOfChecks({ intervalMs, windowMs }) })
}

/**
 * The check of one address, by the same rules and with the same defaults as one in a list.
 * @param setting that holds the address: nobody wrote the rest of the check, so that messages are about the address alone
 * @throws InputError for an address that can't be probed
 */
export function parseUrlCheck({
  url,
  setting,
  ...rounds
}: {
  readonly url: string
  readonly setting: Setting
  readonly intervalMs: number
  readonly windowMs: number
}): readonly Check[] {
  const check = { name: 'url', type: 'http', url, severity: 'critical' }
  const { data, findings } = readerOfChecks(rounds)([check])
  const { document } = readSource(JSON.stringify([check]))
  const secrets = document === undefined ? [] : findLiteralSecrets(document).findings
  const [first] = [...secrets, ...findings]
  if (data !== undefined && first === undefined) return data
  const what = (first?.message ?? '').replace(/^`url` /, '')
  throw new InputError(first?.message === what ? message`${setting}: ${what}` : message`${setting} ${what}`)
}

function readerOfChecks(rounds: { readonly intervalMs: number; readonly windowMs: number }) {
  const schema = checksSchemaFor(rounds)
  return (value: unknown) => {
    const parsed = schema.safeParse(value ?? [], { reportInput: true, error: explainPlainly })
    return { data: parsed.data, findings: parsed.error?.issues.flatMap((issue) => explainIssue(issue)) ?? [] }
  }
}

function parseYaml<T>({
  text: raw,
  file,
  read,
}: {
  readonly text: string
  readonly file: string | Setting
  readonly read: (value: unknown) => { readonly data: T | undefined; readonly findings: readonly Finding[] }
}): T {
  const text = raw.replace(/^\ufeff/, '')
  const bytes = Buffer.byteLength(text)
  if (bytes > largestFile) {
    const size = `${Math.ceil(bytes / 1024)} KiB`
    throw new InputError(
      message`${file} has ${size}; a configuration has at most ${largestFile / 1024} KiB: make it shorter`,
    )
  }
  const { document, value, problems } = readSource(text)
  const secrets = document === undefined ? { findings: [], values: [] } : findLiteralSecrets(document)
  const parsed = value === undefined ? undefined : read(value)
  const own = parsed?.findings ?? []
  // one place is explained once: best by the key that is to hold the secret
  const explained = new Set(own.filter(({ message: text }) => text.includes('{ env: ')).map(placeOf))
  const findings = [...own, ...secrets.findings.filter((each) => !explained.has(placeOf(each)))]
  if (parsed?.data !== undefined && findings.length === 0 && problems.length === 0) return parsed.data
  const located = document === undefined ? [] : findings.map((finding) => locateFinding(document, finding))
  throw reportProblems({
    text,
    file,
    problems: [...problems, ...located],
    values: secrets.values,
    keys: keysOfSchema(),
    isYaml: problems.length === 0,
  })
}

function placeOf({ path }: Finding): string {
  return path.join('\0')
}

function locateFinding(
  document: Parameters<typeof locate>[0]['document'],
  { path, at, message: text }: Finding,
) {
  return { range: locate({ document, path, at }), message: text }
}
