import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openGitStore, runGit } from './git-store.js';
/** Refuses pushes to refs that the server named in the variable: the server has read the rules by then. */
const preReceive = `#!/bin/sh
while read -r old new ref; do
  printf '%s\\n' "$REFUSED_REFS" | while IFS='	' read -r refused why; do
    if [ "$refused" = "$ref" ]; then echo "error: $why" >&2; exit 1; fi
  done || exit 1
done
`;
/** Makes an empty repository. @param directory holds all bare repositories of this GitHub */
export async function hostRepository({ owner, name, defaultBranch = 'main', archived = false }, { directory, url, apiUrl, nextId, }) {
    const gitDir = join(directory, owner, `${name}.git`);
    await mkdir(gitDir, { recursive: true });
    await runGit(gitDir, ['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`]);
    await runGit(gitDir, ['config', 'http.receivepack', 'true']);
    // GitHub lets a client fetch any commit it can name
    await runGit(gitDir, ['config', 'uploadpack.allowAnySHA1InWant', 'true']);
    await runGit(gitDir, ['config', 'uploadpack.allowFilter', 'true']);
    await runGit(gitDir, ['config', 'gc.auto', '0']);
    await mkdir(join(gitDir, 'hooks'), { recursive: true });
    await writeFile(join(gitDir, 'hooks', 'pre-receive'), preReceive, { mode: 0o755 });
    const rulesets = [];
    const protections = new Map();
    return {
        owner,
        name,
        id: nextId(),
        defaultBranch,
        archived,
        createdAt: new Date(),
        gitDir,
        git: openGitStore(gitDir),
        cloneUrl: `${url}/${owner}/${name}.git`,
        apiUrl: `${apiUrl}/repos/${owner}/${name}`,
        htmlUrl: `${url}/${owner}/${name}`,
        usersUrl: `${apiUrl}/users`,
        issues: [],
        comments: [],
        labels: [],
        deployments: [],
        statuses: [],
        variables: new Map(),
        dispatches: [],
        rulesets,
        protections,
        signed: new Set(),
        nextId,
        addRuleset: (ruleset) => void rulesets.push(ruleset),
        protectBranch: (branch, protection) => void protections.set(branch, protection),
    };
}
