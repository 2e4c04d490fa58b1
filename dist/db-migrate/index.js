import { createRequire as __WEBPACK_EXTERNAL_createRequire } from "module";
/******/ var __webpack_modules__ = ({

/***/ 744:
/***/ ((module) => {

/**
 * Helpers.
 */

var s = 1000;
var m = s * 60;
var h = m * 60;
var d = h * 24;
var w = d * 7;
var y = d * 365.25;

/**
 * Parse or format the given `val`.
 *
 * Options:
 *
 *  - `long` verbose formatting [false]
 *
 * @param {String|Number} val
 * @param {Object} [options]
 * @throws {Error} throw an error if val is not a non-empty string or a number
 * @return {String|Number}
 * @api public
 */

module.exports = function (val, options) {
  options = options || {};
  var type = typeof val;
  if (type === 'string' && val.length > 0) {
    return parse(val);
  } else if (type === 'number' && isFinite(val)) {
    return options.long ? fmtLong(val) : fmtShort(val);
  }
  throw new Error(
    'val is not a non-empty string or a valid number. val=' +
      JSON.stringify(val)
  );
};

/**
 * Parse the given `str` and return milliseconds.
 *
 * @param {String} str
 * @return {Number}
 * @api private
 */

function parse(str) {
  str = String(str);
  if (str.length > 100) {
    return;
  }
  var match = /^(-?(?:\d+)?\.?\d+) *(milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w|years?|yrs?|y)?$/i.exec(
    str
  );
  if (!match) {
    return;
  }
  var n = parseFloat(match[1]);
  var type = (match[2] || 'ms').toLowerCase();
  switch (type) {
    case 'years':
    case 'year':
    case 'yrs':
    case 'yr':
    case 'y':
      return n * y;
    case 'weeks':
    case 'week':
    case 'w':
      return n * w;
    case 'days':
    case 'day':
    case 'd':
      return n * d;
    case 'hours':
    case 'hour':
    case 'hrs':
    case 'hr':
    case 'h':
      return n * h;
    case 'minutes':
    case 'minute':
    case 'mins':
    case 'min':
    case 'm':
      return n * m;
    case 'seconds':
    case 'second':
    case 'secs':
    case 'sec':
    case 's':
      return n * s;
    case 'milliseconds':
    case 'millisecond':
    case 'msecs':
    case 'msec':
    case 'ms':
      return n;
    default:
      return undefined;
  }
}

/**
 * Short format for `ms`.
 *
 * @param {Number} ms
 * @return {String}
 * @api private
 */

function fmtShort(ms) {
  var msAbs = Math.abs(ms);
  if (msAbs >= d) {
    return Math.round(ms / d) + 'd';
  }
  if (msAbs >= h) {
    return Math.round(ms / h) + 'h';
  }
  if (msAbs >= m) {
    return Math.round(ms / m) + 'm';
  }
  if (msAbs >= s) {
    return Math.round(ms / s) + 's';
  }
  return ms + 'ms';
}

/**
 * Long format for `ms`.
 *
 * @param {Number} ms
 * @return {String}
 * @api private
 */

function fmtLong(ms) {
  var msAbs = Math.abs(ms);
  if (msAbs >= d) {
    return plural(ms, msAbs, d, 'day');
  }
  if (msAbs >= h) {
    return plural(ms, msAbs, h, 'hour');
  }
  if (msAbs >= m) {
    return plural(ms, msAbs, m, 'minute');
  }
  if (msAbs >= s) {
    return plural(ms, msAbs, s, 'second');
  }
  return ms + ' ms';
}

/**
 * Pluralization helper.
 */

function plural(ms, msAbs, n, name) {
  var isPlural = msAbs >= n * 1.5;
  return Math.round(ms / n) + ' ' + name + (isPlural ? 's' : '');
}


/***/ }),

/***/ 181:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("buffer");

/***/ }),

/***/ 6982:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("crypto");

/***/ }),

/***/ 2250:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("dns");

/***/ }),

/***/ 4434:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("events");

/***/ }),

/***/ 9896:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("fs");

/***/ }),

/***/ 9278:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("net");

/***/ }),

/***/ 1421:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:child_process");

/***/ }),

/***/ 7598:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:crypto");

/***/ }),

/***/ 3053:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:diagnostics_channel");

/***/ }),

/***/ 610:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:dns");

/***/ }),

/***/ 8474:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:events");

/***/ }),

/***/ 3024:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs");

/***/ }),

/***/ 1455:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:fs/promises");

/***/ }),

/***/ 7067:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:http");

/***/ }),

/***/ 4708:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:https");

/***/ }),

/***/ 7030:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:net");

/***/ }),

/***/ 8161:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:os");

/***/ }),

/***/ 6760:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:path");

/***/ }),

/***/ 99:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:sqlite");

/***/ }),

/***/ 7075:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream");

/***/ }),

/***/ 8321:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream/consumers");

/***/ }),

/***/ 6466:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:stream/promises");

/***/ }),

/***/ 8500:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:timers/promises");

/***/ }),

/***/ 1692:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:tls");

/***/ }),

/***/ 3136:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:url");

/***/ }),

/***/ 7975:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:util");

/***/ }),

/***/ 5919:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:worker_threads");

/***/ }),

/***/ 8522:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:zlib");

/***/ }),

/***/ 6928:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("path");

/***/ }),

/***/ 932:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("process");

/***/ }),

/***/ 2203:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("stream");

/***/ }),

/***/ 3193:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("string_decoder");

/***/ }),

/***/ 3557:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("timers");

/***/ }),

/***/ 4756:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("tls");

/***/ }),

/***/ 7016:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("url");

/***/ }),

/***/ 9023:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("util");

/***/ }),

/***/ 8253:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("util/types");

/***/ }),

/***/ 3106:
/***/ ((module) => {

module.exports = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("zlib");

/***/ }),

/***/ 5242:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Sf: () => (/* binding */ deployedRevision),
/* harmony export */   e5: () => (/* binding */ commonOutputs),
/* harmony export */   j$: () => (/* binding */ commonInputs)
/* harmony export */ });
/* harmony import */ var _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(1986);

/** Inputs that every action has, so that they mean the same everywhere. */
const commonInputs = {
    token: _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__/* .input */ .hF.secret({
        description: 'Token for the GitHub API.',
        required: true,
        default: '${{ github.token }}',
    }),
    config: _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__/* .input */ .hF.text({
        description: 'Path of the configuration file in the repository. Without this file, the defaults apply.',
        default: '.github/rollback.yml',
    }),
    environment: _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__/* .input */ .hF.name({
        description: 'Name of the environment. Default: that of the deployment event, else the configured one, else `production`.',
    }),
    revision: _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__/* .input */ .hF.text({
        description: 'Full id of the deployed commit that may be bad. Default: that of the deployment or workflow-run event; in a run that was started manually, by a comment or on a schedule, the revision of the newest successful deployment of the environment; else the commit that this workflow runs for.',
    }),
    secrets: _runner_inputs_js__WEBPACK_IMPORTED_MODULE_0__/* .input */ .hF.secret({
        description: 'Secrets of the workflow as JSON, from the expression `toJSON(secrets)`. Only those that the settings name become environment variables of this step. Not needed where `env` sets them.',
    }),
};
/** When the permission `deployments: read` is wanted by an action that has no other use of it. */
const deployedRevision = 'in a run that is started manually, by a comment or on a schedule, to read what is deployed, unless the input `revision` names it';
/** Outputs that every action has. */
const commonOutputs = {
    incident: 'Id of the incident: the same for the same environment and failed revision.',
    decision: 'What was decided or done, as one word.',
    'reason-code': 'Why, as one word.',
    result: 'All outputs as one JSON object with `schema: 1`.',
};


