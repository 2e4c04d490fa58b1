import { listLines } from '../../errors.ts'
import { describeDevices, describePlan, summarizePlans, summarizeResults } from '../../layers/ota/describe.ts'
import { prepareServer } from '../../layers/ota/open.ts'
import { changes, type Plan } from '../../layers/ota/plan.ts'
import { planAll } from '../../layers/ota/plan-all.ts'
import { describeResult, labelsOf, namesOf } from '../../layers/ota/record.ts'
import { formatChannel } from '../../layers/ota/release.ts'
import { isEncrypted, readRequests } from '../../layers/ota/request.ts'
import { applyAll, type ChannelResult, type Decision, decide, reasonOf } from '../../layers/ota/roll-back.ts'
import type { UpdateServer } from '../../layers/ota/update-server.ts'
import { isVerified } from '../../layers/ota/verify.ts'
import { runAction, type Step } from '../../runner/action.ts'
import { heading, renderMarkdown } from '../../text/markdown.ts'
import { guardLayer } from '../guarded.ts'
import { openWorkplace, type Workplace } from '../wiring.ts'
import { codepushRollback } from './contract.ts'

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
  try {
    await rollBack(step)
  } catch (error) {
    const ids = { decision: 'failed', 'reason-code': reasonOf(error), verified: false } as const
    step.setOutputs({ ...ids, result: JSON.stringify({ schema: 1, ...ids }) })
    throw error
  }
})

async function rollBack(step: CodepushStep): Promise<void> {
  const { inputs, log } = step
  step.secrets.add(step.env['EXPO_TOKEN'] ?? '')
  const open = prepareServer({
    kind: inputs['server-kind'],
    url: inputs['server-url'],
    accessKey: inputs['access-key'],
    folder: inputs.project,
    env: step.env,
    fetch: globalThis.fetch,
    now: () => step.now().getTime(),
    signal: step.signal,
  })
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
  const [server, lock] = await Promise.all([open(), workplace.openLock()])
  if (!isEncrypted(server.at))
    log.warning(
      'input "server-url" is an http: address: whoever is on the way can read the access key',
      'CodePush',
    )
  log.info(`${server.at} is a server of the kind ${server.kind}`)
  const planned = await planAll(server, requests)
  for (const line of planned.flatMap(describePlan)) log.info(line)
  if (inputs['dry-run'])
    return finish(step, workplace, { server, plans: planned, results: [], decision: 'planned' })
  try {
    const isNew = planned.some(changes) && (await lock.take()) === 'changed'
    const plans = isNew ? await planAll(server, requests) : planned
    await applyPlans(step, workplace, server, plans)
  } finally {
    await lock.release()
  }
}

async function applyPlans(
  step: CodepushStep,
  workplace: Workplace,
  server: UpdateServer,
  plans: readonly Plan[],
): Promise<void> {
  const { inputs, log } = step
  const { incident } = workplace
  const startedAt = step.now().toISOString()

  const changed = plans.filter(changes)
  if (changed.length > 0) {
    const from = changed.map((plan) => namesOf(plan).from)
    await guardLayer(step, workplace, 'ota', from)
  }
  const results = await applyAll(server, plans, {
    incident,
    verifyTimeoutMs: inputs['verify-timeout'] ?? 0,
    now: () => step.now().getTime(),
    sleep: step.sleep,
    log: log.info,
  })
  for (const line of results.flatMap(describeDevices)) log.info(line)
  const circumstances = {
    reason: step.secrets.redact(inputs.reason),
    automatic: !(await workplace.isManual()),
    startedAt,
    stepKey: step.context.stepKey,
  }
  for (const result of results) {
    const event = describeResult(result, circumstances)
    if (event !== undefined) await workplace.record(event.what, event.key)
  }
  await finish(step, workplace, { server, plans, results, decision: decide(results) })
  const problems = results.flatMap(({ problem }) => problem ?? [])
  if (problems.length > 0) step.fail(listLines(problems))
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
    ...labelsOf(plan),
    label: receipt?.now?.label ?? '',
    verified: isVerified(receipt?.devices ?? []) && plan.leftAlone.length === 0,
  }
}
