import { InputError, type Message, message, setting } from '../errors.ts'
import type { LayerName } from '../history/event.ts'
import type { IssueType } from '../settings/rollback-choices.ts'
import type { Config } from '../settings/schema.ts'

/** Which layers to roll back; `changed` selects those that the deployment changed. */
export type Choice = readonly LayerName[] | 'changed'

/**
 * Chooses the layers: those that were asked for, else those of the issue's type.
 * @param wanted the caller's own list; empty for none
 * @param available layers that are configured
 * @throws InputError when a layer that was asked for is not configured, naming those that are
 */
export function chooseLayers({
  wanted,
  issueType,
  strategies,
  available,
}: {
  readonly wanted: readonly string[]
  readonly issueType: IssueType
  readonly strategies: Config['rollback']['strategies']
  readonly available: readonly LayerName[]
}): Choice {
  if (wanted.length > 0) return demand(wanted, available, message`${setting('layers')}`)
  const own = strategies[issueType]
  if (own !== undefined)
    return demand(own, available, message`${setting(`rollback.strategies.${issueType}`)}`)
  return defaultChoice(issueType, available)
}

/** The default layers for each type of issue. */
function defaultChoice(issueType: IssueType, available: readonly LayerName[]): Choice {
  switch (issueType) {
    case 'code-bug':
      return ['code']
    case 'config-error':
      return firstOf(available) ?? ['code']
    case 'database-corruption':
      return demand(['database'], available, message`${setting('issue-type')} (database-corruption)`)
    case 'performance':
      return available.includes('ota') ? ['ota'] : ['code']
    case 'unknown':
      return 'changed'
  }
}

/** Configuration comes first: it takes effect immediately, and nothing else is lost. */
function firstOf(available: readonly LayerName[]): Choice | undefined {
  const own = available.filter((name) => name === 'flags' || name === 'config')
  return own.length === 0 ? undefined : own
}

/**
 * What is rolled back where the deployment changed nothing in the layers that were chosen; undefined for nothing. The configuration
 * that was never changed is not what is wrong, so that the code is.
 */
export function otherwiseOf({
  wanted,
  issueType,
  strategies,
}: Pick<Parameters<typeof chooseLayers>[0], 'wanted' | 'issueType' | 'strategies'>): Choice | undefined {
  const isOwn = wanted.length > 0 || strategies[issueType] !== undefined
  return issueType === 'config-error' && !isOwn ? ['code'] : undefined
}

function demand(
  wanted: readonly string[],
  available: readonly LayerName[],
  where: Message,
): readonly LayerName[] {
  return wanted.map((name) => {
    const found = available.find((each) => each === name)
    if (found !== undefined) return found
    throw new InputError(
      message`${where} asks for the layer "${name}", and this repository has ${available.join(', ')}: write one of these, or configure the section \`${name}\` in .github/rollback.yml`,
    )
  })
}
