/** The name under which the suite is published: documents, composite actions and the release take it from here. */
export const publishedName = 'rollback-suite/rollback'

/** The tag that users pin when they pin no commit. */
export const publishedTag = 'v1'
