export const id = 628;
export const ids = [628];
export const modules = {

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

/***/ 7353:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   U: () => (/* binding */ startServer)
/* harmony export */ });
/* harmony import */ var node_child_process__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1421);
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(1455);
/* harmony import */ var node_os__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(8161);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(6760);
/* harmony import */ var node_timers_promises__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(8500);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(452);
/* harmony import */ var _tool_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(6442);







/** How long a server may take to start, ms. */
const startMs = 60_000;
/**
 * Ends the server when this process ends, however it does: its standard input is closed then. The folder goes with it.
 * `$1` is the folder, `$2` the signal, the rest the server with its arguments. The shell says of a server that was killed that it was,
 * to an output that nobody reads any more.
 */
const untilInputEnds = 'folder=$1; signal=$2; shift 2; exec 3<&0; "$@" </dev/null 3<&- & server=$!; trap "" PIPE; { cat <&3 >/dev/null; kill -$signal $server; } 2>/dev/null & watcher=$!; wait $server; kill $watcher 2>/dev/null; rm -rf "$folder"';
/** @throws RefusedError when the programs are not there or it does not start */
async function startServer(recipe, env) {
    const { name, debianPackage } = recipe;
    // the path of a socket has 107 bytes at most
    const folder = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.mkdtemp)((0,node_path__WEBPACK_IMPORTED_MODULE_3__.join)((0,node_os__WEBPACK_IMPORTED_MODULE_2__.tmpdir)(), 'verify-'));
    const [setUser, owner] = userOf(recipe);
    if (owner !== undefined)
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.chown)(folder, owner.uid, owner.gid);
    try {
        const [command = '', ...args] = [...setUser, ...recipe.init(folder)];
        await (0,_tool_js__WEBPACK_IMPORTED_MODULE_6__/* .runTool */ .qI)({ command, debianPackage, args, env: (0,_tool_js__WEBPACK_IMPORTED_MODULE_6__/* .plainEnvironment */ .Ud)(env), cwd: folder });
    }
    catch (error) {
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_1__.rm)(folder, { recursive: true, force: true });
        throw error;
    }
    const child = (0,node_child_process__WEBPACK_IMPORTED_MODULE_0__.spawn)('sh', ['-c', untilInputEnds, 'sh', folder, recipe.signal, ...setUser, ...recipe.serve(folder)], { env: (0,_tool_js__WEBPACK_IMPORTED_MODULE_6__/* .plainEnvironment */ .Ud)(env), stdio: ['pipe', 'ignore', 'pipe'], cwd: '/' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
        said = (said + text).slice(-2000);
    });
    let isOver = false;
    const ended = new Promise((resolve) => {
        child.once('close', () => {
            isOver = true;
            resolve();
        });
    });
    const stop = async () => {
        child.stdin.end();
        await ended;
    };
    const connection = recipe.connect(folder);
    const givesUpAt = performance.now() + startMs;
    for (;;) {
        try {
            await recipe.ask(connection);
            return { connection, stop };
        }
        catch (error) {
            if (performance.now() < givesUpAt && !isOver) {
                await (0,node_timers_promises__WEBPACK_IMPORTED_MODULE_4__.setTimeout)(50);
                continue;
            }
            await stop();
            throw new _errors_js__WEBPACK_IMPORTED_MODULE_5__/* .RefusedError */ .fk(`a local server of ${name} did not start: ${said.trim() || (error instanceof Error ? error.message : error)}`);
        }
    }
}
/** Servers of databases do not run as root: then one runs as the user that its package made. */
function userOf({ name, user, }) {
    if ((0,node_os__WEBPACK_IMPORTED_MODULE_2__.userInfo)().uid !== 0)
        return [[], undefined];
    const idOf = (flag) => Number((0,node_child_process__WEBPACK_IMPORTED_MODULE_0__.execFileSync)('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
    try {
        return [
            ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups'],
            { uid: idOf('-u'), gid: idOf('-g') },
        ];
    }
    catch {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_5__/* .RefusedError */ .fk(`${name} does not run as root, and this machine has no user ${user} to run it as`);
    }
}


/***/ }),

/***/ 1628:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openPostgres: () => (/* binding */ openPostgres)
});

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/pg/esm/index.mjs
var esm = __webpack_require__(3849);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./lib/layers/database/tls.js
var database_tls = __webpack_require__(1987);
// EXTERNAL MODULE: ./lib/layers/database/tool.js
var database_tool = __webpack_require__(6442);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/connect.js






/** Opens a session with a database of the server. @throws UnavailableError, RefusedError for a wrong password or name */
async function connect(connection, database) {
    const { host, port, user, password, tls } = connection;
    const client = new esm/* default.Client */.Ay.Client({
        host,
        port,
        user,
        password,
        database,
        ssl: tls === 'off'
            ? false
            : { rejectUnauthorized: tls === 'verify', ...(await (0,database_tls/* readCertificates */.j)(connection)) },
        application_name: 'rollback-suite',
        connectionTimeoutMillis: 15_000,
        keepAlive: true,
        types: { getTypeParser: () => (text) => text },
    });
    // a session that is cut off reports it to its next query; without a listener the process would end
    client.on('error', () => { });
    try {
        await client.connect();
    }
    catch (error) {
        throw explain(error, connection, database);
    }
    const query = async (sql, values = []) => {
        try {
            const { rows } = await client.query(sql, [...values]);
            return rows;
        }
        catch (error) {
            // 57P01 and its like: the server says that it is going down, which is no answer to the query
            if (error instanceof esm/* default.DatabaseError */.Ay.DatabaseError && !error.code?.startsWith('57P'))
                throw new ServerError(error, database);
            // else it crashed, or the network broke
            const why = error instanceof Error ? error.message : String(error);
            throw new errors/* UnavailableError */.hG(`${whereIs(connection)} answers no more: ${why}`);
        }
    };
    return {
        query,
        // what the types of the package leave out
        key: Number(Reflect.get(client, 'processID')),
        pid: async () => Number((await query('SELECT pg_backend_pid() AS pid'))[0]?.['pid']),
        end: () => client.end(),
    };
}
/**
 * Opens a session with another database than the connection's, or with that one for users who are let into no other, as
 * services for many customers do.
 */
async function connectBeside(connection, other) {
    try {
        return await connect(connection, other);
    }
    catch (error) {
        if (!(error instanceof errors/* RefusedError */.fk))
            throw error;
        return connect(connection, connection.database).catch(() => {
            throw error;
        });
    }
}
/** Runs with a session that ends afterwards. */
async function withSession(connection, database, use) {
    return withOpen(await connect(connection, database), use);
}
/** Runs with a session that is open, and ends it afterwards. */
async function withOpen(session, use) {
    try {
        return await use(session);
    }
    finally {
        await session.end();
    }
}
/** The server said no: for a right that is missing, a full disk, a script with a mistake in it. */
class ServerError extends errors/* RefusedError */.fk {
    code;
    constructor({ message, code = '', detail, hint }, database) {
        const more = detail ?? hint;
        super(`PostgreSQL refused on ${database}: ${message}${more === undefined ? '' : ` (${more})`}`);
        this.code = code;
    }
}
/** SQLSTATE of an error of the server: https://www.postgresql.org/docs/15/errcodes-appendix.html */
function sqlState(error) {
    const isCoded = typeof error === 'object' && error !== null && 'code' in error;
    return isCoded ? String(error.code) : undefined;
}
const noSuchDatabase = '3D000';
class MissingDatabaseError extends errors/* RefusedError */.fk {
}
function isMissingDatabase(error) {
    return error instanceof MissingDatabaseError;
}
function whereIs({ host, port }) {
    return `PostgreSQL on ${host}:${port}`;
}
function explain(error, connection, database) {
    const { user } = connection;
    const why = error instanceof Error ? error.message : String(error);
    const where = whereIs(connection);
    const state = sqlState(error) ?? '';
    if (state === noSuchDatabase)
        return new MissingDatabaseError(`${where} has no database "${database}"`);
    if (state.startsWith('28'))
        return new errors/* RefusedError */.fk(`${where} refused the user "${user}": ${why}`);
    if (/SSL|certificate/i.test(why))
        return new errors/* RefusedError */.fk(`TLS with ${where} failed: ${why}; see sslmode and sslrootcert in the address`);
    if (/^\w{5}$/.test(state) && !state.startsWith('57') && !state.startsWith('E'))
        return new errors/* RefusedError */.fk(`${where} refused the database "${database}": ${why}`);
    return new errors/* UnavailableError */.hG(`${where} does not answer: ${why}`);
}
/** What the tools need to connect: the password in a file that only this user can read, nothing of it in arguments. */
async function toolEnvironment(connection, env, scratch) {
    const { host, port, user, password, tls, ca } = connection;
    if (/[\r\n]/.test(password))
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('database.url')} has a line break in its password`);
    await (0,promises_.mkdir)(scratch, { recursive: true, mode: 0o700 });
    const passfile = (0,external_node_path_.join)(scratch, 'pgpass');
    await (0,promises_.writeFile)(passfile, `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 });
    const modes = { off: 'disable', encrypt: 'require', verify: 'verify-full' };
    return {
        ...(0,database_tool/* plainEnvironment */.Ud)(env),
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGPASSFILE: passfile,
        PGSSLMODE: modes[tls],
        ...(ca !== undefined && { PGSSLROOTCERT: ca }),
        PGAPPNAME: 'rollback-suite',
        PGCONNECT_TIMEOUT: '15',
    };
}

// EXTERNAL MODULE: ./lib/layers/database/engine.js
var engine = __webpack_require__(8714);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/schemas.js



const { escapeIdentifier, escapeLiteral } = esm/* default */.Ay;
/**
 * What a restore puts beside the live schemas of a database ends like this: a copy, or what one replaced. Neither is part of
 * what the database holds.
 */
const besideEnding = '_(restoring_[0-9a-f]{8}|before_[0-9]{17})';
const beside = `${besideEnding}$`;
/** So many bytes of a name are left by the longest of those endings. */
const longestSchemaName = 63 - '_before_20261124110203123'.length;
/** A condition of SQL: the schema of this name is of the users, and live. */
function isLiveSchema(name) {
    return `(${name} <> 'information_schema' AND ${name} !~ '^pg_' AND ${name} !~ '${beside}')`;
}
/** Schemas that a restore swaps: not those that an extension lives in, which cannot be moved by everybody. */
const swappedSchemas = `
  SELECT n.nspname AS name FROM pg_catalog.pg_namespace n WHERE ${isLiveSchema('n.nspname')}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid)
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid AND d.deptype = 'e')`;
const endingWith = (suffix) => `SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE right(nspname, ${suffix.length}) = ${escapeLiteral(suffix)} AND nspname <> ${escapeLiteral(suffix)}`;
/**
 * Statements that give the live schemas one ending, and take another from those that have it. A rename of a schema locks
 * nothing, and until its transaction ends nobody else sees it.
 */
