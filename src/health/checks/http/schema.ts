import { isIP } from 'node:net'
import { z } from 'zod'
import { duration, httpUrl, isMapping, jsonPath, section } from '../../../settings/fields.ts'
import { describeMetrics, httpMetrics, metrics } from '../../../settings/metrics.ts'
import { finish } from '../finish.ts'
import { refuseBadLimits } from '../refuse-limits.ts'
import { rulesOfGaps, shared } from '../schema-parts.ts'

const jsonValue = z.union([
  z.string().describe('a text'),
  z.number().describe('a number'),
  z.boolean().describe('true or false'),
  z.null().describe('null'),
])

const expectation = section({
  status: z
    .array(
      z
        .int('must be a status such as `200`')
        .min(100, 'must be a status from 100 to 599')
        .max(599, 'must be a status from 100 to 599'),
      {
        error: ({ input }) => (Number.isInteger(input) ? `must be a list; write \`[${input}]\`` : undefined),
      },
    )
    .min(1, 'is empty; write the statuses, such as `[200]`, or remove the key')
    .optional()
    .describe('Statuses that are good. Default: any from 200 to 299.'),
  body: z
    .string()
    .min(1, 'is empty; write a text, or remove the key')
    .optional()
    .describe('Text that the body of the answer must contain. Default: none.'),
  'body-matches': z
    .string()
    .superRefine((pattern, context) => {
      try {
        new RegExp(pattern, 'u')
      } catch {
        context.addIssue('is not a regular expression of JavaScript; write one such as `^ok\\b`')
      }
    })
    .optional()
    .describe('Regular expression that the body must match somewhere. Default: none.'),
  json: z
    .record(jsonPath(), jsonValue)
    .optional()
    .describe(
      'What is in the body, which is JSON then: a JSONPath, and the value that all it finds must have, such as `{ $.status: ok }`. Default: none.',
    ),
  revision: z
    .union(
      [
        section({
          header: z
            .string()
            .regex(
              /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/,
              'is not the name of a header; write one such as `x-revision`',
            )
            .describe('name of the header. Has no default.'),
        }),
        section({ json: jsonPath().describe('JSONPath into the body, such as `$.commit`. Has no default.') }),
        section({
          matches: z
            .string()
            .superRefine((pattern, context) => {
              try {
                if (new RegExp(`${pattern}|`, 'u').exec('')?.length !== 1) return
              } catch {
                // the same words
              }
              context.addIssue(
                'must be a regular expression with one group around the revision, such as `commit: ([0-9a-f]+)`',
              )
            })
            .describe('regular expression of JavaScript whose first group is the revision. Has no default.'),
        }),
      ],
      {
        error:
          'must be `{ header: NAME }`, `{ json: PATH }` or `{ matches: PATTERN }`, whose pattern has one group around the revision',
      },
    )
    .optional()
    .describe(
      'Where an answer names the commit that serves it, at least seven characters of its id. An answer of another revision is not one of the deployment. Default: nowhere.',
    ),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Text that a header of the answer must contain, by its name. Default: none.'),
  'certificate-valid-for': duration()
    .optional()
    .describe('How long the certificate of the server must still be valid. Default: until now.'),
  'max-latency': duration({ min: 1 })
    .optional()
    .describe('A slower answer is a failed probe. Default: none but `timeout`.'),
}).transform(({ status, body, json, headers, revision, 'max-latency': maxLatencyMs, ...rest }) => ({
  ...(status === undefined ? {} : { status }),
  ...(body === undefined ? {} : { body }),
  ...(rest['body-matches'] === undefined ? {} : { bodyMatches: rest['body-matches'] }),
  ...(json === undefined ? {} : { json }),
  ...(headers === undefined ? {} : { headers }),
  ...(revision === undefined ? {} : { revision }),
  ...(rest['certificate-valid-for'] === undefined
    ? {}
    : { certificateValidForMs: rest['certificate-valid-for'] }),
  ...(maxLatencyMs === undefined ? {} : { maxLatencyMs }),
}))

export const httpCheck = section(
  {
    name: shared.name,
    type: z.literal('http').describe('Probes an address. An unexpected answer, or none, is a failure.'),
    url: httpUrl({ example: 'https://example.com/healthz' }).describe('Address to probe.'),
    method: z
      .enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      .optional()
      .describe('Method of the request. Default: GET, or POST with a `body`.'),
    body: z
      .string()
      .optional()
      .describe(
        'What is sent; its type is a header, such as `content-type`. Never a secret. Default: nothing.',
      ),
    redirects: z
      .int('must be a whole number; write for example `5`')
      .min(0, 'must not be below 0')
      .max(20, 'must be at most 20')
      .default(5)
      .describe('How many redirects are followed; with 0 a redirect is the answer.'),
    ip: z
      .union([z.literal(4), z.literal(6)], { error: 'must be `4` or `6`' })
      .optional()
      .describe('Which addresses of the host are probed: IPv4 or IPv6. Default: any.'),
    metric: z
      .enum(httpMetrics, { error: ({ input }) => explainHttpMetric(input) })
      .default('error-rate')
      .describe(`What is measured, with its own limit and severity. ${describeMetrics(httpMetrics)}.`),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: duration()
      .optional()
      .describe(
        'How long the limit must be breached before it counts. Default: two intervals, at most the window.',
      ),
    expect: expectation.prefault({}).describe('What a good answer is. Default: any status from 200 to 299.'),
    ...rulesOfGaps,
    headers: shared.headers,
  },
  { query: 'only a check of `type: prometheus` has it' },
)
  .superRefine(refuseBadLimits, { when: isMapping })
  .superRefine(refuseBodyOfGet, { when: isMapping })
  .superRefine(refuseOtherFamily, { when: isMapping })
  .transform(({ for: forMs, method, body, ip, ...check }) => ({
    ...finish(check),
    metric: check.metric,
    ...(method === undefined ? {} : { method }),
    ...(body === undefined ? {} : { body }),
    ...(ip === undefined ? {} : { ip }),
    ...(forMs === undefined ? {} : { forMs }),
  }))

function refuseBodyOfGet(check: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  if (check['body'] === undefined || (check['method'] !== 'GET' && check['method'] !== 'HEAD')) return
  const message = `can't be sent with ${check['method']}; remove it, or write \`method: POST\``
  context.addIssue({ code: 'custom', path: ['body'], message })
}

/** An address in the place of a host name is of one kind, which `ip` cannot change. */
function refuseOtherFamily(check: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const { ip, url } = { ip: check['ip'], url: check['url'] }
  if (typeof url !== 'string' || !URL.canParse(url) || (ip !== 4 && ip !== 6)) return
  const kind = isIP(new URL(url).hostname.replace(/^\[|\]$/g, ''))
  if (kind === 0 || kind === ip) return
  const message = `is \`${ip}\`, and the host of \`url\` is an IPv${kind} address; remove it, or write a host name`
  context.addIssue({ code: 'custom', path: ['ip'], message })
}

function explainHttpMetric(input: unknown): string | undefined {
  const other = metrics.find((metric) => metric === input)
  if (other === undefined) return undefined
  return `can't be \`${other}\`, which no probe can see; ask for it with \`type: prometheus\``
}
