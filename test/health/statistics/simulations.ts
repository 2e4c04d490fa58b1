/** False alarms of the tests at their own limit, by simulation: `node simulations.ts` prints how many there were, as JSON. */
import {
  addCounts,
  callOf,
  emptyOneArm,
  type OneArmPlan,
  type PollCounts,
  planOneArm,
} from '../../../src/health/statistics/one-arm.ts'
import { addTraffic, emptyTraffic, isLost } from '../../../src/health/statistics/traffic-loss.ts'
import { addPair, emptyTwoArm, isWorse } from '../../../src/health/statistics/two-arm.ts'
import { binomial, poisson, randomOf } from '../../support/random.ts'

export interface SimulationResult {
  readonly name: string
  readonly gates: number
  readonly alpha: number
  /** gates that were called, though nothing was wrong */
  readonly alarms: number
}

interface Simulation {
  readonly name: string
  readonly seed: number
  readonly alpha: number
  /** plays one gate, and says whether it was called */
  readonly play: (random: () => number) => boolean
}

const gates = 20_000
const settings = { alpha: 0.01, beta: 0.05, detect: 2, plannedPolls: 60, dispersion: 1 }

/** True as soon as one poll of the gate is called bad. */
function everBad(draw: () => PollCounts, by: OneArmPlan): boolean {
  let state = emptyOneArm
  for (let poll = 0; poll < by.plannedPolls; poll += 1) {
    state = addCounts(state, draw(), by)
    if (callOf(state, by) === 'bad') return true
  }
  return false
}

function atLimit(perPoll: number, limit: number): Simulation {
  const by = planOneArm({ ...settings, limit })
  return {
    name: `of ${perPoll} requests a poll, limit ${limit},`,
    seed: 1,
    alpha: by.alpha,
    play: (random) => everBad(() => ({ bad: binomial(random, perPoll, limit), of: perPoll }), by),
  }
}

const pairPlan = { tolerance: 1, alpha: 0.05, plannedPolls: 40 }
const trafficPlan = { least: 0.4, alpha: 0.05, plannedPolls: 40, dispersion: 1 }

export const simulations: readonly Simulation[] = [
  atLimit(3, 0.02),
  atLimit(150, 0.02),
  atLimit(10, 0.3),
  atLimit(1500, 0.001),
  {
    name: 'of two alike, whatever hits both,',
    seed: 2,
    alpha: pairPlan.alpha,
    play: (random) => {
      let state = emptyTwoArm
      for (let poll = 0; poll < pairPlan.plannedPolls; poll += 1) {
        const share = random() < 0.1 ? 0.3 : 0.01
        const draw = (of: number) => ({ bad: binomial(random, of, share), of })
        state = addPair(state, { suspect: draw(5), control: draw(45) }, pairPlan)
        if (isWorse(state, pairPlan)) return true
      }
      return false
    },
  },
  {
    name: 'of traffic that is just enough',
    seed: 3,
    alpha: trafficPlan.alpha,
    play: (random) => {
      let state = emptyTraffic
      for (let poll = 0; poll < trafficPlan.plannedPolls; poll += 1) {
        state = addTraffic(state, poisson(random, 6), 15, trafficPlan)
        if (isLost(state, trafficPlan)) return true
      }
      return false
    },
  },
]

if (process.argv[1] === import.meta.filename) {
  const results = simulations.map(({ name, seed, alpha, play }): SimulationResult => {
    const random = randomOf(seed)
    let alarms = 0
    for (let gate = 0; gate < gates; gate += 1) if (play(random)) alarms += 1
    return { name, gates, alpha, alarms }
  })
  process.stdout.write(JSON.stringify(results))
}
