import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of a certificate and its key, as servers want them. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

/** A certificate authority of the test's own, made by openssl. Nobody trusts it until a test has it trusted. */
export function openAuthority() {
  const directory = mkdtempSync(join(tmpdir(), 'authority-'))
  const openssl = (...args: readonly string[]) =>
    void execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '3650',
    '-subj',
    '/CN=ours',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  let issued = 0
  return {
    /** PEM */
    certificate: readFileSync(join(directory, 'ca.pem'), 'utf8'),
    /** @param days until it ends; negative for one that has ended. @param names `DNS:…`, `IP:…` */
    issue: (names: string, days: number): Certificate => {
      issued += 1
      const name = `server-${issued}`
      writeFileSync(join(directory, `${name}.ext`), `subjectAltName = ${names}\n`)
      openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.ext`]
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-days', String(days), '-out', `${name}.pem`)
      return { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) }
    },
    /** one that vouches for itself */
    issueSelfSigned: (names: string): Certificate => {
      const subject = ['-subj', '/CN=itself', '-addext', `subjectAltName=${names}`, '-days', '30']
      openssl('req', '-x509', ...newKey, ...subject, '-keyout', 'itself.key', '-out', 'itself.pem')
      return { certificate: join(directory, 'itself.pem'), key: join(directory, 'itself.key') }
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}
