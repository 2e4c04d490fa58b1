import { createHash } from 'node:crypto'

/**
 * The id of the incident: one failed deployment and all that was done about it. The same in every job, re-run and
 * workflow of that deployment, because it is made of the environment and the failed revision alone. Safe in a ref
 * name, a file name and an HTML comment.
 * @param revision the full commit id of the failed deployment
 */
export function incidentId({ environment, revision }: { environment: string; revision: string }): string {
  return `${environmentSlug(environment)}-${revision.slice(0, 12)}`
}

/** An environment's name that is safe in the name of a ref or a file; two environments have two. */
export function environmentSlug(environment: string): string {
  const slug = environment
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  // two environments whose names differ only in what a slug drops must not share an incident
  const distinct = slug === environment ? slug : `${slug}-${shortHash(environment)}`
  return distinct.replace(/^-/, '')
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 6)
}
