import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of a server's certificate and key, of the authority that signed it, and of another that did not. */
export interface Certificates {
  readonly certificate: string
  readonly key: string
  readonly authority: string
  readonly otherAuthority: string
}

/** Makes them by openssl, for one host name. */
export function makeCertificates(directory: string, host: string): Certificates {
  const openssl = (...args: string[]) => void execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  for (const name of ['authority', 'other'])
    openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
  writeFileSync(join(directory, 'extensions'), `subjectAltName = DNS:${host}\n`)
  openssl(
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${host}`],
    ...['-keyout', 'server.key', '-out', 'server.csr'],
  )
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      'server.csr',
      '-CA',
      'authority.pem',
      '-CAkey',
      'authority.key',
      '-CAcreateserial',
    ],
    ...['-days', '2', '-extfile', 'extensions', '-out', 'server.pem'],
  )
  return {
    certificate: join(directory, 'server.pem'),
    key: join(directory, 'server.key'),
    authority: join(directory, 'authority.pem'),
    otherAuthority: join(directory, 'other.pem'),
  }
}
