import { bulletList, code, codeBlock, paragraph, text } from '../../text/markdown.ts'
import type { Called, LayerPlanView, LayerStanding, LayerWords } from '../layer.ts'
import { type Position, sayPosition } from './migrations/position.ts'

/** What a run that only restores a backup says of its plan. */
export function wordsOfRestore(view: LayerPlanView): LayerWords {
  return wordsOf(view, `backup ${view.to}`, {
    done: { reasonCode: 'restored', headline: 'Database: restored' },
    doneBefore: { reasonCode: 'same-content', headline: 'Database: already restored' },
  })
}

/** What a run that only undoes migrations says of its plan. @param to where the database stands then */
export function wordsOfMigrations(view: LayerPlanView, to: Position): LayerWords {
  return wordsOf(view, to === undefined ? sayPosition(to) : `migration ${to}`, {
    done: { reasonCode: 'migrations-undone', headline: 'Migrations: undone' },
    doneBefore: { reasonCode: 'nothing-applied', headline: 'Migrations: already undone' },
  })
}

function wordsOf(
  { foundBy, steps, losses, warnings, undone }: LayerPlanView,
  goal: string,
  called: { readonly done: Called; readonly doneBefore: Called },
): LayerWords {
  return {
    ...called,
    lines: [
      `going back to ${goal}: ${foundBy}`,
      ...steps,
      ...losses.map((loss) => `lost: ${loss}`),
      ...warnings.map((warning) => `warning: ${warning}`),
    ],
    sections: [
      paragraph('Going back to ', text(goal), text(`: ${foundBy}.`)),
      ...(undone.length === 0
        ? []
        : [paragraph('Migrations that are undone:'), bulletList(undone.map(({ title }) => [code(title)]))]),
      ...(losses.length === 0 ? [] : [paragraph('Lost by that:'), bulletList(losses.map(plain))]),
      ...(warnings.length === 0 ? [] : [paragraph('Warnings:'), bulletList(warnings.map(plain))]),
    ],
    standing: (standing) => ({
      line: `the database is at ${goal}`,
      sections: [paragraph('The database is at ', text(goal), '.'), ...sectionsOf(standing)],
    }),
  }
}

/** What was lost when it was done, and how to go back. */
function sectionsOf({ losses = [], wayBack }: LayerStanding): LayerWords['sections'] {
  return [
    ...(losses.length === 0
      ? []
      : [paragraph('Not in it, and counted when it was restored:'), bulletList(losses.map(plain))]),
    ...(wayBack === undefined
      ? []
      : [
          ...wayBack.steps.map((step) => paragraph(text(step))),
          ...(wayBack.commands.length === 0 ? [] : [codeBlock(wayBack.commands.join('\n'), 'sh')]),
        ]),
  ]
}

function plain(line: string) {
  return [text(line)]
}
