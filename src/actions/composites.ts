import type { ActionContract } from '../runner/contract.ts'
import { deployedRevision } from './contract-parts.ts'

/**
 * The actions that are made of other people's and of ours, wholly in `actions/<name>/`: their manifests say what they take
 * and give, and only what their token needs is said here.
 */
export const composites: readonly (Pick<ActionContract, 'name' | 'permissions' | 'morePermissions'> & {
  readonly description: string
})[] = [
  {
    name: 'snapshot',
    description:
      'Backs up a database before a deployment, encrypted, and keeps the backup as an artifact of the run.',
    permissions: { contents: 'read', deployments: 'read' },
  },
  {
    name: 'restore-snapshot',
    description:
      'Downloads the backup that snapshot kept, restores it beside the database, verifies it, and swaps the two.',
    permissions: { contents: 'write' },
    morePermissions: {
      'deployments: read': deployedRevision,
      'actions: read': 'for the snapshot of another run',
    },
  },
  {
    name: 'publish-dashboard',
    description:
      'Creates the report of rollback-report, and publishes its dashboard on GitHub Pages or keeps it as an artifact of the run.',
    permissions: { contents: 'read' },
    morePermissions: {
      'issues: read': 'to list open action items on the dashboard; without it, the dashboard says so',
      'deployments: read': 'to count deployments; without it, only those in the history count',
      'pages: write': 'with `to: pages`',
      'id-token: write': 'with `to: pages`',
    },
  },
]
