export const id = 743;
export const ids = [743];
export const modules = {

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

/***/ 4743:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openStep: () => (/* binding */ openStep)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __webpack_require__(8161);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./lib/github/client.js + 2 modules
var client = __webpack_require__(8239);
// EXTERNAL MODULE: ./lib/runner/commands.js
var commands = __webpack_require__(6910);
// EXTERNAL MODULE: ./lib/runner/context.js + 1 modules
var runner_context = __webpack_require__(9226);
;// CONCATENATED MODULE: ./lib/runner/summary.js


/** A step's summary over 1 MiB is not uploaded at all, and the step stays green: we stop short of it. */
const limitBytes = 1024 * 1024 - 4096;
/** Adds a section to the job summary; outside of a runner there is none, and nothing is written. */
async function writeSummary(markdown, { secrets }) {
    const file = process.env['GITHUB_STEP_SUMMARY'];
    if (!file)
        return;
    await (0,promises_.appendFile)(file, `${cutToBytes(secrets.redact(markdown), limitBytes)}${external_node_os_.EOL}`);
}
/** Cuts at the end of a line, and says so. */
function cutToBytes(text, limit) {
    if (Buffer.byteLength(text) <= limit)
        return text;
    const note = '\n\n_Cut here: the rest would be over the 1 MiB that GitHub shows._\n';
    const kept = Buffer.from(text)
        .subarray(0, limit - Buffer.byteLength(note))
        .toString('utf8');
    return `${kept.slice(0, Math.max(0, kept.lastIndexOf('\n')))}${note}`;
}

;// CONCATENATED MODULE: ./lib/runner/step.js









/**
 * Opens the rest of a step: its context, and what it works with.
 * @param name of the action
 * @throws InputError outside of a workflow run
 */
async function openStep(name, started) {
    const { env, log, secrets, signal } = started;
    const context = (0,runner_context/* readContext */.yI)(env, await readPayload(env['GITHUB_EVENT_PATH']));
    const temporary = (0,external_node_path_.join)(env['RUNNER_TEMP'] ?? (0,external_node_os_.tmpdir)(), 'rollback');
    return {
        ...started,
        context,
        now: () => new Date(),
        sleep: (ms) => (0,external_node_timers_promises_.setTimeout)(ms, undefined, { signal }),
        temporary,
        openRepository: (token) => (0,client/* openRepository */.h)({
            token,
            owner: context.owner,
            repo: context.repo,
            apiUrl: context.apiUrl,
            userAgent: `rollback-suite/${name}`,
            log: log.info,
            signal,
        }),
        setOutputs: (outputs) => {
            const set = (key, value) => (0,commands/* setOutput */.u)(key, secrets.redact(typeof value === 'object' ? JSON.stringify(value) : String(value)));
            for (const [key, value] of Object.entries(outputs))
                if (value !== undefined)
                    set(key, value);
            set('result', { schema: 1, ...outputs });
        },
        writeSummary: (markdown) => writeSummary(markdown, { secrets }),
        writeReport: async (file, report) => {
            await (0,promises_.mkdir)(temporary, { recursive: true });
            const path = (0,external_node_path_.join)(temporary, `${file}.json`);
            await (0,promises_.writeFile)(path, secrets.redact(`${JSON.stringify(report, null, 2)}\n`));
            return path;
        },
    };
}
/** What GitHub says of the event that started the run; undefined where there is no such file. @throws InputError for no JSON */
async function readPayload(path) {
    if (!path)
        return undefined;
    const text = await (0,promises_.readFile)(path, 'utf8').catch(() => undefined);
    try {
        return text === undefined ? undefined : JSON.parse(text);
    }
    catch {
        throw new errors/* InputError */.dz(`GITHUB_EVENT_PATH is ${path}, and this file is not valid JSON: nothing was changed`);
    }
}


/***/ })

};
