export const id = 497;
export const ids = [497];
export const modules = {

/***/ 9497:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  run: () => (/* binding */ run)
});

// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: ./lib/github/client.js + 2 modules
var client = __webpack_require__(8239);
// EXTERNAL MODULE: ./lib/github/writes.js
var writes = __webpack_require__(3987);
;// CONCATENATED MODULE: ./lib/github/once.js

/**
 * A question whose answer never changes, such as what a commit holds: asked once a run, also by several at the same time. One
 * that failed is asked anew.
 * @param keyOf what identifies a question; undefined for one whose answer may change, which is asked each time
 */
function askedOnce(keyOf, ask) {
    const answers = storeOf();
    const question = (repository, asked) => {
        const key = keyOf(asked);
        if (key === undefined)
            return ask(repository, asked);
        const own = answers(repository);
        const known = own.get(key);
        if (known !== undefined)
            return known;
        const answer = ask(repository, asked);
        own.set(key, answer);
        answer.catch(() => void own.delete(key));
        return answer;
    };
    return Object.assign(question, {
        note(repository, asked, answer) {
            const key = keyOf(asked);
            if (key !== undefined)
                answers(repository).set(key, Promise.resolve(answer));
        },
    });
}
/** For so long what was looked at ahead stands for the world, ms: the time in which a plan is made. */
const standsMs = 10_000;
/**
 * A question whose answer changes. It is asked each time, except for what a run has looked at ahead, together with all else that
 * it is about to ask: that is used within seconds, and no more once the run itself has sent a write.
 */
function foreseeable(keyOf, ask) {
    const answers = storeOf();
    const foreseen = (repository, asked) => {
        const found = answers(repository).get(keyOf(asked));
        const stands = found?.writes === (0,writes/* writesSent */.r)(repository.octokit) && performance.now() - found.at < standsMs;
        return stands ? found.answer : undefined;
    };
    const question = (repository, asked) => foreseen(repository, asked) ?? ask(repository, asked);
    return Object.assign(question, {
        foreseen,
        note(repository, asked, answer) {
            const given = Promise.resolve(answer);
            // whoever asks for it gets the error
            given.catch(() => { });
            const stamp = { at: performance.now(), writes: (0,writes/* writesSent */.r)(repository.octokit) };
            answers(repository).set(keyOf(asked), { answer: given, ...stamp });
        },
    });
}
/** A map for each repository that is open: another token may see other things. */
function storeOf() {
    const stores = new WeakMap();
    return ({ octokit }) => {
        const found = stores.get(octokit);
        if (found !== undefined)
            return found;
        const made = new Map();
        stores.set(octokit, made);
        return made;
    };
}
/** A full id, whose content never changes, and not the name of a branch. */
function isObjectId(name) {
    return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

// EXTERNAL MODULE: ./node_modules/@octokit/request-error/dist-src/index.js
var dist_src = __webpack_require__(1015);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 6 modules
var schemas = __webpack_require__(6921);
;// CONCATENATED MODULE: ./lib/github/refusal.js



/** Texts as GitHub sends them (2022-11-28 API), the most specific first. */
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
function refusal_readRefusal(error) {
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
/** GraphQL answers 200, with what went wrong in the body: its first error counts. */
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
    const refusal = refusal_readRefusal(error instanceof RefusedError ? error.cause : error);
    return refusal?.kind === 'ruleset' || refusal?.kind === 'protected-branch';
}
/** True when the failed request is refused in this way. */
function isRefused(error, kind) {
    return refusal_readRefusal(error)?.kind === kind;
}
/** True when it cannot be known whether the request was carried out: a 5xx, a lost or cut-off answer, a time-out, a cancelled job. */
function isAmbiguous(error) {
    return isRefused(error, 'unavailable') || isCancelled(error);
}
function isCancelled(error) {
    return error instanceof Error && error.name === 'AbortError';
}
/** Runs a request, and turns a refusal into an error that names the way out. */
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
    if ((0,errors/* isUserFacing */.Qx)(error))
        return error;
    const options = { cause: error };
    if (isCancelled(error))
        return new errors/* UnavailableError */.hG(`could not ${doing}: the job was cancelled before GitHub answered`, options);
    const refusal = refusal_readRefusal(error);
    if (refusal === undefined)
        return error;
    const words = `"${firstLines(refusal.message)}"`;
    const said = refusal.answered
        ? `GitHub answered ${refusal.status} ${words}`
        : `no whole answer came from GitHub (${words})`;
    switch (refusal.kind) {
        case 'bad-credentials':
            return new errors/* InputError */.dz((0,errors/* message */.iU) `could not ${doing}: ${said}; ${(0,errors/* setting */.Pe)('token')} is wrong or has expired`, options);
        case 'permission':
            return new errors/* RefusedError */.fk(`could not ${doing}: the token lacks a permission (${said}); give the job \`permissions: ${permission}\``, options);
        case 'workflow-permission':
            return new errors/* RefusedError */.fk(`could not ${doing}: it changes files under .github/workflows, and GITHUB_TOKEN cannot change these (${said}); use a GitHub App token with \`workflows: write\``, options);
        case 'pulls-off':
            return new errors/* RefusedError */.fk(`could not ${doing}: ${said}. No permission of the job allows this: turn "Allow GitHub Actions to create and approve pull requests" on in the settings of the repository, under Actions, General (if it is greyed out, in those of the organization or the enterprise), or use the token of a GitHub App`, options);
        case 'ruleset':
        case 'protected-branch':
            return new errors/* RefusedError */.fk(`could not ${doing}: a rule of the branch forbids it (${said}); let the token's app or user bypass the rule, or ${detour}`, options);
        case 'archived':
            return new errors/* RefusedError */.fk(`could not ${doing}: the repository is archived; unarchive it first`, options);
        case 'not-fast-forward':
            return new errors/* ConflictError */.fK(`could not ${doing}: somebody else moved it in between; run again to plan on the new state`, options);
        case 'rate-limit': {
            const seconds = refusal.retryAfterSeconds;
            const pause = seconds === undefined ? '' : `, and asks for a pause of ${seconds} s`;
            return new errors/* UnavailableError */.hG(`could not ${doing}: ${said}${pause}; run again when the limit is over`, options);
        }
        case 'unavailable':
            return new errors/* UnavailableError */.hG(`could not ${doing}: ${said}, after several tries`, options);
        case 'not-found':
            return new errors/* RefusedError */.fk(`could not ${doing}: ${said}; it is not there, or the token may not see it (\`permissions: ${permission}\`)`, options);
        default:
            return new errors/* RefusedError */.fk(`could not ${doing}: ${said}`, options);
    }
}
function firstLines(message) {
    const text = message
        .replace(/ - https:\/\/docs\.github\.com\S*$/, '')
        .replace(/\s+/g, ' ')
        .trim();
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

;// CONCATENATED MODULE: ./lib/github/contents.js




/** A text file of a branch or commit; undefined when the file, or the branch, is not there. Up to 100 MB, as the raw media type gives. */
const readFile = askedOnce(({ path, ref }) => (isObjectId(ref) ? `${ref}:${path}` : undefined), ({ octokit, owner, repo }, { path, ref }) => refusal_explained({ doing: `read ${path} at ${ref}`, permission: 'contents: read' }, async () => {
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
        return toFile(await new Response(data).bytes());
    }
    catch (error) {
        if (isRefused(error, 'not-found'))
            return undefined;
        throw error;
    }
}));
function toFile(bytes) {
    return { text: new TextDecoder().decode(bytes), bytes, blob: blobId(bytes) };
}
const leaveOut = 'take this branch out of the rule';
/**
 * Writes a file by a commit on a branch, only if the file is still what it was when it was read: GitHub compares `blob`,
 * and refuses when the branch moved at the same instant. A file that was deleted in between is written anew: GitHub does
 * not compare the id of a path that is absent.
 * @param blob what the file was, undefined when it was not there
 * @returns 'conflict' when it was not so any more, or the branch moved; 'exists' when there is a file, and there was to be none;
 *   'no-branch' when the branch is not there
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
            if (isRefused(error, 'conflict'))
                return 'conflict';
            // the file has come to be in between
            if (blob === undefined && /"sha" wasn't supplied/.test(refusal_readRefusal(error)?.message ?? ''))
                return 'exists';
            if (isRefused(error, 'not-found'))
                return 'no-branch';
            throw error;
        }
    });
}
/** Every path in the tree of a branch or commit with the id of its blob; undefined when the ref is not there. */
const listFiles = askedOnce(({ ref }) => (isObjectId(ref) ? ref : undefined), ({ octokit, owner, repo }, { ref }) => refusal_explained({ doing: `list the files of ${ref}`, permission: 'contents: read' }, async () => {
    try {
        const { data } = await octokit.rest.git.getTree({ owner, repo, tree_sha: ref, recursive: 'true' });
        return data.tree.flatMap(({ path, sha, type }) => type === 'blob' && path && sha ? [{ path, blob: sha }] : []);
    }
    catch (error) {
        // an empty repository answers 409
        if (isRefused(error, 'not-found') || isRefused(error, 'conflict'))
            return undefined;
        throw error;
    }
}));
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
            if (isRefused(error, 'already-exists'))
                return 'taken';
            throw error;
        }
    });
}
/** Git's own id of a file's content: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
function blobId(content) {
    return (0,external_node_crypto_.createHash)('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

;// CONCATENATED MODULE: ./lib/github/revision.js


/** Read through the API, so that no checkout is needed. @throws RefusedError when it is not there */
async function openRevision(repository, id) {
    const files = await listFiles(repository, { ref: id });
    if (files === undefined)
        throw new errors/* RefusedError */.fk(`revision ${id} is not in the repository`);
    return {
        id,
        paths: files.map(({ path }) => path),
        read: async (path) => (await readFile(repository, { path, ref: id }))?.text,
    };
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
            return [describe(prisma, { up, down: has(`${prisma}/down.sql`) })];
        if (file.includes('/') || /\.down\.sql$|^U.*__.*\.sql$/.test(file))
            return [];
        const [, paired] = /^(.+)\.up\.sql$/.exec(file) ?? [];
        if (paired !== undefined)
            return [describe(paired, { up, down: has(`${paired}.down.sql`) })];
        const [, flyway] = /^V(.+__.+)\.sql$/.exec(file) ?? [];
        if (flyway !== undefined)
            return [describe(flyway, { up, down: has(`U${flyway}.sql`) })];
        if (file.endsWith('.sql'))
            return [describe(file.replace(/\.sql$/, ''), { up, down: up })];
        if (!/^\d/.test(file) || !programs.test(file) || file.endsWith('.d.ts'))
            return [];
        return [{ ...describe(file, { up, down: undefined }), program: true }];
    })
        .sort((a, b) => compareVersions(a.version, b.version) || (a.name < b.name ? -1 : 1));
}
function describe(name, files) {
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
    const hasOwn = !file.program && file.down !== undefined && file.down !== file.up;
    const [up = '', down = ''] = await Promise.all([read(file.up), hasOwn ? read(file.down) : '']);
    const checksum = (0,external_node_crypto_.createHash)('sha256').update(up).digest('hex');
    if (file.program || file.down === undefined)
        return { sql: undefined, transaction: true, checksum };
    if (hasOwn)
        return { ...parseDown(down), checksum };
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

;// CONCATENATED MODULE: ./lib/layers/database/migrations/stuck.js
/** Tables in which tools mark what they began: rows that are unfinished, and what their users do about it. */
const marks = [
    {
        table: 'schema_migrations',
        column: 'dirty',
        isUnfinished: (row) => isTrue(row['dirty']),
        say: ({ version }) => `schema_migrations marks migration ${version} as dirty: it was cut off halfway. Repair the database manually, then run \`migrate force ${version}\` if all of it is there, or \`migrate force\` with the version before it`,
    },
    {
        table: 'flyway_schema_history',
        column: 'success',
        isUnfinished: (row) => !isTrue(row['success']),
        say: ({ version, description }) => `flyway_schema_history marks migration ${version ?? description} as failed. Remove what it left in the database, then run \`flyway repair\``,
    },
    {
        table: '_prisma_migrations',
        column: 'finished_at',
        isUnfinished: (row) => row['finished_at'] === null && row['rolled_back_at'] === null,
        say: ({ migration_name: name }) => `_prisma_migrations has migration ${name} as begun and not finished. Remove what it left in the database, then run \`prisma migrate resolve --rolled-back ${name}\``,
    },
    {
        table: 'knex_migrations_lock',
        column: 'is_locked',
        isUnfinished: (row) => isTrue(row['is_locked']),
        say: () => 'knex_migrations_lock is locked: a run of knex was cut off, or is still running. If no run is active, check what it applied, then run `knex migrate:unlock`',
    },
];
/**
 * What a tool began and did not finish, with its cure; undefined where no table says so. Every tool is looked at, as one that
 * runs under another's history may be it.
 */
async function findStuck(engine) {
    for (const { table, column, isUnfinished, say } of marks) {
        if (!(await engine.columnsOf(table)).includes(column))
            continue;
        const row = (await engine.query(`SELECT * FROM ${engine.quoteName(table)}`)).find(isUnfinished);
        if (row !== undefined)
            return say(row);
    }
    return undefined;
}
/** A boolean as each engine and tool writes it. */
function isTrue(value) {
    return ['1', 't', 'true'].includes(value ?? '');
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/applied.js



/** Each tool's history table, and how it is read. The first that is there is taken. */
const tables = [
    { table: ownTable, read: readOwn },
    { table: 'schema_migrations', read: readSchemaMigrations },
    {
        table: 'goose_db_version',
        // up to version 2 it adds a row for an undoing too, so that the last one of a version counts
        read: (engine) => readByKey(engine, 'goose_db_version', 'version_id', 'ORDER BY id', (row, rows) => {
            const last = rows.findLast(({ key }) => key === row['key']);
            return row === last && isTrue(row['is_applied']) && row['key'] !== '0';
        }),
    },
    {
        table: 'flyway_schema_history',
        // the last row of a version counts, as an undoing is one; a repeatable migration has none
        read: (engine) => readByKey(engine, 'flyway_schema_history', 'version', 'ORDER BY installed_rank', (row, rows) => {
            const last = rows.findLast(({ key }) => key === row['key']);
            return (row === last &&
                row['key'] !== null &&
                isTrue(row['success']) &&
                !/^(?:UNDO|DELETE)/.test(row['type'] ?? ''));
        }),
    },
    {
        table: '_prisma_migrations',
        read: (engine) => byTool(readByKey(engine, '_prisma_migrations', 'migration_name', 'ORDER BY started_at', (row) => row['finished_at'] !== null && row['rolled_back_at'] === null)),
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
            return { table, ...(await read(engine, files)), stuck: await findStuck(engine) };
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
    return { entries, marksBegun: true, unknown, partly, forget: (entry) => recordDown(engine, entry, columns) };
}
/** golang-migrate keeps one row, the version it stands at; dbmate and Rails keep one for each. */
async function readSchemaMigrations(engine, files) {
    const table = 'schema_migrations';
    if (!(await engine.columnsOf(table)).includes('dirty'))
        return readByKey(engine, table, 'version', 'ORDER BY version');
    const [row] = await engine.query(`SELECT version FROM ${table}`);
    const at = row?.['version'];
    const entries = at == null ? [] : files.filter(({ version }) => compareVersions(version, at) <= 0);
    return {
        entries: entries.map(({ version }) => ({ key: version })),
        marksBegun: true,
        forget: (_entry, before) => before === undefined
            ? { sql: `DELETE FROM ${table}`, values: [] }
            : { sql: `UPDATE ${table} SET version = CAST(? AS DECIMAL(20))`, values: [before.key] },
    };
}
async function readByKey(engine, table, column, order, counts = () => true) {
    const quoted = engine.quoteName(table);
    const rows = await engine.query(`SELECT t.*, t.${column} AS ${engine.quoteName('key')} FROM ${quoted} t ${order}`);
    return {
        entries: rows.filter((row) => counts(row, rows)).map(({ key }) => ({ key: key ?? '' })),
        marksBegun: false,
        forget: ({ key }) => ({
            sql: `DELETE FROM ${quoted} WHERE ${engine.asText(column)} = ?`,
            values: [key],
        }),
    };
}
async function byTool(reading) {
    return { ...(await reading), forget: undefined };
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

;// CONCATENATED MODULE: ./lib/layers/database/migrations/locks.js

const part = '(?:"(?:[^"]|"")+"|`[^`]+`|[\\w$]+)';
const table = `((?:${part}\\s*\\.\\s*)?${part})`;
const rule = (pattern, blocks) => ({
    pattern: new RegExp(pattern.replaceAll('TABLE_NAME', table), 'gi'),
    blocks,
});
const changeOfRows = rule('\\b(?:INSERT\\s+INTO|REPLACE\\s+INTO|UPDATE|DELETE\\s+FROM)\\s+(?:ONLY\\s+)?TABLE_NAME', 'other writes to the same rows wait');
/** https://www.postgresql.org/docs/current/explicit-locking.html */
const postgres = [
    rule('\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?![^;]*\\bVALIDATE\\s+CONSTRAINT)', 'reads and writes wait'),
    rule('\\bALTER\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME(?=[^;]*\\bVALIDATE\\s+CONSTRAINT)', 'other schema changes wait'),
    rule('\\b(?:DROP\\s+TABLE|TRUNCATE(?:\\s+TABLE)?)\\s+(?:IF\\s+EXISTS\\s+)?(?:ONLY\\s+)?TABLE_NAME', 'reads and writes wait'),
    rule('\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+(?!CONCURRENTLY\\b)(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME', 'writes wait'),
    rule('\\bCREATE\\s+(?:UNIQUE\\s+)?INDEX\\s+CONCURRENTLY\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?(?:(?!ON\\b)\\S+\\s+)?ON\\s+(?:ONLY\\s+)?TABLE_NAME', 'other schema changes wait'),
    rule('\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:CONSTRAINT\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME', 'writes wait'),
    rule('\\bREFERENCES\\s+TABLE_NAME', 'writes wait'),
    changeOfRows,
];
/** https://mariadb.com/kb/en/metadata-locking/ */
const mysql = [
    rule('\\b(?:ALTER|DROP|TRUNCATE|RENAME)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?TABLE_NAME', 'reads and writes wait, at least at its end'),
    rule('\\b(?:CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:UNIQUE\\s+|FULLTEXT\\s+|SPATIAL\\s+)?|DROP\\s+)INDEX\\b[^;]*?\\bON\\s+TABLE_NAME', 'reads and writes wait, at least at its end'),
    rule('\\bCREATE\\s+(?:OR\\s+REPLACE\\s+)?TRIGGER\\b[^;]*?\\bON\\s+TABLE_NAME', 'reads and writes wait'),
    changeOfRows,
];
/**
 * What a script locks, in words, by what is written in it: `users: reads and writes wait (ALTER TABLE)`. What a trigger or a
 * routine does meanwhile is not known.
 */
function describeLocks(kind, script) {
    if (kind === 'sqlite')
        return ['the whole database: writes wait'];
    const found = (kind === 'postgres' ? postgres : mysql).flatMap(({ pattern, blocks }) => [...bareSql(script).matchAll(pattern)].map(([text, name = '']) => {
        const statement = text.slice(0, text.lastIndexOf(name)).trim().replace(/\s+/g, ' ').replace(/ ON$/i, '');
        return `${name}: ${blocks} (${statement})`;
    }));
    return [...new Set(found)];
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/apply-plan.js






/**
 * Plans what of a revision is to be applied, and changes nothing.
 * @throws InputError for a folder without migrations, RefusedError for those of another tool and for scripts that cannot be run
 */
async function planApply(request) {
    const { engine, folder, revision, byCommand } = request;
    const files = listMigrations(revision.paths, folder);
    if (files.length === 0)
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('database.migrations')} is "${folder}", and revision ${revision.id.slice(0, 7)} has no migrations there; write their folder, such as db/migrations`);
    const applied = await readApplied(engine, files);
    refuseUnfinished(applied);
    if (!byCommand)
        refuseOtherTool(applied, files);
    const isApplied = (file) => applied?.entries.some(({ key }) => isEntryOf(key, file)) ?? false;
    const pending = files.filter((file) => !isApplied(file));
    return {
        applied,
        steps: await Promise.all(pending.map((file) => describeStep(request, file))),
        irregularities: [
            ...findDisorder(files, pending, applied),
            ...(await findChanged(revision, files, applied)),
        ],
    };
}
/** @throws RefusedError when an earlier run was cut off and cannot be continued */
function refuseUnfinished(applied) {
    if (applied?.stuck !== undefined)
        throw new errors/* RefusedError */.fk(applied.stuck);
    if (applied?.unknown !== undefined)
        throw new errors/* RefusedError */.fk(`migration ${applied.unknown}, which runs in no transaction, was cut off, and it is not known whether it ran: check it; then set its direction in ${applied.table} from run to up, or delete that row`);
}
function refuseOtherTool(applied, files) {
    if (applied !== undefined && applied.table !== ownTable)
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${applied.table} is the history table of another tool: set ${(0,errors/* setting */.Pe)('command')} to the command of that tool that applies migrations`);
    const other = files.find(({ up }) => !up.endsWith('.up.sql'));
    if (other !== undefined)
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${other.up} is not named NNN_name.up.sql: rename it, or set ${(0,errors/* setting */.Pe)('command')} to the command of the tool it is for`);
}
async function describeStep({ engine, revision, byCommand }, file) {
    const { sql: down, checksum } = await readDown(file, revision.read);
    const step = { name: file.name, checksum, down };
    if (byCommand)
        return { ...step, script: '', transaction: false, locks: [] };
    const script = (await revision.read(file.up)) ?? '';
    const isOutside = /^-- *rollback:no-transaction\b/im.test(script);
    const transaction = engine.transactionalDdl && !isOutside;
    if (transaction && endsTransaction(script))
        throw new errors/* RefusedError */.fk(`${file.up} begins or ends a transaction itself, so it cannot be undone as a whole when it fails: remove BEGIN and COMMIT`);
    if (engine.transactionalDdl && isOutside && countStatements(script) > 1)
        throw new errors/* RefusedError */.fk(`${file.up} runs in no transaction and has several statements: write one a file, so that it is known how far it came`);
    return { ...step, script, transaction, locks: describeLocks(engine.kind, script) };
}
function countStatements(script) {
    return bareSql(script)
        .split(';')
        .filter((each) => each.trim() !== '').length;
}
function findDisorder(files, pending, applied) {
    const newest = files.findLast((file) => !pending.includes(file));
    const missing = (applied?.entries ?? []).filter(({ key }) => !files.some((file) => isEntryOf(key, file)));
    const doubled = files.filter((file, index) => files[index - 1]?.version === file.version);
    return [
        ...missing.map(({ key }) => `${key} was applied, and no file has its name`),
        ...doubled.map(({ name, version }) => `${name} has number ${version}, as another file has`),
        ...pending
            .filter(({ version }) => newest !== undefined && compareVersions(version, newest.version) < 0)
            .map(({ name }) => `${name} is out of order: the newer ${newest?.name} was applied before it`),
        ...findGaps(files, pending),
    ];
}
/** Numbers that are missing before a pending one, where they count up; dates do not. */
function findGaps(files, pending) {
    return files.flatMap((file, index) => {
        const before = files[index - 1];
        if (before === undefined || !pending.includes(file))
            return [];
        const [from, to] = [before.version, file.version].map(Number);
        if (from === undefined || to === undefined || !(to - from > 1) || file.version.length > 6)
            return [];
        return [`there is a gap: ${file.name} follows ${before.name}`];
    });
}
async function findChanged(revision, files, applied) {
    const found = [];
    for (const { key, checksum } of applied?.entries ?? []) {
        const file = files.find((each) => isEntryOf(key, each));
        if (file === undefined || checksum === undefined)
            continue;
        if ((await readDown(file, revision.read)).checksum !== checksum)
            found.push(`${file.name} was changed after it was applied`);
    }
    return found;
}

;// CONCATENATED MODULE: ./lib/layers/database/migrations/apply.js





/**
 * Applies the migrations of a revision that the database does not have, oldest first, each with its record, and the script that
 * undoes it, in one transaction where the engine can. Killed and run again, it goes on where it was.
 * @throws RefusedError before anything is changed, or that says how far a script came; ConflictError when others hold the
 * database, or the project's tool applied something else
 */
async function applyMigrations(options) {
    const { engine, log, command, dryRun, allowIrregular } = options;
    const request = { ...options, byCommand: command !== undefined };
    const lock = await engine.lock();
    try {
        const plan = await planApply(request);
        for (const line of describePlan(plan, options))
            log(line);
        const { steps, irregularities } = plan;
        if (irregularities.length > 0 && !allowIrregular)
            throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${irregularities.join('; ')}; set ${(0,errors/* setting */.Pe)('allow-irregular')} to continue anyway`);
        if (steps.length === 0 || dryRun) {
            const outcome = steps.length === 0 ? 'nothing-to-apply' : 'planned';
            return { outcome, ...reportOf(plan, steps) };
        }
        if (command === undefined)
            await runScripts(options, steps);
        else
            await command(steps.map(({ name }) => name));
        const now = await verifyApplied(request, plan);
        return { outcome: 'applied', ...reportOf(now, steps) };
    }
    finally {
        await lock.release();
    }
}
function reportOf({ applied }, steps) {
    return {
        applied: steps.map(({ transaction: _, ...step }) => step),
        standsAt: applied?.entries.at(-1)?.key ?? 'no migration',
        table: applied?.table ?? '',
    };
}
function describePlan({ steps, irregularities }, { engine, dryRun }) {
    if (steps.length === 0)
        return [`${engine.database} has every migration of this revision`];
    return [
        ...steps.flatMap(({ name, down, script, locks }) => [
            `applies ${name}${down === undefined ? ', which cannot be undone: it has no down script' : ''}`,
            ...locks.map((lock) => `  ${lock}`),
            ...(dryRun
                ? script
                    .trimEnd()
                    .split('\n')
                    .map((line) => `  | ${line}`)
                : []),
        ]),
        ...irregularities.map((each) => `irregular: ${each}`),
    ];
}
async function runScripts({ engine, revision, now, log, signal }, steps) {
    await createOwnTable(engine);
    for (const [index, step] of steps.entries()) {
        signal?.throwIfAborted();
        const at = await nextTime(engine, now());
        const record = recordUp(engine, { ...step, revision: revision.id }, new Date(at.getTime() + 1));
        // where nothing can be undone and nothing says how far it came, that it began is recorded first
        const isOutside = engine.transactionalDdl && !step.transaction;
        if (isOutside)
            await engine.runScript(recordBegun(engine, step.name, at));
        try {
            await engine.runScript({
                name: journalName(step.name),
                script: step.script,
                transaction: step.transaction,
                after: isOutside ? [record, withdrawBegun(engine, step.name)] : [record],
            });
        }
        catch (error) {
            if (!(error instanceof errors/* RefusedError */.fk))
                throw error;
            if (isOutside)
                await engine.runScript({ script: '', transaction: true, after: [withdrawBegun(engine, step.name)] });
            const before = steps.slice(0, index).map(({ name }) => name);
            const rest = before.length === 0
                ? 'no other was applied'
                : `${before.join(', ')} ${before.length === 1 ? 'was' : 'were'} applied before and ${before.length === 1 ? 'stays' : 'stay'}`;
            const undone = step.transaction ? ', and is undone as a whole' : '';
            throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `migration ${step.name} failed${undone}: ${error}; ${rest}`);
        }
        log(`applied: ${step.name}`);
    }
}
/** Later than the table's last change, so that records are in order even where a clock was put back. */
async function nextTime(engine, now) {
    const { changedAt } = await readOwnTable(engine);
    const last = changedAt === undefined ? Number.NaN : Date.parse(`${changedAt.replace(' ', 'T')}Z`);
    return Number.isNaN(last) ? now : new Date(Math.max(now.getTime(), last + 1));
}
/** The history table has to say just what the plan did: some tools apply less than they report. */
async function verifyApplied({ engine, folder, revision }, { steps, applied: before }) {
    const files = listMigrations(revision.paths, folder);
    const applied = await readApplied(engine, files);
    if (applied === undefined)
        throw new errors/* ConflictError */.fK(`the command ended, and ${engine.database} has no history table of migrations that is known: it is not known what was applied`);
    const had = new Set(before?.entries.map(({ key }) => key));
    const added = applied.entries.filter(({ key }) => !had.has(key));
    const fileOf = (name) => files.find((file) => file.name === name);
    const isStep = (key) => steps.some(({ name }) => {
        const file = fileOf(name);
        return file !== undefined && isEntryOf(key, file);
    });
    const wrong = [
        ...steps
            .filter(({ name }) => {
            const file = fileOf(name);
            return file === undefined || !added.some(({ key }) => isEntryOf(key, file));
        })
            .map(({ name }) => `${name} is not applied`),
        ...added.filter(({ key }) => !isStep(key)).map(({ key }) => `${key} is applied, and was not pending`),
    ];
    if (wrong.length > 0)
        throw new errors/* ConflictError */.fK(`${applied.table} is not what it should be after the migration: ${wrong.join('; ')}`);
    return { applied };
}

