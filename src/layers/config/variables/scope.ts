/** Whose variables are meant: the repository's, those of the environment that is rolled back, or named ones of the organization. */
export const scopes = ['repository', 'environment', 'organization'] as const
export type Scope = (typeof scopes)[number]
