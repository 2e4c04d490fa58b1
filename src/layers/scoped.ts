import type { Layer } from './layer.ts'

/** A layer whose plan says what was chosen of it: another choice is another rollback, and does not go on with this one. */
export function scoped(layer: Layer, chosen: Readonly<Record<string, string | readonly string[]>>): Layer {
  const words = Object.entries(chosen).flatMap(([name, value]) =>
    value.length === 0 ? [] : [`${name} ${[value].flat().join(', ')}`],
  )
  return {
    ...layer,
    async plan() {
      const plan = await layer.plan()
      const scope = [...words, ...(plan.view.scope === undefined ? [] : [plan.view.scope])].join('; ')
      return { ...plan, view: { ...plan.view, ...(scope !== '' && { scope }) } }
    },
  }
}