/***/ }),

/***/ 8360:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  Q: () => (/* binding */ dbMigrate)
});

;// CONCATENATED MODULE: ./lib/runner/contract.js
/** Declares an action's contract; only here so that its types are inferred. */
function defineAction(contract) {
    return contract;
}

// EXTERNAL MODULE: ./lib/runner/inputs.js + 2 modules
var inputs = __nccwpck_require__(1986);
// EXTERNAL MODULE: ./lib/actions/contract-parts.js
var contract_parts = __nccwpck_require__(5242);
;// CONCATENATED MODULE: ./lib/actions/database-inputs.js

/** Inputs that db-backup and db-restore share, so that they mean the same in both. */
const databaseInputs = {
    'database-url': inputs/* input */.hF.secret({
        setting: 'database.url',
        description: 'URL of the database, from a secret: `sqlite:path/to/app.db`, `postgres://user:password@host/app`, `mysql://user:password@host/app` for MariaDB. For TLS, add `?sslmode=disable`, `require` or `verify-full`, and `&sslrootcert=path`.',
        required: true,
    }),
    storage: inputs/* input */.hF.text({
        setting: 'database.storage',
        description: 'Where backups are stored: a folder on a disk that outlives the job, or `s3://bucket/prefix` with the keys in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` of `env`.',
        required: true,
    }),
    migrations: inputs/* input */.hF.path({
        setting: 'database.migrations',
        description: 'Folder of the migrations in the repository, such as `db/migrations`. Empty: the project has none.',
    }),
    'keep-old': inputs/* input */.hF.duration({
        setting: 'database.keep-old',
        description: 'How long a replaced database is kept beside the live one.',
        default: '7d',
    }),
};

;// CONCATENATED MODULE: ./lib/actions/db-migrate/contract.js




const dbMigrate = defineAction({
    name: 'db-migrate',
    title: 'Database migration',
    description: 'Applies the pending migrations of a revision, and records the down migration of each, so that a rollback undoes exactly these.',
    branding: { icon: 'database', color: 'green' },
    permissions: { contents: 'read' },
    morePermissions: { 'deployments: read': contract_parts/* deployedRevision */.Sf },
    afterCancelled: 'run it again to continue: applied migrations are recorded, and an interrupted script is undone or continued',
    inputs: {
        ...contract_parts/* commonInputs */.j$,
        'database-url': databaseInputs['database-url'],
        migrations: inputs/* input */.hF.text({
            description: 'Folder of the migrations in the repository, such as `db/migrations`: `NNN_name.up.sql` applies one, `NNN_name.down.sql` undoes it.',
            required: true,
            setting: 'database.migrations',
        }),
        command: inputs/* input */.hF.text({
            description: "A bash command that applies the migrations with the project's own tool instead, in a checkout of the revision. The names of the pending ones are in `ROLLBACK_MIGRATIONS`, one a line, oldest first; the tool's history table is checked afterwards.",
        }),
        'allow-irregular': inputs/* input */.hF.flag({
            description: 'Continue even if migrations were changed, are missing, or are out of order.',
            default: 'false',
        }),
        'dry-run': inputs/* input */.hF.flag({
            description: 'Print the SQL and the locks it would take, and change nothing.',
            default: 'false',
        }),
    },
    outputs: {
        ...contract_parts/* commonOutputs */.e5,
        decision: '`migrated`, `already-migrated` or `planned`.',
        applied: 'Number of migrations that were applied.',
        'stands-at': 'Name of the newest migration that is applied now.',
        report: 'Path of the full report, JSON: name, checksum, script and down script of each.',
    },
});


/***/ }),

/***/ 7630:
/***/ ((__webpack_module__, __unused_webpack___webpack_exports__, __nccwpck_require__) => {

__nccwpck_require__.a(__webpack_module__, async (__webpack_handle_async_dependencies__, __webpack_async_result__) => { try {
/* harmony import */ var _runner_action_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(4415);
/* harmony import */ var _contract_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(8360);


await (0,_runner_action_js__WEBPACK_IMPORTED_MODULE_0__/* .startAction */ .R)(_contract_js__WEBPACK_IMPORTED_MODULE_1__/* .dbMigrate */ .Q, () => Promise.all(/* import() */[__nccwpck_require__.e(297), __nccwpck_require__.e(822), __nccwpck_require__.e(497)]).then(__nccwpck_require__.bind(__nccwpck_require__, 9497)));

__webpack_async_result__();
} catch(e) { __webpack_async_result__(e); } }, 1);

/***/ }),

/***/ 452:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   LA: () => (/* binding */ readSetting),
/* harmony export */   Pe: () => (/* binding */ setting),
/* harmony export */   Qx: () => (/* binding */ isUserFacing),
/* harmony export */   dz: () => (/* binding */ InputError),
/* harmony export */   fK: () => (/* binding */ ConflictError),
/* harmony export */   fk: () => (/* binding */ RefusedError),
/* harmony export */   hG: () => (/* binding */ UnavailableError),
/* harmony export */   i4: () => (/* binding */ listLines),
/* harmony export */   iU: () => (/* binding */ message)
/* harmony export */ });
/* unused harmony exports Setting, Message */
/**
 * The few errors that a user is meant to read. Everything else is a bug, and prints its stack under debug only.
 */
/**
 * A setting as the code knows it: its path in `.github/rollback.yml`, such as `code.max-commits`, or the name of an input
 * that the file does not have, such as `plan`. Who wrote it knows it by another name: `input "max-commits"`, or a line of
 * the file. The edge puts that name in when it prints a message.
 */
class Setting {
    path;
    constructor(path) {
        this.path = path;
    }
    toString() {
        return `\`${this.path}\``;
    }
}
/** Names a setting in a message, see `message`. */
function setting(path) {
    return new Setting(path);
}
/** A text for the user in which settings, and other errors, are named only when it is printed. */
class Message {
    #strings;
    #values;
    constructor(strings, values) {
        this.#strings = strings;
        this.#values = values;
    }
    /** The text with each setting called as its reader knows it. */
    explain(nameOf) {
        const texts = this.#values.map((value) => explainValue(value, nameOf));
        return this.#strings.map((string, index) => string + (texts[index] ?? '')).join('');
    }
    toString() {
        return this.explain(String);
    }
    toJSON() {
        return String(this);
    }
}
/**
 * Tag of a template with settings, errors and other messages in it:
 * ``message`the rollback would undo ${n} commits, and ${setting('code.max-commits')} allows ${max}` ``.
 */