// EXTERNAL MODULE: ./lib/layers/database/tool.js
var tool = __webpack_require__(6442);
;// CONCATENATED MODULE: ./lib/layers/database/migrations/command.js


/**
 * Runs the command of the project's own tool, in a checkout of the bad revision and nowhere else: the good one does not have
 * the scripts. The names of what it has to undo are in `ROLLBACK_MIGRATIONS`, one a line, newest first.
 * @throws RefusedError when the checkout is of another revision, or with the tool's own last words
 */
async function runInCheckout(command, names, { revision, checkout, env, }) {
    const head = await (0,tool/* runTool */.qI)({
        command: 'git',
        debianPackage: 'git',
        args: ['-C', checkout, 'rev-parse', 'HEAD'],
        env,
    }).catch(() => 'nothing');
    if (head.trim() !== revision)
        throw new errors/* RefusedError */.fk(`the command has to run in a checkout of ${revision}, and ${checkout} has ${head.trim()}: use actions/checkout with that ref first`);
    await (0,tool/* runTool */.qI)({
        command: 'bash',
        debianPackage: 'bash',
        args: ['-e', '-o', 'pipefail', '-c', command],
        env: { ...env, ROLLBACK_MIGRATIONS: names.join('\n') },
        cwd: checkout,
    });
}

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
;// CONCATENATED MODULE: ./lib/runner/scratch.js



/** Works in a folder for temporary files that nobody else sees, and removes it afterwards. */
async function inScratchFolder(env, work) {
    const folder = await (0,promises_.mkdtemp)((0,external_node_path_.join)(env['RUNNER_TEMP'] ?? (0,external_node_os_.tmpdir)(), 'rollback-'));
    try {
        return await work(folder);
    }
    finally {
        await (0,promises_.rm)(folder, { recursive: true, force: true });
    }
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
        throw new errors/* InputError */.dz(`is not an address of a database; write one such as ${examples}`);
    const parsed = new URL(url);
    const engine = engineOf(parsed.protocol);
    const database = decodeURIComponent(parsed.pathname.replace(/^\//, ''));
    if (database === '' || database.includes('\0'))
        throw new errors/* InputError */.dz('names no database; write its name at the end, such as postgres://user@host/app');
    const socket = parsed.searchParams.get('socket') ?? parsed.searchParams.get('host');
    const host = socket ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1');
    if (host === '')
        throw new errors/* InputError */.dz(`names no host; write an address such as ${examples}`);
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
        throw new errors/* InputError */.dz('has a "?" or "#" after the path of a SQLite file, and options such as ?mode=ro are not supported; write the path alone, with %3F and %23 for these characters in a name');
    let path;
    try {
        path = /^file:\/\//i.test(url)
            ? (0,external_node_url_.fileURLToPath)(url)
            : decodeURIComponent(url.replace(/^[a-z0-9]+:(?:\/\/(?=\/))?/i, ''));
    }
    catch {
        throw new errors/* InputError */.dz('is no path of a file: write a percent sign in a name as %25, and a path without a host, such as sqlite:/srv/app.db');
    }
    if (path === '' || path === ':memory:' || path.includes('\0'))
        throw new errors/* InputError */.dz('names no file; write one such as sqlite:data/app.db');
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
            throw new errors/* InputError */.dz(`begins with "${/^(?:jdbc:)?[^:]*:/i.exec(url)?.[0]}", which is for a driver of another language; write ${instead}`);
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
        throw new errors/* InputError */.dz(`has a "${raw}" that is not percent-encoded, such as in the password; write ${encoded[raw]} for it (@ is %40, # is %23, / is %2F, ? is %3F, % is %25)`);
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
    throw new errors/* InputError */.dz(`is of a kind of database that is not known; write one such as ${examples}`);
}
/** On this machine nothing is encrypted unless asked for; over a network everything is, unless told otherwise. */
function tlsOf({ searchParams }, host) {
    const asked = searchParams.get('sslmode') ?? searchParams.get('ssl-mode');
    if (asked === null)
        return isLocal(host) ? 'off' : 'encrypt';
    const mode = tlsModes[asked.toLowerCase()];
    if (mode === undefined)
        throw new errors/* InputError */.dz(`has an unknown sslmode; write one of ${Object.keys(tlsModes).join(', ')}`);
    return mode;
}
function isLocal(host) {
    return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
}

;// CONCATENATED MODULE: ./lib/layers/database/open.js
/** Opens the engine for a database: connects to nothing yet. Only its own driver is loaded, which takes up to 0.2 s. */
async function openEngine(connection, surroundings) {
    switch (connection.engine) {
        case 'sqlite':
            return (await __webpack_require__.e(/* import() */ 861).then(__webpack_require__.bind(__webpack_require__, 7861))).openSqlite(connection, surroundings);
        case 'postgres':
            return (await Promise.all(/* import() */[__webpack_require__.e(849), __webpack_require__.e(628)]).then(__webpack_require__.bind(__webpack_require__, 1628))).openPostgres(connection, surroundings);
        case 'mysql':
            return (await Promise.all(/* import() */[__webpack_require__.e(739), __webpack_require__.e(873)]).then(__webpack_require__.bind(__webpack_require__, 4873))).openMysql(connection, surroundings);
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/store/address.js

/**
 * Reads `s3://bucket/prefix`. Keys, region and the address of another server than Amazon's come from the variables that every
 * tool for S3 takes: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
 * @throws InputError without naming the input
 */
function address_parseBucket(text, env) {
    const [, bucket, rest = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w.!*'()/-]*))?$/.exec(text) ?? [];
    const folders = rest.split('/').filter((each) => each !== '');
    if (bucket === undefined || folders.some((each) => /^\.+$/.test(each)))
        throw new InputError(`is "${text}"; write a bucket such as s3://my-backups/shop, of letters, digits, dots and dashes`);
    const accessKeyId = env['AWS_ACCESS_KEY_ID'] ?? '';
    const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'] ?? '';
    if (accessKeyId === '' || secretAccessKey === '')
        throw new InputError(`is "${text}", and its keys are not set: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in env, from secrets or by aws-actions/configure-aws-credentials`);
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
        throw new InputError(`is in a bucket of AWS_ENDPOINT_URL, and that is no address; write one such as https://s3.example.com`);
    return new URL(`${bucket}/`, endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
}

// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
// EXTERNAL MODULE: ./node_modules/aws4fetch/dist/aws4fetch.esm.mjs
var aws4fetch_esm = __webpack_require__(2580);
;// CONCATENATED MODULE: ./lib/layers/database/store/exchange.js




/** How long a server may take to begin its answer, ms: a part of 8 MB has to be through a slow line by then. */
const patienceMs = 120_000;
/**
 * Sends signed requests to a bucket. The body's own digest is signed, so that what arrives is what was sent. All of them do
 * the same when they are done twice, so that one without an answer is sent again.
 * @returns a function that throws RefusedError with the server's own words, UnavailableError when it gives no answer
 */
function exchange_openExchange(address, { fetch, signal }) {
    const where = `bucket ${address.bucket} on ${address.url.host}`;
    async function sendOnce(request) {
        const { method, key = '', query = {}, body, missing } = request;
        const url = new URL(key, address.url);
        for (const [name, value] of Object.entries(query))
            url.searchParams.set(name, value);
        const { accessKeyId, secretAccessKey, sessionToken, region } = address;
        const signer = new AwsV4Signer({
            method,
            url: url.href,
            headers: {
                'x-amz-content-sha256': createHash('sha256')
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
            throw new UnavailableError(`${where} does not answer: ${reasonOf(error)}`);
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
            return new RefusedError(missing);
        if (status === 429 || status >= 500)
            return new UnavailableError(`${where} answers ${said}`);
        if (status === 301 || status === 307 || code === 'AuthorizationHeaderMalformed')
            return new RefusedError(`${where} is not in the region ${address.region}: set AWS_REGION to its own (${said})`);
        return new RefusedError(`${where} refused: ${said}`);
    }
    return (request) => pRetry(() => sendOnce(request), {
        retries: 4,
        minTimeout: 200,
        maxTimeout: 5000,
        randomize: true,
        ...(signal !== undefined && { signal }),
        shouldRetry: ({ error }) => error instanceof UnavailableError,
    });
}
function reasonOf(error) {
    if (!(error instanceof Error))
        return String(error);
    return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}

;// CONCATENATED MODULE: ./lib/layers/database/store/bucket.js



/** What S3 takes as a part at least, but for the last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const smallestPart = (/* unused pure expression or super */ null && (8 << 20));
/** S3 takes 10,000 parts at most, so that those of something huge have to grow: with this, 440 GB fit. */
function partSize(index) {
    return smallestPart * (1 + Math.floor(index / 1000));
}
/**
 * Backups in a bucket of S3, or of a server that speaks its language. What is too big for one request goes in parts, which
 * are an object only once all of them are there: a job that is killed leaves none.
 */
function bucket_openBucketStore(address, { fetch, signal }) {
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
                return Readable.from([]);
            return named(Readable.fromWeb(answer.body), `${path} of ${place} broke off`);
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
            throw new UnavailableError(`${place} gave an upload no name`);
        return unescapeXml(upload);
    }
    /** It may fail after a status of 200: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
    async function complete(key, upload, etags) {
        const parts = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`);
        const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
        const answer = await send({ method: 'POST', key, query: { uploadId: upload }, body });
        const xml = await answer.text();
        if (/<Error>/.test(xml))
            throw new RefusedError(`${place} did not put the parts of ${key} together: ${xml.slice(0, 300)}`);
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
    const to = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
    from.once('error', (error) => to.destroy(new UnavailableError(`${what}: ${error.message}`)));
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
// EXTERNAL MODULE: ./lib/layers/database/read-file.js
var read_file = __webpack_require__(9683);
// EXTERNAL MODULE: ./lib/layers/database/write-file.js
var write_file = __webpack_require__(6368);
;// CONCATENATED MODULE: ./lib/layers/database/store/folder.js







/** Backups in a folder of this machine. @param root made when it is not there */
function folder_openFolderStore(root) {
    return {
        place: root,
        async list() {
            // a backup is a folder of files: a folder that holds other things, or has no end, is not searched
            const read = (path) => readdir(path, { withFileTypes: true }).catch(emptyIfMissing);
            const paths = [];
            for (const entry of await read(root)) {
                if (entry.isFile())
                    paths.push(entry.name);
                if (!entry.isDirectory())
                    continue;
                const files = await read(join(root, entry.name));
                paths.push(...files.filter((file) => file.isFile()).map((file) => `${entry.name}/${file.name}`));
            }
            return paths.sort();
        },
        async read(path) {
            const file = join(root, path);
            if ((await stat(file).catch(() => undefined)) === undefined)
                throw new RefusedError(`${path} is not in ${root}`);
            return readChunks(file);
        },
        async write(path, content) {
            const file = join(root, path);
            const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
            try {
                await makeFolder(dirname(file));
                await writeFileFrom(content, partial, { durable: true });
                await rename(partial, file);
                await syncFolder(dirname(file));
            }
            catch (error) {
                await rm(partial, { force: true }).catch(() => { });
                await rmdir(dirname(file)).catch(() => { });
                throw explainWrite(error, root);
            }
        },
        async remove(path) {
            await rm(join(root, path), { force: true });
            // the folder goes with its last file
            await rmdir(join(root, dirname(path))).catch(() => { });
        },
    };
}
/** Step by step: what makes folders recursively never ends below /proc, where one that is missing cannot be made. */
async function makeFolder(path) {
    const exists = async (each) => (await stat(each).catch(() => undefined)) !== undefined;
    if (await exists(path))
        return;
    if (!(await exists(dirname(path))))
        await makeFolder(dirname(path));
    await mkdir(path).catch((error) => {
        // another process made it meanwhile
        if (error.code !== 'EEXIST')
            throw error;
    });
}
/** A rename is safe from a power cut once its folder is on the disk. */
async function syncFolder(folder) {
    const handle = await open(folder, 'r');
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
function open_openStore(storage, { env, fetch, signal, }) {
    if (storage.startsWith('s3:'))
        return openBucketStore(parseBucket(storage, env), { fetch, signal });
    if (/^[a-z0-9]{2,}:/i.test(storage))
        throw new InputError(`is "${storage}"; write the path of a folder, or s3://bucket/prefix`);
    if (/^~|\$\{?[a-z_]/i.test(storage))
        throw new InputError(`is "${storage}", and no shell expands it: the folder would be made below that of the job under this name; write the whole path, such as /var/backups/shop`);
    return openFolderStore(storage);
}
/** @throws InputError for a bucket that is to get files without compression */
function refuseUncompressed(storage, compression) {
    if (compression === 'none' && storage.startsWith('s3:'))
        throw new InputError(message `${setting('compression')} is none and ${setting('database.storage')} is a bucket, where every byte is sent over the network; write compression: zstd, or keep backups in a folder`);
}

;// CONCATENATED MODULE: ./lib/settings/variables.js
/** Secrets that the libraries and tools of the layers read under names of their own. */
const usualSecrets = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'EXPO_TOKEN'];
/** All that they read so. */
const usual = [
    ...usualSecrets,
    'AWS_ACCESS_KEY_ID',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_ENDPOINT_URL',
    'AWS_ENDPOINT_URL_S3',
];
/** The secrets among what they read so, to keep them out of every text. */
function variables_secretsOfTools(env) {
    return usualSecrets.flatMap((name) => env[name] || []);
}
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
/** The names of the variables that a part of the settings names: `{ env: NAME }`, and lists under `env`. */
function namesIn(value) {
    if (typeof value !== 'object' || value === null)
        return [];
    return Object.entries(value).flatMap(([key, each]) => {
        if (key !== 'env')
            return namesIn(each);
        return [each].flat().filter((name) => typeof name === 'string');
    });
}

;// CONCATENATED MODULE: ./lib/actions/open-database.js





/** Opens the database that the input names. @param scratch a folder for temporary files */
async function openConnection({ inputs, env, log, secrets }, scratch) {
    const connection = (0,errors/* readSetting */.LA)('database.url', () => parseConnection(inputs['database-url']));
    for (const secret of secretsOf(connection))
        secrets.add(secret);
    return openEngine(connection, { env, scratch, log: log.info });
}
/** Opens the database and the store that the inputs name. @param scratch a folder for temporary files */
async function openDatabase(step, scratch) {
    const { inputs, env, secrets, signal } = step;
    const engine = await openConnection(step, scratch);
    for (const secret of secretsOfTools(env))
        secrets.add(secret);
    const store = readSetting('database.storage', () => openStore(inputs.storage, { env, fetch, signal }));
    return { engine, store };
}

;// CONCATENATED MODULE: ./lib/github/commit-graph.js
const graphs = new WeakMap();
/** The commits that were read so far in this run, by their ids. They never change. */
function graphOf({ octokit }) {
    const found = graphs.get(octokit);
    if (found !== undefined)
        return found;
    const made = new Map();
    graphs.set(octokit, made);
    return made;
}
/** Notes commits that were read, whatever they were read for. */
function commit_graph_noteCommits(repository, commits) {
    const graph = graphOf(repository);
    for (const commit of commits)
        graph.set(commit.sha, commit);
}
function commit_graph_knownCommit(repository, sha) {
    return graphOf(repository).get(sha);
}
/** Whether a commit is in the history of another one, or is it; undefined when what was read does not show it. */
function knownAncestry(repository, { older, newer }) {
    const graph = graphOf(repository);
    if (older === newer)
        return graph.has(older) ? true : undefined;
    const after = search(graph, { from: newer, wanted: older });
    if (after !== 'missing')
        return after === 'found';
    // what comes after cannot come before
    return search(graph, { from: older, wanted: newer }) === 'found' ? false : undefined;
}
/** missing: some of the history is not known. */
function search(graph, { from, wanted }) {
    const seen = new Set();
    const left = [from];
    let isWhole = true;
    for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
        if (sha === wanted)
            return 'found';
        if (seen.has(sha))
            continue;
        seen.add(sha);
        const commit = graph.get(sha);
        if (commit === undefined)
            isWhole = false;
        else
            left.push(...commit.parents);
    }
    return isWhole ? 'not-there' : 'missing';
}
/**
 * The commits from one to another, oldest first, where each has one parent, so that these are all; undefined where there are
 * merges, or not all was read.
 */
function commit_graph_knownLine(repository, { base, head }) {
    const graph = graphOf(repository);
    const line = [];
    for (let sha = head; sha !== base;) {
        const commit = graph.get(sha);
        const [parent, ...others] = commit?.parents ?? [];
        if (commit === undefined || parent === undefined || others.length > 0)
            return undefined;
        line.push(commit);
        sha = parent;
    }
    return line.reverse();
}
/** What is read of a commit, whichever of GitHub's endpoints it is from. */
function commit_graph_toCommit({ sha, parents, commit }) {
    return {
        sha,
        tree: commit.tree.sha,
        parents: parents.map((parent) => parent.sha),
        message: commit.message,
        author: commit.author?.name ?? 'unknown',
        committedAt: new Date(commit.committer?.date ?? 0),
    };
}

;// CONCATENATED MODULE: ./lib/github/commits.js




const reading = 'contents: read';
const readCommitOnce = askedOnce((sha) => sha, async (repository, sha) => {
    const { octokit, owner, repo } = repository;
    const { data } = await refusal_explained({ doing: `read commit ${sha.slice(0, 7)}`, permission: reading }, () => octokit.rest.git.getCommit({ owner, repo, commit_sha: sha }));
    const commit = commit_graph_toCommit({ ...data, commit: data });
    commit_graph_noteCommits(repository, [commit]);
    return commit;
});
/** A commit by its full id. @throws RefusedError when it is not in the repository */
async function readCommit(repository, sha) {
    return knownCommit(repository, sha) ?? readCommitOnce(repository, sha);
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
            if (isRefused(error, 'not-found') || isRefused(error, 'invalid') || isRefused(error, 'conflict'))
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
/** The newest commits of a branch, newest first; at most 100. */
const listCommits = askedOnce((asked) => (isObjectId(asked.branch) ? keyOfList(asked) : undefined), async (repository, { branch, count, path, page = 1 }) => {
    const { octokit, owner, repo } = repository;
    const { data } = await refusal_explained({ doing: `list the commits of ${branch}`, permission: reading }, () => octokit.rest.repos.listCommits({
        owner,
        repo,
        sha: branch,
        per_page: count,
        page,
        ...(path !== undefined && { path }),
    }));
    const commits = data.map(commit_graph_toCommit);
    commit_graph_noteCommits(repository, commits);
    return commits;
});
const keyOfList = ({ branch, count, path = '', page = 1 }) => `${branch} ${count} ${page} ${path}`;
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
            const listed = await listCommits(repository, { branch: head, count: 100, path, page });
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
async function createCommit(repository, { tree, parents, message }) {
    const { octokit, owner, repo } = repository;
    const { data } = await explained({ doing: 'create the commit', permission: 'contents: write' }, () => 
    // an object that nothing points at changes nothing, so this POST may be repeated
    octokit.rest.git.createCommit({
        owner,
        repo,
        tree,
        parents: [...parents],
        message,
        request: repeatable,
    }));
    const commit = toCommit({ ...data, commit: data });
    noteCommits(repository, [commit]);
    return commit;
}

;// CONCATENATED MODULE: ./lib/github/deployments.js


const toDeployment = (listed) => {
    const { id, environment, sha: revision, created_at, task, transient_environment: isTransient = false, } = listed;
    return { id, environment, revision, createdAt: new Date(created_at), task, isTransient };
};
const permission = 'deployments: read';
/** The newest hundred deployments of all environments, newest first. */
const deployments_listNewestDeployments = foreseeable(() => '', async ({ octokit, owner, repo }) => {
    const { data } = await refusal_explained({ doing: 'list the deployments', permission }, () => octokit.rest.repos.listDeployments({ owner, repo, per_page: 100 }));
    return data.map(toDeployment);
});
/** The newest hundred deployments of an environment, newest first. */
const listNewestOf = foreseeable((environment) => environment, async ({ octokit, owner, repo }, environment) => {
    const { data } = await refusal_explained({ doing: `list the deployments of ${environment}`, permission }, () => octokit.rest.repos.listDeployments({ owner, repo, environment, per_page: pageSize }));
    return data.map(toDeployment);
});
const pageSize = 100;
/** The deployments of an environment, or of a revision in it, newest first, a page of a hundred at a time so that a caller stops when it has what it seeks. */
async function* listDeployments(repository, { environment, revision }) {
    const newest = revision === undefined
        ? await listNewestOf(repository, environment)
        : await listNewestOf.foreseen(repository, environment);
    yield* (newest ?? []).filter((each) => revision === undefined || each.revision === revision);
    if (newest !== undefined && newest.length < pageSize)
        return;
    const { octokit, owner, repo } = repository;
    const need = { doing: `list the deployments of ${environment}`, permission };
    // of a revision the list is another one, which begins anew
    const last = revision === undefined ? newest?.at(-1)?.id : undefined;
    for (let page = last === undefined ? 1 : 2;; page += 1) {
        const { data } = await refusal_explained(need, () => octokit.rest.repos.listDeployments({
            ...{ owner, repo, environment, per_page: pageSize, page },
            ...(revision && { sha: revision }),
        }));
        const known = new Set(newest?.map(({ id }) => id));
        yield* data.map(toDeployment).filter(({ id }) => !known.has(id));
        if (data.length < pageSize)
            return;
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
const deployments_readStates = foreseeable(({ id }) => String(id), async ({ octokit, owner, repo }, { id }) => {
    const { data } = await refusal_explained({ doing: `read the statuses of deployment ${id}`, permission }, () => octokit.rest.repos.listDeploymentStatuses({ owner, repo, deployment_id: id, per_page: 100 }));
    return data.map(({ state }) => state);
});
/** How the newest deployment of a revision to an environment stands; `missing` when there is none. */
async function deploymentState(repository, { environment, revision }) {
    const found = await listDeployments(repository, { environment, revision }).next();
    if (found.done)
        return 'missing';
    const states = await deployments_readStates(repository, found.value);
    if (states[0] === 'failure' || states[0] === 'error')
        return 'failure';
    // a newer deployment turns one that succeeded `inactive`
    return states.includes('success') ? 'success' : 'pending';
}

;// CONCATENATED MODULE: ./lib/github/graphql.js

/**
 * Asks GraphQL for several things in one request. What the token may not see is null in the answer, as is what is not there:
 * whoever needs it asks the REST API, which says why.
 * @param text of a query, which may use `$owner` and `$repo`
 * @returns undefined where there is no answer of this shape
 * @throws what `explained` understands, when nothing was answered
 */
async function query({ octokit, owner, repo }, text, variables, shape) {
    try {
        const data = await octokit.graphql(text, { owner, repo, ...variables });
        return shape.safeParse(data).data;
    }
    catch (error) {
        // some of it was refused, and the rest is there
        const refusal = refusal_readRefusal(error);
        if (refusal?.status === 200 && error instanceof Error && 'data' in error && error.data !== null)
            return shape.safeParse(error.data).data;
        throw error;
    }
}

;// CONCATENATED MODULE: ./lib/github/folder.js




const entry = schemas/* lazy */.RZV(() => schemas/* object */.Ikc({ name: schemas/* string */.YjP(), oid: schemas/* string */.YjP(), object: found.nullable().optional() }));
const found = schemas/* object */.Ikc({
    text: schemas/* string */.YjP().nullable().optional(),
    entries: schemas/* array */.YOg(entry).nullable().optional(),
});
const shape = schemas/* object */.Ikc({ repository: schemas/* object */.Ikc({ object: found.nullable() }) });
/** The text files of a folder and of those below it, by path, as they are in one commit; empty when there is no such folder. */
const readFolder = foreseeable(({ ref, path }) => `${ref}:${path}`, async (repository, asked) => {
    const seen = await readTogether(repository, asked).catch(() => undefined);
    return seen ?? readEach(repository, asked);
});
/** By one query. @returns undefined when that did not have all of it */
async function readTogether(repository, { ref, path, depth }) {
    let fields = '... on Blob { text }';
    for (let level = 0; level < depth; level += 1)
        fields = `... on Blob { text } ... on Tree { entries { name oid object { ${fields} } } }`;
    const text = `query ReadFolder($owner: String!, $repo: String!, $expression: String!) { repository(owner: $owner, name: $repo) { object(expression: $expression) { ${fields} } } }`;
    const answer = await query(repository, text, { expression: `${ref}:${path}` }, shape);
    if (answer === undefined)
        return undefined;
    const files = new Map();
    const isWhole = collect(answer.repository.object?.entries ?? [], path, files);
    // what git stores under that name is what was sent: not so where GitHub cut it off, or could not make a text of it
    return isWhole && [...files.values()].every(({ bytes, blob }) => blobId(bytes) === blob) ? files : undefined;
}
function collect(entries, above, files) {
    return entries.every(({ name, oid, object }) => {
        const path = `${above}/${name}`;
        if (object?.entries)
            return collect(object.entries, path, files);
        if (typeof object?.text !== 'string')
            return false;
        files.set(path, { text: object.text, bytes: Buffer.from(object.text), blob: oid });
        return true;
    });
}
/** Where one query is too much: the list of the files, a hundred of them in a query, and one by one what is left. */
async function readEach(repository, { ref, path }) {
    const listed = (await listFiles(repository, { ref })) ?? [];
    const wanted = listed.filter((each) => each.path.startsWith(`${path}/`));
    const batches = Array.from({ length: Math.ceil(wanted.length / blobsAtOnce) }, (_, n) => wanted.slice(n * blobsAtOnce, (n + 1) * blobsAtOnce));
    const texts = await Promise.all(batches.map((batch) => readBlobs(repository, batch.map(({ blob }) => blob)).catch(() => [])));
    const files = await Promise.all(wanted.map(async (each, n) => {
        const text = texts[Math.floor(n / blobsAtOnce)]?.[n % blobsAtOnce];
        const file = text === undefined ? undefined : toFile(Buffer.from(text));
        // not so where GitHub cut it off, or could not make a text of it
        return [
            each.path,
            file?.blob === each.blob ? file : await readFile(repository, { path: each.path, ref }),
        ];
    }));
    return new Map(files.flatMap(([name, file]) => (file === undefined ? [] : [[name, file]])));
}
const blobsAtOnce = 100;
const blobsShape = schemas/* object */.Ikc({
    repository: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* object */.Ikc({ text: schemas/* string */.YjP().nullable() }).nullable()),
});
async function readBlobs(repository, blobs) {
    const asked = blobs.map((oid, n) => `b${n}: object(oid: "${oid}") { ... on Blob { text } }`);
    const text = `query ReadBlobs($owner: String!, $repo: String!) { repository(owner: $owner, name: $repo) { ${asked.join(' ')} } }`;
    const answer = await query(repository, text, {}, blobsShape);
    return blobs.map((_, n) => answer?.repository[`b${n}`]?.text ?? undefined);
}

;// CONCATENATED MODULE: ./lib/github/labels.js


const labels_permission = 'issues: read';
/** The open issues and pull requests that have a label, newest first. */
const labels_openItemsWith = foreseeable((label) => label, async ({ octokit, owner, repo }, label) => {
    const need = { doing: `list what has the label ${label}`, permission: labels_permission };
    const items = await refusal_explained(need, () => octokit.paginate(octokit.rest.issues.listForRepo, {
        owner,
        repo,
        state: 'open',
        labels: label,
        per_page: 100,
    }));
    return items.map(({ number, html_url, title }) => ({ number, url: html_url, title }));
});
/** Who put the label on last; undefined when no event says so, as after the label was renamed. */
async function labels_lastLabelling({ octokit, owner, repo }, { number, label }) {
    const need = { doing: `read who labelled #${number}`, permission: labels_permission };
    const events = await explained(need, () => octokit.paginate(octokit.rest.issues.listEvents, { owner, repo, issue_number: number, per_page: 100 }));
    // GitHub ignores the case of labels; events come oldest first
    const isThis = (name) => name?.toLowerCase() === label.toLowerCase();
    const last = events.findLast((each) => each.event === 'labeled' && 'label' in each && isThis(each.label.name));
    return last && { by: last.actor?.login, at: new Date(last.created_at) };
}

;// CONCATENATED MODULE: ./lib/github/ref.js


/** The commit or tag object that a ref points at; undefined when there is no such ref. @param ref without `refs/`, e.g. `heads/main` */
const readRef = foreseeable((ref) => ref, ({ octokit, owner, repo }, ref) => refusal_explained({ doing: `read refs/${ref}`, permission: 'contents: read' }, async () => {
    try {
        const { data } = await octokit.rest.git.getRef({ owner, repo, ref });
        return data.object.sha;
    }
    catch (error) {
        // an empty repository answers 409 to every question about refs
        if (isRefused(error, 'not-found') || isRefused(error, 'conflict'))
            return undefined;
        throw error;
    }
}));

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
const readBranchRules = foreseeable((branch) => branch, ({ octokit, owner, repo }, branch) => {
    const need = { doing: `read the rules of ${branch}`, permission: 'contents: read' };
    return refusal_explained(need, async () => {
        const [rules, { data }] = await Promise.all([
            octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }),
            octokit.rest.repos.getBranch({ owner, repo, branch }),
        ]);
        return { types: [...new Set(rules.map(({ type }) => type))], isProtected: data.protected };
    });
});
/** Names of the active rules that a branch of that name is under, also one that is not there yet. */
async function readRuleTypes(repository, branch) {
    const rules = await listRules(repository, branch);
    return [...new Set(rules.map(({ type }) => type))];
}
/** The rules that keep a commit from being pushed. */
function rulesAgainstPush({ types }) {
    return types.filter((type) => againstPushes.has(type));
}
/** Names of the checks that the rules of the branch require; what classic branch protection asks for cannot be read. */
async function requiredChecks(repository, branch) {
    const rules = await listRules(repository, branch);
    const names = rules.flatMap((rule) => rule.type === 'required_status_checks'
        ? (rule.parameters?.required_status_checks ?? []).map(({ context }) => context)
        : []);
    return [...new Set(names)];
}
async function listRules({ octokit, owner, repo }, branch) {
    const need = { doing: `read the rules of ${branch}`, permission: 'contents: read' };
    return explained(need, () => octokit.paginate(octokit.rest.repos.getBranchRules, { owner, repo, branch, per_page: 100 }));
}

;// CONCATENATED MODULE: ./lib/github/look-ahead.js









/** As the list of commits has them. */
const count = 100;
const person = schemas/* object */.Ikc({ name: schemas/* string */.YjP().nullable() }).nullable();
const commit = schemas/* object */.Ikc({
    oid: schemas/* string */.YjP(),
    message: schemas/* string */.YjP(),
    committedDate: schemas/* string */.YjP(),
    author: person,
    tree: schemas/* object */.Ikc({ oid: schemas/* string */.YjP() }),
    parents: schemas/* object */.Ikc({ totalCount: schemas/* number */.aig(), nodes: schemas/* array */.YOg(schemas/* object */.Ikc({ oid: schemas/* string */.YjP() })) }),
});
const head = schemas/* object */.Ikc({
    oid: schemas/* string */.YjP(),
    history: schemas/* object */.Ikc({ nodes: schemas/* array */.YOg(commit) }).optional(),
});
const stated = schemas/* object */.Ikc({ state: schemas/* string */.YjP() });
const deployments = schemas/* object */.Ikc({
    nodes: schemas/* array */.YOg(schemas/* object */.Ikc({
        databaseId: schemas/* number */.aig().nullable(),
        latestStatus: stated.nullable(),
        statuses: schemas/* object */.Ikc({ nodes: schemas/* array */.YOg(stated) }).nullable(),
    })),
});
const look_ahead_shape = schemas/* object */.Ikc({
    code: schemas/* object */.Ikc({ ref: schemas/* object */.Ikc({ target: head }).nullable() }).nullable(),
    // apart: a token that may not see deployments gets null for all that is around them
    deployed: schemas/* object */.Ikc({ own: deployments, all: deployments }).nullable().optional(),
});
const newest = '{ field: CREATED_AT, direction: DESC }';
const ofDeployments = 'nodes { databaseId latestStatus { state } statuses(first: 20) { nodes { state } } }';
const look_ahead_text = `query LookAhead($owner: String!, $repo: String!, $ref: String!, $environment: String!) {
  code: repository(owner: $owner, name: $repo) {
    ref(qualifiedName: $ref) { target { oid ... on Commit { history(first: ${count}) { nodes {
      oid message committedDate author { name } tree { oid } parents(first: 5) { totalCount nodes { oid } }
    } } } } }
  }
  deployed: repository(owner: $owner, name: $repo) {
    own: deployments(first: 20, environments: [$environment], orderBy: ${newest}) { ${ofDeployments} }
    all: deployments(first: 20, orderBy: ${newest}) { ${ofDeployments} }
  }
}`;
/**
 * Looks at all that is about to be asked, at the same time instead of one after the other: the head of the branch with its newest
 * commits, the deployments with their states, rules, labels, a folder. Whoever asks one of these within seconds, and before
 * this run has written anything, gets what was seen here; what could not be seen is asked for when it is needed, and says why it
 * cannot be had.
 */
async function lookAhead(repository, ahead) {
    const { branch, environment, folder, labels = [] } = ahead;
    listNewestOf.note(repository, environment, listNewestOf(repository, environment));
    deployments_listNewestDeployments.note(repository, undefined, deployments_listNewestDeployments(repository, undefined));
    readBranchRules.note(repository, branch, readBranchRules(repository, branch));
    for (const label of labels)
        labels_openItemsWith.note(repository, label, labels_openItemsWith(repository, label));
    const files = folder && readFolder(repository, folder);
    if (folder !== undefined && files !== undefined)
        readFolder.note(repository, folder, files);
    const seen = await query(repository, look_ahead_text, { ref: `refs/heads/${branch}`, environment }, look_ahead_shape).catch(
    // the same is asked of the REST API
    () => undefined);
    const { target } = seen?.code?.ref ?? {};
    if (target !== undefined) {
        readRef.note(repository, `heads/${branch}`, target.oid);
        noteHistory(repository, target);
    }
    const { own, all } = seen?.deployed ?? {};
    for (const each of [...(own?.nodes ?? []), ...(all?.nodes ?? [])]) {
        const { databaseId: id, latestStatus, statuses } = each;
        // of more states not all may be there
        if (id === null || statuses === null || statuses.nodes.length >= 20)
            continue;
        const states = [...(latestStatus === null ? [] : [latestStatus]), ...statuses.nodes];
        deployments_readStates.note(repository, { id }, states.map(({ state }) => state.toLowerCase()));
    }
}
function noteHistory(repository, { oid, history }) {
    const commits = (history?.nodes ?? []).map((each) => ({
        sha: each.oid,
        tree: each.tree.oid,
        parents: each.parents.nodes.map((parent) => parent.oid),
        message: each.message,
        author: each.author?.name ?? 'unknown',
        committedAt: new Date(each.committedDate),
    }));
    const isWhole = history?.nodes.every(({ parents }) => parents.totalCount === parents.nodes.length);
    if (commits.length === 0 || isWhole !== true)
        return;
    commit_graph_noteCommits(repository, commits);
    listCommits.note(repository, { branch: oid, count }, commits);
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
            // GitHub reports `maintain` as write, and `triage` as read
            return data.permission === 'admin' || data.permission === 'write';
        }
        catch (error) {
            if (isRefused(error, 'not-found'))
                return false;
            throw error;
        }
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

// EXTERNAL MODULE: ./node_modules/p-retry/index.js + 1 modules
var p_retry = __webpack_require__(4995);
;// CONCATENATED MODULE: ./lib/github/commit-files.js



const headShape = schemas/* object */.Ikc({
    repository: schemas/* object */.Ikc({ ref: schemas/* object */.Ikc({ target: schemas/* object */.Ikc({ oid: schemas/* string */.YjP() }) }).nullable() }),
});
/**
 * Writes and deletes several files of a branch in one commit, unless the branch moves at that moment.
 * https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 * @throws ConflictError when somebody else moved the branch in between
 */
async function commitFiles(repository, { branch, message, additions, deletions, }) {
    const need = { doing: `write ${branch}`, permission: 'contents: write' };
    await refusal_explained(need, async () => {
        const asked = `query Head($owner: String!, $repo: String!, $ref: String!) { repository(owner: $owner, name: $repo) { ref(qualifiedName: $ref) { target { oid } } } }`;
        const answer = await query(repository, asked, { ref: `refs/heads/${branch}` }, headShape);
        const expectedHeadOid = answer?.repository.ref?.target.oid;
        if (expectedHeadOid === undefined)
            return;
        const { octokit, owner, repo } = repository;
        await octokit.graphql('mutation CommitFiles($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }', {
            input: {
                branch: { repositoryNameWithOwner: `${owner}/${repo}`, branchName: branch },
                expectedHeadOid,
                message: { headline: message },
                fileChanges: {
                    additions: additions.map(({ path, text }) => ({
                        path,
                        contents: Buffer.from(text).toString('base64'),
                    })),
                    deletions: deletions.map((path) => ({ path })),
                },
            },
        });
    });
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/iso.js
var iso = __webpack_require__(4377);
// EXTERNAL MODULE: ./lib/text/severity.js
var text_severity = __webpack_require__(220);
;// CONCATENATED MODULE: ./lib/history/event.js



/** A revision is a full commit id, SHA-1 or SHA-256. */
const revisionSchema = schemas/* string */.YjP().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'not a full commit id');
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
    revision: revisionSchema,
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
    /** the revisions any of which may be served once it takes effect, the one to deploy first; absent where nothing has to be deployed */
    deploys: schemas/* array */.YOg(schemas/* string */.YjP()).optional(),
    reason: schemas/* string */.YjP(),
    /** how the target was found, in words */
    targetFoundBy: schemas/* string */.YjP(),
    /** true when no person asked for it: these count for the cooldown */
    automatic: schemas/* boolean */.zMY(),
    undone: schemas/* array */.YOg(schemas/* object */.Ikc({ revision: schemas/* string */.YjP(), title: schemas/* string */.YjP(), author: schemas/* string */.YjP() })),
    startedAt: iso/* datetime */.w$(),
    /** the safety copy, in the layer's own words: what is needed to go back to what was there */
    kept: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* union */.KCZ([schemas/* string */.YjP(), schemas/* array */.YOg(schemas/* string */.YjP())])).optional(),
    /** how people bring back what was undone; older events do not have it */
    wayBack: schemas/* object */.Ikc({ steps: schemas/* array */.YOg(schemas/* string */.YjP()), commands: schemas/* array */.YOg(schemas/* string */.YjP()) }).optional(),
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
const plannedLayers = schemas/* array */.YOg(schemas/* object */.Ikc({
    layer: layerSchema,
    from: schemas/* string */.YjP(),
    to: schemas/* string */.YjP(),
    /** what of the layer is taken back, as the layer names it; absent where it has no parts to choose from */
    scope: schemas/* string */.YjP().optional(),
    /** the only files and folders that are taken back; absent for all */
    paths: schemas/* array */.YOg(schemas/* string */.YjP()).optional(),
}));
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
    /** true where nothing was wrong, and all of it is taken back at the end */
    rehearsal: schemas/* literal */.euz(true).optional(),
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
    /** id of the run that was started, where the server returns it */
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
const severitySchema = schemas/* enum */.k5n(text_severity/* severities */.g);
/** An incident was opened manually. One that a check or a rollback begins needs no such event. */
const incidentOpened = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-opened'),
    severity: severitySchema,
    because: schemas/* string */.YjP(),
});
const incidentSeveritySet = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-severity-set'),
    severity: severitySchema,
    because: schemas/* string */.YjP(),
});
/** Somebody works on it: no further level is notified. */
const incidentAcknowledged = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-acknowledged'),
    because: schemas/* string */.YjP(),
});
/** Nobody acknowledged the incident in time, or somebody asked for the next level. */
const incidentEscalated = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-escalated'),
    /** the level that is notified now; 1 is notified when the incident opens */
    level: schemas/* number */.aig().int().min(2),
    /** the level before, above which every level is notified now */
    after: schemas/* number */.aig().int().min(1),
    /** true when a person asked for it */
    requested: schemas/* boolean */.zMY(),
    because: schemas/* string */.YjP(),
    /** when the level was due; absent when a person asked for it */
    dueAt: iso/* datetime */.w$().optional(),
    /** ms since then: a schedule that does not run on time is late */
    lateMs: schemas/* number */.aig().optional(),
});
const incidentResolved = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-resolved'),
    because: schemas/* string */.YjP(),
});
/** What somebody wants the timeline to say. */
const incidentNoted = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('incident-noted'),
    note: schemas/* string */.YjP(),
    /** when it happened, if that was before it was written down */
    happenedAt: iso/* datetime */.w$(),
});
/** How the delivery of an event to a channel ended. accepted: the service took it, and does not say what became of it. */
const deliveryOutcomes = ['delivered', 'accepted', 'failed'];
const notificationSent = schemas/* object */.Ikc({
    ...common,
    kind: schemas/* literal */.euz('notification-sent'),
    channel: schemas/* string */.YjP(),
    /** id of the event that it is about */
    about: schemas/* string */.YjP(),
    topic: schemas/* string */.YjP(),
    outcome: schemas/* enum */.k5n(deliveryOutcomes),
    /** why it failed; '' where it did not */
    because: schemas/* string */.YjP(),
    tries: schemas/* number */.aig().int(),
    /** the message's ids in the service, by which later ones update it or join its thread; no secrets */
    message: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* string */.YjP()).optional(),
});
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
    incidentOpened,
    incidentSeveritySet,
    incidentAcknowledged,
    incidentEscalated,
    incidentResolved,
    incidentNoted,
    notificationSent,
]);
/**
 * Gives an event its id, derived from what happened and not from when, so that a step which is killed and run again
 * records the same event and not a second one.
 * @param naturalKey what makes this event the same event when it is seen again, e.g. the revisions moved between
 */
