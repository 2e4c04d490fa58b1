/** How a rollback may get to its branch; in a file of its own, so that a contract loads nothing else. */
export const deliveries = ['auto', 'direct', 'pull-request'] as const
export type Delivery = (typeof deliveries)[number]
