import type { RootContent } from 'mdast'
import { bulletList, code, heading, paragraph, table, text } from '../../text/markdown.ts'
import { explainUndecided, haltMeans } from './explain.ts'
import type { Plan } from './plan.ts'
import { describe, formatChannel, formatLabel } from './release.ts'
import type { ChannelResult } from './roll-back.ts'
import type { UpdateServer } from './update-server.ts'

/** A plan as lines of a log. */
export function describePlan(plan: Plan): readonly string[] {
  const name = formatChannel(plan.channel.name)
  return [
    `${name}: ${outlineOf(plan)}`,
    ...stepsOf(plan).map((step) => `  ${step}`),
    ...plan.warnings.map((warning) => `  warning: ${warning}`),
  ]
}

function outlineOf(plan: Plan): string {
  switch (plan.kind) {
    case 'roll-back':
      return `${describe(plan.bad)} → content of ${describe(plan.good)} (${plan.foundBy})`
    case 'stop':
      return `halt ${describe(plan.bad)} and put nothing in its place${plan.because === undefined ? '' : `: ${plan.because}`}`
    case 'done':
      return `${formatLabel(plan.bad.label)} is already rolled back, and devices are offered ${describe(plan.good)}`
    case 'superseded':
      return `${formatLabel(plan.expected)} is superseded by ${describe(plan.by)}`
    case 'undecided':
      return String(explainUndecided(plan))
  }
}

/** What is done to a channel, in this order. */
export function stepsOf(plan: Plan): readonly string[] {
  if (plan.kind !== 'roll-back' && plan.kind !== 'stop') return []
  const disable = plan.disable.map((each) => `disable ${formatLabel(each.label)}`)
  if (plan.kind === 'stop') return [...disable, haltMeans(plan)]
  return [
    ...disable,
    ...(plan.by === 'disabling'
      ? []
      : [`make ${formatLabel(plan.good.label)} the newest release (${plan.by})`]),
    ...(plan.isAsked ? ['ask as devices what they are offered'] : []),
  ]
}

/** The plans as a section of the job summary. */
export function summarizePlans(plans: readonly Plan[], server: UpdateServer): readonly RootContent[] {
  return [
    heading(3, 'Over-the-air updates'),
    paragraph('on ', code(server.at), ` (${server.kind})`),
    table(
      ['channel', 'binaries', 'from', 'to', 'how'],
      plans.map((plan) => [
        code(formatChannel(plan.channel.name)),
        code(plan.binary),
        'bad' in plan ? code(formatLabel(plan.bad.label)) : '',
        'good' in plan ? code(formatLabel(plan.good.label)) : '',
        text(howOf(plan)),
      ]),
    ),
    ...plans.flatMap((plan) =>
      [...(plan.kind === 'stop' && plan.because !== undefined ? [plan.because] : []), ...plan.warnings].map(
        (line) => paragraph(code(formatChannel(plan.channel.name)), text(`: ${line}`)),
      ),
    ),
  ]
}

function howOf(plan: Plan): string {
  if (plan.kind === 'roll-back') return plan.by
  if (plan.kind === 'stop') return 'halted, nothing in its place'
  if (plan.kind === 'undecided') return 'not decided'
  return plan.kind === 'done' ? 'done before' : `superseded by ${formatLabel(plan.by.label)}`
}

/** What was done and what devices are answered, as a section of the job summary. */
export function summarizeResults(results: readonly ChannelResult[]): readonly RootContent[] {
  return results.flatMap(({ plan, receipt, problem }) => [
    heading(3, code(formatChannel(plan.channel.name))),
    ...(problem === undefined ? [] : [paragraph(text(String(problem)))]),
    ...(receipt?.now === undefined
      ? []
      : [
          bulletList([
            ['newest release now: ', code(receipt.now.label), `, package `, code(receipt.now.packageHash)],
          ]),
        ]),
    ...(receipt === undefined
      ? []
      : [
          table(
            ['devices', 'binary', 'are offered', 'right'],
            receipt.devices.map(({ device, binary, offered, asked, agreeing, ok }) => [
              text(device.replace(/,$/, '')),
              code(binary),
              text(offered),
              ok ? 'yes' : asked === 1 ? 'no' : `${agreeing} of ${asked}`,
            ]),
          ),
        ]),
  ])
}

/** What devices are answered, as lines of a log. */
export function describeDevices({ plan, receipt }: ChannelResult): readonly string[] {
  const name = formatChannel(plan.channel.name)
  return (receipt?.devices ?? []).map(
    ({ device, binary, offered, asked, agreeing, ok }) =>
      `${name}: devices ${device.replace(/,$/, '')}, binary ${binary}: ${offered}${asked === 1 ? '' : ` (${agreeing} of ${asked} as expected)`}${ok ? '' : ': NOT as expected'}`,
  )
}
