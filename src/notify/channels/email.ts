import { z } from 'zod'
import { type DeepReadonly, line, section } from '../../settings/fields.ts'
import type { Channel, ChannelMeans } from '../channel.ts'
import { common, secret } from '../fields.ts'
import { writeMail } from './email-message.ts'

const schema = section({
  ...common(),
  type: z.literal('email').describe('Sends e-mail by SMTP, one thread an incident.'),
  host: line().describe('Name of the SMTP server.'),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .default(587)
    .describe('Port of the server. On 465 the connection is encrypted from its start, else by STARTTLS.'),
  tls: z
    .enum(['required', 'opportunistic'])
    .default('required')
    .describe('Whether mail is sent only over an encrypted connection.'),
  user: line().optional().describe('User of the server. Default: none.'),
  password: secret('SMTP_PASSWORD', 'the password of the user; default: none').optional(),
  from: mailAddress().describe('Sender.'),
  to: z.array(mailAddress()).min(1, 'is empty; write an address').describe('Recipients.'),
})
type Settings = DeepReadonly<z.output<typeof schema>>

export const email = { schema, open: openEmail }

/**
 * E-mail by SMTP, one thread an incident. That the server took a message does not say that it reached anybody.
 * The library is loaded when a message is sent.
 */
function openEmail(settings: Settings, means: ChannelMeans): Channel {
  const { host, port, tls, user, password, from, to } = settings
  const pass = password && means.secret(password)
  return {
    isRepeatable: () => false,
    async send(notice, ids) {
      const { createTransport } = await import('nodemailer')
      const transport = createTransport({
        ...{ host, port, secure: port === 465, requireTLS: tls === 'required' },
        ...(user !== undefined && { auth: { user, pass: pass ?? '' } }),
        // the library waits for minutes
        connectionTimeout: means.timeoutMs,
        greetingTimeout: means.timeoutMs,
        socketTimeout: means.timeoutMs,
        dnsTimeout: means.timeoutMs,
        // nothing in a message is a file or an address to read
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      const close = () => transport.close()
      means.signal.addEventListener('abort', close, { once: true })
      try {
        const mail = writeMail(notice, { isFirst: ids['thread'] === undefined, from })
        const { rejected } = await transport.sendMail({ ...mail, from, to: [...to] })
        if (rejected.length > 0)
          return {
            outcome: 'failed',
            because: `the server refused ${rejected.length} of ${to.length} recipients`,
            retry: 'never',
          }
        return { outcome: 'accepted', message: { thread: mail.thread } }
      } catch (error) {
        return { outcome: 'failed', because: explain(error), retry: isBefore(error) ? 'always' : 'never' }
      } finally {
        means.signal.removeEventListener('abort', close)
        close()
      }
    },
  }
}

/** What the server said, without anything that was sent to it. */
function explain(error: unknown): string {
  const code = textOf(error, 'code')
  const response = textOf(error, 'response')
  const words: Readonly<Record<string, string>> = {
    ECONNECTION: 'the connection failed',
    ESOCKET: 'the connection failed',
    ECONNREFUSED: 'the connection was refused',
    ETIMEDOUT: 'the connection timed out',
    EDNS: 'the host name was not found',
    EAUTH: 'the server refused user and password',
    ETLS: 'the connection could not be encrypted',
    EENVELOPE: 'the server refused sender or recipients',
    EMESSAGE: 'the server refused the message',
  }
  const said = response === '' ? '' : `: ${response.replace(/[\s\p{Cc}]+/gu, ' ')}`
  return `${words[code] ?? 'the message could not be sent'}${code === '' ? '' : ` (${code})`}${said}`
}

/** True when the server did not take the message: it could not be reached, or refused it for now. */
function isBefore(error: unknown): boolean {
  const command = textOf(error, 'command')
  const status = typeof error === 'object' && error !== null && Reflect.get(error, 'responseCode')
  if (typeof status === 'number') return status >= 400 && status < 500
  return command === 'CONN' && textOf(error, 'code') !== 'EAUTH' && textOf(error, 'code') !== 'ETLS'
}

function textOf(error: unknown, key: string): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, key) : ''
  return typeof value === 'string' ? value : ''
}

function mailAddress() {
  return line().regex(
    /^(?:[^<>@,;"]+ <)?[^\s<>@,;"]+@[^\s<>@,;"]+>?$/,
    'is not an e-mail address; write one such as `ops@example.com`',
  )
}