function exchange({ away, into }) {
    return renameAway(away) + renameAll(endingWith(into), `left(renamed.name, ${-into.length})`);
}
/** A statement that gives the live schemas an ending. */
function renameAway(ending) {
    return renameAll(swappedSchemas, `renamed.name || ${escapeLiteral(ending)}`);
}
function renameAll(schemas, name) {
    return `DO $rename$ DECLARE renamed record; BEGIN FOR renamed IN ${schemas} LOOP EXECUTE format('ALTER SCHEMA %I RENAME TO %I', renamed.name, ${name}); END LOOP; END $rename$;\n`;
}
/** Drops the schemas with this ending, and what is in them. */
async function dropEnding(session, suffix) {
    const names = await listEnding(session, suffix);
    if (names.length > 0)
        await session.query(`DROP SCHEMA ${names.map(escapeIdentifier).join(', ')} CASCADE`);
}
async function listEnding(session, suffix) {
    return (await session.query(endingWith(suffix))).map(({ name }) => name ?? '');
}
/** The ending of schemas that are kept under a name, which is that of their database and the time. */
function keptEnding(kept) {
    const [ending] = /_before_\d{17}$/.exec(kept) ?? [];
    if (ending === undefined)
        throw new TypeError(`${kept} is not the name of something kept`);
    return ending;
}
/** What restores replaced and kept within the database itself, each under a name as a kept database would have. */
async function listKeptSchemas(connection) {
    try {
        return await withSession(connection, connection.database, async (session) => {
            const times = new Set();
            for (const name of await listBeside(session)) {
                const at = (0,engine/* keptAt */.yo)(name.replace(/_before_\d{17}$/, ''), name);
                if (at !== undefined)
                    times.add(at.getTime());
            }
            return [...times].map((time) => ({
                name: (0,engine/* keptName */.QQ)(connection.database, new Date(time)),
                at: new Date(time),
            }));
        });
    }
    catch (error) {
        if (isMissingDatabase(error))
            return [];
        throw error;
    }
}
/** The names of schemas outside the live ones, for a dump that has not to have them. */
async function listBeside(session) {
    const rows = await session.query(`SELECT nspname AS name FROM pg_catalog.pg_namespace WHERE nspname ~ '${beside}'`);
    return rows.map(({ name }) => name ?? '');
}
/** Drops copies that a restore left which was killed. @returns their endings */
async function dropLeftCopies(session) {
    const rows = await session.query(`SELECT DISTINCT substring(nspname from '_restoring_[0-9a-f]{8}$') AS ending FROM pg_catalog.pg_namespace WHERE nspname ~ '_restoring_[0-9a-f]{8}$'`);
    const endings = rows.map(({ ending }) => ending ?? '');
    for (const ending of endings)
        await dropEnding(session, ending);
    return endings;
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/definitions/conditions.js

/** A condition of SQL: no extension brought this object of a catalog. */
const notOfExtension = (catalog, oid) => `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
/** A condition of SQL: the object of this catalog is of the users. */
const ofUser = (catalog, oid) => `${oid} >= 16384 AND ${notOfExtension(catalog, oid)}`;
/** Privileges as a sorted text, the same where they are the default and where they are written down. */
const privilegesOf = (list, kind, owner) => `(SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type)
    FROM aclexplode(coalesce(${list}, acldefault('${kind}', ${owner}))))`;
/** A join with the schema of an object, as `n`. */
const namespaceOf = (alias, column) => `JOIN pg_namespace n ON n.oid = ${alias}.${column}`;
/** A condition of SQL: the schema `n` is of the users, and live. */
const live = isLiveSchema('n.nspname');
/** A condition of SQL: the object of this identity is in no copy beside. */
const isNotBeside = (identity) => `${identity} !~ '${besideEnding}("?\\.|"?$)'`;
/** The identity of an object of a catalog, as SQL. */
const identityOf = (catalog, oid) => `(SELECT identity FROM pg_identify_object('${catalog}'::regclass, ${oid}, 0))`;
/** Options of a foreign server and what belongs to it, as a set: `pg_dump` writes them sorted, whatever their order was. */
const optionsOf = (column) => `(SELECT array_agg(option ORDER BY option COLLATE "C") FROM unnest(${column}) option)`;

;// CONCATENATED MODULE: ./lib/layers/database/postgres/writing.js
/** How values are written, so that the same row is the same text in every session, and how fast they are read. */
const writing = [
    "SET search_path = ''",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'postgres'",
    "SET timezone = 'UTC'",
    'SET extra_float_digits = 1',
    "SET bytea_output = 'hex'",
    'SET xmloption = content',
    // an error where a row policy would hide rows from us
    'SET row_security = off',
    // compiling the query for all definitions took 48 s, and running it 0.2 s
    'SET jit = off',
    'SET statement_timeout = 0',
    'SET lock_timeout = 0',
].join('; ');
async function setWriting(session) {
    await session.query(writing);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/definitions/objects.js


/** Queries for what is no relation, four columns each: kind, schema, name, definition. */
const objects = [
    `SELECT 'function', n.nspname, p.oid::regprocedure::text, concat_ws(' ', p.proowner::regrole, pg_get_functiondef(p.oid), ${privilegesOf('p.proacl', 'f', 'p.proowner')})
   FROM pg_proc p ${namespaceOf('p', 'pronamespace')} WHERE p.prokind IN ('f', 'p', 'w') AND ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
    `SELECT 'aggregate', n.nspname, p.oid::regprocedure::text, concat_ws(' ', to_jsonb(g) - '{aggfnoid,aggsortop,aggtranstype,aggmtranstype}'::text[], g.aggtranstype::regtype, g.aggmtranstype::regtype, nullif(g.aggsortop, 0)::regoperator,
     p.proparallel, p.proowner::regrole, ${privilegesOf('p.proacl', 'f', 'p.proowner')})
   FROM pg_aggregate g JOIN pg_proc p ON p.oid = g.aggfnoid ${namespaceOf('p', 'pronamespace')} WHERE ${live} AND ${notOfExtension('pg_proc', 'p.oid')}`,
    `SELECT 'type', n.nspname, t.typname, concat_ws(' ', t.typtype, t.typowner::regrole, ${privilegesOf('t.typacl', 'T', 't.typowner')}, r.rngsubtype::regtype, nullif(r.rngcanonical::oid, 0)::regproc, nullif(r.rngsubdiff::oid, 0)::regproc,
     nullif(r.rngcollation, 0)::regcollation, ${identityOf('pg_opclass', 'r.rngsubopc')}, (to_jsonb(r) ->> 'rngmultitypid')::oid::regtype,
     CASE t.typtype WHEN 'b' THEN to_jsonb(t) - '{oid,typname,typnamespace,typowner,typrelid,typelem,typarray,typbasetype,typcollation,typacl}'::text[] END)
   FROM pg_type t ${namespaceOf('t', 'typnamespace')} LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
   WHERE t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typelem = 0 AND (c.oid IS NULL OR c.relkind = 'c') AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
    `SELECT 'label', n.nspname, t.typname, concat_ws(' ', e.enumlabel, row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder)) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid ${namespaceOf('t', 'typnamespace')} WHERE ${live}`,
    `SELECT 'domain', n.nspname, t.typname, concat_ws(' ', format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault, CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation END)
   FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype ${namespaceOf('t', 'typnamespace')} WHERE t.typtype = 'd' AND ${live} AND ${notOfExtension('pg_type', 't.oid')}`,
    `SELECT 'collation', n.nspname, c.collname, concat_ws(' ', c.collowner::regrole, c.collprovider, c.collcollate, c.collctype, c.collisdeterministic, coalesce(to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale'), to_jsonb(c) ->> 'collicurules')
   FROM pg_collation c ${namespaceOf('c', 'collnamespace')} WHERE ${live} AND ${notOfExtension('pg_collation', 'c.oid')}`,
    ...identified('pg_operator', [
        'o.oprowner::regrole',
        'o.oprcode',
        'nullif(o.oprresult, 0)::regtype',
        'nullif(o.oprcom, 0)::regoperator',
        'nullif(o.oprnegate, 0)::regoperator',
        ...['o.oprrest', 'o.oprjoin', 'o.oprcanmerge', 'o.oprcanhash'],
    ]),
    ...identified('pg_opclass', [
        'o.opcowner::regrole',
        'o.opcdefault',
        'o.opcintype::regtype',
        'nullif(o.opckeytype, 0)::regtype',
        identityOf('pg_opfamily', 'o.opcfamily'),
    ]),
    ...identified('pg_opfamily', [
        'o.opfowner::regrole',
        `(SELECT string_agg(concat_ws(' ', m.amoplefttype::regtype, m.amoprighttype::regtype, m.amopstrategy, m.amoppurpose, m.amopopr::regoperator, ${identityOf('pg_opfamily', 'm.amopsortfamily')}), ', ' ORDER BY m.amoplefttype::regtype::text COLLATE "C", m.amoprighttype::regtype::text COLLATE "C", m.amopstrategy) FROM pg_amop m WHERE m.amopfamily = o.oid)`,
        `(SELECT string_agg(concat_ws(' ', m.amproclefttype::regtype, m.amprocrighttype::regtype, m.amprocnum, m.amproc::regprocedure), ', ' ORDER BY m.amproclefttype::regtype::text COLLATE "C", m.amprocrighttype::regtype::text COLLATE "C", m.amprocnum) FROM pg_amproc m WHERE m.amprocfamily = o.oid)`,
    ]),
    ...identified('pg_conversion', [
        'o.conowner::regrole',
        ...['o.conforencoding', 'o.contoencoding', 'o.conproc', 'o.condefault'],
    ]),
    ...identified('pg_ts_parser', ['o.prsstart', 'o.prstoken', 'o.prsend', 'o.prsheadline', 'o.prslextype']),
    ...identified('pg_ts_template', ['o.tmplinit', 'o.tmpllexize']),
    ...identified('pg_ts_dict', [
        'o.dictowner::regrole',
        identityOf('pg_ts_template', 'o.dicttemplate'),
        'o.dictinitoption',
    ]),
    ...identified('pg_ts_config', [
        'o.cfgowner::regrole',
        identityOf('pg_ts_parser', 'o.cfgparser'),
        "(SELECT string_agg(concat_ws(' ', m.maptokentype, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = o.oid)",
    ]),
    ...identified('pg_cast', ['nullif(o.castfunc, 0)::regprocedure', 'o.castcontext', 'o.castmethod']),
    ...identified('pg_transform', ['o.trffromsql', 'o.trftosql']),
    ...identified('pg_am', ['o.amhandler', 'o.amtype']),
    ...identified('pg_language', [
        ...['o.lanowner::regrole', 'o.lanpltrusted', 'nullif(o.lanplcallfoid, 0)::regprocedure'],
        ...['nullif(o.laninline, 0)::regprocedure', 'nullif(o.lanvalidator, 0)::regprocedure'],
        privilegesOf('o.lanacl', 'l', 'o.lanowner'),
    ]),
    ...identified('pg_event_trigger', [
        ...['o.evtowner::regrole', 'o.evtevent', 'o.evtfoid::regprocedure', 'o.evtenabled', 'o.evttags'],
    ]),
    ...identified('pg_foreign_data_wrapper', [
        ...['o.fdwowner::regrole', 'nullif(o.fdwhandler, 0)::regproc', 'nullif(o.fdwvalidator, 0)::regproc'],
        ...[optionsOf('o.fdwoptions'), privilegesOf('o.fdwacl', 'F', 'o.fdwowner')],
    ]),
    ...identified('pg_foreign_server', [
        // a dump leaves out what is empty
        ...['o.srvowner::regrole', optionsOf('o.srvoptions')],
        ...["nullif(o.srvtype, '')", "nullif(o.srvversion, '')"],
        privilegesOf('o.srvacl', 'S', 'o.srvowner'),
    ]),
    // they hold passwords, and a definition that differs is printed
    `SELECT 'user mapping', '', usename, concat_ws(' ', srvname, md5(${optionsOf('umoptions')}::text)) FROM pg_user_mappings`,
    ...identified('pg_publication', [
        'o.pubowner::regrole',
        "to_jsonb(o) - '{oid,pubname,pubowner}'::text[]",
        // its tables and its schemas
        "(SELECT string_agg(i.identity, ', ' ORDER BY i.identity COLLATE \"C\") FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) i WHERE d.refclassid = 'pg_publication'::regclass AND d.refobjid = o.oid)",
    ]),
    `SELECT 'published', p.pubname, t.schemaname, concat_ws(' ', t.tablename, to_jsonb(t) ->> 'attnames', to_jsonb(t) ->> 'rowfilter')
   FROM pg_publication p, pg_publication_tables t WHERE t.pubname = p.pubname AND NOT p.puballtables AND ${isLiveSchema('t.schemaname')}`,
    `SELECT 'extension', extnamespace::regnamespace::text, extname, extversion FROM pg_extension`,
];
/** A query for what has no definition as a text: its identity, and the columns that a dump brings back. */
function identified(catalog, columns) {
    return [
        `SELECT '${catalog}', '', i.identity, concat_ws(' ', ${columns.join(', ')}) FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i
     WHERE ${ofUser(catalog, 'o.oid')} AND ${isNotBeside('i.identity')}`,
    ];
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/definitions/privileges.js

/** What a new database has for the comment of `public`; a dump writes another one down. */
const standardComment = 'standard public schema';
/** A new database has `public` with privileges that a dump does not write down: until version 14 everyone may create in it. */
const isAsNew = `n.nspname = 'public' AND n.nspowner < 16384 AND ${privilegesOf('n.nspacl', 'n', 'n.nspowner')} =
  concat(CASE WHEN current_setting('server_version_num')::int < 150000 THEN '- CREATE f, ' END, '- USAGE f, ', n.nspowner::regrole, ' CREATE f, ', n.nspowner::regrole, ' USAGE f')`;
/** Privileges that others were given on what an extension brought: its owner is whoever restores it. */
const ofMember = (catalog, list, owner) => `SELECT 'member', '', i.identity, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(o.${list}) WHERE grantee <> o.${owner})
   FROM ${catalog} o, pg_identify_object('${catalog}'::regclass, o.oid, 0) i WHERE o.${list} IS NOT NULL AND NOT ${notOfExtension(catalog, 'o.oid')}`;
/** Queries for schemas, privileges and comments, four columns each: kind, schema, name, definition. */
const privileges = [
    `SELECT 'schema', n.nspname, '', concat_ws(' ', n.nspowner::regrole, ${privilegesOf('n.nspacl', 'n', 'n.nspowner')})
   FROM pg_namespace n WHERE ${live} AND NOT coalesce(${isAsNew}, false) AND ${notOfExtension('pg_namespace', 'n.oid')}`,
    `SELECT 'default privileges', coalesce(nspname, ''), defaclobjtype::text, concat_ws(' ', defaclrole::regrole, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type, is_grantable), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(defaclacl)))
   FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace WHERE defaclnamespace = 0 OR ${live}`,
    ofMember('pg_proc', 'proacl', 'proowner'),
    ofMember('pg_class', 'relacl', 'relowner'),
    ofMember('pg_type', 'typacl', 'typowner'),
    // comments on large objects belong to their contents
    `SELECT 'comment', i.type, i.identity, d.description FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   WHERE d.objoid >= 16384 AND i.identity <> 'public' AND ${isNotBeside('i.identity')}
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e') AND d.classoid <> 'pg_largeobject'::regclass`,
    `SELECT 'comment', 'schema', 'public', coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace
   WHERE nspname = 'public' AND obj_description(oid, 'pg_namespace') IS DISTINCT FROM '${standardComment}'`,
    `SELECT 'security label', objtype, objname, concat_ws(' ', provider, label) FROM pg_seclabels WHERE objtype NOT IN ('role', 'database', 'tablespace', 'subscription', 'large object') AND ${isNotBeside('objname')}`,
];

