export const id = 861;
export const ids = [861];
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

/***/ 7861:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  openSqlite: () => (/* binding */ openSqlite)
});

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: external "node:sqlite"
var external_node_sqlite_ = __webpack_require__(99);
// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./lib/layers/database/all-ended.js
var all_ended = __webpack_require__(3392);
// EXTERNAL MODULE: ./lib/layers/database/read-file.js
var read_file = __webpack_require__(9683);
// EXTERNAL MODULE: external "node:events"
var external_node_events_ = __webpack_require__(8474);
// EXTERNAL MODULE: external "node:worker_threads"
var external_node_worker_threads_ = __webpack_require__(5919);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 6 modules
var schemas = __webpack_require__(6921);
;// CONCATENATED MODULE: ./lib/layers/database/sqlite/damage.js




/** A text, so that it needs no file of its own in a bundle. */
const check = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData)
  const isUndefinedHere = (error) => /no such (?:collation sequence|module|function|tokenizer)|unknown (?:function|tokenizer)/.test(error.message)
  const run = (table) => Object.values(database.prepare('PRAGMA quick_check' + table).get() ?? {})[0]
  // what only the application defines is looked around: table by table
  const byTable = () => {
    const unchecked = []
    for (const { name } of database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()) {
      try {
        const found = run('("' + name.replaceAll('"', '""') + '")')
        if (found !== 'ok') return { found, unchecked }
      } catch (error) {
        if (!isUndefinedHere(error)) throw error
        unchecked.push(name + ': ' + error.message)
      }
    }
    return { found: 'ok', unchecked }
  }
  const checkAll = () => {
    try {
      return { found: run('(1)'), unchecked: [] }
    } catch (error) {
      if (!isUndefinedHere(error)) throw error
      return byTable()
    }
  }
  try {
    parentPort.postMessage(checkAll())
  } catch (error) {
    parentPort.postMessage({ found: error.message, unchecked: [] })
  } finally {
    database.close()
  }`;
const foundSchema = schemas/* object */.Ikc({ found: schemas/* string */.YjP(), unchecked: schemas/* array */.YOg(schemas/* string */.YjP()) });
/**
 * Lets SQLite look for damage in a file that nobody else has open, on a thread of its own.
 * @param what for people
 * @param log is given the tables that SQLite cannot check, because only their application defines what they use
 * @throws RefusedError when it finds any, e.g. in a database that was broken before it was backed up
 */
async function refuseDamage(path, what, log) {
    const worker = new external_node_worker_threads_.Worker(check, { eval: true, workerData: path });
    try {
        const { found, unchecked } = foundSchema.parse((await (0,external_node_events_.once)(worker, 'message'))[0]);
        if (found !== 'ok')
            throw new errors/* RefusedError */.fk(`${what} is damaged: SQLite says "${found}"`);
        for (const each of unchecked)
            log(`${what} was not checked for damage in table ${each}`);
    }
    finally {
        await worker.terminate();
    }
}

// EXTERNAL MODULE: external "node:timers/promises"
var external_node_timers_promises_ = __webpack_require__(8500);
;// CONCATENATED MODULE: ./lib/layers/database/sqlite/explain.js



const sqliteErrorSchema = schemas/* object */.Ikc({ errcode: schemas/* number */.aig(), message: schemas/* string */.YjP() });
/** https://sqlite.org/rescode.html */
const codes = {
    busy: 5,
    locked: 6,
    readOnly: 8,
    failedDisk: 10,
    damaged: 11,
    full: 13,
    cannotOpen: 14,
    forbidden: 23,
    notDatabase: 26,
};
/** SQLite's primary code of an error; undefined for an error of another kind. */
function errorCode(error) {
    const { data } = sqliteErrorSchema.safeParse(error);
    return data === undefined ? undefined : data.errcode & 0xff;
}
/** A lock met by a backup's first step is reported as "not an error", with code 0. */
function isBusy(error) {
    const code = errorCode(error);
    return code === 0 || code === codes.busy || code === codes.locked;
}
/** The process may not write to the file. */
function isForbiddenWrite(error) {
    return errorCode(error) === codes.readOnly;
}
/** The disk is full, or it fails. */
function isDiskFailure(error) {
    const code = errorCode(error);
    return code === codes.failedDisk || code === codes.full;
}
const undefinedHere = /no such (?:collation sequence|module|function|tokenizer)|unknown (?:function|tokenizer)/;
/** The schema uses what only the application that owns the database defines: a collation, a function, a module. */
function isUndefinedHere(error) {
    return undefinedHere.test(messageOf(error));
}
/** Two tables are declared as child and parent, and the parent has no such key. */
function isKeyMismatch(error) {
    return messageOf(error).startsWith('foreign key mismatch');
}
function messageOf(error) {
    return sqliteErrorSchema.safeParse(error).data?.message ?? '';
}
/**
 * What SQLite ran into, in words that name the file and what to do; an error of another kind as it is.
 * @param patienceMs how long a lock was waited for
 */
async function explainSqlite(error, path, patienceMs) {
    const code = errorCode(error);
    if (code === undefined || (0,errors/* isUserFacing */.Qx)(error))
        return error;
    const said = messageOf(error);
    if (isBusy(error))
        return new errors/* ConflictError */.fK(`${path} stayed locked for ${patienceMs} ms: another process holds it`);
    switch (code) {
        case codes.notDatabase:
            return new errors/* RefusedError */.fk(`${path} is not a SQLite database, or it is encrypted: SQLite says "${said}"; encrypted databases (SQLCipher, SEE) are not supported`);
        case codes.cannotOpen:
            return new errors/* RefusedError */.fk((await (0,promises_.stat)(path).catch(() => undefined))?.isDirectory()
                ? `${path} is a folder; write the path of the database file`
                : `${path} cannot be opened: SQLite says "${said}"; check the path, and that this user may read and write the file and its folder`);
        case codes.damaged:
            return new errors/* RefusedError */.fk(`${path} is damaged: SQLite says "${said}"`);
        case codes.readOnly:
        case codes.forbidden:
            return new errors/* RefusedError */.fk(`${path} cannot be written to: SQLite says "${said}"; the file and its folder have to be writable for this user`);
        case codes.failedDisk:
        case codes.full:
            return new errors/* RefusedError */.fk(`${path} cannot be written to: SQLite says "${said}"`);
        default:
            return isUndefinedHere(error)
                ? new errors/* RefusedError */.fk(`${path} uses what only its application defines: SQLite says "${said}"; remove it from keys of tables WITHOUT ROWID, or back up with the application's own tool`)
                : error;
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/file.js





