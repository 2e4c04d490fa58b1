/** The rules between folders: docs/architecture.md says why. Arrows point down, and a view knows no layer. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: {
    path: '^src/',
    pathNot: [
      `^src/${from}/`,
      '^src/(text|errors|published)',
      ...allowed.map((each) => `^src/${each}(/|\\.ts$)`),
    ],
  },
})

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'runner-is-for-actions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(actions|runner|drill)/' },
      to: { path: '^src/runner/' },
    },
    {
      name: 'nothing-imports-actions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(actions|drill)/' },
      to: { path: '^src/actions/' },
    },
    {
      name: 'nothing-imports-the-drill',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/drill/' },
      to: { path: '^src/drill/' },
    },
    {
      name: 'toolkit-only-in-runner',
      comment: 'domain folders know nothing of GitHub Actions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runner/' },
      to: { path: '@actions/' },
    },
    {
      name: 'octokit-only-in-github',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/github/' },
      to: { path: '@octokit/' },
    },
    {
      name: 'source-does-not-import-tests',
      comment: 'only the drill, which ships in no action, runs on the GitHub emulator',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/drill/' },
      to: { path: '^(test|bench|script)/' },
    },
    only('text-knows-nothing', 'text', []),
    only('settings-know-only-the-sections-of-others', 'settings', [
      'layers/ota/settings',
      'health/checks/schema',
    ]),
    only('http-knows-nothing', 'http', []),
    only('github-knows-nothing', 'github', []),
    only('history-stands-on-github', 'history', ['github']),
    only('runner-stands-on-github', 'runner', ['github']),
    only('deployment-stands-on-settings', 'deployment', ['settings', 'github', 'history']),
    only('health-stands-on-settings', 'health', ['settings', 'http']),
    only('code-is-a-layer', 'layers/code', ['layers/layer', 'github', 'history', 'deployment']),
    only('ota-is-a-layer', 'layers/ota', ['layers/layer', 'http', 'history', 'settings/fields']),
    only('config-is-a-layer', 'layers/config', ['layers/layer', 'github', 'history']),
    only('database-is-a-layer', 'layers/database', ['layers/layer', 'history']),
    only('rollback-stands-on-layers', 'rollback', [
      'settings',
      'github',
      'history',
      'http',
      'deployment',
      'layers',
      'health',
    ]),
    only('issueops-stands-on-github', 'issueops', ['github']),
    only('postmortem-is-a-view', 'views/postmortem', ['github', 'history']),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: '\\.json$',
  },
}
