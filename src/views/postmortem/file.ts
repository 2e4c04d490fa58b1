import { createHash } from 'node:crypto'
import { RefusedError } from '../../errors.ts'
import type { Repository } from '../../github/client.ts'
import { commitFiles } from '../../github/commit-files.ts'
import { resolveRevision } from '../../github/commits.ts'
import { readFile } from '../../github/contents.ts'
import type { Issue } from '../../github/issues.ts'
import { findOpenPull, openPull } from '../../github/pulls.ts'
import { createRef } from '../../github/refs.ts'
import type { IncidentFacts } from './incident-facts.ts'
import { withoutMarkers } from './issue-body.ts'

/** A post-mortem that is a file of the repository, once its pull request is merged. */
export interface FiledPostmortem {
  readonly path: string
  /** undefined where the branch has the same file already */
  readonly pull: { readonly number: number; readonly url: string } | undefined
}

/**
 * Opens a pull request with the post-mortem as a file: as people read it in the issue at this moment. Run again with the same
 * text, it finds the same pull request.
 * @param folder from the root of the repository
 * @param base the branch that it goes to
 */
export async function filePostmortem(
  repository: Repository,
  issue: Issue,
  {
    facts: { incident, events },
    base,
    folder,
  }: { readonly facts: IncidentFacts; readonly base: string; readonly folder: string },
): Promise<FiledPostmortem> {
  const day = (events[0]?.at ?? '').slice(0, 10)
  const path = `${folder}/${day}-${incident}.md`
  const content = `# ${issue.title.replace(/\s+/g, ' ').replace(/([\\`*_[\]<>#])/g, '\\$1')}\n\n${withoutMarkers(issue.body).trim()}\n`
  if ((await readFile(repository, { path, ref: base }))?.text === content) return { path, pull: undefined }
  const branch = `postmortem/${incident}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`
  // before anything is written: the token may not see pull requests
  await findOpenPull(repository, { head: branch, base })
  const head = await resolveRevision(repository, `heads/${base}`)
  if (head === undefined) throw new RefusedError(`there is no branch ${base}`)
  await createRef(repository, { ref: `heads/${branch}`, sha: head })
  if ((await readFile(repository, { path, ref: branch }))?.text !== content)
    await commitFiles(repository, {
      branch,
      message: `Post-mortem of ${incident}`,
      additions: [{ path, text: content }],
      deletions: [],
    })
  const pull = await openPull(repository, {
    head: branch,
    base,
    title: `Post-mortem of ${incident}`,
    body: `The post-mortem of #${issue.number} as a file.`,
    draft: false,
  })
  return { path, pull: { number: pull.number, url: pull.url } }
}
