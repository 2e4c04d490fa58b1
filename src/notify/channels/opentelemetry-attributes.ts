import { createHash } from 'node:crypto'
import type { Notice } from '../notice.ts'

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: 64-bit numbers are strings. */
export interface Attribute {
  readonly key: string
  readonly value:
    | { readonly stringValue: string }
    | { readonly boolValue: boolean }
    | { readonly intValue: string }
}

type Values = Readonly<Record<string, string | boolean | number | undefined>>

/** Attributes; what is undefined is left out. */
export function attributes(values: Values): readonly Attribute[] {
  return Object.entries(values).flatMap(([key, value]) => {
    return value === undefined ? [] : [{ key, value: typed(value) }]
  })
}

function typed(value: string | boolean | number): Attribute['value'] {
  if (typeof value === 'boolean') return { boolValue: value }
  return typeof value === 'number' ? { intValue: String(value) } : { stringValue: value.slice(0, 4096) }
}

/** Which service and environment it is about. https://opentelemetry.io/docs/specs/semconv/resource/cicd/ */
export function resourceOf({ repository, repositoryUrl, incident }: Notice) {
  return {
    attributes: attributes({
      'service.name': repository,
      'deployment.environment.name': incident.environment,
      'vcs.repository.name': repository.split('/').at(-1),
      'vcs.repository.url.full': repositoryUrl,
    }),
  }
}

/** Who says it. */
export const scope = { name: 'rollback-suite' }

/** Nanoseconds since 1970. @param ms since then */
export function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n)
}

/** The incident's trace, the same in every run; each opening has another. 32 hexadecimal digits. */
export function traceIdOf({ repository, incident }: Notice): string {
  return hash('trace', repository, incident.incident, String(incident.episode)).slice(0, 32)
}

/** A span of it, by what it is about. 16 hexadecimal digits. */
export function spanIdOf(notice: Notice, ...about: readonly string[]): string {
  return hash('span', traceIdOf(notice), ...about).slice(0, 16)
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
