import type { Check } from '../../settings/schema.ts'
import { aboutSubject } from '../subject.ts'
import { prepareCodePushCheck } from './codepush/check.ts'
import { prepareCommandCheck } from './command/check.ts'
import { prepareDatadogCheck } from './datadog/check.ts'
import { prepareGitHubCheck } from './github/check.ts'
import { prepareHttpCheck } from './http/check.ts'
import { prepareJsonCheck } from './json/check.ts'
import type { CheckSurroundings, Look } from './look.ts'
import { prepareNewRelicCheck } from './newrelic/check.ts'
import { preparePrometheusCheck } from './prometheus/check.ts'
import { prepareSentryCheck } from './sentry/check.ts'
import { prepareTcpCheck } from './tcp/check.ts'

/**
 * Makes a check ready; a new type of check is a new file beside this one and a line here.
 * @throws InputError when it can never look: a bad address, a secret that is not set
 */
export function prepareCheck(agreed: Check, surroundings: CheckSurroundings): Look {
  const check = aboutSubject(agreed, surroundings.subject)
  switch (check.type) {
    case 'http':
      return prepareHttpCheck(check, surroundings)
    case 'prometheus':
      return preparePrometheusCheck(check, surroundings)
    case 'tcp':
      return prepareTcpCheck(check, surroundings)
    case 'command':
      return prepareCommandCheck(check, surroundings)
    case 'json':
      return prepareJsonCheck(check, surroundings)
    case 'datadog':
      return prepareDatadogCheck(check, surroundings)
    case 'newrelic':
      return prepareNewRelicCheck(check, surroundings)
    case 'sentry':
      return prepareSentryCheck(check, surroundings)
    case 'codepush':
      return prepareCodePushCheck(check, surroundings)
    case 'github':
      return prepareGitHubCheck(check, surroundings)
  }
}
