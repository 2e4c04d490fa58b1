import type { Layer } from './layer.ts'

/** What was chosen of a layer, by the names of the settings. */
type Chosen = Readonly<Record<string, string | readonly string[]>>

/** A layer whose plan says what was chosen of it: another choice is another rollback, and does not go on with this one. */
export function scoped(layer: Layer, chosen: Chosen): Layer {
  const words = wordsOf(chosen)
  return {
    ...layer,
    async plan() {
      const plan = await layer.plan()
      const scope = [...words, ...(plan.view.scope === undefined ? [] : [plan.view.scope])].join('; ')
      return { ...plan, view: { ...plan.view, ...(scope !== '' && { scope }) } }
    },
  }
}

/** Whether the scope of a rollback has just what is chosen, whatever the layer itself says in it. */
export function hasChoice(chosen: Chosen): (rolledBack: { readonly scope: string | undefined }) => boolean {
  const words = wordsOf(chosen).join('; ')
  return ({ scope = '' }) => {
    if (scope === words) return true
    const start = words === '' ? '' : `${words}; `
    const rest = scope.slice(start.length).split('; ')
    return scope.startsWith(start) && !rest.some((word) => isOf(chosen, word))
  }
}

function isOf(chosen: Chosen, word: string): boolean {
  return Object.keys(chosen).some((name) => word.startsWith(`${name} `))
}

function wordsOf(chosen: Chosen): readonly string[] {
  return Object.entries(chosen).flatMap(([name, value]) =>
    value.length === 0 ? [] : [`${name} ${[value].flat().join(', ')}`],
  )
}