;// CONCATENATED MODULE: ./lib/layers/database/postgres/definitions/relations.js


/** Queries for relations and what hangs on them, four columns each: kind, schema, name, definition. */
const relations = [
    // the number of a column counts those that were dropped before it
    `SELECT 'column', n.nspname, c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod),
     concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), c.relkind,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END, a.attstorage, to_jsonb(a) ->> 'attcompression', nullif(a.attstattarget, -1),
       a.attoptions, ${optionsOf('a.attfdwoptions')}, a.attislocal, (SELECT string_agg(concat_ws(' ', grantee::regrole, privilege_type), ', ' ORDER BY grantee::regrole::text COLLATE "C", privilege_type) FROM aclexplode(a.attacl)))
   FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid ${namespaceOf('c', 'relnamespace')} JOIN pg_type t ON t.oid = a.atttypid
   LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
    `SELECT 'relation', n.nspname, c.relname, concat_ws(' ', c.relkind, c.relpersistence, c.relowner::regrole, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident,
     (SELECT 'toast ' || t.reloptions::text FROM pg_class t WHERE t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL),
     (SELECT concat_ws(' ', 'of', srvname, ${optionsOf('ftoptions')}) FROM pg_foreign_table JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = c.oid),
     (SELECT amname FROM pg_am WHERE pg_am.oid = c.relam), nullif(c.reloftype, 0)::regtype, ${privilegesOf('c.relacl', 'r', 'c.relowner')},
     (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid))
   FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
    `SELECT 'constraint', n.nspname, r.conname, concat_ws(' ', r.conrelid::regclass, nullif(r.contypid, 0)::regtype, pg_get_constraintdef(r.oid), r.convalidated)
   FROM pg_constraint r ${namespaceOf('r', 'connamespace')} WHERE ${live} AND ${notOfExtension('pg_constraint', 'r.oid')} AND r.contype <> 't'`,
    // one that a failed CREATE INDEX CONCURRENTLY left is in no dump
    `SELECT 'index', n.nspname, c.relname, concat_ws(' ', pg_get_indexdef(c.oid), c.reloptions, i.indisclustered, i.indisreplident, (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = c.oid),
     (SELECT string_agg(attnum || ' ' || attstattarget, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0))
   FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid ${namespaceOf('c', 'relnamespace')}
   WHERE (i.indisvalid OR c.relkind = 'I') AND c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'i.indrelid')}`,
    `SELECT 'view', n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class c ${namespaceOf('c', 'relnamespace')}
   WHERE c.relkind IN ('v', 'm') AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
    `SELECT 'rule', n.nspname, c.relname, concat_ws(' ', pg_get_ruledef(r.oid), r.ev_enabled) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class ${namespaceOf('c', 'relnamespace')}
   WHERE r.rulename <> '_RETURN' AND ${live} AND ${notOfExtension('pg_rewrite', 'r.oid')}`,
    `SELECT 'trigger', n.nspname, c.relname, concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid ${namespaceOf('c', 'relnamespace')}
   WHERE NOT t.tgisinternal AND ${live}`,
    `SELECT 'sequence', n.nspname, c.relname, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqmin, s.seqmax, s.seqincrement, s.seqcycle, s.seqcache, c.relpersistence, c.relowner::regrole, ${privilegesOf('c.relacl', 's', 'c.relowner')},
     (SELECT d.refobjid::regclass || '.' || a.attname || ' ' || d.deptype::text FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') LIMIT 1))
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid ${namespaceOf('c', 'relnamespace')} WHERE c.relpersistence <> 't' AND ${live} AND ${notOfExtension('pg_class', 'c.oid')}`,
    `SELECT 'policy', schemaname, tablename, concat_ws(' ', policyname, permissive, array_to_string(roles, ','), cmd, qual, with_check) FROM pg_policies WHERE ${isLiveSchema('schemaname')}`,
    `SELECT 'partition', n.nspname, c.relname, concat_ws(' ', pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)) FROM pg_class c ${namespaceOf('c', 'relnamespace')} WHERE c.relkind IN ('r', 'p', 'f') AND (c.relispartition OR c.relkind = 'p') AND ${live}`,
    `SELECT 'statistics', n.nspname, s.stxname, concat_ws(' ', pg_get_statisticsobjdef(s.oid), s.stxowner::regrole, nullif(to_jsonb(s) ->> 'stxstattarget', '-1')) FROM pg_statistic_ext s ${namespaceOf('s', 'stxnamespace')} WHERE ${live}`,
];

;// CONCATENATED MODULE: ./lib/layers/database/postgres/definitions/definitions.js





/** SHA-256 of all that is not rows, see `readDefinitions`. */
async function readSchema(session) {
    return (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify(await readDefinitions(session)))
        .digest('hex');
}
/**
 * Every definition of the schema that a dump brings back, a line each. Values of sequences are not in it: they move outside of
 * any transaction, so no dump is of one moment with them. Nor are numbers that a restore gives anew, as those of columns.
 */
async function readDefinitions(session) {
    await setWriting(session);
    const all = [...relations, ...objects, ...privileges].join(' UNION ALL ');
    const rows = await session.query(`SELECT concat_ws(' | ', a, b, c, d) COLLATE "C" AS line FROM (${all}) AS all_of_it (a, b, c, d) ORDER BY 1`);
    return rows.map(({ line }) => line ?? '');
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/contents.js






const { escapeIdentifier: contents_escapeIdentifier } = esm/* default */.Ay;
/** Of one column, in a collation in which only the same bytes are the same. */
function digestOf(column) {
    return `pg_catalog.hashtextextended(${column} COLLATE "C", 0)`;
}
/** What belongs to an extension is the extension's, and comes back with it. */
const ownTables = `
  SELECT n.nspname AS schema, c.relname AS name, (
      SELECT pg_catalog.string_agg(pg_catalog.format(CASE WHEN a.atttypid IN ('text'::pg_catalog.regtype, 'varchar'::pg_catalog.regtype) THEN $$${digestOf('%1$I')}$$ ELSE $$${digestOf('CASE WHEN %1$I IS NOT NULL THEN pg_catalog.concat(%1$I) END')}$$ END, a.attname), ', ' ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS digests
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND ${isLiveSchema('n.nspname')}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY 1, 2`;
/** Name of the one entry that stands for all large objects. */
const largeObjects = 'large objects';
async function listTables(session) {
    const rows = await session.query(ownTables);
    return rows.map(({ schema, name, digests }) => ({
        schema: schema ?? '',
        name: name ?? '',
        digests: digests ?? '',
    }));
}
function quoteTable({ schema, name }) {
    return `${contents_escapeIdentifier(schema)}.${contents_escapeIdentifier(name)}`;
}
/** Reads what is in the database of a session, as its transaction sees it. */
async function readContents(session, digests) {
    await setWriting(session);
    const tables = [];
    for (const table of await listTables(session))
        tables.push(await readTable(session, table, digests));
    const objects = await readLargeObjects(session, digests);
    return {
        tables: objects.rows > 0 ? [...tables, objects] : tables,
        schema: await readSchema(session),
        ...(digests && { sequences: await readSequences(session) }),
    };
}
/**
 * How many rows a table has, and the sum of their digests, which is the same in any order. The digest of a row is of those of its
 * columns as the server writes them: to write a row as one text takes four times as long.
 */
async function readTable(session, table, digests) {
    const digest = digests
        ? `, coalesce(sum(pg_catalog.hash_array_extended(ARRAY[${table.digests}]::bigint[], 0)), 0) AS digest`
        : '';
    const [row] = await session.query(`SELECT count(*) AS rows${digest} FROM ONLY ${quoteTable(table)}`);
    return {
        name: `${table.schema}.${table.name}`,
        rows: Number(row?.['rows'] ?? 0),
        ...(digests && { digest: row?.['digest'] ?? '' }),
    };
}
/** SHA-256 of where every sequence stands. */
async function readSequences(session) {
    const sequences = await session.query(`SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND ${isLiveSchema('n.nspname')} ORDER BY 1, 2`);
    const each = sequences.map(({ schema, name }) => `SELECT last_value, is_called FROM ${quoteTable({ schema: schema ?? '', name: name ?? '' })}`);
    const values = each.length === 0 ? [] : await session.query(each.join(' UNION ALL '));
    return (0,external_node_crypto_.createHash)('sha256')
        .update(JSON.stringify([sequences, values]))
        .digest('hex');
}
async function readLargeObjects(session, digests) {
    const chunk = 1 << 20;
    const sumOf = (text) => `coalesce(sum(hashtextextended(${text}, 0)::numeric), 0)`;
    const digest = digests
        ? `, (SELECT ${sumOf(`m.oid || ':' || at || ':' || encode(lo_get(m.oid, at, ${chunk}), 'hex')`)}
        FROM pg_catalog.pg_largeobject_metadata m,
          LATERAL (SELECT lo_lseek64(lo_open(m.oid, 262144), 0, 2) AS size) s,
          LATERAL generate_series(0, greatest(size - 1, 0), ${chunk}) at)
      + ${sumOf(`concat_ws(' ', o.oid, o.lomowner::regrole, ${privilegesOf('o.lomacl', 'L', 'o.lomowner')}, pg_catalog.obj_description(o.oid, 'pg_largeobject'))`)} AS digest`
        : '';
    const [row] = await session.query(`SELECT count(*) AS rows${digest} FROM pg_catalog.pg_largeobject_metadata o`);
    return {
        name: largeObjects,
        rows: Number(row?.['rows'] ?? 0),
        ...(digests && { digest: row?.['digest'] ?? '' }),
    };
}

// EXTERNAL MODULE: ./lib/layers/database/all-ended.js
var all_ended = __webpack_require__(3392);
// EXTERNAL MODULE: ./lib/layers/database/read-file.js
var read_file = __webpack_require__(9683);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/tools.js



/** How many tables are dumped or loaded side by side. */
const jobs = 2;
/** The tool of the server's own major version where the machine has it; a newer one writes what the server may not read. */
async function findTool(name, server, env) {
    const major = Number.parseInt(server, 10);
    const seen = [];
    for (const command of [`/usr/lib/postgresql/${major}/bin/${name}`, name]) {
        const version = await (0,database_tool/* readToolVersion */.PR)(command, env, /\(PostgreSQL\) (\d+(?:\.\d+)?)/);
        if (version === undefined)
            continue;
        if (Number.parseInt(version, 10) >= major)
            return { command, version };
        seen.push(version);
    }
    const found = seen.length === 0 ? 'is not on this machine' : `is of version ${seen.join(', ')}`;
    throw new errors/* RefusedError */.fk(`the server is PostgreSQL ${server}, and ${name} ${found}: install postgresql-client-${major}`);
}
/** A connection string and not a name: a name with `=` in it would be taken for one. */
function connectionString(database) {
    return `dbname='${database.replace(/[\\']/g, '\\$&')}'`;
}
/** Works on items, so many at once. After a failure nothing new is begun, and what was begun has ended when it is thrown. */
async function eachOf(items, width, work) {
    const waiting = [...items];
    const worker = async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
            await work(next);
    };
    const workers = Array.from({ length: width }, () => worker().catch((error) => {
        waiting.length = 0;
        throw error;
    }));
    await (0,all_ended/* allEnded */.C)(workers);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/dump.js