function newEvent(draft, naturalKey) {
    const key = JSON.stringify([draft.incident, draft.kind, ...naturalKey]);
    const id = (0,external_node_crypto_.createHash)('sha256').update(key).digest('hex').slice(0, 24);
    return eventSchema.parse({ schema: 1, id, ...draft });
}

;// CONCATENATED MODULE: ./lib/history/history.js



/** The folder of all events. */
const eventsFolder = 'v1/events';
/** The folder of a month's events. Beside it there may be a file of the same name with `.jsonl`, where all were until November 2026. */
function monthFolder(at) {
    const iso = at.toISOString();
    return `${eventsFolder}/${iso.slice(0, 4)}/${iso.slice(0, 7)}`;
}
/**
 * Where events are put that are appended together: a small file of its own, so that an append costs the same however much is
 * there. Its name is made of their ids, so that of two who append the same event the second one finds it.
 */
function fileOf([first, ...others]) {
    const name = others.length === 0
        ? first.id
        : (0,external_node_crypto_.createHash)('sha256')
            .update([first, ...others].map(({ id }) => id).join(' '))
            .digest('hex')
            .slice(0, 24);
    return `${monthFolder(new Date(first.at))}/${name}.jsonl`;
}
/** True for a path that holds events, and may hold some since the time. */
function isEventFileSince(path, since) {
    const [, month] = /^v1\/events\/\d{4}\/(\d{4}-\d{2})(?:\/[\w-]+)?\.jsonl$/.exec(path) ?? [];
    return month !== undefined && (since === undefined || month >= since.toISOString().slice(0, 7));
}
/**
 * The lines of a file that holds the events.
 * @param order how many events the writer knew of: it orders those of one millisecond
 */
function formatLines(events, order) {
    return events.map((event, n) => `${JSON.stringify({ ...event, order: order + n })}\n`).join('');
}
const orderSchema = schemas/* object */.Ikc({ order: schemas/* number */.aig().catch(0) });
/** Reads one JSON Lines file; a line that cannot be read is reported and does not hide the others. */
function parseLines({ file, text }) {
    const lines = [];
    const unreadable = [];
    // without the mark that some editors put in front
    text
        .replace(/^\ufeff/, '')
        .split('\n')
        .forEach((line, index) => {
        if (line.trim() === '')
            return;
        const outcome = parseLine(line);
        if (typeof outcome === 'string')
            unreadable.push({ file, line: index + 1, why: outcome });
        else
            lines.push(outcome);
    });
    return { lines, unreadable };
}
/** Reads one line of a file. @returns why it is no event, when it is none */
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
        return { event: parsed.data, order: orderSchema.parse(json).order, text: line };
    return `not an event of this version: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}`;
}
/** The lines of several files, oldest event first, each event once (the first that happened). */
function joinLines(files) {
    const byId = new Map();
    const sorted = files
        .flatMap(({ lines }) => lines)
        .toSorted((a, b) => Date.parse(a.event.at) - Date.parse(b.event.at) || a.order - b.order);
    for (const line of sorted)
        if (!byId.has(line.event.id))
            byId.set(line.event.id, line);
    return [...byId.values()];
}
/** Joins files into one history, since a time. */
function joinFiles(files, since) {
    const events = joinLines(files).map(({ event }) => event);
    return {
        events: since === undefined ? events : events.filter(({ at }) => new Date(at) >= since),
        unreadable: files.flatMap(({ unreadable }) => unreadable),
    };
}

;// CONCATENATED MODULE: ./lib/history/compaction.js


/** So many small files make one: a history is read in one request, and that has its limits. A file of these is 50 kB. */
const mergedAtOnce = 100;
/** A job that is still running may be about to append one of these events, and has to find its file. */
const settledMs = 24 * 60 * 60_000;
/**
 * Merges the oldest small files of a month, a hundred at a time, so that the cost of it does not grow with what is there. A file
 * that has a line which cannot be read stays as it is.
 * @returns undefined while there is too little to merge
 */
function planCompaction(files, now) {
    const small = [...files].flatMap(([path, { text }]) => {
        const [, folder] = /^(v1\/events\/\d{4}\/\d{4}-\d{2})\/[0-9a-f]{24}\.jsonl$/.exec(path) ?? [];
        const content = parseLines({ file: path, text });
        const at = Math.max(...content.lines.map(({ event }) => Date.parse(event.at)));
        const isSettled = now.getTime() - at > settledMs;
        return folder !== undefined && content.unreadable.length === 0 && isSettled
            ? [{ path, folder, content, at }]
            : [];
    });
    const byFolder = Map.groupBy(small, ({ folder }) => folder);
    const [folder, own] = [...byFolder].find(([, each]) => each.length >= mergedAtOnce) ?? [];
    if (folder === undefined || own === undefined)
        return undefined;
    const oldest = own.toSorted((a, b) => a.at - b.at).slice(0, mergedAtOnce);
    const lines = joinLines(oldest.map(({ content }) => content));
    const text = lines.map((line) => `${line.text}\n`).join('');
    const name = (0,external_node_crypto_.createHash)('sha256').update(text).digest('hex').slice(0, 24);
    return {
        message: `merge ${oldest.length} files of ${folder}`,
        additions: [{ path: `${folder}/merged-${name}.jsonl`, text }],
        deletions: oldest.map(({ path }) => path),
    };
}

;// CONCATENATED MODULE: ./lib/history/branch-history.js








/** Twenty-four writers at once needed at most eight tries with jitter; twenty-four without it. Twelve leave room. */
const tries = 12;
class Lost extends Error {
}
/** What is read of the branch in one request: the events, and beside them the locks, so that both are of the same commit. */
function historyFolder(branch) {
    // v1, events, the year, the month
    return { ref: branch, path: eventsFolder.replace(/\/.*/, ''), depth: 4 };
}
/**
 * The history on a branch of the user's own repository: an orphan branch with a small file for each append, which is one commit and
 * one request, so that it costs the same however much is there. GitHub refuses to make a file that is there, and a commit on a
 * branch that has moved: no event of another job is ever lost.
 */
function openBranchHistory({ repository, branch, signal, now = Date.now, }) {
    const known = new Set();
    let files;
    let last;
    return {
        async read({ since } = {}) {
            files = await readFolder(repository, historyFolder(branch));
            const parsed = [...files]
                .filter(([path]) => isEventFileSince(path, since))
                .sort(([a], [b]) => (a < b ? -1 : 1))
                .map(([file, { text }]) => parseLines({ file, text }));
            const content = joinFiles(parsed, since);
            for (const { id } of content.events)
                known.add(id);
            return content;
        },
        async append(...events) {
            if (events.every(({ id }) => known.has(id)))
                return 'already-there';
            const outcome = await (0,p_retry/* default */.Ay)(() => tryAppend({ repository, branch, events, order: known.size }), {
                retries: tries - 1,
                minTimeout: 100,
                maxTimeout: 5_000,
                maxRetryTime: 60_000,
                factor: 2,
                randomize: true,
                // a lost answer is tried again too: the next try finds the file if it was written
                shouldRetry: ({ error }) => error instanceof Lost || isAmbiguous(error.cause),
                ...(signal && { signal }),
            }).catch((error) => {
                if (error instanceof Lost) {
                    throw new errors/* UnavailableError */.hG(`could not write the history: others kept writing to the branch ${branch}, ${tries} tries`);
                }
                throw error;
            });
            for (const { id } of events)
                known.add(id);
            last = events[0];
            return outcome;
        },
        async compact() {
            // one who has not read the history does it for all only now and then
            if (files === undefined && !isTurn(last))
                return;
            try {
                const read = files ?? (await readFolder(repository, historyFolder(branch)));
                const merged = planCompaction(read, new Date(now()));
                if (merged !== undefined)
                    await commitFiles(repository, { branch, ...merged });
            }
            catch (error) {
                // it is only tidier: the next run does it
                if (!(0,errors/* isUserFacing */.Qx)(error))
                    throw error;
            }
        },
    };
}
/** True for one event in sixteen, and each time for the same. */
function isTurn(event) {
    return event?.id.startsWith('0') === true;
}
async function tryAppend({ repository, branch, events, order, }) {
    const path = fileOf(events);
    const text = formatLines(events, order);
    const message = `${events.map(({ kind }) => kind).join(', ')}: ${events[0].incident}`;
    const outcome = await writeFile(repository, {
        ...{ path, branch, message },
        bytes: Buffer.from(text),
        blob: undefined,
    });
    if (outcome === 'written')
        return 'appended';
    if (outcome === 'exists')
        return 'already-there';
    if (outcome === 'no-branch' &&
        (await createOrphanBranch(repository, { branch, path, text, message })) === 'created')
        return 'appended';
    throw new Lost();
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
        if (!(error instanceof RefusedError))
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
    const found = await Promise.all(holdLabelsOf(environment).map(async (label) => {
        const items = await openItemsWith(repository, label);
        return Promise.all(items.map((item) => weigh(repository, item, { label, environment })));
    }));
    const remarks = [];
    for (const each of found.flat()) {
        if (typeof each !== 'string')
            return { hold: each, remarks };
        remarks.push(each);
    }
    return { hold: undefined, remarks };
}
/** Begins to look for labels that hold an environment, while something else is read that is needed first. */
function lookForLabels(repository, environment) {
    for (const label of holdLabelsOf(environment))
        openItemsWith.note(repository, label, openItemsWith(repository, label));
}
/** The labels that hold an environment. */
function holdLabelsOf(environment) {
    return [holdLabel, `${holdLabel}:${environment}`];
}
/** @returns why the label does not count, where whoever put it on may not write */
async function weigh(repository, item, { label, environment }) {
    const set = await lastLabelling(repository, { number: item.number, label });
    const by = set?.by;
    if (set === undefined || by === undefined || !(await mayWrite(repository, by)))
        return ignored(item, label, by);
    const where = `label ${label} on #${item.number}`;
    return { environment, by, since: set.at, because: oneLine(item.title), where };
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
    return explained(need, async () => {
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
    const { data } = await explained(need, () => octokit.rest.actions.listWorkflowRuns({ owner, repo, ...asked }));
    return data.workflow_runs;
}
/**
 * The newest run of the workflow for a commit that was started by `workflow_dispatch` and has not failed.
 * @returns undefined when there is none
 */
async function findDispatchedRun({ octokit, owner, repo }, { workflow, commit }) {
    const need = { doing: `look for runs of the workflow ${workflow}`, permission: 'actions: read' };
    const { data } = await explained(need, () => octokit.rest.actions.listWorkflowRuns({
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
    const { data } = await explained(need, () => octokit.rest.actions.getPendingDeploymentsForRun({ owner, repo, run_id: run }));
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
    const { data } = await explained(need, () => octokit.rest.actions.listJobsForWorkflowRun({ owner, repo, run_id: run, per_page: 100 }));
    return data.jobs
        .filter(({ status }) => status === 'queued')
        .map(({ name, labels }) => ({ name, labels: labels ?? [] }));
}

// EXTERNAL MODULE: ./lib/text/duration.js
var duration = __webpack_require__(4783);
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
            const written = await file.write(seen.blob, holder).catch((error) => {
                if (!(error instanceof errors/* UnavailableError */.hG))
                    throw error;
                const said = (0,errors/* message */.iU) `${environment} could not be locked, and this run changed nothing: ${error}; run it again`;
                throw new errors/* UnavailableError */.hG(said, { cause: error });
            });
            if (written !== undefined)
                return { blob: seen.blob, written };
            tries += 1;
            if (tries > writeTries)
                throw new errors/* UnavailableError */.hG(`could not lock ${environment}: others kept writing to the branch ${branch}; run this again`);
            await sleep(Math.random() * 200 * tries);
            continue;
        }
        const who = describeHolder(seen.holder);
        if (who !== said)
            log(`${environment} is being rolled back by ${who}: waiting until that has ended`);
        said = who;
        if (now().getTime() > deadline)
            throw new errors/* UnavailableError */.hG(`${environment} is still being rolled back by ${who} after ${(0,duration/* formatDuration */.a3)(longestWaitMs)}, and nothing was changed: cancel that run, or run this again when it has ended`);
        await sleep(lookEveryMs);
    }
}
function openFile({ repository, branch, environment, now }) {
    const path = `v1/locks/${environmentSlug(environment)}.json`;
    let isFirst = true;
    const look = async () => {
        // the first time together with the history
        const folder = isFirst ? await readFolder.foreseen(repository, historyFolder(branch)) : undefined;
        isFirst = false;
        const file = folder === undefined ? await readFile(repository, { path, ref: branch }) : folder.get(path);
        const state = file && stateSchema.safeParse(parseJson(file.text)).data;
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
                if (outcome === 'conflict' || outcome === 'exists')
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
        if (error instanceof errors/* RefusedError */.fk)
            return false;
        throw error;
    }
}
function describeHolder({ actor, run }) {
    return run === undefined ? actor : `${run.url} (attempt ${run.attempt}, ${actor})`;
}
function parseJson(text) {
    try {
        return JSON.parse(text);
    }
    catch {
        return undefined;
    }
}

;// CONCATENATED MODULE: ./lib/history/together.js
/**
 * Records events; those that are recorded at the same time are appended together, in one request, and so is what a subscriber has
 * to add.
 */
function recordTogether(history, subscriber) {
    let waiting;
    return (event) => {
        if (waiting !== undefined) {
            waiting.events.push(event);
            return waiting.done;
        }
        const events = [event];
        const done = Promise.resolve().then(async () => {
            waiting = undefined;
            const added = subscriber?.unrecorded() ?? [];
            await history.append(...events, ...added);
            subscriber?.recorded(added);
            subscriber?.happened(events);
        });
        waiting = { events, done };
        return done;
    };
}

// EXTERNAL MODULE: ./lib/text/redact.js
var redact = __webpack_require__(1814);
;// CONCATENATED MODULE: ./lib/github/compare.js





const compare_reading = 'contents: read';
/** Compares two revisions; `unrelated` when they have no commit in common. @throws RefusedError when one of them is not there */
const compareCommits = askedOnce(({ base, head }) => (isObjectId(base) && isObjectId(head) ? `${base}...${head}` : undefined), async (repository, { base, head }) => {
    const { octokit, owner, repo } = repository;
    const doing = `compare ${base.slice(0, 7)} with ${head.slice(0, 7)}`;
    const data = await refusal_explained({ doing, permission: compare_reading }, async () => {
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
            if (/no common ancestor/i.test(refusal_readRefusal(error)?.message ?? ''))
                return undefined;
            throw error;
        }
    });
    if (data === undefined)
        return { status: 'unrelated', aheadBy: 0, behindBy: 0, commits: [], files: [] };
    const commits = data.commits.map(commit_graph_toCommit);
    commit_graph_noteCommits(repository, [...commits, commit_graph_toCommit(data.base_commit), commit_graph_toCommit(data.merge_base_commit)]);
    return {
        status: data.status,
        aheadBy: data.ahead_by,
        behindBy: data.behind_by,
        commits,
        files: (data.files ?? []).map(({ filename, additions, deletions }) => ({
            path: filename,
            additions,
            deletions,
        })),
    };
});
/** The same without the files, which takes no request where the commits between the two were read before. */
async function compareHistories(repository, range) {
    const line = knownLine(repository, range);
    const isSame = line?.length === 0;
    if (line === undefined || (isSame && knownCommit(repository, range.base) === undefined))
        return compareCommits(repository, range);
    return {
        status: isSame ? 'identical' : 'ahead',
        aheadBy: line.length,
        behindBy: 0,
        commits: line.slice(-250),
    };
}
/**
 * All commits that are on `head` and not on `base`, oldest first, page by page.
 * @throws RefusedError when one of the two is not there, or they have no commit in common
 */
async function listRange(repository, { base, head }) {
    const known = knownLine(repository, { base, head });
    if (known !== undefined)
        return known;
    const { octokit, owner, repo } = repository;
    const doing = `list the commits from ${base.slice(0, 7)} to ${head.slice(0, 7)}`;
    const commits = [];
    for (let page = 1;; page += 1) {
        const { data } = await explained({ doing, permission: compare_reading }, () => octokit.rest.repos.compareCommitsWithBasehead({
            owner,
            repo,
            basehead: `${base}...${head}`,
            per_page: 100,
            page,
        }));
        commits.push(...data.commits.map(toCommit));
        if (commits.length < data.ahead_by && data.commits.length > 0)
            continue;
        noteCommits(repository, commits);
        return commits;
    }
}
/** True when the older revision is in the history of the newer one, or is it. */
async function isAncestor(repository, { older, newer: named }) {
    const newer = isObjectId(named) ? named : ((await readRef.foreseen(repository, `heads/${named}`)) ?? named);
    const known = knownAncestry(repository, { older, newer });
    if (known !== undefined)
        return known;
    try {
        const { status } = await compareCommits(repository, { base: older, head: newer });
        return status === 'ahead' || status === 'identical';
    }
    catch (error) {
        // one that was pushed away by force may be gone altogether
        if (error instanceof errors/* RefusedError */.fk && isRefused(error.cause, 'not-found'))
            return false;
        throw error;
    }
}

// EXTERNAL MODULE: ./lib/settings/environments.js
var environments = __webpack_require__(9431);
;// CONCATENATED MODULE: ./lib/text/revision.js
/** A revision as people read it; any other name of where a layer stands, as it is. */
function revision_shortRevision(name) {
    return /^[0-9a-f]{40,64}$/.test(name) ? name.slice(0, 7) : name;
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
        const states = await deployments_readStates(repository, deployment);
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
            throw new errors/* InputError */.dz((0,errors/* message */.iU) `this run is for a deployment to ${JSON.stringify(deployed)}, and ${(0,errors/* setting */.Pe)('environment')} is ${JSON.stringify(environment)}: nothing was changed; run the job only for deployments to ${JSON.stringify(environment)}, or give ${(0,errors/* setting */.Pe)('revision')}`);
        if (isTransient === true)
            throw new errors/* InputError */.dz((0,errors/* message */.iU) `this run is for a deployment to ${JSON.stringify(deployed)}, which is a transient environment such as a preview: nothing was changed; run the job only for deployments to the environments in the settings`);
    }
    const deployed = event.deployment?.environment;
    if (environment === '' && deployed)
        return (0,environments/* settingsOf */.f5)(settings, deployed, (0,errors/* message */.iU) `this run is for a deployment to ${JSON.stringify(deployed)}`);
    return (0,environments/* settingsOf */.f5)(settings, environment || (0,environments/* usualEnvironment */.kG)(settings));
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
            log(`${revision_shortRevision(later)} is not deployed to ${environment}: its deployment is in state ${state}`);
        return deployed?.revision ?? parseRevision(sha);
    }
    catch (error) {
        if (!(error instanceof errors/* RefusedError */.fk))
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
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `the branch "${branch}" is not in ${repository.owner}/${repository.repo}, and ${environment} is deployed from it: write the name of a branch in ${(0,errors/* setting */.Pe)('branch')}`);
    const why = known === undefined ? `is not in ${repository.owner}/${repository.repo}` : `is not on ${branch}`;
    throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('revision')} is ${revision_shortRevision(revision)}, which ${why}, and ${environment} is deployed from ${branch}: nothing was changed; run the action for a commit of ${branch}, or set ${(0,errors/* setting */.Pe)('branch')} to the branch that ${environment} is deployed from`);
}
function parseRevision(named) {
    const parsed = revisionSchema.safeParse(named);
    if (parsed.success)
        return parsed.data;
    throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('revision')} is ${JSON.stringify(named)}; write the full 40-character id of a commit`);
}

