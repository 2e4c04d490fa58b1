import type { Layer, LayerPlan } from './layer.ts'

/**
 * A layer that is opened when it is first used, so that what is wrong with its settings is wrong with its plan alone; and that is planned once,
 * so that another layer can build on its plan.
 */
export function openLazily(name: Layer['name'], open: () => Promise<Layer>): Layer {
  let opened: Promise<Layer> | undefined
  let planned: Promise<LayerPlan> | undefined
  const layer = () => {
    opened ??= open()
    return opened
  }
  return {
    name,
    plan: () => {
      planned ??= layer().then((each) => each.plan())
      return planned
    },
    undo: async (done) => (await layer()).undo(done),
  }
}
