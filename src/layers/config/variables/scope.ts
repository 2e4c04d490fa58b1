/** Whose variables are meant: the repository's, or those of the environment that is rolled back. */
export const scopes = ['repository', 'environment'] as const
export type Scope = (typeof scopes)[number]