function message(strings, ...values) {
    return new Message(strings, values);
}
/** Texts, messages and errors as the lines of one message. */
function listLines(values) {
    return new Message(['', ...values.slice(1).map(() => '\n'), ''], values);
}
function explainValue(value, nameOf) {
    if (value instanceof Setting)
        return nameOf(value);
    if (value instanceof Message)
        return value.explain(nameOf);
    if (value instanceof UserFacingError)
        return value.explain(nameOf);
    if (value instanceof Error)
        return value.message;
    return String(value);
}
/** An error whose message is written for the user. `message` calls each setting by its path; `explain`, as the user does. */
class UserFacingError extends Error {
    #said;
    constructor(said, options) {
        super(String(said), options);
        this.#said = said;
    }
    explain(nameOf) {
        return typeof this.#said === 'string' ? this.#said : this.#said.explain(nameOf);
    }
}
/** The user can fix it: names the setting, or the config line, what is wrong with it, and what to write instead. */
class InputError extends UserFacingError {
    name = 'InputError';
}
/** The world moved between plan and apply: nothing was overwritten; plan again. */
class ConflictError extends UserFacingError {
    name = 'ConflictError';
}
/** A server, or a rule, refused the request for a reason that trying again will not change: names the rule or permission and the way out. */
class RefusedError extends UserFacingError {
    name = 'RefusedError';
}
/** Retries are used up: names the server, what it answered, and how long it was tried. */
class UnavailableError extends UserFacingError {
    name = 'UnavailableError';
}
/** True for the errors above, whose message is written for the user. */
function isUserFacing(error) {
    return error instanceof UserFacingError;
}
/**
 * Reads a setting by a function whose errors do not name it: they are given its name.
 * @param path of the setting, such as `database.url`
 * @throws InputError that names the setting
 */
function readSetting(path, read) {
    try {
        return read();
    }
    catch (error) {
        throw error instanceof InputError ? new InputError(message `${setting(path)} ${error}`) : error;
    }
}


/***/ }),

/***/ 4415:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  R: () => (/* binding */ startAction)
});

// UNUSED EXPORTS: nameBy

// EXTERNAL MODULE: ./lib/errors.js
var errors = __nccwpck_require__(452);
;// CONCATENATED MODULE: ./lib/runner/cancellation.js
/**
 * After SIGINT the runner waits 7.5 s, sends SIGTERM, and kills the process 2.5 s later:
 * https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
 */
const lastWordsAfterMs = 9_000;
/**
 * Listens for the signals by which the runner cancels a step. What cannot be stopped in time is left as it is, once it is said how to
 * go on: the runner would kill it without a word.
 * @param onward how to go on, one sentence
 * @param giveUp called when the step still runs shortly before the runner kills it
 */
function watchForCancellation({ onward, say, giveUp, }) {
    const controller = new AbortController();
    let timer;
    const explain = (doing) => `this step was cancelled${doing === undefined ? '' : ` (${doing})`}: ${onward}`;
    const cancel = (name) => {
        if (controller.signal.aborted)
            return;
        say(`the job was cancelled (${name}): stopping`);
        controller.abort(new CancelledError());
        timer = setTimeout(() => giveUp(explain('it could not be stopped in time')), lastWordsAfterMs);
        timer.unref();
    };
    process.on('SIGINT', cancel).on('SIGTERM', cancel);
    return {
        signal: controller.signal,
        explain,
        stop: () => {
            clearTimeout(timer);
            process.off('SIGINT', cancel).off('SIGTERM', cancel);
        },
    };
}
/** Of this name Octokit makes no answer of GitHub's, and what waits knows that nothing else went wrong. */
class CancelledError extends Error {
    name = 'AbortError';
    constructor() {
        super('the job was cancelled');
    }
}

// EXTERNAL MODULE: ./lib/runner/inputs.js + 2 modules
var runner_inputs = __nccwpck_require__(1986);
// EXTERNAL MODULE: ./lib/runner/job.js
var job = __nccwpck_require__(2617);
// EXTERNAL MODULE: external "node:os"
var external_node_os_ = __nccwpck_require__(8161);
// EXTERNAL MODULE: ./lib/runner/commands.js
var commands = __nccwpck_require__(6910);
;// CONCATENATED MODULE: ./lib/runner/log.js


/** GitHub shows ten warnings and ten errors of a step and drops the rest: https://docs.github.com/en/rest/checks/runs */
const shownAnnotations = 10;
/** Opens the log of this process. */
function openLog({ secrets }) {
    const clean = secrets.redact;
    const info = (line) => void process.stdout.write(`${clean(line)}${external_node_os_.EOL}`);
    const annotate = (command) => {
        let sent = 0;
        return (message, title = '') => {
            sent += 1;
            if (sent < shownAnnotations)
                (0,commands/* issueCommand */.L)(command, clean(message), { title: clean(title) });
            else if (sent === shownAnnotations)
                (0,commands/* issueCommand */.L)(command, 'there is more than GitHub shows on this page: see the log');
            if (sent >= shownAnnotations)
                info(message);
        };
    };
    return {
        info,
        debug: (line) => (0,commands/* issueCommand */.L)('debug', clean(line)),
        warning: annotate('warning'),
        error: annotate('error'),
    };
}

// EXTERNAL MODULE: ./lib/runner/output.js + 1 modules
var output = __nccwpck_require__(8141);
// EXTERNAL MODULE: ./lib/text/redact.js
var redact = __nccwpck_require__(1814);
;// CONCATENATED MODULE: ./lib/runner/secrets.js



const secretName = /token|secret|password|passwd|passphrase|credential|private|authorization|cookie|api[-_]?key|access[-_]?key|dsn/i;
/** Masks every input that is declared, named or shaped as a secret. Called before the first line is logged. */
function maskSecrets(inputs, env) {
    const known = new Set();
    const secrets = {
        add(value) {
            for (const part of [value, ...value.split(/\r?\n/)].map((each) => each.trim())) {
                if (part.length < 4 || known.has(part))
                    continue;
                known.add(part);
                (0,commands/* issueCommand */.L)('add-mask', part);
            }
        },
        redact: (text) => (0,redact/* redact */.E$)(text, known),
    };
    const declared = new Set(Object.entries(inputs).flatMap(([name, { secret }]) => (secret ? [(0,runner_inputs/* variableOf */.Qn)(name)] : [])));
    for (const [name, value] of Object.entries(env)) {
        if (!name.startsWith('INPUT_') || value === undefined || value === '')
            continue;
        if (declared.has(name) || secretName.test(name))
            secrets.add(value);
        for (const password of passwordsInUrls(value))
            secrets.add(password);
    }
    return secrets;
}
function passwordsInUrls(text) {
    return [...text.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/@]+)@/gi)].flatMap(([, password]) => password ?? []);
}

;// CONCATENATED MODULE: ./lib/runner/action.js







/**
 * Starts an action: masks, reads the inputs, loads what it does, and turns what goes wrong into one message that says what
 * to do. A cancelled job (SIGINT, SIGTERM) aborts the signal.
 * @param load imports what the action does: at the start only the contract and this folder are loaded, so that secrets are
 * masked and a mistake in the inputs is named within the time that Node itself needs
 */
