/** How production is at the moment of acting. */
export interface Assessment {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive' | 'error' | 'pre-existing' | 'not-deployed'
  readonly because: string
}
