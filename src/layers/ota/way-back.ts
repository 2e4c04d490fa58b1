import { quoteWord } from '../../text/shell.ts'
import type { LayerReceipt } from '../layer.ts'
import { formatLabel } from './release.ts'
import { readChannel } from './request.ts'
import type { ServerKind } from './update-server.ts'

/** How people offer again what a rollback took back. @param kept the labels that were taken back, by channel */
export function wayBackOf(kind: ServerKind, kept: LayerReceipt['kept']): Pick<LayerReceipt, 'wayBack'> {
  const taken = Object.entries(kept).flatMap(([channel, labels]) =>
    [labels].flat().map((label) => ({ channel, label })),
  )
  if (taken.length === 0) return {}
  const names = taken.map(({ channel, label }) => `${formatLabel(label)} on ${channel}`).join(', ')
  const commands = taken.flatMap((each) => commandsOf(kind, each))
  return {
    wayBack: {
      steps: [
        commands.length > 0
          ? `The rollback withdrew ${names}. To ship that work, release a fixed bundle. To offer the same bundle again, including the fault:`
          : `The rollback withdrew ${names}. To ship that work, release a fixed bundle.`,
      ],
      commands,
    },
  }
}

/** Those of Microsoft's command line; the other servers have none for it that is known to work. */
function commandsOf(
  kind: ServerKind,
  { channel, label }: { readonly channel: string; readonly label: string },
): readonly string[] {
  if (kind !== 'microsoft') return []
  const { app, deployment } = readChannel(channel)
  const where = [app, deployment].map(quoteWord).join(' ')
  return [
    `code-push patch ${where} --label ${quoteWord(label)} --disabled false`,
    `code-push rollback ${where} --targetRelease ${quoteWord(label)}`,
  ]
}
