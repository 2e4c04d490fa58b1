import { drawGate, type Gate, type Kind, scenes } from './gates.ts'

export const traffics = [0.05, 0.2, 1, 10, 100]
export const bases = [0.001, 0.01, 0.02]
export const effects = [1.5, 2, 3, 5, 20]
const bursts = [0, 0.5, 1]

export const healthyKinds = kindsOf({ effects: [1] })
export const badKinds = kindsOf({ effects })
export const burstKinds = healthyKinds.filter(({ burst }) => burst > 0)
/** Each scene with and without bursts, those of bursts with two sizes of them. */
export const healthyScenes = scenesOf([1])
export const badScenes = scenesOf([2, 5, 20])

function kindsOf({ effects }: { readonly effects: readonly number[] }): readonly Kind[] {
  return traffics.flatMap((traffic) =>
    bases.flatMap((base) =>
      effects.flatMap((effect) => bursts.map((burst) => ({ traffic, base, effect, burst }))),
    ),
  )
}

function scenesOf(effects: readonly number[]): readonly Kind[] {
  return scenes.flatMap((scene) =>
    kindsOf({ effects })
      .filter(({ burst }) => burst === 1 || burst === (scene.startsWith('bursts') ? 0.5 : 0))
      .map((kind) => ({ ...kind, scene })),
  )
}

/** Draws so many gates of each kind, each from a seed of its own, one after the other. */
export function drawerFrom(firstSeed: number): (kinds: readonly Kind[], each: number) => readonly Gate[] {
  let seed = firstSeed
  return (kinds, each) => kinds.flatMap((kind) => Array.from({ length: each }, () => drawGate(kind, seed++)))
}
