import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A web service on loopback that speaks TLS, with a certificate of its own that `openssl` makes for `127.0.0.1` and
 * `localhost`. Nobody trusts it until a test has the certificate trusted.
 */
export async function startTlsService({ days }: { readonly days: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const subject = ['-subj', '/CN=localhost', '-addext', names, '-days', String(days)]
  execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' })
  const certificate = readFileSync(certFile, 'utf8')
  const server = createServer({ key: readFileSync(keyFile), cert: certificate }, (_, response) =>
    response.end('all is well'),
  )
  rmSync(folder, { recursive: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port on 127.0.0.1')
  return {
    certificate,
    url: `https://127.0.0.1:${address.port}/`,
    port: address.port,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