async function startAction(contract, load) {
    const { env } = process;
    (0,output/* guardOutput */.d7)();
    const secrets = maskSecrets(contract.inputs, env);
    const log = openLog({ secrets });
    guardNode(log);
    const cancellation = watchForCancellation({
        onward: contract.afterCancelled,
        say: log.info,
        giveUp: (lastWords) => {
            fail(log, lastWords);
            process.exit();
        },
    });
    const { signal } = cancellation;
    let problem;
    let locate = () => undefined;
    const endings = [];
    const nameOf = nameBy(contract.inputs, env, (path) => locate(path));
    try {
        (0,job/* readRepositoryName */.o)(env);
        const inputs = (0,runner_inputs/* readInputs */.Ko)(contract.inputs, env, contract.rules);
        const [{ openStep }, { run }] = await Promise.all([Promise.all(/* import() */[__nccwpck_require__.e(297), __nccwpck_require__.e(743)]).then(__nccwpck_require__.bind(__nccwpck_require__, 4743)), load()]);
        const step = await openStep(contract.name, {
            inputs,
            env,
            log,
            secrets,
            signal,
            fail: (message) => {
                problem = typeof message === 'string' ? message : message.explain(nameOf);
                if (!signal.aborted)
                    fail(log, problem);
            },
            explain: (said) => (typeof said === 'string' ? said : said.explain(nameOf)),
            atEnd: (work) => endings.push(work),
            locateSettings: (by) => {
                locate = by;
            },
        });
        try {
            await run(step);
        }
        finally {
            for (const end of endings)
                await end().catch((error) => log.warning(`at the end: ${messageOf(error, nameOf)}`));
        }
    }
    catch (error) {
        problem = (0,errors/* isUserFacing */.Qx)(error) || !signal.aborted ? messageOf(error, nameOf) : '';
        if (!signal.aborted)
            fail(log, problem);
        if (!(0,errors/* isUserFacing */.Qx)(error) && error instanceof Error)
            log.debug(error.stack ?? '');
    }
    finally {
        // a step that had come to its end all the same is not failed
        if (signal.aborted && problem !== undefined)
            fail(log, cancellation.explain(problem || undefined));
        cancellation.stop();
    }
}
/** Node prints uncaught errors and warnings past the streams, where nothing guards them. */
function guardNode(log) {
    process.removeAllListeners('warning').on('warning', ({ message }) => log.debug(message));
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => {
        fail(log, messageOf(error, String));
        log.debug(error.stack ?? '');
        process.exit();
    });
}
function fail(log, message) {
    process.exitCode = 1;
    log.error(message);
}
/**
 * How users of a step know a setting: as its input, when they gave that or the configuration file does not have the setting;
 * else as the place in the file.
 */
function nameBy(inputs, env, locate) {
    return (setting) => {
        const name = (0,runner_inputs/* inputOf */.wg)(inputs, setting);
        const place = locate(setting.path);
        // the runner hands over the default of an input, too: one that has a default decides
        const isGiven = name !== undefined && (env[(0,runner_inputs/* variableOf */.Qn)(name)] ?? '').trim() !== '';
        if (name !== undefined && (isGiven || place === undefined))
            return `input "${name}"`;
        if (place !== undefined)
            return `\`${setting.path}\` (${place})`;
        return setting.path.includes('.') ? `\`${setting.path}\` in .github/rollback.yml` : String(setting);
    };
}
function messageOf(error, nameOf) {
    if ((0,errors/* isUserFacing */.Qx)(error))
        return error.explain(nameOf);
    return `unexpected: ${error instanceof Error ? error.message : String(error)} (re-run with debug logging for the stack, and please report it)`;
}


/***/ }),

/***/ 6910:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   L: () => (/* binding */ issueCommand),
/* harmony export */   u: () => (/* binding */ setOutput)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(7598);
/* harmony import */ var node_fs__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(3024);
/* harmony import */ var node_os__WEBPACK_IMPORTED_MODULE_2__ = __nccwpck_require__(8161);
/* harmony import */ var _output_js__WEBPACK_IMPORTED_MODULE_3__ = __nccwpck_require__(8141);




/** Sends a command to the runner: a line of the standard output. */
function issueCommand(command, message, { title = '' } = {}) {
    const properties = title === '' ? '' : ` title=${escapeProperty(title)}`;
    (0,_output_js__WEBPACK_IMPORTED_MODULE_3__/* .sendCommand */ .S8)(() => process.stdout.write(`::${command}${properties}::${escapeData(message)}${node_os__WEBPACK_IMPORTED_MODULE_2__.EOL}`));
}
/**
 * Sets an output of the step: appends it to the file that the runner reads after the step.
 * Outside of a runner there is no such file, and nothing is written.
 */
function setOutput(name, value) {
    const file = process.env['GITHUB_OUTPUT'];
    if (!file)
        return;
    // nobody can close the value before its end: the delimiter is not known in advance
    const delimiter = `ghadelimiter_${(0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.randomUUID)()}`;
    (0,node_fs__WEBPACK_IMPORTED_MODULE_1__.appendFileSync)(file, `${name}<<${delimiter}${node_os__WEBPACK_IMPORTED_MODULE_2__.EOL}${value}${node_os__WEBPACK_IMPORTED_MODULE_2__.EOL}${delimiter}${node_os__WEBPACK_IMPORTED_MODULE_2__.EOL}`);
}
function escapeData(text) {
    return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
function escapeProperty(text) {
    return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}


/***/ }),

/***/ 1986:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  hF: () => (/* binding */ input),
  wg: () => (/* binding */ inputOf),
  Ko: () => (/* binding */ readInputs),
  Qn: () => (/* binding */ variableOf)
});

// EXTERNAL MODULE: ./lib/errors.js
var errors = __nccwpck_require__(452);
// EXTERNAL MODULE: ./lib/text/duration.js
var duration = __nccwpck_require__(4783);
;// CONCATENATED MODULE: ./lib/text/size.js

const units = ['B', 'KB', 'MB', 'GB', 'TB'];
/**
 * Reads a size such as `500MB` or `10GB`.
 * @returns bytes; a KB is 1000 of them
 * @throws InputError without naming the setting
 */
