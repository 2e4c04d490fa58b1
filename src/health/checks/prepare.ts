import type { Check } from '../../config/schema.ts'
import { prepareHttpCheck } from './http.ts'
import type { CheckSurroundings, Look } from './look.ts'
import { preparePrometheusCheck } from './prometheus.ts'

/**
 * Makes a check ready; a new type of check is a new file beside this one and a line here.
 * @throws InputError when it can never look: a bad address, a secret that is not set
 */
export function prepareCheck(check: Check, surroundings: CheckSurroundings): Look {
  switch (check.type) {
    case 'http':
      return prepareHttpCheck(check, surroundings)
    case 'prometheus':
      return preparePrometheusCheck(check, surroundings)
  }
}
