import { ConflictError, message, RefusedError } from '../errors.ts'
import { readFile, writeFile } from '../github/contents.ts'
import { isRuleRefusal } from '../github/refusal.ts'
import { chooseWay, findProposed, type Proposal, propose } from '../layers/code/delivery.ts'
import { createTree, readBranchRules, readCommit, readRef } from '../layers/code/repository.ts'
import { digestOf, readState, replaceState } from '../layers/config/file.ts'
import type { FlagFile } from '../layers/flags/flagd.ts'
import type { FlagsProposed } from '../layers/flags/service.ts'
import { bulletList, paragraph, renderMarkdown, text } from '../text/markdown.ts'
import type { LayerSurroundings } from './layer-surroundings.ts'

export type FlagFileSurroundings = Pick<
  LayerSurroundings,
  'repository' | 'config' | 'branch' | 'reason' | 'ownCommits'
>

/**
 * A file of flags in the repository. A write goes the way that a rollback of the code goes: one commit on the branch, or a pull request
 * where the rules of the branch, or `code.delivery`, want one. GitHub compares the content that a commit replaces.
 */
export function inRepository(
  { repository, config, branch, reason, ownCommits }: FlagFileSurroundings,
  file: string,
): FlagFile {
  const { delivery } = config.code
  const moved = () =>
    new ConflictError(`${file} on ${branch} has changed since it was read: nothing was changed; plan again`)
  const chosen = async () => chooseWay(delivery, await readBranchRules(repository, branch))
  const read = () => readFile(repository, { path: file, ref: branch })

  const commit = async (bytes: Buffer, blob: string, said: string) => {
    const outcome = await writeFile(repository, { path: file, branch, bytes, blob, message: said })
    if (outcome === 'conflict') throw moved()
    if (outcome === 'no-branch')
      throw new RefusedError(message`there is no branch ${branch} to write ${file} to`)
    if (outcome !== 'exists' && outcome.parent && outcome.commit)
      ownCommits.set(outcome.parent, outcome.commit)
  }

  const ask = async (bytes: Buffer, doing: string, said: string): Promise<FlagsProposed> => {
    const own = `rollback/flags-${digestOf(Buffer.concat([Buffer.from(`${branch}\0${file}\0`), bytes])).slice(0, 12)}`
    const proposal: Proposal = {
      ...{ base: branch, branch: own, title: `Feature flags: ${doing}` },
      body: renderMarkdown([
        paragraph(text(reason)),
        bulletList([[text(`${file}: ${doing}`)], [text('It takes effect when it is merged.')]]),
      ]),
      ...{ labels: ['rollback'], reviewers: [], draft: false, autoMerge: false },
    }
    const there = await findProposed(repository, proposal)
    const head = await readRef(repository, `heads/${branch}`)
    if (head === undefined) throw new RefusedError(message`there is no branch ${branch} to write ${file} to`)
    const { tree: base } = await readCommit(repository, head)
    const edits = [{ path: file, mode: '100644' as const, content: bytes }]
    const { pull, proposedOn } =
      there ??
      (await propose(repository, {
        draft: { tree: await createTree(repository, { base, edits }), parents: [head], message: said },
        proposal,
      }))
    return { proposedOn, ...(pull !== undefined && { pull: { number: pull.number, url: pull.url } }) }
  }

  return {
    name: file,
    path: file,
    read: async () => {
      const found = await read()
      return found && Buffer.from(found.bytes)
    },
    way: async () => {
      const { way, because } = await chosen()
      return way === 'pull-request'
        ? `open a pull request into ${branch} with ${file}: ${because}`
        : `write ${file} on ${branch} by one commit`
    },
    write: async (bytes, { expected, doing }) => {
      const found = await read()
      if (found === undefined || Buffer.compare(found.bytes, expected) !== 0) throw moved()
      const said = `Feature flags: ${doing}\n\n${reason}\n`
      if ((await chosen()).way === 'pull-request') return ask(bytes, doing, said)
      try {
        await commit(bytes, found.blob, said)
      } catch (error) {
        // a rule that is only known when it refuses the commit
        if (delivery !== 'auto' || !(error instanceof RefusedError) || !isRuleRefusal(error)) throw error
        return ask(bytes, doing, said)
      }
      return undefined
    },
  }
}

/** A file of flags on this machine. */
export function onMachine(folder: string, file: string): FlagFile {
  return {
    name: `${file} in ${folder}`,
    path: file,
    read: async () => (await readState(folder, file))?.bytes,
    write: async (bytes, { expected }) => {
      const now = await readState(folder, file)
      if (now === undefined)
        throw new ConflictError(`${file} in ${folder} was removed: nothing was changed; plan again`)
      await replaceState(folder, file, { expected: digestOf(expected), state: { ...now, bytes } })
      return undefined
    },
  }
}