function parseSize(text) {
    const [, number, unit = ''] = /^(\d{1,6}) ?([A-Z]{1,2})$/.exec(text.trim().toUpperCase()) ?? [];
    const power = units.indexOf(unit);
    if (number === undefined || power < 0)
        throw new errors/* InputError */.dz(`is "${text}"; write a whole number with its unit (${units.slice(1).join(', ')}), such as 10GB`);
    return Number(number) * 1000 ** power;
}
/** Writes bytes as people read them, e.g. `1.2 GB`. */
function formatSize(bytes) {
    let [value, power] = [bytes, 0];
    // 999.95 would be written as 1000.0
    while (value >= 999.95 && power < units.length - 1) {
        value /= 1000;
        power += 1;
    }
    return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

;// CONCATENATED MODULE: ./lib/runner/input-rules.js

/**
 * What is wrong with a combination of inputs, and what to write instead. The runner hands over defaults as if they had been
 * written: an input that has its default counts as not given.
 */
function checkRules(rules, written) {
    const textOf = (name) => written.get(name)?.text || written.get(name)?.fallback || '';
    const isGiven = (name) => {
        const { text = '', fallback = '' } = written.get(name) ?? {};
        return text !== '' && text !== fallback;
    };
    const holds = ({ input, is }) => (is === undefined ? isGiven(input) : is.includes(textOf(input)));
    // only a choice is quoted: anything else may be long, or a secret
    const stateOf = ({ input, is }) => {
        if (is === undefined)
            return (0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(input)} is ${isGiven(input) ? '' : 'not '}given`;
        return (0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(input)} is ${textOf(input)}`;
    };
    const broken = (rule) => {
        if ('oneOf' in rule) {
            const given = rule.oneOf.filter(isGiven);
            const [first = '', second = ''] = given;
            return given.length < 2
                ? []
                : [
                    new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(first)} and ${(0,errors/* setting */.Pe)(second)} exclude each other; write one of them`),
                ];
        }
        if ('requiredWith' in rule) {
            if (!holds(rule.requiredWith))
                return [];
            return rule.inputs
                .filter((name) => textOf(name) === '')
                .map((name) => new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(name)} is required where ${stateOf(rule.requiredWith)}; write it`));
        }
        const given = rule.inputs.filter(isGiven);
        if ('notWith' in rule)
            return !holds(rule.notWith)
                ? []
                : given.map((name) => new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(name)} has no effect where ${stateOf(rule.notWith)}; leave one of them out`));
        return holds(rule.onlyWith)
            ? []
            : given.map((name) => new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)(name)} has an effect only with ${describeCondition(rule.onlyWith)}, and ${stateOf(rule.onlyWith)}; write that, or leave ${(0,errors/* setting */.Pe)(name)} out`));
    };
    const isMissing = (rule) => 'requiredWith' in rule;
    // what is missing beside a combination that cannot be is not to be written yet
    const conflicts = rules.filter((rule) => !isMissing(rule)).flatMap(broken);
    return conflicts.length > 0 ? conflicts : rules.filter(isMissing).flatMap(broken);
}
/** Every input that a rule names. */
function inputsOfRule(rule) {
    if ('oneOf' in rule)
        return rule.oneOf;
    const { input } = 'requiredWith' in rule ? rule.requiredWith : 'notWith' in rule ? rule.notWith : rule.onlyWith;
    return [...rule.inputs, input];
}
/** What the documentation of an input says of the rules that it is in: sentences, each with its end. */
function describeRules(name, rules) {
    return rules.flatMap((rule) => {
        if ('oneOf' in rule) {
            const others = rule.oneOf.filter((other) => other !== name).map((other) => `\`${other}\``);
            return rule.oneOf.includes(name) ? [`Not together with ${listWords(others)}.`] : [];
        }
        if (!rule.inputs.includes(name))
            return [];
        if ('requiredWith' in rule)
            return [`Required with ${quoteCondition(rule.requiredWith)}.`];
        if ('notWith' in rule)
            return [`Not with ${quoteCondition(rule.notWith)}.`];
        return [`Only with ${quoteCondition(rule.onlyWith)}.`];
    });
}
function describeCondition({ input, is }) {
    return is === undefined ? input : `${input}: ${listWords(is)}`;
}
function quoteCondition({ input, is }) {
    return is === undefined ? `\`${input}\`` : listWords(is.map((value) => `\`${input}: ${value}\``));
}
function listWords(words) {
    return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

;// CONCATENATED MODULE: ./lib/runner/inputs.js




/** The kinds of input there are. An input left empty is '' or undefined, never a surprise value. */
const input = {
    text: (declared) => declare(declared, (text) => text),
    /** a name: text on one line */
    name: (declared) => declare(declared, (text) => {
        if (/[\p{Cc}\u2028\u2029]/u.test(text))
            throw new errors/* InputError */.dz('holds a line break or a control character; write one line');
        return text.trim();
    }),
    /** a path within the repository, with no slash at its ends */
    path: (declared) => declare(declared, (text) => {
        if (/^(?:\/|[a-z]:|~)|(?:^|[\\/])\.\.(?:[\\/]|$)|\p{Cc}/iu.test(text))
            throw new errors/* InputError */.dz(`is "${text}"; write a path within the repository, such as db/migrations`);
        return text.replace(/^(?:\.\/)+|\/+$/g, '');
    }),
    secret: (declared) => ({ ...declare(declared, (text) => text), secret: true }),
    flag: (declared) => declare(declared, (text) => {
        if (text === 'true')
            return true;
        if (text === 'false' || text === '')
            return false;
        throw new errors/* InputError */.dz(`is "${text}"; write true or false`);
    }),
    choice: ({ options, ...declared }) => declare(declared, (text) => parseChoice(text, options)),
    choices: ({ options, ...declared }) => declare(declared, (text) => splitList(text).map((each) => parseChoice(each, options))),
    list: (declared) => declare(declared, splitList),
    /** a whole number that is not negative */
    count: (declared) => declare(declared, (text) => {
        if (/^\d{1,9}$/.test(text))
            return Number(text);
        throw new errors/* InputError */.dz(`is "${text}"; write a whole number`);
    }),
    /** `NAME=VALUE`, one a line */
    pairs: (declared) => declare(declared, (text) => Object.fromEntries(splitLines(text).map((line) => {
        const [, name, value] = /^([A-Za-z_][\w-]*)=(.*)$/.exec(line) ?? [];
        if (name === undefined || value === undefined)
            throw new errors/* InputError */.dz(`has the line "${line}"; write NAME=VALUE, one a line`);
        return [name, value];
    }))),
    /** in bytes; undefined when left empty */
    size: (declared) => declare(declared, (text) => (text === '' ? undefined : parseSize(text))),
    /** in milliseconds; undefined when left empty */
    duration: (declared) => declare(declared, (text) => {
        return text === '' ? undefined : (0,duration/* parseDuration */.E9)(text);
    }),
};
function declare({ description, required = false, default: fallback = '', setting }, parse) {
    return { description, required, default: fallback, secret: false, setting, parse };
}
function parseChoice(text, options) {
    const chosen = options.find((option) => option === text);
    if (chosen === undefined)
        throw new errors/* InputError */.dz(`is "${text}"; write one of ${options.join(', ')}`);
    return chosen;
}
function splitList(text) {
    const items = splitLines(text.replaceAll(',', '\n'));
    // what was meant to be some must not become all
    if (items.length === 0 && text.trim() !== '')
        throw new errors/* InputError */.dz(`is "${text.trim()}", which names nothing; name at least one, or leave it out`);
    return items;
}
function splitLines(text) {
    return text
        .split('\n')
        .map((item) => item.trim())
        .filter((item) => item !== '');
}
/** The input by which users of an action give a setting; undefined when it has none. */
function inputOf(inputs, { path }) {
    return Object.entries(inputs).find(([name, each]) => (each.setting ?? name) === path)?.[0];
}
/** The name of the environment variable in which the runner hands over an input. */
function variableOf(name) {
    return `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;
}
/**
 * Reads all inputs of an action.
 * @throws InputError that lists every input that is missing, malformed, or does not go with another, not only the first
 */
function readInputs(inputs, env, rules = []) {
    const problems = [];
    const values = Object.entries(inputs).map(([name, { required, default: fallback, parse }]) => {
        const text = (env[variableOf(name)] ?? fallback).trim();
        try {
            if (required && text === '')
                throw new errors/* InputError */.dz('is required and was not given');
            return [name, parse(text)];
        }
        catch (error) {
            if (!(error instanceof errors/* InputError */.dz))
                throw error;
            problems.push(`input "${name}" ${error.message}`);
            return [name, undefined];
        }
    });
    // where an input is malformed, what goes with it is not known
    if (problems.length === 0) {
        const written = Object.entries(inputs).map(([name, { default: fallback }]) => {
            return [name, { text: (env[variableOf(name)] ?? '').trim(), fallback }];
        });
        const broken = checkRules(rules, new Map(written));
        problems.push(...broken.map((error) => error.explain(({ path }) => `input "${path}"`)));
    }
    if (problems.length > 0)
        throw new errors/* InputError */.dz(problems.join('\n'));
    // each value was made by the parse function of its own declaration
    return Object.fromEntries(values);
}


/***/ }),

/***/ 2617:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   o: () => (/* binding */ readRepositoryName)
/* harmony export */ });
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(452);

/**
 * The repository that this process is a step for.
 * @throws InputError outside of a workflow run
 */
function readRepositoryName(env) {
    const [, owner, repo] = /^([^/]+)\/([^/]+)$/.exec(env['GITHUB_REPOSITORY'] ?? '') ?? [];
    if (owner === undefined || repo === undefined)
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_0__/* .InputError */ .dz('GITHUB_REPOSITORY is not set: run this action in a GitHub Actions workflow');
    return { owner, repo };
}


/***/ }),

/***/ 8141:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {


// EXPORTS
__nccwpck_require__.d(__webpack_exports__, {
  d7: () => (/* binding */ guardOutput),
  S8: () => (/* binding */ sendCommand)
});

// UNUSED EXPORTS: openCommandFilter

;// CONCATENATED MODULE: external "node:string_decoder"
const external_node_string_decoder_namespaceObject = __WEBPACK_EXTERNAL_createRequire(import.meta.url)("node:string_decoder");
;// CONCATENATED MODULE: ./lib/runner/output.js

/**
 * Guards everything that this process prints, whoever prints it: no text on the standard streams is a command of the runner
 * but those that `sendCommand` sends. Called before anything is printed.
 */
function guardOutput() {
    for (const stream of [process.stdout, process.stderr]) {
        if (!guarded.has(stream))
            guardStream(stream);
        guarded.add(stream);
    }
}
const guarded = new WeakSet();
let isSending = false;
/** Lets a function of `@actions/core` send its command; it escapes what the command carries. */
function sendCommand(send) {
    isSending = true;
    try {
        send();
    }
    finally {
        isSending = false;
    }
}
function guardStream(stream) {
    const write = stream.write.bind(stream);
    const filter = openCommandFilter();
    const decoder = new external_node_string_decoder_namespaceObject.StringDecoder('utf8');
    // the runner reads lines: a command that followed half a line would be a part of it
    let isLineEnded = true;
    const print = (text, done) => {
        if (text !== '')
            isLineEnded = /[\r\n]$/.test(text);
        return write(text, 'utf8', done);
    };
    stream.write = (chunk, encoding, done) => {
        const finished = typeof encoding === 'function' ? encoding : done;
        const text = typeof chunk === 'string' ? chunk : decoder.write(chunk);
        if (!isSending)
            return print(filter(text), finished);
        if (!isLineEnded)
            print(filter('\n'));
        return print(text, finished);
    };
}
/** The runner compares with the culture's rules, by which these characters are not there. */
const ignorable = /[\p{Cc}\p{Cf}]/u;
const blank = /[\s\u0085]/;
/**
 * Takes the commands out of a text that is printed in pieces, by one space in each:
 * `::name` at the start of a line becomes `: :name`, and `##[name]` anywhere becomes `## [name]`.
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
function openCommandFilter() {
    let start = 'blank';
    let hashes = 0;
    return (text) => {
        let safe = '';
        for (const char of text) {
            if (char === '\n' || char === '\r') {
                start = 'blank';
                hashes = 0;
            }
            else if (blank.test(char)) {
                if (start === 'colon')
                    start = 'passed';
                hashes = 0;
            }
            else if (!ignorable.test(char)) {
                if ((char === ':' && start === 'colon') || (char === '[' && hashes >= 2))
                    safe += ' ';
                start = char === ':' && start === 'blank' ? 'colon' : 'passed';
                hashes = char === '#' ? hashes + 1 : 0;
            }
            safe += char;
        }
        return safe;
    };
}


/***/ }),