;// CONCATENATED MODULE: ./lib/deployment/context.js










/**
 * Finds out which deployment a run is about, and opens its history; sends nothing that changes anything.
 * @param branch instead of that in the settings; '' for that
 * @param rollsBack true for a run that plans a rollback: all that the plan asks is read ahead, at the same time
 * @param alongside what the run asks of its revision, begun as soon as that is known
 * @param actsOn false for a run that only reports an incident, so that its revision may be any
 * @throws InputError for an environment that the settings do not describe, and for a revision that is not on the branch
 */
async function openContext({ repository, settings, isConfigured, }, facts, { branch: given, actsOn, rollsBack, alongside, }, means) {
    const { actor, askedBy, run, event } = facts;
    const { signal, now, sleep, log, warn } = means;
    const config = findEnvironment(settings, facts);
    means.onConfig(config);
    const isManual = once(async () => askedBy !== undefined && (await permission_mayWrite(repository, askedBy)));
    const named = given || config.branch || event.repository?.default_branch;
    if (rollsBack && named) {
        // whoever needs it gets the error
        isManual().catch(() => { });
        await lookAhead(repository, {
            branch: named,
            environment: config.environment,
            folder: historyFolder(config.history.branch),
            labels: holdLabelsOf(config.environment),
        });
    }
    const [found, branch] = await Promise.all([
        findRevision(repository, config.environment, facts, warn),
        named || defaultBranch(repository),
    ]);
    const subject = subject_subjectOf(config.environment, found);
    alongside?.(repository, found).catch(() => { });
    const history = openBranchHistory({ repository, branch: config.history.branch, signal });
    const describe = (what, naturalKey, about = subject) => {
        const { incident, environment, revision } = about;
        const at = now().toISOString();
        const draft = { ...what, incident, environment, revision, at, actor, ...(run && { run }) };
        return eventSchema.parse((0,redact/* redactDeep */.KL)(newEvent(draft, naturalKey), means.redact));
    };
    const readPast = async (options) => (await history.read(options)).events;
    const { append } = history;
    const subscriber = means.subscribe?.({ config, repository, readPast, describe, append });
    const recordEvent = recordTogether(history, subscriber);
    const readHistory = async (options) => {
        const { events, unreadable } = await history.read(options);
        for (const { file, line, why } of unreadable)
            warn(`line ${line} of ${file} in the history is left out: ${why}`, 'History');
        return events;
    };
    if (actsOn)
        await subject_demandOnBranch(repository, subject, { branch, readHistory });
    const holder = { ...means.process, actor, ...(run && { run }) };
    const { environment } = subject;
    return {
        ...{ ...subject, repository, settings, config, isConfigured, branch, readHistory },
        isManual,
        openLock: () => openLock({
            repository,
            branch: config.history.branch,
            environment,
            holder,
            isAlive: means.isAlive,
            now,
            sleep,
            log,
        }),
        record: async (...told) => recordEvent(describe(...told)),
        claim: async (...told) => {
            const event = describe(...told);
            const isFirst = (await history.append(event)) === 'appended';
            if (isFirst)
                subscriber?.happened([event]);
            return isFirst;
        },
        compactHistory: history.compact,
    };
}
/** The same context for another revision of the environment, whose incident is another one. @throws InputError when it is not on the branch */
async function aboutRevision(context, revision) {
    const { repository, environment, record, claim } = context;
    const subject = subjectOf(environment, revision);
    await demandOnBranch(repository, subject, context);
    return {
        ...context,
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

// EXTERNAL MODULE: ./lib/settings/schema.js + 26 modules
var schema = __webpack_require__(546);
;// CONCATENATED MODULE: ./lib/deployment/settings-file.js



/**
 * Reads the settings of a revision through the API, so that no checkout is needed.
 * @param path of the file
 * @param mayLack true for the path that nobody asked for: without a file the defaults hold, for one environment
 * @param environment the name of that one; '' for the usual one
 * @throws InputError for a faulty file, and for one that was asked for and is not there
 */
async function readSettingsFile(repository, { path, ref, mayLack, environment, onFound, }) {
    const file = await readFile(repository, { path, ref });
    if (file === undefined) {
        if (!mayLack)
            throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('config')} is "${path}", and there is no such file at ${ref.slice(0, 7)}; name one that is there, or leave it out`);
        return { settings: settingsWithout(environment), isConfigured: false, locate: () => undefined };
    }
    // YAML is read where there is some
    const [{ locateSetting }, { parseSettings }] = await Promise.all([
        Promise.all(/* import() */[__webpack_require__.e(815), __webpack_require__.e(126)]).then(__webpack_require__.bind(__webpack_require__, 3126)),
        Promise.all(/* import() */[__webpack_require__.e(815), __webpack_require__.e(147), __webpack_require__.e(70)]).then(__webpack_require__.bind(__webpack_require__, 4070)),
    ]);
    const source = { text: file.text, file: path };
    const locate = (key, of) => locateSetting(source, key, of);
    onFound(locate);
    return { settings: parseSettings(source), isConfigured: true, locate };
}
/** Without a file there is one environment, with all the defaults. */
function settingsWithout(environment) {
    const config = (0,schema/* defaultConfig */.sb)();
    const usual = environment || config.environment;
    return { file: undefined, usual, environments: new Map([[usual, { ...config, environment: usual }]]) };
}

// EXTERNAL MODULE: ./lib/runner/context.js + 1 modules
var runner_context = __webpack_require__(9226);
;// CONCATENATED MODULE: ./lib/runner/process.js
/** Whether a process of this machine is there: signal 0 only asks. */
function isAlive(pid) {
    try {
        return process.kill(pid, 0);
    }
    catch (error) {
        // it is there, and is somebody else's
        return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
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
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('secrets')} is no JSON object of texts; write \${{ toJSON(secrets) }}`);
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

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
;// CONCATENATED MODULE: ./lib/incident/incident.js

const phases = (/* unused pure expression or super */ null && (['investigating', 'identified', 'rolling back', 'monitoring', 'resolved']));
/** How an incident stands; undefined when nothing in the history says that there is one. @param events of any incident, oldest first */
function incidentOf(events, incident) {
    return fold(events, incident).incident;
}
/** Everything that people may be notified of, oldest first. A pure function of the events: the same events, the same changes. */
function changesOf(events, incident) {
    return fold(events, incident).changes;
}
/** The ids of the incidents of an environment that are neither acknowledged nor resolved. */
function openIncidents(events, environment) {
    const ids = new Set(events.filter((each) => each.environment === environment).map((each) => each.incident));
    return [...ids].flatMap((id) => incidentOf(events, id) ?? []).filter(({ status }) => status === 'open');
}
function fold(events, id) {
    let incident;
    const changes = [];
    for (const event of events) {
        if (event.incident !== id)
            continue;
        const next = advance(incident, event);
        if (next === undefined)
            continue;
        incident = next.after;
        if (next.topic !== undefined)
            changes.push({ event, topic: next.topic, after: incident });
    }
    return { incident, changes };
}
/** @returns undefined for an event that changes nothing */
function advance(before, event) {
    if (before === undefined || before.status === 'resolved') {
        const opened = incident_open(before, event);
        if (opened !== undefined)
            return { after: opened, topic: 'opened' };
        // what belongs to an incident may be recorded after the look that resolved it
        const topic = topicsAfterwards[event.kind];
        return before && topic && { after: before, topic };
    }
    return change(before, event);
}
const topicsAfterwards = {
    'rollback-ended': 'rollback-ended',
    'revision-deployed': 'deployed',
    'incident-noted': 'note',
};
/** What an event begins where no incident is open. */
function incident_open(before, event) {
    const beginning = beginningOf(event);
    if (beginning === undefined)
        return undefined;
    const { incident, environment, revision, at } = event;
    return {
        ...{ incident, environment, revision, ...beginning },
        episode: (before?.episode ?? 0) + 1,
        openedAt: at,
        status: 'open',
        acknowledged: undefined,
        resolved: undefined,
        level: 1,
        base: { at, level: 1 },
    };
}
function beginningOf(event) {
    if (event.kind === 'incident-opened') {
        const { severity, because } = event;
        return { severity, because, isSeveritySet: true, reported: true, phase: 'investigating' };
    }
    if (event.kind === 'health-checked' && event.verdict === 'unhealthy')
        return {
            severity: severityOf(event),
            because: event.because,
            isSeveritySet: false,
            reported: false,
            phase: 'investigating',
        };
    if (event.kind === 'rollback-began' || event.kind === 'rollback-applied')
        return {
            severity: 'high',
            because: event.reason || 'a rollback began',
            isSeveritySet: false,
            reported: !event.automatic,
            phase: event.kind === 'rollback-began' ? 'rolling back' : 'monitoring',
        };
    return undefined;
}
/** That of the worst check beyond its limit. */
function severityOf({ checks }) {
    const breached = checks.filter(({ state }) => state === 'breached').map(({ severity }) => severity);
    return text_severity/* severities */.g.find((each) => breached.includes(each)) ?? 'high';
}
/** What an event changes in an open incident. */
function change(before, event) {
    const by = { by: event.actor, at: event.at };
    switch (event.kind) {
        case 'incident-severity-set':
            if (event.severity === before.severity && before.isSeveritySet)
                return undefined;
            return { topic: 'severity', after: { ...withSeverity(before, event), isSeveritySet: true } };
        case 'incident-acknowledged':
            if (before.status === 'acknowledged')
                return undefined;
            return { topic: 'acknowledged', after: { ...before, status: 'acknowledged', acknowledged: by } };
        case 'incident-escalated':
            if (event.level <= before.level)
                return undefined;
            // written at the moment at which somebody acknowledged it
            if (before.status === 'acknowledged' && !event.requested)
                return undefined;
            return {
                topic: 'escalated',
                after: {
                    ...before,
                    level: event.level,
                    ...(event.requested && { base: { at: event.at, level: event.level } }),
                },
            };
        case 'incident-resolved':
            return { topic: 'resolved', after: resolve(before, event, event.because) };
        case 'incident-noted':
            return { topic: 'note', after: before };
        case 'health-checked':
            // the same revision, looked at again
            return event.verdict === 'healthy'
                ? { topic: 'resolved', after: resolve(before, event, event.because) }
                : undefined;
        case 'rollback-planned':
        case 'rollback-requested':
            return { topic: undefined, after: { ...before, phase: 'identified' } };
        case 'rollback-proposed':
            return { topic: 'approval-required', after: { ...before, phase: 'identified' } };
        case 'rollback-began':
            return { topic: 'rollback-started', after: { ...before, phase: 'rolling back' } };
        case 'rollback-applied':
            return { topic: 'layer-rolled-back', after: { ...before, phase: 'monitoring' } };
        case 'revision-deployed':
            return { topic: 'deployed', after: before };
        case 'recovery-verified':
            if (event.outcome === 'recovered')
                return { topic: 'resolved', after: resolve(before, event, event.because) };
            return event.outcome === 'unknown'
                ? undefined
                : { topic: 'not-recovered', after: worsen({ ...before, phase: 'investigating' }, event.at) };
        case 'rollback-ended': {
            const isBack = event.outcome === 'complete' || event.outcome === 'not-verified';
            const after = { ...before, phase: isBack ? 'monitoring' : 'identified' };
            const isBroken = ['failed', 'partial', 'undone', 'not-recovered'].includes(event.outcome);
            return { topic: 'rollback-ended', after: isBroken ? worsen(after, event.at) : after };
        }
        default:
            return undefined;
    }
}
function resolve(before, { actor: by, at }, because) {
    return { ...before, status: 'resolved', phase: 'resolved', resolved: { by, at, because } };
}
/** A rollback that did not help leaves production failing: critical, unless a person said otherwise. */
function worsen(before, at) {
    return before.isSeveritySet ? before : withSeverity(before, { severity: 'critical', at });
}
/** With another time to respond, deadlines count from now on: what is past by the new one was not missed. */
function withSeverity(before, { severity, at }) {
    if (severity === before.severity)
        return before;
    return { ...before, severity, base: { at, level: before.level } };
}

;// CONCATENATED MODULE: ./lib/notify/quiet-hours.js

/** True when an incident of this severity is not sent at this time. From `from` to before `to`, over midnight where `to` is earlier. */
function isQuiet(hours, at, severity) {
    if (hours === undefined || isAtLeast(severity, hours.except))
        return false;
    const time = new Intl.DateTimeFormat('en-GB', {
        timeZone: hours.zone,
        hour: '2-digit',
        minute: '2-digit',
        hourCycle: 'h23',
    }).format(at);
    const { from, to } = hours;
    return from <= to ? from <= time && time < to : from <= time || time < to;
}
/** True for a severity that is as bad as the other one, or worse. */
function isAtLeast(severity, least) {
    return text_severity/* severities */.g.indexOf(severity) <= text_severity/* severities */.g.indexOf(least);
}

;// CONCATENATED MODULE: ./lib/notify/due.js


/** An event that was not sent for so long is not sent any more: a channel that is new, or a run that was killed, causes no storm. */
const catchUpMs = 60 * 60_000;
/**
 * What is still to be sent of an incident, oldest first. A pure function of the record, the settings and a clock: what the record
 * says was sent, whatever became of it, is not due again.
 */
function dueDeliveries(events, incident, settings, now) {
    const sent = new Set(events.flatMap((event) => event.kind === 'notification-sent' ? [keyOf(event.channel, event.about)] : []));
    const joins = joiningLevels(settings.incident);
    return changesOf(events, incident).flatMap((change) => {
        if (now.getTime() - Date.parse(change.event.at) > catchUpMs)
            return [];
        return Object.entries(settings.notify.channels)
            .filter(([name, channel]) => isSubscribed(channel, change, joins.get(name) ?? 1))
            .filter(([name]) => !sent.has(keyOf(name, change.event.id)))
            .map(([channel]) => ({ channel, change }));
    });
}
/** What makes a delivery the same one: a channel and an event. */
function keyOf(channel, event) {
    return `${channel}/${event}`;
}
/** The ids of an incident's messages in a channel: those of the newest delivery that has them. Each opening begins anew. */
function idsOf(events, { incident, openedAt }, channel) {
    const own = events.flatMap((event) => event.kind === 'notification-sent' && event.channel === channel && event.incident === incident
        ? [event]
        : []);
    return Object.assign({}, ...own.filter(({ at }) => at >= openedAt).map(({ message }) => message ?? {}));
}
/** The level from which on a channel takes part; one that no level names does so from the first. */
function joiningLevels({ levels }) {
    const joins = new Map();
    for (const [index, { channels }] of levels.entries())
        for (const name of channels)
            if (!joins.has(name))
                joins.set(name, index + 1);
    return joins;
}
function isSubscribed(channel, { topic, event, after }, joinsAt) {
    if (after.level < joinsAt)
        return false;
    // it joins by this message, whatever else it wants to know of
    const joinsNow = event.kind === 'incident-escalated' && event.after < joinsAt && joinsAt > 1;
    if (!joinsNow && !channel.events.some((each) => each === topic))
        return false;
    if (!isAtLeast(after.severity, channel.severity))
        return false;
    return !isQuiet(channel['quiet-hours'], new Date(event.at), after.severity);
}

;// CONCATENATED MODULE: ./lib/notify/channel.js
/** The settings name a variable that the step does not have. */
class MissingVariableError extends Error {
    name = 'MissingVariableError';
}

;// CONCATENATED MODULE: ./lib/notify/deliver.js

const mostTries = 3;
const firstWaitMs = 500;
/**
 * Delivers a notice to a channel in a bounded time, and never throws. It is tried again only where that is harmless: the service did
 * not take it, or a notice that arrives twice is seen once.
 * @param open opens the channel for this delivery; the signal ends it
 */
async function deliver(open, notice, ids, { timeoutMs, clock, sleep, signal }) {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const endsAt = clock() + timeoutMs;
    const late = () => signal.aborted ? 'the step ended before there was an answer' : `no answer within ${timeoutMs} ms`;
    let because = '';
    for (let tries = 1;; tries += 1) {
        const { attempt, isRepeatable } = await tryOnce(open, notice, ids, ending);
        if (attempt === undefined)
            return { outcome: 'failed', because: because || late(), tries };
        if (attempt.outcome !== 'failed') {
            const { outcome, message } = attempt;
            return { outcome, because: '', tries, ...(message && { message }) };
        }
        because = attempt.because;
        const { retry, afterMs = firstWaitMs * 2 ** (tries - 1) } = attempt;
        const isAllowed = retry === 'always' || (retry === 'if-harmless' && isRepeatable);
        if (!isAllowed || tries === mostTries)
            return { outcome: 'failed', because, tries };
        if (clock() + afterMs >= endsAt)
            return {
                outcome: 'failed',
                because: `${because}; it was not tried again, as that would take too long`,
                tries,
            };
        await sleep(afterMs, ending).catch(() => { });
        if (ending.aborted)
            return { outcome: 'failed', because, tries };
    }
}
/** @returns no attempt when the time was over first */
async function tryOnce(open, notice, ids, ending) {
    if (ending.aborted)
        return { attempt: undefined, isRepeatable: false };
    try {
        const channel = open(ending);
        return {
            attempt: await before(ending, channel.send(notice, ids)),
            isRepeatable: channel.isRepeatable(notice),
        };
    }
    catch (error) {
        if (ending.aborted)
            return { attempt: undefined, isRepeatable: false };
        const because = error instanceof MissingVariableError
            ? error.message
            : `unexpected: ${error instanceof Error ? error.message : String(error)}`;
        return { attempt: { outcome: 'failed', because, retry: 'never' }, isRepeatable: false };
    }
}
/** What a channel does not end in time is left to itself. */
function before(ending, work) {
    return new Promise((resolve, reject) => {
        const end = () => resolve(undefined);
        ending.addEventListener('abort', end, { once: true });
        work.then(resolve, reject).finally(() => ending.removeEventListener('abort', end));
    });
}

;// CONCATENATED MODULE: ./lib/incident/escalation.js
/** An incident that nobody has touched for so long notifies nobody any more. */
const oldestMs = (/* unused pure expression or super */ null && (7 * 24 * 60 * 60_000));
/**
 * The level to notify now: the highest that is due, once, however many deadlines have passed since anything looked. A pure
 * function of the record and a clock: a restart or an outage of the schedule changes nothing but how late it is.
 * @returns undefined when none is due: acknowledged, resolved, too old, or in time
 */
function dueEscalation(incident, policy, now) {
    const deadline = nextDeadline(incident, policy);
    if (deadline === undefined || deadline > now)
        return undefined;
    if (now.getTime() - Date.parse(incident.base.at) > oldestMs)
        return undefined;
    const { base, level: after } = incident;
    const respondMs = policy.respondMs[incident.severity];
    const passed = Math.floor((now.getTime() - Date.parse(base.at)) / respondMs);
    const level = Math.min(policy.levels, base.level + passed);
    const dueAt = deadlineOf(incident, policy, level);
    return { level, after, dueAt, lateMs: now.getTime() - dueAt.getTime() };
}
/** When the next level is due; undefined when the incident needs no response any more, or there is no further level. */
function nextDeadline(incident, policy) {
    if (incident.status !== 'open' || incident.level >= policy.levels)
        return undefined;
    return deadlineOf(incident, policy, incident.level + 1);
}
/** By when somebody has to acknowledge the incident. */
function respondBy(incident, policy) {
    return deadlineOf(incident, policy, incident.level + 1);
}
function deadlineOf({ base, severity }, { respondMs }, level) {
    return new Date(Date.parse(base.at) + (level - base.level) * respondMs[severity]);
}

;// CONCATENATED MODULE: ./lib/notify/notice.js



/** Writes the notice of a change. A pure function: the same change, the same notice. @param events of the incident */
function noticeOf({ event, topic, after }, events, settings) {
    const own = events.filter((each) => each.incident === event.incident);
    const past = own.slice(0, own.findIndex((each) => each.id === event.id) + 1);
    const { environment, revision } = after;
    return {
        ...{ id: event.id, topic, at: event.at, event, incident: after, past },
        ...{ repository: settings.repository, repositoryUrl: settings.repositoryUrl },
        title: `${environment}: failed deployment ${revision_shortRevision(revision)}`,
        headline: headlineOf(event, after),
        facts: factsOf(event, after, settings.incident),
        links: linksOf(event, past, after, settings),
    };
}
/** How a severity is written in one word in capitals, as pagers do. */
function badge({ incident: { severity, status } }) {
    return status === 'resolved' ? 'RESOLVED' : severity.toUpperCase();
}
/** What is wrong, or right, in one sentence. */
function headlineOf(event, after) {
    const { environment } = after;
    switch (event.kind) {
        case 'health-checked':
            return event.verdict === 'healthy'
                ? `${environment} is healthy again: ${event.because}`
                : `${environment} is unhealthy: ${event.because}`;
        case 'incident-opened':
            return `Incident opened by ${event.actor}: ${event.because}`;
        case 'incident-severity-set':
            return `Severity set to ${event.severity} by ${event.actor}: ${event.because}`;
        case 'incident-acknowledged':
            return `Acknowledged by ${event.actor}: ${event.because}`;
        case 'incident-escalated': {
            const late = event.lateMs !== undefined && event.lateMs >= 60_000 ? `, ${(0,duration/* sayDuration */.kP)(event.lateMs)} late` : '';
            return `Escalated to level ${event.level}${late}: ${event.because}`;
        }
        case 'incident-resolved':
            return `Resolved by ${event.actor}: ${event.because}`;
        case 'incident-noted':
            return `Note of ${event.actor}: ${event.note}`;
        case 'rollback-began':
            return `Rollback of ${event.layers.map(({ layer }) => layer).join(', ')} started: ${event.reason}`;
        case 'rollback-proposed':
            return `Manual approval required: merge pull request #${event.pull} to roll back ${event.layer}`;
        case 'rollback-applied':
            return `${event.layer} rolled back from ${revision_shortRevision(event.from)} to ${revision_shortRevision(event.to)}`;
        case 'rollback-ended':
            return notice_endings[event.outcome];
        case 'revision-deployed':
            return `${revision_shortRevision(event.deployed)} deployed by ${event.workflow}`;
        case 'recovery-verified':
            return event.outcome === 'recovered'
                ? `${environment} has recovered: ${event.because}`
                : `${environment} is still failing after the rollback: ${event.because}`;
        default:
            return `${environment}: ${event.kind}`;
    }
}
const notice_endings = {
    complete: 'Rollback complete',
    proposed: 'Rollback proposed: it takes effect when its pull request is merged',
    'not-deployed': 'Rolled back, but the restored revision is not deployed',
    'not-recovered': 'Rolled back, but production is still failing',
    'not-verified': 'Rolled back, but recovery could not be verified',
    partial: 'Rollback incomplete: some layers are not back',
    failed: 'Rollback failed',
    undone: 'Rollback failed, and what was done before was taken back',
};
function factsOf(event, after, { respondMs, levels }) {
    const policy = { respondMs, levels: levels.length };
    const deadline = nextDeadline(after, policy);
    const fact = (label, value) => (value === undefined ? [] : [{ label, value }]);
    return [
        ...fact('Environment', after.environment),
        ...fact('Severity', after.severity),
        ...fact('Status', after.status === 'open' ? after.phase : `${after.status}, ${after.phase}`),
        ...fact('Failed revision', revision_shortRevision(after.revision)),
        ...fact('Opened', utc(after.openedAt)),
        ...fact('Acknowledged', after.acknowledged && `${after.acknowledged.by}, ${utc(after.acknowledged.at)}`),
        ...fact('Acknowledge by', deadline && `${utc(deadline.toISOString())}, or level ${after.level + 1} is notified`),
        ...(event.kind === 'rollback-ended'
            ? fact('Layers', event.layers.map(({ layer, outcome }) => `${layer}: ${outcome}`).join(', ') || undefined)
            : []),
        ...(event.kind === 'health-checked'
            ? event.checks
                .filter(({ state }) => state === 'breached')
                .slice(0, 3)
                .flatMap(({ name, evidence }) => fact(`Check ${name}`, evidence))
            : []),
    ];
}
function linksOf(event, past, { incident, environment, revision }, { incident: { links }, repositoryUrl }) {
    const opened = past.findLast((each) => each.kind === 'postmortem-opened');
    const applied = past.findLast((each) => each.kind === 'rollback-applied');
    const values = {
        incident,
        environment,
        from: revision,
        to: applied?.kind === 'rollback-applied' ? applied.to : '',
    };
    const filled = Object.entries(links).map(([label, template]) => ({
        label,
        url: template.replace(/\{(incident|environment|from|to)\}/g, (_, name) => encodeURIComponent(values[name] ?? '')),
    }));
    return [
        ...(event.kind === 'rollback-proposed' ? [{ label: 'Pull request', url: event.url }] : []),
        ...(opened?.kind === 'postmortem-opened' ? [{ label: `Issue #${opened.issue}`, url: opened.url }] : []),
        ...(event.run === undefined ? [] : [{ label: 'Workflow run', url: event.run.url }]),
        { label: 'Failed revision', url: `${repositoryUrl}/commit/${revision}` },
        ...filled,
    ];
}
/** `2026-11-24 03:10:11 UTC`, whatever the time zone of the machine. */
function utc(at) {
    return `${new Date(at).toISOString().replace('T', ' ').slice(0, 19)} UTC`;
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

;// CONCATENATED MODULE: ./lib/notify/post.js

/**
 * Posts JSON and reads the answer by what HTTP says of it: 429 and a refused connection were not taken, 5xx and no answer may have
 * been, any other refusal is final. A redirect is not followed: the address is a secret.
 * @param read what a 2xx means; by default it was delivered
 */
async function post(means, { url, method = 'POST', headers = {}, body }, read = () => ({ outcome: 'delivered' })) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
        return { outcome: 'failed', because: 'the address is not a URL with http or https', retry: 'never' };
    const answer = await request({
        ...means,
        now: () => means.now().getTime(),
        url: new URL(url),
        method,
        headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        maxBytes: 64 * 1024,
        maxRedirects: 0,
        secretHeaders: new Set(),
    });
    if (answer.kind === 'no-answer')
        return {
            outcome: 'failed',
            because: answer.detail,
            retry: answer.isRefused ? 'always' : 'if-harmless',
        };
    const { status, body: text } = answer;
    if (status >= 200 && status < 300)
        return read(answer);
    const because = `HTTP ${status}${excerpt(text)}`;
    if (status === 429)
        return { outcome: 'failed', because, retry: 'always', afterMs: post_retryAfter(answer.headers, means.now()) };
    return { outcome: 'failed', because, retry: status >= 500 ? 'if-harmless' : 'never' };
}
/** The start of what a service said, on one line; nothing of a page of HTML. */
function excerpt(text) {
    const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
    if (line === '' || line.startsWith('<'))
        return '';
    return `: ${line.length > 200 ? `${line.slice(0, 200)}…` : line}`;
}
/** https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds or a date. */
function post_retryAfter(headers, now) {
    const value = headers.get('retry-after')?.trim() ?? '';
    if (/^\d+(?:\.\d+)?$/.test(value))
        return Number(value) * 1000;
    const at = Date.parse(value);
    return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
/** The texts of a JSON object, and nothing where it is none. */
function readJson(text) {
    try {
        const value = JSON.parse(text);
        return typeof value === 'object' && value !== null ? { ...value } : {};
    }
    catch {
        return {};
    }
}
/** The ids that are there. */
function post_idsOf(values) {
    const texts = Object.entries(values).flatMap(([key, value]) => typeof value === 'string' && value !== '' ? [[key, value]] : []);
    return Object.fromEntries(texts);
}

;// CONCATENATED MODULE: ./lib/notify/channels/alertmanager.js

/** An alert without an end is resolved by Alertmanager after five minutes, whatever is true. This one ends with the incident, or when nobody has touched it for so long. */
const firesForMs = 7 * 24 * 60 * 60_000;
/**
 * Alertmanager's API v2: an alert for each level that is reached, which ends with the incident. The labels are the same each time,
 * so that it stays one alert. https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
function openAlertmanager({ url, token, labels }, means) {
    const headers = token ? { authorization: means.secret(token) } : {};
    const address = `${url.replace(/\/+$/, '')}/api/v2/alerts`;
    return {
        isRepeatable: () => true,
        // that it was taken does not say that a route leads to anybody
        send: (notice) => post(means, { url: address, headers, body: writeAlerts(notice, labels) }, () => ({
            outcome: 'accepted',
        })),
    };
}
/** The alerts of all levels so far. */
function writeAlerts(notice, more) {
    const { incident, at, title, headline, repository, links } = notice;
    const { openedAt, level, environment, status } = incident;
    const endsAt = status === 'resolved' ? at : new Date(Date.parse(openedAt) + firesForMs).toISOString();
    return Array.from({ length: level }, (_, index) => ({
        labels: {
            ...more,
            alertname: 'DeploymentIncident',
            incident: incident.incident,
            environment,
            repository,
            level: String(index + 1),
        },
        annotations: {
            summary: title,
            description: headline,
            severity: incident.severity,
            status,
            ...(incident.acknowledged && { acknowledged_by: incident.acknowledged.by }),
        },
        startsAt: openedAt,
        endsAt,
        generatorURL: links[0]?.url ?? notice.repositoryUrl,
    }));
}

;// CONCATENATED MODULE: ./lib/notify/channels/cdevents.js


/**
 * CDEvents 0.5.1 as CloudEvents over HTTP, binary mode: https://cdevents.dev, https://github.com/cloudevents/spec. The id is that of the event, the
 * same each time it is sent, so that receivers know it again. What CDEvents has no word for is not sent.
 */
function openCDEvents({ url, token }, means) {
    const address = means.secret(url);
    const headers = token ? { authorization: means.secret(token) } : {};
    return {
        isRepeatable: () => true,
        send: async (notice) => {
            const event = writeCDEvent(notice);
            if (event === undefined)
                return { outcome: 'failed', because: `CDEvents has no event for ${notice.topic}`, retry: 'never' };
            const { id, type, source, timestamp } = event.context;
            const cloud = {
                'ce-specversion': '1.0',
                'ce-id': id,
                'ce-type': type,
                'ce-source': source,
                'ce-time': timestamp,
                'ce-subject': event.subject.id,
            };
            return post(means, { url: address, headers: { ...headers, ...cloud }, body: event }, () => ({
                outcome: 'accepted',
            }));
        },
    };
}
/** @returns undefined for a topic that has no CDEvent */
function writeCDEvent(notice) {
    const { topic, event, incident, repository, repositoryUrl, headline } = notice;
    const found = bodyOf(topic, event, notice);
    if (found === undefined)
        return undefined;
    const { type, id, content } = found;
    const environment = { id: incident.environment, source: repositoryUrl };
    return {
        context: {
            specversion: '0.5.1',
            id: event.id,
            source: repositoryUrl,
            type: `dev.cdevents.${type}.0.3.0`,
            timestamp: event.at,
            // one an incident, the same in every run
            chainId: uuidOf(`${repository}/${incident.incident}/${incident.episode}`),
        },
        subject: { id, source: repositoryUrl, content: { environment, ...content } },
        customData: {
            headline,
            incident: incident.incident,
            severity: incident.severity,
            status: incident.status,
            ...(event.run && { run: event.run.url }),
        },
        customDataContentType: 'application/json',
    };
}
function bodyOf(topic, event, { incident, repository, headline, repositoryUrl, links }) {
    const purl = (revision) => `pkg:github/${repository}@${revision}`;
    const service = { id: repository, source: repositoryUrl };
    const about = { description: headline, service, artifactId: purl(incident.revision) };
    if (topic === 'opened' && !incident.reported)
        return { type: 'incident.detected', id: incident.incident, content: about };
    if (topic === 'opened') {
        // its ticket is the issue, where there is one by then
        const ticketURI = links[0]?.url ?? repositoryUrl;
        return { type: 'incident.reported', id: incident.incident, content: { ...about, ticketURI } };
    }
    if (topic === 'resolved')
        return { type: 'incident.resolved', id: incident.incident, content: about };
    if (event.kind === 'rollback-applied')
        return {
            type: 'service.rolledback',
            id: `${repository}/${event.layer}`,
            content: { artifactId: event.layer === 'code' ? purl(event.now) : purl(incident.revision) },
        };
    if (event.kind === 'revision-deployed')
        return { type: 'service.deployed', id: repository, content: { artifactId: purl(event.deployed) } };
    return undefined;
}
/** A UUID of version 8, made of a text. */
function uuidOf(text) {
    const hex = (0,external_node_crypto_.createHash)('sha256').update(text).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

;// CONCATENATED MODULE: ./lib/notify/channels/discord.js


/** Discord by a webhook, which answers with the message when it is asked to wait. https://discord.com/developers/docs/resources/webhook#execute-webhook */
function openDiscord({ url }, means) {
    const address = means.secret(url);
    return {
        isRepeatable: () => false,
        send: (notice) => post(means, { url: waiting(address), body: writeDiscord(notice) }, ({ body }) => {
            const message = post_idsOf({ id: readJson(body)['id'] });
            return message['id'] === undefined ? { outcome: 'accepted' } : { outcome: 'delivered', message };
        }),
    };
}
function waiting(address) {
    if (!URL.canParse(address))
        return address;
    const url = new URL(address);
    url.searchParams.set('wait', 'true');
    return url.href;
}
/** At most 6,000 characters in all; nobody is mentioned, whatever a text says. */
function writeDiscord(notice) {
    const { title, headline, facts, links, at, incident } = notice;
    const embed = {
        title: cut(`${badge(notice)} · ${title}`, 256),
        description: cut(escapeMarkdown(headline), 2000),
        color: incident.status === 'resolved' ? 0x1a7f37 : 0xcf222e,
        timestamp: at,
        fields: facts.slice(0, 9).map(({ label, value }) => ({
            name: cut(label, 50),
            value: cut(escapeMarkdown(value), 250) || '-',
            inline: true,
        })),
        footer: { text: cut(notice.repository, 140) },
        ...(links[0] !== undefined && { url: links[0].url }),
    };
    return { allowed_mentions: { parse: [] }, embeds: [embed] };
}
/** A text as it is: no markup, link or mention. */
function escapeMarkdown(text) {
    return text
        .replace(/[\\*_~`|>[\]()#<-]/g, '\\$&')
        .replace(/@(?=\w)/g, '@\u200b')
        .replace(/:\/\//g, ':\u200b//');
}
/** Never in the middle of an escape. */
function cut(text, most) {
    return text.length > most ? `${text.slice(0, most - 1).replace(/\\$/, '')}…` : text;
}

;// CONCATENATED MODULE: ./lib/notify/channels/email-message.js


/**
 * A message of an incident's thread, as text and HTML. The first message has the id of the thread, and all others refer to it, so
 * that mail programs show one conversation.
 */
function writeMail(notice, { isFirst, from }) {
    const host = /@([^\s<>]+?)>?$/.exec(from)?.[1] ?? 'localhost';
    const { incident, repository, id } = notice;
    const thread = `<${digest([repository, incident.incident, String(incident.episode)])}@${host}>`;
    return {
        thread,
        messageId: isFirst ? thread : `<${id}@${host}>`,
        ...(isFirst ? {} : { inReplyTo: thread, references: [thread] }),
        subject: email_message_oneLine(`${isFirst ? '' : 'Re: '}[${repository}] ${notice.title}`).slice(0, 200),
        text: writeText(notice),
        html: writeHtml(notice),
        headers: {
            // no answer of a machine to a machine: https://www.rfc-editor.org/rfc/rfc3834
            'Auto-Submitted': 'auto-generated',
            'X-Rollback-Incident': incident.incident,
        },
    };
}
function writeText(notice) {
    const { title, headline, facts, links, repository, at } = notice;
    return [
        `${badge(notice)}: ${title}`,
        '',
        headline,
        '',
        ...facts.map(({ label, value }) => `${label}: ${email_message_oneLine(value)}`),
        '',
        ...links.map(({ label, url }) => `${label}: ${url}`),
        '',
        `${repository}, ${utc(at)}`,
        '',
    ].join('\n');
}
/** Tables and attributes, as mail programs understand them. */
function writeHtml(notice) {
    const { title, headline, facts, links, repository, at, incident } = notice;
    const color = incident.status === 'resolved' ? '#1a7f37' : '#cf222e';
    const row = ({ label, value }) => `<tr><td valign="top" align="left" width="160"><font face="Arial, sans-serif" color="#57606a">${escapeHtml(label)}</font></td><td valign="top" align="left"><font face="Arial, sans-serif" color="#24292f">${escapeHtml(value)}</font></td></tr>`;
    return [
        '<!DOCTYPE html>',
        `<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body>`,
        `<h2><font face="Arial, sans-serif" color="${color}">${escapeHtml(badge(notice))}: ${escapeHtml(title)}</font></h2>`,
        `<p><font face="Arial, sans-serif" color="#24292f">${escapeHtml(headline)}</font></p>`,
        `<table border="0" cellpadding="4" cellspacing="0" width="100%">${facts.map(row).join('')}</table>`,
        `<p><font face="Arial, sans-serif">${links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`).join(' &middot; ')}</font></p>`,
        `<p><font face="Arial, sans-serif" color="#57606a">${escapeHtml(repository)}, ${utc(at)}</font></p>`,
        '</body></html>',
    ].join('\n');
}
function digest(parts) {
    return (0,external_node_crypto_.createHash)('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}
function email_message_oneLine(text) {
    return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
/** For text and for attributes in double quotes. */
function escapeHtml(text) {
    return text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;')
        .replaceAll("'", '&#39;');
}

;// CONCATENATED MODULE: ./lib/notify/channels/email.js

/**
 * E-mail by SMTP, one thread an incident. That the server took a message does not say that it reached anybody.
 * The library is loaded when a message is sent.
 */
function openEmail(settings, means) {
    const { host, port, tls, user, password, from, to } = settings;
    const pass = password && means.secret(password);
    return {
        isRepeatable: () => false,
        async send(notice, ids) {
            const { createTransport } = await __webpack_require__.e(/* import() */ 120).then(__webpack_require__.bind(__webpack_require__, 6739));
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
            });
            const close = () => transport.close();
            means.signal.addEventListener('abort', close, { once: true });
            try {
                const mail = writeMail(notice, { isFirst: ids['thread'] === undefined, from });
                const { rejected } = await transport.sendMail({ ...mail, from, to: [...to] });
                if (rejected.length > 0)
                    return {
                        outcome: 'failed',
                        because: `the server refused ${rejected.length} of ${to.length} recipients`,
                        retry: 'never',
                    };
                return { outcome: 'accepted', message: { thread: mail.thread } };
            }
            catch (error) {
                return { outcome: 'failed', because: email_explain(error), retry: isBefore(error) ? 'always' : 'never' };
            }
            finally {
                means.signal.removeEventListener('abort', close);
                close();
            }
        },
    };
}
/** What the server said, without anything that was sent to it. */
function email_explain(error) {
    const code = textOf(error, 'code');
    const response = textOf(error, 'response');
    const words = {
        ECONNECTION: 'the connection failed',
        ESOCKET: 'the connection failed',
        ECONNREFUSED: 'the connection was refused',
        ETIMEDOUT: 'the connection timed out',
        EDNS: 'the host name was not found',
        EAUTH: 'the server refused user and password',
        ETLS: 'the connection could not be encrypted',
        EENVELOPE: 'the server refused sender or recipients',
        EMESSAGE: 'the server refused the message',
    };
    const said = response === '' ? '' : `: ${response.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 200)}`;
    return `${words[code] ?? 'the message could not be sent'}${code === '' ? '' : ` (${code})`}${said}`;
}
/** True when the server did not take the message: it could not be reached, or refused it for now. */
function isBefore(error) {
    const command = textOf(error, 'command');
    const status = typeof error === 'object' && error !== null && Reflect.get(error, 'responseCode');
    if (typeof status === 'number')
        return status >= 400 && status < 500;
    return command === 'CONN' && textOf(error, 'code') !== 'EAUTH' && textOf(error, 'code') !== 'ETLS';
}
function textOf(error, key) {
    const value = typeof error === 'object' && error !== null ? Reflect.get(error, key) : '';
    return typeof value === 'string' ? value : '';
}

;// CONCATENATED MODULE: ./lib/notify/channels/matrix.js



/**
 * A room of Matrix: a message, and later events of the incident in its thread. A transaction id that the server has seen sends nothing
 * again. https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 */
function openMatrix({ url, room, token }, means) {
    const headers = { authorization: `Bearer ${means.secret(token)}` };
    const base = `${url.replace(/\/+$/, '')}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message`;
    return {
        isRepeatable: () => true,
        send: (notice, ids) => post(means, { method: 'PUT', url: `${base}/${notice.id}`, headers, body: writeMatrix(notice, ids) }, ({ body }) => {
            const { event = '' } = post_idsOf({ event: readJson(body)['event_id'] });
            if (event === '')
                return { outcome: 'failed', because: 'the server answered 2xx without an event', retry: 'never' };
            return { outcome: 'delivered', message: { thread: ids['thread'] ?? event } };
        }),
    };
}
function writeMatrix(notice, { thread }) {
    const { title, headline, facts, links } = notice;
    const head = `${badge(notice)}: ${title}`;
    const rows = facts.map(({ label, value }) => `${label}: ${value}`);
    const linked = links.map(({ label, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`);
    return {
        msgtype: 'm.text',
        body: [head, headline, ...rows].join('\n').slice(0, 10_000),
        format: 'org.matrix.custom.html',
        formatted_body: [
            `<strong>${escapeHtml(head)}</strong><br>${escapeHtml(headline.slice(0, 4000))}`,
            `<ul>${rows.map((row) => `<li>${escapeHtml(row.slice(0, 1000))}</li>`).join('')}</ul>`,
            linked.join(' · '),
        ].join(''),
        // nobody, whatever a text says
        'm.mentions': {},
        ...(thread !== undefined && { 'm.relates_to': { rel_type: 'm.thread', event_id: thread } }),
    };
}

;// CONCATENATED MODULE: ./lib/notify/channels/mattermost.js



/** Mattermost by an incoming webhook: https://developers.mattermost.com/integrate/webhooks/incoming/ */
function openMattermost({ url }, means) {
    const address = means.secret(url);
    return {
        isRepeatable: () => false,
        send: (notice) => post(means, { url: address, body: writeMattermost(notice) }, ({ body }) => body.trim() === 'ok'
            ? { outcome: 'delivered' }
            : { outcome: 'failed', because: 'Mattermost answered 2xx, but not "ok"', retry: 'never' }),
    };
}
function writeMattermost(notice) {
    const { title, headline, facts, links, incident } = notice;
    const shown = (text) => escapeMarkdown(text.slice(0, 4000));
    const attachment = {
        fallback: `${badge(notice)} ${title}`.slice(0, 1000),
        color: incident.status === 'resolved' ? '#1a7f37' : '#cf222e',
        title: shown(`${badge(notice)} · ${title}`),
        ...(links[0] !== undefined && { title_link: links[0].url }),
        text: shown(headline),
        fields: facts.slice(0, 10).map(({ label, value }) => ({
            title: shown(label.slice(0, 100)),
            value: shown(value.slice(0, 500)),
            short: true,
        })),
        footer: notice.repository,
    };
    return { attachments: [attachment] };
}

;// CONCATENATED MODULE: ./lib/notify/channels/ntfy.js


const priorities = { critical: 5, high: 4, medium: 3, low: 2 };
/** ntfy, or a server that speaks as it does: https://docs.ntfy.sh/publish/#publish-as-json */
function openNtfy({ url, topic, token }, means) {
    const headers = token
        ? { authorization: `Bearer ${means.secret(token)}` }
        : {};
    const address = url;
    const name = means.secret(topic);
    return {
        isRepeatable: () => false,
        send: (notice) => post(means, { url: address, headers, body: { topic: name, ...writeNtfy(notice) } }, ({ body }) => typeof readJson(body)['id'] === 'string'
            ? { outcome: 'delivered' }
            : { outcome: 'failed', because: 'the server answered 2xx without an id', retry: 'never' }),
    };
}
/** A message of more than 4,096 bytes would become an attachment. */
function writeNtfy(notice) {
    const { headline, facts, links, incident, title } = notice;
    const text = [headline, '', ...facts.map(({ label, value }) => `${label}: ${value}`)].join('\n');
    return {
        title: `${badge(notice)}: ${title}`.slice(0, 250),
        message: cutBytes(text, 4000),
        priority: incident.status === 'open' ? priorities[incident.severity] : 3,
        tags: [incident.status === 'resolved' ? 'white_check_mark' : 'rotating_light'],
        ...(links[0] !== undefined && { click: links[0].url }),
        actions: links.slice(0, 3).map(({ label, url }) => ({ action: 'view', label, url })),
    };
}
function cutBytes(text, most) {
    if (Buffer.byteLength(text) <= most)
        return text;
    return `${Buffer.from(text)
        .subarray(0, most - 3)
        .toString('utf8')
        .replace(/\ufffd+$/, '')}…`;
}

;// CONCATENATED MODULE: ./lib/notify/channels/pagerduty.js

const severities = {
    critical: 'critical',
    high: 'error',
    medium: 'warning',
    low: 'info',
};
/** The topics that are changes of production, and not of the incident. */
const changes = ['layer-rolled-back', 'deployed'];
/**
 * PagerDuty's Events API v2: an alert an incident, by its deduplication key, and a change event for each rollback and deployment. A
 * 202 says that it is enqueued, and no more. https://developer.pagerduty.com/docs/events-api-v2-overview
 */
function openPagerDuty(settings, means) {
    const routingKey = means.secret(settings['routing-key']);
    const address = settings.url.replace(/\/+$/, '');
    const accepted = () => ({ outcome: 'accepted' });
    return {
        // a change event that is sent twice is shown twice
        isRepeatable: ({ topic }) => !changes.includes(topic),
        send: (notice) => changes.includes(notice.topic)
            ? post(means, { url: `${address}/v2/change/enqueue`, body: writeChange(notice, routingKey) }, accepted)
            : post(means, { url: `${address}/v2/enqueue`, body: writeAlert(notice, routingKey) }, accepted),
    };
}
function writeAlert(notice, routingKey) {
    const { topic, incident, title, headline, repository, at } = notice;
    // a trigger after the end would page people anew
    const isOver = incident.status === 'resolved';
    const action = isOver ? 'resolve' : topic === 'acknowledged' ? 'acknowledge' : 'trigger';
    const head = {
        routing_key: routingKey,
        event_action: action,
        dedup_key: `${repository}/${incident.incident}`.slice(-255),
    };
    if (action !== 'trigger')
        return head;
    return {
        ...head,
        payload: {
            summary: `${title}: ${headline}`.slice(0, 1024),
            source: repository,
            severity: severities[incident.severity],
            timestamp: at,
            component: incident.environment,
            class: topic,
            custom_details: Object.fromEntries(notice.facts.map(({ label, value }) => [label, value])),
        },
        client: 'rollback',
        client_url: notice.links[0]?.url ?? notice.repositoryUrl,
        links: pagerduty_linksOf(notice),
    };
}
/** https://developer.pagerduty.com/docs/send-change-events */
function writeChange(notice, routingKey) {
    return {
        routing_key: routingKey,
        payload: {
            summary: `${notice.incident.environment}: ${notice.headline}`.slice(0, 1024),
            source: notice.repository,
            timestamp: notice.at,
            custom_details: { incident: notice.incident.incident },
        },
        links: pagerduty_linksOf(notice),
    };
}
function pagerduty_linksOf({ links }) {
    return links.map(({ label, url }) => ({ href: url, text: label }));
}

;// CONCATENATED MODULE: ./lib/notify/channels/slack-message.js

/** A message of Slack in Block Kit: https://docs.slack.dev/reference/block-kit/blocks */
function writeSlack(notice) {
    const { title, headline, facts, links, incident } = notice;
    const fields = facts.slice(0, 10).map(({ label, value }) => plain(`${label}\n${value}`, 2000));
    return {
        // what a notification shows, and where blocks are not understood
        text: escapeSlack(`${badge(notice)} ${title}: ${headline}`).slice(0, 3000),
        blocks: [
            { type: 'header', text: plain(`${badge(notice)} · ${title}`, 150) },
            { type: 'section', text: plain(headline, 3000) },
            ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
            ...(links.length === 0
                ? []
                : [
                    {
                        type: 'actions',
                        elements: links.slice(0, 5).map(({ label, url }, index) => ({
                            type: 'button',
                            text: plain(label, 75),
                            url: url.slice(0, 3000),
                            action_id: `link-${index}`,
                        })),
                    },
                ]),
            {
                type: 'context',
                elements: [plain(`${notice.repository} · incident ${incident.incident}`, 2000)],
            },
        ],
    };
}
/** What is said in the thread of an incident's message. */
function writeSlackReply({ headline }) {
    return {
        text: escapeSlack(headline).slice(0, 3000),
        blocks: [{ type: 'section', text: plain(headline, 3000) }],
    };
}
function plain(text, most) {
    // plain text has no mentions; where it is copied to, it might
    const safe = text.replace(/<(?=[!@#])|@(?=\w)/g, '$&\u200b');
    const cut = safe.length > most ? `${safe.slice(0, most - 1)}…` : safe;
    return { type: 'plain_text', text: cut || '-', emoji: false };
}
/** No mention, link or markup is made of a text: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeSlack(text) {
    return text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replace(/[*_~`]/g, '\u200b$&')
        .replace(/@(?=\w)/g, '@\u200b');
}

;// CONCATENATED MODULE: ./lib/notify/channels/slack.js


/** An incoming webhook of Slack: it can only post, so each event is a message. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function openSlack({ url }, means) {
    const address = means.secret(url);
    return {
        isRepeatable: () => false,
        send: (notice) => post(means, { url: address, body: { ...writeSlack(notice), unfurl_links: false } }, ({ body }) => body.trim() === 'ok'
            ? { outcome: 'delivered' }
            : { outcome: 'failed', because: `Slack answered 2xx, but not "ok"`, retry: 'never' }),
    };
}

;// CONCATENATED MODULE: ./lib/notify/channels/slack-bot.js


/** Errors of Slack's own, in an answer with 200, after which the same request may succeed. */
const temporary = new Set(['ratelimited', 'service_unavailable', 'internal_error', 'request_timeout']);
/**
 * Slack by the token of a bot: one message an incident, kept up to date, and later events in its thread.
 * https://docs.slack.dev/reference/methods/chat.postMessage
 */
function openSlackBot({ token, channel, url }, means) {
    const authorization = `Bearer ${means.secret(token)}`;
    const call = (method, body) => post(means, { url: new URL(method, url).href, headers: { authorization }, body }, ({ body: text }) => readAnswer(text));
    return {
        isRepeatable: () => false,
        async send(notice, ids) {
            const message = { ...writeSlack(notice), unfurl_links: false, unfurl_media: false };
            const { ts } = ids;
            if (ts === undefined)
                return call('chat.postMessage', { channel, ...message });
            const reply = await call('chat.postMessage', { channel, ...threaded(notice, ts) });
            if (reply.outcome === 'failed')
                return reply;
            const updated = await call('chat.update', { channel, ts, ...message });
            // the event is told; that the message above is old is said, and nothing is sent twice for it
            return updated.outcome === 'failed'
                ? {
                    outcome: 'failed',
                    because: `told in the thread; the message above was not updated: ${updated.because}`,
                    retry: 'never',
                }
                : { outcome: 'delivered', message: ids };
        },
    };
}
/** An escalation is shown in the channel, too. */
function threaded(notice, ts) {
    return { ...writeSlackReply(notice), thread_ts: ts, reply_broadcast: notice.topic === 'escalated' };
}
/** Slack says 200 to everything: `ok` tells. */
function readAnswer(text) {
    const answer = readJson(text);
    if (answer['ok'] === true) {
        const message = post_idsOf({ ts: answer['ts'] });
        return { outcome: 'delivered', message };
    }
    const error = typeof answer['error'] === 'string' ? answer['error'] : 'no JSON with ok';
    return {
        outcome: 'failed',
        because: `Slack refused it${excerpt(error)}`,
        retry: temporary.has(error) ? 'always' : 'never',
    };
}

;// CONCATENATED MODULE: ./lib/notify/channels/teams.js


/** A flow fails at 28,672 bytes, after it has wrapped the card, and its webhook has said 2xx by then. */
const mostBytes = 20_000;
/**
 * Microsoft Teams by the webhook of a workflow, with an Adaptive Card. A 2xx says that the flow was started, and not that it posted.
 * https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
 */
function openTeams({ url }, means) {
    const address = means.secret(url);
    return {
        isRepeatable: () => false,
        send: (notice) => post(means, { url: address, body: writeTeams(notice) }, teams_readAnswer),
    };
}
/** Some flows say 200, and in words that they failed. */
function teams_readAnswer({ body }) {
    return /failed|error/i.test(body)
        ? { outcome: 'failed', because: `Teams answered 2xx${excerpt(body)}`, retry: 'never' }
        : { outcome: 'accepted' };
}
/** The message, cut so that it fits. Texts are runs, in which neither Markdown nor a mention is read. */
function writeTeams(notice) {
    for (let most = 4000;; most = Math.floor(most / 2)) {
        const message = writeCard(notice, most);
        if (most < 10 || Buffer.byteLength(JSON.stringify(message)) <= mostBytes)
            return message;
    }
}
function writeCard(notice, most) {
    const { title, headline, facts, links, repository } = notice;
    const cut = (value) => (value.length > most ? `${value.slice(0, most)}…` : value);
    const line = (...runs) => ({ type: 'RichTextBlock', inlines: runs });
    const run = (value, more = {}) => ({ type: 'TextRun', text: cut(value), ...more });
    const content = {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        fallbackText: cut(`${badge(notice)} ${title}`),
        body: [
            line(run(`${badge(notice)} · ${title}`, { weight: 'Bolder', size: 'Medium' })),
            line(run(headline)),
            ...facts
                .slice(0, 12)
                .map(({ label, value }) => line(run(`${label}: `, { weight: 'Bolder' }), run(value))),
            line(run(repository, { isSubtle: true })),
        ],
        actions: links.slice(0, 5).map(({ label, url }) => ({ type: 'Action.OpenUrl', title: cut(label), url })),
    };
    const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content };
    return { type: 'message', attachments: [attachment] };
}

;// CONCATENATED MODULE: ./lib/notify/channels/webhook.js


/**
 * A generic webhook, signed and timestamped as Standard Webhooks are: https://www.standardwebhooks.com. The id is that of the event,
 * the same each time it is sent.
 */
function openWebhook({ url, secret }, means) {
    const [address, key] = [means.secret(url), means.secret(secret)];
    return {
        isRepeatable: () => true,
        send: (notice) => {
            const body = JSON.stringify(writeWebhook(notice));
            const timestamp = String(Math.floor(means.now().getTime() / 1000));
            return post(means, {
                url: address,
                headers: {
                    'webhook-id': notice.id,
                    'webhook-timestamp': timestamp,
                    'webhook-signature': sign(key, `${notice.id}.${timestamp}.${body}`),
                },
                body,
            });
        },
    };
}
/** The body: plain JSON, with the event as the history has it. */
function writeWebhook({ topic, at, title, headline, links, event, incident, repository }) {
    return {
        type: `incident.${topic}`,
        timestamp: at,
        data: { schema: 1, repository, title, headline, links, incident, event },
    };
}
function sign(key, text) {
    // a key with this prefix is base64, as the specification has it; any other one is taken as it is
    const bytes = key.startsWith('whsec_') ? Buffer.from(key.slice(6), 'base64') : Buffer.from(key);
    return `v1,${(0,external_node_crypto_.createHmac)('sha256', bytes).update(text).digest('base64')}`;
}

;// CONCATENATED MODULE: ./lib/notify/open.js












/** Opens a channel by its settings; nothing is sent. @throws MissingVariableError */
function openChannel(settings, means) {
    switch (settings.type) {
        case 'webhook':
            return openWebhook(settings, means);
        case 'slack':
            return openSlack(settings, means);
        case 'slack-bot':
            return openSlackBot(settings, means);
        case 'email':
            return openEmail(settings, means);
        case 'alertmanager':
            return openAlertmanager(settings, means);
        case 'teams':
            return openTeams(settings, means);
        case 'discord':
            return openDiscord(settings, means);
        case 'mattermost':
            return openMattermost(settings, means);
        case 'ntfy':
            return openNtfy(settings, means);
        case 'matrix':
            return openMatrix(settings, means);
        case 'cdevents':
            return openCDEvents(settings, means);
        case 'pagerduty':
            return openPagerDuty(settings, means);
    }
}

;// CONCATENATED MODULE: ./lib/notify/notifier.js





/** Another run has recorded by then what it sent. */
const othersRecordWithinMs = 60_000;
/**
 * Notifications as a view of the history: what happened is derived from the record, and so is what was sent before. Channels are
 * independent of each other; in each, messages keep their order. A channel that is down delays nothing but the end of the step, by
 * no more than the time of one delivery.
 */
function openNotifier(options) {
    const { notify, now, readPast } = options;
    const started = new Set();
    const queues = new Map();
    const fresh = [];
    const deliveries = [];
    const results = [];
    const recorded = new Set();
    const ending = new AbortController();
    let past;
    let work = Promise.resolve();
    const known = async () => {
        // without the record, what this run has seen is sent all the same
        past ??= Promise.race([readPast(), aborted(ending.signal)]).catch(() => []);
        const byId = new Map([...(await past), ...fresh, ...results].map((event) => [event.id, event]));
        return [...byId.values()].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
    };
    const send = async ({ channel: name, change }, startedAt) => {
        const channel = notify.channels[name];
        if (channel === undefined)
            return;
        const events = await known();
        const notice = noticeOf(change, events, options);
        const { timeoutMs } = notify;
        const secret = ({ env }) => {
            const value = options.env[env];
            if (value)
                return value;
            throw new MissingVariableError(`the variable ${env} is not set; set it in the step's \`env\`, or hand it over as a secret`);
        };
        const delivered = await deliver((signal) => openChannel(channel, { ...options, secret, signal, timeoutMs }), notice, idsOf(events, change.after, name), { ...options, timeoutMs, clock: () => now().getTime(), signal: ending.signal });
        const because = options.redact(delivered.because);
        const { id, incident } = change.event;
        const { topic, headline } = notice;
        const tookMs = now().getTime() - startedAt;
        deliveries.push({ ...delivered, because, channel: name, event: id, incident, topic, headline, tookMs });
        const { outcome, tries, message } = delivered;
        const ids = message === undefined ? {} : { message: { ...message } };
        results.push(options.describe({ kind: 'notification-sent', channel: name, about: id, topic, outcome, because, tries, ...ids }, [name, id], change.event));
        options.onDelivered?.();
    };
    /** Not what another run is about to send. */
    const isOurs = ({ change: { event } }) => fresh.some(({ id }) => id === event.id) ||
        event.run?.id === options.run ||
        now().getTime() - Date.parse(event.at) > othersRecordWithinMs;
    const start = async (incidents) => {
        const events = await known();
        for (const incident of incidents) {
            for (const due of dueDeliveries(events, incident, options, now()).filter(isOurs)) {
                const key = keyOf(due.channel, due.change.event.id);
                if (started.has(key))
                    continue;
                started.add(key);
                const startedAt = now().getTime();
                const before = queues.get(due.channel) ?? Promise.resolve();
                queues.set(due.channel, before.then(() => send(due, startedAt)));
            }
        }
    };
    return {
        happened(events) {
            const about = events.filter(({ kind }) => kind !== 'notification-sent');
            if (about.length === 0)
                return;
            fresh.push(...about);
            work = work.then(() => start(new Set(about.map(({ incident }) => incident))));
        },
        catchUp(environment) {
            work = work.then(async () => {
                const recent = (await known()).filter((event) => {
                    return event.environment === environment && now().getTime() - Date.parse(event.at) <= catchUpMs;
                });
                await start(new Set(recent.map(({ incident }) => incident)));
            });
        },
        unrecorded: () => results.filter(({ id }) => !recorded.has(id)),
        recorded: (events) => {
            for (const { id } of events)
                recorded.add(id);
        },
        async end(withinMs) {
            const all = work.then(() => Promise.all(queues.values()));
            const timer = setTimeout(() => ending.abort(), withinMs);
            try {
                await all;
            }
            finally {
                clearTimeout(timer);
            }
            return deliveries;
        },
    };
}
function aborted(signal) {
    return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('the step ended')), { once: true });
    });
}

// EXTERNAL MODULE: ./node_modules/mdast-util-gfm-table/lib/index.js + 1 modules
var lib = __webpack_require__(1486);
// EXTERNAL MODULE: ./node_modules/mdast-util-to-markdown/lib/index.js + 14 modules
var mdast_util_to_markdown_lib = __webpack_require__(9059);
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
function code(value) {
    return { type: 'inlineCode', value: value.replace(/\s+/g, ' ') };
}
/** A revision as people read it; any other name of where a layer stands, as it is. */
function revision(name) {
    return code(shortRevision(name));
}
function strong(...children) {
    return { type: 'strong', children: inlines(children) };
}
function markdown_link(url, ...children) {
    return { type: 'link', url, children: inlines(children) };
}
function heading(depth, ...children) {
    return { type: 'heading', depth, children: inlines(children) };
}
function paragraph(...children) {
    return { type: 'paragraph', children: inlines(children) };
}
function bulletList(items) {
    const children = items.map((item) => ({ type: 'listItem', spread: false, children: [paragraph(...item)] }));
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

;// CONCATENATED MODULE: ./lib/notify/summary.js


/** The deliveries of a run, for its job summary. */
function summarizeDeliveries(deliveries) {
    return [
        heading(3, 'Notifications'),
        markdown_table(['event', 'channel', 'outcome', 'took'], deliveries.map(({ topic, channel, outcome, because, tookMs }) => [
            topic,
            code(channel),
            because === '' ? outcome : [strong(outcome), markdown_text(`: ${because}`)],
            (0,duration/* sayDuration */.kP)(tookMs),
        ])),
    ];
}
/** One line of the log. */
function describeDelivery({ topic, channel, outcome, because, tries, tookMs }) {
    const again = tries > 1 ? `, ${tries} tries` : '';
    const why = because === '' ? '' : `: ${because}`;
    return `notification of ${topic} to ${channel}: ${outcome} (${(0,duration/* sayDuration */.kP)(tookMs)}${again})${why}`;
}
/** The incidents whose beginning reached no channel at all. */
function unheardOf(deliveries) {
    const beginnings = deliveries.filter(({ topic }) => topic === 'opened' || topic === 'escalated');
    const byEvent = Map.groupBy(beginnings, ({ event }) => event);
    return [...byEvent.values()]
        .filter((each) => each.every(({ outcome }) => outcome === 'failed'))
        .flatMap(([first]) => first?.headline ?? []);
}

;// CONCATENATED MODULE: ./lib/actions/notifications.js






/** A runner kills a cancelled step after ten seconds. */
const cancelledMs = 2_000;
/** After so long without another event, deliveries are recorded by themselves. */
const idleMs = 5_000;
/** How far back the record is read: no incident escalates for longer. */
const pastMs = 8 * 24 * 60 * 60_000;
/** Makes the addresses and tokens of the channels known as secrets, before anything can print them. */
function maskChannels({ notify }, { env, secrets }) {
    for (const name of namesIn(notify)) {
        const value = env[name] ?? '';
        secrets.add(value);
        // an error may name the path alone
        if (URL.canParse(value))
            secrets.add(longOnly(new URL(value).pathname));
    }
}
function longOnly(path) {
    return path.length >= 12 ? path : '';
}
/**
 * Notifies the channels of what this step appends to the history, beside its work. What is under way at its end is waited for, in a
 * bounded time; nothing of it fails the step.
 * @returns undefined where there are no channels
 */
function notifyChannels(step, feed) {
    const { notify, incident } = feed.config;
    if (Object.keys(notify.channels).length === 0)
        return undefined;
    const { context, env, log, secrets, signal, now } = step;
    const { owner, repo, serverUrl } = context;
    let timer;
    const record = async () => {
        const [first, ...others] = notifier.unrecorded();
        if (first === undefined)
            return;
        await feed.append(first, ...others);
        notifier.recorded([first, ...others]);
    };
    const notifier = openNotifier({
        notify,
        incident,
        repository: `${owner}/${repo}`,
        repositoryUrl: `${serverUrl}/${owner}/${repo}`,
        readPast: () => feed.readPast({ since: new Date(now().getTime() - Math.max(pastMs, catchUpMs)) }),
        describe: feed.describe,
        env,
        fetch,
        now,
        sleep: (ms, ending) => (0,external_node_timers_promises_.setTimeout)(ms, undefined, { signal: ending }),
        redact: secrets.redact,
        run: context.run?.id,
        // so that another run does not send it again, while this one waits for a deployment
        onDelivered: () => {
            clearTimeout(timer);
            timer = setTimeout(() => void record().catch(() => { }), idleMs).unref();
        },
    });
    notifier.catchUp(feed.config.environment);
    step.atEnd(async () => {
        clearTimeout(timer);
        const deliveries = await notifier.end(signal.aborted ? cancelledMs : notify.timeoutMs);
        await record();
        if (deliveries.length === 0)
            return;
        for (const delivery of deliveries)
            if (delivery.outcome === 'failed')
                log.warning(describeDelivery(delivery), 'Notification');
            else
                log.info(describeDelivery(delivery));
        for (const headline of unheardOf(deliveries))
            log.error(`no channel could be notified: ${headline}`, 'Notification');
        await step.writeSummary(renderMarkdown(summarizeDeliveries(deliveries)));
    });
    return notifier;
}

;// CONCATENATED MODULE: ./lib/actions/wiring.js









/** Opens the repository and reads the settings. @throws InputError for a fork, and for a faulty file */
async function openSettings(step) {
    const { inputs, context, openRepository, locateSettings } = step;
    (0,runner_context/* refuseForks */.AS)(context);
    const repository = openRepository(inputs.token);
    const ref = context.sha || inputs.revision || 'HEAD';
    const { config: path, environment } = inputs;
    const mayLack = path === contract_parts/* commonInputs */.j$.config.default;
    const where = { path, ref, mayLack, environment, onFound: locateSettings };
    return { repository, ...(await readSettingsFile(repository, where)) };
}
/**
 * Opens everything that an action works on; sends nothing that changes anything.
 * @throws InputError for a fork, a faulty settings file, and as `openContext`
 */
async function openWorkplace(step, asked = {}) {
    const { inputs, context, env, log, secrets, signal, now, sleep } = step;
    const { environment = inputs.environment, branch = '', actsOn = true, rollsBack = false, alongside } = asked;
    const opened = asked.opened ?? (await openSettings(step));
    const facts = { ...context, environment, revision: inputs.revision };
    return openContext(opened, facts, { branch, actsOn, rollsBack, alongside }, {
        process: { key: (0,external_node_crypto_.randomUUID)(), host: (0,external_node_os_.hostname)(), pid: process.pid },
        isAlive: isAlive,
        onConfig: (config) => {
            step.locateSettings((path) => opened.locate(path, config.environment));
            provideSecrets(inputs.secrets, { config, env, secrets });
            maskChannels(config, step);
        },
        subscribe: (feed) => notifyChannels(step, feed),
        redact: secrets.redact,
        now,
        sleep,
        log: log.info,
        warn: log.warning,
        signal,
    });
}

;// CONCATENATED MODULE: ./lib/actions/db-migrate/outputs.js

const decisions = {
    applied: ['migrated', 'applied'],
    'nothing-to-apply': ['already-migrated', 'nothing-pending'],
    planned: ['planned', 'dry-run'],
};
/** Sets the outputs, and writes report and summary. */
async function publish(step, incident, report) {
    const [decision, reason] = decisions[report.outcome];
    step.setOutputs({
        incident,
        decision,
        'reason-code': reason,
        applied: report.outcome === 'applied' ? report.applied.length : 0,
        'stands-at': report.standsAt,
        report: await step.writeReport('db-migrate', report),
    });
    await step.writeSummary(renderMarkdown([
        heading(2, `Migrations: ${decision}`),
        paragraph('The database stands at ', code(report.standsAt), '.'),
        bulletList(report.applied.map(({ name, down, locks }) => [
            code(name),
            ...(down === undefined ? [' (cannot be undone: it has no down script)'] : []),
            ...(report.outcome === 'planned' && locks.length > 0 ? [`: ${locks.join('; ')}`] : []),
        ])),
    ]));
}

;// CONCATENATED MODULE: ./lib/actions/db-migrate/action.js







/** Applies the pending migrations of a revision. */
async function run(step) {
    const { inputs, env, log, now, signal } = step;
    const { repository, revision, incident } = await openWorkplace(step, { alongside: openRevision });
    const { command } = inputs;
    const checkout = env['GITHUB_WORKSPACE'] ?? '.';
    await inScratchFolder(env, async (scratch) => {
        const report = await applyMigrations({
            engine: await openConnection(step, scratch),
            folder: inputs.migrations,
            revision: await openRevision(repository, revision),
            command: command ? (names) => runInCheckout(command, names, { revision, checkout, env }) : undefined,
            allowIrregular: inputs['allow-irregular'],
            dryRun: inputs['dry-run'],
            now,
            log: log.info,
            signal,
        });
        await publish(step, incident, report);
    });
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
        createEnvironmentVariable: 'POST /repos/{owner}/{repo}/environments/{environment_name}/variables',
        createRepoVariable: 'POST /repos/{owner}/{repo}/actions/variables',
        createWorkflowDispatch: 'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches',
        deleteEnvironmentVariable: 'DELETE /repos/{owner}/{repo}/environments/{environment_name}/variables/{name}',
        deleteRepoVariable: 'DELETE /repos/{owner}/{repo}/actions/variables/{name}',
        getGithubActionsDefaultWorkflowPermissionsRepository: 'GET /repos/{owner}/{repo}/actions/permissions/workflow',
        getPendingDeploymentsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
        getReviewsForRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
        getWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
        getWorkflow: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}',
        listEnvironmentSecrets: 'GET /repos/{owner}/{repo}/environments/{environment_name}/secrets',
        listEnvironmentVariables: 'GET /repos/{owner}/{repo}/environments/{environment_name}/variables',
        listJobsForWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs',
        listOrgVariables: 'GET /orgs/{org}/actions/variables',
        listRepoSecrets: 'GET /repos/{owner}/{repo}/actions/secrets',
        listRepoVariables: 'GET /repos/{owner}/{repo}/actions/variables',
        listWorkflowRuns: 'GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
        updateEnvironmentVariable: 'PATCH /repos/{owner}/{repo}/environments/{environment_name}/variables/{name}',
        updateOrgVariable: 'PATCH /orgs/{org}/actions/variables/{name}',
        updateRepoVariable: 'PATCH /repos/{owner}/{repo}/actions/variables/{name}',
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

// EXTERNAL MODULE: ./lib/github/writes.js
var writes = __webpack_require__(3987);
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
        const reads = options.method === 'GET' || options.method === 'HEAD' || isQuery(options);
        if (!reads)
            (0,writes/* noteWrite */.k)(octokit);
        if (!reads && options.request['repeatable'] !== true)
            options.request['retries'] = 0;
    });
    return { octokit, owner, repo };
}
/** A query of GraphQL changes nothing, although it is sent by POST. */
function isQuery({ url, query }) {
    return url.endsWith('/graphql') && typeof query === 'string' && query.trimStart().startsWith('query');
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
                throw new Error(`no answer within ${requestTimeoutMs / 1000} s`, { cause: error });
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

/***/ 3987:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   k: () => (/* binding */ noteWrite),
/* harmony export */   r: () => (/* binding */ writesSent)
/* harmony export */ });
const writes = new WeakMap();
/** Says that a client sends a write: from here on the world is another one. */
function noteWrite(client) {
    writes.set(client, writesSent(client) + 1);
}
/** How many writes a client has sent. */
function writesSent(client) {
    return writes.get(client) ?? 0;
}


