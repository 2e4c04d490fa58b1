import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
const commitFormat = ['%H', '%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00');
/** Opens a bare repository that `git init --bare` made. */
export function openGitStore(gitDir) {
    const git = (args, options = {}) => runGit(gitDir, args, options);
    const text = async (...args) => (await git(args)).toString('utf8').trimEnd();
    const maybe = (...args) => text(...args).catch(() => undefined);
    const store = {
        gitDir,
        git,
        async readRef(name) {
            const refs = await store.listRefs(name);
            return refs.find((ref) => ref.name === name);
        },
        async listRefs(prefix) {
            const lines = await text('for-each-ref', '--format=%(refname) %(objectname) %(objecttype)');
            return lines.split('\n').flatMap((line) => {
                const [name, sha, type] = line.split(' ');
                return name && sha && type && name.startsWith(prefix) ? [{ name, sha, type }] : [];
            });
        },
        /** Moves a ref from where it was seen ('' when it was not there); false when it is elsewhere by now. */
        async moveRef(name, { from, to }) {
            return git(['update-ref', name, to, from || '0'.repeat(40)]).then(() => true, () => false);
        },
        async deleteRef(name) {
            await text('update-ref', '-d', name);
        },
        /** The commit that a branch, tag or commit id names. */
        async resolve(revision) {
            if (/^-|[\s:]/.test(revision))
                return undefined;
            for (const name of [`refs/heads/${revision}`, `refs/tags/${revision}`, revision]) {
                const sha = await maybe('rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`);
                const found = sha?.split('\n').at(-1);
                if (found !== undefined && /^[0-9a-f]{40}$/.test(found))
                    return found;
            }
            return undefined;
        },
        typeOf: (sha) => maybe('cat-file', '-t', sha),
        async readCommit(sha) {
            const [commit] = await store.log(sha, { count: 1 });
            if (commit === undefined)
                throw new Error(`${sha} is no commit`);
            return commit;
        },
        async log(range, { count, skip = 0, reverse = false } = {}) {
            const limits = [
                ...(count === undefined ? [] : [`-n${count}`]),
                `--skip=${skip}`,
                ...(reverse ? ['--reverse'] : []),
            ];
            const out = await text('log', '-z', `--format=${commitFormat}%x00%x01`, ...limits, range, '--');
            return out.split('\u0001').flatMap((record) => {
                const fields = record.replace(/^\0+/, '').split('\0');
                const [sha, tree, parents, an, ae, ai, cn, ce, ci, message] = fields;
                if (!sha || !tree || !ai || !ci)
                    return [];
                const commit = {
                    sha,
                    tree,
                    parents: parents ? parents.split(' ') : [],
                    author: { name: an ?? '', email: ae ?? '', date: new Date(ai) },
                    committer: { name: cn ?? '', email: ce ?? '', date: new Date(ci) },
                    message: (message ?? '').trimEnd(),
                };
                return [commit];
            });
        },
        async isAncestor(older, newer) {
            return (await maybe('merge-base', '--is-ancestor', older, newer)) !== undefined;
        },
        mergeBase: (a, b) => maybe('merge-base', a, b),
        async count(range) {
            return Number(await text('rev-list', '--count', range, '--'));
        },
        /** What changed from one tree or commit to another, with renames as GitHub shows them. */
        async diff(from, to) {
            const raw = await text('diff-tree', '-r', '-z', '-M', '--raw', '--numstat', from, to);
            return parseDiff(raw);
        },
        async readTree(sha, { recursive }) {
            const out = await text('ls-tree', '-z', '-l', ...(recursive ? ['-r', '-t'] : []), sha);
            return out.split('\0').flatMap((line) => {
                const [, mode, type, id, size, path] = /^(\d+) (\w+) ([0-9a-f]+) +(\S+)\t(.*)$/s.exec(line) ?? [];
                if (!mode || !type || !id || !path)
                    return [];
                return [{ mode, type, sha: id, path, ...(size !== '-' && { size: Number(size) }) }];
            });
        },
        readBlob: (sha) => git(['cat-file', 'blob', sha]),
        async writeBlob(content) {
            return (await git(['hash-object', '-w', '--stdin'], { input: content })).toString('utf8').trim();
        },
        async writeTree(base, changes) {
            const env = { GIT_INDEX_FILE: join(gitDir, `index-${randomUUID()}`) };
            try {
                await git(base === undefined ? ['read-tree', '--empty'] : ['read-tree', base], { env });
                for (const { path, mode, sha } of changes) {
                    if (sha === null)
                        await git(['rm', '-r', '--cached', '--quiet', '--ignore-unmatch', '--', path], { env });
                    else if (mode === '040000')
                        await git(['read-tree', `--prefix=${path}/`, sha], { env });
                    else
                        await git(['update-index', '--index-info'], {
                            env,
                            input: Buffer.from(`${mode} ${sha}\t${path}\n`),
                        });
                }
                return (await git(['write-tree'], { env })).toString('utf8').trim();
            }
            finally {
                await rm(env.GIT_INDEX_FILE, { force: true });
            }
        },
        async writeCommit(commit) {
            const parents = commit.parents.map((parent) => `parent ${parent}\n`).join('');
            const people = `author ${identity(commit.author)}\ncommitter ${identity(commit.committer)}\n`;
            return writeObject(git, 'commit', `tree ${commit.tree}\n${parents}${people}\n${commit.message}`);
        },
        async writeTag({ object, tag, tagger, message }) {
            const head = `object ${object.sha}\ntype ${object.type}\ntag ${tag}\ntagger ${identity(tagger)}\n`;
            return writeObject(git, 'tag', `${head}\n${message}`);
        },
        async readTag(sha) {
            const raw = await text('cat-file', 'tag', sha);
            const match = /^object (?<sha>\w+)\ntype (?<type>\w+)\ntag (?<tag>.+)\ntagger (?<name>.*) <(?<email>.*)> (?<at>\d+) [+-]\d+\n\n?(?<message>[\s\S]*)$/.exec(raw)?.groups;
            if (match === undefined)
                throw new Error(`${sha} is no annotated tag`);
            const { sha: object = '', type = '', tag = '', name = '', email = '', at = '0', message = '' } = match;
            const tagger = { name, email, date: new Date(Number(at) * 1000) };
            return { sha, object: { sha: object, type }, tag, tagger, message };
        },
    };
    return store;
}
/** Runs git on a bare repository with none of the user's own settings. @throws Error with what git said */
export function runGit(gitDir, args, { input, env = {} } = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn('git', ['--git-dir', gitDir, ...args], {
            env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
            stdio: ['pipe', 'pipe', 'pipe'],
        });
        const out = [];
        const said = [];
        child.stdout.on('data', (chunk) => out.push(chunk));
        child.stderr.on('data', (chunk) => said.push(chunk));
        child.stdin.on('error', () => { });
        child.stdin.end(input);
        child.once('error', reject);
        child.once('close', (code) => {
            if (code === 0)
                resolve(Buffer.concat(out));
            else
                reject(new Error(`git ${args.join(' ')} ended with ${code}: ${Buffer.concat(said).toString('utf8')}`));
        });
    });
}
async function writeObject(git, type, content) {
    const sha = await git(['hash-object', '-w', '-t', type, '--stdin'], { input: Buffer.from(content) });
    return sha.toString('utf8').trim();
}
function identity({ name, email, date }) {
    const clean = (value) => value.replace(/[<>\n]/g, '');
    return `${clean(name)} <${clean(email)}> ${Math.floor(date.getTime() / 1000)} +0000`;
}
const statuses = { A: 'added', D: 'removed', M: 'modified', T: 'modified', R: 'renamed' };
/** `git diff-tree -z --raw --numstat`: first a raw record for each file, then a numstat record for each in the same order. */
function parseDiff(raw) {
    const fields = raw.split('\0');
    const changes = [];
    let index = 0;
    while (fields[index]?.startsWith(':')) {
        const letter = fields[index]?.split(' ')[4]?.[0];
        const isRename = letter === 'R';
        const [first = '', second = ''] = [fields[index + 1], fields[index + 2]];
        changes.push({
            path: isRename ? second : first,
            status: statuses[letter],
            ...(isRename && { previousPath: first }),
        });
        index += isRename ? 3 : 2;
    }
    return changes.map((change) => {
        const [additions = '0', deletions = '0', path] = (fields[index] ?? '').split('\t');
        // a rename's numstat has an empty path, followed by the old and the new one
        index += path === '' ? 3 : 1;
        return { ...change, additions: Number(additions) || 0, deletions: Number(deletions) || 0 };
    });
}