/***/ 4783:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   E9: () => (/* binding */ parseDuration),
/* harmony export */   MP: () => (/* binding */ explainDuration),
/* harmony export */   Zq: () => (/* binding */ durationPattern),
/* harmony export */   a3: () => (/* binding */ formatDuration),
/* harmony export */   kP: () => (/* binding */ sayDuration)
/* harmony export */ });
/* harmony import */ var ms__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(744);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __nccwpck_require__(452);


/** What a duration looks like: whole numbers of one unit, so that nobody has to guess what `90` or `1.30` means. */
const durationPattern = /^\d{1,9}(?:ms|s|m|h|d)$/;
const longest = ms__WEBPACK_IMPORTED_MODULE_0__('365d');
/**
 * Reads `500ms`, `15s`, `5m`, `1h` or `1d`.
 * @returns milliseconds
 * @throws InputError without the name of the key or input: the caller puts that in front
 */
function parseDuration(text) {
    if (!durationPattern.test(text))
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .dz(explainDuration(text));
    const duration = toMilliseconds(text);
    if (duration > longest)
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .dz(`is ${text}; write at most ${formatDuration(longest)}`);
    return duration;
}
/**
 * Writes milliseconds so that `parseDuration` reads the same number back: in the largest unit that needs no fraction
 * (`90s`, not `1.5m`).
 * @param duration milliseconds, rounded to a whole number that is not negative
 */
function formatDuration(duration) {
    const whole = Math.max(0, Math.round(duration));
    if (whole === 0)
        return '0s';
    const unit = ['d', 'h', 'm', 's'].find((each) => whole % ms__WEBPACK_IMPORTED_MODULE_0__(`1${each}`) === 0) ?? 'ms';
    return `${whole / ms__WEBPACK_IMPORTED_MODULE_0__(`1${unit}`)}${unit}`;
}
const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
];
/**
 * Writes milliseconds that were measured as people say them, as exact as anybody needs: `850 ms`, `1.2 s`, `42 s`,
 * `3 min 20 s`, `2 h 5 min`.
 */
function sayDuration(duration) {
    const whole = Math.max(0, Math.round(duration));
    if (whole < 1000)
        return `${whole} ms`;
    if (whole < 9_950)
        return `${Math.round(whole / 100) / 10} s`;
    const seconds = Math.round(whole / 1000);
    // rounded to the second of the two units that are said, which may carry into a larger one
    const [, size] = units[unitIndex(seconds) + 1] ?? ['s', 1];
    const rounded = Math.round(seconds / size) * size;
    const index = unitIndex(rounded);
    let rest = rounded;
    const parts = units.slice(index, index + 2).map(([name, each]) => {
        const count = Math.floor(rest / each);
        rest -= count * each;
        return count === 0 ? '' : `${count} ${name}`;
    });
    return parts.filter((part) => part !== '').join(' ');
}
/** The largest unit that it has one of. */
function unitIndex(seconds) {
    return units.findIndex(([, size]) => seconds >= size);
}
/**
 * What is wrong with something that is no duration, and what to write instead: exactly what was meant, where that can
 * be told (`1h30m` is `90m`), else an example.
 */
