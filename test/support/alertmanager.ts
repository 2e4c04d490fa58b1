import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './misbehaving-service.ts'
import { startServer } from './server-process.ts'

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly endsAt: string
  readonly status: { readonly state: string }
}

/** Starts the real Alertmanager of the machine. @param webhook where it sends what fires and what is resolved */
export async function startAlertmanager(webhook: string) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const { stop } = await startServer({
    program: 'prometheus-alertmanager',
    args: async (directory) => {
      const route = {
        receiver: 'test',
        group_by: ['incident', 'level'],
        ...{ group_wait: '100ms', group_interval: '200ms', repeat_interval: '1h' },
      }
      const receivers = [{ name: 'test', webhook_configs: [{ url: webhook, send_resolved: true }] }]
      const file = join(directory, 'alertmanager.yml')
      await writeFile(file, JSON.stringify({ route, receivers }))
      return [
        `--config.file=${file}`,
        `--storage.path=${directory}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ]
    },
    ready: `${url}/-/ready`,
    install: 'apt-get install prometheus-alertmanager',
  })
  return {
    url,
    alerts: async () => (await (await fetch(`${url}/api/v2/alerts`)).json()) as readonly Alert[],
    stop,
  }
}