/***/ }),

/***/ 8714:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   QQ: () => (/* binding */ keptName),
/* harmony export */   W8: () => (/* binding */ journal),
/* harmony export */   yo: () => (/* binding */ keptAt)
/* harmony export */ });
/* unused harmony export nameKept */
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

/***/ 9683:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   U: () => (/* binding */ chunksOf),
/* harmony export */   z: () => (/* binding */ readChunks)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);

/** Reads a file as `chunksOf` does, and closes it. */
async function* readChunks(path) {
    const file = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.open)(path);
    try {
        yield* chunksOf(file);
    }
    finally {
        await file.close();
    }
}
/** One that is read, one that is worked on, one that is still being written. */
const width = 3;
/**
 * Reads an open file from its beginning in chunks, each of which is good until the one after the next is taken: few buffers for
 * all of it, as a new one for each would fill the memory before it is cleared, and clearing it takes longer than reading. The
 * next chunk is read while one is worked on.
 */
async function* chunksOf(file) {
    const buffers = Array.from({ length: width }, () => Buffer.allocUnsafe(1 << 20));
    const read = async (index, at) => {
        const buffer = buffers[index % width] ?? Buffer.alloc(0);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        return buffer.subarray(0, bytesRead);
    };
    let next = read(0, 0);
    try {
        for (let [index, at] = [1, 0];; index += 1) {
            const chunk = await next;
            if (chunk.length === 0)
                return;
            at += chunk.length;
            next = read(index, at);
            // it is waited for later
            next.catch(() => { });
            yield chunk;
        }
    }
    finally {
        // nobody closes the file before
        await next.catch(() => { });
    }
}