function explainDuration(value) {
    if (typeof value === 'number' || (typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value))) {
        return explainBareNumber(String(value));
    }
    if (typeof value !== 'string')
        return 'must be a duration; write a whole number with its unit, such as `15s` or `5m`';
    const meant = guessMeaning(value);
    if (meant !== undefined)
        return `must be a whole number of one unit; write \`${meant}\``;
    return 'is not a duration; write a whole number with ms, s, m, h or d, such as `15s` or `5m`';
}
function explainBareNumber(number) {
    if (!/^\d{1,9}$/.test(number)) {
        return 'has no unit; write a whole number with ms, s, m, h or d, such as `15s` or `5m`';
    }
    return `has no unit; write \`${number}s\` for seconds, \`${number}m\` for minutes or \`${number}ms\` for milliseconds`;
}
/** Understands `1.5h`, `5 min`, `90 seconds` and `1h30m`, as people write them. */
function guessMeaning(text) {
    const parts = text.trim().match(/\d+(?:\.\d+)? *[a-z]+/gi) ?? [];
    if (parts.length === 0 || parts.join('').replaceAll(' ', '') !== text.replaceAll(' ', ''))
        return undefined;
    const total = parts.reduce((sum, part) => sum + toMilliseconds(part), 0);
    return Number.isInteger(total) && total <= longest ? formatDuration(total) : undefined;
}
/** NaN for what `ms` does not know. */
function toMilliseconds(text) {
    // ms types its argument as a template literal and answers undefined for what it can't read
    return Number(ms__WEBPACK_IMPORTED_MODULE_0__(text));
}


/***/ }),

/***/ 1814:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   E$: () => (/* binding */ redact),
/* harmony export */   KL: () => (/* binding */ redactDeep),
/* harmony export */   pc: () => (/* binding */ redacted)
/* harmony export */ });
/** What stands where a secret stood: the same mark that the runner's own log masking uses. */
const redacted = '***';
/**
 * Shapes of well-known credentials, for secrets nobody told us of (a server that echoes a token in its error body).
 * From the providers' own documentation of their token prefixes; GitHub's installation tokens have no fixed length
 * since 2026, so none is assumed.
 */
const credentialShapes = [
    /\b(?:gh[oprsu]|github_pat)_[A-Za-z0-9_.-]{16,}/g,
    /\bglpat-[A-Za-z0-9_-]{16,}/g,
    /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
    /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
    /\bsk_(?:live|test)_[A-Za-z0-9]{16,}/g,
    /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/g,
    // addresses of webhooks: who has one may post
    /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/-]{8,}/g,
    /\bdiscord(?:app)?\.com\/api\/webhooks\/\d+\/[\w-]{8,}/g,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];
/** Keeps what names the credential (scheme, key, user) and drops its value. */
const credentialContexts = [
    [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redacted}`],
    [/([?&]sig=)[\w%.~-]{8,}/gi, `$1${redacted}`],
    [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${redacted}@`],
    [
        /\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*["']?)[^\s"',;&<>]{4,}/gi,
        `$1${redacted}`,
    ],
];
/**
 * Takes secrets out of a text that people or machines will read: the known values in every encoding that the runner
 * itself masks (plain, base64, URI, JSON), then anything shaped like a credential.
 * @param known secret values; those of one to three characters are left alone, as masking them would eat the text
 */
function redact(text, known = []) {
    let result = text;
    for (const value of encodingsOf(known))
        result = result.replaceAll(value, redacted);
    for (const shape of credentialShapes)
        result = result.replace(shape, redacted);
    for (const [context, kept] of credentialContexts)
        result = result.replace(context, kept);
    return result;
}
/** The same value with every text in it redacted; keys stay as they are. */
function redactDeep(value, redactText) {
    if (typeof value === 'string')
        return redactText(value);
    if (Array.isArray(value))
        return value.map((each) => redactDeep(each, redactText));
    if (typeof value !== 'object' || value === null)
        return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, redactDeep(each, redactText)]));
}
/** Longest first, so that a secret that contains another leaves no rest behind. */
function encodingsOf(known) {
    const encodings = new Set();
    for (const value of known) {
        for (const line of [value, ...value.split(/\r?\n/)]) {
            const plain = line.trim();
            if (plain.length < 4)
                continue;
            encodings.add(plain);
            // half of a surrogate pair has no encoding
            encodings.add(encodeURIComponent(plain.toWellFormed()));
            encodings.add(JSON.stringify(plain).slice(1, -1));
            for (const base64 of base64Cores(plain))
                encodings.add(base64);
        }
    }
    return [...encodings].sort((a, b) => b.length - a.length);
}
/** base64 of the value at each of the three byte offsets it can have inside a longer text (`user:value`), less the edges. */
function base64Cores(value) {
    return [0, 1, 2].flatMap((offset) => {
        const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
        const encoded = bytes.toString('base64').replace(/=+$/, '');
        const core = encoded.slice(offset === 0 ? 0 : offset + 1, Math.floor((bytes.length * 8) / 6));
        return core.length >= 6 ? [core] : [];
    });
}


/***/ })

