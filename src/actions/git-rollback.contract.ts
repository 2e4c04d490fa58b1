import { defineAction } from '../runner/contract.ts'
import { input } from '../runner/inputs.ts'
import { commonInputs, commonOutputs } from './contract-parts.ts'

export const gitRollback = defineAction({
  name: 'git-rollback',
  title: 'Git rollback',
  description:
    'Puts a branch back to the content of a good revision by one new commit, without a clone, and tags it.',
  branding: { icon: 'rotate-ccw', color: 'orange' },
  permissions: { contents: 'write', deployments: 'read' },
  inputs: {
    ...commonInputs,
    branch: input.text({
      description: 'The deployed branch. Left empty: the configured one, else the default branch.',
    }),
    target: input.text({
      description:
        'The good revision: `last-successful-deployment`, a commit id, a tag, a branch, or `HEAD~n`. It has to be an older revision of the branch.',
      default: 'last-successful-deployment',
    }),
    reason: input.text({
      description: 'Why, in a sentence, for the commit, the tag and the post-mortem.',
      default: 'the deployment is unhealthy',
    }),
    'dry-run': input.flag({ description: 'Plan and print, and change nothing.', default: 'false' }),
  },
  outputs: {
    ...commonOutputs,
    decision: '`rolled-back`, `already-rolled-back`, `planned` or `failed`.',
    from: 'Full id of the commit that the branch was at.',
    to: 'Full id of the good revision.',
    commit: 'Full id of the rollback commit: the revision to deploy now.',
    tag: 'Name of the tag on the rollback commit.',
    'undone-commits': 'How many commits are undone.',
  },
})