const { escapeIdentifier: dump_escapeIdentifier } = esm/* default */.Ay;
/** Dumps the database by `pg_dump`, and reads what is in it by the same snapshot. */
async function dumpDatabase(server, { scratch, add, signal }) {
    const { command, debianPackage, env } = await server.prepareTool('pg_dump');
    return server.withLive(async (session) => {
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const snapshot = (await session.query('SELECT pg_export_snapshot() AS id'))[0]?.['id'] ?? '';
        const dump = (0,external_node_path_.join)(scratch, 'dump');
        const beside = (await listBeside(session)).map((name) => `--exclude-schema=${dump_escapeIdentifier(name)}`);
        const args = [
            ...['--format=directory', '--compress=0', `--jobs=${jobs}`, `--snapshot=${snapshot}`, ...beside],
            ...['--no-password', `--file=${dump}`, `--dbname=${connectionString(server.database)}`],
        ];
        // neither goes on without the other: the folder is removed after a failure. The reading is first, as its failure ends the
        // snapshot, of which the tool then complains
        const [contents] = await (0,all_ended/* allEnded */.C)([
            readContents(session, true),
            (0,database_tool/* runTool */.qI)({ command, debianPackage, args, env, signal }).catch((error) => {
                throw explainDump(error, dump);
            }),
        ]);
        await session.query('COMMIT');
        await eachOf(await (0,promises_.readdir)(dump), jobs, async (file) => {
            await add(file, (0,read_file/* readChunks */.z)((0,external_node_path_.join)(dump, file)));
            await (0,promises_.rm)((0,external_node_path_.join)(dump, file));
        });
        return contents;
    });
}
/** The tool says that it cannot write, and not where to. */
function explainDump(error, folder) {
    return error instanceof errors/* RefusedError */.fk ? new errors/* RefusedError */.fk(`${error.message}; it wrote to ${folder}`) : error;
}

// EXTERNAL MODULE: ./lib/layers/database/local-server.js
var local_server = __webpack_require__(7353);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/local-server.js



/** What it writes has to live no longer than it. */
const fast = [
    'fsync=off',
    'full_page_writes=off',
    'synchronous_commit=off',
    'max_wal_size=4GB',
    'wal_level=minimal',
    'max_wal_senders=0',
];
/**
 * Starts an empty server of PostgreSQL on this machine, by the programs of Debian's package `postgresql-<version>`. It listens
 * on a socket in a folder of its own, which only its user can enter.
 * @param superuser name of its superuser
 * @throws RefusedError when the programs are not there or it does not start
 */