/******/ });
/************************************************************************/
/******/ // The module cache
/******/ var __webpack_module_cache__ = {};
/******/ 
/******/ // The require function
/******/ function __nccwpck_require__(moduleId) {
/******/ 	// Check if module is in cache
/******/ 	var cachedModule = __webpack_module_cache__[moduleId];
/******/ 	if (cachedModule !== undefined) {
/******/ 		return cachedModule.exports;
/******/ 	}
/******/ 	// Create a new module (and put it into the cache)
/******/ 	var module = __webpack_module_cache__[moduleId] = {
/******/ 		// no module.id needed
/******/ 		// no module.loaded needed
/******/ 		exports: {}
/******/ 	};
/******/ 
/******/ 	// Execute the module function
/******/ 	var threw = true;
/******/ 	try {
/******/ 		__webpack_modules__[moduleId].call(module.exports, module, module.exports, __nccwpck_require__);
/******/ 		threw = false;
/******/ 	} finally {
/******/ 		if(threw) delete __webpack_module_cache__[moduleId];
/******/ 	}
/******/ 
/******/ 	// Return the exports of the module
/******/ 	return module.exports;
/******/ }
/******/ 
/******/ // expose the modules object (__webpack_modules__)
/******/ __nccwpck_require__.m = __webpack_modules__;
/******/ 
/************************************************************************/
/******/ /* webpack/runtime/asset-relocator-loader */
/******/ if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = decodeURIComponent(new URL('.', import.meta.url).pathname).slice(import.meta.url.match(/^file:\/\/\/\w:/) ? 1 : 0, -1) + "/";
/******/ 
/******/ /* webpack/runtime/async module */
/******/ (() => {
/******/ 	var webpackQueues = typeof Symbol === "function" ? Symbol("webpack queues") : "__webpack_queues__";
/******/ 	var webpackExports = typeof Symbol === "function" ? Symbol("webpack exports") : "__webpack_exports__";
/******/ 	var webpackError = typeof Symbol === "function" ? Symbol("webpack error") : "__webpack_error__";
/******/ 	var resolveQueue = (queue) => {
/******/ 		if(queue && queue.d < 1) {
/******/ 			queue.d = 1;
/******/ 			queue.forEach((fn) => (fn.r--));
/******/ 			queue.forEach((fn) => (fn.r-- ? fn.r++ : fn()));
/******/ 		}
/******/ 	}
/******/ 	var wrapDeps = (deps) => (deps.map((dep) => {
/******/ 		if(dep !== null && typeof dep === "object") {
/******/ 			if(dep[webpackQueues]) return dep;
/******/ 			if(dep.then) {
/******/ 				var queue = [];
/******/ 				queue.d = 0;
/******/ 				dep.then((r) => {
/******/ 					obj[webpackExports] = r;
/******/ 					resolveQueue(queue);
/******/ 				}, (e) => {
/******/ 					obj[webpackError] = e;
/******/ 					resolveQueue(queue);
/******/ 				});
/******/ 				var obj = {};
/******/ 				obj[webpackQueues] = (fn) => (fn(queue));
/******/ 				return obj;
/******/ 			}
/******/ 		}
/******/ 		var ret = {};
/******/ 		ret[webpackQueues] = x => {};
/******/ 		ret[webpackExports] = dep;
/******/ 		return ret;
/******/ 	}));
/******/ 	__nccwpck_require__.a = (module, body, hasAwait) => {
/******/ 		var queue;
/******/ 		hasAwait && ((queue = []).d = -1);
/******/ 		var depQueues = new Set();
/******/ 		var exports = module.exports;
/******/ 		var currentDeps;
/******/ 		var outerResolve;
/******/ 		var reject;
/******/ 		var promise = new Promise((resolve, rej) => {
/******/ 			reject = rej;
/******/ 			outerResolve = resolve;
/******/ 		});
/******/ 		promise[webpackExports] = exports;
/******/ 		promise[webpackQueues] = (fn) => (queue && fn(queue), depQueues.forEach(fn), promise["catch"](x => {}));
/******/ 		module.exports = promise;
/******/ 		body((deps) => {
/******/ 			currentDeps = wrapDeps(deps);
/******/ 			var fn;
/******/ 			var getResult = () => (currentDeps.map((d) => {
/******/ 				if(d[webpackError]) throw d[webpackError];
/******/ 				return d[webpackExports];
/******/ 			}))
/******/ 			var promise = new Promise((resolve) => {
/******/ 				fn = () => (resolve(getResult));
/******/ 				fn.r = 0;
/******/ 				var fnQueue = (q) => (q !== queue && !depQueues.has(q) && (depQueues.add(q), q && !q.d && (fn.r++, q.push(fn))));
/******/ 				currentDeps.map((dep) => (dep[webpackQueues](fnQueue)));
/******/ 			});
/******/ 			return fn.r ? promise : getResult();
/******/ 		}, (err) => ((err ? reject(promise[webpackError] = err) : outerResolve(exports)), resolveQueue(queue)));
/******/ 		queue && queue.d < 0 && (queue.d = 0);
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/define property getters */
/******/ (() => {
/******/ 	// define getter functions for harmony exports
/******/ 	__nccwpck_require__.d = (exports, definition) => {
/******/ 		for(var key in definition) {
/******/ 			if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 				Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 			}
/******/ 		}
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/ensure chunk */
/******/ (() => {
/******/ 	__nccwpck_require__.f = {};
/******/ 	// This file contains only the entry chunk.
/******/ 	// The chunk loading function for additional chunks
/******/ 	__nccwpck_require__.e = (chunkId) => {
/******/ 		return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
/******/ 			__nccwpck_require__.f[key](chunkId, promises);
/******/ 			return promises;
/******/ 		}, []));
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/get javascript chunk filename */
/******/ (() => {
/******/ 	// This function allow to reference async chunks
/******/ 	__nccwpck_require__.u = (chunkId) => {
/******/ 		// return url for filenames based on template
/******/ 		return "" + chunkId + ".index.js";
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/hasOwnProperty shorthand */
/******/ (() => {
/******/ 	__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ })();
/******/ 
/******/ /* webpack/runtime/make namespace object */
/******/ (() => {
/******/ 	// define __esModule on exports
/******/ 	__nccwpck_require__.r = (exports) => {
/******/ 		if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 			Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 		}
/******/ 		Object.defineProperty(exports, '__esModule', { value: true });
/******/ 	};
/******/ })();
/******/ 
/******/ /* webpack/runtime/import chunk loading */
/******/ (() => {
/******/ 	// no baseURI
/******/ 	
/******/ 	// object to store loaded and loading chunks
/******/ 	// undefined = chunk not loaded, null = chunk preloaded/prefetched
/******/ 	// [resolve, Promise] = chunk loading, 0 = chunk loaded
/******/ 	var installedChunks = {
/******/ 		792: 0
/******/ 	};
/******/ 	
/******/ 	var installChunk = (data) => {
/******/ 		var {ids, modules, runtime} = data;
/******/ 		// add "modules" to the modules object,
/******/ 		// then flag all "ids" as loaded and fire callback
/******/ 		var moduleId, chunkId, i = 0;
/******/ 		for(moduleId in modules) {
/******/ 			if(__nccwpck_require__.o(modules, moduleId)) {
/******/ 				__nccwpck_require__.m[moduleId] = modules[moduleId];
/******/ 			}
/******/ 		}
/******/ 		if(runtime) runtime(__nccwpck_require__);
/******/ 		for(;i < ids.length; i++) {
/******/ 			chunkId = ids[i];
/******/ 			if(__nccwpck_require__.o(installedChunks, chunkId) && installedChunks[chunkId]) {
/******/ 				installedChunks[chunkId][0]();
/******/ 			}
/******/ 			installedChunks[ids[i]] = 0;
/******/ 		}
/******/ 	
/******/ 	}
/******/ 	
/******/ 	__nccwpck_require__.f.j = (chunkId, promises) => {
/******/ 			// import() chunk loading for javascript
/******/ 			var installedChunkData = __nccwpck_require__.o(installedChunks, chunkId) ? installedChunks[chunkId] : undefined;
/******/ 			if(installedChunkData !== 0) { // 0 means "already installed".
/******/ 	
/******/ 				// a Promise means "currently loading".
/******/ 				if(installedChunkData) {
/******/ 					promises.push(installedChunkData[1]);
/******/ 				} else {
/******/ 					if(true) { // all chunks have JS
/******/ 						// setup Promise in chunk cache
/******/ 						var promise = import("./" + __nccwpck_require__.u(chunkId)).then(installChunk, (e) => {
/******/ 							if(installedChunks[chunkId] !== 0) installedChunks[chunkId] = undefined;
/******/ 							throw e;
/******/ 						});
/******/ 						var promise = Promise.race([promise, new Promise((resolve) => (installedChunkData = installedChunks[chunkId] = [resolve]))])
/******/ 						promises.push(installedChunkData[1] = promise);
/******/ 					}
/******/ 				}
/******/ 			}
/******/ 	};
/******/ 	
/******/ 	// no prefetching
/******/ 	
/******/ 	// no preloaded
/******/ 	
/******/ 	// no external install chunk
/******/ 	
/******/ 	// no on chunks loaded
/******/ })();
/******/ 
/************************************************************************/
/******/ 
/******/ // startup
/******/ // Load entry module and return exports
/******/ // This entry module used 'module' so it can't be inlined
/******/ var __webpack_exports__ = __nccwpck_require__(7630);
/******/ __webpack_exports__ = await __webpack_exports__;
/******/ 
