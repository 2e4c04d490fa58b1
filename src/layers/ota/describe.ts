import type { RootContent } from 'mdast'
import { bulletList, code, heading, paragraph, table, text } from '../../text/markdown.ts'
import type { Plan } from './plan.ts'
import { describe, formatChannel, formatLabel } from './release.ts'
import type { ChannelResult } from './roll-back.ts'
import type { UpdateServer } from './update-server.ts'

/** A plan as lines of a log. */
export function describePlan(plan: Plan): readonly string[] {
  const name = formatChannel(plan.channel.name)
  return [`${name}: ${outlineOf(plan)}`, ...stepsOf(plan).map((step) => `  ${step}`)]
}

function outlineOf(plan: Plan): string {
  switch (plan.kind) {
    case 'roll-back':
      return `${describe(plan.bad)} → content of ${describe(plan.good)} (${plan.foundBy})`
    case 'stop':
      return `halt ${describe(plan.bad)} with nothing to put in its place${plan.because === undefined ? '' : `, because ${plan.because}`}`
    case 'done':
      return plan.bad === undefined
        ? `${describe(plan.good)} is on top already: there is nothing to do`
        : `${formatLabel(plan.bad.label)} is taken back already, ${describe(plan.good)} is on top`
    case 'superseded':
      return `${formatLabel(plan.expected)} is superseded by ${describe(plan.by)}`
  }
}

/** What is done to a channel, in this order. */
export function stepsOf(plan: Plan): readonly string[] {
  if (plan.kind === 'done' || plan.kind === 'superseded') return []
  const disable = plan.disable.map((each) => `disable ${formatLabel(each.label)}`)
  if (plan.kind === 'stop') return [...disable, stopMeans]
  return [
    ...disable,
    ...(plan.by === 'disabling' ? [] : [`put ${formatLabel(plan.good.label)} on top by ${plan.by}`]),
    ...(plan.isAsked ? ['ask as devices what they are offered'] : []),
  ]
}

/** For those who hold the device. */
export const stopMeans = 'devices that run it keep it; no other is offered it'

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
        'bad' in plan && plan.bad !== undefined ? code(formatLabel(plan.bad.label)) : '',
        'good' in plan ? code(formatLabel(plan.good.label)) : '',
        text(howOf(plan)),
      ]),
    ),
    ...plans.flatMap((plan) =>
      plan.kind === 'stop' && plan.because !== undefined
        ? [paragraph(code(formatChannel(plan.channel.name)), text(`: ${plan.because}`))]
        : [],
    ),
  ]
}

function howOf(plan: Plan): string {
  if (plan.kind === 'roll-back') return plan.by
  if (plan.kind === 'stop') return 'halted, nothing in its place'
  return plan.kind === 'done' ? 'done before' : `superseded by ${formatLabel(plan.by.label)}`
}

/** What was done and what devices are answered, as a section of the job summary. */
export function summarizeResults(results: readonly ChannelResult[]): readonly RootContent[] {
  return results.flatMap(({ plan, receipt, problem }) => [
    heading(3, code(formatChannel(plan.channel.name))),
    ...(problem === undefined ? [] : [paragraph(text(problem))]),
    ...(receipt?.now === undefined
      ? []
      : [
          bulletList([
            ['on top now: ', code(receipt.now.label), `, package `, code(receipt.now.packageHash)],
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
      `${name}: devices ${device} binary ${binary}: ${offered}${asked === 1 ? '' : ` (${agreeing} of ${asked} as they should)`}${ok ? '' : ': NOT as they should'}`,
  )
}
