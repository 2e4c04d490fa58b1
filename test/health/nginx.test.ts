import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { prepareHttpCheck } from '../../src/health/checks/http/check.ts'
import type { Reading } from '../../src/health/reading.ts'
import { openAuthority } from '../support/authority.ts'
import { startNginx } from '../support/nginx.ts'
import { checksOf, httpCheckOf, watch } from './example.ts'

/** What production is most often behind, as Debian ships it. */
const authority = openAuthority()
const here = 'DNS:localhost,IP:127.0.0.1'
const well = () => 'location / { return 200 "all is well"; }'
let nginx: Awaited<ReturnType<typeof startNginx>>
const trusted = getCACertificates('default')

beforeAll(async () => {
  setDefaultCACertificates([...trusted, authority.certificate])
  nginx = await startNginx(
    {
      plain: {
        config: (urlOf) => `
          location / { return 200 "all is well"; }
          location = /to-secure { return 301 ${urlOf('secure')}; }
          location = /to-expired { return 301 ${urlOf('expired')}; }
          location = /round { return 302 /and-round; }
          location = /and-round { return 302 /round; }
          location = /behind { proxy_pass http://127.0.0.1:9/; }
          location = /hidden { return 401; }
          location = /cut { limit_rate 1k; try_files /long.txt =404; }
          location ~ [.](txt|json)$ { }`,
      },
      secure: { tls: authority.issue(here, 90), config: well },
      short: { tls: authority.issue(here, 5), config: well },
      expired: { tls: authority.issue(here, -1), config: well },
      elsewhere: { tls: authority.issue('DNS:elsewhere.example.com', 90), config: well },
      itself: { tls: authority.issueSelfSigned(here), config: well },
      old: {
        tls: authority.issue(here, 90),
        config: () => `ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; ${well()}`,
      },
    },
    {
      'long.txt': `${'x'.repeat(5 * 1024 * 1024)}<h1>`,
      'long.json': `{"errors": 1, "more": "${'x'.repeat(5 * 1024 * 1024)}"}`,
      'short.json': '{"errors": 1}',
    },
  )
})
afterAll(async () => {
  await nginx.stop()
  authority.close()
  setDefaultCACertificates(trusted)
})

async function probe(url: string, check: object = {}): Promise<Reading> {
  const surroundings = {
    fetch,
    env: {},
    timeoutMs: 2000,
    intervalMs: 15_000,
    plannedPolls: 21,
    deployedAt: undefined,
    now: () => performance.now(),
  }
  return prepareHttpCheck(httpCheckOf({ url, ...check }), surroundings).look(
    Date.now(),
    new AbortController().signal,
  )
}
const isGood = { kind: 'value', value: 0 }
const isBad = (why: string) => ({ kind: 'value', value: 1, note: `1 of 1 probes failed: 1 × ${why}` })

/** By the platform's own fetch, and by the one that reads the certificate. */
describe.each([
  ['a probe', {}],
  ['a probe that looks at the certificate', { expect: { 'certificate-valid-for': '14d' } }],
])('%s', (_, check) => {
  test('of a certificate that is valid is good', async () => {
    expect(await probe(nginx.urlOf('secure'), check)).toMatchObject(isGood)
  })

  test('is led from http to https, and good there', async () => {
    expect(await probe(`${nginx.urlOf('plain')}to-secure`, check)).toMatchObject(isGood)
  })

  test.each([
    ['that has ended', 'expired', 'CERT_HAS_EXPIRED'],
    ['of another host', 'elsewhere', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that vouches for itself', 'itself', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('of a certificate %s is an error, and no evidence against production', async (_name, server, code) => {
    const reading = await probe(nginx.urlOf(server), check)
    expect(reading).toEqual({
      kind: 'error',
      note: `${nginx.urlOf(server)} could not be probed: the TLS connection failed (${code})`,
    })
  })

  test('that is led to a certificate that has ended is an error, too', async () => {
    expect(await probe(`${nginx.urlOf('plain')}to-expired`, check)).toMatchObject({
      kind: 'error',
      note: expect.stringContaining('the TLS connection failed (CERT_HAS_EXPIRED)'),
    })
  })

  test('of a server that speaks only TLS 1.1 is an error', async () => {
    expect(await probe(nginx.urlOf('old'), check)).toMatchObject({
      kind: 'error',
      note: expect.stringContaining('the TLS connection failed'),
    })
  })

  test('of a server that speaks no TLS is an error', async () => {
    const url = nginx.urlOf('plain').replace('http:', 'https:')
    expect(await probe(url, check)).toMatchObject({
      kind: 'error',
      note: expect.stringContaining('the TLS connection failed'),
    })
  })

  test('that is led in a circle ends after five steps', async () => {
    expect(await probe(`${nginx.urlOf('plain')}round`, check)).toMatchObject(isBad('more than 5 redirects'))
  })

  test('of a proxy that has nothing behind it is a failure', async () => {
    expect(await probe(`${nginx.urlOf('plain')}behind`, check)).toMatchObject(isBad('status 502'))
  })

  test('of 5 MB reads the first of them, and says so where a text is missing', async () => {
    const url = `${nginx.urlOf('plain')}long.txt`
    expect(await probe(url, check)).toMatchObject(isGood)
    expect(await probe(url, { ...check, expect: { body: '<h1>' } })).toMatchObject(
      isBad('the expected text was not there in the first 1 MiB'),
    )
  })

  test('of an answer that comes too slowly ends in its time', async () => {
    expect(await probe(`${nginx.urlOf('plain')}cut`, check)).toMatchObject(
      isBad('no complete answer within 2s'),
    )
  })
})

test('a certificate that ends sooner than agreed is a failure', async () => {
  const soon = new Date(Date.now() + 5 * 24 * 60 * 60_000).toISOString().slice(0, 10)
  const check = { expect: { 'certificate-valid-for': '14d' } }
  expect(await probe(nginx.urlOf('short'), check)).toMatchObject(
    isBad(`the certificate ends on ${soon}, in less than 14d`),
  )
  expect(await probe(nginx.urlOf('short'), { expect: { 'certificate-valid-for': '4d' } })).toMatchObject(
    isGood,
  )
})

describe('a number that is asked of a server behind nginx', () => {
  const ask = async (url: string) => {
    const check = { name: 'errors', type: 'json', url, value: '$.errors', max: 5, severity: 'high' }
    const { report } = await watch({ checks: checksOf(check), windowMs: 15_000, timeoutMs: 3000 })
    return { verdict: report.verdict, evidence: report.checks[0]?.evidence }
  }

  test('is taken', async () => {
    expect(await ask(`${nginx.urlOf('plain')}short.json`)).toMatchObject({ verdict: 'healthy' })
  })

  test.each([
    ['whose certificate has ended', 'expired', '', /the TLS connection failed \(CERT_HAS_EXPIRED\)/],
    ['of another name', 'elsewhere', '', /the TLS connection failed \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ['that wants another token', 'plain', 'hidden', /refused the request \(status 401\)/],
    ['that leads in a circle', 'plain', 'round', /status 302/],
    ['that is away', 'plain', 'behind', /status 502/],
    ['that sends more than 5 MiB', 'plain', 'long.json', /more than 5 MiB/],
    ['that never ends', 'plain', 'cut', /no complete answer within 3s/],
  ])('%s is an error with the reason', async (_, server, path, why) => {
    const seen = await ask(`${nginx.urlOf(server)}${path}`)
    expect(seen).toMatchObject({ verdict: 'error' })
    expect(seen.evidence).toMatch(why)
  })
})
