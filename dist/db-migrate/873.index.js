export const id = 873;
export const ids = [873];
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

/***/ 4873:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openMysql: () => (/* binding */ openMysql)
});

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __webpack_require__(7030);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/mysql2/index.js
var mysql2 = __webpack_require__(909);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 6 modules
var schemas = __webpack_require__(6921);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./lib/layers/database/tls.js
var database_tls = __webpack_require__(1987);
// EXTERNAL MODULE: ./lib/layers/database/tool.js
var tool = __webpack_require__(6442);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/quote.js
/** A name as the server takes it, in backticks. */
function quoteName(name) {
    return `\`${name.replaceAll('`', '``')}\``;
}
const textOrName = /'(?:[^'\\]|\\[\s\S]|'')*'|(?<!\.)`((?:[^`]|``)+)`\.|`(?:[^`]|``)+`/g;
/**
 * Replaces databases before the dot in a statement that the server printed, where every name is in backticks and every text in
 * quotes: `` `shop`.`t` `` becomes `` `copy`.`t` ``, or `` `t` `` without a new name.
 */
function requalify(sql, from, to) {
    return sql.replace(textOrName, (found, name) => {
        if (name === undefined || !from.includes(name.replaceAll('``', '`')))
            return found;
        return to === undefined ? '' : `${quoteName(to)}.`;
    });
}
/** True when a name stands in a statement without a dot after it, so that before a dot it may be a table and no database. */
function isNamedAlone(sql, name) {
    for (const [found] of sql.matchAll(textOrName))
        if (found === quoteName(name))
            return true;
    return false;
}
/** The names before a dot in a statement that the server printed: databases, tables and their aliases. */
function databasesIn(sql) {
    return [...sql.matchAll(textOrName)].flatMap(([, name]) => name?.replaceAll('``', '`') ?? []);
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/connect.js









const rowSchema = schemas/* record */.g1P(schemas/* string */.YjP(), schemas/* unknown */.L5J());
const bytesSchema = schemas/* array */.YOg(schemas/* instanceof */.Nlp(Buffer).nullable());
/** Of every session: others change how the server prints definitions, and what a backslash means. */
const sqlMode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION';
/** The server refused: a missing right, a lock, a script with a mistake in it. */
class ServerError extends errors/* RefusedError */.fk {
    errno;
    constructor(message, errno) {
        super(message);
        this.errno = errno;
    }
}
/** The server's own number of an error: https://mariadb.com/kb/en/mariadb-error-codes/ */
function errorNumber(error) {
    const isNumbered = typeof error === 'object' && error !== null && 'errno' in error;
    return isNumbered ? Number(error.errno) : undefined;
}
const noSuchDatabase = 1049;
const noSuchKey = 1091;
const lockWaitTimeout = 1205;
/** the engine has no such table, or no list of its partitions */
const lostTable = [1932, 1696];
/** Opens a session, in a database or in none. @throws UnavailableError, RefusedError for a wrong password or name */
async function connect(connection, database) {
    const { host, port, user, password, tls } = connection;
    const where = `the server on ${host}:${port}`;
    // the driver would compare the certificate with the name "localhost"
    if (tls === 'verify' && (0,external_node_net_.isIP)(host) !== 0)
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('database.url')} asks to verify the certificate of ${host}, which is an address; write the name in the certificate`);
    const explain = (error) => {
        const number = errorNumber(error);
        const why = error instanceof Error ? error.message : String(error);
        // numbers under 1000 are the operating system's
        if (number !== undefined && number >= 1000)
            return new ServerError(`${where} refused: ${why}`, number);
        return new errors/* UnavailableError */.hG(`${where} does not answer: ${why}`);
    };
    try {
        const connected = (0,mysql2.createConnection)({
            ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
            user,
            password,
            ...(database === undefined ? {} : { database }),
            ...(tls === 'off'
                ? {}
                : {
                    ssl: {
                        rejectUnauthorized: tls === 'verify',
                        // else a certificate for any name will do
                        verifyIdentity: tls === 'verify',
                        ...(await (0,database_tls/* readCertificates */.j)(connection)),
                    },
                }),
            charset: 'utf8mb4',
            connectTimeout: 15_000,
            supportBigNumbers: true,
            bigNumberStrings: true,
            dateStrings: true,
        });
        connected.on('error', () => { });
        const client = connected.promise();
        await client.connect();
        await client.query(`SET SESSION sql_mode = '${sqlMode}'`);
        return {
            query: async (sql, values = []) => {
                try {
                    const [rows] = await client.query(fill(sql, values));
                    return Array.isArray(rows) ? rows : [];
                }
                catch (error) {
                    throw explain(error);
                }
            },
            rows: async function* (sql, values = []) {
                try {
                    const read = connected.query(fill(sql, values)).stream({ highWaterMark: 1 });
                    for await (const row of read)
                        yield rowSchema.parse(row);
                }
                catch (error) {
                    throw explain(error);
                }
            },
            bytes: async function* (sql, values = []) {
                try {
                    const query = { sql: fill(sql, values), rowsAsArray: true, typeCast: asBytes };
                    for await (const row of connected.query(query).stream({ highWaterMark: 64 }))
                        yield bytesSchema.parse(row);
                }
                catch (error) {
                    throw explain(error);
                }
            },
            end: async () => connected.destroy(),
        };
    }
    catch (error) {
        throw explain(error);
    }
}
function asBytes(field) {
    return field.buffer();
}
/** The driver's own way takes a dot in a name for one between two names. */
function fill(sql, values) {
    if (values.length === 0)
        return sql;
    let next = 0;
    return sql.replace(/\?\??/g, (mark) => {
        const value = values[next];
        next += 1;
        return mark === '??' ? quoteName(String(value)) : (0,mysql2.escape)(value);
    });
}
async function withSession(connection, database, use) {
    const session = await connect(connection, database);
    try {
        return await use(session);
    }
    finally {
        await session.end();
    }
}
/**
 * The tools of the server's own family, with the password in an option file that only this user can read.
 * @throws RefusedError when they are not there, or older than the server
 */
async function findTools(connection, server, { env, scratch }) {
    const isMaria = /mariadb/i.test(server);
    const [dump, client] = isMaria ? ['mariadb-dump', 'mariadb'] : ['mysqldump', 'mysql'];
    const debianPackage = isMaria ? 'mariadb-client' : 'mysql-client';
    const version = await (0,tool/* readToolVersion */.PR)(dump, env, isMaria ? /Distrib (\d+\.\d+)/ : /(?:Ver|Distrib) (\d+\.\d+)/);
    if (version === undefined)
        throw new errors/* RefusedError */.fk(`${dump} is not on this machine: install ${debianPackage}`);
    const [have = 0, need = 0] = [version, server].map(rank);
    if (have < need)
        throw new errors/* RefusedError */.fk(`the server is ${server}, and ${dump} is of version ${version}: install ${debianPackage} of the server's version`);
    const first = [`--defaults-file=${await writeOptions(connection, isMaria, scratch)}`];
    return { first, env: (0,tool/* plainEnvironment */.Ud)(env), isMaria, dump, client, version, debianPackage };
}
function rank(version) {
    const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(version) ?? [];
    return Number(major) * 1000 + Number(minor);
}
async function writeOptions({ host, port, user, password, tls, ca }, isMaria, scratch) {
    await (0,promises_.mkdir)(scratch, { recursive: true, mode: 0o700 });
    const file = (0,external_node_path_.join)(scratch, 'client.cnf');
    const lines = [
        '[client]',
        ...(host.startsWith('/')
            ? [`socket=${quote(host)}`]
            : [`host=${quote(host)}`, `port=${port}`, 'protocol=tcp']),
        `user=${quote(user)}`,
        `password=${quote(password)}`,
        ...(ca === undefined ? [] : [`ssl-ca=${quote(ca)}`]),
        ...(isMaria
            ? { off: ['loose-skip-ssl'], encrypt: ['ssl'], verify: ['ssl', 'ssl-verify-server-cert'] }
            : { off: ['ssl-mode=DISABLED'], encrypt: ['ssl-mode=REQUIRED'], verify: ['ssl-mode=VERIFY_IDENTITY'] })[tls],
    ];
    await (0,promises_.writeFile)(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    return file;
}
/** https://mariadb.com/kb/en/configuring-mariadb-with-option-files/#escape-sequences-in-option-files */
function quote(value) {
    const escapes = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
    return `"${value.replace(/[\\"]/g, '\\$&').replace(/[\n\r\t]/g, (char) => escapes[char] ?? char)}"`;
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/outer-keys.js



const keySchema = schemas/* object */.Ikc({
    table: schemas/* string */.YjP(),
    name: schemas/* string */.YjP(),
    database: schemas/* string */.YjP(),
    referenced: schemas/* string */.YjP(),
});
/**
 * The foreign keys of a database that do not stay within it. They refer by name: of a copy, and of a database that was
 * replaced, they would hold rows of other databases, or of the new tables.
 */
async function listOuterKeys(session, database) {
    const rows = await session.query('SELECT TABLE_NAME AS `table`, CONSTRAINT_NAME AS name, UNIQUE_CONSTRAINT_SCHEMA AS `database`, REFERENCED_TABLE_NAME AS referenced FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ? ORDER BY BINARY TABLE_NAME, BINARY CONSTRAINT_NAME', [database]);
    if (rows.length === 0)
        return [];
    // not in one statement: the server would read the list of tables again for each key
    const tables = await session.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?', [database]);
    const there = new Set(tables.map(({ name }) => String(name).toLowerCase()));
    return rows
        .map((row) => keySchema.parse(row))
        .map((key) => ({ ...key, isElsewhere: key.database.toLowerCase() !== database.toLowerCase() }))
        .filter(({ isElsewhere, referenced }) => isElsewhere || !there.has(referenced.toLowerCase()))
        .map(({ table, name, referenced, isElsewhere }) => ({ table, name, referenced, isElsewhere }));
}
/** The statement without the keys, and the keys as it has them, in their order. */
function takeOut(sql, keys) {
    const lines = sql.split('\n');
    const taken = keys.map(({ table, name }) => {
        const at = lines.findIndex((line) => line.startsWith(`  CONSTRAINT ${quoteName(name)} FOREIGN KEY `));
        const [line] = at === -1 ? [] : lines.splice(at, 1);
        if (line === undefined)
            throw new errors/* RefusedError */.fk(`foreign key ${name} of table ${table} refers to no table of this database, and the server prints it in another way: rename or drop the key`);
        return line.trim().replace(/,$/, '');
    });
    // the last line before the `)` has no comma
    const end = lines.findLastIndex((line) => line.startsWith(')'));
    const last = lines[end - 1];
    if (taken.length > 0 && last !== undefined)
        lines[end - 1] = last.replace(/,$/, '');
    return { without: lines.join('\n'), taken };
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/programs.js





const programSchema = schemas/* object */.Ikc({
    kind: schemas/* enum */.k5n([
        ...['function', 'procedure', 'package', 'package body', 'default', 'foreign key'],
        ...['view', 'trigger', 'event'],
    ]),
    /** of defaults: their table */
    name: schemas/* string */.YjP(),
    /** of foreign keys: their table */
    table: schemas/* string */.YjP().optional(),
    sqlMode: schemas/* string */.YjP(),
    /** of the session that made it: it decides what the text means */
    charset: schemas/* string */.YjP(),
    collation: schemas/* string */.YjP(),
    /** of an event: what its times mean */
    timeZone: schemas/* string */.YjP().optional(),
    sql: schemas/* string */.YjP(),
});
const programsSchema = schemas/* array */.YOg(programSchema);
const kinds = [
    ...['function', 'procedure', 'package', 'package body'].map((kind) => ({
        kind,
        list: `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = '${kind.toUpperCase()}' ORDER BY 1`,
        text: `Create ${kind.replace(/\b\w/g, (letter) => letter.toUpperCase())}`,
    })),
    {
        kind: 'view',
        list: 'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1',
        text: 'Create View',
    },
    {
        kind: 'trigger',
        list: 'SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER',
        text: 'SQL Original Statement',
    },
    {
        kind: 'event',
        list: 'SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY 1',
        text: 'Create Event',
    },
];
/** The programs of the session's database, in an order in which they can be created. */
async function readPrograms(session) {
    const programs = [
        ...setDefaults(await readSequenceDefaults(session)),
        ...(await readOuterKeys(session)),
    ];
    for (const { kind, list, text } of kinds)
        for (const { name } of await session.query(list)) {
            const [row] = await session.query(`SHOW CREATE ${kind.toUpperCase()} ??`, [String(name)]);
            programs.push(programSchema.parse({
                kind,
                name,
                sqlMode: row?.['sql_mode'] ?? '',
                charset: row?.['character_set_client'] ?? 'utf8mb4',
                collation: row?.['collation_connection'] ?? 'utf8mb4_general_ci',
                timeZone: row?.['time_zone'],
                sql: row?.[text],
            }));
        }
    return programs;
}
const defaultSchema = schemas/* object */.Ikc({
    own: schemas/* string */.YjP(),
    table: schemas/* string */.YjP(),
    column: schemas/* string */.YjP(),
    expression: schemas/* string */.YjP(),
});
/** Of the session's database. */
async function readSequenceDefaults(session) {
    const rows = await session.query("SELECT DATABASE() AS own, TABLE_NAME AS `table`, COLUMN_NAME AS `column`, COLUMN_DEFAULT AS expression FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_DEFAULT REGEXP '(nextval|lastval|setval)[(]' ORDER BY BINARY TABLE_NAME, ORDINAL_POSITION");
    return rows.flatMap((row) => {
        const { own, ...found } = defaultSchema.parse(row);
        const unqualified = requalify(found.expression, [own]);
        return unqualified === found.expression ? [] : [{ ...found, unqualified }];
    });
}
/** All of a table at once: the server opens it, with the defaults that it has, for each statement. */
function setDefaults(defaults) {
    return [...Map.groupBy(defaults, ({ table }) => table)].map(([table, own]) => ({
        kind: 'default',
        name: table,
        sqlMode: '',
        charset: 'utf8mb4',
        collation: 'utf8mb4_general_ci',
        sql: `ALTER TABLE ${quoteName(table)} ${own.map(({ column, unqualified }) => `ALTER COLUMN ${quoteName(column)} SET DEFAULT ${unqualified}`).join(', ')}`,
    }));
}
/** Of the session's database. */
async function readOuterKeys(session) {
    const [own] = await session.query('SELECT DATABASE() AS name');
    const programs = [];
    for (const key of await listOuterKeys(session, String(own?.['name']))) {
        const [row] = await session.query('SHOW CREATE TABLE ??', [key.table]);
        const { taken } = takeOut(String(row?.['Create Table']), [key]);
        programs.push({
            kind: 'foreign key',
            name: key.name,
            table: key.table,
            sqlMode: '',
            charset: 'utf8mb4',
            collation: 'utf8mb4_general_ci',
            sql: `ALTER TABLE ${quoteName(key.table)} ADD ${taken.join()}`,
        });
    }
    return programs;
}
/** Of a copy, and of a database that was replaced: an event would run, and a foreign key would hold rows of other databases. */
function isInert({ kind }) {
    return kind !== 'event' && kind !== 'foreign key';
}
/** Sees that the foreign keys among programs can be created in the session's database. @throws RefusedError that names one */
async function tryForeignKeys(session, programs) {
    const keys = programs.filter(({ kind }) => kind === 'foreign key');
    await createPrograms(session, keys);
    await dropPrograms(session, keys);
}
/**
 * Creates programs in the session's database. Views may stand on each other in any order: those that fail are tried again.
 * @throws RefusedError that names one that cannot be created
 */
async function createPrograms(session, programs, { as, passOver = false } = {}) {
    let waiting = [...programs];
    while (waiting.length > 0) {
        const failed = [];
        let reason;
        for (const program of waiting) {
            try {
                await dropPrograms(session, [program]);
                await session.query('SET sql_mode = ?, character_set_client = ?, collation_connection = ?', [
                    program.sqlMode,
                    program.charset,
                    program.collation,
                ]);
                // rows that were backed up are rows
                if (program.kind === 'foreign key')
                    await session.query('SET foreign_key_checks = 0');
                if (program.timeZone !== undefined)
                    await session.query('SET time_zone = ?', [program.timeZone]);
                await session.query(textFor(program, as));
            }
            catch (error) {
                reason ??= explain(program, error);
                failed.push(program);
            }
        }
        await session.query(`SET sql_mode = '${sqlMode}', character_set_client = utf8mb4, collation_connection = DEFAULT, time_zone = DEFAULT`);
        if (failed.length === waiting.length) {
            if (passOver)
                return;
            throw reason;
        }
        waiting = failed;
    }
}
/** Only of views the server prints names with their database; the body of a routine is as it was written. */
function textFor({ kind, sql }, as) {
    // before a dot, the name may be that of a table too
    if (as === undefined || kind !== 'view' || isNamedAlone(sql, as.of))
        return sql;
    return requalify(sql, [as.of], as.database);
}
function explain({ kind, name }, error) {
    if (!(error instanceof errors/* RefusedError */.fk))
        return error;
    return new errors/* RefusedError */.fk(`${kind} ${name} cannot be created: ${error.message}`);
}
async function dropPrograms(session, programs) {
    for (const { kind, name, table } of programs) {
        // the default goes with its table
        if (kind === 'default')
            continue;
        if (kind === 'foreign key') {
            await session
                .query('ALTER TABLE ?? DROP FOREIGN KEY ??', [table ?? '', name])
                .catch((error) => {
                if (errorNumber(error) !== noSuchKey)
                    throw error;
            });
            continue;
        }
        const isPackage = kind === 'package' || kind === 'package body';
        // before MariaDB 11.4, only this mode knows packages
        if (isPackage)
            await session.query("SET sql_mode = 'ORACLE'");
        await session.query(`DROP ${kind.toUpperCase()} IF EXISTS ??`, [name]);
        if (isPackage)
            await session.query(`SET sql_mode = '${sqlMode}'`);
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/contents.js






/** Tables and sequences of a database, without views. */
async function listTables(session, database) {
    const rows = await session.query(
    // names that differ only in case have no order of their own
    "SELECT TABLE_NAME AS name, ENGINE AS engine, TABLE_TYPE AS type FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') ORDER BY BINARY TABLE_NAME", [database]);
    return rows.map(({ name, engine, type }) => ({
        name: String(name),
        transactional: String(engine).toLowerCase() === 'innodb',
        isSequence: type === 'SEQUENCE',
        isVersioned: type === 'SYSTEM VERSIONED',
        engine: String(engine),
    }));
}
/** What is in a database, as the session's transaction sees it. */
async function readContents(session, database, { digests, ...looked }) {
    const tables = [];
    for (const { name, isSequence, isVersioned } of await listTables(session, database)) {
        if (isSequence)
            continue;
        const [row] = await session
            .query(`SELECT COUNT(*) AS count FROM ??.??${isVersioned ? ' FOR SYSTEM_TIME ALL' : ''}`, [
            database,
            name,
        ])
            .catch((error) => explainLost(error, database, name));
        const [sum] = digests ? await session.query('CHECKSUM TABLE ??.??', [database, name]) : [];
        tables.push({
            name,
            rows: Number(row?.['count'] ?? 0),
            ...(digests && { digest: String(sum?.['Checksum']) }),
        });
    }
    return { tables, schema: await readSchema(session, database, looked) };
}
/** SHA-256 of all that is not rows. */
async function readSchema(session, database, looked) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    for (const definition of await readDefinitions(session, database, looked))
        hash.update(definition);
    return hash.digest('hex');
}
/** What the schema is a digest of, a text a definition. */
async function readDefinitions(session, database, { copyOf, programs } = {}) {
    const own = copyOf === undefined ? [database] : [database, copyOf];
    const keys = Map.groupBy(await listOuterKeys(session, database), ({ table }) => table);
    const definitions = [];
    for (const { name } of await listTables(session, database)) {
        const [created] = await session
            .query('SHOW CREATE TABLE ??.??', [database, name])
            .catch((error) => explainLost(error, database, name));
        // the next value of AUTO_INCREMENT is no part of the schema, and moves outside of transactions
        const sql = takeOut(String(created?.['Create Table']), keys.get(name) ?? []).without.replace(/ AUTO_INCREMENT=\d+/, '');
        definitions.push(JSON.stringify(['table', name, requalify(sql, own)]));
    }
    for (const { kind, name, sql, timeZone } of programs ?? (await readPrograms(session)))
        definitions.push(JSON.stringify([kind, name, kind === 'view' ? requalify(sql, own) : sql, timeZone]));
    return definitions;
}
/** MariaDB renames a partitioned table one partition after the other: a crash of the server within that leaves it in two places. */
function explainLost(error, database, table) {
    if (!lostTable.includes(errorNumber(error) ?? 0))
        throw error;
    throw new errors/* RefusedError */.fk(`${database}.${table} cannot be read: the server crashed while it renamed that partitioned table; save what you need of ${database}, DROP DATABASE it, and restore a backup`);
}

// EXTERNAL MODULE: ./lib/layers/database/all-ended.js
var all_ended = __webpack_require__(3392);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/lock-tables.js


/** Writers wait while it is held; readers do not. */
async function lockTables(connection, tables) {
    const session = await connect(connection, connection.database);
    try {
        await session.query('SET SESSION lock_wait_timeout = 10');
        await session.query(`LOCK TABLES ${tables.map(() => '?? READ').join(', ')}`, tables);
    }
    catch (error) {
        await session.end();
        throw new errors/* RefusedError */.fk(`the tables of ${connection.database} could not be locked for the moment in which the backup begins: ${error instanceof Error ? error.message : error}`);
    }
    let held = true;
    return {
        release: async () => {
            if (!held)
                return;
            held = false;
            await session.query('UNLOCK TABLES').finally(() => session.end());
        },
    };
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/own-tables.js





/**
 * The tables that are written here instead: those with FLOAT columns, which the tool rounds to 6 digits, those with a default
 * from a sequence, which it names with the live database, and those with a foreign key to another database.
 */
async function listOwnTables(session, database) {
    const floats = await session.query("SELECT DISTINCT TABLE_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND DATA_TYPE = 'float'", [database]);
    const defaults = await readSequenceDefaults(session);
    const keys = await listOuterKeys(session, database);
    const own = new Set([
        ...floats.map(({ name }) => String(name)),
        ...[...defaults, ...keys].map(({ table }) => table),
    ]);
    return (await listTables(session, database))
        .filter(({ name }) => own.has(name))
        .map(({ name, isVersioned }) => ({
        name,
        isVersioned,
        defaults: defaults.filter(({ table }) => table === name),
        keys: keys.filter(({ table }) => table === name),
    }));
}
/** What the dump tool sets, too: https://mariadb.com/kb/en/mariadb-dump/ */
const settings = `SET NAMES utf8mb4;
SET time_zone = '+00:00', unique_checks = 0, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
`;
const statementSize = 1 << 19;
/** The tables as a script for the server's own client, a row a line; rows as the session's transaction sees them. */
async function* writeOwnTables(session, tables) {
    yield Buffer.from(settings);
    await session.query("SET time_zone = '+00:00'");
    for (const table of tables) {
        yield Buffer.from(`${await createTable(session, table)};\n`);
        if (table.isVersioned)
            yield Buffer.from('SET system_versioning_insert_history = 1;\n');
        yield* writeRows(session, table);
        if (table.isVersioned)
            yield Buffer.from('SET system_versioning_insert_history = 0;\n');
    }
}
async function createTable(session, { name, defaults, keys }) {
    const [row] = await session.query('SHOW CREATE TABLE ??', [name]);
    const lines = takeOut(String(row?.['Create Table']), keys).without.split('\n');
    for (const { column, expression } of defaults) {
        const at = lines.findIndex((line) => line.startsWith(`  ${quoteName(column)} `));
        const without = lines[at]?.replace(` DEFAULT ${expression}`, () => '');
        if (without === undefined || without === lines[at])
            throw new errors/* RefusedError */.fk(`table ${name} cannot be backed up: the default of column ${column}, ${expression}, takes a value of a sequence, and the server prints it in another way; set it from the application instead`);
        lines[at] = without;
    }
    return lines.join('\n');
}
async function* writeRows(session, { name, isVersioned }) {
    const columns = await listColumns(session, name, isVersioned);
    const insert = `INSERT INTO ${quoteName(name)} (${columns.map((column) => quoteName(column.name)).join(', ')}) VALUES\n`;
    const rows = session.bytes(`SELECT ${columns.map(({ select }) => select).join(', ')} FROM ${quoteName(name)}${isVersioned ? ' FOR SYSTEM_TIME ALL' : ''}`);
    // one character a byte: names and texts of UTF-8 are put together as the bytes that they are
    const head = Buffer.from(insert).toString('latin1');
    let statement = '';
    for await (const row of rows) {
        const values = row.map((value, index) => (value === null ? 'NULL' : columns[index]?.literal(value)));
        statement += `${statement === '' ? head : ',\n'}(${values.join(',')})`;
        if (statement.length < statementSize)
            continue;
        yield Buffer.from(`${statement};\n`, 'latin1');
        statement = '';
    }
    if (statement !== '')
        yield Buffer.from(`${statement};\n`, 'latin1');
}
const numbers = /^(?:tinyint|smallint|mediumint|int|bigint|decimal|float|double|year)$/;
const binaries = /^(?:binary|varbinary|tinyblob|blob|mediumblob|longblob|bit|geometry|point|linestring|polygon|multipoint|multilinestring|multipolygon|geometrycollection)$/;
/** Those that have values of their own: no generated ones, but the times of a versioned row. */
async function listColumns(session, table, isVersioned) {
    const rows = await session.query('SELECT COLUMN_NAME AS name, DATA_TYPE AS type, GENERATION_EXPRESSION AS expression FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION', [table]);
    const isTime = (expression) => expression === 'ROW START' || expression === 'ROW END';
    const own = rows.filter(({ expression }) => expression === null || expression === '' || (isVersioned && isTime(expression)));
    const hidden = isVersioned && !rows.some(({ expression }) => isTime(expression));
    return [
        ...own.map(({ name, type }) => describeColumn(String(name), String(type))),
        ...(hidden ? ['row_start', 'row_end'] : []).map((name) => describeColumn(name, 'timestamp')),
    ];
}
function describeColumn(name, type) {
    const quoted = quoteName(name);
    if (numbers.test(type))
        return {
            name,
            select: type === 'float' ? `CAST(${quoted} AS DOUBLE)` : quoted,
            literal: (value) => value.toString('latin1'),
        };
    if (binaries.test(type))
        return {
            name,
            select: quoted,
            literal: (value) => (value.length === 0 ? "''" : `0x${value.toString('hex')}`),
        };
    return { name, select: quoted, literal: quoteText };
}
const escapes = {
    '\0': '\\0',
    '\n': '\\n',
    '\r': '\\r',
    '\x1a': '\\Z',
    "'": "\\'",
    '\\': '\\\\',
};
function quoteText(value) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: just these have to be escaped
    return `'${value.toString('latin1').replace(/[\0\n\r\x1a'\\]/g, (char) => escapes[char] ?? char)}'`;
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/server-limits.js

/** What a statement is longer than its longest line: the tool writes a row a line, after one with INSERT and the table. */
const besideRow = 300;
/** How long a statement the server takes from sessions that begin now, bytes. */
async function readLimit(session) {
    const [row] = await session.query('SELECT @@global.max_allowed_packet AS size');
    return Number(row?.['size']);
}
/**
 * Passes a dump on, and fails at its end when a row is longer as a statement than the server takes: some bytes take two there,
 * so that it could be stored, and could not be restored.
 * @param limit what `readLimit` says
 * @throws RefusedError that says what to set
 */
async function* refuseLongRows(dump, limit) {
    let [longest, current] = [0, 0];
    for await (const piece of dump) {
        // lines within one piece are shorter than any limit
        const first = piece.indexOf(10);
        longest = Math.max(longest, current + (first === -1 ? piece.length : first));
        current = first === -1 ? current + piece.length : piece.length - piece.lastIndexOf(10) - 1;
        yield piece;
    }
    if (longest + besideRow > limit)
        throw new errors/* RefusedError */.fk(`a row is ${longest} bytes long as a statement, and the server takes ${limit}: it could not be restored, so this is no backup; SET GLOBAL max_allowed_packet to more, up to 1G`);
}
/**
 * Tells what the server ran into when it did not take a dump: the length of a statement, or its disk, for which it has many names.
 * @throws RefusedError with the tool's words and what to do, or the error as it is
 */
async function explainLoad(session, error) {
    if (!(error instanceof errors/* RefusedError */.fk))
        throw error;
    const { message } = error;
    if (/is full|Temp file write failure|errno: 28|during COMMIT/i.test(message))
        throw new errors/* RefusedError */.fk(`${message}; it seems that the server has no space left on its disk`);
    if (!/max_allowed_packet|gone away/i.test(message))
        throw error;
    throw new errors/* RefusedError */.fk(`${message}; the server takes statements of ${await readLimit(session)} bytes, and one of the backup may be longer: set its max_allowed_packet to 1G for the restore`);
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/shapes.js




/** https://mariadb.com/kb/en/mariadb-error-codes/ */
const invalidView = 1356;
/** Storage engines that keep the rows of a table in that table. */
const ownRows = /^(?:innodb|aria|myisam|memory|csv|archive|blackhole|rocksdb|sequence)$/i;
/**
 * Refuses, by name and with the way round, what a backup cannot bring back. The session is in the database.
 * @throws RefusedError
 */
async function refuseShapes(session, database, server) {
    for (const table of await listTables(session, database))
        await refuseTable(session, table, server);
    await refuseBrokenViews(session);
    await refuseForeignReferences(session, database);
    await refuseLostParents(session, database);
}
async function refuseTable(session, { name, engine, isVersioned }, server) {
    if (!ownRows.test(engine))
        throw new errors/* RefusedError */.fk(`table ${name} is of engine ${engine}, which keeps its rows in another place, so it is in no backup: move it to a database of its own`);
    const [row] = await session.query('SHOW CREATE TABLE ??', [name]);
    const sql = String(row?.['Create Table']);
    if (/ (?:DATA|INDEX) DIRECTORY ?=/.test(sql.slice(sql.lastIndexOf('\n)'))))
        throw new errors/* RefusedError */.fk(`table ${name} has a DATA DIRECTORY or INDEX DIRECTORY, which a copy beside it cannot share: recreate the table without it`);
    if (!isVersioned)
        return;
    if (/ GENERATED ALWAYS AS ROW START/i.test(sql) && /bigint\(\d+\) unsigned[^\n]* ROW START/i.test(sql))
        throw new errors/* RefusedError */.fk(`table ${name} is system-versioned by transaction (BIGINT columns of ROW START and ROW END), and its history cannot be written back: use TIMESTAMP(6) columns, or DROP SYSTEM VERSIONING`);
    const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(server) ?? [];
    if (Number(major) * 1000 + Number(minor) < 10_011)
        throw new errors/* RefusedError */.fk(`table ${name} is system-versioned, and server ${server} cannot write its history back: upgrade to MariaDB 10.11, or DROP SYSTEM VERSIONING`);
}
async function refuseBrokenViews(session) {
    const views = await session.query('SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1');
    for (const { name } of views)
        await session.query('SHOW FIELDS FROM ??', [String(name)]).catch((error) => {
            if (errorNumber(error) !== invalidView)
                throw error;
            throw new errors/* RefusedError */.fk(`view ${name} is broken, so it cannot be created again: it uses a table, column or function that is not there; correct it, or DROP VIEW it`);
        });
}
/**
 * A foreign key of another database follows a table that is renamed: after a restore it would check the replaced database.
 * @throws RefusedError that names the keys
 */
async function refuseForeignReferences(session, database) {
    const keys = await session.query('SELECT DISTINCT CONSTRAINT_SCHEMA AS db, TABLE_NAME AS `table`, CONSTRAINT_NAME AS name, REFERENCED_TABLE_NAME AS referenced FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE UNIQUE_CONSTRAINT_SCHEMA = ? AND CONSTRAINT_SCHEMA <> ? ORDER BY 1, 2, 3', [database, database]);
    if (keys.length === 0)
        return;
    const named = keys.map((key) => `${key['name']} of ${key['db']}.${key['table']} (to ${key['referenced']})`);
    throw new errors/* RefusedError */.fk(`foreign keys of other databases refer to ${database} and would follow its tables when a restore replaces them: ${named.join(', ')}; drop these keys, or keep both tables in one database`);
}
/** Rows of a table whose foreign key refers to nothing cannot be written. */
async function refuseLostParents(session, database) {
    const key = (await listOuterKeys(session, database)).find(({ isElsewhere }) => !isElsewhere);
    if (key !== undefined)
        throw new errors/* RefusedError */.fk(`foreign key ${key.name} of table ${key.table} refers to table ${key.referenced}, which is not there: drop the key, or create the table`);
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/dump.js








/** Parts of a backup, in the order in which they are loaded. The second is there only where `listOwnTables` has any. */
const parts = {
    tables: 'tables.sql',
    ownTables: 'own-tables.sql',
    programs: 'programs.json',
};
/**
 * Writes one point in time: the server's own dump tool the tables, everything else as the server prints it. Writers wait until
 * the snapshots stand, and to the end where a table is in no snapshot. The session is in the database.
 * @throws RefusedError that names what a backup cannot bring back
 */
async function dumpDatabase(session, { connection, tools, server }, { add, signal }) {
    const { database } = connection;
    const tables = await listTables(session, database);
    if (tables.length === 0)
        return { tables: [], schema: '0'.repeat(64) };
    await refuseShapes(session, database, server);
    const programs = await readPrograms(session);
    const own = await listOwnTables(session, database);
    const limit = await readLimit(session);
    const lock = await lockTables(connection, tables.map(({ name }) => name));
    try {
        await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
        await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
        const dumped = (0,tool/* openTool */.$Q)({
            command: tools.dump,
            debianPackage: tools.debianPackage,
            args: await argumentsFor(session, {
                tools,
                database,
                own,
                isVersioned: tables.some((each) => each.isVersioned),
            }),
            env: tools.env,
            signal,
        });
        // the tool prints once its own snapshot stands; what is in no snapshot stays locked to the end
        if (tables.every(({ transactional }) => transactional))
            dumped.once('readable', () => void lock.release().catch(() => { }));
        const [, contents] = await (0,all_ended/* allEnded */.C)([
            add(parts.tables, refuseLongRows(allowInvalidDates(dumped), limit)),
            readContents(session, database, { digests: true, programs }),
        ]);
        if (own.length > 0)
            await add(parts.ownTables, refuseLongRows(writeOwnTables(session, own), limit));
        await add(parts.programs, bytesOf(JSON.stringify(programs)));
        return contents;
    }
    finally {
        await lock.release();
    }
}
async function argumentsFor(session, { tools, database, own, isVersioned, }) {
    const views = await session.query('SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?', [database]);
    return [
        ...tools.first,
        ...['--single-transaction', '--quick', '--no-tablespaces', '--skip-lock-tables', '--skip-triggers'],
        ...['--skip-comments', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
        ...(isVersioned ? ['--dump-history'] : []),
        ...[...views, ...own].map(({ name }) => `--ignore-table=${database}.${name}`),
        '--',
        database,
    ];
}
const headSize = 4096;
/** Dates such as 30 February, which this mode stores, are loaded only in it; the tool's own script leaves it. */
async function* allowInvalidDates(script) {
    let head = Buffer.alloc(0);
    for await (const chunk of script) {
        if (head === undefined)
            yield chunk;
        else {
            head = Buffer.concat([head, chunk]);
            if (head.length < headSize)
                continue;
            yield rewriteHead(head);
            head = undefined;
        }
    }
    if (head !== undefined)
        yield rewriteHead(head);
}
/** The head has no row yet: the tool sets the mode before it prints the first table. */
function rewriteHead(head) {
    const mode = "SQL_MODE='NO_AUTO_VALUE_ON_ZERO";
    const at = head.indexOf(`${mode}'`);
    const end = at + mode.length;
    return at < 0
        ? head
        : Buffer.concat([head.subarray(0, end), Buffer.from(',ALLOW_INVALID_DATES'), head.subarray(end)]);
}
async function* bytesOf(text) {
    yield Buffer.from(text);
}

// EXTERNAL MODULE: ./lib/layers/database/local-server.js
var local_server = __webpack_require__(7353);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/local-server.js





const debianPackage = 'mariadb-server';
/** Major and minor version: it decides how the server prints a schema. */
function seriesOf(version) {
    return /^\d+\.\d+/.exec(version)?.[0] ?? version;
}
/**
 * Starts an empty server of MariaDB on this machine, by the programs of Debian's package `mariadb-server`. It listens on a
 * socket in a folder of its own, which only its user can enter.
 * @throws RefusedError when the programs are not there or of another version, or it does not start
 */
async function startLocalServer(needs, { env }) {
    const program = await findProgram(needs, env);
    const settings = (folder) => [
        ...['--no-defaults', `--datadir=${(0,external_node_path_.join)(folder, 'data')}`, `--tmpdir=${folder}`],
        ...[`--lower-case-table-names=${needs.lowerCaseTableNames}`, `--innodb-page-size=${needs.pageSize}`],
    ];
    const recipe = {
        name: `MariaDB ${seriesOf(needs.version)}`,
        debianPackage,
        user: 'mysql',
        // nothing of it is kept, so that it has nothing to write when it ends
        signal: 'KILL',
        init: (folder) => [
            ...['mariadb-install-db', ...settings(folder), '--auth-root-authentication-method=normal'],
            '--skip-test-db',
        ],
        serve: (folder) => [
            ...[program, ...settings(folder), `--socket=${(0,external_node_path_.join)(folder, 'socket')}`, '--skip-networking'],
            ...['--skip-log-bin', '--event-scheduler=OFF', '--max-allowed-packet=1G', '--performance-schema=OFF'],
            // what it writes has to live no longer than it
            ...['--innodb-flush-log-at-trx-commit=0', '--skip-innodb-doublewrite', '--innodb-flush-method=nosync'],
        ],
        connect: (folder) => ({
            engine: 'mysql',
            host: (0,external_node_path_.join)(folder, 'socket'),
            port: 3306,
            user: 'root',
            password: '',
            database: 'mysql',
            tls: 'off',
            ca: undefined,
        }),
        ask: (connection) => withSession(connection, undefined, (session) => session.query('SELECT 1')),
    };
    return (0,local_server/* startServer */.U)(recipe, env);
}
/** Debian has it where the PATH of a user who is not root does not look. */
async function findProgram({ version }, env) {
    const series = seriesOf(version);
    if (!/mariadb/i.test(version))
        throw new errors/* RefusedError */.fk(`the server is MySQL ${version}, and a local server can only be one of MariaDB; write the address of a server of MySQL ${series}`);
    for (const program of ['/usr/sbin/mariadbd', 'mariadbd']) {
        const found = await (0,tool/* readToolVersion */.PR)(program, env, /Ver (\d+\.\d+)/);
        if (found === series)
            return program;
        if (found !== undefined)
            throw new errors/* RefusedError */.fk(`the server is MariaDB ${series}, and ${debianPackage} on this machine is of version ${found}: a schema is compared on the same version only; install ${debianPackage} ${series}`);
    }
    throw new errors/* RefusedError */.fk(`mariadbd is not on this machine: install ${debianPackage}`);
}

// EXTERNAL MODULE: ./lib/layers/database/engine.js
var engine = __webpack_require__(8714);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/names.js

/** https://mariadb.com/kb/en/identifier-names/#maximum-length */
const nameLimit = 64;
/** The name under which a database is kept when it is replaced. */
function keepName(database, at) {
    return (0,engine/* keptName */.QQ)(database, at, nameLimit);
}
/** When a kept database was replaced; undefined for any other database. */
function keptSince(database, name) {
    return (0,engine/* keptAt */.yo)(database, name, nameLimit);
}
/** Databases that restores replaced and kept, oldest first. */
async function listKept(session, database) {
    return (await listDatabases(session)).flatMap((name) => {
        const at = keptSince(database, name);
        return at === undefined ? [] : [{ name, at }];
    });
}
/** What the name of a copy beside the database begins with; eight hexadecimal digits follow. */
function sidePrefix(database) {
    let base = database;
    while (Buffer.byteLength(base) > 40)
        base = [...base].slice(0, -1).join('');
    return `${base}_restoring_`;
}
/** Copies that restores left which were killed. */
async function listSide(session, database) {
    const prefix = sidePrefix(database);
    return (await listDatabases(session)).filter((name) => name.startsWith(prefix) && /^[0-9a-f]{8}$/.test(name.slice(prefix.length)));
}
async function listDatabases(session) {
    const rows = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY 1');
    return rows.map(({ name }) => String(name));
}

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/swap.js






/** How often the tables are asked for: each time, clients wait for at most a second. */
const tries = 10;
/** The table in the kept database that says how far a swap came; when it is over, it says what there was but tables. */
const journal = 'rollback_journal';
const programsOf = 'rollback_programs';
const own = [journal, programsOf];
/**
 * Moves every table of the live database to the kept one and every table of the copy to the live one, by one RENAME TABLE,
 * which is atomic. A table with triggers cannot be moved, and triggers, views, routines and events cannot be in one
 * statement with it: what they are is written down first, so that after a crash `recover` ends what was begun.
 */
async function swapTables(session, swap) {
    const { live, copy, kept, before, after } = swap;
    const triggers = before.filter(({ kind }) => kind === 'trigger');
    const moves = [
        ...(await listOthers(session, live)).map((name) => [live, name, kept, name]),
        ...(await listOthers(session, copy)).map((name) => [copy, name, live, name]),
    ];
    await writeJournal(session, swap);
    await session.query('SET SESSION foreign_key_checks = 0, lock_wait_timeout = 1');
    for (let attempt = 1;; attempt += 1) {
        try {
            await session.query('USE ??', [live]);
            // the last one first: what is left after a crash are the first ones, and the others follow them again
            await dropPrograms(session, triggers.toReversed());
            await session.query(`RENAME TABLE ${moves.map(() => '??.?? TO ??.??').join(', ')}`, moves.flat());
            break;
        }
        catch (error) {
            await putTriggersBack(session, triggers);
            if (errorNumber(error) !== lockWaitTimeout || attempt === tries) {
                await session.query('DROP DATABASE ??', [kept]);
                if (errorNumber(error) !== lockWaitTimeout)
                    throw error;
                throw new errors/* ConflictError */.fK(`transactions that do not end hold tables of ${live}, so nothing was changed: end them and try again`);
            }
            await (0,external_node_timers_promises_.setTimeout)(300);
        }
    }
    await finish(session, { live, kept, before, after });
}
/** Makes those that are missing, however long it takes to get their tables. */
async function putTriggersBack(session, triggers) {
    await session.query('SET SESSION lock_wait_timeout = 60');
    const there = new Set((await readPrograms(session)).map(({ kind, name }) => `${kind} ${name}`));
    await createPrograms(session, triggers.filter(({ name }) => !there.has(`trigger ${name}`)));
    await session.query('SET SESSION lock_wait_timeout = 1');
}
/** Rows are being written meanwhile. */
function isFirst(kind) {
    return kind === 'trigger' || kind === 'default' || kind === 'foreign key';
}
async function finish(session, { live, kept, before, after }) {
    // the tables have moved: what follows may wait for transactions of clients
    await session.query('SET SESSION lock_wait_timeout = 60');
    await session.query('USE ??', [live]);
    await createPrograms(session, after.filter(({ kind }) => isFirst(kind)));
    await session.query('USE ??', [kept]);
    // they have moved with their tables, and refer by name
    await dropPrograms(session, before.filter(({ kind }) => kind === 'foreign key'));
    await session.query('USE ??', [live]);
    const wanted = new Set(after.map(({ kind, name }) => `${kind} ${name}`));
    await dropPrograms(session, before.filter(({ kind, name }) => kind !== 'trigger' && kind !== 'foreign key' && !wanted.has(`${kind} ${name}`)));
    // all of a backup's work, as they did in the copy; of a database that is put back some may not have worked before
    await createPrograms(session, after.filter(({ kind }) => !isFirst(kind)), { passOver: true });
    await session.query('USE ??', [kept]);
    // kept to be looked at and put back; what did not work in the bad database does not work here
    await createPrograms(session, before.filter(isInert), { as: { database: kept, of: live }, passOver: true });
    await session.query('RENAME TABLE ??.?? TO ??.??', [kept, journal, kept, programsOf]);
    await session.query('USE ??', [live]);
}
async function writeJournal(session, { live, kept, before, after }) {
    const [like] = await session.query('SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?', [live]);
    await session.query('CREATE DATABASE ?? CHARACTER SET ? COLLATE ?', [
        kept,
        String(like?.['charset']),
        String(like?.['collation']),
    ]);
    await session.query('CREATE TABLE ??.?? (before_swap LONGTEXT, after_swap LONGTEXT) ENGINE = InnoDB', [
        kept,
        journal,
    ]);
    await session.query('INSERT INTO ??.?? VALUES (?, ?)', [
        kept,
        journal,
        JSON.stringify(before),
        JSON.stringify(after),
    ]);
}
/** What a kept database had but tables, its events too, which do not run in it. */
async function readKeptPrograms(session, kept) {
    const [row] = await session.query('SELECT before_swap FROM ??.??', [kept, programsOf]);
    return read(row?.['before_swap']);
}
async function listOthers(session, database) {
    const tables = await listTables(session, database);
    return tables.map(({ name }) => name).filter((name) => !own.includes(name));
}
function read(text) {
    return programsSchema.parse(JSON.parse(schemas/* string */.YjP().parse(text)));
}
/** Ends a swap that was cut off: forward when the tables have moved, else back. @returns what was done, in words */
async function recover(session, live, kept) {
    const isJournalThere = (await listTables(session, kept)).some(({ name }) => name === journal);
    const others = await listOthers(session, kept);
    if (!isJournalThere) {
        if (others.length > 0)
            return undefined;
        await session.query('DROP DATABASE ??', [kept]);
        return `${kept} was left empty by a restore that was killed, and is dropped`;
    }
    const [row] = await session.query('SELECT before_swap, after_swap FROM ??.??', [kept, journal]);
    if (row !== undefined && others.length > 0) {
        await finish(session, { live, kept, before: read(row['before_swap']), after: read(row['after_swap']) });
        return `the swap of ${live} was cut off after its tables had moved, and is finished`;
    }
    if (row !== undefined) {
        await session.query('USE ??', [live]);
        await putTriggersBack(session, read(row['before_swap']).filter(({ kind }) => kind === 'trigger'));
    }
    await session.query('DROP DATABASE ??', [kept]);
    return `a swap of ${live} was cut off before its tables moved: its triggers are there again`;
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/lock.js





/** Takes the database's lock, and by default finishes a swap that was cut off. @throws ConflictError that names the connection that holds it */
async function lockDatabase(connection, log, { recovers = true } = {}) {
    const { database } = connection;
    const session = await connect(connection);
    const name = `rollback-suite ${(0,external_node_crypto_.createHash)('sha256').update(database).digest('hex').slice(0, 32)}`;
    const [row] = await session.query('SELECT GET_LOCK(?, 0) AS taken, IS_USED_LOCK(?) AS holder', [name, name]);
    if (Number(row?.['taken']) !== 1) {
        await session.end();
        throw new errors/* ConflictError */.fK(`another process is restoring ${database} or running its migrations (connection ${row?.['holder']}): try again when it is done`);
    }
    try {
        for (const kept of recovers ? await listKept(session, database) : []) {
            const done = await recover(session, database, kept.name);
            if (done !== undefined)
                log(done);
        }
    }
    catch (error) {
        await session.end();
        throw error;
    }
    return {
        // a session that is closed gives its locks back only once the server has seen that
        release: async () => {
            await session.query('SELECT RELEASE_LOCK(?)', [name]).finally(() => session.end());
        },
    };
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/rights.js

/** What loading a copy and moving tables takes: https://mariadb.com/kb/en/rename-table/ */
const needed = ['SELECT', 'INSERT', 'CREATE', 'DROP', 'ALTER', 'LOCK TABLES'];
/**
 * A restore makes databases beside the live one, and moves tables between them.
 * @throws RefusedError that names the rights and the grant: before anything was begun
 */
async function refuseLackOfRights(session, databases) {
    const [who] = await session.query('SELECT CURRENT_USER() AS user, CURRENT_ROLE() AS role');
    // what a role may do is not told of its users
    if (who?.['role'] !== null && who?.['role'] !== 'NONE')
        return;
    const grantee = `'${String(who['user']).replace(/@(?=[^@]*$)/, "'@'")}'`;
    for (const database of databases) {
        const rows = await session.query(`SELECT PRIVILEGE_TYPE AS kind FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = ?
       UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ? AND ? LIKE TABLE_SCHEMA`, [grantee, grantee, database]);
        const has = new Set(rows.map(({ kind }) => String(kind)));
        const lacks = needed.filter((each) => !has.has(each));
        if (lacks.length > 0)
            throw new errors/* RefusedError */.fk(`user ${who['user']} lacks ${lacks.join(', ')} on ${database}: grant it what it may do on the database on \`${databases[0]}%\` too, where the copy and what was replaced are`);
    }
}

// EXTERNAL MODULE: external "node:stream/consumers"
var consumers_ = __webpack_require__(8321);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/newer.js
/** How many rows the live table has that the copy has not, compared by the columns that both have. */
async function countNewerRows(session, pair) {
    if (await areAlike(session, pair))
        return 0;
    const { sql, values } = await differing(session, pair);
    const [row] = await session.query(`SELECT COUNT(*) AS count FROM (${sql}) AS differing`, values);
    return Number(row?.['count'] ?? 0);
}
/** Those rows with all the columns they have, as JSON, one at a time. */
async function* newerRows(session, pair) {
    const { sql, values, columns } = await differing(session, pair);
    const same = columns.map(() => 'live_row.?? <=> differing.??').join(' AND ') || 'TRUE';
    const rows = session.rows(`SELECT * FROM ??.?? AS live_row WHERE EXISTS (SELECT 1 FROM (${sql}) AS differing WHERE ${same})`, [pair.live, pair.table, ...values, ...columns.flatMap((column) => [column, column])]);
    for await (const row of rows)
        yield JSON.stringify(withBytes(row));
}
async function areAlike(session, { live, copy, table }) {
    const sums = await session.query('CHECKSUM TABLE ??.??, ??.??', [live, table, copy, table]);
    const [a, b] = sums.map((row) => row['Checksum']);
    return a !== null && a === b && (await shared(session, { live, copy, table })).all;
}
async function differing(session, pair) {
    const { columns } = await shared(session, pair);
    const list = columns.map(() => '??').join(', ') || '1';
    return {
        columns,
        sql: `SELECT ${list} FROM ??.?? EXCEPT ALL SELECT ${list} FROM ??.??`,
        values: [...columns, pair.live, pair.table, ...columns, pair.copy, pair.table],
    };
}
async function shared(session, { live, copy, table }) {
    const columnsOf = async (database) => (await session.query('SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION', [database, table])).map(({ name }) => String(name));
    const [here, there] = [await columnsOf(live), await columnsOf(copy)];
    const columns = here.filter((name) => there.includes(name));
    return { columns, all: columns.length === here.length && columns.length === there.length };
}
/** JSON has no bytes: they become `{"base64": …}`. */
function withBytes(row) {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [
        name,
        Buffer.isBuffer(value) ? { base64: value.toString('base64') } : value,
    ]));
}

// EXTERNAL MODULE: external "node:stream"
var external_node_stream_ = __webpack_require__(7075);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/sample.js

/** What decides whose rows a line has: `INSERT INTO` and a name of at most 64 characters, each of up to 4 bytes, or twice a backtick. */
const sample_headSize = 300;
/**
 * Chooses tables whose rows are at most so many bytes in a backup's scripts: the small ones first, so that as many as possible
 * are compared.
 */
async function chooseSample({ open }, parts, limit) {
    const sizes = new Map();
    for (const part of parts)
        for await (const { table, bytes } of readLines(await open(part)))
            if (table !== undefined)
                sizes.set(table, (sizes.get(table) ?? 0) + bytes.length);
    const chosen = new Set();
    let total = 0;
    for (const [table, size] of [...sizes].sort(([, a], [, b]) => a - b)) {
        total += size;
        if (total > limit)
            break;
        chosen.add(table);
    }
    return chosen;
}
/** A script without the rows of all other tables. */
function onlyRowsOf(script, tables) {
    const passed = async function* () {
        for await (const { table, bytes } of readLines(script))
            if (table === undefined || tables.has(table))
                yield bytes;
    };
    return external_node_stream_.Readable.from(passed(), { objectMode: false, highWaterMark: 1 << 20 });
}
/** A script in pieces of one line or less. Rows follow their `INSERT INTO`, a row a line; a text has no line break of its own. */
async function* readLines(script) {
    let table;
    let isWithin = false;
    let held = Buffer.alloc(0);
    const pieces = async function* () {
        yield* script;
        yield undefined;
    };
    for await (const chunk of pieces()) {
        const bytes = chunk === undefined ? held : Buffer.concat([held, Buffer.from(chunk)]);
        held = Buffer.alloc(0);
        for (let from = 0; from < bytes.length;) {
            const end = bytes.indexOf(10, from);
            if (!isWithin) {
                if (end === -1 && bytes.length - from < sample_headSize && chunk !== undefined) {
                    held = Buffer.from(bytes.subarray(from));
                    break;
                }
                table = tableOf(bytes.toString('utf8', from, from + sample_headSize), table);
            }
            const to = end === -1 ? bytes.length : end + 1;
            yield { table, bytes: bytes.subarray(from, to) };
            isWithin = end === -1;
            from = to;
        }
    }
}
function tableOf(line, before) {
    if (line.startsWith('('))
        return before;
    return /^INSERT INTO `((?:[^`]|``)+)`/.exec(line)?.[1]?.replaceAll('``', '`');
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/stage.js












/** Loads a backup into a database beside the live one. The session is in no database. */
async function stageCopy(session, { connection, tools, log, charset }, source, { limit } = {}) {
    const { database } = connection;
    const copy = `${sidePrefix(database)}${(0,external_node_crypto_.randomBytes)(4).toString('hex')}`;
    for (const left of await listSide(session, database)) {
        log(`${left} was left by a restore that was killed, and is dropped`);
        await session.query('DROP DATABASE ??', [left]);
    }
    if (charset !== undefined)
        await session.query(`CREATE DATABASE ?? ${charset}`, [copy]);
    else
        await createCopy(session, database, copy);
    const inCopy = (use) => withSession(connection, copy, use);
    const discard = () => dropDatabase(connection, copy);
    try {
        const sample = await chooseWithin(source, limit);
        await loadTables(session, { tools, copy, sample }, source);
        const after = programsSchema.parse(JSON.parse(await (0,consumers_.text)(await source.open(parts.programs))));
        // created here once to see that they can be
        await session.query('USE ??', [copy]);
        await createPrograms(session, after.filter(isInert), { as: { database: copy, of: database } });
        await tryForeignKeys(session, after);
        const readLooked = async (fresh) => {
            const others = after.filter((program) => !isInert(program));
            return { copyOf: database, programs: [...(await readPrograms(fresh)), ...others] };
        };
        return {
            sample,
            contents: () => inCopy(async (fresh) => readContents(fresh, copy, { digests: true, ...(await readLooked(fresh)) })),
            schema: () => inCopy(async (fresh) => readSchema(fresh, copy, await readLooked(fresh))),
            definitions: () => inCopy(async (fresh) => readDefinitions(fresh, copy, await readLooked(fresh))),
            countNewerRows: (table) => withSession(connection, undefined, (fresh) => countNewerRows(fresh, { live: database, copy, table })),
            newerRows: async function* (table) {
                const fresh = await connect(connection);
                try {
                    yield* newerRows(fresh, { live: database, copy, table });
                }
                finally {
                    await fresh.end();
                }
            },
            swap: (kept) => withSession(connection, database, async (fresh) => {
                const before = await readPrograms(fresh);
                await fresh.query('USE ??', [copy]);
                await dropPrograms(fresh, after.filter(isInert));
                const name = kept || keepName(database, new Date());
                await swapTables(fresh, { live: database, copy, kept: name, before, after });
            }),
            discard,
        };
    }
    catch (error) {
        await discard();
        throw error;
    }
}
/** With the live database's own character set; an empty live database where there is none. */
async function createCopy(session, database, copy) {
    const charset = await readCharset(session, database).catch((error) => {
        if (errorNumber(error) === noSuchDatabase)
            return undefined;
        throw error;
    });
    await session.query(`CREATE DATABASE ?? ${charset ?? ''}`, [copy]);
    if (charset === undefined)
        await session.query('CREATE DATABASE ??', [database]);
}
/** The character set and collation of a database, as SQL. */
async function readCharset(session, database) {
    const [row] = await session.query('SHOW CREATE DATABASE ??', [database]);
    return String(row?.['Create Database'] ?? '').match(/\/\*!40100 (.*?) \*\//)?.[1] ?? '';
}
function scriptsOf({ parts: stored }) {
    return [parts.tables, parts.ownTables].filter((part) => stored.includes(part));
}
/** The tables whose rows are loaded; undefined for all. */
async function chooseWithin(source, limit) {
    const scripts = scriptsOf(source);
    const size = scripts.reduce((sum, part) => sum + source.sizeOf(part), 0);
    return limit === undefined || size <= limit ? undefined : chooseSample(source, scripts, limit);
}
async function loadTables(session, { tools, copy, sample, }, source) {
    for (const part of scriptsOf(source)) {
        const script = await source.open(part);
        await (0,tool/* runTool */.qI)({
            command: tools.client,
            debianPackage: tools.debianPackage,
            args: [
                ...tools.first,
                ...['--batch', '--default-character-set=utf8mb4', '--max-allowed-packet=1G'],
                // rows from before a CHECK constraint was added, or that were written without it, are rows
                ...(tools.isMaria ? ['--init-command=SET SESSION check_constraint_checks = 0'] : []),
                `--database=${copy}`,
            ],
            env: tools.env,
            input: sample === undefined ? script : onlyRowsOf(script, sample),
            signal: source.signal,
        }).catch((error) => explainLoad(session, error));
    }
}
async function dropDatabase(connection, name) {
    await withSession(connection, undefined, async (session) => void (await session.query('DROP DATABASE IF EXISTS ??', [name])));
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/elsewhere.js











/**
 * Opens another server to load backups of a database on: by its address, or one of the same version that is started on this
 * machine and ends with this process.
 * @throws RefusedError that names what it lacks: a version, a storage engine, a database that a view uses, a right
 */
async function openElsewhere(live, surroundings, where) {
    const { database } = live;
    const needs = await withSession(live, database, (session) => readNeeds(session, database));
    if (where !== 'local' && where.engine !== 'mysql')
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('verify-on')} is of another kind of database than ${database}`);
    const local = where === 'local' ? await startLocalServer(needs, surroundings) : undefined;
    const place = where === 'local' ? local?.connection : where;
    if (place === undefined)
        throw new TypeError('there is no server');
    // the name of the live database: only the copy beside it is made
    const connection = { ...place, database };
    const close = async () => local?.stop();
    try {
        await withSession(connection, undefined, async (session) => {
            if (local !== undefined)
                await createUsers(session, needs.definers);
            await refuseLacks(session, { database, needs });
        });
    }
    catch (error) {
        await close();
        if (!(error instanceof errors/* RefusedError */.fk))
            throw error;
        throw new errors/* RefusedError */.fk((0,errors/* message */.iU) `${(0,errors/* setting */.Pe)('verify-on')}: ${error}`);
    }
    const { log } = surroundings;
    return {
        name: local === undefined
            ? `${connection.host}:${connection.port}`
            : 'a server that is started on this machine',
        // what restores there left half done is not ours
        lock: () => lockDatabase(connection, log, { recovers: false }),
        stage: (source, options) => withSession(connection, undefined, async (session) => {
            // the live server's password is in that folder, in a file of the same name
            const scratch = (0,external_node_path_.join)(surroundings.scratch, 'elsewhere');
            const tools = await findTools(connection, needs.version, { ...surroundings, scratch });
            return stageCopy(session, { connection, log, tools, charset: needs.charset }, source, options);
        }),
        close,
    };
}
async function readNeeds(session, database) {
    const [row] = await session.query('SELECT VERSION() AS version, @@lower_case_table_names AS names, @@innodb_page_size AS size');
    const engines = await session.query("SELECT DISTINCT ENGINE AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE <> 'VIEW' AND ENGINE IS NOT NULL", [database]);
    const others = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME <> ?', [database]);
    const programs = await readPrograms(session);
    const named = new Set(programs.flatMap(({ kind, sql }) => (kind === 'view' ? databasesIn(sql) : [])));
    return {
        version: String(row?.['version']),
        lowerCaseTableNames: Number(row?.['names']),
        pageSize: Number(row?.['size']),
        charset: await readCharset(session, database),
        engines: engines.map(({ name }) => String(name)),
        databases: others.map(({ name }) => String(name)).filter((name) => named.has(name)),
        definers: await withoutGone(session, [
            ...new Set(programs.flatMap(({ sql }) => / DEFINER=(`(?:[^`]|``)*`@`(?:[^`]|``)*`)/.exec(sql)?.[1] ?? [])),
        ]),
    };
}
/** Those that are users of the server, as far as this user may know: what has another definer works there without it. */
async function withoutGone(session, definers) {
    const users = await session
        .query('SELECT User AS user, Host AS host FROM mysql.user')
        .catch((error) => {
        if (error instanceof errors/* RefusedError */.fk)
            return undefined;
        throw error;
    });
    if (users === undefined)
        return definers;
    const known = new Set(users.map(({ user, host }) => `${quoteName(String(user))}@${quoteName(String(host))}`));
    return definers.filter((definer) => known.has(definer));
}
/** On a server of our own: with all rights, as a definer's rights are no part of a database. */
async function createUsers(session, users) {
    for (const user of users) {
        await session.query(`CREATE USER IF NOT EXISTS ${user} ACCOUNT LOCK`);
        await session.query(`GRANT ALL PRIVILEGES ON *.* TO ${user}`);
    }
}
async function refuseLacks(session, { database, needs }) {
    const [row] = await session.query('SELECT VERSION() AS version, @@lower_case_table_names AS names, @@innodb_page_size AS size');
    const version = String(row?.['version']);
    if (seriesOf(version) !== seriesOf(needs.version) ||
        /mariadb/i.test(version) !== /mariadb/i.test(needs.version))
        throw new errors/* RefusedError */.fk(`the server is ${version}, and the database is of ${needs.version}: a schema is compared on the same version only`);
    const lacks = [];
    if (Number(row?.['names']) !== needs.lowerCaseTableNames)
        lacks.push(`lower_case_table_names = ${needs.lowerCaseTableNames}`);
    if (Number(row?.['size']) !== needs.pageSize)
        lacks.push(`innodb_page_size = ${needs.pageSize}`);
    const engines = await session.query("SELECT ENGINE AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')");
    const has = (rows, name) => rows.some((each) => String(each.name).toLowerCase() === name.toLowerCase());
    lacks.push(...needs.engines.filter((name) => !has(engines, name)).map((name) => `storage engine ${name}`));
    const databases = await session.query('SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA');
    lacks.push(...needs.databases
        .filter((name) => !has(databases, name))
        .map((name) => `database ${name}, which a view of ${database} uses`));
    if (lacks.length > 0)
        throw new errors/* RefusedError */.fk(`the server lacks ${lacks.join('; ')}`);
    const probe = `${sidePrefix(database)}${(0,external_node_crypto_.randomBytes)(4).toString('hex')}`;
    await refuseLackOfRights(session, [probe]);
    // a definer that this user may not name is found now, and not taken for a fault of the backup
    await session.query('CREATE DATABASE ??', [probe]);
    try {
        for (const definer of needs.definers) {
            await session.query(`CREATE OR REPLACE DEFINER = ${definer} VIEW ??.probe AS SELECT 1 AS a`, [probe]);
            await session.query('SELECT a FROM ??.probe', [probe]);
        }
    }
    finally {
        await session.query('DROP DATABASE ??', [probe]);
    }
}

// EXTERNAL MODULE: ./node_modules/zod/v4/classic/coerce.js
var coerce = __webpack_require__(9567);
;// CONCATENATED MODULE: ./lib/layers/database/mysql/statements.js
/** What the server's own client takes as one token of a script: a comment, or a text or name in quotes. */
const token = /--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\]|\\[\s\S]|'')*'?|"(?:[^"\\]|\\[\s\S]|"")*"?|`[^`]*`?/y;
/**
 * The statements of a script, in the way of the server's own client: they end at the delimiter, which `DELIMITER` changes, and
 * not within quotes and comments. What has nothing but comments is none.
 */
function splitStatements(script) {
    const statements = [];
    let [delimiter, start, at] = [';', 0, 0];
    const end = (to) => {
        const statement = script.slice(start, to).trim();
        if (!isBlank(statement))
            statements.push(statement);
    };
    while (at < script.length) {
        const changed = isAtStartOfLine(script, at) && isBlank(script.slice(start, at)) ? delimiterAt(script, at) : undefined;
        if (changed !== undefined) {
            delimiter = changed.delimiter;
            at += changed.length;
            start = at;
            continue;
        }
        if (script.startsWith(delimiter, at)) {
            end(at);
            at += delimiter.length;
            start = at;
            continue;
        }
        token.lastIndex = at;
        at += token.exec(script)?.[0].length || 1;
    }
    end(script.length);
    return statements;
}
function isAtStartOfLine(script, at) {
    return at === 0 || script[at - 1] === '\n';
}
function delimiterAt(script, at) {
    const pattern = /[ \t]*delimiter[ \t]+(\S+)[^\n]*(?:\n|$)/iy;
    pattern.lastIndex = at;
    const found = pattern.exec(script);
    return found === null ? undefined : { delimiter: found[1] ?? ';', length: found[0].length };
}
/** A comment of a server's version, `/*!`, is no comment to it. */
function isBlank(sql) {
    return sql.replace(/--(?=\s|$)[^\n]*|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\//g, '').trim() === '';
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/steps.js






/** How long a statement of a run that was killed may still run in the server, ms. */
const patienceMs = 60_000;
/**
 * Runs a script statement by statement, and then the statements after it. The server commits at each definition, so a journal
 * says how far the script came: after a failure or a kill, the next run goes on after what ran. Changes of rows are committed
 * with their entry in the journal; whether a definition ran is seen by the schema.
 * @throws RefusedError that says how far it came
 */
async function runSteps(session, { database, script, after, name }) {
    const statements = splitStatements(script);
    // the server's own, as its client has it
    await session.query('SET SESSION sql_mode = DEFAULT');
    const done = name === undefined ? [] : await resume(session, { database, name, statements });
    // what a session keeps is lost with it
    for (const statement of done)
        if (/^SET\s+(?!GLOBAL\b|@@GLOBAL\b)/i.test(statement))
            await session.query(statement);
    for (const statement of statements.slice(done.length)) {
        if (name !== undefined)
            await steps_writeJournal(session, name, {
                done,
                running: statement,
                schema: await readSchema(session, database),
            });
        try {
            await session.query('START TRANSACTION');
            await session.query(statement);
            if (name !== undefined)
                await steps_writeJournal(session, name, { done: [...done, statement] });
            await session.query('COMMIT');
            done.push(statement);
        }
        catch (error) {
            throw await explainFailure(session, { error, done, name });
        }
    }
    await session.query('START TRANSACTION');
    for (const { sql, values } of after)
        await session.query(sql, values);
    if (name !== undefined)
        await session.query('DELETE FROM ?? WHERE name = ?', [engine/* journal */.W8, name]);
    await session.query('COMMIT');
    if (name === undefined)
        return;
    const [left] = await session.query('SELECT COUNT(*) AS count FROM ??', [engine/* journal */.W8]);
    if (Number(left?.['count']) === 0)
        await session.query('DROP TABLE ??', [engine/* journal */.W8]);
}
async function explainFailure(session, { error, done, name }) {
    // without an answer of the server, the journal stays as it is: the statement may have run
    if (!(error instanceof errors/* RefusedError */.fk))
        return error;
    await session.query('ROLLBACK');
    if (name !== undefined)
        await steps_writeJournal(session, name, { done });
    const message = `${error.message}; ${done.length} of its statements ran before and stay`;
    return new errors/* RefusedError */.fk(name === undefined ? message : `${message}: mend the cause and run it again, and it goes on after them`);
}
/** What ran in earlier runs. @throws RefusedError when the script does not begin with it */
async function resume(session, { database, name, statements }) {
    await session.query('CREATE TABLE IF NOT EXISTS ?? (name VARCHAR(255) PRIMARY KEY, done LONGTEXT NOT NULL, running LONGTEXT, schema_before VARCHAR(64), connection BIGINT) ENGINE = InnoDB CHARACTER SET utf8mb4', [engine/* journal */.W8]);
    const [row] = await session.query('SELECT done, running, schema_before, connection FROM ?? WHERE name = ?', [engine/* journal */.W8, name]);
    if (row === undefined)
        return [];
    const { done: before, running, schema_before, connection } = entrySchema.parse(row);
    const done = schemas/* array */.YOg(schemas/* string */.YjP()).parse(JSON.parse(before));
    if (running !== null) {
        await waitForEnd(session, name, connection);
        if ((await readSchema(session, database)) !== schema_before)
            done.push(running);
    }
    if (done.some((statement, index) => statements[index] !== statement))
        throw new errors/* RefusedError */.fk(`of the script of ${name}, ${done.length} statements ran in an earlier run, and the script does not begin with them any more: run the rest manually, then correct its entry in the history table and drop ${engine/* journal */.W8}`);
    return done;
}
const entrySchema = schemas/* object */.Ikc({
    done: schemas/* string */.YjP(),
    running: schemas/* string */.YjP().nullable(),
    schema_before: schemas/* string */.YjP().nullable(),
    connection: coerce/* number */.ai().nullable(),
});
/** The server goes on with a statement whose client is gone. */
async function waitForEnd(session, name, connection) {
    const givesUpAt = performance.now() + patienceMs;
    const isRunning = async () => (await session.query("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ? AND DB = DATABASE() AND COMMAND <> 'Sleep'", [connection])).length > 0;
    while (connection !== null && (await isRunning())) {
        if (performance.now() > givesUpAt)
            throw new errors/* ConflictError */.fK(`the server still runs a statement of ${name}, from a run that was killed (connection ${connection}): wait until it ends, or KILL ${connection}`);
        await (0,external_node_timers_promises_.setTimeout)(200);
    }
}
async function steps_writeJournal(session, name, { done, running, schema, }) {
    await session.query('REPLACE INTO ?? VALUES (?, ?, ?, ?, CONNECTION_ID())', [
        engine/* journal */.W8,
        name,
        JSON.stringify(done),
        running ?? null,
        schema ?? null,
    ]);
}

;// CONCATENATED MODULE: ./lib/layers/database/mysql/engine.js














/**
 * MariaDB and MySQL: the server's own dump tool for the tables, everything else as the server prints it. A restore goes into
 * a database beside, and one RENAME TABLE of all tables puts it in place: no client has to connect again.
 */
function openMysql(connection, surroundings) {
    const { database } = connection;
    const { log } = surroundings;
    const within = (use) => withSession(connection, undefined, use);
    const inDatabase = (use) => withSession(connection, database, use);
    const openTools = async (session) => {
        const [row] = await session.query('SELECT VERSION() AS version');
        const server = String(row?.['version']);
        return { server, tools: await findTools(connection, server, surroundings) };
    };
    const identity = ['mysql', connection.host, String(connection.port), database];
    return {
        kind: 'mysql',
        database,
        source: (0,external_node_crypto_.createHash)('sha256').update(identity.join('\0')).digest('hex').slice(0, 16),
        inspect: (purpose) => withSession(connection, purpose === 'backup' ? database : undefined, async (session) => {
            if (purpose === 'restore') {
                const beside = [`${sidePrefix(database)}00000000`, keepName(database, new Date(0))];
                await refuseLackOfRights(session, [database, ...beside]);
                await refuseForeignReferences(session, database);
            }
            const { server, tools } = await openTools(session);
            return { server: `server ${server}`, tool: `${tools.dump} ${tools.version}` };
        }),
        lock: () => lockDatabase(connection, log),
        dump: (target) => inDatabase(async (session) => dumpDatabase(session, { connection, ...(await openTools(session)) }, target)),
        stagesOnServer: true,
        readsBeforeItLoads: false,
        stage: (source, options) => within(async (session) => stageCopy(session, { connection, log, ...(await openTools(session)) }, source, options)),
        elsewhere: (where) => openElsewhere(connection, surroundings, where),
        async contents({ digests = false } = {}) {
            const found = await inDatabase((session) => readContents(session, database, { digests })).catch(missing);
            return found?.tables.length === 0 ? undefined : found;
        },
        schema: () => inDatabase((session) => readSchema(session, database)).catch(missing),
        definitions: () => inDatabase((session) => readDefinitions(session, database)),
        keptName: (at) => keepName(database, at),
        listKept: () => within((session) => listKept(session, database)),
        dropKept: async (name) => {
            if (keptSince(database, name) === undefined)
                throw new TypeError(`${name} is not a kept database`);
            await dropDatabase(connection, name);
        },
        putBack: (kept, keepAs) => inDatabase(async (session) => {
            const before = await readPrograms(session);
            const after = await readKeptPrograms(session, kept);
            await session.query('USE ??', [kept]);
            await tryForeignKeys(session, after);
            await dropPrograms(session, after.filter(isInert));
            await swapTables(session, { live: database, copy: kept, kept: keepAs, before, after });
            await session.query('DROP DATABASE ??', [kept]);
        }),
        transactionalDdl: false,
        quoteName: quoteName,
        asText: (column) => `CAST(${quoteName(column)} AS CHAR)`,
        query: (sql, values = []) => inDatabase(async (session) => (await session.query(sql, values)).map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? null : String(value)])))),
        columnsOf: (table) => inDatabase(async (session) => (await session.query('SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION', [table])).map(({ name }) => String(name))),
        runScript: ({ script, after, name }) => inDatabase((session) => runSteps(session, { database, script, after, name })),
    };
}
/** Undefined for a database that is not there. */
function missing(error) {
    if (errorNumber(error) !== noSuchDatabase)
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
