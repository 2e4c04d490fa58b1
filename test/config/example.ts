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
postmortem:
  labels: [postmortem, incident]
  assignees: [octocat]
`
