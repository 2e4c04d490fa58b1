import type { z } from 'zod'
import { InputError } from '../errors.ts'
import { explainIssue, explainPlainly, type Finding } from './explain.ts'
import { findLiteralSecrets } from './literal-secrets.ts'
import { reportProblems } from './report.ts'
import { type Check, type Config, checksSchemaFor, configSchema, defaultConfig } from './schema.ts'
import { locate, readSource } from './source.ts'

/** Bytes. A configuration is a page or two; what is larger is not one. */
const largestFile = 256 * 1024

/**
 * Reads the text of `.github/rollback.yml`; an empty one has all the defaults.
 * @param file how messages call it
 * @throws InputError with every problem (ten at most), each with line, column and what to write instead
 */
export function parseConfig({ text, file }: { readonly text: string; readonly file: string }): Config {
  return parseYaml({ text, file, schema: configSchema, empty: {} })
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
  return parseYaml({ text, file, schema: checksSchemaFor({ intervalMs, windowMs }), empty: [] })
}

function parseYaml<T extends z.ZodType>({
  text: raw,
  file,
  schema,
  empty,
}: {
  readonly text: string
  readonly file: string
  readonly schema: T
  readonly empty: z.input<T>
}): z.output<T> {
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
  const parsed =
    value === undefined
      ? undefined
      : schema.safeParse(value ?? empty, { reportInput: true, error: explainPlainly })
  const findings = [
    ...(parsed?.error?.issues.flatMap((issue) => explainIssue(issue)) ?? []),
    ...secrets.findings,
  ]
  if (parsed?.success === true && findings.length === 0 && problems.length === 0) return parsed.data
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
