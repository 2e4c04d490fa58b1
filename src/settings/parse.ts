import { InputError } from '../errors.ts'
import { readSettings, type Settings, settingsOf, usualEnvironment } from './environments.ts'
import { explainIssue, explainPlainly, type Finding } from './explain.ts'
import { findLiteralSecrets } from './literal-secrets.ts'
import { reportProblems } from './report.ts'
import { type Check, type Config, checksSchemaFor, defaultConfig } from './schema.ts'
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

/** The same, of the environment that is meant where nothing names one. @throws InputError as `parseSettings` does */
export function parseConfig(source: { readonly text: string; readonly file: string }): Config {
  const settings = parseSettings(source)
  return settingsOf(settings, usualEnvironment(settings))
}

/**
 * Reads a list of checks, as under `health.checks`, from the text of an input; none from an empty one.
 * @param file how messages call it, such as `input "checks"`
 * @param intervalMs time between rounds, which the default of `for` goes by
 * @param windowMs how long the gate will look; a longer `for` is refused
 * @throws InputError as `parseConfig` does
 */
export function parseChecks({
  text,
  file,
  intervalMs = defaultConfig().health.intervalMs,
  windowMs = Number.POSITIVE_INFINITY,
}: {
  readonly text: string
  readonly file: string
  readonly intervalMs?: number
  readonly windowMs?: number
}): readonly Check[] {
  const schema = checksSchemaFor({ intervalMs, windowMs })
  const read = (value: unknown) => {
    const parsed = schema.safeParse(value ?? [], { reportInput: true, error: explainPlainly })
    return { data: parsed.data, findings: parsed.error?.issues.flatMap((issue) => explainIssue(issue)) ?? [] }
  }
  return parseYaml({ text, file, read })
}

function parseYaml<T>({
  text: raw,
  file,
  read,
}: {
  readonly text: string
  readonly file: string
  readonly read: (value: unknown) => { readonly data: T | undefined; readonly findings: readonly Finding[] }
}): T {
  const text = raw.replace(/^\ufeff/, '')
  const bytes = Buffer.byteLength(text)
  if (bytes > largestFile) {
    const size = `${Math.ceil(bytes / 1024)} KiB`
    throw new InputError(
      `${file} has ${size}; a configuration has at most ${largestFile / 1024} KiB: make it shorter`,
    )
  }
  const { document, value, problems } = readSource(text)
  const secrets = document === undefined ? { findings: [], values: [] } : findLiteralSecrets(document)
  const parsed = value === undefined ? undefined : read(value)
  const findings = [...(parsed?.findings ?? []), ...secrets.findings]
  if (parsed?.data !== undefined && findings.length === 0 && problems.length === 0) return parsed.data
  const located = document === undefined ? [] : findings.map((finding) => locateFinding(document, finding))
  throw reportProblems({
    text,
    file,
    problems: [...problems, ...located],
    values: secrets.values,
    isYaml: problems.length === 0,
  })
}

function locateFinding(document: Parameters<typeof locate>[0]['document'], { path, at, message }: Finding) {
  return { range: locate({ document, path, at }), message }
}