async function startLocalServer({ version, superuser }, { env }) {
    const major = Number.parseInt(version, 10);
    const bin = `/usr/lib/postgresql/${major}/bin`;
    const dataIn = (folder) => (0,external_node_path_.join)(folder, 'data');
    const recipe = {
        name: `PostgreSQL ${version}`,
        debianPackage: `postgresql-${major}`,
        user: 'postgres',
        signal: 'QUIT',
        init: (folder) => [
            ...[`${bin}/initdb`, '-D', dataIn(folder), '-U', superuser, '-A', 'trust', '-E', 'UTF8'],
            ...['--locale=C.UTF-8', '--no-sync'],
        ],
        serve: (folder) => [
            ...[`${bin}/postgres`, '-D', dataIn(folder), '-k', folder],
            ...['listen_addresses=', 'unix_socket_permissions=0700', ...fast].flatMap((each) => ['-c', each]),
        ],
        connect: (folder) => ({
            engine: 'postgres',
            host: folder,
            port: 5432,
            user: superuser,
            password: '',
            database: 'postgres',
            tls: 'off',
            ca: undefined,
        }),
        ask: (connection) => withSession(connection, 'postgres', (session) => session.query('SELECT 1')),
    };
    return (0,local_server/* startServer */.U)(recipe, env);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/pooler.js


/** How often it is looked whether two sessions share one: other clients may take it between. */
const rounds = 5;
/**
 * Refuses a pooler that gives a session of the server to a client for no longer than a transaction, as PgBouncer does in its modes
 * `transaction` and `statement`: a lock would be another client's, and `pg_dump` needs settings that stay.
 * @param session of the database, outside of a transaction
 * @throws RefusedError that names the way round
 */
async function refusePooler(session, connection) {
    // a pooler has keys of its own by which queries are cancelled
    if (session.key === (await session.pid()))
        return;
    const { database } = connection;
    const isShared = await withOpen(await connect(connection, database), async (other) => {
        for (let round = 0; round < rounds; round += 1) {
            const mine = await session.pid();
            // what it gives back is what another client gets next, and one that keeps its session keeps its number
            const [theirs, mineStill] = await Promise.all([other.pid(), session.pid()]);
            if (mine === theirs || mine !== mineStill || mineStill === theirs)
                return true;
        }
        return false;
    });
    if (isShared)
        throw new errors/* RefusedError */.fk(`${database} is behind a pooler that shares sessions between clients, such as PgBouncer with pool_mode transaction: backups, restores and migrations need sessions of their own; write the address of the server itself, or of a pool with pool_mode session`);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/lock.js



const key = `hashtextextended('rollback-suite ' || $1, 0)`;
/** Takes the lock of a database, on a session of its own: it ends with this process. @throws ConflictError that names its holder */
async function lockDatabase({ connection, database, connectControl, withLive, }) {
    await withLive((session) => refusePooler(session, connection)).catch(exceptMissing);
    const session = await connectControl();
    const [row] = await session.query(`SELECT pg_try_advisory_lock(${key}) AS taken`, [database]);
    if (row?.['taken'] === 't')
        return {
            // a session that is closed gives its locks back only once the server has seen that
            release: async () => {
                await session.query('SELECT pg_advisory_unlock_all()').finally(() => session.end());
            },
        };
    const [holder] = await session.query(`SELECT concat_ws(' ', 'pid', a.pid, usename, client_addr, 'since', backend_start) AS who
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = ${key}`, [database]);
    await session.end();
    throw new errors/* ConflictError */.fK(`another process is restoring ${database} or verifying a backup of it, or undoing its migrations (${holder?.['who'] ?? 'it is gone by now'}): try again when it is done`);
}
/** A database that is not there yet is restored too. */
function exceptMissing(error) {
    if (!isMissingDatabase(error))
        throw error;
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/properties.js

const { escapeIdentifier: properties_escapeIdentifier, escapeLiteral: properties_escapeLiteral } = esm/* default */.Ay;
/** Settings that hold a list of names are stored quoted already: https://www.postgresql.org/docs/15/config-setting.html */
const lists = new Set([
    'local_preload_libraries',
    'search_path',
    'session_preload_libraries',
    'shared_preload_libraries',
    'temp_tablespaces',
]);
/** Reads the owner, the encoding and the collation of a database; none of one that is not there. */
async function readProperties(session, like) {
    const [row] = await session.query(`SELECT pg_get_userbyid(datdba) AS owner, pg_encoding_to_char(encoding) AS encoding, datcollate, datctype,
       to_jsonb(d) ->> 'datlocprovider' AS provider, coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale') AS locale, to_jsonb(d) ->> 'daticurules' AS rules, t.spcname
     FROM pg_database d JOIN pg_tablespace t ON t.oid = dattablespace WHERE datname = $1`, [like]);
    if (row === undefined)
        return { text: '', place: '' };
    return {
        text: [
            `ENCODING ${properties_escapeLiteral(row['encoding'] ?? '')}`,
            `LC_COLLATE ${properties_escapeLiteral(row['datcollate'] ?? '')}`,
            `LC_CTYPE ${properties_escapeLiteral(row['datctype'] ?? '')}`,
            ...providerOf(row),
        ].join(' '),
        place: [
            `OWNER ${properties_escapeIdentifier(row['owner'] ?? '')}`,
            // naming even the default one needs a right that its users do not have
            ...(row['spcname'] === 'pg_default' ? [] : [`TABLESPACE ${properties_escapeIdentifier(row['spcname'] ?? '')}`]),
        ].join(' '),
    };
}
/** ICU since 15, the server's own since 17. */
function providerOf({ provider, locale, rules }) {
    const named = properties_escapeLiteral(locale ?? '');
    switch (provider) {
        case 'i':
            return [
                `LOCALE_PROVIDER icu ICU_LOCALE ${named}`,
                ...(rules == null ? [] : [`ICU_RULES ${properties_escapeLiteral(rules)}`]),
            ];
        case 'b':
            return [`LOCALE_PROVIDER builtin BUILTIN_LOCALE ${named}`];
        default:
            // said, as the template may have another one
            return provider == null ? [] : ['LOCALE_PROVIDER libc'];
    }
}
/** Creates an empty database. */
async function createDatabase(session, name, { text, place }) {
    await session.query(`CREATE DATABASE ${properties_escapeIdentifier(name)} TEMPLATE template0 ${place} ${text}`);
}
/** Gives a database what is set on another one and in no dump of it: grants, connection limit, settings, comment. */
async function copyProperties(session, from, to) {
    const target = properties_escapeIdentifier(to);
    const [row] = await session.query(`SELECT oid, datconnlimit, datistemplate, datacl IS NULL AS plain, pg_get_userbyid(datdba) AS owner, shobj_description(oid, 'pg_database') AS comment
     FROM pg_database WHERE datname = $1`, [from]);
    if (row === undefined)
        return;
    await session.query(`ALTER DATABASE ${target} CONNECTION LIMIT ${Number(row['datconnlimit'])}`);
    if (row['datistemplate'] === 't')
        await session.query(`ALTER DATABASE ${target} IS_TEMPLATE true`);
    if (row['comment'] !== null)
        await session.query(`COMMENT ON DATABASE ${target} IS ${properties_escapeLiteral(row['comment'] ?? '')}`);
    await copySettings(session, row['oid'] ?? '', target);
    // booleans come as texts too
    if (row['plain'] === 't')
        return;
    await session.query(`REVOKE ALL ON DATABASE ${target} FROM PUBLIC, ${properties_escapeIdentifier(row['owner'] ?? '')}`);
    const grants = await session.query(`SELECT privilege_type, is_grantable, CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS grantee
     FROM pg_database, aclexplode(datacl) WHERE datname = $1`, [from]);
    for (const { privilege_type, is_grantable, grantee } of grants) {
        const who = grantee === null || grantee === undefined ? 'PUBLIC' : properties_escapeIdentifier(grantee);
        const option = is_grantable === 't' ? ' WITH GRANT OPTION' : '';
        await session.query(`GRANT ${privilege_type} ON DATABASE ${target} TO ${who}${option}`);
    }
}
async function copySettings(session, oid, target) {
    const settings = await session.query(`SELECT CASE setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(setrole) END AS role, split_part(each, '=', 1) AS name, substr(each, strpos(each, '=') + 1) AS value
     FROM pg_db_role_setting, unnest(setconfig) each WHERE setdatabase = $1`, [oid]);
    for (const { role, name, value } of settings) {
        const who = role === null || role === undefined
            ? `DATABASE ${target}`
            : `ROLE ${properties_escapeIdentifier(role)} IN DATABASE ${target}`;
        const text = lists.has(name ?? '') ? value : properties_escapeLiteral(value ?? '');
        // a name may have a dot, for the setting of an extension
        const setting = (name ?? '').split('.').map(properties_escapeIdentifier).join('.');
        await session.query(`ALTER ${who} SET ${setting} TO ${text}`);
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/server.js





const { escapeIdentifier: server_escapeIdentifier } = esm/* default */.Ay;
/** Connects to nothing yet. */
function openServer(connection, surroundings) {
    const { database } = connection;
    const control = database === 'postgres' ? 'template1' : 'postgres';
    const connectControl = () => connectBeside(connection, control);
    const withControl = async (use) => withOpen(await connectControl(), use);
    return {
        connection,
        database,
        surroundings,
        connectControl,
        withControl,
        withLive: (use) => withSession(connection, database, use),
        prepareTool: async (name) => {
            const { command } = await findTool(name, await withControl(readVersion), surroundings.env);
            return {
                command,
                debianPackage: 'postgresql-client',
                env: await toolEnvironment(connection, surroundings.env, surroundings.scratch),
            };
        },
    };
}
/** E.g. `15.18`. */
async function readVersion(session) {
    return (await session.query('SHOW server_version'))[0]?.['server_version'] ?? '';
}
/** Databases that restores replaced and kept. */
async function listKeptDatabases(session, database) {
    const rows = await session.query('SELECT datname FROM pg_database');
    return rows.flatMap(({ datname }) => {
        const at = (0,engine/* keptAt */.yo)(database, datname ?? '');
        return at === undefined ? [] : [{ name: datname ?? '', at }];
    });
}
/** @throws RefusedError when a logical replication slot would go with it */
async function dropDatabase(session, name) {
    const slots = await listSlots(session, name);
    if (slots.length > 0)
        throw new errors/* RefusedError */.fk(`${slots.join(', ')} would go with ${name}: move its consumers, then SELECT pg_drop_replication_slot(…)`);
    const [found] = await session.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [name]);
    // the server drops no template
    if (found?.['datistemplate'] === 't')
        await session.query(`ALTER DATABASE ${server_escapeIdentifier(name)} IS_TEMPLATE false`);
    await session.query(`DROP DATABASE IF EXISTS ${server_escapeIdentifier(name)} WITH (FORCE)`);
}
/** Logical replication slots of a database: they stay with it when it gets another name. */
async function listSlots(session, database) {
    const rows = await session.query('SELECT slot_name FROM pg_replication_slots WHERE database = $1 ORDER BY 1', [database]);
    return rows.map(({ slot_name }) => `logical replication slot ${slot_name}`);
}

// EXTERNAL MODULE: ./lib/layers/database/write-file.js
var write_file = __webpack_require__(6368);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/unpack.js




/** Puts parts of a backup, each of which is a file of the dump, where `pg_restore` finds them. @param parts those that are needed, by default all */
async function unpackDump(source, parts = source.parts) {
    const folder = (0,external_node_path_.join)(source.scratch, 'dump');
    await (0,promises_.mkdir)(folder, { recursive: true });
    await eachOf(parts, 2, async (part) => (0,write_file/* writeFileFrom */.G)(await source.open(part), (0,external_node_path_.join)(folder, part)));
    return { folder };
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/stage.js



/** Loads a backup: whole, or of one that is larger than the limit the whole schema and the rows of some tables. */
async function stageBackup(server, source, { limit, load }) {
    const total = source.parts.reduce((sum, part) => sum + source.sizeOf(part), 0);
    if (limit !== undefined && total > limit)
        return stageSample(server, source, { limit, load });
    const dump = await unpackDump(source);
    try {
        return await load(dump);
    }
    finally {
        await (0,promises_.rm)(dump.folder, { recursive: true, force: true });
    }
}
const rows = /^(\d+); \d+ \d+ TABLE DATA (.*)$/;
/** What needs rows that are not there, and comments on it. */
const ofRows = /^\d+; \d+ \d+ (?:FK CONSTRAINT|MATERIALIZED VIEW DATA|BLOBS|COMMENT) /;
/** Loads twice: the schema alone, whose digest it keeps, and then the rows of tables chosen at random, without foreign keys. */
async function stageSample(server, source, { limit, load }) {
    const isRows = (part) => /^\d+\.dat/.test(part);
    const dump = await unpackDump(source, source.parts.filter((part) => !isRows(part)));
    try {
        const bare = await load({ ...dump, schemaOnly: true });
        const { schema, tables } = await bare.contents().finally(() => bare.discard());
        const list = await listEntries(server, dump);
        const chosen = choose(list, { limit, sizeOf: source.sizeOf, names: tables.map(({ name }) => name) });
        await unpackDump(source, source.parts.filter((part) => chosen.has(part)));
        const staged = await load({
            ...dump,
            keep: (line) => {
                const [, id] = rows.exec(line) ?? [];
                return id === undefined ? !ofRows.test(line) : chosen.has(partOf(id));
            },
        });
        return {
            ...staged,
            contents: async () => ({ ...(await staged.contents()), schema }),
            schema: async () => schema,
            sample: new Set(chosen.values()),
            swap: () => Promise.reject(new TypeError('a sample is not put in the place of a database')),
        };
    }
    finally {
        await (0,promises_.rm)(dump.folder, { recursive: true, force: true });
    }
}
/** The lines of a dump's list: `3345; 0 16389 TABLE DATA public product owner`. */
async function listEntries(server, { folder }) {
    const tool = await server.prepareTool('pg_restore');
    return (await (0,database_tool/* runTool */.qI)({ ...tool, args: ['--list', folder] })).split('\n');
}
/** Tables whose rows are no more than the limit together, by chance. @returns names of tables by the parts that have their rows */
function choose(list, { limit, sizeOf, names, }) {
    // a line has blanks between schema, name and owner, and names may have blanks and dots themselves
    const known = new Map(names.flatMap((name) => [...name.matchAll(/\./g)].map(({ index }) => [
        `${name.slice(0, index)} ${name.slice(index + 1)}`,
        name,
    ])));
    const chosen = new Map();
    let left = limit;
    for (const { id, text } of shuffled(list.flatMap(parseRows))) {
        const name = [...text.matchAll(/ /g)]
            .map(({ index }) => known.get(text.slice(0, index)))
            .find((each) => each !== undefined);
        const size = sizeOf(partOf(id));
        if (name === undefined || size > left)
            continue;
        left -= size;
        chosen.set(partOf(id), name);
    }
    return chosen;
}
function parseRows(line) {
    const [, id, text] = rows.exec(line) ?? [];
    return id === undefined || text === undefined ? [] : [{ id, text }];
}
function partOf(id) {
    return `${id}.dat`;
}
function shuffled(items) {
    return items
        .map((item) => ({ item, at: Math.random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/explain-load.js

/** What a dump is known to be unable to bring back, in the words of `pg_restore`, and what the owner of the database can do about it. */
const ways = [
    {
        // https://www.postgresql.org/docs/current/sql-createfunction.html: a dump is restored with an empty search_path
        words: /does not exist[\s\S]*CONTEXT: +(?:SQL function "([^"]+)"|PL\/pgSQL function ([^\s(]+\([^)]*\))|SQL expression)/,
        way: ([, sql, plpgsql]) => `function ${sql ?? plpgsql ?? ''} uses names without their schema, which a restore cannot find: ALTER FUNCTION … SET search_path = public, or write the schema before each name in it`,
    },
    {
        words: /violates (?:foreign key|check|not-null|exclusion|unique) constraint|could not create unique index|contains values that violate/,
        way: () => 'rows of the live database break a constraint, as rows can that were written while it was switched off: correct them, or make it NOT VALID',
    },
    {
        words: /(?:must be (?:a )?member of role|must be able to SET ROLE) "([^"]*)"/,
        way: ([, role]) => `some objects belong to role ${role}, of which the user is not a member: GRANT ${role} TO it, or restore as a superuser`,
    },
    {
        words: /permission denied for schema (\S+)[\s\S]*OWNER TO ([^;]+);/,
        way: ([, schema, role]) => `role ${role} may not create in schema ${schema} before its privileges are restored: back up and restore as a superuser, or make ${role} the owner of the schema`,
    },
    {
        words: /role "([^"]*)" does not exist/,
        way: ([, role]) => `the server has no role ${role}: CREATE ROLE it`,
    },
    {
        // pg_dump leaves functions of pg_catalog out, as the handler of such a language
        words: /Command was: CREATE OR REPLACE PROCEDURAL LANGUAGE ("(?:[^"]|"")+"|[^;]+);/,
        way: ([, language]) => `language ${language} uses the handler of another language, which pg_dump leaves out: DROP LANGUAGE it, or create it with a handler of its own`,
    },
    {
        words: /No space left on device/,
        way: () => 'free space on the server, or verify on another one',
    },
];
/** Adds to the words of `pg_restore` what to do; another error as it is. */
function explainLoad(error) {
    if (!(error instanceof errors/* RefusedError */.fk))
        return error;
    for (const { words, way } of ways) {
        const found = words.exec(error.message);
        if (found !== null)
            return new errors/* RefusedError */.fk(`${way(found)} (${error.message})`);
    }
    return error;
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/newer.js




const { escapeIdentifier: newer_escapeIdentifier } = esm/* default */.Ay;
/** digests that are carried over at once */
const batch = 20_000;
/** texts of rows that are in our memory at once, characters */
const atOnce = 400_000;
/** How many rows the live table has that the copy has not, compared by the columns that both have. */
async function countNewerRows(pair) {
    if (pair.table === largeObjects)
        return 0;
    return withSession(pair.connection, pair.live, async (session) => {
        const [row] = await session.query(`SELECT count(*) AS rows FROM ${await differing(session, pair)}`);
        return Number(row?.['rows'] ?? 0);
    });
}
/** Those rows with all the columns they have, as JSON, some at a time. */
async function* newerRows(pair) {
    if (pair.table === largeObjects)
        return;
    const session = await connect(pair.connection, pair.live);
    try {
        const from = await differing(session, pair);
        await session.query('BEGIN READ ONLY');
        await session.query(`DECLARE newer CURSOR FOR SELECT row_to_json("live row") AS line FROM ${from}`);
        // as many rows as those before were small
        for (let count = 1;;) {
            const lines = (await session.query(`FETCH ${count} FROM newer`)).map(({ line }) => line ?? '');
            if (lines.length === 0)
                return;
            yield* lines;
            const size = lines.reduce((sum, line) => sum + line.length, 0) / lines.length;
            count = Math.max(1, Math.min(batch, count * 4, Math.floor(atOnce / size)));
        }
    }
    finally {
        await session.end();
    }
}
/**
 * What follows FROM to read the live rows that the copy has not. Two databases of PostgreSQL cannot be joined: the digests of
 * the copy's rows are brought into a temporary table of the live one, and its rows compared with those.
 */
async function differing(here, { withCopy, table }) {
    return withCopy(async (there) => {
        for (const session of [here, there])
            await setWriting(session);
        const name = await find(here, table);
        const backedUp = await find(there, table);
        if (name === undefined)
            throw new TypeError(`${table} is not there any more`);
        const from = `ONLY ${quoteTable(name)} AS "live row"`;
        if (backedUp === undefined)
            return from;
        const shared = await sharedColumns(here, there, name);
        const digest = `hashtextextended(ROW(${shared.map((each) => `"live row".${each}`).join(', ')})::text, 0)`;
        await here.query('CREATE TEMPORARY TABLE backed_up (digest bigint)');
        await there.query(`DECLARE digests CURSOR FOR SELECT ${digest} AS digest FROM ${from}`);
        for (;;) {
            const rows = await there.query(`FETCH ${batch} FROM digests`);
            if (rows.length === 0)
                break;
            await here.query('INSERT INTO pg_temp.backed_up SELECT unnest($1::bigint[])', [
                `{${rows.map((row) => row['digest']).join(',')}}`,
            ]);
        }
        await here.query('ANALYZE pg_temp.backed_up');
        return `${from} WHERE NOT EXISTS (SELECT FROM pg_temp.backed_up b WHERE b.digest = ${digest})`;
    });
}
async function find(session, table) {
    return (await listTables(session)).find(({ schema, name }) => `${schema}.${name}` === table);
}
async function sharedColumns(here, there, table) {
    const columnsOf = async (session) => (await session.query('SELECT attname AS name FROM pg_catalog.pg_attribute WHERE attrelid = $1::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum', [quoteTable(table)])).map(({ name }) => name ?? '');
    const inCopy = new Set(await columnsOf(there));
    return (await columnsOf(here)).filter((name) => inCopy.has(name)).map(newer_escapeIdentifier);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/read-copy.js



/** What is read of a copy beside the live database, wherever that is. @param withCopy opens a session in which the copy is seen */
function readCopy({ connection, database }, withCopy) {
    const pair = (table) => ({ connection, live: database, withCopy, table });
    return {
        contents: () => withCopy((session) => readContents(session, true)),
        schema: () => withCopy(readSchema),
        definitions: () => withCopy(readDefinitions),
        countNewerRows: (table) => countNewerRows(pair(table)),
        newerRows: (table) => newerRows(pair(table)),
    };
}

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/swap.js




const { escapeIdentifier: swap_escapeIdentifier } = esm/* default */.Ay;
/**
 * A rename looks for other sessions at once, and then every 100 ms for 5 s (CountOtherDBBackends in procarray.c). Clients
 * are cut off just before the second look, so that they are without the database for a fraction of it.
 */
const cutOffAfterMs = 65;
/** How long new sessions of the whole server may be kept waiting for the list of databases, ms. */
const listPatienceMs = 200;
/**
 * Renames `live` to `kept` and `copy` to `live`, in one transaction: a crash at any point changes nothing. A lock comes
 * first and keeps new sessions waiting; then those that there are, are ended. Never by `ALLOW_CONNECTIONS false`, after
 * which a crash leaves everybody locked out.
 * @param control two sessions with another database
 * @throws ConflictError when sessions stay that this user may not end
 */
async function swapDatabases(control, { live, copy, kept }) {
    const [renamer, watcher] = control;
    const rename = (from, to) => renamer.query(`ALTER DATABASE ${swap_escapeIdentifier(from)} RENAME TO ${swap_escapeIdentifier(to)}`);
    if (kept === '') {
        await rename(copy, live);
        return;
    }
    const [row] = await renamer.query('SELECT oid, EXISTS (SELECT FROM pg_prepared_xacts WHERE database = $1) AS prepared FROM pg_database WHERE datname = $1', [live]);
    const pid = await renamer.pid();
    try {
        await renamer.query('BEGIN');
        // a prepared transaction is in no session that could be ended: the server reports it after a wait, which is for this database alone
        if (row?.['prepared'] === 'f' && (await endAllWithListLocked(renamer, row['oid'] ?? ''))) {
            await rename(live, kept);
        }
        else {
            await renamer.query("SET LOCAL lock_timeout = '10s'");
            let done = false;
            const first = rename(live, kept).finally(() => {
                done = true;
            });
            const [, ended] = await Promise.allSettled([
                first.catch(() => { }),
                endSessions(watcher, { database: live, renamer: pid, isDone: () => done }),
            ]);
            await first;
            if (ended.status === 'rejected')
                throw ended.reason;
        }
        await rename(copy, live);
        await renamer.query('COMMIT');
    }
    catch (error) {
        await renamer.query('ROLLBACK');
        if (sqlState(error) !== '55006' && sqlState(error) !== '55P03')
            throw error;
        throw new errors/* ConflictError */.fK(`sessions that may not be ended hold ${live}, so nothing was changed: ${await nameSessions(watcher, live)}; end them, or restore as a superuser`);
    }
}
/**
 * The fast way, for a superuser: a session begins by reading the list of databases, and while that is locked none begins,
 * so that the rename finds nobody at its first look. Those that waited find the new database.
 * @returns false for those who may not lock it, when a long transaction has read it, or a session does not end in time:
 * then nothing is locked any more
 */
async function endAllWithListLocked(session, oid) {
    await session.query('SAVEPOINT before_lock');
    try {
        await session.query(`SET LOCAL lock_timeout = ${listPatienceMs}`);
        await session.query('LOCK TABLE pg_catalog.pg_database IN ACCESS EXCLUSIVE MODE');
        const givesUpAt = performance.now() + listPatienceMs;
        do {
            // within a transaction the server would list the same sessions again
            await session.query('SELECT pg_stat_clear_snapshot()');
            const ended = await session.query(endSessionsOf, [oid]);
            if (ended.length === 0)
                return true;
            await (0,external_node_timers_promises_.setTimeout)(1);
        } while (performance.now() < givesUpAt);
    }
    catch (error) {
        if (sqlState(error) !== '42501' && sqlState(error) !== '55P03')
            throw error;
    }
    await session.query('ROLLBACK TO SAVEPOINT before_lock');
    return false;
}
/**
 * A session that begins has a lock on its database until it is in the list of activity, and waits for the list of databases meanwhile:
 * it is in the way of the rename, which would look again after 100 ms. The view of activity reads the list of databases, the
 * function does not.
 */
const endSessionsOf = `
  SELECT pg_terminate_backend(pid) FROM (
    SELECT pid FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = $1
      AND pid NOT IN (SELECT pid FROM pg_stat_get_activity(NULL) WHERE datid <> $1)
    UNION SELECT pid FROM pg_stat_get_activity(NULL) WHERE datid = $1) AS sessions`;
async function endSessions(watcher, { database, renamer, isDone }) {
    const locked = `SELECT 1 FROM pg_locks WHERE pid = $1 AND granted AND mode = 'AccessExclusiveLock' AND classid = 'pg_database'::regclass`;
    while (!isDone() && (await watcher.query(locked, [renamer])).length === 0)
        await (0,external_node_timers_promises_.setTimeout)(2);
    await (0,external_node_timers_promises_.setTimeout)(cutOffAfterMs);
    while (!isDone()) {
        const sessions = await watcher.query('SELECT pid FROM pg_stat_activity WHERE datname = $1', [database]);
        for (const { pid } of sessions)
            await watcher.query('SELECT pg_terminate_backend($1)', [pid]).catch((error) => {
                // those of a superuser: the rename says so in the end, if they stay
                if (sqlState(error) !== '42501')
                    throw error;
            });
        await (0,external_node_timers_promises_.setTimeout)(4);
    }
}
async function nameSessions(session, database) {
    const rows = await session.query("SELECT concat_ws(' ', 'pid', pid, usename, application_name) AS who FROM pg_stat_activity WHERE datname = $1 UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = $1", [database]);
    return rows.map(({ who }) => who).join(', ') || 'they are gone by now';
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/stage-database.js












/**
 * Loads a dump into a database beside the live one.
 * @param properties of the copy: owner, encoding, collation
 */
async function stageDatabase(server, { scratch, signal }, { dump, properties, isElsewhere = false, }) {
    const { connection, database, withControl, surroundings } = server;
    const copy = newSideName(database);
    await withControl(async (session) => {
        for (const left of await listSide(session, database)) {
            surroundings.log(`${left} was left by a restore that was killed, and is dropped`);
            await dropDatabase(session, left);
        }
        await createDatabase(session, copy, properties);
    });
    const discard = () => withControl((session) => dropDatabase(session, copy));
    try {
        const tool = await server.prepareTool('pg_restore');
        const entries = (0,external_node_path_.join)(scratch, 'entries');
        if (dump.keep !== undefined)
            await (0,promises_.writeFile)(entries, (await listEntries(server, dump)).filter(dump.keep).join('\n'));
        await (0,database_tool/* runTool */.qI)({
            ...tool,
            args: [
                ...['--format=directory', `--jobs=${jobs}`, '--exit-on-error', '--no-password'],
                ...(dump.schemaOnly === true ? ['--schema-only'] : []),
                ...(isElsewhere ? ['--no-tablespaces'] : []),
                ...(dump.keep === undefined ? [] : [`--use-list=${entries}`]),
                `--dbname=${connectionString(copy)}`,
                dump.folder,
            ],
            signal,
        }).catch((error) => {
            throw explainLoad(error);
        });
    }
    catch (error) {
        await discard();
        throw error;
    }
    const withCopy = (use) => withSession(connection, copy, async (session) => {
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        return use(session);
    });
    return {
        ...readCopy(server, withCopy),
        // a restored table has no statistics, and without them the first minutes are slow ones
        prepare: () => withSession(connection, copy, async (session) => void (await session.query('ANALYZE'))),
        swap: (kept) => withControl((renamer) => withControl(async (watcher) => {
            await copyProperties(renamer, database, copy);
            await swapDatabases([renamer, watcher], { live: database, copy, kept });
        })),
        discard,
    };
}
/** A name for a copy of a database, which a later restore takes for a left one. */
function newSideName(database) {
    return `${sidePrefix(database)}${(0,external_node_crypto_.randomBytes)(4).toString('hex')}`;
}
function sidePrefix(database) {
    let base = database;
    while (Buffer.byteLength(base) > 40)
        base = [...base].slice(0, -1).join('');
    return `${base}_restoring_`;
}
async function listSide(session, database) {
    const rows = await session.query('SELECT datname FROM pg_database');
    const prefix = sidePrefix(database);
    return rows
        .map(({ datname }) => datname ?? '')
        .filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)));
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/elsewhere.js







/**
 * Opens another server to load backups of a database on: by its address, or one of the same version that is started on this
 * machine and ends with this process.
 * @throws RefusedError that names what it lacks: a version, a role, an extension, a locale
 */
async function openElsewhere(live, where) {
    const needs = await live.withLive(readNeeds);
    const text = (await live.withControl((session) => readProperties(session, live.database))).text;
    if (where !== 'local' && where.engine !== 'postgres')
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('verify-on')} is of another kind of database than ${live.database}`);
    const local = where === 'local' ? await startLocalServer(needs, live.surroundings) : undefined;
    const connection = where === 'local' ? local?.connection : where;
    if (connection === undefined)
        throw new TypeError('there is no server');
    const { database } = live;
    // the name of the live database: only the copy beside it is made
    const server = openServer({ ...connection, database }, live.surroundings);
    const close = async () => local?.stop();
    try {
        await server.withControl(async (session) => {
            if (local !== undefined)
                await createRoles(session, needs.roles);
            await refuseLacks(session, needs);
            // a locale that the server does not have is found now, and not taken for a fault of the backup
            const probe = newSideName(database);
            await createDatabase(session, probe, { text, place: '' });
            await dropDatabase(session, probe);
        });
    }
    catch (error) {
        await close();
        if (!(error instanceof errors/* RefusedError */.fk))
            throw error;
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('verify-on')}: ${error}`);
    }
    return {
        name: local === undefined
            ? `${connection.host}:${connection.port}`
            : 'a server that is started on this machine',
        lock: () => lockDatabase(server),
        stage: (source, { limit } = {}) => stageBackup(server, source, {
            limit,
            load: (dump) => stageDatabase(server, source, { dump, properties: { text, place: '' }, isElsewhere: true }),
        }),
        close,
    };
}
async function readNeeds(session) {
    const names = async (sql) => (await session.query(sql)).map(({ name }) => name ?? '');
    const [superuser = ''] = await names('SELECT rolname AS name FROM pg_roles WHERE oid = 10');
    return {
        version: await readVersion(session),
        superuser,
        roles: await names(
        // no dependency is recorded on the first superuser
        `SELECT DISTINCT rolname AS name FROM pg_roles r WHERE rolname !~ '^pg_' AND (r.oid = 10 OR EXISTS (
         SELECT FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
         WHERE datname = current_database() AND refclassid = 'pg_authid'::regclass AND refobjid = r.oid))`),
        extensions: await names('SELECT extname AS name FROM pg_extension'),
    };
}
async function createRoles(session, roles) {
    await session.query(`DO $create$ DECLARE role text; BEGIN
       FOR role IN SELECT unnest(${arrayOf(roles)}) EXCEPT SELECT rolname FROM pg_roles LOOP EXECUTE format('CREATE ROLE %I', role); END LOOP;
     END $create$`);
}
async function refuseLacks(session, { version, roles, extensions }) {
    const server = await readVersion(session);
    if (Number.parseInt(server, 10) !== Number.parseInt(version, 10))
        throw new errors/* RefusedError */.fk(`the server is PostgreSQL ${server}, and the database is of ${version}: a schema is compared on the same major version only`);
    const lacks = await session.query(`SELECT format('role %s: CREATE ROLE %I', each, each) AS what FROM unnest($1::text[]) each WHERE each NOT IN (SELECT rolname FROM pg_roles)
     UNION ALL SELECT format('extension %s: install its package', each) FROM unnest($2::text[]) each WHERE each NOT IN (SELECT name FROM pg_available_extensions)`, [arrayText(roles), arrayText(extensions)]);
    if (lacks.length > 0)
        throw new errors/* RefusedError */.fk(`the server lacks ${lacks.map(({ what }) => what).join('; ')}`);
}
function arrayOf(texts) {
    return `'${arrayText(texts).replaceAll("'", "''")}'::text[]`;
}
function arrayText(texts) {
    return `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/schema-swap.js






/** How long clients are kept waiting for those that hold a table, ms; then these are ended, for which there is as much again. */
const patienceMs = 200;
/** How long it may take those that are ended to go, ms. */
const endingMs = 2_000;
/** Transactions of this database that are open now: what is committed later may be missing from what they see. */
async function listTransactions(session) {
    const rows = await session.query(`SELECT virtualxid FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'virtualxid' AND datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()`);
    return rows.map(({ virtualxid }) => virtualxid ?? '');
}
/**
 * Puts the schemas with one ending in the place of the live ones, which get the other ending, in one transaction. Every live
 * table is locked first, so that nobody writes to it any more; clients that wait for one find the new one. Sessions stay open.
 * @param older transactions that began before the copy was there, and would see it empty: they are ended
 * @throws ConflictError when sessions stay that this user may not end, RefusedError when there is nothing to put there
 */
async function swapSchemas(connection, { away, into, older }) {
    const { database } = connection;
    await withSession(connection, database, (watcher) => withSession(connection, database, async (renamer) => {
        await endAll(watcher, () => findOlder(watcher, older));
        await renamer.query('BEGIN');
        if (!(await lockTables(renamer, patienceMs)))
            await lockByEnding(renamer, watcher);
        if ((await listEnding(renamer, into)).length === 0)
            throw new errors/* RefusedError */.fk(`${database} has no schemas that end with ${into}, so nothing was changed`);
        await renamer.query(exchange({ away, into }));
        await renamer.query('COMMIT');
    }));
}
/** @returns false when it took longer, and then nothing is locked */
async function lockTables(session, withinMs) {
    const tables = await session.query(`SELECT nspname AS schema, relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN (${swappedSchemas}) s ON s.name = nspname
     WHERE c.relkind IN ('r', 'p') ORDER BY 1, 2`);
    if (tables.length === 0)
        return true;
    const names = tables.map(({ schema, name }) => ({ schema: schema ?? '', name: name ?? '' }));
    await session.query(`SAVEPOINT before_lock; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = ${withinMs}`);
    try {
        await session.query(`LOCK TABLE ${names.map(quoteTable).join(', ')} IN ACCESS EXCLUSIVE MODE`);
        await session.query('SET LOCAL statement_timeout = 0');
        return true;
    }
    catch (error) {
        // a timeout, or a deadlock with a client that has some of the tables and wants others
        if (sqlState(error) !== '57014' && sqlState(error) !== '40P01')
            throw error;
        await session.query('ROLLBACK TO SAVEPOINT before_lock');
        return false;
    }
}
/** Ends those whom the lock waits for, while it does. */
async function lockByEnding(renamer, watcher) {
    const pid = await renamer.pid();
    let isDone = false;
    const locking = lockTables(renamer, endingMs).finally(() => {
        isDone = true;
    });
    const ending = (async () => {
        let blockers = [];
        while (!isDone) {
            const rows = await watcher.query('SELECT unnest(pg_blocking_pids($1)) AS pid', [pid]);
            if (rows.length > 0)
                blockers = rows.map((row) => row['pid'] ?? '');
            for (const blocker of blockers)
                await end(watcher, blocker);
            await (0,external_node_timers_promises_.setTimeout)(5);
        }
        return blockers;
    })();
    const [isLocked, ended] = await (0,all_ended/* allEnded */.C)([locking, ending]);
    if (!isLocked)
        await refuseStaying(watcher, ended);
}
async function findOlder(session, older) {
    const rows = await session.query(`SELECT pid FROM pg_locks WHERE locktype = 'virtualxid' AND virtualxid = ANY ($1) AND pid IS NOT NULL`, [older]);
    return rows.map(({ pid }) => pid ?? '');
}
async function endAll(session, find) {
    const givesUpAt = performance.now() + endingMs;
    for (let pids = await find(); pids.length > 0; pids = await find()) {
        if (performance.now() > givesUpAt)
            await refuseStaying(session, pids);
        for (const pid of pids)
            await end(session, pid);
        await (0,external_node_timers_promises_.setTimeout)(5);
    }
}
async function end(session, pid) {
    await session.query('SELECT pg_terminate_backend($1)', [pid]).catch((error) => {
        // those of others: it is said in the end, if they stay
        if (sqlState(error) !== '42501')
            throw error;
    });
}
/** @throws ConflictError that names the sessions, or the prepared transactions, which are in none */
async function refuseStaying(session, pids) {
    const rows = await session.query(`SELECT concat_ws(' ', 'pid', pid, usename, application_name) AS who FROM pg_stat_activity WHERE pid = ANY ($1)
     UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()`, [pids]);
    throw new errors/* ConflictError */.fK(`sessions that may not be ended hold the tables, so nothing was changed: ${rows.map(({ who }) => who).join(', ') || 'they are gone by now'}; end them, or restore as a superuser`);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/kept.js





/** What restores replaced and kept: databases, or schemas within the live one. */
function openKeptDatabases(server) {
    const { connection, database, withControl, withLive } = server;
    const listDatabases = () => withControl((session) => listKeptDatabases(session, database));
    const isDatabase = async (kept) => (await listDatabases()).some(({ name }) => name === kept);
    return {
        keptName: (at) => (0,engine/* keptName */.QQ)(database, at),
        listKept: async () => [...(await listDatabases()), ...(await listKeptSchemas(connection))].sort((a, b) => a.at.getTime() - b.at.getTime()),
        dropKept: async (name) => {
            if ((0,engine/* keptAt */.yo)(database, name) === undefined)
                throw new TypeError(`${name} is not a kept database`);
            if (await isDatabase(name))
                await withControl((session) => dropDatabase(session, name));
            else
                await withLive((session) => dropEnding(session, keptEnding(name)));
        },
        putBack: async (kept, keepAs) => {
            if (await isDatabase(kept))
                await withControl((renamer) => withControl((watcher) => swapDatabases([renamer, watcher], { live: database, copy: kept, kept: keepAs })));
            else
                await swapSchemas(connection, { away: keptEnding(keepAs), into: keptEnding(kept), older: [] });
        },
    };
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/rights.js



/** @throws RefusedError that names what the user cannot read: `pg_dump` fails on it later, and says less */
async function refuseHidden(session) {
    const named = async (sql) => (await session.query(sql)).map(({ name }) => name).join(', ');
    const ofUsers = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${isLiveSchema('n.nspname')}`;
    const unreadable = await named(`SELECT c.oid::regclass::text AS name ${ofUsers} AND c.relkind IN ('r', 'p', 'S')
       AND NOT (has_schema_privilege(n.oid, 'USAGE') AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)`);
    if (unreadable !== '')
        throw new errors/* RefusedError */.fk(`the user may not read ${unreadable}: grant SELECT on it, or back up as the owner`);
    // forced, it is active for the owner too
    const filtered = await named(`SELECT c.oid::regclass::text AS name ${ofUsers} AND c.relkind IN ('r', 'p') AND row_security_active(c.oid)`);
    if (filtered !== '')
        throw new errors/* RefusedError */.fk(`row level security hides rows of ${filtered} from this user: back up as a user with BYPASSRLS, or ALTER TABLE … NO FORCE ROW LEVEL SECURITY`);
    const objects = await named(`SELECT m.oid::text AS name FROM pg_largeobject_metadata m, pg_roles u
     WHERE u.rolname = current_user AND NOT u.rolsuper AND current_setting('lo_compat_privileges') = 'off'
       AND NOT EXISTS (SELECT FROM aclexplode(coalesce(lomacl, acldefault('L', lomowner))) WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, 'USAGE')))
     LIMIT 5`);
    if (objects !== '')
        throw new errors/* RefusedError */.fk(`the user may not read large objects (${objects}): GRANT SELECT ON LARGE OBJECT … TO it, or back up as their owner`);
}
/** What keeps this user from restoring into a database beside, and renaming both; undefined where nothing does. */
async function whyNotBeside(session, database) {
    const [row] = await session.query(`SELECT rolsuper, rolcreatedb, coalesce(pg_has_role(datdba, 'MEMBER'), true) AS owns, current_user AS who, current_database() = $1 AS within
     FROM pg_roles LEFT JOIN pg_database ON datname = $1 WHERE rolname = current_user`, [database]);
    if (row?.['within'] === 't')
        return `user ${row['who']} may connect to no other database, from which ${database} could be renamed`;
    if (row?.['rolsuper'] === 't')
        return undefined;
    if (row?.['rolcreatedb'] !== 't')
        return `user ${row?.['who']} may not create the database to restore into: ALTER ROLE … CREATEDB`;
    if (row['owns'] !== 't')
        return `user ${row['who']} may not rename ${database}: it has to be its owner`;
    return undefined;
}
/**
 * What keeps this user from restoring into schemas beside those of the session's database, or would be left behind by that.
 * @throws RefusedError that names it: before anything was begun
 */
async function refuseSchemas(session, whyNotDatabase) {
    const rows = await session.query(obstacles);
    if (rows.length > 0)
        throw new errors/* RefusedError */.fk(`${whyNotDatabase}; nor can it be restored into schemas of the same database: ${rows.map(({ what }) => what).join('; ')}`);
}
/** A cast to a multirange comes with its range type. */
const described = (catalog) => `SELECT pg_describe_object('${catalog}'::regclass, o.oid, 0) || ' belongs to no schema' FROM ${catalog} o WHERE ${ofUser(catalog, 'o.oid')}
   AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = '${catalog}'::regclass AND i.objid = o.oid AND i.deptype = 'i')`;
/** Everything that a swap of schemas would leave with the old ones, or cannot do. */
const obstacles = `SELECT what FROM (${[
    `SELECT 'user ' || current_user || ' may not create schemas: GRANT CREATE ON DATABASE …' FROM pg_database WHERE datname = current_database() AND NOT has_database_privilege(oid, 'CREATE')`,
    `SELECT 'user ' || current_user || ' does not own schema ' || nspname || ': ALTER SCHEMA … OWNER TO' FROM pg_namespace JOIN (${swappedSchemas}) s ON s.name = nspname WHERE NOT pg_has_role(nspowner, 'USAGE')`,
    `SELECT 'the name of schema ' || name || ' is longer than ${longestSchemaName} bytes' FROM (${swappedSchemas}) s WHERE octet_length(name) > ${longestSchemaName}`,
    `SELECT 'extension ' || extname || ' is in schema ' || nspname || ', which has other things too: ALTER EXTENSION … SET SCHEMA one of its own'
   FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE ${isLiveSchema('nspname')} AND (
     EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND ${ofUser('pg_class', 'c.oid')})
     OR EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND ${ofUser('pg_proc', 'p.oid')})
     OR EXISTS (SELECT FROM pg_type t WHERE t.typnamespace = n.oid AND t.typtype IN ('e', 'd', 'r') AND ${ofUser('pg_type', 't.oid')}))`,
    ...[
        'pg_publication',
        'pg_event_trigger',
        'pg_cast',
        'pg_foreign_server',
        'pg_transform',
        'pg_language',
    ].map(described),
    `SELECT 'subscription ' || subname || ' belongs to no schema' FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()`,
    `SELECT 'large objects belong to no schema' WHERE EXISTS (SELECT FROM pg_largeobject_metadata)`,
    `SELECT 'default privileges of ' || pg_get_userbyid(defaclrole) || ' are for all schemas' FROM pg_default_acl WHERE defaclnamespace = 0`,
].join(' UNION ALL ')}) AS all_of_it (what) ORDER BY 1`;