/***/ }),

/***/ 6442:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $Q: () => (/* binding */ openTool),
/* harmony export */   PR: () => (/* binding */ readToolVersion),
/* harmony export */   Ud: () => (/* binding */ plainEnvironment),
/* harmony export */   qI: () => (/* binding */ runTool)
/* harmony export */ });
/* harmony import */ var node_child_process__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1421);
/* harmony import */ var node_stream__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(7075);
/* harmony import */ var node_stream_promises__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6466);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(452);




/** What is kept of a tool's complaints: the last lines say why it ended. */
const keptComplaint = 2000;
const longestLine = 500;
/**
 * Runs a tool of the database, without a shell. When what takes its output fails, the tool is ended: it would wait for ever.
 * @returns what it printed, unless `output` took it
 * @throws RefusedError with the tool's own last words when it is not there or ends with another code than 0, UnavailableError
 * when it is killed
 */
async function runTool(run) {
    const { command, args, env, input, output, cwd, signal } = run;
    const child = (0,node_child_process__WEBPACK_IMPORTED_MODULE_0__.spawn)(command, args, {
        env,
        cwd,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(signal === undefined ? {} : { signal }),
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
        complaint = (complaint + chunk).slice(-keptComplaint);
    });
    let printed = '';
    const reading = output?.(child.stdout) ??
        (async () => {
            for await (const chunk of child.stdout.setEncoding('utf8'))
                printed += chunk;
        })();
    reading.catch(() => child.kill('SIGKILL'));
    const ended = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, by) => resolve({ code, by }));
    });
    // a tool that ends early closes its input: why it did is in its own words
    const writing = input === undefined ? child.stdin.end() : (0,node_stream_promises__WEBPACK_IMPORTED_MODULE_2__.pipeline)(input, child.stdin);
    const [end, fed, read] = await Promise.allSettled([ended, writing, reading]);
    if (end.status === 'rejected')
        throw explainStart(end.reason, run);
    // what took its output failed, and the tool ended for that
    if (read.status === 'rejected')
        throw read.reason;
    const { code, by } = end.value;
    // the system does that when memory runs out: it says nothing of the data
    if (by !== null)
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .UnavailableError */ .hG(`${nameOf(command)} was ended by ${by} from outside`);
    if (code !== 0)
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .RefusedError */ .fk(`${nameOf(command)} ended with code ${code}: ${wordsOf(complaint) || 'it did not say why'}`);
    if (fed.status === 'rejected')
        throw fed.reason;
    return printed;
}
/**
 * What a tool prints, while it does. The stream ends once the tool has ended well, and not before: else what came so far would be
 * taken for all. It fails as the tool does; given up, it ends the tool.
 */
