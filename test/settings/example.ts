/** A file with every key in it, as the documentation shows it. */
export const example = `# yaml-language-server: $schema=https://example.com/rollback.schema.json
environment: production
branch: main
history:
  branch: rollback-history
health:
  window: 10m
  interval: 20s
  timeout: 5s
  cooldown: 1h
  checks:
    - name: homepage
      type: http
      url: https://example.com/healthz
      metric: error-rate
      severity: critical
      max: 0.1
      for: 30s
      expect: { status: [200, 204], body: ok, max-latency: 800ms }
      headers: { accept: text/html, authorization: { env: HEALTH_TOKEN } }
    - name: errors
      type: prometheus
      url: http://prometheus:9090
      query: sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))
      metric: error-rate
      headers:
        x-scope-orgid: tenant-1
rollback:
  strategies: { code-bug: [code, database], performance: [ota] }
  on-failure: undo
  daily-cap: 2
  max-age: 3d
  plan-valid: 30m
  verify: 5m
code:
  target: previous-deployment-tag
  delivery: pull-request
  max-commits: 20
  tag-pattern: live-*
  checks: [build]
  redeploy: { workflow: deploy.yml, inputs: { revision: '{revision}' }, timeout: 15m }
database:
  url: { env: DATABASE_URL }
  storage: /var/backups/shop
  migrations: db/migrations
  strategy: both
  keep-old: 2d
  allow-data-loss: true
  restore-without-a-person: true
  identity: { env: AGE_IDENTITY }
  recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
ota:
  server-url: https://codepush.example.com
  access-key: { env: CODEPUSH_ACCESS_KEY }
  server-kind: microsoft
  channels: [shop-ios/Production, shop-android/Production]
  verify-timeout: 1m
postmortem:
  labels: [postmortem, incident]
  assignees: [octocat]
paths: [./apps/web/, lib]
`
