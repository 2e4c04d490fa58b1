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
// EXTERNAL MODULE: ./lib/github/client.js + 2 modules
var client = __webpack_require__(8239);
// EXTERNAL MODULE: ./lib/runner/commands.js
var commands = __webpack_require__(6910);
// EXTERNAL MODULE: ./lib/runner/context.js
var runner_context = __webpack_require__(1017);
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
            if (!('result' in outputs))
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
/** What GitHub says of the event that started the run; undefined where there is no such file. */
async function readPayload(path) {
    if (!path)
        return undefined;
    const text = await (0,promises_.readFile)(path, 'utf8').catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
}


/***/ })

};