function openTool(run) {
    const printed = new node_stream__WEBPACK_IMPORTED_MODULE_1__.PassThrough({ highWaterMark: 1 << 20 });
    // who reads it is told, also when that begins later
    printed.on('error', () => { });
    runTool({
        ...run,
        output: (stdout) => {
            stdout.pipe(printed, { end: false });
            printed.once('close', () => stdout.destroy());
            return (0,node_stream_promises__WEBPACK_IMPORTED_MODULE_2__.finished)(stdout);
        },
    }).then(() => printed.end(), (error) => printed.destroy(error instanceof Error ? error : new Error(String(error))));
    return printed;
}
/** Less the statements that a tool repeats, between two lines of dashes: they have rows in them, which belong in no log. */
function wordsOf(complaint) {
    const said = complaint.split(/^-+$/m).at(-1) ?? '';
    const lines = said.split('\n').filter((line) => line.length <= longestLine);
    return lines.join('\n').trim();
}
/** The version that a tool says it has, e.g. 15.18; undefined when the tool is not there. */
async function readToolVersion(command, env, pattern) {
    try {
        const printed = await runTool({ command, debianPackage: '', args: ['--version'], env });
        return pattern.exec(printed)?.[1];
    }
    catch (error) {
        if (error instanceof _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .RefusedError */ .fk)
            return undefined;
        throw error;
    }
}
function explainStart(error, { command, debianPackage }) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT')
        return new _errors_js__WEBPACK_IMPORTED_MODULE_3__/* .RefusedError */ .fk(`${command} is not on this machine: install ${debianPackage}`);
    return error;
}
function nameOf(command) {
    return command.split('/').at(-1) ?? command;
}
/** The few variables that a tool needs of the job's: no secret of the job reaches it. */
function plainEnvironment(env) {
    return { PATH: env['PATH'], HOME: env['HOME'], TMPDIR: env['TMPDIR'], LC_ALL: 'C.UTF-8' };
}


/***/ }),

/***/ 6368:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   G: () => (/* binding */ writeFileFrom),
/* harmony export */   a: () => (/* binding */ writeChunks)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var _text_system_error_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(7229);


/**
 * Writes a new file that only its owner may read, to the disk itself when `durable`.
 * @throws RefusedError that names the file when the system takes it not, e.g. because the disk is full
 */
async function writeFileFrom(content, path, { durable = false } = {}) {
    try {
        const file = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.open)(path, 'wx', 0o600);
        try {
            await writeChunks(content, file);
            if (durable)
                await file.sync();
        }
        finally {
            await file.close();
        }
    }
    catch (error) {
        throw (0,_text_system_error_js__WEBPACK_IMPORTED_MODULE_1__/* .explainWrite */ .N)(error, path);
    }
}
/** Writes chunks to an open file, each while the next is made: one has to be good until the one after the next is asked for. */
async function writeChunks(content, file) {
    let written = Promise.resolve();
    try {
        for await (const chunk of content) {
            await written;
            written = file.appendFile(chunk);
            // it is waited for before the next
            written.catch(() => { });
        }
    }
    finally {
        await written.catch(() => { });
    }
    await written;
}


/***/ }),

/***/ 9226:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  yI: () => (/* binding */ readContext),
  AS: () => (/* binding */ refuseForks)
});

// UNUSED EXPORTS: isAuthorsOwn

// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 6 modules
var schemas = __webpack_require__(6921);
;// CONCATENATED MODULE: ./lib/runner/event.js


const repository = schemas/* object */.Ikc({ full_name: schemas/* string */.YjP() });
/** What is read of an event, key by key: one that cannot be read does not take the others with it. */
const keys = {
    deployment: schemas/* object */.Ikc({
        sha: schemas/* string */.YjP(),
        environment: schemas/* string */.YjP(),
        created_at: schemas/* string */.YjP().optional(),
        transient_environment: schemas/* boolean */.zMY().optional(),
    }),
    workflow_run: schemas/* object */.Ikc({ head_sha: schemas/* string */.YjP(), head_repository: repository.nullish() }),
    pull_request: schemas/* object */.Ikc({
        head: schemas/* object */.Ikc({ repo: repository.nullish() }),
        base: schemas/* object */.Ikc({ repo: repository }),
    }),
    repository: schemas/* object */.Ikc({ default_branch: schemas/* string */.YjP() }),
    action: schemas/* string */.YjP(),
    sender: schemas/* object */.Ikc({ login: schemas/* string */.YjP() }),
    issue: schemas/* object */.Ikc({ number: schemas/* number */.aig().int() }),
    comment: schemas/* object */.Ikc({
        id: schemas/* number */.aig().int(),
        body: schemas/* string */.YjP(),
        user: schemas/* object */.Ikc({ login: schemas/* string */.YjP(), type: schemas/* string */.YjP() }).nullable(),
    }),
};
/**
 * The keys that decide what a run is about and whether it is a fork's, each with the events that cannot be without it.
 * The other keys only name who asked: without them, nobody did.
 */
const deciding = {
    deployment: /^deployment(?:_status)?$/,
    workflow_run: /^workflow_run$/,
    pull_request: /^pull_request/,
};
/**
 * Reads the payload of an event: the keys above, and nothing else.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 * @param payload parsed JSON; undefined where there is none
 * @throws InputError where it cannot be read what the run is about
 */
function readEvent(eventName, payload) {
    const fields = schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J()).safeParse(payload ?? {});
    if (!fields.success)
        throw unreadable(eventName, 'is not a JSON object');
    // GitHub writes null for what an event could have, and has not
    const fieldOf = (key) => fields.data[key] ?? undefined;
    const demand = (key, schema) => {
        const value = fieldOf(key);
        if (value === undefined && !deciding[key].test(eventName))
            return undefined;
        const parsed = schema.safeParse(value);
        if (parsed.success)
            return parsed.data;
        const [issue] = parsed.error.issues;
        const path = [key, ...(issue?.path ?? [])].join('.');
        throw unreadable(eventName, `has an invalid \`${path}\` (${issue?.message})`);
    };
    const read = (key, schema) => schema.safeParse(fieldOf(key)).data;
    return {
        deployment: demand('deployment', keys.deployment),
        workflow_run: demand('workflow_run', keys.workflow_run),
        pull_request: demand('pull_request', keys.pull_request),
        repository: read('repository', keys.repository),
        action: read('action', keys.action),
        sender: read('sender', keys.sender),
        issue: read('issue', keys.issue),
        comment: read('comment', keys.comment),
    };
}
function unreadable(eventName, why) {
    return new errors/* InputError */.dz(`the payload of the event ${JSON.stringify(eventName)} ${why}: nothing was changed, because the payload decides what the run is about; check GITHUB_EVENT_PATH, or start the run manually with workflow_dispatch`);
}

// EXTERNAL MODULE: ./lib/runner/job.js
var job = __webpack_require__(2617);
;// CONCATENATED MODULE: ./lib/runner/context.js



const eventsOfPeople = new Set(['workflow_dispatch', 'issue_comment']);
/**
 * Reads the context from the runner's variables.
 * @param payload of the event, parsed
 * https://docs.github.com/en/actions/reference/workflows-and-actions/variables
 * @throws InputError outside of a workflow run, and where it cannot be read what the event is about
 */
function readContext(env, payload) {
    const { owner, repo } = (0,job/* readRepositoryName */.o)(env);
    const eventName = env['GITHUB_EVENT_NAME'] ?? '';
    const event = readEvent(eventName, payload);
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
function refuseForks({ event, eventName, owner, repo }) {
    const { pull_request: pull, workflow_run: run } = event;
    if (pull !== undefined && !isSame(pull.head.repo?.full_name, pull.base.repo.full_name))
        throw new errors/* InputError */.dz(`this run is for a pull request from the fork ${pull.head.repo?.full_name ?? '(deleted)'}: its token can write nothing; run the action after the merge, on push, deployment_status or workflow_dispatch`);
    // an event of a deployment has the run that made it, without the repository of its commit: that has to be on the branch
    if (run === undefined || (eventName !== 'workflow_run' && run.head_repository === undefined))
        return;
    // a workflow run of a fork has the fork's commit, whatever its branch is called
    const head = run.head_repository?.full_name;
    if (!isSame(head, `${owner}/${repo}`))
        throw new errors/* InputError */.dz(`this run is for a workflow run of the repository ${head ?? '(deleted)'}, which is not ${owner}/${repo}: a fork's commit is never rolled back; add \`if: github.event.workflow_run.head_repository.full_name == github.repository\` to the job`);
}
function isSame(one, other) {
    return one?.toLowerCase() === other.toLowerCase();
}


/***/ }),

/***/ 9431:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   f5: () => (/* binding */ settingsOf),
/* harmony export */   kG: () => (/* binding */ usualEnvironment),
/* harmony export */   sb: () => (/* binding */ readSettings)
/* harmony export */ });
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(6921);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(452);
/* harmony import */ var _explain_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(8966);
/* harmony import */ var _schema_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(546);
/* harmony import */ var _suggest_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(67);





/**
 * The settings of an environment.
 * @param said a clause that says what names the environment
 * @throws InputError that lists the environments there are
 */
function settingsOf({ environments, file }, environment, said = (0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .message */ .iU) `${(0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .setting */ .Pe)('environment')} is ${JSON.stringify(environment)}`) {
    const found = environments.get(environment);
    if (found !== undefined)
        return found;
    const names = [...environments.keys()];
    const nearest = (0,_suggest_js__WEBPACK_IMPORTED_MODULE_3__/* .suggest */ .ZA)(environment, names);
    const advice = nearest === undefined ? `${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_3__/* .listChoices */ .ZH)(names)}, or` : `did you mean \`${nearest}\`? If not,`;
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .InputError */ .dz((0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .message */ .iU) `${said}, and ${describes(file)} ${listNames(names)}; ${advice} describe it under \`environments\``);
}
/** The name of the environment that is meant where nothing names one. @throws InputError where several could be */
function usualEnvironment({ usual, environments, file }) {
    if (usual !== undefined)
        return usual;
    throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .InputError */ .dz((0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .message */ .iU) `${(0,_errors_js__WEBPACK_IMPORTED_MODULE_0__/* .setting */ .Pe)('environment')} is not given, and ${describes(file)} ${listNames([...environments.keys()])}; name one of them, or write \`environment: NAME\` in the file for the one that is meant by default`);
}
function describes(file) {
    return file === undefined ? 'the settings describe' : `${file} describes`;
}
function listNames(names) {
    return `the ${names.length === 1 ? 'environment' : 'environments'} ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}
/** Reads the whole file: `environments` with the shared part above, or one environment. */
function readSettings(value) {
    if (!isMapping(value) || !('environments' in value)) {
        const parsed = _schema_js__WEBPACK_IMPORTED_MODULE_2__/* .configSchema */ .Qn.safeParse(value, parseOptions);
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
        const parsed = _schema_js__WEBPACK_IMPORTED_MODULE_2__/* .configSchema */ .Qn.safeParse({ ...merge(shared, own), environment: name }, parseOptions);
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
const parseOptions = { reportInput: true, error: _explain_js__WEBPACK_IMPORTED_MODULE_1__/* .explainPlainly */ .V };
const headSchema = zod__WEBPACK_IMPORTED_MODULE_4__/* .object */ .Ikc({
    environment: (0,_schema_js__WEBPACK_IMPORTED_MODULE_2__/* .environmentName */ .VE)().optional(),
    environments: zod__WEBPACK_IMPORTED_MODULE_4__/* .record */ .g1P((0,_schema_js__WEBPACK_IMPORTED_MODULE_2__/* .environmentName */ .VE)(), zod__WEBPACK_IMPORTED_MODULE_4__/* .preprocess */ .vkY((own) => own ?? {}, zod__WEBPACK_IMPORTED_MODULE_4__/* .record */ .g1P(zod__WEBPACK_IMPORTED_MODULE_4__/* .string */ .YjP(), zod__WEBPACK_IMPORTED_MODULE_4__/* .unknown */ .L5J())))
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
        const error = `is not among \`environments\`; ${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_3__/* .suggestOrList */ .Go)(environment, names)}`;
        context.addIssue({ code: 'custom', path: ['environment'], message: error, input: environment });
    }
});
function findingsOf(error) {
    return error.issues.flatMap((issue) => (0,_explain_js__WEBPACK_IMPORTED_MODULE_1__/* .explainIssue */ .J)(issue));
}
/** Mappings are merged key by key; anything else that an environment says takes the place of the shared part, and `null` takes it away. */
function merge(shared, own) {
    const merged = { ...shared };
    for (const [key, value] of Object.entries(own)) {
        const before = shared[key];
        if (value === null)
            delete merged[key];
        else
            merged[key] = isMapping(before) && isMapping(value) ? merge(before, value) : value;
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
        if (!isMapping(value))
            return path.length;
        if (!Object.hasOwn(value, part))
            return depth;
        value = value[part];
    }
    return path.length;
}
function isMapping(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}


/***/ }),

/***/ 8966:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   J: () => (/* binding */ explainIssue),
/* harmony export */   V: () => (/* binding */ explainPlainly)
/* harmony export */ });
/* harmony import */ var _suggest_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(67);

/** Turns one issue of the schema into sentences: subject from the path, the rest from the schema's message. */
function explainIssue(issue, parent = []) {
    const path = [...parent, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    const tell = (message) => [
        { path, at: 'value', message: `${subjectOf(path)} ${message}` },
    ];
    if (issue.code === 'unrecognized_keys') {
        const lines = issue.message.split('\n');
        return issue.keys.map((key, index) => {
            return { path: [...path, key], at: 'key', message: lines[index] ?? `unknown key ${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_0__/* .quote */ .hD)(key)}` };
        });
    }
    if (issue.code === 'invalid_key') {
        return issue.issues.slice(0, 1).map((inner) => {
            return { path, at: 'key', message: `${subjectOf(path)} ${inner.message}` };
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
        return `can't be ${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_0__/* .quote */ .hD)(input)}; ${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_0__/* .suggestOrList */ .Go)(input, known)}`;
    return `${input === undefined ? 'is missing' : 'must be a word'}; ${(0,_suggest_js__WEBPACK_IMPORTED_MODULE_0__/* .listChoices */ .ZH)(known)}`;
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
function subjectOf(path) {
    const lastKey = path.findLastIndex((part) => typeof part === 'string');
    const key = path[lastKey];
    const indexes = path.slice(lastKey + 1).map((index) => `[${index}]`);
    if (key === undefined)
        return indexes.length === 0 ? 'the whole text' : `item ${Number(path[0]) + 1}`;
    return (0,_suggest_js__WEBPACK_IMPORTED_MODULE_0__/* .quote */ .hD)(`${key}${indexes.join('')}`);
}


/***/ }),

/***/ 546:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  wq: () => (/* binding */ checksSchemaFor),
  Qn: () => (/* binding */ configSchema),
  sb: () => (/* binding */ defaultConfig),
  VE: () => (/* binding */ environmentName)
});

// UNUSED EXPORTS: metricDefaults, metrics, severities

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 6 modules
var schemas = __webpack_require__(6921);
// EXTERNAL MODULE: ./node_modules/jsonpath-rfc9535/dist/esm/index.js + 40 modules
var esm = __webpack_require__(4525);
// EXTERNAL MODULE: ./lib/text/duration.js
var duration = __webpack_require__(4783);
// EXTERNAL MODULE: ./lib/text/redact.js
var redact = __webpack_require__(1814);
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

// EXTERNAL MODULE: ./lib/settings/suggest.js
var suggest = __webpack_require__(67);
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
    return `unknown key ${(0,suggest/* quote */.hD)(key)}; ${place ?? (0,suggest/* suggestOrList */.Go)(key, known)}`;
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
        return 'is the whole repository; leave the key out instead';
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

// EXTERNAL MODULE: ./lib/text/severity.js
var severity = __webpack_require__(220);
;// CONCATENATED MODULE: ./lib/settings/metrics.js

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

;// CONCATENATED MODULE: ./lib/health/checks/schema-parts.js



/** What every type of check has. */
const shared = {
    name: schemas/* string */.YjP({
        error: ({ input }) => input === undefined ? 'is missing; name the check, such as `homepage`' : undefined,
    })
        .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be of small letters, digits and dashes; write a name such as `error-rate-eu`')
        .max(60, 'is too long; write at most 60 characters')
        .describe('Name of the check in reports and the history; unique among the checks.'),
    severity: schemas/* enum */.k5n(severity/* severities */.g)
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
    'failure-limit': count()
        .optional()
        .describe('Rounds beyond the limit that are tolerated, of all rounds, in a row or not; one more is an issue. Stands in the place of `for`. Default: `for` decides.'),
    'consecutive-error-limit': count()
        .optional()
        .describe('Errors in a row that are tolerated; one more, and the verdict is `error`. Default: 2.'),
    'inconclusive-limit': count()
        .optional()
        .describe('Rounds without data that are tolerated, of all rounds; one more, and the check is inconclusive. Default: half of them.'),
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
/** When a number is bad, and what its gaps are. */
const judged = {
    severity: shared.severity,
    max: shared.max,
    min: shared.min,
    equals: shared.equals,
    for: fields_duration()
        .prefault('0s')
        .describe('How long the limit must be breached before it counts. Default: the first breach counts.'),
    ...rulesOfGaps,
};
/** What every check of a number has beside its own source. */
const common = {
    name: shared.name,
    metric: schemas/* enum */.k5n(metrics)
        .optional()
        .describe(`What is measured, with its own limit and severity. ${describeMetrics(metrics)}. Default: none, so that a limit and a severity are needed.`),
    ...judged,
};
/** A secret that a variable of the step holds. */
const token = (what) => section({
    env: schemas/* string */.YjP({
        error: ({ input }) => (input === undefined ? 'is missing; write `{ env: NAME }`' : undefined),
    })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable; write one such as `HEALTH_TOKEN`')
        .describe('Name of the environment variable of the step that holds it.'),
}).describe(what);
/** A name without spaces. */
const schema_parts_name = (what) => schemas/* string */.YjP().regex(/^\S+$/, `is not ${what}; write it without spaces`);
/** Any text but an empty one. */
const schema_parts_text = () => schemas/* string */.YjP().regex(/\S/, 'is empty; write a text');
/** Takes the keys of all checks, and turns the file's `for` into `forMs`. */
function finishNumber(check) {
    const { for: forMs, ...rest } = check;
    return { ...finish(rest), forMs };
}
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
function count() {
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
 * The rules below also look at what is wrong elsewhere, so that all problems are reported at once; nothing is taken for
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
            message: `has no severity; write \`severity\` as ${severity/* severities */.g.join(', ')}, or a \`metric\` that brings one`,
        });
    }
}
function isMapping({ value }) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

;// CONCATENATED MODULE: ./lib/health/checks/codepush/schema.js



