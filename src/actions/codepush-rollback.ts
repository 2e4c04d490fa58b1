import { detectKind, openCodePush } from '../codepush/code-push.ts'
import { describeDevices, describePlan, summarizePlans, summarizeResults } from '../codepush/describe.ts'
import type { Connection } from '../codepush/exchange.ts'
import { openHotUpdater } from '../codepush/hot-updater.ts'
import type { Plan } from '../codepush/plan.ts'
import { formatChannel } from '../codepush/release.ts'
import { isEncrypted, readRequests, readServerUrl } from '../codepush/request.ts'
import { applyAll, type ChannelResult, type Decision, decide, planAll } from '../codepush/roll-back.ts'
import type { UpdateServer } from '../codepush/update-server.ts'
import { runAction, type Step } from '../runner/action.ts'
import { heading, renderMarkdown } from '../text/markdown.ts'
import { codepushRollback } from './codepush-rollback.contract.ts'
import { openWorkplace, type Workplace } from './wiring.ts'

type CodepushStep = Step<typeof codepushRollback.inputs, keyof typeof codepushRollback.outputs>

// before the run: what is declared below it is not there yet
const headlines: Readonly<Record<Decision | 'planned', string>> = {
  planned: 'Rollback of updates planned (dry run: nothing was changed)',
  'rolled-back': 'Updates rolled back',
  'already-rolled-back': 'Updates already rolled back',
  stopped: 'Update halted',
  partial: 'Updates rolled back in part',
  superseded: 'Updates not rolled back: another release is the newest by now',
  failed: 'Updates not rolled back',
}

await runAction(codepushRollback, async (step) => {
  const { inputs, log } = step
  const url = readServerUrl(inputs['server-url'])
  if (!isEncrypted(url))
    log.warning(
      'input "server-url" is an http: address: whoever is on the way can read the access key',
      'CodePush',
    )
  const workplace = await openWorkplace(step)
  const { incident } = workplace
  const requests = readRequests({
    channels: inputs.channels,
    targets: inputs.target,
    fromLabels: inputs['from-label'],
    appVersions: inputs['app-version'],
    knownBad: inputs['known-bad'],
    mode: inputs.mode,
    incident,
  })
  const startedAt = step.now().toISOString()
  const server = await openServer(step, url)
  log.info(`${server.at} is a server of the kind ${server.kind}`)
  const plans = await planAll(server, requests)
  for (const line of plans.flatMap(describePlan)) log.info(line)
  if (inputs['dry-run']) return finish(step, workplace, { server, plans, results: [], decision: 'planned' })

  const results = await applyAll(server, plans, {
    incident,
    verifyTimeoutMs: inputs['verify-timeout'] ?? 0,
    now: () => step.now().getTime(),
    sleep: step.sleep,
    log: log.info,
  })
  for (const line of results.flatMap(describeDevices)) log.info(line)
  for (const result of results) await record(step, workplace, result, startedAt)
  await finish(step, workplace, { server, plans, results, decision: decide(results) })
  const problems = results.flatMap(({ problem }) => problem ?? [])
  if (problems.length > 0) step.fail(problems.join('\n'))
})

async function openServer({ inputs, signal, now }: CodepushStep, url: string): Promise<UpdateServer> {
  const connection: Connection = {
    fetch: globalThis.fetch,
    now: () => now().getTime(),
    signal,
    url,
    accessKey: inputs['access-key'],
  }
  const kind = inputs['server-kind'] === 'auto' ? await detectKind(connection) : inputs['server-kind']
  return kind === 'hot-updater' ? openHotUpdater(connection) : openCodePush(connection, kind)
}

/** What this run, or an earlier one of the same incident, did to a channel. A rollback of another incident is not ours to tell. */
async function record(
  { inputs, context, secrets }: CodepushStep,
  { record: append }: Workplace,
  { plan, receipt, problem, reasonCode }: ChannelResult,
  startedAt: string,
): Promise<void> {
  const name = formatChannel(plan.channel.name)
  const label = (each: { readonly label: string } | undefined, otherwise: string) =>
    `${name} ${each?.label ?? otherwise}`
  if (problem !== undefined) {
    const from = label('bad' in plan ? plan.bad : undefined, 'as it is')
    const to = label('good' in plan ? plan.good : undefined, 'nothing older')
    const code = reasonCode === 'superseded' ? 'conflict' : reasonCode
    if (code === 'restored' || code === 'done-before' || code === 'halted') return
    await append({ kind: 'rollback-failed', layer: 'ota', from, to, reasonCode: code, because: problem }, [
      'ota',
      from,
      to,
      code,
      context.stepKey,
    ])
    return
  }
  if (receipt?.bad === undefined || (plan.kind === 'done' && !plan.ours)) return
  const from = label(receipt.bad, '')
  const to = label(receipt.good, 'halted')
  await append(
    {
      kind: 'rollback-applied',
      layer: 'ota',
      from,
      // a copy on top has a label of its own; what it was copied from is the same in a run that finds it done
      to: plan.kind === 'done' ? label(plan.good.copyOf ?? plan.good, '') : to,
      now: label(receipt.now, 'halted'),
      reason: secrets.redact(inputs.reason),
      targetFoundBy:
        plan.kind === 'roll-back' ? plan.foundBy : plan.kind === 'done' ? 'done before' : 'halted',
      automatic: !context.byHand,
      undone: [],
      startedAt,
    },
    ['ota', from, label(receipt.now, 'halted')],
  )
}

async function finish(
  step: CodepushStep,
  { incident }: Workplace,
  {
    server,
    plans,
    results,
    decision,
  }: {
    readonly server: UpdateServer
    readonly plans: readonly Plan[]
    readonly results: readonly ChannelResult[]
    readonly decision: Decision | 'planned'
  },
): Promise<void> {
  const channels = plans.map((plan, index) => describeOutcome(plan, results[index]))
  const reason = results.find(({ problem }) => problem !== undefined) ?? results[0]
  const join = (key: 'from' | 'to' | 'label') => channels.map((each) => each[key]).join(',')
  const ids = {
    incident,
    decision,
    'reason-code': reason?.reasonCode ?? 'dry-run',
    from: join('from'),
    to: join('to'),
    label: join('label'),
    verified: results.length > 0 && channels.every(({ verified }) => verified),
  }
  step.setOutputs({
    ...ids,
    channels: JSON.stringify(channels),
    result: JSON.stringify({ schema: 1, ...ids, channels }),
  })
  await step.writeSummary(
    renderMarkdown([
      heading(2, headlines[decision]),
      ...summarizePlans(plans, server),
      ...summarizeResults(results),
    ]),
  )
}

function describeOutcome(plan: Plan, result: ChannelResult | undefined) {
  const { receipt, reasonCode } = result ?? {}
  return {
    channel: formatChannel(plan.channel.name),
    plan: plan.kind,
    reason: reasonCode ?? 'dry-run',
    from: ('bad' in plan ? plan.bad?.label : plan.expected) ?? '',
    to: 'good' in plan ? plan.good.label : '',
    label: receipt?.now?.label ?? '',
    verified: receipt?.devices.every(({ ok }) => ok) ?? false,
  }
}
