import type { LayerReceipt } from '../layers/layer.ts'

type Proposal = Pick<LayerReceipt, 'outcome' | 'pull' | 'proposedOn'>

/** What has to be merged before a proposal takes effect: its pull request, or its branch where there are no pull requests. */
export function sayProposal({ pull, proposedOn }: Omit<Proposal, 'outcome'>): string {
  if (pull !== undefined) return `pull request #${pull.number}`
  return proposedOn === undefined ? 'the proposed commit' : `the branch ${proposedOn}`
}

/**
 * What is left to do for what only waits to be merged; undefined where it is in force.
 * @param verb what it does once it is merged, such as `rolled back`
 */
export function sayWaiting(receipt: Proposal | undefined, verb: string): string | undefined {
  if (receipt?.outcome !== 'proposed') return undefined
  const where = receipt.pull === undefined ? '' : ` (${receipt.pull.url})`
  return `nothing is ${verb} until ${sayProposal(receipt)} is merged: merge it${where}, and run this again`
}