;// CONCATENATED MODULE: ./lib/layers/database/postgres/shapes.js


/**
 * Refuses what `pg_dump` takes and no restore brings back as it was, and logs what it leaves out.
 * @throws RefusedError that names it and the way round
 */
async function refuseShapes(session, log) {
    const found = [...(await findSubscriptions(session)), ...(await findMovedColumns(session))];
    if (found.length > 0)
        throw new errors/* RefusedError */.fk(`a backup could not bring back ${found.join('; ')}`);
    for (const { name } of await session.query(invalidIndexes))
        log(`warning: index ${name} is invalid, as a failed CREATE INDEX CONCURRENTLY leaves it, and is not in the backup: REINDEX or DROP it`);
    const others = (await session.query(otherOwners)).map(({ name }) => name);
    if (others.length > 0)
        log(`warning: some objects belong to ${others.join(', ')}, and this user is not a member: only a superuser can restore the backup; GRANT ${others[0]} TO CURRENT_USER`);
}
const invalidIndexes = `
  SELECT indexrelid::regclass::text AS name FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
  WHERE NOT indisvalid AND relkind = 'i' AND ${isLiveSchema('n.nspname')}`;
const otherOwners = `
  SELECT quote_ident(rolname) AS name FROM pg_roles r WHERE NOT pg_has_role(r.oid, 'MEMBER') AND (
    EXISTS (SELECT FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid
      WHERE b.datname = current_database() AND d.deptype = 'o' AND d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid)
    -- no dependency is recorded on the first superuser
    OR r.oid = 10 AND EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relowner = 10 AND c.oid >= 16384 AND ${isLiveSchema('n.nspname')}
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')))
  ORDER BY 1`;
