import type { Routes } from '../call.ts'
import { notFound } from '../refusal.ts'
import { isoTime, simpleUser } from '../represent.ts'

/** https://docs.github.com/en/rest/reactions/reactions */
export const reactions: Routes = {
  'reactions/create-for-issue-comment': {
    permission: 'issues:write',
    handle({ repository, token, params, body: { content } }) {
      const comment = repository.comments.find(({ id }) => String(id) === params['comment_id'])
      if (comment === undefined) throw notFound()
      const own = repository.reactions.find(
        (each) => each.comment === comment.id && each.by === token.login && each.content === content,
      )
      const made = {
        id: repository.nextId(),
        comment: comment.id,
        content,
        by: token.login,
        createdAt: new Date(),
      }
      if (own === undefined) repository.reactions.push(made)
      const { id, by, createdAt } = own ?? made
      return {
        status: own === undefined ? 201 : 200,
        body: {
          id,
          node_id: `REA_${id}`,
          user: simpleUser(repository, by),
          content,
          created_at: isoTime(createdAt),
        },
      }
    },
  },
}