const codePushCheck = section({
    ...common,
    ...counting,
    type: schemas/* literal */.euz('codepush')
        .describe('Counts the failed installs of a CodePush label, and of the one before.'),
    url: httpUrl({ example: 'https://codepush.example.com' }).describe('Address of the CodePush server.'),
    app: schema_parts_text().describe('Name of the app.'),
    deployment: schema_parts_text().default('Production').describe('Name of the deployment.'),
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

;// CONCATENATED MODULE: ./lib/health/checks/command/schema.js



const commandCheck = section({
    ...common,
    type: schemas/* literal */.euz('command')
        .describe('Runs a program, without a shell. Its exit status has to be 0; the last line it prints is the value.'),
    run: schemas/* array */.YOg(schema_parts_text(), {
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

;// CONCATENATED MODULE: ./lib/health/checks/one-source.js
/** There is one of both: needOne saw to it. */
function sourceOf({ single, bad, total, method, alpha }) {
    return bad === undefined || total === undefined
        ? { source: single ?? '' }
        : { counters: { bad, total }, method, ...(alpha === undefined ? {} : { alpha }) };
}
/** One value, or the counters of what went wrong and of all. */
function needOne(input) {
    const { check, single, context } = input;
    const tell = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
    const has = (key) => check[key] !== undefined;
    if (!has(single) && !has('bad') && !has('total'))
        tell(single, 'is missing; write it, or `bad` and `total`');
    if (has(single) && (has('bad') || has('total'))) {
        tell(has('bad') ? 'bad' : 'total', `cannot be combined with \`${single}\`; remove one of them`);
    }
    if (has('bad') !== has('total')) {
        tell(has('bad') ? 'total' : 'bad', 'is missing; `bad` and `total` need each other');
    }
}

;// CONCATENATED MODULE: ./lib/health/checks/datadog/schema.js




const datadogCheck = section({
    ...common,
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
    query: schema_parts_text()
        .optional()
        .describe('Query that gives one series. Default: none, so that `bad` and `total` are needed.'),
    bad: schema_parts_text()
        .optional()
        .describe('Query of the count of what went wrong, with `.as_count()`. Default: none, so that `query` is needed.'),
    total: schema_parts_text()
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

;// CONCATENATED MODULE: ./lib/health/checks/github/schema.js



const gitHubCheck = section({
    ...common,
    type: schemas/* literal */.euz('github')
        .describe('Asks GitHub how the revision stands: its required checks, and its deployment to the environment.'),
    checks: schemas/* union */.KCZ([schemas/* literal */.euz('required'), schemas/* array */.YOg(schema_parts_text()).min(1, 'is empty; write the names of checks')], {
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

// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
;// CONCATENATED MODULE: ./lib/health/checks/http/schema.js





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

;// CONCATENATED MODULE: ./lib/health/checks/json/schema.js




const jsonCheck = section({
    ...common,
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

;// CONCATENATED MODULE: ./lib/health/checks/newrelic/schema.js



const newRelicCheck = section({
    ...common,
    ...counting,
    type: schemas/* literal */.euz('newrelic')
        .describe('Asks New Relic with NRQL for one number, or for counts named `bad` and `total`.'),
    url: httpUrl({ example: 'https://api.eu.newrelic.com/graphql' })
        .default('https://api.newrelic.com/graphql')
        .describe('Address of NerdGraph; the EU has another.'),
    account: schemas/* int */.Whr().min(1).describe('Id of the account.'),
    nrql: schema_parts_text()
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

;// CONCATENATED MODULE: ./lib/health/checks/prometheus/schema.js




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
    ...judged,
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
                tell(key, 'cannot be combined with `traffic`; write another check for it');
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
                tell(key, 'cannot be combined with `query`; remove one of them');
        }
        return;
    }
    if (bad === undefined)
        tell('bad', 'is missing; `total` needs it');
    if (total === undefined)
        tell('total', 'is missing; `bad` needs it');
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

;// CONCATENATED MODULE: ./lib/health/checks/sentry/schema.js



const sentryCheck = section({
    ...common,
    ...counting,
    type: schemas/* literal */.euz('sentry').describe('Counts the crashed sessions or users of a release in Sentry.'),
    url: httpUrl({ example: 'https://sentry.example.com' })
        .default('https://sentry.io')
        .describe('Address of Sentry.'),
    organization: schema_parts_name('a slug').describe('Slug of the organization.'),
    project: schemas/* int */.Whr().min(1).describe('Number of the project.'),
    release: schema_parts_text().describe('The release as Sentry knows it, such as `shop@1.4.0`.'),
    environment: schema_parts_text().optional().describe('The environment as Sentry knows it. Default: all.'),
    of: schemas/* enum */.k5n(['sessions', 'users']).default('sessions').describe('What is counted.'),
    token: token('An auth token with the scope org:read.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ token: { env }, alpha, metric, ...check }) => ({
    ...finishNumber({ metric: metric ?? 'crash-rate', ...check }),
    ...(alpha === undefined ? {} : { alpha }),
    headers: { authorization: { env, scheme: 'Bearer' } },
}));

;// CONCATENATED MODULE: ./lib/health/checks/tcp/schema.js



/** Opens a TCP connection: the severity is high, and a refusal is a failure. */
const tcpCheck = section({
    ...common,
    type: schemas/* literal */.euz('tcp').describe('Opens a TCP connection: one that is refused or times out is a failure.'),
    host: schema_parts_name('a host').describe('Name or address of the host.'),
    port: schemas/* int */.Whr().min(1).max(65535).describe('Port to connect to.'),
})
    .superRefine(refuseBadLimits, { when: isMapping })
    .transform(({ metric: _, ...check }) => ({
    ...finishNumber({ metric: 'error-rate', ...check }),
    headers: {},
}));

;// CONCATENATED MODULE: ./lib/health/checks/schema.js











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

;// CONCATENATED MODULE: ./lib/incident/settings.js



/** The section `incident` of `.github/rollback.yml`. */
function incidentSchema() {
    return section({
        respond: section({
            critical: respondWithin('15m'),
            high: respondWithin('1h'),
            medium: respondWithin('4h'),
            low: respondWithin('1d'),
        })
            .prefault({})
            .describe('Time to acknowledge an incident, by severity; after that the next level is notified.'),
        levels: schemas/* array */.YOg(section({
            people: schemas/* array */.YOg(schemas/* string */.YjP()
                .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\/[A-Za-z0-9_][\w.-]{0,99})?$/, 'is not a login or a team; write `octocat` or `octo-org/sre`, without @'))
                .default([])
                .describe('GitHub users and teams of this level; they are mentioned in the incident’s issue.'),
            channels: schemas/* array */.YOg(line())
                .default([])
                .describe('Channels of `notify.channels` that join the incident at this level.'),
        }))
            .min(1, 'is empty; write a level, or leave the key out')
            .max(9, 'has too many levels; write at most 9')
            .default([{ people: [], channels: [] }])
            .describe('Who is notified, level by level: the first when the incident opens, each further one when nobody has acknowledged the incident in time. By default there is one level.'),
        links: schemas/* record */.g1P(line(), httpUrl({ example: 'https://grafana.example.com/d/shop?var-env={environment}' }))
            .default({})
            .describe('Links in every notification by their titles, such as the room to meet in and a dashboard; `{incident}`, `{environment}`, `{from}` and `{to}` stand for those of the incident. By default there are none.'),
    })
        .transform(({ respond, levels, links }) => ({ respondMs: respond, levels, links }))
        .prefault({})
        .describe('Who responds to an incident, and in what time.');
}
function respondWithin(usual) {
    return fields_duration({ min: (0,duration/* parseDuration */.E9)('1m'), max: (0,duration/* parseDuration */.E9)('7d') })
        .prefault(usual)
        .describe(`From 1m to 7d.`);
}

;// CONCATENATED MODULE: ./lib/layers/config/variables/scope.js
/** Whose variables are meant: the repository's, those of the environment that is rolled back, or named ones of the organization. */
const scopes = ['repository', 'environment', 'organization'];

;// CONCATENATED MODULE: ./lib/layers/config/settings.js



/** The section `config` of `.github/rollback.yml`. */
function configLayerSchema() {
    return section({
        files: schemas/* array */.YOg(plainPath())
            .default([])
            .describe('Configuration files, from the top of the repository, or of `folder`: JSON, JSONC, YAML, TOML, `.env`, `.properties`, or any other, which is restored as it is. Default: none.'),
        folder: line()
            .optional()
            .describe('Folder of a machine that the files are in, such as `/srv/shop`: the job has to run there. By default they are in the repository, and go back by a commit.'),
        variables: schemas/* array */.YOg(schemas/* enum */.k5n(scopes))
            .default([])
            .describe('GitHub Actions variables: of the `repository`, of the `environment`, of the `organization`, or several of these.'),
        'organization-variables': schemas/* array */.YOg(line()
            .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a variable')
            .transform((name) => name.toUpperCase()))
            .default([])
            .describe('With `organization` in `variables`: names of the variables of the organization that go back. No other is read into a backup, or changed. Default: none.'),
        'variables-token': section({ env: environmentVariable('VARIABLES_TOKEN') })
            .optional()
            .describe('Variable that holds a token with *Variables: read and write* and *Environments: read and write*: of a GitHub App, or a fine-grained personal access token. For `organization`, *Variables* of the organization, too. `GITHUB_TOKEN` cannot change variables. Default: none.'),
        storage: line()
            .optional()
            .describe('Folder of the backups, as in the input `storage` of config-rollback. For `folder` and `variables`. Default: none.'),
        target: line()
            .default('before-deployment')
            .describe('What is gone back to, for `folder` and `variables`: `before-deployment`, `latest`, the name of a backup, `before:` with a time, or a revision.'),
        keys: schemas/* array */.YOg(line())
            .default([])
            .describe('The only keys that go back, such as `api.baseUrl`; nothing else in the files is touched. By default the whole files go back.'),
        schema: plainPath()
            .optional()
            .describe('JSON Schema in the repository that the files have to fit. By default they are not checked.'),
        required: schemas/* array */.YOg(line()).default([]).describe('Fields that each file must have, such as `api.baseUrl`.'),
        'allow-removal': schemas/* boolean */.zMY()
            .default(false)
            .describe('Whether a file or variable that did not exist at the target may be removed.'),
    })
        .superRefine((given, context) => {
        const refuse = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
        const { files, folder, variables, storage } = given;
        if (files.length === 0 && variables.length === 0)
            refuse('files', 'is missing; write files such as `[config/app.yml]`, or `variables`');
        if (folder !== undefined && files.length === 0)
            refuse('folder', 'is for `files`; write them, or leave it out');
        if (files.length === 0)
            for (const key of ['keys', 'required'])
                if (given[key].length > 0)
                    refuse(key, 'is for `files`; write them, or leave it out');
        if (files.length === 0 && given.schema !== undefined)
            refuse('schema', 'is for `files`; write them, or leave it out');
        const isStored = folder !== undefined || variables.length > 0;
        if (isStored && storage === undefined)
            refuse('storage', 'is missing; write the folder of the backups, such as `/var/backups/shop`');
        if (!isStored && storage !== undefined)
            refuse('storage', 'is for `folder` and `variables`; leave it out: files in the repository need no backups');
        if (!isStored && given.target !== 'before-deployment')
            refuse('target', 'is for `folder` and `variables`; write `code.target`, which files in the repository go by');
        if (variables.length > 0 && given['variables-token'] === undefined)
            refuse('variables-token', 'is missing; write `{ env: NAME }`: `GITHUB_TOKEN` cannot change variables');
        const isOfOrganization = variables.includes('organization');
        const names = given['organization-variables'];
        if (isOfOrganization && names.length === 0)
            refuse('organization-variables', 'is missing; write the names of the variables of the organization that go back, such as `[SHOP_API_URL]`');
        if (!isOfOrganization && names.length > 0)
            refuse('organization-variables', 'is for the variables of the organization; write `organization` in `variables`, too, or leave it out');
        if (variables.length === 0 && given['variables-token'] !== undefined)
            refuse('variables-token', 'is for `variables`; leave it out');
    })
        .transform(({ 'allow-removal': allowRemoval, 'variables-token': variablesToken, 'organization-variables': organizationVariables, ...rest }) => ({
        ...rest,
        variablesToken,
        organizationVariables: [...new Set(organizationVariables)],
        allowRemoval,
    }))
        .optional()
        .describe('Configuration: files and GitHub Actions variables. By default it goes back with the code.');
}

;// CONCATENATED MODULE: ./lib/layers/flags/settings.js


const flagServices = ['flagd', 'unleash', 'launchdarkly', 'growthbook', 'firebase', 'http'];
/** What each service needs of the settings, and what has no meaning for it. */
const needs = {
    flagd: ['file'],
    unleash: ['url', 'token', 'project', 'environment'],
    launchdarkly: ['token', 'project', 'environment'],
    growthbook: ['token', 'environment'],
    firebase: ['token', 'project'],
    http: ['url', 'list', 'disable-request'],
};
const optional = {
    flagd: ['folder'],
    unleash: [],
    launchdarkly: ['url'],
    growthbook: ['url'],
    firebase: ['url'],
    http: ['token', 'restore-request'],
};
/** What a client of a service needs, and what else may be said of it; a service that is missing is asked as a client without any. */
const clients = {
    launchdarkly: [['key'], ['url']],
    growthbook: [['key'], ['url']],
    firebase: [['key', 'app'], ['url']],
    http: [['path'], ['key', 'url', 'value', 'off']],
};
/** The section `flags` of `.github/rollback.yml`. */
function flagsSchema() {
    return section({
        service: schemas/* enum */.k5n(flagServices).describe('Where the feature flags are.'),
        file: line()
            .optional()
            .describe('For `flagd`: its file of flags, JSON or YAML, from the top of the repository, or of `folder`. Default: none.'),
        folder: line()
            .optional()
            .describe('For `flagd`: folder of the machine that the file is in. By default it is in the repository.'),
        url: httpUrl({ example: 'https://unleash.example.com' })
            .optional()
            .describe('Address of the service. By default that of its cloud, where it has one.'),
        token: section({ env: environmentVariable('FLAGS_TOKEN') })
            .optional()
            .describe('Variable that holds a token that may change flags. By default there is none.'),
        project: line().optional().describe('Project of the service that the flags are in. Default: none.'),
        environment: line()
            .optional()
            .describe('Environment of the service: flags are changed in it alone. Default: none.'),
        list: section({
            path: line().describe('Path of a GET that answers with all flags, such as `/api/flags`.'),
            flags: line().default('$').describe('JSONPath of the list of flags.'),
            name: line().default('$.name').describe('JSONPath of the name in a flag.'),
            on: line().default('$.enabled').describe('JSONPath of whether a flag is on, `true` or `false`.'),
        })
            .optional()
            .describe('For `http`: how the flags are read. Default: none.'),
        'disable-request': httpRequest()
            .optional()
            .describe('For `http`: the request that switches a flag off. Default: none.'),
        'restore-request': httpRequest()
            .optional()
            .describe('For `http`: the request that puts an earlier state back, with it as the body. By default none does.'),
        client: clientSchema(),
        disable: schemas/* array */.YOg(line())
            .default([])
            .describe('Flags that a rollback switches off, by name. By default flags are restored from a backup instead.'),
        restore: schemas/* array */.YOg(line())
            .default([])
            .describe('Flags that are restored from a backup, by name. By default all that it has.'),
        storage: line()
            .optional()
            .describe('Folder of the backups of flags, as in config-rollback. Needed unless `disable` names flags. Default: none.'),
        target: line()
            .default('before-deployment')
            .describe('The backup that is gone back to, as `config.target`, where `disable` names no flags.'),
    })
        .superRefine((given, context) => {
        const known = Object.entries(given);
        for (const key of needs[given.service])
            if (!known.some(([each, value]) => each === key && value !== undefined))
                context.addIssue({
                    code: 'custom',
                    path: [key],
                    message: `is missing; \`service: ${given.service}\` needs it`,
                });
        const own = new Set([
            'service',
            'disable',
            'restore',
            'storage',
            'target',
            ...(clients[given.service] === undefined ? [] : ['client']),
            ...needs[given.service],
            ...optional[given.service],
        ]);
        for (const [key, value] of known)
            if (value !== undefined && !own.has(key))
                context.addIssue({
                    code: 'custom',
                    path: [key],
                    message: `is not for \`service: ${given.service}\`; leave it out`,
                });
        const [asked = [], more = []] = clients[given.service] ?? [];
        for (const key of asked)
            if (given.client !== undefined &&
                Object.entries(given.client).every(([each, value]) => each !== key || value === undefined))
                context.addIssue({
                    code: 'custom',
                    path: ['client', key],
                    message: `is missing; the client of \`service: ${given.service}\` needs it`,
                });
        for (const [key, value] of Object.entries(given.client ?? {}))
            if (value !== undefined && clients[given.service] !== undefined && ![...asked, ...more].includes(key))
                context.addIssue({
                    code: 'custom',
                    path: ['client', key],
                    message: `is not for the client of \`service: ${given.service}\`; leave it out`,
                });
        if (given.disable.length > 0 && given.restore.length > 0)
            context.addIssue({
                code: 'custom',
                path: ['restore'],
                message: 'stands beside `disable`; write one of them: flags are switched off, or as they were',
            });
        if (given.disable.length === 0 && given.storage === undefined)
            context.addIssue({
                code: 'custom',
                path: ['storage'],
                message: 'is missing; write the folder of the backups, or flags to switch off in `disable`',
            });
    })
        .transform(({ 'disable-request': disableRequest, 'restore-request': restoreRequest, ...rest }) => ({
        ...rest,
        disableRequest,
        restoreRequest,
    }))
        .optional()
        .describe('Feature flags. By default none are rolled back.');
}
function clientSchema() {
    return section({
        key: section({ env: environmentVariable('FLAGS_CLIENT_KEY') })
            .optional()
            .describe('Variable that holds what clients have: for `launchdarkly` an SDK key or a client-side ID, for `growthbook` the key of an SDK connection, for `firebase` an API key, for `http` the header `authorization`. Default: none.'),
        url: httpUrl({ example: 'https://clientsdk.launchdarkly.com' })
            .optional()
            .describe('Address that clients ask. By default that of the cloud of the service, for `http` that of `url`.'),
        app: line()
            .optional()
            .describe('For `firebase`: id of the app, such as `1:1234:web:abcd`. Default: none.'),
        path: line()
            .optional()
            .describe('For `http`: path of a GET that answers with what a client is served; `{name}` stands for the flag. Default: none.'),
        value: line()
            .optional()
            .describe('For `http`: JSONPath of the value in the answer. By default `$`, the answer itself.'),
        off: line()
            .optional()
            .describe('For `http`: the value of a flag that is off, as JSON. By default `false`.'),
    })
        .optional()
        .describe('How flags are evaluated as a client after a change, for `launchdarkly`, `growthbook`, `firebase` and `http`. By default they are not, and the rollback ends as `not-verified`.');
}
function httpRequest() {
    return section({
        method: schemas/* enum */.k5n(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST').describe('Method of the request.'),
        path: line().describe('Path below `url`; `{name}` stands for the flag.'),
    });
}

;// CONCATENATED MODULE: ./lib/layers/ota/update-server.js
const serverKinds = ['microsoft', 'lisong', 'hot-updater', 'hot-updater-cli', 'eas', 'capgo'];
/** They are reached by their own command line in a project's folder, which takes its credentials from the step's `env`. */
const commandLineKinds = ['hot-updater-cli', 'eas'];

;// CONCATENATED MODULE: ./lib/layers/ota/settings.js




/** The section `ota` of `.github/rollback.yml`. */
function otaSchema() {
    return section({
        'server-kind': schemas/* enum */.k5n(['auto', ...serverKinds])
            .default('auto')
            .describe('The kind of server, as in the input `server-kind` of codepush-rollback.'),
        'server-url': httpUrl({ example: 'https://codepush.example.com' })
            .optional()
            .describe('Address of the update server’s API. For `eas`: the address that devices ask, `updates.url` in app.json; by default it is read from there. For `hot-updater-cli`: the base of the addresses that devices ask; without it no device is asked.'),
        'access-key': section({ env: environmentVariable('CODEPUSH_ACCESS_KEY') })
            .optional()
            .describe('Variable that holds the access key. Default: none, for `eas`, which reads `EXPO_TOKEN` from the step’s `env`, and `hot-updater-cli`, whose configuration says what it reads.'),
        project: line().default('.').describe('For `eas` and `hot-updater-cli`: folder of the project.'),
        channels: schemas/* array */.YOg(line())
            .min(1, 'is empty; write one such as `shop-ios/Production`')
            .describe('What is rolled back, as `app/deployment`; for `eas` as `all/branch`, for `capgo` as `app-id/channel`.'),
        'verify-timeout': fields_duration({ max: (0,duration/* parseDuration */.E9)('1h') })
            .prefault('2m')
            .describe('How long devices may be answered from the server’s cache.'),
    })
        .superRefine((given, context) => {
        const kind = given['server-kind'];
        const hasProject = commandLineKinds.includes(kind);
        const refuse = (key, message) => context.addIssue({ code: 'custom', path: [key], message });
        if (hasProject && given['access-key'] !== undefined)
            refuse('access-key', `is not for \`server-kind: ${kind}\`; leave it out, and set ${kind === 'eas' ? '`EXPO_TOKEN`' : 'what hot-updater.config reads'} in the step’s \`env\``);
        if (!hasProject && given['server-url'] === undefined)
            refuse('server-url', 'is missing; write an address, such as `https://codepush.example.com`');
        if (!hasProject && given['access-key'] === undefined)
            refuse('access-key', 'is missing; write `{ env: NAME }`');
        if (!hasProject && given.project !== '.')
            refuse('project', 'is only for `server-kind: eas` and `hot-updater-cli`; leave it out');
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

;// CONCATENATED MODULE: ./lib/incident/topics.js
/** What an event means to people who follow an incident. */
const topics = [
    'opened',
    'severity',
    'acknowledged',
    'escalated',
    'rollback-started',
    'approval-required',
    'layer-rolled-back',
    'rollback-ended',
    'deployed',
    'not-recovered',
    'resolved',
    'note',
];

;// CONCATENATED MODULE: ./lib/notify/settings.js




/** What a channel is notified of where its settings do not say. */
const usualTopics = [
    'opened',
    'severity',
    'acknowledged',
    'escalated',
    'rollback-started',
    'approval-required',
    'rollback-ended',
    'not-recovered',
    'resolved',
];
const timeOfDay = () => schemas/* string */.YjP().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day; write one such as `22:00`');
const quietHours = section({
    from: timeOfDay().describe('When they begin, such as `22:00`.'),
    to: timeOfDay().describe('When they end, such as `07:00`.'),
    zone: line()
        .refine(isTimeZone, { error: 'is not a time zone; write one such as `Europe/Berlin`' })
        .default('UTC')
        .describe('Time zone of both, such as `Europe/Berlin`.'),
    except: schemas/* enum */.k5n(severity/* severities */.g).default('critical').describe('The least severity that is sent all the same.'),
});
/** What every channel has. @param filter by default all topics, for channels that programs read */
const settings_common = (usual = usualTopics) => ({
    events: schemas/* array */.YOg(schemas/* enum */.k5n(topics))
        .default([...usual])
        .describe('What the channel is notified of. Default: see the README of `incident`.'),
    severity: schemas/* enum */.k5n(severity/* severities */.g).default('low').describe('The least severity that is sent.'),
    'quiet-hours': quietHours
        .optional()
        .describe('Hours in which less is sent; what is left out is not sent later. By default there are none.'),
});
const secret = (example, description) => section({ env: environmentVariable(example) }).describe(`Variable that holds ${description}.`);
const webhookUrl = (example) => secret(example, 'the address of the webhook, which is a secret');
const channelSchema = schemas/* discriminatedUnion */.gMt('type', [
    section({
        ...settings_common(topics),
        type: schemas/* literal */.euz('webhook').describe('Posts JSON, signed as Standard Webhooks are.'),
        url: webhookUrl('WEBHOOK_URL'),
        secret: secret('WEBHOOK_SECRET', 'the key of the signature, such as `whsec_…`'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('slack').describe('Posts to Slack by an incoming webhook.'),
        url: webhookUrl('SLACK_WEBHOOK_URL'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('slack-bot')
            .describe('Posts to Slack as a bot: one message an incident, kept up to date, with a thread.'),
        token: secret('SLACK_BOT_TOKEN', 'the token of the bot, with `chat:write`'),
        channel: schemas/* string */.YjP()
            .regex(/^[CG][A-Z0-9]{8,}$/, 'is not the id of a channel; write one such as `C0123456789`')
            .describe('Id of the channel, such as `C0123456789`.'),
        url: httpUrl({ example: 'https://slack.com/api/' })
            .default('https://slack.com/api/')
            .describe('Address of the API.'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('email').describe('Sends e-mail by SMTP, one thread an incident.'),
        host: line().describe('Name of the SMTP server.'),
        port: schemas/* int */.Whr()
            .min(1)
            .max(65_535)
            .default(587)
            .describe('Port of the server. On 465 the connection is encrypted from its start, else by STARTTLS.'),
        tls: schemas/* enum */.k5n(['required', 'opportunistic'])
            .default('required')
            .describe('Whether mail is sent only over an encrypted connection.'),
        user: line().optional().describe('User of the server. By default there is none.'),
        password: secret('SMTP_PASSWORD', 'the password of the user; by default there is none').optional(),
        from: mailAddress().describe('Sender.'),
        to: schemas/* array */.YOg(mailAddress()).min(1, 'is empty; write an address').describe('Recipients.'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('alertmanager')
            .describe('Raises an alert in Alertmanager, and ends it with the incident.'),
        url: httpUrl({ example: 'http://alertmanager:9093' }).describe('Address of Alertmanager.'),
        token: secret('ALERTMANAGER_AUTHORIZATION', 'the whole header `authorization`; by default there is none').optional(),
        labels: schemas/* record */.g1P(schemas/* string */.YjP().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of a label; write one such as `team`'), line())
            .default({})
            .describe('More labels, for the routes of Alertmanager. By default there are none.'),
    }),
    section({
        ...settings_common([...usualTopics, 'layer-rolled-back', 'deployed']),
        type: schemas/* literal */.euz('pagerduty')
            .describe('Triggers, acknowledges and resolves in PagerDuty, with change events (Events API v2).'),
        'routing-key': secret('PAGERDUTY_ROUTING_KEY', 'the integration key of the service'),
        url: httpUrl({ example: 'https://events.eu.pagerduty.com' })
            .default('https://events.pagerduty.com')
            .describe('Address of the events API; the EU has another.'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('teams')
            .describe('Posts an Adaptive Card to Microsoft Teams by the webhook of a workflow.'),
        url: webhookUrl('TEAMS_WEBHOOK_URL'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('discord').describe('Posts to Discord by a webhook.'),
        url: webhookUrl('DISCORD_WEBHOOK_URL'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('mattermost').describe('Posts to Mattermost by an incoming webhook.'),
        url: webhookUrl('MATTERMOST_WEBHOOK_URL'),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('ntfy').describe('Publishes to a topic of ntfy.'),
        url: httpUrl({ example: 'https://ntfy.sh' })
            .default('https://ntfy.sh')
            .describe('Address of the server.'),
        topic: secret('NTFY_TOPIC', 'the topic, which is a secret where anybody may read it'),
        token: secret('NTFY_TOKEN', 'an access token; by default there is none').optional(),
    }),
    section({
        ...settings_common(),
        type: schemas/* literal */.euz('matrix').describe('Posts to a room of Matrix, with a thread an incident.'),
        url: httpUrl({ example: 'https://matrix.example.com' }).describe('Address of the homeserver.'),
        room: schemas/* string */.YjP()
            .regex(/^!\S+$/, 'is not the id of a room; write one such as `!abc:example.com`')
            .describe('Id of the room, such as `!abc:example.com`.'),
        token: secret('MATRIX_TOKEN', 'an access token'),
    }),
    section({
        ...settings_common(),
        events: schemas/* array */.YOg(schemas/* enum */.k5n(['opened', 'layer-rolled-back', 'deployed', 'resolved']))
            .default(['opened', 'layer-rolled-back', 'deployed', 'resolved'])
            .describe('What is sent: that for which CDEvents has an event. By default all of it.'),
        type: schemas/* literal */.euz('cdevents')
            .describe('Sends CDEvents as CloudEvents over HTTP, for brokers and other tools.'),
        url: webhookUrl('CDEVENTS_URL'),
        token: secret('CDEVENTS_AUTHORIZATION', 'the whole header `authorization`; by default there is none').optional(),
    }),
]);
/** The section `notify` of `.github/rollback.yml`. */
function notifySchema() {
    return section({
        timeout: fields_duration({ min: 100, max: 60_000 })
            .prefault('10s')
            .describe('How long one delivery may take, with its retries. At most 60s.'),
        channels: schemas/* record */.g1P(schemas/* string */.YjP()
            .regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a name of a channel; write one such as `slack-ops`'), channelSchema)
            .default({})
            .describe('Channels by their names. By default there are none.'),
    })
        .transform(({ timeout, channels }) => ({ timeoutMs: timeout, channels }))
        .prefault({})
        .describe('Where people and programs are notified of incidents.');
}
function mailAddress() {
    return line().regex(/^(?:[^<>@,;"]+ <)?[^\s<>@,;"]+@[^\s<>@,;"]+>?$/, 'is not an e-mail address; write one such as `ops@example.com`');
}
function isTimeZone(zone) {
    try {
        new Intl.DateTimeFormat('en', { timeZone: zone });
        return true;
    }
    catch {
        return false;
    }
}

;// CONCATENATED MODULE: ./lib/settings/rollback-choices.js
/** What is wrong, as far as one knows when one has to act. */
const issueTypes = [
    'code-bug',
    'config-error',
    'database-corruption',
    'performance',
    'unknown',
];
/** The layers that this version can roll back, in the order in which it does. */
const configuredLayers = ['flags', 'config', 'database', 'code', 'ota'];
const failureRules = ['stop', 'continue', 'undo'];

;// CONCATENATED MODULE: ./lib/settings/rollback.js



const rollback_layers = schemas/* array */.YOg(schemas/* enum */.k5n(configuredLayers))
    .min(1, 'is empty; write a layer such as `code`, or leave the key out');
/** How the front door goes about it. */
function rollbackSchema() {
    return section({
        strategies: section(Object.fromEntries(issueTypes.map((type) => [
            type,
            rollback_layers.optional().describe(`Layers for the issue type \`${type}\`. Default: as told above.`),
        ])))
            .prefault({})
            .describe('Which layers are rolled back for which type of issue. By default `code-bug` takes the code, `config-error` the feature flags and the configuration or else the code, `database-corruption` the database, `performance` the over-the-air update or else the code, and `unknown` all that the deployment changed.'),
        'on-failure': schemas/* enum */.k5n(failureRules)
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
        migrations: plainPath()
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
const configSchema = section({
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
    config: configLayerSchema(),
    flags: flagsSchema(),
    incident: incidentSchema(),
    notify: notifySchema(),
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
    .superRefine(demandChannels, { when: schema_isMapping })
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
    return configSchema.parse({});
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
/** A level whose channel is not there would notify nobody. */
function demandChannels(config, context) {
    const bad = new Set(context.issues.map((issue) => issue.path?.[0]));
    if (bad.has('incident') || bad.has('notify'))
        return;
    const read = readChannels.safeParse(config);
    if (!read.success)
        return;
    const known = Object.keys(read.data.notify.channels);
    for (const [index, { channels }] of read.data.incident.levels.entries()) {
        for (const [at, name] of channels.entries()) {
            if (known.includes(name))
                continue;
            const path = ['incident', 'levels', index, 'channels', at];
            const message = `is not among \`notify.channels\`; ${known.length === 0 ? 'describe it there' : (0,suggest/* suggestOrList */.Go)(name, known)}`;
            context.addIssue({ code: 'custom', path, message });
        }
    }
}
const readChannels = schemas/* object */.Ikc({
    incident: schemas/* object */.Ikc({ levels: schemas/* array */.YOg(schemas/* object */.Ikc({ channels: schemas/* array */.YOg(schemas/* string */.YjP()) })) }),
    notify: schemas/* object */.Ikc({ channels: schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J()) }),
});
function schema_isMapping({ value }) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}


/***/ }),

/***/ 9220:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Qe: () => (/* binding */ hideAfterSecretName),
/* harmony export */   gC: () => (/* binding */ maskText),
/* harmony export */   sD: () => (/* binding */ maskLines)
/* harmony export */ });
/* harmony import */ var _text_redact_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1814);
/* harmony import */ var _text_secret_name_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2447);


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
    const show = (line) => shown.push((0,_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redact */ .E$)(isBelowSecret ? showKnown(line, keys) : line, values));
    for (const raw of maskPrivateKeys(text).split('\n')) {
        const line = raw.trimEnd();
        if (open !== undefined && line.trim() !== '') {
            if (continues(line, open)) {
                isBelowSecret ||= !isReference(line);
                shown.push(isReference(line) ? (0,_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redact */ .E$)(line, values) : `${indentOf(line)}${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`);
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
    const lines = (0,_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redact */ .E$)(maskPrivateKeys(text)).split('\n');
    const named = lines.findIndex((line) => findSecretName(line) !== undefined);
    if (named === -1)
        return lines.map((line) => maskLine(line).line);
    return lines.map((line, index) => {
        if (index < named)
            return maskLine(line).line;
        const name = index === named ? (findSecretName(line)?.name ?? '') : '';
        const before = name === '' ? indentOf(line) : line.slice(0, line.indexOf(name) + name.length);
        return line.trim() === before.trim() ? before : `${before} ${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`;
    });
}
/** The same for a piece of text on one line: a key or value that a message quotes. */
function maskText(text, values = []) {
    return (0,_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redact */ .E$)(maskLine(text).line, values);
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
        return { line: `${indentOf(whole)}${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`, open: { column: baseColumn(whole), unfinished: true } };
    }
    const line = whole.replace(/:\/\/\S*@/g, `://${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}@`);
    const found = findSecretName(line);
    if (found === undefined)
        return { line };
    const { start } = found;
    const rest = line.slice(start);
    const kept = rest === '' ? line : `${line.slice(0, start)}${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`;
    return { line: kept, open: { column: baseColumn(line), unfinished: isUnfinished(rest) } };
}
/**
 * The first name on a line that looks like a secret's, or is the `env` of a reference, and has something else behind it than
 * the name of a variable.
 * @returns the name, and where what it holds starts
 */
function findSecretName(line) {
    const names = [
        ...[...line.matchAll(_text_secret_name_js__WEBPACK_IMPORTED_MODULE_1__/* .secretName */ .G)].map((found) => ({ found, good: reference })),
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
        return `${indentOf(line)}${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`;
    const isPlain = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)?|true|false|\*{3})?$/.test(value);
    const shown = isPlain || reference.exec(value)?.[0] === value || key === 'env' ? value : _text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc;
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
        .map((line) => `${indentOf(line)}${_text_redact_js__WEBPACK_IMPORTED_MODULE_0__/* .redacted */ .pc}`)
        .join('\n'));
}


/***/ }),

/***/ 67:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Go: () => (/* binding */ suggestOrList),
/* harmony export */   ZA: () => (/* binding */ suggest),
/* harmony export */   ZH: () => (/* binding */ listChoices),
/* harmony export */   hD: () => (/* binding */ quote)
/* harmony export */ });
/* harmony import */ var fastest_levenshtein__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1916);
/* harmony import */ var _secrets_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(9220);


/**
 * The known word that a misspelt one probably stands for (`max_latency`, `maxLatency` and `max-latancy` are all
 * `max-latency`), or undefined if none is near enough to be worth a guess.
 */
function suggest(word, known) {
    if (known.length === 0 || word.length > 60)
        return undefined;
    const written = toKebabCase(word);
    const nearest = (0,fastest_levenshtein__WEBPACK_IMPORTED_MODULE_0__/* .closest */ .kp)(written, known);
    const mistakes = (0,fastest_levenshtein__WEBPACK_IMPORTED_MODULE_0__/* .distance */ .Io)(written, nearest);
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
    const line = (0,_secrets_js__WEBPACK_IMPORTED_MODULE_1__/* .maskText */ .gC)(text.slice(0, 200)).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
    return `\`${line.length > 50 ? `${line.slice(0, 50)}…` : line}\``;
}
function toKebabCase(word) {
    return word
        .replace(/([a-z])([A-Z])/g, '$1-$2')
        .replaceAll('_', '-')
        .toLowerCase();
}


/***/ }),

/***/ 2447:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   F: () => (/* binding */ looksLikeSecretName),
/* harmony export */   G: () => (/* binding */ secretName)
/* harmony export */ });
/** Words that give away a credential wherever they stand in a name: `authorization`, `x-auth`, `PRIVATE_TOKEN`. */
const secretWord = 'auth(?!or(?!iz|is))|token|passw|passphrase|pwd|secret|credential|cookie|session|signature|bearer|jwt';
/** `api-key`, `x-functions-key`, `apiKey`, but not `key` alone. */
const secretName = new RegExp(String.raw `(?<![\w.-])(?:[\w.-]*(?:${secretWord})[\w.-]*|[\w.-]+key(?![.-]*\w))`, 'gi');
/** True for a header, key or query parameter that usually holds a credential. In doubt, it does. */
function looksLikeSecretName(name) {
    return name.search(secretName) !== -1;
}


/***/ }),

/***/ 220:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   g: () => (/* binding */ severities)
/* harmony export */ });
/** How bad something is, the worst first: a breach of a check, and the incident that it begins. */
const severities = ['critical', 'high', 'medium', 'low'];


/***/ }),

/***/ 7229:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   $: () => (/* binding */ codeOf),
/* harmony export */   N: () => (/* binding */ explainWrite)
/* harmony export */ });
/* harmony import */ var zod__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6921);
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