/** How long others may hold a lock before we give up, ms. */
const patienceMs = 15_000;
/** Opens a database file. Rows come as arrays, integers as bigint: a table may hold any. */
function openDatabase(path, options = {}) {
    return new external_node_sqlite_.DatabaseSync(path, {
        timeout: patienceMs,
        enableForeignKeyConstraints: false,
        readBigInts: true,
        ...options,
    });
}
/** The same for one use. @throws RefusedError that names the file and what is wrong with it */
async function withDatabase(path, use, options = {}) {
    let database;
    try {
        database = openDatabase(path, options);
        return await use(database);
    }
    catch (error) {
        throw await explain(error, path);
    }
    finally {
        database?.close();
    }
}
/** What SQLite ran into at a file, in words for people; an error of another kind as it is. */
function explain(error, path) {
    return explainSqlite(error, path, patienceMs);
}
/** of what is written before others are kept out: less than SQLite's cache of 2000 KiB, so that none of it is on the disk then */
const firstStepBytes = 1 << 20;
/**
 * Copies a database, live or not, over another one or into a new file, by SQLite's own online backup in one step: a
 * backup in several starts again each time anybody writes, and under a busy writer never ends.
 * @param whileLocked called each time that it has the write lock of the other one, of which nothing is replaced by then. If it
 *   throws, nothing will be. The database that is copied has to be nobody else's: the copy is made in several steps.
 * @throws ConflictError when others hold a lock for too long; nothing has changed then
 */