/** A subscription belongs to the database by its number: it would go on writing to the one that is replaced. */
async function findSubscriptions(session) {
    const rows = await session.query(`SELECT 'subscription ' || quote_ident(subname) || ': DROP SUBSCRIPTION it, or back up what it subscribes to' AS what
     FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()`);
    return rows.map(({ what }) => what ?? '');
}
/**
 * Tables whose columns a restore would put into another order: CREATE TABLE … INHERITS puts those of the parents first, and one
 * that was added to a parent later comes last in the child. Partitions are not concerned: they are attached.
 */
async function findMovedColumns(session) {
    const rows = await session.query(`SELECT c.oid, c.oid::regclass::text AS name,
       (SELECT jsonb_agg(inhparent::text ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) AS parents,
       (SELECT jsonb_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE NOT relispartition AND ${isLiveSchema('n.nspname')} AND (
       EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) OR relhassubclass AND relkind IN ('r', 'f'))`);
    const tables = new Map(rows.map(({ oid, name, parents, columns }) => [
        oid ?? '',
        { name: name ?? '', parents: namesIn(parents), columns: namesIn(columns) },
    ]));
    return [...tables.values()].flatMap((table) => restoredOrder(table, tables).join('\n') === table.columns.join('\n')
        ? []
        : [
            `the order of the columns of ${table.name}, as a column was added to a table that it inherits from after it was created: create it again with the columns of its parents first, copy its rows, and rename it`,
        ]);
}
function restoredOrder(table, tables) {
    const inherited = table.parents.flatMap((oid) => {
        const parent = tables.get(oid);
        return parent === undefined ? [] : restoredOrder(parent, tables);
    });
    return [...new Set([...inherited, ...table.columns])];
}
function namesIn(json) {
    const parsed = JSON.parse(json ?? '[]');
    return Array.isArray(parsed) ? parsed.map(String) : [];
}

// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
;// CONCATENATED MODULE: ./lib/layers/database/postgres/stage-schemas.js













const { escapeIdentifier: stage_schemas_escapeIdentifier } = esm/* default */.Ay;
/**
 * Loads a backup into schemas beside the live ones of the same database, for users who may not make or rename a database.
 * No name in the dump is rewritten: one transaction renames the live schemas away, restores under their own names, and
 * renames both back before it ends, so that nobody else sees any of it but a copy beside. Looked at is the copy likewise, in a
 * transaction that renames and is taken back.
 * @throws RefusedError for what belongs to no schema, or the words of the tools; nothing live is changed then
 */
async function stageSchemas(server, source, dump) {
    const { connection, database, surroundings, withLive } = server;
    const [copy, held] = [newEnding(), newEnding()];
    const discard = () => withLive((session) => dropEnding(session, copy));
    const withCopy = (use) => withLive(async (session) => {
        await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        await session.query(exchange({ away: held, into: copy }));
        return use(session);
    });
    await withLive(async (session) => {
        for (const ending of await dropLeftCopies(session))
            surroundings.log(`schemas that end with ${ending} were left by a restore that was killed, and are dropped`);
    });
    await load(server, source, { dump, copy, held });
    let older;
    try {
        older = await withLive(async (session) => {
            await analyze(session, copy);
            return listTransactions(session);
        });
    }
    catch (error) {
        await discard();
        throw error;
    }
    return {
        ...readCopy(server, withCopy),
        swap: async (kept) => {
            const away = keptEnding(kept);
            await swapSchemas(connection, { away, into: copy, older });
            surroundings.log(`what was there is kept within ${database}, as schemas whose names end with ${away}`);
        },
        discard,
    };
}
function newEnding() {
    return `_restoring_${(0,external_node_crypto_.randomBytes)(4).toString('hex')}`;
}
async function load(server, { scratch, signal }, { dump, copy, held }) {
    await server.withLive(async (session) => {
        const restorer = { ...(await server.prepareTool('pg_restore')), signal };
        const psql = await server.prepareTool('psql');
        const list = (await listEntries(server, dump)).filter(dump.keep ?? (() => true));
        const entries = (0,external_node_path_.join)(scratch, 'entries');
        await (0,promises_.writeFile)(entries, await chooseEntries(session, list));
        const begin = await beginScript(session, held);
        const rows = dump.schemaOnly === true ? ['--schema-only'] : [];
        const args = ['--file=-', `--use-list=${entries}`, ...rows, dump.folder];
        const script = async function* () {
            yield begin;
            yield* onlyRestricted((0,database_tool/* openTool */.$Q)({ ...restorer, args }));
            yield `${exchange({ away: copy, into: held })}COMMIT;\n`;
        };
        await (0,database_tool/* runTool */.qI)({
            ...psql,
            signal,
            args: [
                ...['--no-psqlrc', '--quiet', '--no-password', '--set=ON_ERROR_STOP=1', '--file=-'],
                `--dbname=${connectionString(server.database)}`,
            ],
            input: external_node_stream_.Readable.from(script(), { highWaterMark: 1 }),
            // what the script selects, of which there is nothing to know
            output: async (stdout) => void stdout.resume(),
        }).catch((error) => {
            throw explainLoad(error);
        });
    });
}
/**
 * Passes a script on that `psql` may be given: since 2025 it begins by forbidding the commands of psql itself, which a name in the
 * dump could bring along to be run on this machine (CVE-2025-8714).
 */
async function* onlyRestricted(script) {
    let isFirst = true;
    for await (const piece of script) {
        if (isFirst && !String(piece).includes('\n\\restrict '))
            throw new errors/* RefusedError */.fk('pg_restore is too old to be safe here: install one with the fixes of August 2025');
        isFirst = false;
        yield piece;
    }
}
/** Renames the live schemas away, and makes `public` as a new database has it: the dump counts on that. */
async function beginScript(session, held) {
    const [row] = await session.query(`SELECT pg_get_userbyid(nspowner) AS owner, current_setting('server_version_num')::int >= 150000 AS "mayNotCreate"
     FROM pg_namespace JOIN (${swappedSchemas}) s ON s.name = nspname WHERE nspname = 'public'`);
    const rights = row?.['mayNotCreate'] === 't' ? 'USAGE' : 'USAGE, CREATE';
    // one snapshot: a schema that somebody makes meanwhile is not taken for one of the dump
    return `BEGIN ISOLATION LEVEL REPEATABLE READ;
${renameAway(held)}${row === undefined
        ? ''
        : `CREATE SCHEMA public AUTHORIZATION ${stage_schemas_escapeIdentifier(row['owner'] ?? '')};
GRANT ${rights} ON SCHEMA public TO PUBLIC;
COMMENT ON SCHEMA public IS 'standard public schema';
`}`;
}
/**
 * The entries of a dump's list that are restored: without extensions that the database has, and the schemas they live in.
 * @throws RefusedError that names those that belong to no schema
 */
async function chooseEntries(session, list) {
    const extensions = new Map((await session.query('SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace')).map(({ extname, nspname }) => [extname ?? '', nspname ?? '']));
    const swapped = new Set((await session.query(swappedSchemas)).map(({ name }) => name));
    const fixed = [...extensions.values()].filter((schema) => !swapped.has(schema));
    const inTheWay = [];
    const entries = list.filter((line) => {
        const [, kind = '', rest = ''] = /^\d+; \d+ \d+ ([A-Z][A-Z ]*) - (.*)$/.exec(line) ?? [];
        const named = (what, names) => [...names].some((name) => `${kind} ${rest} `.replace(/^(?:ACL|COMMENT) /, '').startsWith(`${what} ${name} `));
        if (kind === '' || settings.has(kind))
            return true;
        if (named('EXTENSION', extensions.keys()) || named('SCHEMA', fixed))
            return false;
        if (/^(?:(?:ACL|COMMENT) )?SCHEMA /.test(`${kind} ${rest}`))
            return true;
        inTheWay.push(`${kind} ${rest}`);
        return false;
    });
    const has = (name) => {
        const line = new RegExp(`^\\d+; \\d+ \\d+ EXTENSION - ${name}(?: |$)`);
        return list.some((each) => line.test(each));
    };
    for (const [name, schema] of extensions)
        if (schema !== 'pg_catalog' && !has(name))
            inTheWay.push(`extension ${name}, which it does not have`);
    if (inTheWay.length > 0)
        throw new errors/* RefusedError */.fk(`the backup cannot be restored into schemas, as these belong to none: ${inTheWay.join('; ')}`);
    return entries.join('\n');
}
const settings = new Set(['ENCODING', 'STDSTRINGS', 'SEARCHPATH']);
/** A restored table has no statistics, and without them the first minutes are slow ones. */
async function analyze(session, copy) {
    const rows = await session.query(`SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND right(nspname, $1) = $2`, [copy.length, copy]);
    if (rows.length > 0)
        await session.query(`ANALYZE ${rows.map(({ name }) => name).join(', ')}`);
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/statements.js

const { escapeIdentifier: statements_escapeIdentifier } = esm/* default */.Ay;
/** Queries and scripts of the live database, for its migrations. */
function openStatements({ withLive }) {
    return {
        transactionalDdl: true,
        quoteName: statements_escapeIdentifier,
        asText: (column) => `${statements_escapeIdentifier(column)}::text`,
        query: (sql, values = []) => withLive((session) => session.query(numbered(sql), values)),
        columnsOf: (table) => withLive(async (session) => {
            const rows = await session.query('SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum', [statements_escapeIdentifier(table)]);
            return rows.map(({ attname }) => attname ?? '');
        }),
        runScript: ({ script, after, transaction }) => withLive(async (session) => {
            // an undoing that waits for a lock makes everybody else wait behind it
            await session.query("SET lock_timeout = '10s'");
            if (transaction)
                await session.query('BEGIN');
            // without values it goes by the simple protocol, which takes a script of many statements as it is
            await session.query(script);
            await session.query('RESET search_path');
            for (const { sql, values } of after)
                await session.query(numbered(sql), values);
            if (transaction)
                await session.query('COMMIT');
        }),
    };
}
/** `?` as `$1`, `$2`…; only ever on statements of our own, which have no other question mark. */
function numbered(sql) {
    let count = 0;
    return sql.replace(/\?/g, () => {
        count += 1;
        return `$${count}`;
    });
}

;// CONCATENATED MODULE: ./lib/layers/database/postgres/engine.js


















/**
 * PostgreSQL: `pg_dump -Fd` and `pg_restore` for the data, one exported snapshot for the dump, the counts and the digests;
 * a restore goes into a database beside, and two renames in one transaction put it in place; for users who may not do that, the
 * same with schemas within the database.
 */
function openPostgres(connection, surroundings) {
    const server = openServer(connection, surroundings);
    const { database, withControl, withLive } = server;
    const identity = ['postgres', connection.host, String(connection.port), database];
    /** what keeps a restore from a database beside, so that it has to be schemas */
    const whyNot = () => withControl((session) => whyNotBeside(session, database));
    return {
        kind: 'postgres',
        database,
        source: (0,external_node_crypto_.createHash)('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),
        async inspect(purpose) {
            await withLive((session) => refusePooler(session, connection)).catch(missing);
            const why = purpose === 'restore' ? await whyNot() : undefined;
            if (why !== undefined)
                await withLive((session) => refuseSchemas(session, why));
            const opened = purpose === 'backup' ? connect(connection, database) : server.connectControl();
            return withOpen(await opened, async (session) => {
                if (purpose === 'backup') {
                    // names come with their schema
                    await session.query("SET search_path = ''");
                    await refuseHidden(session);
                    await refuseShapes(session, surroundings.log);
                }
                const version = await readVersion(session);
                const tool = await findTool('pg_dump', version, surroundings.env);
                return { server: `PostgreSQL ${version}`, tool: `pg_dump ${tool.version}` };
            });
        },
        dump: (target) => dumpDatabase(server, target),
        lock: () => lockDatabase(server),
        schema: () => withLive(readSchema).catch(missing),
        definitions: () => withLive(readDefinitions),
        contents: ({ digests = false } = {}) => withLive(async (session) => {
            await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
            return readContents(session, digests);
        }).catch(missing),
        stagesOnServer: true,
        readsBeforeItLoads: true,
        async stage(source, { limit } = {}) {
            if ((await whyNot()) !== undefined)
                return stageBackup(server, source, { limit, load: (dump) => stageSchemas(server, source, dump) });
            const properties = await withControl((session) => readProperties(session, database));
            return stageBackup(server, source, {
                limit,
                load: (dump) => stageDatabase(server, source, { dump, properties }),
            });
        },
        // within the same database, a slot goes on with what is put there
        leftBehind: async () => (await whyNot()) === undefined ? withControl((session) => listSlots(session, database)) : [],
        elsewhere: (where) => openElsewhere(server, where),
        ...openKeptDatabases(server),
        ...openStatements(server),
    };
}
/** Undefined for a database that is not there. */
function missing(error) {
    if (!isMissingDatabase(error))
        throw error;
}


/***/ }),

/***/ 1987:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   j: () => (/* binding */ readCertificates)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var _errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(452);


/** The certificates to trust, where the address names a file of them. @throws InputError when it cannot be read */
async function readCertificates({ ca }) {
    if (ca === undefined)
        return {};
    try {
        return { ca: await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)(ca, 'utf8') };
    }
    catch {
        throw new _errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .dz((0,_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .message */ .iU) `${(0,_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .setting */ .Pe)('database.url')} names the certificates ${ca}, and that file cannot be read`);
    }
}


/***/ })

};
