import type { RootContent } from 'mdast'
import { heading, paragraph, table, text } from '../../text/markdown.ts'
import { checks } from './checks.ts'
import { type DoctorOptions, type Facts, gatherFacts } from './facts.ts'
import type { Finding } from './finding.ts'

export interface Diagnosis {
  /** ready: a rollback would work. not-ready: it would not. unsure: something could not be checked */
  readonly decision: 'ready' | 'not-ready' | 'unsure'
  readonly environment: string
  readonly findings: readonly NamedFinding[]
}

export interface NamedFinding extends Finding {
  readonly check: string
}

/**
 * Checks beforehand that a rollback would work now: permissions, rules, the deploy workflow, secrets, layers, backups, checks, guards.
 * Nothing is changed.
 */
export async function examine(options: DoctorOptions): Promise<Diagnosis> {
  return diagnose(await gatherFacts(options))
}

/** The same of what was gathered. */
function diagnose(facts: Facts): Diagnosis {
  const findings = checks.flatMap(({ name, judge }) => {
    const finding = judge(facts)
    return finding === undefined ? [] : [{ check: name, ...finding }]
  })
  const states = new Set(findings.map(({ state }) => state))
  const decision = states.has('wrong') ? 'not-ready' : states.has('unknown') ? 'unsure' : 'ready'
  return { decision, environment: facts.environment, findings }
}

const marks: Readonly<Record<Finding['state'], string>> = {
  ok: 'ok',
  wrong: 'WRONG',
  warning: 'warning',
  unknown: 'unknown',
}

/** One line a finding, for the log, with its cure below. */
export function describeDiagnosis({ findings }: Diagnosis): readonly string[] {
  return findings.flatMap(({ check, state, says, cure }) => [
    `${marks[state].padEnd(8)}${check}: ${says}`,
    ...(cure === undefined ? [] : [`        → ${cure}`]),
  ])
}

/** The last line of the log: the current state. */
export function concludeDiagnosis({ decision, environment, findings }: Diagnosis): string {
  const passed = findings.filter(({ state }) => state === 'ok').length
  return `${sentences[decision](environment)}: ${passed} of ${findings.length} checks passed`
}

/** One line if everything is fine, else a table of the problems. */
export function summarizeDiagnosis({ decision, environment, findings }: Diagnosis): readonly RootContent[] {
  const left = findings.filter(({ state }) => state !== 'ok')
  const line = paragraph(text(`${concludeDiagnosis({ decision, environment, findings })}.`))
  if (left.length === 0) return [line]
  return [
    heading(2, headlines[decision]),
    line,
    table(
      ['check', 'state', 'finding', 'what to do'],
      left.map(({ check, state, says, cure = '' }) => [text(check), text(state), text(says), text(cure)]),
    ),
  ]
}

/** What prevents a rollback, and what to do; empty if nothing does. */
export function problemsOf({ findings }: Diagnosis): readonly string[] {
  return findings
    .filter(({ state }) => state === 'wrong')
    .map(({ check, says, cure = '' }) => `${check}: ${says}. ${cure}`)
}

const headlines: Readonly<Record<Diagnosis['decision'], string>> = {
  ready: 'A rollback would work',
  'not-ready': 'A rollback would not work',
  unsure: 'Not everything could be checked',
}

const sentences: Readonly<Record<Diagnosis['decision'], (environment: string) => string>> = {
  ready: (environment) => `A rollback of ${environment} would work now`,
  'not-ready': (environment) => `A rollback of ${environment} would not work now`,
  unsure: (environment) => `It is not known whether a rollback of ${environment} would work now`,
}