async function copyDatabase(from, to, whileLocked) {
    const givesUpAt = performance.now() + patienceMs;
    await withDatabase(from, async (source) => {
        const rate = whileLocked === undefined ? 2 ** 31 - 1 : firstStepOf(source);
        for (;;) {
            let isLocked = false;
            try {
                await (0,external_node_sqlite_.backup)(source, to, {
                    rate,
                    // the first step takes the lock, and the last one ends it: https://sqlite.org/c3ref/backup_finish.html
                    progress: () => {
                        if (!isLocked)
                            whileLocked?.();
                        isLocked = true;
                    },
                });
                if (whileLocked !== undefined && !isLocked)
                    throw new Error(`${to} was replaced without its lock`);
                return;
            }
            catch (error) {
                if (!isBusy(error))
                    throw isDiskFailure(error) ? await explain(error, to) : error;
                if (performance.now() > givesUpAt)
                    throw await explain(error, to);
                await (0,external_node_timers_promises_.setTimeout)(5);
            }
        }
    });
}
/** How many pages are copied at once, so that the first step is not the last one. */
function firstStepOf(source) {
    const read = (pragma) => Number(Object.values(source.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
    // a database without tables may have one page: the second one is free
    if (read('page_count') < 2) {
        // which a full vacuum would take away
        if (read('auto_vacuum') === 1)
            source.exec('PRAGMA auto_vacuum = 2');
        source.exec('CREATE TABLE "second page" (a); DROP TABLE "second page"');
    }
    return Math.max(1, Math.min(Math.floor(firstStepBytes / read('page_size')), Math.floor(read('page_count') / 2)));
}
async function exists(path) {
    return (await (0,promises_.stat)(path).catch(() => undefined)) !== undefined;
}
/** Takes a database file away, with what belongs to it. */
async function removeDatabase(path) {
    for (const file of databaseFiles(path))
        await (0,promises_.rm)(file, { force: true });
}
/** The file of a database, and those that may belong to it. */
function databaseFiles(path) {
    return ['', '-wal', '-shm', '-journal'].map((suffix) => path + suffix);
}
/** An SQL name in quotes. */
function quoteName(name) {
    return `"${name.replaceAll('"', '""')}"`;
}
/** What is in a database: how many rows each table has, and the text of its schema. */
async function readContents(path) {
    return withDatabase(path, (database) => {
        // one point in time for all of it
        database.exec('BEGIN');
        const tables = database
            .prepare("SELECT name, sql LIKE 'CREATE VIRTUAL TABLE%' AS is_virtual FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
            .all()
            .flatMap((row) => {
            const name = String(row['name']);
            const rows = countTable(database, quoteName(name), Number(row['is_virtual']) === 1);
            return rows === undefined ? [] : [{ name, rows }];
        });
        return { tables, schema: readSchema(database) };
    });
}
/** How many rows a table has; undefined for a virtual one of a module that only its application has: its rows are in others. */
function countTable(database, quoted, isVirtual) {
    try {
        return countRows(database, quoted);
    }
    catch (error) {
        if (isVirtual && isUndefinedHere(error))
            return undefined;
        throw error;
    }
}
/** How many rows a table has, counted without its indexes where their order is that of its application alone. */
function countRows(database, quoted) {
    const count = (from) => Number(database.prepare(`SELECT count(*) AS rows FROM ${from}`).get()?.['rows'] ?? 0);
    try {
        return count(quoted);
    }
    catch (error) {
        if (!isUndefinedHere(error))
            throw error;
        return count(`${quoted} NOT INDEXED`);
    }
}
/** Rows whose foreign key points at nothing. A key to columns that are none is no key: SQLite cannot look such rows up. */
function countOrphans(database) {
    const check = (table = '') => database.prepare(`PRAGMA foreign_key_check${table}`).all().length;
    try {
        return check();
    }
    catch (error) {
        if (!isKeyMismatch(error) && !isUndefinedHere(error))
            throw error;
    }
    return database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .all()
        .reduce((sum, { name }) => {
        try {
            return sum + check(`(${quoteName(String(name))})`);
        }
        catch (error) {
            if (isKeyMismatch(error) || isUndefinedHere(error))
                return sum;
            throw error;
        }
    }, 0);
}
/** SHA-256 of all that is not rows. */
function readSchema(database) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    const schema = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, sql');
    for (const row of schema.iterate())
        hash.update(JSON.stringify(Object.values(row)));
    return hash.digest('hex');
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/image.js



/**
 * What SQLite itself changes in the header when it copies: change counter, schema cookie and library version
 * (https://sqlite.org/fileformat2.html#the_database_header).
 */
const counters = [
    [24, 28],
    [40, 44],
    [92, 100],
];
/** the versions of the file format, which say whether there is a log */
const formatVersions = [18, 20];
const withoutLog = 1;
/** Puts the header of a file, at the beginning of a chunk, as it is in all copies of the same database: with counters at 0 and no log. */
function unifyHeader(chunk) {
    for (const [from, to] of counters)
        chunk.fill(0, from, to);
    chunk.fill(withoutLog, ...formatVersions);
}
/** Digests a database file while it is read or written, so that it is not read again for that. */
function digestImage(chunks) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    const content = async function* () {
        let isFirst = true;
        for await (const chunk of chunks) {
            if (isFirst) {
                const header = Buffer.from(chunk);
                unifyHeader(header);
                hash.update(header);
            }
            else
                hash.update(chunk);
            isFirst = false;
            yield chunk;
        }
    };
    let digest;
    return {
        content: content(),
        digest: () => {
            digest ??= hash.digest('hex');
            return digest;
        },
    };
}
/** The same of a file that nobody has open. */
function readImage(path) {
    return digestImage((0,read_file/* readChunks */.z)(path));
}
async function readDigest(path) {
    const image = readImage(path);
    for await (const _ of image.content)
        ;
    return image.digest();
}
/** What is in a file that nobody has open. @param image its digest */
async function describeImage(path, image) {
    const { tables, schema } = await readContents(path);
    return { tables, schema, image, orphans: await withDatabase(path, countOrphans) };
}

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: ./lib/text/system-error.js
var system_error = __webpack_require__(7229);
;// CONCATENATED MODULE: ./lib/layers/database/sqlite/locked-copy.js



/**
 * Keeps a copy of the live database, with its owner, while this process holds the write lock: nothing else may run before it is
 * there, so all of it is synchronous.
 * @returns where it is: `kept`
 * @throws RefusedError when it cannot be written
 */
function copyLocked({ live, fd, copy, scratch, kept, isSame }) {
    try {
        if (!isSame) {
            for (const file of [...databaseFiles(copy), ...databaseFiles(scratch)])
                (0,external_node_fs_.rmSync)(file, { force: true });
            copyBytes(fd, scratch);
            // a transaction that is not committed is in the log too, without the mark of a commit, and is passed over
            if ((0,external_node_fs_.existsSync)(`${live}-wal`))
                (0,external_node_fs_.copyFileSync)(`${live}-wal`, `${scratch}-wal`);
            takeOwner(live, scratch);
            bringInLog(scratch);
        }
        else
            takeOwner(live, copy);
        (0,external_node_fs_.renameSync)(isSame ? copy : scratch, kept);
        return kept;
    }
    catch (error) {
        throw (0,system_error/* explainWrite */.N)(error, kept);
    }
}
/** Gives a file that is made beside the live one to the live one's owner: the job may run as another user. */
function takeOwner(live, file) {
    const owner = (0,external_node_fs_.statSync)(live, { throwIfNoEntry: false });
    if (owner === undefined)
        return;
    (0,external_node_fs_.chmodSync)(file, owner.mode & 0o777);
    try {
        (0,external_node_fs_.chownSync)(file, owner.uid, owner.gid);
    }
    catch (error) {
        // only root may give a file away: of a user's own, it is already
        if ((0,system_error/* codeOf */.$)(error) !== 'EPERM')
            throw error;
    }
}
function copyBytes(fd, to) {
    const buffer = Buffer.allocUnsafe(1 << 20);
    const copy = (0,external_node_fs_.openSync)(to, 'wx', 0o600);
    try {
        for (let at = 0;;) {
            const length = (0,external_node_fs_.readSync)(fd, buffer, 0, buffer.length, at);
            if (length === 0)
                break;
            for (let done = 0; done < length;)
                done += (0,external_node_fs_.writeSync)(copy, buffer, done, length - done, at + done);
            at += length;
        }
        (0,external_node_fs_.fsyncSync)(copy);
    }
    finally {
        (0,external_node_fs_.closeSync)(copy);
    }
}
/** What is in the log of a copy goes into its file, and onto the disk. */
function bringInLog(path) {
    const database = openDatabase(path);
    try {
        database.exec('PRAGMA synchronous = full; PRAGMA journal_mode = delete');
    }
    finally {
        database.close();
    }
}

// EXTERNAL MODULE: ./lib/layers/database/write-file.js
var write_file = __webpack_require__(6368);
;// CONCATENATED MODULE: ./lib/layers/database/sqlite/snapshot.js







/** Of a writer that commits between our two looks at its log. */
const tries = 5;
/**
 * Copies a database that may be in use into a new file: byte by byte, three times as fast as SQLite's page by page, while
 * nobody may write to the file. A reader sees to that once all of the log is in it: whoever writes then, writes to the log,
 * and without a log waits. Where a writer leaves no such moment, it is SQLite's own online backup.
 * @returns the SHA-256 of the copy, taken while it is written; undefined where it was not copied byte by byte
 * @throws ConflictError when others hold a lock for too long, RefusedError when the copy cannot be written
 */
async function copyToNewFile(from, to) {
    const file = await (0,promises_.open)(from);
    try {
        const image = digestImage((0,read_file/* chunksOf */.U)(file));
        return (await copyOpened(file, image.content, { from, to })) ? image.digest() : undefined;
    }
    finally {
        await file.close();
    }
}
/**
 * The same without a digest, of a file that is open already. It has to stay open for as long as this process has other connections
 * to that database: a process that closes a file gives up each lock it has on it, and SQLite's are such locks.
 * @param content of the file
 * @returns false where it was not copied byte by byte
 */
async function copyOpened(file, content, { from, to, durable = false }) {
    // left by a process that was killed
    await removeDatabase(to);
    const reader = await openDatabaseAt(from);
    let isStill = false;
    try {
        isStill = holdStill(reader, from);
        if (isStill)
            await snapshot_copyBytes(content, { to, mode: (await file.stat()).mode, durable });
    }
    catch (error) {
        throw await explain(error, from);
    }
    finally {
        reader.close();
    }
    if (!isStill)
        await copyDatabase(from, to);
    return isStill;
}
/** @throws RefusedError that names the file and what is wrong with it */
async function openDatabaseAt(path) {
    try {
        return openDatabase(path);
    }
    catch (error) {
        throw await explain(error, path);
    }
}
/** Begins to read. @returns true when the file is all of what is read, and stays so until the reader ends */
function holdStill(reader, path) {
    const other = openDatabase(path);
    try {
        for (let attempt = 0; attempt < tries; attempt += 1) {
            isLogInFile(other);
            reader.exec('BEGIN');
            reader.prepare('SELECT 1 FROM sqlite_schema').get();
            // what is in the log goes into the file as far as this reader sees it, and no further while it reads
            if (isLogInFile(other))
                return true;
            reader.exec('ROLLBACK');
        }
        return false;
    }
    finally {
        other.close();
    }
}
/** Brings what is in the log into the file. Both numbers are -1 without a log: https://sqlite.org/pragma.html#pragma_wal_checkpoint */
function isLogInFile(database) {
    try {
        const row = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
        return Number(row?.['busy']) === 0 && row?.['log'] === row?.['checkpointed'];
    }
    catch (error) {
        if (isForbiddenWrite(error))
            return false;
        throw error;
    }
}
async function snapshot_copyBytes(content, { to, mode, durable }) {
    const unified = async function* () {
        let isFirst = true;
        for await (const chunk of content) {
            if (isFirst)
                unifyHeader(chunk);
            isFirst = false;
            yield chunk;
        }
    };
    try {
        const copy = await (0,promises_.open)(to, 'wx', mode & 0o777);
        try {
            await (0,write_file/* writeChunks */.a)(unified(), copy);
            if (durable)
                await copy.sync();
        }
        finally {
            await copy.close();
        }
    }
    catch (error) {
        throw (0,system_error/* explainWrite */.N)(error, to);
    }
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/live-copy.js






/** Copies the live database into a new file. @throws as `copyOpened` */
async function copyLive(live, path) {
    const file = await (0,promises_.open)(live);
    const watch = await openDatabaseAt(live).catch(async (error) => {
        await file.close();
        throw error;
    });
    let at = path;
    const unwatch = () => {
        if (watch.isOpen)
            watch.close();
    };
    const close = async () => {
        unwatch();
        // not before the connection, whose locks would end with it
        await file.close();
    };
    const discard = async () => {
        await close();
        for (const each of new Set([at, path]))
            await removeDatabase(each);
    };
    const readVersion = () => versionOf(file.fd, watch);
    try {
        // looked at before the copy is begun: what is written meanwhile counts as written since
        let version = committedVersion(watch, readVersion);
        const isCurrent = () => {
            try {
                return watch.isOpen && readVersion() === version;
            }
            catch {
                // a writer holds it for long: it is to be copied again, which says what is wrong
                return false;
            }
        };
        await copyOpened(file, (0,read_file/* chunksOf */.U)(file), { from: live, to: path, durable: true });
        return {
            path,
            isCurrent,
            keepLocked(kept) {
                const isSame = isCurrent();
                at = copyLocked({ live, fd: file.fd, copy: at, scratch: path, kept, isSame });
                if (!isSame && watch.isOpen)
                    version = readVersion();
            },
            unwatch,
            close,
            discard,
        };
    }
    catch (error) {
        await discard();
        throw await explain(error, live);
    }
}
/** The version of the last transaction that was committed: a header that a killed writer left behind is not looked at. */
function committedVersion(watch, readVersion) {
    watch.exec('BEGIN');
    try {
        watch.prepare('SELECT 1 FROM sqlite_schema').get();
        return readVersion();
    }
    finally {
        watch.exec('ROLLBACK');
    }
}
/** up to the change counter and with it: https://sqlite.org/fileformat.html#the_database_header */
const headerBytes = 28;
const formatVersionAt = 18;
const withLog = 2;
/**
 * Another text whenever another connection has written. With a log that is SQLite's own number
 * (https://sqlite.org/pragma.html#pragma_data_version). Without one it is the header: who replaces the file keeps readers out.
 */
function versionOf(fd, watch) {
    const header = Buffer.alloc(headerBytes);
    (0,external_node_fs_.readSync)(fd, header, 0, headerBytes, 0);
    if (header[formatVersionAt] !== withLog)
        return header.toString('hex');
    return `log ${Object.values(watch.prepare('PRAGMA data_version').get() ?? {})[0]}`;
}

// EXTERNAL MODULE: ./lib/layers/database/engine.js
var engine = __webpack_require__(8714);
;// CONCATENATED MODULE: ./lib/layers/database/sqlite/replace.js






/** file names are at most 255 bytes, and `-journal` may be added */
const nameLimit = 240;
/** The name of a database file that is replaced. */
function keptFileName(file, at) {
    return (0,engine/* keptName */.QQ)(file, at, nameLimit);
}
/** When a file was replaced that is kept under this name; undefined for any other. */
function keptFileAt(file, name) {
    return (0,engine/* keptAt */.yo)(file, name, nameLimit);
}
/** The name of the file by which the live database is compared, and kept if nobody writes meanwhile. */
function comparedName(file) {
    return `${file}.compared`;
}
/** A lock of the operating system, which ends with the process, on a file that nobody else needs. @throws ConflictError */
async function lockFile(path) {
    const [folder, file] = [(0,external_node_path_.dirname)(path), (0,external_node_path_.basename)(path)];
    const beside = (0,external_node_path_.join)(folder, `${file}.restore-lock`);
    const lock = await openLock(beside);
    try {
        lock.exec('BEGIN EXCLUSIVE');
        takeOwner(path, beside);
    }
    catch (error) {
        lock.close();
        throw new errors/* ConflictError */.fK(`another process of this machine is restoring ${file} or running its migrations: try again when it is done (${error instanceof Error ? error.message : error})`);
    }
    // left by a restore that was killed
    await removeDatabase((0,external_node_path_.join)(folder, comparedName(file)));
    return { release: async () => lock.close() };
}
async function openLock(path) {
    try {
        return new external_node_sqlite_.DatabaseSync(path, { timeout: 0 });
    }
    catch (error) {
        throw await explain(error, path);
    }
}
/**
 * Replaces a live database, which is kept under a name: what others have committed is in one of both, as nobody writes between
 * its safety copy and the replacement.
 * @param safety a copy of the live database, which is kept
 * @throws ConflictError when others hold a lock for too long; nothing has changed then
 */
async function replaceLive(safety, { by, live, kept }) {
    let wasWal = false;
    let vacuum;
    try {
        vacuum = await withDatabase(by, (database) => readPragma(database, 'auto_vacuum'));
        if ((await withDatabase(by, pageSize)) !== (await withDatabase(live, pageSize))) {
            safety.unwatch();
            wasWal = await leaveWal(live);
        }
        await copyDatabase(by, live, () => safety.keepLocked(kept));
    }
    catch (error) {
        await safety.discard();
        // nothing was replaced: what is wrong is said by the first error
        if (wasWal)
            await settle(live, { wasWal }).catch(() => { });
        throw error;
    }
    await safety.close();
    await settle(live, { wasWal, vacuum });
}
const readPragma = (database, pragma) => String(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
const pageSize = (database) => readPragma(database, 'page_size');
/**
 * A database in WAL mode takes no other page size: it leaves that mode for it, which needs the file for itself.
 * @returns whether it was in that mode
 */
async function leaveWal(live) {
    return withDatabase(live, (database) => {
        if (readPragma(database, 'journal_mode') !== 'wal')
            return false;
        if (readPragma(database, 'journal_mode = delete') !== 'delete')
            throw new errors/* ConflictError */.fK('the page size differs');
        return true;
    }).catch((error) => {
        throw new errors/* ConflictError */.fK(`the backup has pages of another size, and ${live} has to be closed by its processes for that: stop them and try again (${error instanceof Error ? error.message : error})`);
    });
}
async function settle(live, { wasWal, vacuum }) {
    await withDatabase(live, (database) => {
        if (vacuum !== undefined && vacuum !== readPragma(database, 'auto_vacuum'))
            database.exec(`PRAGMA auto_vacuum = ${vacuum}`);
        if (wasWal)
            database.exec('PRAGMA journal_mode = wal');
        // the log is as long as the database now; a reader may keep us from cutting it, which the next writer does then
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    });
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/newer.js

/** How many rows the live table has that the copy has not, compared by the columns that both have. */
async function countNewerRows(pair) {
    const { database, name, inCopy } = comparePair(pair);
    try {
        const count = (from) => countRows(database, from);
        // of rows that are alike, EXCEPT leaves one
        return Math.max(count('differing'), count(`main.${name}`) - (inCopy ? count(`backup.${name}`) : 0));
    }
    finally {
        database.close();
    }
}
/** Those rows with all the columns they have, as JSON, one at a time. */
async function* newerRows(pair) {
    const { database, name, shared } = comparePair(pair);
    try {
        if (shared.length > 0)
            database.exec(`CREATE INDEX temp.differing_rows ON differing (${shared[0]})`);
        const same = shared.map((column) => `differing.${column} IS live.${column}`).join(' AND ');
        const rows = database.prepare(`SELECT * FROM main.${name} AS live WHERE EXISTS (SELECT 1 FROM differing WHERE ${same || 'true'})`);
        for (const row of rows.iterate())
            yield JSON.stringify(row, asJson);
    }
    finally {
        database.close();
    }
}
/** Opens both, with the rows that differ in the temporary table `differing`: that keeps the comparison to one sort. */
function comparePair({ live, copy, table }) {
    const database = openDatabase(live);
    try {
        database.prepare('ATTACH ? AS backup').run(copy);
        const columnsOf = (schema) => database
            .prepare('SELECT name FROM pragma_table_info(?, ?)')
            .all(table, schema)
            .map(({ name }) => String(name));
        const inCopy = columnsOf('backup');
        const shared = columnsOf('main')
            .filter((name) => inCopy.includes(name))
            .map(quoteName);
        // in a collation of the column, "a" may be the same as "A"; and it may be the application's own
        const columns = shared.map((column) => `${column} COLLATE BINARY AS ${column}`).join(', ') || '1';
        const name = quoteName(table);
        const less = inCopy.length === 0 ? '' : `EXCEPT SELECT ${columns} FROM backup.${name}`;
        database.exec(`CREATE TEMP TABLE differing AS SELECT ${columns} FROM main.${name} ${less}`);
        return { database, name, shared, inCopy: inCopy.length > 0 };
    }
    catch (error) {
        database.close();
        throw error;
    }
}
/** JSON has neither bytes nor integers over 2^53: bytes become `{"base64": …}`, such integers texts. */
function asJson(_key, value) {
    if (typeof value === 'bigint') {
        const safe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
        return safe ? Number(value) : String(value);
    }
    if (value instanceof Uint8Array)
        return { base64: Buffer.from(value).toString('base64') };
    return value;
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/owners.js


/** Kinds of pages, by their first byte: https://sqlite.org/fileformat2.html#b_tree_pages */
const interior = new Set([2, 5]);
const headerSize = 12;
/** on the first page, the header of the file comes before */
const fileHeaderSize = 100;
/**
 * Finds the tables and indexes that some pages of a database file belong to, by the interior pages of their b-trees alone: that is
 * one page in some hundreds. Nobody has the file open.
 */
async function findOwners(path, pages) {
    const { size, roots } = await withDatabase(path, (database) => ({
        size: Number(Object.values(database.prepare('PRAGMA page_size').get() ?? {})[0]),
        roots: database
            .prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0 UNION ALL VALUES ('sqlite_schema', 1)")
            .all()
            .map((row) => ({ name: String(row['name']), root: Number(row['rootpage']) })),
    }));
    const file = await (0,promises_.open)(path);
    const owners = new Set();
    let found = 0;
    try {
        for (const { name, root } of roots)
            for await (const page of pagesOf(file, root, size)) {
                if (!pages.has(page))
                    continue;
                found += 1;
                owners.add(name);
            }
        return { owners, found };
    }
    finally {
        await file.close();
    }
}
/** The pages of a b-tree, level by level. All leaves are on one level, so that one of them says what all are. */
async function* pagesOf(file, root, size) {
    const page = Buffer.alloc(size);
    const last = Math.floor((await file.stat()).size / size);
    let passed = 0;
    const childrenOf = async (number) => {
        await file.read(page, 0, size, (number - 1) * size);
        const children = readChildren(page, number === 1 ? fileHeaderSize : 0);
        return children.filter((child) => child > 0 && child <= last);
    };
    let level = [root];
    // of a damaged file, the pages may point at each other
    while (level.length > 0 && passed <= last) {
        yield* level;
        passed += level.length;
        const next = [];
        for (const number of level) {
            const children = await childrenOf(number);
            if (children.length === 0)
                break;
            next.push(...children);
        }
        level = next;
    }
}
/** The pages that an interior page points to; none of a leaf. */
function readChildren(page, at) {
    if (!interior.has(page.readUInt8(at)))
        return [];
    const cells = page.readUInt16BE(at + 3);
    const children = [page.readUInt32BE(at + 8)];
    for (let cell = 0; cell < cells; cell += 1) {
        const pointer = at + headerSize + 2 * cell;
        const content = pointer + 2 > page.length ? page.length : page.readUInt16BE(pointer);
        // of a damaged page, which points at no page then
        if (content + 4 > page.length)
            return [];
        children.push(page.readUInt32BE(content));
    }
    return children;
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/pages.js




/**
 * The tables that lie on other pages, or on pages with other bytes, in one database file than in another; nobody has them open.
 * Tables of the same pages hold the same rows, and a value that is larger than our memory is compared without being read as one.
 * Who owns a page is looked up only where pages differ.
 */
async function findChangedTables(one, other) {
    const [size, otherSize] = [await readPageSize(one), await readPageSize(other)];
    if (size !== otherSize)
        return 'all';
    const changed = await findChangedPages(one, other, size);
    if (changed.size === 0)
        return new Set();
    return new Set([...(await ownersOf(one, changed)), ...(await ownersOf(other, changed))]);
}
async function readPageSize(path) {
    return withDatabase(path, (database) => Number(Object.values(database.prepare('PRAGMA page_size').get() ?? {})[0]));
}
/** Numbers of pages, from 1, whose bytes differ or that only one file has. */
async function findChangedPages(one, other, size) {
    const changed = new Set();
    const [a, b] = [await (0,promises_.open)(one), await (0,promises_.open)(other)];
    try {
        const [left, right] = [Buffer.alloc(size * 256), Buffer.alloc(size * 256)];
        for (let first = 1;; first += 256) {
            const [read, alsoRead] = [
                await fill(a, left, (first - 1) * size),
                await fill(b, right, (first - 1) * size),
            ];
            if (first === 1)
                for (const each of [left, right])
                    unifyHeader(each);
            const length = Math.max(read, alsoRead);
            if (length === 0)
                return changed;
            if (read === alsoRead && left.compare(right, 0, read, 0, read) === 0)
                continue;
            for (let from = 0; from < length; from += size) {
                const isSame = from + size <= Math.min(read, alsoRead) &&
                    left.compare(right, from, from + size, from, from + size) === 0;
                if (!isSame)
                    changed.add(first + from / size);
            }
        }
    }
    finally {
        await a.close();
        await b.close();
    }
}
/** Reads until the buffer is full or the file ends. */
async function fill(file, buffer, position) {
    let filled = 0;
    while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled);
        if (bytesRead === 0)
            break;
        filled += bytesRead;
    }
    return filled;
}
/** By the b-trees' own pages where all of the changed ones are in them; else by SQLite's statistics, which read every page. */
async function ownersOf(path, changed) {
    const { owners, found } = await findOwners(path, changed);
    return found === changed.size
        ? owners
        : withDatabase(path, (database) => {
            const named = database.prepare('SELECT DISTINCT name FROM dbstat WHERE pageno IN (SELECT value FROM json_each(?))');
            return new Set(named.all(JSON.stringify([...changed])).map(({ name }) => String(name)));
        });
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/staging.js










/** The one part of a backup. */
const part = 'database.sqlite';
/** Backups that are loaded beside the live database, one at a time. */
function openStaging({ live, compared, keptPath, log }) {
    let staged;
    /** the live database as it was when it was compared; its safety copy while nobody has written since */
    let taken;
    const takeCopy = () => {
        taken ??= copyLive(live, compared);
        return taken;
    };
    const dropCopy = async () => {
        const copy = await taken?.catch(() => undefined);
        taken = undefined;
        await copy?.discard();
    };
    return {
        async stage({ open, scratch }, { compare = true } = {}) {
            const copy = (0,external_node_path_.join)(scratch, part);
            const content = await open(part);
            const image = compare ? digestImage(content) : undefined;
            await (0,write_file/* writeFileFrom */.G)(image?.content ?? content, copy);
            staged = copy;
            return {
                check: () => refuseDamage(copy, 'the backup', log),
                contents: async () => labelTables(await describeImage(copy, image?.digest() ?? (await readDigest(copy))), new Set()),
                schema: () => withDatabase(copy, readSchema),
                countNewerRows: (table) => countNewerRows({ live, copy, table }),
                newerRows: (table) => newerRows({ live, copy, table }),
                prepare: async () => void ((await exists(live)) && (await takeCopy())),
                async swap(kept) {
                    if (kept === '')
                        return copyDatabase(copy, live);
                    // while others can still write; what they write after this is copied when they cannot
                    if (!(await takeCopy()).isCurrent())
                        await dropCopy();
                    const safety = await takeCopy();
                    taken = undefined;
                    await replaceLive(safety, { by: copy, live, kept: keptPath(kept) });
                },
                async discard() {
                    staged = undefined;
                    await dropCopy();
                    await removeDatabase(copy);
                },
            };
        },
        async compareLive() {
            if (staged === undefined)
                return undefined;
            const { path } = await takeCopy();
            const [contents, changed] = await (0,all_ended/* allEnded */.C)([readContents(path), findChangedTables(path, staged)]);
            return labelTables(contents, changed);
        },
    };
}
/** Labels the tables that are the same as in the staged copy, whose own have that label too. */
function labelTables(contents, changed) {
    const labelOf = (name) => (changed === 'all' || changed.has(name) ? 'changed' : 'as staged');
    return { ...contents, tables: contents.tables.map((table) => ({ ...table, digest: labelOf(table.name) })) };
}

;// CONCATENATED MODULE: ./lib/layers/database/sqlite/engine.js














/**
 * SQLite in a file of this machine. Backup and restore go through SQLite's online backup, so processes that have the
 * file open see the old database or the new one and never a mixture. Copying the file instead would lose what is in the
 * write-ahead log, or bring it back over the restored file.
 */
async function openSqlite({ path: given }, { log }) {
    const path = (await exists(given)) ? await (0,promises_.realpath)(given) : (0,external_node_path_.resolve)(given);
    const [folder, file] = [(0,external_node_path_.dirname)(path), (0,external_node_path_.basename)(path)];
    const inFolder = (name) => (0,external_node_path_.join)(folder, name);
    const compared = inFolder(comparedName(file));
    const staging = openStaging({ live: path, compared, keptPath: inFolder, log });
    return {
        kind: 'sqlite',
        database: file,
        source: (0,external_node_crypto_.createHash)('sha256').update(`sqlite\0${path}`).digest('hex').slice(0, 16),
        async inspect(purpose) {
            if (purpose === 'backup' && !(await exists(path)))
                throw new errors/* RefusedError */.fk(`there is no SQLite database ${given}: it has to be a file of the machine this runs on`);
            const version = (await exists(path)) ? await withDatabase(path, readVersion) : versionOfLibrary();
            return { server: `SQLite ${version}`, tool: `node:sqlite of Node ${process.versions.node}` };
        },
        async dump({ scratch, add }) {
            const copy = (0,external_node_path_.join)(scratch, part);
            // digested while it is copied, so that it is not read again for that
            const sha256 = await copyToNewFile(path, copy);
            const image = sha256 ?? (await readDigest(copy));
            // all have ended when the first failure is thrown; what was stored is no backup then
            const [, contents] = await (0,all_ended/* allEnded */.C)([
                refuseDamage(copy, 'the database', log),
                describeImage(copy, image),
                add(part, (0,read_file/* readChunks */.z)(copy), { sha256 }),
            ]);
            await (0,promises_.rm)(copy);
            return contents;
        },
        lock: () => lockFile(path),
        async contents({ digests = false } = {}) {
            if (!(await exists(path)))
                return undefined;
            if (!digests)
                return readContents(path);
            const besideStaged = await staging.compareLive();
            if (besideStaged !== undefined)
                return besideStaged;
            try {
                const image = (await copyToNewFile(path, compared)) ?? (await readDigest(compared));
                return await describeImage(compared, image);
            }
            finally {
                await removeDatabase(compared);
            }
        },
        schema: async () => ((await exists(path)) ? withDatabase(path, readSchema) : undefined),
        stagesOnServer: false,
        readsBeforeItLoads: true,
        stage: staging.stage,
        keptName: (at) => keptFileName(file, at),
        async listKept() {
            const names = await (0,promises_.readdir)(folder).catch(() => []);
            return names
                .flatMap((name) => {
                const at = keptFileAt(file, name);
                return at === undefined ? [] : [{ name, at }];
            })
                .sort((a, b) => a.at.getTime() - b.at.getTime());
        },
        dropKept: async (name) => {
            if (keptFileAt(file, name) === undefined)
                throw new TypeError(`${name} is not a kept database`);
            await removeDatabase(inFolder(name));
        },
        async putBack(kept, keepAs) {
            const safety = await copyLive(path, compared);
            await replaceLive(safety, { by: inFolder(kept), live: path, kept: inFolder(keepAs) });
            await removeDatabase(inFolder(kept));
        },
        transactionalDdl: true,
        quoteName: quoteName,
        asText: (column) => `CAST(${quoteName(column)} AS TEXT)`,
        query: (sql, values = []) => withDatabase(path, (database) => database
            .prepare(sql)
            .all(...values)
            .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, asText(value)])))),
        columnsOf: (table) => withDatabase(path, (database) => database
            .prepare('SELECT name FROM pragma_table_info(?)')
            .all(table)
            .map(({ name }) => String(name))),
        runScript: (run) => withDatabase(path, (database) => runScript(database, run)),
    };
}
function asText(value) {
    return value === null
        ? null
        : value instanceof Uint8Array
            ? Buffer.from(value).toString('hex')
            : String(value);
}
function runScript(database, { script, after, transaction }) {
    try {
        // a table is rebuilt under its children: their keys are looked at as a whole before the end
        if (transaction)
            database.exec('BEGIN IMMEDIATE');
        const before = countOrphans(database);
        database.exec(script);
        for (const { sql, values } of after)
            database.prepare(sql).run(...values);
        if (countOrphans(database) > before)
            throw new Error('it leaves rows whose foreign key points at nothing');
        if (transaction)
            database.exec('COMMIT');
    }
    catch (error) {
        // the transaction ends with the connection
        throw new errors/* RefusedError */.fk(`SQLite refused the script: ${error instanceof Error ? error.message : error}`);
    }
}
function readVersion(database) {
    return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']);
}
function versionOfLibrary() {
    const database = new external_node_sqlite_.DatabaseSync(':memory:');
    try {
        return readVersion(database);
    }
    finally {
        database.close();
    }
}


/***/ })

};
