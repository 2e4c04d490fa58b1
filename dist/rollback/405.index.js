export const id = 405;
export const ids = [405];
export const modules = {

/***/ 4405:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  run: () => (/* binding */ action_run)
});

// EXTERNAL MODULE: ./lib/errors.js
var lib_errors = __webpack_require__(452);
// EXTERNAL MODULE: ./node_modules/@octokit/request-error/dist-src/index.js
var dist_src = __webpack_require__(1015);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 5 modules
var schemas = __webpack_require__(2047);
;// CONCATENATED MODULE: ./lib/github/refusal.js



/** Texts as GitHub sends them (2022-11-28 API), most telling first. */
const texts = [
    [/secondary rate limit|API rate limit exceeded/i, 'rate-limit'],
    [/update is not a fast.?forward|expected branch to point to|stale info|fetch first/i, 'not-fast-forward'],
    [/not permitted to create or approve pull requests/i, 'pulls-off'],
    [/without `?workflows?`? (?:permission|scope)/i, 'workflow-permission'],
    [/repository rule violations|GH013/i, 'ruleset'],
    [
        /protected branch|GH006|reference update failed|reference cannot be updated|changes must be made through/i,
        'protected-branch',
    ],
    [
        /approving reviews? (?:is|are) required|required status checks?|must have verified signatures|cannot force-push|not authorized to push to this branch/i,
        'protected-branch',
    ],
    [/your request timed out/i, 'unavailable'],
    [/archived so is read-only/i, 'archived'],
    [/already exists/i, 'already-exists'],
    [/reference does not exist/i, 'not-found'],
    [/not accessible by|must have (?:admin|push|write)|permission to .* denied/i, 'permission'],
    [/bad credentials|requires authentication/i, 'bad-credentials'],
];
/** Tells what a failed request means; undefined for an error that is not an answer of GitHub. */
function readRefusal(error) {
    const answer = readGraphqlErrors(error);
    if (answer !== undefined)
        return answer;
    if (!(error instanceof dist_src/* RequestError */.G))
        return undefined;
    const { status, message, response } = error;
    const byText = kindOfText(message);
    return {
        kind: byText ?? kindOfStatus(status),
        status,
        message,
        answered: response !== undefined,
        retryAfterSeconds: retryAfter(response?.headers ?? {}),
    };
}
/** GraphQL answers 200 and tells what went wrong in the body: its first error counts. */
function readGraphqlErrors(error) {
    if (!(error instanceof Error) || error.name !== 'GraphqlResponseError' || !('errors' in error))
        return undefined;
    const [first] = schemas/* array */.YOg(graphqlErrorSchema).safeParse(error.errors).data ?? [];
    const message = first?.message ?? error.message;
    const kind = kindOfText(message) ?? graphqlKinds[first?.type ?? ''] ?? 'invalid';
    return { kind, status: 200, message, answered: true, retryAfterSeconds: undefined };
}
const graphqlErrorSchema = schemas/* object */.Ikc({ message: schemas/* string */.YjP(), type: schemas/* string */.YjP().optional() });
const graphqlKinds = {
    FORBIDDEN: 'permission',
    NOT_FOUND: 'not-found',
    RATE_LIMITED: 'rate-limit',
    STALE_DATA: 'not-fast-forward',
};
function kindOfText(message) {
    return texts.find(([text]) => text.test(message))?.[1];
}
/** https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately */
function retryAfter(headers) {
    if (headers['retry-after'] !== undefined)
        return Number(headers['retry-after']);
    if (String(headers['x-ratelimit-remaining']) !== '0')
        return undefined;
    return Math.max(0, Number(headers['x-ratelimit-reset']) - Math.floor(Date.now() / 1000));
}
function kindOfStatus(status) {
    if (status === 401)
        return 'bad-credentials';
    if (status === 403)
        return 'permission';
    if (status === 404)
        return 'not-found';
    if (status === 409)
        return 'conflict';
    if (status === 429)
        return 'rate-limit';
    if (status >= 500)
        return 'unavailable';
    return 'invalid';
}
/** True when a rule of the branch stands against it, whoever else may do it; the error may be explained already. */
function isRuleRefusal(error) {
    const refusal = readRefusal(error instanceof lib_errors/* RefusedError */.fk ? error.cause : error);
    return refusal?.kind === 'ruleset' || refusal?.kind === 'protected-branch';
}
/** True when the failed request is refused in this way. */
function refusal_isRefused(error, kind) {
    return readRefusal(error)?.kind === kind;
}
/** True when it cannot be known whether the request was carried out: a 5xx, a lost or cut-off answer, a time-out, a cancelled job. */
function isAmbiguous(error) {
    return refusal_isRefused(error, 'unavailable') || isCancelled(error);
}
function isCancelled(error) {
    return error instanceof Error && error.name === 'AbortError';
}
/** Runs a request, and turns a refusal into the error that tells the user the way out. */
async function refusal_explained(need, request) {
    try {
        return await request();
    }
    catch (error) {
        throw explain(error, need);
    }
}
/** The user's error for a refusal; an error that already is one, or is not an answer of GitHub, is returned as it is. */
function explain(error, { doing, permission, detour = 'roll back through a pull request' }) {
    if ((0,lib_errors/* isUserFacing */.Qx)(error))
        return error;
    const options = { cause: error };
    if (isCancelled(error))
        return new lib_errors/* UnavailableError */.hG(`could not ${doing}: the job was cancelled before GitHub answered`, options);
    const refusal = readRefusal(error);
    if (refusal === undefined)
        return error;
    const words = `"${firstLines(refusal.message)}"`;
    const said = refusal.answered
        ? `GitHub answered ${refusal.status} ${words}`
        : `no whole answer came from GitHub (${words})`;
    switch (refusal.kind) {
        case 'bad-credentials':
            return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `could not ${doing}: ${said}; ${(0,lib_errors/* setting */.Pe)('token')} is wrong or has expired`, options);
        case 'permission':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: the token may not (${said}); give the job \`permissions: ${permission}\``, options);
        case 'workflow-permission':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: it changes files under .github/workflows, which the workflow's own token may never do (${said}); use a GitHub App token with \`workflows: write\``, options);
        case 'pulls-off':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: ${said}. No permission of the job helps: turn "Allow GitHub Actions to create and approve pull requests" on in the settings of the repository, under Actions, General (if it is greyed out, in those of the organization or the enterprise), or use the token of a GitHub App`, options);
        case 'ruleset':
        case 'protected-branch':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: a rule of the branch forbids it (${said}); let the token's app or user bypass the rule, or ${detour}`, options);
        case 'archived':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: the repository is archived; unarchive it first`, options);
        case 'not-fast-forward':
            return new lib_errors/* ConflictError */.fK(`could not ${doing}: somebody else moved it in between; run again to plan on the new state`, options);
        case 'rate-limit': {
            const seconds = refusal.retryAfterSeconds;
            const pause = seconds === undefined ? '' : `, and asks for a pause of ${seconds} s`;
            return new lib_errors/* UnavailableError */.hG(`could not ${doing}: ${said}${pause}; run again when the limit is over`, options);
        }
        case 'unavailable':
            return new lib_errors/* UnavailableError */.hG(`could not ${doing}: ${said}, after several tries`, options);
        case 'not-found':
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: ${said}; it is not there, or the token may not see it (\`permissions: ${permission}\`)`, options);
        default:
            return new lib_errors/* RefusedError */.fk(`could not ${doing}: ${said}`, options);
    }
}
function firstLines(message) {
    const text = message
        .replace(/ - https:\/\/docs\.github\.com\S*$/, '')
        .replace(/\s+/g, ' ')
        .trim();
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

;// CONCATENATED MODULE: ./lib/github/labels.js

const permission = 'issues: read';
/** The open issues and pull requests that have a label, newest first. */
async function openItemsWith({ octokit, owner, repo }, label) {
    const need = { doing: `list what has the label ${label}`, permission };
    const items = await refusal_explained(need, () => octokit.paginate(octokit.rest.issues.listForRepo, {
        owner,
        repo,
        state: 'open',
        labels: label,
        per_page: 100,
    }));
    return items.map(({ number, html_url, title }) => ({ number, url: html_url, title }));
}
/** Who put the label on last; undefined when no event tells, as after the label was renamed. */
async function lastLabelling({ octokit, owner, repo }, { number, label }) {
    const need = { doing: `read who labelled #${number}`, permission };
    const events = await refusal_explained(need, () => octokit.paginate(octokit.rest.issues.listEvents, { owner, repo, issue_number: number, per_page: 100 }));
    // GitHub tells labels apart by their letters and not by their case; events come oldest first
    const isThis = (name) => name?.toLowerCase() === label.toLowerCase();
    const last = events.findLast((each) => each.event === 'labeled' && 'label' in each && isThis(each.label.name));
    return last && { by: last.actor?.login, at: new Date(last.created_at) };
}

;// CONCATENATED MODULE: ./lib/github/permission.js

/**
 * True when the account is a person's that may push to the repository now. An app is none: GitHub knows no user of its name
 * (`Copilot is not a user`), and neither does it know an account that is gone.
 */
async function permission_mayWrite({ octokit, owner, repo }, login) {
    if (login.endsWith('[bot]'))
        return false;
    const need = { doing: `read what ${login} may do`, permission: 'metadata: read' };
    return refusal_explained(need, async () => {
        try {
            const { data } = await octokit.rest.repos.getCollaboratorPermissionLevel({
                owner,
                repo,
                username: login,
            });
            // `maintain` is told as write, `triage` as read
            return data.permission === 'admin' || data.permission === 'write';
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return false;
            throw error;
        }
    });
}

;// CONCATENATED MODULE: ./lib/history/hold.js



/** A label for all environments; `rollback-hold:production` is one for that environment alone. */
const holdLabel = 'rollback-hold';
/**
 * Is there a hold on automatic rollbacks of this environment? Looked for in what the workflow says, in the history
 * (`hold-set` and `hold-lifted`: the newest one counts), and in the labels of open issues and pull requests. A label counts only
 * if whoever put it on has write access now. Without the permission to read issues their labels are left out, and a remark
 * says so.
 * @param repository undefined for one that has no labels
 * @throws UnavailableError when GitHub gives no answer: whether there is a hold is then not known
 */
async function findHold(repository, question) {
    const said = saidHold(question) ?? recordedHold(question);
    if (said !== undefined || repository === undefined)
        return { hold: said, remarks: [] };
    try {
        return await labelledHold(repository, question);
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        return { hold: undefined, remarks: [`holds by label are not seen: ${error.message}`] };
    }
}
/** One clause: `automatic rollbacks of production are on hold since 2026-11-24 12:00 UTC by ada (issue 12): audit until Friday`. */
function describeHold({ environment, by, since, because, where }) {
    const from = since === undefined ? '' : ` since ${formatMinute(since)}`;
    const who = by === undefined ? '' : ` by ${by}`;
    return `automatic rollbacks of ${environment} are on hold${from}${who} (${where}): ${because}`;
}
function saidHold({ environment, text }) {
    const because = oneLine(text);
    if (because === '')
        return undefined;
    return { environment, by: undefined, since: undefined, because, where: 'the input `hold`' };
}
function recordedHold({ environment, events }) {
    const last = events.findLast((event) => (event.kind === 'hold-set' || event.kind === 'hold-lifted') && event.environment === environment);
    if (last?.kind !== 'hold-set')
        return undefined;
    const { actor: by, at, because } = last;
    return { environment, by, since: new Date(at), because: oneLine(because), where: 'the history' };
}
async function labelledHold(repository, { environment }) {
    const remarks = [];
    for (const label of [holdLabel, `${holdLabel}:${environment}`]) {
        for (const item of await openItemsWith(repository, label)) {
            const set = await lastLabelling(repository, { number: item.number, label });
            const by = set?.by;
            if (set !== undefined && by !== undefined && (await permission_mayWrite(repository, by))) {
                const where = `label ${label} on #${item.number}`;
                const hold = { environment, by, since: set.at, because: oneLine(item.title), where };
                return { hold, remarks };
            }
            remarks.push(ignored(item, label, by));
        }
    }
    return { hold: undefined, remarks };
}
function ignored({ number }, label, by) {
    const who = by === undefined ? 'an account that is not known' : by;
    return `the label ${label} on #${number} is ignored: ${who} put it on, and has no write access`;
}
function formatMinute(at) {
    return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
/** It goes into logs and issues. */
function oneLine(text) {
    const line = text.replace(/\s+/g, ' ').trim();
    return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

;// CONCATENATED MODULE: ./lib/layers/code/message.js

/**
 * The message of a rollback commit, in git's own form: subject, reason, trailers.
 * https://git-scm.com/docs/git-interpret-trailers
 */
function writeMessage({ incident, environment, from, to, reason, by, runUrl }, { mode, paths, reset }) {
    const rollback = undoneRollback(to);
    const trailers = [
        ['Rollback-Incident', incident],
        ['Rollback-Environment', environment],
        // what takes a rollback back is itself none
        ...(rollback === undefined
            ? [
                ['Rollback-From', from],
                ['Rollback-To', to],
            ]
            : [['Rollback-Undoes', rollback]]),
        ['Rollback-Mode', mode],
        ...(paths.length === 0 ? [] : [['Rollback-Paths', writePaths(paths)]]),
        ['Rollback-Requested-By', by],
        ...(runUrl === undefined ? [] : [['Rollback-Run', runUrl]]),
        ...(reset === undefined ? [] : [['Rollback-Reset', reset]]),
    ].map(([key, value]) => `${key}: ${message_oneLine(value ?? '')}`);
    const body = message_oneLine(reason);
    // the words of git's own revert, by which people and programs find what became of a commit
    const reverts = rollback === undefined ? [] : [`This reverts commit ${rollback}.`];
    const paragraphs = [
        message_subjectOf({ environment, to }, reset),
        ...reverts,
        ...(body === '' ? [] : [body]),
        trailers.join('\n'),
    ];
    return `${paragraphs.join('\n\n')}\n`;
}
function undoneRollback(to) {
    return /^(?:undo|reapply):(.*)$/.exec(to)?.[1];
}
/** The first line of a rollback's commit, and the title of its pull request. @param reset the branch that was moved back */
function message_subjectOf({ environment, to }, reset) {
    if (reset !== undefined)
        return message_oneLine(`Where ${reset} was before it was moved back to ${to.slice(0, 7)}`);
    const rollback = undoneRollback(to);
    if (rollback !== undefined && to.startsWith('reapply:'))
        return message_oneLine(`Bring back what the rollback ${rollback.slice(0, 7)} of ${environment} undid`);
    if (rollback !== undefined)
        return message_oneLine(`Take the rollback ${rollback.slice(0, 7)} of ${environment} back`);
    const [, without] = /^without:(.*)$/.exec(to) ?? [];
    if (without === undefined)
        return message_oneLine(`Roll back ${environment} to ${to.slice(0, 7)}`);
    const [first = '', ...more] = without.split('+').map((sha) => sha.slice(0, 7));
    return message_oneLine(`Roll back ${environment} without ${first}${more.length > 0 ? ` and ${more.length} more` : ''}`);
}
/** Reads back which rollback a commit is; undefined for a commit that is none. */
function readMessage(message) {
    const trailers = readTrailers(message);
    const [incident, from, to] = ['Incident', 'From', 'To'].map((key) => trailers.get(`Rollback-${key}`));
    if (!incident || !from || !to)
        return undefined;
    const paths = readPaths(trailers.get('Rollback-Paths'));
    return paths && { incident, from, to, mode: trailers.get('Rollback-Mode') ?? '', paths };
}
/** As JSON: a path may hold commas, quotes and line breaks. */
function writePaths(paths) {
    // a space is the only white space that stays as it is in a trailer, and only when it is single
    return JSON.stringify(paths).replace(/[^\S ]|\p{Cc}|(?<= ) /gu, (char) => {
        return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
}
/** @returns undefined for what is no list of paths */
function readPaths(written) {
    if (written === undefined)
        return [];
    try {
        return schemas/* array */.YOg(schemas/* string */.YjP()).parse(JSON.parse(written));
    }
    catch {
        return undefined;
    }
}
/** The `Rollback-…` trailers of the message of a commit or a tag. */
function readTrailers(message) {
    return new Map(message
        .trimEnd()
        .split('\n\n')
        .at(-1)
        ?.split('\n')
        .flatMap((line) => {
        const [, key, value] = /^(Rollback-[A-Za-z-]+): (.*)$/.exec(line) ?? [];
        return key === undefined || value === undefined ? [] : [[key, value]];
    }));
}
/** `rollback_YYYYMMDD_HHMMSS` in UTC, of the time of the rollback commit: the same however often the step is run again. */
function tagOf(committedAt, prefix = 'rollback') {
    const [date, time] = committedAt.toISOString().slice(0, 19).split('T');
    return `${prefix}_${date?.replaceAll('-', '')}_${time?.replaceAll(':', '')}`;
}
/** Text from outside stays on its line, so that it can add no trailer of its own; git takes no NUL in a message. */
function message_oneLine(value) {
    return value.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

// EXTERNAL MODULE: ./lib/github/client.js + 2 modules
var client = __webpack_require__(8239);
;// CONCATENATED MODULE: ./lib/github/commits.js



const reading = 'contents: read';
/** A commit by its full id. @throws RefusedError when it is not in the repository */
async function readCommit({ octokit, owner, repo }, sha) {
    const { data } = await refusal_explained({ doing: `read commit ${sha.slice(0, 7)}`, permission: reading }, () => octokit.rest.git.getCommit({ owner, repo, commit_sha: sha }));
    return {
        sha: data.sha,
        tree: data.tree.sha,
        parents: data.parents.map((parent) => parent.sha),
        message: data.message,
        author: data.author.name,
        committedAt: new Date(data.committer.date),
    };
}
/** The full id of what a branch, a tag or a (short) commit id names; undefined when it names nothing. */
async function resolveRevision({ octokit, owner, repo }, name) {
    return refusal_explained({ doing: `find ${name}`, permission: reading }, async () => {
        try {
            const { data } = await octokit.rest.repos.getCommit({ owner, repo, ref: name, per_page: 1 });
            return data.sha;
        }
        catch (error) {
            // GitHub answers 422 "No commit found for SHA", and 409 in an empty repository
            if (refusal_isRefused(error, 'not-found') || refusal_isRefused(error, 'invalid') || refusal_isRefused(error, 'conflict'))
                return undefined;
            throw error;
        }
    });
}
/** Looks up a branch, a tag or a (short) commit id; `heads/x` and `tags/x`, with or without `refs/`, are one of them alone. */
async function findNamed(repository, name) {
    const none = { branch: undefined, tag: undefined, commit: undefined };
    if (/^[0-9a-f]{40}$/.test(name))
        return { ...none, commit: await resolveRevision(repository, name) };
    const [, kind, own = ''] = /^(?:refs\/)?(heads|tags)\/(.+)$/.exec(name) ?? [];
    if (kind === 'heads')
        return { ...none, branch: await resolveRevision(repository, `heads/${own}`) };
    if (kind === 'tags')
        return { ...none, tag: await resolveRevision(repository, `tags/${own}`) };
    const [branch, tag] = await Promise.all([
        resolveRevision(repository, `heads/${name}`),
        resolveRevision(repository, `tags/${name}`),
    ]);
    const isCommit = branch === undefined && tag === undefined;
    return { branch, tag, commit: isCommit ? await resolveRevision(repository, name) : undefined };
}
/** Compares two revisions; `unrelated` when they have no commit in common. @throws RefusedError when one of them is not there */
async function compareCommits({ octokit, owner, repo }, { base, head }) {
    const doing = `compare ${base.slice(0, 7)} with ${head.slice(0, 7)}`;
    const data = await refusal_explained({ doing, permission: reading }, async () => {
        try {
            const basehead = `${base}...${head}`;
            const compared = await octokit.rest.repos.compareCommitsWithBasehead({
                owner,
                repo,
                basehead,
            });
            return compared.data;
        }
        catch (error) {
            // GitHub answers 404 "No common ancestor between … and …."
            if (/no common ancestor/i.test(readRefusal(error)?.message ?? ''))
                return undefined;
            throw error;
        }
    });
    if (data === undefined)
        return { status: 'unrelated', aheadBy: 0, behindBy: 0, commits: [], files: [] };
    return {
        status: data.status,
        aheadBy: data.ahead_by,
        behindBy: data.behind_by,
        commits: data.commits.map(toCommit),
        files: (data.files ?? []).map(({ filename, additions, deletions }) => ({
            path: filename,
            additions,
            deletions,
        })),
    };
}
/**
 * All commits that are on `head` and not on `base`, oldest first, page by page.
 * @throws RefusedError when one of the two is not there, or they have no commit in common
 */
async function listRange({ octokit, owner, repo }, { base, head }) {
    const doing = `list the commits from ${base.slice(0, 7)} to ${head.slice(0, 7)}`;
    const commits = [];
    for (let page = 1;; page += 1) {
        const { data } = await refusal_explained({ doing, permission: reading }, () => octokit.rest.repos.compareCommitsWithBasehead({
            owner,
            repo,
            basehead: `${base}...${head}`,
            per_page: 100,
            page,
        }));
        commits.push(...data.commits.map(toCommit));
        if (commits.length >= data.ahead_by || data.commits.length === 0)
            return commits;
    }
}
/** True when the older revision is in the history of the newer one, or is it. */
async function isAncestor(repository, { older, newer }) {
    try {
        const { status } = await compareCommits(repository, { base: older, head: newer });
        return status === 'ahead' || status === 'identical';
    }
    catch (error) {
        // one that was pushed away by force may be gone altogether
        if (error instanceof lib_errors/* RefusedError */.fk && refusal_isRefused(error.cause, 'not-found'))
            return false;
        throw error;
    }
}
/** The newest commits of a branch, newest first; at most 100. */
async function commits_listCommits({ octokit, owner, repo }, { branch, count, path, page = 1 }) {
    const { data } = await refusal_explained({ doing: `list the commits of ${branch}`, permission: reading }, () => octokit.rest.repos.listCommits({
        owner,
        repo,
        sha: branch,
        per_page: count,
        page,
        ...(path !== undefined && { path }),
    }));
    return data.map(toCommit);
}
/** How many pages of a hundred commits are looked through for those that touch a path. */
const mostPages = 50;
/**
 * Those of some commits that touch one of the paths, in the order they are given.
 * @param commits newer than what is at the end of them, and all in the history of `head`
 */
async function commitsTouching(repository, { head, commits, paths }) {
    const wanted = new Set(commits.map(({ sha }) => sha));
    const touching = new Set();
    await Promise.all(paths.map(async (path) => {
        for (let page = 1; page <= mostPages; page += 1) {
            const listed = await commits_listCommits(repository, { branch: head, count: 100, path, page });
            const found = listed.filter(({ sha }) => wanted.has(sha));
            for (const { sha } of found)
                touching.add(sha);
            if (found.length === 0 || listed.length < 100)
                return;
        }
    }));
    return commits.filter(({ sha }) => touching.has(sha));
}
/**
 * Makes a commit that nothing points at yet. Without author or committer, so that GitHub signs what an app or the
 * workflow's token makes: https://docs.github.com/en/authentication/managing-commit-signature-verification
 */
async function createCommit({ octokit, owner, repo }, { tree, parents, message }) {
    const { data } = await refusal_explained({ doing: 'create the commit', permission: 'contents: write' }, () => 
    // an object that nothing points at changes nothing, so this POST may be repeated
    octokit.rest.git.createCommit({
        owner,
        repo,
        tree,
        parents: [...parents],
        message,
        request: client/* repeatable */.E,
    }));
    return {
        sha: data.sha,
        tree: data.tree.sha,
        parents,
        message: data.message,
        author: data.author.name,
        committedAt: new Date(data.committer.date),
    };
}
function toCommit({ sha, parents, commit }) {
    return {
        sha,
        tree: commit.tree.sha,
        parents: parents.map((parent) => parent.sha),
        message: commit.message,
        author: commit.author?.name ?? 'unknown',
        committedAt: new Date(commit.committer?.date ?? 0),
    };
}

// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./node_modules/ms/index.js
var ms = __webpack_require__(744);
;// CONCATENATED MODULE: ./lib/github/refs.js






const refs_permission = 'contents: write';
/** The commit or tag object that a ref points at; undefined when there is no such ref. @param ref without `refs/`, e.g. `heads/main` */
async function readRef({ octokit, owner, repo }, ref) {
    return refusal_explained({ doing: `read refs/${ref}`, permission: 'contents: read' }, async () => {
        try {
            const { data } = await octokit.rest.git.getRef({ owner, repo, ref });
            return data.object.sha;
        }
        catch (error) {
            // an empty repository answers 409 to every question about refs
            if (refusal_isRefused(error, 'not-found') || refusal_isRefused(error, 'conflict'))
                return undefined;
            throw error;
        }
    });
}
/**
 * Moves a branch from the commit it was seen at to a new one, or not at all.
 *
 * The new commit's parent is `from` and the update is not forced, so GitHub itself refuses it as no fast-forward when
 * anybody moved the branch in between: a compare-and-swap in one request. When the answer is lost the ref is read again.
 * @throws ConflictError when the branch is elsewhere; RefusedError when a rule or a permission forbids it
 */
async function moveBranch(repository, move) {
    // right after a push GitHub's API may lag, and refuse a move from where the branch is
    if ((await tryMove(repository, move)) === 'moved')
        return;
    repository.octokit.log.warn(`GitHub lags behind on ${move.branch}: waiting ${lagMs / 1000} s`);
    await (0,promises_.setTimeout)(lagMs);
    if ((await tryMove(repository, move)) === 'moved')
        return;
    throw new lib_errors/* UnavailableError */.hG(`could not move ${move.branch}: GitHub rejected the update as not a fast-forward, although ${move.branch} is still at ${move.from.slice(0, 7)}; run again`);
}
const lagMs = ms('2s');
async function tryMove(repository, { branch, from, to }) {
    const { octokit, owner, repo } = repository;
    const need = { doing: `move ${branch} from ${from.slice(0, 7)} to ${to.slice(0, 7)}`, permission: refs_permission };
    try {
        // once it is carried out the same update changes nothing, so this PATCH may be repeated
        await octokit.rest.git.updateRef({
            owner,
            repo,
            ref: `heads/${branch}`,
            sha: to,
            force: false,
            request: client/* repeatable */.E,
        });
        return 'moved';
    }
    catch (error) {
        const lag = refusal_isRefused(error, 'not-fast-forward');
        if (!lag && !isAmbiguous(error) && !refusal_isRefused(error, 'not-found'))
            throw explain(error, need);
        const now = await readRef(repository, `heads/${branch}`);
        if (now === from && lag)
            return 'lag';
        if (now === from)
            throw explain(error, need);
        // an update whose answer was lost, with or without somebody's commit on top of it since
        if (now !== undefined && (await isAncestor(repository, { older: to, newer: now })))
            return 'moved';
        throw movedSince({ branch, from, now }, error);
    }
}
function movedSince({ branch, from, now }, cause) {
    return new lib_errors/* ConflictError */.fK(`${branch} was at ${from.slice(0, 7)} when the rollback was planned and is at ${now?.slice(0, 7) ?? 'nothing'} now: nothing was overwritten; run again to plan on the new state`, { cause });
}
/** Creates a ref, or finds it there already. @returns the object it points at, which is another one when the name was taken */
async function createRef(repository, { ref, sha }) {
    const { octokit, owner, repo } = repository;
    try {
        // a second one finds the name taken and changes nothing, so this POST may be repeated
        await octokit.rest.git.createRef({ owner, repo, ref: `refs/${ref}`, sha, request: client/* repeatable */.E });
        return sha;
    }
    catch (error) {
        const maybeThere = isAmbiguous(error) || refusal_isRefused(error, 'already-exists') || refusal_isRefused(error, 'conflict');
        const there = maybeThere ? await readRef(repository, ref) : undefined;
        if (there !== undefined)
            return there;
        throw explain(error, { doing: `create refs/${ref}`, permission: refs_permission });
    }
}
/**
 * Puts an annotated tag on a commit; the same tag on the same commit is left as it is.
 * @throws ConflictError when the name is taken by a tag of another commit
 */
async function tagCommit(repository, { tag, commit, message }) {
    const { octokit, owner, repo } = repository;
    const doing = `create the tag ${tag}`;
    const existing = await readRef(repository, `tags/${tag}`);
    const object = existing ??
        (await refusal_explained({ doing, permission: refs_permission }, async () => {
            // an object that nothing points at changes nothing, so this POST may be repeated
            const { data } = await octokit.rest.git.createTag({
                owner,
                repo,
                tag,
                message,
                object: commit,
                type: 'commit',
                request: client/* repeatable */.E,
            });
            return createRef(repository, { ref: `tags/${tag}`, sha: data.sha });
        }));
    const tagged = await commitOf(repository, object);
    if (tagged !== commit) {
        throw new lib_errors/* ConflictError */.fK(`the tag ${tag} is already on ${tagged.slice(0, 7)}: delete or rename it, and run again`);
    }
}
/**
 * Moves a branch to any commit, from the one it was seen at or not at all: GitHub compares and swaps. When the answer is
 * lost the ref is read again.
 * https://docs.github.com/en/graphql/reference/mutations#updaterefs
 * @throws ConflictError when the branch is elsewhere; RefusedError when a rule or a permission forbids it
 */
async function resetBranch(repository, { branch, from, to }) {
    const { octokit, owner, repo } = repository;
    const need = { doing: `reset ${branch} from ${from.slice(0, 7)} to ${to.slice(0, 7)}`, permission: refs_permission };
    const { data } = await refusal_explained(need, () => octokit.rest.repos.get({ owner, repo }));
    try {
        await octokit.graphql('mutation ($id: ID!, $updates: [RefUpdate!]!) { updateRefs(input: { repositoryId: $id, refUpdates: $updates }) { clientMutationId } }', {
            id: data.node_id,
            updates: [{ name: `refs/heads/${branch}`, beforeOid: from, afterOid: to, force: true }],
        });
    }
    catch (error) {
        const now = await readRef(repository, `heads/${branch}`);
        if (now === to)
            return;
        if (now === from)
            throw explain(error, need);
        throw movedSince({ branch, from, now }, error);
    }
}
/** The commit that a tag is on: an annotated one is an object of its own, a lightweight one the commit itself. */
async function commitOf({ octokit, owner, repo }, object) {
    return refusal_explained({ doing: `read the tag ${object.slice(0, 7)}`, permission: 'contents: read' }, async () => {
        try {
            const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object });
            return data.object.sha;
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return object;
            throw error;
        }
    });
}
/** The annotated tags whose names begin so, the last by name first. @param count how many at most: each is a request */
async function readTags({ octokit, owner, repo }, { prefix, count }) {
    return refusal_explained({ doing: `read the tags ${prefix}*`, permission: 'contents: read' }, async () => {
        const refs = await octokit.paginate(octokit.rest.git.listMatchingRefs, {
            owner,
            repo,
            ref: `tags/${prefix}`,
        });
        const newest = refs.filter(({ object }) => object.type === 'tag').slice(-count);
        const tags = await Promise.all(newest.map(async ({ object }) => {
            const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object.sha });
            const { tag: name, message, tagger } = data;
            return { name, commit: data.object.sha, message, taggedAt: new Date(tagger.date) };
        }));
        return tags.reverse();
    });
}
/** The branches of the repository, by name, at most a hundred, with the commit that each is at. */
async function listBranches({ octokit, owner, repo, }) {
    const { data } = await refusal_explained({ doing: 'list the branches', permission: 'contents: read' }, () => octokit.rest.repos.listBranches({ owner, repo, per_page: 100 }));
    return data.map(({ name, commit }) => ({ name, commit: commit.sha }));
}
/** Every tag whose name begins so, with the commit it marks. Tags of anything but a commit are left out. @param prefix without refs/tags/ */
async function listTags(repository, { prefix }) {
    const { octokit, owner, repo } = repository;
    return refusal_explained({ doing: `list the tags ${prefix}*`, permission: 'contents: read' }, async () => {
        const refs = await octokit.paginate(octokit.rest.git.listMatchingRefs, {
            owner,
            repo,
            ref: `tags/${prefix}`,
        });
        const tags = await Promise.all(refs.map(async ({ ref, object }) => {
            const name = ref.slice('refs/tags/'.length);
            if (object.type === 'commit')
                return [{ name, commit: object.sha }];
            if (object.type !== 'tag')
                return [];
            const { data } = await octokit.rest.git.getTag({ owner, repo, tag_sha: object.sha });
            return data.object.type === 'commit' ? [{ name, commit: data.object.sha }] : [];
        }));
        return tags.flat();
    });
}

;// CONCATENATED MODULE: ./lib/github/repository.js

async function readFacts({ octokit, owner, repo }) {
    const { data } = await refusal_explained({ doing: `read ${owner}/${repo}`, permission: 'metadata: read' }, () => octokit.rest.repos.get({ owner, repo }));
    return { defaultBranch: data.default_branch, archived: data.archived };
}
async function defaultBranch(repository) {
    return (await readFacts(repository)).defaultBranch;
}

;// CONCATENATED MODULE: ./lib/github/rules.js

/** Rules with which nobody but those who may pass them by can push a commit to the branch. */
const againstPushes = new Set([
    'pull_request',
    'merge_queue',
    'required_status_checks',
    'update',
    'required_deployments',
    'workflows',
    'code_scanning',
]);
/** Reads the active rules of a branch: https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch */
async function readBranchRules({ octokit, owner, repo }, branch) {
    const need = { doing: `read the rules of ${branch}`, permission: 'contents: read' };
    return refusal_explained(need, async () => {
        const [rules, { data }] = await Promise.all([
            octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }),
            octokit.rest.repos.getBranch({ owner, repo, branch }),
        ]);
        return { types: [...new Set(rules.map(({ type }) => type))], isProtected: data.protected };
    });
}
/** Names of the active rules that a branch of that name is under, also one that is not there yet. */
async function readRuleTypes({ octokit, owner, repo }, branch) {
    const need = { doing: `read the rules of ${branch}`, permission: 'contents: read' };
    const rules = await refusal_explained(need, () => octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }));
    return [...new Set(rules.map(({ type }) => type))];
}
/** The rules that keep a commit from being pushed. */
function rulesAgainstPush({ types }) {
    return types.filter((type) => againstPushes.has(type));
}
/** Names of the checks that the rules of the branch require; what classic branch protection asks for cannot be read. */
async function requiredChecks({ octokit, owner, repo }, branch) {
    const need = { doing: `read the rules of ${branch}`, permission: 'contents: read' };
    const rules = await refusal_explained(need, () => octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }));
    const names = rules.flatMap((rule) => rule.type === 'required_status_checks'
        ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
        : []);
    return [...new Set(names)];
}

;// CONCATENATED MODULE: ./lib/github/trees.js


const modes = new Set(['100644', '100755', '040000', '160000', '120000']);
/** The entries of one folder of a tree, by name; undefined when there is no such tree. */
async function listTree({ octokit, owner, repo }, sha) {
    return refusal_explained(readingTree(sha), async () => {
        try {
            const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: sha });
            return byPath(data.tree);
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return undefined;
            throw error;
        }
    });
}
/** All entries of a tree and the folders below it, by path; undefined when they are more than GitHub lists, 100,000. */
async function listWholeTree({ octokit, owner, repo }, sha) {
    return refusal_explained(readingTree(sha), async () => {
        const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: sha, recursive: '1' });
        return data.truncated ? undefined : byPath(data.tree);
    });
}
const readingTree = (sha) => ({
    doing: `read the tree ${sha.slice(0, 7)}`,
    permission: 'contents: read',
});
function byPath(entries) {
    return new Map(entries.flatMap(({ path, ...raw }) => {
        const entry = toTreeEntry(raw);
        return entry === undefined ? [] : [[path, entry]];
    }));
}
/** Makes the tree that the edits turn another one into. Nothing points at it yet, so it changes nothing. @returns its id */
async function createTree({ octokit, owner, repo }, { base, edits }) {
    // an object that nothing points at may be made twice
    const request = client/* repeatable */.E;
    return refusal_explained({ doing: 'create the tree', permission: 'contents: write' }, async () => {
        const tree = [];
        for (const edit of edits) {
            const { path } = edit;
            if ('content' in edit) {
                const content = Buffer.from(edit.content).toString('base64');
                const { data } = await octokit.rest.git.createBlob({
                    owner,
                    repo,
                    content,
                    encoding: 'base64',
                    request,
                });
                tree.push({ path, mode: edit.mode, type: 'blob', sha: data.sha });
            }
            else if (edit.entry === null) {
                tree.push({ path, mode: '100644', type: 'blob', sha: null });
            }
            else {
                tree.push({ path, ...edit.entry });
            }
        }
        const { data } = await octokit.rest.git.createTree({ owner, repo, base_tree: base, tree, request });
        return data.sha;
    });
}
/** An entry as git or GitHub tell it; undefined for a mode that only old versions of git wrote. */
function toTreeEntry({ mode, type, sha, }) {
    return isMode(mode) && isType(type) ? { mode, type, sha } : undefined;
}
function isMode(mode) {
    return mode !== undefined && modes.has(mode);
}
function isType(type) {
    return type === 'blob' || type === 'tree' || type === 'commit';
}

// EXTERNAL MODULE: external "node:child_process"
var external_node_child_process_ = __webpack_require__(1421);
;// CONCATENATED MODULE: ./lib/layers/code/command.js


/** Git ended with a status that is not 0. */
class GitFailure extends Error {
    name = 'GitFailure';
    status;
    output;
    /** on its standard error */
    said;
    constructor({ args, status, output, said, }) {
        const command = args.find((arg, index) => arg !== '-c' && args[index - 1] !== '-c');
        super(`git ${command ?? ''} ended with ${status ?? 'a signal'}: ${said.trim()}`);
        this.status = status;
        this.output = output;
        this.said = said;
    }
}
/** As a header of git's requests has them: a secret in this form, too. */
function basicCredentials({ username = 'x-access-token', token, }) {
    return Buffer.from(`${username}:${token}`).toString('base64');
}
/** Git with none of the machine's own settings: no hooks, no signing, no credential helper, no question at a prompt. */
function openGit({ gitDir, authorization, origin, path, signal }) {
    const header = authorization === undefined || !URL.canParse(authorization.url)
        ? []
        : [
            [
                `http.${new URL(authorization.url).origin}/.extraHeader`,
                `Authorization: Basic ${basicCredentials(authorization)}`,
            ],
        ];
    const settings = [
        ['core.hooksPath', '/dev/null'],
        ['advice.graftFileDeprecated', 'false'],
        ['gc.auto', '0'],
        // a server that sends nothing for five minutes is not waited for any longer
        ['http.lowSpeedLimit', '1'],
        ['http.lowSpeedTime', '300'],
        ['maintenance.auto', 'false'],
        ['commit.gpgSign', 'false'],
        ['user.name', 'rollback'],
        ['user.email', 'rollback@users.noreply.github.com'],
        ['merge.renameLimit', '10000'],
        ...(origin === undefined ? [] : [['remote.origin.url', origin]]),
        ...header,
    ];
    const env = {
        PATH: path,
        HOME: gitDir,
        GIT_DIR: gitDir,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        LC_ALL: 'C',
        GIT_CONFIG_COUNT: String(settings.length),
        ...Object.fromEntries(settings.flatMap(([key, value], index) => [
            [`GIT_CONFIG_KEY_${index}`, key],
            [`GIT_CONFIG_VALUE_${index}`, value],
        ])),
    };
    const runForBytes = (args, { input } = {}) => new Promise((resolve, reject) => {
        const child = (0,external_node_child_process_.spawn)('git', args, { env, stdio: ['pipe', 'pipe', 'pipe'], ...(signal && { signal }) });
        const [out, said] = [[], []];
        child.stdout.on('data', (chunk) => out.push(chunk));
        child.stderr.on('data', (chunk) => said.push(chunk));
        // git may end before it has read all of it
        child.stdin.on('error', () => { });
        child.stdin.end(input);
        child.once('error', (error) => reject(isMissing(error) ? noGit() : error));
        child.once('close', (status) => {
            const output = Buffer.concat(out);
            if (status === 0)
                resolve(output);
            else
                reject(new GitFailure({
                    args,
                    status,
                    output: output.toString('utf8'),
                    said: Buffer.concat(said).toString('utf8'),
                }));
        });
    });
    return {
        run: async (args, options) => (await runForBytes(args, options)).toString('utf8'),
        read: (blob) => runForBytes(['cat-file', 'blob', blob]),
    };
}
/** `merge-tree --write-tree` came with 2.38: https://github.com/git/git/blob/master/Documentation/RelNotes/2.38.0.txt */
const oldestGit = [2, 38];
/** @throws InputError when this machine's git is too old for what is done here, UnavailableError when there is none */
async function demandGit(git, wayOut = 'use a newer runner image, or mode: restore') {
    const version = await git.run(['version']);
    const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
    const [a, b] = [Number(major), Number(minor)];
    if (a > oldestGit[0] || (a === oldestGit[0] && b >= oldestGit[1]))
        return;
    throw new lib_errors/* InputError */.dz(`this runner has ${version.trim()}, and this takes git ${oldestGit.join('.')} or later; ${wayOut}`);
}
function isMissing(error) {
    return 'code' in error && error.code === 'ENOENT';
}
function noGit() {
    return new lib_errors/* UnavailableError */.hG('there is no git on this runner: install it, or use mode: restore, which needs none');
}

// EXTERNAL MODULE: external "node:fs/promises"
var external_node_fs_promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
;// CONCATENATED MODULE: ./lib/layers/code/partial-clone.js




/**
 * Prepares clones with the newest commits of a branch and their trees; files come when git asks for them.
 * @throws InputError for a git that is too old, UnavailableError when the repository cannot be fetched
 */
function prepareClone({ url, username, token, directory, path, signal }) {
    return async ({ head, depth }) => {
        await (0,external_node_fs_promises_.mkdir)(directory, { recursive: true });
        const gitDir = await (0,external_node_fs_promises_.mkdtemp)((0,external_node_path_.join)(directory, 'clone-'));
        const authorization = { url, token, ...(username !== undefined && { username }) };
        const git = openGit({ gitDir, path, signal, ...(token !== '' && { authorization }) });
        await demandGit(git);
        try {
            await git.run(['init', '--quiet', '--bare', gitDir]);
            await git.run(['remote', 'add', 'origin', url]);
            await git.run(['config', 'remote.origin.promisor', 'true']);
            await git.run(['config', 'remote.origin.partialclonefilter', 'blob:none']);
            const what = ['--quiet', '--no-tags', `--depth=${depth}`];
            await withFilter('blob:none', (filter) => git.run(['fetch', ...what, filter, 'origin', head]));
            return git;
        }
        catch (error) {
            if (error instanceof GitFailure)
                throw new lib_errors/* UnavailableError */.hG(`could not fetch ${url}: ${error.message}`, { cause: error });
            throw error;
        }
    };
}
/** Runs a fetch with a filter; without one where the server allows none, or not this one: what it keeps out comes along. */
async function withFilter(filter, fetch) {
    try {
        await fetch(`--filter=${filter}`);
    }
    catch (error) {
        if (!(error instanceof GitFailure) || !/filter .*not supported/.test(error.said))
            throw error;
        await fetch('--no-filter');
    }
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/refusal.js


/** A rule forbids the tag, and nothing else was forbidden: without it the branch may move. */
class TagRefusedError extends lib_errors/* RefusedError */.fk {
}
/** What git said of a remote, as the error with the way out; what is none of git's is returned as it is. */
function explainRemote(error) {
    if (error instanceof Error && error.name === 'AbortError')
        return new lib_errors/* UnavailableError */.hG('the job was cancelled before the git remote answered', { cause: error });
    if (!(error instanceof GitFailure))
        return error;
    const options = { cause: error };
    if (/Authentication failed|could not read (?:Username|Password)|requested URL returned error: 401/.test(error.message))
        return new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `the git remote rejected the credentials; check ${(0,lib_errors/* setting */.Pe)('remote-username')} and ${(0,lib_errors/* setting */.Pe)('remote-password')}`, options);
    if (/requested URL returned error: 403|HTTP 403/.test(error.message))
        return new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `the git remote knows the user and does not allow this (${lastWords(error)}); let the user of ${(0,lib_errors/* setting */.Pe)('remote-username')} read and push`, options);
    if (/repository '.*' not found|does not appear to be a git repository|returned error: 404/.test(error.message))
        return new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `there is no git repository at the address of ${(0,lib_errors/* setting */.Pe)('remote')}, or its user may not see it; check the address, ${(0,lib_errors/* setting */.Pe)('remote-username')} and ${(0,lib_errors/* setting */.Pe)('remote-password')}`, options);
    if (/does not support (?:--)?atomic/.test(error.message))
        return new lib_errors/* RefusedError */.fk('the git remote cannot change a branch and a tag together, and nothing was changed; it takes a server with atomic pushes, which git has since 2.4', options);
    return new lib_errors/* UnavailableError */.hG(`the git remote could not be used: ${lastWords(error)}; run again when it can`, options);
}
/** What git said of a push that was refused. @param what what was pushed, e.g. `main` */
function explainPush(error, what) {
    if (!(error instanceof GitFailure))
        return explainRemote(error);
    const reasons = refusedRefs(error.output);
    if (reasons.length === 0)
        return explainRemote(error);
    const options = { cause: error };
    const words = remoteWords(error.said);
    // a ref that is refused only because another one is, or that went while the server was at it, has no reason of its own
    const own = reasons.filter(({ reason }) => !reason.startsWith('atomic '));
    const causes = own.length > 0 ? own.map(({ reason }) => reason) : words;
    if (causes.some((cause) => /^stale info$|^fetch first$|cannot lock ref .*(?:but expected|exists$)/.test(cause)))
        return new lib_errors/* ConflictError */.fK(`could not push ${what}: somebody else pushed in between, and nothing was changed; run again to plan on the new state`, options);
    const said = `"${[...new Set([...words, ...causes])].join('; ')}"`;
    if (causes.includes('non-fast-forward'))
        return new lib_errors/* RefusedError */.fk(`could not push ${what}: the git remote lets no branch move back (${said}); use mode: restore`, options);
    const isTagAlone = own.length > 0 && own.every(({ ref }) => ref.startsWith('refs/tags/'));
    return new (isTagAlone ? TagRefusedError : lib_errors/* RefusedError */.fk)((0,lib_errors/* message */.iU) `could not push ${what}: a rule of the git remote forbids it (${said}), and nothing was changed; let the user of ${(0,lib_errors/* setting */.Pe)('remote-username')} push branches and tags there`, options);
}
/** Why refs were refused: `!`, from and to, and the reason in brackets. https://git-scm.com/docs/git-push#_output */
function refusedRefs(output) {
    return output.split('\n').flatMap((line) => {
        const [, ref, reason] = /^!\t[^\t]*:([^\t:]+)\t\[[^\]]*\] \((.*)\)$/.exec(line) ?? [];
        return ref === undefined || reason === undefined ? [] : [{ ref, reason }];
    });
}
/** What the server's hooks print. */
function remoteWords(text) {
    const words = [...text.matchAll(/^remote: (.*\S)/gm)].map(([, line]) => line ?? '');
    return words.slice(0, 5);
}
/** Git's own last words, in one line. */
function lastWords({ said }) {
    const line = said.replace(/\s+/g, ' ').trim();
    return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/fetch.js



/** Of one git command: what it lacks it fetches by itself. */
const fetchingLack = ['-c', 'remote.origin.promisor=true'];
/**
 * Fetches commits, as refs or by their ids, and the history that leads to them: neither trees nor files.
 * @throws RefusedError, UnavailableError as `explainRemote` has them
 */
async function fetchCommits(git, wanted, options = []) {
    await fetchFiltered(git, { options, filter: 'tree:0', wanted });
}
/** Fetches trees by their ids, with the folders directly in them; no files. @throws RefusedError, UnavailableError as `explainRemote` has them */
async function fetchTrees(git, wanted) {
    // told which commits are here, a server takes their trees to be here, too, and sends none of them
    const settings = ['-c', 'fetch.negotiationAlgorithm=noop'];
    // with tree:0 a server leaves out a tree that is wanted, and is in another one that is wanted, too
    await fetchFiltered(git, { settings, filter: 'combine:tree:1+blob:none', wanted });
}
async function fetchFiltered(git, { settings = [], options = [], filter, wanted, }) {
    const how = ['--quiet', '--no-tags', '--no-write-fetch-head', '--stdin', ...options];
    try {
        await withFilter(filter, (option) => git.run([...settings, 'fetch', ...how, option, 'origin'], { input: wanted.join('\n') }));
    }
    catch (error) {
        throw explainRemote(error);
    }
    finally {
        await forgetPromise(git);
    }
}
/** A filter makes git fetch whatever it lacks, one by one, from then on: what is not here is to be seen instead. */
async function forgetPromise(git) {
    try {
        // all that the repository itself has of its remote
        await git.run(['config', '--remove-section', 'remote.origin']);
    }
    catch (error) {
        // there is none when the fetch failed before
        if (!(error instanceof GitFailure))
            throw error;
    }
}
/** Those of some objects that are not here. */
async function missingOf(git, ids) {
    if (ids.length === 0)
        return [];
    const lines = await git.run(['cat-file', '--batch-check'], { input: `${[...new Set(ids)].join('\n')}\n` });
    return lines
        .split('\n')
        .flatMap((line) => (line.endsWith(' missing') ? [line.slice(0, line.indexOf(' '))] : []));
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/refs.js


/** What the remote's refs point at now; of an annotated tag also under its name with `^{}`, the commit that it marks. */
async function remoteRefs(git, patterns) {
    try {
        const lines = (await git.run(['ls-remote', '--quiet', 'origin', ...patterns])).split('\n');
        return new Map(lines.flatMap((line) => {
            const [sha, ref] = line.split('\t');
            return sha === undefined || ref === undefined ? [] : [[ref, sha]];
        }));
    }
    catch (error) {
        throw explainRemote(error);
    }
}
/** The commit or tag object that a ref points at; undefined when there is no such ref. The newest commits of a branch come with it. */
async function refs_readRef({ git, history }, ref) {
    const sha = (await remoteRefs(git, [`refs/${ref}`])).get(`refs/${ref}`);
    if (sha !== undefined && ref.startsWith('heads/'))
        await history.bringBranch(sha);
    return sha;
}
/** The branch that a clone of the remote checks out; '' when it names none. */
async function refs_defaultBranch({ git }) {
    try {
        const said = await git.run(['ls-remote', '--quiet', '--symref', 'origin', 'HEAD']);
        return /^ref: refs\/heads\/(.+)\tHEAD$/m.exec(said)?.[1] ?? '';
    }
    catch (error) {
        throw explainRemote(error);
    }
}
/** The branches of the remote, at most a hundred, with the commit that each is at. */
async function refs_listBranches({ git, }) {
    const refs = await remoteRefs(git, ['refs/heads/*']);
    return [...refs].slice(0, 100).map(([ref, commit]) => ({ name: ref.slice('refs/heads/'.length), commit }));
}
/** Every tag whose name begins so, with the commit it marks. */
async function refs_listTags({ git }, { prefix }) {
    const refs = await remoteRefs(git, [`refs/tags/${prefix}*`]);
    return [...refs].flatMap(([ref, sha]) => ref.endsWith('^{}')
        ? []
        : [{ name: ref.slice('refs/tags/'.length), commit: refs.get(`${ref}^{}`) ?? sha }]);
}
/** The annotated tags whose names begin so, the last by name first. @param count how many at most */
async function refs_readTags({ git: main, openEmpty }, { prefix, count }) {
    const refs = await remoteRefs(main, [`refs/tags/${prefix}*`]);
    const annotated = [...refs].filter(([ref]) => refs.has(`${ref}^{}`)).slice(-count);
    if (annotated.length === 0)
        return [];
    // a tag brings its commit, and only as the end of a history does it bring no more than that
    const git = await openEmpty();
    await fetchCommits(git, annotated.map(([ref, sha]) => `${sha}:${ref}`), ['--depth=1']);
    const format = '--format=%(refname:lstrip=2)%00%(*objectname)%00%(taggerdate:unix)%00%(contents)%00';
    const fields = (await git.run(['for-each-ref', format, 'refs/tags/'])).split('\0');
    const tags = [];
    for (let at = 0; at + 4 < fields.length; at += 4) {
        const [name = '', commit = '', seconds = '', message = ''] = fields.slice(at, at + 4);
        tags.push({ name: name.trim(), commit, message, taggedAt: new Date(Number(seconds) * 1000) });
    }
    return tags.reverse();
}

;// CONCATENATED MODULE: ./lib/layers/code/revert.js


/**
 * Computes the tree that `git revert --no-commit` of the commits leaves, without a work tree: each commit is undone by
 * a three-way merge whose base is the commit itself, whose other side is its parent.
 * The commits, their parents and the history between them and the head have to be in the repository, or promised.
 * @throws InputError for a merge commit without a mainline, or a root commit
 * @throws ConflictError that lists the files, when a commit cannot be undone without touching later work
 */
async function revertTree(git, { head, commits, mainline }) {
    let top = head;
    for (const { commit, kept } of await keptParents(git, { commits, mainline })) {
        // a commit with the parent's content and the commit as its parent: so the commit is where both sides come from
        const without = await commitTree(git, { tree: `${kept}^{tree}`, parent: commit });
        const tree = await mergeTree(git, { ours: top, theirs: without, undoing: commit });
        top = await commitTree(git, { tree, parent: top });
    }
    const tree = (await git.run(['rev-parse', `${top}^{tree}`])).trim();
    return { tree, edits: await diffTrees(git, { from: head, to: tree }) };
}
/** Each commit with the parent whose content comes back. */
async function keptParents(git, { commits, mainline }) {
    const listed = await git.run(['rev-list', '--parents', '--no-walk=unsorted', ...commits]);
    return listed
        .trim()
        .split('\n')
        .map((line) => {
        const [commit = '', ...parents] = line.split(' ');
        return { commit, kept: keptParent(commit, parents, mainline) };
    });
}
function keptParent(commit, parents, mainline) {
    const short = commit.slice(0, 7);
    if (parents.length === 0)
        throw new lib_errors/* InputError */.dz(`commit ${short} is the first of its history: there is nothing to go back to`);
    if (parents.length > 1 && mainline === undefined) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `commit ${short} is a merge of ${parents.length} histories; write in ${(0,lib_errors/* setting */.Pe)('mainline')} which of its parents stays, in most cases 1`);
    }
    // as git has it: 1 may be given for a commit that is no merge
    const kept = parents[(mainline ?? 1) - 1];
    if (kept === undefined)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('mainline')} is ${mainline}, but commit ${short} has ${parents.length === 1 ? 'only one parent' : `${parents.length} parents`}`);
    return kept;
}
async function mergeTree(git, { ours, theirs, undoing }) {
    try {
        const output = await git.run([
            'merge-tree',
            '--write-tree',
            '-z',
            '--name-only',
            '--no-messages',
            ours,
            theirs,
        ]);
        return output.split('\0')[0] ?? '';
    }
    catch (error) {
        // 1 is a conflict: the tree, then the files in conflict; anything else went wrong
        if (!(error instanceof GitFailure) || error.status !== 1)
            throw error;
        const [, ...files] = error.output.split('\0').filter((field) => field !== '');
        const list = [...new Set(files)].map((file) => `  ${file}`).join('\n');
        throw new lib_errors/* ConflictError */.fK(`commit ${undoing.slice(0, 7)} cannot be undone by itself, because later commits changed the same lines; nothing was changed. Files in conflict:\n${list}\nUndo these later commits too, or use mode: restore`, { cause: error });
    }
}
async function commitTree(git, { tree, parent }) {
    return (await git.run(['commit-tree', tree, '-p', parent, '-m', 'on the way'])).trim();
}
/** The files that differ; a rename is one that goes and one that comes. */
async function diffTrees(git, { from, to }) {
    const fields = (await git.run(['diff-tree', '-r', '-z', '--no-renames', from, to])).split('\0');
    const edits = [];
    for (let index = 0; index + 1 < fields.length; index += 2) {
        const [, mode = '', , blob = '', status = ''] = (fields[index] ?? '').slice(1).split(' ');
        const path = fields[index + 1] ?? '';
        edits.push(status === 'D' ? { path, mode: '100644', blob: null } : { path, mode, blob });
    }
    return edits;
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/trees.js



/** The entries of one folder of a tree, by name. */
async function trees_listTree({ git }, tree) {
    return toEntries(await readTree(git, tree));
}
/** All entries of a tree and the folders below it, by path. */
async function trees_listWholeTree({ git }, tree) {
    // everything differs from nothing, so all of it is brought
    await bringDifference(git, tree, emptyTree);
    return toEntries(await readTree(git, tree, ['-r', '-t']));
}
function toEntries(entries) {
    return new Map([...entries].flatMap(([name, raw]) => {
        const entry = toTreeEntry(raw);
        return entry === undefined ? [] : [[name, entry]];
    }));
}
/** Git knows it without being told. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
/** Brings the folders in which two trees differ, level by level, and no others; no files. */
async function bringDifference(git, one, other) {
    let pairs = [`${one} ${other}`];
    while (pairs.length > 0) {
        await bringTrees(git, pairs.join(' ').split(' '));
        const output = await git.run(['diff-tree', '--stdin', '-z', '--no-renames'], {
            input: `${pairs.join('\n')}\n`,
        });
        pairs = differingFolders(output);
    }
}
/** From `:mode mode id id status`, path, and so on; before the first of two trees there is a line with both. */
function differingFolders(output) {
    const fields = output.split('\0').filter((_, index) => index % 2 === 0);
    return fields.flatMap((field) => {
        const [, from, to, older = '', newer = ''] = /:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]$/.exec(field) ?? [];
        if (from !== '040000' && to !== '040000')
            return [];
        return [`${from === '040000' ? older : emptyTree} ${to === '040000' ? newer : emptyTree}`];
    });
}
/**
 * Brings trees with the folders directly in them. A server may leave out one that is wanted and also lies deeper in another
 * one that is wanted (git 2.39 with a combined filter), so what did not come is asked for again, each alone.
 */
async function bringTrees(git, trees) {
    const wanted = trees.filter((tree) => tree !== emptyTree);
    const missing = await missingOf(git, wanted);
    if (missing.length === 0)
        return;
    await fetchTrees(git, missing);
    for (const tree of await missingOf(git, missing))
        await fetchTrees(git, [tree]);
}
/** What each of some trees has at a path, as mode and id; nothing for one that has nothing there. */
async function entriesAt(git, trees, path) {
    const names = path.split('/');
    let found = new Map(trees.map((tree) => [tree, { mode: '040000', type: 'tree', sha: tree }]));
    for (const name of names) {
        const folders = [...found].filter(([, { type }]) => type === 'tree');
        await bringTrees(git, [...new Set(folders.map(([, { sha }]) => sha))]);
        const read = new Map();
        for (const [, { sha }] of folders)
            if (!read.has(sha))
                read.set(sha, (await readTree(git, sha)).get(name));
        found = new Map(folders.flatMap(([tree, { sha }]) => {
            const entry = read.get(sha);
            return entry === undefined ? [] : [[tree, entry]];
        }));
    }
    return new Map([...found].map(([tree, { mode, sha }]) => [tree, `${mode} ${sha}`]));
}
/** Brings the folders in which two trees differ, and compares them. */
async function compareTrees({ git }, { from, to }) {
    await bringDifference(git, from, to);
    return diffTrees(git, { from, to });
}
async function readTree(git, tree, options = []) {
    await bringTrees(git, [tree]);
    const lines = (await git.run(['ls-tree', '-z', ...options, tree])).split('\0').filter(Boolean);
    return new Map(lines.map((line) => {
        const tab = line.indexOf('\t');
        const [mode = '', type = '', sha = ''] = line.slice(0, tab).split(' ');
        return [line.slice(tab + 1), { mode, type, sha }];
    }));
}
/** Makes the tree that the edits turn another one into; it is only here. @returns its id */
async function trees_createTree(repository, { base, edits }) {
    const changes = await Promise.all(edits.map(async (edit) => {
        const path = edit.path.split('/');
        if (!('content' in edit))
            return { path, entry: edit.entry };
        const input = Buffer.from(edit.content);
        const sha = (await repository.git.run(['hash-object', '-w', '--stdin'], { input })).trim();
        return { path, entry: { mode: edit.mode, type: 'blob', sha } };
    }));
    // what goes makes room first: a folder may become a file, or a file a folder
    const less = await changeTree(repository, base, changes.filter(({ entry }) => entry === null));
    return changeTree(repository, less, changes.filter(({ entry }) => entry !== null));
}
async function changeTree(repository, tree, changes) {
    if (changes.length === 0)
        return tree;
    const entries = new Map(await readTree(repository.git, tree));
    const below = new Map();
    for (const { path, entry } of changes) {
        const [name = '', ...rest] = path;
        if (rest.length > 0)
            below.set(name, [...(below.get(name) ?? []), { path: rest, entry }]);
        else if (entry === null)
            entries.delete(name);
        else
            entries.set(name, entry);
    }
    for (const [name, deeper] of below) {
        const there = entries.get(name);
        const isNothing = there?.type !== 'tree' && deeper.every(({ entry }) => entry === null);
        if (isNothing)
            continue;
        const sha = await changeTree(repository, there?.type === 'tree' ? there.sha : emptyTree, deeper);
        if (sha === emptyTree)
            entries.delete(name);
        else
            entries.set(name, { mode: '040000', type: 'tree', sha });
    }
    const lines = [...entries].map(([name, { mode, type, sha }]) => `${mode} ${type} ${sha}\t${name}\0`);
    // what the lines name need not be here
    return (await repository.git.run(['mktree', '--missing', '-z'], { input: lines.join('') })).trim();
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/commits.js




/** A commit by its full id. @throws RefusedError when it is not in the repository */
async function commits_readCommit(repository, sha) {
    const { history, read } = repository;
    const known = read.get(sha);
    if (known !== undefined)
        return known;
    await demandCommit(repository, sha);
    await history.deepenUntil(async () => !(await history.cutOff()).has(sha));
    const [commit] = await logCommits(repository, ['--no-walk', sha]);
    if (commit === undefined)
        throw noCommit(repository, sha);
    return commit;
}
/** The full id of what a branch, a tag or a (short) commit id names; undefined when it names nothing. */
async function commits_resolveRevision(repository, name) {
    const { branch, tag, commit } = await commits_findNamed(repository, name);
    return tag ?? branch ?? commit;
}
/** Looks up a branch, a tag or a (short) commit id; `heads/x` and `tags/x`, with or without `refs/`, are one of them alone. */
async function commits_findNamed(repository, name) {
    const { git, history } = repository;
    const bring = async (sha) => sha !== undefined && (await history.bringCommit(sha)) ? commitId(git, sha) : undefined;
    const none = { branch: undefined, tag: undefined, commit: undefined };
    if (/^[0-9a-f]{40}$/.test(name))
        return { ...none, commit: await bring(name) };
    const [, kind, own = name] = /^(?:refs\/)?(heads|tags)\/(.+)$/.exec(name) ?? [];
    const refs = await remoteRefs(git, [`refs/heads/${own}`, `refs/tags/${own}`, `refs/tags/${own}^{}`]);
    const tagged = refs.get(`refs/tags/${own}^{}`) ?? refs.get(`refs/tags/${own}`);
    const branch = kind === 'tags' ? undefined : await bring(refs.get(`refs/heads/${own}`));
    const tag = kind === 'heads' ? undefined : await bring(tagged);
    if (branch !== undefined || tag !== undefined || !/^[0-9a-f]{7,39}$/.test(name))
        return { ...none, branch, tag };
    await history.deepenUntil(async () => (await commitId(git, name)) !== undefined);
    return { ...none, commit: await commitId(git, name) };
}
/** Compares two revisions, in commits; `unrelated` when they have none in common. @throws RefusedError when one of them is not there */
async function compareHistories(repository, { base, head }) {
    const { git, history } = repository;
    await demandCommit(repository, head);
    await demandCommit(repository, base);
    await history.bringRange({ base, head });
    const commits = await logCommits(repository, ['--topo-order', '--reverse', `${base}..${head}`]);
    const behindBy = Number(await git.run(['rev-list', '--count', `${head}..${base}`, '--']));
    const aheadBy = commits.length;
    const counts = { aheadBy, behindBy, commits };
    if (aheadBy === 0)
        return { status: behindBy === 0 ? 'identical' : 'behind', ...counts };
    if (behindBy === 0)
        return { status: 'ahead', ...counts };
    const common = await orNothing(git.run(['merge-base', base, head]));
    return { status: common === undefined ? 'unrelated' : 'diverged', ...counts };
}
/** The same with the files that differ, whose changed lines are not counted: that would take the files themselves. */
async function commits_compareCommits(repository, revisions) {
    const comparison = await compareHistories(repository, revisions);
    if (comparison.status !== 'ahead')
        return { ...comparison, files: [] };
    const [{ tree: from }, { tree: to }] = [
        await commits_readCommit(repository, revisions.base),
        await commits_readCommit(repository, revisions.head),
    ];
    await bringDifference(repository.git, from, to);
    const paths = await repository.git.run(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to]);
    const files = paths.split('\0').filter(Boolean);
    return { ...comparison, files: files.map((path) => ({ path, additions: 0, deletions: 0 })) };
}
/** True when the older revision is in the history of the newer one, or is it. */
async function commits_isAncestor(repository, { older, newer }) {
    if (!(await repository.history.bringCommit(older)))
        return false;
    const { status } = await compareHistories(repository, { base: older, head: newer });
    return status === 'ahead' || status === 'identical';
}
/** The newest commits of a branch, newest first. @param branch the full id that it is at */
async function plain_commits_listCommits(repository, { branch, count, page = 1 }) {
    const { history } = repository;
    const skip = count * (page - 1);
    await demandCommit(repository, branch);
    let listed = [];
    await history.deepenUntil(async () => {
        listed = await logCommits(repository, [`--max-count=${count}`, `--skip=${skip}`, branch]);
        const cut = await history.cutOff();
        return listed.length === count && !listed.some(({ sha }) => cut.has(sha));
    });
    return listed;
}
/** Makes a commit that nothing points at yet, and that is only here. */
async function commits_createCommit(repository, { tree, parents, message }) {
    const { git } = repository;
    // what the push compares has to be here, or git fetches all of the tree
    for (const parent of parents)
        await bringDifference(git, (await commits_readCommit(repository, parent)).tree, tree);
    const onto = parents.flatMap((parent) => ['-p', parent]);
    const sha = (await git.run(['commit-tree', tree, ...onto], { input: message })).trim();
    return commits_readCommit(repository, sha);
}
/** Those of some commits that touch one of the paths, compared with each of their parents. */
async function commits_commitsTouching(repository, { commits, paths }) {
    const parents = commits.flatMap((commit) => commit.parents);
    const known = new Map(commits.map((commit) => [commit.sha, commit.tree]));
    for (const sha of parents)
        if (!known.has(sha))
            known.set(sha, (await commits_readCommit(repository, sha)).tree);
    const trees = [...new Set(known.values())];
    const touching = new Set();
    for (const path of paths) {
        const entries = await entriesAt(repository.git, trees, path);
        const at = (sha) => entries.get(known.get(sha) ?? '');
        for (const { sha, parents: above } of commits) {
            const others = above.length === 0 ? [undefined] : above.map(at);
            if (others.every((other) => other !== at(sha)))
                touching.add(sha);
        }
    }
    return commits.filter(({ sha }) => touching.has(sha));
}
async function demandCommit(repository, sha) {
    if (!(await repository.history.bringCommit(sha)))
        throw noCommit(repository, sha);
}
function noCommit({ owner, repo }, sha) {
    return new lib_errors/* RefusedError */.fk(`${owner}/${repo} has no commit ${sha.slice(0, 7)}, or its user may not see it`);
}
async function commitId(git, name) {
    const what = ['--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
    return (await orNothing(git.run(['rev-parse', ...what])))?.trim();
}
/** What git printed; undefined when it ended with another status than 0, which says that there is nothing. */
async function orNothing(output) {
    try {
        return await output;
    }
    catch (error) {
        if (error instanceof GitFailure)
            return undefined;
        throw error;
    }
}
/** By arguments of `git log`. */
async function logCommits({ git, history, read }, args) {
    const format = '--format=tformat:%H%x00%T%x00%P%x00%an%x00%ct%x00%B';
    const fields = (await git.run(['log', '-z', format, ...args, '--'])).split('\0');
    const commits = [];
    for (let at = 0; at + 6 <= fields.length; at += 6) {
        const [sha = '', tree = '', parents = '', author = '', seconds = '', message = ''] = fields.slice(at, at + 6);
        const committedAt = new Date(Number(seconds) * 1000);
        commits.push({ sha, tree, parents: parents.split(' ').filter(Boolean), message, author, committedAt });
    }
    const cut = await history.cutOff();
    for (const commit of commits)
        if (!cut.has(commit.sha))
            read.set(commit.sha, commit);
    return commits;
}

;// CONCATENATED MODULE: ./lib/layers/code/plain/push.js







/** Moves a branch forward. @throws ConflictError when it is elsewhere; RefusedError when a rule forbids it */
async function push_moveBranch(repository, move) {
    const { branch, to } = move;
    await repository.history.bringCommit(to);
    try {
        await push_resetBranch(repository, move);
    }
    catch (error) {
        // an answer that was lost, with somebody's commit on top of it since
        const now = await refs_readRef(repository, `heads/${branch}`);
        if (now === undefined || !(await commits_isAncestor(repository, { older: to, newer: now })))
            throw error;
    }
}
/** Moves a branch to any commit. @throws ConflictError when it is elsewhere; RefusedError when a rule forbids it */
async function push_resetBranch(repository, { branch, from, to }) {
    await pushRefs(repository, [{ ref: `refs/heads/${branch}`, from, to }]);
}
/**
 * Moves a branch, forward or back, and tags a commit: both in one push, or neither.
 * @throws ConflictError when the branch is elsewhere or the tag's name is taken; RefusedError when a rule forbids it
 */
async function moveAndTag(repository, { branch, from, to }, tag) {
    const object = await makeTag(repository.git, tag);
    await pushRefs(repository, [
        { ref: `refs/heads/${branch}`, from, to },
        { ref: `refs/tags/${tag.tag}`, from: '', to: object },
    ]);
}
/** The commit that a tag of the remote is on; undefined when there is none of that name. */
async function taggedCommit({ git }, tag) {
    const refs = await remoteRefs(git, [`refs/tags/${tag}`, `refs/tags/${tag}^{}`]);
    return refs.get(`refs/tags/${tag}^{}`) ?? refs.get(`refs/tags/${tag}`);
}
/**
 * Puts an annotated tag on a commit; the same tag on the same commit is left as it is.
 * @throws ConflictError when the name is taken by a tag of another commit
 */
async function push_tagCommit(repository, wanted) {
    const { tag, commit } = wanted;
    const tagged = await taggedCommit(repository, tag);
    if (tagged === commit)
        return;
    if (tagged !== undefined)
        throw new lib_errors/* ConflictError */.fK(`the tag ${tag} is already on ${tagged.slice(0, 7)}: delete or rename it, and run again`);
    const to = await makeTag(repository.git, wanted);
    await pushRefs(repository, [{ ref: `refs/tags/${tag}`, from: '', to }]);
}
/** Makes the object of an annotated tag, which is only here. @returns its id */
async function makeTag(git, { tag, commit, message }) {
    const tagger = (await git.run(['var', 'GIT_COMMITTER_IDENT'])).trim();
    const input = `object ${commit}\ntype commit\ntag ${tag}\ntagger ${tagger}\n\n${message}`;
    return (await git.run(['mktag'], { input })).trim();
}
/** Creates a branch, or finds it there already. @returns the commit it is at, which is another one when the name was taken */
async function push_createRef(repository, { ref, sha }) {
    const there = await refs_readRef(repository, ref);
    if (there !== undefined)
        return there;
    await pushRefs(repository, [{ ref: `refs/${ref}`, from: '', to: sha }]);
    return sha;
}
/** Moves refs in one push, each from where it was seen, or none of them. Whether it did is read from the remote. */
async function pushRefs(repository, moves) {
    const leases = moves.map(({ ref, from }) => `--force-with-lease=${ref}:${from}`);
    const refs = moves.map(({ ref, to }) => `${to}:${ref}`);
    const options = ['--porcelain', '--atomic', '--no-verify', '--no-thin', ...leases];
    let failure;
    try {
        const push = () => repository.git.run([...fetchingLack, 'push', ...options, 'origin', ...refs]);
        await sharing(repository, moves[0].to, push);
    }
    catch (error) {
        failure = error;
    }
    // the answer may be lost; and git also ends well when a ref was there before, with whatever lease
    if (await isDone(repository, moves))
        return;
    const what = moves.map(({ ref }) => ref.replace(/^refs\/\w+\//, '')).join(' and ');
    if (failure !== undefined)
        throw explainPush(failure, what);
    throw new lib_errors/* UnavailableError */.hG(`the git remote said that it moved ${what}, and it did not; run again`);
}
/**
 * Runs a push of a commit. It sends what the commits before that one have not, and with the content of an older one these
 * are files that the server has had all along: git would fetch them, to send them back. So the commit is noted as coming
 * from the older one, too, in git's own file for such notes, which stays here.
 * https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-grafts
 */
async function sharing({ git, gitDir }, commit, push) {
    const lines = await git.run(['log', '--max-count=10000', '--format=%H %T %P', `${commit}^{commit}`, '--']);
    const [[sha, tree, ...parents] = [], ...older] = lines.split('\n').map((line) => line.split(' '));
    const [twin] = older.find(([, each]) => each === tree) ?? [];
    const notes = (0,external_node_path_.join)(gitDir, 'info', 'grafts');
    await (0,external_node_fs_promises_.mkdir)((0,external_node_path_.dirname)(notes), { recursive: true });
    if (twin !== undefined)
        await (0,external_node_fs_promises_.writeFile)(notes, `${[sha, ...parents, twin].join(' ')}\n`);
    try {
        await push();
    }
    finally {
        await (0,external_node_fs_promises_.rm)(notes, { force: true });
    }
}
/** A ref that was made is ours alone, and proves that the others were moved, too: they may have gone on since. */
async function isDone(repository, moves) {
    const now = await remoteRefs(repository.git, moves.map(({ ref }) => ref));
    const made = moves.filter(({ from }) => from === '');
    return (made.length > 0 ? made : moves).every(({ ref, to }) => now.get(ref) === to);
}

;// CONCATENATED MODULE: ./lib/layers/code/repository.js










function isPlain(repository) {
    return 'git' in repository;
}
/** What only GitHub has. @throws InputError when the repository is not there: it says what asks for it, and what to write instead */
function demandGitHub(repository, { asks, instead }) {
    if (!isPlain(repository))
        return repository;
    throw onlyOnGitHub(asks, instead);
}
/** @param asks what asks for it @param instead what to write instead */
function onlyOnGitHub(asks, instead) {
    return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${asks}, which needs GitHub, and ${(0,lib_errors/* setting */.Pe)('remote')} names another server; ${instead}`);
}
function either(onGitHub, overGit) {
    return (repository, asked) => isPlain(repository) ? repository.inTurn(() => overGit(repository, asked)) : onGitHub(repository, asked);
}
const repository_readCommit = either(readCommit, commits_readCommit);
const repository_listCommits = either(commits_listCommits, plain_commits_listCommits);
const repository_createCommit = either(createCommit, commits_createCommit);
const repository_isAncestor = either(isAncestor, commits_isAncestor);
const repository_resolveRevision = either(resolveRevision, commits_resolveRevision);
const repository_findNamed = either(findNamed, commits_findNamed);
const repository_commitsTouching = either(commitsTouching, commits_commitsTouching);
const repository_compareCommits = either(compareCommits, commits_compareCommits);
/** The same without the files, which plain git would have to fetch folders for. */
const repository_compareHistories = either(compareCommits, compareHistories);
/** All commits of a range, oldest first, where a comparison on GitHub has at most 250. */
const repository_listRange = either(listRange, async (repository, range) => (await compareHistories(repository, range)).commits);
const repository_readRef = either(readRef, refs_readRef);
const repository_createRef = either(createRef, push_createRef);
const repository_moveBranch = either(moveBranch, push_moveBranch);
const repository_resetBranch = either(resetBranch, push_resetBranch);
const repository_tagCommit = either(tagCommit, push_tagCommit);
/** Plain git takes none as an argument. */
const repository_listBranches = either(listBranches, refs_listBranches);
const repository_listTags = either(listTags, refs_listTags);
const repository_readTags = either(readTags, refs_readTags);
const repository_listTree = either(listTree, trees_listTree);
const repository_listWholeTree = either(listWholeTree, trees_listWholeTree);
const repository_createTree = either(createTree, trees_createTree);
/** A git server does not tell its rules before they forbid something. */
const repository_readBranchRules = either(readBranchRules, async () => ({
    types: [],
    isProtected: true,
}));
async function repository_readFacts(repository) {
    if (!isPlain(repository))
        return readFacts(repository);
    return {
        defaultBranch: await repository.inTurn(() => refs_defaultBranch(repository)),
        archived: false,
    };
}

;// CONCATENATED MODULE: ./lib/layers/code/earlier.js


/** The rollbacks among the newest commits of a branch, newest first. A commit that only says that it is one is none: its parent tells. */
function earlier_findRollbacks(recent) {
    return recent.flatMap((commit) => {
        const said = readMessage(commit.message);
        return said !== undefined && commit.parents[0] === said.from ? [{ commit, ...said }] : [];
    });
}
/** Checks whether a rollback still holds: people may have gone on from it, or taken it back. */
async function lookAfter(repository, { commit, from }, head) {
    if (commit.sha === head)
        return { since: [], takenBackBy: undefined };
    const { commits: since } = await repository_compareHistories(repository, { base: commit.sha, head });
    const { tree: undoneTree } = await repository_readCommit(repository, from);
    let takenBackBy;
    for (const each of since) {
        if (each.tree === undoneTree || each.message.includes(`This reverts commit ${commit.sha}`))
            takenBackBy = each;
        else if (each.tree === commit.tree)
            takenBackBy = undefined;
    }
    return { since, takenBackBy };
}

// EXTERNAL MODULE: ./lib/text/duration.js
var duration = __webpack_require__(4783);
;// CONCATENATED MODULE: ./lib/rollback/guard.js


/** The limits of the configuration. */
function limitsOf({ health, rollback, code, }) {
    return {
        cooldownMs: health.cooldownMs,
        dailyCap: rollback.dailyCap,
        maxCommits: code.maxCommits,
        maxAgeMs: rollback.maxAgeMs,
    };
}
/** Every guard, in the order in which they are asked. The health gate, each action that rolls back, and `doctor` go by this list. */
const guards = [
    {
        name: 'on-hold',
        rule: 'Nothing is rolled back automatically while the environment is on hold.',
        reads: 'the input `hold`, `/hold` in the history, the labels of open issues and pull requests',
        binds: 'automatic runs',
        bindsResumed: true,
        refusal: ({ hold }) => (hold === undefined ? undefined : (0,lib_errors/* message */.iU) `${hold}`),
    },
    {
        name: 'takes-back',
        rule: 'A rollback is not taken back automatically.',
        reads: 'what is asked for',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: ({ takesBack }) => (takesBack ? (0,lib_errors/* message */.iU) `a rollback is not taken back automatically` : undefined),
    },
    {
        name: 'plan-needs-approval',
        rule: 'Steps that a layer marks as dangerous, such as restoring a database, are not done automatically.',
        reads: 'the plan of each layer',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: ({ needsApproval }) => needsApproval.length === 0 ? undefined : (0,lib_errors/* message */.iU) `${needsApproval.join('; ')}`,
    },
    {
        name: 'is-a-rollback',
        rule: 'A rollback is not rolled back automatically.',
        reads: 'the message of the failed revision',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: ({ isRollback }) => isRollback
            ? (0,lib_errors/* message */.iU) `the failed revision is itself a rollback, which is not rolled back automatically`
            : undefined,
    },
    {
        name: 'already-rolled-back',
        rule: 'A revision is rolled back automatically once.',
        reads: 'the history',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: (rollback, { past }) => {
            const at = rolledBackAt(rollback, past);
            if (at === undefined)
                return undefined;
            return (0,lib_errors/* message */.iU) `${rollback.revision.slice(0, 7)} was rolled back from ${rollback.environment} at ${utc(at)} and is deployed again, and a revision is rolled back automatically once`;
        },
    },
    {
        name: 'cooldown',
        rule: 'There is a minimum time between two automatic rollbacks of an environment.',
        reads: 'the history, `health.cooldown`',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: (rollback, { limits, past, now }) => {
            const last = Math.max(...others(rollback, past).map(({ at }) => Date.parse(at)));
            // another runner's clock may be ahead of ours
            if (Math.max(0, now - last) >= limits.cooldownMs)
                return undefined;
            return (0,lib_errors/* message */.iU) `the last automatic rollback of ${rollback.environment} was at ${utc(new Date(last).toISOString())}, and ${(0,lib_errors/* setting */.Pe)('health.cooldown')} is ${(0,duration/* sayDuration */.kP)(limits.cooldownMs)}`;
        },
    },
    {
        name: 'daily-cap',
        rule: 'An environment is rolled back automatically only a limited number of times within 24 hours.',
        reads: 'the history, `rollback.daily-cap`',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: (rollback, { limits, past, now }) => {
            const recent = others(rollback, past).filter(({ at }) => now - Date.parse(at) < (0,duration/* parseDuration */.E9)('24h'));
            const count = new Set(recent.map(({ incident }) => incident)).size;
            if (count < limits.dailyCap)
                return undefined;
            return (0,lib_errors/* message */.iU) `${rollback.environment} was rolled back automatically ${count} times within 24 hours, and ${(0,lib_errors/* setting */.Pe)('rollback.daily-cap')} allows ${limits.dailyCap}`;
        },
    },
    {
        name: 'max-commits',
        rule: 'An automatic rollback undoes only a limited number of commits.',
        reads: 'the plan, `code.max-commits`',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: ({ undoneCount = 0 }, { limits }) => undoneCount > limits.maxCommits
            ? (0,lib_errors/* message */.iU) `the rollback would undo ${undoneCount} commits, and ${(0,lib_errors/* setting */.Pe)('code.max-commits')} allows ${limits.maxCommits}`
            : undefined,
    },
    {
        name: 'max-age',
        rule: 'An old revision is not rolled back automatically: what broke is likely something else.',
        reads: 'the date of the failed revision, `rollback.max-age`',
        binds: 'automatic runs',
        bindsResumed: false,
        refusal: ({ committedAt }, { limits: { maxAgeMs }, now }) => {
            const age = committedAt === undefined ? 0 : now - committedAt.getTime();
            return maxAgeMs !== undefined && age > maxAgeMs
                ? (0,lib_errors/* message */.iU) `the failed revision is ${(0,duration/* sayDuration */.kP)(age)} old, and ${(0,lib_errors/* setting */.Pe)('rollback.max-age')} allows ${(0,duration/* sayDuration */.kP)(maxAgeMs)}: what broke is likely something else`
                : undefined;
        },
    },
];
/** The first guard that does not allow it; undefined when all do. */
function refusalOf(rollback, circumstances) {
    for (const guard of guards) {
        if (guard.binds === 'automatic runs' && !rollback.automatic)
            continue;
        if (rollback.isResumed && !guard.bindsResumed)
            continue;
        const because = guard.refusal(rollback, circumstances);
        if (because !== undefined)
            return { guard, because };
    }
    return undefined;
}
/** When the layers were rolled back for this incident before, unless that was taken back. */
function rolledBackAt({ incident, layers, from }, past) {
    const own = past.filter((event) => event.incident === incident);
    const undone = new Set(own.flatMap((event) => (event.kind === 'rollback-undone' ? [event.from] : [])));
    const before = own.find((event) => {
        if (event.kind === 'rollback-ended')
            return event.outcome === 'complete';
        if (event.kind !== 'rollback-applied' || !event.automatic || undone.has(event.now))
            return false;
        if (from !== undefined && !event.from.split(', ').some((each) => from.includes(each)))
            return false;
        return (layers === undefined || layers.includes(event.layer)) && !isPartial(event, own);
    });
    return before?.at;
}
/** The same run failed to roll back another target of the layer, such as a channel, and no run has done that since. */
function isPartial({ layer, run }, own) {
    const done = new Set(own.flatMap((event) => (event.kind === 'rollback-applied' && event.layer === layer ? [event.from] : [])));
    return own
        .filter((event) => event.kind === 'rollback-failed')
        .some((event) => event.layer === layer && run !== undefined && event.run?.id === run.id && !done.has(event.from));
}
/** The automatic rollbacks of the environment for other incidents. */
function others({ environment, incident }, past) {
    return past
        .filter((event) => event.kind === 'rollback-applied')
        .filter((event) => event.automatic && event.environment === environment && event.incident !== incident);
}
function utc(at) {
    return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

;// CONCATENATED MODULE: ./lib/rollback/record.js

/**
 * What a layer did, for the history.
 * @param timesUndone how often the rollback was taken back before: done again it is another event
 */
function describeApplied(view, receipt, { reason, automatic, startedAt, timesUndone = 0, }) {
    const { layer } = view;
    const { from, to, now, tag, branch, kept, pull } = receipt;
    // a backup that is restored twice by hand replaces another database each time
    const replaced = kept['database'] === undefined ? [] : [kept['database']];
    const naturalKey = [layer, from, to, ...replaced, ...again(timesUndone)];
    if (pull !== undefined) {
        const { number, url } = pull;
        const where = { branch: branch ?? '', pull: number, url };
        return {
            what: { kind: 'rollback-proposed', layer, from, to, ...where, reason },
            naturalKey: [...naturalKey, String(number)],
        };
    }
    const what = {
        kind: 'rollback-applied',
        layer,
        from,
        to,
        now,
        ...(tag !== undefined && { tag }),
        ...(branch !== undefined && { branch }),
        reason,
        targetFoundBy: view.foundBy,
        automatic,
        undone: [...view.undone],
        startedAt,
        ...(Object.keys(kept).length > 0 && { kept }),
    };
    return { what, naturalKey };
}
/** That a rollback of the code was taken back, and which incident that is about; undefined when the history does not know it. */
function describeTakenBack(events, { rollback, now, because }) {
    const subject = events.findLast((event) => event.kind === 'rollback-applied' && event.layer === 'code' && event.now === rollback);
    return {
        what: { kind: 'rollback-undone', layer: 'code', from: rollback, now, because },
        naturalKey: ['code', rollback],
        subject,
    };
}
/** What was taken back and is done again is another event than the first time. */
function again(times) {
    return times === 0 ? [] : [`again-${times}`];
}
/** Why a layer could not be rolled back, for the history; undefined for a bug. */
function describeFailed({ layer, from, to }, error, stepKey) {
    const reasonCode = reasonCodeOf(error);
    if (reasonCode === undefined || !(0,lib_errors/* isUserFacing */.Qx)(error))
        return undefined;
    return {
        what: { kind: 'rollback-failed', layer, from, to, reasonCode, because: error.message },
        naturalKey: [layer, from, to, reasonCode, stepKey],
    };
}
/** The reason for which a layer failed, as one word of the history; undefined for a bug. */
function reasonCodeOf(error) {
    if (error instanceof lib_errors/* ConflictError */.fK)
        return 'conflict';
    if (error instanceof lib_errors/* RefusedError */.fk || error instanceof lib_errors/* InputError */.dz)
        return 'refused';
    return error instanceof lib_errors/* UnavailableError */.hG ? 'unavailable' : undefined;
}
/** With these, nothing is gone on with: the next run begins anew. */
const over = new Set(['complete', 'failed', 'undone']);
/** Reads how far a rollback has come. @param events of the incident, oldest first */
function readProgress(events) {
    const began = events.findLastIndex(({ kind }) => kind === 'rollback-began');
    const since = began === -1 ? [] : events.slice(began);
    const first = since[0];
    const end = since.findLast((event) => event.kind === 'rollback-ended');
    const isOver = end !== undefined && over.has(end.outcome);
    const done = new Map();
    for (const event of since) {
        if (event.kind === 'rollback-applied' || event.kind === 'rollback-proposed')
            done.set(event.layer, event);
        if (event.kind === 'rollback-undone')
            done.delete(event.layer);
    }
    return {
        unfinished: first?.kind === 'rollback-began' && !isOver ? first : undefined,
        isCarriedOut: end !== undefined && !isOver && end.outcome !== 'partial',
        ended: events.filter(({ kind }) => kind === 'rollback-ended').length,
        done,
        undone: (layer) => events.filter((event) => event.kind === 'rollback-undone' && event.layer === layer).length,
    };
}
/** A rollback of the history, as its layer takes it back. */
function undoableOf(event) {
    const { from, to } = event;
    if (event.kind === 'rollback-proposed')
        return { from, to, now: from, kept: {} };
    return { from, to, now: event.now, kept: event.kept ?? {} };
}

;// CONCATENATED MODULE: ./lib/rollback/allowed.js






/**
 * Holds a rollback against its guards: reads what they go by, and asks each.
 * @returns the first guard that does not allow it; undefined when it may be carried out
 */
async function findRefusal(repository, intent, { limits, hold, readHistory, isPlanned = true, now, log }) {
    if (!intent.automatic)
        return undefined;
    const { environment, incident, revision } = intent;
    const past = await readHistory();
    const isBegun = readProgress(past.filter((event) => event.incident === incident)).unfinished !== undefined;
    const isResumed = intent.isAgreed === true || isBegun;
    const [commit, answer] = await Promise.all([
        isPlanned && !isResumed ? repository_readCommit(repository, revision) : undefined,
        // only GitHub has labels that hold
        findHold(isPlain(repository) ? undefined : repository, { environment, text: hold, events: past }),
    ]);
    for (const remark of answer.remarks)
        log(remark);
    const rollback = {
        ...intent,
        from: intent.from,
        undoneCount: intent.undoneCount,
        committedAt: commit?.committedAt,
        isRollback: commit && earlier_findRollbacks([commit]).length > 0,
        takesBack: intent.takesBack === true,
        needsApproval: intent.needsApproval ?? [],
        isResumed,
        hold: answer.hold && describeHold(answer.hold),
    };
    return refusalOf(rollback, { limits, past, now });
}
/** The way past a guard. */
function describeRefusal({ because }) {
    return (0,lib_errors/* message */.iU) `manual approval required: ${because}. Check it, and run the rollback manually if it is right`;
}
/** @throws RefusedError that names the guard and the way past it */
async function demandAllowed(repository, intent, options) {
    const refusal = await findRefusal(repository, intent, options);
    if (refusal !== undefined)
        throw new RefusedError(describeRefusal(refusal));
}

;// CONCATENATED MODULE: ./lib/github/approvals.js


/**
 * The approvals of a run by people, where its environments have required reviewers.
 * https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
 * @returns undefined when the token may not see them
 */
async function approvalsOfRun({ octokit, owner, repo }, run) {
    const need = { doing: `read who approved the run ${run}`, permission: 'actions: read' };
    try {
        const { data } = await refusal_explained(need, () => octokit.rest.actions.getReviewsForRun({ owner, repo, run_id: Number(run) }));
        return data
            .filter(({ state, user }) => state === 'approved' && user.type === 'User' && !user.login.endsWith('[bot]'))
            .flatMap(({ environments, user }) => environments.map(({ name }) => ({ environment: name ?? '', user: user.login })));
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/github/pulls.js


const toPull = ({ number, html_url, title, merged_at, node_id }) => {
    return { number, url: html_url, title, merged: merged_at !== null, nodeId: node_id };
};
/** The merged pull requests that brought a commit; empty for one that was pushed. */
async function pullsOfCommit({ octokit, owner, repo }, sha) {
    const need = { doing: `find the pull requests of ${sha.slice(0, 7)}`, permission: 'pull-requests: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.repos.listPullRequestsAssociatedWithCommit({ owner, repo, commit_sha: sha, per_page: 100 }));
    return data.map(toPull).filter(({ merged }) => merged);
}
/** The open pull request from one branch of the repository to another. */
async function findOpenPull({ octokit, owner, repo }, { head, base }) {
    const need = { doing: `find the pull request of ${head}`, permission: 'pull-requests: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.pulls.list({ owner, repo, head: `${owner}:${head}`, base, state: 'open', per_page: 1 }));
    return data[0] && toPull(data[0]);
}
/**
 * Opens a pull request, or finds it open already: GitHub allows one from the same branch to the same base, so a second
 * try after a lost answer is refused and finds the first one's.
 */
async function openPull(repository, request) {
    const { octokit, owner, repo } = repository;
    const found = await findOpenPull(repository, request);
    if (found !== undefined)
        return found;
    const need = { doing: `open a pull request from ${request.head}`, permission: 'pull-requests: write' };
    return refusal_explained(need, async () => {
        try {
            const { data } = await octokit.rest.pulls.create({ owner, repo, ...request });
            return toPull(data);
        }
        catch (error) {
            const opened = refusal_isRefused(error, 'unavailable') || refusal_isRefused(error, 'already-exists');
            const there = opened ? await findOpenPull(repository, request) : undefined;
            if (there === undefined)
                throw error;
            return there;
        }
    });
}
/** Closes a pull request without merging it; one that is closed stays so. */
async function closePull({ octokit, owner, repo }, { number }) {
    const need = { doing: `close the pull request #${number}`, permission: 'pull-requests: write' };
    await refusal_explained(need, () => octokit.rest.pulls.update({ owner, repo, pull_number: number, state: 'closed', request: client/* repeatable */.E }));
}
/** Asks people (`octocat`) and teams (`team:ops`) for a review. */
async function requestReviews({ octokit, owner, repo }, { number, reviewers }) {
    if (reviewers.length === 0)
        return;
    const teams = reviewers.filter((each) => each.startsWith('team:')).map((each) => each.slice('team:'.length));
    const people = reviewers.filter((each) => !each.startsWith('team:'));
    const need = { doing: `ask for reviews of #${number}`, permission: 'pull-requests: write' };
    await refusal_explained(need, () => 
    // asking the same people twice is asking once
    octokit.rest.pulls.requestReviewers({
        owner,
        repo,
        pull_number: number,
        reviewers: people,
        team_reviewers: teams,
        request: client/* repeatable */.E,
    }));
}
/**
 * Lets GitHub merge a pull request as soon as its rules allow it; where the branch has a merge queue, that is how it gets
 * into the queue: https://docs.github.com/en/graphql/reference/mutations#enablepullrequestautomerge
 */
async function enableAutoMerge({ octokit }, { nodeId, number }) {
    const need = { doing: `turn auto-merge of #${number} on`, permission: 'pull-requests: write' };
    await refusal_explained(need, () => octokit.graphql('mutation ($id: ID!) { enablePullRequestAutoMerge(input: { pullRequestId: $id }) { clientMutationId } }', { id: nodeId }));
}

;// CONCATENATED MODULE: ./lib/layers/code/plan.js




/** What a plan goes to, for the history: the id of a revision, the commits that are taken away, or the rollback that is. */
function goalOf(plan) {
    switch (plan.mode) {
        case 'revert':
            return revertGoal(plan.undone);
        case 'undo':
        case 'reapply':
            return `${plan.mode}:${plan.rollback.sha}`;
        default:
            return plan.target.commit.sha;
    }
}
function revertGoal(commits) {
    return `without:${commits.map(({ sha }) => sha.slice(0, 12)).join('+')}`;
}
/** True when a plan takes a rollback back. */
function plan_takesBack(plan) {
    return plan.mode === 'undo' || plan.mode === 'reapply';
}
/** What the messages of its commit and its tag say a plan is about. */
function scopeOf(plan) {
    const { mode } = plan;
    const paths = 'paths' in plan ? plan.paths : [];
    return { mode, paths, ...(mode === 'reset' && { reset: plan.branch }) };
}
/** Where a branch is. @throws InputError when there is no such branch */
async function plan_demandHead(repository, branch) {
    const head = await repository_readRef(repository, `heads/${branch}`);
    if (head !== undefined)
        return head;
    const short = branch.replace(/^(?:refs\/)?(?:heads\/|remotes\/)?(?:origin\/)?/, '');
    const cure = short === branch || short === '' ? 'name the deployed branch' : `write ${short}`;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('branch')} is "${branch}", and ${repository.owner}/${repository.repo} has no such branch; ${cure}`);
}
/** @throws InputError when there is no such branch */
async function readStanding(repository, { branch, incident }) {
    const head = await plan_demandHead(repository, branch);
    const rollbacks = earlier_findRollbacks(await repository_listCommits(repository, { branch: head, count: 100 }));
    const holding = [];
    for (const earlier of rollbacks.filter((each) => each.incident === incident)) {
        const { since, takenBackBy } = await lookAfter(repository, earlier, head);
        const base = holding.at(-1)?.from ?? head;
        if (takenBackBy !== undefined)
            return { head, rollbacks, holding, base, takenBackBy: base === head ? takenBackBy : undefined };
        holding.push({ ...earlier, since });
    }
    return { head, rollbacks, holding, base: holding.at(-1)?.from ?? head, takenBackBy: undefined };
}
/** The undone commits that came after the failed revision. */
async function findCollateral(repository, { bad, head, undone }) {
    if (bad === head || !undone.some(({ sha }) => sha === bad))
        return [];
    const { commits } = await repository_compareHistories(repository, { base: bad, head });
    const later = new Set(commits.map(({ sha }) => sha));
    return undone.filter(({ sha }) => later.has(sha));
}
/** Pull requests are asked for commit by commit, of the newest ones only. */
const askedCommits = 20;
/** A token that may not see pull requests may still roll back; plain git knows none. */
async function findPulls(repository, commits) {
    if (isPlain(repository))
        return undefined;
    try {
        const [newest, ...others] = commits.slice(-askedCommits).reverse();
        if (newest === undefined)
            return [];
        // one alone first: a token that may not see them is told so once
        const first = await pullsOfCommit(repository, newest.sha);
        const found = [first, ...(await Promise.all(others.map(({ sha }) => pullsOfCommit(repository, sha))))];
        const byNumber = new Map(found.flat().map((pull) => [pull.number, pull]));
        return [...byNumber.values()].sort((a, b) => a.number - b.number);
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/github/workflows.js


const startedRun = schemas/* object */.Ikc({ workflow_run_id: schemas/* number */.aig() });
/**
 * Starts a workflow that has a `workflow_dispatch` trigger. The one way in which the workflow's own token can start a
 * run: https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/trigger-a-workflow
 */
async function dispatchWorkflow(repository, dispatch) {
    const { octokit, owner, repo } = repository;
    const { workflow, ref, inputs } = dispatch;
    const need = { doing: `start the workflow ${workflow}`, permission: 'actions: write' };
    const asked = { owner, repo, workflow_id: workflow, ref, inputs };
    return refusal_explained(need, async () => {
        try {
            const { data } = await octokit.rest.actions.createWorkflowDispatch({
                ...asked,
                return_run_details: true,
            });
            // Octokit's types know only the answer without a body
            return { id: startedRun.safeParse(data).data?.workflow_run_id, after: 0 };
        }
        catch (error) {
            // GitHub Enterprise Server 3.20 and older: https://github.com/benc-uk/workflow-dispatch/issues/86
            if (!/"return_run_details" is not a permitted key/.test(readRefusal(error)?.message ?? ''))
                throw error;
            const [newest] = await listDispatchedRuns(repository, dispatch);
            await octokit.rest.actions.createWorkflowDispatch(asked);
            return { id: undefined, after: newest?.id ?? 0 };
        }
    });
}
/** The run that was started, on a server that does not report which it is; undefined while GitHub has not made it. */
async function findStartedRun(repository, dispatch, { after }) {
    // the oldest of those since: a later one is somebody else's
    return (await listDispatchedRuns(repository, dispatch)).findLast(({ id }) => id > after)?.id;
}
/** Newest first. */
async function listDispatchedRuns({ octokit, owner, repo }, { workflow, ref }) {
    const need = { doing: `list the runs of the workflow ${workflow}`, permission: 'actions: read' };
    const asked = { workflow_id: workflow, event: 'workflow_dispatch', branch: ref, per_page: 10 };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.listWorkflowRuns({ owner, repo, ...asked }));
    return data.workflow_runs;
}
/**
 * The newest run of the workflow for a commit that was started by `workflow_dispatch` and has not failed.
 * @returns undefined when there is none
 */
async function findDispatchedRun({ octokit, owner, repo }, { workflow, commit }) {
    const need = { doing: `look for runs of the workflow ${workflow}`, permission: 'actions: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.listWorkflowRuns({
        owner,
        repo,
        workflow_id: workflow,
        head_sha: commit,
        event: 'workflow_dispatch',
        per_page: 10,
    }));
    const found = data.workflow_runs.find(({ conclusion }) => conclusion === null || conclusion === 'success');
    if (found === undefined)
        return undefined;
    return {
        id: found.id,
        url: found.html_url,
        status: found.status ?? 'unknown',
        conclusion: found.conclusion,
        createdAt: new Date(found.created_at),
        sha: found.head_sha,
        ref: found.head_branch ?? '',
    };
}
/** How a run stands. */
async function readRun({ octokit, owner, repo }, id) {
    const need = { doing: `read the run ${id}`, permission: 'actions: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.getWorkflowRun({ owner, repo, run_id: id }));
    const { html_url: url, status, conclusion, created_at: createdAt, head_sha: sha } = data;
    const stands = { status: status ?? 'unknown', conclusion, createdAt: new Date(createdAt) };
    return { id, url, ...stands, sha, ref: data.head_branch ?? '' };
}
/** What a run with the status `waiting` waits for: https://docs.github.com/en/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run */
async function pendingReviews({ octokit, owner, repo }, run) {
    const need = { doing: `read what the run ${run} waits for`, permission: 'actions: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.getPendingDeploymentsForRun({ owner, repo, run_id: run }));
    return data.map(({ environment, reviewers, wait_timer }) => ({
        environment: environment.name ?? '',
        reviewers: reviewers.flatMap(({ reviewer }) => {
            if (reviewer === undefined)
                return [];
            return 'login' in reviewer ? reviewer.login : `the team ${reviewer.name}`;
        }),
        waitMinutes: wait_timer,
    }));
}
/** The jobs of a run that no runner has taken, with the labels of the runner that each asks for. */
async function queuedJobs({ octokit, owner, repo }, run) {
    const need = { doing: `list the jobs of the run ${run}`, permission: 'actions: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.listJobsForWorkflowRun({ owner, repo, run_id: run, per_page: 100 }));
    return data.jobs
        .filter(({ status }) => status === 'queued')
        .map(({ name, labels }) => ({ name, labels: labels ?? [] }));
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
;// CONCATENATED MODULE: ./lib/rollback/plan.js


/**
 * Plans every layer, at the same time, and reads only: also those that are not chosen, as people want to know what stays.
 * @param layers all that are configured, in the order in which they are rolled back
 * @param onFailure with `continue`, a chosen layer that cannot be planned fails when its turn comes, and the others go on
 * @throws InputError, RefusedError, UnavailableError of a layer that was chosen; one that was not is only reported
 */
async function planLayers(layers, choice, onFailure = 'stop') {
    const outcomes = await Promise.allSettled(layers.map((layer) => layer.plan()));
    const planned = [];
    const left = [];
    for (const [index, layer] of layers.entries()) {
        const isChosen = choice === 'changed' || choice.includes(layer.name);
        const outcome = outcomes[index];
        if (outcome?.status === 'fulfilled') {
            const { view } = outcome.value;
            if (isChosen && view.state !== 'nothing')
                planned.push({ layer, plan: outcome.value });
            else
                left.push({ layer: layer.name, because: whyLeft(view, isChosen), view });
            continue;
        }
        const error = outcome?.reason;
        if (!(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        if (!isChosen)
            left.push({ layer: layer.name, because: `not chosen, and could not be looked at: ${error.message}` });
        else if (onFailure === 'continue')
            planned.push({ layer, plan: unplannable(layer.name, error) });
        // with a mistake in one layer that was chosen, none is touched
        else
            throw layers.length === 1 ? error : explainOthers(layer.name, error);
    }
    return { layers: planned, left };
}
/** Stands for a layer of which nothing is known but why: it fails when its turn comes, as any other failure of a layer does. */
function unplannable(layer, error) {
    return {
        view: {
            ...{
                layer,
                state: 'pending',
                from: '',
                to: '',
                foundBy: 'it cannot be planned',
                steps: [],
                undone: [],
                losses: [],
            },
            ...{ needsPerson: [], basis: {} },
            warnings: [`cannot be rolled back: ${error.message}`],
        },
        apply: () => Promise.reject(error),
    };
}
/** The same error, with how to roll the other layers back without this one. */
function explainOthers(layer, error) {
    const kind = [lib_errors/* InputError */.dz, lib_errors/* RefusedError */.fk, lib_errors/* UnavailableError */.hG].find((each) => error instanceof each);
    if (kind === undefined)
        return error;
    const said = (0,lib_errors/* message */.iU) `${layer}: ${error}. Nothing was changed: with ${(0,lib_errors/* setting */.Pe)('rollback.on-failure')} \`continue\` the other layers are rolled back without it`;
    return new kind(said, { cause: error });
}
function whyLeft({ state, from, to }, isChosen) {
    if (state === 'nothing')
        return 'the deployment changed nothing in it';
    if (isChosen || state === 'done')
        return 'rolled back already';
    return `not chosen: the deployment's change stays (${from} instead of ${to})`;
}
/** True when nothing is left to do. */
function plan_isDone({ layers }) {
    return layers.every(({ plan }) => plan.view.state !== 'pending');
}
/** The views of the layers that are rolled back, as they are printed and saved. */
function viewsOf({ layers }) {
    return layers.map(({ plan }) => plan.view);
}
/** A short name of a plan, made of all that it says: another plan, or an edited one, has another. */
function digestOf(value) {
    return (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

;// CONCATENATED MODULE: ./lib/rollback/approval.js



/**
 * Who approved a saved plan: a reviewer of the job's environment, who approved the run after the plan was made. GitHub gives an
 * approval no time: in the run that made the plan, those count that it did not have then; in another run, all of them if that
 * run began after the plan was made.
 * @param run id of this run
 * @param environment that of the job, whose reviewers are asked
 * @returns a login; undefined when there is none, or the token may not see it
 */
async function findApprover(repository, plan, { run, environment, events, }) {
    const digest = digestOf(plan);
    const planned = events.findLast((event) => event.kind === 'rollback-planned' && event.plan === digest);
    if (planned?.kind !== 'rollback-planned')
        return undefined;
    const approvals = await approvalsOfRun(repository, run);
    if (approvals === undefined || approvals.length === 0)
        return undefined;
    const before = planned.run?.id === run ? planned.approvals : await approvalsBefore(repository, run, planned.at);
    if (before === undefined)
        return undefined;
    const isOfJob = (each) => each.environment.toLowerCase() === environment.toLowerCase();
    const left = before.filter(isOfJob).map(({ user }) => user);
    return approvals.filter(isOfJob).find(({ user }) => {
        const index = left.indexOf(user);
        if (index !== -1)
            left.splice(index, 1);
        return index === -1;
    })?.user;
}
/** None for a run that began after the plan was made; unknown for an older one. */
async function approvalsBefore(repository, run, madeAt) {
    const { createdAt } = await readRun(repository, Number(run));
    return createdAt.getTime() > Date.parse(madeAt) ? [] : undefined;
}

;// CONCATENATED MODULE: ./lib/rollback/apply.js


/**
 * Rolls the layers back, one after the other, and records each as soon as it is done. A layer that an earlier run has
 * done is left as it is. Can be killed at any instant and run again.
 * @throws whatever is no user's business: bugs, and the end of a cancelled job
 */
async function applyLayers(planned, options) {
    const outcomes = [];
    let isStopped = false;
    for (const each of planned) {
        if (isStopped) {
            outcomes.push({ layer: each.layer.name, view: each.plan.view, outcome: 'not-tried', tookMs: 0 });
            continue;
        }
        const outcome = await applyLayer(each, options);
        outcomes.push(outcome);
        if (outcome.outcome !== 'failed')
            options.onDone(outcome);
        else if (options.onFailure !== 'continue')
            isStopped = true;
    }
    if (!isStopped || options.onFailure !== 'undo')
        return outcomes;
    return undoAll(planned, outcomes, options);
}
async function applyLayer({ layer, plan }, options) {
    const { progress, reason, automatic, record, now, log } = options;
    const { view } = plan;
    const earlier = progress.done.get(layer.name);
    // the history says who did it, and the plan, which was made a moment ago, that it holds
    if (earlier?.kind === 'rollback-applied' && view.state === 'done') {
        log(`${layer.name}: done by an earlier run`);
        const receipt = receiptOf(earlier);
        return { layer: layer.name, view, outcome: receipt.outcome, receipt, tookMs: 0 };
    }
    const startedAt = now();
    const took = () => now().getTime() - startedAt.getTime();
    log(`${layer.name}: ${view.from || 'what is there'} → ${view.to || 'nothing in its place'}`);
    try {
        const receipt = await plan.apply();
        const timesUndone = progress.undone(layer.name);
        const circumstances = { reason, automatic, startedAt: startedAt.toISOString(), timesUndone };
        const { what, naturalKey } = describeApplied(view, receipt, circumstances);
        await record(what, naturalKey);
        for (const warning of receipt.warnings ?? [])
            log(`${layer.name}: warning: ${warning}`);
        const problem = receipt.problem ??
            (receipt.verified?.ok === false ? `checked afterwards: ${receipt.verified.evidence}` : undefined);
        log(`${layer.name}: ${receipt.outcome}${receipt.verified === undefined ? '' : `; ${receipt.verified.evidence}`}`);
        return {
            layer: layer.name,
            view,
            outcome: receipt.outcome,
            receipt,
            ...(problem !== undefined && { problem }),
            tookMs: took(),
        };
    }
    catch (error) {
        const failed = describeFailed(view, error, options.stepKey);
        if (failed === undefined || !(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        log(`${layer.name}: failed, ${error.message}`);
        await record(failed.what, failed.naturalKey);
        return { layer: layer.name, view, outcome: 'failed', problem: error.message, tookMs: took() };
    }
}
/** Takes back what was done, the last first. What cannot be taken back stays, and is told. */
async function undoAll(planned, outcomes, options) {
    const after = [...outcomes];
    for (const [index, outcome] of [...outcomes.entries()].reverse()) {
        const layer = planned[index]?.layer;
        if (layer === undefined || outcome.receipt === undefined)
            continue;
        after[index] = await undoLayer(layer, outcome, outcome.receipt, options);
    }
    return after;
}
async function undoLayer(layer, outcome, done, { record, log, progress }) {
    try {
        const because = await layer.undo(done);
        log(`${layer.name}: taken back, ${because}`);
        const key = [layer.name, done.now, ...again(progress.undone(layer.name))];
        await record({ kind: 'rollback-undone', layer: layer.name, from: done.now, now: done.from, because }, key);
        return { ...outcome, outcome: 'undone' };
    }
    catch (error) {
        if (!(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        log(`${layer.name}: could not be taken back, ${error.message}`);
        return { ...outcome, problem: `could not be taken back: ${error.message}` };
    }
}
function receiptOf(event) {
    return {
        ...undoableOf(event),
        outcome: 'already-rolled-back',
        ...(event.tag !== undefined && { tag: event.tag }),
        ...(event.branch !== undefined && { branch: event.branch }),
        verified: undefined,
    };
}

;// CONCATENATED MODULE: ./lib/rollback/ending.js
/**
 * One word for how things stand after a run. The only place where a rollback is called complete: every layer is back and was
 * seen to be, what was to be deployed is, and production does not contradict it.
 */
function endOf({ layers, deployment, recovery }) {
    const broken = endOfLayers(layers);
    if (broken !== 'whole')
        return broken;
    if (layers.some(({ outcome }) => outcome === 'proposed'))
        return 'proposed';
    if (deployment?.problem !== undefined)
        return 'not-deployed';
    if (recovery.outcome === 'not-recovered')
        return 'not-recovered';
    const isUnseen = recovery.looked && recovery.outcome === 'unknown';
    return isUnseen || layers.some(({ problem }) => problem !== undefined) ? 'not-verified' : 'complete';
}
const incomplete = ['failed', 'not-tried', 'partial', 'undone'];
/** The same of the layers alone. */
function endOfLayers(layers) {
    const words = new Set(layers.map(({ outcome }) => outcome));
    if (incomplete.every((word) => !words.has(word)))
        return 'whole';
    if (words.has('undone'))
        return 'undone';
    const isAnyDone = layers.some(({ outcome }) => outcome !== 'failed' && outcome !== 'not-tried');
    return isAnyDone ? 'partial' : 'failed';
}

;// CONCATENATED MODULE: ./lib/rollback/carry-out.js



/**
 * Rolls back, deploys, checks whether production is well, and records it all. Nothing waits that need not: the code is
 * being deployed while the layers after it go back. Can be killed at any instant; the next run goes on from the history.
 * @throws whatever is no user's business
 */
async function carryOut(options) {
    const { plan, environment, progress, record, now, log, reason, automatic, startedAt } = options;
    if (progress.unfinished === undefined) {
        const layers = plan.layers.map(({ layer, plan: { view } }) => ({
            layer: layer.name,
            from: view.from,
            to: view.to,
        }));
        await record({
            kind: 'rollback-began',
            layers,
            reason,
            automatic,
            ...(options.approver !== undefined && { approver: options.approver }),
            startedAt: startedAt.toISOString(),
        }, [String(progress.ended)]);
    }
    else
        log(`going on with the rollback that began at ${progress.unfinished.at}`);
    const plannedAt = now();
    let pending;
    const deploySoon = ({ layer, receipt }) => {
        if (layer !== 'code' || receipt === undefined || receipt.pull !== undefined)
            return;
        pending = tryToDeploy(options, receipt);
        // it is awaited below, unless a bug ends everything before
        pending.catch(() => { });
    };
    // what may be taken back again is not deployed before all of it holds
    const isEager = options.onFailure !== 'undo';
    const layers = await applyLayers(plan.layers, { ...options, onDone: isEager ? deploySoon : () => { } });
    if (!isEager && endOfLayers(layers) === 'whole')
        layers.forEach(deploySoon);
    const deployment = await pending;
    const verifiedFrom = now();
    const recovery = await lookAt(options, layers, deployment);
    log(`${environment}: ${recovery.outcome}, ${recovery.because}`);
    const { outcome, because } = recovery;
    await record({ kind: 'recovery-verified', outcome, because, startedAt: verifiedFrom.toISOString() }, [
        String(progress.ended),
    ]);
    const ending = endOf({ layers, deployment, recovery });
    const endedAt = now().getTime();
    const beganAt = progress.unfinished === undefined ? startedAt.getTime() : Date.parse(progress.unfinished.startedAt);
    const phases = {
        plan: plannedAt.getTime() - startedAt.getTime(),
        ...Object.fromEntries(layers.map(({ layer, tookMs }) => [layer, tookMs])),
        ...(deployment && { deploy: deployment.tookMs }),
        verify: endedAt - verifiedFrom.getTime(),
    };
    const outcomes = layers.map(({ layer, outcome }) => ({ layer, outcome }));
    await record({ kind: 'rollback-ended', outcome: ending, layers: outcomes, phases }, [
        String(progress.ended),
    ]);
    return {
        environment,
        ending,
        layers,
        redeployed: deployment?.done,
        recovery,
        problems: problemsOf(environment, layers, deployment, recovery),
        tookMs: endedAt - beganAt,
        phases,
    };
}
/** What is left to do, a line each. */
function problemsOf(environment, layers, deployment, { outcome, because, looked }) {
    const ofLayers = layers.flatMap(({ layer, problem }) => problem === undefined ? [] : [`${layer}: ${problem}`]);
    const ofDeployment = deployment?.problem === undefined ? [] : [`deployment: ${deployment.problem}`];
    if (outcome === 'not-recovered')
        return [...ofLayers, ...ofDeployment, `${environment} is not well: ${because}`];
    const isUnseen = outcome === 'unknown' && looked;
    return [
        ...ofLayers,
        ...ofDeployment,
        ...(isUnseen ? [`${environment} was not seen to be well: ${because}`] : []),
    ];
}
/** One deployment of a restored revision, however often the rollback is gone on with. Never rejects for what users can mend. */
async function tryToDeploy({ deploy, record, now, log }, code) {
    if (deploy === undefined) {
        log(`nothing has been redeployed: pushes made with GITHUB_TOKEN do not trigger workflows; deploy ${code.now} now, or configure code.redeploy`);
        return { tookMs: 0 };
    }
    const from = now().getTime();
    try {
        const done = await deploy(code);
        const { revision, workflow, url } = done;
        await record({ kind: 'revision-deployed', deployed: revision, workflow, url }, [revision]);
        return { done, tookMs: now().getTime() - from };
    }
    catch (error) {
        if (!(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        return { problem: error.message, tookMs: now().getTime() - from };
    }
}
/** Production is only looked at when the rollback can have reached it. */
async function lookAt({ verify }, outcomes, deployed) {
    const unknown = (because) => ({ outcome: 'unknown', because, looked: false });
    if (outcomes.some(({ outcome }) => outcome === 'proposed'))
        return unknown('the rollback of the code waits for its pull request');
    const done = outcomes.filter(isInForce);
    if (done.length === 0)
        return unknown('nothing was rolled back');
    if (done.some(({ layer }) => layer === 'code') && deployed?.done === undefined)
        return unknown('the restored code is not deployed yet');
    return verify(done.flatMap(restoredBy));
}
/** The rollback commit, and the good revision whose content it has. */
function restoredBy({ layer, receipt }) {
    return layer === 'code' && receipt !== undefined ? [receipt.now, receipt.to] : [];
}
function isInForce({ outcome }) {
    return outcome === 'rolled-back' || outcome === 'already-rolled-back' || outcome === 'stopped';
}

// EXTERNAL MODULE: ./node_modules/mdast-util-gfm-table/lib/index.js + 1 modules
var lib = __webpack_require__(1486);
// EXTERNAL MODULE: ./node_modules/mdast-util-to-markdown/lib/index.js + 14 modules
var mdast_util_to_markdown_lib = __webpack_require__(9059);
;// CONCATENATED MODULE: ./lib/text/revision.js
/** A revision as people read it; any other name of where a layer stands, as it is. */
function shortRevision(name) {
    return /^[0-9a-f]{40,64}$/.test(name) ? name.slice(0, 7) : name;
}

;// CONCATENATED MODULE: ./lib/text/markdown.js



/**
 * Markdown for job summaries, issues and pull requests, built as a tree so that no text of a user, a commit or a server
 * can become markup: what is said goes in by `text` or `code`, and the serializer escapes it.
 */
function renderMarkdown(blocks) {
    const root = { type: 'root', children: [...blocks] };
    return (0,mdast_util_to_markdown_lib/* toMarkdown */.l)(root, {
        bullet: '-',
        rule: '-',
        fences: true,
        extensions: [(0,lib/* gfmTableToMarkdown */.d)({ tablePipeAlign: false })],
    });
}
/** A text that is not ours: nobody is mentioned by it, and no issue is referred to. */
function markdown_text(value) {
    return { type: 'text', value: value.replace(/@(?=\w)|#(?=\d)/g, '$&\u200b') };
}
/** A name, id or value as it is; GitHub makes no mention or link of it. */
function markdown_code(value) {
    return { type: 'inlineCode', value: value.replace(/\s+/g, ' ') };
}
/** A revision as people read it; any other name of where a layer stands, as it is. */
function markdown_revision(name) {
    return markdown_code(shortRevision(name));
}
function strong(...children) {
    return { type: 'strong', children: inlines(children) };
}
function markdown_link(url, ...children) {
    return { type: 'link', url, children: inlines(children) };
}
function markdown_heading(depth, ...children) {
    return { type: 'heading', depth, children: inlines(children) };
}
function markdown_paragraph(...children) {
    return { type: 'paragraph', children: inlines(children) };
}
function markdown_bulletList(items) {
    const children = items.map((item) => ({ type: 'listItem', spread: false, children: [markdown_paragraph(...item)] }));
    return { type: 'list', ordered: false, spread: false, children };
}
/** A block of code or of commands, its fence longer than any in it. */
function codeBlock(value, language) {
    return { type: 'code', value, lang: language ?? null };
}
/** An invisible line that a program finds again: `<!-- … -->`. */
function comment(value) {
    if (value.includes('--'))
        throw new TypeError(`a hidden marker may not contain two dashes: ${value}`);
    return { type: 'html', value: `<!-- ${value} -->` };
}
function markdown_table(head, rows) {
    const row = (cells) => ({
        type: 'tableRow',
        children: cells.map((cell) => ({ type: 'tableCell', children: inlines(isList(cell) ? cell : [cell]) })),
    });
    return { type: 'table', align: head.map(() => null), children: [row(head), ...rows.map(row)] };
}
function isList(cell) {
    return Array.isArray(cell);
}
function inlines(children) {
    return children.map((child) => (typeof child === 'string' ? markdown_text(child) : child));
}

;// CONCATENATED MODULE: ./lib/rollback/describe.js




/** How many commits or migrations of a layer are listed. */
const listed = 20;
/** The plan as lines of a log. */
function describePlan(plan) {
    return [
        ...viewsOf(plan).flatMap((view, index) => [
            `${index + 1}. ${view.layer}: ${describe_short(view.from)} → ${describe_short(view.to)} (${view.foundBy})`,
            ...view.steps.map((step) => `   ${step}`),
            ...view.losses.map((loss) => `   lost: ${loss}`),
            ...view.warnings.map((warning) => `   warning: ${warning}`),
            ...view.needsPerson.map((why) => `   manual approval required: ${why}`),
        ]),
        ...plan.left.map(({ layer, because }) => `left as it is: ${layer}, ${because}`),
    ];
}
/** The plan as sections of the job summary. */
function summarizePlan(plan) {
    const views = viewsOf(plan);
    return [
        ...views.flatMap((view, index) => [
            markdown_heading(3, `${index + 1}. ${layerTitles[view.layer]}`),
            markdown_bulletList([
                ['from ', markdown_revision(view.from), ' to ', markdown_revision(view.to), markdown_text(`, ${view.foundBy}`)],
                ...view.steps.map((step) => [markdown_text(step)]),
                ...view.losses.map((loss) => [strong('Lost:'), markdown_text(` ${loss}`)]),
                ...view.warnings.map((warning) => [strong('Mind:'), markdown_text(` ${warning}`)]),
                ...view.needsPerson.map((why) => [strong('Manual approval required:'), markdown_text(` ${why}`)]),
            ]),
            ...undoneTable(view),
        ]),
        ...(plan.left.length === 0
            ? []
            : [
                markdown_heading(3, 'What stays as it is'),
                markdown_bulletList(plan.left.map(({ layer, because }) => [strong(layerTitles[layer]), markdown_text(`: ${because}`)])),
            ]),
    ];
}
function undoneTable({ layer, undone, undoneCount = undone.length }) {
    if (undone.length === 0)
        return [];
    const more = undoneCount > listed ? [markdown_paragraph(`… and ${undoneCount - listed} more.`)] : [];
    const shown = undone.slice(-listed);
    if (layer === 'database')
        return [
            markdown_table(['migration', 'of'], shown.map(({ title, revision: of }) => [markdown_code(title), markdown_revision(of)])),
            ...more,
        ];
    const rows = shown.map((each) => [markdown_revision(each.revision), markdown_code(each.title), markdown_code(each.author)]);
    return [markdown_table(['commit', 'title', 'author'], rows), ...more];
}
const layerTitles = {
    code: 'Code',
    ota: 'Over-the-air update',
    database: 'Database',
    config: 'Configuration',
    flags: 'Feature flags',
};
/** What was done, as sections of the job summary: first what people want to know first. */
function summarizeReport({ environment, layers, redeployed, recovery, problems, }) {
    const seen = layers.flatMap(({ layer, receipt }) => receipt?.verified === undefined
        ? []
        : [[strong(layerTitles[layer]), markdown_text(`: ${receipt.verified.evidence}`)]]);
    return [
        markdown_paragraph(markdown_code(environment), ': ', strong(recovery.outcome), markdown_text(`, ${recovery.because}.`)),
        ...(problems.length === 0
            ? []
            : [markdown_heading(3, 'What is left to do'), markdown_bulletList(problems.map((problem) => [markdown_text(problem)]))]),
        markdown_table(['layer', 'from', 'to', 'outcome'], layers.map((each) => [
            layerTitles[each.layer],
            markdown_revision(each.view.from),
            markdown_revision(each.view.to),
            [strong(outcomeWords[each.outcome]), ...nowOf(each)],
        ])),
        ...(redeployed === undefined
            ? []
            : [
                markdown_paragraph('Deployed ', markdown_revision(redeployed.revision), ' by ', markdown_link(redeployed.url, markdown_code(redeployed.workflow)), '.'),
            ]),
        ...(seen.length === 0 ? [] : [markdown_heading(3, 'What was seen from outside'), markdown_bulletList(seen)]),
    ];
}
/** How long it took to recover, against the objective; how long each phase took, and its share. */
function summarizePhases({ phases, tookMs, recovery }, objectiveMs) {
    const total = Object.values(phases).reduce((sum, ms) => sum + ms, 0);
    const share = (ms) => (total === 0 ? '' : `${Math.round((ms / total) * 100)} %`);
    return [
        markdown_heading(3, 'Where the time went'),
        ...(recovery.outcome === 'recovered' ? [markdown_paragraph(...sayRecovery(tookMs, objectiveMs))] : []),
        markdown_table(['phase', 'time', 'share'], Object.entries(phases).map(([phase, ms]) => [phase, (0,duration/* sayDuration */.kP)(ms), share(ms)])),
    ];
}
function sayRecovery(tookMs, objectiveMs) {
    const took = ['Time to recover, from the first look to production seen well: ', strong((0,duration/* sayDuration */.kP)(tookMs))];
    if (objectiveMs === undefined)
        return [...took, '.'];
    const verdict = tookMs <= objectiveMs ? 'met' : 'missed';
    return [...took, `. The objective is ${(0,duration/* sayDuration */.kP)(objectiveMs)}: `, strong(verdict), '.'];
}
/** What became of an environment that was rolled back to practise it. */
function summarizeRehearsal({ afterwards }) {
    return [
        markdown_paragraph('All of it was taken back. Afterwards: ', strong(afterwards.outcome), markdown_text(`, ${afterwards.because}.`)),
    ];
}
const outcomeWords = {
    'rolled-back': 'rolled back',
    'already-rolled-back': 'rolled back before',
    proposed: 'proposed',
    stopped: 'halted',
    partial: 'in part',
    failed: 'failed',
    'not-tried': 'not tried',
    undone: 'taken back',
};
/** Where the layer stands, unless it is just what was gone back to. */
function nowOf({ receipt, outcome, view }) {
    if (receipt?.pull !== undefined)
        return [' by ', markdown_link(receipt.pull.url, `#${receipt.pull.number}`)];
    if (receipt === undefined || outcome === 'undone' || receipt.now === view.to)
        return [];
    return [', now ', markdown_revision(receipt.now)];
}
function describe_short(name) {
    return name === '' ? 'nothing' : shortRevision(name);
}

;// CONCATENATED MODULE: ./lib/rollback/afterwards.js

/**
 * Looks whether an incident whose layers are all back is over: whether the restored revision is deployed, and whether production
 * is well. That an earlier run ended is no answer.
 */
async function lookAfterwards(plan, { findRestored, production }) {
    const code = viewsOf(plan).find(({ layer }) => layer === 'code');
    const commit = code?.now;
    const [restored, assessment] = await Promise.all([
        commit === undefined ? undefined : findRestored?.(commit),
        production.assess(code === undefined || commit === undefined ? [] : [commit, code.to]),
    ]);
    const said = [];
    if (restored !== undefined)
        said.push(restored.state === 'deployed'
            ? restored.evidence
            : `${commit?.slice(0, 7)} is ${restored.state === 'superseded' ? 'not what was deployed last' : 'not deployed'}`);
    said.push(assessment === undefined
        ? `production was not looked at: ${production.unseen}`
        : `production is ${assessment.verdict}: ${assessment.because}`);
    const isDeployed = restored === undefined || restored.state === 'deployed';
    const isWell = assessment === undefined || assessment.verdict === 'healthy';
    return { isOver: isDeployed && isWell, because: said.join('; '), assessment };
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/iso.js
var iso = __webpack_require__(4377);
;// CONCATENATED MODULE: ./lib/history/event.js


/** A revision is a full commit id, SHA-1 or SHA-256. */
const event_revisionSchema = schemas/* string */.YjP().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'not a full commit id');
/** The kinds of thing that can be rolled back, in the order in which people list them. */
const layerNames = ['code', 'ota', 'database', 'config', 'flags'];
const layerSchema = schemas/* enum */.k5n(layerNames);
/** What every event says: who, when, about which failed deployment. */
const common = {
    schema: schemas/* literal */.euz(1),
    id: schemas/* string */.YjP().regex(/^[0-9a-f]{24}$/),
    incident: schemas/* string */.YjP().min(1),
    environment: schemas/* string */.YjP().min(1),
    /** the revision whose deployment failed */
    revision: event_revisionSchema,
    at: iso/* datetime */.w$(),
    actor: schemas/* string */.YjP().min(1),
    /** the workflow run it happened in; absent on a laptop */
    run: schemas/* object */.Ikc({ id: schemas/* string */.YjP(), attempt: schemas/* number */.aig().int(), url: schemas/* string */.YjP() }).optional(),
};
const checkOutcomeSchema = schemas/* object */.Ikc({
    name: schemas/* string */.YjP(),
    severity: schemas/* string */.YjP(),
    state: schemas/* enum */.k5n(['ok', 'breached', 'undecided', 'no-data', 'error']),
    evidence: schemas/* string */.YjP(),
    value: schemas/* number */.aig().optional(),
    failingSince: iso/* datetime */.w$().optional(),
});
const beforeAndAfter = schemas/* object */.Ikc({
    name: schemas/* string */.YjP(),
    before: schemas/* number */.aig().optional(),
    after: schemas/* number */.aig().optional(),
});
const healthChecked = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('health-checked'),
    verdict: schemas/* enum */.k5n(['healthy', 'unhealthy', 'inconclusive', 'error', 'pre-existing', 'not-deployed']),
    decision: schemas/* enum */.k5n(['roll-back', 'keep', 'hold']),
    reasonCode: schemas/* string */.YjP(),
    because: schemas/* string */.YjP(),
    /** when the watch began, for the time to detect */
    startedAt: iso/* datetime */.w$(),
    checks: schemas/* array */.YOg(checkOutcomeSchema),
});
const rollbackApplied = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-applied'),
    layer: layerSchema,
    /** what was there, and what was gone back to: revisions for code, labels or names for other layers */
    from: schemas/* string */.YjP(),
    to: schemas/* string */.YjP(),
    /** where the layer stands now: for code the rollback commit */
    now: schemas/* string */.YjP(),
    /** the tag that marks it, without refs/tags/ */
    tag: schemas/* string */.YjP().optional(),
    branch: schemas/* string */.YjP().optional(),
    reason: schemas/* string */.YjP(),
    /** how the target was found, in words */
    targetFoundBy: schemas/* string */.YjP(),
    /** true when no person asked for it: these count for the cooldown */
    automatic: schemas/* boolean */.zMY(),
    undone: schemas/* array */.YOg(schemas/* object */.Ikc({ revision: schemas/* string */.YjP(), title: schemas/* string */.YjP(), author: schemas/* string */.YjP() })),
    startedAt: iso/* datetime */.w$(),
    /** the safety copy, in the layer's own words: what is needed to go back to what was there */
    kept: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP()).optional(),
});
/** A rollback that waits for people: it takes effect when its pull request is merged. */
const rollbackProposed = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-proposed'),
    layer: layerSchema,
    from: schemas/* string */.YjP(),
    to: schemas/* string */.YjP(),
    branch: schemas/* string */.YjP(),
    pull: schemas/* number */.aig().int(),
    url: schemas/* string */.YjP(),
    reason: schemas/* string */.YjP(),
});
const rollbackFailed = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-failed'),
    layer: layerSchema,
    from: schemas/* string */.YjP(),
    to: schemas/* string */.YjP(),
    reasonCode: schemas/* enum */.k5n(['conflict', 'refused', 'unavailable', 'unverified', 'no-target']),
    because: schemas/* string */.YjP(),
});
const postmortemOpened = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('postmortem-opened'),
    issue: schemas/* number */.aig().int(),
    url: schemas/* string */.YjP(),
});
/** What was rolled back is there again, from its safety copy. */
const rollbackUndone = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-undone'),
    layer: layerSchema,
    /** `now` of the rollback that is undone */
    from: schemas/* string */.YjP(),
    /** where the layer stands now */
    now: schemas/* string */.YjP(),
    because: schemas/* string */.YjP(),
});
/** What a rollback of several layers is about to do, in this order; `plan` is the digest of it all. */
const plannedLayers = schemas/* array */.YOg(schemas/* object */.Ikc({ layer: layerSchema, from: schemas/* string */.YjP(), to: schemas/* string */.YjP() }));
/** A plan was saved, for people to look at and apply later: one that was edited since has another digest. */
const rollbackPlanned = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-planned'),
    plan: schemas/* string */.YjP(),
    layers: plannedLayers,
    /** the approvals that the run had when the plan was made: they are not of the plan; absent when they could not be read */
    approvals: schemas/* array */.YOg(schemas/* object */.Ikc({ environment: schemas/* string */.YjP(), user: schemas/* string */.YjP() })).optional(),
});
/** A rollback of several layers began: until it has ended, the next run goes on with it. */
const rollbackBegan = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-began'),
    layers: plannedLayers,
    reason: schemas/* string */.YjP(),
    automatic: schemas/* boolean */.zMY(),
    /** login of the reviewer who approved the plan */
    approver: schemas/* string */.YjP().optional(),
    /** when the run looked at production first, for the time to recover */
    startedAt: iso/* datetime */.w$(),
});
/** The restored revision was deployed by the repository's own workflow. */
const revisionDeployed = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('revision-deployed'),
    deployed: schemas/* string */.YjP(),
    workflow: schemas/* string */.YjP(),
    url: schemas/* string */.YjP(),
});
/** Production was looked at after the rollback. */
const recoveryVerified = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('recovery-verified'),
    outcome: schemas/* enum */.k5n(['recovered', 'not-recovered', 'unknown']),
    because: schemas/* string */.YjP(),
    startedAt: iso/* datetime */.w$(),
    /** what the checks showed when the deployment was called bad, and what they show now */
    checks: schemas/* array */.YOg(beforeAndAfter).optional(),
});
/** What the people who use it noticed: active users, crashes, feedback, engagement, before the deployment and since. */
const impactAssessed = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('impact-assessed'),
    because: schemas/* string */.YjP(),
    startedAt: iso/* datetime */.w$(),
    checks: schemas/* array */.YOg(beforeAndAfter.extend({ harmed: schemas/* boolean */.zMY(), evidence: schemas/* string */.YjP() })),
});
/** A workflow was started to roll back. claimed: it is about to be; failed: it could not be, and may be tried again. */
const rollbackRequested = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-requested'),
    outcome: schemas/* enum */.k5n(['claimed', 'started', 'failed']),
    workflow: schemas/* string */.YjP(),
    because: schemas/* string */.YjP(),
    /** id of the run that was started, where the server tells */
    started: schemas/* string */.YjP().optional(),
});
/**
 * How a run of a rollback ended. complete: every layer is back, deployed where a workflow deploys, and nothing that was looked at
 * contradicts it. proposed: the code waits for its pull request. not-deployed, not-recovered, not-verified: the layers are back,
 * and the restored revision is not deployed, production is still failing, or it could not be looked at. partial, failed, undone:
 * some layers, or none of them, are back.
 */
const endings = [
    'complete',
    'proposed',
    'not-deployed',
    'not-recovered',
    'not-verified',
    'partial',
    'failed',
    'undone',
];
/** A run of a rollback ended; the run after it goes on from there, unless it is complete, failed or undone. */
const rollbackEnded = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('rollback-ended'),
    outcome: schemas/* enum */.k5n(endings),
    layers: schemas/* array */.YOg(schemas/* object */.Ikc({ layer: layerSchema, outcome: schemas/* string */.YjP() })),
    /** how long each phase took, ms */
    phases: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* number */.aig()),
});
/** From here on nothing in the environment is rolled back without a person. */
const holdSet = schemas/* object */.Ikc({ ...common, kind: schemas/* literal */.euz('hold-set'), because: schemas/* string */.YjP() });
const holdLifted = schemas/* object */.Ikc({ ...common, kind: schemas/* literal */.euz('hold-lifted'), because: schemas/* string */.YjP() });
/** One thing that happened. Immutable; a new kind is one more member here and readers of old versions pass it over. */
const eventSchema = schemas/* discriminatedUnion */.gMt('kind', [
    healthChecked,
    rollbackApplied,
    rollbackProposed,
    rollbackFailed,
    rollbackUndone,
    rollbackPlanned,
    rollbackBegan,
    revisionDeployed,
    recoveryVerified,
    impactAssessed,
    rollbackRequested,
    rollbackEnded,
    holdSet,
    holdLifted,
    postmortemOpened,
]);
/**
 * Gives an event its id, derived from what happened and not from when, so that a step which is killed and run again
 * records the same event and not a second one.
 * @param naturalKey what makes this event the same event when it is seen again, e.g. the revisions moved between
 */
function event_newEvent(draft, naturalKey) {
    const key = JSON.stringify([draft.incident, draft.kind, ...naturalKey]);
    const id = (0,external_node_crypto_.createHash)('sha256').update(key).digest('hex').slice(0, 24);
    return eventSchema.parse({ schema: 1, id, ...draft });
}

;// CONCATENATED MODULE: ./lib/rollback/saved-plan.js






const viewSchema = schemas/* strictObject */.rej({
    layer: layerSchema,
    state: schemas/* enum */.k5n(['pending', 'done', 'nothing']),
    from: schemas/* string */.YjP(),
    to: schemas/* string */.YjP(),
    now: schemas/* string */.YjP().optional(),
    foundBy: schemas/* string */.YjP(),
    steps: schemas/* array */.YOg(schemas/* string */.YjP()),
    undone: schemas/* array */.YOg(schemas/* strictObject */.rej({ revision: schemas/* string */.YjP(), title: schemas/* string */.YjP(), author: schemas/* string */.YjP() })),
    undoneCount: schemas/* int */.Whr().nonnegative().optional(),
    losses: schemas/* array */.YOg(schemas/* string */.YjP()),
    warnings: schemas/* array */.YOg(schemas/* string */.YjP()),
    needsPerson: schemas/* array */.YOg(schemas/* string */.YjP()),
    basis: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP()),
});
const savedPlanSchema = schemas/* strictObject */.rej({
    schema: schemas/* literal */.euz(1),
    /** `owner/name` */
    repository: schemas/* string */.YjP(),
    environment: schemas/* string */.YjP(),
    incident: schemas/* string */.YjP(),
    revision: event_revisionSchema,
    madeAt: iso/* datetime */.w$(),
    expiresAt: iso/* datetime */.w$(),
    layers: schemas/* array */.YOg(viewSchema),
});
/** A plan to save, and its digest for the history. */
function makeSavedPlan(circumstances, views) {
    const saved = savedPlanSchema.parse({ schema: 1, ...circumstances, layers: views });
    return { saved, digest: digestOf(saved) };
}
/** Reads the file of a saved plan. @throws InputError when there is none, and what `readSavedPlan` throws */
async function openSavedPlan(path, about) {
    if (path === '')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('plan')} is needed to apply one; write the path that mode: plan gave`);
    const saved = await (0,external_node_fs_promises_.readFile)(path, 'utf8').catch(() => undefined);
    if (saved === undefined)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('plan')} is ${path}, and there is no such file; write the path of a saved plan`);
    return readSavedPlan(saved, { path, ...about });
}
/**
 * Reads a plan that was saved, and holds it against who made it: the history has the digest of each plan, and only those
 * who may write to the repository can write to it.
 * @param at ms since the epoch
 * @throws InputError for a file that is no plan, is from another repository or about another incident, was edited, or has expired
 */
function readSavedPlan(text, { path, repository, incident, events, at, }) {
    const refuse = (why) => new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('plan')} (${path}) ${why}: make a new plan with mode: plan`);
    const plan = parsePlan(text);
    if (plan === undefined)
        throw refuse('is not a plan of this version');
    if (plan.repository !== repository)
        throw refuse(`is of ${plan.repository}, and this is ${repository}`);
    if (plan.incident !== incident)
        throw refuse(`is for the incident ${plan.incident}, and this run is for ${incident}`);
    const digest = digestOf(plan);
    if (!events.some((event) => event.kind === 'rollback-planned' && event.plan === digest))
        throw refuse('is not one that the history knows: it was edited, or made elsewhere');
    const late = at - Date.parse(plan.expiresAt);
    if (late > 0)
        throw refuse(`has expired ${(0,duration/* formatDuration */.a3)(late)} ago`);
    return plan;
}
function parsePlan(text) {
    try {
        return savedPlanSchema.safeParse(JSON.parse(text)).data;
    }
    catch {
        return undefined;
    }
}
/**
 * Holds the world against the one that was planned on.
 * @throws ConflictError that names what moved, layer by layer
 */
function refuseIfMoved(saved, now) {
    const moved = saved.layers.flatMap((then) => {
        const today = now.find(({ layer }) => layer === then.layer);
        if (today === undefined)
            return [`${then.layer}: there is nothing to roll back any more`];
        // an earlier run of the same plan has done this one
        if (today.state === 'done' && then.state === 'pending')
            return [];
        const differences = Object.entries({ ...then.basis, to: then.to }).flatMap(([what, value]) => {
            const current = what === 'to' ? today.to : today.basis[what];
            return current === value ? [] : [`${what} was ${value} and is ${current ?? 'not there'}`];
        });
        return differences.length === 0 ? [] : [`${then.layer}: ${differences.join(', ')}`];
    });
    const added = now.filter(({ layer }) => !saved.layers.some((then) => then.layer === layer));
    moved.push(...added.map(({ layer }) => `${layer}: was not planned`));
    if (moved.length === 0)
        return;
    throw new lib_errors/* ConflictError */.fK(`the world has moved since the plan was made, and nothing was changed: ${moved.join('; ')}. Plan again, and look at the new plan`);
}

;// CONCATENATED MODULE: ./lib/rollback/prepare.js





/**
 * Finds out what is to be done, and whether it may be: reads only.
 * @throws InputError, ConflictError when the world has moved since a saved plan, and what the layers throw
 */
async function prepare(preparation) {
    const { events, choice, automatic, rehearsal, production, guard, saved, isAskedFor } = preparation;
    const all = readProgress(events);
    const unfinished = all.isCarriedOut && isAskedFor && !automatic ? undefined : all.unfinished;
    const progress = { ...all, unfinished };
    const goesOn = unfinished !== undefined;
    // what was begun, or planned and looked at, is done as it was planned, whatever is asked for now
    const agreed = unfinished?.layers ?? saved?.layers;
    const agreedOn = agreed?.map(({ layer }) => layer) ?? choice;
    const layers = preparation.openLayers({
        target: agreed?.find(({ layer }) => layer === 'code')?.to,
        choice: agreedOn,
        progress,
        automatic,
    });
    // looking costs no time beside planning
    const [plan, assessment] = await Promise.all([
        planLayers(layers, agreedOn, preparation.onFailure),
        automatic && !goesOn && !rehearsal ? production.assess([]) : undefined,
    ]);
    if (saved !== undefined && !goesOn)
        refuseIfMoved(saved, viewsOf(plan));
    const settled = (kind, because) => ({ kind, plan, progress, because, assessment });
    if (plan.layers.length === 0)
        return settled('nothing', 'the deployment changed nothing that is configured here');
    const isLayersDone = plan_isDone(plan);
    if (isLayersDone && !goesOn && !rehearsal) {
        const standing = await lookAfterwards(plan, preparation);
        if (standing.isOver)
            return { kind: 'done', plan, progress, because: standing.because, assessment: standing.assessment };
    }
    // what leaves the layers as they are, or began before, needs no more than that nobody holds it
    const isAgreed = goesOn || rehearsal || isLayersDone;
    if (assessment?.verdict === 'healthy' && !isAgreed)
        return settled('well', `nothing is failing at this moment: ${assessment.because}`);
    if (assessment?.verdict === 'not-deployed' && !isAgreed)
        return settled('held', `another revision than the failed one is served, which a rollback does not change: ${assessment.because}; check the deployment, and start the rollback manually if it is right`);
    const refusal = await guard(plan, isAgreed);
    if (refusal !== undefined)
        return settled('held', describeRefusal(refusal));
    return { kind: 'ready', plan, progress, assessment };
}

;// CONCATENATED MODULE: ./lib/rollback/rehearse.js



/**
 * Rolls back though nothing is wrong, looks whether it helped, and takes all of it back from the safety copies, the last layer
 * first. Killed at any instant, the next rehearsal goes on: it takes back what an earlier one left rolled back.
 */
async function rehearse(options) {
    const { plan, log, now, verify } = options;
    const report = await carryOut(options);
    log('rehearsed; now all of it is taken back');
    const from = now().getTime();
    const layers = await undoAll(plan.layers, report.layers, options);
    const problems = [
        ...report.problems,
        ...layers.flatMap(({ layer, outcome, problem }) => leftOver(layer, outcome, problem)),
    ];
    const isDeployed = await deployAgain(options, layers, problems);
    const afterwards = isDeployed ? await verify([]) : notDeployed;
    log(`taken back: ${afterwards.outcome}, ${afterwards.because}`);
    if (report.recovery.outcome === 'unknown')
        problems.push(`whether the rollback helped is unknown: ${report.recovery.because}`);
    if (afterwards.outcome !== 'recovered')
        problems.push(`after the rehearsal the environment is not seen to be well: ${afterwards.because}`);
    const phases = { ...report.phases, 'take back': now().getTime() - from };
    return { ...report, layers, problems, phases, afterwards };
}
/** What is still rolled back after a rehearsal. */
function leftOver(layer, outcome, problem) {
    if (outcome === 'undone' || outcome === 'not-tried')
        return [];
    return [`${layer} is left ${outcome}${problem === undefined ? '' : `: ${problem}`}`];
}
const notDeployed = {
    outcome: 'unknown',
    because: 'the newest revision is not deployed again',
    looked: false,
};
/** The newest revision, once the code is back. @returns whether it is what runs, as far as this run can tell */
async function deployAgain({ deploy, head }, layers, problems) {
    const code = layers.find(({ layer }) => layer === 'code');
    if (code === undefined)
        return true;
    if (deploy === undefined || code.outcome !== 'undone')
        return false;
    try {
        await deploy({ now: await head(), outcome: 'rolled-back' });
        return true;
    }
    catch (error) {
        if (!(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        problems.push(`deployment of the newest revision: ${error.message}`);
        return false;
    }
}
/**
 * A rehearsal takes an environment back though nothing is wrong with it: never the one that customers use, nor the branch
 * that people work on.
 * @throws InputError, RefusedError with the way to a rehearsal
 */
function demandRehearsable({ environment, branch, defaultBranch, }) {
    if (/^prod(uction)?$/i.test(environment))
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `a rehearsal rolls an environment back though nothing is wrong, and ${environment} is the one that customers use: name another in ${(0,lib_errors/* setting */.Pe)('environment')}, such as staging, with a configuration of its own in ${(0,lib_errors/* setting */.Pe)('config')}`);
    if (branch === defaultBranch)
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `a rehearsal would put commits on ${branch}, which people work on: give the environment ${environment} a branch of its own, and name it as \`branch\` in a configuration of its own (${(0,lib_errors/* setting */.Pe)('config')})`);
}

;// CONCATENATED MODULE: ./lib/rollback/conclude.js



const settled = {
    nothing: ['nothing', 'nothing-changed', 'Nothing to roll back'],
    done: ['already-rolled-back', 'done-before', 'Already rolled back'],
    well: ['well', 'not-failing', 'Not rolled back: nothing is failing'],
    held: ['held', 'guard', 'Not rolled back: manual approval required'],
};
const conclude_endings = {
    complete: ['restored', 'Rolled back'],
    proposed: ['pull-request', 'Rollback proposed'],
    'not-deployed': ['not-deployed', 'Rolled back, and not deployed'],
    'not-recovered': ['not-recovered', 'Rolled back, and production is still failing'],
    'not-verified': ['not-verified', 'Rolled back, and not verified'],
    partial: ['layers-partial', 'Rolled back in part'],
    failed: ['layers-failed', 'Not rolled back'],
    undone: ['layers-undone', 'The rollback failed, and was taken back'],
};
/** What the next run does about it. */
const nextSteps = {
    partial: 'run the rollback again: it goes on where it stopped',
    'not-deployed': 'run the rollback again: it deploys the restored revision and verifies it',
    'not-verified': 'run the rollback again: it verifies what is there',
};
/** Concludes a run. @param report absent when nothing was carried out */
function conclude(environment, prepared, report) {
    if (prepared.kind !== 'ready') {
        const [decision, reasonCode, headline] = settled[prepared.kind];
        const problems = prepared.kind === 'held' ? [prepared.because] : [];
        const now = (0,lib_errors/* message */.iU) `${environment}: ${decision}: ${prepared.because}`;
        return { decision, reasonCode, headline, problems, now };
    }
    if (report === undefined)
        return {
            decision: 'planned',
            reasonCode: 'dry-run',
            headline: 'Rollback planned: nothing was changed',
            problems: [],
            now: `${environment}: planned: nothing was changed`,
        };
    const { ending, problems } = report;
    const [reasonCode, headline] = conclude_endings[ending];
    const next = nextSteps[ending];
    return {
        decision: ending,
        reasonCode,
        headline,
        problems: next === undefined ? problems : [...problems, next],
        now: `${environment}: ${ending}: ${describeNow(report)}`,
    };
}
/** What is there now: where each layer stands, what is deployed, and how production was seen. */
function describeNow({ layers, redeployed, recovery }) {
    const stand = layers.map(({ layer, outcome, receipt }) => {
        if (receipt?.pull !== undefined)
            return `${layer} waits for pull request #${receipt.pull.number}`;
        const isBack = receipt !== undefined && outcome !== 'undone' && outcome !== 'failed';
        return isBack
            ? `${layer} is at ${shortRevision(receipt.now) || 'nothing'}`
            : `${layer} is ${words[outcome]}`;
    });
    if (redeployed !== undefined)
        stand.push(`${redeployed.workflow} deployed ${shortRevision(redeployed.revision)}`);
    stand.push(conclude_sayRecovery(recovery));
    return stand.join('; ');
}
function conclude_sayRecovery({ outcome, because, looked }) {
    if (!looked)
        return `production was not looked at: ${because}`;
    if (outcome === 'unknown')
        return `whether production recovered is unknown: ${because}`;
    return outcome === 'recovered' ? 'production was seen to be well' : 'production is still failing';
}
const words = {
    failed: 'not rolled back',
    'not-tried': 'not rolled back: it was not tried',
    undone: 'as it was before',
};
/**
 * Concludes a rehearsal: what went wrong when it was only practised would have gone wrong at night.
 * @param objectiveMs how long recovery may take; undefined where nobody has said
 */
function concludeRehearsal({ environment, tookMs, problems, afterwards }, objectiveMs) {
    const isLate = objectiveMs !== undefined && tookMs > objectiveMs;
    const late = isLate
        ? [`recovery took ${(0,duration/* sayDuration */.kP)(tookMs)}, and the objective is ${(0,duration/* sayDuration */.kP)(objectiveMs)}`]
        : [];
    return {
        decision: 'rehearsed',
        reasonCode: problems.length > 0 ? 'rehearsal-failed' : isLate ? 'objective-missed' : 'rehearsed',
        headline: problems.length > 0
            ? 'The rehearsal failed'
            : isLate
                ? 'Rehearsed: the objective was missed'
                : 'Rehearsed: rolled back, and taken back again',
        problems: [...problems, ...late],
        now: `${environment}: rehearsed: all of it was taken back; afterwards ${afterwards.outcome}, ${afterwards.because}`,
    };
}

;// CONCATENATED MODULE: ./lib/rollback/result.js


/** Puts together what a run came to. */
function resultOf({ environment, revision, incident, objectiveMs }, { prepared, rehearsal, report = rehearsal, saved }) {
    const conclusion = rehearsal === undefined
        ? conclude(environment, prepared, report)
        : concludeRehearsal(rehearsal, objectiveMs);
    // what was taken back again is not to be deployed
    const code = report?.layers.find(({ layer, outcome }) => layer === 'code' && outcome !== 'undone')?.receipt;
    const standing = viewsOf(prepared.plan).find(({ layer }) => layer === 'code')?.now;
    return {
        environment,
        revision,
        incident,
        objectiveMs,
        conclusion,
        prepared,
        report,
        rehearsal,
        saved,
        commit: code?.now ?? standing ?? revision,
        tag: code?.tag,
        pull: code?.pull,
        recovery: report?.recovery.outcome ?? (prepared.kind === 'done' ? recoveryOf(prepared) : 'unknown'),
    };
}
/** That an earlier rollback holds was looked at, and so was production, where there are checks. */
function recoveryOf({ assessment }) {
    return assessment?.verdict === 'healthy' ? 'recovered' : 'unknown';
}

;// CONCATENATED MODULE: ./lib/rollback/run.js












/**
 * The one way of every rollback: open, plan, ask the guards, lock, carry out, conclude. Which layers go back, who deploys, and what observes
 * production are given; nothing else differs from action to action. Can be killed at any instant and run again.
 * @throws InputError, ConflictError when the world has moved since a saved plan, and what layers throw that cannot be planned
 */
async function runRollback(options) {
    const begun = await begin(options);
    const { lock } = begun;
    try {
        const prepared = await prepare(preparationOf(options, begun));
        const changesNothing = options.mode === 'plan' || options.mode === 'dry-run';
        const isLocked = prepared.kind === 'ready' && !changesNothing;
        if (!isLocked || (await lock.take()) === 'taken')
            return await carryOn(options, begun, prepared);
        // another run has held it meanwhile: what was planned is planned anew, on what that has left
        const anew = { ...begun, history: await options.readHistory() };
        return await carryOn(options, anew, await prepare(preparationOf(options, anew)));
    }
    finally {
        await lock.release();
    }
}
/** Reads what a run goes by; changes nothing. @throws InputError, RefusedError for a rehearsal that must not be, and for a plan that is not valid */
async function begin(options) {
    const { repository, environment, incident, branch, mode, now, run, log } = options;
    const startedAt = now();
    const [{ lock, history }, isManual, facts] = await Promise.all([
        // in this order: what is written after the lock was looked at is seen by the lock
        options.openLock().then(async (lock) => ({ lock, history: await options.readHistory() })),
        options.isManual(),
        options.rehearsal ? repository_readFacts(repository) : undefined,
    ]);
    if (facts !== undefined)
        demandRehearsable({ environment, branch, defaultBranch: facts.defaultBranch });
    const saved = mode === 'apply'
        ? await openSavedPlan(options.plan ?? '', {
            repository: `${repository.owner}/${repository.repo}`,
            incident,
            events: history,
            at: now().getTime(),
        })
        : undefined;
    const approver = saved === undefined || run === undefined || isPlain(repository)
        ? undefined
        : await findApprover(repository, saved, {
            run,
            environment: options.approval || environment,
            events: history,
        });
    if (approver !== undefined)
        log(`${approver} approved the plan`);
    return { startedAt, lock, history, saved, approver, automatic: !isManual && approver === undefined };
}
/** What is planned, and by which rules. */
function preparationOf(options, { history, saved, automatic }) {
    const { environment, incident, revision, repository, limits, hold, now, log } = options;
    return {
        events: ownOf(options, history),
        onFailure: options.onFailure,
        openLayers: options.openLayers,
        choice: options.choice,
        automatic,
        rehearsal: options.rehearsal === true,
        isAskedFor: options.isAskedFor,
        findRestored: options.deployer?.find,
        production: options.production,
        saved,
        guard: (plan, isAgreed) => {
            const views = viewsOf(plan);
            const code = views.find(({ layer }) => layer === 'code');
            const intent = {
                environment,
                incident,
                revision,
                automatic,
                layers: views.map(({ layer }) => layer),
                undoneCount: code?.undoneCount ?? code?.undone.length,
                needsApproval: views.flatMap((view) => view.needsPerson.map((why) => `${view.layer}: ${why}`)),
                isAgreed,
            };
            const readHistory = async () => history;
            return findRefusal(repository, intent, { limits, hold, readHistory, now: now().getTime(), log });
        },
    };
}
async function carryOn(options, { startedAt, history, approver, automatic }, prepared) {
    const { mode, rehearsal = false, production, log, repository, branch } = options;
    for (const line of describePlan(prepared.plan))
        log(line);
    if (prepared.kind !== 'ready' || mode === 'dry-run')
        return resultOf(options, { prepared });
    if (mode === 'plan')
        return resultOf(options, { prepared, saved: await savePlan(options, prepared) });
    const own = ownOf(options, history);
    const work = {
        ...options,
        plan: prepared.plan,
        progress: prepared.progress,
        approver,
        startedAt,
        // practising counts for no cap
        automatic: automatic && !rehearsal,
        deploy: options.deployer?.deploy,
        verify: (restored) => production.verify(restored, own),
    };
    if (!rehearsal)
        return resultOf(options, { prepared, report: await carryOut(work) });
    const head = () => plan_demandHead(repository, branch);
    return resultOf(options, { prepared, rehearsal: await rehearse({ ...work, head }) });
}
/** The events of the incident. */
function ownOf({ incident }, history) {
    return history.filter((event) => event.incident === incident);
}
/** Makes a plan that a later run may apply: the history has its digest, so that an edited one is not applied. */
async function savePlan(options, { plan }) {
    const { repository, environment, incident, revision, planValidMs, record, run } = options;
    const at = options.now().getTime();
    const { saved, digest } = makeSavedPlan({
        repository: `${repository.owner}/${repository.repo}`,
        environment,
        incident,
        revision,
        madeAt: new Date(at).toISOString(),
        expiresAt: new Date(at + planValidMs).toISOString(),
    }, viewsOf(plan));
    const layers = saved.layers.map(({ layer, from, to }) => ({ layer, from, to }));
    const approvals = run === undefined || isPlain(repository) ? undefined : await approvalsOfRun(repository, run);
    await record({ kind: 'rollback-planned', plan: digest, layers, ...(approvals && { approvals: [...approvals] }) }, [digest]);
    return saved;
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/finding.js
const ok = (says) => ({ state: 'ok', says });
const wrong = (says, cure) => ({ state: 'wrong', says, cure });
const warning = (says, cure) => ({ state: 'warning', says, cure });
const unknown = (says, cure) => ({ state: 'unknown', says, cure });
/** @param what was looked at, for people */
function known(fact, what, judge) {
    if (fact.seen)
        return judge(fact.value);
    return unknown(`${what} could not be read: ${fact.why}`, 'Fix the cause, and run this again');
}
/** A mistake, or something missing, will be there tonight, too; a server that did not answer now may answer then. */
function failed(fact, says, cure) {
    return (fact.isRefused ? wrong : unknown)(`${says}: ${fact.why}`, cure);
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/access-checks.js


/** Whether the token may write what a rollback writes: permissions, rules of branches, pull requests. */
const accessChecks = [
    {
        name: 'repository',
        reads: 'whether the repository is archived',
        judge: ({ archived }) => known(archived, 'the repository', (isArchived) => isArchived
            ? wrong('the repository is archived', 'Unarchive it: nothing can be written to it')
            : ok('it can be written to')),
    },
    access_checks_permission('contents: write', 'the rollback commit, its tag and the history', () => true),
    access_checks_permission('actions: write', '`code.redeploy`', ({ redeploy }) => redeploy !== undefined),
    access_checks_permission('pull-requests: write', 'the rules of the branch, which require a pull request', needsPull),
    access_checks_permission('issues: write', 'the post-mortem', () => true, 'warning'),
    {
        name: 'branch',
        reads: 'rules of the branch that is rolled back, `code.delivery`',
        judge: ({ rules, branch, config: { code } }) => known(rules, `the rules of ${branch}`, (found) => {
            const against = rulesAgainstPush(found);
            if (against.length > 0 && code.delivery === 'direct')
                return wrong(`${branch} has the rules ${against.join(', ')}, and \`code.delivery\` is \`direct\``, "Let the token's app bypass the rules, or set `code.delivery` to `auto`");
            if (against.includes('merge_queue') || against.includes('update'))
                return wrong(`${branch} has the rule ${against.join(', ')}, which allows no rollback commit`, "Let the token's app bypass the rule");
            if (against.length > 0)
                return warning(`${branch} has the rules ${against.join(', ')}: a rollback waits for its pull request`, "Let the token's app bypass the rules, so that a rollback does not wait for a review");
            if (found.types.includes('required_signatures'))
                return ok(`${branch} requires signatures, which GitHub makes for the token's commits`);
            return found.isProtected
                ? unknown(`${branch} has classic branch protection, which only an administrator can read`, 'Use a ruleset in its place, or rehearse a rollback on a branch with the same protection')
                : ok(`no rule of ${branch} forbids a push`);
        }),
    },
    {
        name: 'history branch',
        reads: 'rules of `history.branch`',
        judge: ({ historyRules, config: { history } }) => known(historyRules, `the rules of ${history.branch}`, (types) => blocking(types, againstHistory, () => wrong(`${history.branch} has the rules ${types.join(', ')}: the history cannot be written`, `Exclude ${history.branch} from the rule`))),
    },
    {
        name: 'pull requests',
        reads: 'rules of `rollback/*`, and the setting "Allow GitHub Actions to create and approve pull requests"',
        judge: (facts) => {
            if (!needsPull(facts))
                return undefined;
            const { proposalRules, mayOpenPulls } = facts;
            if (proposalRules.seen && proposalRules.value.some((type) => againstCreation.has(type)))
                return wrong(`branches named rollback/… have the rules ${proposalRules.value.join(', ')}: none can be created`, 'Exclude `rollback/*` from the rule');
            return known(mayOpenPulls, 'the setting that lets Actions open pull requests', (isAllowed) => isAllowed
                ? ok('Actions may open pull requests')
                : wrong('the repository does not let Actions open pull requests', 'Set "Allow GitHub Actions to create and approve pull requests" in Settings → Actions → General, or use a GitHub App token'));
        },
    },
];
const againstHistory = ['creation', 'update', 'pull_request', 'merge_queue', 'required_status_checks'];
const againstCreation = new Set(['creation', 'required_status_checks', 'merge_queue', 'update']);
function access_checks_permission(name, what, isNeeded, otherwise = 'wrong') {
    return {
        name,
        reads: 'what GitHub answers to a change of something that is not there',
        judge: (facts) => {
            if (!isNeeded(facts))
                return undefined;
            const fact = facts.permissions.get(name);
            if (fact === undefined)
                return undefined;
            return known(fact, `whether the token has ${name}`, (isHeld) => isHeld
                ? ok('the token has it')
                : {
                    state: otherwise,
                    says: `the token lacks ${name}, which is needed for ${what}`,
                    cure: `Add \`${name}\` to the \`permissions\` of the job, and of the job that calls this workflow`,
                });
        },
    };
}
/** A rollback of the code is, or may have to be, a pull request. */
function needsPull({ rules, config: { code } }) {
    if (code.delivery !== 'auto')
        return code.delivery === 'pull-request';
    return rules.seen && rulesAgainstPush(rules.value).length > 0;
}
function blocking(types, against, say) {
    return types.some((type) => against.includes(type)) ? say() : ok('no rule keeps it from being written');
}

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/coerce.js
var coerce = __webpack_require__(9567);
;// CONCATENATED MODULE: ./lib/deployment/concurrency.js


const concurrency = schemas/* union */.KCZ([
    schemas/* string */.YjP().transform((group) => ({ group, 'cancel-in-progress': false })),
    schemas/* object */.Ikc({
        group: coerce/* string */.Yj(),
        'cancel-in-progress': schemas/* union */.KCZ([schemas/* boolean */.zMY(), schemas/* string */.YjP()]).default(false),
    }),
]);
const workflow = schemas/* object */.Ikc({
    name: schemas/* string */.YjP().optional(),
    concurrency: concurrency.optional().catch(undefined),
    jobs: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* object */.Ikc({ concurrency: concurrency.optional().catch(undefined) })
        .nullable()
        .catch(null))
        .catch({}),
});
/**
 * The concurrency groups that a workflow names, for itself and for its jobs. What it calls is not read.
 * https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 * @param text of its file; one that is no workflow names none
 */
function declaredGroups(text) {
    const parsed = workflow.safeParse(parseYaml(text)).data;
    if (parsed === undefined)
        return [];
    return [parsed.concurrency, ...Object.values(parsed.jobs).map((job) => job?.concurrency)].flatMap((each) => each === undefined ? [] : [{ group: each.group, cancelsRunning: each['cancel-in-progress'] !== false }]);
}
/**
 * Whether a run would be in a group. Names are case-insensitive. An expression that is not known before the run may stand for
 * anything: then a group counts when the rest of its name fits.
 */
function isInGroup({ group }, name, run) {
    const known = {
        'github.workflow': run.workflow,
        'github.ref': `refs/heads/${run.branch}`,
        'github.ref_name': run.branch,
        'github.repository': run.repository,
        'github.event_name': 'workflow_dispatch',
    };
    let literal = '';
    const pattern = group
        .split(/(\$\{\{.*?\}\})/)
        .map((part) => {
        const expression = /^\$\{\{\s*(.*?)\s*\}\}$/.exec(part)?.[1];
        const text = expression === undefined ? part : known[expression];
        literal += text ?? '';
        return text === undefined ? '.*' : text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    })
        .join('');
    return /\w/.test(literal) && new RegExp(`^${pattern}$`, 'is').test(name);
}
/** The name by which expressions know a workflow. */
function nameOfWorkflow(text, path) {
    return workflow.safeParse(parseYaml(text)).data?.name ?? path;
}
function parseYaml(text) {
    try {
        return (0,dist/* parse */.qg)(text);
    }
    catch {
        // GitHub refuses it, and says so
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/deployment/dispatch-trigger.js


const inputSchema = schemas/* object */.Ikc({
    required: schemas/* boolean */.zMY().default(false),
    default: schemas/* unknown */.L5J().optional(),
    type: schemas/* string */.YjP().optional(),
    options: schemas/* array */.YOg(coerce/* string */.Yj()).optional(),
})
    .nullable();
const triggersSchema = schemas/* union */.KCZ([
    schemas/* string */.YjP().transform((name) => ({ [name]: null })),
    schemas/* array */.YOg(schemas/* string */.YjP()).transform((names) => Object.fromEntries(names.map((name) => [name, null]))),
    schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J()),
]);
/**
 * Why a workflow cannot be started by a dispatch with these inputs; empty when it can.
 * @param text of its file, at the revision that it is started on
 */
function dispatchProblems(text, inputs) {
    const triggers = readTriggers(text);
    if (triggers === undefined)
        return ['its file is no valid workflow'];
    if (!('workflow_dispatch' in triggers))
        return ['it has no `workflow_dispatch` trigger'];
    const declared = schemas/* object */.Ikc({ inputs: schemas/* record */.g1P(schemas/* string */.YjP(), inputSchema).default({}) })
        .catch({ inputs: {} })
        .parse(triggers['workflow_dispatch']).inputs;
    return [
        ...Object.keys(inputs).flatMap((name) => (name in declared ? [] : [`it has no input \`${name}\``])),
        ...Object.entries(declared).flatMap(([name, input]) => {
            const value = inputs[name];
            if (value === undefined)
                return input?.required === true && input.default === undefined
                    ? [`its input \`${name}\` is required, and \`code.redeploy.inputs\` does not give it`]
                    : [];
            const isOffered = input?.type !== 'choice' || input.options?.includes(value) === true;
            return isOffered ? [] : [`its input \`${name}\` does not offer "${value}"`];
        }),
    ];
}
function readTriggers(text) {
    try {
        return schemas/* object */.Ikc({ on: triggersSchema }).safeParse((0,dist/* parse */.qg)(text)).data?.on;
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/deployment-checks.js



/** Whether the restored revision would be deployed. */
const deploymentChecks = [
    {
        name: 'deploy workflow',
        reads: 'its state, its file on the branch, `code.redeploy.inputs`',
        judge: ({ redeploy, branch }) => {
            if (redeploy === undefined)
                return warning('no workflow deploys the restored revision', 'Set `code.redeploy`: pushes made with GITHUB_TOKEN do not trigger workflows');
            const { workflow, inputs, state, text } = redeploy;
            return known(state, workflow, (is) => {
                if (is === undefined)
                    return wrong(`there is no workflow ${workflow} on the default branch`, 'Name the file of a workflow under .github/workflows in `code.redeploy.workflow`');
                if (is !== 'active')
                    return wrong(`${workflow} is ${is.replaceAll('_', ' ')}`, `Enable it: gh workflow enable ${workflow}`);
                return known(text, `${workflow} on ${branch}`, (file) => {
                    if (file === undefined)
                        return wrong(`${workflow} is not on ${branch}`, `Add the workflow to ${branch}, where it is started`);
                    const problems = dispatchProblems(file, inputs);
                    return problems.length === 0
                        ? ok(`${workflow} is active and can be started on ${branch}`)
                        : wrong(`${workflow} cannot be started on ${branch}: ${problems.join('; ')}`, 'Add the trigger `workflow_dispatch` with the inputs of `code.redeploy.inputs` to it');
                });
            });
        },
    },
    {
        name: 'concurrency',
        reads: 'the concurrency groups of this run and of the deploy workflow',
        judge: judgeConcurrency,
    },
];
function judgeConcurrency({ redeploy, groups, ownWorkflow, branch }) {
    if (redeploy === undefined || !redeploy.text.seen || redeploy.text.value === undefined)
        return undefined;
    const { workflow, text } = redeploy;
    const declared = declaredGroups(text.value ?? '');
    const cure = 'Set `concurrency` on the job that deploys, not on the workflow, and on no job that rolls back';
    if (declared.length === 0)
        return ok(`${workflow} is in no concurrency group`);
    if (groups.seen && groups.value !== undefined) {
        const path = `.github/workflows/${workflow}`;
        const run = { workflow: nameOfWorkflow(text.value ?? '', path), branch, repository: '' };
        for (const { name, state } of groups.value) {
            const taken = declared.find((each) => isInGroup(each, name, run));
            if (state !== 'holds' || taken === undefined)
                continue;
            return taken.cancelsRunning
                ? wrong(`${workflow} has \`cancel-in-progress\` for the group "${name}", which this run holds: it would cancel the rollback`, cure)
                : wrong(`${workflow} would wait for the group "${name}", which this run holds`, cure);
        }
        return ok(`this run holds no concurrency group of ${workflow}`);
    }
    const [first] = declared;
    const isOwn = ownWorkflow === workflow && declaredGroups(withoutJobs(text.value ?? '')).length > 0;
    return isOwn
        ? wrong(`this run is of ${workflow}, whose runs are all in the group "${first?.group}"`, cure)
        : unknown(`${workflow} is in the concurrency group "${first?.group}", and this server does not report the groups of this run`, 'Check that the workflow that rolls back is not in it');
}
/** The part of a workflow that holds for all of its jobs. */
function withoutJobs(text) {
    return text.replace(/^jobs:[\s\S]*$/m, '');
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/layer-checks.js

/** Whether each layer could be rolled back: its secrets, its target, its server, its backup. */
const layerChecks = [
    {
        name: 'secrets',
        reads: 'the variables that the settings name',
        judge: ({ missingVariables }) => missingVariables.length === 0
            ? ok('each variable that the settings name is set')
            : wrong(`${missingVariables.join(', ')} ${missingVariables.length === 1 ? 'is' : 'are'} not set, or empty`, 'Create the secret, and hand it to this job: `secrets: inherit`, or `env` of the step. For a secret of an environment set `secrets-from`'),
    },
    {
        name: 'target',
        reads: 'the revision that a rollback of the code would restore',
        judge: ({ layers, isFirst, environment }) => {
            const code = layers.find(({ name }) => name === 'code');
            if (code === undefined)
                return undefined;
            if (code.plan.seen)
                return ok(`a rollback would restore ${code.plan.value.to.slice(0, 7)}: ${code.plan.value.foundBy}`);
            if (isFirst.seen && isFirst.value)
                return unknown(`this is the first deployment of ${environment}: there is no revision to restore yet`, 'Nothing, until the next deployment');
            return failed(code.plan, 'no revision to restore was found', 'Deploy a second revision, record deployments, or set `code.target`');
        },
    },
    {
        name: 'layers',
        reads: 'a plan of each layer but the code',
        judge: ({ layers }) => {
            const others = layers.filter(({ name }) => name !== 'code');
            if (others.length === 0)
                return undefined;
            const [bad] = others.filter(({ plan }) => !plan.seen);
            if (bad === undefined || bad.plan.seen)
                return ok(`${others.map(({ name }) => name).join(' and ')} can be opened and planned`);
            return failed(bad.plan, `${bad.name} cannot be planned`, 'Fix the setting, the secret or the server that is named');
        },
    },
    {
        name: 'backup',
        reads: 'the last backup of the environment, its manifest and its stored bytes',
        judge: judgeBackup,
    },
];
function judgeBackup({ backup, config: { database } }) {
    if (backup === undefined || database === undefined)
        return undefined;
    // without a way to undo migrations there is no other way back
    const isNeeded = database.strategy === 'backup' || database.strategy === 'both' || database.migrations === undefined;
    const otherwise = isNeeded ? wrong : warning;
    if (!backup.seen)
        return failed(backup, 'the backups cannot be read', 'Fix the setting, the secret or the server that is named');
    const judge = (last) => {
        if (last === undefined)
            return otherwise('there is no backup of the environment', 'Run db-backup before each deployment');
        const { name, damage, verification } = last;
        if (damage !== undefined)
            return otherwise(`the last backup, ${name}, is broken: ${damage}`, 'Run db-backup now, and check where backups are kept');
        if (last.isFailed)
            return otherwise(`the last backup, ${name}, could not be restored: ${verification}`, 'Run db-backup now');
        const bytes = last.wasRead
            ? 'its stored bytes are unchanged'
            : 'its files are there; they are too large to be read again here';
        return last.isRestored
            ? ok(`${name} is ${verification}; ${bytes}`)
            : warning(`${name} is ${verification}; ${bytes}`, 'Let db-backup restore each backup once, with `verify`');
    };
    return judge(backup.value);
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/production-checks.js

/** Whether an automatic rollback would start, and whether anything shows that production has recovered. */
const productionChecks = [
    {
        name: 'checks',
        reads: 'one round of the checks under `health.checks`',
        judge: ({ assessment }) => known(assessment, 'production', (seen) => {
            if (seen === undefined)
                return warning('no check is configured: nothing shows whether production has recovered', 'Add a check under `health.checks`');
            if (seen.verdict === 'error')
                return wrong(`the checks get no answer: ${seen.because}`, 'Fix the address, the secret or the network');
            return seen.verdict === 'inconclusive'
                ? unknown(`the checks show too little: ${seen.because}`, 'Look again when there is traffic')
                : ok(`the checks answer: ${seen.verdict}`);
        }),
    },
    {
        name: 'guards',
        reads: 'holds, and the limits of automatic rollbacks',
        judge: ({ held }) => known(held, 'the guards', (why) => why === undefined
            ? ok('no guard would hold an automatic rollback')
            : warning(`an automatic rollback would be held: ${why}`, 'Lift the hold, or roll back manually')),
    },
];

;// CONCATENATED MODULE: ./lib/rollback/doctor/checks.js




/** Everything that a rollback depends on, in the order in which it would fail. */
const checks = [
    ...accessChecks,
    ...deploymentChecks,
    ...layerChecks,
    ...productionChecks,
];

;// CONCATENATED MODULE: ./lib/github/concurrency.js


const groupsOfRun = schemas/* object */.Ikc({
    concurrency_groups: schemas/* array */.YOg(schemas/* object */.Ikc({
        group_name: schemas/* string */.YjP(),
        group_members: schemas/* array */.YOg(schemas/* object */.Ikc({ status: schemas/* enum */.k5n(['in_progress', 'pending']) })),
    })),
});
const group = schemas/* object */.Ikc({
    group_members: schemas/* array */.YOg(schemas/* object */.Ikc({ run_id: schemas/* number */.aig(), run_name: schemas/* string */.YjP(), run_html_url: schemas/* string */.YjP().nullable() })),
});
/**
 * The concurrency groups of a run: https://docs.github.com/en/rest/actions/concurrency-groups
 * @returns undefined where the server does not tell: GitHub Enterprise Server, or an unknown run
 */
async function groupsOf({ octokit, owner, repo }, run) {
    const need = { doing: `read the concurrency groups of run ${run}`, permission: 'actions: read' };
    return refusal_explained(need, async () => {
        try {
            const path = 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/concurrency_groups';
            const { data } = await octokit.request(path, { owner, repo, run_id: run, per_page: 100 });
            return groupsOfRun.parse(data).concurrency_groups.map(({ group_name, group_members }) => {
                const states = group_members.map(({ status }) => status);
                const state = states.includes('in_progress') ? 'holds' : states.length > 0 ? 'pending' : 'left';
                return { name: group_name, state };
            });
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return undefined;
            throw error;
        }
    });
}
/** The runs that a run waits for in a concurrency group, the one that holds it first; empty when it waits for none. */
async function runsAhead({ octokit, owner, repo }, { name, run }) {
    const need = { doing: `read the concurrency group ${name}`, permission: 'actions: read' };
    return refusal_explained(need, async () => {
        try {
            const path = 'GET /repos/{owner}/{repo}/actions/concurrency_groups/{concurrency_group_name}';
            const asked = { owner, repo, concurrency_group_name: name, ahead_of_run: run };
            const { data } = await octokit.request(path, asked);
            return group
                .parse(data)
                .group_members.filter(({ run_id }) => run_id !== run)
                .map(({ run_id, run_name, run_html_url }) => ({
                id: run_id,
                name: run_name,
                url: run_html_url ?? '',
            }));
        }
        catch (error) {
            // nothing is in it any more, or this run is not
            if (refusal_isRefused(error, 'not-found') || refusal_isRefused(error, 'invalid'))
                return [];
            throw error;
        }
    });
}

;// CONCATENATED MODULE: ./lib/github/contents.js



/** A text file of a branch or commit; undefined when the file, or the branch, is not there. Up to 100 MB, as the raw media type gives. */
async function readFile({ octokit, owner, repo }, { path, ref }) {
    return refusal_explained({ doing: `read ${path} at ${ref}`, permission: 'contents: read' }, async () => {
        try {
            const response = await octokit.rest.repos.getContent({
                owner,
                repo,
                path,
                ref,
                mediaType: { format: 'raw' },
                request: { parseSuccessResponseBody: false },
            });
            const data = response.data;
            if (!(data instanceof ReadableStream))
                throw new TypeError(`${path} at ${ref} is not a text file`);
            const bytes = await new Response(data).bytes();
            return { text: new TextDecoder().decode(bytes), bytes, blob: blobId(bytes) };
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return undefined;
            throw error;
        }
    });
}
const leaveOut = 'take this branch out of the rule';
/**
 * Writes a file by a commit on a branch, only if the file is still what it was when it was read: GitHub compares `blob`,
 * and refuses when the branch moved at the same instant. A file that was deleted in between is written anew: GitHub does
 * not compare the id of a path that is absent.
 * @param blob what the file was, undefined when it was not there
 * @returns 'conflict' when it was not so any more; 'no-branch' when the branch is not there
 */
async function writeFile({ octokit, owner, repo }, { path, branch, bytes, blob, message, }) {
    const doing = `write ${path} on ${branch}`;
    return refusal_explained({ doing, permission: 'contents: write', detour: leaveOut }, async () => {
        try {
            const content = Buffer.from(bytes).toString('base64');
            await octokit.rest.repos.createOrUpdateFileContents({
                owner,
                repo,
                path,
                branch,
                message,
                content,
                ...(blob && { sha: blob }),
            });
            return 'written';
        }
        catch (error) {
            if (refusal_isRefused(error, 'conflict'))
                return 'conflict';
            // the file has come to be in between
            if (blob === undefined && /"sha" wasn't supplied/.test(readRefusal(error)?.message ?? ''))
                return 'conflict';
            if (refusal_isRefused(error, 'not-found'))
                return 'no-branch';
            throw error;
        }
    });
}
/** Every path in the tree of a branch or commit with the id of its blob; undefined when the ref is not there. */
async function listFiles({ octokit, owner, repo }, { ref }) {
    return refusal_explained({ doing: `list the files of ${ref}`, permission: 'contents: read' }, async () => {
        try {
            const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: ref, recursive: 'true' });
            return data.tree.flatMap(({ path, sha, type }) => type === 'blob' && path && sha ? [{ path, blob: sha }] : []);
        }
        catch (error) {
            // an empty repository answers 409
            if (refusal_isRefused(error, 'not-found') || refusal_isRefused(error, 'conflict'))
                return undefined;
            throw error;
        }
    });
}
/** Starts a branch with no history in common with the others, holding one file; 'taken' when it is there by now. */
async function createOrphanBranch({ octokit, owner, repo }, { branch, path, text, message }) {
    const doing = `create the branch ${branch}`;
    return refusal_explained({ doing, permission: 'contents: write', detour: leaveOut }, async () => {
        // objects that nothing points at change nothing, so these two may be repeated
        const tree = await octokit.rest.git.createTree({
            owner,
            repo,
            tree: [{ path, mode: '100644', type: 'blob', content: text }],
            request: client/* repeatable */.E,
        });
        const commit = await octokit.rest.git.createCommit({
            owner,
            repo,
            message,
            tree: tree.data.sha,
            parents: [],
            request: client/* repeatable */.E,
        });
        try {
            await octokit.rest.git.createRef({ owner, repo, ref: `refs/heads/${branch}`, sha: commit.data.sha });
            return 'created';
        }
        catch (error) {
            if (refusal_isRefused(error, 'already-exists'))
                return 'taken';
            throw error;
        }
    });
}
/** Git's own id of a file's content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(content) {
    return (0,external_node_crypto_.createHash)('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

;// CONCATENATED MODULE: ./lib/github/deployments.js

const toDeployment = (listed) => {
    const { id, environment, sha: revision, created_at, task, transient_environment: isTransient = false, } = listed;
    return { id, environment, revision, createdAt: new Date(created_at), task, isTransient };
};
const deployments_permission = 'deployments: read';
/** The newest hundred deployments of all environments, newest first. */
async function listNewestDeployments({ octokit, owner, repo, }) {
    const { data } = await refusal_explained({ doing: 'list the deployments', permission: deployments_permission }, () => octokit.rest.repos.listDeployments({ owner, repo, per_page: 100 }));
    return data.map(toDeployment);
}
/** The deployments of an environment, or of a revision in it, newest first, a page of a hundred at a time so that a caller stops when it has what it seeks. */
async function* listDeployments({ octokit, owner, repo }, { environment, revision }) {
    const pages = octokit.paginate.iterator(octokit.rest.repos.listDeployments, {
        owner,
        repo,
        environment,
        ...(revision && { sha: revision }),
        per_page: 100,
    });
    const iterator = pages[Symbol.asyncIterator]();
    const need = { doing: `list the deployments of ${environment}`, permission: deployments_permission };
    for (let page = await refusal_explained(need, () => iterator.next()); !page.done; page = await refusal_explained(need, () => iterator.next())) {
        yield* page.value.data.map(toDeployment);
    }
}
/** Says how a deployment ended; one that ended so already is left as it is. @param description longer ones are cut off */
async function markDeployment({ octokit, owner, repo }, { id }, { state, description: given, logUrl }) {
    const description = given.length > 140 ? `${given.slice(0, 139)}…` : given;
    const need = { doing: `mark deployment ${id}`, permission: 'deployments: write' };
    await explained(need, async () => {
        const about = { owner, repo, deployment_id: id };
        const { data } = await octokit.rest.repos.listDeploymentStatuses({ ...about, per_page: 1 });
        if (data[0]?.state === state)
            return;
        await octokit.rest.repos.createDeploymentStatus({
            ...about,
            state,
            description,
            ...(logUrl !== undefined && { log_url: logUrl }),
            // the newest deployment is another one, and stays as it is
            auto_inactive: state === 'success',
        });
    });
}
/**
 * Records that a revision is put into an environment by a rollback. Without auto-merge and required contexts: GitHub would
 * merge the default branch into it, and want checks of it that ran long ago.
 */
async function createDeployment({ octokit, owner, repo }, { environment, revision, description, payload, }) {
    const need = {
        doing: `record the deployment of ${revision.slice(0, 7)}`,
        permission: 'deployments: write',
    };
    const { data } = await explained(need, () => octokit.rest.repos.createDeployment({
        owner,
        repo,
        ref: revision,
        task: 'rollback',
        environment,
        description: description.slice(0, 140),
        payload,
        auto_merge: false,
        required_contexts: [],
    }));
    if (!('id' in data))
        throw new TypeError(`no deployment was made: ${data.message ?? ''}`);
    return { id: data.id };
}
/**
 * The states that a deployment was in, newest first; empty for one that only just began. The newest alone does not say
 * whether it succeeded: a newer deployment turns an older one `inactive`, and in production environments not even that.
 */
async function readStates({ octokit, owner, repo }, { id }) {
    const { data } = await refusal_explained({ doing: `read the statuses of deployment ${id}`, permission: deployments_permission }, () => octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id, per_page: 100 }));
    return data.map(({ state }) => state);
}
/** How the newest deployment of a revision to an environment stands; `missing` when there is none. */
async function deploymentState(repository, { environment, revision }) {
    const found = await listDeployments(repository, { environment, revision }).next();
    if (found.done)
        return 'missing';
    const states = await readStates(repository, found.value);
    if (states[0] === 'failure' || states[0] === 'error')
        return 'failure';
    // a newer deployment turns one that succeeded `inactive`
    return states.includes('success') ? 'success' : 'pending';
}

;// CONCATENATED MODULE: ./lib/github/permission-probe.js



/** What a token may be asked for: a permission of `permissions:` with write access. */
const probedPermissions = [
    'contents: write',
    'actions: write',
    'issues: write',
    'pull-requests: write',
];
/**
 * Whether the token has a permission, which no request of GitHub's API reports. A change is asked for of something that cannot be
 * there: GitHub refuses it for the permission (403) or, where the token has that, for what is missing (404, 422). Nothing can
 * be changed by it.
 * @param workflow a file under .github/workflows, for `actions: write`
 * @throws what is no answer of GitHub's: it cannot be known then
 */
async function hasPermission(repository, permission, { workflow }) {
    try {
        await probes[permission](repository, { nothing: `rollback-doctor-${(0,external_node_crypto_.randomUUID)()}`, workflow });
        return true;
    }
    catch (error) {
        if ((0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        const refusal = readRefusal(error);
        if (refusal === undefined)
            throw error;
        if (refusal.kind === 'permission')
            return false;
        if (refusal.kind === 'not-found' || refusal.status === 404 || refusal.status === 422)
            return true;
        throw error;
    }
}
const probes = {
    'contents: write': ({ octokit, owner, repo }, { nothing }) => octokit.rest.git.deleteRef({ owner, repo, ref: `heads/${nothing}` }),
    'actions: write': ({ octokit, owner, repo }, { nothing, workflow }) => octokit.rest.actions.createWorkflowDispatch({ owner, repo, workflow_id: workflow, ref: nothing }),
    'issues: write': ({ octokit, owner, repo }, { nothing }) => octokit.rest.issues.updateComment({ owner, repo, comment_id: 0, body: nothing }),
    'pull-requests: write': ({ octokit, owner, repo }) => octokit.rest.pulls.update({ owner, repo, pull_number: 0, state: 'closed' }),
};

;// CONCATENATED MODULE: ./lib/github/workflow-state.js

/**
 * Whether a workflow can run: `active`, `disabled_manually`, `disabled_inactivity`, `disabled_fork` or `deleted`.
 * @param workflow name of its file
 * @returns undefined when GitHub knows no such workflow: it has to be on the default branch
 */
async function readWorkflowState({ octokit, owner, repo }, workflow) {
    const need = { doing: `read the workflow ${workflow}`, permission: 'actions: read' };
    return refusal_explained(need, async () => {
        try {
            return (await octokit.rest.actions.getWorkflow({ owner, repo, workflow_id: workflow })).data.state;
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return undefined;
            throw error;
        }
    });
}
/** The setting "Allow GitHub Actions to create and approve pull requests". @throws RefusedError where the token is no administrator's */
async function mayActionsOpenPulls({ octokit, owner, repo }) {
    const need = { doing: 'read the settings of Actions', permission: 'administration: read' };
    const { data } = await refusal_explained(need, () => octokit.rest.actions.getGithubActionsDefaultWorkflowPermissionsRepository({ owner, repo }));
    return data.can_approve_pull_request_reviews;
}

// EXTERNAL MODULE: external "node:stream/consumers"
var consumers_ = __webpack_require__(8321);
;// CONCATENATED MODULE: ./lib/layers/database/manifest.js



const sha256 = schemas/* string */.YjP().regex(/^[0-9a-f]{64}$/);
const size = schemas/* number */.aig().int().nonnegative();
/** Names of backups and of their parts become paths and keys: nothing but what is harmless in both. */
const backupNameSchema = schemas/* string */.YjP().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/);
const partNameSchema = backupNameSchema;
const contentsSchema = schemas/* object */.Ikc({
    tables: schemas/* array */.YOg(schemas/* object */.Ikc({ name: schemas/* string */.YjP(), rows: size, digest: schemas/* string */.YjP().optional() })),
    schema: sha256,
    image: sha256.optional(),
    orphans: size.optional(),
});
/** How a backup was verified when it was made, and what came of it. */
const verificationSchema = schemas/* object */.Ikc({
    /**
     * `restore`: restored once, and compared whole; `sample`: its schema and the rows of some tables were; `checksums`: only the
     * stored bytes were read again
     */
    level: schemas/* enum */.k5n(['restore', 'sample', 'checksums']),
    at: iso/* datetime */.w$(),
    /** where it was restored */
    on: schemas/* enum */.k5n(['same-server', 'other-server', 'local-server']).optional(),
    /** the tables of a sample */
    tables: schemas/* array */.YOg(schemas/* string */.YjP()).optional(),
    /** how long that took */
    ms: size.optional(),
    /** why it cannot be restored: the backup is failed */
    failure: schemas/* string */.YjP().optional(),
});
const migrationSchema = schemas/* object */.Ikc({
    name: schemas/* string */.YjP(),
    /** the script that undoes it, as it was when it was applied; absent where there is none */
    down: schemas/* string */.YjP().optional(),
    checksum: sha256.optional(),
    revision: schemas/* string */.YjP().optional(),
});
/** What a backup says of itself. Written last: without it, there is no backup. */
const manifestSchema = schemas/* object */.Ikc({
    schema: schemas/* literal */.euz(1),
    name: backupNameSchema,
    engine: schemas/* enum */.k5n(['sqlite', 'postgres', 'mysql']),
    database: schemas/* string */.YjP(),
    /** tells the database it was made of from every other */
    source: schemas/* string */.YjP(),
    server: schemas/* string */.YjP(),
    tool: schemas/* string */.YjP(),
    environment: schemas/* string */.YjP(),
    /** the revision that was about to be deployed: the backup is from before it */
    before: schemas/* string */.YjP(),
    createdAt: iso/* datetime */.w$(),
    /** kept whatever the retention says */
    pinned: schemas/* boolean */.zMY(),
    encrypted: schemas/* boolean */.zMY(),
    contents: contentsSchema,
    migrations: schemas/* array */.YOg(migrationSchema),
    parts: schemas/* array */.YOg(schemas/* object */.Ikc({
        name: partNameSchema,
        /** the stored bytes: compressed, and encrypted where asked for */
        size,
        sha256,
        /** bytes of what was dumped */
        plainSize: size,
    })),
    /** absent in backups from before there was such a thing */
    verification: verificationSchema.optional(),
});
/** @throws InputError for a name that could leave the place where backups are kept, without naming the input */
function parseBackupName(text) {
    const parsed = backupNameSchema.safeParse(text);
    if (!parsed.success || text.includes('..'))
        throw new lib_errors/* InputError */.dz(`is "${text}"; write the name of a backup, of letters, digits, dots and dashes`);
    return parsed.data;
}
/** A name that sorts by time: `20261124T110203Z-1a2b3c4-9f8e7d`. */
function newBackupName(at, before) {
    const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '');
    return `${stamp}-${before.slice(0, 7)}-${(0,external_node_crypto_.randomBytes)(3).toString('hex')}`;
}
/** The time in a name made by `newBackupName`; undefined for any other. */
function backupTime(name) {
    const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(name) ?? [];
    const at = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
    return Number.isNaN(at.getTime()) ? undefined : at;
}
/** The manifest as it is stored, with its own digest, so that no byte of it can change unseen. */
function writeManifest(manifest) {
    return `${JSON.stringify({ sha256: manifest_digestOf(manifest), manifest }, null, 1)}\n`;
}
/** @throws RefusedError when it was cut, changed, or belongs to another backup */
function readManifest(text, name) {
    const refuse = (why) => new lib_errors/* RefusedError */.fk(`backup ${name} is damaged: its manifest ${why}`);
    let json;
    try {
        json = JSON.parse(text);
    }
    catch {
        throw refuse('is not JSON');
    }
    const parsed = schemas/* object */.Ikc({ sha256, manifest: manifestSchema }).safeParse(json);
    if (!parsed.success)
        throw refuse('is not one of this version');
    const { manifest } = parsed.data;
    if (manifest_digestOf(manifest) !== parsed.data.sha256)
        throw refuse('was changed after it was written');
    if (manifest.name !== name)
        throw refuse(`is that of backup ${manifest.name}`);
    return manifest;
}
function manifest_digestOf(manifest) {
    return (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify(manifestSchema.parse(manifest)))
        .digest('hex');
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: external "node:stream/promises"
var external_node_stream_promises_ = __webpack_require__(6466);
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(8522);
// EXTERNAL MODULE: external "node:util"
var external_node_util_ = __webpack_require__(7975);
;// CONCATENATED MODULE: ./lib/layers/database/compress.js


const pieceSize = 1 << 20;
/** How many pieces are compressed side by side. */
const width = 3;
const compressPiece = (0,external_node_util_.promisify)(external_node_zlib_.zstdCompress);
const options = {
    // what compresses to less than half comes back from its thread at once
    chunkSize: (pieceSize / 8) * 5,
    params: {
        // off by default, and then most flipped bits load silently
        [external_node_zlib_.constants.ZSTD_c_checksumFlag]: 1,
        [external_node_zlib_.constants.ZSTD_c_compressionLevel]: 1,
    },
};
/**
 * Compresses by zstd on several threads: each piece is a frame of its own, and frames one after another are one file of
 * zstd (RFC 8878, section 3).
 */
async function* compress(content) {
    const running = [];
    for await (const piece of pieces(content)) {
        const frame = compressPiece(piece, options);
        // one that fails is told of when its turn comes
        frame.catch(() => { });
        running.push(frame);
        if (running.length === width)
            yield (await running.shift()) ?? never();
    }
    for (const frame of running)
        yield await frame;
}
/**
 * The same bytes in pieces of one size, but for the last. A piece is good until as many are taken after it as are compressed
 * side by side: new buffers for each would fill the memory before it is cleared.
 */
async function* pieces(content) {
    const buffers = Array.from({ length: width }, () => Buffer.allocUnsafe(pieceSize));
    let [index, filled] = [0, 0];
    for await (const chunk of content) {
        for (let from = 0; from < chunk.length;) {
            const piece = buffers[index % buffers.length] ?? never();
            const copied = chunk.copy(piece, filled, from);
            filled += copied;
            from += copied;
            if (filled < pieceSize)
                continue;
            yield piece;
            index += 1;
            filled = 0;
        }
    }
    // of nothing too there is a frame: a file of none is no file of zstd
    if (filled > 0 || index === 0)
        yield (buffers[index % buffers.length] ?? never()).subarray(0, filled);
}
function never() {
    throw new TypeError('there is none');
}

;// CONCATENATED MODULE: ./lib/layers/database/forward.js
/** `pipe` that hands errors on, and gives the source up with the target. */
function forward(from, to) {
    from.once('error', (error) => to.destroy(error));
    to.once('close', () => from.destroy());
    return from.pipe(to);
}

;// CONCATENATED MODULE: ./lib/layers/database/seal.js









/** Only for what is encrypted: to load it takes 0.1 s. */
const loadAge = () => Promise.all(/* import() */[__webpack_require__.e(539), __webpack_require__.e(225)]).then(__webpack_require__.bind(__webpack_require__, 6225));
/**
 * Stores one part of a backup: compressed by zstd, encrypted to an age recipient where one is given, digested as it is
 * stored.
 */
async function sealPart({ store, path, name, content, recipient, keepAs, signal, }) {
    let plainSize = 0;
    // before anything that could hold a chunk back: it is good until the next alone
    const count = async function* (chunks) {
        for await (const chunk of chunks) {
            plainSize += chunk.length;
            yield chunk;
        }
    };
    const stored = meter();
    const compressed = new external_node_stream_.PassThrough();
    const keep = keepAs === undefined ? undefined : await (0,external_node_fs_promises_.open)(keepAs, 'wx', 0o600);
    const tee = async function* (frames) {
        for await (const frame of frames) {
            await keep?.write(frame);
            yield frame;
        }
    };
    const options = signal === undefined ? {} : { signal };
    const sealed = recipient === undefined ? compressed : await (await loadAge()).encrypt(compressed, recipient);
    const [read, passed, written] = await Promise.allSettled([
        (0,external_node_stream_promises_.pipeline)(content, count, compress, tee, compressed, options),
        (0,external_node_stream_promises_.pipeline)(sealed, stored.stream, options),
        // a store that stops reading is one that nobody may go on writing to
        store.write(path, stored.stream).finally(() => stored.stream.destroy()),
    ]);
    await keep?.close();
    // all have ended, so that nothing is written any more; the store's own words, or the tool's, say more than a stream's
    const failures = [read, passed, written].flatMap((each) => each.status === 'rejected' ? [each.reason] : []);
    if (failures.length > 0)
        throw failures.find(lib_errors/* isUserFacing */.Qx) ?? failures[0];
    return { name, size: stored.size(), sha256: stored.digest(), plainSize };
}
/** Opens a part that `sealPart` kept in a file, as it was dumped. */
function openKept(file) {
    return forward((0,external_node_fs_.createReadStream)(file), (0,external_node_zlib_.createZstdDecompress)({ chunkSize: 1 << 18 }));
}
/** Opens a part again, as it was dumped. */
async function openPart({ store, path, part, identity, }) {
    const stored = meter();
    const raw = await store.read(path);
    const decompress = (0,external_node_zlib_.createZstdDecompress)({ chunkSize: 1 << 18 });
    const passed = forward(raw, stored.stream);
    const opened = identity === undefined ? passed : await (await loadAge()).decrypt(passed, identity);
    let plainSize = 0;
    const check = new external_node_stream_.Transform({
        transform: (chunk, _encoding, done) => {
            plainSize += chunk.length;
            done(null, chunk);
        },
        // what was checked before may have been replaced since
        flush: (done) => {
            if (stored.digest() !== part.sha256)
                done(new lib_errors/* RefusedError */.fk(`${path} changed while it was being read`));
            else if (plainSize !== part.plainSize)
                done(new lib_errors/* RefusedError */.fk(`backup is damaged: ${path} has ${plainSize} bytes when it is opened and not ${part.plainSize}`));
            else
                done();
        },
    });
    return forward(forward(opened, decompress), check);
}
/** @throws RefusedError when the stored bytes are not those that the manifest names */
async function verifyPart(store, path, part) {
    const found = meter();
    const content = await store.read(path).catch((error) => {
        if (error instanceof lib_errors/* RefusedError */.fk)
            throw new lib_errors/* RefusedError */.fk(`backup is damaged: ${path} is missing`);
        throw error;
    });
    found.stream.resume();
    await (0,external_node_stream_promises_.pipeline)(content, found.stream);
    if (found.size() !== part.size)
        throw new lib_errors/* RefusedError */.fk(`backup is damaged: ${path} has ${found.size()} bytes and not ${part.size}`);
    if (found.digest() !== part.sha256)
        throw new lib_errors/* RefusedError */.fk(`backup is damaged: the SHA-256 of ${path} is not the one in the manifest`);
}
function meter() {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    let bytes = 0;
    let digest;
    const stream = new external_node_stream_.Transform({
        highWaterMark: 1 << 20,
        transform: (chunk, _encoding, done) => {
            hash.update(chunk);
            bytes += chunk.length;
            done(null, chunk);
        },
    });
    return {
        stream,
        size: () => bytes,
        digest: () => {
            digest ??= hash.digest('hex');
            return digest;
        },
    };
}

;// CONCATENATED MODULE: ./lib/layers/database/store/store.js
const manifestFile = 'manifest.json';

// EXTERNAL MODULE: ./lib/text/size.js
var text_size = __webpack_require__(6042);
;// CONCATENATED MODULE: ./lib/layers/database/verification.js

/** True for a backup that was restored to verify it, and could not be: it is no way back. */
function isFailed({ verification }) {
    return verification?.failure !== undefined;
}
/** True for a backup that was restored once and compared whole. */
function isRestored({ verification }) {
    return verification?.level === 'restore' && verification.failure === undefined;
}
const places = {
    'same-server': 'on its own server',
    'other-server': 'on another server',
    'local-server': 'on a local server',
};
/** How and when a backup was verified, as one line without the backup's name. */
function verification_describeVerification({ verification, contents, parts }) {
    if (verification === undefined)
        return 'not verified by a restore: it was made by an earlier version';
    const { level, at, on, tables = [], failure } = verification;
    const where = on === undefined ? '' : ` ${places[on]}`;
    if (failure !== undefined)
        return `failed: restored at ${at}${where}, and that failed: ${failure}`;
    switch (level) {
        case 'restore': {
            const rows = contents.tables.reduce((sum, table) => sum + table.rows, 0);
            return `verified: restored at ${at}${where}, where the schema and ${rows} rows of ${contents.tables.length} tables were the same`;
        }
        case 'sample': {
            const size = (0,text_size/* formatSize */.X)(parts.reduce((sum, { plainSize }) => sum + plainSize, 0));
            return `partly verified: restored at ${at}${where}, where the schema and the rows of ${tables.length} of ${contents.tables.length} tables were the same; the other rows of ${size} were not restored`;
        }
        case 'checksums':
            return `not verified by a restore: only the stored files were read again, at ${at}`;
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/catalog.js






/** Lists by the store's own content, never by what this process remembers. */
async function readCatalog(store) {
    const names = [...new Set((await store.list()).map((path) => path.split('/')[0] ?? ''))];
    const entries = await Promise.all(names.map(async (name) => {
        try {
            return { name, manifest: await readBackup(store, name) };
        }
        catch (error) {
            if (!(0,lib_errors/* isUserFacing */.Qx)(error))
                throw error;
            return { name, why: error.message };
        }
    }));
    return {
        backups: entries
            .flatMap(({ manifest }) => manifest ?? [])
            .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? 1 : -1)),
        broken: entries.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }])),
    };
}
/** The backups of one database and environment, newest first. */
async function listBackups(store, { source, environment }) {
    const { backups } = await readCatalog(store);
    return backups.filter((each) => each.source === source && each.environment === environment);
}
/** @throws InputError for a bad name, RefusedError for a backup that is not there or damaged */
async function readBackup(store, name) {
    const path = `${parseBackupName(name)}/${manifestFile}`;
    return readManifest(await (0,consumers_.text)(await store.read(path)), name);
}
/** Reads every stored byte. @throws RefusedError naming the file that is missing or changed */
async function verifyStored(store, { name, parts }) {
    if (parts.length === 0)
        throw new lib_errors/* RefusedError */.fk(`backup ${name} is empty`);
    for (const part of parts)
        await verifyPart(store, `${name}/${part.name}`, part);
}
/**
 * Reads every byte of the backups of one database and environment, and logs those that are whole.
 * @returns what is wrong, a line each: backups that are damaged, and folders of the store that are none
 */
async function verifyBackups(store, own, log) {
    const { broken } = await readCatalog(store);
    const damage = broken.map(({ name, why }) => `${name}: ${why}`);
    for (const manifest of await listBackups(store, own)) {
        try {
            await verifyStored(store, manifest);
            log(`${manifest.name} is stored as it was made; ${describeVerification(manifest)}`);
        }
        catch (error) {
            if (!isUserFacing(error))
                throw error;
            damage.push(`${manifest.name}: ${error.message}`);
        }
    }
    return damage;
}
/** @throws InputError without naming the input, RefusedError when there is no such backup or it is of another database */
async function chooseBackup(store, choice) {
    const { wanted, revision, source, environment } = choice;
    if (wanted !== 'latest' && wanted !== 'before-deployment') {
        const manifest = await readBackup(store, (0,lib_errors/* readSetting */.LA)('backup', () => parseBackupName(wanted)));
        if (manifest.source !== source && !choice.allowOtherSource)
            throw new lib_errors/* RefusedError */.fk(`backup ${manifest.name} was made of another database ("${manifest.database}"); set allow-other-source to restore it here`);
        return manifest;
    }
    const { backups, broken } = await readCatalog(store);
    const own = backups.filter((each) => each.source === source && each.environment === environment);
    const wantedOnes = wanted === 'latest' ? own : own.filter(({ before }) => before === revision);
    // one that could not be restored when it was made is no way back, unless it is named
    const found = wantedOnes.find((each) => !isFailed(each));
    if (found !== undefined)
        return found;
    const what = wanted === 'latest' ? 'backup' : `backup from before the deployment of ${revision.slice(0, 7)}`;
    const rest = [
        ...(broken.length === 0 ? [] : [`, and ${broken.length} that cannot be used: ${broken[0]?.why}`]),
        ...wantedOnes.slice(0, 1).map((each) => `; ${each.name} ${verification_describeVerification(each)}`),
    ];
    throw new lib_errors/* RefusedError */.fk(`there is no ${what} of this database in ${store.place} (${own.length} others${rest.join('')}); name one`);
}

;// CONCATENATED MODULE: ./lib/layers/database/store/address.js

/**
 * Reads `s3://bucket/prefix`. Keys, region and the address of another server than Amazon's come from the variables that every
 * tool for S3 takes: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 * @throws InputError without naming the input
 */
function parseBucket(text, env) {
    const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w.!*'()/-]*))?$/.exec(text) ?? [];
    const folders = rest.split('/').filter((each) => each !== '');
    if (bucket === undefined || folders.some((each) => /^\.+$/.test(each)))
        throw new lib_errors/* InputError */.dz(`is "${text}"; write a bucket such as s3://my-backups/shop, of letters, digits, dots and dashes`);
    const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? '';
    const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? '';
    if (accessKeyId === '' || secretAccessKey === '')
        throw new lib_errors/* InputError */.dz(`is "${text}", and its keys are not set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in env, from secrets or by aws-actions/configure-aws-credentials`);
    const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || 'us-east-1';
    return {
        bucket,
        prefix: folders.map((each) => `${each}/`).join(''),
        region,
        url: urlOf(bucket, region, env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL']),
        accessKeyId,
        secretAccessKey,
        sessionToken: env['AWS_SESSION_TOKEN'] || undefined,
    };
}
/** Amazon's certificates are for one level of names under its own, and other servers often have but one name. */
function urlOf(bucket, region, endpoint) {
    if (endpoint === undefined)
        return bucket.includes('.')
            ? new URL(`https://s3.${region}.amazonaws.com/${bucket}/`)
            : new URL(`https://${bucket}.s3.${region}.amazonaws.com/`);
    if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
        throw new lib_errors/* InputError */.dz(`is in a bucket of AWS_ENDPOINT_URL, and that is no address; write one such as https://s3.example.com`);
    return new URL(`${bucket}/`, endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
}

// EXTERNAL MODULE: ./node_modules/aws4fetch/dist/aws4fetch.esm.mjs
var aws4fetch_esm = __webpack_require__(2580);
// EXTERNAL MODULE: ./node_modules/p-retry/index.js + 1 modules
var p_retry = __webpack_require__(4995);
;// CONCATENATED MODULE: ./lib/layers/database/store/exchange.js




/** How long a server may take to begin its answer, ms: a part of 8 MB has to be through a slow line by then. */
const patienceMs = 120_000;
/**
 * Sends signed requests to a bucket. The body's own digest is signed, so that what arrives is what was sent. All of them do
 * the same when they are done twice, so that one without an answer is sent again.
 * @returns a function that throws RefusedError with the server's own words, UnavailableError when it gives no answer
 */
function openExchange(address, { fetch, signal }) {
    const where = `bucket ${address.bucket} on ${address.url.host}`;
    async function sendOnce(request) {
        const { method, key = '', query = {}, body, missing } = request;
        const url = new URL(key, address.url);
        for (const [name, value] of Object.entries(query))
            url.searchParams.set(name, value);
        const { accessKeyId, secretAccessKey, sessionToken, region } = address;
        const signer = new aws4fetch_esm/* AwsV4Signer */.s({
            method,
            url: url.href,
            headers: {
                'x-amz-content-sha256': (0,external_node_crypto_.createHash)('sha256')
                    .update(body ?? '')
                    .digest('hex'),
            },
            accessKeyId,
            secretAccessKey,
            ...(sessionToken !== undefined && { sessionToken }),
            region,
            service: 's3',
        });
        const signed = await signer.sign();
        signal?.throwIfAborted();
        const patience = new AbortController();
        const timer = setTimeout(() => patience.abort(), patienceMs);
        let answer;
        try {
            answer = await fetch(signed.url, {
                method: signed.method,
                headers: signed.headers,
                body: body === undefined ? null : new Uint8Array(body),
                redirect: 'manual',
                signal: signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]),
            });
        }
        catch (error) {
            signal?.throwIfAborted();
            throw new lib_errors/* UnavailableError */.hG(`${where} does not answer: ${reasonOf(error)}`);
        }
        finally {
            clearTimeout(timer);
        }
        if (answer.ok)
            return answer;
        throw explain(answer.status, await answer.text().catch(() => ''), missing);
    }
    function explain(status, xml, missing) {
        const [, code = ''] = /<Code>([^<]*)<\/Code>/.exec(xml) ?? [];
        const [, message = ''] = /<Message>([^<]*)<\/Message>/.exec(xml) ?? [];
        const said = [status, code, message].filter((each) => each !== '').join(' ');
        if (status === 404 && code !== 'NoSuchBucket' && missing !== undefined)
            return new lib_errors/* RefusedError */.fk(missing);
        if (status === 429 || status >= 500)
            return new lib_errors/* UnavailableError */.hG(`${where} answers ${said}`);
        if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed')
            return new lib_errors/* RefusedError */.fk(`${where} is not in the region ${address.region}: set AWS_REGION to its own (${said})`);
        return new lib_errors/* RefusedError */.fk(`${where} refused: ${said}`);
    }
    return (request) => (0,p_retry/* default */.Ay)(() => sendOnce(request), {
        retries: 4,
        minTimeout: 200,
        maxTimeout: 5000,
        randomize: true,
        ...(signal !== undefined && { signal }),
        shouldRetry: ({ error }) => error instanceof lib_errors/* UnavailableError */.hG,
    });
}
function reasonOf(error) {
    if (!(error instanceof Error))
        return String(error);
    return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

;// CONCATENATED MODULE: ./lib/layers/database/store/bucket.js



/** What S3 takes as a part at least, but for the last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const smallestPart = 8 << 20;
/** S3 takes 10,000 parts at most, so that those of something huge have to grow: with this, 440 GB fit. */
function partSize(index) {
    return smallestPart * (1 + Math.floor(index / 1000));
}
/**
 * Backups in a bucket of S3, or of a server that speaks its language. What is too big for one request goes in parts, which
 * are an object only once all of them are there: a job that is killed leaves none.
 */
function openBucketStore(address, { fetch, signal }) {
    const { bucket, prefix } = address;
    const send = openExchange(address, { fetch, signal });
    const place = `s3://${bucket}/${prefix}`.replace(/\/$/, '');
    const keyOf = (path) => `${prefix}${path}`;
    return {
        place,
        async list() {
            const paths = [];
            for (let after = '';;) {
                const query = {
                    'list-type': '2',
                    'encoding-type': 'url',
                    prefix,
                    ...(after !== '' && { 'start-after': after }),
                };
                const answer = await send({ method: 'GET', query });
                const xml = await answer.text();
                const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => readKey(key));
                paths.push(...keys.map((key) => key.slice(prefix.length)));
                after = keys.at(-1) ?? '';
                if (!/<IsTruncated>true<\/IsTruncated>/.test(xml) || after === '')
                    break;
            }
            return paths.filter((path) => path !== '' && !path.endsWith('/')).sort();
        },
        async read(path) {
            const answer = await send({ method: 'GET', key: keyOf(path), missing: `${path} is not in ${place}` });
            if (answer.body === null)
                return external_node_stream_.Readable.from([]);
            return named(external_node_stream_.Readable.fromWeb(answer.body), `${path} of ${place} broke off`);
        },
        async write(path, content) {
            const key = keyOf(path);
            const chunks = chunked(content);
            const first = await chunks.next();
            const second = await chunks.next();
            if (second.done === true) {
                await send({ method: 'PUT', key, body: first.value ?? Buffer.alloc(0) });
                return;
            }
            const upload = await begin(key);
            try {
                const parts = [];
                const put = async (body) => {
                    const query = { partNumber: String(parts.length + 1), uploadId: upload };
                    const { headers } = await send({ method: 'PUT', key, query, body });
                    parts.push(headers.get('etag') ?? '');
                };
                if (first.value !== undefined)
                    await put(first.value);
                await put(second.value);
                for await (const chunk of chunks)
                    await put(chunk);
                await complete(key, upload, parts);
            }
            catch (error) {
                await send({ method: 'DELETE', key, query: { uploadId: upload } }).catch(() => { });
                throw error;
            }
        },
        async remove(path) {
            await send({ method: 'DELETE', key: keyOf(path) });
        },
    };
    async function begin(key) {
        const answer = await send({ method: 'POST', key, query: { uploads: '' } });
        const [, upload] = /<UploadId>([^<]+)<\/UploadId>/.exec(await answer.text()) ?? [];
        if (upload === undefined)
            throw new lib_errors/* UnavailableError */.hG(`${place} gave an upload no name`);
        return unescapeXml(upload);
    }
    /** It may fail after a status of 200: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
    async function complete(key, upload, etags) {
        const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`);
        const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
        const answer = await send({ method: 'POST', key, query: { uploadId: upload }, body });
        const xml = await answer.text();
        if (/<Error>/.test(xml))
            throw new lib_errors/* RefusedError */.fk(`${place} did not put the parts of ${key} together: ${xml.slice(0, 300)}`);
    }
}
/** A stream as parts, each as big as it has to be, one in memory at a time. */
async function* chunked(content) {
    let waiting = [];
    let [length, index] = [0, 0];
    for await (const data of content) {
        const chunk = Buffer.from(data);
        waiting.push(chunk);
        length += chunk.length;
        if (length < partSize(index))
            continue;
        yield Buffer.concat(waiting);
        waiting = [];
        length = 0;
        index += 1;
    }
    if (length > 0)
        yield Buffer.concat(waiting);
    return undefined;
}
/** A connection that is lost says which file it was about. */
function named(from, what) {
    const to = new external_node_stream_.Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
    from.once('error', (error) => to.destroy(new lib_errors/* UnavailableError */.hG(`${what}: ${error.message}`)));
    to.once('close', () => from.destroy());
    return from.pipe(to);
}
/** As asked for, keys come encoded as in an address; some servers encode but a part of it. */
function readKey(text) {
    const key = unescapeXml(text);
    try {
        return decodeURIComponent(key.replaceAll('+', ' '));
    }
    catch {
        return key;
    }
}
function escapeXml(text) {
    return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
function unescapeXml(text) {
    return text
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
}

// EXTERNAL MODULE: ./lib/text/system-error.js
var system_error = __webpack_require__(7229);
// EXTERNAL MODULE: ./lib/layers/database/write-file.js
var write_file = __webpack_require__(6368);
;// CONCATENATED MODULE: ./lib/layers/database/store/folder.js







/** Backups in a folder of this machine. @param root made when it is not there */
function openFolderStore(root) {
    return {
        place: root,
        async list() {
            // a backup is a folder of files: a folder that holds other things, or has no end, is not searched
            const read = (path) => (0,external_node_fs_promises_.readdir)(path, { withFileTypes: true }).catch(emptyIfMissing);
            const paths = [];
            for (const entry of await read(root)) {
                if (entry.isFile())
                    paths.push(entry.name);
                if (!entry.isDirectory())
                    continue;
                const files = await read((0,external_node_path_.join)(root, entry.name));
                paths.push(...files.filter((file) => file.isFile()).map((file) => `${entry.name}/${file.name}`));
            }
            return paths.sort();
        },
        async read(path) {
            const file = (0,external_node_path_.join)(root, path);
            if ((await (0,external_node_fs_promises_.stat)(file).catch(() => undefined)) === undefined)
                throw new lib_errors/* RefusedError */.fk(`${path} is not in ${root}`);
            return (0,external_node_fs_.createReadStream)(file, { highWaterMark: 1 << 18 });
        },
        async write(path, content) {
            const file = (0,external_node_path_.join)(root, path);
            const partial = `${file}.${(0,external_node_crypto_.randomBytes)(4).toString('hex')}.partial`;
            try {
                await makeFolder((0,external_node_path_.dirname)(file));
                await (0,write_file/* writeFileFrom */.G)(content, partial, { durable: true });
                await (0,external_node_fs_promises_.rename)(partial, file);
                await syncFolder((0,external_node_path_.dirname)(file));
            }
            catch (error) {
                await (0,external_node_fs_promises_.rm)(partial, { force: true }).catch(() => { });
                await (0,external_node_fs_promises_.rmdir)((0,external_node_path_.dirname)(file)).catch(() => { });
                throw (0,system_error/* explainWrite */.N)(error, root);
            }
        },
        async remove(path) {
            await (0,external_node_fs_promises_.rm)((0,external_node_path_.join)(root, path), { force: true });
            // the folder goes with its last file
            await (0,external_node_fs_promises_.rmdir)((0,external_node_path_.join)(root, (0,external_node_path_.dirname)(path))).catch(() => { });
        },
    };
}
/** Step by step: what makes folders recursively never ends below /proc, where one that is missing cannot be made. */
async function makeFolder(path) {
    const exists = async (each) => (await (0,external_node_fs_promises_.stat)(each).catch(() => undefined)) !== undefined;
    if (await exists(path))
        return;
    if (!(await exists((0,external_node_path_.dirname)(path))))
        await makeFolder((0,external_node_path_.dirname)(path));
    await (0,external_node_fs_promises_.mkdir)(path).catch((error) => {
        // another process made it meanwhile
        if (error.code !== 'EEXIST')
            throw error;
    });
}
/** A rename is safe from a power cut once its folder is on the disk. */
async function syncFolder(folder) {
    const handle = await (0,external_node_fs_promises_.open)(folder, 'r');
    try {
        await handle.sync();
    }
    finally {
        await handle.close();
    }
}
function emptyIfMissing(error) {
    if (error.code === 'ENOENT')
        return [];
    throw error;
}

;// CONCATENATED MODULE: ./lib/layers/database/store/open.js




/**
 * Opens where backups are kept: a folder of this machine, or `s3://bucket/prefix`.
 * @param env holds the keys of a bucket
 * @throws InputError without naming the input
 */
function openStore(storage, { env, fetch, signal, }) {
    if (storage.startsWith('s3:'))
        return openBucketStore(parseBucket(storage, env), { fetch, signal });
    if (/^[a-z0-9]{2,}:/i.test(storage))
        throw new lib_errors/* InputError */.dz(`is "${storage}"; write the path of a folder, or s3://bucket/prefix`);
    return openFolderStore(storage);
}

;// CONCATENATED MODULE: ./lib/settings/variables.js
/** Read by the libraries and tools that the layers use, under names of their own. */
const usual = [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
    'EXPO_TOKEN',
];
/**
 * The environment variables that the settings name, wherever they do: `{ env: NAME }`, and lists under `env`.
 * @returns each name once, sorted
 */
function namedVariables(config) {
    return [...new Set(namesIn(config))].sort();
}
/** Those, and what the layers' tools read by themselves: all that the actions may take from the secrets that they are given. */
function readableVariables(config) {
    return new Set([...namesIn(config), ...usual]);
}
function namesIn(value) {
    if (typeof value !== 'object' || value === null)
        return [];
    return Object.entries(value).flatMap(([key, each]) => {
        if (key !== 'env')
            return namesIn(each);
        return [each].flat().filter((name) => typeof name === 'string');
    });
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/facts.js













/** Bytes of a backup that are read again; of a larger one only the files' presence is looked at. */
const readAgainBytes = 256 * 1024 * 1024;
/** Looks at everything, at the same time; reads only. @throws what is no user's business */
async function gatherFacts(options) {
    const { repository, config, environment, branch, run, ownWorkflow, layers, env } = options;
    const fact = factBy(options);
    const { redeploy } = config.code;
    const workflow = redeploy?.workflow ?? 'none.yml';
    const permissions = probedPermissions.map(async (name) => [name, await fact(() => hasPermission(repository, name, { workflow }))]);
    const plans = layers.map(async (layer) => ({
        name: layer.name,
        plan: await fact(async () => (await layer.plan()).view),
    }));
    const [facts, rules, historyRules, proposalRules, mayOpenPulls, groups, backup, assessment, held] = await Promise.all([
        fact(() => readFacts(repository)),
        fact(() => readBranchRules(repository, branch)),
        fact(() => readRuleTypes(repository, config.history.branch)),
        fact(() => readRuleTypes(repository, 'rollback/incident')),
        fact(() => mayActionsOpenPulls(repository)),
        fact(async () => (run === undefined ? undefined : groupsOf(repository, Number(run)))),
        config.database && fact(() => lastBackup(options, config.database?.storage ?? '')),
        fact(options.assess),
        fact(() => whyHeld(options)),
    ]);
    return {
        environment,
        branch,
        config,
        archived: facts.seen ? { seen: true, value: facts.value.archived } : facts,
        permissions: new Map(await Promise.all(permissions)),
        rules,
        historyRules,
        proposalRules,
        mayOpenPulls,
        redeploy: redeploy && {
            workflow: redeploy.workflow,
            inputs: redeploy.inputs,
            state: await fact(() => readWorkflowState(repository, redeploy.workflow)),
            text: await fact(async () => {
                const path = `.github/workflows/${redeploy.workflow}`;
                return (await readFile(repository, { path, ref: branch }))?.text;
            }),
        },
        groups,
        ownWorkflow,
        missingVariables: namedVariables(config).filter((name) => (env[name] ?? '') === ''),
        isFirst: await fact(() => isFirstDeployment(options)),
        layers: await Promise.all(plans),
        backup,
        assessment,
        held,
    };
}
async function isFirstDeployment({ repository, environment, revision }) {
    let isFirst = false;
    for await (const deployment of listDeployments(repository, { environment })) {
        if (deployment.revision !== revision)
            return false;
        isFirst = true;
    }
    return isFirst;
}
function factBy({ nameOf, signal }) {
    return async (look) => {
        try {
            return { seen: true, value: await look() };
        }
        catch (error) {
            if (signal.aborted || !(error instanceof Error))
                throw error;
            if (!(0,lib_errors/* isUserFacing */.Qx)(error))
                return { seen: false, why: error.message, isRefused: false };
            return { seen: false, why: error.explain(nameOf), isRefused: error.name !== 'UnavailableError' };
        }
    };
}
/** Guards are for a plan; without one there is nothing that they could hold. */
async function whyHeld({ layers, guard }) {
    const plan = await planLayers(layers, 'changed', 'continue');
    try {
        await guard(plan);
        return undefined;
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return error.message;
        throw error;
    }
}
async function lastBackup({ env, fetch, signal, environment }, storage) {
    const store = openStore(storage, { env, fetch, signal });
    const { backups, broken } = await readCatalog(store);
    const last = backups.find((each) => each.environment === environment);
    const newest = [last?.name ?? '', ...broken.map(({ name }) => name)].sort().at(-1);
    const damaged = broken.find(({ name }) => name === newest);
    // names begin with the time
    if (damaged !== undefined)
        return { ...unreadable, name: damaged.name, damage: damaged.why };
    if (last === undefined)
        return undefined;
    const wasRead = last.parts.reduce((sum, { size }) => sum + size, 0) <= readAgainBytes;
    return {
        name: last.name,
        verification: verification_describeVerification(last),
        isFailed: isFailed(last),
        isRestored: isRestored(last),
        wasRead,
        damage: await damageOf(async () => {
            if (wasRead)
                return verifyStored(store, last);
            const there = new Set(await store.list());
            const missing = last.parts.find(({ name }) => !there.has(`${last.name}/${name}`));
            if (missing !== undefined)
                throw new lib_errors/* RefusedError */.fk(`${last.name}/${missing.name} is missing`);
        }),
    };
}
const unreadable = { verification: '', isFailed: true, isRestored: false, wasRead: true };
async function damageOf(verify) {
    try {
        await verify();
        return undefined;
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return error.message;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/rollback/doctor/doctor.js



/**
 * Checks beforehand that a rollback would work now: permissions, rules, the deploy workflow, secrets, layers, backups, checks, guards.
 * Nothing is changed.
 */
async function examine(options) {
    return diagnose(await gatherFacts(options));
}
/** The same of what was gathered. */
function diagnose(facts) {
    const findings = checks.flatMap(({ name, judge }) => {
        const finding = judge(facts);
        return finding === undefined ? [] : [{ check: name, ...finding }];
    });
    const states = new Set(findings.map(({ state }) => state));
    const decision = states.has('wrong') ? 'not-ready' : states.has('unknown') ? 'unsure' : 'ready';
    return { decision, environment: facts.environment, findings };
}
const marks = {
    ok: 'ok',
    wrong: 'WRONG',
    warning: 'warning',
    unknown: 'unknown',
};
/** One line a finding, for the log, with its cure below. */
function describeDiagnosis({ findings }) {
    return findings.flatMap(({ check, state, says, cure }) => [
        `${marks[state].padEnd(8)}${check}: ${says}`,
        ...(cure === undefined ? [] : [`        → ${cure}`]),
    ]);
}
/** One line when all is well, else what is not. */
function summarizeDiagnosis({ decision, environment, findings }) {
    const left = findings.filter(({ state }) => state !== 'ok');
    const count = `${findings.length - left.length} of ${findings.length} checks passed`;
    const line = markdown_paragraph(markdown_text(`${sentences[decision](environment)}: ${count}.`));
    if (left.length === 0)
        return [line];
    return [
        markdown_heading(2, headlines[decision]),
        line,
        markdown_table(['check', 'state', 'what is so', 'what to do'], left.map(({ check, state, says, cure = '' }) => [markdown_text(check), markdown_text(state), markdown_text(says), markdown_text(cure)])),
    ];
}
/** What keeps a rollback from working, with what to do; empty when nothing does. */
function doctor_problemsOf({ findings }) {
    return findings
        .filter(({ state }) => state === 'wrong')
        .map(({ check, says, cure = '' }) => `${check}: ${says}. ${cure}`);
}
const headlines = {
    ready: 'A rollback would work',
    'not-ready': 'A rollback would not work',
    unsure: 'Not everything could be checked',
};
const sentences = {
    ready: (environment) => `A rollback of ${environment} would work now`,
    'not-ready': (environment) => `A rollback of ${environment} would not work now`,
    unsure: (environment) => `It is not known whether a rollback of ${environment} would work now`,
};

;// CONCATENATED MODULE: ./lib/rollback/doctor/diagnose-run.js





/** Checks that a rollback of the same options would work now, and that a machine may do it; changes nothing. */
async function diagnoseRollback(options, context, tools) {
    const begun = await begin(options);
    const { openLayers, production } = preparationOf(options, begun);
    const { guard } = preparationOf(options, { ...begun, automatic: true });
    return examine({
        ...context,
        ...tools,
        // nothing has been rolled back in what is examined
        layers: openLayers({
            target: undefined,
            choice: 'changed',
            progress: readProgress([]),
            automatic: begun.automatic,
        }),
        assess: () => production.assess([]),
        guard: async (plan) => {
            const refusal = await guard(plan, false);
            if (refusal !== undefined)
                throw new lib_errors/* RefusedError */.fk(describeRefusal(refusal));
        },
        nameOf: String,
    });
}

;// CONCATENATED MODULE: ./lib/github/checks.js

/** Reads check runs and commit statuses of a commit. @returns the worst state of each named check */
async function readChecks({ octokit, owner, repo }, { sha, names }) {
    const doing = `read the checks of ${sha.slice(0, 7)}`;
    const [runs, status] = await Promise.all([
        refusal_explained({ doing, permission: 'checks: read' }, () => octokit.paginate(octokit.rest.checks.listForRef, {
            owner,
            repo,
            ref: sha,
            filter: 'latest',
            per_page: 100,
        })),
        refusal_explained({ doing, permission: 'statuses: read' }, () => octokit.rest.repos.getCombinedStatusForRef({ owner, repo, ref: sha, per_page: 100 })),
    ]);
    const found = [
        ...runs.map(({ name, conclusion }) => ({ name, state: stateOfRun(conclusion) })),
        ...status.data.statuses.map(({ context, state }) => ({ name: context, state: stateOfStatus(state) })),
    ];
    return new Map(names.map((name) => [name, worst(found.filter((each) => each.name === name).map(({ state }) => state))]));
}
/** A check that was skipped or neutral counts as passed, as GitHub's own required checks have it. */
function stateOfRun(conclusion) {
    if (conclusion === null)
        return 'pending';
    return ['success', 'neutral', 'skipped'].includes(conclusion) ? 'success' : 'failure';
}
function stateOfStatus(state) {
    if (state === 'success' || state === 'pending')
        return state;
    return 'failure';
}
function worst(states) {
    return ['failure', 'pending', 'success'].find((state) => states.includes(state)) ?? 'missing';
}

;// CONCATENATED MODULE: ./lib/github/revision-reader.js




/** Opens it; asks nothing yet. @param branch the deployed one; undefined for the default branch */
function openRevisionReader(repository, { branch, environment, revision }) {
    return {
        requiredChecks: async () => requiredChecks(repository, branch ?? (await defaultBranch(repository))),
        checks: (names) => readChecks(repository, { sha: revision, names }),
        deployment: () => deploymentState(repository, { environment, revision }),
    };
}

// EXTERNAL MODULE: ./node_modules/fastest-levenshtein/mod.js
var mod = __webpack_require__(1916);
// EXTERNAL MODULE: ./lib/text/redact.js
var redact = __webpack_require__(1814);
;// CONCATENATED MODULE: ./lib/text/secret-name.js
/** Words that give away a credential wherever they stand in a name: `authorization`, `x-auth`, `PRIVATE_TOKEN`. */
const secretWord = 'auth(?!or(?!iz|is))|token|passw|passphrase|pwd|secret|credential|cookie|session|signature|bearer|jwt';
/** `api-key`, `x-functions-key`, `apiKey`, but not `key` alone. */
const secretName = new RegExp(String.raw `(?<![\w.-])(?:[\w.-]*(?:${secretWord})[\w.-]*|[\w.-]+key(?![.-]*\w))`, 'gi');
/** True for a header, key or query parameter that usually holds a credential. In doubt, it does. */
function looksLikeSecretName(name) {
    return name.search(secretName) !== -1;
}

;// CONCATENATED MODULE: ./lib/settings/secrets.js


/** Longer lines are generated, not written: nothing of them is shown, and nothing is searched in them. */
const longestShown = 2000;
/**
 * The lines of a configuration with what looks like a secret taken out: known values, whatever stands behind a name that
 * looks like a secret's, the lines that continue it, and what is shaped like a credential. Below the first secret a line
 * shows only what the schema knows: with a misplaced quote, bracket or `#`, any other word may be a part of that secret.
 * Rather a line too much than a secret shown. The number of lines stays the same.
 * @param values secrets known from the parts that could be read
 * @param keys the keys that a configuration can have
 */
function maskLines(text, { values, keys }) {
    const shown = [];
    let open;
    let isBelowSecret = false;
    const show = (line) => shown.push((0,redact/* redact */.E$)(isBelowSecret ? showKnown(line, keys) : line, values));
    for (const raw of maskPrivateKeys(text).split('\n')) {
        const line = raw.trimEnd();
        if (open !== undefined && line.trim() !== '') {
            if (continues(line, open)) {
                isBelowSecret ||= !isReference(line);
                shown.push(isReference(line) ? (0,redact/* redact */.E$)(line, values) : `${indentOf(line)}${redact/* redacted */.pc}`);
                continue;
            }
            open = undefined;
        }
        const masked = maskLine(line);
        open ??= masked.open;
        show(masked.line);
        isBelowSecret ||= masked.line !== line;
    }
    return shown;
}
/**
 * The lines of a text that is no YAML, up to the first name that looks like a secret's: with a quote or a bracket missing,
 * anything below may belong to that secret. The number of lines stays the same.
 */
function hideAfterSecretName(text) {
    const lines = (0,redact/* redact */.E$)(maskPrivateKeys(text)).split('\n');
    const named = lines.findIndex((line) => findSecretName(line) !== undefined);
    if (named === -1)
        return lines.map((line) => maskLine(line).line);
    return lines.map((line, index) => {
        if (index < named)
            return maskLine(line).line;
        const name = index === named ? (findSecretName(line)?.name ?? '') : '';
        const before = name === '' ? indentOf(line) : line.slice(0, line.indexOf(name) + name.length);
        return line.trim() === before.trim() ? before : `${before} ${redact/* redacted */.pc}`;
    });
}
/** The same for a piece of text on one line: a key or value that a message quotes. */
function maskText(text, values = []) {
    return (0,redact/* redact */.E$)(maskLine(text).line, values);
}
/** `{ env: NAME }`: where a secret should be, and nothing to hide. Only upper case, as anything else may be a value. */
const reference = /^\{\s*["']?env["']?\s*:\s*["']?[A-Z_][A-Z0-9_]*["']?\s*\}/;
const referenceLine = /^[\s#-]*(?:["']?env["']?\s*:\s*)?["']?[A-Z_][A-Z0-9_]*["']?\s*[\]}]*,?\s*(?:#.*)?$/;
/** Behind `env:`, the name of a variable, or several. */
const variables = /^(?:["']?[A-Z_][A-Z0-9_]*["']?(?=[\s,}\]]|$)|\[[A-Z0-9_\s,"']*\])/;
const envKey = /(?<![\w.-])env(?=["']?\s*(?::|$))/g;
const siblingKey = /^[\s#]*(?:- +)?["']?[\w.-]+["']?\s*:(?:\s|$)/;
/** What is kept to see of what stands between a name and its value. */
const separator = /^["'`]?\s*(?:[:=]>?|,)?\s*/;
function maskLine(whole) {
    if (whole.length > longestShown) {
        return { line: `${indentOf(whole)}${redact/* redacted */.pc}`, open: { column: baseColumn(whole), unfinished: true } };
    }
    const line = whole.replace(/:\/\/\S*@/g, `://${redact/* redacted */.pc}@`);
    const found = findSecretName(line);
    if (found === undefined)
        return { line };
    const { start } = found;
    const rest = line.slice(start);
    const kept = rest === '' ? line : `${line.slice(0, start)}${redact/* redacted */.pc}`;
    return { line: kept, open: { column: baseColumn(line), unfinished: isUnfinished(rest) } };
}
/**
 * The first name on a line that looks like a secret's, or is the `env` of a reference, and has something else behind it than
 * the name of a variable.
 * @returns the name, and where what it holds starts
 */
function findSecretName(line) {
    const names = [
        ...[...line.matchAll(secretName)].map((found) => ({ found, good: reference })),
        ...[...line.matchAll(envKey)].map((found) => ({ found, good: variables })),
    ].sort((a, b) => a.found.index - b.found.index);
    let from = 0;
    for (const { found, good } of names) {
        const [name] = found;
        const end = found.index + name.length;
        if (end <= from)
            continue;
        const start = end + (separator.exec(line.slice(end))?.[0].length ?? 0);
        const referred = good.exec(line.slice(start));
        if (referred === null)
            return { name, start };
        from = start + referred[0].length;
    }
    return undefined;
}
/** What a line below a secret may show: brackets, keys of the schema, and of values numbers, durations, switches and references. */
function showKnown(line, keys) {
    if (/^[\s[\]{},#-]*$/.test(line))
        return line;
    const [before = '', key = '', value = ''] = /^(\s*(?:- +)*)([\w-]+):(?:\s+(.*))?$/.exec(line)?.slice(1) ?? [];
    if (!keys.has(key))
        return `${indentOf(line)}${redact/* redacted */.pc}`;
    const isPlain = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)?|true|false|\*{3})?$/.test(value);
    const shown = isPlain || reference.exec(value)?.[0] === value || key === 'env' ? value : redact/* redacted */.pc;
    return `${before}${key}:${shown === '' ? '' : ` ${shown}`}`;
}
function continues(line, { column, unfinished }) {
    return baseColumn(line, { insideList: true }) > column || (unfinished && !siblingKey.test(line));
}
function isReference(line) {
    return referenceLine.test(line);
}
/** Where the first word starts. The marks of a comment count as space, those of list items, too, unless asked. */
function baseColumn(line, { insideList = false } = {}) {
    return (insideList ? /^[\s#]*/ : /^[\s#]*(?:[-?]\s+)*/).exec(line)?.[0].length ?? 0;
}
/** Nothing yet, a block scalar's header, or a quote or bracket that is not closed. */
function isUnfinished(rest) {
    if (rest === '' || /^[|>][-+\d]*(?:\s|$)|^[&!#]/.test(rest))
        return true;
    const quote = /^["']/.exec(rest)?.[0];
    if (quote !== undefined)
        return rest.indexOf(quote, 1) === -1;
    return count(rest, /[{[]/g) > count(rest, /[}\]]/g);
}
function count(text, pattern) {
    return text.match(pattern)?.length ?? 0;
}
function indentOf(line) {
    return /^[\s#]*/.exec(line)?.[0] ?? '';
}
/** Each line of a private key in PEM form is hidden by itself, so that the lines below keep their numbers. */
function maskPrivateKeys(text) {
    return text.replace(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, (key) => key
        .split('\n')
        .map((line) => `${indentOf(line)}${redact/* redacted */.pc}`)
        .join('\n'));
}

;// CONCATENATED MODULE: ./lib/settings/suggest.js


/**
 * The known word that a misspelt one probably stands for (`max_latency`, `maxLatency` and `max-latancy` are all
 * `max-latency`), or undefined if none is near enough to be worth a guess.
 */
function suggest(word, known) {
    if (known.length === 0 || word.length > 60)
        return undefined;
    const written = toKebabCase(word);
    const nearest = (0,mod/* closest */.kp)(written, known);
    const mistakes = (0,mod/* distance */.Io)(written, nearest);
    const near = mistakes <= Math.max(1, Math.floor(nearest.length / 3)) || lettersOf(written) === lettersOf(nearest);
    return near ? nearest : undefined;
}
/** Equal for words that differ only in the order of their letters, as `evn` and `env`. */
function lettersOf(word) {
    return [...word].sort().join('');
}
/** `; did you mean …?` where there is something to mean, else the whole list. */
function suggestOrList(word, known) {
    const nearest = suggest(word, known);
    if (nearest !== undefined)
        return `did you mean \`${nearest}\`?`;
    return listChoices(known);
}
/** What can be written, as the end of a sentence. */
function listChoices(known) {
    const list = known.map((each) => `\`${each}\``).join(', ');
    return known.length === 1 ? `write ${list}` : `write one of ${list}`;
}
/** A piece of the user's text in a message: on one line, not long, and without what looks like a secret. */
function quote(text) {
    const line = maskText(text.slice(0, 200)).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
    return `\`${line.length > 50 ? `${line.slice(0, 50)}…` : line}\``;
}
function toKebabCase(word) {
    return word
        .replace(/([a-z])([A-Z])/g, '$1-$2')
        .replaceAll('_', '-')
        .toLowerCase();
}

;// CONCATENATED MODULE: ./lib/settings/explain.js

/** Turns one issue of the schema into sentences: subject from the path, the rest from the schema's message. */
function explainIssue(issue, parent = []) {
    const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    const tell = (message) => [
        { path, at: 'value', message: `${explain_subjectOf(path)} ${message}` },
    ];
    if (issue.code === 'unrecognized_keys') {
        const lines = issue.message.split('\n');
        return issue.keys.map((key, index) => {
            return { path: [...path, key], at: 'key', message: lines[index] ?? `unknown key ${quote(key)}` };
        });
    }
    if (issue.code === 'invalid_key') {
        return issue.issues.slice(0, 1).map((inner) => {
            return { path, at: 'key', message: `${explain_subjectOf(path)} ${inner.message}` };
        });
    }
    if (issue.input === null)
        return tell('has no value; write one, or remove the line');
    if (issue.code === 'invalid_union') {
        if (issue.discriminator !== undefined)
            return tell(explainDiscriminator(issue));
        const branch = meantBranch(issue.errors);
        if (branch !== undefined)
            return branch.flatMap((inner) => explainIssue(inner, path));
    }
    return tell(issue.message);
}
/** What to say of an issue that the schema has no words of its own for. */
function explainPlainly(issue) {
    if (issue.code === 'invalid_type')
        return explainType({ expected: issue.expected, input: issue.input });
    if (issue.code === 'invalid_value')
        return explainChoice({ known: issue.values.map(String), input: issue.input });
    return 'is not understood here; remove it, or see the documentation of the key';
}
function explainType({ expected, input }) {
    if (input === undefined)
        return 'is missing; write it';
    return mustBe[expected] ?? explainText(input);
}
const mustBe = {
    array: 'must be a list; write its items in brackets, `[…]`, or each on a line of its own with `- `',
    object: 'must be a mapping; write keys and values, such as `key: value`',
    record: 'must be a mapping; write keys and values, such as `key: value`',
    boolean: 'must be a switch; write `true` or `false`',
    int: 'must be a whole number; write it without a fraction',
    number: 'must be a number; write it without quotes',
};
function explainText(input) {
    const plain = typeof input === 'number' || typeof input === 'boolean';
    return plain ? `must be a text; write it in quotes: \`'${input}'\`` : 'must be a text; write one';
}
function explainChoice({ known, input }) {
    if (typeof input === 'string')
        return `can't be ${quote(input)}; ${suggestOrList(input, known)}`;
    return `${input === undefined ? 'is missing' : 'must be a word'}; ${listChoices(known)}`;
}
function explainDiscriminator(issue) {
    const known = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
    const key = issue.discriminator ?? '';
    const input = typeof issue.input === 'object' ? Reflect.get(issue.input ?? {}, key) : undefined;
    return input === null ? 'has no value; write one' : explainChoice({ known, input });
}
/** The only branch of a union that has the right type: its problems say more than those of the union. */
function meantBranch(branches) {
    const near = branches.filter((issues) => {
        return !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0);
    });
    return near.length === 1 ? near[0] : undefined;
}
/** `checks[1]` for an item of a list, the key for all else. */
function explain_subjectOf(path) {
    const lastKey = path.findLastIndex((part) => typeof part === 'string');
    const key = path[lastKey];
    const indexes = path.slice(lastKey + 1).map((index) => `[${index}]`);
    if (key === undefined)
        return indexes.length === 0 ? 'the whole text' : `item ${Number(path[0]) + 1}`;
    return quote(`${key}${indexes.join('')}`);
}

// EXTERNAL MODULE: ./node_modules/jsonpath-rfc9535/dist/esm/index.js + 40 modules
var esm = __webpack_require__(4525);
;// CONCATENATED MODULE: ./lib/settings/branch-name.js
/**
 * What is wrong with the name of a branch, by the rules of `git check-ref-format` and two of our own: no `refs/heads/`
 * in front, and not `HEAD`, as both are valid names that nobody means.
 * @see https://git-scm.com/docs/git-check-ref-format
 * @returns the problem and what to write instead, or undefined if the name is good
 */
function explainBranchName(name) {
    if (name === '')
        return 'is empty; write the name of a branch, such as `main`';
    if (name.startsWith('refs/'))
        return 'is a full ref; write the name of the branch alone, such as `main`';
    const broken = rules.find(([pattern]) => pattern.test(name));
    return broken === undefined
        ? undefined
        : `is not a branch name: ${broken[1]}; write a name such as \`main\``;
}
/**
 * True if git can't keep both branches: they are the same, or one would have to be a folder of the other
 * (`main` and `main/history`).
 */
function branchesCollide(one, other) {
    return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
const rules = [
    [/^(?:@|HEAD)$/, 'git keeps this name for itself'],
    [/^-/, 'it starts with a dash'],
    [/[\p{Cc} ]/u, 'it holds a space or control character'],
    [/[~^:?*[\\]/, 'it holds one of ~ ^ : ? * [ \\'],
    [/\.\.|@\{/, 'it holds `..` or `@{`'],
    [/^\/|\/$|\/\//, 'it has a slash too many'],
    [/(?:^|\/)\./, 'a part of it starts with a dot'],
    [/\.$|\.lock(?:\/|$)/, 'it ends with `.` or `.lock`'],
    [/^.{245,}$/su, 'it is longer than 244 characters'],
];

;// CONCATENATED MODULE: ./lib/settings/fields.js






/**
 * The building blocks of the schema. Every message in it is the second half of a sentence that starts with the name
 * of the key (`is missing; write …`), except those of unknown keys, which are whole.
 */
/**
 * A mapping that refuses keys it does not know, each with the nearest one that it does.
 * @param elsewhere keys that people put here but belong to another place, and what to do with them
 */
function section(shape, elsewhere = {}) {
    const known = Object.keys(shape);
    return schemas/* strictObject */.rej(shape, {
        error: (issue) => {
            if (issue.code !== 'unrecognized_keys')
                return undefined;
            // one line per key, in the order of `issue.keys`
            return issue.keys.map((key) => explainUnknownKey({ key, known, elsewhere })).join('\n');
        },
    });
}
function explainUnknownKey({ key, known, elsewhere, }) {
    const place = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
    return `unknown key ${quote(key)}; ${place ?? suggestOrList(key, known)}`;
}
/** `15s` in the file, milliseconds in the result. */
function fields_duration({ min = 0, max } = {}) {
    return schemas/* string */.YjP({ error: ({ input }) => (input === undefined ? undefined : (0,duration/* explainDuration */.MP)(input)) })
        .regex(duration/* durationPattern */.Zq, { error: ({ input }) => (0,duration/* explainDuration */.MP)(input) })
        .superRefine((text, context) => {
        if (!duration/* durationPattern */.Zq.test(text))
            return;
        const message = explainRange({ text, min, max });
        if (message !== undefined)
            context.addIssue(message);
    })
        .transform(duration/* parseDuration */.E9);
}
function explainRange({ text, min, max, }) {
    const value = parseOrExplain(text);
    if (typeof value === 'string')
        return value;
    if (value < min)
        return `is too short; write at least \`${(0,duration/* formatDuration */.a3)(min)}\``;
    if (max !== undefined && value > max)
        return `is too long; write at most \`${(0,duration/* formatDuration */.a3)(max)}\``;
    return undefined;
}
function parseOrExplain(text) {
    try {
        return (0,duration/* parseDuration */.E9)(text);
    }
    catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}
function branchName() {
    return schemas/* string */.YjP().superRefine((name, context) => {
        const message = explainBranchName(name);
        if (message !== undefined)
            context.addIssue(message);
    });
}
/** A file or folder of the repository, from its top; `./` in front and `/` behind are left out. */
function plainPath() {
    return schemas/* string */.YjP()
        .regex(/\S/, 'is empty; write a folder such as `apps/web`')
        .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
        .transform((path) => path.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, ''))
        .superRefine((path, context) => {
        const message = explainPath(path);
        if (message !== undefined)
            context.addIssue(message);
    });
}
function explainPath(path) {
    if (path === '' || path === '.')
        return 'is the whole repository; leave the key `paths` out instead';
    if (path.startsWith('/'))
        return `starts with a slash; write \`${path.replace(/^\/+/, '')}\``;
    if (/[*?[\]{}]/.test(path))
        return 'is a pattern; write the folder alone, such as `apps/web`';
    if (path.split('/').some((part) => part === '' || part === '.' || part === '..'))
        return 'is not a plain path; write it from the top of the repository, such as `apps/web`';
    return undefined;
}
/** An address to look at over HTTP. Credentials in it are refused with those of the rest of the file. */
function httpUrl({ example }) {
    return schemas/* string */.YjP({
        error: ({ input }) => input === undefined ? `is missing; write an address, such as \`${example}\`` : undefined,
    })
        .regex(/^https?:\/\/\S+$/i, `is not an address with http or https; write it in full, such as \`${example}\``)
        .refine((url) => !/^https?:\/\/\S+$/i.test(url) || URL.canParse(url), {
        error: `can't be read as an address; write it as \`${example}\``,
    });
}
/** A path into JSON that evaluates no script. */
function jsonPath() {
    return schemas/* string */.YjP().superRefine((path, context) => {
        try {
            (0,esm/* query */.P)({}, path);
        }
        catch {
            context.addIssue({
                code: 'custom',
                message: 'is not a JSONPath of RFC 9535; write one such as `$.errors`',
            });
        }
    });
}
/** Names of HTTP headers (RFC 9110, section 5.6.2) with a text, or the environment variable that holds it. */
function headers() {
    return schemas/* record */.g1P(schemas/* string */.YjP()
        .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header; write one such as `accept`'), headerValue)
        .superRefine((all, context) => {
        const seen = new Set();
        for (const name of Object.keys(all)) {
            if (seen.has(name.toLowerCase())) {
                context.addIssue({
                    code: 'custom',
                    path: [name],
                    message: 'is there twice; upper and lower case are the same',
                });
            }
            seen.add(name.toLowerCase());
        }
    });
}
/** The name of a variable of the step that holds a secret: none is written into the file. */
function environmentVariable(example) {
    return schemas/* string */.YjP({
        error: ({ input }) => (input === undefined ? 'is missing; write `{ env: NAME }`' : undefined),
    })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, `is not the name of an environment variable; write one such as \`${example}\``)
        .refine((name) => (0,redact/* redact */.E$)(name) === name, 'is itself a secret; write the name of the variable that holds it')
        .describe(`name of the environment variable of the step, such as \`${example}\``);
}
const headerValue = schemas/* union */.KCZ([
    schemas/* string */.YjP()
        .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
        .describe('the text itself; never a secret'),
    section({
        env: environmentVariable('HEALTH_TOKEN').describe('name of the environment variable of the step that holds the whole value, such as `Bearer …`'),
    }),
], { error: 'must be a text or `{ env: NAME }`; write a text in quotes' });
/** False for a text with control characters, which in a header would start another one. */
function isOneLine(text) {
    return !/\p{Cc}/u.test(text);
}
/** A threshold; says how to write one where people write `5%` or `5s`. */
function limit() {
    return schemas/* number */.aig({ error: ({ input }) => (input === undefined ? undefined : explainNumber(input)) });
}
function explainNumber(input) {
    if (typeof input !== 'string')
        return 'must be a number; write one such as `0.05`';
    const percent = /^(\d{1,6}(?:\.\d{1,6})?)\s*%$/.exec(input)?.[1];
    if (percent !== undefined)
        return `must be a number without a sign; write \`${toRatio(Number(percent))}\` for ${percent} %`;
    if (duration/* durationPattern */.Zq.test(input))
        return `must be a number; write \`${(0,duration/* parseDuration */.E9)(input)}\`, in milliseconds`;
    if (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(input))
        return `must be a number; write \`${input}\` without quotes`;
    return 'must be a number; write one such as `0.05`';
}
/** What is wrong with a limit of something that runs from 0 to 1. */
function explainRatio(value) {
    if (value < 0)
        return 'must be a ratio from 0 to 1; write for example `0.05` for 5 %';
    if (value <= 1)
        return undefined;
    const meant = value <= 100 ? value : 5;
    return `must be a ratio from 0 to 1; write \`${toRatio(meant)}\` for ${meant} %`;
}
function toRatio(percent) {
    return Number((percent / 100).toPrecision(12));
}
/** A text of one line that is not empty. */
function line() {
    return schemas/* string */.YjP()
        .regex(/\S/, 'is empty; leave the key out instead')
        .refine(isOneLine, { error: 'holds a line break or control character; write one line' });
}

;// CONCATENATED MODULE: ./lib/layers/ota/update-server.js
const serverKinds = ['microsoft', 'lisong', 'hot-updater', 'eas'];

;// CONCATENATED MODULE: ./lib/layers/ota/settings.js




/** The section `ota` of `.github/rollback.yml`. */
function otaSchema() {
    return section({
        'server-kind': schemas/* enum */.k5n(['auto', ...serverKinds])
            .default('auto')
            .describe('The kind of server, as in the input `server-kind` of codepush-rollback.'),
        'server-url': httpUrl({ example: 'https://codepush.example.com' })
            .optional()
            .describe('Address of the update server’s API. For `eas`: the address that devices ask, `updates.url` in app.json; by default it is read from there.'),
        'access-key': section({ env: environmentVariable('CODEPUSH_ACCESS_KEY') })
            .optional()
            .describe('Variable that holds the access key. Default: none, for `eas` alone, which reads `EXPO_TOKEN` from the step’s `env`.'),
        project: line().default('.').describe('For `eas`: folder of the Expo project.'),
        channels: schemas/* array */.YOg(line())
            .min(1, 'is empty; write one such as `shop-ios/Production`')
            .describe('What is rolled back, as `app/deployment`; for `eas` as `all/branch`.'),
        'verify-timeout': fields_duration({ max: (0,duration/* parseDuration */.E9)('1h') })
            .prefault('2m')
            .describe('How long devices may be answered from the server’s cache.'),
    })
        .superRefine((given, context) => {
        const isEas = given['server-kind'] === 'eas';
        const refuse = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
        if (isEas && given['access-key'] !== undefined)
            refuse('access-key', 'is not for `server-kind: eas`; leave it out, and set `EXPO_TOKEN` in the step’s `env`');
        if (!isEas && given['server-url'] === undefined)
            refuse('server-url', 'is missing; write an address, such as `https://codepush.example.com`');
        if (!isEas && given['access-key'] === undefined)
            refuse('access-key', 'is missing; write `{ env: NAME }`');
        if (!isEas && given.project !== '.')
            refuse('project', 'is only for `server-kind: eas`; leave it out');
    })
        .transform((all) => ({
        serverUrl: all['server-url'],
        accessKey: all['access-key'],
        serverKind: all['server-kind'],
        project: all.project,
        channels: all.channels,
        verifyTimeoutMs: all['verify-timeout'],
    }))
        .optional()
        .describe('Over-the-air updates. By default none are rolled back.');
}

// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
;// CONCATENATED MODULE: ./lib/settings/metrics.js
/** How bad a breach of a check is; what each leads to is the gate's rule. */
const metrics_severities = ['critical', 'high', 'medium', 'low'];
/** What a check measures, where it is one of the well-known things. */
const metrics = ['error-rate', 'response-time', 'cpu', 'memory', 'crash-rate'];
/** The metrics that a probe over HTTP can measure by itself. */
const httpMetrics = ['error-rate', 'response-time'];
/** The limit and severity of a check that names its metric and nothing else. */
const metricDefaults = {
    'error-rate': {
        limit: { max: 0.05 },
        severity: 'high',
        unit: 'ratio',
        meaning: 'share of requests that failed',
    },
    'response-time': {
        limit: { max: 5000 },
        severity: 'medium',
        unit: 'ms',
        meaning: '95th percentile of response times',
    },
    cpu: { limit: { max: 0.9 }, severity: 'medium', unit: 'ratio', meaning: 'share of the CPU in use' },
    memory: { limit: { max: 0.9 }, severity: 'medium', unit: 'ratio', meaning: 'share of the memory in use' },
    'crash-rate': {
        limit: { max: 0.01 },
        severity: 'critical',
        unit: 'ratio',
        meaning: 'share of sessions that crashed',
    },
};
/** The table above as a sentence for the editor: `error-rate: above 0.05, high`. */
function describeMetrics(names) {
    return names
        .map((name) => {
        const { limit, severity, unit, meaning } = metricDefaults[name];
        return `${name}: ${meaning}, ${severity} above ${limit.max}${unit === 'ms' ? ' ms' : ''}`;
    })
        .join('; ');
}

;// CONCATENATED MODULE: ./lib/settings/check-parts.js



/** What every type of check has. */
const shared = {
    name: schemas/* string */.YjP({
        error: ({ input }) => input === undefined ? 'is missing; name the check, such as `homepage`' : undefined,
    })
        .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of small letters, digits and dashes; write a name such as `error-rate-eu`')
        .max(60, 'is too long; write at most 60 characters')
        .describe('Name of the check in reports and the history; unique among the checks.'),
    severity: schemas/* enum */.k5n(metrics_severities)
        .optional()
        .describe('How bad a breach is. Default: the severity of the metric; needed without a metric.'),
    max: limit()
        .optional()
        .describe('Breached when the value is above. Default: the limit of the metric, if none of max, min and equals is given.'),
    min: limit().optional().describe('Breached when the value is below. No default.'),
    equals: limit().optional().describe('Breached when the value is another. Stands alone. No default.'),
    'initial-delay': fields_duration()
        .optional()
        .describe('Time for the new version to warm up: probes begin at once and are shown, and what they find, or is counted, in this time is not judged. Default: none.'),
    'on-no-data': schemas/* enum */.k5n(['inconclusive', 'fail', 'pass'])
        .default('inconclusive')
        .describe('What a round without data is: a gap (`inconclusive`), beyond the limit (`fail`), or within it (`pass`).'),
    'on-error': schemas/* enum */.k5n(['error', 'fail', 'ignore'])
        .default('error')
        .describe('What a round that could not look is: an `error`, beyond the limit (`fail`), or no data (`ignore`).'),
    'failure-limit': check_parts_count()
        .optional()
        .describe('Rounds beyond the limit that are put up with, of all rounds, in a row or not; one more is an issue. Stands in the place of `for`. Default: `for` decides.'),
    'consecutive-error-limit': check_parts_count()
        .optional()
        .describe('Errors in a row that are put up with; one more, and the verdict is `error`. Default: 2.'),
    'inconclusive-limit': check_parts_count()
        .optional()
        .describe('Rounds without data that are put up with, of all rounds; one more, and the check is inconclusive. Default: half of them.'),
    headers: headers()
        .prefault({})
        .describe('Headers of the request: a text, or { env: NAME } for a secret. Default: none.'),
};
/** The keys of `finish`, in the order of the schema. */
const rulesOfGaps = {
    'initial-delay': shared['initial-delay'],
    'on-no-data': shared['on-no-data'],
    'on-error': shared['on-error'],
    'failure-limit': shared['failure-limit'],
    'consecutive-error-limit': shared['consecutive-error-limit'],
    'inconclusive-limit': shared['inconclusive-limit'],
};
/** What counting checks have beside that. */
const counting = {
    method: schemas/* enum */.k5n(['sequential', 'threshold'])
        .default('sequential')
        .describe('How counts are judged: `sequential` weighs them, with a bounded chance of a false alarm; `threshold` holds their share since the last round against the limit.'),
    alpha: schemas/* number */.aig()
        .gt(0, 'must be above 0; write for example `0.005`')
        .max(0.5, 'must be at most 0.5; write for example `0.005`')
        .optional()
        .describe('Chance of a false alarm by this check, of that of the whole gate. Default: an equal part of what the others leave.'),
};
function check_parts_count() {
    return schemas/* int */.Whr('must be a whole number; write one such as `3`').min(0, 'must not be below 0');
}
/** Takes the keys that are the same for all types out of a check, and gives the rest beside what they mean. */
function finish(check) {
    const { 'initial-delay': initialDelayMs = 0, 'on-no-data': onNoData, 'on-error': onError, 'failure-limit': failureLimit, 'consecutive-error-limit': consecutiveErrorLimit, 'inconclusive-limit': inconclusiveLimit, severity, metric, max, min, equals, ...rest } = check;
    return {
        ...rest,
        ...(metric === undefined ? {} : { metric }),
        // there is one of both: needLimitAndSeverity saw to it
        severity: severity ?? (metric === undefined ? 'high' : metricDefaults[metric].severity),
        limit: limitOf({ metric, max, min, equals }),
        initialDelayMs,
        onNoData,
        onError,
        ...(failureLimit === undefined ? {} : { failureLimit }),
        ...(consecutiveErrorLimit === undefined ? {} : { consecutiveErrorLimit }),
        ...(inconclusiveLimit === undefined ? {} : { inconclusiveLimit }),
    };
}
function limitOf({ metric, max, min, equals }) {
    if (max === undefined && min === undefined && equals === undefined) {
        return metric === undefined ? {} : metricDefaults[metric].limit;
    }
    return {
        ...(max === undefined ? {} : { max }),
        ...(min === undefined ? {} : { min }),
        ...(equals === undefined ? {} : { equals }),
    };
}
/**
 * The rules below also look at what is wrong elsewhere, so that all problems are told at once; nothing is taken for
 * granted about the types of what they look at.
 */
function refuseBadLimits(check, context) {
    const tell = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
    const { max, min, equals } = { max: check['max'], min: check['min'], equals: check['equals'] };
    if (equals !== undefined && (max !== undefined || min !== undefined)) {
        tell('equals', 'stands alone; remove it, or remove `max` and `min`');
    }
    if (typeof max === 'number' && typeof min === 'number' && min > max) {
        tell('min', 'is above `max`, so that no value is good; swap them');
    }
    const metric = metrics.find((each) => each === check['metric']);
    if (metric === undefined)
        return;
    if ((metric === 'cpu' || metric === 'memory') && check['severity'] === 'critical') {
        tell('severity', `can't be critical for ${metric}, which by itself harms nobody; write \`high\``);
    }
    for (const [key, value] of Object.entries({ max, min, equals })) {
        if (typeof value !== 'number' || !Number.isFinite(value))
            continue;
        const message = metricDefaults[metric].unit === 'ratio' ? explainRatio(value) : explainTime(value);
        if (message !== undefined)
            tell(key, message);
    }
}
function explainTime(value) {
    return value < 0 ? 'must be a time in milliseconds; write for example `5000`' : undefined;
}
function needLimitAndSeverity(check, context) {
    // traffic brings its own limit, and its loss is high unless it says otherwise
    if (check['metric'] !== undefined || check['traffic'] !== undefined)
        return;
    if (['max', 'min', 'equals'].every((key) => check[key] === undefined)) {
        context.addIssue({
            code: 'custom',
            path: [],
            message: 'has no limit; write `max`, `min` or `equals`, or a `metric` that brings one',
        });
    }
    if (check['severity'] === undefined) {
        context.addIssue({
            code: 'custom',
            path: [],
            message: `has no severity; write \`severity\` as ${metrics_severities.join(', ')}, or a \`metric\` that brings one`,
        });
    }
}
function isMapping({ value }) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

;// CONCATENATED MODULE: ./lib/settings/check-http.js





const jsonValue = schemas/* union */.KCZ([
    schemas/* string */.YjP().describe('a text'),
    schemas/* number */.aig().describe('a number'),
    schemas/* boolean */.zMY().describe('true or false'),
    schemas/* null */.chJ().describe('null'),
]);
const expectation = section({
    status: schemas/* array */.YOg(schemas/* int */.Whr('must be a status such as `200`')
        .min(100, 'must be a status from 100 to 599')
        .max(599, 'must be a status from 100 to 599'), {
        error: ({ input }) => (Number.isInteger(input) ? `must be a list; write \`[${input}]\`` : undefined),
    })
        .min(1, 'is empty; write the statuses, such as `[200]`, or remove the key')
        .optional()
        .describe('Statuses that are good. Default: any from 200 to 299.'),
    body: schemas/* string */.YjP()
        .min(1, 'is empty; write a text, or remove the key')
        .optional()
        .describe('Text that the body of the answer must contain. Default: none.'),
    'body-matches': schemas/* string */.YjP()
        .superRefine((pattern, context) => {
        try {
            new RegExp(pattern, 'u');
        }
        catch {
            context.addIssue('is not a regular expression of JavaScript; write one such as `^ok\\b`');
        }
    })
        .optional()
        .describe('Regular expression that the body must match somewhere. Default: none.'),
    json: schemas/* record */.g1P(jsonPath(), jsonValue)
        .optional()
        .describe('What is in the body, which is JSON then: a JSONPath, and the value that all it finds must have, such as `{ $.status: ok }`. Default: none.'),
    revision: schemas/* union */.KCZ([
        section({
            header: schemas/* string */.YjP()
                .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is not the name of a header; write one such as `x-revision`')
                .describe('name of the header. Has no default.'),
        }),
        section({ json: jsonPath().describe('JSONPath into the body, such as `$.commit`. Has no default.') }),
        section({
            matches: schemas/* string */.YjP()
                .superRefine((pattern, context) => {
                try {
                    if (new RegExp(`${pattern}|`, 'u').exec('')?.length !== 1)
                        return;
                }
                catch {
                    // the same words
                }
                context.addIssue('must be a regular expression with one group around the revision, such as `commit: ([0-9a-f]+)`');
            })
                .describe('regular expression of JavaScript whose first group is the revision. Has no default.'),
        }),
    ], {
        error: 'must be `{ header: NAME }`, `{ json: PATH }` or `{ matches: PATTERN }`, whose pattern has one group around the revision',
    })
        .optional()
        .describe('Where an answer names the commit that serves it, at least seven characters of its id. An answer of another revision is not one of the deployment. Default: nowhere.'),
    headers: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP())
        .optional()
        .describe('Text that a header of the answer must contain, by its name. Default: none.'),
    'certificate-valid-for': fields_duration()
        .optional()
        .describe('How long the certificate of the server must still be valid. Default: until now.'),
    'max-latency': fields_duration({ min: 1 })
        .optional()
        .describe('A slower answer is a failed probe. Default: none but `timeout`.'),
}).transform(({ status, body, json, headers, revision, 'max-latency': maxLatencyMs, ...rest }) => ({
    ...(status === undefined ? {} : { status }),
    ...(body === undefined ? {} : { body }),
    ...(rest['body-matches'] === undefined ? {} : { bodyMatches: rest['body-matches'] }),
    ...(json === undefined ? {} : { json }),
    ...(headers === undefined ? {} : { headers }),
    ...(revision === undefined ? {} : { revision }),
    ...(rest['certificate-valid-for'] === undefined
        ? {}
        : { certificateValidForMs: rest['certificate-valid-for'] }),
    ...(maxLatencyMs === undefined ? {} : { maxLatencyMs }),
}));
const httpCheck = section({
    name: shared.name,
    type: schemas/* literal */.euz('http')
        .describe('Probes an address: an answer that is not as expected, or none, is a failure.'),
    url: httpUrl({ example: 'https://example.com/healthz' }).describe('Address to probe.'),
    method: schemas/* enum */.k5n(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
        .optional()
        .describe('Method of the request. Default: GET, or POST with a `body`.'),
    body: schemas/* string */.YjP()
        .optional()
        .describe('What is sent; its type is a header, such as `content-type`. Never a secret. Default: nothing.'),
    redirects: schemas/* int */.Whr('must be a whole number; write for example `5`')
        .min(0, 'must not be below 0')
        .max(20, 'must be at most 20')
        .default(5)
        .describe('How many redirects are followed; with 0 a redirect is the answer.'),
    ip: schemas/* union */.KCZ([schemas/* literal */.euz(4), schemas/* literal */.euz(6)], { error: 'must be `4` or `6`' })
        .optional()
        .describe('Which addresses of the host are probed: those of IPv4 or of IPv6. Default: any.'),
    metric: schemas/* enum */.k5n(httpMetrics, { error: ({ input }) => explainHttpMetric(input) })
        .default('error-rate')
        .describe(`What is measured, with its own limit and severity. ${describeMetrics(httpMetrics)}.`),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: fields_duration()
        .optional()
        .describe('How long the limit must be breached before it counts. Default: two intervals, at most the window.'),
    expect: expectation.prefault({}).describe('What a good answer is. Default: any status from 200 to 299.'),
    ...rulesOfGaps,
    headers: shared.headers,
}, { query: 'only a check of `type: prometheus` has it' })
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(refuseBodyOfGet, { when: isMapping })
    .superRefine(refuseOtherFamily, { when: isMapping })
    .transform(({ for: forMs, method, body, ip, ...check }) => ({
    ...finish(check),
    metric: check.metric,
    ...(method === undefined ? {} : { method }),
    ...(body === undefined ? {} : { body }),
    ...(ip === undefined ? {} : { ip }),
    ...(forMs === undefined ? {} : { forMs }),
}));
function refuseBodyOfGet(check, context) {
    if (check['body'] === undefined || (check['method'] !== 'GET' && check['method'] !== 'HEAD'))
        return;
    const message = `can't be sent with ${check['method']}; remove it, or write \`method: POST\``;
    context.addIssue({ code: 'custom', path: ['body'], message });
}
/** An address in the place of a host name is of one kind, which `ip` cannot change. */
function refuseOtherFamily(check, context) {
    const { ip, url } = { ip: check['ip'], url: check['url'] };
    if (typeof url !== 'string' || !URL.canParse(url) || (ip !== 4 && ip !== 6))
        return;
    const kind = (0,external_node_net_.isIP)(new URL(url).hostname.replace(/^\[|\]$/g, ''));
    if (kind === 0 || kind === ip)
        return;
    const message = `is \`${ip}\`, and the host of \`url\` is an IPv${kind} address; remove it, or write a host name`;
    context.addIssue({ code: 'custom', path: ['ip'], message });
}
function explainHttpMetric(input) {
    const other = metrics.find((metric) => metric === input);
    if (other === undefined)
        return undefined;
    return `can't be \`${other}\`, which no probe can see; ask for it with \`type: prometheus\``;
}

;// CONCATENATED MODULE: ./lib/settings/check-prometheus.js




const prometheusCheck = section({
    name: shared.name,
    type: schemas/* literal */.euz('prometheus').describe('Asks a Prometheus server, or one that speaks its query API.'),
    url: httpUrl({ example: 'http://prometheus:9090' }).describe('Address of the server, without /api/v1.'),
    query: promql('write the PromQL that gives one value').describe('PromQL that gives exactly one value. Default: none, so that `bad` and `total` are needed.'),
    bad: promql('write the selector of a counter').describe('Selector of the counters of what went wrong, such as `http_requests_total{code=~"5.."}`; no `rate`, no `sum`. Default: none, so that `query` is needed.'),
    total: promql('write the selector of a counter').describe('Selector of the counters of all that `bad` is a part of, such as `http_requests_total`. Default: none, so that `query` is needed.'),
    method: counting.method,
    alpha: counting.alpha,
    'max-times-before': schemas/* number */.aig()
        .min(1, 'must be at least 1; write for example `1.25`')
        .optional()
        .describe('The limit as so many times the share of the hour before the deployment, for `bad` and `total`; `max` holds where nothing is known of it. Default: none, so that `max` holds.'),
    control: section({
        bad: promql('write the selector of a counter').describe('As `bad`, of what runs beside it. Has no default.'),
        total: promql('write the selector of a counter').describe('As `total`, of what runs beside it. Has no default.'),
        'max-times': schemas/* number */.aig()
            .min(1, 'must be at least 1; write for example `1.25`')
            .default(1.25)
            .describe('How many times as many may go wrong as in the control.'),
    })
        .optional()
        .describe('What runs at the same time and is known to be good, such as the version before in a canary. Default: none.'),
    traffic: promql('write the selector of a counter').describe('Selector of the counters of all requests: the check is whether they still come. Default: none.'),
    'min-times-before': schemas/* number */.aig()
        .gt(0, 'must be above 0; write for example `0.5`')
        .max(1, 'must be at most 1; write for example `0.5`')
        .default(0.5)
        .describe('For `traffic`: the share of the requests of the hour before that has to come.'),
    metric: schemas/* enum */.k5n(metrics)
        .optional()
        .describe(`What the query measures, with its own limit and severity. ${describeMetrics(metrics)}. Default: none, so that a limit and a severity are needed.`),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: fields_duration()
        .prefault('0s')
        .describe('How long the limit must be breached before it counts. Default: the first breach counts.'),
    ...rulesOfGaps,
    headers: shared.headers,
}, { expect: 'only a check of `type: http` has it' })
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(needLimitAndSeverity, { when: isMapping })
    .superRefine(needOneQuestion, { when: isMapping })
    .transform(({ for: forMs, query, bad, total, method, alpha: share, 'max-times-before': timesBefore, control, traffic, 'min-times-before': minTimesBefore, ...check }) => {
    const alpha = share === undefined ? {} : { alpha: share };
    const number = { ...finish(check), forMs };
    // there is one of them: needOneQuestion saw to it
    if (traffic !== undefined) {
        return { ...number, traffic, minTimesBefore, method: 'sequential', ...alpha };
    }
    if (bad === undefined || total === undefined)
        return { ...number, query: query ?? '' };
    return {
        ...number,
        counters: { bad, total },
        method,
        ...alpha,
        ...(timesBefore === undefined ? {} : { timesBefore }),
        ...(control === undefined ? {} : { control: controlOf(control) }),
    };
});
/** Both selectors are there: needOneQuestion saw to it. */
function controlOf(control) {
    return {
        counters: { bad: control.bad ?? '', total: control.total ?? '' },
        times: control['max-times'],
    };
}
function promql(what) {
    return schemas/* string */.YjP().regex(/\S/, `is empty; ${what}`).optional();
}
/** A sum of counters hides which of them was reset, and the first error of a new one. What is in quotes is a label's value. */
function isAggregated(promql) {
    const unquoted = promql.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '');
    const operators = 'sum|avg|min|max|count|group|stddev|stdvar|topk|bottomk|quantile|count_values|limitk';
    return new RegExp(`\\b(?:${operators})\\b\\s*(?:(?:by|without)\\s*\\([^)]*\\)\\s*)?\\(`, 'i').test(unquoted);
}
function needOneQuestion(check, context) {
    const tell = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
    const { query, bad, total } = { query: check['query'], bad: check['bad'], total: check['total'] };
    if (check['traffic'] !== undefined) {
        for (const [key, value] of Object.entries({ query, bad, total })) {
            if (value !== undefined)
                tell(key, 'has no place beside `traffic`; write another check for it');
        }
        return;
    }
    const control = check['control'];
    if (typeof control === 'object' && control !== null) {
        if (!('bad' in control && 'total' in control))
            tell('control', 'needs both `bad` and `total`');
        if (query !== undefined)
            tell('control', 'needs the counters `bad` and `total`');
    }
    if (query === undefined && bad === undefined && total === undefined) {
        tell('query', 'is missing; write the PromQL that gives one value, or the counters `bad` and `total`');
        return;
    }
    if (query !== undefined) {
        if (check['max-times-before'] !== undefined)
            tell('max-times-before', 'needs the counters `bad` and `total`');
        for (const [key, value] of Object.entries({ bad, total })) {
            if (value !== undefined)
                tell(key, 'stands in the place of `query`; remove one of them');
        }
        return;
    }
    if (bad === undefined)
        tell('bad', 'is missing; `total` needs it beside it');
    if (total === undefined)
        tell('total', 'is missing; `bad` needs it beside it');
    for (const [key, value] of Object.entries({ bad, total })) {
        if (typeof value === 'string' && /\b(?:rate|irate|increase|delta)\s*\(/.test(value)) {
            tell(key, 'must be the counter itself; remove the function, the gate calculates the increase');
        }
        else if (typeof value === 'string' && isAggregated(value)) {
            tell(key, 'must be the selector of the counters; remove the aggregation, the gate adds them up');
        }
    }
    const { max, min, equals } = { max: check['max'], min: check['min'], equals: check['equals'] };
    if (min !== undefined || equals !== undefined) {
        tell(min === undefined ? 'equals' : 'min', "can't be the limit of counts; write `max`, the share of bad ones");
    }
    if (typeof max === 'number') {
        const message = explainRatio(max);
        if (message !== undefined && check['metric'] === undefined)
            tell('max', message);
    }
}

;// CONCATENATED MODULE: ./lib/settings/check-sources.js




/** What every check of a number has beside its own source. */
const check_sources_common = {
    name: shared.name,
    metric: schemas/* enum */.k5n(metrics)
        .optional()
        .describe(`What is measured, with its own limit and severity. ${describeMetrics(metrics)}. Default: none, so that a limit and a severity are needed.`),
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: fields_duration()
        .prefault('0s')
        .describe('How long the limit must be breached before it counts. Default: the first breach counts.'),
    ...rulesOfGaps,
};
const token = (what) => section({
    env: schemas/* string */.YjP({
        error: ({ input }) => (input === undefined ? 'is missing; write `{ env: NAME }`' : undefined),
    })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable; write one such as `HEALTH_TOKEN`')
        .describe('Name of the environment variable of the step that holds it.'),
}).describe(what);
const check_sources_name = (what) => schemas/* string */.YjP().regex(/^\S+$/, `is not ${what}; write it without spaces`);
const check_sources_text = () => schemas/* string */.YjP().regex(/\S/, 'is empty; write a text');
/** Takes the keys of all checks, and turns the file's `for` into `forMs`. */
function finishNumber(check) {
    const { for: forMs, ...rest } = check;
    return { ...finish(rest), forMs };
}
/** Opens a TCP connection: the severity is high, and a refusal is a failure. */
const tcpCheck = section({
    ...check_sources_common,
    type: schemas/* literal */.euz('tcp').describe('Opens a TCP connection: one that is refused or times out is a failure.'),
    host: check_sources_name('a host').describe('Name or address of the host.'),
    port: schemas/* int */.Whr().min(1).max(65535).describe('Port to connect to.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ metric: _, ...check }) => ({
    ...finishNumber({ metric: 'error-rate', ...check }),
    headers: {},
}));
const commandCheck = section({
    ...check_sources_common,
    type: schemas/* literal */.euz('command')
        .describe('Runs a program, without a shell. Its exit status has to be 0; the last line it prints is the value.'),
    run: schemas/* array */.YOg(check_sources_text(), {
        error: 'must be a list; write the program and its arguments, such as `[./check.sh, eu]`',
    })
        .min(1, 'is empty; write the program and its arguments')
        .refine(([program]) => program === undefined || /\S/.test(program), 'has no program; write one first')
        .describe('The program and its arguments.'),
    value: schemas/* enum */.k5n(['exit-status', 'output'])
        .default('exit-status')
        .describe('What is held against the limit: the `exit-status`, or the number in the last line of the `output`.'),
    env: schemas/* array */.YOg(schemas/* string */.YjP().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable'))
        .default([])
        .describe('Environment variables of the step that the program gets, beside PATH and HOME.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(needLimitAndSeverity, { when: isMapping })
    .transform(({ env: passes, ...check }) => ({ ...finishNumber(check), passes, headers: {} }));
const jsonCheck = section({
    ...check_sources_common,
    ...counting,
    type: schemas/* literal */.euz('json')
        .describe('Asks an address for JSON, and takes one number out of it, or two counters.'),
    url: httpUrl({ example: 'https://example.com/stats' }).describe('Address to ask with GET.'),
    value: jsonPath()
        .optional()
        .describe('JSONPath of the number. Default: none, so that `bad` and `total` are needed.'),
    bad: jsonPath()
        .optional()
        .describe('JSONPath of the counter of what went wrong. Default: none, so that `value` is needed.'),
    total: jsonPath()
        .optional()
        .describe('JSONPath of the counter of all. Default: none, so that `value` is needed.'),
    headers: headers()
        .prefault({})
        .describe('Headers of the request: a text, or { env: NAME } for a secret. Default: none.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(needLimitAndSeverity, { when: isMapping })
    .superRefine((check, context) => needOne({ check, single: 'value', context }), { when: isMapping })
    .transform(({ value, bad, total, method, alpha, ...check }) => ({
    ...finishNumber(check),
    ...sourceOf({ single: value, bad, total, method, alpha }),
}));
const datadogCheck = section({
    ...check_sources_common,
    ...counting,
    type: schemas/* literal */.euz('datadog').describe('Asks Datadog for the latest point of a metric, or for two counts.'),
    site: schemas/* enum */.k5n([
        'datadoghq.com',
        'us3.datadoghq.com',
        'us5.datadoghq.com',
        'datadoghq.eu',
        'ap1.datadoghq.com',
        'ap2.datadoghq.com',
        'ddog-gov.com',
    ])
        .default('datadoghq.com')
        .describe('Site of the account.'),
    url: httpUrl({ example: 'https://api.datadoghq.com' })
        .optional()
        .describe('Address of the API, where a proxy stands before it. Default: that of the site.'),
    query: check_sources_text()
        .optional()
        .describe('Query that gives one series. Default: none, so that `bad` and `total` are needed.'),
    bad: check_sources_text()
        .optional()
        .describe('Query of the count of what went wrong, with `.as_count()`. Default: none, so that `query` is needed.'),
    total: check_sources_text()
        .optional()
        .describe('Query of the count of all, with `.as_count()`. Default: none, so that `query` is needed.'),
    'api-key': token('The API key.'),
    'app-key': token('The application key; it needs the scope timeseries_query.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(needLimitAndSeverity, { when: isMapping })
    .superRefine((check, context) => needOne({ check, single: 'query', context }), { when: isMapping })
    .transform(({ site, url, query, bad, total, method, alpha, 'api-key': apiKey, 'app-key': appKey, ...check }) => ({
    ...finishNumber(check),
    ...sourceOf({ single: query, bad, total, method, alpha }),
    url: url ?? `https://api.${site}`,
    headers: { 'dd-api-key': apiKey, 'dd-application-key': appKey },
}));
const newRelicCheck = section({
    ...check_sources_common,
    ...counting,
    type: schemas/* literal */.euz('newrelic')
        .describe('Asks New Relic with NRQL for one number, or for counts named `bad` and `total`.'),
    url: httpUrl({ example: 'https://api.eu.newrelic.com/graphql' })
        .default('https://api.newrelic.com/graphql')
        .describe('Address of NerdGraph; the EU has another.'),
    account: schemas/* int */.Whr().min(1).describe('Id of the account.'),
    nrql: check_sources_text()
        .refine((nrql) => !/\b(?:since|until|timeseries)\b/i.test(nrql), {
        error: 'holds SINCE, UNTIL or TIMESERIES, which the gate adds itself; remove them',
    })
        .describe('NRQL that gives one row, of one number or of `bad` and `total`, without SINCE and UNTIL.'),
    'api-key': token('The user key.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .superRefine(needLimitAndSeverity, { when: isMapping })
    .transform(({ 'api-key': apiKey, alpha, ...check }) => ({
    ...finishNumber(check),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { 'api-key': apiKey },
}));
const sentryCheck = section({
    ...check_sources_common,
    ...counting,
    type: schemas/* literal */.euz('sentry').describe('Counts the crashed sessions or users of a release in Sentry.'),
    url: httpUrl({ example: 'https://sentry.example.com' })
        .default('https://sentry.io')
        .describe('Address of Sentry.'),
    organization: check_sources_name('a slug').describe('Slug of the organization.'),
    project: schemas/* int */.Whr().min(1).describe('Number of the project.'),
    release: check_sources_text().describe('The release as Sentry knows it, such as `shop@1.4.0`.'),
    environment: check_sources_text().optional().describe('The environment as Sentry knows it. Default: all.'),
    of: schemas/* enum */.k5n(['sessions', 'users']).default('sessions').describe('What is counted.'),
    token: token('An auth token with the scope org:read.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ token: { env }, alpha, metric, ...check }) => ({
    ...finishNumber({ metric: metric ?? 'crash-rate', ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { authorization: { env, scheme: 'Bearer' } },
}));
const codePushCheck = section({
    ...check_sources_common,
    ...counting,
    type: schemas/* literal */.euz('codepush')
        .describe('Counts the failed installs of a CodePush label, and of the one before.'),
    url: httpUrl({ example: 'https://codepush.example.com' }).describe('Address of the CodePush server.'),
    app: check_sources_text().describe('Name of the app.'),
    deployment: check_sources_text().default('Production').describe('Name of the deployment.'),
    label: schemas/* string */.YjP()
        .regex(/^v\d+$/, 'is not a label; write one such as `v12`')
        .optional()
        .describe('The label that may be bad. Default: the newest release when the check looks first.'),
    'label-before': schemas/* string */.YjP()
        .regex(/^v\d+$/, 'is not a label; write one such as `v11`')
        .optional()
        .describe('The label to compare with: the new one may fail a quarter more often. Default: without `label` the release before for the same binaries, else none, so that `max` holds.'),
    token: token('An access key.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ token: { env }, alpha, metric, 'label-before': labelBefore, label, ...check }) => ({
    ...finishNumber({ metric: metric ?? 'crash-rate', ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(label === undefined ? {} : { label }),
    ...(labelBefore === undefined ? {} : { labelBefore }),
    headers: { authorization: { env, scheme: 'Bearer' } },
}));
const gitHubCheck = section({
    ...check_sources_common,
    type: schemas/* literal */.euz('github')
        .describe('Asks GitHub how the revision stands: its required checks, and its deployment to the environment.'),
    checks: schemas/* union */.KCZ([schemas/* literal */.euz('required'), schemas/* array */.YOg(check_sources_text()).min(1, 'is empty; write the names of checks')], {
        error: 'must be `required`, or a list of names of check runs and commit statuses',
    })
        .default('required')
        .describe('Checks that must not fail: those that the rules of the branch require, or these names.'),
    deployment: schemas/* boolean */.zMY()
        .default(true)
        .describe('Whether the newest deployment of the revision to the environment must not fail.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ metric: _, max, ...check }) => ({
    ...finishNumber({ metric: 'error-rate', ...check, max: max ?? 0 }),
    headers: {},
}));
/** There is one of both: needOne saw to it. */
function sourceOf({ single, bad, total, method, alpha }) {
    return bad === undefined || total === undefined
        ? { source: single ?? '' }
        : { counters: { bad, total }, method, ...(alpha === undefined ? {} : { alpha }) };
}
function needOne(input) {
    const { check, single, context } = input;
    const tell = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
    const has = (key) => check[key] !== undefined;
    if (!has(single) && !has('bad') && !has('total'))
        tell(single, 'is missing; write it, or `bad` and `total`');
    if (has(single) && (has('bad') || has('total'))) {
        tell(has('bad') ? 'bad' : 'total', `stands in the place of \`${single}\`; remove one of them`);
    }
    if (has('bad') !== has('total')) {
        tell(has('bad') ? 'total' : 'bad', 'is missing; `bad` and `total` need each other');
    }
}

;// CONCATENATED MODULE: ./lib/settings/checks.js




/** The list of checks; `for` of an http check is still open where the file does not say. */
const checksSchema = schemas/* array */.YOg(schemas/* discriminatedUnion */.gMt('type', [
    httpCheck,
    prometheusCheck,
    tcpCheck,
    commandCheck,
    jsonCheck,
    datadogCheck,
    newRelicCheck,
    sentryCheck,
    codePushCheck,
    gitHubCheck,
]))
    .superRefine(refuseSharedNames, { when: ({ value }) => Array.isArray(value) });
function refuseSharedNames(checks, context) {
    const seen = new Set();
    for (const [index, check] of checks.entries()) {
        if (typeof check !== 'object' || check === null || !('name' in check))
            continue;
        if (typeof check.name !== 'string')
            continue;
        if (seen.has(check.name)) {
            const message = 'is taken by a check above; give each its own name';
            context.addIssue({ code: 'custom', path: [index, 'name'], message });
        }
        seen.add(check.name);
    }
}

// EXTERNAL MODULE: ./lib/settings/rollback-choices.js
var rollback_choices = __webpack_require__(4808);
;// CONCATENATED MODULE: ./lib/settings/rollback.js



const rollback_layers = schemas/* array */.YOg(schemas/* enum */.k5n(rollback_choices/* configuredLayers */.xv))
    .min(1, 'is empty; write a layer such as `code`, or leave the key out');
/** How the front door goes about it. */
function rollbackSchema() {
    return section({
        strategies: section(Object.fromEntries(rollback_choices/* issueTypes */.l0.map((type) => [
            type,
            rollback_layers.optional().describe(`Layers for the issue type \`${type}\`. Default: as told above.`),
        ])))
            .prefault({})
            .describe('Which layers are rolled back for which type of issue. By default `code-bug` and `config-error` take the code, `database-corruption` the database, `performance` the over-the-air update or else the code, and `unknown` all that the deployment changed.'),
        'on-failure': schemas/* enum */.k5n(rollback_choices/* failureRules */.qE)
            .default('stop')
            .describe('When a layer fails: `stop` leaves the rest as it is, `continue` goes on with the next one, `undo` takes back what was done, from the safety copies.'),
        'daily-cap': schemas/* number */.aig()
            .int('must be a whole number; write for example `3`')
            .min(0, 'must be 0 or more')
            .default(3)
            .describe('How often the environment may be rolled back automatically within 24 hours.'),
        'max-age': fields_duration()
            .prefault('7d')
            .describe('How old the failed revision of an automatic rollback may be.'),
        'plan-valid': fields_duration({ min: 1000 }).prefault('1h').describe('How long a saved plan may be applied.'),
        verify: fields_duration()
            .prefault('5m')
            .describe('How long it may take after the rollback until production is seen to be well again; it is over as soon as that is known.'),
        objective: fields_duration({ min: 1000 })
            .optional()
            .describe('The recovery time objective: how long a rollback may take from the first look to production seen well. The summary says whether it was met; a rehearsal that misses it fails. By default there is none.'),
    })
        .transform((all) => ({
        strategies: all.strategies,
        onFailure: all['on-failure'],
        dailyCap: all['daily-cap'],
        maxAgeMs: all['max-age'],
        planValidMs: all['plan-valid'],
        verifyMs: all.verify,
        objectiveMs: all.objective,
    }))
        .prefault({})
        .describe('How a rollback of several layers goes.');
}
function codeSchema() {
    return section({
        target: line()
            .default('last-successful-deployment')
            .describe('The good revision, as in the input `target` of git-rollback.'),
        delivery: schemas/* enum */.k5n(['auto', 'direct', 'pull-request'])
            .default('auto')
            .describe('`direct`, `pull-request`, or `auto` for what the rules of the branch allow.'),
        'tag-pattern': line()
            .default('deploy-*')
            .describe('For the target `previous-deployment-tag`: name of the tags, with one `*`.'),
        checks: schemas/* array */.YOg(line()).default([]).describe('For the target `last-green`: the checks that were green.'),
        'max-commits': schemas/* number */.aig()
            .int('must be a whole number; write for example `50`')
            .min(0, 'must be 0 or more')
            .default(50)
            .describe('How many commits an automatic rollback may undo.'),
        redeploy: section({
            workflow: line().describe('File of the workflow that deploys, such as `deploy.yml`.'),
            inputs: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP())
                .default({})
                .describe('Its inputs; `{revision}` stands for the rollback commit.'),
            timeout: fields_duration().prefault('30m').describe('How long its run may take.'),
        })
            .transform(({ timeout: timeoutMs, ...rest }) => ({ ...rest, timeoutMs }))
            .optional()
            .describe('How the restored revision is deployed: a push with the token of a workflow starts no workflow by itself. By default nothing is deployed.'),
    })
        .transform(({ 'max-commits': maxCommits, 'tag-pattern': tagPattern, ...rest }) => ({
        ...rest,
        maxCommits,
        tagPattern,
    }))
        .prefault({})
        .describe('The code: a branch of this repository.');
}
function databaseSchema() {
    return section({
        url: section({ env: environmentVariable('DATABASE_URL') }).describe('Variable that holds the address of the database, as in the input `database-url` of db-restore.'),
        storage: line().describe('Where the backups are, as in the input `storage` of db-restore.'),
        migrations: line()
            .optional()
            .describe('Folder of the migrations, such as `db/migrations`. By default there are none.'),
        strategy: schemas/* enum */.k5n(['migrations', 'backup', 'both'])
            .optional()
            .describe('`migrations` undoes what the deployment applied, `backup` restores the backup from before it, `both` undoes and, where that is not possible, restores. Default: `migrations` where there is a folder of them, else `backup`.'),
        'keep-old': fields_duration()
            .prefault('7d')
            .describe('How long a database that was replaced is kept beside the live one.'),
        'allow-data-loss': schemas/* boolean */.zMY()
            .default(false)
            .describe('Go on although rows or columns that hold data are taken away.'),
        'restore-without-a-person': schemas/* boolean */.zMY()
            .default(false)
            .describe('Whether a machine may restore a backup, with nobody asked. Undoing migrations needs no such word.'),
        identity: section({ env: environmentVariable('AGE_IDENTITY') })
            .optional()
            .describe('Variable that holds the identity of age, for encrypted backups. By default there are none.'),
        recipient: line()
            .optional()
            .describe('Public key of age that safety copies are encrypted to. By default they are not.'),
    })
        .transform(({ 'keep-old': keepOldMs, 'allow-data-loss': allowDataLoss, 'restore-without-a-person': mayRestoreAlone, ...rest }) => ({ ...rest, keepOldMs, allowDataLoss, mayRestoreAlone }))
        .optional()
        .describe('The database that the deployment migrates. By default none is rolled back.');
}

;// CONCATENATED MODULE: ./lib/settings/schema.js








/** `.github/rollback.yml`: its types, its validation and the JSON Schema that editors complete from are all this. */
const schema_configSchema = section({
    environment: environmentName()
        .default('production')
        .describe('Environment that this file describes; with `environments`, the one that is meant where nothing names one.'),
    environments: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J())
        .optional()
        .describe('Several environments, each with what is different from the rest of the file: a key here takes the place of the same key above, and `null` removes it. Default: one environment.'),
    branch: branchName()
        .optional()
        .describe('Branch that the environment is deployed from. Default: the default branch of the repository.'),
    paths: schemas/* array */.YOg(plainPath())
        .min(1, 'is empty; write a folder such as `apps/web`, or leave the key out')
        .optional()
        .describe('Folders and files that the environment is deployed from, for a repository with several apps: only these are rolled back. Default: the whole branch.'),
    history: section({
        branch: branchName()
            .default('rollback-history')
            .describe('Branch that holds what happened, as events.'),
    })
        .prefault({})
        .describe('Where the record of incidents is kept.'),
    health: healthSchema().prefault({}).describe('How the actions see whether production is well.'),
    env: schemas/* array */.YOg(environmentVariable('MY_TOKEN'))
        .default([])
        .describe('More secrets that called workflows hand over as environment variables, by their names, such as those of a command. Those that these settings name elsewhere, and `AWS_*` for backups in a bucket, are handed over without being listed.'),
    rollback: rollbackSchema(),
    code: codeSchema(),
    database: databaseSchema(),
    ota: otaSchema(),
    postmortem: section({
        labels: schemas/* array */.YOg(schemas/* string */.YjP()
            .regex(/\S/, 'is empty; write the name of a label')
            .max(50, 'is too long; GitHub takes 50 characters'))
            .default(['postmortem', 'incident'])
            .describe('Labels of the issue.'),
        assignees: schemas/* array */.YOg(schemas/* string */.YjP()
            .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?$/, 'is not a login; write it without @, such as `octocat`'))
            .max(10, 'has too many; GitHub takes 10')
            .default([])
            .describe('Logins of those who get the issue.'),
    })
        .prefault({})
        .describe('The issue that is written after a rollback.'),
}, Object.fromEntries(['window', 'interval', 'timeout', 'cooldown', 'checks'].map((key) => [key, 'it belongs under `health`'])))
    .superRefine(keepHistoryApart, { when: schema_isMapping })
    .transform(({ environments: _, paths = [], ...config }) => ({ ...config, paths }));
/** A name as GitHub has it for an environment. */
function environmentName() {
    return schemas/* string */.YjP()
        .regex(/\S/, 'is empty; write a name such as `production`')
        .refine(isOneLine, { error: 'holds a line break or control character; write one line' })
        .max(255, 'is too long; write at most 255 characters');
}
const defaultIntervalMs = (0,duration/* parseDuration */.E9)('15s');
const defaultTimeoutMs = (0,duration/* parseDuration */.E9)('10s');
function healthSchema() {
    return section({
        window: fields_duration({ max: (0,duration/* parseDuration */.E9)('6h') })
            .prefault('5m')
            .describe('How long the gate looks at production before it calls it healthy. At most 6h.'),
        interval: fields_duration({ min: 100 })
            .optional()
            .describe('Time from one round of checks to the next. From 100ms to the window; by default 15s, or the window if that is shorter.'),
        timeout: fields_duration({ min: 1 })
            .optional()
            .describe('Longest time that one probe or query may take. At most the window; by default 10s, or the window if that is shorter.'),
        alpha: schemas/* number */.aig()
            .gt(0, 'must be above 0; write for example `0.01`')
            .max(0.5, 'must be at most 0.5; write for example `0.01`')
            .default(0.01)
            .describe('Chance that the gate calls a healthy deployment bad from its counts, however often it looks; split over the checks that count.'),
        'healthy-early': schemas/* boolean */.zMY()
            .default(false)
            .describe('Whether the gate ends as soon as all checks count and all are seen to be well, so that what starts later goes unseen.'),
        cooldown: fields_duration()
            .prefault('30m')
            .describe('Least time between two automatic rollbacks of the environment.'),
        jitter: fields_duration()
            .prefault('0s')
            .describe('Each look begins up to so much later, by chance, so that many gates do not ask at the same moment. At most the interval.'),
        concurrency: schemas/* int */.Whr('must be a whole number; write for example `10`')
            .min(1, 'must be at least 1')
            .default(10)
            .describe('How many checks look at the same time, at most.'),
        checks: checksSchema.prefault([]).describe('What is looked at. Each check has a limit and a severity.'),
        impact: checksSchema
            .prefault([])
            .describe('What tells whether users are harmed, such as active users, crashes, feedback and engagement: measured before and after, and never rolled back for.'),
    })
        .superRefine(keepWithinWindow, { when: schema_isMapping })
        .transform((health) => {
        const { window: windowMs, interval, timeout, cooldown: cooldownMs, checks, impact, alpha } = health;
        const intervalMs = interval ?? Math.min(defaultIntervalMs, windowMs);
        const timeoutMs = timeout ?? Math.min(defaultTimeoutMs, windowMs);
        return {
            windowMs,
            intervalMs,
            timeoutMs,
            cooldownMs,
            alpha,
            healthyEarly: health['healthy-early'],
            jitterMs: Math.min(health.jitter, intervalMs),
            concurrency: health.concurrency,
            checks: checks.map((check) => fillFor(check, { intervalMs, windowMs })),
            impact: impact.map((check) => fillFor(check, { intervalMs, windowMs })),
        };
    });
}
/** The list of checks alone, for an interval and window that are known from elsewhere (milliseconds). */
function checksSchemaFor(rounds) {
    return checksSchema
        .superRefine((checks, context) => refuseLateFor({ checks, path: [], windowMs: rounds.windowMs, context }), {
        when: ({ value }) => Array.isArray(value),
    })
        .transform((checks) => checks.map((check) => fillFor(check, rounds)));
}
/** What holds where there is no file, or an empty one. */
function defaultConfig() {
    return schema_configSchema.parse({});
}
/** One failed probe may be the network's fault; two in a row are not. Never longer than the window. */
function fillFor(check, { intervalMs, windowMs }) {
    return check.type === 'http'
        ? { ...check, forMs: check.forMs ?? Math.min(2 * intervalMs, windowMs) }
        : check;
}
function keepWithinWindow(health, context) {
    const bad = new Set(context.issues.map((issue) => issue.path?.[0]));
    const windowMs = health['window'];
    if (bad.has('window') || typeof windowMs !== 'number')
        return;
    for (const key of ['interval', 'timeout']) {
        if (bad.has(key))
            continue;
        refuseLonger({ value: health[key], path: [key], windowMs, context });
    }
    refuseLateFor({ checks: health['checks'], path: ['checks'], windowMs, context });
}
/** A breach that must last longer than anyone looks would never count. */
function refuseLateFor({ checks, path, windowMs, context, }) {
    if (!Array.isArray(checks))
        return;
    for (const [index, check] of checks.entries()) {
        refuseLonger({ value: check?.forMs, path: [...path, index, 'for'], windowMs, context });
        refuseLonger({ value: check?.initialDelayMs, path: [...path, index, 'initial-delay'], windowMs, context });
    }
}
function refuseLonger({ value, path, windowMs, context, }) {
    if (typeof value !== 'number' || value <= windowMs)
        return;
    const message = `is longer than the window; write at most \`${(0,duration/* formatDuration */.a3)(windowMs)}\`, or a longer \`window\``;
    context.addIssue({ code: 'custom', path, message });
}
function keepHistoryApart(config, context) {
    const { branch, history } = { branch: config['branch'], history: config['history'] };
    if (typeof branch !== 'string' || typeof history !== 'object' || history === null)
        return;
    if (!('branch' in history) || typeof history.branch !== 'string')
        return;
    if (!branchesCollide(branch, history.branch))
        return;
    context.addIssue({
        code: 'custom',
        path: ['history', 'branch'],
        message: `can't be kept beside the \`branch\` that is deployed; write another, such as \`rollback-history\``,
    });
}
function schema_isMapping({ value }) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

;// CONCATENATED MODULE: ./lib/settings/environments.js





/** The settings of an environment. @throws InputError that lists the environments there are */
function environments_settingsOf({ environments, file }, environment) {
    const found = environments.get(environment);
    if (found !== undefined)
        return found;
    const names = [...environments.keys()];
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('environment')} is ${JSON.stringify(environment)}, and ${describes(file)} ${listNames(names)}; ${suggestOrList(environment, names)}, or describe it under \`environments\``);
}
/** The name of the environment that is meant where nothing names one. @throws InputError where several could be */
function environments_usualEnvironment({ usual, environments, file }) {
    if (usual !== undefined)
        return usual;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('environment')} is not given, and ${describes(file)} ${listNames([...environments.keys()])}; name one of them, or write \`environment: NAME\` in the file for the one that is meant by default`);
}
function describes(file) {
    return file === undefined ? 'the settings describe' : `${file} describes`;
}
function listNames(names) {
    return `the ${names.length === 1 ? 'environment' : 'environments'} ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}
/** Reads the whole file: `environments` with the shared part above, or one environment. */
function readSettings(value) {
    if (!environments_isMapping(value) || !('environments' in value)) {
        const parsed = schema_configSchema.safeParse(value, parseOptions);
        if (!parsed.success)
            return { settings: undefined, findings: findingsOf(parsed.error) };
        const { environment } = parsed.data;
        return {
            settings: { environments: new Map([[environment, parsed.data]]), usual: environment },
            findings: [],
        };
    }
    const { environments: listed, environment: usual, ...shared } = value;
    const head = headSchema.safeParse({ environments: listed, environment: usual }, parseOptions);
    if (!head.success)
        return { settings: undefined, findings: findingsOf(head.error) };
    const environments = new Map();
    const findings = [];
    for (const [name, own] of Object.entries(head.data.environments)) {
        const parsed = schema_configSchema.safeParse({ ...merge(shared, own), environment: name }, parseOptions);
        if (parsed.success)
            environments.set(name, parsed.data);
        else
            findings.push(...findingsOf(parsed.error).map((each) => ({
                ...each,
                path: origin(each.path, { own, shared, name }),
            })));
    }
    if (findings.length > 0)
        return { settings: undefined, findings };
    const names = [...environments.keys()];
    const only = names.length === 1 ? names[0] : names.find((name) => name === 'production');
    return { settings: { environments, usual: head.data.environment ?? only }, findings: [] };
}
const parseOptions = { reportInput: true, error: explainPlainly };
const headSchema = schemas/* object */.Ikc({
    environment: environmentName().optional(),
    environments: schemas/* record */.g1P(environmentName(), schemas/* preprocess */.vkY((own) => own ?? {}, schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J())))
        .refine((all) => Object.keys(all).length > 0, {
        error: 'is empty; write the name of an environment and its settings, such as `production: {}`',
    }),
})
    .superRefine(({ environment, environments }, context) => {
    const names = Object.keys(environments);
    for (const [name, own] of Object.entries(environments)) {
        for (const key of ['environment', 'environments', 'history'].filter((each) => each in own)) {
            const input = own[key];
            const error = `is the same for all environments; write it above \`environments\`, or remove it`;
            context.addIssue({ code: 'custom', path: ['environments', name, key], message: error, input });
        }
    }
    if (environment !== undefined && !names.includes(environment)) {
        const error = `is not among \`environments\`; ${suggestOrList(environment, names)}`;
        context.addIssue({ code: 'custom', path: ['environment'], message: error, input: environment });
    }
});
function findingsOf(error) {
    return error.issues.flatMap((issue) => explainIssue(issue));
}
/** Mappings are merged key by key; anything else that an environment says takes the place of the shared part, and `null` takes it away. */
function merge(shared, own) {
    const merged = { ...shared };
    for (const [key, value] of Object.entries(own)) {
        const before = shared[key];
        if (value === null)
            delete merged[key];
        else
            merged[key] = environments_isMapping(before) && environments_isMapping(value) ? merge(before, value) : value;
    }
    return merged;
}
/** Where a merged value is written; for one that is missing, where it is missing from. */
function origin(path, { own, shared, name }) {
    const [depthOfOwn, depthOfShared] = [depthIn(own, path), depthIn(shared, path)];
    return depthOfOwn > 0 && depthOfOwn >= depthOfShared ? ['environments', name, ...path] : path;
}
/** How many parts of a path lead somewhere; a list or a text ends it, as it is not merged. */
function depthIn(mapping, path) {
    let value = mapping;
    for (const [depth, part] of path.entries()) {
        if (!environments_isMapping(value))
            return path.length;
        if (!Object.hasOwn(value, part))
            return depth;
        value = value[part];
    }
    return path.length;
}
function environments_isMapping(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// EXTERNAL MODULE: ./node_modules/zod/v4/core/json-schema-processors.js
var json_schema_processors = __webpack_require__(8439);
;// CONCATENATED MODULE: ./lib/settings/json-schema.js


/**
 * The JSON Schema of what the file may say, as text. Draft 7, as that is what the YAML language servers of editors
 * understand in full.
 */
function renderJsonSchema() {
    const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
    const { environments, ...properties } = schema.properties ?? {};
    const each = describeOwn(Object.entries(properties).filter(([key]) => !json_schema_shared.has(key)));
    const described = {
        $schema,
        title: 'Rollback configuration (.github/rollback.yml)',
        ...schema,
        properties: {
            ...properties,
            ...(typeof environments === 'object' && {
                environments: { ...environments, minProperties: 1, additionalProperties: each },
            }),
        },
    };
    return `${JSON.stringify(described, null, 2)}\n`;
}
let json_schema_known;
/** Every key that the file can have, at whatever place. */
function keysOfSchema() {
    json_schema_known ??= findKeys();
    return json_schema_known;
}
function findKeys() {
    const keys = new Set();
    const walk = (value) => {
        if (typeof value !== 'object' || value === null)
            return;
        for (const [name, each] of Object.entries(value)) {
            if (name === 'properties' && typeof each === 'object')
                for (const key of Object.keys(each ?? {}))
                    keys.add(key);
            walk(each);
        }
    };
    walk(json_schema_processors/* toJSONSchema */.bl(schema_configSchema, { io: 'input' }));
    return keys;
}
/** What an environment cannot have of its own. */
const json_schema_shared = new Set(['environment', 'history']);
/** What an environment says for itself: any key may be in the shared part instead, and a key without a value is taken away. */
function describeOwn(properties) {
    return {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: Object.fromEntries(properties.map(([key, schema]) => [key, withoutRequired(schema)])),
    };
}
function object(schema) {
    return typeof schema === 'boolean' ? {} : schema;
}
function withoutRequired(schema) {
    if (typeof schema === 'boolean' || schema.properties === undefined)
        return schema;
    const { required = [], properties, ...rest } = schema;
    const own = Object.entries(properties ?? {}).map(([key, each]) => [
        key,
        required.includes(key)
            ? { ...object(each), description: `${object(each).description ?? ''} Default: that above.` }
            : withoutRequired(each),
    ]);
    return { ...rest, properties: Object.fromEntries(own) };
}

;// CONCATENATED MODULE: ./lib/settings/syntax.js
/** True for problems that leave the rest of the text readable, so that it can be checked in the same go. */
function isIndependent(code) {
    return code === 'DUPLICATE_KEY' || code === 'TAG_RESOLVE_FAILED' || code === 'BAD_DIRECTIVE';
}
/**
 * What the YAML parser found, in our words: its own quote the text, which may hold a secret.
 * @param rest the text from the place of the problem on, to tell cases apart; never shown
 */
function explainSyntax({ code, rest }) {
    const special = specials.find((each) => each.code === code && each.starts.test(rest));
    return special?.message ?? messages[code] ?? fallback;
}
const fallback = 'this is not YAML; look at the indentation, quotes and brackets here and on the line above';
const nested = 'a second `: ` on one line; put the value in quotes, or the inner key on a line of its own';
const indented = 'the indentation does not fit the lines above; indent keys of one mapping alike, with spaces';
const specials = [
    {
        code: 'BAD_SCALAR_START',
        starts: /^@/,
        message: "a text without quotes can't start with `@`; write it in quotes, and a login without the `@`",
    },
    {
        code: 'BAD_SCALAR_START',
        starts: /^%/,
        message: "a text without quotes can't start with `%`; write it in quotes",
    },
];
const messages = {
    ALIAS_PROPS: 'an alias (`*name`) takes no tag or anchor; remove it',
    BAD_ALIAS: 'this is no name of an anchor or alias; put a text that starts with `*` or `&` in quotes',
    BAD_COLLECTION_TYPE: 'the tag does not fit the value; remove the tag',
    BAD_DIRECTIVE: 'this `%` directive is not understood; remove it, or put the text in quotes',
    BAD_DQ_ESCAPE: 'this `\\` escape is unknown in double quotes; write `\\\\`, or use single quotes',
    BAD_INDENT: indented,
    BAD_PROP_ORDER: 'a tag or anchor stands in the wrong place; put it right before the value',
    BAD_SCALAR_START: "a text without quotes can't start with this character; write it in quotes",
    BLOCK_AS_IMPLICIT_KEY: nested,
    BLOCK_IN_FLOW: "a list or mapping by indentation can't stand within brackets; write it with brackets, too",
    DUPLICATE_KEY: 'this key is there twice; remove one',
    KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters; a quote or a `:` may be missing',
    MISSING_CHAR: 'a closing quote or bracket, a comma or a `:` is missing here; add it',
    MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, with `:` behind it; a quote or a `:` may be missing',
    MULTIPLE_ANCHORS: 'a value can have one anchor; remove the other',
    MULTIPLE_DOCS: 'a second document starts here; keep one, without `---` between',
    MULTIPLE_TAGS: 'a value can have one tag; remove the other',
    NON_STRING_KEY: 'a key must be a text; write it in quotes',
    RESOURCE_EXHAUSTION: 'this is nested too deeply to be read; write it flat',
    TAB_AS_INDENT: 'a tab in the indentation; YAML takes spaces only: replace it with two spaces',
    TAG_RESOLVE_FAILED: 'this tag (`!…`) is not understood; remove it, or put the text in quotes',
    UNEXPECTED_TOKEN: fallback,
};

;// CONCATENATED MODULE: ./lib/settings/source.js


/** A collection can be used by so many aliases; more are no configuration but an attack on the memory. */
const maxAliasCount = 100;
/** Reads text as one YAML document. Never throws: whatever is wrong with it is in `problems`. */
function readSource(text) {
    const document = parse(text);
    if (document === undefined) {
        const message = 'this is nested too deeply to be read; write it flat';
        return { document, value: undefined, problems: [{ range: { start: 0, end: 0 }, message }] };
    }
    const problems = [
        ...findSyntaxProblems(document, text),
        ...findBrokenAliases(document),
        ...findBadMerges(document),
    ];
    if (document.errors.some(({ code }) => !isIndependent(code)) || problems.some(({ fatal }) => fatal)) {
        return { document, value: undefined, problems };
    }
    try {
        return { document, value: document.toJS({ maxAliasCount }), problems };
    }
    catch {
        const message = `aliases (\`*name\`) stand for more than ${maxAliasCount} copies; write the values out`;
        return { document, value: undefined, problems: [...problems, { range: { start: 0, end: 0 }, message }] };
    }
}
function parse(text) {
    try {
        // the parser's own messages and frames quote the text, secrets and all: ours don't
        return (0,dist/* parseDocument */.Tp)(text, { prettyErrors: false, stringKeys: true, merge: true });
    }
    catch {
        return undefined;
    }
}
/** All problems that stand for themselves, and the first of the others: the rest of those follow from it. */
function findSyntaxProblems(document, text) {
    const found = [...document.errors, ...document.warnings].map(({ code, pos: [start, end] }) => {
        const fatal = !isIndependent(code);
        return {
            range: { start, end },
            message: explainSyntax({ code, rest: text.slice(start, start + 40) }),
            fatal,
        };
    });
    const firstFatal = found.find(({ fatal }) => fatal);
    return found.filter((problem) => !problem.fatal || problem === firstFatal);
}
function findBrokenAliases(document) {
    const problems = [];
    (0,dist/* visit */.YR)(document, {
        Alias(_, node) {
            if (node.resolve(document) !== undefined)
                return;
            const message = 'this alias has no anchor above it; write the value itself';
            problems.push({ range: rangeOf(node) ?? { start: 0, end: 0 }, message, fatal: true });
        },
    });
    return problems;
}
/** A merge key (`<<`) takes the keys of a mapping, or of several: https://yaml.org/type/merge.html */
function findBadMerges(document) {
    const problems = [];
    const nothing = { start: 0, end: 0 };
    (0,dist/* visit */.YR)(document, {
        Pair(_, { key, value }) {
            if (!isMergeKey(key))
                return;
            const sources = sourcesOf(document, value);
            if (sources?.every((source) => (0,dist/* isMap */.jh)(source)) === true)
                return;
            const message = 'the merge key `<<` needs a mapping; write an alias of one, such as `<<: *defaults`, or a list of such aliases';
            problems.push({ range: rangeOf(value) ?? rangeOf(key) ?? nothing, message, fatal: true });
        },
    });
    return problems;
}
/** In quotes it is a key like any other. */
function isMergeKey(key) {
    return (0,dist/* isScalar */.jn)(key) && key.value === '<<' && key.type === 'PLAIN';
}
/** What a merge key takes its keys from, the first of which counts most; undefined for an alias of nothing, which is a problem of its own. */
function sourcesOf(document, value) {
    const from = follow(document, value);
    if (from === undefined)
        return undefined;
    return (0,dist/* isSeq */.oP)(from) ? from.items.map((item) => follow(document, item)) : [from];
}
/**
 * Where a path of keys and indexes stands: its key, or its value. Of a value that is missing or empty, the nearest
 * thing that is there.
 */
function locate({ document, path, at, }) {
    let node = document.contents;
    let nearest = startOf(rangeOf(node)) ?? { start: 0, end: 0 };
    for (const [depth, part] of path.entries()) {
        const here = follow(document, node);
        const last = depth === path.length - 1;
        if ((0,dist/* isMap */.jh)(here)) {
            const pair = findPair(document, here.items, String(part));
            if (pair === undefined)
                return nearest;
            const key = rangeOf(pair.key) ?? nearest;
            const value = rangeOf(pair.value);
            if (last)
                return at === 'key' || value === undefined || isEmpty(value) ? key : extentOf(pair.value, value);
            nearest = key;
            node = pair.value;
        }
        else if ((0,dist/* isSeq */.oP)(here) && typeof part === 'number') {
            node = here.items[part];
            const item = rangeOf(node);
            if (item === undefined)
                return nearest;
            nearest = startOf(item) ?? nearest;
            if (last)
                return extentOf(node, item);
        }
        else {
            return nearest;
        }
    }
    return path.length === 0
        ? rangeOf(node) === undefined
            ? nearest
            : extentOf(node, rangeOf(node) ?? nearest)
        : nearest;
}
/** What an alias stands for; anything else stands for itself. */
function follow(document, node) {
    return (0,dist/* isAlias */.Vj)(node) ? node.resolve(document) : node;
}
/** Offset to line and column, both from 1. */
function lineCounterOf(text) {
    const counter = new dist/* LineCounter */.HN();
    counter.addNewLine(0);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
        counter.addNewLine(at + 1);
    return counter;
}
/** A key of the mapping itself, else one that it merges from another. */
function findPair(document, pairs, name) {
    const own = pairs.findLast(({ key }) => (0,dist/* isScalar */.jn)(key) && String(key.value) === name);
    if (own !== undefined)
        return own;
    const merged = pairs.filter(({ key }) => isMergeKey(key));
    for (const source of merged.flatMap(({ value }) => sourcesOf(document, value) ?? [])) {
        const found = (0,dist/* isMap */.jh)(source) && source.items !== pairs ? findPair(document, source.items, name) : undefined;
        if (found !== undefined)
            return found;
    }
    return undefined;
}
function rangeOf(node) {
    if (!(0,dist/* isAlias */.Vj)(node) && !(0,dist/* isScalar */.jn)(node) && !(0,dist/* isMap */.jh)(node) && !(0,dist/* isSeq */.oP)(node))
        return undefined;
    const range = node.range;
    return range == null ? undefined : { start: range[0], end: range[1] };
}
/** A whole list or mapping is not underlined, only where it starts. */
function extentOf(node, range) {
    return (0,dist/* isMap */.jh)(node) || (0,dist/* isSeq */.oP)(node) ? { start: range.start, end: range.start } : range;
}
function startOf(range) {
    return range === undefined ? undefined : { start: range.start, end: range.start };
}
function isEmpty({ start, end }) {
    return start === end;
}

;// CONCATENATED MODULE: ./lib/settings/literal-secrets.js





/**
 * Looks for credentials written into the text: below keys that look like a secret's (`{ env: NAME }` is what should
 * be there), in addresses, and in headers that look harmless.
 */
function findLiteralSecrets(document) {
    const findings = [];
    const values = [];
    const tell = (path, message) => findings.push({ path, at: 'value', message });
    const walk = (node, path) => {
        if ((0,dist/* isMap */.jh)(node)) {
            values.push(...listedValues(node.items));
            for (const pair of node.items)
                walkPair(pair, path);
        }
        else if ((0,dist/* isSeq */.oP)(node)) {
            for (const [index, item] of node.items.entries())
                walk(item, [...path, index]);
        }
        else if ((0,dist/* isScalar */.jn)(node) && typeof node.value === 'string') {
            walkText(node.value, path);
        }
    };
    const walkPair = ({ key, value }, parent) => {
        // what is merged is judged by where it ends up, such as below `headers`
        if (isMergeKey(key)) {
            for (const source of sourcesOf(document, value) ?? [])
                if (!open.has(source))
                    walkMerged(source, parent);
            return;
        }
        const name = (0,dist/* isScalar */.jn)(key) ? String(key.value) : '';
        const path = [...parent, name];
        if (!looksLikeSecretName(name)) {
            walk(value, path);
            return;
        }
        const held = literalsOf(document, value);
        values.push(...held.texts);
        if (held.texts.length === 0 || held.named)
            return;
        // in a broken file, a part of the secret may have become a part of the key
        const shown = /^[A-Za-z][\w-]*$/.test(name) ? quote(name) : 'this value';
        tell(path, `${shown} must not be written here; put it in a secret and write \`{ env: NAME }\``);
    };
    const walkText = (text, path) => {
        const user = /:\/\/([^\s/?#]*)@/.exec(text)?.[1];
        if (user !== undefined) {
            values.push(user, ...user.split(':'));
            tell(path, 'an address must not hold credentials; send them as `headers: { authorization: { env: NAME } }`');
        }
        const inQuery = secretsInQuery(text);
        if (inQuery.length > 0) {
            values.push(...inQuery);
            tell(path, 'an address must not hold a secret; send it as `headers: { authorization: { env: NAME } }`');
        }
        if (path.at(-2) === 'headers' && (0,redact/* redact */.E$)(text) !== text) {
            values.push(text);
            tell(path, 'this looks like a secret; put it in one and write `{ env: NAME }`');
        }
    };
    const open = new Set();
    const walkMerged = (source, parent) => {
        open.add(source);
        walk(source, parent);
        open.delete(source);
    };
    walk(document.contents, []);
    return { findings, values };
}
/** Every text below a key that should hold none, keys included; nothing for a good `{ env: NAME }`. */
function literalsOf(document, value) {
    const texts = [];
    const seen = new Set();
    const collect = (node) => {
        const here = follow(document, node);
        if (seen.has(here))
            return;
        seen.add(here);
        if ((0,dist/* isMap */.jh)(here)) {
            for (const pair of here.items) {
                if (!(0,dist/* isScalar */.jn)(pair.key) || pair.key.value !== 'env')
                    collect(pair.key);
                collect(pair.value);
            }
        }
        else if ((0,dist/* isSeq */.oP)(here)) {
            for (const item of here.items)
                collect(item);
        }
        else if ((0,dist/* isScalar */.jn)(here) && here.value !== null && here.value !== '') {
            texts.push(String(here.value), here.source ?? '');
        }
    };
    const target = follow(document, value);
    if ((0,dist/* isMap */.jh)(target) && target.items.length === 1) {
        const [pair] = target.items;
        const name = pair === undefined ? undefined : follow(document, pair.value);
        if (pair !== undefined && (0,dist/* isScalar */.jn)(pair.key) && pair.key.value === 'env' && (0,dist/* isScalar */.jn)(name)) {
            const text = String(name.value);
            const good = /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && (0,redact/* redact */.E$)(text) === text;
            return { texts: good ? [] : [text], named: true };
        }
    }
    collect(value);
    return { texts, named: false };
}
/** Headers written as `- name: authorization` with `value: …` are no mapping of ours, but secrets all the same. */
function listedValues(pairs) {
    const namesSecret = pairs.some(({ value }) => {
        return ((0,dist/* isScalar */.jn)(value) &&
            typeof value.value === 'string' &&
            /^[\w.-]+$/.test(value.value) &&
            looksLikeSecretName(value.value));
    });
    if (!namesSecret)
        return [];
    return pairs.flatMap(({ key, value }) => {
        return (0,dist/* isScalar */.jn)(key) && key.value === 'value' && (0,dist/* isScalar */.jn)(value) ? [String(value.value)] : [];
    });
}
function secretsInQuery(text) {
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text))
        return [];
    return [...new URL(text).searchParams].flatMap(([name, value]) => {
        return value !== '' && (looksLikeSecretName(name) || /^(?:key|sig)$/i.test(name)) ? [value] : [];
    });
}

// EXTERNAL MODULE: ./node_modules/@babel/code-frame/lib/index.js
var code_frame_lib = __webpack_require__(147);
;// CONCATENATED MODULE: ./lib/settings/report.js





const mostProblems = 10;
const widestLine = 160;
/**
 * One error for all that is wrong with a text: `file:line:column: what, and what to write instead`, each with the
 * lines around it. No secret is in it.
 * @param values secrets known to stand in the text
 * @param keys the keys that such a text can have
 * @param isYaml false when the text could not be read, so that nobody knows what of it is a value
 */
function reportProblems({ text, file, problems, values, keys, isYaml, }) {
    const counter = lineCounterOf(text);
    const raw = text.split('\n');
    const masked = isYaml ? maskLines(text, { values, keys }) : hideAfterSecretName(text);
    const entries = inOrder(problems).map(({ range, message }) => {
        const start = counter.linePos(Math.min(range.start, text.length));
        const end = counter.linePos(Math.min(Math.max(range.start, range.end - 1), text.length));
        const lastColumn = end.line === start.line ? end.col : start.col;
        const frame = drawFrame({ raw, masked, line: start.line, column: start.col, lastColumn });
        const safe = hideWhatFrameHides(message, text.slice(range.start, range.end), masked[start.line - 1] ?? '');
        return (0,lib_errors/* message */.iU) `${file}:${start.line}:${start.col}: ${(0,redact/* redact */.E$)(safe, values)}\n\n${frame}`;
    });
    const left = entries.length - mostProblems;
    const more = left > 0 ? [(0,lib_errors/* message */.iU) `${file}: and ${left} more ${left === 1 ? 'problem' : 'problems'}; fix these first`] : [];
    const shown = [...entries.slice(0, mostProblems), ...more];
    return new lib_errors/* InputError */.dz((0,lib_errors/* listLines */.i4)(shown.flatMap((entry, index) => (index === 0 ? [entry] : ['', entry]))));
}
/** A sentence may quote the place that it is about, but not where that is hidden in the frame: it may be a part of a secret. */
function hideWhatFrameHides(message, place, shownLine) {
    const quoted = place.trim().replace(/^["']|["']$/g, '');
    if (quoted === '' || shownLine.includes(quoted))
        return message;
    // of a long one, its beginning is quoted
    return [quoted, quoted.slice(0, 50)].reduce((text, piece) => text.replaceAll(piece, redact/* redacted */.pc), message);
}
/** From top to bottom, and each sentence once for a place. */
function inOrder(problems) {
    const sorted = [...problems].sort((a, b) => a.range.start - b.range.start);
    return sorted.filter((problem, index) => {
        return !sorted
            .slice(0, index)
            .some((other) => other.range.start === problem.range.start && other.message === problem.message);
    });
}
function drawFrame({ raw, masked, line, column, lastColumn, }) {
    // a mask is as long as it is, not as what it hides: what stood behind its start is now at its start
    const shownUpTo = commonPrefix(raw[line - 1] ?? '', masked[line - 1] ?? '') + 1;
    const from = Math.min(column, shownUpTo);
    const to = Math.min(lastColumn, shownUpTo);
    const cut = from > widestLine - 20 ? from - 40 : 0;
    const shown = masked.map((each, index) => {
        return Math.abs(index - line + 1) > 2 ? '' : printable(each).slice(cut, cut + widestLine);
    });
    if (shown.length > line && shown.at(-1) === '')
        shown.pop();
    return (0,code_frame_lib/* codeFrameColumns */.gl)(shown.join('\n'), { start: { line, column: from - cut }, end: { line, column: Math.min(to - cut, widestLine) + 1 } }, { linesAbove: 2, linesBelow: 2, highlightCode: false });
}
function commonPrefix(one, other) {
    let length = 0;
    while (length < one.length && one[length] === other[length])
        length += 1;
    return length;
}
/** Control characters could rewrite the log they are printed to. Tabs stay, as the frame aligns by them. */
function printable(line) {
    return line.replace(/(?!\t)[\p{Cc}\u2028\u2029]/gu, '\ufffd');
}

;// CONCATENATED MODULE: ./lib/settings/parse.js








/** Bytes. A configuration is a page or two; what is larger is not one. */
const largestFile = 256 * 1024;
/**
 * Reads the text of `.github/rollback.yml`; an empty one has all the defaults.
 * @param file how messages call it
 * @throws InputError with every problem (ten at most), each with line, column and what to write instead
 */
function parseSettings({ text, file }) {
    const read = (value) => {
        const { settings, findings } = readSettings(value ?? {});
        return { data: settings, findings };
    };
    return { file, ...parse_parseYaml({ text, file, read }) };
}
/** The same, of the environment that is meant where nothing names one. @throws InputError as `parseSettings` does */
function parseConfig(source) {
    const settings = parseSettings(source);
    return settingsOf(settings, usualEnvironment(settings));
}
/**
 * Reads a list of checks, as under `health.checks`, from the text of an input; none from an empty one.
 * @param file how messages call it: the setting that holds the text, or the name of a file
 * @param intervalMs time between rounds, which the default of `for` goes by
 * @param windowMs how long the gate will look; a longer `for` is refused
 * @throws InputError as `parseConfig` does
 */
function parseChecks({ text, file, intervalMs = defaultConfig().health.intervalMs, windowMs = Number.POSITIVE_INFINITY, }) {
    return parse_parseYaml({ text, file, read: readerOfChecks({ intervalMs, windowMs }) });
}
/**
 * The check of one address, by the same rules and with the same defaults as one in a list.
 * @param setting that holds the address: nobody wrote the rest of the check, so that messages are about the address alone
 * @throws InputError for an address that can't be probed
 */
function parseUrlCheck({ url, setting, ...rounds }) {
    const check = { name: 'url', type: 'http', url, severity: 'critical' };
    const { data, findings } = readerOfChecks(rounds)([check]);
    const { document } = readSource(JSON.stringify([check]));
    const secrets = document === undefined ? [] : findLiteralSecrets(document).findings;
    const [first] = [...secrets, ...findings];
    if (data !== undefined && first === undefined)
        return data;
    const what = (first?.message ?? '').replace(/^`url` /, '');
    throw new lib_errors/* InputError */.dz(first?.message === what ? (0,lib_errors/* message */.iU) `${setting}: ${what}` : (0,lib_errors/* message */.iU) `${setting} ${what}`);
}
function readerOfChecks(rounds) {
    const schema = checksSchemaFor(rounds);
    return (value) => {
        const parsed = schema.safeParse(value ?? [], { reportInput: true, error: explainPlainly });
        return { data: parsed.data, findings: parsed.error?.issues.flatMap((issue) => explainIssue(issue)) ?? [] };
    };
}
function parse_parseYaml({ text: raw, file, read, }) {
    const text = raw.replace(/^\ufeff/, '');
    const bytes = Buffer.byteLength(text);
    if (bytes > largestFile) {
        const size = `${Math.ceil(bytes / 1024)} KiB`;
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${file} has ${size}; a configuration has at most ${largestFile / 1024} KiB: make it shorter`);
    }
    const { document, value, problems } = readSource(text);
    const secrets = document === undefined ? { findings: [], values: [] } : findLiteralSecrets(document);
    const parsed = value === undefined ? undefined : read(value);
    const findings = [...(parsed?.findings ?? []), ...secrets.findings];
    if (parsed?.data !== undefined && findings.length === 0 && problems.length === 0)
        return parsed.data;
    const located = document === undefined ? [] : findings.map((finding) => locateFinding(document, finding));
    throw reportProblems({
        text,
        file,
        problems: [...problems, ...located],
        values: secrets.values,
        keys: keysOfSchema(),
        isYaml: problems.length === 0,
    });
}
function locateFinding(document, { path, at, message: text }) {
    return { range: locate({ document, path, at }), message: text };
}

;// CONCATENATED MODULE: ./lib/health/plan.js



/**
 * When the deployment began, ms since the epoch; undefined where nobody says. The event's own word may be a little ahead
 * of this machine's clock.
 * @throws InputError for an input that is no time, or one that is to come
 */
function readDeployedAt(wish, event, now) {
    if (wish === '') {
        const told = Date.parse(event ?? '');
        return Number.isFinite(told) ? Math.min(told, now) : undefined;
    }
    const at = /^\d{4}-\d{2}-\d{2}T/.test(wish) ? Date.parse(wish) : Number.NaN;
    if (at <= now)
        return at;
    throw new InputError(message `${setting('deployed-at')} is "${wish}"; write a time in the past, such as 2026-11-24T12:00:00Z`);
}
/** What it takes to decide, write and tell once the last look has ended. */
const reserveMs = 30_000;
/** The bounds that the settings have, too. */
const shortestIntervalMs = 100;
const longestWindowMs = (0,duration/* parseDuration */.E9)('6h');
/**
 * Puts the settings and the caller's wishes together.
 * @throws InputError when nothing is left to check, or the wishes cannot be read or do not fit together
 */
function planWatch(settings, wishes) {
    const asked = wishes.windowMs ?? settings.windowMs;
    const windowMs = fitWindow(asked, settings.timeoutMs, wishes.longestMs);
    const intervalMs = wishes.intervalMs ?? settings.intervalMs;
    refuseBadRounds({ windowMs, intervalMs });
    const rounds = { windowMs, intervalMs };
    const listed = wishes.checks === ''
        ? settings.checks
        : parseChecks({ text: wishes.checks, file: (0,lib_errors/* setting */.Pe)('health.checks'), ...rounds });
    const checks = [
        ...listed,
        ...(wishes.url === '' ? [] : parseUrlCheck({ url: wishes.url, setting: (0,lib_errors/* setting */.Pe)('url'), ...rounds })),
    ];
    if (checks.length === 0) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `there is nothing to check: set ${(0,lib_errors/* setting */.Pe)('url')} to an address that has to answer, such as https://example.com/, or add checks under ${(0,lib_errors/* setting */.Pe)('health.checks')}`);
    }
    if (new Set(checks.map(({ name }) => name)).size < checks.length) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `a check is named "url", which is the name of the check of ${(0,lib_errors/* setting */.Pe)('url')}; rename it, or remove ${(0,lib_errors/* setting */.Pe)('url')}`);
    }
    const { alpha, healthyEarly, jitterMs, concurrency } = settings;
    return {
        checks,
        windowMs,
        intervalMs,
        timeoutMs: Math.min(settings.timeoutMs, windowMs),
        alpha,
        healthyEarly,
        jitterMs: Math.min(jitterMs, intervalMs),
        concurrency,
        cut: windowMs < asked,
    };
}
/** The last round may take its time-out, and what comes after it takes a while, too. */
function fitWindow(windowMs, timeoutMs, longestMs) {
    if (longestMs === undefined)
        return windowMs;
    const leftMs = longestMs - timeoutMs - reserveMs;
    if (leftMs > 0)
        return Math.min(windowMs, leftMs);
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('max-duration')} leaves ${(0,duration/* formatDuration */.a3)(longestMs)}, and one round of checks and the report take up to ${(0,duration/* formatDuration */.a3)(timeoutMs + reserveMs)}; write more`);
}
function refuseBadRounds({ windowMs, intervalMs }) {
    if (intervalMs < shortestIntervalMs) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('health.interval')} is ${(0,duration/* formatDuration */.a3)(intervalMs)}; write at least ${(0,duration/* formatDuration */.a3)(shortestIntervalMs)}`);
    }
    if (windowMs > longestWindowMs) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('health.window')} is ${(0,duration/* formatDuration */.a3)(windowMs)}; write at most ${(0,duration/* formatDuration */.a3)(longestWindowMs)}`);
    }
    if (intervalMs > windowMs) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('health.interval')} is ${(0,duration/* formatDuration */.a3)(intervalMs)}, which is longer than the window of ${(0,duration/* formatDuration */.a3)(windowMs)}; write a shorter interval, or a longer ${(0,lib_errors/* setting */.Pe)('health.window')}`);
    }
}

;// CONCATENATED MODULE: ./lib/github/revision.js


/** Read through the API, so that no checkout is needed. @throws RefusedError when it is not there */
async function openRevision(repository, id) {
    const files = await listFiles(repository, { ref: id });
    if (files === undefined)
        throw new lib_errors/* RefusedError */.fk(`revision ${id} is not in the repository`);
    return {
        id,
        paths: files.map(({ path }) => path),
        read: async (path) => (await readFile(repository, { path, ref: id }))?.text,
    };
}

;// CONCATENATED MODULE: ./lib/layers/code/tree-walk.js

/** Looks up a path in a tree, folder by folder. */
async function walkTree(repository, { tree, path }) {
    let entry = { mode: '040000', type: 'tree', sha: tree };
    const names = path.split('/');
    for (const [index, name] of names.entries()) {
        const above = names.slice(0, index);
        if (entry.type !== 'tree')
            return { entry: undefined, blocked: { path: above.join('/'), entry } };
        const entries = await repository_listTree(repository, entry.sha);
        const found = entries?.get(name);
        if (found === undefined) {
            const twin = [...(entries?.keys() ?? [])].find((each) => each.toLowerCase() === name.toLowerCase());
            if (twin === undefined)
                return { entry: undefined };
            const otherCase = [...above, twin, ...names.slice(index + 1)].join('/');
            const again = await walkTree(repository, { tree, path: otherCase });
            return again.entry === undefined ? again : { entry: undefined, otherCase };
        }
        entry = found;
    }
    return { entry };
}
/** What a folder of a tree holds, by name; empty when there is no such folder. */
async function listFolder(repository, where) {
    const { entry: folder } = await walkTree(repository, where);
    return (folder?.type === 'tree' ? await repository_listTree(repository, folder.sha) : undefined) ?? new Map();
}

;// CONCATENATED MODULE: ./lib/layers/code/paths.js


const setPaths = (0,lib_errors/* setting */.Pe)('paths');
/**
 * Paths as people write them (`./app/`, `/app//web`), as git has them: from the root of the repository, each once, sorted,
 * and none below another one of them.
 * @throws InputError for a path that leaves the repository, or is all of it
 */
function parsePaths(given) {
    const all = new Set(given.map(parsePath));
    return [...all]
        .filter((path) => !isBelow(path, [...all].filter((each) => each !== path)))
        .sort();
}
function parsePath(given) {
    const parts = given.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.includes('..'))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${setPaths} names "${given}"; write the path from the root of the repository, without ..`);
    if (parts.length === 0)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${setPaths} names "${given}", which is the whole repository; name files and folders in it, or leave ${setPaths} out to restore all of it`);
    return parts.join('/');
}
/** True for a path that is one of the others, or in one of them. */
function isBelow(path, others) {
    return others.some((each) => path === each || path.startsWith(`${each}/`));
}
/** True when both have the same there. */
function isSamePair({ now, before }) {
    return now?.sha === before?.sha && now?.mode === before?.mode;
}
/** Looks up paths in two trees. */
async function readPairs(repository, trees) {
    const walks = await walkBoth(repository, trees);
    return walks.map(({ path, now, before }) => ({ path, now: now.entry, before: before.entry }));
}
async function walkBoth(repository, { now, before, paths }) {
    return Promise.all(paths.map(async (path) => {
        const walk = (tree) => walkTree(repository, { tree, path });
        const [a, b] = await Promise.all([walk(now), walk(before)]);
        return { path, now: a, before: b };
    }));
}
/**
 * Looks up the paths that are to be restored.
 * @param now the branch as it is @param before the good revision
 * @throws InputError for a path that neither has, or that cannot be restored without something else
 */
async function demandPairs(repository, { now, before, paths }) {
    const walks = await walkBoth(repository, { now: now.tree, before: before.tree, paths });
    for (const walk of walks) {
        const { path } = walk;
        if (walk.now.entry === undefined && walk.before.entry === undefined)
            throw nowhere(path, [now.name, before.name], [walk.now, walk.before]);
        if (walk.before.entry === undefined || walk.now.blocked === undefined)
            continue;
        const above = walk.now.blocked;
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${setPaths} names "${path}", and ${now.name} has ${kindOf(above.entry)} at "${above.path}", which would go; name "${above.path}" to restore all of it`);
    }
    return walks.map(({ path, now: a, before: b }) => ({ path, now: a.entry, before: b.entry }));
}
/** Says why a path was not found, as far as the folders on the way tell. */
function nowhere(path, names, walks) {
    const said = (0,lib_errors/* message */.iU) `${setPaths} names "${path}", which is neither in ${names.join(' nor in ')}: nothing was changed`;
    const blocked = walks.find((walk) => walk.blocked !== undefined)?.blocked;
    if (blocked !== undefined && blocked.entry.mode === '120000')
        return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${said}; "${blocked.path}" is a symbolic link: name the folder that it points to`);
    if (blocked !== undefined && blocked.entry.type === 'commit')
        return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${said}; "${blocked.path}" is a submodule, whose content is in another repository: name the submodule itself`);
    const other = walks.map((walk) => walk.otherCase).find((each) => each !== undefined);
    if (other !== undefined)
        return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${said}; write "${other}", upper and lower case matter`);
    if (/[*?[\]{}]|^:/.test(path))
        return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${said}; patterns are not supported: name a folder, which stands for all that is in it`);
    return new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${said}; name a file or a folder of one of them`);
}
function kindOf({ mode, type }) {
    if (mode === '120000')
        return 'a symbolic link';
    return type === 'commit' ? 'a submodule' : 'a file';
}

;// CONCATENATED MODULE: ./lib/layers/code/content.js


/** The tree of a content; made, where there is none yet, which changes nothing. */
async function treeOf(repository, content) {
    return content.kind === 'tree' ? content.tree : repository_createTree(repository, content);
}
/** The head's content with some paths as they were. Paths that are the same in both are left out. */
function contentOfPaths(head, pairs) {
    const changed = pairs.filter((pair) => !isSamePair(pair));
    return {
        kind: 'edits',
        base: head,
        edits: changed.map(({ path, before }) => ({ path, entry: before ?? null })),
    };
}
/** The content that a revert leaves. Files that a merge made anew are sent; all others the repository has. */
async function contentOfRevert(git, { head, reverted }) {
    const base = (await git.run(['rev-parse', `${head}^{tree}`])).trim();
    const known = await knownObjects(git);
    const edits = await Promise.all(reverted.edits.map(async ({ path, mode, blob }) => {
        if (blob === null)
            return { path, entry: null };
        const entry = entryOf(mode, blob);
        // the pointer of a submodule names a commit of another repository: there is nothing to read
        if (entry.type === 'commit' || known.has(blob))
            return { path, entry };
        return { path, mode: entry.mode, content: await git.read(blob) };
    }));
    return { kind: 'edits', base, edits };
}
/** Every object that the other side has: those that came, and those that are promised, which git marks with `?`. */
async function knownObjects(git) {
    const what = ['--objects', '--no-object-names', '--missing=print', 'FETCH_HEAD'];
    const lines = (await git.run(['rev-list', ...what])).split('\n');
    return new Set(lines.map((line) => line.replace('?', '')));
}
function entryOf(mode, sha) {
    if (mode === '160000')
        return { mode, type: 'commit', sha };
    if (mode === '100755' || mode === '120000')
        return { mode, type: 'blob', sha };
    return { mode: '100644', type: 'blob', sha };
}

;// CONCATENATED MODULE: ./lib/github/issues.js



/** Longer issue bodies and comments are refused by GitHub, in characters. */
const bodyLimit = 65_536;
const issues_permission = 'issues: write';
function toIssue(issue) {
    return {
        number: issue.number,
        url: issue.html_url,
        title: issue.title,
        body: issue.body ?? '',
        open: issue.state === 'open',
        author: issue.user === null ? undefined : { login: issue.user.login, isBot: issue.user.type === 'Bot' },
    };
}
/**
 * True for an issue of an app, or of a person who may push to the repository now: a stranger's is never taken for ours. What
 * GitHub calls the author's association is not asked, as it depends on who reads it.
 */
async function isTrusted(repository, { author }) {
    return author !== undefined && (author.isBot || (await mayWrite(repository, author.login)));
}
/** One issue; undefined when it was deleted or moved to another repository. */
async function readIssue({ octokit, owner, repo }, number) {
    return explained({ doing: `read issue #${number}`, permission: 'issues: read' }, async () => {
        try {
            const { data } = await octokit.rest.issues.get({ owner, repo, issue_number: number });
            return toIssue(data);
        }
        catch (error) {
            // 410 is a deleted one, which reads as invalid here
            if (isRefused(error, 'not-found') || isRefused(error, 'invalid'))
                return undefined;
            throw error;
        }
    });
}
/**
 * Issues of any state that were touched since a time, oldest first. By the list endpoint, which shows an issue as soon as
 * it is made; the search index is seconds behind, and that is how duplicates come about.
 */
async function listIssues({ octokit, owner, repo }, { since }) {
    const issues = await explained({ doing: 'list the issues', permission: 'issues: read' }, () => octokit.paginate(octokit.rest.issues.listForRepo, {
        owner,
        repo,
        state: 'all',
        since: since.toISOString(),
        per_page: 100,
    }));
    return issues
        .filter((issue) => issue.pull_request === undefined)
        .map(toIssue)
        .sort((a, b) => a.number - b.number);
}
/** Creates an issue; sent once. When its answer is lost the caller lists again before another try. */
async function createIssue({ octokit, owner, repo }, { title, body, labels, assignees, }) {
    const { data } = await octokit.rest.issues.create({
        owner,
        repo,
        title,
        body,
        labels: [...labels],
        assignees: [...assignees],
    });
    return toIssue(data);
}
/** Changes an issue's title and body; setting them to the same again is harmless. */
async function updateIssue({ octokit, owner, repo }, { number, title, body }) {
    await explained({ doing: `update issue #${number}`, permission: issues_permission }, () => 
    // the same body twice is the same issue, so this PATCH may be repeated
    octokit.rest.issues.update({ owner, repo, issue_number: number, title, body, request: repeatable }));
}
/** Closes an issue in favour of another one, and gives it the body that says so: rather than a comment, so that it can be repeated. */
async function closeAsDuplicate({ octokit, owner, repo }, { number, of, body }) {
    await explained({ doing: `close issue #${number} as a duplicate of #${of}`, permission: issues_permission }, () => octokit.rest.issues.update({
        owner,
        repo,
        issue_number: number,
        state: 'closed',
        state_reason: 'not_planned',
        body,
        request: repeatable,
    }));
}
/** Puts labels on an issue or a pull request, beside those it has; GitHub makes labels that do not exist yet. */
async function addLabels({ octokit, owner, repo }, { number, labels }) {
    if (labels.length === 0)
        return;
    await refusal_explained({ doing: `label #${number}`, permission: issues_permission }, () => 
    // the same label twice is one, so this may be repeated
    octokit.rest.issues.addLabels({
        owner,
        repo,
        issue_number: number,
        labels: [...labels],
        request: client/* repeatable */.E,
    }));
}
/** Says something in an issue or a pull request once, however often this is run: known by a marker that nobody sees. */
async function commentOnce({ octokit, owner, repo }, { number, marker, body }) {
    const hidden = `<!-- ${marker} -->`;
    const need = { doing: `comment on #${number}`, permission: issues_permission };
    return explained(need, async () => {
        const comments = await octokit.paginate(octokit.rest.issues.listComments, {
            owner,
            repo,
            issue_number: number,
            per_page: 100,
        });
        if (comments.some((comment) => comment.body?.includes(hidden)))
            return 'already-there';
        await octokit.rest.issues.createComment({ owner, repo, issue_number: number, body: `${hidden}\n${body}` });
        return 'written';
    });
}

;// CONCATENATED MODULE: ./lib/layers/code/delivery.js





const deliveries = (/* unused pure expression or super */ null && (['auto', 'direct', 'pull-request']));
/** Chooses by the branch's rules, which are read before anything is tried. */
function chooseWay(delivery, rules) {
    if (delivery !== 'auto')
        return { way: delivery, because: `the delivery is ${delivery}` };
    const against = rulesAgainstPush(rules);
    if (against.length > 0)
        return { way: 'pull-request', because: `the branch has the rule ${against.join(', ')}` };
    return {
        way: 'direct',
        because: rules.isProtected
            ? 'no rule of the branch is known to forbid it'
            : 'the branch has no rule against it',
    };
}
/** @throws InputError for what is neither a login nor `team:` and the name of a team */
function demandReviewers(reviewers) {
    for (const reviewer of reviewers) {
        const [, team, name = ''] = /^(team:)?(.*)$/.exec(reviewer) ?? [];
        if (/^[\w-]{1,100}$/.test(name) || (team !== undefined && /^[\w.-]{1,100}$/.test(name)))
            continue;
        const short = name.replace(/^@/, '').replace(/^.*\//, '');
        const cure = short === '' ? 'octocat or team:ops' : `${team ?? ''}${short}`;
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('reviewers')} names "${reviewer}", which is neither a login nor team: with the name of a team of the organization; write ${cure}`);
    }
}
/**
 * Proposes a commit by a pull request, or by a branch of its own over plain git. Can be killed anywhere and run again: a
 * branch that is there already is taken over when it holds the same content on the same parent, and so is its pull request.
 * @throws ConflictError when the branch's name is taken by something else
 */
async function propose(repository, { draft, proposal }) {
    const { branch, base } = proposal;
    // a token that may not see pull requests is refused before there is a branch
    if (!isPlain(repository))
        await findOpenPull(repository, { head: branch, base });
    const made = await repository_createCommit(repository, draft);
    const there = await repository_createRef(repository, { ref: `heads/${branch}`, sha: made.sha });
    const commit = there === made.sha ? made : await repository_readCommit(repository, there);
    if (commit.tree !== draft.tree || commit.parents.join() !== draft.parents.join()) {
        throw new lib_errors/* ConflictError */.fK(`the branch ${branch} holds another change already (${there.slice(0, 7)}): merge or delete it, and run again`);
    }
    if (isPlain(repository))
        return { commit, pull: undefined, proposedOn: branch };
    try {
        return { commit, pull: await askForMerge(repository, proposal), proposedOn: branch };
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `${error}. The commit is on the branch ${branch}: open a pull request from it into ${base} yourself, or run this again`, { cause: error.cause });
    }
}
async function askForMerge(repository, proposal) {
    const { base, branch: head, title, body, draft } = proposal;
    const pull = await openPull(repository, { head, base, title, body, draft });
    await addLabels(repository, { number: pull.number, labels: proposal.labels });
    await requestReviews(repository, { number: pull.number, reviewers: proposal.reviewers });
    if (proposal.autoMerge)
        await enableAutoMerge(repository, pull);
    return pull;
}
/** What an earlier run has proposed, on whatever people have made of it; undefined when there is nothing. */
async function findProposed(repository, { branch, base }) {
    const pull = isPlain(repository) ? undefined : await findOpenPull(repository, { head: branch, base });
    if (pull === undefined && !isPlain(repository))
        return undefined;
    const commit = await repository_readRef(repository, `heads/${branch}`);
    return commit === undefined ? undefined : { commit, pull, proposedOn: branch };
}

;// CONCATENATED MODULE: ./lib/layers/code/publish.js






/**
 * Moves the branch forward to the rollback commit, and tags that: on GitHub one after the other, over plain git in one push.
 * A tag that a rule forbids does not keep the branch from going back.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
async function publishRollback(repository, plan, { commit, message }) {
    const move = { branch: plan.branch, from: plan.head, to: commit.sha };
    if (!isPlain(repository)) {
        await repository_moveBranch(repository, move);
        return tagRollback(repository, plan, { commit, message });
    }
    try {
        const tag = await moveAndTagTogether(repository, move, tagFor(plan, { commit, message }));
        return { tag, untagged: undefined };
    }
    catch (error) {
        if (!(error instanceof TagRefusedError))
            throw error;
        await repository_moveBranch(repository, move);
        return { tag: undefined, untagged: error.message };
    }
}
/** Tags a rollback commit that is on the branch: a tag that is refused does not make the rollback undone, and is said instead. */
async function tagRollback(repository, plan, { commit, message }) {
    try {
        const tag = await tagByFreeName(repository, tagFor(plan, { commit, message }));
        return { tag, untagged: undefined };
    }
    catch (error) {
        if (!(0,lib_errors/* isUserFacing */.Qx)(error))
            throw error;
        return { tag: undefined, untagged: error.message };
    }
}
/**
 * Moves a branch back, after what it was at was tagged, or together with that.
 * @returns the tag
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
async function publishReset(repository, move, safety) {
    const wanted = { ...safety, commit: move.from };
    if (isPlain(repository))
        return moveAndTagTogether(repository, move, wanted);
    const tag = await tagByFreeName(repository, wanted);
    await repository_resetBranch(repository, move);
    return tag;
}
/**
 * Puts an annotated tag on a commit, by the next name when its own is taken.
 * @returns its name
 * @throws ConflictError when that is taken, too
 */
async function tagByFreeName(repository, wanted) {
    try {
        await repository_tagCommit(repository, wanted);
        return wanted.tag;
    }
    catch (error) {
        if (!(error instanceof lib_errors/* ConflictError */.fK))
            throw error;
        const tag = nextName(wanted);
        await repository_tagCommit(repository, { ...wanted, tag });
        return tag;
    }
}
function moveAndTagTogether(repository, move, wanted) {
    return repository.inTurn(async () => {
        const isFree = (await taggedCommit(repository, wanted.tag)) === undefined;
        const tag = isFree ? wanted.tag : nextName(wanted);
        await moveAndTag(repository, move, { ...wanted, tag });
        return tag;
    });
}
function tagFor(plan, { commit, message }) {
    const tag = tagOf(commit.committedAt, plan_takesBack(plan) ? 'rollback_undone' : 'rollback');
    return { tag, commit: commit.sha, message };
}
/** Another branch may have been rolled back in the same second. */
function nextName({ tag, commit }) {
    return `${tag}_${commit.slice(0, 7)}`;
}

;// CONCATENATED MODULE: ./lib/layers/code/changes.js





/** A comparison lists no more: https://docs.github.com/en/rest/commits/commits#compare-two-commits */
const listedFiles = 300;
const workflows = '.github/workflows';
/**
 * What differs between two revisions. A comparison has it all, unless it is cut off or there may be submodules among it,
 * which it does not tell from files: then both trees are read. Of trees that are too large for that, the workflow files are.
 * @param files those of a comparison of the two; undefined where there is none, as it compares with where they parted
 */
async function findChanges(repository, files, { current, target }) {
    if (isPlain(repository)) {
        const range = { from: current.tree, to: target.tree };
        return changesOf(await repository.inTurn(() => compareTrees(repository, range)));
    }
    const paths = (files ?? []).map(({ path }) => path);
    const isComplete = files !== undefined && paths.length < listedFiles;
    if (isComplete && (await readFile(repository, { path: '.gitmodules', ref: current.sha })) === undefined)
        return { paths, submodules: [], isComplete };
    const whole = (sha) => ({ mode: '040000', type: 'tree', sha });
    const changes = await changesAt(repository, [
        { path: '', now: whole(current.tree), before: whole(target.tree) },
    ]);
    if (changes.isComplete)
        return changes;
    const [today, before] = await Promise.all([current, target].map(({ tree }) => listFolder(repository, { tree, path: workflows })));
    const others = changedPaths(today ?? new Map(), before ?? new Map()).map((name) => `${workflows}/${name}`);
    return { paths: [...new Set([...paths, ...others])], submodules: [], isComplete };
}
/** What differs at some paths, and in the folders there. Of one that is too large to be read, only the folder itself is listed. */
async function changesAt(repository, pairs) {
    const found = await Promise.all(pairs.filter((pair) => !isSamePair(pair)).map((pair) => changesOfPair(repository, pair)));
    return {
        paths: found.flatMap(({ paths }) => paths),
        submodules: found.flatMap(({ submodules }) => submodules),
        isComplete: found.every(({ isComplete }) => isComplete),
    };
}
async function changesOfPair(repository, { path, now: current, before: target }) {
    const [now, then] = await Promise.all([current, target].map((entry) => filesAt(repository, path, entry)));
    if (now === undefined || then === undefined)
        return { paths: [path], submodules: [], isComplete: false };
    const paths = changedPaths(now, then);
    const isModule = (each) => [now, then].some((tree) => tree.get(each)?.type === 'commit');
    return { paths, submodules: paths.filter(isModule), isComplete: true };
}
/** What an entry of a tree holds, by path from the root: itself, or all in its folder; undefined when that is too much. */
async function filesAt(repository, path, entry) {
    if (entry === undefined)
        return new Map();
    if (entry.type !== 'tree')
        return new Map([[path, entry]]);
    const tree = await repository_listWholeTree(repository, entry.sha);
    const above = path === '' ? '' : `${path}/`;
    return tree && new Map([...tree].map(([name, each]) => [`${above}${name}`, each]));
}
/** The same of what git itself compared. */
function changesOf(edits) {
    const submodules = edits.filter(({ mode }) => mode === '160000').map(({ path }) => path);
    return { paths: edits.map(({ path }) => path), submodules, isComplete: true };
}
/** What is not the same in both, folders left out. */
function changedPaths(now, then) {
    return [...new Set([...now.keys(), ...then.keys()])].filter((path) => {
        const [a, b] = [now.get(path), then.get(path)];
        const isFolder = [a, b].every((entry) => entry === undefined || entry.type === 'tree');
        return !isFolder && (a?.sha !== b?.sha || a?.mode !== b?.mode);
    });
}

;// CONCATENATED MODULE: ./lib/deployment/deployed.js

/** How many deployments are looked at before we say that none succeeded. */
const furthest = 100;
/**
 * What is deployed: the newest revision with which a deployment of the environment has succeeded. A deployment is made when
 * a job starts to wait for its reviewers, so the newest one may not have begun.
 * @returns undefined when none has succeeded
 */
async function findDeployed(repository, environment) {
    const later = [];
    for await (const deployment of listDeployments(repository, { environment })) {
        if (!isOfCode(deployment))
            continue;
        const states = await readStates(repository, deployment);
        if (states.includes('success'))
            return { ...deployment, later };
        later.push({ revision: deployment.revision, state: states[0] ?? 'pending' });
        if (later.length === furthest)
            return undefined;
    }
    return undefined;
}
/**
 * What is deployed to the other environments of the repository, as far as its newest hundred deployments say. Environments
 * that go again, such as previews of pull requests, are left out.
 */
async function findDeployedElsewhere(repository, environment) {
    const found = new Map();
    const others = (await listNewestDeployments(repository)).filter((each) => each.environment !== environment && isOfCode(each));
    for (const { environment: other } of others) {
        if (found.has(other))
            continue;
        const own = others.filter((each) => each.environment === other);
        found.set(other, newestSuccessful(repository, own));
    }
    return (await Promise.all(found.values())).filter((each) => each !== undefined);
}
async function newestSuccessful(repository, deployments) {
    for (const deployment of deployments)
        if ((await readStates(repository, deployment)).includes('success'))
            return deployment;
    return undefined;
}
/** The tasks that put a revision into an environment: GitHub's default, and that of our own records. */
const tasks = new Set(['deploy', 'rollback']);
/** False for what does something else than putting the code there, such as `deploy:migrations`, and for previews. */
function isOfCode({ task, isTransient }) {
    return tasks.has(task) && !isTransient;
}

;// CONCATENATED MODULE: ./lib/deployment/last-good.js



/** How many older deployments are looked at before we say that there is no good one. */
const last_good_furthest = 100;
/** How many of these an error lists when there is no good one. */
const last_good_listed = 5;
/**
 * The newest deployment of the environment that was made before that of the failed revision, and has ever succeeded. Not the
 * active deployment, nor the last green run: both forget.
 * @param reject why a deployment is no target, in words that follow its revision; undefined when it is one
 * @throws InputError that lists what was passed over, and why
 */
async function findLastGood(repository, { environment, bad, reject, }) {
    const failed = await newestDeployment(repository, { environment, revision: bad });
    const passedOver = [];
    for await (const deployment of listDeployments(repository, { environment })) {
        const { id, revision, createdAt } = deployment;
        // ids grow with time, and two deployments may be made in the same second
        if (revision === bad || (failed !== undefined && id > failed.id))
            continue;
        if (passedOver.length === last_good_furthest)
            break;
        const why = (await notGood(repository, deployment)) ?? (await reject(deployment));
        if (why !== undefined) {
            passedOver.push(`${revision.slice(0, 7)} ${why}`);
            continue;
        }
        const before = failed === undefined ? '' : ` before that of ${bad.slice(0, 7)}`;
        const foundBy = `the newest successful deployment of ${environment}${before}, made ${createdAt.toISOString()}`;
        return { deployment, foundBy };
    }
    if (passedOver.length === 0 && failed === undefined)
        await refuseUnknown(repository, environment);
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `no successful deployment of the environment "${environment}" was found from before ${bad.slice(0, 7)} (${sayPassedOver(passedOver)}); name the good revision in ${(0,lib_errors/* setting */.Pe)('code.target')}`);
}
async function notGood(repository, deployment) {
    const { task, isTransient } = deployment;
    if (isTransient)
        return 'was in a transient environment';
    if (!isOfCode(deployment))
        return `was deployed by the task ${task}, not by deploy`;
    const states = await readStates(repository, deployment);
    return states.includes('success') ? undefined : 'never succeeded';
}
/** True when a deployment of the revision to the environment has succeeded. */
async function hasBeenDeployed(repository, of) {
    for await (const deployment of listDeployments(repository, of))
        if ((await notGood(repository, deployment)) === undefined)
            return true;
    return false;
}
async function newestDeployment(repository, of) {
    for await (const deployment of listDeployments(repository, of))
        if (isOfCode(deployment))
            return deployment;
    return undefined;
}
/** @throws InputError when nothing was ever deployed to the environment, and something was to others */
async function refuseUnknown(repository, environment) {
    const newest = await listNewestDeployments(repository);
    const known = [...new Set(newest.map((each) => each.environment))].sort();
    if (known.length === 0 || known.includes(environment))
        return;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `nothing was ever deployed to an environment "${environment}"; write one of those that are there in ${(0,lib_errors/* setting */.Pe)('environment')}: ${known.slice(0, 20).join(', ')}`);
}
function sayPassedOver(passedOver) {
    if (passedOver.length === 0)
        return 'there is no earlier one';
    const more = passedOver.length > last_good_listed ? `, and ${passedOver.length - last_good_listed} more` : '';
    return `looked at those before it: ${passedOver.slice(0, last_good_listed).join(', ')}${more}`;
}

;// CONCATENATED MODULE: ./lib/layers/code/elsewhere.js




/**
 * A target has to be an older revision of the branch, or one that was good elsewhere.
 * @returns who vouches for one that is not on the branch; undefined when it is
 * @throws InputError that says how it stands to the branch, and which branch has it
 */
async function demandOlder(repository, { comparison: { status }, branch, environment, from, target, request, mayBeElsewhere }) {
    const { sha } = target.commit;
    const named = (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('code.target')} (${request}) is ${sha.slice(0, 7)}`;
    if (status === 'ahead')
        return undefined;
    if (status === 'identical')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${named}, which is the head of ${branch} already: there is nothing to undo; name an older revision`);
    const at = `${branch} (at ${from.slice(0, 7)})`;
    if (status === 'diverged' && mayBeElsewhere) {
        const vouchedBy = target.vouchedBy ?? (await voucherOf(repository, { environment, revision: sha }));
        if (vouchedBy !== undefined)
            return vouchedBy;
    }
    const where = await whereIs(repository, sha, branch);
    const cure = status === 'diverged' && mayBeElsewhere
        ? `; ${isPlain(repository) ? 'name it by a tag' : `name it by a tag, or deploy it to ${environment} once`}, or name a revision that ${branch} has been at`
        : `; name a revision that ${branch} has been at`;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${named}, which is not an ancestor of ${at}${where}: nothing was changed${cure}`);
}
async function voucherOf(repository, of) {
    if (isPlain(repository))
        return undefined;
    try {
        return (await hasBeenDeployed(repository, of))
            ? `a successful deployment of ${of.environment}`
            : undefined;
    }
    catch (error) {
        // a token that may not see deployments sees no one that vouches
        if (error instanceof lib_errors/* RefusedError */.fk)
            return undefined;
        throw error;
    }
}
/** How many branches are compared with a revision. */
const comparedBranches = 20;
/** Which branches, and which pull request, have a revision, as a clause; '' when that is not known. */
async function whereIs(repository, sha, except) {
    const branches = (await repository_listBranches(repository)).filter(({ name }) => name !== except);
    // a branch that is at it needs no comparison
    const nearest = branches.toSorted((a, b) => Number(b.commit === sha) - Number(a.commit === sha));
    const found = await Promise.all(nearest
        .slice(0, comparedBranches)
        .map(async ({ name, commit }) => commit === sha || (await repository_isAncestor(repository, { older: sha, newer: commit })) ? [name] : []));
    const names = found.flat();
    if (names.length > 0)
        return ` (it is on ${names.slice(0, 3).join(', ')})`;
    const pull = isPlain(repository) ? undefined : await pullOf(repository, sha);
    return pull === undefined ? '' : ` (it is of the pull request #${pull})`;
}
async function pullOf(repository, sha) {
    try {
        return (await pullsOfCommit(repository, sha))[0]?.number;
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/layers/code/neighbours.js



/**
 * The other environments that run a revision which the rollback undoes: their next deployment from the branch loses it.
 * @param from where the branch is
 * @throws RefusedError when the token may not read deployments
 */
async function findNeighbours(repository, { environment, target, from }) {
    const deployed = await findDeployedElsewhere(repository, environment);
    const found = await Promise.all(deployed.map(async ({ environment: other, revision }) => {
        try {
            const [ofTarget, ofBranch] = await Promise.all([
                repository_compareHistories(repository, { base: target.commit.sha, head: revision }),
                repository_compareHistories(repository, { base: revision, head: from }),
            ]);
            const isOnBranch = ofBranch.status === 'ahead' || ofBranch.status === 'identical';
            const isNewer = ofTarget.status === 'ahead' || ofTarget.status === 'diverged';
            return isOnBranch && isNewer ? [{ environment: other, revision, lost: ofTarget.aheadBy }] : [];
        }
        catch (error) {
            // a revision that was pushed away by force is not on the branch
            if (error instanceof lib_errors/* RefusedError */.fk)
                return [];
            throw error;
        }
    }));
    return found.flat();
}
/** The same as warnings of a plan; none where deployments cannot be read. */
async function neighboursOf(repository, about) {
    if (isPlain(repository))
        return [];
    try {
        return (await findNeighbours(repository, about)).map(warnNeighbour);
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return [];
        throw error;
    }
}
function warnNeighbour({ environment, revision, lost }) {
    const commits = lost === 1 ? '1 commit' : `${lost} commits`;
    return {
        kind: 'environments',
        message: `${environment} is deployed from this branch, too, and runs ${revision.slice(0, 7)}: its next deployment loses ${commits}; to leave it as it is, restore only the paths of this environment`,
        paths: [],
    };
}

;// CONCATENATED MODULE: ./lib/layers/code/recent.js



/** How many are read, one request each. */
const recent_listed = 20;
/** The newest rollbacks of the repository, newest first. Tags that others made are left out. */
async function recent_listRollbackTags(repository) {
    const tags = await Promise.all(
    // names sort by time only among those of one kind
    ['rollback_2', 'rollback_undone_2'].map((prefix) => repository_readTags(repository, { prefix, count: recent_listed })));
    return tags
        .flat()
        .flatMap(({ name, message, taggedAt }) => {
        const trailers = readTrailers(message);
        const told = (key) => trailers.get(`Rollback-${key}`) ?? '';
        const undoes = told('Undoes');
        const [incident, to] = [told('Incident'), undoes || told('To')];
        if (incident === '' || to === '')
            return [];
        return [
            {
                tag: name,
                at: taggedAt,
                incident,
                environment: told('Environment'),
                from: told('From'),
                to,
                by: told('Requested-By'),
                reason: recent_reasonOf(message),
                kind: undoes === '' ? 'rollback' : 'undo',
                reset: trailers.get('Rollback-Reset'),
                paths: readPaths(trailers.get('Rollback-Paths')) ?? [],
            },
        ];
    })
        .sort((a, b) => b.at.getTime() - a.at.getTime())
        .slice(0, recent_listed);
}
/**
 * The rollbacks as the history would have them, where there is none, for the guards that count them. Who asked for one is not
 * in its tag: each counts as if no person had.
 */
function eventsOf(recent) {
    // anybody may write a tag
    const told = recent.filter(({ kind, environment, from }) => kind === 'rollback' && environment !== '' && revisionSchema.safeParse(from).success);
    return told.map(({ tag, at, incident, environment, from, to, by, reason }) => {
        const when = at.toISOString();
        const subject = { incident, environment, revision: from, at: when, actor: by || 'unknown' };
        const what = { kind: 'rollback-applied', layer: 'code', from, to, now: to, tag, reason };
        const how = { targetFoundBy: `the tag ${tag}`, automatic: true, undone: [], startedAt: when };
        return newEvent({ ...subject, ...what, ...how }, [tag]);
    });
}
/** The rollbacks as lines of a log. */
function describeRecent(recent) {
    return recent.map(({ at, kind, tag, from, to }) => `${at.toISOString()} ${kind} ${from.slice(0, 7)} → ${recent_shortGoal(to)}, tag ${tag}`);
}
/** What a rollback went to, for people: ids of seven characters. */
function recent_shortGoal(to) {
    const [, without] = /^without:(.*)$/.exec(to) ?? [];
    if (without === undefined)
        return to.slice(0, 7);
    const [first = '', ...more] = without.split('+');
    return `without ${first.slice(0, 7)}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}
/** What an output says of them: all but the reason, which is free text. */
function tellRecent(recent) {
    return recent.map(({ reason: _, at, ...each }) => ({ at: at.toISOString(), ...each }));
}
/** What stands between subject and trailers. */
function recent_reasonOf(message) {
    const said = message.trimEnd().split('\n\n').slice(1, -1);
    return said.filter((each) => !each.startsWith('This reverts commit ')).join(' ');
}

;// CONCATENATED MODULE: ./lib/history/incident.js

/**
 * The id of the incident: one failed deployment and all that was done about it. The same in every job, re-run and
 * workflow of that deployment, because it is made of the environment and the failed revision alone. Safe in a ref
 * name, a file name and an HTML comment.
 * @param revision the full commit id of the failed deployment
 */
function incidentId({ environment, revision }) {
    return `${environmentSlug(environment)}-${revision.slice(0, 12)}`;
}
/** An environment's name that is safe in the name of a ref or a file; two environments have two. */
function environmentSlug(environment) {
    const slug = environment
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 40);
    // two environments whose names differ only in what a slug drops must not share an incident
    const distinct = slug === environment ? slug : `${slug}-${shortHash(environment)}`;
    return distinct.replace(/^-/, '');
}
function shortHash(text) {
    return (0,external_node_crypto_.createHash)('sha256').update(text).digest('hex').slice(0, 6);
}

;// CONCATENATED MODULE: ./lib/layers/code/green-target.js



const lastGreen = 'last-green';
/** How many commits are looked at, two requests each. */
const green_target_furthest = 50;
/**
 * The newest revision before the failed one at which all the named checks were green. GitHub forgets checks after 90 days.
 * @throws InputError when no check is named, or none of the revisions was green
 */
async function findGreenTarget(repository, { checks, bad }) {
    if (checks.length === 0)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('code.target')} is ${lastGreen}, and ${(0,lib_errors/* setting */.Pe)('code.checks')} names no checks; name those that say that a revision is good`);
    const [failed, ...older] = await commits_listCommits(repository, { branch: bad, count: green_target_furthest + 1 });
    for (const commit of older) {
        if (commit.tree === failed?.tree)
            continue;
        const states = await readChecks(repository, { sha: commit.sha, names: checks });
        if ([...states.values()].every((state) => state === 'success'))
            return {
                commit,
                foundBy: `the newest revision before ${bad.slice(0, 7)} that passed ${checks.join(', ')}`,
                vouchedBy: undefined,
            };
    }
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `none of the ${older.length} revisions before ${bad.slice(0, 7)} passed all of ${checks.join(', ')}; check the names in ${(0,lib_errors/* setting */.Pe)('code.checks')}, or name the good revision in ${(0,lib_errors/* setting */.Pe)('code.target')}`);
}

;// CONCATENATED MODULE: ./lib/layers/code/tag-target.js


const previousDeploymentTag = 'previous-deployment-tag';
/** How far back on the branch a tag is looked for, in pages of a hundred commits. */
const tag_target_mostPages = 50;
/**
 * The newest revision of the branch before the failed one that bears a deployment tag, and has another content.
 * @param pattern name of the tags with one `*`, e.g. `deploy-*`
 * @throws InputError when the pattern is none, or no tag fits
 */
async function findTaggedTarget(repository, { pattern, bad }) {
    const [prefix = '', suffix, ...more] = pattern.split('*');
    if (prefix === '' || suffix === undefined || more.length > 0) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('code.tag-pattern')} is "${pattern}"; write the beginning of the names of the tags with one *, such as deploy-*`);
    }
    const tags = (await repository_listTags(repository, { prefix })).filter(({ name }) => name.endsWith(suffix));
    const nameOf = new Map(tags.map(({ name, commit }) => [commit, name]));
    let failedTree;
    let looked = 0;
    for (let page = 1; page <= tag_target_mostPages && tags.length > 0; page += 1) {
        const commits = await repository_listCommits(repository, { branch: bad, count: 100, page });
        failedTree ??= commits[0]?.tree;
        for (const commit of commits) {
            const name = nameOf.get(commit.sha);
            if (name === undefined || commit.sha === bad || commit.tree === failedTree)
                continue;
            const foundBy = `the newest tag ${pattern} before ${bad.slice(0, 7)}: ${name}`;
            return { commit, foundBy, vouchedBy: `the tag ${name}` };
        }
        looked += commits.length;
        if (commits.length < 100)
            break;
    }
    throw new lib_errors/* InputError */.dz(tags.length === 0
        ? (0,lib_errors/* message */.iU) `there is no tag ${pattern}; change ${(0,lib_errors/* setting */.Pe)('code.tag-pattern')}, or name the good revision in ${(0,lib_errors/* setting */.Pe)('code.target')}`
        : (0,lib_errors/* message */.iU) `no tag ${pattern} marks one of the ${Math.max(0, looked - 1)} commits before ${bad.slice(0, 7)} with another content; change ${(0,lib_errors/* setting */.Pe)('code.tag-pattern')}, or name the good revision in ${(0,lib_errors/* setting */.Pe)('code.target')}`);
}

;// CONCATENATED MODULE: ./lib/layers/code/target.js







const lastSuccessfulDeployment = 'last-successful-deployment';
/** How far `HEAD~n` may go back. */
const furthestParent = 5_000;
const codeTarget = (0,lib_errors/* setting */.Pe)('code.target');
/** What the target may be called beside names of revisions. */
const target_words = [lastSuccessfulDeployment, previousDeploymentTag, lastGreen, 'undo', 'reapply'];
const choices = `${target_words.join(', ')}, a commit id, a tag, a branch, or HEAD~n`;
/** Finds the revision to go back to. @throws InputError when it names nothing, or no deployment succeeded before the bad one */
async function findTarget(repository, request) {
    const { target, head } = request;
    const asked = {
        asks: (0,lib_errors/* message */.iU) `${codeTarget} is ${target}`,
        instead: `write ${previousDeploymentTag}, a commit id, a tag, a branch, or HEAD~n`,
    };
    if (target === lastSuccessfulDeployment)
        return findLastSuccessfulDeployment(demandGitHub(repository, asked), request);
    if (target === previousDeploymentTag)
        return findTaggedTarget(repository, { pattern: request.tagPattern, bad: request.bad });
    if (target === lastGreen)
        return findGreenTarget(demandGitHub(repository, asked), { checks: request.checks, bad: request.bad });
    const parents = /^HEAD(?:(\^*)|~(\d*))$/.exec(target);
    if (parents !== null) {
        const [, carets = '', count] = parents;
        const steps = count === undefined ? carets.length : Number(count || 1);
        return findParent(repository, { head, target, steps });
    }
    if (!isRevisionName(target)) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${codeTarget} is "${target}", which cannot be the name of a commit, tag or branch; write ${choices}`);
    }
    return findNamedTarget(repository, target);
}
async function findNamedTarget(repository, target) {
    const { branch, tag, commit } = await repository_findNamed(repository, target);
    if (branch !== undefined && tag !== undefined && branch !== tag) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${codeTarget} is "${target}", which is a tag (at ${tag.slice(0, 7)}) and a branch (at ${branch.slice(0, 7)}); write tags/${target} or heads/${target}`);
    }
    const sha = tag ?? branch ?? commit;
    if (sha === undefined) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${codeTarget} is "${target}", and ${repository.owner}/${repository.repo} has no such commit, tag or branch; write ${choices}`);
    }
    return {
        commit: await repository_readCommit(repository, sha),
        foundBy: `named as the target: ${target}`,
        vouchedBy: tag === undefined ? undefined : `the tag ${target.replace(/^(?:refs\/)?tags\//, '')}`,
    };
}
/** Git's rules for ref names, as far as they keep a name from meaning something else: https://git-scm.com/docs/git-check-ref-format */
function isRevisionName(name) {
    const forbidden = [...name].some((char) => char <= ' ' || '~^:?*[\\\u007f'.includes(char));
    return name !== '' && name.length <= 255 && !forbidden && !/^[-/]|\.\.|@\{|\/\/|[/.]$|\.lock$/.test(name);
}
async function findParent(repository, { head, target, steps }) {
    if (steps > furthestParent)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${codeTarget} is "${target}"; go back at most ${furthestParent} commits, or name the commit`);
    // a hundred commits at a time: on a branch without merges these are a hundred steps
    let known = new Map();
    let sha = head;
    for (let step = 0;; step += 1) {
        if (!known.has(sha)) {
            const listed = await repository_listCommits(repository, { branch: sha, count: 100 });
            known = new Map(listed.map((commit) => [commit.sha, commit]));
        }
        const commit = known.get(sha) ?? (await repository_readCommit(repository, sha));
        if (step === steps)
            return { commit, foundBy: `${target}, counted along first parents`, vouchedBy: undefined };
        const parent = commit.parents[0];
        if (parent === undefined)
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${codeTarget} is "${target}", but the branch has only ${step + 1} commits`);
        sha = parent;
    }
}
/**
 * The newest deployment of the environment that was made before the bad one, has ever succeeded, whose content differs
 * from the bad one's, and that was not rolled back from itself.
 */
async function findLastSuccessfulDeployment(repository, { environment, branch, bad, head, rolledBack, mayBeElsewhere = false }) {
    await target_demandOnBranch(repository, { bad, head, branch });
    const { tree: badTree } = await repository_readCommit(repository, bad);
    let found;
    const { foundBy } = await findLastGood(repository, {
        environment,
        bad,
        reject: async ({ revision }) => {
            if (rolledBack.has(incidentId({ environment, revision })))
                return 'was rolled back from';
            const { status } = await standOf(repository, { base: revision, head });
            const isElsewhere = mayBeElsewhere && status === 'diverged';
            if (status !== 'ahead' && status !== 'identical' && !isElsewhere)
                return `is not on ${branch}`;
            if (revision !== bad && (await repository_isAncestor(repository, { older: bad, newer: revision })))
                return `is newer than ${bad.slice(0, 7)}, and has it in its history`;
            found = await repository_readCommit(repository, revision);
            return found.tree === badTree ? 'has the same content' : undefined;
        },
    });
    if (found === undefined)
        throw new TypeError('a deployment was found, and not its commit');
    return { commit: found, foundBy, vouchedBy: `a successful deployment of ${environment}` };
}
/** How a revision stands to another one; `gone` for one that was pushed away by force and is not there any more. */
async function standOf(repository, range) {
    try {
        return await repository_compareHistories(repository, range);
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk && refusal_isRefused(error.cause, 'not-found'))
            return { status: 'gone' };
        throw error;
    }
}
/**
 * The failed revision has to be in the history of the branch: what is not there cannot be undone there.
 * @throws InputError when it is not
 */
async function target_demandOnBranch(repository, { bad, head, branch }) {
    if (bad === head || (await repository_isAncestor(repository, { older: bad, newer: head })))
        return;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${bad.slice(0, 7)}, whose deployment failed, is not on ${branch}: there is nothing to undo; name the deployed branch in ${(0,lib_errors/* setting */.Pe)('branch')}, or the failed revision in ${(0,lib_errors/* setting */.Pe)('revision')}`);
}

;// CONCATENATED MODULE: ./lib/layers/code/warnings.js

const kinds = [
    {
        kind: 'migrations',
        pattern: /(^|\/)(migrations?|migrate|alembic|flyway|changelogs?)\/[^/]+|\.(up|down)\.sql$/i,
        message: 'database migrations are undone in the code and not in the database: the old code may meet the new schema; see db-restore',
    },
    {
        kind: 'lock-files',
        pattern: /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Gemfile\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|Cargo\.lock|go\.sum|composer\.lock|packages\.lock\.json|mix\.lock|pubspec\.lock|Podfile\.lock)$/,
        message: 'dependencies change: the build has to install them again',
    },
    {
        kind: 'workflow-files',
        pattern: /^\.github\/workflows\/[^/]+\.ya?ml$/,
        message: 'workflow files change, which the token of a workflow must not do: use the token of a GitHub App with `workflows: write`',
    },
];
/** What among the changes of a rollback needs a second look. @param isPlain a git server, which has no rules for workflow files */
function findWarnings({ paths, submodules, isComplete }, isPlain = false) {
    const modules = new Set([...submodules, ...paths.filter((path) => path === '.gitmodules')]);
    const asked = isPlain ? kinds.filter(({ kind }) => kind !== 'workflow-files') : kinds;
    const found = asked.map(({ kind, pattern, message }) => ({
        kind,
        message,
        paths: paths.filter((path) => pattern.test(path)),
    }));
    found.push({
        kind: 'submodules',
        message: 'submodules change: the commits that they are pinned to must still exist',
        paths: [...modules],
    });
    return [...found.filter((warning) => warning.paths.length > 0), ...(isComplete ? [] : [unlisted])];
}
const unlisted = {
    kind: 'unlisted',
    message: `more files change than GitHub lists (${listedFiles}), in trees that are too large to read: migrations, lock files and submodules among the others are not listed`,
    paths: [],
};
/** A warning in one line, with the first of its paths. */
function sayWarning({ message, paths }) {
    return paths.length === 0 ? message : `${message} (${paths.slice(0, 3).join(', ')})`;
}

;// CONCATENATED MODULE: ./lib/layers/code/restore.js











/**
 * Plans to bring the content of a good revision back; changes nothing. Made through the Git Data API, so it takes the same
 * few requests for a repository of any size, and no clone.
 * @throws InputError when the branch, the target or a path is not there, or the target does not undo the failed revision
 */
async function planRestore(repository, request) {
    const { branch, environment, bad } = request;
    const paths = parsePaths(request.paths);
    const { head, rollbacks, holding, base, takenBackBy } = await readStanding(repository, request);
    const rolledBack = new Set(rollbacks.map(({ incident }) => incident));
    // HEAD~n counts from where the branch stood before the rollbacks that are already there
    const target = await findTarget(repository, { ...request, head: base, rolledBack, mayBeElsewhere: true });
    const done = await findDone(repository, { holding, target, paths, head });
    const from = done?.from ?? head;
    const comparison = await repository_compareCommits(repository, { base: target.commit.sha, head: from });
    const elsewhere = await demandOlder(repository, {
        comparison,
        branch,
        environment,
        from,
        target,
        request: request.target,
        mayBeElsewhere: true,
    });
    await demandUndone(repository, { bad, from, branch, target, undone: comparison.commits });
    const current = comparison.commits.find(({ sha }) => sha === from) ?? (await repository_readCommit(repository, from));
    const pairs = await demandPairs(repository, {
        now: { tree: current.tree, name: `${branch} (at ${from.slice(0, 7)})` },
        before: { tree: target.commit.tree, name: target.commit.sha.slice(0, 7) },
        paths,
    });
    const undone = await findUndone(repository, { comparison, target, from, paths });
    const [changes, pulls, rules, collateral, neighbours] = await Promise.all([
        paths.length > 0
            ? changesAt(repository, pairs)
            : findChanges(repository, elsewhere === undefined ? comparison.files : undefined, {
                current,
                target: target.commit,
            }),
        findPulls(repository, undone.commits),
        repository_readBranchRules(repository, branch),
        findCollateral(repository, { bad, head: from, undone: undone.commits }),
        paths.length > 0 ? [] : neighboursOf(repository, { environment, target, from }),
    ]);
    const content = paths.length === 0 ? { kind: 'tree', tree: target.commit.tree } : contentOfPaths(current.tree, pairs);
    const elsewhereWarnings = elsewhere === undefined ? [] : [warnElsewhere(target, branch, elsewhere)];
    return {
        mode: 'restore',
        branch,
        head: from,
        target,
        paths,
        content,
        undone: undone.commits,
        undoneCount: undone.count,
        collateral,
        files: filesOf(changes, comparison),
        done: done?.commit,
        since: done?.since ?? [],
        takenBackBy,
        sameContent: done === undefined && isSame(content, current.tree),
        pulls,
        warnings: [...elsewhereWarnings, ...neighbours, ...findWarnings(changes, isPlain(repository))],
        way: chooseWay(request.delivery, rules),
        badIsRollback: rollbacks.some(({ commit }) => commit.sha === bad),
    };
}
/** Plans to deploy a good revision again while the branch stays where it is. @throws InputError as a restore does */
async function planDeployOnly(repository, request) {
    const plan = await planRestore(repository, request);
    const way = { way: 'none', because: 'the mode is deploy-only' };
    // nothing is written to the branch
    const ofBranch = new Set(['workflow-files', 'environments']);
    const warnings = plan.warnings.filter(({ kind }) => !ofBranch.has(kind));
    return { ...plan, mode: 'deploy-only', done: undefined, since: [], sameContent: false, warnings, way };
}
/**
 * The rollback of this incident that has brought the target back, in these very paths, and still holds. That is read from the
 * branch: a commit that says so, and has not that content, is none, nor is one whose paths were put back since.
 */
async function findDone(repository, { holding, target, paths, head, }) {
    // a later one of other paths takes nothing away from it
    const newest = holding.find((each) => overlaps(each.paths, paths));
    if (newest === undefined || newest.to !== target.commit.sha)
        return undefined;
    if (newest.paths.join('\0') !== paths.join('\0'))
        return undefined;
    const { tree } = target.commit;
    if (paths.length === 0)
        return newest.commit.tree === tree ? newest : undefined;
    const [brought, undone, now] = await Promise.all([newest.commit.sha, newest.from, head].map(async (sha) => readPairs(repository, { now: (await repository_readCommit(repository, sha)).tree, before: tree, paths })));
    const isBrought = brought?.every(isSamePair) ?? false;
    const isBack = now?.some((pair, index) => !isSamePair(pair) && isSameEntry(pair, undone?.[index])) ?? true;
    return isBrought && !isBack ? newest : undefined;
}
function isSameEntry(one, other) {
    return one.now?.sha === other?.now?.sha && one.now?.mode === other?.now?.mode;
}
function overlaps(one, other) {
    if (one.length === 0 || other.length === 0)
        return true;
    return one.some((path) => isBelow(path, other)) || other.some((path) => isBelow(path, one));
}
/** The commits that are undone; of some paths those that touch them. */
async function findUndone(repository, { comparison, target, from, paths, }) {
    const { commits: newest, aheadBy } = comparison;
    if (paths.length === 0)
        return { commits: newest, count: aheadBy };
    const range = { base: target.commit.sha, head: from };
    const commits = newest.length < aheadBy ? await repository_listRange(repository, range) : newest;
    const touching = await repository_commitsTouching(repository, { head: from, commits, paths });
    return { commits: touching, count: touching.length };
}
/**
 * A rollback has to undo the revision that failed.
 * @throws InputError when that is not on the branch, or the target has it in its history
 */
async function demandUndone(repository, { bad, from, branch, target: { commit }, undone, }) {
    if (undone.some(({ sha }) => sha === bad))
        return;
    const [failed, good] = [bad.slice(0, 7), commit.sha.slice(0, 7)];
    await target_demandOnBranch(repository, { bad, head: from, branch });
    const { status } = await repository_compareHistories(repository, { base: bad, head: commit.sha });
    if (status !== 'ahead' && status !== 'identical')
        return;
    const stands = status === 'identical'
        ? `${failed}, the revision that failed, itself`
        : `${good}, which has ${failed}, the revision that failed, in its history`;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `the target is ${stands}: nothing was changed, because the rollback would keep the fault; name a revision from before ${failed}`);
}
/** The files that change, with their lines where the comparison lists all of these. */
function filesOf({ paths }, { status, files }) {
    const isListed = status === 'ahead' && files.length < listedFiles;
    const lines = new Map(isListed ? files.map((file) => [file.path, file]) : []);
    return paths.map((path) => lines.get(path) ?? { path, additions: 0, deletions: 0 });
}
function isSame(content, tree) {
    return content.kind === 'tree' ? content.tree === tree : content.edits.length === 0;
}
function warnElsewhere({ commit }, branch, vouchedBy) {
    return {
        kind: 'elsewhere',
        message: `${commit.sha.slice(0, 7)} is not on ${branch}, and ${vouchedBy} vouches for it: ${branch} gets its content, without what was merged since the two parted`,
        paths: [],
    };
}

;// CONCATENATED MODULE: ./lib/layers/code/reset.js












/**
 * Plans to move a branch back to a good revision, so that what came after it is on the branch no more; changes nothing.
 * @throws InputError as a restore does, and for the default branch unless that is allowed
 */
async function planReset(repository, request) {
    const { branch, environment, bad, incident, paths, delivery, allowDefaultBranch } = request;
    if (paths.length > 0)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('paths')} is given, and a reset moves the whole branch; use mode: restore`);
    if (delivery === 'pull-request')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('code.delivery')} is pull-request, and a pull request cannot move a branch back; use mode: restore`);
    if (!allowDefaultBranch && branch === (await repository_readFacts(repository)).defaultBranch) {
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `mode: reset would remove commits from ${branch}, the default branch, which every clone has; use mode: restore, or set ${(0,lib_errors/* setting */.Pe)('allow-reset-default-branch')} to true`);
    }
    const head = await plan_demandHead(repository, branch);
    const resets = (await recent_listRollbackTags(repository)).filter((each) => each.reset === branch);
    const earlier = resets.find((each) => each.incident === incident);
    const base = earlier !== undefined && head === earlier.to ? earlier.from : head;
    const rolledBack = new Set(resets.map((each) => each.incident));
    const target = await findTarget(repository, { ...request, head: base, rolledBack, mayBeElsewhere: false });
    const comparison = await repository_compareCommits(repository, { base: target.commit.sha, head: base });
    const asked = { comparison, branch, environment, from: base, target, request: request.target };
    await demandOlder(repository, { ...asked, mayBeElsewhere: false });
    const undone = comparison.commits;
    await demandUndone(repository, { bad, from: base, branch, target, undone });
    const current = undone.find(({ sha }) => sha === base) ?? (await repository_readCommit(repository, base));
    const [changes, pulls, collateral, neighbours] = await Promise.all([
        findChanges(repository, comparison.files, { current, target: target.commit }),
        findPulls(repository, undone),
        findCollateral(repository, { bad, head: base, undone }),
        neighboursOf(repository, { environment, target, from: base }),
    ]);
    return {
        mode: 'reset',
        branch,
        head: base,
        target,
        paths: [],
        content: { kind: 'tree', tree: target.commit.tree },
        undone,
        undoneCount: comparison.aheadBy,
        collateral,
        files: filesOf(changes, comparison),
        done: head === target.commit.sha && base !== head ? target.commit : undefined,
        since: [],
        takenBackBy: undefined,
        sameContent: false,
        pulls,
        warnings: [...neighbours, ...findWarnings(changes, isPlain(repository))],
        way: { way: 'reset', because: 'the mode is reset' },
        badIsRollback: false,
        ...(earlier?.from === base && { safetyTag: earlier.tag }),
    };
}
/**
 * Resets the branch. What it was at is tagged first, so that nothing is lost.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
async function applyReset(repository, plan, { trace, now }) {
    const { branch, head: from, target, done, safetyTag } = plan;
    const { sha: to, tree } = target.commit;
    const receipt = { from, to, commit: to, tree, untagged: undefined, pull: undefined };
    if (done !== undefined)
        return { ...receipt, tag: safetyTag, outcome: 'already-rolled-back' };
    const move = { branch, from, to };
    if (safetyTag !== undefined) {
        await repository_resetBranch(repository, move);
        return { ...receipt, tag: safetyTag, outcome: 'rolled-back' };
    }
    const said = writeMessage(trace, scopeOf(plan));
    const tag = await publishReset(repository, move, { tag: tagOf(now), message: said });
    return { ...receipt, tag, outcome: 'rolled-back' };
}
/**
 * Moves a branch that was reset forward to where it was; done twice, it does nothing the second time.
 * @returns one sentence: where it is now
 * @throws RefusedError when others have put commits on it since
 */
async function undoReset(repository, branch, { from, now }) {
    const head = await plan_demandHead(repository, branch);
    const at = `${branch} is at ${head.slice(0, 7)}`;
    if (await repository_isAncestor(repository, { older: from, newer: head }))
        return `${at}, which has ${from.slice(0, 7)} in its history already`;
    if (head !== now) {
        throw new lib_errors/* RefusedError */.fk(`${at}, and no longer at ${now.slice(0, 7)}, where the reset moved it: nothing was changed; merge ${from} into ${branch} to have both`);
    }
    await repository_moveBranch(repository, { branch, from: head, to: from });
    return `${branch} is at ${from.slice(0, 7)} again`;
}
/** What taking a reset back would do, or did, as one sentence. Only planned, it changes nothing. @throws RefusedError as `undoReset` does */
async function takeResetBack(repository, branch, { from, to }, { isDryRun }) {
    if (!isDryRun)
        return undoReset(repository, branch, { from, now: to });
    return `${branch} would be moved from ${to.slice(0, 7)} forward to ${from.slice(0, 7)}, where it was before the reset`;
}
/** The newest reset of a branch that still stands; undefined when there is none. @param incident whose; undefined for anybody's */
async function findReset(repository, { branch, incident }) {
    const head = await demandHead(repository, branch);
    const tags = await listRollbackTags(repository);
    return tags.find((each) => each.reset === branch && each.to === head && (incident === undefined || each.incident === incident));
}

;// CONCATENATED MODULE: ./lib/layers/code/apply.js









/**
 * Applies a plan, or finishes what an earlier run of it began: commit, compare-and-swap of the branch, annotated tag; or
 * commit, branch of its own, pull request. With delivery `auto`, a rule that is only known when it refuses the commit
 * leads to the pull request, too. Can be killed between any two requests and run again: one rollback commit is made.
 * @throws ConflictError when the branch has moved since the plan, and then nothing is changed
 */
async function applyPlan(repository, plan, { trace, delivery, proposal, now, }) {
    const { head, content, done, way } = plan;
    const ids = { from: head, to: goalOf(plan), pull: undefined };
    const message = writeMessage(trace, scopeOf(plan));
    // the workflow that deploys does all of it
    if (plan.mode === 'deploy-only') {
        const { sha, tree } = plan.target.commit;
        return { ...ids, ...untagged, commit: sha, tree, outcome: 'rolled-back' };
    }
    if (plan.mode === 'reset')
        return applyReset(repository, plan, { trace, now });
    if (plan.mode === 'reapply' && done === undefined) {
        // people work on it: what is there stays as it is
        const found = await findProposed(repository, proposal);
        if (found !== undefined)
            return { ...ids, ...proposed, ...found, tree: '' };
    }
    if (done !== undefined) {
        // what people themselves have put back gets no tag of ours
        if (plan_takesBack(plan) && readTrailers(done.message).get('Rollback-Undoes') !== plan.rollback.sha)
            return { ...ids, ...untagged, commit: done.sha, tree: done.tree, outcome: 'already-rolled-back' };
        const tagged = await tagRollback(repository, plan, { commit: done, message });
        return { ...ids, ...tagged, commit: done.sha, tree: done.tree, outcome: 'already-rolled-back' };
    }
    const draft = { tree: await treeOf(repository, content), parents: [head], message };
    let why = way.because;
    if (way.way === 'direct') {
        try {
            const commit = await repository_createCommit(repository, draft);
            const tagged = await publishRollback(repository, plan, { commit, message });
            return { ...ids, ...tagged, commit: commit.sha, tree: draft.tree, outcome: 'rolled-back' };
        }
        catch (error) {
            if (delivery !== 'auto' || !(error instanceof lib_errors/* RefusedError */.fk) || !isRuleRefusal(error))
                throw error;
            why = error.message;
        }
    }
    const { commit, ...where } = await propose(repository, { draft, proposal }).catch((error) => {
        if (delivery !== 'auto' || !(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        throw new lib_errors/* RefusedError */.fk(`${why}, so the rollback takes a pull request: ${error.message}`, { cause: error });
    });
    const { sha, tree } = commit;
    return { ...ids, ...proposed, ...where, commit: sha, tree };
}
const untagged = { tag: undefined, untagged: undefined };
const proposed = { ...untagged, outcome: 'proposed' };

;// CONCATENATED MODULE: ./lib/layers/code/describe.js



const describe_listed = 20;
/** The plan as lines of a log. */
function describe_describePlan(plan) {
    const { branch, head, undone, undoneCount, collateral, done, takenBackBy, pulls = [], way } = plan;
    return [
        ...(takenBackBy === undefined ? [] : [takenBack(takenBackBy)]),
        `${branch}: ${head.slice(0, 7)} → ${goal(plan)}`,
        `${done === undefined ? 'undoes' : 'undid'} ${describe_count(undoneCount, 'commit')} in ${sayFiles(plan)}:`,
        ...(undoneCount > describe_listed ? [`  … ${olderCommits(undoneCount)}, and`] : []),
        ...undone
            .slice(-describe_listed)
            .map((commit) => `  ${commit.sha.slice(0, 7)} ${title(commit.message)} (${commit.author})`),
        ...(collateral.length === 0 ? [] : [collateralLine(collateral)]),
        ...(pulls.length === 0
            ? []
            : [`of the pull requests ${pulls.map(({ number }) => `#${number}`).join(', ')}`]),
        ...(done === undefined ? [`delivery: ${way.way}, because ${way.because}`] : []),
    ];
}
/** The plan as a section of the job summary. */
function describe_summarizePlan(plan, { owner, repo }) {
    const { branch, head, undone, undoneCount, done, since, takenBackBy, warnings } = plan;
    const pulls = plan.pulls ?? [];
    return [
        ...(takenBackBy === undefined ? [] : [markdown_paragraph(`${capital(takenBack(takenBackBy))}.`)]),
        markdown_heading(3, done === undefined ? 'What is undone' : 'What was undone'),
        markdown_bulletList([
            ['branch ', markdown_code(branch), ' of ', markdown_code(`${owner}/${repo}`)],
            ['from ', markdown_revision(head), ...goalInline(plan)],
            [
                `${describe_count(undoneCount, 'commit')} in ${sayFiles(plan)}`,
                ...(pulls.length === 0 ? [] : [' of ']),
                ...pulls.flatMap(({ number, url }, index) => [...(index > 0 ? [', '] : []), markdown_link(url, `#${number}`)]),
            ],
            ...(plan.collateral.length === 0 ? [] : [[strong('Warning: '), markdown_text(collateralLine(plan.collateral))]]),
            ...warnings.map(({ message, paths }) => [
                strong('Warning:'),
                markdown_text(` ${message}`),
                ...(paths.length === 0 ? [] : [' (', markdown_code(paths.slice(0, 3).join(', ')), ')']),
            ]),
        ]),
        ...(undoneCount > describe_listed ? [markdown_paragraph(`${olderCommits(undoneCount)}, and the newest ${describe_listed}:`)] : []),
        commitTable(undone),
        ...(since.length === 0
            ? []
            : [markdown_heading(3, 'What came on top of it since, and stays'), commitTable(since)]),
    ];
}
/** What the undone commits did to files: `6 files (+9 −1 lines)`; the lines where they were counted. */
function sayFiles({ files, warnings }) {
    const sum = (what) => files.reduce((total, file) => total + file[what], 0);
    const [added, deleted] = [sum('additions'), sum('deletions')];
    const more = warnings.some(({ kind }) => kind === 'unlisted') ? ' or more' : '';
    const lines = added + deleted === 0 ? '' : ` (+${added} −${deleted} lines)`;
    return `${describe_count(files.length, 'file')}${more}${lines}`;
}
function goal(plan) {
    if (plan.mode === 'revert')
        return 'the same without the commits below, and with all that came after them';
    if (plan_takesBack(plan))
        return `what the rollback ${plan.rollback.sha.slice(0, 7)} undid is there again, and what came after it stays`;
    const { target, paths } = plan;
    const what = paths.length === 0 ? 'content' : paths.join(', ');
    return `${what} of ${target.commit.sha.slice(0, 7)} (${target.foundBy})`;
}
function goalInline(plan) {
    if (plan.mode === 'revert')
        return [' to the same without the commits below; what came after them stays'];
    if (plan_takesBack(plan))
        return [
            ': what the rollback ',
            markdown_revision(plan.rollback.sha),
            ' undid is there again; what came after it stays',
        ];
    const { target, paths } = plan;
    const what = paths.length === 0 ? [' to the content of '] : [' to ', markdown_code(paths.join(', ')), ' of '];
    return [...what, markdown_revision(target.commit.sha), ': ', target.foundBy];
}
/** How things stand after a rollback was applied, or was found to be there, as a line of a log. */
function describeReceipt(plan, { from, commit, tag, pull, proposedOn }) {
    const { branch, since, mode } = plan;
    if (pull !== undefined)
        return `${branch} stays where it is: ${takesBack(plan) ? 'taking the rollback back' : 'the rollback'} is proposed by pull request #${pull.number}, ${pull.url}`;
    if (proposedOn !== undefined)
        return `${branch} stays where it is: the undone work is on the branch ${proposedOn} again,  at ${commit.slice(0, 7)}; fix the fault there, and merge it`;
    if (mode === 'reset') {
        const kept = tag === undefined ? '' : `; what it was at, ${from.slice(0, 7)}, is tagged ${tag}`;
        return `${branch} was moved back to ${commit.slice(0, 7)}${kept}: deploy ${commit}`;
    }
    if (mode === 'deploy-only')
        return `${branch} stays where it is: ${commit} is deployed`;
    const tagged = tag === undefined ? '' : `, tagged ${tag}`;
    const now = since.at(-1);
    if (now === undefined)
        return `${branch} is at ${commit.slice(0, 7)}${tagged}: deploy ${commit}`;
    if (takesBack(plan))
        return `${branch} was put back by ${commit.slice(0, 7)}${tagged} before, and has moved on to ${now.sha.slice(0, 7)} since (${describe_count(since.length, 'commit')} on top): nothing was changed`;
    return `${branch} was rolled back by ${commit.slice(0, 7)}${tagged} before, and has moved on to ${now.sha.slice(0, 7)} since (${describe_count(since.length, 'commit')} on top): nothing was changed; to roll that back, too, run this for that revision`;
}
/** The same as paragraphs of the job summary. */
function summarizeReceipt(plan, { from, commit, tag, untagged, pull, proposedOn }) {
    const { branch, since, mode } = plan;
    if (pull !== undefined) {
        const what = takesBack(plan) ? 'taking the rollback back' : 'the rollback';
        const proposed = [code(branch), ` stays where it is: ${what} is proposed by `];
        return [
            paragraph(...proposed, link(pull.url, `#${pull.number}`), '. It takes effect when that is merged.'),
        ];
    }
    if (proposedOn !== undefined) {
        const stays = [code(branch), ' stays where it is: the undone work is on the branch ', code(proposedOn)];
        return [paragraph(...stays, ' again. Fix the fault there, and merge it.')];
    }
    if (mode === 'reset') {
        const kept = tag === undefined ? [] : ['; what it was at, ', revision(from), ', is tagged ', code(tag)];
        const moved = [code(branch), ' was moved back to ', revision(commit), ...kept];
        return [paragraph(...moved, '. This deploys nothing: deploy that revision now.')];
    }
    if (mode === 'deploy-only')
        return [paragraph(code(branch), ' stays where it is, and ', revision(commit), ' is deployed.')];
    const tagged = tag === undefined ? [] : [', tagged ', code(tag)];
    const now = since.at(-1);
    return [
        now === undefined
            ? paragraph(code(branch), ' is at ', revision(commit), ...tagged, '. This deploys nothing: deploy this revision now.')
            : paragraph(code(branch), takesBack(plan) ? ' was put back by ' : ' was rolled back by ', revision(commit), ...tagged, ' before, and has moved on to ', revision(now.sha), ' since: nothing was changed.', ...(takesBack(plan) ? [] : [' To roll that back, too, run this for that revision.'])),
        ...(untagged === undefined ? [] : [paragraph('The rollback has no tag: ', untagged, '.')]),
    ];
}
/** The undone commits that a list leaves out. */
function olderCommits(undoneCount) {
    return describe_count(undoneCount - describe_listed, 'older commit');
}
/** What nobody found fault with, and is undone with the rest. */
function collateralLine(collateral) {
    const ids = collateral.map(({ sha }) => sha.slice(0, 7));
    const shown = ids.slice(-describe_listed).join(', ');
    return `${describe_count(ids.length, 'commit')} of these came after the failed revision, and ${ids.length === 1 ? 'goes' : 'go'} with it: ${shown}${ids.length > describe_listed ? '…' : ''}`;
}
function takenBack({ sha, message }) {
    return `an earlier rollback of this incident was taken back by ${sha.slice(0, 7)} (${title(message)}): that is undone again`;
}
function commitTable(commits) {
    const rows = commits
        .slice(-describe_listed)
        .map(({ sha, message, author }) => [markdown_revision(sha), markdown_code(title(message)), markdown_code(author)]);
    return markdown_table(['commit', 'title', 'author'], rows);
}
function capital(text) {
    return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
/** The recent rollbacks as a section of the job summary. */
function summarizeRecent(recent) {
    if (recent.length === 0)
        return [paragraph('There is no tag of a rollback in this repository.')];
    return [
        table(['when (UTC)', 'what', 'environment', 'from', 'to', 'why', 'by', 'tag'], recent.map(({ at, kind, environment, from, to, reason, by, tag, reset }) => [
            at.toISOString().slice(0, 19).replace('T', ' '),
            kind === 'undo' ? 'taken back' : reset === undefined ? 'rolled back' : 'moved back',
            code(environment),
            from === '' ? '' : revision(from),
            /^[0-9a-f]{40}$/.test(to) ? revision(to) : text(shortGoal(to)),
            text(reason),
            code(by),
            code(tag),
        ])),
    ];
}
/** The first line of a commit's message. */
function title(message) {
    return message.split('\n', 1)[0] ?? '';
}
function describe_count(n, noun) {
    return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

;// CONCATENATED MODULE: ./lib/layers/code/revert-plan.js









/** How deep a clone is made to undo a commit: deeper ones are restored rather than reverted. */
const deepest = 5_000;
/**
 * Plans to undo some commits and to keep what came after them; changes nothing.
 * @throws InputError when a commit is not on the branch, or is a merge without a mainline
 * @throws ConflictError with the files, when later commits stand in the way
 */
async function planRevert(repository, request, openClone) {
    const { branch, commits: names, mainline } = request;
    const { head, rollbacks, holding, base, takenBackBy } = await readStanding(repository, request);
    await target_demandOnBranch(repository, { bad: request.bad, head: base, branch });
    const found = await findCommits(repository, { names, branch, head, at: base, mainline });
    // the oldest commit, its parents, and all that came on top
    const git = await openClone({ head, depth: found.depth + 2 });
    const commits = await sortByAge(git, found.commits, head);
    const revertFrom = (at) => revertTree(git, { head: at, commits: commits.map(({ sha }) => sha).reverse(), mainline });
    const earlier = holding[0]?.to === revertGoal(commits) ? holding[0] : undefined;
    const revertedBefore = earlier && (await revertFrom(earlier.from));
    // one that says so, and has another content, is none: of a merge another parent may have stayed
    const done = revertedBefore?.tree === earlier?.commit.tree ? earlier : undefined;
    const from = done?.from ?? head;
    const reverted = (done && revertedBefore) ?? (await revertFrom(from));
    const [{ tree }, content, pulls, rules] = await Promise.all([
        repository_readCommit(repository, from),
        contentOfRevert(git, { head: from, reverted }),
        findPulls(repository, commits),
        repository_readBranchRules(repository, branch),
    ]);
    const changes = changesOf(reverted.edits);
    return {
        mode: 'revert',
        branch,
        head: from,
        content,
        undone: commits,
        undoneCount: commits.length,
        collateral: [],
        files: changes.paths.map((path) => ({ path, additions: 0, deletions: 0 })),
        done: done?.commit,
        since: done?.since ?? [],
        takenBackBy,
        sameContent: done === undefined && tree === reverted.tree,
        pulls,
        warnings: findWarnings(changes, isPlain(repository)),
        way: chooseWay(request.delivery, rules),
        badIsRollback: rollbacks.some(({ commit }) => commit.sha === request.bad),
    };
}
/**
 * The commits that are named, each once, and how many commits the oldest is back from the head.
 * @param at the revision that they have to be in the history of
 */
async function findCommits(repository, { names, branch, head, at, mainline, }) {
    const found = new Map();
    let depth = 0;
    for (const name of names) {
        const [first = '', last] = name.split('..');
        const base = await demandRevision(repository, first);
        const named = last === undefined ? base : await demandRevision(repository, last);
        // the branch by its name is where it stood before the rollback that is there already
        const tip = last !== undefined && named === head ? at : named;
        if (!(await repository_isAncestor(repository, { older: tip, newer: at })))
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('commits')} names ${tip.slice(0, 7)}, which is not on ${branch}: nothing was changed`);
        const { aheadBy } = await repository_compareHistories(repository, { base, head });
        if (aheadBy >= deepest)
            throw new lib_errors/* InputError */.dz(`commit ${base.slice(0, 7)} is ${aheadBy} commits back; a revert goes back ${deepest} at most: use mode: restore`);
        depth = Math.max(depth, aheadBy);
        const range = last === undefined
            ? [await repository_readCommit(repository, base)]
            : await repository_listRange(repository, { base, head: tip });
        const chain = mainline === undefined || last === undefined ? range : mainlineOf(range, tip, mainline);
        for (const commit of chain)
            found.set(commit.sha, commit);
    }
    if (found.size > 0)
        return { commits: [...found.values()], depth };
    throw new lib_errors/* InputError */.dz(names.length === 0
        ? (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('commits')} names no commits; name those that are to be undone`
        : (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('commits')} is "${names.join(', ')}", and no commit is in that range; write the older end first, such as v1.2..main`);
}
/**
 * Of a range the commits along the parent that stays: a merge is undone with all that it brought, and what it brought is not
 * undone a second time. As `git revert -m 1 $(git rev-list --first-parent A..B)`.
 */
function mainlineOf(range, tip, mainline) {
    const known = new Map(range.map((commit) => [commit.sha, commit]));
    const chain = [];
    for (let commit = known.get(tip); commit !== undefined;) {
        chain.push(commit);
        const { parents } = commit;
        commit = known.get(parents[parents.length > 1 ? mainline - 1 : 0] ?? '');
    }
    return chain;
}
/** Oldest first, as the branch has them. */
async function sortByAge(git, commits, head) {
    const order = (await git.run(['rev-list', '--topo-order', '--reverse', head])).split('\n');
    const age = new Map(order.map((sha, index) => [sha, index]));
    return commits.toSorted((a, b) => (age.get(a.sha) ?? 0) - (age.get(b.sha) ?? 0));
}
async function demandRevision(repository, name) {
    const commits = (0,lib_errors/* setting */.Pe)('commits');
    const found = /^[\w./-]+$/.test(name) ? await repository_findNamed(repository, name) : undefined;
    if (found?.branch !== undefined && found.tag !== undefined && found.branch !== found.tag)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${commits} names "${name}", which is a tag and a branch; write tags/${name} or heads/${name}`);
    const sha = found?.tag ?? found?.branch ?? found?.commit;
    if (sha !== undefined)
        return sha;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${commits} names "${name}", and ${repository.owner}/${repository.repo} has no such revision; write ids of commits, or ranges such as v1.2..main`);
}

;// CONCATENATED MODULE: ./lib/layers/code/plan-rollback.js



/** Plans the rollback in its mode; changes nothing. @throws InputError, ConflictError as the planner of the mode does */
function planRollback(repository, request, openClone) {
    switch (request.mode) {
        case 'restore':
            return planRestore(repository, request);
        case 'reset':
            return planReset(repository, request);
        case 'deploy-only':
            return planDeployOnly(repository, request);
        case 'revert':
            return planRevert(repository, request, openClone);
    }
}

;// CONCATENATED MODULE: ./lib/layers/code/reland.js
/**
 * How the work that a rollback undid comes back: merging its branch again says "Already up to date". The rollback commit is
 * found by its trailer, because a pull request that is squashed or rebased gives it another id.
 */
function relandCommands({ branch, incident }) {
    const remote = reland_quote(`origin/${branch}`);
    return [
        'git fetch origin',
        `git switch -c ${reland_quote(`reapply-${incident}`)} ${remote}`,
        `git revert "$(git log -1 --format=%H --grep=${reland_quote(`^Rollback-Incident: ${incident}$`)} ${remote})"`,
        '# fix the fault, commit, push, open a pull request',
    ].join('\n');
}
/** For a shell: a branch may be called anything. */
function reland_quote(word) {
    return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

;// CONCATENATED MODULE: ./lib/layers/code/proposal.js







/** The branch that a rollback's pull request comes from: one an incident, and one each for paths that are restored alone. */
function rollbackBranch(incident, paths = []) {
    const own = (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(paths)).digest('hex').slice(0, 8);
    return paths.length === 0 ? `rollback/${incident}` : `rollback/${incident}-${own}`;
}
/** The pull request that proposes a rollback: what is undone, why, and how the work comes back. */
function writeProposal(repository, plan, trace, wishes) {
    demandReviewers(wishes.reviewers);
    return {
        ...wishes,
        base: plan.branch,
        branch: plan_takesBack(plan)
            ? `${rollbackBranch(trace.incident)}-${plan.mode}`
            : rollbackBranch(trace.incident, 'paths' in plan ? plan.paths : []),
        title: message_subjectOf(trace),
        body: renderMarkdown([
            markdown_paragraph(markdown_text(trace.reason)),
            ...describe_summarizePlan(plan, repository),
            ...(plan.mode === 'reapply' ? howToFix(plan, trace) : afterTheMerge(plan, trace)),
        ]),
        draft: plan.mode === 'reapply',
    };
}
function afterTheMerge(plan, { incident }) {
    const deploys = 'Merging this deploys nothing by itself where the deployment is not started by a push.';
    if (plan_takesBack(plan))
        return [markdown_heading(3, 'After the merge'), markdown_paragraph(deploys)];
    return [
        markdown_heading(3, 'After the merge'),
        markdown_paragraph(`${deploys} The undone work does not come back by merging its branch again, because its commits are in the history already: revert this pull request instead, and fix the fault there.`),
        codeBlock(relandCommands({ branch: plan.branch, incident }), 'sh'),
        markdown_paragraph('Or run this action with ', markdown_code('target: reapply'), ': it opens a draft pull request with that.'),
    ];
}
function howToFix({ branch }, { incident }) {
    const own = `${rollbackBranch(incident)}-reapply`;
    return [
        markdown_heading(3, 'What to do here'),
        markdown_paragraph('This brings all of it back, the fault included. Fix the fault on this branch, then mark the pull request as ready and merge it into ', markdown_code(branch), ':'),
        codeBlock(`git fetch origin\ngit switch ${own}\n# fix the fault\ngit commit --all\ngit push origin ${own}`, 'sh'),
    ];
}

;// CONCATENATED MODULE: ./lib/layers/code/undo.js









/** How many of the branch's newest commits a rollback is looked for in. */
const undo_furthest = 100;
/**
 * The rollback that is to be taken back.
 * @param incident whose rollback; undefined for the newest one of the branch
 * @throws InputError when there is none
 */
async function findUndoable(repository, { branch, incident }) {
    const head = await demandHead(repository, branch);
    const rollbacks = findRollbacks(await listCommits(repository, { branch: head, count: undo_furthest }));
    const found = rollbacks.find((each) => incident === undefined || each.incident === incident);
    if (found !== undefined)
        return found;
    const whose = incident === undefined ? '' : ` for the incident ${incident}`;
    throw new InputError(message `there is no rollback${whose} among the newest ${undo_furthest} commits of ${branch}: nothing was changed; name the failed revision in ${setting('revision')}, or the branch in ${setting('branch')}`);
}
/**
 * Plans to take a rollback back: what it undid is there again, and what came on top of it stays. Changes nothing. Takes a
 * clone only when something came on top.
 * @throws RefusedError when the rollback is not on the branch, ConflictError with the files when later work stands in the way
 */
async function planUndo(repository, { mode, branch, incident, rollback: sha, delivery }, openClone) {
    const [head, rollback] = await Promise.all([plan_demandHead(repository, branch), repository_readCommit(repository, sha)]);
    const [from] = rollback.parents;
    if (from === undefined)
        throw new lib_errors/* InputError */.dz(`commit ${sha.slice(0, 7)} is the first of its history, and no rollback: there is nothing to take back`);
    if (!(await repository_isAncestor(repository, { older: sha, newer: head }))) {
        throw new lib_errors/* RefusedError */.fk(`the rollback ${sha.slice(0, 7)} is no longer on ${branch} (at ${head.slice(0, 7)}): there is nothing to take back`);
    }
    const { files } = await repository_compareCommits(repository, { base: from, head: sha });
    const [changes, { since, takenBackBy: done }, { tree }, pulls, rules] = await Promise.all([
        repository_readCommit(repository, from).then((target) => findChanges(repository, files, { current: rollback, target })),
        lookAfter(repository, { commit: rollback, from }, head),
        repository_readCommit(repository, head),
        findPulls(repository, [rollback]),
        repository_readBranchRules(repository, branch),
    ]);
    const content = done === undefined
        ? await contentOfUndo(repository, { head, tree, rollback, from, openClone })
        : { kind: 'tree', tree: done.tree };
    return {
        mode,
        incident,
        branch,
        head: done?.parents[0] ?? head,
        rollback,
        content,
        undone: [rollback],
        undoneCount: 1,
        collateral: [],
        files,
        done,
        since: done === undefined ? [] : since.slice(since.findIndex((each) => each.sha === done.sha) + 1),
        takenBackBy: undefined,
        sameContent: done === undefined && isUnchanged(content, tree),
        pulls,
        warnings: findWarnings(changes, isPlain(repository)),
        way: mode === 'undo'
            ? chooseWay(delivery, rules)
            : {
                way: isPlain(repository) ? 'branch' : 'pull-request',
                because: 'the fault is fixed there before the work comes back',
            },
        badIsRollback: true,
    };
}
async function contentOfUndo(repository, { head, tree, rollback, from, openClone, }) {
    // also below the merge commit of the pull request that brought it
    if (tree === rollback.tree)
        return { kind: 'tree', tree: (await repository_readCommit(repository, from)).tree };
    const { aheadBy } = await repository_compareHistories(repository, { base: rollback.sha, head });
    const git = await openClone({ head, depth: aheadBy + 2 });
    const reverted = await revertTree(git, { head, commits: [rollback.sha], mainline: undefined });
    return contentOfRevert(git, { head, reverted });
}
function isUnchanged(content, tree) {
    return content.kind === 'tree' ? content.tree === tree : content.edits.length === 0;
}

;// CONCATENATED MODULE: ./lib/layers/code/verify.js

/** Reads the branch again: its content is that of the rollback, or it has gone on from there. */
async function verifyBranch(repository, branch, { commit, tree }) {
    const head = await repository_readRef(repository, `heads/${branch}`);
    if (head === undefined)
        return { ok: false, evidence: `there is no branch ${branch} any more` };
    const seen = await repository_readCommit(repository, head);
    const at = `${branch} is at ${head.slice(0, 7)}`;
    if (seen.tree === tree)
        return {
            ok: true,
            evidence: `${at}, whose content is the one that was planned (tree ${tree.slice(0, 7)})`,
        };
    if (await repository_isAncestor(repository, { older: commit, newer: head }))
        return { ok: true, evidence: `${at} by now, with ${commit.slice(0, 7)} in its history` };
    return { ok: false, evidence: `${at}, and ${commit.slice(0, 7)} is not in its history` };
}

;// CONCATENATED MODULE: ./lib/layers/code/layer.js












/** The code: a branch of the repository, rolled back by one commit on top of it. */
function openCodeLayer(options) {
    const { repository, rollback, openClone } = options;
    return {
        name: 'code',
        async plan() {
            const plan = await planRollback(repository, rollback, openClone);
            return { view: viewCode(plan, options.lookedAfter), apply: () => applyCode(options, plan) };
        },
        undo: (done) => undoCode(options, done),
    };
}
/** A plan of the code, in the words of all layers. */
function viewCode(plan, lookedAfter = new Set()) {
    const { branch, head, undone, undoneCount, collateral, warnings, badIsRollback } = plan;
    return {
        layer: 'code',
        state: isStanding(plan) ? 'done' : 'pending',
        from: head,
        to: goalOf(plan),
        ...(isStanding(plan) && { now: plan.done?.sha ?? head }),
        foundBy: foundBy(plan),
        steps: stepsOf(plan),
        undone: undone.map(({ sha, message, author }) => ({ revision: sha, title: title(message), author })),
        undoneCount,
        losses: collateral.map(({ sha, message, author }) => `commit ${sha.slice(0, 7)} (${title(message)}, ${author}) came after the failed revision, and is undone with it`),
        warnings: warnings.filter(({ kind }) => !lookedAfter.has(kind)).map(sayWarning),
        needsPerson: [
            ...(badIsRollback && !plan_takesBack(plan)
                ? ['the failed revision is itself a rollback, which is not rolled back automatically']
                : []),
            // it was deployed once, but nobody has merged it
            ...warnings
                .filter(({ kind }) => kind === 'elsewhere')
                .map(() => `${goalOf(plan).slice(0, 7)} is not on ${branch}, which would get content that was not merged`),
        ],
        basis: { [`head of ${branch}`]: head },
    };
}
/** What was done to the code, in the words of all layers. @param verified what was seen of the branch afterwards */
function receiptCode(plan, { from, to, commit, outcome, tag, untagged, pull }, verified) {
    return {
        outcome,
        from,
        to,
        now: commit,
        kept: plan.mode === 'reset' ? { reset: plan.branch } : {},
        branch: plan.branch,
        ...(tag !== undefined && { tag }),
        ...(pull !== undefined && { pull: { number: pull.number, url: pull.url } }),
        ...(untagged !== undefined && { warnings: [`the rollback has no tag: ${untagged}`] }),
        verified,
    };
}
function isStanding({ done, sameContent }) {
    return done !== undefined || sameContent;
}
function foundBy(plan) {
    switch (plan.mode) {
        case 'revert':
            return 'these commits were named';
        case 'undo':
        case 'reapply':
            return 'the newest rollback of the branch, or of the revision that was named';
        default:
            return plan.target.foundBy;
    }
}
function stepsOf(plan) {
    const { branch, way } = plan;
    if (isStanding(plan))
        return [`nothing: ${branch} has that content already`];
    const [, ...lines] = describe_describePlan(plan);
    const how = {
        direct: `put one commit on top of ${branch}, and tag it`,
        branch: `put one commit on a branch of its own; it takes effect when that is merged into ${branch}`,
        'pull-request': `open a pull request to ${branch}; it takes effect when that is merged`,
        reset: `tag the head of ${branch}, and move ${branch} back`,
        none: `deploy the good revision, and leave ${branch} as it is`,
    }[way.way];
    return [`${how} (${way.because})`, ...lines.filter((line) => line.startsWith('of the pull requests'))];
}
async function applyCode(options, plan) {
    const { repository } = options;
    if (plan.sameContent) {
        const { head: from, branch } = plan;
        const evidence = `${branch} is at ${from.slice(0, 7)}, which has that content already`;
        const receipt = {
            outcome: 'already-rolled-back',
            from,
            to: goalOf(plan),
            now: from,
            kept: {},
            branch,
        };
        return { ...receipt, verified: { ok: true, evidence } };
    }
    const receipt = await applyGit(options, plan);
    const isOnBranch = receipt.pull === undefined;
    const verified = isOnBranch ? await verifyBranch(repository, plan.branch, receipt) : undefined;
    return receiptCode(plan, receipt, verified);
}
function applyGit({ repository, rollback, wishes, reason, by, runUrl, now }, plan) {
    const { incident, environment, delivery } = rollback;
    const trace = {
        incident,
        environment,
        from: plan.head,
        to: goalOf(plan),
        reason,
        by,
        runUrl,
    };
    const proposal = writeProposal(repository, plan, trace, wishes);
    return applyPlan(repository, plan, { trace, delivery, proposal, now: now() });
}
async function undoCode(options, done) {
    const { repository, rollback, openClone } = options;
    const { branch, delivery, incident } = rollback;
    if (done.kept['reset'] !== undefined)
        return undoReset(repository, branch, done);
    // one that was only proposed is not on the branch, unless its pull request was merged since
    const commit = done.now === done.from ? await withdraw(options) : done.now;
    if (commit === undefined)
        return `${branch} was not changed, and the pull request is closed`;
    const plan = await planUndo(repository, { mode: 'undo', branch, incident, rollback: commit, delivery }, openClone);
    if (plan.done !== undefined)
        return `${branch} was put back by ${plan.done.sha.slice(0, 7)} before: ${commit.slice(0, 7)} is taken back`;
    if (plan.sameContent)
        return `${branch} has the content from before ${commit.slice(0, 7)} already`;
    const receipt = await applyGit(options, plan);
    if (receipt.pull !== undefined) {
        throw new lib_errors/* RefusedError */.fk(`the rules of ${branch} want a pull request for taking the rollback back: merge #${receipt.pull.number}, ${receipt.pull.url}`);
    }
    const { ok, evidence } = await verifyBranch(repository, branch, receipt);
    if (!ok)
        throw new lib_errors/* RefusedError */.fk(`the rollback was taken back by ${receipt.commit.slice(0, 7)}, but ${evidence}`);
    return `${receipt.commit.slice(0, 7)} takes ${commit.slice(0, 7)} back: ${evidence}`;
}
/** Closes the pull request that proposes the rollback. @returns the rollback commit, when it was merged before */
async function withdraw({ repository, rollback }) {
    const { incident, branch } = rollback;
    const paths = 'paths' in rollback ? parsePaths(rollback.paths) : [];
    const pull = await findOpenPull(repository, { head: rollbackBranch(incident, paths), base: branch });
    if (pull !== undefined)
        await closePull(repository, pull);
    const { holding } = await readStanding(repository, { branch, incident });
    return holding.find((each) => each.paths.join('\0') === paths.join('\0'))?.commit.sha;
}

// EXTERNAL MODULE: external "node:url"
var external_node_url_ = __webpack_require__(3136);
;// CONCATENATED MODULE: ./lib/layers/database/connection.js


const tlsModes = {
    disable: 'off',
    require: 'encrypt',
    'verify-ca': 'verify',
    'verify-full': 'verify',
};
const examples = 'sqlite:data/app.db, postgres://user:password@host/app or mysql://user:password@host/app';
/** What of a connection is secret, to keep it out of every text. */
function secretsOf(connection) {
    return connection.engine === 'sqlite' ? [] : [connection.password];
}
/**
 * Reads the address of a database. No message repeats it, as it holds the password.
 * @throws InputError that says what is wrong and what to write instead, without naming the input
 */
function parseConnection(url) {
    if (/^(?:sqlite3?|file):/i.test(url))
        return { engine: 'sqlite', path: pathOf(url) };
    refuseOtherKinds(url);
    refuseRawCharacters(url);
    if (!/^[a-z0-9+.-]+:\/\//i.test(url) || !URL.canParse(url))
        throw new lib_errors/* InputError */.dz(`is not an address of a database; write one such as ${examples}`);
    const parsed = new URL(url);
    const engine = engineOf(parsed.protocol);
    const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
    if (database === '' || database.includes('\0'))
        throw new lib_errors/* InputError */.dz('names no database; write its name at the end, such as postgres://user@host/app');
    const socket = parsed.searchParams.get('socket') ?? parsed.searchParams.get('host');
    const host = socket ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1');
    if (host === '')
        throw new lib_errors/* InputError */.dz(`names no host; write an address such as ${examples}`);
    return {
        engine,
        host,
        port: Number(parsed.port || (engine === 'postgres' ? 5432 : 3306)),
        user: decodeURIComponent(parsed.username),
        password: decodeURIComponent(parsed.password),
        database,
        tls: tlsOf(parsed, host),
        ca: parsed.searchParams.get('sslrootcert') ?? parsed.searchParams.get('ssl-ca') ?? undefined,
    };
}
function pathOf(url) {
    if (/[?#]/.test(url))
        throw new lib_errors/* InputError */.dz('has a "?" or "#" after the path of a SQLite file, and options such as ?mode=ro are not supported; write the path alone, with %3F and %23 for these characters in a name');
    let path;
    try {
        path = /^file:\/\//i.test(url)
            ? (0,external_node_url_.fileURLToPath)(url)
            : decodeURIComponent(url.replace(/^[a-z0-9]+:(?:\/\/(?=\/))?/i, ''));
    }
    catch {
        throw new lib_errors/* InputError */.dz('is no path of a file: write a percent sign in a name as %25, and a path without a host, such as sqlite:/srv/app.db');
    }
    if (path === '' || path === ':memory:' || path.includes('\0'))
        throw new lib_errors/* InputError */.dz('names no file; write one such as sqlite:data/app.db');
    return path;
}
/** Kinds of address that other programs take for the same databases, and how they begin here. */
const otherKinds = [
    [/^jdbc:(postgresql):/i, 'postgres://user:password@host/app'],
    [/^jdbc:(mysql|mariadb):/i, 'mysql://user:password@host/app'],
    [/^(?:jdbc:)?(sqlite)(?:\+\w+)?:\/\/\//i, 'sqlite:data/app.db'],
    [/^(postgres(?:ql)?\+\w+|pgsql|pg|postgis):/i, 'postgres://user:password@host/app'],
    [/^((?:mysql|mariadb)\+\w+|mysql2|mysqli|trilogy):/i, 'mysql://user:password@host/app'],
];
function refuseOtherKinds(url) {
    for (const [begins, instead] of otherKinds)
        if (begins.test(url))
            throw new lib_errors/* InputError */.dz(`begins with "${/^(?:jdbc:)?[^:]*:/i.exec(url)?.[0]}", which is for a driver of another language; write ${instead}`);
}
/** Characters that end a part of an address, and have to be encoded in a name or a password. */
const encoded = {
    '@': '%40',
    '#': '%23',
    '/': '%2F',
    '?': '%3F',
    '%': '%25',
};
/** A raw `#`, `/`, `?` or `%` in a password makes the rest of the address something else. */
function refuseRawCharacters(url) {
    const [, authority = '', rest = ''] = /^[a-z0-9+.-]+:\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
    const [, first = ''] = /^([/?#])/.exec(rest) ?? [];
    const [path = ''] = rest.split('?');
    // what follows the host has no @ unless the password had what ends it
    const isCut = !authority.includes('@') ? /@/.test(first === '?' ? rest : path) : /@/.test(path);
    const raw = isCut ? first : rest.includes('#') ? '#' : !isDecodable(authority + path) ? '%' : undefined;
    if (raw !== undefined)
        throw new lib_errors/* InputError */.dz(`has a "${raw}" that is not percent-encoded, such as in the password; write ${encoded[raw]} for it (@ is %40, # is %23, / is %2F, ? is %3F, % is %25)`);
}
function isDecodable(text) {
    try {
        return decodeURIComponent(text) !== undefined;
    }
    catch {
        return false;
    }
}
function engineOf(protocol) {
    if (protocol === 'postgres:' || protocol === 'postgresql:')
        return 'postgres';
    if (protocol === 'mysql:' || protocol === 'mariadb:')
        return 'mysql';
    throw new lib_errors/* InputError */.dz(`is of a kind of database that is not known; write one such as ${examples}`);
}
/** On this machine nothing is encrypted unless asked for; over a network everything is, unless told otherwise. */
function tlsOf({ searchParams }, host) {
    const asked = searchParams.get('sslmode') ?? searchParams.get('ssl-mode');
    if (asked === null)
        return isLocal(host) ? 'off' : 'encrypt';
    const mode = tlsModes[asked.toLowerCase()];
    if (mode === undefined)
        throw new lib_errors/* InputError */.dz(`has an unknown sslmode; write one of ${Object.keys(tlsModes).join(', ')}`);
    return mode;
}
function isLocal(host) {
    return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
}

;// CONCATENATED MODULE: ./lib/layers/database/layer-options.js
/** What a view says where it has nothing to say. */
const layer_options_emptyView = {
    layer: 'database',
    state: 'pending',
    from: '',
    to: '',
    foundBy: '',
    steps: [],
    undone: [],
    losses: [],
    warnings: [],
    needsPerson: [],
    basis: {},
};

// EXTERNAL MODULE: external "node:perf_hooks"
var external_node_perf_hooks_ = __webpack_require__(643);
;// CONCATENATED MODULE: ./lib/layers/database/compare.js
/**
 * What differs between what a backup says is in it and what a database holds, in words; empty when nothing does.
 * @param sample the tables whose rows are compared; undefined for all
 */
function differences(expected, found, sample) {
    const foundTables = new Map(found.tables.map((table) => [table.name, table]));
    const names = new Set(expected.tables.map(({ name }) => name));
    return [
        ...expected.tables.flatMap(({ name, rows, digest }) => {
            const table = foundTables.get(name);
            if (table === undefined)
                return [`table ${name} is missing`];
            if (sample !== undefined && !sample.has(name))
                return [];
            if (table.rows !== rows)
                return [`table ${name} has ${table.rows} rows and not ${rows}`];
            return differ(table.digest, digest) ? [`the rows of table ${name} are not the same`] : [];
        }),
        ...found.tables.flatMap(({ name }) => (names.has(name) ? [] : [`table ${name} should not be there`])),
        ...(expected.schema === found.schema
            ? []
            : ['the schema (columns, indexes, views, triggers, routines) is not the same']),
        ...(differ(expected.image, found.image) ? ['the file is not the same'] : []),
        ...(differ(expected.orphans, found.orphans)
            ? [`${found.orphans} rows break a foreign key and not ${expected.orphans}`]
            : []),
    ];
}
/** Definitions that only one of two schemas has, in words; empty when nothing differs. */
function differingDefinitions(expected, found) {
    const [before, after] = [new Set(expected), new Set(found)];
    return [
        ...expected.filter((line) => !after.has(line)).map((line) => `only the live database has ${line}`),
        ...found.filter((line) => !before.has(line)).map((line) => `only the restored copy has ${line}`),
    ];
}
/** What one of the two does not know is no difference. */
function differ(a, b) {
    return a !== undefined && b !== undefined && a !== b;
}

;// CONCATENATED MODULE: ./lib/layers/database/prove.js






/**
 * Restores a backup once, beside the live database or on another server, compares it by schema and rows with what was
 * dumped, and drops it.
 * @returns how it was verified, with the failure where it could not be restored
 * @throws ConflictError or UnavailableError when that could not be tried: the backup is neither verified nor failed
 */
async function proveBackup(options) {
    const { engine, source, limit, elsewhere, now, log } = options;
    const begun = external_node_perf_hooks_.performance.now();
    const host = elsewhere?.server ?? engine;
    const on = elsewhere?.on ?? 'same-server';
    const needsLock = elsewhere !== undefined || engine.stagesOnServer;
    const lock = needsLock ? await waitForLock(host, options) : undefined;
    try {
        log(`verifying: restores it once ${elsewhere === undefined ? `beside ${engine.database}` : `on ${elsewhere.server.name}`}`);
        let staged;
        let failure;
        try {
            staged = await host.stage(source, { limit });
            failure = await findFailure(options, staged);
        }
        catch (error) {
            // what could not be tried says nothing of the backup
            if (!(error instanceof lib_errors/* RefusedError */.fk))
                throw error;
            failure = error.message;
        }
        finally {
            await staged?.discard();
        }
        const ms = Math.round(external_node_perf_hooks_.performance.now() - begun);
        const sample = staged?.sample;
        log(failure === undefined
            ? sayVerified(options, { ms, sample })
            : `restoring it failed after ${(0,duration/* sayDuration */.kP)(ms)}`);
        return {
            level: sample === undefined ? 'restore' : 'sample',
            at: now().toISOString(),
            on,
            ms,
            ...(sample !== undefined && { tables: [...sample].sort() }),
            ...(failure !== undefined && { failure }),
        };
    }
    finally {
        await lock?.release();
    }
}
async function findFailure({ engine, expected }, staged) {
    await staged.check?.();
    const found = await staged.contents();
    const [first, ...others] = differences(expected, found, staged.sample);
    if (first === undefined)
        return undefined;
    const rest = others.length === 0 ? '' : ` (and ${others.length} other differences)`;
    const named = expected.schema === found.schema ? [] : await nameDifferences(engine, staged);
    return [`the restored copy differs: ${first}${rest}`, ...named.slice(0, 4)].join('; ');
}
/** By the live database as it is now: the backup has but a digest. */
async function nameDifferences(engine, staged) {
    const [live = [], copy = []] = [await engine.definitions?.(), await staged.definitions?.()];
    return live.length === 0 || copy.length === 0 ? [] : differingDefinitions(live, copy);
}
function sayVerified({ expected, source, limit }, { ms, sample }) {
    const tables = expected.tables.filter(({ name }) => sample?.has(name) ?? true);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    const size = source.parts.reduce((sum, part) => sum + source.sizeOf(part), 0);
    const what = `the restored copy has the same schema and the same ${rows} rows in ${tables.length} tables; dropped; verifying took ${(0,duration/* sayDuration */.kP)(ms)}`;
    return sample === undefined
        ? what
        : `${what}; a sample: the backup has ${(0,text_size/* formatSize */.X)(size)} and verify-limit is ${(0,text_size/* formatSize */.X)(limit ?? 0)}, so the rows of ${expected.tables.length - tables.length} other tables were not restored`;
}
/** How long another restore, or another backup that is being verified, is waited for. */
const prove_patienceMs = 10 * 60_000;
/** A restore, or the verification of another backup, holds the lock for as long as it takes to load a database. */
async function waitForLock(host, { log, signal }) {
    const givesUpAt = external_node_perf_hooks_.performance.now() + prove_patienceMs;
    for (let said = false;; said = true) {
        try {
            return await host.lock();
        }
        catch (error) {
            if (!(error instanceof lib_errors/* ConflictError */.fK) || external_node_perf_hooks_.performance.now() > givesUpAt)
                throw error;
            if (!said)
                log(`waiting up to ${(0,duration/* sayDuration */.kP)(prove_patienceMs)} to verify: ${error.message}`);
            await (0,promises_.setTimeout)(1000, undefined, { signal });
        }
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/backup.js










/**
 * Backs a database up and verifies the backup. The manifest is written last: until then there is no backup, only files that the
 * next retention removes. Killed at any instant, it leaves every earlier backup as it was.
 * @throws RefusedError when the database is empty, the tools do not fit the server, or the backup cannot be restored: it is
 * kept as failed then
 */
async function makeBackup(options) {
    const { engine, store, recipient, signal, log } = options;
    const versions = await engine.inspect('backup');
    if (options.verify === 'restore' && options.verifyOn === undefined)
        await inspectRestore(engine);
    const createdAt = options.now();
    const name = newBackupName(createdAt, options.before);
    const scratch = (0,external_node_path_.join)(options.scratch, name);
    await (0,external_node_fs_promises_.mkdir)(scratch, { recursive: true, mode: 0o700 });
    // what is encrypted cannot be opened here again: the identity is not on this machine
    const kept = options.verify === 'restore' && recipient !== undefined ? (0,external_node_path_.join)(scratch, 'kept') : undefined;
    if (kept !== undefined)
        await (0,external_node_fs_promises_.mkdir)(kept, { mode: 0o700 });
    const parts = [];
    let isWhole = false;
    try {
        log(`backing ${engine.database} up to ${store.place} as ${name} (${versions.tool}, ${versions.server})`);
        const contents = await engine.dump({
            scratch,
            signal,
            add: async (part, content) => {
                const path = `${name}/${part}`;
                const keepAs = kept === undefined ? undefined : (0,external_node_path_.join)(kept, part);
                parts.push(await sealPart({ store, path, name: part, content, recipient, keepAs, signal }));
            },
        });
        if (contents.tables.length === 0)
            throw new lib_errors/* RefusedError */.fk(`${engine.database} has no tables: there is nothing to back up; check the address`);
        log(`${name}: ${contents.tables.length} tables, ${sum(parts, 'plainSize')} bytes in ${sum(parts, 'size')}`);
        const unverified = {
            schema: 1,
            name,
            engine: engine.kind,
            database: engine.database,
            source: engine.source,
            ...versions,
            environment: options.environment,
            before: options.before,
            createdAt: createdAt.toISOString(),
            pinned: options.pinned,
            encrypted: recipient !== undefined,
            contents: { ...contents, tables: [...contents.tables] },
            migrations: [...options.migrations],
            parts: parts.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        };
        const checked = await verify(options, unverified, { scratch, kept });
        const manifest = { ...unverified, verification: checked.verification };
        await store.write(`${name}/${manifestFile}`, external_node_stream_.Readable.from([writeManifest(manifest)]));
        isWhole = true;
        log(`${name} is ${verification_describeVerification(manifest)}`);
        if (checked.notTried !== undefined)
            throw checked.notTried;
        if (checked.verification.failure !== undefined)
            throw new lib_errors/* RefusedError */.fk(`backup ${name} cannot be restored: ${checked.verification.failure}; it is kept and marked as failed, and db-restore does not choose it`);
        return await readBackup(store, name);
    }
    catch (error) {
        if (!isWhole)
            for (const part of parts)
                await store.remove(`${name}/${part.name}`).catch(() => { });
        throw error;
    }
    finally {
        await (0,external_node_fs_promises_.rm)(scratch, { recursive: true, force: true });
    }
}
/** A restore beside needs more rights than a backup: a lack of them is found before anything is stored. */
async function inspectRestore(engine) {
    try {
        await engine.inspect('restore');
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `the backup could not be verified by a restore on this server: ${error}; or set ${(0,lib_errors/* setting */.Pe)('verify-on')} to another server or to local, or ${(0,lib_errors/* setting */.Pe)('verify')} to checksums`);
    }
}
async function verify(options, manifest, { scratch, kept }) {
    const { engine, store, now } = options;
    const byChecksums = async () => {
        await verifyStored(store, manifest);
        return { level: 'checksums', at: now().toISOString() };
    };
    if (options.verify === 'checksums')
        return { verification: await byChecksums() };
    // what is encrypted is restored from what was kept of it, so that its stored files are read besides
    if (kept !== undefined)
        await verifyStored(store, manifest);
    const opened = new Set();
    const partOf = new Map(manifest.parts.map((part) => [part.name, part]));
    const source = {
        scratch: (0,external_node_path_.join)(scratch, 'proof'),
        parts: [...partOf.keys()],
        sizeOf: (name) => partOf.get(name)?.plainSize ?? 0,
        signal: options.signal,
        open: async (name) => {
            const part = partOf.get(name);
            if (part === undefined)
                throw new lib_errors/* RefusedError */.fk(`the dump has no ${name}`);
            opened.add(name);
            if (kept !== undefined)
                return openKept((0,external_node_path_.join)(kept, name));
            return openPart({ store, path: `${manifest.name}/${name}`, part, identity: undefined });
        },
    };
    await (0,external_node_fs_promises_.mkdir)(source.scratch, { mode: 0o700 });
    try {
        const verification = await proveBackup({
            engine,
            source,
            expected: manifest.contents,
            limit: options.verifyLimit,
            elsewhere: options.verifyOn,
            now,
            log: options.log,
            signal: options.signal,
        });
        const unopened = manifest.parts.filter((part) => kept === undefined && !opened.has(part.name));
        if (unopened.length > 0)
            await verifyStored(store, { ...manifest, parts: unopened });
        return { verification };
    }
    catch (error) {
        if (!(0,lib_errors/* isUserFacing */.Qx)(error) || options.signal?.aborted)
            throw error;
        return { verification: await byChecksums(), notTried: error };
    }
}
function sum(parts, key) {
    return parts.reduce((total, part) => total + part[key], 0);
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/folder.js

const programs = /\.(?:[cm]?[jt]s|py|rb|php|go)$/;
/**
 * The migrations among the files of a folder, in the order in which they are applied. Understood are golang-migrate and
 * plain (`3_x.up.sql`, `3_x.down.sql`), dbmate and goose (one `3_x.sql`), Flyway (`V3__x.sql`, `U3__x.sql`), Prisma
 * (`3_x/migration.sql`) and, by name only, the programs of other tools.
 */
function listMigrations(paths, folder) {
    const prefix = folder === '' ? '' : `${folder.replace(/\/+$/, '')}/`;
    const own = new Set(paths.filter((path) => path.startsWith(prefix)));
    const has = (file) => (own.has(`${prefix}${file}`) ? `${prefix}${file}` : undefined);
    return [...own]
        .map((path) => path.slice(prefix.length))
        .flatMap((file) => {
        const up = `${prefix}${file}`;
        const [, prisma] = /^([^/]+)\/migration\.sql$/.exec(file) ?? [];
        if (prisma !== undefined)
            return [folder_describe(prisma, { up, down: has(`${prisma}/down.sql`) })];
        if (file.includes('/') || /\.down\.sql$|^U.*__.*\.sql$/.test(file))
            return [];
        const [, paired] = /^(.+)\.up\.sql$/.exec(file) ?? [];
        if (paired !== undefined)
            return [folder_describe(paired, { up, down: has(`${paired}.down.sql`) })];
        const [, flyway] = /^V(.+__.+)\.sql$/.exec(file) ?? [];
        if (flyway !== undefined)
            return [folder_describe(flyway, { up, down: has(`U${flyway}.sql`) })];
        if (file.endsWith('.sql'))
            return [folder_describe(file.replace(/\.sql$/, ''), { up, down: up })];
        if (!/^\d/.test(file) || !programs.test(file) || file.endsWith('.d.ts'))
            return [];
        return [{ ...folder_describe(file, { up, down: undefined }), program: true }];
    })
        .sort((a, b) => compareVersions(a.version, b.version) || (a.name < b.name ? -1 : 1));
}
function folder_describe(name, files) {
    const [, digits] = /^(\d+(?:[._]\d+)*)(?=[_.-]|$)/.exec(name) ?? [];
    return { name, version: digits?.replaceAll('_', '.') ?? name, ...files, program: false };
}
/** By number, whatever the leading zeros and however long: `9` before `10` before `20261124110203`. */
function compareVersions(a, b) {
    const [x, y] = [a, b].map((version) => version.split('.').map((part) => part.replace(/^0+(?=\d)/, '')));
    for (let at = 0; at < Math.max(x?.length ?? 0, y?.length ?? 0); at += 1) {
        const [left = '', right = ''] = [x?.[at], y?.[at]];
        const order = left.length - right.length || (left < right ? -1 : Number(left > right));
        if (order !== 0)
            return order;
    }
    return 0;
}
/** Reads the script that undoes a migration. @param read the text of a path, undefined when it is not there */
async function readDown(file, read) {
    const up = (await read(file.up)) ?? '';
    const checksum = (0,external_node_crypto_.createHash)('sha256').update(up).digest('hex');
    if (file.program || file.down === undefined)
        return { sql: undefined, transaction: true, checksum };
    if (file.down !== file.up)
        return { ...parseDown((await read(file.down)) ?? ''), checksum };
    const [, options, both] = /^-- *(?:migrate:down|\+goose +Down|\+migrate +Down)([^\n]*)\n?([\s\S]*)$/im.exec(up) ?? [];
    if (both === undefined)
        return { sql: undefined, transaction: true, checksum };
    const outside = /transaction:false|notransaction/i.test(options ?? '') || /^-- *\+goose +NO TRANSACTION/im.test(up);
    const parsed = parseDown(both);
    return { ...parsed, transaction: parsed.transaction && !outside, checksum };
}
/** A script of comments alone undoes nothing. */
function parseDown(text) {
    const isEmpty = text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() === '';
    const irreversible = /^-- *rollback:irreversible/im.test(text);
    return { sql: isEmpty || irreversible ? undefined : text, transaction: true };
}

// EXTERNAL MODULE: ./lib/layers/database/engine.js
var database_engine = __webpack_require__(8714);
;// CONCATENATED MODULE: ./lib/layers/database/migrations/own-table.js

/** The table for projects that have none of a tool: whoever applies a migration writes it there, with what undoes it. */
const ownTable = 'migration_history';
/** Its optional columns: older tables may not have them. */
const optional = ['down_script', 'checksum', 'revision'];
/** Creates the table where it is not there. */
async function createOwnTable(engine) {
    if ((await engine.columnsOf(ownTable)).length > 0)
        return;
    const [text, time] = engine.transactionalDdl ? ['TEXT', 'TEXT'] : ['LONGTEXT', 'VARCHAR(23)'];
    await engine.runScript({
        script: `CREATE TABLE IF NOT EXISTS ${engine.quoteName(ownTable)} (name VARCHAR(255) NOT NULL, direction VARCHAR(4) NOT NULL, executed_at ${time} NOT NULL, checksum VARCHAR(64), revision VARCHAR(64), down_script ${text})`,
        after: [],
        transaction: false,
    });
}
/** What it says is applied, in the order in which that was done, and when the last change was. */
async function readOwnTable(engine) {
    const columns = new Set(await engine.columnsOf(ownTable));
    const selected = optional.map((name) => (columns.has(name) ? name : `NULL AS ${name}`));
    const rows = await engine.query(`SELECT name, direction, executed_at, ${selected.join(', ')} FROM ${engine.quoteName(ownTable)} ORDER BY executed_at, name`);
    const applied = new Map();
    const begun = new Set();
    for (const { name, direction, down_script, checksum, revision } of rows) {
        const key = name ?? '';
        // what is applied again comes last again
        applied.delete(key);
        if (direction === 'run')
            begun.add(key);
        else
            begun.delete(key);
        if (direction === 'up')
            applied.set(key, {
                key,
                down: down_script ?? undefined,
                checksum: checksum ?? undefined,
                revision: revision ?? undefined,
            });
    }
    return {
        entries: [...applied.values()],
        columns,
        changedAt: rows.at(-1)?.['executed_at'] ?? undefined,
        unknown: [...begun][0],
        partly: await findPartly(engine),
    };
}
/** A migration of which some statements ran, where the engine cannot undo them. */
async function findPartly(engine) {
    if (engine.transactionalDdl || (await engine.columnsOf(database_engine/* journal */.W8)).length === 0)
        return undefined;
    const rows = await engine.query(`SELECT name FROM ${engine.quoteName(database_engine/* journal */.W8)} ORDER BY name`);
    const prefix = journalName('');
    return rows.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : []))[0];
}
/** What the journal calls the script that applies a migration: it is another one than that which undoes it. */
function journalName(migration) {
    return `apply ${migration}`;
}
/** A statement that records a migration as applied. */
function recordUp(engine, { name, checksum, revision, down }, at) {
    return insertOwn(engine, [
        ['name', name],
        ['direction', 'up'],
        ['executed_at', formatTime(at)],
        ['checksum', checksum],
        ['revision', revision],
        ...(down === undefined ? [] : [['down_script', down]]),
    ]);
}
/** Records that a migration begins which runs in no transaction: if it is cut off, nothing else says so. */
function recordBegun(engine, name, at) {
    const begun = insertOwn(engine, [
        ['name', name],
        ['direction', 'run'],
        ['executed_at', formatTime(at)],
    ]);
    return { script: '', after: [begun], transaction: true };
}
/** A statement that takes that record away again. */
function withdrawBegun(engine, name) {
    return {
        sql: `DELETE FROM ${engine.quoteName(ownTable)} WHERE name = ? AND direction = 'run'`,
        values: [name],
    };
}
/** A statement that records a migration as undone. */
function recordDown(engine, { key, checksum = '', revision = '' }, columns) {
    return insertOwn(engine, [
        ['name', key],
        ['direction', 'down'],
        ['executed_at', formatTime(new Date())],
        ...(columns.has('checksum') ? [['checksum', checksum]] : []),
        ...(columns.has('revision') ? [['revision', revision]] : []),
    ]);
}
function insertOwn(engine, given) {
    return {
        sql: `INSERT INTO ${engine.quoteName(ownTable)} (${given.map(([name]) => name).join(', ')}) VALUES (${given.map(() => '?').join(', ')})`,
        values: given.map(([, value]) => value),
    };
}
/** To the millisecond, as text that sorts and that every engine takes for a time. */
function formatTime(at) {
    return at.toISOString().slice(0, 23).replace('T', ' ');
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/applied.js


/** Each tool's history table, and how it is read. The first that is there is taken. */
const tables = [
    { table: ownTable, read: readOwn },
    { table: 'schema_migrations', read: readSchemaMigrations },
    {
        table: 'goose_db_version',
        read: (engine) => readByKey(engine, 'goose_db_version', 'version_id', 'ORDER BY id', (row) => isTrue(row['is_applied']) && row['key'] !== '0'),
    },
    {
        table: 'flyway_schema_history',
        read: (engine) => readByKey(engine, 'flyway_schema_history', 'version', 'ORDER BY installed_rank', (row) => isTrue(row['success'])),
    },
    {
        table: '_prisma_migrations',
        read: (engine) => byTool(readByKey(engine, '_prisma_migrations', 'migration_name', 'ORDER BY started_at')),
    },
    {
        table: 'knex_migrations',
        read: (engine) => byTool(readByKey(engine, 'knex_migrations', 'name', 'ORDER BY id')),
    },
    {
        table: 'pgmigrations',
        read: (engine) => byTool(readByKey(engine, 'pgmigrations', 'name', 'ORDER BY id')),
    },
    {
        table: 'SequelizeMeta',
        read: (engine) => byTool(readByKey(engine, 'SequelizeMeta', 'name', 'ORDER BY name')),
    },
];
/** True for a history table of migrations, with its schema or without: what a restore takes from it is what it undoes. */
function isHistoryTable(name) {
    return tables.some(({ table }) => table === name || name === `public.${table}`);
}
/** Reads the history table that the database has; undefined when it has none that is known. */
async function readApplied(engine, files) {
    for (const { table, read } of tables)
        if ((await engine.columnsOf(table)).length > 0)
            return { table, ...(await read(engine, files)) };
    return undefined;
}
/** True when the table's key means this file: by its name, with or without an ending, or by its version. */
function isEntryOf(key, file) {
    return isNamedLike(key, file) || isVersion(key, file.version);
}
/** True when the table's key is the name of this file: `2_b.ts` in the repository may be `2_b.js` where it ran. */
function isNamedLike(key, { name }) {
    return withoutEnding(key) === withoutEnding(name);
}
function withoutEnding(name) {
    return name.replace(/\.[a-z]{2,3}$/, '');
}
function isVersion(key, version) {
    return /^\d+(?:\.\d+)*$/.test(key) && compareVersions(key, version) === 0;
}
async function readOwn(engine) {
    const { entries, columns, unknown, partly } = await readOwnTable(engine);
    return { entries, dirty: false, unknown, partly, forget: (entry) => recordDown(engine, entry, columns) };
}
/** golang-migrate keeps one row, the version it stands at; dbmate and Rails keep one for each. */
async function readSchemaMigrations(engine, files) {
    const table = 'schema_migrations';
    if (!(await engine.columnsOf(table)).includes('dirty'))
        return readByKey(engine, table, 'version', 'ORDER BY version');
    const [row] = await engine.query(`SELECT version, dirty FROM ${table}`);
    const at = row?.['version'];
    const entries = at == null ? [] : files.filter(({ version }) => compareVersions(version, at) <= 0);
    return {
        entries: entries.map(({ version }) => ({ key: version })),
        dirty: isTrue(row?.['dirty'] ?? null),
        forget: (_entry, before) => before === undefined
            ? { sql: `DELETE FROM ${table}`, values: [] }
            : { sql: `UPDATE ${table} SET version = CAST(? AS DECIMAL(20))`, values: [before.key] },
    };
}
async function readByKey(engine, table, column, order, counts = () => true) {
    const quoted = engine.quoteName(table);
    const rows = await engine.query(`SELECT t.*, t.${column} AS ${engine.quoteName('key')} FROM ${quoted} t ${order}`);
    return {
        entries: rows.filter(counts).map(({ key }) => ({ key: key ?? '' })),
        dirty: false,
        forget: ({ key }) => ({
            sql: `DELETE FROM ${quoted} WHERE ${engine.asText(column)} = ?`,
            values: [key],
        }),
    };
}
async function byTool(reading) {
    return { ...(await reading), forget: undefined };
}
function isTrue(value) {
    return ['1', 't', 'true'].includes(value ?? '');
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/script.js
/**
 * SQL with its comments, texts and quoted bodies taken out, so that what is left can be looked at without being misled by
 * them. Only ever looked at: what is run is the script as it is, by the engine's own client, never cut at a `;`.
 */
function bareSql(script) {
    return script.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$/g, (found) => found.startsWith("'") || found.startsWith('$') ? "''" : ' ');
}
/** True for a script that ends the transaction that it is run in, so that it cannot be undone as one. */
function endsTransaction(script) {
    const bare = bareSql(script);
    if (/(?:^|;)\s*(?:COMMIT|ROLLBACK(?!\s+TO)|START\s+TRANSACTION)\b/i.test(bare))
        return true;
    if (/(?:^|;)\s*BEGIN\s*(?:TRANSACTION|WORK|IMMEDIATE|EXCLUSIVE)?\s*;/i.test(bare))
        return true;
    // within the body of a trigger or routine END means something else
    return !/\bBEGIN\b/i.test(bare) && /(?:^|;)\s*END\s*;/i.test(bare);
}
const script_name = '((?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+)(?:\\s*\\.\\s*(?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+))?)';
const drops = /\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([^;]+)/gi;
const alters = new RegExp(`\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?${script_name}([^;]*)`, 'gi');
const dropColumn = new RegExp(`\\bDROP\\s+(?:COLUMN\\s+)?(?:IF\\s+EXISTS\\s+)?(?!(?:CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|CHECK|DEFAULT|NOT|IDENTITY|EXPRESSION|PARTITION)\\b)${script_name}`, 'gi');
const truncates = new RegExp(`\\bTRUNCATE\\s+(?:TABLE\\s+)?(?:ONLY\\s+)?${script_name}`, 'gi');
const deletes = new RegExp(`\\bDELETE\\s+FROM\\s+(?:ONLY\\s+)?${script_name}`, 'gi');
/** The tables, columns and rows that a script drops, truncates or deletes. */
function findTakings(script) {
    const bare = bareSql(script);
    return [
        ...[...bare.matchAll(drops)].flatMap(([, list = '']) => [...list.replace(/\b(?:CASCADE|RESTRICT)\b/gi, '').matchAll(new RegExp(script_name, 'g'))].map(([, table = '']) => ({ what: 'table', table }))),
        ...[...bare.matchAll(alters)].flatMap(([, table = '', rest = '']) => [...rest.matchAll(dropColumn)].map(([, column = '']) => ({ what: 'column', table, column }))),
        ...[truncates, deletes].flatMap((pattern) => [...bare.matchAll(pattern)].map(([, table = '']) => ({ what: 'rows', table }))),
    ];
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/plan.js




/** The newest migration that is there once the plan is done. */
function standsAt({ steps, applied }) {
    const undone = new Set(steps.map(({ entry }) => entry));
    return applied.entries.findLast((entry) => !undone.has(entry))?.key ?? 'no migration';
}
/**
 * Plans what to undo, and changes nothing. Never by a step count alone: a deployment that applied nothing undoes nothing.
 * Scripts come from what was recorded at deploy time, else from the bad revision: the good one does not have them.
 * @throws RefusedError for a migration that cannot be undone, InputError for a name that was not applied
 */
async function plan_planUndo(request) {
    const { engine, folder, bad, recorded, byCommand } = request;
    const files = listMigrations(bad.paths, folder);
    const applied = await readApplied(engine, files);
    if (applied === undefined)
        throw new lib_errors/* RefusedError */.fk(`${engine.database} has no history table of migrations that is known: nothing says what was applied`);
    if (applied.dirty)
        throw new lib_errors/* RefusedError */.fk(`${applied.table} marks a migration as dirty, so it was cut off half-way: repair the database manually, then clear the mark by the tool (\`migrate force VERSION\`)`);
    const half = applied.partly ?? applied.unknown;
    if (half !== undefined)
        throw new lib_errors/* RefusedError */.fk(`migration ${half} was applied only in part, so its down script may not fit: run db-migrate again to finish it, or restore a backup`);
    if (applied.forget === undefined && !byCommand)
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `${applied.table} is kept by the project's own tool: set ${(0,lib_errors/* setting */.Pe)('command')} to the command of that tool that undoes`);
    const chosen = choose(applied, files, request);
    const scripts = new Map();
    for (const file of files)
        if (recorded.some(({ name }) => name === file.name) || chosen.some(({ key }) => isEntryOf(key, file)))
            scripts.set(file, await readDown(file, bad.read));
    const steps = [];
    for (const entry of chosen) {
        const file = files.find((each) => isEntryOf(entry.key, each));
        steps.push(await planStep({ ...request, entry, file, inGit: file && scripts.get(file) }));
    }
    return {
        table: applied.table,
        applied,
        steps,
        irregularities: findIrregularities({ applied, files, recorded, scripts, chosen }),
    };
}
/** Migrations that the bad revision has in the folder, and the good one has not. */
function addedMigrations(good, bad, folder) {
    const before = new Set(listMigrations(good.paths, folder).map(({ name }) => name));
    return listMigrations(bad.paths, folder).filter(({ name }) => !before.has(name));
}
/** @returns newest first */
function choose({ entries, table }, files, { selection, folder, bad }) {
    switch (selection.by) {
        case 'added': {
            const added = addedMigrations(selection.good, bad, folder);
            return entries.filter(({ key }) => added.some((file) => isEntryOf(key, file))).toReversed();
        }
        case 'name': {
            const at = entries.findIndex(({ key }) => key === selection.to || files.some((file) => file.name === selection.to && isEntryOf(key, file)));
            if (at === -1)
                throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('to')} is "${selection.to}", which ${table} does not have; write one of ${entries.map(({ key }) => key).join(', ') || '(none)'}`);
            return entries.slice(at + 1).toReversed();
        }
        case 'count':
            if (selection.last > entries.length)
                throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('last')} is ${selection.last}, and only ${entries.length} migrations were applied; write at most ${entries.length}`);
            return entries.slice(entries.length - selection.last).toReversed();
    }
}
async function planStep({ engine, entry, file, inGit, recorded, bad, byCommand, }) {
    // a tool that keeps names knows a migration by that, as `2_b.js` where the repository has `2_b.ts`
    const name = file === undefined || (byCommand && isNamedLike(entry.key, file)) ? entry.key : file.name;
    if (byCommand)
        return { name, entry, script: undefined, transaction: false, from: 'the command', takes: [] };
    const kept = recorded.find((each) => each.name === name)?.down;
    const [script, from] = entry.down !== undefined
        ? [entry.down, 'the history table']
        : kept !== undefined
            ? [kept, 'the backup from before the deployment']
            : [inGit?.sql, `revision ${bad.id.slice(0, 7)}`];
    if (script === undefined)
        throw new lib_errors/* RefusedError */.fk(`migration ${name} cannot be undone: neither the history table, nor a backup, nor revision ${bad.id.slice(0, 7)} has a script for it; restore the backup instead`);
    const transaction = engine.transactionalDdl && (inGit?.transaction ?? true);
    if (transaction && endsTransaction(script))
        throw new lib_errors/* RefusedError */.fk(`the script that undoes ${name} begins or ends a transaction itself, so it cannot be undone as one: take BEGIN and COMMIT out of it`);
    return { name, entry, script, transaction, from, takes: await describeTakings(engine, script) };
}
/** Tables, columns and rows that would go, with how many rows they hold now; what is empty is no loss. */
async function describeTakings(engine, script) {
    const takes = [];
    for (const { what, table, column } of findTakings(script)) {
        const where = column === undefined ? '' : ` WHERE ${column} IS NOT NULL`;
        let rows;
        try {
            const [row] = await engine.query(`SELECT count(*) AS n FROM ${table}${where}`);
            rows = Number(row?.['n'] ?? 0);
        }
        catch {
            // it is not there, or is made by an earlier script of the same plan
            continue;
        }
        if (rows === 0)
            continue;
        if (what === 'column')
            takes.push(`column ${column} of ${table}, which ${rows} rows have`);
        else
            takes.push(what === 'table'
                ? `table ${table} with ${rows} rows`
                : `rows of ${table}, of which there are ${rows}`);
    }
    return takes;
}
function findIrregularities({ applied, files, recorded, scripts, chosen, }) {
    const found = [];
    const isApplied = (file) => applied.entries.some(({ key }) => isEntryOf(key, file));
    for (const { key } of applied.entries)
        if (!files.some((file) => isEntryOf(key, file)))
            found.push(`${key} was applied, and no file is called so`);
    const newest = files.filter(isApplied).at(-1);
    for (const file of files)
        if (newest && !isApplied(file) && compareVersions(file.version, newest.version) < 0)
            found.push(`${file.name} was not applied, although the newer ${newest.name} was: a gap, or out of order`);
    for (const [file, { checksum }] of scripts) {
        const entry = chosen.find(({ key }) => isEntryOf(key, file));
        const then = entry?.checksum ?? recorded.find(({ name }) => name === file.name)?.checksum;
        if (then !== undefined && then !== checksum)
            found.push(`${file.name} was changed after it was applied`);
    }
    return found;
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/undo.js




/**
 * Undoes migrations, one after the other, each with its entry in the history table in one transaction where the engine
 * can. Killed and run again, it goes on where it was: what is undone is not in the table any more.
 * @throws RefusedError before anything is changed, ConflictError when others are at it or the tool undid something else
 */
async function undoMigrations(options) {
    const { engine, log, dryRun } = options;
    const lock = await engine.lock();
    try {
        const plan = await plan_planUndo(options);
        for (const line of undo_describe(plan))
            log(line);
        const names = plan.steps.map(({ name }) => name);
        const takes = plan.steps.flatMap((step) => step.takes);
        const rest = { takes, standsAt: standsAt(plan) };
        refuseOther(options.expected, names);
        if (names.length === 0)
            return { outcome: 'nothing-to-undo', undone: [], ...rest };
        refuse(options, plan, takes);
        if (dryRun)
            return { outcome: 'planned', undone: names, ...rest };
        await options.before(plan);
        if (options.command !== undefined)
            await options.command(names);
        else
            await runScripts(options, plan);
        await verifyUndone(options, plan);
        return { outcome: 'undone', undone: names, ...rest };
    }
    finally {
        await lock.release();
    }
}
/** What a plan does, line by line. */
function undo_describe({ table, steps, irregularities }) {
    if (steps.length === 0)
        return [`by ${table}, this deployment applied no migration: there is nothing to undo`];
    return [
        ...steps.map(({ name, from }) => `undoes ${name}, by the script of ${from}`),
        ...steps.flatMap(({ name, takes }) => takes.map((taken) => `${name} takes away ${taken}`)),
        ...irregularities.map((each) => `not as it should be: ${each}`),
    ];
}
function refuse({ allowDataLoss, allowIrregular }, { irregularities }, takes) {
    if (irregularities.length > 0 && !allowIrregular)
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `${irregularities.join('; ')}; set ${(0,lib_errors/* setting */.Pe)('allow-irregular')} to continue anyway`);
    if (takes.length > 0 && !allowDataLoss)
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `it would remove ${takes.join('; ')}; set ${(0,lib_errors/* setting */.Pe)('allow-data-loss')} to continue anyway`);
}
/** Compare-and-swap: what is undone is what was planned. */
function refuseOther(expected, names) {
    if (expected === undefined || expected.join('\n') === names.join('\n'))
        return;
    throw new lib_errors/* ConflictError */.fK(`planned was to undo ${expected.join(', ')}, and by now it would be ${names.join(', ') || 'nothing'}: plan again`);
}
async function runScripts({ engine, log }, { steps, applied }) {
    for (const { name, script, transaction, entry } of steps) {
        if (script === undefined || applied.forget === undefined)
            throw new TypeError(`there is nothing that undoes ${name}`);
        const at = applied.entries.indexOf(entry);
        await engine.runScript({
            name,
            script,
            transaction,
            after: [applied.forget(entry, applied.entries[at - 1])],
        });
        log(`undone: ${name}`);
    }
}
/** The history table has to say just what the plan did: some tools undo the wrong migration and report success. */
async function verifyUndone({ engine, bad, folder }, { applied, steps, table }) {
    const files = listMigrations(bad.paths, folder);
    const now = (await readApplied(engine, files))?.entries.map(({ key }) => key) ?? [];
    const gone = new Set(steps.map(({ entry }) => entry.key));
    const expected = applied.entries.map(({ key }) => key).filter((key) => !gone.has(key));
    const wrong = [
        ...now.filter((key) => !expected.includes(key)).map((key) => `${key} is still applied`),
        ...expected.filter((key) => !now.includes(key)).map((key) => `${key} is gone, and should not be`),
    ];
    if (wrong.length > 0)
        throw new lib_errors/* ConflictError */.fK(`${table} is not what it should be after the undoing: ${wrong.join('; ')}`);
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/deployment.js





/** Plans what `undoDeployment` does; reads only. @throws as `planUndo` */
async function planDeploymentUndo(deployment) {
    return plan_planUndo(await requestOf(deployment));
}
/**
 * Undoes what a deployment applied, by what was recorded when it was deployed, with a backup made first. Killed and run
 * again, it goes on where it was.
 * @throws as `undoMigrations` and `makeBackup`
 */
async function undoDeployment(options) {
    const { engine, store, bad } = options;
    let backup;
    const report = await undoMigrations({
        ...options,
        ...(await requestOf(options)),
        before: async ({ steps }) => {
            await options.beforeChange?.();
            const first = await findCutOff(options, steps);
            const made = await makeBackup({
                ...options,
                engine,
                store,
                before: beforeUndoOf(bad.id),
                migrations: steps.map(({ name, entry, script }) => ({
                    name,
                    ...(script !== undefined && { down: script }),
                    ...(entry.checksum !== undefined && { checksum: entry.checksum }),
                    revision: entry.revision ?? bad.id,
                })),
                pinned: false,
                // the undoing holds the lock that a restore beside needs
                verify: 'checksums',
            });
            backup = (first ?? made).name;
        },
    }).catch((error) => {
        if (!(error instanceof lib_errors/* ConflictError */.fK) || backup === undefined)
            throw error;
        throw new lib_errors/* ConflictError */.fK(`${error.message}; backup ${backup} has it as it was`);
    });
    return { ...report, backup };
}
/** The newest backup that was made before migrations of the revision were undone, which names those; undefined for none. */
async function findSafetyCopy({ engine, store, bad, }) {
    const { backups } = await readCatalog(store);
    return backups.find(({ source, before }) => source === engine.source && before === beforeUndoOf(bad.id));
}
/** From after the deployment: it is no way back to before it, and is never taken for one. */
function beforeUndoOf(revision) {
    return `undo-of-${revision}`;
}
/** The backup of an undoing that was cut off, of which these steps are the rest: it has what that took away. */
async function findCutOff(deployment, steps) {
    const earlier = await findSafetyCopy(deployment);
    if (earlier === undefined || earlier.migrations.length <= steps.length)
        return undefined;
    const had = new Set(earlier.migrations.map(({ name }) => name));
    return steps.every(({ name }) => had.has(name)) ? earlier : undefined;
}
async function requestOf({ engine, store, folder, bad, selection, command }) {
    const { backups } = await readCatalog(store);
    const own = backups.filter(({ source, before }) => source === engine.source && before === bad.id);
    const recorded = own.flatMap(({ migrations }) => migrations);
    return { engine, folder, bad, selection, recorded, byCommand: command !== undefined };
}

// EXTERNAL MODULE: ./lib/layers/database/all-ended.js
var all_ended = __webpack_require__(3392);
;// CONCATENATED MODULE: ./lib/layers/database/restore.js














/**
 * Goes back to a backup: every checksum first, then a copy beside the live database, verified there, then one swap that
 * happens wholly or not at all. May be killed at any instant and run again.
 * @throws RefusedError for a damaged backup or rows that would be lost, ConflictError when others hold the database
 */
async function restoreBackup(options) {
    const { engine, store, manifest, log } = options;
    if (manifest.engine !== engine.kind)
        throw new lib_errors/* RefusedError */.fk(`backup ${manifest.name} is of ${manifest.engine}, and the database is of ${engine.kind}`);
    if (options.exportTo !== undefined)
        await refuseFile(options.exportTo);
    if (manifest.encrypted && options.identity === undefined)
        throw new lib_errors/* RefusedError */.fk(`backup ${manifest.name} is encrypted: give the identity that its recipient belongs to`);
    log(`${manifest.name} is ${verification_describeVerification(manifest)}`);
    await engine.inspect('restore');
    await refuseLeftBehind(options);
    const lock = await engine.lock();
    const scratch = (0,external_node_path_.join)(options.scratch, `restore-${manifest.name}`);
    try {
        const [, live] = await (0,all_ended/* allEnded */.C)([verifyStored(store, manifest), engine.contents()]);
        log(`${manifest.name}: all ${manifest.parts.length} files are as the manifest says`);
        if (live !== undefined && (await holdsAlready(engine, manifest, live))) {
            log(`${engine.database} holds what backup ${manifest.name} does: there is nothing to restore`);
            return report(manifest, { outcome: 'already-restored' });
        }
        if (options.liveSchema !== undefined && live?.schema !== options.liveSchema)
            throw new lib_errors/* ConflictError */.fK(`the schema of ${engine.database} is not the one that was planned on: somebody migrated it meanwhile; plan again`);
        if (!options.dryRun)
            await options.beforeChange?.();
        await (0,external_node_fs_promises_.rm)(scratch, { recursive: true, force: true });
        await (0,external_node_fs_promises_.mkdir)(scratch, { recursive: true, mode: 0o700 });
        const staged = await engine.stage(openSource(options, scratch));
        try {
            return await replace(options, staged);
        }
        finally {
            await staged.discard();
        }
    }
    finally {
        await (0,external_node_fs_promises_.rm)(scratch, { recursive: true, force: true });
        await lock.release();
    }
}
/** Only while the replaced database is kept can what stays with it be moved. */
async function refuseLeftBehind({ engine, keepOldMs, log }) {
    const left = (await engine.leftBehind?.()) ?? [];
    if (left.length === 0)
        return;
    if (keepOldMs === 0)
        throw new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `${left.join(', ')} would be lost with the database that is replaced: ${(0,lib_errors/* setting */.Pe)('database.keep-old')} is 0s; write 7d, or drop it first`);
    log(`warning: ${sayLeftBehind(left)}`);
}
/** What a plan and a log say of what stays with the database that is replaced. */
function sayLeftBehind(left) {
    return `${left.join(', ')} stays with the database that is replaced, and holds its log back: create it anew on the new one, and drop it there`;
}
async function replace(options, staged) {
    const { engine, manifest, log, now } = options;
    const isFull = options.verify === 'full';
    // each reads a whole database: side by side they take no longer than one; what is damaged may fail in any way, and the
    // engine's own word says why
    const [, copy, copied, live] = await (0,all_ended/* allEnded */.C)([
        staged.check?.(),
        isFull ? staged.contents() : undefined,
        // whatever is verified: what is swapped in has the schema of the backup
        isFull ? undefined : staged.schema(),
        engine.contents({ digests: isFull }),
    ]);
    if (copy !== undefined) {
        refuseDifferences(`the restored copy of ${manifest.name}`, manifest.contents, copy);
        log('the copy beside the live database holds what the manifest says');
    }
    else if (copied !== manifest.contents.schema)
        throw new lib_errors/* RefusedError */.fk(`the restored copy of ${manifest.name} has another schema than its manifest says (columns, indexes, views, triggers, routines); nothing was changed`);
    // the copy may tell more of itself than the manifest does: tables that are alike are not compared row by row
    const backedUp = copy ?? manifest.contents;
    const counted = live === undefined ? [] : await countLosses(options, staged, { backedUp, live });
    // how far an undoing came is ours, and nobody's data
    const losses = counted.filter(({ table }) => table !== database_engine/* journal */.W8);
    for (const { table, rows, exact } of losses)
        log(`${table}: ${exact ? '' : 'at least '}${rows} rows were written since the backup`);
    if (options.dryRun)
        return report(manifest, { outcome: 'planned', losses });
    const exported = await exportRows(options, staged, losses);
    if (losses.length > 0 && options.exportTo === undefined && !options.allowDataLoss)
        throw new lib_errors/* RefusedError */.fk(`${losses.map(({ table, rows }) => `${rows} rows of ${table}`).join(', ')} were written since backup ${manifest.name} and would be lost; set export-newer to keep them as files, or allow-data-loss`);
    const kept = live === undefined ? undefined : await (0,database_engine/* nameKept */.CF)(engine, now());
    options.signal?.throwIfAborted();
    const begun = performance.now();
    await staged.swap(kept ?? '');
    const swapMs = Math.round(performance.now() - begun);
    log(`swapped in ${swapMs} ms${kept === undefined ? '' : `; what was there is kept as ${kept}`}`);
    if ((await engine.schema()) !== manifest.contents.schema)
        throw new lib_errors/* ConflictError */.fK(`${engine.database} was swapped, and is not what was restored: somebody else changed it; what was there before is ${kept ?? 'not kept'}`);
    await pruneKept(options);
    return report(manifest, { outcome: 'restored', kept, losses, exported, swapMs });
}
/** Takes away what earlier restores replaced, once its time is over. What cannot be is said, and undoes no restore. */
async function pruneKept({ engine, keepOldMs, now, log, }) {
    for (const { name, at } of await engine.listKept()) {
        if (now().getTime() - at.getTime() <= keepOldMs)
            continue;
        const what = `${name}, replaced at ${at.toISOString()}, was kept long enough`;
        try {
            await engine.dropKept(name);
            log(`${what} and is dropped`);
        }
        catch (error) {
            if (!(0,lib_errors/* isUserFacing */.Qx)(error))
                throw error;
            log(`${what}, and cannot be dropped: ${error.message}`);
        }
    }
}
/**
 * True when the live database holds just what a backup does: then it is not restored a second time.
 * @param rough what is in it, counted only
 */
async function holdsAlready(engine, { contents }, rough) {
    if (differences(contents, rough).length > 0)
        return false;
    const exact = await engine.contents({ digests: true });
    return exact !== undefined && differences(contents, exact).length === 0;
}
function openSource({ store, manifest, identity, signal }, scratch) {
    const parts = new Map(manifest.parts.map((part) => [part.name, part]));
    return {
        scratch,
        parts: [...parts.keys()],
        sizeOf: (name) => parts.get(name)?.plainSize ?? 0,
        signal,
        open: async (name) => {
            const part = parts.get(name);
            if (part === undefined)
                throw new lib_errors/* RefusedError */.fk(`backup ${manifest.name} is damaged: it has no ${name}`);
            return openPart({
                store,
                path: `${manifest.name}/${name}`,
                part,
                identity: manifest.encrypted ? identity : undefined,
            });
        },
    };
}
function refuseDifferences(what, expected, found) {
    const [first, ...others] = differences(expected, found);
    if (first === undefined)
        return;
    const rest = others.length === 0 ? '' : ` (and ${others.length} other differences)`;
    throw new lib_errors/* RefusedError */.fk(`${what} is not what its manifest says: ${first}${rest}; nothing was changed`);
}
async function countLosses({ verify }, staged, { backedUp, live }) {
    const before = new Map(backedUp.tables.map((table) => [table.name, table]));
    const losses = [];
    for (const { name, rows, digest } of live.tables) {
        const then = before.get(name);
        if (isHistoryTable(name))
            continue;
        else if (then === undefined)
            losses.push({ table: name, rows, exact: true });
        // looking for newer rows reads both tables whole: not where their digests say that there are none
        else if (digest !== undefined && digest === then.digest && rows === then.rows)
            continue;
        else if (verify === 'full')
            losses.push({ table: name, rows: await staged.countNewerRows(name), exact: true });
        else
            losses.push({ table: name, rows: Math.max(0, rows - then.rows), exact: false });
    }
    return losses.filter(({ rows }) => rows > 0);
}
async function refuseFile(path) {
    const found = await (0,external_node_fs_promises_.stat)(path).catch(() => undefined);
    if (found !== undefined && !found.isDirectory())
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('export-newer')} is "${path}", which is a file; write the path of a folder`);
}
async function exportRows({ exportTo, manifest }, staged, losses) {
    if (exportTo === undefined || losses.length === 0)
        return [];
    const folder = (0,external_node_path_.join)(exportTo, `newer-than-${manifest.name}`);
    await (0,external_node_fs_promises_.mkdir)(folder, { recursive: true, mode: 0o700 }).catch((error) => {
        throw (0,system_error/* explainWrite */.N)(error, exportTo);
    });
    const files = [];
    for (const { table } of losses) {
        const file = (0,external_node_path_.join)(folder, `${encodeURIComponent(table)}.jsonl`);
        const lines = async function* () {
            for await (const row of staged.newerRows(table))
                yield `${row}\n`;
        };
        await (0,external_node_stream_promises_.pipeline)(external_node_stream_.Readable.from(lines(), { highWaterMark: 1 }), (0,external_node_fs_.createWriteStream)(file, { mode: 0o600, flush: true }));
        files.push(file);
    }
    return files;
}
function report({ name }, rest) {
    return { backup: name, kept: undefined, losses: [], exported: [], swapMs: undefined, ...rest };
}

;// CONCATENATED MODULE: ./lib/layers/database/layer-migrations.js






/**
 * Undoes what the deployment applied, newest first.
 * @throws RefusedError when one of them cannot be undone
 */
async function planMigrations(options, folder) {
    const { engine, bad, good, command } = options;
    await engine.inspect('backup');
    const plan = await planDeploymentUndo(deploymentOf(options, folder));
    if (plan.steps.length === 0)
        return planNothingLeft(options, plan);
    const names = plan.steps.map(({ name }) => name);
    const losses = plan.steps.flatMap(({ name, takes }) => takes.map((taken) => `${name}: ${taken}`));
    if (plan.irregularities.length > 0)
        throw new lib_errors/* RefusedError */.fk(`${plan.irregularities.join('; ')}: look at it, and undo by hand with db-restore and allow-irregular if it is right`);
    const view = {
        ...layer_options_emptyView,
        from: names[0] ?? '',
        to: standsAt(plan),
        foundBy: `${plan.table} says what was applied, and ${good.id.slice(0, 7)} does not have it`,
        steps: [
            `backs ${engine.database} up as it is now`,
            ...plan.steps.map((step) => command === undefined
                ? `undoes ${step.name}, by the script of ${step.from}`
                : `undoes ${step.name}, by the configured command`),
            `looks in ${plan.table} whether just these are gone`,
        ],
        undone: plan.steps.map(({ name, entry }) => ({
            revision: entry.revision ?? bad.id,
            title: name,
            author: '',
        })),
        losses,
        needsPerson: options.allowDataLoss ? [] : losses.map((loss) => `it takes data away, ${loss}`),
        basis: { applied: plan.applied.entries.map(({ key }) => key).join(', '), undoes: names.join(', ') },
    };
    return {
        view,
        apply: async () => {
            const report = await undoDeployment({
                ...options,
                ...deploymentOf(options, folder),
                allowIrregular: false,
                dryRun: false,
                expected: names,
            });
            const left = await planDeploymentUndo(deploymentOf(options, folder));
            return {
                ...receiptUndone(report),
                verified: {
                    ok: left.steps.length === 0,
                    evidence: `${left.table} of ${engine.database} ends with ${standsAt(left)} and has no more of ${names.join(', ')}`,
                },
            };
        },
    };
}
/** Nothing of the deployment is applied: it applied nothing, or it was undone before, which its safety copy shows. */
async function planNothingLeft(options, plan) {
    const { earlier } = options;
    const safety = earlier === undefined ? await findSafetyCopy(options) : undefined;
    const names = safety?.migrations.map(({ name }) => name) ?? [];
    const to = standsAt(plan);
    const isDone = earlier !== undefined || safety !== undefined;
    const view = {
        ...layer_options_emptyView,
        state: isDone ? 'done' : 'nothing',
        from: earlier?.from ?? names[0] ?? '',
        to: earlier?.to ?? to,
        foundBy: isDone
            ? `${plan.table} has nothing of the deployment any more`
            : `${plan.table} has nothing that the deployment added`,
        basis: { applied: plan.applied.entries.map(({ key }) => key).join(', '), undoes: '' },
    };
    const done = earlier ?? receiptUndone({ undone: names, standsAt: to, backup: safety?.name });
    return {
        view,
        apply: async () => ({
            ...done,
            outcome: 'already-rolled-back',
            verified: { ok: true, evidence: `${plan.table} ends with ${to}` },
        }),
    };
}
/**
 * Restores the backup from before the migrations were undone. Rows written since are a loss like any other.
 * @throws RefusedError when there is no such backup, or rows would be lost
 */
async function takeMigrationsBack(options, { kept }) {
    const { engine, store, migrations } = options;
    const backup = kept['backup'];
    if (backup === undefined)
        throw new lib_errors/* RefusedError */.fk(`the history names no copy of ${engine.database} from before its migrations were undone: apply them again by hand`);
    const names = (kept['migrations'] ?? '').split('\n').filter((name) => name !== '');
    if (migrations !== undefined && names.length > 0) {
        const { steps } = await planDeploymentUndo(deploymentOf(options, migrations));
        if (names.every((name) => steps.some((step) => step.name === name)))
            return `${engine.database} has ${names.join(', ')} applied again`;
    }
    await restoreBackup({
        ...options,
        manifest: await readBackup(store, backup),
        verify: 'full',
        exportTo: undefined,
        dryRun: false,
    });
    return `${engine.database} is as it was before its migrations were undone, from backup ${backup}`;
}
function deploymentOf({ engine, store, bad, good, command }, folder) {
    return { engine, store, folder, bad, command, selection: { by: 'added', good } };
}
/** Migrations that were undone, in the words of all layers. @param foundBy how it was found that it is these */
function viewUndone({ undone, standsAt: to }, bad, foundBy) {
    const titles = undone.map((title) => ({ revision: bad, title, author: '' }));
    return { ...emptyView, from: undone[0] ?? '', to, foundBy, undone: titles };
}
/** What undoing them did, in the words of all layers. */
function receiptUndone({ undone, standsAt: to, backup }) {
    const kept = { ...(backup !== undefined && { backup }), migrations: undone.join('\n') };
    return { outcome: 'rolled-back', from: undone[0] ?? '', to, now: to, kept, verified: undefined };
}

;// CONCATENATED MODULE: ./lib/layers/database/layer-restore.js








/**
 * Restores the backup from before the deployment: beside, verified there, then one swap.
 * @param instead why it is not the migrations that are undone
 * @throws RefusedError when there is no such backup
 */
async function layer_restore_planRestore(options, instead) {
    const { engine, store, bad, environment, mayRestoreAlone, allowDataLoss } = options;
    await engine.inspect('restore');
    const manifest = await chooseBackup(store, {
        wanted: 'before-deployment',
        revision: bad.id,
        source: engine.source,
        environment,
        allowOtherSource: false,
    });
    const live = await engine.contents();
    const done = live === undefined ? undefined : await layer_restore_findDone(options, manifest, live);
    if (done !== undefined)
        return done;
    const losses = live === undefined ? [] : countRoughly(manifest, live);
    const left = (await engine.leftBehind?.()) ?? [];
    const view = {
        ...viewRestore(options, manifest, { wanted: 'before-deployment', replaces: live !== undefined }),
        steps: [
            `compares every file of backup ${manifest.name} with its manifest`,
            `loads it beside ${engine.database} and compares it there, table by table`,
            `counts the rows that were written since${allowDataLoss ? '' : ', and stops if there are any'}`,
            live === undefined
                ? `puts it in place as ${engine.database}`
                : `puts it in the place of ${engine.database}, which is kept for ${(0,duration/* formatDuration */.a3)(options.keepOldMs)}`,
        ],
        losses,
        warnings: [
            ...(instead === undefined ? [] : [`the migrations cannot be undone: ${instead}`]),
            'rows that were changed since the backup are counted only when the copy is there',
            ...(isRestored(manifest) ? [] : [`backup ${manifest.name} is ${verification_describeVerification(manifest)}`]),
            ...(left.length === 0 ? [] : [sayLeftBehind(left)]),
        ],
        needsPerson: [
            ...(mayRestoreAlone
                ? []
                : [
                    'it restores a backup, and database.restore-without-a-person does not say that a machine may do so',
                ]),
            ...(allowDataLoss ? [] : losses.map((loss) => `it takes data away, ${loss}`)),
        ],
        basis: { backup: manifest.name, schema: live?.schema ?? '' },
    };
    return {
        view,
        apply: async () => {
            const report = await restoreBackup({
                ...options,
                manifest,
                verify: 'full',
                exportTo: undefined,
                dryRun: false,
                liveSchema: live?.schema,
            });
            const after = await engine.contents();
            return {
                ...receiptRestored(view, report),
                verified: {
                    ok: after?.schema === manifest.contents.schema,
                    evidence: `${engine.database} has the schema and the ${manifest.contents.tables.length} tables of backup ${manifest.name}, which were compared row by row before the swap`,
                },
            };
        },
    };
}
/**
 * What an earlier run restored, and what holds just what the backup does, is not restored again: rows that were written to it
 * since would be lost.
 */
async function layer_restore_findDone(options, manifest, live) {
    const { engine, earlier } = options;
    const hasSchema = live.schema === manifest.contents.schema;
    const wasRestored = earlier?.to === manifest.name && hasSchema;
    if (!wasRestored && !(await holdsAlready(engine, manifest, live)))
        return undefined;
    // a run that was killed between the swap and its record has left what it replaced
    const kept = (await engine.listKept()).findLast(({ at }) => at.getTime() >= Date.parse(manifest.createdAt))?.name;
    const chosen = viewRestore(options, manifest, { wanted: 'before-deployment', replaces: true });
    const done = earlier ?? receiptRestored(chosen, { outcome: 'already-restored', kept });
    const isDone = wasRestored || kept !== undefined;
    return {
        view: {
            ...layer_options_emptyView,
            state: isDone ? 'done' : 'nothing',
            from: isDone ? done.from : '',
            to: manifest.name,
            foundBy: `${engine.database} holds what backup ${manifest.name} does`,
            basis: { backup: manifest.name, schema: live.schema },
        },
        apply: async () => ({
            ...done,
            outcome: 'already-rolled-back',
            verified: { ok: true, evidence: `${engine.database} has the schema of backup ${manifest.name}` },
        }),
    };
}
/**
 * Puts the database that was replaced in its place again, and keeps what the restore made.
 * @throws RefusedError when it is not kept any more
 */
async function takeRestoreBack(options, name) {
    const { engine, now, log } = options;
    const lock = await engine.lock();
    try {
        const kept = await engine.listKept();
        const own = kept.find((each) => each.name === name);
        if (own === undefined) {
            // the one that was put back is not kept any more, and what it replaced is
            const replaced = kept.at(-1);
            if (replaced !== undefined && replaced.name > name)
                return `${engine.database} is the one again that was kept as ${name}; what the restore had made is kept as ${replaced.name}`;
            throw new lib_errors/* RefusedError */.fk(`${name} is not there any more, so it cannot be put back: restore a backup by hand with db-restore`);
        }
        const keepAs = await (0,database_engine/* nameKept */.CF)(engine, now());
        await engine.putBack(name, keepAs);
        await pruneKept({ engine, keepOldMs: options.keepOldMs, now, log });
        return `${engine.database} is the one again that was kept as ${name}; what the restore had made is kept as ${keepAs}`;
    }
    finally {
        await lock.release();
    }
}
/**
 * A restore in the words of all layers: what is replaced by what.
 * @param wanted a name, `latest` or `before-deployment`
 * @param replaces whether there is a database already
 */
function viewRestore({ engine, bad }, manifest, { wanted, replaces }) {
    const how = {
        latest: 'the newest backup',
        'before-deployment': `the newest backup from before the deployment of ${bad.id.slice(0, 7)}`,
    };
    return {
        ...layer_options_emptyView,
        from: replaces ? engine.database : '',
        to: manifest.name,
        foundBy: `${how[wanted] ?? 'the backup that was named'}, of ${manifest.createdAt}`,
        undone: manifest.migrations.map(({ name, revision }) => ({
            revision: revision ?? bad.id,
            title: name,
            author: '',
        })),
    };
}
/** What a restore did, in the words of all layers. */
function receiptRestored({ from, to }, { outcome, kept }) {
    return {
        outcome: outcome === 'restored' ? 'rolled-back' : 'already-rolled-back',
        from,
        to,
        now: to,
        kept: { ...(kept !== undefined && { database: kept }) },
        verified: undefined,
    };
}
/** By row counts alone, so that a plan reads no table twice: there may be more. */
function countRoughly({ contents }, live) {
    const before = new Map(contents.tables.map(({ name, rows }) => [name, rows]));
    return live.tables.flatMap(({ name, rows }) => {
        const then = before.get(name);
        if (isHistoryTable(name))
            return [];
        if (then === undefined)
            return rows === 0 ? [] : [`table ${name}: ${rows} rows, and the backup has no such table`];
        return rows <= then ? [] : [`table ${name}: at least ${rows - then} rows written since the backup`];
    });
}

;// CONCATENATED MODULE: ./lib/layers/database/layer.js






/** The database that the deployment migrated: its migrations are undone, or the backup from before it is restored. */
function openDatabaseLayer(options) {
    return {
        name: 'database',
        plan: () => planDatabase(options),
        // a backup that was made first has all that there was; a database that was replaced may have been changed before
        undo: (done) => done.kept['backup'] === undefined && done.kept['database'] !== undefined
            ? takeRestoreBack(options, done.kept['database'])
            : takeMigrationsBack(options, done),
    };
}
async function planDatabase(options) {
    const { strategy, migrations } = options;
    if (strategy === 'backup')
        return layer_restore_planRestore(options);
    if (migrations === undefined) {
        if (strategy === 'both')
            return layer_restore_planRestore(options, 'the project has no folder of migrations');
        throw new lib_errors/* RefusedError */.fk('database.strategy is `migrations`, and database.migrations does not say where they are: name their folder');
    }
    if (addedMigrations(options.good, options.bad, migrations).length === 0)
        return unchanged(`${options.bad.id.slice(0, 7)} has no migration in ${migrations} that ${options.good.id.slice(0, 7)} has not`);
    if (strategy === 'migrations')
        return planMigrations(options, migrations);
    try {
        const plan = await planMigrations(options, migrations);
        return { ...plan, apply: () => applyBoth(options, plan) };
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        return layer_restore_planRestore(options, error.message);
    }
}
/** A script that fails leaves what cannot be taken back where DDL is part of no transaction: then the backup is restored. */
async function applyBoth(options, plan) {
    const { automatic, mayRestoreAlone, log, now } = options;
    const begunAt = now().toISOString();
    try {
        return await plan.apply();
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk) || (automatic && !mayRestoreAlone))
            throw error;
        log(`the migrations could not be undone, so the backup is restored: ${error.message}`);
        const receipt = await (await layer_restore_planRestore(options, error.message)).apply();
        const safety = await findSafetyCopy(options);
        const isOwn = safety !== undefined && safety.createdAt >= begunAt;
        return { ...receipt, kept: { ...receipt.kept, ...(isOwn && { backup: safety.name }) } };
    }
}
function unchanged(foundBy) {
    const view = { ...layer_options_emptyView, state: 'nothing', foundBy };
    return {
        view,
        apply: async () => ({
            outcome: 'already-rolled-back',
            from: '',
            to: '',
            now: '',
            kept: {},
            verified: undefined,
        }),
    };
}

;// CONCATENATED MODULE: ./lib/layers/database/open.js
/** Opens the engine for a database: connects to nothing yet. Only its own driver is loaded, which takes up to 0.2 s. */
async function openEngine(connection, surroundings) {
    switch (connection.engine) {
        case 'sqlite':
            return (await __webpack_require__.e(/* import() */ 444).then(__webpack_require__.bind(__webpack_require__, 2444))).openSqlite(connection, surroundings);
        case 'postgres':
            return (await Promise.all(/* import() */[__webpack_require__.e(849), __webpack_require__.e(950)]).then(__webpack_require__.bind(__webpack_require__, 8950))).openPostgres(connection, surroundings);
        case 'mysql':
            return (await Promise.all(/* import() */[__webpack_require__.e(909), __webpack_require__.e(121)]).then(__webpack_require__.bind(__webpack_require__, 4121))).openMysql(connection, surroundings);
    }
}

;// CONCATENATED MODULE: ./lib/layers/lazy-layer.js
/**
 * A layer that is opened when it is first used, so that what is wrong with its settings is wrong with its plan alone; and that is planned once,
 * so that another layer can build on its plan.
 */
function openLazily(name, open) {
    let opened;
    let planned;
    const layer = () => {
        opened ??= open();
        return opened;
    };
    return {
        name,
        plan: () => {
            planned ??= layer().then((each) => each.plan());
            return planned;
        },
        undo: async (done) => (await layer()).undo(done),
    };
}

;// CONCATENATED MODULE: ./lib/layers/ota/mark.js
/**
 * Marks in the descriptions of releases: which rollback took one back, or put one on top. A run that comes after a killed
 * one knows by them what is done, on servers that tell nothing else. Apps may show a description to their users, so a mark
 * holds no reason and no name.
 */
const pattern = /\s*\[(rolled back|rollback of \S+|rollback undone)(?: at (\d+(?:\.\d+)?) %)?, incident ([^\]\s]*)\]/;
/**
 * The description of a bad release, from the moment it is disabled. How far its rollout was is in it: the release that is
 * put on top of it ends that on one server, and whoever takes the rollback back has to know.
 */
function markTakenBack({ description, rollout }, incident) {
    return add(description, `rolled back${formatRollout(rollout)}`, incident);
}
/** The description of the release that was put on top. @param bad label of the one that was taken back */
function markPutBack(description, bad, incident) {
    return add(description, `rollback of ${bad}`, incident);
}
/** The description of a release that had been taken back, and is offered again. */
function markUndone(description, incident) {
    return add(description, `rollback undone${formatRollout(readRollout(description))}`, incident);
}
/** The incident for which a release was taken back; undefined for one that was not. */
function readTakenBack(description) {
    const [, what, , incident] = pattern.exec(description) ?? [];
    return what === 'rolled back' ? incident : undefined;
}
/** The label of the release that this one was put on top of, to take it back; undefined for one that no run of ours put there. */
function readRollbackOf(description) {
    const [, what = ''] = pattern.exec(description) ?? [];
    return /^rollback of (\S+)$/.exec(what)?.[1];
}
/** True for a release that had been taken back, and is offered again because somebody undid that. */
function isUndone(description) {
    return pattern.exec(description)?.[1] === 'rollback undone';
}
/** The incident of the mark, whatever it says. */
function readIncident(description) {
    return pattern.exec(description)?.[3];
}
/** Percent of the devices that a release had been offered to when it was taken back; undefined for all of them, or when the server did not tell. */
function readRollout(description) {
    const percent = pattern.exec(description)?.[2];
    return percent === undefined ? undefined : Number(percent);
}
/** True when the release has been marked by any rollback. */
function isMarked(description) {
    return pattern.test(description);
}
function add(description, mark, incident) {
    return `${description.replace(new RegExp(pattern, 'g'), '').trim()} [${mark}, incident ${incident}]`.trimStart();
}
function formatRollout(percent) {
    return percent === undefined || percent >= 100 ? '' : ` at ${percent} %`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/release.js

/** `Shop-ios/Production` */
function release_formatChannel({ app, deployment }) {
    return `${app}/${deployment}`;
}
/** A label as people read it: a bundle's id by its end, which differs between two of one minute. */
function release_formatLabel(label) {
    return label.length > 12 ? `…${label.slice(-12)}` : label;
}
/**
 * True for a release that put an older one back: made by a rollback, or by promoting a deployment to itself, which is
 * how one goes back for a binary that is not the newest. One that undid a rollback is none.
 */
function isRollback({ method, copyOf, description }, { deployment }) {
    if (isUndone(description))
        return false;
    return method === 'Rollback' || (method === 'Promote' && copyOf?.deployment === deployment);
}
/** True for a release that is disabled, and that no rollback of ours had to do with: uploaded to be offered later, or disabled on the server. */
function isDraft({ isDisabled, description }) {
    return isDisabled === true && !isMarked(description);
}
/** `v2 (for 1.0.0)` */
function release_describe({ label, binary }) {
    return `${release_formatLabel(label)} (for ${binary})`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/explain.js


/** What devices get once a release is halted. */
function haltMeans({ bad, fallback }) {
    if (fallback === 'store')
        return 'devices that run it return to the bundle from the store';
    if (fallback !== undefined)
        return `devices are offered ${release_describe(fallback)} instead`;
    return `devices that run ${release_formatLabel(bad.label)} keep it, and no other device is offered it`;
}
/** What is not known, and how the user says it. */
function explain_explainUndecided({ draft, because }) {
    return (0,lib_errors/* message */.iU) `${release_describe(draft)} is the newest release and is disabled, and no rollback disabled it; ${because}. Write the label of the bad release in ${(0,lib_errors/* setting */.Pe)('from-label')}: ${draft.label}, or that of an older release`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/describe.js



/** A plan as lines of a log. */
function ota_describe_describePlan(plan) {
    const name = formatChannel(plan.channel.name);
    return [
        `${name}: ${outlineOf(plan)}`,
        ...describe_stepsOf(plan).map((step) => `  ${step}`),
        ...plan.warnings.map((warning) => `  warning: ${warning}`),
    ];
}
function outlineOf(plan) {
    switch (plan.kind) {
        case 'roll-back':
            return `${describe(plan.bad)} → content of ${describe(plan.good)} (${plan.foundBy})`;
        case 'stop':
            return `halt ${describe(plan.bad)} and put nothing in its place${plan.because === undefined ? '' : `: ${plan.because}`}`;
        case 'done':
            return `${formatLabel(plan.bad.label)} is already taken back, and ${describe(plan.good)} is on offer`;
        case 'superseded':
            return `${formatLabel(plan.expected)} is superseded by ${describe(plan.by)}`;
        case 'undecided':
            return String(explainUndecided(plan));
    }
}
/** What is done to a channel, in this order. */
function describe_stepsOf(plan) {
    if (plan.kind !== 'roll-back' && plan.kind !== 'stop')
        return [];
    const disable = plan.disable.map((each) => `disable ${release_formatLabel(each.label)}`);
    if (plan.kind === 'stop')
        return [...disable, haltMeans(plan)];
    return [
        ...disable,
        ...(plan.by === 'disabling' ? [] : [`put ${release_formatLabel(plan.good.label)} on top by ${plan.by}`]),
        ...(plan.isAsked ? ['ask as devices what they are offered'] : []),
    ];
}
/** The plans as a section of the job summary. */
function summarizePlans(plans, server) {
    return [
        heading(3, 'Over-the-air updates'),
        paragraph('on ', code(server.at), ` (${server.kind})`),
        table(['channel', 'binaries', 'from', 'to', 'how'], plans.map((plan) => [
            code(formatChannel(plan.channel.name)),
            code(plan.binary),
            'bad' in plan ? code(formatLabel(plan.bad.label)) : '',
            'good' in plan ? code(formatLabel(plan.good.label)) : '',
            text(howOf(plan)),
        ])),
        ...plans.flatMap((plan) => [...(plan.kind === 'stop' && plan.because !== undefined ? [plan.because] : []), ...plan.warnings].map((line) => paragraph(code(formatChannel(plan.channel.name)), text(`: ${line}`)))),
    ];
}
function howOf(plan) {
    if (plan.kind === 'roll-back')
        return plan.by;
    if (plan.kind === 'stop')
        return 'halted, nothing in its place';
    if (plan.kind === 'undecided')
        return 'not decided';
    return plan.kind === 'done' ? 'done before' : `superseded by ${formatLabel(plan.by.label)}`;
}
/** What was done and what devices are answered, as a section of the job summary. */
function summarizeResults(results) {
    return results.flatMap(({ plan, receipt, problem }) => [
        heading(3, code(formatChannel(plan.channel.name))),
        ...(problem === undefined ? [] : [paragraph(text(String(problem)))]),
        ...(receipt?.now === undefined
            ? []
            : [
                bulletList([
                    ['on top now: ', code(receipt.now.label), `, package `, code(receipt.now.packageHash)],
                ]),
            ]),
        ...(receipt === undefined
            ? []
            : [
                table(['devices', 'binary', 'are offered', 'right'], receipt.devices.map(({ device, binary, offered, asked, agreeing, ok }) => [
                    text(device.replace(/,$/, '')),
                    code(binary),
                    text(offered),
                    ok ? 'yes' : asked === 1 ? 'no' : `${agreeing} of ${asked}`,
                ])),
            ]),
    ]);
}
/** What devices are answered, as lines of a log. */
function describeDevices({ plan, receipt }) {
    const name = release_formatChannel(plan.channel.name);
    return (receipt?.devices ?? []).map(({ device, binary, offered, asked, agreeing, ok }) => `${name}: devices ${device} binary ${binary}: ${offered}${asked === 1 ? '' : ` (${agreeing} of ${asked} as they should)`}${ok ? '' : ': NOT as they should'}`);
}

;// CONCATENATED MODULE: ./lib/http/no-answer.js
const explanations = [
    { codes: /^ECONNREFUSED$/, isOutage: true, words: 'the connection was refused' },
    {
        codes: /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_CLOSED)$/,
        isOutage: true,
        words: 'the connection was dropped',
    },
    { codes: /^(ETIMEDOUT|UND_ERR_\w*TIMEOUT)$/, isOutage: true, words: 'the connection timed out' },
    { codes: /^EHOSTUNREACH$/, isOutage: true, words: 'the host is unreachable' },
    {
        codes: /^(HTTPParserError|HPE_\w+|Z_\w+|UND_ERR_(HEADERS_OVERFLOW|RES\w*))$/,
        isOutage: true,
        words: 'the answer is not valid HTTP',
    },
    { codes: /^(ENOTFOUND|EAI_\w+|ENODATA|ESERVFAIL)$/, isOutage: false, words: 'the host name was not found' },
    {
        codes: /^NO_IPV4_ADDRESS$/,
        isOutage: false,
        words: 'the host has no IPv4 address (A record), and `ip` is 4; add the record, or remove `ip`',
    },
    {
        codes: /^NO_IPV6_ADDRESS$/,
        isOutage: false,
        words: 'the host has no IPv6 address (AAAA record), and `ip` is 6; add the record, or remove `ip`',
    },
    { codes: /^BAD_PORT$/, isOutage: false, words: 'web clients refuse to ask this port' },
    {
        codes: /CERT|SIGNATURE|^ERR_(TLS|SSL)|^EPROTO$|^HOSTNAME_MISMATCH$/,
        isOutage: false,
        words: 'the TLS connection failed',
    },
];
/**
 * Explains what `fetch` threw: `the connection was refused (ECONNREFUSED)`. The words are ours, because an error's own
 * message may quote a header or an address that holds a secret. Of several addresses of a host, one that proves an outage
 * counts more than one that cannot be reached from here, as IPv6 often cannot.
 */
function explainNoAnswer(error) {
    const found = codesOf(error).map((code) => ({ ...no_answer_explain(code), code }));
    const best = found.find(({ isOutage }) => isOutage) ?? found[0];
    if (best === undefined)
        return { kind: 'no-answer', isOutage: false, detail: 'the request failed' };
    const isRefused = /^(ECONNREFUSED|EHOSTUNREACH)$/.test(best.code);
    const detail = `${best.words} (${best.code})`;
    return { kind: 'no-answer', isOutage: best.isOutage, ...(isRefused && { isRefused }), detail };
}
function no_answer_explain(code) {
    const known = explanations.find(({ codes }) => codes.test(code));
    return known ?? { isOutage: false, words: 'the request failed' };
}
/** `fetch` wraps the reason in causes, and in an AggregateError when a host has several addresses. */
function codesOf(error, depth = 0) {
    if (typeof error !== 'object' || error === null || depth > 5)
        return [];
    const attempts = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
    const inner = 'cause' in error ? [...attempts, error.cause] : attempts;
    return [...codeOf(error), ...inner.flatMap((each) => codesOf(each, depth + 1))];
}
function codeOf(error) {
    if ('code' in error && typeof error.code === 'string')
        return [error.code].filter((code) => /^\w+$/.test(code));
    // undici gives these two no code
    if ('name' in error && error.name === 'HTTPParserError')
        return ['HTTPParserError'];
    if ('message' in error && error.message === 'bad port')
        return ['BAD_PORT'];
    return [];
}

;// CONCATENATED MODULE: ./lib/http/request.js


const redirects = new Set([301, 302, 303, 307, 308]);
/** https://fetch.spec.whatwg.org/#http-redirect-fetch, step 13, and the cookie that a browser would keep in its jar. */
const dropsAcrossOrigins = new Set(['authorization', 'proxy-authorization', 'cookie', 'host']);
/**
 * Makes one bounded request: in time, bytes and redirects. Whatever goes wrong on the way is a `NoAnswer`, not an
 * exception.
 * @throws the signal's reason, when the caller aborted
 */
async function request(input) {
    const { signal, timeoutMs } = input;
    signal.throwIfAborted();
    const controller = new AbortController();
    const abort = () => controller.abort();
    const timer = setTimeout(abort, timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    try {
        return await exchange(input, controller.signal);
    }
    catch (error) {
        signal.throwIfAborted();
        if (!controller.signal.aborted)
            return explainNoAnswer(error);
        return brokenOff(`no complete answer within ${(0,duration/* formatDuration */.a3)(timeoutMs)}`);
    }
    finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        controller.abort();
    }
}
async function exchange(input, signal) {
    const { fetch, now, maxBytes, maxRedirects, wantedStatus = [] } = input;
    const startedAt = now();
    let url = input.url;
    let headers = input.headers;
    let method = input.method ?? (input.body === undefined ? 'GET' : 'POST');
    let sent = input.body;
    for (let followed = 0;; followed += 1) {
        const response = await fetch(url, {
            method,
            headers,
            body: sent ?? null,
            redirect: 'manual',
            cache: 'no-store',
            signal,
        });
        const { status } = response;
        const location = response.headers.get('location');
        const isFinal = maxRedirects === 0 || wantedStatus.includes(status);
        if (isFinal || !redirects.has(status) || location === null) {
            const { body, cut } = await readBody(response, maxBytes);
            return {
                kind: 'answer',
                status,
                body,
                cut,
                latencyMs: Math.max(0, now() - startedAt),
                location: redirects.has(status) ? (location ?? '') : '',
                headers: response.headers,
            };
        }
        await response.body?.cancel();
        if (followed === maxRedirects)
            return brokenOff(`more than ${maxRedirects} redirects`);
        const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
        if (next === undefined || !/^https?:$/.test(next.protocol)) {
            return brokenOff('a redirect to an address that is not http or https');
        }
        if (next.origin !== url.origin)
            headers = withoutSecrets(headers, input.secretHeaders);
        // https://fetch.spec.whatwg.org/#http-redirect-fetch, step 12
        const isPost = method === 'POST' && (status === 301 || status === 302);
        if (isPost || (status === 303 && method !== 'GET' && method !== 'HEAD')) {
            method = 'GET';
            sent = undefined;
        }
        url = next;
    }
}
/** The server was there, and its answer was of no use. */
function brokenOff(detail) {
    return { kind: 'no-answer', isOutage: true, detail };
}
function withoutSecrets(headers, secretHeaders) {
    const kept = Object.entries(headers).filter(([name]) => !secretHeaders.has(name) && !dropsAcrossOrigins.has(name));
    return Object.fromEntries(kept);
}
async function readBody(response, maxBytes) {
    if (response.body === null)
        return { body: '', cut: false };
    const reader = response.body.getReader();
    const chunks = [];
    let size = 0;
    for (;;) {
        const { done, value } = await reader.read();
        if (done || value === undefined)
            break;
        chunks.push(value);
        size += value.byteLength;
        if (size > maxBytes)
            break;
    }
    const cut = size > maxBytes;
    if (cut)
        await reader.cancel();
    return { body: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), cut };
}

;// CONCATENATED MODULE: ./lib/layers/ota/exchange.js



const timeoutMs = 30_000;
const maxBytes = 5 * 1024 * 1024;
/** of reads: about four seconds in all */
const retries = 4;
/** One path of an address, whatever is in the names. */
function exchange_pathOf(...segments) {
    return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}
/** Makes one request. No redirect is followed: it leads to a log-in page far more often than to the API. */
function send({ url, accessKey, ...rest }, { method = 'GET', path, json, headers = {}, withKey = true }) {
    return request({
        ...rest,
        url: new URL(`${url}${path}`),
        method,
        headers: {
            accept: 'application/json',
            'user-agent': 'rollback-codepush',
            ...(json !== undefined && { 'content-type': 'application/json' }),
            ...(withKey && { authorization: `Bearer ${accessKey}` }),
            ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        timeoutMs,
        maxBytes,
        maxRedirects: 0,
        secretHeaders: new Set(['authorization']),
    });
}
/**
 * Reads, and tries again while the server is not there. The answer's shape is checked and not only its status: one
 * server says 200 to a missing key.
 * @throws UnavailableError, InputError for a wrong key or address, RefusedError for anything else that is no such answer
 */
async function read(connection, call, shape) {
    const answer = await ask(connection, call);
    refuseUnlessApi(connection, call, answer);
    const parsed = shape.safeParse(parseJson(answer.body));
    if (answer.status === 200 && parsed.success)
        return parsed.data;
    throw new lib_errors/* RefusedError */.fk(explainRefusal(connection, call, answer, parsed.error));
}
/** The answer to a read, tried again while the server is not there. @throws UnavailableError */
async function ask(connection, call) {
    return (0,p_retry/* default */.Ay)(async () => {
        const outcome = await send(connection, call);
        if (outcome.kind === 'no-answer')
            throw new lib_errors/* UnavailableError */.hG(`could not ask ${exchange_named(connection, call)}: ${adviseOn(outcome)}`);
        if (isPassing(outcome.status))
            throw new lib_errors/* UnavailableError */.hG(`${exchange_named(connection, call)} answered ${outcome.status}${exchange_quote(outcome.body)}`);
        return outcome;
    }, {
        retries,
        minTimeout: 250,
        factor: 2,
        randomize: true,
        shouldRetry: ({ error }) => error instanceof lib_errors/* UnavailableError */.hG,
        signal: connection.signal,
    });
}
/**
 * Writes once. A server may have carried out what it answers with a 5xx, or not at all: that is `unknown`.
 * @throws RefusedError when it says no
 */
async function write(connection, call) {
    const outcome = await send(connection, call);
    if (outcome.kind === 'no-answer' || isPassing(outcome.status))
        return 'unknown';
    refuseUnlessApi(connection, call, outcome);
    if (outcome.status >= 200 && outcome.status <= 299)
        return 'accepted';
    throw new lib_errors/* RefusedError */.fk(explainRefusal(connection, call, outcome));
}
/** @throws InputError for what only another address or key will change */
function refuseUnlessApi(connection, call, { status, location, body }) {
    const where = exchange_named(connection, call);
    if (status >= 300 && status <= 399) {
        const target = URL.canParse(location, where) ? new URL(location, where) : undefined;
        const shown = target === undefined ? 'another page' : `${target.origin}${target.pathname}`;
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${where} redirects to ${shown}, which is no answer of an update server; write the address of its API in ${(0,lib_errors/* setting */.Pe)('ota.server-url')}, past any log-in page`);
    }
    if (status === 401 || isUnauthorized(body))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${connection.url} does not accept the key in ${(0,lib_errors/* setting */.Pe)('ota.access-key')}; make a new one, and put it into the secret without a line break`);
    if (/^\s*<(?:!doctype|html)/i.test(body))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${where} answered ${status} with a web page in place of data; write the address of the server's API in ${(0,lib_errors/* setting */.Pe)('ota.server-url')}`);
}
/** lisong's server says it with status 200. */
function isUnauthorized(body) {
    const json = parseJson(body);
    return typeof json === 'object' && json !== null && 'name' in json && json.name === 'UnauthorizedError';
}
function explainRefusal(connection, call, answer, error) {
    const where = exchange_named(connection, call);
    if (answer.status === 403)
        return `${where} answered 403${exchange_quote(answer.body)}: the key's account has to be a collaborator of the app`;
    if (answer.status !== 200)
        return `${where} answered ${answer.status}${exchange_quote(answer.body)}`;
    const [issue] = error?.issues ?? [];
    const why = issue === undefined ? '' : `: ${issue.path.join('.') || 'the whole'}: ${issue.message}`;
    return (0,lib_errors/* message */.iU) `${where} answered something else than an update server does${why}; check ${(0,lib_errors/* setting */.Pe)('ota.server-url')} and ${(0,lib_errors/* setting */.Pe)('ota.server-kind')}`;
}
function adviseOn({ detail }) {
    if (!detail.startsWith('the TLS connection failed'))
        return detail;
    return `${detail}; if its certificate is of an authority of your own, name that in NODE_EXTRA_CA_CERTS`;
}
/** The path's query is left out: it may hold a deployment key. */
function exchange_named({ url }, { path }) {
    return `${url}${path.split('?', 1)[0]}`;
}
/** Tried again, it may be answered otherwise. */
function isPassing(status) {
    return status >= 500 || status === 429 || status === 408;
}
/** The server's own words, when they are words. */
function exchange_quote(body) {
    const line = body.replace(/\s+/g, ' ').trim();
    if (line === '' || line.startsWith('<'))
        return '';
    return ` (${line.length > 200 ? `${line.slice(0, 200)}…` : line})`;
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/layers/ota/code-push.js




const releaseSchema = schemas/* object */.Ikc({
    label: schemas/* string */.YjP().regex(/^v\d+$/),
    appVersion: schemas/* string */.YjP().min(1),
    packageHash: schemas/* string */.YjP().min(1),
    releaseMethod: schemas/* enum */.k5n(['Upload', 'Promote', 'Rollback']).nullish(),
    originalLabel: schemas/* string */.YjP().nullish(),
    originalDeployment: schemas/* string */.YjP().nullish(),
    isDisabled: schemas/* boolean */.zMY().nullish(),
    rollout: schemas/* number */.aig().nullish(),
    description: schemas/* string */.YjP().nullish(),
    releasedBy: schemas/* string */.YjP().nullish(),
    /** ms since the epoch */
    uploadTime: schemas/* number */.aig().nullish(),
});
const historySchema = schemas/* object */.Ikc({ history: schemas/* array */.YOg(releaseSchema) });
const deploymentsSchema = schemas/* object */.Ikc({
    deployments: schemas/* array */.YOg(schemas/* object */.Ikc({ name: schemas/* string */.YjP(), key: schemas/* string */.YjP().min(1) })),
});
const offerSchema = schemas/* object */.Ikc({
    update_info: schemas/* object */.Ikc({
        is_available: schemas/* boolean */.zMY(),
        is_mandatory: schemas/* boolean */.zMY().nullish(),
        is_disabled: schemas/* boolean */.zMY().nullish(),
        label: schemas/* string */.YjP().nullish(),
        package_hash: schemas/* string */.YjP().nullish(),
    }),
});
const code_push_headers = { accept: 'application/vnd.code-push.v2+json', 'x-codepush-sdk-version': '3.0.0' };
function openCodePush(connection, dialect) {
    const deploymentPath = ({ app, deployment }, ...rest) => exchange_pathOf('apps', app, 'deployments', deployment, ...rest);
    const change = (name, packageInfo) => ({
        method: 'PATCH',
        path: deploymentPath(name, 'release'),
        headers: code_push_headers,
        // lisong's server dies of a missing appVersion; null means to both that it stays
        json: { packageInfo: { ...packageInfo, appVersion: null } },
    });
    return {
        kind: dialect,
        at: connection.url,
        goesBackBy: 'releasing',
        prefers: dialect === 'microsoft' ? 'newer' : 'narrower',
        async read(name) {
            const deviceKey = await findDeviceKey(connection, name);
            const call = { path: deploymentPath(name, 'history'), headers: code_push_headers };
            const { history } = await read(connection, call, historySchema);
            return {
                name,
                deviceKey,
                // one dialect answers oldest first, the other newest first; its times move with each change
                releases: history.map((each) => toRelease(each, dialect)).sort(newestFirst),
            };
        },
        disable: (name, label, description) => write(connection, change(name, { label, isDisabled: true, description })),
        enable: (name, label, description) => write(connection, change(name, { label, isDisabled: false, description })),
        release: (name, copy) => write(connection, releaseCall(name, copy, deploymentPath)),
        // a copy on lisong's server is offered to as many as its original was; on Microsoft's to all
        describe: (name, label, description) => write(connection, change(name, { label, description, ...(dialect === 'lisong' && { rollout: 100 }) })),
        ask: (channel, device) => askForUpdate(connection, channel.deviceKey, device),
    };
}
async function findDeviceKey(connection, { app, deployment }) {
    const call = { path: exchange_pathOf('apps', app, 'deployments'), headers: code_push_headers };
    const answer = await ask(connection, call);
    // 406 is what lisong's server says to everything it does not like
    if (answer.status === 404 || answer.status === 406)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${connection.url} has no app "${app}" that this key may see; write one it has in ${(0,lib_errors/* setting */.Pe)('ota.channels')}`);
    const { deployments } = await read(connection, call, deploymentsSchema);
    const found = deployments.find(({ name }) => name === deployment);
    if (found !== undefined)
        return found.key;
    const names = deployments.map(({ name }) => name).join(', ') || 'none';
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `the app "${app}" has no deployment "${deployment}" (it has ${names}); write one of them in ${(0,lib_errors/* setting */.Pe)('ota.channels')}, as in ${release_formatChannel({ app, deployment: deployments[0]?.name ?? 'Production' })}`);
}
function toRelease({ label, appVersion, packageHash, releaseMethod, originalLabel, originalDeployment, isDisabled, rollout, description, releasedBy, uploadTime, }, dialect) {
    // lisong's server says of every release that it is enabled for all
    const tells = dialect === 'microsoft';
    return {
        label,
        binary: appVersion,
        packageHash,
        method: releaseMethod ?? 'Upload',
        copyOf: originalLabel ? { label: originalLabel, deployment: originalDeployment ?? '' } : undefined,
        isDisabled: tells ? (isDisabled ?? false) : undefined,
        rollout: tells ? (rollout ?? 100) : undefined,
        description: description ?? '',
        releasedBy: releasedBy ?? '',
        releasedAt: uploadTime == null ? undefined : new Date(uploadTime),
    };
}
function newestFirst(a, b) {
    return Number(b.label.slice(1)) - Number(a.label.slice(1));
}
function releaseCall(name, { label, binary, by, description, rollout }, deploymentPath) {
    const common = { method: 'POST', headers: code_push_headers };
    if (by === 'rollback')
        return { ...common, path: deploymentPath(name, 'rollback', label), json: {} };
    const path = deploymentPath(name, 'promote', name.deployment);
    const packageInfo = { label, appVersion: binary, description, ...(rollout !== undefined && { rollout }) };
    return { ...common, path, json: { packageInfo } };
}
/** https://github.com/microsoft/code-push-server/blob/main/api/script/routes/acquisition.ts */
async function askForUpdate(connection, deviceKey, device) {
    const query = new URLSearchParams({
        deployment_key: deviceKey,
        app_version: device.binary,
        client_unique_id: `rollback-check-${device.number}`,
        ...(device.on && { label: device.on.label, package_hash: device.on.packageHash }),
    });
    const call = { path: `/v0.1/public/codepush/update_check?${query}`, withKey: false };
    const { update_info: info } = await read(connection, call, offerSchema);
    // a release that is disabled is named all the same by lisong's server
    if (!info.is_available) {
        if (!info.label || info.is_disabled == null)
            return { kind: 'nothing' };
        return { kind: 'nothing', withheld: { label: info.label, isDisabled: info.is_disabled } };
    }
    return {
        kind: 'update',
        label: info.label ?? '',
        packageHash: info.package_hash ?? '',
        isMandatory: info.is_mandatory ?? false,
    };
}
/**
 * Tells the kind of server from its answer to a request without a key, which changes nothing.
 * @throws InputError when it is none of those we know
 */
async function detectKind(connection) {
    const call = { path: '/authenticated', withKey: false };
    const { status, body } = await ask(connection, call);
    if (status === 401)
        return 'microsoft';
    const json = parseJson(body);
    if (status === 200 && schemas/* object */.Ikc({ name: schemas/* literal */.euz('UnauthorizedError') }).safeParse(json).success)
        return 'lisong';
    const version = await ask(connection, { path: '/version', withKey: false });
    if (version.status === 200 && schemas/* object */.Ikc({ version: schemas/* string */.YjP() }).safeParse(parseJson(version.body)).success)
        return 'hot-updater';
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${connection.url} does not answer as an update server does (${status} to /authenticated); write the address of its API in ${(0,lib_errors/* setting */.Pe)('ota.server-url')}, or say in ${(0,lib_errors/* setting */.Pe)('ota.server-kind')} what it is`);
}

// EXTERNAL MODULE: ./node_modules/zod/v4/core/errors.js
var errors = __webpack_require__(7428);
;// CONCATENATED MODULE: ./lib/layers/ota/eas-command.js


/** The version that is taken from npm where the job has installed none. */
const easVersion = '24.8.0';
/** A first run by npx downloads some hundred packages. */
const eas_command_timeoutMs = 5 * 60_000;
const keptBytes = 5 * 1024 * 1024;
/**
 * Runs Expo's own command line, without a shell: the one that is installed, else a known version by npx.
 * @returns the JSON it printed; undefined when it printed none
 * @throws InputError for a token it does not accept, UnavailableError, RefusedError with its own words
 */
async function runEas(project, args) {
    // looking at one group asks nothing, and knows no such flag
    const flags = [...args, '--json', ...(args[0] === 'update:view' ? [] : ['--non-interactive'])];
    const ended = (await run(project, 'eas', flags)) ??
        (await run(project, 'npx', ['--yes', `eas-cli@${easVersion}`, ...flags]));
    if (ended === undefined)
        throw new lib_errors/* RefusedError */.fk(`neither eas nor npx is on this runner: set Node up, or install eas-cli@${easVersion} in a step before`);
    if (ended.status === 0)
        return eas_command_parse(ended.printed);
    throw eas_command_explain(args[0] ?? 'eas', `${ended.printed}\n${ended.complained}`);
}
/** @returns undefined when there is no such program */
function run({ folder, env, signal }, program, args) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(eas_command_timeoutMs)]);
    return new Promise((resolve, reject) => {
        const child = (0,external_node_child_process_.spawn)(program, args, {
            cwd: folder,
            env: environment(env),
            stdio: ['ignore', 'pipe', 'pipe'],
            signal: limit,
        });
        let [printed, complained] = ['', ''];
        child.stdout.setEncoding('utf8').on('data', (chunk) => {
            printed = (printed + chunk).slice(-keptBytes);
        });
        child.stderr.setEncoding('utf8').on('data', (chunk) => {
            complained = (complained + chunk).slice(-keptBytes);
        });
        child.once('error', (error) => {
            if (signal.aborted)
                return reject(signal.reason);
            if (limit.aborted)
                return reject(new lib_errors/* UnavailableError */.hG(`${program} did not end within ${eas_command_timeoutMs / 60_000} minutes`));
            if ('code' in error && error.code === 'ENOENT')
                return resolve(undefined);
            reject(error);
        });
        child.once('close', (status) => resolve({ status, printed, complained }));
    });
}
/** A project's app.config.js may read any of the job's variables, but none of what the runner hands to actions. */
function environment(env) {
    const own = Object.entries(env).filter(([name]) => !/^(?:INPUT_|ACTIONS_|GITHUB_TOKEN$)/.test(name));
    return { ...Object.fromEntries(own), CI: '1', NO_COLOR: '1' };
}
function eas_command_parse(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}
function eas_command_explain(command, output) {
    const said = output
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !/command failed\.$|without version control system/.test(line))
        .join(' ')
        .slice(0, 500);
    if (/EXPO_TOKEN|bearer token is invalid/i.test(said))
        return new lib_errors/* InputError */.dz(`eas ${command} does not accept the token (${said}); set EXPO_TOKEN in the step's env to an access token of Expo, from a secret`);
    if (/failed, reason:|\[network\]|socket hang up|bad gateway|service unavailable|timed out/i.test(said))
        return new lib_errors/* UnavailableError */.hG(`eas ${command} could not reach its service (${said})`);
    return new lib_errors/* RefusedError */.fk(`eas ${command} failed: ${said || 'it did not say why'}`);
}

;// CONCATENATED MODULE: ./lib/layers/ota/eas.js




const groupId = schemas/* string */.YjP().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'no id of an update group');
const groupSchema = schemas/* object */.Ikc({
    group: groupId,
    /** `"what people wrote" (4 hours ago by ci (robot))` */
    message: schemas/* string */.YjP().nullish(),
    runtimeVersion: schemas/* string */.YjP().min(1),
    isRollBackToEmbedded: schemas/* boolean */.zMY().nullish(),
    rolloutPercentage: schemas/* number */.aig().nullish(),
});
const listSchema = schemas/* object */.Ikc({ currentPage: schemas/* array */.YOg(groupSchema) });
const publishedSchema = schemas/* array */.YOg(schemas/* object */.Ikc({ group: groupId })).min(1);
const platforms = ['all', 'ios', 'android'];
/** How many groups the command line lists at once. */
const pageSize = 50;
/** It cuts longer messages off at 512, and what they copy is at their end. */
const maxMessage = 400;
/** What its own rollback writes at the end of a message. */
const copyPattern = /\s*\(group: ([0-9a-f-]{36})\)$/i;
/**
 * EAS Update, by Expo's own command line. A channel's app is the platform, `ios`, `android` or `all`, and its deployment
 * the branch; a release is an update group, and its binary a runtime version. Nothing can be disabled: a release goes
 * back by publishing an older group again, or with nothing to go back to what came from the store.
 * @param ask how devices are asked; without it they are not
 */
function openEas(project, ask) {
    const list = (name) => listGroups(project, name);
    const republish = (name, label, description) => publish(project, [
        'update:republish',
        `--group=${label}`,
        `--message=${messageOf(description, label)}`,
        `--platform=${name.app}`,
    ]);
    return {
        kind: 'eas',
        at: 'https://expo.dev',
        goesBackBy: 'republishing',
        // a runtime version is one, and no range
        prefers: 'narrower',
        read: async (name) => ({
            name,
            deviceKey: '',
            platforms: name.app === 'all' ? ['ios', 'android'] : [name.app],
            releases: toReleases(await list(name)),
        }),
        async disable(name, label, description) {
            const { runtimeVersion } = find(await list(name), label, name);
            return publish(project, [
                'update:roll-back-to-embedded',
                `--branch=${name.deployment}`,
                `--runtime-version=${runtimeVersion}`,
                `--message=${shorten(description)}`,
                `--platform=${name.app}`,
            ]);
        },
        enable: republish,
        async release(name, { label, over, description }) {
            const groups = await list(name);
            const top = find(groups, over, name);
            const own = groups.filter(({ runtimeVersion }) => runtimeVersion === top.runtimeVersion);
            // its rollback takes the group before, if the one that is named is still the newest: then it is ours
            const isItsOwn = name.app === 'all' && own[0]?.group === over && own[1]?.group === label;
            if (!isItsOwn)
                return republish(name, label, description);
            return publish(project, [
                'update:rollback',
                over,
                `--message=${messageOf(description, label)}`,
                '--platform=all',
            ]);
        },
        describe: () => Promise.reject(new lib_errors/* RefusedError */.fk('EAS does not change the message of an update that is published')),
        ask,
    };
}
/** Newest first. @throws InputError for a platform or branch that there is not, RefusedError, UnavailableError */
async function listGroups(project, name) {
    const { app, deployment } = name;
    if (!platforms.includes(app))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.channels')} names "${release_formatChannel(name)}"; for EAS write a platform and a branch: all/${deployment}, ios/${deployment} or android/${deployment}`);
    const args = ['update:list', `--branch=${deployment}`, `--limit=${pageSize}`, `--platform=${app}`];
    const told = await runEas(project, args).catch((error) => {
        if (error instanceof lib_errors/* RefusedError */.fk && /could not find branch/i.test(error.message))
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `EAS has no branch "${deployment}" for the project in ${project.folder}; write one it has in ${(0,lib_errors/* setting */.Pe)('ota.channels')}, as in all/production`);
        throw error;
    });
    const parsed = listSchema.safeParse(told);
    if (parsed.success)
        return parsed.data.currentPage;
    throw new lib_errors/* RefusedError */.fk(`eas update:list printed something else than it is known to: ${errors/* prettifyError */.S1(parsed.error).replace(/\s+/g, ' ')}; use eas-cli 24.8 or a version like it`);
}
/** A group that tells devices to go back to the store's content disables the one below, as long as it is the newest. */
function toReleases(groups) {
    return groups.flatMap((each, index) => {
        if (each.isRollBackToEmbedded === true)
            return [];
        const newer = groups
            .slice(0, index)
            .filter(({ runtimeVersion }) => runtimeVersion === each.runtimeVersion);
        const above = newer.at(-1);
        const isTakenBack = above?.isRollBackToEmbedded === true;
        const message = eas_readMessage(each);
        const copied = copyPattern.exec(message)?.[1];
        return [
            {
                label: each.group,
                binary: each.runtimeVersion,
                packageHash: originOf(each, groups),
                method: copied === undefined ? 'Upload' : 'Rollback',
                copyOf: copied === undefined ? undefined : { label: copied, deployment: '' },
                isDisabled: isTakenBack && newer.length === 1,
                rollout: each.rolloutPercentage ?? 100,
                // what is said of its end is not on the group, which cannot be changed, but on the one above
                description: isTakenBack ? eas_readMessage(above) : message.replace(copyPattern, ''),
                releasedBy: '',
                // it is told as `4 hours ago`
                releasedAt: undefined,
            },
        ];
    });
}
/** Groups have no hash that is shown: one is the same as the one it says it copies. */
function originOf(group, groups) {
    const copied = copyPattern.exec(eas_readMessage(group))?.[1];
    if (copied === undefined || copied === group.group)
        return group.group;
    const older = groups.slice(groups.indexOf(group) + 1);
    const original = older.find((each) => each.group === copied);
    return original === undefined ? copied : originOf(original, older);
}
function eas_readMessage({ message }) {
    return /^"([\s\S]*)" \([\s\S]*\)$/.exec(message ?? '')?.[1] ?? '';
}
function messageOf(description, copied) {
    return `${shorten(description)} (group: ${copied})`;
}
/** Our mark is at the end. */
function shorten(text) {
    return text.length <= maxMessage ? text : `…${text.slice(-maxMessage)}`;
}
function find(groups, label, name) {
    const found = groups.find(({ group }) => group === label);
    if (found !== undefined)
        return found;
    throw new lib_errors/* RefusedError */.fk(`${release_formatChannel(name)} does not have the update group ${label} any more`);
}
/** @throws RefusedError, InputError */
async function publish(project, args) {
    const told = await runEas(project, args).catch((error) => {
        // it may have been published before the line broke
        if (error instanceof lib_errors/* UnavailableError */.hG)
            return undefined;
        throw error;
    });
    return publishedSchema.safeParse(told).success ? 'accepted' : 'unknown';
}

;// CONCATENATED MODULE: ./lib/layers/ota/expo-device.js



const expo_device_manifestSchema = schemas/* object */.Ikc({
    id: schemas/* string */.YjP().min(1),
    metadata: schemas/* object */.Ikc({ updateGroup: schemas/* string */.YjP().optional() }).optional(),
});
const directiveSchema = schemas/* object */.Ikc({ type: schemas/* enum */.k5n(['noUpdateAvailable', 'rollBackToEmbedded']) });
/**
 * Asks for an update as the expo-updates library does, version 1 of its protocol: on EAS Update, or on any server that
 * speaks it. https://docs.expo.dev/technical-specs/expo-updates-1/
 * @param connection its `url` is `updates.url` of the app's settings; no key is sent
 * @throws UnavailableError, RefusedError for an answer that is none of the protocol
 */
async function askAsExpoDevice(connection, device) {
    const { platform, runtimeVersion, channel, updateId, clientId } = device;
    const headers = {
        accept: 'multipart/mixed,application/expo+json,application/json',
        'expo-protocol-version': '1',
        'expo-api-version': '1',
        'expo-platform': platform,
        'expo-runtime-version': runtimeVersion,
        'expo-channel-name': channel,
        'expo-updates-environment': 'BARE',
        'eas-client-id': clientId,
        ...(updateId !== undefined && { 'expo-current-update-id': updateId }),
    };
    const { status, body, headers: answered } = await ask(connection, { path: '', headers, withKey: false });
    if (status === 204)
        return { kind: 'nothing' };
    const type = answered.get('content-type') ?? '';
    const parts = type.startsWith('multipart/') ? partsOf(body, type) : new Map([['manifest', body]]);
    if (status === 200) {
        const directive = directiveSchema.safeParse(parseJson(parts.get('directive') ?? ''));
        if (directive.success)
            return { kind: directive.data.type === 'rollBackToEmbedded' ? 'embedded' : 'nothing' };
        const manifest = expo_device_manifestSchema.safeParse(parseJson(parts.get('manifest') ?? ''));
        if (manifest.success)
            return { kind: 'update', id: manifest.data.id, group: manifest.data.metadata?.updateGroup };
        // a multipart answer of neither is allowed, and means that there is nothing
        if (type.startsWith('multipart/') && parts.size === 0)
            return { kind: 'nothing' };
    }
    throw new lib_errors/* RefusedError */.fk(`${connection.url} answered ${status} to a device of ${platform}, runtime version ${runtimeVersion}, channel ${channel}, with something that is no answer of the expo-updates protocol`);
}
/** The parts of a multipart body by their names. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function partsOf(body, type) {
    const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
    const boundary = quoted ?? bare ?? '';
    const parts = new Map();
    for (const part of `\r\n${body}`.split(`\r\n--${boundary}`).slice(1)) {
        const [, head = '', content = ''] = /^[ \t]*\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(part) ?? [];
        const name = /^content-disposition:[^\r\n]*\bname="?([^";\r\n]+)"?/im.exec(head)?.[1];
        if (name !== undefined)
            parts.set(name, content);
    }
    return parts;
}

;// CONCATENATED MODULE: ./lib/layers/ota/eas-device.js








const appSchema = schemas/* object */.Ikc({
    expo: schemas/* object */.Ikc({ updates: schemas/* object */.Ikc({ url: schemas/* url */.OZ5({ protocol: /^https?$/ }) }) }),
});
const eas_device_viewSchema = schemas/* array */.YOg(schemas/* object */.Ikc({ id: schemas/* string */.YjP().min(1), platform: schemas/* string */.YjP() })).min(1);
/** The address that the app's devices ask, from its app.json; undefined where that does not have it, as with app.config.js. */
async function readUpdatesUrl(folder) {
    const text = await (0,external_node_fs_promises_.readFile)((0,external_node_path_.join)(folder, 'app.json'), 'utf8').catch(() => '');
    const app = appSchema.safeParse(parseJson(text));
    return app.success ? app.data.expo.updates.url : undefined;
}
/**
 * Asks EAS as the devices of a channel do. The channel that they name is the one with the name of the branch.
 * @param connection its `url` is what devices ask
 */
function askEas(project, connection) {
    const updates = new Map();
    /** A device knows what it runs by the update of its platform, which the list of groups does not have. */
    const findUpdate = async (group, platform) => {
        const found = updates.get(group) ?? viewGroup(project, group);
        updates.set(group, found);
        return (await found).find((each) => each.platform === platform)?.id;
    };
    return async ({ name, releases }, device) => {
        const platform = device.platform === 'android' ? 'android' : 'ios';
        const answer = await askAsExpoDevice(connection, {
            platform,
            runtimeVersion: device.binary,
            channel: name.deployment,
            updateId: device.on && (await findUpdate(device.on.label, platform)),
            clientId: clientId(device.number),
        });
        if (answer.kind !== 'update')
            return answer;
        const found = releases.find(({ label }) => label === answer.group);
        return {
            kind: 'update',
            label: answer.group ?? answer.id,
            packageHash: found?.packageHash ?? answer.group ?? answer.id,
            isMandatory: false,
        };
    };
}
async function viewGroup(project, group) {
    const parsed = eas_device_viewSchema.safeParse(await runEas(project, ['update:view', group]));
    if (parsed.success)
        return parsed.data;
    throw new lib_errors/* RefusedError */.fk('eas update:view printed something else than it is known to; use eas-cli 24.8 or a version like it');
}
/** A UUID of version 8, the same for the same number. */
function clientId(number) {
    const hex = (0,external_node_crypto_.createHash)('sha256').update(`rollback-check-${number}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/hot-updater.js



/** https://github.com/gronxb/hot-updater: what stands for the bundle that came from the store */
const embeddedBundle = '00000000-0000-0000-0000-000000000000';
/** devices are put into a thousand groups, and a rollout reaches so many of them */
const cohorts = 1000;
const hot_updater_pageSize = 100;
const fingerprint = 'fingerprint:';
const bundleSchema = schemas/* object */.Ikc({
    id: schemas/* string */.YjP().min(1),
    platform: schemas/* string */.YjP(),
    channel: schemas/* string */.YjP(),
    enabled: schemas/* boolean */.zMY(),
    fileHash: schemas/* string */.YjP().min(1),
    message: schemas/* string */.YjP().nullish(),
    targetAppVersion: schemas/* string */.YjP().nullish(),
    fingerprintHash: schemas/* string */.YjP().nullish(),
    rolloutCohortCount: schemas/* number */.aig().nullish(),
});
const pageSchema = schemas/* object */.Ikc({
    data: schemas/* array */.YOg(bundleSchema),
    pagination: schemas/* object */.Ikc({ hasNextPage: schemas/* boolean */.zMY().nullish(), nextCursor: schemas/* string */.YjP().nullish() }).nullish(),
});
const hot_updater_offerSchema = schemas/* object */.Ikc({
    status: schemas/* enum */.k5n(['UPDATE', 'ROLLBACK', 'UP_TO_DATE']),
    id: schemas/* string */.YjP().optional(),
    fileHash: schemas/* string */.YjP().nullish(),
    shouldForceUpdate: schemas/* boolean */.zMY().optional(),
})
    .nullable();
/**
 * A hot-updater server with its bundles API. A channel's app is the platform, `ios` or `android`. A release goes back by
 * being disabled: its devices are told to return to the newest enabled one before it.
 */
function openHotUpdater(connection) {
    const change = (label, json) => write(connection, { method: 'PATCH', path: exchange_pathOf('api', 'bundles', label), json });
    return {
        kind: 'hot-updater',
        at: connection.url,
        goesBackBy: 'disabling',
        prefers: 'newer',
        read: async (name) => ({ name, deviceKey: '', releases: await listReleases(connection, name) }),
        disable: (_, label, message) => change(label, { enabled: false, message }),
        enable: (_, label, message) => change(label, { enabled: true, message }),
        release: () => Promise.reject(new TypeError('hot-updater goes back by disabling')),
        describe: () => Promise.reject(new TypeError('hot-updater goes back by disabling')),
        ask: ({ name }, device) => hot_updater_askForUpdate(connection, name, device),
    };
}
async function listReleases(connection, { app, deployment }) {
    if (app !== 'ios' && app !== 'android')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.channels')} names "${app}/${deployment}"; on a hot-updater server write ios/${deployment} or android/${deployment}`);
    const bundles = [];
    let after;
    do {
        const query = new URLSearchParams({
            channel: deployment,
            platform: app,
            limit: String(hot_updater_pageSize),
            ...(after && { after }),
        });
        const { data, pagination } = await read(connection, { path: `/api/bundles?${query}` }, pageSchema);
        bundles.push(...data);
        after =
            pagination?.hasNextPage === true && data.length > 0 ? (pagination.nextCursor ?? undefined) : undefined;
    } while (after !== undefined);
    // ids are UUIDs of version 7: they sort by time
    return bundles.map(hot_updater_toRelease).sort((a, b) => (a.label < b.label ? 1 : -1));
}
function hot_updater_toRelease(bundle) {
    const { rolloutCohortCount: reached } = bundle;
    return {
        label: bundle.id,
        binary: bundle.targetAppVersion ?? `${fingerprint}${bundle.fingerprintHash ?? ''}`,
        packageHash: bundle.fileHash,
        method: 'Upload',
        copyOf: undefined,
        isDisabled: !bundle.enabled,
        rollout: reached === null || reached === undefined ? 100 : (reached / cohorts) * 100,
        description: bundle.message ?? '',
        releasedBy: '',
        releasedAt: timeOf(bundle.id),
    };
}
/** The first 48 bits of a UUID of version 7 are ms since the epoch: https://www.rfc-editor.org/rfc/rfc9562#section-5.7 */
function timeOf(id) {
    const [, high, low] = /^([0-9a-f]{8})-([0-9a-f]{4})-7/i.exec(id) ?? [];
    return high === undefined || low === undefined ? undefined : new Date(Number.parseInt(high + low, 16));
}
async function hot_updater_askForUpdate(connection, { app, deployment }, { binary, on, number }) {
    const how = binary.startsWith(fingerprint)
        ? ['fingerprint', app, binary.slice(fingerprint.length)]
        : ['app-version', app, binary];
    // spread over all groups: neighbours are reached together
    const cohort = 1 + ((number * 389) % cohorts);
    const path = exchange_pathOf(...how, deployment, embeddedBundle, on?.label ?? embeddedBundle, String(cohort));
    const headers = { 'hot-updater-sdk-version': '0.36.0' };
    const offer = await read(connection, { path, headers, withKey: false }, hot_updater_offerSchema);
    if (offer === null || offer.status === 'UP_TO_DATE' || offer.id === undefined)
        return { kind: 'nothing' };
    if (offer.id === embeddedBundle)
        return { kind: 'embedded' };
    return {
        kind: 'update',
        label: offer.id,
        packageHash: offer.fileHash ?? '',
        isMandatory: offer.shouldForceUpdate ?? false,
    };
}

;// CONCATENATED MODULE: ./lib/layers/ota/request.js

/**
 * Reads the address of a server's API.
 * @returns it without a slash at its end
 * @throws InputError for what is no address, or one that carries a secret
 */
function readServerUrl(text) {
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.server-url')} is no address; write the server's in full, as in https://codepush.example.com`);
    const url = new URL(text);
    if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.server-url')} holds more than an address; leave out user, password, query and fragment: the key goes into ${(0,lib_errors/* setting */.Pe)('ota.access-key')}`);
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
/** False when what is sent to the address can be read on the way: the loopback has none. */
function isEncrypted(url) {
    const { protocol, hostname } = new URL(url);
    return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}
/** Reads what is asked for each channel. @throws InputError that names the input */
function readRequests(choices) {
    const { channels, targets, fromLabels, appVersions, knownBad, mode, incident } = choices;
    const twice = channels.find((each, index) => channels.indexOf(each) !== index);
    if (twice !== undefined)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.channels')} names ${twice} twice; name it once`);
    if (mode === 'stop' && targets.length > 0)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('target')} is set, and mode stop puts nothing in place; leave one of them out`);
    const pick = {
        target: forEach('target', targets, channels),
        from: forEach('from-label', fromLabels, channels),
        binary: forEach('app-version', appVersions, channels),
    };
    return channels.map((channel, index) => {
        const [target, from] = [pick.target(index), pick.from(index)];
        if (target !== undefined && target === from)
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('target')} and ${(0,lib_errors/* setting */.Pe)('from-label')} are both ${target}; write in ${(0,lib_errors/* setting */.Pe)('target')} what to go back to`);
        if (target !== undefined && knownBad.includes(target))
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('target')} is ${target}, which ${(0,lib_errors/* setting */.Pe)('known-bad')} names too; leave it out of one of them`);
        return { name: readChannel(channel), mode, target, from, binary: pick.binary(index), knownBad, incident };
    });
}
/** An app's name may hold a slash, as in `owner/app`; a deployment's does not. @throws InputError */
function readChannel(text) {
    const [, app, deployment] = /^(.+)\/([^/]+)$/.exec(text) ?? [];
    if (app !== undefined && deployment !== undefined)
        return { app, deployment };
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.channels')} has "${text}"; write app/deployment, as in Shop-ios/Production`);
}
function forEach(input, values, channels) {
    if (values.length > 1 && values.length !== channels.length)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)(input)} has ${values.length} values for ${channels.length} channels; write one for each, in their order, or one for all`);
    return (index) => (values.length > 1 ? values[index] : values[0]);
}

;// CONCATENATED MODULE: ./lib/layers/ota/open.js






/**
 * Checks what the user says of the server.
 * @returns what opens it: of the kind, or of the one that it is found to be. It throws InputError when it is none of those we know, UnavailableError
 * @throws InputError
 */
function prepareServer(options) {
    const { kind, url: text, accessKey, env } = options;
    if (kind === 'eas') {
        if (accessKey !== '')
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.access-key')} is not for server-kind eas; leave it out, and set EXPO_TOKEN in the step's env`);
        if ((env['EXPO_TOKEN'] ?? '') === '')
            throw new lib_errors/* InputError */.dz("EXPO_TOKEN is not set, and server-kind eas needs it; set it in the step's env to an access token of Expo, from a secret");
        const given = text === '' ? undefined : readServerUrl(text);
        return async () => {
            const url = given ?? (await readUpdatesUrl(options.folder));
            return openEas(options, url === undefined ? undefined : askEas(options, { ...options, url }));
        };
    }
    const url = readServerUrl(text);
    if (accessKey === '')
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('ota.access-key')} is required; take it from a secret`);
    const connection = { ...options, url };
    return async () => {
        const found = kind === 'auto' ? await detectKind(connection) : kind;
        return found === 'hot-updater' ? openHotUpdater(connection) : openCodePush(connection, found);
    };
}

;// CONCATENATED MODULE: ./lib/layers/ota/plan.js

/** True when something on the channel would be changed. */
function changes(plan) {
    return plan.kind === 'roll-back' || (plan.kind === 'stop' && plan.disable.length > 0);
}
/** The plan of a rollback that is there already. @param bad what was taken back */
function done(situation, good, bad) {
    const incidents = [readTakenBack(bad.description)];
    const isCopy = good.copyOf !== undefined;
    if (isCopy)
        incidents.push(readIncident(good.description));
    return {
        ...situation,
        kind: 'done',
        bad,
        good,
        ours: incidents.includes(situation.incident),
        unmarked: isCopy && !isMarked(good.description),
    };
}
/** Where the server does not tell, our own mark does: that of an earlier incident may be out of date. */
function isHalted({ isDisabled, description }, incident) {
    return isDisabled ?? readTakenBack(description) === incident;
}

// EXTERNAL MODULE: ./node_modules/semver/index.js
var node_modules_semver = __webpack_require__(2088);
;// CONCATENATED MODULE: ./lib/layers/ota/binary.js

/** True when both mean the same binaries, however they are written: `^1.0.0` and `1.x` do. */
function isSameBinary(a, b) {
    return a === b || ((0,node_modules_semver.validRange)(a) !== null && (0,node_modules_semver.validRange)(a) === (0,node_modules_semver.validRange)(b));
}
/** True when some binary is meant by both. What is no range (a fingerprint) meets only itself. */
function binary_overlaps(a, b) {
    if (a === b)
        return true;
    if ((0,node_modules_semver.validRange)(a) === null || (0,node_modules_semver.validRange)(b) === null)
        return false;
    return new node_modules_semver.Range(a).intersects(new node_modules_semver.Range(b));
}
/** True when a release for `range` is for the binary a person names: the same text, or a version within it. */
function covers(range, named) {
    return isSameBinary(range, named) || ((0,node_modules_semver.valid)(named) !== null && (0,node_modules_semver.satisfies)(named, range));
}
/**
 * A version of a binary that is within the range and, if there is one, in none of the others: what a device says of
 * itself when it asks for updates. What is no range (a fingerprint) stands for itself.
 */
function concreteVersion(range, others = []) {
    const candidates = candidatesOf(range);
    const alone = candidates.find((version) => !others.some((other) => covers(other, version)));
    return alone ?? candidates[0] ?? range;
}
/**
 * One version for each kind of device: two versions are of the same kind when the same ranges are for both. What is no
 * range (a fingerprint) stands for itself.
 */
function kindsOfDevices(ranges) {
    const distinct = [...new Set(ranges)];
    const kinds = new Map();
    // the least version of any overlap is the bound of some range, or follows one
    const versions = distinct.flatMap((range) => ((0,node_modules_semver.validRange)(range) === null ? [range] : near(range)));
    for (const version of versions) {
        const kind = distinct.map((range) => (covers(range, version) ? '1' : '0')).join('');
        if (kind.includes('1') && !kinds.has(kind))
            kinds.set(kind, version);
    }
    return [...kinds.values()];
}
/** True when each version within `range` is within `other` as well. */
function isWithin(range, other) {
    if (isSameBinary(range, other))
        return true;
    return (0,node_modules_semver.validRange)(range) !== null && (0,node_modules_semver.validRange)(other) !== null && (0,node_modules_semver.subset)(range, other);
}
/** The lower bounds of the range, and what follows them most closely. */
function candidatesOf(range) {
    if ((0,node_modules_semver.validRange)(range) === null)
        return [];
    return near(range).filter((version) => (0,node_modules_semver.satisfies)(version, range));
}
/** The bounds of the range and versions that follow them, within the range or not. */
function near(range) {
    const bounds = new node_modules_semver.Range(range).set.flatMap((comparators) => comparators.map(({ semver }) => (semver instanceof node_modules_semver.SemVer ? semver.version : '0.0.0')));
    return [...bounds, '0.0.0', '1.0.0'].flatMap((bound) => {
        const at = new node_modules_semver.SemVer(bound);
        return [
            bound,
            ...[1, 2, 3].flatMap((n) => [
                `${at.major}.${at.minor}.${at.patch + n}`,
                `${at.major}.${at.minor + n}.0`,
                `${at.major + n}.0.0`,
            ]),
        ];
    });
}

;// CONCATENATED MODULE: ./lib/layers/ota/offered.js

/**
 * What fresh devices of a version are offered, by the releases alone: one, or several while a rollout is to a part of the
 * devices. Empty when it is nothing, and where that cannot be told.
 * @param releases newest first
 */
function predictOffers({ prefers }, releases, version) {
    const own = releases.filter(({ binary }) => covers(binary, version));
    if (prefers === 'narrower') {
        const narrowest = own.find(({ binary }) => own.every((each) => isWithin(binary, each.binary)));
        const top = own.find(({ binary }) => narrowest !== undefined && isSameBinary(binary, narrowest.binary));
        return top === undefined || top.isDisabled === true ? [] : [top];
    }
    const enabled = own.filter(({ isDisabled }) => isDisabled !== true);
    const whole = enabled.findIndex(({ rollout }) => rollout === undefined || rollout >= 100);
    return whole === -1 ? enabled : enabled.slice(0, whole + 1);
}
/** Versions of the devices that a release for the binaries is for, one for each kind; first those that fewest releases are for. */
function versionsFor(binary, releases) {
    const ranges = [...new Set(releases.map((each) => each.binary))];
    const countOf = (version) => ranges.filter((range) => covers(range, version)).length;
    return kindsOfDevices(ranges)
        .filter((version) => covers(binary, version))
        .toSorted((a, b) => countOf(a) - countOf(b));
}
/**
 * With some releases disabled, a server may offer older ones in their place, for these or for a wider range of binaries.
 * @param disable what is disabled
 * @returns those of them that are known to be bad, and have to be disabled as well; newest first
 */
function findUncovered(server, releases, binary, disable, knownBad) {
    const versions = versionsFor(binary, releases);
    const uncovered = [];
    for (;;) {
        const left = without(releases, [...disable, ...uncovered]);
        const next = versions
            .flatMap((version) => predictOffers(server, left, version))
            .find(({ packageHash }) => knownBad.has(packageHash));
        if (next === undefined)
            return uncovered;
        uncovered.push(next);
    }
}
/**
 * What devices of the binaries are offered once some releases are disabled, where that is good for all of them.
 * @returns undefined when some device would be offered nothing, only a part of them something, or something known to be bad
 */
function findFallback(server, releases, binary, disable, knownBad) {
    // elsewhere, a disabled release hides the older ones
    if (server.prefers === 'narrower')
        return undefined;
    const left = without(releases, disable);
    const offers = versionsFor(binary, releases).map((version) => predictOffers(server, left, version));
    const isGood = (offered) => {
        const rollout = offered.at(-1)?.rollout ?? 100;
        return offered.length > 0 && rollout >= 100 && offered.every((each) => !knownBad.has(each.packageHash));
    };
    return offers.every(isGood) ? offers[0]?.[0] : undefined;
}
function without(releases, disabled) {
    const labels = new Set(disabled.map(({ label }) => label));
    return releases.filter(({ label }) => !labels.has(label));
}

;// CONCATENATED MODULE: ./lib/layers/ota/plan-stop.js



/** Plans to halt a release with nothing in its place, and with it those known to be bad that would be offered instead. */
function planStop(server, situation, { top, expected, left, because }) {
    const { channel, binary, releases, incident } = situation;
    if (left !== undefined && expected === undefined && !situation.knownBad.has(top.packageHash))
        return done(situation, top, left);
    const bad = expected ?? top;
    if (bad.packageHash !== top.packageHash && bad.isDisabled !== true)
        return { ...situation, kind: 'superseded', expected: bad.label, by: top };
    const knownBad = new Map(situation.knownBad);
    if (!knownBad.has(bad.packageHash))
        knownBad.set(bad.packageHash, 'it is halted');
    const same = server.prefers === 'newer' ? releases.filter(({ packageHash }) => packageHash === bad.packageHash) : [bad];
    const all = [...same, ...findUncovered(server, channel.releases, binary, same, knownBad)];
    const fallback = findFallback(server, channel.releases, binary, all, knownBad) ??
        toStore(server, channel.releases, binary, all);
    return {
        ...situation,
        knownBad,
        kind: 'stop',
        bad,
        disable: all.filter((each) => !isHalted(each, incident)),
        because,
        fallback,
        warnings: [...situation.warnings, ...(fallback === 'store' ? warnOfReturn(server, channel) : [])],
    };
}
/** Where a halted release is taken from its devices, and nothing is left for them, they return to what came from the store. */
function toStore({ goesBackBy }, releases, binary, disable) {
    if (goesBackBy === 'releasing')
        return undefined;
    const labels = new Set(disable.map(({ label }) => label));
    const isLeft = ({ label, isDisabled, ...each }) => !labels.has(label) && isDisabled !== true && binary_overlaps(each.binary, binary);
    return goesBackBy === 'disabling' && releases.some(isLeft) ? undefined : 'store';
}
/** https://github.com/gronxb/hot-updater/issues/1104 */
function warnOfReturn({ kind }, { name }) {
    if (kind !== 'hot-updater' || name.app !== 'ios')
        return [];
    return [
        'devices return to the bundle from the store, and some versions of the hot-updater library hang on iOS when they do (gronxb/hot-updater#1104); test it on a device, or release a fixed bundle instead',
    ];
}

;// CONCATENATED MODULE: ./lib/layers/ota/preconditions.js



/** The release that an input names. @throws InputError that lists those there are */
function preconditions_find({ name, releases }, label, input) {
    const found = releases.find((each) => each.label === label);
    if (found !== undefined)
        return found;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)(input)} is "${label}", which ${release_formatChannel(name)} does not have; write one of ${listLabels(releases)}`);
}
/** @throws InputError for a label that none of the channels has */
function requireKnown(channels, labels) {
    const unknown = labels.find((label) => channels.every(({ releases }) => releases.every((each) => each.label !== label)));
    if (unknown === undefined)
        return;
    const names = channels.map(({ name }) => release_formatChannel(name)).join(', ');
    const known = listLabels(channels.flatMap(({ releases }) => releases));
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('known-bad')} has "${unknown}", which is no release of ${names}; write one of ${known}`);
}
function listLabels(releases) {
    const labels = [...new Set(releases.map(({ label }) => label))].slice(0, 10);
    return labels.join(', ') || '(it has no release yet)';
}
/** The binaries to roll back for. @throws InputError when there is no release, or none for those that are named */
function chooseBinary({ name, releases }, named) {
    const [newest] = releases;
    if (newest === undefined)
        throw new lib_errors/* InputError */.dz(`${release_formatChannel(name)} has no release yet: there is nothing to roll back`);
    // what was uploaded to be offered later is not what devices have
    const [released = newest] = releases.filter((each) => !isDraft(each));
    if (named === undefined)
        return released.binary;
    const covering = releases.filter(({ binary }) => covers(binary, named));
    const found = covering.find((each) => !isDraft(each)) ?? covering[0];
    if (found !== undefined)
        return found.binary;
    const binaries = [...new Set(releases.map(({ binary }) => binary))].join(', ');
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('app-version')} is "${named}", and ${release_formatChannel(name)} has no release for it; write one of ${binaries}`);
}
/** @throws InputError for a target that devices of the bad release could not be given, or should not */
function requireTarget(target, binary, name, knownBad) {
    const named = (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('target')} is ${release_describe(target)}`;
    if (!isSameBinary(target.binary, binary))
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${named}, and the release to take back on ${release_formatChannel(name)} is for ${binary}: its binaries cannot run the other's updates; name a release for ${binary}`);
    const why = knownBad.get(target.packageHash);
    if (why !== undefined)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${named}, which is known to be bad on ${release_formatChannel(name)} (${why}); name another release, or release its content anew if it is good after all`);
    if (target.isDisabled === true)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${named}, which is disabled on ${release_formatChannel(name)}: no device would be offered it; enable it first, or name another release`);
    return target;
}
/** A copy on top would hide newer releases for some of the same binaries from their devices. @returns which, and what to do */
function explainHidden({ prefers }, releases, bad, knownBad) {
    if (prefers === 'narrower')
        return undefined;
    const hidden = findOverlapping(releases.slice(0, releases.indexOf(bad)), bad, knownBad);
    if (hidden === undefined)
        return undefined;
    return `${release_describe(hidden)} is newer than ${release_describe(bad)} and for some of the same binaries: a copy on top would take ${release_formatLabel(hidden.label)} from its devices. Release a fixed bundle for ${bad.binary} to replace ${release_formatLabel(bad.label)}`;
}
/** Where one goes back by disabling, a newer release for some of the same binaries is offered before the good one. @returns which, and what to do */
function explainInTheWay(releases, good, bad, knownBad) {
    const found = findOverlapping(releases.slice(0, releases.indexOf(good)), bad, knownBad);
    if (found === undefined)
        return undefined;
    return `${release_describe(found)} is for some of the same binaries as ${release_describe(bad)} and newer than ${release_describe(good)}: its devices are offered it. Disable it too if it is bad`;
}
function findOverlapping(releases, bad, knownBad) {
    return releases.find((each) => each.isDisabled !== true &&
        // that is disabled first
        !knownBad.has(each.packageHash) &&
        !isSameBinary(each.binary, bad.binary) &&
        binary_overlaps(each.binary, bad.binary));
}
/** Microsoft's server promotes nothing on top of an unfinished rollout, whatever binaries that is for. @returns which, and what to do */
function explainRollout({ prefers }, top, bad, knownBad) {
    if (prefers === 'narrower' || top.label === bad.label || top.isDisabled === true)
        return undefined;
    if (knownBad.has(top.packageHash) || top.rollout === undefined || top.rollout >= 100)
        return undefined;
    return `the newest release, ${release_describe(top)}, is offered to ${top.rollout} % of its devices, and the server puts nothing on top of an unfinished rollout. Finish or disable that rollout, then run this again`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/target.js



/**
 * The packages that are known to be bad, on any of the channels and for any binary: named, marked as taken back, or ever
 * rolled back from. A rollback onto a package that was known to be bad by then says nothing of the one it left: it is the
 * flip-flop of a rollback that was run twice. A rollback that was undone says nothing either.
 * @param named labels that the user calls bad
 */
function findKnownBad(channels, named) {
    const bad = new Map();
    for (const { name, releases } of channels) {
        const isTakenBack = ({ description }) => readTakenBack(description) !== undefined;
        const taken = releases.filter(isTakenBack);
        const cleared = new Set(releases.filter(({ description }) => isUndone(description)).map(({ packageHash }) => packageHash));
        for (const { packageHash } of taken)
            cleared.delete(packageHash);
        for (const { label, packageHash } of taken)
            bad.set(packageHash, `${release_formatLabel(label)} was taken back`);
        for (const { label, packageHash } of releases)
            if (named.includes(label))
                bad.set(packageHash, `${release_formatLabel(label)} was named as bad`);
        for (const release of releases.toReversed()) {
            if (!isRollback(release, name) || bad.has(release.packageHash))
                continue;
            const left = leftBy(release, releasesFor(release.binary, releases), name);
            if (left !== undefined && !cleared.has(left.packageHash) && !bad.has(left.packageHash))
                bad.set(left.packageHash, `${release_formatLabel(release.label)} rolled it back`);
        }
    }
    return bad;
}
/** The releases for just these binaries, however their range is written; newest first. */
function releasesFor(binary, releases) {
    return releases.filter((each) => isSameBinary(each.binary, binary));
}
/**
 * The release that a rollback took devices away from: the one its mark names, else the next older one with another
 * package. Undefined for a promotion of the package that was on offer anyway, which took nothing back.
 * @param releases those for its binary, newest first
 */
function leftBy(rollback, releases, name) {
    // a copy has the description of its original, mark included: one that names something older is not its own
    const marked = readRollbackOf(rollback.description);
    const named = passedOver(rollback, releases).find(({ label }) => label === marked);
    if (named !== undefined && named.packageHash !== rollback.packageHash)
        return named;
    for (const each of olderThan(rollback, releases)) {
        if (isDraft(each))
            continue;
        if (each.packageHash !== rollback.packageHash)
            return each;
        if (!isRollback(each, name))
            return undefined;
    }
    return undefined;
}
/** What is between a copy and its original, or all that is older where the original is not listed any more. */
function passedOver(copy, releases) {
    const older = olderThan(copy, releases);
    const original = older.findIndex(({ label }) => label === copy.copyOf?.label);
    return original === -1 ? older : older.slice(0, original);
}
/**
 * The newest older release for the same binary that can be gone back to: another package than the bad one, not disabled
 * as far as the server tells, not known to be bad. One that reached all devices comes before one that did not.
 */
function chooseGood(bad, releases, knownBad) {
    const candidates = olderThan(bad, releases).filter(({ packageHash, isDisabled }) => packageHash !== bad.packageHash && isDisabled !== true && !knownBad.has(packageHash));
    return candidates.find(({ rollout }) => rollout === undefined || rollout >= 100) ?? candidates[0];
}
/** @param releases newest first */
function olderThan(release, releases) {
    return releases.slice(releases.findIndex(({ label }) => label === release.label) + 1);
}

;// CONCATENATED MODULE: ./lib/layers/ota/plan-rollback.js









/**
 * Plans the rollback of one channel for one binary: of the release that devices are offered, which a newer one that is
 * disabled is not. Changes nothing, asks nobody.
 * @throws InputError when there is nothing to roll back, or a label or binary names nothing that can be gone back to
 */
function plan_rollback_planRollback(server, channel, request, evidence) {
    const expected = request.from === undefined ? undefined : preconditions_find(channel, request.from, 'from-label');
    const binary = expected?.binary ?? chooseBinary(channel, request.binary);
    const releases = releasesFor(binary, channel.releases);
    const knownBad = new Map(evidence.knownBad);
    if (expected !== undefined)
        knownBad.set(expected.packageHash, `${release_formatLabel(expected.label)} is named as the bad release`);
    const situation = {
        channel,
        binary,
        releases,
        incident: request.incident,
        isAsked: server.ask !== undefined,
        knownBad,
        warnings: [],
        leftAlone: [],
    };
    const top = findTop(server, releases, expected);
    const [newest] = releases;
    const draft = newest !== undefined && newest !== top && isDraft(newest) ? newest : undefined;
    if (top === undefined || newest === undefined)
        return undecided(situation, newest, undefined);
    // on one server, what is disabled hides the older ones
    const isHidden = draft !== undefined && server.prefers === 'narrower';
    const isOn = top.isDisabled !== true && !isHidden;
    // one that we halted is what we were at
    if (draft !== undefined && expected === undefined && top.isDisabled !== true) {
        const offered = evidence.offers.get(binary) ?? [];
        const isOffered = offered.some((each) => each.kind === 'update' && each.packageHash === top.packageHash);
        if (!isOffered)
            return undecided(situation, draft, undefined);
    }
    const noted = draft === undefined ? situation : { ...situation, warnings: [warnOf(draft)] };
    const left = findLeft(server, { top, releases, expected, name: channel.name });
    const target = request.target === undefined
        ? undefined
        : requireTarget(preconditions_find(channel, request.target, 'target'), binary, channel.name, knownBad);
    const isMet = isOn && !knownBad.has(top.packageHash);
    if (target !== undefined && isOn && target.packageHash === top.packageHash) {
        const taken = left ?? releases.find((each) => isTakenBackFor(each, top));
        if (taken !== undefined)
            return done(noted, top, taken);
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('target')} is ${release_describe(target)}, which is what devices are offered on ${release_formatChannel(channel.name)} now, and no rollback put it there; write the older release to go back to`);
    }
    if (request.mode === 'stop')
        return planStop(server, noted, { top, expected, left });
    const passes = left !== undefined && (expected === undefined || plan_rollback_takesBack(top, left, expected, releases));
    if (left !== undefined && passes && target === undefined) {
        if (isMet)
            return done(noted, top, left);
        // the good one is there, under what hides it
        if (isHidden && top.isDisabled !== true && !knownBad.has(top.packageHash))
            return goBack(server, noted, {
                bad: left,
                good: top,
                foundBy: `${release_formatLabel(top.label)} is there already, hidden by ${release_formatLabel(newest.label)}`,
            });
    }
    if (expected !== undefined && expected.packageHash !== top.packageHash && !passes)
        return { ...noted, kind: 'superseded', expected: expected.label, by: top };
    const badOnes = new Map(knownBad).set(top.packageHash, knownBad.get(top.packageHash) ?? `${release_formatLabel(top.label)} is taken back`);
    const known = { ...noted, knownBad: badOnes };
    const good = target ?? chooseGood(top, releases, badOnes);
    if (good !== undefined)
        return goBack(server, known, { bad: top, good, foundBy: describeChoice(target, good, top, binary) });
    const because = explainNoTarget(top, releases, knownBad);
    // it may be that the disabled one was the bad one, and this the good one
    if (draft !== undefined && expected === undefined)
        return undecided(known, draft, because);
    return (goBackToWider(server, known, top) ??
        planStop(server, known, { top, expected: top, left: undefined, because }));
}
/** What devices are offered, or what a rollback that was ended half-way has disabled. */
function findTop({ goesBackBy }, releases, expected) {
    const on = goesBackBy === 'disabling' ? releases.find(({ isDisabled }) => isDisabled !== true) : undefined;
    // what is disabled supersedes nothing
    const isCandidate = (each) => (expected === undefined ? !isDraft(each) : each.isDisabled !== true);
    return on ?? releases.find((each) => each.label === expected?.label || isCandidate(each));
}
/** What was taken back in favour of the release on top. */
function findLeft({ goesBackBy }, { top, releases, expected, name, }) {
    if (isRollback(top, name))
        return leftBy(top, releases, name);
    if (goesBackBy !== 'disabling' || top.isDisabled === true)
        return undefined;
    const newer = releases.slice(0, releases.indexOf(top));
    return newer.find((each) => each.label === expected?.label || (expected === undefined && isTakenBackFor(each, top)));
}
function isTakenBackFor({ description, packageHash }, top) {
    return readTakenBack(description) !== undefined && packageHash !== top.packageHash;
}
/** True when the release on top took devices from the expected one: from it directly, or by going back past it. */
function plan_rollback_takesBack(top, left, expected, releases) {
    if (left.packageHash === expected.packageHash)
        return true;
    return (top.copyOf !== undefined &&
        passedOver(top, releases).some((each) => each.packageHash === expected.packageHash));
}
function undecided(situation, draft, because) {
    const { channel, binary } = situation;
    const [newest = draft] = channel.releases;
    const shown = draft ?? newest;
    if (shown === undefined)
        throw new lib_errors/* InputError */.dz(`${release_formatChannel(channel.name)} has no release yet`);
    const why = because ?? `devices of ${binary} are offered none of its releases`;
    return { ...situation, kind: 'undecided', draft: shown, because: why };
}
function warnOf(draft) {
    return `${release_describe(draft)} is the newest release and is disabled: it is left as it is, under what is put on top; to release it later, promote it`;
}
function goBack(server, situation, { bad, good, foundBy }) {
    const { channel, binary, releases, incident, knownBad } = situation;
    const [top = bad] = channel.releases;
    const isOfTop = top.binary === bad.binary && good.binary === bad.binary;
    const by = server.goesBackBy === 'disabling' ? 'disabling' : isOfTop ? 'rollback' : 'promotion';
    const newer = (each) => olderThan(each, releases).includes(good);
    const disable = releases.filter((each) => {
        if (server.goesBackBy === 'disabling')
            return newer(each) && each.isDisabled !== true;
        // a tool that rolls back to "the previous one" may bring any release with the bad package back
        return (server.goesBackBy === 'releasing' && each.packageHash === bad.packageHash && !isHalted(each, incident));
    });
    const same = by === 'promotion' ? findSame(server, situation, good, disable) : undefined;
    if (same !== undefined)
        return { ...situation, kind: 'roll-back', bad, good: same, foundBy, by: 'disabling', disable };
    const more = by === 'disabling' ? findUncovered(server, channel.releases, binary, disable, knownBad) : [];
    const obstacle = by === 'disabling'
        ? explainInTheWay(channel.releases, good, bad, knownBad)
        : (explainHidden(server, channel.releases, bad, knownBad) ??
            (isOfTop ? undefined : explainRollout(server, top, bad, knownBad)));
    if (obstacle === undefined)
        return { ...situation, kind: 'roll-back', bad, good, foundBy, by, disable: [...disable, ...more] };
    const because = `${release_formatLabel(good.label)} cannot be put in its place: ${obstacle}`;
    return planStop(server, situation, { top: bad, expected: bad, left: undefined, because });
}
/**
 * Microsoft's server promotes nothing whose package is that of the newest release for the same version, though that may be
 * for a wider range. @returns the release that devices are offered all the same once the bad one is disabled
 */
function findSame(server, { channel: { releases }, binary, knownBad }, good, disable) {
    const newest = releases.find((each) => covers(each.binary, good.binary));
    if (server.kind !== 'microsoft' || newest?.packageHash !== good.packageHash)
        return undefined;
    const fallback = findFallback(server, releases, binary, disable, knownBad);
    return fallback?.packageHash === good.packageHash ? fallback : undefined;
}
/** With nothing older for the same binaries, a release for a wider range may be what devices are offered: then disabling is enough. */
function goBackToWider(server, situation, bad) {
    if (server.goesBackBy === 'republishing')
        return undefined;
    const { channel, binary, releases, incident, knownBad } = situation;
    const same = releases.filter((each) => each.packageHash === bad.packageHash);
    const more = findUncovered(server, channel.releases, binary, same, knownBad);
    const all = [...same, ...more];
    const good = findFallback(server, channel.releases, binary, all, knownBad);
    if (good === undefined)
        return undefined;
    const disable = all.filter((each) => !isHalted(each, incident));
    if (disable.length === 0)
        return done(situation, good, bad);
    const foundBy = `what devices are offered once ${release_formatLabel(bad.label)} is disabled: ${release_describe(good)}`;
    return { ...situation, kind: 'roll-back', bad, good, foundBy, by: 'disabling', disable };
}
function describeChoice(target, good, bad, binary) {
    if (target !== undefined)
        return `named as the target: ${release_formatLabel(good.label)}`;
    return `the newest release for ${binary} before ${release_formatLabel(bad.label)} that is enabled, has another content, and was never rolled back`;
}
function explainNoTarget(bad, releases, knownBad) {
    const older = olderThan(bad, releases);
    if (older.length === 0)
        return `${release_describe(bad)} is the only release for just these binaries`;
    const reasons = older.slice(0, 5).map((each) => {
        const why = each.packageHash === bad.packageHash
            ? 'has the same content'
            : each.isDisabled === true
                ? 'is disabled'
                : `is known to be bad (${knownBad.get(each.packageHash)})`;
        return `${release_formatLabel(each.label)} ${why}`;
    });
    return `no older release can be gone back to: ${reasons.join('; ')}`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/plan-all.js







/** How many fresh devices are asked where a rollout may be to a part of them. */
const asked = 20;
/**
 * Plans all channels before anything is written: with a mistake in one of them, none is touched. Where the package that is
 * taken back was released for other binaries of these channels as well, they are planned with it.
 * @returns plans in the order in which they are applied: by channel, in a channel that of the oldest bad release first
 * @throws InputError that lists what is wrong with each channel, RefusedError, UnavailableError
 */
async function planAll(server, requests) {
    const channels = await collect(requests.map(({ name }) => plan_all_readChannel(server, name)));
    const named = [...new Set(requests.flatMap(({ knownBad }) => knownBad))];
    requireKnown(channels, named);
    const pairs = await collect(requests.flatMap((request, index) => {
        const channel = channels[index];
        return channel === undefined
            ? []
            : [askAboveDrafts(server, channel).then((offers) => ({ request, channel, offers }))];
    }));
    // what one plan takes back is nothing that another may go back to
    for (let knownBad = findKnownBad(channels, named);;) {
        const plans = await collect(pairs.map(async ({ request, channel, offers }) => planChannel(server, channel, request, { knownBad, offers })));
        const found = new Map([...plans.flat().flatMap((plan) => [...plan.knownBad]), ...knownBad]);
        if (found.size === knownBad.size)
            return plans.flat();
        knownBad = found;
    }
}
/** The plan that is asked for, and those for the other binaries of the channel with a bad package. */
function planChannel(server, channel, request, evidence) {
    const plan = plan_rollback_planRollback(server, channel, request, evidence);
    const knownBad = new Map([...plan.knownBad, ...evidence.knownBad]);
    const others = planOthers(server, channel, { request, plan, evidence: { ...evidence, knownBad } });
    if (request.binary !== undefined)
        return [{ ...plan, ...leave(others) }];
    return plan_all_inOrder([plan, ...others], channel);
}
/** A server that does not list what is disabled says it to a device: the newest release for each binary is filled in. */
async function plan_all_readChannel(server, name) {
    const channel = await server.read(name);
    const { ask } = server;
    if (ask === undefined || channel.releases.every(({ isDisabled }) => isDisabled !== undefined))
        return channel;
    const told = await Promise.all(binariesOf(channel).map((binary) => ask(channel, freshDevice(channel, binary, 0))));
    const disabled = new Map(told.flatMap((offer) => {
        if (offer.kind === 'update')
            return [[offer.label, false]];
        return offer.kind === 'nothing' && offer.withheld !== undefined
            ? [[offer.withheld.label, offer.withheld.isDisabled]]
            : [];
    }));
    const fill = (each) => ({ ...each, isDisabled: each.isDisabled ?? disabled.get(each.label) });
    return { ...channel, releases: channel.releases.map(fill) };
}
/** What fresh devices are offered, for each binary whose newest release is disabled, and not by us. */
async function askAboveDrafts(server, channel) {
    const offers = new Map();
    const { ask } = server;
    if (ask === undefined)
        return offers;
    for (const binary of binariesOf(channel)) {
        const [newest] = releasesFor(binary, channel.releases);
        if (newest === undefined || !isDraft(newest))
            continue;
        const devices = Array.from({ length: asked }, (_, number) => freshDevice(channel, binary, number));
        offers.set(binary, await Promise.all(devices.map((each) => ask(channel, each))));
    }
    return offers;
}
function freshDevice({ releases, platforms }, binary, number) {
    const others = releases.map((each) => each.binary).filter((each) => !isSameBinary(each, binary));
    return { binary: concreteVersion(binary, others), on: undefined, number, platform: platforms?.[0] };
}
/** Each as its newest release has it. */
function binariesOf({ releases }) {
    const binaries = [];
    for (const { binary } of releases)
        if (!binaries.some((each) => isSameBinary(each, binary)))
            binaries.push(binary);
    return binaries;
}
/** Plans for the other binaries of the channel that are offered a bad package, or were until it was taken back. */
function planOthers(server, channel, { request, plan, evidence }) {
    return binariesOf(channel).flatMap((binary) => {
        if (isSameBinary(binary, plan.binary))
            return [];
        const own = releasesFor(binary, channel.releases);
        const from = findBad(own, channel, plan, evidence.knownBad);
        if (from === undefined)
            return [];
        const other = { ...request, target: undefined, binary: undefined, from: from.label };
        return [plan_rollback_planRollback(server, channel, other, evidence)];
    });
}
/** The release that is bad and offered, or was taken back for the same incident. */
function findBad(releases, { name }, { incident, knownBad }, allBad) {
    const isOurs = ({ description }) => readTakenBack(description) === incident;
    const top = releases.find((each) => each.isDisabled !== true || isOurs(each));
    if (top === undefined)
        return undefined;
    if (allBad.has(top.packageHash))
        return top;
    const left = isRollback(top, name) ? leftBy(top, releases, name) : releases.find(isOurs);
    // of another incident, or of another package, it is no business of this one
    return left !== undefined && isOurs(left) && knownBad.has(left.packageHash) ? left : undefined;
}
/** What the user limited the rollback to leaves the others as they are, and is said. */
function leave(others) {
    const left = others.flatMap((each) => (each.kind === 'roll-back' || each.kind === 'stop' ? [each.bad] : []));
    return {
        leftAlone: left,
        warnings: left.map((each) => `${release_describe(each)} is bad as well, and stays on offer: the rollback is limited to other binaries`),
    };
}
/**
 * A copy for a wider range is put on top before one for a narrower. What is bad is disabled for all of them first: a
 * release on top of it may lift the limit of its rollout, or be refused until it is disabled.
 */
function plan_all_inOrder(plans, { releases }) {
    const age = (plan) => 'bad' in plan ? releases.findIndex(({ label }) => label === plan.bad.label) : -1;
    const sorted = plans.toSorted((a, b) => age(b) - age(a));
    const disable = sorted.flatMap((plan) => ('disable' in plan ? plan.disable : []));
    const first = sorted.findIndex((plan) => 'disable' in plan);
    return sorted.map((plan, index) => index === first && 'disable' in plan ? { ...plan, disable: [...new Set(disable)] } : plan);
}
/** @throws InputError that lists all that were thrown; else what was thrown first */
async function collect(work) {
    const outcomes = await Promise.allSettled(work);
    const errors = outcomes.flatMap((outcome) => outcome.status === 'rejected' ? [outcome.reason] : []);
    const other = errors.find((error) => !(error instanceof lib_errors/* InputError */.dz));
    if (other !== undefined)
        throw other;
    const distinct = errors.filter((error, index) => errors.findIndex((each) => String(each) === String(error)) === index);
    if (distinct.length > 0)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* listLines */.i4)(distinct));
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

;// CONCATENATED MODULE: ./lib/layers/ota/record.js

/** Labels of what a plan takes back, and of what it goes back to. '' where there is none. */
function labelsOf(plan) {
    const from = 'bad' in plan ? plan.bad.label : plan.kind === 'superseded' ? plan.expected : '';
    // a copy on top has a label of its own; what it was copied from is the same in a run that finds it done
    if (plan.kind === 'done')
        return { from, to: (plan.good.copyOf ?? plan.good).label };
    return { from, to: plan.kind === 'roll-back' ? plan.good.label : '' };
}
/** The same as the history names them: `Shop-ios/Production v2`. */
function namesOf(plan) {
    const name = release_formatChannel(plan.channel.name);
    const { from, to } = labelsOf(plan);
    return { from: from && `${name} ${from}`, to: to && `${name} ${to}` };
}
/** How the target was found, in words. */
function record_foundBy(plan) {
    if (plan.kind === 'roll-back')
        return plan.foundBy;
    return plan.kind === 'done' ? 'done before' : 'halted';
}
/**
 * What is needed to take the rollback of a channel back: the label of the release that this run, or an earlier one of the
 * same incident, took back. Empty for a rollback of another incident, and for one that was not carried through.
 */
function keptOf({ plan, receipt }) {
    if (receipt?.bad === undefined || (plan.kind === 'done' && !plan.ours))
        return {};
    return { [release_formatChannel(plan.channel.name)]: receipt.bad.label };
}
/** What this run, or an earlier one of the same incident, did to a channel, for the history; and what makes it the same event. */
function describeResult(result, { reason, automatic, startedAt, stepKey, }) {
    const { plan, receipt, problem, reasonCode } = result;
    const name = formatChannel(plan.channel.name);
    const { from, to } = namesOf(plan);
    if (problem !== undefined) {
        const code = reasonCode === 'superseded' ? 'conflict' : reasonCode === 'invalid-input' ? 'refused' : reasonCode;
        if (code === 'restored' || code === 'done-before' || code === 'halted')
            return undefined;
        const moved = { from: from || `${name} as it is`, to: to || `${name} nothing older` };
        return {
            what: { kind: 'rollback-failed', layer: 'ota', ...moved, reasonCode: code, because: String(problem) },
            key: ['ota', moved.from, moved.to, code, stepKey],
        };
    }
    const kept = keptOf(result);
    if (Object.keys(kept).length === 0)
        return undefined;
    const halted = `${name} halted`;
    const now = receipt?.now === undefined ? halted : `${name} ${receipt.now.label}`;
    return {
        what: {
            kind: 'rollback-applied',
            layer: 'ota',
            from,
            to: to || halted,
            now,
            reason,
            targetFoundBy: record_foundBy(plan),
            automatic,
            undone: [],
            startedAt,
            kept,
        },
        key: ['ota', from, now],
    };
}

;// CONCATENATED MODULE: ./lib/layers/ota/carry-out.js


/** How often a write is made whose effect is not to be seen. */
const tries = 3;
/** How often, and in what time, the server is read for the effect of a write whose answer was lost. */
const readings = 4;
const readingPauseMs = 500;
/**
 * Writes once, and reads before anything else: the server's word is not taken for it, as one server says yes to four
 * rollbacks at once and makes one, and a 5xx may come after the deed.
 * @param before the channel as it was read last
 * @returns the channel with the change in it
 * @throws RefusedError, UnavailableError, and what `refuseIfMoved` throws
 */
async function carry_out_carryOut(server, before, { write, isDone, refuseIfMoved }, { sleep, log }) {
    const { name } = before;
    if (isDone(before, 'unknown'))
        return before;
    refuseIfMoved(before);
    for (let attempt = 1; attempt <= tries; attempt += 1) {
        let refusal;
        const outcome = await write().catch((error) => {
            // another runner may have done it a moment ago: then the server refuses to do it twice
            if (!(error instanceof lib_errors/* RefusedError */.fk))
                throw error;
            refusal = error;
            return 'unknown';
        });
        for (let reading = 1; reading <= readings; reading += 1) {
            const channel = await server.read(name);
            if (isDone(channel, outcome))
                return channel;
            refuseIfMoved(channel);
            if (refusal !== undefined)
                throw refusal;
            if (outcome === 'accepted')
                break;
            await sleep(readingPauseMs * reading);
        }
        log(`${release_formatChannel(name)}: the server does not show it (attempt ${attempt} of ${tries})`);
    }
    throw new lib_errors/* UnavailableError */.hG(`${server.at} was asked ${tries} times to change ${release_formatChannel(name)}, and did not: its log may say why; run this again when it works`);
}

;// CONCATENATED MODULE: ./lib/layers/ota/verify.js



/** True when every device agrees; nobody asked is nobody who agrees. */
function isVerified(checks) {
    return checks.length > 0 && checks.every(({ ok }) => ok);
}
/** A rollout to a part is by device: with twenty of them, one to a quarter is missed once in three hundred times. */
const manyDevices = 20;
/**
 * Asks the server as devices do, until it answers as it should or the time is over: servers cache their answers. Devices
 * on each bad release and fresh ones have to be offered the good package; those on the good one nothing. With nothing
 * put in its place, nobody may be offered a bad one. Each kind of device is asked: one for every set of releases that are
 * for the same version.
 * @returns every check, the failing ones too; none where the server cannot be asked
 */
async function verify_verify(server, channel, subject, { verifyTimeoutMs, now, sleep, log, }) {
    const { ask } = server;
    if (ask === undefined)
        return [];
    const situations = versionsOf(channel, subject).flatMap((version) => situationsOf(server, channel, subject, version));
    const deadline = now() + verifyTimeoutMs;
    for (let pauseMs = 500;; pauseMs = Math.min(pauseMs * 2, 10_000)) {
        const checks = [];
        for (const situation of situations)
            checks.push(await askDevices(ask, channel, situation));
        const failing = checks.filter(({ ok }) => !ok);
        if (failing.length === 0 || now() + pauseMs > deadline)
            return checks;
        log(`${release_formatChannel(channel.name)}: devices ${failing[0]?.device} are offered ${failing[0]?.offered}; asking again in ${pauseMs / 1000} s`);
        await sleep(pauseMs);
    }
}
/** The versions of binaries that devices are asked for, the plainest first: one that no other release is for. */
function versionsOf({ releases }, { binary }) {
    const ranges = releases.map((each) => each.binary);
    const others = ranges.filter((each) => !isSameBinary(each, binary));
    const plainest = concreteVersion(binary, others);
    const kindOf = (version) => ranges.map((range) => covers(range, version)).join();
    const rest = kindsOfDevices(ranges).filter((version) => covers(binary, version) && kindOf(version) !== kindOf(plainest));
    return [plainest, ...rest];
}
function situationsOf(server, { releases, platforms }, { bad, good, binary, knownBad = new Map() }, version) {
    const own = releases.filter((each) => covers(each.binary, version));
    const isPartial = own.some(({ rollout }) => rollout === undefined || rollout < 100);
    const numbers = Array.from({ length: isPartial ? manyDevices : 1 }, (_, number) => number);
    const devicesOn = (on) => (platforms ?? [undefined]).flatMap((platform) => numbers.map((number) => ({ binary: version, on, number, platform })));
    const badHashes = new Set([...bad.map(({ packageHash }) => packageHash), ...knownBad.keys()]);
    const isSpared = (offer) => offer.kind !== 'update' || !badHashes.has(offer.packageHash);
    const isOffered = (offer) => offer.kind === 'update' && offer.packageHash === good?.packageHash;
    // a release for some of the same binaries may be offered in its place
    const predicted = predictOffers(server, releases, version);
    const isForOthers = own.some((each) => !isSameBinary(each.binary, binary));
    const isPredicted = predicted.length > 0 && predicted.every(({ packageHash }) => packageHash === good?.packageHash);
    const isRight = good !== undefined && (!isForOthers || isPredicted) ? isOffered : isSpared;
    // a group that is published again is another update to its devices, with the same content
    const isStill = (offer) => offer.kind === 'nothing' || (server.goesBackBy === 'republishing' && isOffered(offer));
    return [
        ...bad
            .filter((each) => covers(each.binary, version))
            .map((each) => ({
            device: `on ${release_formatLabel(each.label)}, which was taken back,`,
            devices: devicesOn(each),
            isRight,
        })),
        ...(good === undefined
            ? []
            : [
                {
                    device: `on ${release_formatLabel(good.label)}, the good one,`,
                    devices: devicesOn(good),
                    isRight: isRight === isOffered ? isStill : isSpared,
                },
            ]),
        { device: 'fresh from the store', devices: devicesOn(undefined), isRight },
    ];
}
async function askDevices(ask, channel, { device, devices, isRight }) {
    const offers = await Promise.all(devices.map((each) => ask(channel, each)));
    const shown = offers.find((offer) => !isRight(offer)) ?? offers[0];
    const agreeing = offers.filter(isRight).length;
    return {
        device,
        binary: devices[0]?.binary ?? '',
        offered: shown === undefined ? 'nothing' : formatOffer(shown),
        packageHash: shown?.kind === 'update' ? shown.packageHash : undefined,
        asked: offers.length,
        agreeing,
        ok: agreeing === offers.length,
    };
}
/** `v3, a79ff9ca8c77` */
function formatOffer(offer) {
    if (offer.kind === 'nothing')
        return 'nothing';
    if (offer.kind === 'embedded')
        return 'a return to what came from the store';
    return `${release_formatLabel(offer.label)}, package ${offer.packageHash.slice(0, 12)}${offer.isMandatory ? ', mandatory' : ''}`;
}

;// CONCATENATED MODULE: ./lib/layers/ota/apply.js







/**
 * Applies a plan, or finishes what an earlier run of it began: the bad release is disabled first, because on one server a
 * rollback lifts the limit of its rollout; then the good one is put on top by its label, because "the previous one" is
 * the bad one after one rollback; then the result is read again, and devices are asked.
 * Can be killed between any two requests and run again.
 * @throws ConflictError when another release has landed since the plan, RefusedError, UnavailableError
 */
async function apply_applyPlan(server, plan, circumstances) {
    const { incident } = circumstances;
    const { name } = plan.channel;
    if (plan.kind === 'superseded')
        throw superseded(plan, plan.by);
    if (plan.kind === 'undecided')
        throw apply_undecided(plan);
    const fresh = await server.read(name);
    apply_refuseIfMoved(plan, fresh);
    if (plan.kind === 'done') {
        if (plan.unmarked && plan.ours)
            await describeOnTop(server, plan.good, plan.bad, fresh, circumstances);
        const devices = await verify_verify(server, fresh, { ...plan, bad: badOf(plan) }, circumstances);
        return { outcome: 'already-rolled-back', bad: plan.bad, good: plan.good, now: plan.good, devices };
    }
    let channel = fresh;
    for (const release of plan.disable) {
        circumstances.log(`${release_formatChannel(name)}: disabling ${release_describe(release)}`);
        const description = markTakenBack(release, incident);
        const change = {
            write: () => server.disable(name, release.label, description),
            isDone: (read, outcome) => isDisabledIn(read, release) ?? outcome === 'accepted',
            refuseIfMoved: (read) => apply_refuseIfMoved(plan, read),
        };
        channel = await carry_out_carryOut(server, channel, change, circumstances);
    }
    if (plan.kind === 'stop') {
        const devices = await verify_verify(server, channel, { ...plan, bad: badOf(plan), good: undefined }, circumstances);
        return { outcome: 'stopped', bad: plan.bad, good: undefined, now: undefined, devices };
    }
    const { bad, good } = plan;
    if (plan.by !== 'disabling') {
        const by = waysNow(plan, channel);
        circumstances.log(`${release_formatChannel(name)}: putting ${release_describe(good)} on top by ${by}`);
        const description = markPutBack(good.description, bad.label, incident);
        const change = {
            write: () => server.release(name, { label: good.label, over: bad.label, binary: bad.binary, by, description }),
            isDone: (read) => isOnTop(plan, read),
            refuseIfMoved: (read) => apply_refuseIfMoved(plan, read),
        };
        channel = await carry_out_carryOut(server, channel, change, circumstances);
        refuseIfOvertaken(plan, channel);
        const top = topOf(plan, channel);
        if (top !== undefined && top.description !== description)
            await describeOnTop(server, top, bad, channel, circumstances);
    }
    const now = plan.by === 'disabling' ? good : topOf(plan, channel);
    const devices = await verify_verify(server, channel, { ...plan, bad: badOf(plan) }, circumstances);
    return { outcome: 'rolled-back', bad, good, now, devices };
}
/** The mark is a help for people and later runs: devices do not need it, so its failure is no failure of the rollback. */
async function describeOnTop(server, top, bad, { name }, { incident, log }) {
    try {
        // by its label: without one, a server would take whatever is newest by now
        await server.describe(name, top.label, markPutBack(top.description, bad.label, incident));
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        log(`${release_formatChannel(name)}: ${top.label} could not be marked as a rollback: ${error.message}`);
    }
}
/** @throws ConflictError when the newest release for the binaries is neither the one planned on, nor already the good one */
function apply_refuseIfMoved(plan, read) {
    const planned = plan.releases[0];
    const top = topOf(plan, read);
    if (planned === undefined || top === undefined || top.label === planned.label)
        return;
    if (plan.kind === 'roll-back' && isOnTop(plan, read))
        return;
    throw superseded(plan, top);
}
/** True when a release that was not there at the plan is on top, enabled, with the good package. */
function isOnTop(plan, read) {
    const top = topOf(plan, read);
    if (top === undefined || top.label === plan.releases[0]?.label)
        return false;
    return top.packageHash === plan.good.packageHash && top.isDisabled !== true;
}
/** A release for other binaries may have come on top since the plan, by the same run. */
function waysNow({ bad, good }, { releases }) {
    const [top] = releases;
    return top?.binary === bad.binary && good.binary === bad.binary ? 'rollback' : 'promotion';
}
/**
 * No server can be told to release only if nothing else was released meanwhile: what was, in the moment between our
 * last look and our write, is under our release now.
 * @throws ConflictError that names it
 */
function refuseIfOvertaken(plan, read) {
    const own = read.releases.filter((each) => isSameBinary(each.binary, plan.binary));
    const known = new Set(plan.releases.map(({ label }) => label));
    const settled = new Set([plan.good.packageHash, plan.bad.packageHash]);
    const hidden = own.slice(1).find(({ label, packageHash }) => !known.has(label) && !settled.has(packageHash));
    if (hidden === undefined)
        return;
    throw new lib_errors/* ConflictError */.fK(`${release_formatChannel(plan.channel.name)}: ${release_describe(hidden)} was released at the same moment, and is under ${release_describe(own[0] ?? plan.good)} now; check it, and promote it again if it is good`);
}
function superseded(plan, by) {
    const from = by.releasedBy === '' ? '' : ` by ${by.releasedBy}`;
    const expected = plan.kind === 'superseded' ? plan.expected : plan.releases[0]?.label;
    return new lib_errors/* ConflictError */.fK((0,lib_errors/* message */.iU) `${release_formatChannel(plan.channel.name)}: ${release_formatLabel(expected ?? '')} is superseded by ${release_describe(by)}, released${from} meanwhile. It was left alone: check it, and if it is bad, run this again with ${(0,lib_errors/* setting */.Pe)('from-label')}: ${by.label}`);
}
function apply_undecided(plan) {
    return new lib_errors/* RefusedError */.fk((0,lib_errors/* message */.iU) `${release_formatChannel(plan.channel.name)}: ${explain_explainUndecided(plan)}`);
}
/** The newest release for the binaries of the plan. */
function topOf({ binary }, { releases }) {
    return releases.find((each) => isSameBinary(each.binary, binary));
}
function isDisabledIn({ releases }, { label }) {
    return releases.find((each) => each.label === label)?.isDisabled;
}
/** The releases whose devices have to be offered something else. */
function badOf(plan) {
    if (plan.kind === 'done')
        return [plan.bad];
    const others = plan.disable.filter(({ label }) => label !== plan.bad.label);
    return [plan.bad, ...others];
}

;// CONCATENATED MODULE: ./lib/layers/ota/roll-back.js




/**
 * Applies the plans one after the other. A channel that fails does not keep the next from being mended: run again, those
 * that are done are left as they are.
 * @throws whatever is no user's business: bugs, and the end of a cancelled job
 */
async function applyAll(server, plans, circumstances) {
    const results = [];
    for (const plan of plans) {
        try {
            results.push(judge(plan, await apply_applyPlan(server, plan, circumstances)));
        }
        catch (error) {
            if (!(0,lib_errors/* isUserFacing */.Qx)(error))
                throw error;
            results.push({ plan, reasonCode: roll_back_reasonOf(error), problem: (0,lib_errors/* message */.iU) `${error}` });
        }
    }
    return results;
}
function judge(plan, receipt) {
    const failing = receipt.devices.find(({ ok }) => !ok);
    const name = release_formatChannel(plan.channel.name);
    if (failing !== undefined) {
        const { device, binary, offered, asked, agreeing } = failing;
        const share = asked === 1 ? '' : ` (${asked - agreeing} of ${asked})`;
        const isHidden = offered === 'nothing' && receipt.good?.isDisabled === undefined && receipt.good;
        const advice = isHidden
            ? (0,lib_errors/* message */.iU) `${receipt.good.label} may be disabled on the server, which does not show it; name another release in ${(0,lib_errors/* setting */.Pe)('target')}`
            : (0,lib_errors/* message */.iU) `check the releases on the server, or give its cache more time with ${(0,lib_errors/* setting */.Pe)('ota.verify-timeout')}`;
        const version = binary === plan.binary ? '' : ` of ${binary}`;
        const problem = (0,lib_errors/* message */.iU) `${name}: devices${version} ${device} are offered ${offered}${share}: ${advice}`;
        return { plan, receipt, reasonCode: 'unverified', problem };
    }
    if (receipt.outcome === 'stopped') {
        if (plan.kind !== 'stop' || plan.because === undefined)
            return { plan, receipt, reasonCode: 'halted' };
        const advice = plan.fallback === undefined ? '; release a fixed bundle to reach the devices that run it' : '';
        const problem = `${name}: ${release_describe(plan.bad)} was halted: ${haltMeans(plan)}. ${plan.because}${advice}`;
        return { plan, receipt, reasonCode: 'no-target', problem };
    }
    return { plan, receipt, reasonCode: receipt.outcome === 'rolled-back' ? 'restored' : 'done-before' };
}
/** Why it was not carried through, as one word. */
function roll_back_reasonOf(error) {
    if (error instanceof lib_errors/* InputError */.dz)
        return 'invalid-input';
    if (error instanceof lib_errors/* ConflictError */.fK)
        return 'superseded';
    return error instanceof lib_errors/* UnavailableError */.hG ? 'unavailable' : 'refused';
}
/** One word for all channels together. */
function decide(results) {
    const bad = results.filter(({ problem }) => problem !== undefined);
    if (bad.length > 0 && bad.length < results.length)
        return 'partial';
    if (bad.length > 0) {
        if (bad.every(({ reasonCode }) => reasonCode === 'superseded'))
            return 'superseded';
        return bad.every(({ reasonCode }) => reasonCode === 'no-target') ? 'stopped' : 'failed';
    }
    const outcomes = results.map(({ receipt }) => receipt?.outcome);
    if (outcomes.includes('rolled-back'))
        return 'rolled-back';
    return outcomes.includes('stopped') ? 'stopped' : 'already-rolled-back';
}

;// CONCATENATED MODULE: ./lib/layers/ota/undo.js








/**
 * Puts a release that was taken back on top again, by its label: it is enabled, and where that is not enough a copy of it
 * is released, to as many devices as it had been offered to. Done twice, or after being killed, it does what is left.
 * @param label of the release that was taken back
 * @returns one sentence: what is on top now, and what devices are offered
 * @throws ConflictError when another release has landed since the rollback, RefusedError, UnavailableError
 */
async function undoRollback(server, name, label, circumstances) {
    const { incident, log } = circumstances;
    let channel = await server.read(name);
    const taken = findTaken(server, channel, label);
    const refuseIfMoved = (read) => refuseIfSuperseded(server, read, taken);
    refuseIfMoved(channel);
    const before = currentOf(server, channel, taken);
    const rollout = readRollout(taken.description);
    const disabled = takenWith(taken, channel).filter((each) => !isEnabled(each));
    const isOnTop = before !== undefined && before.packageHash === taken.packageHash && isEnabled(before);
    for (const release of disabled) {
        log(`${release_formatChannel(name)}: enabling ${release_describe(release)} again`);
        const description = markUndone(release.description, incident);
        const change = {
            write: () => server.enable(name, release.label, description),
            isDone: (read) => read.releases.some((each) => each.label === release.label && isEnabled(each)),
            refuseIfMoved,
        };
        channel = await carry_out_carryOut(server, channel, change, circumstances);
    }
    if (!isOnTop && currentOf(server, channel, taken)?.packageHash !== taken.packageHash)
        channel = await releaseAgain(server, channel, { taken, rollout, refuseIfMoved }, circumstances);
    const now = currentOf(server, channel, taken) ?? taken;
    const offered = await look(server, channel, { now, before }, circumstances);
    const what = now.label === taken.label
        ? release_formatLabel(label)
        : `${release_formatLabel(now.label)}, a copy of ${release_formatLabel(label)},`;
    return `${release_formatChannel(name)}: ${what} is on top ${isOnTop ? 'already' : 'again'}; ${offered}`;
}
async function releaseAgain(server, channel, { taken, rollout, refuseIfMoved, }, circumstances) {
    const { name } = channel;
    const current = currentOf(server, channel, taken) ?? taken;
    const [top = current] = channel.releases;
    const hidden = explainHidden(server, channel.releases, current, new Map());
    if (hidden !== undefined)
        throw new lib_errors/* RefusedError */.fk(`${release_formatChannel(name)}: ${hidden}`);
    // a rollback offers the copy to all on one server, and is made only within the binary released to last
    const isOfTop = top.binary === current.binary && taken.binary === current.binary;
    const by = isOfTop && rollout === undefined ? 'rollback' : 'promotion';
    const blocked = by === 'promotion' && explainRollout(server, top, current, new Map());
    if (blocked)
        throw new lib_errors/* RefusedError */.fk(`${release_formatChannel(name)}: ${blocked}`);
    circumstances.log(`${release_formatChannel(name)}: putting ${release_describe(taken)} on top by ${by}`);
    const copy = {
        label: taken.label,
        over: current.label,
        binary: current.binary,
        by,
        description: markUndone(taken.description, circumstances.incident),
        ...(rollout !== undefined && { rollout }),
    };
    const change = {
        write: () => server.release(name, copy),
        isDone: (read) => currentOf(server, read, taken)?.packageHash === taken.packageHash,
        refuseIfMoved,
    };
    return carry_out_carryOut(server, channel, change, circumstances);
}
/** @throws RefusedError for one that is gone, or that not a rollback disabled */
function findTaken(server, { name, releases }, label) {
    const found = releases.find((each) => each.label === label);
    if (found === undefined)
        throw new lib_errors/* RefusedError */.fk(`${release_formatChannel(name)} does not have ${release_formatLabel(label)} any more: ${server.at} keeps only its newest releases, or its history was cleared; release the bundle anew`);
    if (found.isDisabled === true && readTakenBack(found.description) === undefined)
        throw new lib_errors/* RefusedError */.fk(`${release_formatChannel(name)}: ${release_describe(found)} is disabled, and not by a rollback; enable it on the server if it is to be offered again`);
    return found;
}
/** What was disabled with it, in the same rollback, newest first. */
function takenWith(taken, channel) {
    const incident = readIncident(taken.description);
    const older = olderThan(taken, undo_ownOf(taken, channel)).filter(({ description }) => incident !== undefined && readTakenBack(description) === incident);
    return [taken, ...older];
}
/** The release that devices get: the newest, or where one goes back by disabling the newest that is enabled. */
function currentOf({ goesBackBy }, channel, taken) {
    const own = undo_ownOf(taken, channel);
    return goesBackBy === 'disabling' ? own.find(isEnabled) : own[0];
}
/** @throws ConflictError when what is on top is neither the release itself nor the rollback of it */
function refuseIfSuperseded(server, channel, taken) {
    const current = currentOf(server, channel, taken);
    if (current === undefined || current.packageHash === taken.packageHash)
        return;
    const own = undo_ownOf(taken, channel);
    const isOurs = server.goesBackBy === 'disabling'
        ? olderThan(taken, own).includes(current)
        : isRollback(current, channel.name) &&
            leftBy(current, own, channel.name)?.packageHash === taken.packageHash;
    if (isOurs)
        return;
    throw new lib_errors/* ConflictError */.fK(`${release_formatChannel(channel.name)}: ${release_describe(current)} was released since ${release_formatLabel(taken.label)} was taken back: it was left alone; promote ${release_formatLabel(taken.label)} by hand if it is to be on top of it`);
}
/** @throws UnavailableError when devices are not offered what is on top, although it is for all of them */
async function look(server, channel, { now, before }, circumstances) {
    const isForAll = now.rollout === 100;
    const left = before === undefined || before.packageHash === now.packageHash ? [] : [before];
    const checks = await verify_verify(server, channel, { bad: left, good: now, binary: now.binary }, 
    // a rollout to a part of the devices goes by device, and some servers do not tell how far it is
    { ...circumstances, verifyTimeoutMs: isForAll ? circumstances.verifyTimeoutMs : 0 });
    if (checks.length === 0)
        return 'no device was asked';
    const failing = checks.find(({ ok }) => !ok);
    if (failing === undefined)
        return `devices are offered package ${now.packageHash.slice(0, 12)}`;
    if (isForAll)
        throw new lib_errors/* UnavailableError */.hG(`${release_formatChannel(channel.name)}: ${release_describe(now)} is on top, and devices ${failing.device} are offered ${failing.offered}: look at the releases on the server, or give its cache more time`);
    const fresh = checks.at(-1);
    return `${fresh?.agreeing ?? 0} of ${fresh?.asked ?? 0} fresh devices are offered it, as far as its rollout goes`;
}
function undo_ownOf({ binary }, { releases }) {
    return releases.filter((each) => isSameBinary(each.binary, binary));
}
/** Where the server does not tell, our own mark does. */
function isEnabled({ isDisabled, description }) {
    return isDisabled === undefined ? readTakenBack(description) === undefined : !isDisabled;
}

;// CONCATENATED MODULE: ./lib/layers/ota/layer.js












/**
 * Over-the-air updates: the bad bundles of all channels go back together, and devices have to agree.
 * @throws InputError for options that cannot be meant; nothing is asked yet
 */
function openOtaLayer(options) {
    const requests = readRequests({
        channels: options.channels,
        targets: options.targets ?? [],
        fromLabels: options.badLabels ?? [],
        appVersions: options.appVersions ?? [],
        knownBad: options.knownBad ?? [],
        mode: options.mode ?? 'roll-back',
        incident: options.incident,
    });
    const { kind, url = '', accessKey = '', eas = { folder: '.', env: {} }, fetch, now, signal } = options;
    const open = prepareServer({ ...eas, kind, url, accessKey, fetch, now, signal });
    return {
        name: 'ota',
        async plan() {
            const server = await open();
            const all = await planAll(server, requests);
            const plans = all.filter((plan) => !isOlder(plan, options.since));
            return {
                view: viewOf(plans, server),
                apply: async () => {
                    const results = await applyAll(server, plans, options);
                    for (const line of results.flatMap(describeDevices))
                        options.log(line);
                    return layer_receiptOf(results);
                },
            };
        },
        undo: async (done) => layer_undoAll(await open(), done, options),
    };
}
function viewOf(plans, { at }) {
    const names = plans.map(namesOf);
    const inEach = (lines) => plans.flatMap((plan) => lines(plan).map((line) => `${release_formatChannel(plan.channel.name)}: ${line}`));
    return {
        layer: 'ota',
        state: stateOf(plans),
        from: join(names.map(({ from }) => from)),
        to: join(names.map(({ to }) => to)),
        foundBy: [...new Set(plans.map(record_foundBy))].join('; '),
        steps: inEach(describe_stepsOf),
        undone: [],
        losses: [],
        warnings: [
            ...inEach((plan) => plan.kind === 'stop'
                ? [
                    `${plan.because ?? 'nothing is put in its place, as asked'}; ${haltMeans(plan)}`,
                    ...plan.warnings,
                ]
                : plan.warnings),
            ...(isEncrypted(at)
                ? []
                : ['the update server has an http: address: whoever is on the way can read the access key']),
        ],
        needsPerson: inEach((plan) => {
            if (plan.kind === 'superseded')
                return [
                    `${release_formatLabel(plan.expected)} is superseded by ${release_describe(plan.by)}, which is left alone: check it`,
                ];
            return plan.kind === 'undecided' ? [String(explain_explainUndecided(plan))] : [];
        }),
        basis: byChannel(plans.map(({ channel, releases }) => [release_formatChannel(channel.name), releases[0]?.label ?? ''])),
    };
}
/** True for a plan whose bad release was there before: it is not of this deployment, and stays. */
function isOlder(plan, since) {
    const { releasedAt } = ('bad' in plan ? plan.bad : plan.releases[0]) ?? {};
    return since !== undefined && releasedAt !== undefined && releasedAt < since;
}
/** A channel has a plan for each binary: what is said of it is one text. */
function byChannel(entries) {
    const all = new Map();
    for (const [name, value] of entries)
        all.set(name, [all.get(name), value].filter(Boolean).join(','));
    return Object.fromEntries(all);
}
function stateOf(plans) {
    const isOpen = (plan) => plan.kind === 'superseded' || plan.kind === 'undecided' || changes(plan);
    if (plans.some(isOpen))
        return 'pending';
    return plans.some((plan) => 'bad' in plan) ? 'done' : 'nothing';
}
/** @throws ConflictError, RefusedError, UnavailableError when no channel was carried through */
function layer_receiptOf(results) {
    const carried = results.filter(({ receipt }) => receipt !== undefined);
    const problems = results.flatMap(({ problem }) => problem ?? []);
    if (carried.length === 0)
        throw errorOf(results, problems.join('; '));
    const names = carried.map(({ plan }) => namesOf(plan));
    return {
        outcome: outcomeOf(results),
        from: join(names.map(({ from }) => from)),
        to: join(names.map(({ to }) => to)),
        now: join(carried.map(({ plan, receipt }) => `${release_formatChannel(plan.channel.name)} ${receipt?.now?.label ?? 'halted'}`)),
        kept: byChannel(carried.flatMap((each) => Object.entries(keptOf(each)))),
        verified: seenOf(carried),
        ...(problems.length > 0 && { problem: problems.join('; ') }),
    };
}
function outcomeOf(results) {
    const failing = results.filter(({ problem }) => problem !== undefined);
    const isSplit = failing.length > 0 && failing.length < results.length;
    const outcomes = new Set(results.map(({ receipt }) => receipt?.outcome));
    const isHaltedInPart = outcomes.has('stopped') && outcomes.has('rolled-back');
    if (isSplit || isHaltedInPart || outcomes.has(undefined))
        return 'partial';
    if (outcomes.has('rolled-back'))
        return 'rolled-back';
    return outcomes.has('stopped') ? 'stopped' : 'already-rolled-back';
}
/** Undefined where no device can be asked. */
function seenOf(carried) {
    const devices = carried.flatMap(({ receipt }) => receipt?.devices ?? []);
    if (devices.length === 0)
        return undefined;
    const isWhole = carried.every(({ plan }) => plan.leftAlone.length === 0);
    return { ok: isWhole && isVerified(devices), evidence: carried.map(evidenceOf).join('; ') };
}
function evidenceOf({ plan, receipt }) {
    const name = release_formatChannel(plan.channel.name);
    const failing = receipt?.devices.find(({ ok }) => !ok);
    if (failing !== undefined)
        return `${name}: devices ${failing.device} are offered ${failing.offered}`;
    const { now, bad } = receipt ?? {};
    if (plan.leftAlone.length > 0)
        return `${name}: devices of other binaries are still offered ${plan.leftAlone.map(release_describe).join(', ')}`;
    if (now === undefined)
        return `${name}: no device is offered ${release_formatLabel(bad?.label ?? '')}`;
    return `${name}: devices are offered ${release_formatLabel(now.label)}, package ${now.packageHash.slice(0, 12)}`;
}
function errorOf(results, message) {
    const codes = results.map(({ reasonCode }) => reasonCode);
    if (codes.includes('superseded'))
        return new lib_errors/* ConflictError */.fK(message);
    return codes.includes('unavailable') ? new lib_errors/* UnavailableError */.hG(message) : new lib_errors/* RefusedError */.fk(message);
}
/** Tries every channel. @throws the error of the first that could not be put back, with what became of the others */
async function layer_undoAll(server, { kept }, circumstances) {
    const entries = Object.entries(kept);
    if (entries.length === 0)
        throw new lib_errors/* RefusedError */.fk('this rollback took no update back, so that there is none to be put on top again');
    const told = [];
    const errors = [];
    const labels = entries.flatMap(([channel, taken]) => taken.split(',').map((label) => [channel, label]));
    for (const [channel, label] of labels) {
        try {
            told.push(await undoRollback(server, readChannel(channel), label, circumstances));
        }
        catch (error) {
            if (!(0,lib_errors/* isUserFacing */.Qx)(error))
                throw error;
            errors.push(error);
        }
    }
    const [first] = errors;
    if (first === undefined)
        return told.join('; ');
    const message = [...errors.map((error) => error.message), ...told].join('; ');
    if (first instanceof lib_errors/* ConflictError */.fK)
        throw new lib_errors/* ConflictError */.fK(message);
    throw first instanceof lib_errors/* UnavailableError */.hG ? new lib_errors/* UnavailableError */.hG(message) : new lib_errors/* RefusedError */.fk(message);
}
function join(names) {
    return names.filter((name) => name !== '').join(', ');
}

;// CONCATENATED MODULE: ./lib/rollback/open-layers.js











/** The layers that can be rolled back, in the order in which they are: migrations are undone before the code that has their scripts goes. */
const openers = [
    ['database', ({ database }) => database !== undefined, openDatabase],
    ['code', () => true, async (_, code) => code],
    ['ota', ({ ota }) => ota !== undefined, openOta],
];
/** Names of the layers that the settings have. */
function availableLayers(config) {
    return openers.filter(([, isConfigured]) => isConfigured(config)).map(([name]) => name);
}
/** Opens them; what is wrong with one is said when it is planned. */
function openLayers(surroundings) {
    const code = openLazily('code', async () => openCode(surroundings));
    return openers
        .filter(([, isConfigured]) => isConfigured(surroundings.config))
        .map(([name, , open]) => (name === 'code' ? code : openLazily(name, () => open(surroundings, code))));
}
/** The secrets of the layers that the settings name, to keep them out of every text. */
function secretsOfLayers({ database, ota }, env) {
    const url = database && env[database.url.env];
    const connection = url ? parseOrNothing(url) : undefined;
    const password = connection !== undefined && connection.engine !== 'sqlite' ? [connection.password] : [];
    const bucket = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].map((name) => env[name]);
    const values = [
        ...bucket,
        url,
        database?.identity && env[database.identity.env],
        ota?.accessKey && env[ota.accessKey.env],
        ota?.serverKind === 'eas' && env['EXPO_TOKEN'],
    ];
    return [...password, ...values.flatMap((value) => (value ? [value] : []))];
}
function parseOrNothing(url) {
    try {
        return parseConnection(url);
    }
    catch (error) {
        if (error instanceof lib_errors/* InputError */.dz)
            return undefined;
        throw error;
    }
}
function openCode(surroundings) {
    const { repository, config, branch, environment, incident, bad, target, openClone } = surroundings;
    const { delivery } = config.code;
    const { choice } = surroundings;
    const isDatabaseChosen = config.database !== undefined && (choice === 'changed' || choice.includes('database'));
    return openCodeLayer({
        repository,
        rollback: {
            mode: 'restore',
            branch,
            environment,
            incident,
            bad,
            target,
            delivery,
            tagPattern: config.code.tagPattern,
            checks: config.code.checks,
            paths: config.paths,
        },
        lookedAfter: new Set(isDatabaseChosen ? ['migrations'] : []),
        openClone,
        wishes: { labels: ['rollback'], reviewers: [], autoMerge: false },
        reason: surroundings.reason,
        by: surroundings.by,
        runUrl: surroundings.runUrl,
        now: () => new Date(surroundings.now()),
    });
}
async function openDatabase(surroundings, code) {
    const { repository, config, environment, bad, env, scratch, log, progress, automatic } = surroundings;
    const settings = config.database;
    if (settings === undefined)
        throw new TypeError('there is no database in the settings');
    const url = readVariable(env, 'database.url', settings.url.env);
    const connection = open_layers_explained('database.url', () => parseConnection(url));
    const [engine, good, badRevision] = await Promise.all([
        openEngine(connection, { env, scratch, log }),
        // what is gone back to is one revision for all layers
        code.plan().then(({ view }) => openRevision(repository, view.to)),
        openRevision(repository, bad),
    ]);
    const earlier = progress.done.get('database');
    return openDatabaseLayer({
        engine,
        store: open_layers_explained('database.storage', () => openStore(settings.storage, surroundings)),
        environment,
        bad: badRevision,
        good,
        migrations: settings.migrations,
        strategy: settings.strategy ?? (settings.migrations === undefined ? 'backup' : 'migrations'),
        command: undefined,
        allowDataLoss: settings.allowDataLoss,
        mayRestoreAlone: settings.mayRestoreAlone,
        automatic,
        keepOldMs: settings.keepOldMs,
        recipient: settings.recipient,
        identity: settings.identity && readVariable(env, 'database.identity', settings.identity.env),
        earlier: earlier && undoableOf(earlier),
        scratch,
        now: () => new Date(surroundings.now()),
        log,
        signal: surroundings.signal,
    });
}
async function openOta(surroundings) {
    const { repository, config, bad, env, choice } = surroundings;
    const settings = config.ota;
    if (settings === undefined)
        throw new TypeError('there are no over-the-air updates in the settings');
    const { serverUrl: url, serverKind: kind, channels, verifyTimeoutMs } = settings;
    return openOtaLayer({
        ...surroundings,
        url,
        accessKey: settings.accessKey && readVariable(env, 'ota.access-key', settings.accessKey.env),
        kind,
        eas: { folder: settings.project, env },
        channels,
        verifyTimeoutMs,
        since: choice === 'changed' ? (await readCommit(repository, bad)).committedAt : undefined,
    });
}
/** @throws InputError when it is not set */
function readVariable(env, key, name) {
    const value = env[name];
    if (value)
        return value;
    throw new lib_errors/* InputError */.dz(`the variable ${name}, which \`${key}\` in the configuration names, is not set: give it to the step under \`env\`, from a secret`);
}
function open_layers_explained(key, read) {
    try {
        return read();
    }
    catch (error) {
        throw error instanceof lib_errors/* InputError */.dz
            ? new lib_errors/* InputError */.dz(`\`${key}\` in the configuration ${error.message}`)
            : error;
    }
}

;// CONCATENATED MODULE: ./lib/health/subject.js

/**
 * What has to be served once a rollback is done.
 * @param restored what the code went back to: the rollback commit and the good revision; empty where the code stayed
 */
function subjectAfterRollback(environment, { failed, restored }) {
    return { environment, revisions: restored, failed: restored.length > 0 ? failed : undefined };
}
/** These need no quotes or escapes in an address, a query or a body. */
const harmless = /^[\w .-]+$/;
/**
 * Puts the revision and the environment into the texts of a check, wherever they stand.
 * @throws InputError for an environment whose name could mean something else there
 */
function aboutSubject(check, subject) {
    const [revision] = subject?.revisions ?? [];
    if (subject === undefined || !/\{(?:revision|environment)\}/.test(JSON.stringify(check)))
        return check;
    const { environment } = subject;
    if (!harmless.test(environment) && JSON.stringify(check).includes('{environment}')) {
        throw new lib_errors/* InputError */.dz(`check "${check.name}": the name of the environment has characters that can't be put in the place of {environment}; write the text itself`);
    }
    const fill = (text, isUrl) => text
        .replaceAll('{revision}', revision ?? '{revision}')
        .replaceAll('{environment}', isUrl ? encodeURIComponent(environment) : environment);
    return mapTexts(check, fill);
}
function mapTexts(value, map) {
    const visit = (each, key) => {
        if (typeof each === 'string')
            return map(each, key === 'url');
        if (Array.isArray(each))
            return each.map((item) => visit(item, key));
        if (typeof each !== 'object' || each === null)
            return each;
        return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, visit(item, name)]));
    };
    return visit(value, '');
}

;// CONCATENATED MODULE: ./lib/health/statistics/wilson.js
/** One-sided chance of 1 in 10 that the true share is above the upper bound. */
const z90 = 1.2816;
/**
 * Wilson's upper bound of a share, from so many bad ones of so many (E. B. Wilson 1927); 1 for none at all.
 * @param z standard normal deviate of the one-sided confidence. Default: 90 %
 * @param dispersion how much more the counts vary than chance would have it: so many times fewer are known
 */
function wilsonUpper({ bad, of }, { z = z90, dispersion = 1 } = {}) {
    if (of === 0)
        return 1;
    const n = of / dispersion;
    const share = bad / of;
    const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
    return (share + (z * z) / (2 * n) + spread) / (1 + (z * z) / n);
}

;// CONCATENATED MODULE: ./lib/health/statistics/incidents.js

/** Bad ones of an incident, at least: fewer may be chance. */
const leastBad = 3;
/** Log-likelihood ratio against the same share in the whole hour, at least; already divided by the dispersion. */
const leastEvidence = 10;
/** For one that goes on, which need not be so much worse: four standard deviations. */
const leastEvidenceOfOngoing = 5;
/** An incident has so many times the share of the rest, and what is not known about the rest speaks for the rest. */
const leastFactor = 10;
const leastFactorOfOngoing = 2;
/** So many minutes with traffic have to follow an incident to show that it is over. */
const leastAfter = 3;
/** Minutes after which it is over, whatever followed. */
const longAgo = 10;
/** So many have to be left in all, unless those that follow are among them. */
const leastRest = 10;
/** Where it is most of the hour, a lesser share is what is usual there. */
const shareOfOutage = 0.2;
/** So many in an hour are usual. */
const recurring = 4;
/** More stretches than that are not looked for. */
const mostStretches = 10;
/**
 * Takes the incidents out of the time before. Bursts are not incidents: an incident has at least ten times the share of the rest,
 * and is far more than chance and the bursts of the rest can explain. Where they recur, they are usual there and left in; what the
 * deployment came into is found beside them.
 * @param minutes the last one just before the deployment
 * @param dispersionOf of some minutes
 */
function splitIncidents(minutes, dispersionOf) {
    const found = incidents_confirm(minutes, findStretches(minutes), dispersionOf);
    const isOngoing = (stretch) => !isOver(minutes, stretch, found);
    const [going] = found.filter(isOngoing).sort((a, b) => a.from - b.from);
    const over = found.filter((each) => !isOngoing(each)).sort((a, b) => b.to - a.to);
    const ended = over.length < recurring ? over : [];
    // one that is cut in two by a good minute began with its first
    const ongoing = going ?? findChange(minutes, ended, dispersionOf);
    const cut = ongoing === undefined ? ended : [...ended, { from: ongoing.from, to: minutes.length }];
    return {
        usual: incidents_without(minutes, cut),
        ended: ended.map((each) => incidents_describe(minutes, each)),
        ...(ongoing !== undefined && { ongoing: incidents_describe(minutes, { from: ongoing.from, to: minutes.length }) }),
    };
}
/** The stretches that stand out most, the best first: each is looked for in what the earlier ones leave. */
function findStretches(minutes) {
    const found = [];
    while (found.length < mostStretches) {
        const best = findStretch(minutes, found);
        if (best === undefined)
            break;
        found.push(best);
    }
    return found;
}
function findStretch(minutes, taken) {
    const left = minutes.map((each, minute) => (isIn(minute, taken) ? { bad: 0, of: 0 } : each));
    const all = incidents_sum(left);
    let best;
    let most = leastEvidence;
    for (let from = 0; from < left.length; from += 1) {
        // an incident begins and ends with a bad minute
        if ((left[from]?.bad ?? 0) === 0)
            continue;
        let [bad, of] = [0, 0];
        let lull = noLull;
        for (let to = from + 1; to <= left.length && !isIn(to - 1, taken); to += 1) {
            const last = left[to - 1];
            if (last === undefined)
                break;
            bad += last.bad;
            of += last.of;
            lull = addToLull(lull, last, bad / of);
            if (endsIncident(lull, bad / of))
                break;
            const rest = { bad: all.bad - bad, of: all.of - of };
            if (last.bad === 0 || bad < leastBad || rest.of === 0)
                continue;
            if (bad * rest.of < leastBad * rest.bad * of)
                continue;
            const evidence = evidenceFor({ bad, of }, rest);
            if (evidence <= most)
                continue;
            most = evidence;
            best = { from, to };
        }
    }
    return best;
}
const noLull = { minutes: 0, of: 0 };
function addToLull(lull, { bad, of }, share) {
    if (of === 0)
        return lull;
    if (4 * bad > of * share)
        return noLull;
    return { minutes: lull.minutes + 1, of: lull.of + of };
}
/** What comes after it would be another incident: so much good is no chance at the share of this one. */
function endsIncident({ minutes, of }, share) {
    return minutes >= leastAfter && of * share >= 5;
}
/**
 * The longest prefix in which each is an incident beside what all of them leave. Each is held against that, and not against the
 * whole hour, in which two incidents hide each other.
 */
function incidents_confirm(minutes, found, dispersionOf) {
    for (let length = found.length; length > 0; length -= 1) {
        const prefix = found.slice(0, length);
        const rest = incidents_without(minutes, prefix);
        const total = incidents_sum(rest);
        const least = followsLast(minutes, prefix) ? leastAfter : leastRest;
        if (busyIn(rest) < least)
            continue;
        const dispersion = dispersionOf(rest);
        const isMostOfHour = 2 * busyIn(rest) < busyIn(minutes);
        const isIncident = (stretch) => {
            const counts = sumOf(minutes, stretch);
            if (isMostOfHour && counts.bad < shareOfOutage * counts.of)
                return false;
            return (isFarAbove(counts, total, leastFactor) && evidenceFor(counts, total) >= leastEvidence * dispersion);
        };
        if (prefix.every(isIncident))
            return prefix;
    }
    return [];
}
/** Whether minutes with traffic follow all of them. */
function followsLast(minutes, stretches) {
    const end = Math.max(...stretches.map(({ to }) => to));
    return busyIn(minutes.slice(end)) >= leastAfter;
}
/** Long ago, or enough followed, and that was good. */
function isOver(minutes, stretch, others) {
    if (minutes.length - stretch.to > longAgo)
        return true;
    const after = incidents_without(minutes, [{ from: 0, to: stretch.to }, ...others]);
    if (busyIn(after) < leastAfter)
        return false;
    return isFarAbove(sumOf(minutes, stretch), incidents_sum(after), leastFactor);
}
/** Since when it has been worse than in the rest, where it is not as bad as an incident; the rest may have bursts. */
function findChange(minutes, ended, dispersionOf) {
    let best;
    let most = 0;
    const first = Math.max(leastRest, ...ended.map(({ to }) => to));
    for (let from = minutes.length - 1; from >= first; from -= 1) {
        if ((minutes[from]?.bad ?? 0) === 0)
            continue;
        const counts = sumOf(minutes, { from, to: minutes.length });
        const rest = incidents_sum(incidents_without(minutes, [...ended, { from, to: minutes.length }]));
        if (rest.of === 0 || counts.bad < leastBad)
            continue;
        if (counts.bad * rest.of < leastFactorOfOngoing * rest.bad * counts.of)
            continue;
        const evidence = evidenceFor(counts, rest);
        if (evidence <= most)
            continue;
        most = evidence;
        best = { from, to: minutes.length };
    }
    if (best === undefined || most < leastEvidenceOfOngoing)
        return undefined;
    const rest = incidents_without(minutes, [...ended, best]);
    if (busyIn(rest) < leastRest)
        return undefined;
    return most >= leastEvidenceOfOngoing * dispersionOf(rest) ? best : undefined;
}
/** Ln of how much more likely two shares are than one. */
function evidenceFor(one, other) {
    const all = { bad: one.bad + other.bad, of: one.of + other.of };
    return likelihood(one) + likelihood(other) - likelihood(all);
}
function likelihood({ bad, of }) {
    const good = of - bad;
    return (bad > 0 ? bad * Math.log(bad / of) : 0) + (good > 0 ? good * Math.log(good / of) : 0);
}
function isFarAbove(counts, rest, factor) {
    return counts.of > 0 && counts.bad / counts.of >= Math.min(0.5, factor * wilsonUpper(rest));
}
function incidents_without(minutes, stretches) {
    return minutes.filter((_, minute) => !isIn(minute, stretches));
}
function isIn(minute, stretches) {
    return stretches.some(({ from, to }) => minute >= from && minute < to);
}
function busyIn(minutes) {
    return minutes.filter(({ of }) => of > 0).length;
}
function sumOf(minutes, { from, to }) {
    return incidents_sum(minutes.slice(from, to));
}
function incidents_describe(minutes, { from, to }) {
    return {
        counts: sumOf(minutes, { from, to }),
        minutes: to - from,
        minutesAgo: minutes.length - to,
    };
}
/** All of them together. */
function incidents_sum(counts) {
    let [bad, of] = [0, 0];
    for (const each of counts) {
        bad += each.bad;
        of += each.of;
    }
    return { bad, of };
}

;// CONCATENATED MODULE: ./lib/health/statistics/dispersion.js

/** Fewer minutes with traffic say nothing about how they vary. */
const leastMinutes = 10;
/** minutes of a longer burst, and how many such stretches tell anything */
const longBurst = { minutes: 5, least: 6 };
/**
 * Bad ones that have to be expected in a cell. With fewer, Pearson's chi-squared is not what its name says: two bad ones in a
 * minute that has two requests would weigh as much as an hour.
 */
const leastExpected = 0.5;
/** No burst is taken for a greater coefficient of variation of the share than this: above that, it is an incident. */
const greatestVariation = 1;
/**
 * How much more the shares vary than chance would have it, from minute to minute or in longer stretches, whichever is more: a burst of
 * some minutes is hardly seen between one of them and the next. Of the few long stretches, what chance alone often brings does not
 * count. Undefined where too little is known.
 */
function excessOf(minutes) {
    const busy = minutes.filter(({ of }) => of > 0);
    const total = incidents_sum(busy);
    if (busy.length < leastMinutes || !(total.bad > 0 && total.bad < total.of))
        return undefined;
    const short = pearson(cellsOf(minutes, total), total, 2);
    if (short === undefined)
        return undefined;
    const long = pearson(cellsOf(stretchesOf(minutes), total), total, longBurst.least);
    if (long === undefined)
        return bounded(short.ratio - 1, short);
    const excess = bounded(long.ratio - 1 - Math.sqrt(2 / long.degrees), long);
    return Math.max(bounded(short.ratio - 1, short), excess);
}
function pearson(cells, total, least) {
    if (cells.length < least)
        return undefined;
    const share = total.bad / total.of;
    let chiSquared = 0;
    for (const { bad, of } of cells)
        chiSquared += (bad - of * share) ** 2 / (of * share * (1 - share));
    const degrees = cells.length - 1;
    return { ratio: chiSquared / degrees, degrees, expected: total.bad / cells.length };
}
/** The excess of bursts grows with what is counted in them: it is their squared coefficient of variation, times that. */
function bounded(excess, { expected }) {
    return Math.min(excess, greatestVariation ** 2 * expected);
}
/** Neighbours together until enough is expected in each; what is left at the end goes to the last. */
function cellsOf(stretches, total) {
    const least = (leastExpected * total.of) / total.bad;
    const cells = [];
    let open = { bad: 0, of: 0 };
    for (const { bad, of } of stretches) {
        open = { bad: open.bad + bad, of: open.of + of };
        if (open.of < least)
            continue;
        cells.push(open);
        open = { bad: 0, of: 0 };
    }
    const last = cells.pop();
    return last === undefined ? [] : [...cells, { bad: last.bad + open.bad, of: last.of + open.of }];
}
/** The minutes in stretches of five, as far as they are whole. */
function stretchesOf(minutes) {
    const whole = Math.floor(minutes.length / longBurst.minutes);
    return Array.from({ length: whole }, (_, index) => incidents_sum(minutes.slice(index * longBurst.minutes, (index + 1) * longBurst.minutes)));
}

;// CONCATENATED MODULE: ./lib/health/statistics/before.js


/**
 * What the hour shows of bursts counts so many times. This and the constants below were chosen with `npm run bench -- gate`, on gates
 * that its figures are not from.
 */
const caution = 3;
/** nats that one poll may add, where there may be bursts: three polls at least until an alarm at 1 % */
const mostOfOne = 2;
/** the same where there was an incident, which may come again: four */
const mostAfterIncident = 1.5;
/** minutes that tell how it stood when the deployment came */
const recentMinutes = 5;
/** so many bad ones have to be seen before their minutes can show that there are no bursts */
const before_leastBad = 60;
/** chance alone goes so far */
const calmExcess = 0.3;
/** @param minutes counts by minute, the last one just before the deployment */
function describeBefore(minutes) {
    const { usual, ended, ongoing } = splitIncidents(minutes, (some) => 1 + Math.max(0, excessOf(some) ?? 0));
    const busy = usual.filter(({ of }) => of > 0).length;
    const total = incidents_sum(usual);
    const excess = excessOf(usual);
    return {
        total,
        ...(ongoing !== undefined && { outage: ongoing }),
        ended,
        recent: incidents_sum(usual.slice(-recentMinutes)),
        minutes: busy,
        // an hour sees only few bursts, and the next one is often longer
        dispersion: 1 + caution * Math.max(0, excess ?? 0),
        mostPerPoll: mostPerPollOf({ busy, total, excess, hadIncident: ended.length > 0 }),
    };
}
/**
 * A burst of a minute looks like an outage that begins, and no dispersion that an hour shows is enough for the longest one. So no
 * single poll is taken for more than `mostOfOne`, unless the hour had enough bad ones to show that they do not come in bursts. That
 * takes evidence away and adds none, so that the promise of `mixture.ts` stands.
 */
function mostPerPollOf(input) {
    const { busy, total, excess, hadIncident } = input;
    if (hadIncident)
        return mostAfterIncident;
    if (busy < leastMinutes)
        return Number.POSITIVE_INFINITY;
    return total.bad >= before_leastBad && (excess ?? 0) <= calmExcess ? Number.POSITIVE_INFINITY : mostOfOne;
}

;// CONCATENATED MODULE: ./lib/health/target.js


/** How a probed service recognises us in its log. */
const identity = { 'user-agent': 'rollback-health-check' };
/** The secrets that the checks read from the environment, to keep them out of every text. Those not set are left out. */
function target_secretsOf(checks, env) {
    return (checks
        .flatMap(({ headers }) => Object.values(headers))
        .flatMap((source) => (typeof source === 'string' ? [] : (target_readVariable(env, source.env) ?? [])))
        // a server may quote the credential without its scheme
        .flatMap((value) => [value, ...value.split(/\s+/).slice(1)]));
}
/**
 * Resolves a check's address and headers before the first round, so that a mistake in them is never taken for an outage.
 * @throws InputError for an address that cannot be asked, a secret that is not set, a header that cannot be sent; the
 *   message holds no secret
 */
function resolveTarget(check, env) {
    const url = parseUrl(check.name, check.url);
    const headers = {};
    const secretHeaders = new Set();
    for (const [name, source] of Object.entries(check.headers)) {
        const isSecret = typeof source !== 'string';
        const value = isSecret ? readSecret({ check: check.name, header: name, source, env }) : source;
        requireSendable(check.name, name, value);
        headers[name.toLowerCase()] = value;
        if (isSecret)
            secretHeaders.add(name.toLowerCase());
    }
    return { url, shownUrl: `${url.origin}${url.pathname}`, headers, secretHeaders };
}
function parseUrl(check, text) {
    if (!URL.canParse(text)) {
        throw new lib_errors/* InputError */.dz(`check "${check}": "${(0,redact/* redact */.E$)(text)}" is not a url; write it in full, as in https://example.com/healthz`);
    }
    const url = new URL(text);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        throw new lib_errors/* InputError */.dz(`check "${check}": a url that starts with ${url.protocol} cannot be asked; use http: or https:`);
    }
    if (url.username !== '' || url.password !== '') {
        throw new lib_errors/* InputError */.dz(`check "${check}": the url holds a user name or password; send it in a header that is read from a secret`);
    }
    return url;
}
function readSecret({ source, ...where }) {
    const value = requireVariable({ ...where, variable: source.env });
    return 'scheme' in source ? `${source.scheme} ${value}` : value;
}
function requireVariable({ check, header, variable, env, }) {
    const value = target_readVariable(env, variable);
    if (value !== undefined)
        return value;
    throw new lib_errors/* InputError */.dz(`check "${check}": the header ${header} is read from ${variable}, which is not set or empty; set it in the env of the step`);
}
/** Without the line break that a secret is often pasted with. */
function target_readVariable(env, name) {
    const value = Object.hasOwn(env, name) ? env[name]?.trim() : undefined;
    return value === '' ? undefined : value;
}
/** Asks the platform, whose own error message would quote the value. */
function requireSendable(check, name, value) {
    try {
        new Headers([[name, value]]);
    }
    catch {
        throw new lib_errors/* InputError */.dz(`check "${check}": the header ${name} cannot be sent; its name or value has a line break or another character that HTTP does not allow`);
    }
}

;// CONCATENATED MODULE: ./lib/health/checks/ask-json.js


const maxBodyBytes = 5 * 1024 * 1024;
/**
 * Asks a service for JSON. Whatever it says that is not the wanted answer is an error that says so, or no data where the
 * answer is still to come; nothing of the body is quoted.
 * @param path appended to the address; already encoded
 */
async function askJson(input) {
    const { target, surroundings, signal, path, parameters = {}, json, schema, service } = input;
    const { fetch, now, timeoutMs } = surroundings;
    const url = new URL(target.url);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
    for (const [name, value] of Object.entries(parameters))
        url.searchParams.append(name, value);
    const outcome = await request({
        fetch,
        now,
        signal,
        timeoutMs,
        url,
        headers: {
            ...identity,
            accept: 'application/json',
            ...(json !== undefined && { 'content-type': 'application/json' }),
            ...target.headers,
        },
        secretHeaders: target.secretHeaders,
        maxBytes: maxBodyBytes,
        maxRedirects: 0,
        ...(json !== undefined && { body: JSON.stringify(json) }),
    });
    const error = (note) => ({ kind: 'error', note });
    if (outcome.kind === 'no-answer')
        return error(`${target.shownUrl} could not be asked: ${outcome.detail}`);
    const { status, body, cut } = outcome;
    if (status === 202)
        return { kind: 'no-data', note: `${service} has not worked it out yet (status 202)` };
    if (status === 401 || status === 403) {
        const note = `${service} refused the request (status ${status}): check the token of this check and its permissions`;
        return { kind: 'error', note, permanent: true };
    }
    if (status === 429)
        return error(`${service} takes no more requests for now (status 429): use a longer interval`);
    if (status < 200 || status > 299)
        return error(`${service} answered with status ${status}`);
    if (cut)
        return error(`${service} answered with more than 5 MiB`);
    const parsed = schema.safeParse(ask_json_parseJson(body));
    return parsed.success
        ? { kind: 'told', value: parsed.data }
        : error(`${service} answered with status ${status} and something in another shape than its documentation says`);
}
/** Undefined for what is no JSON, which no schema takes. */
function ask_json_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/health/statistics/mixture.js
// in a realm of its own, as the tests run in, each look at a global costs more than the logarithm
const { exp, log, log1p } = Math;
/** Nothing seen. @param alternatives how many there are */
function emptyMixture(alternatives) {
    return { logs: new Array(alternatives).fill(Number.NEGATIVE_INFINITY), polls: 0 };
}
/**
 * Adds what one poll saw.
 * @param increments log likelihood ratio of the poll, by alternative; already divided by the dispersion
 * @param plannedPolls how many polls there will be: half of the weight is on the first start, the rest is spread evenly.
 *   More polls than planned only add no further starts
 */
function addPoll(mixture, increments, plannedPolls) {
    const weight = log(weightOf(mixture.polls, plannedPolls));
    const logs = mixture.logs.map((each, index) => logAdd(each, weight) + (increments[index] ?? 0));
    return { logs, polls: mixture.polls + 1 };
}
/** ln E: the evidence so far. 0 before the first poll; compare with ln(1 / alpha). */
function logEvidence({ logs, polls }, plannedPolls) {
    const mean = logSum(logs) - log(logs.length);
    return logAdd(mean, log(unspent(polls, plannedPolls)));
}
function weightOf(poll, plannedPolls) {
    if (plannedPolls <= 1)
        return poll === 0 ? 1 : 0;
    if (poll === 0)
        return 0.5;
    return poll < plannedPolls ? 0.5 / (plannedPolls - 1) : 0;
}
/** The weight of the starts that are still to come, whose likelihood ratio is 1. */
function unspent(polls, plannedPolls) {
    if (polls === 0)
        return 1;
    if (plannedPolls <= 1)
        return 0;
    return Math.max(0, 0.5 * (1 - (Math.min(polls, plannedPolls) - 1) / (plannedPolls - 1)));
}
/** log(exp(a) + exp(b)), without overflow or underflow. */
function logAdd(a, b) {
    const [less, more] = a < b ? [a, b] : [b, a];
    return less === Number.NEGATIVE_INFINITY ? more : more + log1p(exp(less - more));
}
function logSum(logs) {
    const greatest = Math.max(...logs);
    if (!Number.isFinite(greatest))
        return greatest;
    return greatest + log(logs.reduce((sum, each) => sum + exp(each - greatest), 0));
}

;// CONCATENATED MODULE: ./lib/health/statistics/share-ratio.js
/** @param share above `against`; both between 0 and 1, and neither of them */
function ratioOf(share, against) {
    const [onBad, onGood] = [Math.log(share / against), Math.log1p(-share) - Math.log1p(-against)];
    return { share, against, onBad, onGood };
}
/** The log-likelihood ratio of some counts. */
function logRatio({ bad, of }, { onBad, onGood }) {
    return bad * onBad + (of - bad) * onGood;
}
/** What one request adds in the mean, where the share is the first of the two: the divergence of Kullback and Leibler. */
function divergenceOf(ratio) {
    return logRatio({ bad: ratio.share, of: 1 }, ratio);
}

;// CONCATENATED MODULE: ./lib/health/statistics/obvious.js

/** What a poll adds at that share: with the weight of these alternatives, the fifth poll in a row calls it at alpha 1 %. */
const natsPerPoll = 1.5;
/** More is aimed at, so that chance does not take it away: a poll with nine times the limit adds as much. */
const aim = 2.5;
function planObvious({ share, against }) {
    return {
        againstLimit: ratioOf(share, against),
        againstBurst: ratioOf(share, (share + against) / 2),
    };
}
/**
 * The evidence of one poll for what is obvious, where the dispersion would hide it: bursts before a deployment say that a doubling
 * may be one; they do not say that ten times the limit, poll after poll, is. It is weighed against a burst of half that height or,
 * where so few requests could not show that, against the limit; in both cases divided so that a poll adds no more than
 * `natsPerPoll`. Which, depends on the number of requests alone, not on how many of them were bad, so that it stays a supermartingale under the limit.
 * @returns undefined where the dispersion leaves enough by itself
 */
function obviousEvidence(counts, { againstLimit, againstBurst }, dispersion) {
    const polls = counts.polls ?? 1;
    const requests = counts.of / polls;
    if (dispersion * aim <= requests * divergenceOf(againstLimit) || dispersion === 1)
        return undefined;
    const ratio = requests * divergenceOf(againstBurst) >= aim ? againstBurst : againstLimit;
    const divisor = Math.max(1, (requests * divergenceOf(ratio)) / aim);
    return Math.min(natsPerPoll * polls, logRatio(counts, ratio) / divisor);
}

;// CONCATENATED MODULE: ./lib/health/statistics/own-variation.js
/** A minute at the default interval: neighbouring polls are in the same burst. */
const pollsPerCell = 4;
/** fewer cells say nothing about how they vary */
const leastCells = 4;
const emptyCells = {
    full: 0,
    squares: 0,
    inFull: { bad: 0, of: 0 },
    open: { bad: 0, of: 0 },
    pollsInOpen: 0,
};
function addToCells(cells, { bad, of, polls = 1 }) {
    const open = { bad: cells.open.bad + bad, of: cells.open.of + of };
    const pollsInOpen = cells.pollsInOpen + polls;
    if (pollsInOpen < pollsPerCell || open.of === 0)
        return { ...cells, open, pollsInOpen };
    return {
        full: cells.full + 1,
        squares: cells.squares + open.bad ** 2 / open.of,
        inFull: { bad: cells.inFull.bad + open.bad, of: cells.inFull.of + open.of },
        open: { bad: 0, of: 0 },
        pollsInOpen: 0,
    };
}
/**
 * Pearson's chi-squared over its degrees of freedom, at least 1; undefined where too little was seen. What is good throughout does
 * not vary.
 */
function dispersionOf({ full, squares, inFull, open }) {
    if (inFull.bad + open.bad === 0)
        return 1;
    if (full < leastCells)
        return undefined;
    const { bad, of } = inFull;
    if (bad === 0 || bad === of)
        return 1;
    const share = bad / of;
    return Math.max(1, (squares - bad * share) / (share * (1 - share)) / (full - 1));
}

;// CONCATENATED MODULE: ./lib/health/statistics/one-arm.js





/** Multiples of the limit that the evidence is weighed against. */
const multiples = [1.25, 1.5, 2, 3, 5, 10, 20, 40];
/** no alternative is nearer to certainty */
const highestShare = 0.95;
/** from this multiple of the limit on a share is obvious */
const obviousMultiple = 10;
/** one-sided chance of 1 in 20 that the true share is above the upper bound */
const z95 = 1.6449;
const emptyOneArm = {
    mixture: emptyMixture(multiples.length),
    total: { bad: 0, of: 0 },
    cells: emptyCells,
};
function planOneArm(settings) {
    return {
        ...settings,
        alternatives: multiples.map((multiple) => alternativeAt(multiple, settings.limit)),
        obvious: planObvious(alternativeAt(obviousMultiple, settings.limit)),
        rejected: alternativeAt(settings.detect, settings.limit),
    };
}
/**
 * Adds the counts of one poll. Order within a poll makes no difference, and neither does its length.
 *
 * The log-likelihoods are divided by the dispersion, without which errors that come in bursts would cry wolf. With a
 * dispersion above 1 that is a heuristic (a quasi-likelihood), and no error rate is promised; with 1, the promise of
 * `mixture.ts` holds for requests that are bad with a probability of at most the limit, given the past. `mostPerPoll` takes
 * evidence away and leaves that promise as it is.
 * @throws RangeError for counts that cannot be: NaN, negative, more bad ones than there are
 */
function addCounts(state, counts, plan) {
    refuseImpossible(counts);
    const polls = counts.polls ?? 1;
    const most = (plan.mostPerPoll ?? Number.POSITIVE_INFINITY) * polls;
    const obvious = obviousEvidence(counts, plan.obvious, plan.dispersion);
    const increments = plan.alternatives.map((alternative) => obvious !== undefined && alternative.multiple >= obviousMultiple
        ? Math.min(most, obvious)
        : Math.min(most, logRatio(counts, alternative) / plan.dispersion));
    return {
        mixture: addPoll(state.mixture, increments, plan.plannedPolls),
        total: { bad: state.total.bad + counts.bad, of: state.total.of + counts.of },
        cells: addToCells(state.cells, counts),
    };
}
/** ln E that more are bad than the limit allows. */
function logEvidenceOf(state, plan) {
    return logEvidence(state.mixture, plan.plannedPolls);
}
/**
 * What can be said now: *bad* when the evidence reached 1/alpha; *good* when Wald's test of the limit against `detect`
 * times the limit accepts the limit, over all counts so far (Wald 1945), or their own interval excludes what matters: see
 * `excludesHarm`; else *open*. Nothing is said of nothing.
 */
function callOf(state, plan) {
    if (state.total.of === 0)
        return 'open';
    if (logEvidenceOf(state, plan) >= Math.log(1 / plan.alpha))
        return 'bad';
    return missingToGood(state, plan) <= 0 || excludesHarm(state, plan) ? 'good' : 'open';
}
/** Nats that Wald's test still needs; the dispersion of the hour before, with its caution, would keep it from ever ending. */
function missingToGood({ total }, { rejected, dispersion, beta }) {
    return logRatio(total, rejected) / dispersion - Math.log(beta);
}
/**
 * Whether the counts themselves, with the variation that they show, leave no room for harm: their interval lies under the limit or, when
 * the window is over and it is asked once, under `detect` times the limit. What the hour before was like cannot take that away.
 */
function excludesHarm({ total, cells, mixture }, plan) {
    const dispersion = Math.min(plan.dispersion, dispersionOf(cells) ?? plan.dispersion);
    const upper = wilsonUpper(total, { z: z95, dispersion });
    return upper <= plan.limit || (mixture.polls >= plan.plannedPolls && upper < plan.detect * plan.limit);
}
/**
 * How many more requests, at the share of bad ones seen so far, until the service could be called good: seen to have less
 * than `detect` times the limit. 0 if it can be now, infinite if that share is too near.
 */
function requestsToGood(state, plan) {
    const { total } = state;
    const missing = missingToGood(state, plan);
    if (missing <= 0)
        return 0;
    const share = total.of === 0 ? 0 : total.bad / total.of;
    const each = logRatio({ bad: share, of: 1 }, plan.rejected) / plan.dispersion;
    return each < 0 ? Math.ceil(missing / -each) : Number.POSITIVE_INFINITY;
}
/**
 * The least multiple of the limit that so many requests would have shown, about half of the time. Undefined when not even
 * an outage would have shown.
 */
function detectableMultiple(requests, plan) {
    const index = plan.alternatives.findIndex((each) => requests >= requestsToBad(each, plan));
    return multiples[index];
}
/** Requests until a service at that share is called bad, on average: the threshold over the divergence. */
function requestsToBad(alternative, { alpha, dispersion }) {
    const divergence = logRatio({ bad: alternative.share, of: 1 }, alternative) / dispersion;
    // ln 4: half of the weight is on later starts, and about as much on other alternatives
    return divergence > 0 ? (Math.log(1 / alpha) + Math.log(4)) / divergence : Number.POSITIVE_INFINITY;
}
/** Above the limit, and below certainty, whatever the limit is. */
function alternativeAt(multiple, limit) {
    // a limit of 0 is weighed as the least share that can be told from it
    const base = Math.min(Math.max(limit, 1e-9), 1 - 1e-9);
    const share = Math.min(base * multiple, Math.max(highestShare, (1 + base) / 2));
    return { multiple, ...ratioOf(share, base) };
}
function refuseImpossible({ bad, of }) {
    const isPossible = Number.isFinite(of) && bad >= 0 && bad <= of;
    if (!isPossible)
        throw new RangeError(`there cannot be ${bad} bad ones of ${of}`);
}

;// CONCATENATED MODULE: ./lib/health/statistics/relative-limit.js

/**
 * The share of bad ones that is put up with after a deployment, from those before it: so many times their share, and at
 * least what their share may well have been, given how few were seen (Wilson's upper bound, 90 %).
 * @param times 1 for not worse at all
 */
function limitFromBefore({ bad, of }, times) {
    return of === 0 ? 1 : Math.min(1, Math.max((times * bad) / of, wilsonUpper({ bad, of })));
}

;// CONCATENATED MODULE: ./lib/health/statistics/two-arm.js

/** Multiples of the tolerance that the evidence is weighed against. */
const two_arm_multiples = [1.5, 2, 3, 5, 10, 30];
const emptyTwoArm = emptyMixture(two_arm_multiples.length);
/**
 * Adds one poll of two versions that ran at the same time: a canary and the rest, two regions, a label and the one before.
 *
 * Given that something went wrong, in which of the two? If both are alike, in each by its share of the traffic, so that
 * what hits both (a shock to a database, a burst) says nothing. The conditional test of Lindon and Malek
 * (arXiv 2011.03567, eq. 3) with the share of each poll, which is known before its errors are. It is exact for Poisson
 * counts, and conservative for shares of requests, as drawing without replacement varies less (Hoeffding 1963, section 6).
 * @throws RangeError for counts that cannot be
 */
function addPair(state, { suspect, control }, plan) {
    for (const { bad, of } of [suspect, control]) {
        if (!(Number.isFinite(of) && bad >= 0 && bad <= of)) {
            throw new RangeError(`there cannot be ${bad} bad ones of ${of}`);
        }
    }
    // without traffic in both arms a poll cannot tell them apart
    if (suspect.of === 0 || control.of === 0)
        return state;
    const shareAt = (ratio) => (ratio * suspect.of) / (ratio * suspect.of + control.of);
    const expected = shareAt(plan.tolerance);
    const increments = two_arm_multiples.map((multiple) => {
        const share = shareAt(plan.tolerance * multiple);
        return (suspect.bad * Math.log(share / expected) + control.bad * (Math.log1p(-share) - Math.log1p(-expected)));
    });
    return addPoll(state, increments, plan.plannedPolls);
}
/** True once the suspect is worse than the tolerance allows, with at most `alpha` chance of being wrong at any look. */
function two_arm_isWorse(state, plan) {
    return logEvidence(state, plan.plannedPolls) >= Math.log(1 / plan.alpha);
}

;// CONCATENATED MODULE: ./lib/health/value.js

/** The unit of a metric; a check without a metric has plain numbers. */
function unitOf(metric) {
    return metric === undefined ? 'number' : metricDefaults[metric].unit;
}
/** A value for people: `31.2 %`, `120 ms`, `4.9 s`, `17`, `+Inf`; four significant digits. */
function formatValue(value, unit) {
    if (Number.isNaN(value))
        return 'no number';
    if (!Number.isFinite(value))
        return value > 0 ? '+Inf' : '-Inf';
    switch (unit) {
        case 'ratio':
            return `${value_shorten(value * 100)} %`;
        case 'ms':
            return Math.abs(value) < 1000 ? `${value_shorten(value)} ms` : `${value_shorten(value / 1000)} s`;
        case 'number':
            return value_shorten(value);
    }
}
/** The time of day of a moment (ms since the epoch), in UTC. */
function value_formatTime(at) {
    return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}
/** Date and time of a moment (ms since the epoch), in UTC. */
function formatMoment(at) {
    return `${new Date(at).toISOString().slice(0, 10)} ${value_formatTime(at)}`;
}
/**
 * The value below which the given share (0..1) of the numbers lies, by nearest rank: always one of the numbers, so that
 * it is defined for a few of them and for infinite ones. Undefined for an empty list.
 */
function quantile(numbers, share) {
    const sorted = numbers.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
function value_shorten(value) {
    return String(Number(value.toPrecision(4)));
}

;// CONCATENATED MODULE: ./lib/health/count-judge.js





/** how often a service at twice its limit may be called good */
const beta = 0.05;
/** good is: not twice the limit */
const detect = 2;
/**
 * Judges counts by the sequential test, or by the share of the last poll.
 *
 * Where more were bad before the deployment than the limit allows, the deployment has to be worse than twice that to count
 * as bad; if it is only as bad as before, the reading says so.
 * With a control, bad is only what is worse than that: what hits both says nothing of the deployment.
 * @param before the counts of the time before, if known
 */
function startJudging(settings, before) {
    const { method, alpha, plannedPolls, noun, earlier = 'the hour before' } = settings;
    const limit = settings.timesBefore === undefined || before === undefined || before.total.of === 0
        ? (settings.limit.max ?? 0)
        : limitFromBefore(before.total, settings.timesBefore);
    const dispersion = before?.dispersion ?? 1;
    const planAt = (share) => planOneArm({
        limit: share,
        alpha,
        beta,
        detect,
        plannedPolls,
        dispersion,
        mostPerPoll: before?.mostPerPoll ?? Number.POSITIVE_INFINITY,
    });
    const plan = planAt(limit);
    const shareBefore = before === undefined ? 0 : shareWhenItCame(before);
    const wasBad = shareBefore > limit;
    const worsePlan = planAt(worseThan(shareBefore));
    let state = emptyOneArm;
    let worse = emptyOneArm;
    let isBad = false;
    let isWorse = false;
    let pair = emptyTwoArm;
    const pairPlan = { tolerance: settings.timesControl ?? 1, alpha, plannedPolls };
    let controlTotal = { bad: 0, of: 0 };
    return {
        judge: (counts, control) => {
            const { bad, of } = counts;
            state = addCounts(state, counts, plan);
            if (wasBad)
                worse = addCounts(worse, counts, worsePlan);
            const { total } = state;
            if (method === 'threshold') {
                const value = of === 0 ? Number.NaN : bad / of;
                return {
                    kind: 'value',
                    value,
                    counts: total,
                    note: `${bad} of ${of} ${noun}`,
                    ...(wasBad && { before: true }),
                };
            }
            if (control !== undefined) {
                pair = addPair(pair, { suspect: counts, control }, pairPlan);
                controlTotal = { bad: controlTotal.bad + control.bad, of: controlTotal.of + control.of };
            }
            const alone = callOf(state, plan);
            const call = control === undefined ? alone : callBeside(two_arm_isWorse(pair, pairPlan), alone);
            // what was once called bad with this chance of being wrong is not taken back because it got better
            isBad ||= call === 'bad';
            isWorse ||= wasBad && callOf(worse, worsePlan) === 'bad';
            return {
                kind: 'value',
                value: total.of === 0 ? 0 : total.bad / total.of,
                counts: total,
                call: isBad ? 'bad' : call,
                ...(of > 0 && bad / of <= limit && { recovering: true }),
                ...(isBad && wasBad && !isWorse && { before: true }),
                note: count_judge_describe({
                    state,
                    plan,
                    call: isBad ? 'bad' : call,
                    noun,
                    earlier,
                    shareBefore,
                    wasBad,
                    ...(control !== undefined && { controlTotal }),
                    before,
                    isRelative: settings.timesBefore !== undefined,
                }),
            };
        },
    };
}
/** What is bad in both is not the deployment's doing, and not good either. */
function callBeside(isWorse, alone) {
    if (isWorse)
        return 'bad';
    return alone === 'bad' ? 'open' : alone;
}
/** The share of bad ones when the deployment came: that of the hour, unless its last minutes were better for sure. */
function shareWhenItCame({ outage, total, recent }) {
    const { bad, of } = outage?.counts ?? total;
    if (of === 0)
        return 0;
    return outage === undefined ? Math.min(bad / of, wilsonUpper(recent)) : bad / of;
}
/** Twice as bad as it was. Where half failed already production was down, and nothing counts as worse. */
function worseThan(shareBefore) {
    return Math.min(1, 2 * shareBefore);
}
function count_judge_describe(input) {
    const { state, plan, call, noun, earlier, shareBefore, wasBad, controlTotal, before, isRelative } = input;
    const { dispersion } = plan;
    const { bad, of } = state.total;
    const parts = [`${bad} of ${of} ${noun}`];
    if (isRelative)
        parts.push(`limit ${formatValue(plan.limit, 'ratio')} from ${earlier}`);
    if (controlTotal !== undefined) {
        parts.push(`${controlTotal.bad} of ${controlTotal.of} in the control`);
    }
    if (wasBad)
        parts.push(`${formatValue(shareBefore, 'ratio')} before the deployment`);
    parts.push(...describeEnded(before));
    if (dispersion > 1.5)
        parts.push(`weighed ${formatValue(dispersion, 'number')} times less, because errors came in bursts before`);
    if (call === 'open')
        parts.push(describeMissing(state, plan, noun));
    return parts.join(', ');
}
/** Incidents of the time before, which teach nothing about what is usual. */
function describeEnded(before) {
    const [last, ...others] = before?.ended ?? [];
    if (last === undefined)
        return [];
    const one = `an incident of ${countOf(last.minutes, 'minute')}, ${countOf(last.minutesAgo, 'minute')} before the deployment,`;
    return [
        others.length === 0
            ? `${one} is left out`
            : `${one} and ${countOf(others.length, 'more incident')} are left out`,
    ];
}
function countOf(n, what) {
    return `${n} ${what}${n === 1 ? '' : 's'}`;
}
/** What so little could have shown, and how much more it takes. */
function describeMissing(state, plan, noun) {
    const { bad, of } = state.total;
    if (of > 0 && bad / of > plan.limit)
        return `above the limit, but too few ${noun} to rule out chance`;
    const multiple = detectableMultiple(state.total.of, plan);
    const seen = multiple === undefined
        ? 'too few to see any effect'
        : `enough to see ${formatValue(Math.min(1, multiple * plan.limit), 'ratio')}`;
    const more = requestsToGood(state, plan);
    return Number.isFinite(more)
        ? `${seen}; would have needed ${more} more ${noun} to see a doubling`
        : `${seen}; too near the limit to be called good`;
}

;// CONCATENATED MODULE: ./lib/health/checks/count-since.js

/**
 * Judges what was added to the totals since the last look. Totals that went down were cleared: they start anew.
 * @param fromZero whether the first totals count, too, because they are all of the new release
 */
function countSince({ limit, method }, { alpha, plannedPolls }, words) {
    const { noun, earlier, fromZero } = words;
    let last = fromZero ? { bad: 0, of: 0 } : undefined;
    let judge;
    return (totals, before, timesBefore) => {
        const isPossible = totals.bad >= 0 && Number.isFinite(totals.of) && totals.bad <= totals.of;
        if (!isPossible) {
            return {
                kind: 'error',
                note: `${totals.bad} bad ones of ${totals.of} ${noun} cannot be: is "bad" a part of "total"?`,
            };
        }
        judge ??= startJudging({
            limit,
            method,
            alpha,
            plannedPolls,
            noun,
            ...(earlier !== undefined && { earlier }),
            ...(timesBefore !== undefined && { timesBefore }),
        }, before);
        const wasCleared = last === undefined || totals.of < last.of || totals.bad < last.bad;
        const of = wasCleared || last === undefined ? 0 : totals.of - last.of;
        const bad = wasCleared || last === undefined ? 0 : totals.bad - last.bad;
        if (bad > of) {
            // the bad ones were counted before the rest was: the next look has both
            return judge.judge({ bad: 0, of: 0 });
        }
        last = totals;
        return judge.judge({ bad, of });
    };
}

;// CONCATENATED MODULE: ./lib/health/checks/codepush.js






const codepush_count = schemas/* number */.aig().int().min(0).default(0);
/** null is what one server says of an app or deployment that it does not have */
const metricsSchema = schemas/* object */.Ikc({
    metrics: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* object */.Ikc({ installed: codepush_count, failed: codepush_count })).nullable(),
});
const codepush_historySchema = schemas/* object */.Ikc({
    history: schemas/* array */.YOg(schemas/* object */.Ikc({ label: schemas/* string */.YjP().regex(/^v\d+$/), appVersion: schemas/* string */.YjP(), packageHash: schemas/* string */.YjP() })),
});
/** How lisong's server answers a request without a key; with status 200. */
const lisongSchema = schemas/* object */.Ikc({ name: schemas/* literal */.euz('UnauthorizedError') });
/** How many times as often as the label before the new one may fail. */
const timesBefore = 1.25;
/**
 * Counts the failed of all installs of a label. They are totals of the label, without a time: the first look has all.
 * A server whose store of metrics is off has none, which is no data and not health. A failed install is an update that
 * the device took back, and no crash.
 * @throws InputError for a bad address or an unset secret
 */
function prepareCodePushCheck(check, surroundings) {
    const target = resolveTarget(check, surroundings.env);
    const { app, deployment } = check;
    const path = `/apps/${encodeURIComponent(app)}/deployments/${encodeURIComponent(deployment)}`;
    let known;
    const find = async (signal) => {
        const labels = await findLabels(check, { target, surroundings, signal, path });
        if (labels.kind !== 'told')
            return labels;
        const counted = await countsFailedAsInstalled(target, surroundings, signal);
        if (counted.kind !== 'told')
            return counted;
        const { label, before } = labels.value;
        const words = { noun: `installs of ${label}`, ...(before !== undefined && { earlier: before }) };
        const judge = countSince(check, surroundings, { ...words, fromZero: true });
        return { kind: 'told', value: { labels: labels.value, isFailedInstalled: counted.value, judge } };
    };
    return {
        at: `${check.label ?? 'the newest release'} of ${app}/${deployment} at ${target.shownUrl}`,
        look: async (_at, signal) => {
            const told = await askJson({
                target,
                surroundings,
                signal,
                path: `${path}/metrics`,
                schema: metricsSchema,
                service: 'the CodePush server',
            });
            if (told.kind !== 'told')
                return told;
            const { metrics } = told.value;
            if (metrics === null) {
                const note = `the CodePush server has no deployment ${deployment} of an app ${app} that the token may see`;
                return { kind: 'error', note, permanent: true };
            }
            if (Object.keys(metrics).length === 0)
                return { kind: 'no-data', note: 'the CodePush server has no metrics at all: is its Redis on?' };
            if (known === undefined) {
                const found = await find(signal);
                if (found.kind !== 'told')
                    return found;
                known = found.value;
            }
            const { labels, isFailedInstalled, judge } = known;
            const countsOf = (label) => {
                const counts = label !== undefined && Object.hasOwn(metrics, label) ? metrics[label] : undefined;
                if (counts === undefined)
                    return undefined;
                const { installed, failed } = counts;
                return { bad: failed, of: isFailedInstalled ? installed : installed + failed };
            };
            const now = countsOf(labels.label);
            if (now === undefined)
                return { kind: 'no-data', note: `the CodePush server has no metrics of ${labels.label}` };
            const earlier = countsOf(labels.before);
            return earlier === undefined ? judge(now) : judge(now, describeBefore([earlier]), timesBefore);
        },
    };
}
/** Those that are named, else the newest release and the one before it for the same binaries. */
async function findLabels({ label, labelBefore }, { path, ...asked }) {
    if (label !== undefined)
        return { kind: 'told', value: { label, before: labelBefore } };
    const told = await askJson({
        ...asked,
        path: `${path}/history`,
        schema: codepush_historySchema,
        service: 'the CodePush server',
    });
    if (told.kind !== 'told')
        return told;
    // one server tells the newest first, the other last
    const releases = told.value.history.toSorted((a, b) => numberOf(b.label) - numberOf(a.label));
    const [newest] = releases;
    if (newest === undefined)
        return { kind: 'no-data', note: 'the CodePush server has no release yet' };
    const before = releases.find(({ appVersion, packageHash }) => appVersion === newest.appVersion && packageHash !== newest.packageHash);
    return { kind: 'told', value: { label: newest.label, before: labelBefore ?? before?.label } };
}
function numberOf(label) {
    return Number(label.slice(1));
}
/** lisong's server counts an update that failed as installed, too; Microsoft's as one or the other. */
async function countsFailedAsInstalled({ url, shownUrl, secretHeaders }, { fetch, now, timeoutMs }, signal) {
    const address = new URL(url);
    address.pathname = `${address.pathname.replace(/\/+$/, '')}/authenticated`;
    const outcome = await request({
        fetch,
        now,
        signal,
        timeoutMs,
        url: address,
        headers: { ...identity, accept: 'application/json' },
        secretHeaders,
        maxBytes: 10_000,
        maxRedirects: 0,
    });
    if (outcome.kind === 'no-answer')
        return { kind: 'error', note: `${shownUrl} could not be asked: ${outcome.detail}` };
    return { kind: 'told', value: isLisong(outcome.body) };
}
function isLisong(body) {
    try {
        return lisongSchema.safeParse(JSON.parse(body)).success;
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./lib/health/checks/command.js


/** Enough for a number; the rest of what a program prints is not kept. */
const command_keptBytes = 4096;
/**
 * Runs a program once a round, without a shell and with no variables but those named. Nothing that it prints is shown,
 * as it may be a secret, but the number in its last line, where that is what is asked for.
 */
function prepareCommandCheck(check, { env, timeoutMs }) {
    const [program = '', ...parameters] = check.run;
    return {
        at: `the program ${program}`,
        look: async (_at, signal) => {
            signal.throwIfAborted();
            const ended = await command_run({
                program,
                parameters,
                env: pick(env, ['PATH', 'HOME', ...check.passes]),
                timeoutMs,
                signal,
            });
            if (ended.kind === 'failed')
                return { kind: 'error', note: `the program ${program} ${ended.why}` };
            if (check.value === 'exit-status') {
                return { kind: 'value', value: ended.status, note: `the program ended with status ${ended.status}` };
            }
            if (ended.status !== 0)
                return { kind: 'error', note: `the program ended with status ${ended.status}` };
            const line = ended.output.trim().split('\n').at(-1)?.trim() ?? '';
            if (line === '')
                return { kind: 'no-data', note: 'the program printed nothing' };
            return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(line)
                ? { kind: 'value', value: Number(line) }
                : { kind: 'error', note: 'the last line that the program printed is not a number' };
        },
    };
}
function command_run(input) {
    const { program, parameters, env, timeoutMs, signal } = input;
    return new Promise((resolve, reject) => {
        // a group of its own, so that what it starts ends with it
        const child = (0,external_node_child_process_.spawn)(program, parameters, {
            env: { ...env },
            stdio: ['ignore', 'pipe', 'ignore'],
            detached: true,
        });
        let output = '';
        let late = false;
        const kill = () => {
            if (child.pid === undefined)
                return;
            try {
                process.kill(-child.pid, 'SIGKILL');
            }
            catch {
                // it has ended by itself
            }
        };
        const timer = setTimeout(() => {
            late = true;
            kill();
        }, timeoutMs);
        signal.addEventListener('abort', kill, { once: true });
        const done = () => {
            clearTimeout(timer);
            signal.removeEventListener('abort', kill);
        };
        child.stdout.setEncoding('utf8').on('data', (chunk) => {
            output = (output + chunk).slice(-command_keptBytes);
        });
        child.once('error', (error) => {
            done();
            const isMissing = 'code' in error && error.code === 'ENOENT';
            resolve({ kind: 'failed', why: isMissing ? 'was not found' : 'could not be started' });
        });
        child.once('close', (status) => {
            done();
            if (signal.aborted)
                return reject(signal.reason);
            if (late)
                return resolve({ kind: 'failed', why: `did not end within ${(0,duration/* formatDuration */.a3)(timeoutMs)}` });
            if (status === null)
                return resolve({ kind: 'failed', why: 'was killed' });
            resolve({ kind: 'ended', status, output });
        });
    });
}
function pick(env, names) {
    return Object.fromEntries(names.filter((name) => Object.hasOwn(env, name)).map((name) => [name, env[name]]));
}

;// CONCATENATED MODULE: ./lib/health/checks/datadog.js




const answerSchema = schemas/* object */.Ikc({
    status: schemas/* string */.YjP().default('ok'),
    series: schemas/* array */.YOg(schemas/* object */.Ikc({ pointlist: schemas/* array */.YOg(schemas/* tuple */.PVZ([schemas/* number */.aig(), schemas/* number */.aig().nullable()])) })).default([]),
});
/** The latest points may not be there yet. */
const lookBackMs = 5 * 60_000;
/**
 * Asks Datadog's https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-points for the latest point of a series,
 * or for the sum of two counts since the deployment.
 * @throws InputError for an unset secret
 */
function prepareDatadogCheck(check, surroundings) {
    const target = resolveTarget(check, surroundings.env);
    const ask = async (query, range, signal) => {
        const told = await askJson({
            target,
            surroundings,
            signal,
            path: '/api/v1/query',
            parameters: {
                from: String(Math.floor(range.from / 1000)),
                to: String(Math.floor(range.to / 1000)),
                query,
            },
            schema: answerSchema,
            service: 'Datadog',
        });
        return told.kind === 'told' ? readPoints(told.value) : told;
    };
    if (!('counters' in check)) {
        return {
            at: `${check.source} at ${target.shownUrl}`,
            remembers: true,
            look: async (at, signal) => {
                const found = await ask(check.source, { from: at - lookBackMs, to: at }, signal);
                if (found.kind !== 'points')
                    return found;
                const value = found.values.at(-1);
                return value === undefined
                    ? { kind: 'no-data', note: 'the query has only empty points' }
                    : { kind: 'value', value };
            },
        };
    }
    const { bad, total } = check.counters;
    const count = countSince(check, surroundings, { noun: 'requests', fromZero: true });
    let from = surroundings.deployedAt;
    return {
        at: `${bad} of ${total} at ${target.shownUrl}`,
        remembers: true,
        look: async (at, signal) => {
            from ??= at;
            const range = { from, to: at + 1000 };
            const [badFound, totalFound] = await Promise.all([ask(bad, range, signal), ask(total, range, signal)]);
            if (totalFound.kind !== 'points')
                return totalFound;
            // a count without one event is no series
            if (badFound.kind === 'error')
                return badFound;
            const badSum = badFound.kind === 'points' ? datadog_sum(badFound.values) : 0;
            return count({ bad: badSum, of: datadog_sum(totalFound.values) });
        },
    };
}
function readPoints({ status, series }) {
    if (status !== 'ok')
        return { kind: 'error', note: 'Datadog could not work the query out', permanent: true };
    const [first, ...others] = series;
    if (first === undefined)
        return { kind: 'no-data', note: 'the query found no series' };
    if (others.length > 0) {
        return {
            kind: 'error',
            note: `the query found ${series.length} series where one is needed: aggregate it`,
        };
    }
    return { kind: 'points', values: first.pointlist.flatMap(([, value]) => (value === null ? [] : [value])) };
}
function datadog_sum(values) {
    return values.reduce((total, value) => total + value, 0);
}

;// CONCATENATED MODULE: ./lib/health/checks/github.js

/**
 * Asks GitHub how the revision stands: 1 when one of its checks or its deployment failed, else 0. While one is pending and none
 * has failed there is no data; a check that never ran is none, either.
 * @throws InputError where there is no GitHub to ask
 */
function prepareGitHubCheck(check, { revision }) {
    if (revision === undefined) {
        throw new lib_errors/* InputError */.dz(`check "${check.name}": there is no GitHub repository to ask here; remove the check`);
    }
    return {
        at: github_describe(check),
        look: async (_at, signal) => {
            signal.throwIfAborted();
            try {
                return github_judge(await readStandings(check, revision));
            }
            catch (error) {
                signal.throwIfAborted();
                // a permission that is missing, or a server that does not answer: said in words that are ours
                const why = (0,lib_errors/* isUserFacing */.Qx)(error) ? error.message : 'the request failed';
                return { kind: 'error', note: `GitHub could not be asked: ${why}` };
            }
        },
    };
}
async function readStandings({ checks, deployment }, revision) {
    const names = checks === 'required' ? await revision.requiredChecks() : checks;
    const found = new Map(names.length === 0 ? [] : await revision.checks(names));
    if (deployment)
        found.set('the deployment', await revision.deployment());
    return found;
}
function github_judge(standings) {
    const namesOf = (standing) => [...standings].filter(([, each]) => each === standing).map(([name]) => name);
    const failed = namesOf('failure');
    if (failed.length > 0) {
        return {
            kind: 'value',
            value: 1,
            note: `${failed.length} of ${standings.size} failed: ${failed.join(', ')}`,
        };
    }
    const open = [...namesOf('pending'), ...namesOf('missing')];
    if (open.length > 0)
        return { kind: 'no-data', note: `not known yet: ${open.join(', ')}` };
    if (standings.size === 0)
        return { kind: 'no-data', note: 'no check is required, and the deployment is not asked for' };
    return { kind: 'value', value: 0, note: `${standings.size} of ${standings.size} are well` };
}
function github_describe({ checks, deployment }) {
    const what = checks === 'required' ? 'the required checks' : checks.join(', ');
    return `${what}${deployment ? ' and the deployment' : ''} of the revision on GitHub`;
}

// EXTERNAL MODULE: external "node:dns/promises"
var external_node_dns_promises_ = __webpack_require__(1553);
// EXTERNAL MODULE: external "node:http"
var external_node_http_ = __webpack_require__(7067);
// EXTERNAL MODULE: external "node:https"
var external_node_https_ = __webpack_require__(4708);
// EXTERNAL MODULE: external "node:tls"
var external_node_tls_ = __webpack_require__(1692);
;// CONCATENATED MODULE: ./lib/http/socket-fetch.js






/** Answers that have no body, whatever the server sends: `Response` refuses one. */
const withoutBody = new Set([204, 205, 304]);
/**
 * A `fetch` that says more of the connection than the platform's own: which kind of address it goes to, and which certificate
 * it met. It follows no redirect, keeps no connection, and takes only what `request` gives it.
 */
function openSocketFetch({ family, onCertificate, familiesOf = resolveFamilies, }) {
    return async (input, { method = 'GET', headers, body, signal } = {}) => {
        const url = new URL(input instanceof Request ? input.url : input);
        const host = url.hostname.replace(/^\[|\]$/g, '');
        // an address in the place of a name is connected to whatever the family, so a redirect to one could change it
        if (family !== undefined && (0,external_node_net_.isIP)(host) !== 0 && (0,external_node_net_.isIP)(host) !== family)
            throw lacking(family);
        return new Promise((resolve, reject) => {
            const send = url.protocol === 'https:' ? external_node_https_.request : external_node_http_.request;
            const sent = body === undefined || body === null ? '' : String(body);
            const form = body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
            const request = send(url, {
                method,
                agent: false,
                headers: {
                    'accept-encoding': 'identity',
                    ...form,
                    ...(sent !== '' && { 'content-length': Buffer.byteLength(sent) }),
                    ...Object.fromEntries(new Headers(headers)),
                },
                ...(family !== undefined && { family }),
                ...(signal && { signal }),
            });
            request.once('response', (answer) => {
                const certificate = answer.socket instanceof external_node_tls_.TLSSocket ? answer.socket.getPeerCertificate() : undefined;
                const endsAt = Date.parse(certificate?.valid_to ?? '');
                if (Number.isFinite(endsAt))
                    onCertificate?.(endsAt);
                try {
                    resolve(toResponse(answer));
                }
                catch (error) {
                    answer.destroy();
                    reject(error);
                }
            });
            request.once('error', (error) => {
                const isUnresolved = 'code' in error && /^(ENOTFOUND|EAI_\w+|ENODATA)$/.test(String(error.code));
                if (family === undefined || !isUnresolved)
                    return reject(error);
                // the resolver says the same of a host that is not there, and of one without an address of this kind
                familiesOf(host).then((families) => reject(families.length > 0 ? lacking(family) : error), () => reject(error));
            });
            request.end(sent);
        });
    };
}
async function resolveFamilies(host) {
    return (await (0,external_node_dns_promises_.lookup)(host, { all: true })).map((address) => address.family);
}
/** Has the code by which `explainNoAnswer` knows it. */
function lacking(family) {
    return Object.assign(new Error(`no address of family ${family}`), { code: `NO_IPV${family}_ADDRESS` });
}
function toResponse(answer) {
    const { statusCode: status = 0, headersDistinct } = answer;
    const headers = new Headers();
    for (const [name, values = []] of Object.entries(headersDistinct))
        for (const value of values)
            headers.append(name, value);
    if (!withoutBody.has(status)) {
        // Node's types know two classes of stream where there is one
        const body = external_node_stream_.Readable.toWeb(answer);
        return new Response(body, { status, headers });
    }
    answer.resume();
    return new Response(null, { status, headers });
}

;// CONCATENATED MODULE: ./lib/health/limit.js

/**
 * True when the value is inside every bound that the limit has; the bounds themselves are inside. NaN is inside none,
 * also of a limit without bounds; +Inf is beyond every max.
 */
function limit_isWithin(value, { max, min, equals }) {
    if (Number.isNaN(value))
        return false;
    if (max !== undefined && !(value <= max))
        return false;
    if (min !== undefined && !(value >= min))
        return false;
    return equals === undefined || value === equals;
}
/** The limit in words: `at most 5 %`, `at least 10`, `exactly 1`, `between 1 and 5`. */
function describeLimit({ max, min, equals }, unit) {
    const parts = [];
    if (min !== undefined && max !== undefined) {
        parts.push(`between ${formatValue(min, unit)} and ${formatValue(max, unit)}`);
    }
    else if (max !== undefined)
        parts.push(`at most ${formatValue(max, unit)}`);
    else if (min !== undefined)
        parts.push(`at least ${formatValue(min, unit)}`);
    if (equals !== undefined)
        parts.push(`exactly ${formatValue(equals, unit)}`);
    return parts.join(' and ') || 'none';
}

;// CONCATENATED MODULE: ./lib/health/refusal.js
const statuses = new Set([401, 403, 407, 429]);
/** Pages that edges put before a site: https://developers.cloudflare.com/cloudflare-challenges/ and AWS WAF's of the same kind. */
const challengeHeaders = [
    ['cf-mitigated', 'challenge'],
    ['x-amzn-waf-action', 'challenge'],
    ['x-amzn-waf-action', 'captcha'],
];
/** @param wanted statuses that the check expects, which are no refusals */
function refusal_findRefusal({ status, headers }, { method, wanted = [], }) {
    if (wanted.includes(status))
        return undefined;
    const isChallenge = challengeHeaders.some(([name, value]) => headers.get(name) === value);
    if (isChallenge)
        return { how: `a challenge page with status ${status}`, isOnlyOfRunner: true };
    if (status === 405 && method === 'HEAD')
        return { how: 'status 405 to HEAD', isOnlyOfRunner: false };
    if (!statuses.has(status))
        return undefined;
    return { how: `status ${status}`, isOnlyOfRunner: status === 429 };
}
/** Checks that probe the service themselves: how it was before, no server remembers for them. */
const refusal_probes = new Set(['http', 'tcp', 'command']);
/**
 * What to do in the place of a failed probe that may say nothing about the deployment: an error with the cure. The reading itself where
 * it is evidence.
 * @param passed whether the check has passed before in this environment
 * @param needsPass whether a check that never has can say anything
 */
function withoutFirstPass(reading, { passed, needsPass }) {
    const { refusal, note = '' } = reading;
    if (refusal?.isOnlyOfRunner === true) {
        return {
            kind: 'error',
            note: `${refusal.how} refuses this runner, and says nothing about the deployment; let the runner through (by its address or by a header with a secret), or probe less often`,
        };
    }
    if (passed)
        return reading;
    if (refusal !== undefined)
        return {
            kind: 'error',
            note: `${refusal.how}, and this check has not passed before: the service may refuse the runner; ${cureOf(refusal)}`,
        };
    if (!needsPass)
        return reading;
    return {
        kind: 'error',
        note: `${note}, and this check has never passed in this environment, so that the check itself may be wrong; correct it, and run the gate once with \`mode: snapshot\` before the next deployment`,
    };
}
function cureOf({ how }) {
    if (how.includes('HEAD'))
        return 'write `method: GET`';
    if (how.includes('refused'))
        return 'use a runner that can reach it, or allow its address';
    return 'send a credential in `headers`, let the runner through, or write the status under `expect.status`';
}

// EXTERNAL MODULE: external "node:vm"
var external_node_vm_ = __webpack_require__(714);
;// CONCATENATED MODULE: ./lib/health/checks/pattern.js

/** A pattern that takes longer on an answer never ends on a longer one. */
const patternTimeoutMs = 500;
/**
 * What a pattern finds in a body, with its groups; null where it finds nothing.
 * @returns undefined when it was given up: a pattern can take for ever, and the gate would hang with it
 */
function findInBody(pattern, body) {
    try {
        const found = new external_node_vm_.Script('pattern.exec(body)').runInNewContext({ pattern: new RegExp(pattern, 'u'), body }, { timeout: patternTimeoutMs });
        if (!Array.isArray(found))
            return null;
        return found.map((each) => (each === undefined ? undefined : String(each)));
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/health/checks/http-expectation.js



/**
 * Holds an answer against what is expected of it: status, headers, text, pattern, JSON, time, certificate.
 * @param certificateEndsAt ms since the epoch; undefined where there is none, or nobody asked
 * @param at ms since the epoch
 */
function findFault(answer, expect, { certificateEndsAt, at }) {
    const { status, body, cut, latencyMs } = answer;
    const isExpected = expect.status?.includes(status) ?? (status >= 200 && status <= 299);
    if (!isExpected)
        return { failure: `status ${status}` };
    const where = cut ? ' in the first 1 MiB' : '';
    for (const [name, wanted] of Object.entries(expect.headers ?? {})) {
        if (!isHeader(name) || answer.headers.get(name)?.includes(wanted) !== true)
            return { failure: `the header ${name} was not as expected` };
    }
    if (expect.body !== undefined && !body.includes(expect.body))
        return { failure: `the expected text was not there${where}` };
    if (expect.bodyMatches !== undefined) {
        const found = findInBody(expect.bodyMatches, body);
        if (found === undefined)
            return { failure: 'the pattern takes too long on the body' };
        if (found === null)
            return { failure: `the body did not match the pattern${where}` };
    }
    const wrong = expect.json === undefined ? undefined : findWrongJson(expect.json, body);
    if (wrong !== undefined)
        return { failure: wrong };
    const { certificateValidForMs: validForMs } = expect;
    if (validForMs !== undefined && certificateEndsAt !== undefined && certificateEndsAt < at + validForMs) {
        const day = new Date(certificateEndsAt).toISOString().slice(0, 10);
        return { failure: `the certificate ends on ${day}, in less than ${(0,duration/* formatDuration */.a3)(validForMs)}` };
    }
    if (expect.maxLatencyMs !== undefined && latencyMs > expect.maxLatencyMs)
        return { failure: `slower than ${(0,duration/* formatDuration */.a3)(expect.maxLatencyMs)}`, isLate: true };
    return undefined;
}
function findWrongJson(wanted, body) {
    let json;
    try {
        json = JSON.parse(body);
    }
    catch {
        return 'the body is no JSON';
    }
    for (const [path, value] of Object.entries(wanted)) {
        const found = (0,esm/* query */.P)(json, path);
        if (found.length === 0)
            return `${path} is not in the body`;
        if (found.some((each) => each !== value))
            return `${path} is not ${JSON.stringify(value)}`;
    }
    return undefined;
}
function isHeader(name) {
    return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

;// CONCATENATED MODULE: ./lib/health/checks/served-revision.js


/** an id may be cut, to so many characters at least */
const shortest = 7;
/**
 * Holds the revision that an answer names against the one that was deployed. Either of the two may be cut.
 * @param subject without revisions: any is right but the one that failed
 */
function findServed(answer, source, subject) {
    const found = readRevision(answer, source)?.trim().toLowerCase();
    if (found === undefined || !/^[0-9a-f]+$/.test(found) || found.length < shortest)
        return { kind: 'unknown' };
    const isOf = (revision) => revision.startsWith(found) || found.startsWith(revision);
    const isExpected = subject.revisions.length > 0
        ? subject.revisions.some(isOf)
        : subject.failed === undefined || !isOf(subject.failed);
    return isExpected ? { kind: 'expected' } : { kind: 'other', revision: found.slice(0, shortest) };
}
function readRevision({ headers, body }, source) {
    if ('header' in source)
        return headers.get(source.header) ?? undefined;
    if ('matches' in source)
        return findInBody(source.matches, body)?.at(1);
    try {
        const [found] = (0,esm/* query */.P)(JSON.parse(body), source.json);
        return typeof found === 'string' ? found : undefined;
    }
    catch {
        return undefined;
    }
}
/** How a cache marks what it answers from its own store; undefined for an answer of the service itself. */
function describeCache({ headers }) {
    const age = Number(headers.get('age') ?? 0);
    if (age > 0)
        return `an answer came from a cache, ${age} s old`;
    const marks = ['x-cache', 'cf-cache-status', 'x-vercel-cache', 'x-nextjs-cache'];
    return marks.some((name) => /\bhit\b/i.test(headers.get(name) ?? ''))
        ? 'an answer came from a cache'
        : undefined;
}

;// CONCATENATED MODULE: ./lib/health/checks/http.js








const http_maxBodyBytes = 1024 * 1024;
/**
 * Probes a URL once a round. A probe fails when the answer is not the expected one (status, text, latency) and also when
 * the service gave none: that production does not answer is evidence against it, not a hole in the evidence. Only what
 * may as well be our own fault, such as a host name that is not found, is an error.
 *
 * - metric error-rate: failed probes / probes (0..1) over the trailing `max(forMs, one interval)`. With the default `for`
 *   of two intervals these are the last two probes, so that one lost probe is forgotten in time and a recovery shows
 * - metric response-time: the p95 (nearest rank) of the time in ms to the right answer over the same stretch; a probe
 *   without a right answer (none, or wrong status or text) counts as infinitely slow
 *
 * A round whose own probe is within the limit is marked as recovering, so that it does not lengthen a breach. Counts in
 * the evidence are since the first round.
 * @throws InputError for a bad address or an unset secret
 */
function prepareHttpCheck(check, surroundings) {
    const { fetch, now, env, timeoutMs, intervalMs } = surroundings;
    const target = resolveTarget(check, env);
    const measure = measures[check.metric];
    const stretchMs = Math.max(check.forMs, intervalMs);
    const failures = new Map();
    let probes = 0;
    let recent = [];
    let answered = [];
    let certificateEndsAt;
    const { ip, expect } = check;
    // the platform's own fetch says nothing of the connection
    const ask = ip === undefined && expect.certificateValidForMs === undefined
        ? fetch
        : openSocketFetch({
            ...(ip !== undefined && { family: ip }),
            onCertificate: (endsAt) => {
                certificateEndsAt = Math.min(endsAt, certificateEndsAt ?? endsAt);
            },
        });
    return {
        at: target.shownUrl,
        look: async (at, signal) => {
            certificateEndsAt = undefined;
            const outcome = await request({
                ...target,
                headers: { ...identity, ...target.headers },
                fetch: ask,
                ...(check.method !== undefined && { method: check.method }),
                ...(check.body !== undefined && { body: check.body }),
                now,
                signal,
                timeoutMs,
                maxBytes: http_maxBodyBytes,
                maxRedirects: check.redirects,
                ...(expect.status && { wantedStatus: expect.status }),
            });
            if (outcome.kind === 'no-answer' && !outcome.isOutage) {
                return { kind: 'error', note: `${target.shownUrl} could not be probed: ${outcome.detail}` };
            }
            const served = servedBy(outcome, check, surroundings.subject);
            if (served !== undefined && served.kind !== 'unknown')
                answered = [...answered, served].slice(-remembered);
            const others = answered.filter((each) => each.kind === 'other');
            const serves = others.length === 0 ? undefined : others.length === answered.length ? 'other' : 'mixed';
            const cached = outcome.kind === 'answer' ? describeCache(outcome) : undefined;
            const remarks = [
                ...(serves === undefined
                    ? []
                    : [describeServes(serves, others.at(-1)?.revision ?? '', surroundings)]),
                ...(cached === undefined ? [] : [cached]),
            ];
            if (served?.kind === 'other' && recent.length === 0 && serves !== undefined)
                return { kind: 'no-data', note: remarks.join(', '), serves };
            const refusal = http_refusalOf(outcome, check);
            // what another revision answers says nothing of the deployed one
            const probe = served?.kind === 'other' ? undefined : judgeOutcome(outcome, expect, { at, certificateEndsAt });
            if (probe === undefined) {
                return {
                    kind: 'value',
                    value: measure(recent),
                    recovering: true,
                    ...(serves !== undefined && { serves }),
                    ...describeCounts(failures, probes, remarks),
                };
            }
            if (served?.kind === 'unknown' && probe.failure === undefined)
                return {
                    kind: 'no-data',
                    note: 'a good answer does not name the revision that `expect.revision` looks for',
                };
            probes += 1;
            recent = [...recent.filter((earlier) => earlier.at > at - stretchMs), probe];
            if (probe.failure !== undefined)
                failures.set(probe.failure, (failures.get(probe.failure) ?? 0) + 1);
            return {
                kind: 'value',
                value: measure(recent),
                recovering: limit_isWithin(measure([probe]), check.limit),
                ...(refusal !== undefined && probe.failure !== undefined && { refusal }),
                ...(serves !== undefined && { serves }),
                ...describeCounts(failures, probes, remarks),
            };
        },
    };
}
const measures = {
    'error-rate': (probes) => probes.filter(({ failure }) => failure !== undefined).length / probes.length,
    'response-time': (probes) => {
        const latencies = probes.map(({ latencyMs }) => latencyMs);
        return quantile(latencies, 0.95) ?? Number.POSITIVE_INFINITY;
    },
};
/** so many of the last answers tell whether a rollout is still in progress */
const remembered = 4;
function servedBy(outcome, { expect }, subject) {
    if (expect.revision === undefined || subject === undefined || outcome.kind !== 'answer')
        return undefined;
    return findServed(outcome, expect.revision, subject);
}
function describeServes(serves, other, { subject }) {
    const wanted = subject?.revisions[0]?.slice(0, 7);
    const which = wanted === undefined ? `${other}, which was rolled back` : `${other} and not ${wanted}`;
    return serves === 'other' ? `it serves ${which}` : `some answers are of ${which}`;
}
function http_refusalOf(outcome, { method, expect }) {
    if (outcome.kind === 'answer')
        return refusal_findRefusal(outcome, { method, wanted: expect.status });
    return outcome.isRefused === true ? { how: outcome.detail, isOnlyOfRunner: false } : undefined;
}
function judgeOutcome(outcome, expect, seen) {
    const { at } = seen;
    const never = Number.POSITIVE_INFINITY;
    if (outcome.kind === 'no-answer')
        return { at, failure: outcome.detail, latencyMs: never };
    const fault = findFault(outcome, expect, seen);
    const isRight = fault === undefined || fault.isLate === true;
    return { at, failure: fault?.failure, latencyMs: isRight ? outcome.latencyMs : never };
}
function describeCounts(failures, probes, remarks) {
    const byCount = [...failures].sort(([, a], [, b]) => b - a);
    const bad = byCount.reduce((sum, [, count]) => sum + count, 0);
    const reasons = byCount.map(([failure, count]) => `${count} × ${failure}`).join(', ');
    const failed = `${bad} of ${probes} probes failed${bad === 0 ? '' : `: ${reasons}`}`;
    return { counts: { bad, of: probes }, note: [failed, ...remarks].join(', ') };
}

;// CONCATENATED MODULE: ./lib/health/checks/json.js





/**
 * Asks any address for JSON, and takes numbers out of it by JSONPath (RFC 9535), which runs no script.
 * @throws InputError for a bad address or an unset secret
 */
function prepareJsonCheck(check, surroundings) {
    const target = resolveTarget(check, surroundings.env);
    const ask = (signal) => askJson({ target, surroundings, signal, path: '', schema: schemas/* json */.Pq9(), service: target.shownUrl });
    if (!('counters' in check)) {
        return {
            at: `${check.source} at ${target.shownUrl}`,
            look: async (_at, signal) => {
                const told = await ask(signal);
                return told.kind === 'told' ? readNumber(told.value, check.source) : told;
            },
        };
    }
    const { bad, total } = check.counters;
    const count = countSince(check, surroundings, { noun: 'requests', fromZero: false });
    return {
        at: `${bad} of ${total} at ${target.shownUrl}`,
        look: async (_at, signal) => {
            const told = await ask(signal);
            if (told.kind !== 'told')
                return told;
            const [badNow, totalNow] = [readNumber(told.value, bad), readNumber(told.value, total)];
            if (badNow.kind !== 'value')
                return badNow;
            if (totalNow.kind !== 'value')
                return totalNow;
            return count({ bad: badNow.value, of: totalNow.value });
        },
    };
}
function readNumber(json, path) {
    const found = (0,esm/* query */.P)(json, path);
    const [value] = found;
    if (value === undefined || value === null)
        return { kind: 'no-data', note: `${path} is not in the answer` };
    if (found.length > 1)
        return { kind: 'error', note: `${path} is in the answer ${found.length} times, where one is needed` };
    return typeof value === 'number'
        ? { kind: 'value', value }
        : { kind: 'error', note: `${path} is not a number in the answer` };
}

;// CONCATENATED MODULE: ./lib/health/checks/newrelic.js




const rowSchema = schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J());
const newrelic_answerSchema = schemas/* object */.Ikc({
    errors: schemas/* array */.YOg(schemas/* unknown */.L5J()).optional(),
    data: schemas/* object */.Ikc({
        actor: schemas/* object */.Ikc({
            account: schemas/* object */.Ikc({ nrql: schemas/* object */.Ikc({ results: schemas/* array */.YOg(rowSchema) }).nullable() }).nullable(),
        }),
    })
        .nullish(),
});
const query = 'query($account: Int!, $nrql: Nrql!, $timeout: Seconds) { actor { account(id: $account) { nrql(query: $nrql, timeout: $timeout) { results } } } }';
const newrelic_lookBackMs = 5 * 60_000;
/**
 * Asks New Relic's NerdGraph, which says 200 also where it has only errors to tell.
 * https://docs.newrelic.com/docs/apis/nerdgraph/examples/nerdgraph-nrql-tutorial/
 * @throws InputError for an unset secret
 */
function prepareNewRelicCheck(check, surroundings) {
    const target = resolveTarget(check, surroundings.env);
    const { account, nrql } = check;
    const isCounting = /\bas\s+['"`]?bad\b/i.test(nrql);
    const count = countSince(check, surroundings, { noun: 'requests', fromZero: true });
    const timeout = Math.max(1, Math.floor(surroundings.timeoutMs / 1000));
    let startedAt = surroundings.deployedAt;
    return {
        at: `${nrql} at ${target.shownUrl}`,
        remembers: true,
        look: async (at, signal) => {
            startedAt ??= at;
            const since = isCounting ? startedAt : at - newrelic_lookBackMs;
            const variables = { account, nrql: `${nrql} SINCE ${since} UNTIL ${at + 1}`, timeout };
            const told = await askJson({
                target,
                surroundings,
                signal,
                path: '',
                json: { query, variables },
                schema: newrelic_answerSchema,
                service: 'New Relic',
            });
            if (told.kind !== 'told')
                return told;
            const { errors = [], data } = told.value;
            const results = data?.actor.account?.nrql?.results;
            if (errors.length > 0 || results === undefined) {
                return {
                    kind: 'error',
                    note: 'New Relic could not work the query out: check the NRQL and the account',
                };
            }
            const [row, ...others] = results;
            if (row === undefined)
                return { kind: 'no-data', note: 'the query found no row' };
            if (others.length > 0)
                return { kind: 'error', note: `the query found ${results.length} rows where one is needed` };
            return isCounting ? readCounts(row, count) : newrelic_readNumber(row);
        },
    };
}
function readCounts(row, count) {
    const { bad, total } = { bad: row['bad'], total: row['total'] };
    if (typeof bad !== 'number' || typeof total !== 'number') {
        return { kind: 'error', note: 'the row has no numbers named bad and total' };
    }
    return count({ bad, of: total });
}
function newrelic_readNumber(row) {
    const values = Object.values(row);
    if (values.length !== 1) {
        return { kind: 'error', note: `the row has ${values.length} values where one is needed` };
    }
    const [value] = values;
    if (value === null || value === undefined)
        return { kind: 'no-data', note: 'the query gave null' };
    return typeof value === 'number'
        ? { kind: 'value', value }
        : { kind: 'error', note: 'the query gave a value that is not a number' };
}

;// CONCATENATED MODULE: ./lib/health/reading.js

const stateOfCall = { bad: 'breached', good: 'ok', open: 'undecided' };
/** Holds a reading against the limit. A NaN is no data, whoever let it through. */
function reading_stateOf(reading, limit) {
    if (reading.kind !== 'value')
        return reading.kind;
    if (reading.call !== undefined)
        return stateOfCall[reading.call];
    if (Number.isNaN(reading.value))
        return 'no-data';
    return limit_isWithin(reading.value, limit) ? 'ok' : 'breached';
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus-answer.js

/** A moment and its value, which is a string so that it can be NaN or infinite. */
const pointSchema = schemas/* tuple */.PVZ([schemas/* number */.aig(), schemas/* string */.YjP()]);
const labelsSchema = schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP()).default({});
const dataSchema = schemas/* discriminatedUnion */.gMt('resultType', [
    schemas/* object */.Ikc({
        resultType: schemas/* literal */.euz('vector'),
        // a native histogram has `histogram` in the place of `value`
        result: schemas/* array */.YOg(schemas/* object */.Ikc({ metric: labelsSchema, value: pointSchema.optional() })),
    }),
    schemas/* object */.Ikc({ resultType: schemas/* literal */.euz('scalar'), result: pointSchema }),
    schemas/* object */.Ikc({
        resultType: schemas/* literal */.euz('matrix'),
        result: schemas/* array */.YOg(schemas/* object */.Ikc({ metric: labelsSchema, values: schemas/* array */.YOg(pointSchema).default([]) })),
    }),
    schemas/* object */.Ikc({ resultType: schemas/* literal */.euz('string') }),
]);
const prometheus_answer_answerSchema = schemas/* discriminatedUnion */.gMt('status', [
    // `data` may come with an error, for a result in part: not looked at
    schemas/* object */.Ikc({ status: schemas/* literal */.euz('error'), errorType: schemas/* string */.YjP(), error: schemas/* string */.YjP() }),
    schemas/* object */.Ikc({ status: schemas/* literal */.euz('success'), data: dataSchema, warnings: schemas/* array */.YOg(schemas/* string */.YjP()).optional() }),
]);
const seriesSchema = schemas/* object */.Ikc({ status: schemas/* literal */.euz('success'), data: schemas/* array */.YOg(labelsSchema) });
/**
 * Reads the answer to an instant query. One number is a value; none, or NaN, is no data; everything else is an error that
 * says what to change. Notes may quote the server, and have to be redacted by the caller.
 * @param shownUrl the address, for people
 */
function readAnswer(answer, shownUrl) {
    const found = openAnswer(answer, shownUrl);
    return found.kind === 'found' ? withWarnings(readData(found.data), found.warnings) : found;
}
/** What a query found, or the error that says why it found nothing. */
function openAnswer(answer, shownUrl) {
    const { status, body, cut } = answer;
    if (status === 401 || status === 403) {
        return mistake(`${shownUrl} refused the query (status ${status}): check the headers of this check and the secrets they are read from`);
    }
    if (status >= 300 && status <= 399) {
        return error(`${shownUrl} answered with a redirect (status ${status}): write the address it leads to, or the credentials it asks for`);
    }
    if (cut)
        return error(`${shownUrl} answered with more than 5 MiB: aggregate the query, e.g. sum(...)`);
    const json = prometheus_answer_parseJson(body);
    if (json === undefined && status >= 500)
        return error(`${shownUrl} answered with status ${status}`);
    if (json === undefined) {
        return error(`${shownUrl} answered with status ${status} and no JSON: is this the address of a Prometheus server, with its path prefix?`);
    }
    const parsed = prometheus_answer_answerSchema.safeParse(json);
    if (!parsed.success) {
        return error(`${shownUrl} answered with status ${status} and JSON in another shape than that of Prometheus' /api/v1/query`);
    }
    if (parsed.data.status === 'error') {
        const { errorType, error: text } = parsed.data;
        const note = `${shownUrl} answered with ${errorType}: ${text}`;
        return errorType === 'bad_data' ? mistake(note) : error(note);
    }
    if (status < 200 || status > 299)
        return error(`${shownUrl} answered with status ${status}`);
    return { kind: 'found', data: parsed.data.data, warnings: parsed.data.warnings ?? [] };
}
/** Whether a list of series has any; undefined for an answer that is no such list. */
function readSeriesAnswer({ status, body, cut }) {
    if (status < 200 || status > 299)
        return undefined;
    // a list that is too long to be read is not empty
    if (cut)
        return true;
    const parsed = seriesSchema.safeParse(prometheus_answer_parseJson(body));
    return parsed.success ? parsed.data.data.length > 0 : undefined;
}
function readData(data) {
    switch (data.resultType) {
        case 'matrix':
            return mistake('the query has a range of values as its result: wrap it, e.g. rate(...)');
        case 'string':
            return mistake('the query has a text as its result: ask for a number');
        case 'scalar':
            return prometheus_answer_readNumber(data.result[1]);
        case 'vector': {
            const [series, ...others] = data.result;
            if (series === undefined)
                return { kind: 'no-data', note: 'the query found no series' };
            if (others.length > 0) {
                return error(`the query found ${data.result.length} series where one is needed: aggregate it, e.g. sum(...)`);
            }
            if (series.value === undefined)
                return error('the query has a histogram as its result: ask for a number of it');
            return prometheus_answer_readNumber(series.value[1]);
        }
    }
}
/** Prometheus prints numbers as Go does; nothing that is merely number-like passes. */
function prometheus_answer_readNumber(text) {
    if (text === 'NaN')
        return { kind: 'no-data', note: 'the query gave NaN, as a division of nothing by nothing does' };
    const infinite = /^([+-]?)Inf$/.exec(text);
    if (infinite !== null) {
        const value = infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
        return { kind: 'value', value };
    }
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text))
        return error('the query gave a value that is not a number');
    return { kind: 'value', value: Number(text) };
}
/** A warning may mean that a part of the data is missing, so it is shown wherever the value is. */
function withWarnings(reading, warnings) {
    if (warnings.length === 0)
        return reading;
    const note = `the server warned: ${warnings.join('; ')}`;
    return { ...reading, note: reading.note === undefined ? note : `${reading.note}, and ${note}` };
}
function error(note) {
    return { kind: 'error', note };
}
/** An error that stays until somebody repairs the configuration. */
function mistake(note) {
    return { kind: 'error', note, permanent: true };
}
function prometheus_answer_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/health/checks/counter-increase.js
/**
 * How much counters have grown since they were last seen.
 *
 * A counter that was not there at the first look started from zero: the first error ever makes a new series, and
 * PromQL's `increase` misses it. One that is lower than before was reset, and started from zero, too; unless it is a sum
 * of several (it has no `instance`), where one of them went away, and nothing can be said. One that is not there for a
 * while is remembered.
 * @param state undefined at the first look
 */
function countIncrease(state, series) {
    const next = new Map(state);
    let increase = 0;
    for (const { labels, value } of series) {
        if (!Number.isFinite(value))
            continue;
        const key = keyOf(labels);
        const last = next.get(key);
        next.set(key, value);
        if (state === undefined)
            continue;
        if (last === undefined)
            increase += value;
        else if (value >= last)
            increase += value - last;
        else if (labels['instance'] !== undefined)
            increase += value;
    }
    return { state: next, increase };
}
function keyOf(labels) {
    return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus-arm.js


const minuteMs = 60_000;
/** How long before the deployment is compared with. */
const beforeMs = 60 * minuteMs;
/** So far back a series of bad ones shows that its selector is right. */
const seriesMs = 30 * 24 * 60 * minuteMs;
/** @param selectors of counters; without `bad`, nothing is bad */
function openArm(server, selectors) {
    const { bad, total } = selectors;
    let badState;
    let totalState;
    let isSeen = bad === undefined;
    let isAsked = false;
    /** bad ones that were seen before the total had them: two queries are not one moment */
    let owed = 0;
    const ask = async (at, signal) => {
        const [bads, totals] = await Promise.all([
            bad === undefined ? [] : readSeries(await server.ask(bad, at, signal), server.shownUrl),
            server.ask(total, at, signal).then((outcome) => readSeries(outcome, server.shownUrl)),
        ]);
        if ('kind' in totals)
            return totals;
        if ('kind' in bads)
            return bads;
        if (totals.length === 0)
            return { kind: 'no-data', note: `the query ${total} found no series` };
        isSeen ||= bads.length > 0;
        return { bads, totals };
    };
    return {
        start: async (at, signal) => {
            const found = await ask(at, signal);
            if ('kind' in found)
                return found;
            badState = countIncrease(undefined, found.bads).state;
            totalState = countIncrease(undefined, found.totals).state;
            return undefined;
        },
        poll: async (at, signal) => {
            const found = await ask(at, signal);
            if ('kind' in found)
                return found;
            const badNow = countIncrease(badState, found.bads);
            const totalNow = countIncrease(totalState, found.totals);
            badState = badNow.state;
            totalState = totalNow.state;
            const counts = clamp({ bad: badNow.increase + owed, of: totalNow.increase });
            owed += badNow.increase - counts.bad;
            return counts;
        },
        before: async (until, signal) => {
            const range = { from: until - beforeMs, to: until, stepMs: minuteMs };
            const perMinute = [];
            for (const query of [bad, total]) {
                if (query === undefined) {
                    perMinute.push([]);
                    continue;
                }
                const increases = readIncreases(await server.askRange(query, range, signal), server.shownUrl, range.from);
                if ('kind' in increases)
                    return increases;
                perMinute.push(increases);
            }
            const [bads = [], totals = []] = perMinute;
            return totals.map((of, minute) => clamp({ bad: bads[minute] ?? 0, of }));
        },
        knowsBad: async (at, signal) => {
            // once is enough: a series that is new shows in the polls
            if (!isSeen && bad !== undefined && !isAsked) {
                isAsked = true;
                isSeen = (await server.hasSeries(bad, { from: at - seriesMs, to: at }, signal)) === true;
            }
            return isSeen;
        },
    };
}
function clamp({ bad, of }) {
    return { bad: Math.min(bad, of), of };
}
function readSeries(outcome, shownUrl) {
    if (outcome.kind === 'no-answer') {
        return { kind: 'error', note: `${shownUrl} could not be asked: ${outcome.detail}` };
    }
    const found = openAnswer(outcome, shownUrl);
    if (found.kind !== 'found')
        return found;
    const { data } = found;
    if (data.resultType !== 'vector') {
        return {
            kind: 'error',
            permanent: true,
            note: `a counter has to be a selector such as http_requests_total, and the answer is a ${data.resultType}`,
        };
    }
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value?.[1] ?? 'NaN') }));
}
function readIncreases(outcome, shownUrl, from) {
    if (outcome.kind === 'no-answer') {
        return { kind: 'error', note: `${shownUrl} could not be asked: ${outcome.detail}` };
    }
    const found = openAnswer(outcome, shownUrl);
    if (found.kind !== 'found')
        return found;
    if (found.data.resultType !== 'matrix') {
        return { kind: 'error', note: `${shownUrl} answered a range query with a ${found.data.resultType}` };
    }
    const byMoment = new Map();
    for (let at = from; at <= from + beforeMs; at += minuteMs)
        byMoment.set(Math.round(at / 1000), []);
    for (const { metric, values } of found.data.result) {
        for (const [at, value] of values) {
            byMoment.get(Math.round(at))?.push({ labels: metric, value: Number(value) });
        }
    }
    let state;
    const increases = [];
    for (const series of byMoment.values()) {
        // the first minutes may be before the service was there at all: nothing is counted from them
        const first = state === undefined || state.size === 0;
        const counted = countIncrease(first ? undefined : state, series);
        if (!first)
            increases.push(counted.increase);
        state = counted.state;
    }
    return increases;
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus-counters.js



/** Where the moment of the deployment is not known, the last minutes may be after it. */
const marginMs = 10 * 60_000;
/**
 * Counts what went wrong of all since the deployment (or since the first look, if it is not known when that was), from
 * the counters themselves and not from a rate over a window: every request counts once, and none is extrapolated. With
 * a control, what ran beside it is counted, too.
 */
function watchCounters(check, server, surroundings) {
    const { counters, control: controlled, limit, method, timesBefore } = check;
    const { deployedAt, alpha, plannedPolls } = surroundings;
    const suspect = openArm(server, counters);
    const control = controlled === undefined ? undefined : openArm(server, controlled.counters);
    let judge;
    let lastAt = 0;
    /** counted while the control could not be asked: both are judged together, once it can */
    let waiting = { bad: 0, of: 0 };
    const start = async (at, signal) => {
        const from = countedFrom(check, { deployedAt, at });
        lastAt = from;
        for (const arm of [suspect, control]) {
            const gap = await arm?.start(from, signal);
            if (gap !== undefined)
                return gap;
        }
        // a canary was not there before, and what runs beside it says more
        const isCompared = control === undefined && surroundings.limitOnly !== true;
        const minutes = isCompared ? await suspect.before(deployedAt ?? at - marginMs, signal) : [];
        if ('kind' in minutes)
            return minutes;
        const settings = {
            limit,
            ...(timesBefore !== undefined && { timesBefore }),
            ...(controlled !== undefined && { timesControl: controlled.times }),
            method,
            alpha,
            plannedPolls,
            noun: 'requests',
        };
        const before = describeBefore(minutes);
        const { outage: _outage, ...usual } = before;
        // an outage just before the step may be the doing of a deployment whose moment nobody told
        return startJudging(settings, deployedAt === undefined ? usual : before);
    };
    return {
        at: `${counters.bad} of ${counters.total} at ${server.shownUrl}`,
        remembers: true,
        look: async (at, signal) => {
            if (judge === undefined) {
                const started = await start(at, signal);
                if ('kind' in started)
                    return started;
                judge = started;
            }
            const found = await suspect.poll(at, signal);
            if ('kind' in found)
                return found;
            waiting = { bad: waiting.bad + found.bad, of: waiting.of + found.of };
            const beside = await control?.poll(at, signal);
            if (beside !== undefined && 'kind' in beside)
                return beside;
            const polled = { ...waiting, polls: Math.max(1, (at - lastAt) / surroundings.intervalMs) };
            waiting = { bad: 0, of: 0 };
            lastAt = at;
            const reading = judge.judge(polled, beside);
            if (!(await suspect.knowsBad(at, signal)))
                return withoutSeries(reading, check);
            return control === undefined || (await control.knowsBad(at, signal))
                ? reading
                : { ...reading, note: `${reading.note}, and no series matches \`bad\` of the control` };
        },
    };
}
/** The moment from which on counts are judged: what happens in the `initial-delay` of a deployment counts for nothing. */
function countedFrom({ initialDelayMs }, { deployedAt, at }) {
    return deployedAt === undefined ? at : Math.min(at, deployedAt + initialDelayMs);
}
/**
 * Where no series of bad ones was ever there, the service never failed, or the selector is wrong: nothing was looked at, and that is not
 * good, unless the check says that no data is.
 */
function withoutSeries(reading, { onNoData }) {
    const known = onNoData === 'pass';
    const cure = known
        ? ''
        : ': correct the selector, or write `on-no-data: pass` if the service has never failed yet';
    const note = `${reading.note}, and no series matches \`bad\`${cure}`;
    return known ? { ...reading, note } : { ...reading, call: 'open', note };
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus-server.js



const prometheus_server_maxBodyBytes = 5 * 1024 * 1024;
/** Proxies and servers cut request lines at 8 KiB; encoded, a query grows up to threefold. */
const longestQueryInUrl = 2000;
/**
 * The base address may have a path prefix, a trailing slash, and query parameters that are sent along. No redirect is
 * followed: it leads to a log-in page far more often than to the API.
 * @throws InputError for a bad address or an unset secret
 */
function openPrometheus(check, surroundings) {
    const { fetch, now, env, timeoutMs } = surroundings;
    const target = resolveTarget(check, env);
    // a little less than our own patience, so that the server says itself that it was too slow
    const timeout = `${Math.max(1, Math.floor(timeoutMs * 0.9))}ms`;
    const send = (endpoint, asked, signal) => {
        const parameters = new URLSearchParams({ ...asked, timeout });
        const url = new URL(endpoint);
        const isLong = (asked['query'] ?? asked['match[]'] ?? '').length > longestQueryInUrl;
        if (!isLong)
            for (const [name, value] of parameters)
                url.searchParams.set(name, value);
        return request({
            fetch,
            now,
            signal,
            timeoutMs,
            url,
            headers: { ...identity, accept: 'application/json', ...target.headers },
            secretHeaders: target.secretHeaders,
            maxBytes: prometheus_server_maxBodyBytes,
            maxRedirects: 0,
            ...(isLong && { body: parameters }),
        });
    };
    const instant = endpointOf(target.url, 'query');
    const range = endpointOf(target.url, 'query_range');
    const series = endpointOf(target.url, 'series');
    return {
        shownUrl: target.shownUrl,
        ask: (query, at, signal) => send(instant, { query, time: seconds(at) }, signal),
        askRange: (query, { from, to, stepMs }, signal) => send(range, { query, start: seconds(from), end: seconds(to), step: String(stepMs / 1000) }, signal),
        hasSeries: async (selector, { from, to }, signal) => {
            const asked = { 'match[]': selector, start: seconds(from), end: seconds(to), limit: '1' };
            const outcome = await send(series, asked, signal);
            return outcome.kind === 'no-answer' ? undefined : readSeriesAnswer(outcome);
        },
    };
}
function seconds(at) {
    return (at / 1000).toFixed(3);
}
/** Takes the base address, and also the endpoint's own, which people paste. */
function endpointOf(base, endpoint) {
    const url = new URL(base);
    const prefix = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1(?:\/query)?$/, '');
    url.pathname = `${prefix}/api/v1/${endpoint}`;
    url.hash = '';
    return url;
}

;// CONCATENATED MODULE: ./lib/health/statistics/traffic-loss.js

/** Shares of the least traffic that the evidence is weighed against. */
const shares = [0.75, 0.5, 0.25, 0.1, 0.02];
const emptyTraffic = emptyMixture(shares.length);
/**
 * Adds the requests of one poll, taken as a Poisson count.
 * @param seconds how long the poll looked at
 * @throws RangeError for a count or a time that cannot be
 */
function addTraffic(state, requests, seconds, plan) {
    if (!(requests >= 0 && Number.isFinite(requests) && seconds >= 0 && Number.isFinite(seconds))) {
        throw new RangeError(`there cannot be ${requests} requests in ${seconds} s`);
    }
    const expected = plan.least * seconds;
    const increments = shares.map((share) => (requests * Math.log(share) + (1 - share) * expected) / plan.dispersion);
    return addPoll(state, increments, plan.plannedPolls);
}
/** True once less comes than has to, with at most `alpha` chance of being wrong at any look. */
function isLost(state, plan) {
    return logEvidence(state, plan.plannedPolls) >= Math.log(1 / plan.alpha);
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus-traffic.js




/** Fewer requests in the hour before, and their loss would say nothing. */
const leastBefore = 30;
/**
 * Watches whether the requests still come: a service that gets none has no errors either. They are compared with the hour
 * before the deployment, minute by minute for how much they vary.
 */
function watchTraffic(check, server, surroundings) {
    const { traffic, minTimesBefore } = check;
    const { deployedAt, alpha, plannedPolls } = surroundings;
    const arm = openArm(server, { total: traffic });
    let plan;
    let lastAt = 0;
    let state = emptyTraffic;
    let hasLost = false;
    return {
        at: `${traffic} at ${server.shownUrl}`,
        remembers: true,
        look: async (at, signal) => {
            if (plan === undefined) {
                const from = countedFrom(check, { deployedAt, at });
                const minutes = await arm.before(deployedAt ?? at - marginMs, signal);
                if ('kind' in minutes)
                    return minutes;
                const counts = minutes.map(({ of }) => of);
                const sum = counts.reduce((total, of) => total + of, 0);
                if (sum < leastBefore) {
                    return { kind: 'no-data', note: `only ${sum} requests in the hour before, too few to miss any` };
                }
                const gap = await arm.start(from, signal);
                if (gap !== undefined)
                    return gap;
                lastAt = from;
                const mean = sum / counts.length;
                const dispersion = Math.max(1, counts.reduce((total, of) => total + (of - mean) ** 2 / mean, 0) / (counts.length - 1));
                plan = { least: (minTimesBefore * mean) / 60, alpha, plannedPolls, dispersion };
            }
            const polled = await arm.poll(at, signal);
            if ('kind' in polled)
                return polled;
            const seconds = (at - lastAt) / 1000;
            lastAt = at;
            state = addTraffic(state, polled.of, seconds, plan);
            hasLost ||= isLost(state, plan);
            const rate = seconds === 0 ? 0 : polled.of / seconds;
            const shown = `${formatValue(rate, 'number')} requests a second, at least ${formatValue(plan.least, 'number')} are usual`;
            return {
                kind: 'value',
                value: rate,
                call: hasLost ? 'bad' : seconds === 0 ? 'open' : 'good',
                ...(rate >= plan.least && { recovering: true }),
                note: shown,
            };
        },
    };
}

;// CONCATENATED MODULE: ./lib/health/checks/prometheus.js





/**
 * Asks a Prometheus server, or one that speaks its HTTP API, once a round: for one number, or for counters.
 * @throws InputError for a bad address or an unset secret
 */
function preparePrometheusCheck(check, surroundings) {
    const server = openPrometheus(check, surroundings);
    if ('counters' in check)
        return watchCounters(check, server, surroundings);
    if ('traffic' in check)
        return watchTraffic(check, server, surroundings);
    const { query } = check;
    const { deployedAt } = surroundings;
    let wasBeyond = deployedAt === undefined ? false : undefined;
    return {
        at: `${query} at ${server.shownUrl}`,
        remembers: true,
        look: async (at, signal) => {
            const reading = await askNumber(server, query, at, signal);
            if (reading.kind !== 'value' || reading_stateOf(reading, check.limit) !== 'breached')
                return reading;
            // only now is it of interest how it was before
            if (wasBeyond === undefined && deployedAt !== undefined) {
                const earlier = await askNumber(server, query, deployedAt - 1000, signal);
                if (earlier.kind !== 'error')
                    wasBeyond = reading_stateOf(earlier, check.limit) === 'breached';
            }
            return wasBeyond === true ? { ...reading, before: true } : reading;
        },
    };
}
async function askNumber(server, query, at, signal) {
    const outcome = await server.ask(query, at, signal);
    if (outcome.kind === 'no-answer') {
        return { kind: 'error', note: `${server.shownUrl} could not be asked: ${outcome.detail}` };
    }
    return readAnswer(outcome, server.shownUrl);
}

;// CONCATENATED MODULE: ./lib/health/checks/sentry.js




const sentry_answerSchema = schemas/* object */.Ikc({
    groups: schemas/* array */.YOg(schemas/* object */.Ikc({
        by: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J()),
        totals: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* number */.aig().nullable()),
    })),
});
const fields = { sessions: 'sum(session)', users: 'count_unique(user)' };
/**
 * Counts the crashed sessions, or users with one, of all of a release. Sentry rounds every range to hours, so that no
 * window of minutes can be asked for; the totals of the release can, and the gate takes what was added.
 * https://docs.sentry.io/api/releases/retrieve-release-health-session-statistics/
 * @throws InputError for a bad address or an unset secret
 */
function prepareSentryCheck(check, surroundings) {
    const target = resolveTarget(check, surroundings.env);
    const { organization, project, release, environment, of } = check;
    const field = fields[of];
    const count = countSince(check, surroundings, { noun: of, fromZero: true });
    return {
        at: `${of} of ${release} at ${target.shownUrl}`,
        look: async (_at, signal) => {
            const told = await askJson({
                target,
                surroundings,
                signal,
                path: `/api/0/organizations/${encodeURIComponent(organization)}/sessions/`,
                parameters: {
                    field,
                    groupBy: 'session.status',
                    // quotes keep a release with spaces in one piece
                    query: `release:"${release.replace(/["\\]/g, '\\$&')}"`,
                    project: String(project),
                    statsPeriod: '1d',
                    interval: '1d',
                    ...(environment !== undefined && { environment }),
                },
                schema: sentry_answerSchema,
                service: 'Sentry',
            });
            if (told.kind !== 'told')
                return told;
            const { groups } = told.value;
            if (groups.length === 0)
                return { kind: 'no-data', note: `Sentry has no ${of} of that release` };
            const totals = { bad: 0, of: 0 };
            for (const { by, totals: counted } of groups) {
                const value = counted[field] ?? 0;
                totals.of += value;
                if (by['session.status'] === 'crashed')
                    totals.bad += value;
            }
            return count(totals);
        },
    };
}

;// CONCATENATED MODULE: ./lib/health/checks/tcp.js




/**
 * Opens a connection once a round: 1 if it is refused, dropped or too slow, else 0. A host name that is not found is an
 * error, as it may be a mistake in the check.
 */
function prepareTcpCheck(check, { timeoutMs }) {
    const { host, port } = check;
    return {
        at: `${host}:${port}`,
        look: async (_at, signal) => {
            const startedAt = performance.now();
            const failure = await tryToConnect({ host, port, timeoutMs, signal });
            if (failure === undefined) {
                return {
                    kind: 'value',
                    value: 0,
                    note: `connected in ${formatValue(performance.now() - startedAt, 'ms')}`,
                };
            }
            return failure.isOutage
                ? { kind: 'value', value: 1, note: failure.detail }
                : { kind: 'error', note: `${host}:${port} could not be reached: ${failure.detail}` };
        },
    };
}
function tryToConnect(input) {
    const { host, port, timeoutMs, signal } = input;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
        const socket = (0,external_node_net_.connect)({ host, port });
        const end = (act) => {
            clearTimeout(timer);
            signal.removeEventListener('abort', abort);
            socket.destroy();
            act();
        };
        const abort = () => end(() => reject(signal.reason));
        const timer = setTimeout(() => {
            const detail = `no connection within ${(0,duration/* formatDuration */.a3)(timeoutMs)}`;
            end(() => resolve({ kind: 'no-answer', isOutage: true, detail }));
        }, timeoutMs);
        signal.addEventListener('abort', abort, { once: true });
        socket.once('connect', () => end(() => resolve(undefined)));
        socket.on('error', (error) => end(() => resolve(explainNoAnswer(error))));
    });
}

;// CONCATENATED MODULE: ./lib/health/checks/prepare.js











/**
 * Makes a check ready; a new type of check is a new file beside this one and a line here.
 * @throws InputError when it can never look: a bad address, a secret that is not set
 */
function prepareCheck(agreed, surroundings) {
    const check = aboutSubject(agreed, surroundings.subject);
    switch (check.type) {
        case 'http':
            return prepareHttpCheck(check, surroundings);
        case 'prometheus':
            return preparePrometheusCheck(check, surroundings);
        case 'tcp':
            return prepareTcpCheck(check, surroundings);
        case 'command':
            return prepareCommandCheck(check, surroundings);
        case 'json':
            return prepareJsonCheck(check, surroundings);
        case 'datadog':
            return prepareDatadogCheck(check, surroundings);
        case 'newrelic':
            return prepareNewRelicCheck(check, surroundings);
        case 'sentry':
            return prepareSentryCheck(check, surroundings);
        case 'codepush':
            return prepareCodePushCheck(check, surroundings);
        case 'github':
            return prepareGitHubCheck(check, surroundings);
    }
}

;// CONCATENATED MODULE: ./lib/health/tally.js

/** So many rounds in a row without a value, and what was seen before them says nothing about now. */
const blindAfter = 3;
const noGaps = { errors: 0, noData: 0 };
const emptyTally = {
    rounds: 0,
    withValue: 0,
    breached: 0,
    gaps: noGaps,
    gapsAtEnd: noGaps,
    mostErrorsInARow: 0,
    errorsInARow: 0,
    breach: undefined,
    lastValue: undefined,
    lastGap: undefined,
    serves: undefined,
};
/**
 * Adds the reading of one round.
 *
 * A breach goes on until a value is inside the limit. One or two rounds without a value do not end it (a metrics server
 * that stumbles in the middle of an outage must not restart the clock), `blindAfter` of them do.
 * @param at the time of the round, ms since the epoch
 */
function addReading(input) {
    const { tally, reading, at, limit } = input;
    if (reading.kind !== 'value')
        return addGap(tally, reading);
    const state = reading_stateOf(reading, limit);
    if (state === 'no-data')
        return addGap(tally, { kind: 'no-data', note: 'the value is not a number' });
    const isBreached = state === 'breached';
    return {
        ...tally,
        rounds: tally.rounds + 1,
        withValue: tally.withValue + 1,
        breached: tally.breached + (isBreached ? 1 : 0),
        gapsAtEnd: noGaps,
        errorsInARow: 0,
        breach: isBreached ? extendBreach(tally.breach, at, reading.recovering === true) : undefined,
        lastValue: reading,
        serves: reading.serves,
    };
}
function addGap(tally, gap) {
    const gapsAtEnd = countGap(tally.gapsAtEnd, gap);
    const errorsInARow = gap.kind === 'error' ? tally.errorsInARow + 1 : 0;
    return {
        ...tally,
        rounds: tally.rounds + 1,
        gaps: countGap(tally.gaps, gap),
        gapsAtEnd,
        errorsInARow,
        mostErrorsInARow: Math.max(tally.mostErrorsInARow, errorsInARow),
        breach: total(gapsAtEnd) >= blindAfter ? undefined : tally.breach,
        lastGap: gap,
        serves: gap.serves,
    };
}
function countGap({ errors, noData }, { kind }) {
    return kind === 'error' ? { errors: errors + 1, noData } : { errors, noData: noData + 1 };
}
function extendBreach(breach, at, recovering) {
    if (breach === undefined)
        return { since: at, until: at };
    return recovering ? breach : { since: breach.since, until: at };
}
/**
 * Why a check did not see enough to be judged; undefined when it did.
 *
 * It did not when the last three rounds had no value, or when no more than half of all rounds had one. The reason is the
 * more frequent one among those rounds; `error` if they are even, because an error is the one that somebody has to repair.
 *
 * The limits of a check stand in the place of that: `consecutiveErrorLimit` errors in a row are put up with, and
 * `inconclusiveLimit` rounds without data of all rounds, as in Argo Rollouts' analysis.
 */
function blindnessOf({ rounds, withValue, gaps, gapsAtEnd, mostErrorsInARow }, { consecutiveErrorLimit, inconclusiveLimit } = {}) {
    if (mostErrorsInARow > (consecutiveErrorLimit ?? Number.POSITIVE_INFINITY))
        return 'error';
    if (gaps.noData > (inconclusiveLimit ?? Number.POSITIVE_INFINITY))
        return 'no-data';
    // without one value there is nothing to put up with gaps for
    if (withValue > 0 && (consecutiveErrorLimit ?? inconclusiveLimit) !== undefined)
        return undefined;
    if (total(gapsAtEnd) >= blindAfter)
        return moreFrequent(gapsAtEnd);
    return withValue * 2 <= rounds ? moreFrequent(gaps) : undefined;
}
function moreFrequent({ errors, noData }) {
    return errors >= noData ? 'error' : 'no-data';
}
function total({ errors, noData }) {
    return errors + noData;
}
/**
 * Whether a check is an issue: beyond its limit without a break for at least `forMs` (0: from the first breach on), from
 * the first to the last round that was itself beyond it. With a `failureLimit`: beyond it in more rounds than that, in a
 * row or not, as in Argo Rollouts' analysis.
 */
function isIssue({ breach, breached }, { forMs, failureLimit }) {
    if (failureLimit !== undefined)
        return breached > failureLimit;
    return breach !== undefined && breach.until - breach.since >= forMs;
}
/** Whether a check is beyond its limit for so long that it is no blip. @param persistMs from the first to the last round */
function isPersistent({ breach }, persistMs) {
    return breach !== undefined && breach.until - breach.since >= persistMs;
}
/**
 * Whether every round that had a value was beyond the limit, there were at least two of them, and enough of the watch was
 * seen to say so; with `sustainMs`, they have to be so far apart.
 */
function isSustained(tally, { sustainMs = 0 } = {}) {
    if (tally.withValue < 2 || tally.breached < tally.withValue)
        return false;
    return blindnessOf(tally) === undefined && isPersistent(tally, sustainMs);
}

;// CONCATENATED MODULE: ./lib/health/evidence.js




/**
 * What the check saw, for people:
 * `100 %, limit at most 5 %, for 30s since 12:00:00 UTC, 3 of 3 probes failed: 3 × status 500`. A value that says nothing
 * about now, because too little was seen since, is left out.
 */
function describeEvidence({ check, tally }) {
    const isOutdated = blindnessOf(tally, check) !== undefined && tally.breach === undefined;
    return [...(isOutdated ? [] : describeLastValue(check, tally)), ...describeGaps(tally)].join(', ');
}
function describeLastValue({ metric, limit }, { lastValue, breach }) {
    if (lastValue === undefined)
        return [];
    const unit = unitOf(metric);
    const parts = [formatValue(lastValue.value, unit), `limit ${describeLimit(limit, unit)}`];
    if (breach !== undefined) {
        const lasted = breach.until > breach.since ? `for ${(0,duration/* formatDuration */.a3)(breach.until - breach.since)} ` : '';
        parts.push(`${lasted}since ${value_formatTime(breach.since)}`);
    }
    if (lastValue.note !== undefined)
        parts.push(lastValue.note);
    return parts;
}
function describeGaps({ rounds, withValue, lastGap }) {
    if (lastGap === undefined)
        return [];
    return [`no value in ${rounds - withValue} of ${rounds} rounds: ${lastGap.note}`];
}

;// CONCATENATED MODULE: ./lib/health/decide.js


/**
 * The rule. A check is an *issue* while its value is beyond its limit without a break for its `forMs` (see `isIssue`).
 *
 * *unhealthy* when any critical check is an issue, or two or more high ones are; and, once the window is over, when an
 * issue was beyond its limit in every round that had a value (at least two). One that counts, and that its test called
 * bad, need not be so for the whole window but for its `persistMs`. A low check never decides that, and CPU and memory
 * never alone: they are causes, and by themselves harm nobody.
 *
 * An issue that was one before the deployment decides nothing of that. Where it would have, and the window is over, the
 * verdict is *pre-existing*: no rollback will help, somebody has to be called.
 *
 * Otherwise *not-deployed* when a check is answered by another revision than the deployed one: wait or call somebody, there is nothing to
 * roll back. Else *error* when a check could not look; else *inconclusive* when one had too little data (see `blindnessOf`) or
 * evidence, or when one that is not low is beyond its limit to the last; else *healthy*.
 *
 * An unhealthy decision is final. Any other is what it would be if the window closed now without the last part of the rule.
 */
function decide_decide({ checks, windowOver, }) {
    const issues = checks.filter(({ check, tally }) => isIssue(tally, check));
    const isNew = ({ tally }) => tally.lastValue?.before !== true;
    const harm = findHarm(issues.filter(isNew), windowOver);
    if (harm !== undefined)
        return decide_explain('unhealthy', harm.reasonCode, harm.why, harm.checks);
    const old = windowOver ? findHarm(issues, windowOver) : undefined;
    if (old !== undefined) {
        const why = `${old.why}, but was so before the deployment, so that no rollback will help`;
        return decide_explain('pre-existing', 'was-so-before', why, old.checks);
    }
    const other = checks.filter(({ tally }) => tally.serves === 'other');
    if (other.length > 0) {
        const why = 'another revision is served than the one that was deployed, so that a rollback is not the cure';
        return decide_explain('not-deployed', 'other-revision-served', why, other);
    }
    const unable = checks.filter(({ check, tally }) => blindnessOf(tally, check) === 'error');
    if (unable.length > 0)
        return decide_explain('error', 'could-not-look', 'the gate could not look', unable);
    const mixed = checks.filter(({ tally }) => tally.serves === 'mixed');
    if (mixed.length > 0) {
        return decide_explain('inconclusive', 'rollout-in-progress', 'the rollout is still in progress', mixed);
    }
    const blind = checks.filter(({ check, tally }) => blindnessOf(tally, check) === 'no-data');
    if (blind.length > 0 || checks.length === 0) {
        return decide_explain('inconclusive', 'no-data', 'there is too little data', blind);
    }
    const beyond = checks.filter(({ tally }) => tally.breach !== undefined);
    const unsettled = beyond.filter(({ check }) => check.severity !== 'low');
    if (unsettled.length > 0) {
        const why = 'a check is beyond its limit to the last, but not enough for the rule to roll back';
        return decide_explain('inconclusive', 'unsettled-issue', why, unsettled);
    }
    const open = checks.filter(({ tally }) => tally.lastValue?.call === 'open');
    if (open.length > 0) {
        return decide_explain('inconclusive', 'too-little-evidence', 'there is too little evidence', open);
    }
    if (beyond.length > 0) {
        return decide_explain('healthy', 'minor-issue', 'only low checks are beyond their limits', beyond);
    }
    return decide_explain('healthy', 'all-within-limits', 'every check is within its limit', checks);
}
/** The part of the rule that rolls back. */
function findHarm(issues, windowOver) {
    const critical = issues.filter(({ check }) => check.severity === 'critical');
    if (critical.length > 0) {
        return { reasonCode: 'critical-check', why: 'a critical check is beyond its limit', checks: critical };
    }
    const high = issues.filter(({ check }) => check.severity === 'high');
    if (high.length >= 2) {
        const why = `${high.length} high checks are beyond their limits at the same time`;
        return { reasonCode: 'two-high-checks', why, checks: high };
    }
    const harmful = issues.filter(({ check: { severity, metric } }) => severity !== 'low' && metric !== 'cpu' && metric !== 'memory');
    const persistent = harmful.filter(({ check: { persistMs }, tally }) => persistMs !== undefined && isPersistent(tally, persistMs));
    if (persistent.length > 0) {
        const why = 'a check stayed beyond its limit';
        return { reasonCode: 'persistent-issue', why, checks: persistent };
    }
    const sustained = windowOver ? harmful.filter(({ check, tally }) => isSustained(tally, check)) : [];
    if (sustained.length === 0)
        return undefined;
    const why = 'a check was beyond its limit during the whole window';
    return { reasonCode: 'sustained-issue', why, checks: sustained };
}
function decide_explain(verdict, reasonCode, why, checks) {
    const facts = checks.map((evidence) => `${evidence.check.name} (${describeEvidence(evidence)})`);
    return {
        verdict,
        reasonCode,
        because: facts.length === 0 ? why : `${why}: ${facts.join('; ')}`,
        decidedBy: checks.map(({ check }) => check.name),
    };
}

;// CONCATENATED MODULE: ./lib/health/sparkline.js
const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const drawnSamples = 20;
/** The last rounds of a check as a row of bars. */
function drawTrend({ check, samples }) {
    const values = samples
        .slice(-drawnSamples)
        .map(({ reading }) => (reading.kind === 'value' ? reading.value : undefined));
    return drawSparkline(values, Object.values(check.limit));
}
/**
 * A row of bars, one a sample, oldest first. The scale runs from the least to the greatest of zero, the values and the
 * limit's bounds, so that a flat line far below its limit looks low. A sample without a value is a gap: `·`.
 */
function drawSparkline(values, bounds) {
    const known = values.filter((value) => value !== undefined);
    const scale = [0, ...known, ...bounds].filter(Number.isFinite);
    const low = Math.min(...scale);
    const range = Math.max(...scale) - low || 1;
    return values.map((value) => (value === undefined ? '·' : bar((value - low) / range))).join('');
}
/** @param height 0..1; an infinite value is drawn as the end of the scale */
function bar(height) {
    const step = Math.min(bars.length - 1, Math.max(0, Math.floor(height * bars.length)));
    return bars[step] ?? '·';
}

;// CONCATENATED MODULE: ./lib/health/live-line.js




/**
 * What one round found, for the log while the watch lasts:
 * `12:00:15 UTC | homepage ▁▁█ 50 % over (limit at most 5 %), 1 of 3 probes failed: 1 × status 500 | errors ▁▁▁ 0.1 % ok`.
 * @param at ms since the epoch
 */
function describeRound(records, at) {
    return [value_formatTime(at), ...records.map(describeCheck)].join(' | ');
}
function describeCheck(record) {
    return `${record.check.name} ${drawTrend(record)} ${describeLatest(record)}`;
}
/** Why there is no value is told once, not in every round that it lasts. */
function describeLatest({ check, samples, warming }) {
    const reading = samples.at(-1)?.reading;
    if (reading === undefined)
        return warming === undefined ? 'not looked yet' : `warming up, ${warming.note ?? 'no value'}`;
    if (reading.kind !== 'value') {
        const isNews = samples.at(-2)?.reading.note !== reading.note;
        return isNews ? `${reading.kind}: ${reading.note}` : `${reading.kind}, as before`;
    }
    const unit = unitOf(check.metric);
    const value = formatValue(reading.value, unit);
    const state = reading_stateOf(reading, check.limit);
    if (state === 'ok')
        return `${value} ok`;
    if (state === 'undecided')
        return `${value} open, ${reading.note ?? 'too little was seen'}`;
    const over = `${value} over (limit ${describeLimit(check.limit, unit)})`;
    return reading.note === undefined ? over : `${over}, ${reading.note}`;
}

;// CONCATENATED MODULE: ./lib/health/record.js
/** How many of the latest samples of a check are kept: those that people can still look at. */
const keptSamples = 120;

;// CONCATENATED MODULE: ./lib/health/report.js







/** The same before a deployment: what is unhealthy was so before, and no rollback helps. */
function beforeDeployment(report) {
    return report.verdict === 'unhealthy' ? { ...report, verdict: 'pre-existing' } : report;
}
/** The names of the checks that are issues now. */
function issuesOf({ checks }) {
    return checks.filter(({ issue }) => issue).map(({ name }) => name);
}
/** The worst severity among the issues. */
function worstSeverity({ checks }) {
    const found = checks.filter(({ issue }) => issue).map(({ severity }) => severity);
    return severities.find((each) => found.includes(each)) ?? 'none';
}
/** Every sample that is kept, one record each, as programs that draw or count them want it. */
function listSamples({ checks }) {
    return checks.flatMap(({ name, samples }) => samples.map((sample) => ({ check: name, ...sample })));
}
/** Makes the report of a watch that ended. Times in ms since the epoch. */
function reportGate({ records, decision, startedAt, endedAt, ...rest }) {
    const firstFailureAt = findFirstFailure(records, decision);
    return {
        schema: 1,
        ...decision,
        startedAt: toIso(startedAt),
        endedAt: toIso(endedAt),
        ...(firstFailureAt !== undefined && { firstFailureAt: toIso(firstFailureAt) }),
        ...rest,
        checks: records.map(reportCheck),
    };
}
function findFirstFailure(records, { verdict, decidedBy }) {
    const starts = records
        .filter(({ check }) => verdict !== 'unhealthy' || decidedBy.includes(check.name))
        .flatMap(({ tally }) => tally.breach?.since ?? []);
    return starts.length === 0 ? undefined : Math.min(...starts);
}
function reportCheck(record) {
    const { check, looksAt, tally, samples } = record;
    const { name, type, severity, metric, limit, forMs } = check;
    const unit = unitOf(metric);
    const { lastValue, breach } = tally;
    const issue = isIssue(tally, check);
    return {
        name,
        type,
        severity,
        ...(metric !== undefined && { metric }),
        looksAt,
        state: issue ? 'breached' : currentState(record),
        issue,
        preExisting: issue && lastValue?.before === true,
        thresholdOnly: lastValue?.call === undefined,
        ...(lastValue !== undefined && {
            ...finite(lastValue.value),
            valueText: formatValue(lastValue.value, unit),
        }),
        unit,
        limit: { ...limit, text: describeLimit(limit, unit) },
        forMs,
        ...(breach !== undefined && { failingSince: toIso(breach.since) }),
        failures: lastValue?.counts ?? { bad: tally.breached, of: tally.withValue },
        roundsWithoutValue: tally.rounds - tally.withValue,
        trend: drawTrend(record),
        samples: samples.map(({ at, reading }) => ({
            at: toIso(at),
            state: reading_stateOf(reading, limit),
            ...(reading.kind === 'value' && {
                ...finite(reading.value),
                ...(reading.counts && { counts: reading.counts }),
            }),
        })),
        evidence: describeEvidence(record),
    };
}
function currentState({ check, tally }) {
    const blindness = blindnessOf(tally, check);
    if (blindness !== undefined)
        return blindness;
    if (tally.breach !== undefined)
        return 'breached';
    return tally.lastValue?.call === 'open' ? 'undecided' : 'ok';
}
function finite(value) {
    return Number.isFinite(value) ? { value } : {};
}
function toIso(at) {
    return new Date(at).toISOString();
}

;// CONCATENATED MODULE: ./lib/health/statistics/alpha.js
/**
 * Splits the gate's chance of a false alarm over its checks, so that all together stay within it (Bonferroni): what a check
 * says it takes, it gets; the others share the rest evenly.
 * @param wanted by check: the share that it asks for, or undefined
 * @throws RangeError when they ask for more than there is, or leave nothing for the others
 */
function splitAlpha(alpha, wanted) {
    const taken = wanted.reduce((sum, each) => sum + (each ?? 0), 0);
    const others = wanted.filter((each) => each === undefined).length;
    const left = alpha - taken;
    // sums of decimal fractions are a little off
    if (left < -1e-12 || (others > 0 && left <= 1e-12)) {
        throw new RangeError(`checks ask for ${taken} of ${alpha}`);
    }
    return wanted.map((each) => each ?? left / others);
}

;// CONCATENATED MODULE: ./lib/health/gate.js












const nothing = new Set();
/**
 * Watches production after a deployment and decides whether the deployment hurts it. The rule is in `decide`.
 *
 * All checks look at the same moment, every `intervalMs` from the start on; a round that takes longer makes the watch
 * skip the rounds it ran into, never overlap them. The watch ends as soon as the verdict can no longer change: when it is
 * unhealthy, or no check will ever have a value; else with the last round that fits into `windowMs`, whose looks may
 * still take their time-out.
 * @throws InputError before the first round, when there is no check or one that can never look
 * @throws the signal's reason, when the caller aborted
 */
async function watchHealth(input) {
    const { checks, windowMs, intervalMs, env, now, sleep, log, signal } = input;
    const secrets = target_secretsOf(checks, env);
    const hide = (text) => toShortLine((0,redact/* redact */.E$)(input.redact(text), secrets));
    let watched = prepareChecks(input, hide);
    // read before the first round, so that no round waits for it
    const passed = (checks.some(({ type }) => refusal_probes.has(type)) && (await input.passedBefore?.())) || nothing;
    watched = watched.map((each) => ({ ...each, hasPassed: passed.has(each.check.name) }));
    const calledAt = now();
    const startedAt = calledAt - (input.lookBackMs ?? 0);
    const look = async (each, at) => {
        if (at < calledAt && each.remembers !== true)
            return each;
        if (at - startedAt < each.check.initialDelayMs)
            return warmUp({ watched: each, at, signal, hide });
        return lookOnce({ watched: each, at, signal, hide, needsPass: input.needsPass ?? false });
    };
    for (let rounds = 1, at = startedAt;; rounds += 1) {
        watched = await lookTogether(watched, (each) => look(each, at), input);
        log(describeRound(watched, at));
        const next = at < calledAt ? at + intervalMs : nextRound({ after: at, intervalMs, now: now() });
        const windowOver = next > startedAt + windowMs ||
            watched.every(isHopeless) ||
            (input.healthyEarly && watched.every(isGood)) ||
            watched.every((each) => isSettled(each, input.settledAfterMs));
        const decision = decide_decide({ checks: watched, windowOver });
        if (windowOver || decision.verdict === 'unhealthy') {
            return reportGate({
                records: watched,
                decision,
                startedAt,
                endedAt: now(),
                windowMs,
                intervalMs,
                rounds,
            });
        }
        if (next > now())
            await sleep(next - now());
        at = next;
    }
}
function prepareChecks(input, hide) {
    const { checks, windowMs, intervalMs } = input;
    if (checks.length === 0)
        throw new lib_errors/* InputError */.dz('there is no health check to decide from: add one');
    // a breach can be seen to last until the last round, which is before the window's end where the interval does not divide it
    const longestMs = Math.floor(windowMs / intervalMs) * intervalMs;
    const plannedPolls = longestMs / intervalMs + 1;
    const alphas = shareAlpha(checks, input.alpha);
    return checks.map((agreed, index) => {
        const watchedMs = Math.max(0, longestMs - agreed.initialDelayMs);
        const check = { ...agreed, forMs: Math.min(agreed.forMs, watchedMs), ...persistenceOf(agreed, input) };
        const surroundings = { ...input, plannedPolls, alpha: alphas[index] ?? input.alpha };
        const { at, look, remembers = false } = prepareCheck(check, surroundings);
        const isWarmedUp = check.initialDelayMs > 0 && refusal_probes.has(check.type);
        // one that sees no more than the end of the window cannot say that it was beyond its limit for all of it
        const seesEnd = input.lookBackMs !== undefined && input.lookBackMs > 0 && !remembers;
        return {
            check: { ...check, ...(seesEnd && { sustainMs: windowMs }) },
            look,
            warmUp: isWarmedUp ? prepareCheck(check, surroundings).look : undefined,
            remembers,
            looksAt: hide(at),
            hasPassed: false,
            tally: emptyTally,
            samples: [],
        };
    });
}
/** Checks that count, and may decide, share the gate's chance of a false alarm; one that is low decides nothing. */
function shareAlpha(checks, alpha) {
    const isSharing = (check) => 'method' in check && check.method === 'sequential' && check.severity !== 'low';
    const wanted = checks.filter(isSharing).map((check) => ('alpha' in check ? check.alpha : undefined));
    try {
        const shares = [...splitAlpha(alpha, wanted)];
        return checks.map((check) => (isSharing(check) ? (shares.shift() ?? alpha) : alpha));
    }
    catch (error) {
        if (!(error instanceof RangeError))
            throw error;
        throw new lib_errors/* InputError */.dz(`the checks' own alpha leave nothing of the gate's ${alpha} for the others; write smaller ones, or a greater alpha of the gate`);
    }
}
/** Evidence from counts needs no whole window: a high check has to stay two intervals, a medium one half of the window. */
function persistenceOf(check, { intervalMs, windowMs }) {
    if (!('method' in check) || check.method !== 'sequential' || check.severity === 'low')
        return {};
    return { persistMs: check.severity === 'high' ? 2 * intervalMs : windowMs / 2 };
}
/** All looks of a round, a bounded number of them at a time, in the order of the checks. */
async function lookTogether(watched, look, { concurrency = watched.length, jitterMs = 0, random = () => 0, sleep }) {
    const looked = [...watched];
    const waiting = watched.entries();
    const lookOneByOne = async () => {
        for (const [index, each] of waiting) {
            if (jitterMs > 0)
                await sleep(Math.floor(random() * jitterMs));
            looked[index] = await look(each);
        }
    };
    await Promise.all(Array.from({ length: Math.max(1, concurrency) }, lookOneByOne));
    return looked;
}
async function lookOnce(input) {
    const { watched, at, signal, hide } = input;
    const found = applyGapRules(gate_evidenceOf(await watched.look(at, signal), watched, input.needsPass), watched.check);
    const reading = found.note === undefined ? found : { ...found, note: hide(found.note) };
    const tally = addReading({ tally: watched.tally, reading, at, limit: watched.check.limit });
    const hasPassed = watched.hasPassed || reading_stateOf(reading, watched.check.limit) === 'ok';
    return { ...watched, hasPassed, tally, samples: [...watched.samples, { at, reading }].slice(-keptSamples) };
}
/**
 * A look during the `initial-delay`: the service gets the same requests as later, so that what is slow or fails only at first does so
 * now. The log shows it; it is not judged, but a probe that passes has passed.
 */
async function warmUp({ watched, at, signal, hide, }) {
    const found = await watched.warmUp?.(at, signal);
    if (found === undefined)
        return watched;
    const reading = found.note === undefined ? found : { ...found, note: hide(found.note) };
    const hasPassed = watched.hasPassed || reading_stateOf(reading, watched.check.limit) === 'ok';
    return { ...watched, hasPassed, warming: reading };
}
/** A failed probe is evidence only of what has been seen to pass: in this watch, or before in this environment. */
function gate_evidenceOf(reading, { check, hasPassed: passed }, needsPass) {
    const isFailedProbe = refusal_probes.has(check.type) && reading.kind === 'value' && reading_stateOf(reading, check.limit) === 'breached';
    return isFailedProbe ? withoutFirstPass(reading, { passed, needsPass }) : reading;
}
/**
 * The first moment of the grid that is not past. Rounds carry the time of the grid and not of the clock, so that a timer
 * that fires a few ms early or late makes no difference to how long something lasted.
 */
function nextRound({ after, intervalMs, now, }) {
    return after + Math.max(1, Math.ceil((now - after) / intervalMs)) * intervalMs;
}
/** What the check's own rules make of a round without a value. */
function applyGapRules(found, { onError, onNoData }) {
    let reading = found;
    if (reading.kind === 'error' && onError === 'fail')
        return asFailure(reading.note);
    if (reading.kind === 'error' && onError === 'ignore')
        reading = { kind: 'no-data', note: reading.note };
    if (reading.kind !== 'no-data' && !(reading.kind === 'value' && isNoNumber(reading)))
        return reading;
    const note = reading.note ?? 'the value is not a number';
    if (onNoData === 'fail')
        return asFailure(note);
    return onNoData === 'pass'
        ? { kind: 'value', value: Number.NaN, call: 'good', note: `no data, which is fine here: ${note}` }
        : reading;
}
function isNoNumber({ value, call }) {
    return Number.isNaN(value) && call === undefined;
}
function asFailure(note) {
    return {
        kind: 'value',
        value: Number.NaN,
        call: 'bad',
        note: `no value, which counts as a failure here: ${note}`,
    };
}
/** True for a check that counts, and whose counts say that all is well. */
function isGood({ check, tally }) {
    return 'method' in check && check.method === 'sequential' && tally.lastValue?.call === 'good';
}
/** True for a check that was within its limit for so long without a break, up to now; one that counts has to be good. */
function isSettled({ check, tally, samples }, afterMs) {
    if (afterMs === undefined)
        return false;
    if (check.severity === 'low')
        return true;
    if (tally.serves !== undefined)
        return false;
    const isCounting = tally.lastValue?.call !== undefined;
    if (isCounting && tally.lastValue?.call !== 'good')
        return false;
    const broken = samples.findLastIndex(({ reading }) => reading_stateOf(reading, check.limit) !== 'ok');
    const [first, last] = [samples[broken + 1], samples.at(-1)];
    return first !== undefined && last !== undefined && last.at - first.at >= afterMs;
}
/** True for a check that never had a value and has an error that asking again will not change. */
function isHopeless({ tally: { withValue, lastGap } }) {
    return withValue === 0 && lastGap?.kind === 'error' && lastGap.permanent === true;
}
/** One line, and short: an error of a server can be as long as the query. */
function toShortLine(text) {
    const longest = 500;
    const line = text.replace(/[\s\p{Cc}]+/gu, ' ');
    return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

;// CONCATENATED MODULE: ./lib/health/recovery.js




/** Three tries half a minute apart, then five minutes. */
const defaultRecovery = { upTries: 3, upPauseMs: 30_000, betterMs: 300_000 };
/** What a recovery comes to, in the words of a verdict. */
function verdictOf({ outcome, up }) {
    const verdicts = { recovered: 'healthy', 'not-recovered': 'unhealthy', unknown: 'inconclusive' };
    return { verdict: verdicts[outcome], reasonCode: up === false ? 'not-up' : outcome };
}
/** These count what the bad release did, all of it, and go on saying so when it is gone. */
const boundToRelease = new Set(['sentry', 'codepush']);
/** The checks that can see whether a rollback helped. */
function checksAfterRollback(checks) {
    return checks.filter(({ type }) => !boundToRelease.has(type));
}
/**
 * Looks whether a rollback helped. First *is it up*: all probes in one round, tried again after a pause. Then *is it better*: all
 * checks, until each has been within its limit for two intervals and those that count are good, or the time is over. What is
 * called bad in between is looked at afresh, because a metric over the last minutes still remembers what was rolled back.
 * Ends as soon as the answer is known. Counts begin with the call; nothing is compared with the hour before it.
 * @throws InputError when there is no check that can see it, or one that can never look
 * @throws the signal's reason, when the caller aborted
 */
async function verifyRecovery(input) {
    const checks = checksAfterRollback(input.checks);
    const probing = checks
        .filter(({ type }) => refusal_probes.has(type))
        .map((check) => ({ ...check, initialDelayMs: 0 }));
    const up = await waitUntilUp({ ...input, checks: probing });
    if (up.report !== undefined)
        return recovery_conclude(input, up, up.report, whyNotUp(up, up.report));
    // those that were just seen to pass may well fail again, and that is evidence
    const passedBefore = async () => new Set([
        ...((await input.passedBefore?.()) ?? []),
        ...(up.up === true ? probing : []).map(({ name }) => name),
    ]);
    const report = await waitUntilBetter({ ...input, passedBefore, checks });
    const asked = up.tries > 1 ? ` on try ${up.tries}` : '';
    const was = up.tries === 0 ? '' : `it is up${asked}, and `;
    return recovery_conclude(input, { ...up, outcome: recovery_outcomeOf(report) }, report, `${was}${report.because}`);
}
function recovery_outcomeOf({ verdict }) {
    if (verdict === 'healthy')
        return 'recovered';
    return verdict === 'unhealthy' ? 'not-recovered' : 'unknown';
}
async function waitUntilUp(input) {
    const { checks, settings, sleep, log } = input;
    if (checks.length === 0)
        return { outcome: 'unknown', tries: 0 };
    for (let tries = 1;; tries += 1) {
        log(`is it up? try ${tries} of ${settings.upTries}`);
        const report = await watchHealth({ ...input, ...notCompared, windowMs: 0 });
        const wrong = report.checks.filter(({ severity, state }) => severity !== 'low' && state !== 'ok');
        if (wrong.length === 0)
            return { outcome: 'unknown', up: true, tries };
        if (tries >= settings.upTries) {
            const isDown = wrong.some(({ state }) => state === 'breached');
            return isDown
                ? { outcome: 'not-recovered', up: false, tries, report }
                : { outcome: 'unknown', tries, report };
        }
        await sleep(settings.upPauseMs);
    }
}
async function waitUntilBetter(input) {
    const { settings, intervalMs, now, sleep, log } = input;
    const deadline = now() + settings.betterMs;
    for (let look = 1;; look += 1) {
        const windowMs = Math.max(0, deadline - now());
        log(`is it better? look ${look}, for ${(0,duration/* formatDuration */.a3)(Math.ceil(windowMs / 1000) * 1000)} at most`);
        const report = await watchHealth({
            ...input,
            ...notCompared,
            windowMs,
            settledAfterMs: 2 * intervalMs,
        });
        // one more look has to be long enough to find it well
        if (report.verdict !== 'unhealthy' || now() + 3 * intervalMs > deadline)
            return report;
        await sleep(intervalMs);
    }
}
const notCompared = { deployedAt: undefined, limitOnly: true, healthyEarly: false };
function recovery_conclude({ seenBefore }, { outcome, up, tries }, report, why) {
    const pairs = report.checks.map((check) => {
        const before = seenBefore.find(({ name }) => name === check.name)?.value;
        return { check, before };
    });
    const changes = pairs.flatMap(({ check, before }) => describeChange(check, before));
    return {
        outcome,
        ...(up !== undefined && { up }),
        because: [why, ...changes].join('; '),
        tries,
        report,
        checks: pairs.map(({ check: { name, value: after }, before }) => ({
            name,
            ...(before !== undefined && { before }),
            ...(after !== undefined && { after }),
        })),
    };
}
function whyNotUp({ up, tries }, report) {
    const told = `after ${tries} ${tries === 1 ? 'try' : 'tries'}: ${describeWrong(report)}`;
    return up === false ? `it is not up ${told}` : `it could not be looked at ${told}`;
}
function describeWrong({ checks }) {
    const wrong = checks.filter(({ severity, state }) => severity !== 'low' && state !== 'ok');
    return wrong.map(({ name, evidence }) => `${name} (${evidence})`).join('; ');
}
/** Only of those that were wrong or changed: `errors went from 31 % to 0.2 %`. */
function describeChange({ name, value, unit }, before) {
    if (before === undefined || value === undefined || before === value)
        return [];
    return [`${name} went from ${formatValue(before, unit)} to ${formatValue(value, unit)}`];
}

;// CONCATENATED MODULE: ./lib/rollback/production.js




/** Production as the configured checks observe it. @param withinMs how long it may take until it is known to be better */
function observeProduction(observer, { environment, revision, withinMs, }) {
    const subjectWith = (restored) => subjectAfterRollback(environment, { failed: revision, restored });
    return {
        unseen: 'no check is configured under health.checks',
        assess: (restored) => assessNow(observer, restored.length === 0 ? { environment, revisions: [revision] } : subjectWith(restored)),
        verify: (restored, events) => production_verifyRecovery(observer, { withinMs, events, subject: subjectWith(restored) }),
    };
}
/** Production where nothing observes it: what a run ends with is not said of production. */
function unobserved(unseen) {
    return {
        unseen,
        assess: async () => undefined,
        verify: async () => ({ outcome: 'unknown', because: unseen, looked: false }),
    };
}
/**
 * One round of all checks: whether production is failing at this moment. Undefined where no check is configured.
 * @param subject which revision has to be served; undefined for any
 */
async function assessNow(observer, subject) {
    if (observer.health.checks.length === 0)
        return undefined;
    const { verdict, because } = await watchHealth({
        ...observer,
        ...production_settingsOf(observer),
        subject,
        windowMs: 0,
        intervalMs: observer.health.intervalMs,
        healthyEarly: true,
        deployedAt: undefined,
    });
    return { verdict, because };
}
/**
 * Looks whether the rollback helped: whether production is up, and whether it is better. Ends as soon as that is known.
 * @param withinMs how long it may take until it is known to be better
 * @param events of the incident: what the checks showed when the deployment was called bad
 * @param subject which revision has to be served
 */
async function production_verifyRecovery(observer, { withinMs, events, subject, }) {
    if (checksAfterRollback(observer.health.checks).length === 0)
        return { outcome: 'unknown', because: 'no check is configured under health.checks', looked: false };
    const called = events.findLast((event) => event.kind === 'health-checked' && event.verdict === 'unhealthy');
    const { outcome, because } = await verifyRecovery({
        ...observer,
        ...production_settingsOf(observer),
        subject,
        intervalMs: Math.min(observer.health.intervalMs, Math.max(withinMs, production_shortestIntervalMs)),
        settings: {
            ...defaultRecovery,
            upPauseMs: Math.min(defaultRecovery.upPauseMs, withinMs / 4),
            betterMs: withinMs,
        },
        seenBefore: called?.kind === 'health-checked' ? called.checks : [],
    });
    return { outcome, because, looked: true };
}
/** The variables that the checks read secrets from hold no secret that may be shown. */
function secretsOfChecks({ health, env }) {
    return target_secretsOf(health.checks, env);
}
/** As short as the settings may have it. */
const production_shortestIntervalMs = 100;
function production_settingsOf({ health: { checks, timeoutMs, alpha } }) {
    return { checks, timeoutMs, alpha };
}

;// CONCATENATED MODULE: ./lib/github/environments.js

/**
 * Whether only some branches or tags may deploy to an environment. One that does not exist has no such rule.
 * https://docs.github.com/en/rest/deployments/environments#get-an-environment
 */
async function limitsRefs({ octokit, owner, repo }, environment) {
    const need = { doing: `read the rules of the environment ${environment}`, permission: 'actions: read' };
    return refusal_explained(need, async () => {
        try {
            const { data } = await octokit.rest.repos.getEnvironment({ owner, repo, environment_name: environment });
            return (data.deployment_branch_policy ?? null) !== null;
        }
        catch (error) {
            if (refusal_isRefused(error, 'not-found'))
                return false;
            throw error;
        }
    });
}

;// CONCATENATED MODULE: ./lib/deployment/choose-ref.js





/**
 * The ref on which the workflow that deploys is started. A branch may move at any moment, and the run is for what it is at
 * then; a tag is always the same commit. Not every workflow can run on a tag, though: the rules of the environment may
 * forbid it, or its own conditions ask for the branch, and such a run would succeed and deploy nothing.
 * @throws ConflictError when it has to be the branch, and that is at another commit
 */
async function chooseRef(repository, wanted) {
    const { branch, commit, tag, isNamed } = wanted;
    if (tag !== undefined && (await canRunOnTag(repository, wanted, tag)))
        return tag;
    if (isNamed)
        return branch;
    const head = await readRef(repository, `heads/${branch}`);
    if (head === commit)
        return branch;
    throw new lib_errors/* ConflictError */.fK(`${wanted.workflow} is not started: ${branch} is at ${head?.slice(0, 7) ?? 'no commit'}, and no longer at ${commit.slice(0, 7)}, so it would deploy another revision; check what was pushed, and run this again, or deploy ${commit} yourself`);
}
async function canRunOnTag(repository, { workflow, commit, environment }, tag) {
    try {
        const [marked, isLimited, file] = await Promise.all([
            resolveRevision(repository, `tags/${tag}`),
            environment === undefined ? false : limitsRefs(repository, environment),
            readFile(repository, { path: `.github/workflows/${workflow}`, ref: commit }),
        ]);
        return marked === commit && !isLimited && file !== undefined && !asksForRef(file.text);
    }
    catch (error) {
        // what may not be read may forbid it
        if (error instanceof lib_errors/* RefusedError */.fk)
            return false;
        throw error;
    }
}
/** True for a workflow whose conditions, names or groups depend on the branch it runs on. */
function asksForRef(text) {
    return /github\.(?:ref|head_ref|base_ref)\b|github\.ref_|GITHUB_REF|refs\/(?:heads|tags)/.test(text);
}

;// CONCATENATED MODULE: ./lib/deployment/wait-for-run.js




/** A short run is not made to look like a long one: the first pauses are shorter. */
const firstPollMs = 1_000;
const pollMs = 5_000;
/** A hosted runner takes a job within seconds. */
const usualQueueMs = 30_000;
/** How often it is asked anew what a run waits for. */
const askAgainMs = 30_000;
/**
 * Waits until a run has ended, and says what it waits for: another run of its concurrency group, a reviewer, a runner.
 * @returns the run, completed with success
 * @throws ConflictError when it runs at another commit; InputError when it ends in another way, or waits for the run that
 *   waits here; UnavailableError when it takes too long
 */
async function waitForRun(repository, { id, what, ownRun, timeoutMs, commit }, { say, sleep, now }) {
    const startedAt = now();
    let shown = '';
    let asked = { status: '', at: 0, waits: '' };
    for (let poll = 1;; poll += 1) {
        const run = await readRun(repository, id);
        if (commit !== undefined && run.sha !== commit)
            throw new lib_errors/* ConflictError */.fK(`${what} runs at ${run.sha.slice(0, 7)}, and not at ${commit.slice(0, 7)}: somebody pushed in between, and that revision is deployed; see ${run.url}, and run this again once the run has ended`);
        if (run.status === 'completed') {
            say(`${what}: completed with ${run.conclusion ?? 'no conclusion'}, ${run.url}`);
            if (run.conclusion === 'success')
                return run;
            throw new lib_errors/* InputError */.dz(`${what} ${endingOf(run)}: see ${run.url}, fix the cause and run it again`);
        }
        const at = now();
        if (run.status !== asked.status || at - asked.at >= askAgainMs)
            asked = {
                status: run.status,
                at,
                waits: await whatItWaitsFor(repository, run, { what, ownRun, queuedMs: at - startedAt }),
            };
        const line = `${what}: ${run.status}${asked.waits}`;
        if (line !== shown)
            say(`${line}, ${run.url}`);
        shown = line;
        const pauseMs = Math.min(pollMs, firstPollMs * poll);
        if (now() + pauseMs > startedAt + timeoutMs)
            throw new lib_errors/* UnavailableError */.hG(`${what} is still ${run.status} after ${(0,duration/* formatDuration */.a3)(timeoutMs)}${asked.waits}: see ${run.url}`);
        await sleep(pauseMs);
    }
}
const wait_for_run_endings = {
    cancelled: 'was cancelled, manually or because a newer run of its concurrency group took its place',
    action_required: 'requires the approval of a maintainer before it runs',
    startup_failure: 'could not be started: its workflow file is not valid',
    skipped: 'did nothing: the `if` of each of its jobs was false',
    timed_out: 'was stopped because it took longer than its `timeout-minutes`',
    stale: 'was given up by GitHub',
};
function endingOf({ conclusion }) {
    return wait_for_run_endings[conclusion ?? ''] ?? `ended with ${conclusion ?? 'no conclusion'}`;
}
/** A clause that begins with a comma; '' when it waits for nothing, or for what may not be seen. @throws InputError when it waits for this very run */
async function whatItWaitsFor(repository, { id, status, url }, { what, ownRun, queuedMs }) {
    const ask = async () => {
        if (status === 'pending')
            return await runsBefore(repository, id);
        if (status === 'waiting')
            return await reviewersOf(repository, id);
        return status === 'queued' && queuedMs >= usualQueueMs ? await missingRunner(repository, id) : '';
    };
    const waits = await ask().catch((error) => {
        // the run goes on all the same
        if ((0,lib_errors/* isUserFacing */.Qx)(error))
            return '';
        throw error;
    });
    if (typeof waits === 'string')
        return waits;
    const { group, ahead } = waits;
    if (ahead.some((each) => each.id === ownRun))
        throw new lib_errors/* InputError */.dz(`${what} waits for the concurrency group "${group}", which this run holds: it starts when this run has ended, see ${url}. Run the rollback again then, to verify it. To prevent this, set \`concurrency\` on the job that deploys, not on the workflow, and on no job that rolls back`);
    const names = ahead.map((each) => `${each.name} (${each.url})`).join(' and ');
    return `, behind ${names} in the concurrency group "${group}"`;
}
async function runsBefore(repository, run) {
    const groups = await groupsOf(repository, run);
    if (groups === undefined)
        return ', behind another run of its concurrency group, which this server does not report';
    for (const { name, state } of groups) {
        if (state !== 'pending')
            continue;
        const ahead = await runsAhead(repository, { name, run });
        if (ahead.length > 0)
            return { group: name, ahead };
    }
    return '';
}
async function reviewersOf(repository, run) {
    const waits = (await pendingReviews(repository, run)).map(({ environment, reviewers, waitMinutes }) => reviewers.length > 0
        ? `the approval of ${reviewers.join(' or ')} for the environment ${environment}`
        : waitMinutes > 0
            ? `the wait timer of the environment ${environment} (${waitMinutes} min)`
            : `a protection rule of the environment ${environment}`);
    return waits.length === 0 ? '' : `, for ${waits.join(' and ')}`;
}
async function missingRunner(repository, run) {
    const jobs = (await queuedJobs(repository, run)).map(({ name, labels }) => `${name} (${labels.join(', ') || 'any runner'})`);
    return jobs.length === 0 ? '' : `, for a runner to take ${jobs.join(' and ')}`;
}

;// CONCATENATED MODULE: ./lib/deployment/redeploy.js







/** How often a server that does not report which run it started is asked for it, a second apart: GitHub takes up to ten. */
const looks = 15;
/**
 * Deploys the restored revision by the repository's own workflow, and waits for its run: pushes made with GITHUB_TOKEN do
 * not trigger workflows.
 * @param tools `say` gets a line when the run starts, and each time what it waits for changes
 * @returns the run, completed with success; undefined where the server does not report which run it started
 * @throws ConflictError when another revision would be deployed, or was; InputError when the run would end this one, waits for it, or ends without success; UnavailableError when it takes too long
 */
async function redeploy(repository, redeployment, tools) {
    const { workflow, branch, tag, environment, commit, inputs, again = false, timeoutMs } = redeployment;
    const ownRun = redeployment.ownRun === undefined ? undefined : Number(redeployment.ownRun);
    const isNamed = Object.values(inputs).some((value) => value.includes(commit));
    try {
        const earlier = again ? undefined : await findDispatchedRun(repository, { workflow, commit });
        const wanted = { workflow, branch, commit, tag, environment, isNamed };
        const ref = earlier?.ref ?? (await chooseRef(repository, wanted));
        const dispatch = { workflow, ref, inputs };
        const what = `${workflow} on ${ref}`;
        const conflict = earlier !== undefined || ownRun === undefined
            ? undefined
            : await groupThatEnds(repository, dispatch, ownRun);
        if (earlier === undefined && conflict !== undefined)
            throw new lib_errors/* InputError */.dz(`${what} is not started: it has \`cancel-in-progress\` for the concurrency group "${conflict}", which this run holds, and would cancel this run. Run ${workflow} now; to prevent this, set \`concurrency\` on the job that deploys, not on the workflow, and on no job that rolls back`);
        const id = earlier?.id ?? (await start(repository, dispatch, tools));
        if (id === undefined) {
            tools.say(`${what} is started; this server does not report which run it is, so it is not waited for`);
            return undefined;
        }
        const expected = isNamed ? undefined : commit;
        const run = await waitForRun(repository, { id, what, ownRun, timeoutMs, commit: expected }, tools);
        return { ...run, revision: isNamed ? commit : run.sha };
    }
    catch (error) {
        throw redeploy_notDeployed(error);
    }
}
/** The same error, with what is true of the branch by now. */
function redeploy_notDeployed(error) {
    const kind = [lib_errors/* InputError */.dz, lib_errors/* RefusedError */.fk, lib_errors/* UnavailableError */.hG, lib_errors/* ConflictError */.fK].find((each) => error instanceof each);
    return kind === undefined
        ? error
        : new kind((0,lib_errors/* message */.iU) `the code is rolled back, but not deployed: ${error}`, { cause: error });
}
async function start(repository, dispatch, { sleep }) {
    const dispatched = await dispatchWorkflow(repository, dispatch);
    if (dispatched.id !== undefined)
        return dispatched.id;
    for (let look = 1; look <= looks; look += 1) {
        const found = await findStartedRun(repository, dispatch, dispatched);
        if (found !== undefined)
            return found;
        await sleep(1_000);
    }
    return undefined;
}
/** The concurrency group that this run holds and that a run of the workflow would take over, ending this one. */
async function groupThatEnds(repository, { workflow, ref }, ownRun) {
    const path = `.github/workflows/${workflow}`;
    const [groups, file] = await Promise.all([
        // what may not be seen keeps nobody from deploying
        groupsOf(repository, ownRun).catch(ignoreRefusal),
        readFile(repository, { path, ref }).catch(ignoreRefusal),
    ]);
    if (file === undefined)
        return undefined;
    const run = {
        workflow: nameOfWorkflow(file.text, path),
        branch: ref,
        repository: `${repository.owner}/${repository.repo}`,
    };
    const ending = declaredGroups(file.text).filter(({ cancelsRunning }) => cancelsRunning);
    return groups?.find(({ name, state }) => state === 'holds' && ending.some((each) => isInGroup(each, name, run)))?.name;
}
function ignoreRefusal(error) {
    if ((0,lib_errors/* isUserFacing */.Qx)(error))
        return undefined;
    throw error;
}

;// CONCATENATED MODULE: ./lib/deployment/restored.js





/**
 * Looks for what shows that a restored revision is deployed now: a deployment that succeeded, or a completed run of the workflow
 * that deploys. What was deployed later counts against it, unless it has the restored revision in its history and not the failed
 * one on top of it.
 * @param commit full id of the restored revision
 * @param bad the failed revision, when the restored one was deployed before it: only what came after its deployment counts
 */
async function findRestored(repository, { environment, workflow, commit, bad, }) {
    const [run, current, failed] = await Promise.all([
        findDispatchedRun(repository, { workflow, commit }),
        visible(findDeployed(repository, environment)),
        bad === undefined ? undefined : visible(restored_newestDeployment(repository, { environment, revision: bad })),
    ]);
    const counts = ({ createdAt }) => failed === undefined || createdAt >= failed.createdAt;
    if (current !== undefined && counts(current)) {
        const isIt = current.revision === commit;
        // an older revision that is restored as it was is in the history of the failed one, too
        if (isIt ||
            (bad === undefined && (await isAncestor(repository, { older: commit, newer: current.revision })))) {
            const evidence = `the newest successful deployment of ${environment} is ${current.revision.slice(0, 7)}`;
            return { state: 'deployed', revision: current.revision, url: run?.url ?? '', evidence };
        }
    }
    if (run?.conclusion !== 'success')
        return { state: 'not-deployed' };
    if (!counts(run) || (current !== undefined && current.createdAt > run.createdAt))
        return { state: 'superseded' };
    return {
        state: 'deployed',
        revision: commit,
        url: run.url,
        evidence: `${workflow} deployed it: ${run.url}`,
    };
}
/** However it ended. */
async function restored_newestDeployment(repository, of) {
    for await (const deployment of listDeployments(repository, of))
        return deployment;
    return undefined;
}
/** A token that may not see deployments sees none: the runs of the workflow remain. */
async function visible(deployment) {
    try {
        return await deployment;
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return undefined;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/rollback/redeployment.js



/** By a workflow of the repository. */
function deployBy(repository, settings, { environment, branch, older, run: ownRun, log, sleep, now, }) {
    const { workflow, timeoutMs } = settings;
    const find = (commit) => findRestored(repository, { environment, workflow, commit, bad: older });
    return {
        find,
        deploy: async ({ now: commit, outcome, tag }) => {
            // what was restored a moment ago is not deployed yet
            const isFresh = outcome === 'rolled-back';
            const seen = isFresh ? undefined : await find(commit);
            if (seen?.state === 'deployed') {
                log(`deployed already: ${seen.evidence}`);
                return { revision: seen.revision, workflow, url: seen.url };
            }
            const inputs = fillRevision(settings.inputs, commit);
            const again = isFresh ? older !== undefined : seen?.state === 'superseded';
            const wish = { workflow, branch, tag, environment, commit, again, inputs, timeoutMs, ownRun };
            const run = await redeploy(repository, wish, { say: log, sleep, now });
            if (run === undefined)
                throw new lib_errors/* UnavailableError */.hG(`${workflow} was started, and this server does not return which run that is: check it, and run the rollback again once ${commit.slice(0, 7)} is deployed`);
            return { revision: run.revision, workflow, url: run.url };
        },
    };
}
/** The inputs of a workflow that deploys, with the revision in the place of `{revision}`. */
function fillRevision(inputs, revision) {
    return Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, value.replaceAll('{revision}', revision)]));
}

;// CONCATENATED MODULE: ./lib/rollback/strategy.js

/**
 * Chooses the layers: those that were asked for, else those of the issue's type.
 * @param wanted the caller's own list; empty for none
 * @param available layers that are configured
 * @throws InputError when a layer that was asked for is not configured, naming those that are
 */
function chooseLayers({ wanted, issueType, strategies, available, }) {
    if (wanted.length > 0)
        return demand(wanted, available, (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('layers')}`);
    const own = strategies[issueType];
    if (own !== undefined)
        return demand(own, available, (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)(`rollback.strategies.${issueType}`)}`);
    return defaultChoice(issueType, available);
}
/** What people do first about each type of issue, when they have not said otherwise. */
function defaultChoice(issueType, available) {
    switch (issueType) {
        case 'code-bug':
            return ['code'];
        case 'config-error':
            // configuration is a part of the revision where it has no layer of its own
            return available.includes('config') ? ['config'] : ['code'];
        case 'database-corruption':
            return demand(['database'], available, (0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('issue-type')} (database-corruption)`);
        case 'performance':
            return available.includes('ota') ? ['ota'] : ['code'];
        case 'unknown':
            return 'changed';
    }
}
function demand(wanted, available, where) {
    return wanted.map((name) => {
        const found = available.find((each) => each === name);
        if (found !== undefined)
            return found;
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${where} asks for the layer "${name}", and this repository has ${available.join(', ')}: write one of these, or configure the section \`${name}\` in .github/rollback.yml`);
    });
}

;// CONCATENATED MODULE: ./lib/rollback/front-door.js







/** A rollback of all layers that the settings have. @throws InputError for a layer that they do not have */
function openFrontDoor(context, request, tools) {
    const { repository, config, branch, environment, revision, incident } = context;
    const { layers, target, issueType, onFailure, url } = request;
    const now = () => tools.now().getTime();
    const observer = {
        ...tools,
        now,
        health: url === '' ? config.health : withUrl(config.health, url),
        revision: openRevisionReader(repository, { branch: config.branch, environment, revision }),
    };
    const { redeploy } = config.code;
    return {
        ...context,
        ...request,
        ...tools,
        choice: chooseLayers({
            wanted: layers,
            issueType,
            strategies: config.rollback.strategies,
            available: availableLayers(config),
        }),
        isAskedFor: target !== '' || layers.length > 0,
        onFailure: onFailure === 'configured' ? config.rollback.onFailure : onFailure,
        openLayers: (circumstances) => openLayers({
            ...tools,
            ...circumstances,
            ...{ now, repository, config, branch, environment, incident, bad: revision, reason: request.reason },
            target: circumstances.target ?? (target || config.code.target),
        }),
        production: observeProduction(observer, { environment, revision, withinMs: config.rollback.verifyMs }),
        deployer: redeploy && deployBy(repository, redeploy, { ...tools, now, branch, environment }),
        limits: limitsOf(config),
        planValidMs: config.rollback.planValidMs,
        objectiveMs: config.rollback.objectiveMs,
    };
}
/** An address that has to answer is a check by itself, beside the configured ones. */
function withUrl(health, url) {
    const { checks } = planWatch(health, { url, checks: '', windowMs: undefined, intervalMs: undefined });
    return { ...health, checks };
}

;// CONCATENATED MODULE: ./lib/actions/job-clone.js


/** How a clone of the job's repository is made, for what the API cannot do; makes none yet. */
function prepareJobClone({ inputs, context, env, secrets, signal, temporary, }) {
    // in this form the token is in a header of git's requests
    secrets.add(basicCredentials(inputs));
    return prepareClone({
        url: `${context.serverUrl}/${context.owner}/${context.repo}.git`,
        token: inputs.token,
        directory: temporary,
        path: env['PATH'] ?? '',
        signal,
    });
}

;// CONCATENATED MODULE: ./lib/actions/rollback-tools.js

/** What a rollback uses of the step that it is run by. */
function rollbackTools(step) {
    const { context, env, log, secrets, signal, now, sleep, temporary } = step;
    return {
        now,
        sleep,
        log: log.info,
        redact: secrets.redact,
        env,
        fetch,
        signal,
        scratch: temporary,
        openClone: prepareJobClone(step),
        by: context.actor,
        run: context.run?.id,
        runUrl: context.run?.url,
        stepKey: context.stepKey,
    };
}

// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
;// CONCATENATED MODULE: ./lib/deployment/subject.js







/**
 * The environment that a run is about, as its input, its event, or the settings name it.
 * @throws InputError for one that the settings do not describe, for a transient one, and for an event of another one
 */
function findEnvironment(settings, { environment, revision, event }) {
    const deployment = revision === '' ? event.deployment : undefined;
    if (deployment !== undefined) {
        const { environment: deployed, transient_environment: isTransient } = deployment;
        if (environment !== '' && environment !== deployed)
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `this run is for a deployment to ${JSON.stringify(deployed)}, and ${(0,lib_errors/* setting */.Pe)('environment')} is ${JSON.stringify(environment)}: nothing was changed; run the job only for deployments to ${JSON.stringify(environment)}, or give ${(0,lib_errors/* setting */.Pe)('revision')}`);
        if (isTransient === true)
            throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `this run is for a deployment to ${JSON.stringify(deployed)}, which is a transient environment such as a preview: nothing was changed; run the job only for deployments to the environments in the settings`);
    }
    return environments_settingsOf(settings, environment || event.deployment?.environment || environments_usualEnvironment(settings));
}
/**
 * The revision that a run is about: as its input or its event names it, else the deployed one where the run is about none of
 * its own, else the commit that it runs for. What is deployed is what a deployment succeeded with; one that waits for its
 * reviewers, or has failed, is not.
 * @param log gets a line when the token may not see what is deployed, and for what is not deployed yet
 * @throws InputError for what is no full commit id
 */
async function findRevision(repository, environment, { revision, event, eventName, sha }, log) {
    const named = revision || event.deployment?.sha || event.workflow_run?.head_sha;
    if (named)
        return parseRevision(named);
    if (!runsAboutNoRevision.has(eventName))
        return parseRevision(sha);
    try {
        const deployed = await findDeployed(repository, environment);
        for (const { revision: later, state } of deployed?.later ?? [])
            log(`${shortRevision(later)} is not deployed to ${environment}: its deployment is in state ${state}`);
        return deployed?.revision ?? parseRevision(sha);
    }
    catch (error) {
        if (!(error instanceof lib_errors/* RefusedError */.fk))
            throw error;
        log(`what is deployed could not be read, so the commit of this run is used: ${error.message}`);
        return parseRevision(sha);
    }
}
const runsAboutNoRevision = new Set(['workflow_dispatch', 'schedule', 'issue_comment']);
/** The incident of a revision in an environment. */
function subject_subjectOf(environment, revision) {
    return { environment, revision, incident: incidentId({ environment, revision }) };
}
/**
 * Checks that a revision is on the branch that its environment is deployed from, whatever named it: a commit of a fork, of a
 * pull request or of a feature branch is never production's. One that a rollback has taken off the branch counts as on it.
 * @param readHistory asked only for a revision that is not on the branch
 * @throws InputError that names the branch
 */
async function subject_demandOnBranch(repository, { environment, revision, incident }, { branch, readHistory }) {
    if (await isAncestor(repository, { older: revision, newer: branch }))
        return;
    const [events, known, head] = await Promise.all([
        readHistory(),
        resolveRevision(repository, revision),
        resolveRevision(repository, branch),
    ]);
    if (events.some((event) => event.kind === 'rollback-applied' && event.incident === incident))
        return;
    if (head === undefined)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `the branch "${branch}" is not in ${repository.owner}/${repository.repo}, and ${environment} is deployed from it: write the name of a branch in ${(0,lib_errors/* setting */.Pe)('branch')}`);
    const why = known === undefined ? `is not in ${repository.owner}/${repository.repo}` : `is not on ${branch}`;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('revision')} is ${shortRevision(revision)}, which ${why}, and ${environment} is deployed from ${branch}: nothing was changed; run the action for a commit of ${branch}, or set ${(0,lib_errors/* setting */.Pe)('branch')} to the branch that ${environment} is deployed from`);
}
function parseRevision(named) {
    const parsed = event_revisionSchema.safeParse(named);
    if (parsed.success)
        return parsed.data;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('revision')} is ${JSON.stringify(named)}; write the full 40-character id of a commit`);
}

;// CONCATENATED MODULE: ./lib/history/history.js

/** Events of one month are one JSON Lines file: appended to for a month, and never touched again. */
function monthFile(at) {
    const iso = at.toISOString();
    return `v1/events/${iso.slice(0, 4)}/${iso.slice(0, 7)}.jsonl`;
}
/** True for a path made by `monthFile` that can hold events since the time. */
function isMonthFileSince(path, since) {
    return (/^v1\/events\/\d{4}\/\d{4}-\d{2}\.jsonl$/.test(path) && (since === undefined || path >= monthFile(since)));
}
/** What the file is after the event is added; the same text when the event is already there. A cut-off last line is closed first. */
function appendLine(text, event) {
    if (parseLines({ file: '', text }).events.some((each) => each.id === event.id))
        return text;
    const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return `${whole}${JSON.stringify(event)}\n`;
}
/** Reads one JSON Lines file; a line that cannot be read is reported and does not hide the others. */
function parseLines({ file, text }) {
    const events = [];
    const unreadable = [];
    text.split('\n').forEach((line, index) => {
        if (line.trim() === '')
            return;
        const outcome = parseLine(line);
        if (typeof outcome === 'string')
            unreadable.push({ file, line: index + 1, why: outcome });
        else
            events.push(outcome);
    });
    return { events, unreadable };
}
function parseLine(line) {
    let json;
    try {
        json = JSON.parse(line);
    }
    catch {
        return 'not JSON';
    }
    const parsed = eventSchema.safeParse(json);
    if (parsed.success)
        return parsed.data;
    return `not an event of this version: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`;
}
/** Joins files into one history: since the time, oldest first, each id once (the first one written). */
function joinContents(contents, since) {
    const byId = new Map();
    for (const event of contents.flatMap((content) => content.events)) {
        if (since !== undefined && new Date(event.at) < since)
            continue;
        if (!byId.has(event.id))
            byId.set(event.id, event);
    }
    const events = [...byId.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    return { events, unreadable: contents.flatMap((content) => content.unreadable) };
}

;// CONCATENATED MODULE: ./lib/history/branch-history.js





/** Twenty-four writers at once needed at most eight tries with jitter; twenty-four without it. Twelve leave room. */
const branch_history_tries = 12;
class Lost extends Error {
}
/**
 * The history on a branch of the user's own repository: an orphan branch with a JSON Lines file a month, each append one
 * commit that names what the file was before (compare-and-swap), so that no event of another job is ever lost.
 */
function openBranchHistory({ repository, branch, signal, }) {
    return {
        async read({ since } = {}) {
            const files = (await listFiles(repository, { ref: branch })) ?? [];
            const paths = files.map(({ path }) => path).filter((path) => isMonthFileSince(path, since));
            const contents = await Promise.all(paths.sort().map(async (path) => {
                const file = await readFile(repository, { path, ref: branch });
                return parseLines({ file: path, text: file?.text ?? '' });
            }));
            return joinContents(contents, since);
        },
        append(event) {
            return (0,p_retry/* default */.Ay)(() => tryAppend({ repository, branch, event }), {
                retries: branch_history_tries - 1,
                minTimeout: 100,
                maxTimeout: 5_000,
                maxRetryTime: 60_000,
                factor: 2,
                randomize: true,
                // a lost answer is tried again too: the next try reads first, and finds the event if it was written
                shouldRetry: ({ error }) => error instanceof Lost || isAmbiguous(error.cause),
                ...(signal && { signal }),
            }).catch((error) => {
                if (error instanceof Lost) {
                    throw new lib_errors/* UnavailableError */.hG(`could not write the history: others kept writing to the branch ${branch}, ${branch_history_tries} tries`);
                }
                throw error;
            });
        },
    };
}
async function tryAppend({ repository, branch, event, }) {
    const path = monthFile(new Date(event.at));
    const before = await readFile(repository, { path, ref: branch });
    const text = appendLine(before?.text ?? '', event);
    if (text === before?.text)
        return 'already-there';
    const message = `${event.kind}: ${event.incident}`;
    // to the bytes and not to the text: a damaged line stays as it is
    const added = Buffer.from(text.slice(before?.text.length ?? 0));
    const bytes = Buffer.concat([before?.bytes ?? Buffer.alloc(0), added]);
    const outcome = await writeFile(repository, { path, branch, bytes, blob: before?.blob, message });
    if (outcome === 'written')
        return 'appended';
    if (outcome === 'no-branch' &&
        (await createOrphanBranch(repository, { branch, path, text, message })) === 'created')
        return 'appended';
    throw new Lost();
}

;// CONCATENATED MODULE: ./lib/history/lock.js






/** A lock that its holder has not renewed for so long is free: the holder was killed. */
const leaseMs = 2 * 60_000;
const renewEveryMs = 30_000;
const lookEveryMs = 2_000;
/** How long a run waits for the one that rolls back. */
const longestWaitMs = 45 * 60_000;
/** Others may write to the same branch at the same moment. */
const writeTries = 12;
const holderSchema = schemas/* object */.Ikc({
    /** of this process alone */
    key: schemas/* string */.YjP(),
    actor: schemas/* string */.YjP(),
    run: schemas/* object */.Ikc({ id: schemas/* string */.YjP(), attempt: schemas/* number */.aig().int(), url: schemas/* string */.YjP() }).optional(),
    host: schemas/* string */.YjP(),
    pid: schemas/* number */.aig().int(),
});
const stateSchema = schemas/* object */.Ikc({
    schema: schemas/* literal */.euz(1),
    environment: schemas/* string */.YjP(),
    /** absent when nobody holds it */
    holder: holderSchema.optional(),
    /** when the holder took, renewed or released it, by its own clock */
    at: iso/* datetime */.w$(),
});
/**
 * Opens the lock of an environment: a file beside the events, written by compare-and-swap, so that of two runs one takes it.
 * Reads only. A holder that was killed does not keep it: its process is gone from this host, its run is completed, or it has not
 * renewed it for two minutes.
 */
async function openLock(options) {
    const file = openFile(options);
    const opened = await file.look();
    /** the file that this process has written last; undefined when it does not hold the lock */
    let held;
    let timer;
    let renewal = Promise.resolve();
    const renew = async () => {
        if (held !== undefined)
            held = (await file.write(held, options.holder).catch(() => held)) ?? held;
    };
    return {
        async take() {
            const base = await waitUntilFree(options, file, opened);
            held = base.written;
            timer = setInterval(() => {
                renewal = renewal.then(renew);
            }, renewEveryMs).unref();
            const isUntouched = base.blob === opened.blob && opened.holder === undefined;
            return isUntouched ? 'taken' : 'changed';
        },
        async release() {
            clearInterval(timer);
            await renewal;
            if (held === undefined)
                return;
            const last = held;
            held = undefined;
            // one that cannot be released is free when its lease is over
            await file
                .write(last, undefined)
                .catch((error) => options.log(`the lock is not released: ${error}`));
        },
    };
}
/** Waits until nobody holds it, and takes it. @returns what it was taken from, and the id of what was written */
async function waitUntilFree(options, file, opened) {
    const { environment, branch, holder, sleep, now, log } = options;
    const deadline = now().getTime() + longestWaitMs;
    let said = '';
    for (let seen = opened, tries = 1;; seen = await file.look()) {
        if (seen.holder === undefined || (await isGone(options, seen, seen.holder))) {
            const written = await file.write(seen.blob, holder);
            if (written !== undefined)
                return { blob: seen.blob, written };
            tries += 1;
            if (tries > writeTries)
                throw new lib_errors/* UnavailableError */.hG(`could not lock ${environment}: others kept writing to the branch ${branch}; run this again`);
            await sleep(Math.random() * 200 * tries);
            continue;
        }
        const who = describeHolder(seen.holder);
        if (who !== said)
            log(`${environment} is being rolled back by ${who}: waiting until that has ended`);
        said = who;
        if (now().getTime() > deadline)
            throw new lib_errors/* UnavailableError */.hG(`${environment} is still being rolled back by ${who} after ${(0,duration/* formatDuration */.a3)(longestWaitMs)}, and nothing was changed: cancel that run, or run this again when it has ended`);
        await sleep(lookEveryMs);
    }
}
function openFile({ repository, branch, environment, now }) {
    const path = `v1/locks/${environmentSlug(environment)}.json`;
    const look = async () => {
        const file = await readFile(repository, { path, ref: branch });
        const state = file && stateSchema.safeParse(lock_parseJson(file.text)).data;
        // what cannot be read, nobody holds
        return { blob: file?.blob, holder: state?.holder, at: Date.parse(state?.at ?? '') || 0 };
    };
    return {
        look,
        async write(blob, holder) {
            const state = { schema: 1, environment, ...(holder && { holder }), at: now().toISOString() };
            const text = `${JSON.stringify(state)}\n`;
            const bytes = Buffer.from(text);
            const message = `${holder === undefined ? 'unlock' : 'lock'} ${environment}`;
            try {
                const outcome = await writeFile(repository, { path, branch, bytes, blob, message });
                if (outcome === 'written')
                    return blobId(bytes);
                if (outcome === 'conflict')
                    return undefined;
                const created = await createOrphanBranch(repository, { branch, path, text, message });
                return created === 'created' ? blobId(bytes) : undefined;
            }
            catch (error) {
                // whether it was written is seen by reading it
                const seen = await look();
                if (seen.blob === blobId(bytes))
                    return seen.blob;
                throw error;
            }
        },
    };
}
/** A holder that can do nothing any more. */
async function isGone({ repository, holder: own, isAlive, now }, { at }, { host, pid, run }) {
    if (host === own.host && !isAlive(pid))
        return true;
    if (now().getTime() - at > leaseMs)
        return true;
    if (run === undefined)
        return false;
    // a run is tried again when its attempt before has ended
    if (run.id === own.run?.id)
        return run.attempt < own.run.attempt;
    return hasEnded(repository, Number(run.id));
}
/** False where the token may not see runs: then the lease decides. */
async function hasEnded(repository, id) {
    try {
        return (await readRun(repository, id)).status === 'completed';
    }
    catch (error) {
        if (error instanceof lib_errors/* RefusedError */.fk)
            return false;
        throw error;
    }
}
function describeHolder({ actor, run }) {
    return run === undefined ? actor : `${run.url} (attempt ${run.attempt}, ${actor})`;
}
function lock_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

// EXTERNAL MODULE: ./lib/runner/context.js
var runner_context = __webpack_require__(1017);
;// CONCATENATED MODULE: ./lib/settings/location.js

/**
 * Where a file has a setting.
 * @param path its keys, such as `code.max-commits`
 * @returns e.g. `.github/rollback.yml:12:5`; undefined when the file does not have it
 */
function locateSetting({ text: raw, file }, path) {
    const text = raw.replace(/^\ufeff/, '');
    const { document } = readSource(text);
    const keys = path.split('.');
    if (document === undefined || !document.hasIn(keys))
        return undefined;
    const { line, col } = lineCounterOf(text).linePos(locate({ document, path: keys, at: 'key' }).start);
    return `${file}:${line}:${col}`;
}

// EXTERNAL MODULE: ./lib/actions/contract-parts.js
var contract_parts = __webpack_require__(5242);
;// CONCATENATED MODULE: ./lib/actions/given-secrets.js



const given = schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP());
/**
 * Takes from the secrets of the workflow, all of which a called workflow hands over, those that the settings name, and puts
 * them into the environment. A variable that the step has by itself stays as it is, and no other secret is touched.
 * @param text JSON, from `${{ toJSON(secrets) }}`; '' for none
 * @throws InputError for what is no such text, without a word of it
 */
function provideSecrets(text, { config, env, secrets }) {
    if (text === '')
        return;
    const all = given.safeParse(given_secrets_parseJson(text));
    if (!all.success)
        throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('secrets')} is no JSON object of texts; write \${{ toJSON(secrets) }}`);
    const readable = readableVariables(config);
    for (const [name, value] of Object.entries(all.data)) {
        if (value === '' || !readable.has(name) || env[name])
            continue;
        secrets.add(value);
        env[name] = value;
    }
}
function given_secrets_parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/actions/wiring.js

















/** Opens the repository and reads the settings. @throws InputError for a fork, and for a faulty file */
async function openSettings({ inputs, context, openRepository, locateSettings, }) {
    (0,runner_context/* refuseForks */.AS)(context);
    const repository = openRepository(inputs.token);
    const ref = context.sha || inputs.revision || 'HEAD';
    const file = await wiring_readSettings(repository, { path: inputs.config, ref, locateSettings });
    return {
        repository,
        settings: file ?? settingsWithout(inputs.environment),
        isConfigured: file !== undefined,
    };
}
/**
 * Opens it all; sends nothing that changes anything.
 * @param opened what is open already
 * @param environment instead of that of the input
 * @param branch instead of that in the settings; '' for that
 * @param actsOn false for an action that only tells of an incident, so that its revision may be any
 * @throws InputError for a fork, an environment that the settings do not describe, a revision that is not on the branch, a faulty configuration file
 */
async function openWorkplace(step, { opened, environment = step.inputs.environment, branch: given = '', actsOn = true, } = {}) {
    const { inputs, context, env, log, secrets, signal, now } = step;
    const { repository, settings, isConfigured } = opened ?? (await openSettings(step));
    const circumstances = { ...context, environment, revision: inputs.revision };
    const config = findEnvironment(settings, circumstances);
    provideSecrets(inputs.secrets, { config, env, secrets });
    const [found, branch] = await Promise.all([
        findRevision(repository, config.environment, circumstances, (line) => log.warning(line)),
        given || config.branch || context.event.repository?.default_branch || defaultBranch(repository),
    ]);
    const subject = subject_subjectOf(config.environment, found);
    const history = openBranchHistory({ repository, branch: config.history.branch, signal });
    const { actor, run } = context;
    const append = (what, naturalKey, about = subject) => {
        const at = now().toISOString();
        const { incident, environment, revision } = about;
        const event = event_newEvent({ ...what, incident, environment, revision, at, actor, ...(run && { run }) }, naturalKey);
        return history.append(eventSchema.parse((0,redact/* redactDeep */.KL)(event, secrets.redact)));
    };
    const readHistory = async (options) => {
        const { events, unreadable } = await history.read(options);
        for (const { file, line, why } of unreadable)
            log.warning(`line ${line} of ${file} in the history is left out: ${why}`, 'History');
        return events;
    };
    if (actsOn)
        await subject_demandOnBranch(repository, subject, { branch, readHistory });
    return {
        ...subject,
        repository,
        settings,
        config,
        isConfigured,
        branch,
        isManual: once(async () => context.askedBy !== undefined && (await permission_mayWrite(repository, context.askedBy))),
        readHistory,
        openLock: () => openLock({
            repository,
            branch: config.history.branch,
            environment: subject.environment,
            holder: { key: (0,external_node_crypto_.randomUUID)(), actor, ...(run && { run }), host: (0,external_node_os_.hostname)(), pid: process.pid },
            isAlive,
            now,
            sleep: step.sleep,
            log: log.info,
        }),
        record: async (...told) => void (await append(...told)),
        claim: async (...told) => (await append(...told)) === 'appended',
    };
}
/** Signal 0 only asks whether there is such a process. */
function isAlive(pid) {
    try {
        return process.kill(pid, 0);
    }
    catch (error) {
        // it is there, and is somebody else's
        return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
}
/** The same workplace for another revision of the environment, whose incident is another one. @throws InputError when it is not on the branch */
async function aboutRevision(workplace, revision) {
    const { repository, environment, record, claim } = workplace;
    const subject = subjectOf(environment, revision);
    await demandOnBranch(repository, subject, workplace);
    return {
        ...workplace,
        ...subject,
        record: (what, naturalKey, about = subject) => record(what, naturalKey, about),
        claim: (what, naturalKey, about = subject) => claim(what, naturalKey, about),
    };
}
/** A question that is asked at most once. */
function once(ask) {
    let answer;
    return () => {
        answer ??= ask();
        return answer;
    };
}
/** Without a file there is one environment, with all the defaults: that of the input, else production. */
function settingsWithout(environment) {
    const config = defaultConfig();
    const usual = environment || config.environment;
    return { file: undefined, usual, environments: new Map([[usual, { ...config, environment: usual }]]) };
}
/** Read through the API, so that no checkout is needed. A path that was asked for has to be there; the default one need not. */
async function wiring_readSettings(repository, { path, ref, locateSettings }) {
    const file = await readFile(repository, { path, ref });
    if (file !== undefined) {
        const source = { text: file.text, file: path };
        locateSettings((key) => locateSetting(source, key));
        return parseSettings(source);
    }
    if (path === contract_parts/* commonInputs */.j$.config.default)
        return undefined;
    throw new lib_errors/* InputError */.dz((0,lib_errors/* message */.iU) `${(0,lib_errors/* setting */.Pe)('config')} is "${path}", and there is no such file at ${ref.slice(0, 7)}; name one that is there, or leave it out`);
}

;// CONCATENATED MODULE: ./lib/actions/write-rollback.js



/** Writes outputs, summary and last line of the front door's rollback. */
async function writeRollback(step, result) {
    const { conclusion, prepared, report, saved, commit, tag, pull } = result;
    const views = viewsOf(prepared.plan);
    await writeConclusion(step, result, {
        incident: result.incident,
        decision: conclusion.decision,
        'reason-code': conclusion.reasonCode,
        layers: views.map(({ layer }) => layer).join(','),
        plan: saved && (await step.writeReport('rollback-plan', saved)),
        commit,
        tag,
        'pull-request': pull?.number,
        recovery: result.recovery,
        report: await step.writeReport('rollback', report ?? { plan: views, left: prepared.plan.left }),
    });
}
/**
 * Writes the outputs of a rollback, its summary and its last line, and fails the step when something is left to do.
 * @param outputs those of the action; undefined ones are not set
 * @param headline instead of the usual one, in an action with words of its own
 */
async function writeConclusion(step, { conclusion, prepared, report, rehearsal, objectiveMs }, outputs, headline = conclusion.headline) {
    writeOutputs(step, outputs);
    await step.writeSummary(renderMarkdown([
        markdown_heading(2, headline),
        ...(prepared.kind === 'ready' ? [] : [markdown_paragraph(markdown_text(`${step.explain(prepared.because)}.`))]),
        ...(report === undefined ? [] : summarizeReport(report)),
        ...summarizePlan(prepared.plan),
        ...(rehearsal === undefined ? [] : summarizeRehearsal(rehearsal)),
        ...(report === undefined ? [] : summarizePhases(report, objectiveMs)),
    ]));
    const { problems, now } = conclusion;
    if (problems.length > 0)
        step.fail(problems.map(step.explain).join('\n'));
    step.log.info(step.explain(now));
}
/** Sets the outputs that are defined, each by itself, and all of them as `result`. */
function writeOutputs({ setOutputs }, outputs, more = {}) {
    const defined = {};
    for (const [name, value] of Object.entries(outputs))
        if (value !== undefined)
            defined[name] = value;
    setOutputs({ ...defined, result: JSON.stringify({ schema: 1, ...defined, ...more }) });
}

;// CONCATENATED MODULE: ./lib/actions/rollback/outputs.js



/** Says what the settings could add, where there are none. */
function sayUnconfigured({ inputs, log }, { isConfigured }) {
    if (isConfigured)
        return;
    log.info(`there is no ${inputs.config}: the code is rolled back, and nothing else; that file could add checks to look with (health), a workflow that deploys (code.redeploy), a database and over-the-air updates`);
}
/** Writes what `mode: doctor` found, and fails the step when a rollback would not work. */
async function writeDiagnosis(step, { incident }, diagnosis) {
    const { log } = step;
    for (const line of describeDiagnosis(diagnosis))
        log.info(line);
    const { decision, findings } = diagnosis;
    const reason = findings.find(({ state }) => state === 'wrong' || state === 'unknown')?.check ?? 'checked';
    const report = await step.writeReport('rollback-doctor', diagnosis);
    writeOutputs(step, { incident, decision, 'reason-code': reason.replaceAll(/[: ]+/g, '-'), report });
    await step.writeSummary(renderMarkdown(summarizeDiagnosis(diagnosis)));
    if (decision === 'unsure')
        log.warning(`not everything could be checked: see ${reason}`, 'Doctor');
    if (decision === 'not-ready')
        step.fail(doctor_problemsOf(diagnosis).join('\n'));
}

;// CONCATENATED MODULE: ./lib/actions/rollback/action.js









/** Takes an environment back to the last good state, or plans that, or checks that it would work. */
async function action_run(step) {
    const { inputs, secrets, context, env } = step;
    const workplace = await openWorkplace(step);
    const { config } = workplace;
    for (const secret of [...secretsOfChecks({ ...config, env }), ...secretsOfLayers(config, env)])
        secrets.add(secret);
    sayUnconfigured(step, workplace);
    const tools = rollbackTools(step);
    const options = openFrontDoor(workplace, {
        mode: inputs.mode === 'doctor' ? 'dry-run' : inputs.mode,
        layers: inputs.layers,
        issueType: inputs['issue-type'],
        target: inputs.target,
        url: inputs.url,
        onFailure: inputs['on-failure'],
        rehearsal: inputs.rehearsal,
        hold: inputs.hold,
        plan: inputs.plan,
        approval: inputs.approval,
        reason: secrets.redact(inputs.reason),
    }, tools);
    if (inputs.mode !== 'doctor')
        return writeRollback(step, await runRollback(options));
    const examined = { ...tools, ownWorkflow: context.workflow };
    await writeDiagnosis(step, workplace, await diagnoseRollback(options, workplace, examined));
}


/***/ }),

/***/ 8239:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  h: () => (/* binding */ openRepository),
  E: () => (/* binding */ repeatable)
});

// EXTERNAL MODULE: ./node_modules/@octokit/core/dist-src/index.js + 12 modules
var dist_src = __webpack_require__(4730);
// EXTERNAL MODULE: ./node_modules/@octokit/plugin-paginate-rest/dist-bundle/index.js
var dist_bundle = __webpack_require__(3779);
// EXTERNAL MODULE: ./node_modules/@octokit/plugin-retry/dist-bundle/index.js
var plugin_retry_dist_bundle = __webpack_require__(9735);
// EXTERNAL MODULE: ./node_modules/@octokit/plugin-throttling/dist-bundle/index.js
var plugin_throttling_dist_bundle = __webpack_require__(6856);
// EXTERNAL MODULE: ./node_modules/ms/index.js
var ms = __webpack_require__(744);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./node_modules/bottleneck/light.js
var light = __webpack_require__(3251);
;// CONCATENATED MODULE: ./lib/github/bottleneck.js

/**
 * Bottleneck, through which both of Octokit's plugins send every request. It steps aside several times for each, by a
 * timer of a millisecond, and there are three of it in a row: 15 ms a request, and a rollback is thirty of them. Here it
 * steps aside for what is ready to run and no longer.
 */

const store = Object.getPrototypeOf(Reflect.get(new light(), '_store'));
if (typeof store === 'object' && store !== null && 'yieldLoop' in store)
    store.yieldLoop = () => new Promise((resolve) => setImmediate(resolve));

;// CONCATENATED MODULE: ./lib/github/routes.js
/**
 * The routes of GitHub's REST API that are used, under the names that `@octokit/rest` has for them. Its own table of all
 * 900 routes would be a sixth of every bundle: a route that is new here is one more line.
 */
const routes = {
    actions: {
        createWorkflowDispatch: 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
        getGithubActionsDefaultWorkflowPermissionsRepository: 'GET /repos/{owner}/{repo}/actions/permissions/workflow',
        getPendingDeploymentsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
        getReviewsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
        getWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
        getWorkflow: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}',
        listJobsForWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
        listWorkflowRuns: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
    },
    checks: {
        listForRef: 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
    },
    git: {
        createBlob: 'POST /repos/{owner}/{repo}/git/blobs',
        createCommit: 'POST /repos/{owner}/{repo}/git/commits',
        createRef: 'POST /repos/{owner}/{repo}/git/refs',
        createTag: 'POST /repos/{owner}/{repo}/git/tags',
        createTree: 'POST /repos/{owner}/{repo}/git/trees',
        deleteRef: 'DELETE /repos/{owner}/{repo}/git/refs/{ref}',
        getCommit: 'GET /repos/{owner}/{repo}/git/commits/{commit_sha}',
        getRef: 'GET /repos/{owner}/{repo}/git/ref/{ref}',
        getTag: 'GET /repos/{owner}/{repo}/git/tags/{tag_sha}',
        getTree: 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}',
        listMatchingRefs: 'GET /repos/{owner}/{repo}/git/matching-refs/{ref}',
        updateRef: 'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
    },
    issues: {
        addLabels: 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels',
        create: 'POST /repos/{owner}/{repo}/issues',
        createComment: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
        get: 'GET /repos/{owner}/{repo}/issues/{issue_number}',
        listComments: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        listEvents: 'GET /repos/{owner}/{repo}/issues/{issue_number}/events',
        listForRepo: 'GET /repos/{owner}/{repo}/issues',
        listLabelsForRepo: 'GET /repos/{owner}/{repo}/labels',
        update: 'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
        updateComment: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
    },
    pulls: {
        create: 'POST /repos/{owner}/{repo}/pulls',
        list: 'GET /repos/{owner}/{repo}/pulls',
        requestReviewers: 'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers',
        update: 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
    },
    reactions: {
        createForIssueComment: 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
    },
    repos: {
        compareCommitsWithBasehead: 'GET /repos/{owner}/{repo}/compare/{basehead}',
        createDeployment: 'POST /repos/{owner}/{repo}/deployments',
        createDeploymentStatus: 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
        createOrUpdateFileContents: 'PUT /repos/{owner}/{repo}/contents/{path}',
        get: 'GET /repos/{owner}/{repo}',
        getBranch: 'GET /repos/{owner}/{repo}/branches/{branch}',
        getBranchRules: 'GET /repos/{owner}/{repo}/rules/branches/{branch}',
        getCollaboratorPermissionLevel: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
        getCombinedStatusForRef: 'GET /repos/{owner}/{repo}/commits/{ref}/status',
        getCommit: 'GET /repos/{owner}/{repo}/commits/{ref}',
        getContent: 'GET /repos/{owner}/{repo}/contents/{path}',
        getEnvironment: 'GET /repos/{owner}/{repo}/environments/{environment_name}',
        listBranches: 'GET /repos/{owner}/{repo}/branches',
        listCommits: 'GET /repos/{owner}/{repo}/commits',
        listDeploymentStatuses: 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
        listDeployments: 'GET /repos/{owner}/{repo}/deployments',
        listPullRequestsAssociatedWithCommit: 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
    },
};
/** Octokit with the routes above under `rest`, as `@octokit/rest` has them all. */
function restRoutes(octokit) {
    const groups = Object.entries(routes).map(([group, methods]) => {
        const functions = Object.entries(methods).map(([name, route]) => {
            const [method = 'GET', url = ''] = route.split(' ');
            return [name, octokit.request.defaults({ method, url })];
        });
        return [group, Object.fromEntries(functions)];
    });
    // each function was made from the route whose name and types it is given
    return { rest: Object.fromEntries(groups) };
}

;// CONCATENATED MODULE: ./lib/github/client.js








/** Waits longer than this are not worth it while production is down: the step fails and says until when. */
const longestWaitSeconds = 90;
const OctokitWithPlugins = dist_src/* Octokit */.E.plugin(dist_bundle/* paginateRest */.ud, restRoutes, plugin_retry_dist_bundle/* retry */.L, plugin_throttling_dist_bundle/* throttling */.A);
/** Of a write that changes nothing when it is done twice: it is tried again as a read is, unlike all others. */
const repeatable = { repeatable: true };
/**
 * Opens a repository through GitHub's REST API.
 *
 * Reads are tried again after a 5xx or a lost answer (after 1, 4 and 9 s). Writes are sent once: the retry plugin would
 * repeat a POST whose answer was lost, so callers read again by their own marker before another try; those that are `repeatable` are tried again, too. A write that was
 * turned away by a rate limit was not carried out, and is sent again when the limit's own pause is over.
 * @throws InputError when the token is empty
 */
function openRepository({ token, owner, repo, apiUrl, userAgent, log, signal, requestTimeoutMs = ms('30s'), retryPauseMs = ms('1s'), }) {
    if (token === '')
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('token')} is empty; write ${'${{ github.token }}'} or the token of a GitHub App`);
    const waitFor = (kind) => (seconds, options, _, tries) => {
        const wait = seconds <= longestWaitSeconds && tries < 3;
        const next = wait ? `waiting ${seconds} s` : `not waiting ${seconds} s for it`;
        log(`GitHub's ${kind} rate limit is reached at ${options.method} ${options.url}: ${next}`);
        return wait;
    };
    const octokit = new OctokitWithPlugins({
        auth: token,
        baseUrl: apiUrl,
        userAgent,
        request: { fetch: fetchWhole({ signal, requestTimeoutMs }) },
        log: { debug: () => { }, info: () => { }, warn: (message) => log(message), error: () => { } },
        // 409 and 429 are left to the callers and to the throttling plugin: together the two plugins would send a 429 eight times
        retry: {
            doNotRetry: [400, 401, 403, 404, 409, 410, 422, 429, 451],
            retryAfterBaseValue: retryPauseMs,
        },
        throttle: {
            onRateLimit: waitFor('primary'),
            onSecondaryRateLimit: waitFor('secondary'),
            // one write at a time, but with no pause of a second between them: a rollback is a dozen writes, the limit 80 a minute
            write: new light.Group({ maxConcurrent: 1 }),
            notifications: new light.Group({ maxConcurrent: 1 }),
        },
    });
    octokit.hook.before('request', (options) => {
        // Octokit has one such object for all requests, and the retry plugin counts tries in it: a write would end the tries of reads
        options.request = { ...options.request };
        options.headers['x-github-api-version'] = '2022-11-28';
        const reads = options.method === 'GET' || options.method === 'HEAD';
        if (!reads && options.request['repeatable'] !== true)
            options.request['retries'] = 0;
    });
    return { octokit, owner, repo };
}
/**
 * A fetch that gives whole answers or none. Octokit takes one that breaks off in the middle for an empty text, with
 * status 200: here it is read to its end first and is an error, so that a read is sent again, and after a write the caller
 * looks what became of it. The time-out holds for each try, and not for the pauses between them.
 */
function fetchWhole({ signal, requestTimeoutMs, }) {
    return async (url, options) => {
        const timeout = AbortSignal.timeout(requestTimeoutMs);
        try {
            const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
            const response = await fetch(url, { ...options, signal: ended });
            const body = await response.clone().text();
            if (response.ok && response.status !== 204 && isJson(response))
                JSON.parse(body);
            return response;
        }
        catch (error) {
            // of this name Octokit makes no answer of GitHub's, and does not try again
            if (signal?.aborted)
                throw Object.assign(new Error('the job was cancelled', { cause: error }), { name: 'AbortError' });
            if (timeout.aborted)
                throw new Error(`nothing came within ${requestTimeoutMs / 1000} s`, { cause: error });
            if (error instanceof SyntaxError)
                throw new Error('the JSON breaks off', { cause: error });
            throw error;
        }
    };
}
function isJson({ headers }) {
    return /^application\/json\b/.test(headers.get('content-type') ?? '');
}


/***/ }),

/***/ 3392:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   C: () => (/* binding */ allEnded)
/* harmony export */ });
/**
 * Waits until all of the work has ended, however it did: nobody goes on when the others are cleaned up after.
 * @throws the first failure, in the order of the works
 */
async function allEnded(works) {
    const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected')
        throw failed.reason;
    return Promise.all(works);
}


/***/ }),

/***/ 8714:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   CF: () => (/* binding */ nameKept),
/* harmony export */   QQ: () => (/* binding */ keptName),
/* harmony export */   W8: () => (/* binding */ journal),
/* harmony export */   yo: () => (/* binding */ keptAt)
/* harmony export */ });
/** The table that says which statements of a script ran: where DDL cannot be taken back, it must not be done twice. */
const journal = 'rollback_steps';
/** A name that no kept database has: later than all, so that they sort by when they were replaced even where a clock was put back. */
async function nameKept(engine, now) {
    const last = (await engine.listKept()).at(-1)?.at.getTime() ?? 0;
    return engine.keptName(new Date(Math.max(now.getTime(), last + 1)));
}
/** Name of a database that is kept when it is replaced, e.g. `app_before_20261124110203123`: to the millisecond. */
function keptName(base, at, limitBytes = 63) {
    const suffix = `_before_${at.toISOString().replace(/\D/g, '')}`;
    const room = limitBytes - suffix.length;
    // cut by bytes, and never through a character
    let kept = base;
    while (Buffer.byteLength(kept) > room)
        kept = [...kept].slice(0, -1).join('');
    return kept + suffix;
}
/** The time in a name made by `keptName` for this base; undefined for any other name. */
function keptAt(base, name, limitBytes = 63) {
    const digits = /_before_(\d{17})$/.exec(name)?.[1];
    if (digits === undefined)
        return undefined;
    const [, y, mo, d, h, mi, s, ms] = /^(....)(..)(..)(..)(..)(..)(...)$/.exec(digits) ?? [];
    const at = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}.${ms}Z`);
    return Number.isNaN(at.getTime()) || keptName(base, at, limitBytes) !== name ? undefined : at;
}


/***/ }),

/***/ 6368:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   G: () => (/* binding */ writeFileFrom)
/* harmony export */ });
/* harmony import */ var node_fs__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3024);
/* harmony import */ var node_stream_promises__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6466);
/* harmony import */ var _text_system_error_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(7229);



/**
 * Writes a new file that only its owner may read, to the disk itself when `durable`.
 * @throws RefusedError that names the file when the system takes it not, e.g. because the disk is full
 */
async function writeFileFrom(content, file, { durable = false } = {}) {
    const options = { flags: 'wx', mode: 0o600, flush: durable };
    await (0,node_stream_promises__WEBPACK_IMPORTED_MODULE_1__.pipeline)(content, (0,node_fs__WEBPACK_IMPORTED_MODULE_0__.createWriteStream)(file, options)).catch((error) => {
        throw (0,_text_system_error_js__WEBPACK_IMPORTED_MODULE_2__/* .explainWrite */ .N)(error, file);
    });
}


/***/ }),

/***/ 1017:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   AS: () => (/* binding */ refuseForks),
/* harmony export */   yI: () => (/* binding */ readContext)
/* harmony export */ });
/* unused harmony export isAuthorsOwn */
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(2047);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(452);
/* harmony import */ var _job_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2617);



const eventPayload = zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({
    deployment: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({
        sha: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP(),
        environment: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP(),
        created_at: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP().optional(),
        transient_environment: zod__WEBPACK_IMPORTED_MODULE_2__/* .boolean */ .zMY().optional(),
    })
        .optional(),
    workflow_run: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({
        head_sha: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP(),
        head_branch: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP().nullish(),
        head_repository: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ full_name: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP() }).nullish(),
    })
        .optional(),
    repository: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ default_branch: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP().optional(), full_name: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP().optional() })
        .optional(),
    action: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP().optional(),
    sender: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ login: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP() }).optional(),
    issue: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ number: zod__WEBPACK_IMPORTED_MODULE_2__/* .number */ .aig().int() }).optional(),
    comment: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({
        id: zod__WEBPACK_IMPORTED_MODULE_2__/* .number */ .aig().int(),
        body: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP(),
        user: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ login: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP(), type: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP() }).nullable(),
    })
        .optional(),
    pull_request: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({
        head: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ repo: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ full_name: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP() }).nullish() }),
        base: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ repo: zod__WEBPACK_IMPORTED_MODULE_2__/* .object */ .Ikc({ full_name: zod__WEBPACK_IMPORTED_MODULE_2__/* .string */ .YjP() }) }),
    })
        .optional(),
});
const eventsOfPeople = new Set(['workflow_dispatch', 'issue_comment']);
/**
 * Reads the context from the runner's variables.
 * @param payload of the event, parsed
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 * @throws InputError outside of a workflow run
 */
function readContext(env, payload) {
    const { owner, repo } = (0,_job_js__WEBPACK_IMPORTED_MODULE_1__/* .readRepositoryName */ .o)(env);
    // of the payload, what is understood here; nothing where there is none
    const event = eventPayload.safeParse(payload).data ?? {};
    const eventName = env['GITHUB_EVENT_NAME'] ?? '';
    const actor = env['GITHUB_ACTOR'];
    const serverUrl = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
    const id = /^\d+$/.test(env['GITHUB_RUN_ID'] ?? '') ? env['GITHUB_RUN_ID'] : undefined;
    return {
        owner,
        repo,
        sha: env['GITHUB_SHA'] ?? '',
        eventName,
        actor: actor ?? 'unknown',
        apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
        serverUrl,
        run: id === undefined
            ? undefined
            : {
                id,
                attempt: Number(env['GITHUB_RUN_ATTEMPT']) || 1,
                url: `${serverUrl}/${owner}/${repo}/actions/runs/${id}`,
            },
        workflow: workflowOf(env['GITHUB_WORKFLOW_REF']),
        stepKey: [id ?? 'local', env['GITHUB_JOB'] ?? '', env['GITHUB_ACTION'] ?? ''].join('/'),
        askedBy: askedBy(eventName, actor, event),
        event,
    };
}
/** @param ref `owner/repo/.github/workflows/deploy.yml@refs/heads/main` */
function workflowOf(ref = '') {
    return /\/\.github\/workflows\/([^@/]+)@/.exec(ref)?.[1];
}
/** A comment that was edited or deleted later, or by another account than its author's, asks for nothing. */
function askedBy(eventName, actor, event) {
    if (!eventsOfPeople.has(eventName) || actor === undefined)
        return undefined;
    if (eventName === 'issue_comment' && !isAuthorsOwn(event))
        return undefined;
    return actor;
}
/** True for a comment that its author has just written, unchanged. */
function isAuthorsOwn(event) {
    const author = event.comment?.user?.login;
    return event.action === 'created' && author !== undefined && event.sender?.login === author;
}
/**
 * Refuses a run for a fork, before any request: its content is a stranger's, and so is the commit that the event names.
 * @throws InputError for a pull request of a fork, and for a workflow run of one
 */
function refuseForks({ event, owner, repo }) {
    const { pull_request: pull, workflow_run: run } = event;
    if (pull !== undefined && !isSame(pull.head.repo?.full_name, pull.base.repo.full_name))
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .InputError */ .dz(`this run is for a pull request from the fork ${pull.head.repo?.full_name ?? '(deleted)'}: its token can write nothing; run the action after the merge, on push, deployment_status or workflow_dispatch`);
    if (run === undefined)
        return;
    // a workflow run of a fork has the fork's commit, whatever its branch is called
    const head = run.head_repository?.full_name;
    if (!isSame(head, `${owner}/${repo}`))
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .InputError */ .dz(`this run is for a workflow run of the repository ${head ?? '(deleted)'}, which is not ${owner}/${repo}: a fork's commit is never rolled back; add \`if: github.event.workflow_run.head_repository.full_name == github.repository\` to the job`);
}
function isSame(one, other) {
    return one?.toLowerCase() === other.toLowerCase();
}


/***/ }),

/***/ 7229:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   N: () => (/* binding */ explainWrite)
/* harmony export */ });
/* unused harmony export codeOf */
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2047);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(452);


/** What the system says of a write that it refuses does not always name the place; another error as it is. */
function explainWrite(error, place) {
    const refusal = refusalSchema.safeParse(error);
    return refusal.success ? new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .RefusedError */ .fk(`${place} cannot be written to: ${refusal.data.message}`) : error;
}
const refusalSchema = zod__WEBPACK_IMPORTED_MODULE_1__/* .object */ .Ikc({
    code: zod__WEBPACK_IMPORTED_MODULE_1__/* ["enum"] */ .k5n(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'ENOENT', 'EINVAL']),
    message: zod__WEBPACK_IMPORTED_MODULE_1__/* .string */ .YjP(),
});
/** The code of an error of the system, such as ENOENT; undefined for any other error. */
function codeOf(error) {
    const coded = codedSchema.safeParse(error);
    return coded.success ? coded.data.code : undefined;
}
const codedSchema = zod__WEBPACK_IMPORTED_MODULE_1__/* .object */ .Ikc({ code: zod__WEBPACK_IMPORTED_MODULE_1__/* .string */ .YjP() });


/***/ })

};
