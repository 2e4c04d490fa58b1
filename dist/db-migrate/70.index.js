export const id = 70;
export const ids = [70];
export const modules = {

/***/ 4070:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  parseChecks: () => (/* binding */ parseChecks),
  parseConfig: () => (/* binding */ parseConfig),
  parseSettings: () => (/* binding */ parseSettings),
  parseUrlCheck: () => (/* binding */ parseUrlCheck)
});

// EXTERNAL MODULE: ./lib/errors.js
var errors = __webpack_require__(452);
// EXTERNAL MODULE: ./lib/settings/environments.js
var environments = __webpack_require__(9431);
// EXTERNAL MODULE: ./lib/settings/explain.js
var explain = __webpack_require__(8966);
// EXTERNAL MODULE: ./node_modules/zod/v4/core/json-schema-processors.js
var json_schema_processors = __webpack_require__(8439);
// EXTERNAL MODULE: ./lib/settings/schema.js + 26 modules
var settings_schema = __webpack_require__(546);
;// CONCATENATED MODULE: ./lib/settings/json-schema.js


/**
 * The JSON Schema of what the file may say, as text. Draft 7, as that is what the YAML language servers of editors
 * understand in full.
 */
function renderJsonSchema() {
    const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
    const { environments, ...properties } = schema.properties ?? {};
    const each = describeOwn(Object.entries(properties).filter(([key]) => !shared.has(key)));
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
let known;
/** Every key that the file can have, at whatever place. */
function keysOfSchema() {
    known ??= findKeys();
    return known;
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
    walk(json_schema_processors/* toJSONSchema */.bl(settings_schema/* configSchema */.Qn, { io: 'input' }));
    return keys;
}
/** What an environment cannot have of its own. */
const shared = new Set(['environment', 'history']);
/** What an environment says for itself: any key may be in the shared part instead, and a key without a value is taken away. */
function describeOwn(properties) {
    return {
        type: ['object', 'null'],
        additionalProperties: false,
        properties: Object.fromEntries(properties.map(([key, schema]) => [key, orNull(withoutRequired(schema))])),
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
            : orNull(withoutRequired(each)),
    ]);
    return { ...rest, properties: Object.fromEntries(own) };
}
/** An environment takes a key of the shared part away by writing null. */
function orNull(schema) {
    const { description, default: usual, ...rest } = object(schema);
    const said = {
        ...(description !== undefined && { description }),
        ...(usual !== undefined && { default: usual }),
    };
    if (typeof rest.type === 'string' && rest.enum === undefined && rest.const === undefined)
        return { ...said, ...rest, type: [rest.type, 'null'] };
    return { ...said, anyOf: [rest, { type: 'null' }] };
}

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
// EXTERNAL MODULE: ./lib/text/redact.js
var redact = __webpack_require__(1814);
// EXTERNAL MODULE: ./lib/text/secret-name.js
var secret_name = __webpack_require__(2447);
// EXTERNAL MODULE: ./lib/settings/source.js + 1 modules
var settings_source = __webpack_require__(6907);
// EXTERNAL MODULE: ./lib/settings/suggest.js
var suggest = __webpack_require__(67);
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
        if ((0,settings_source/* isMergeKey */.yJ)(key)) {
            for (const source of (0,settings_source/* sourcesOf */.u0)(document, value) ?? [])
                if (!open.has(source))
                    walkMerged(source, parent);
            return;
        }
        const name = (0,dist/* isScalar */.jn)(key) ? String(key.value) : '';
        const path = [...parent, name];
        if (!(0,secret_name/* looksLikeSecretName */.F)(name)) {
            walk(value, path);
            return;
        }
        const held = literalsOf(document, value);
        values.push(...held.texts);
        if (held.texts.length === 0 || held.named)
            return;
        // in a broken file, a part of the secret may have become a part of the key
        const shown = /^[A-Za-z][\w-]*$/.test(name) ? (0,suggest/* quote */.hD)(name) : 'this value';
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
        const here = (0,settings_source/* follow */.e6)(document, node);
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
    const target = (0,settings_source/* follow */.e6)(document, value);
    if ((0,dist/* isMap */.jh)(target) && target.items.length === 1) {
        const [pair] = target.items;
        const name = pair === undefined ? undefined : (0,settings_source/* follow */.e6)(document, pair.value);
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
            (0,secret_name/* looksLikeSecretName */.F)(value.value));
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
        return value !== '' && ((0,secret_name/* looksLikeSecretName */.F)(name) || /^(?:key|sig)$/i.test(name)) ? [value] : [];
    });
}

// EXTERNAL MODULE: ./node_modules/@babel/code-frame/lib/index.js
var lib = __webpack_require__(147);
// EXTERNAL MODULE: ./lib/settings/secrets.js
var secrets = __webpack_require__(9220);
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
    const counter = (0,settings_source/* lineCounterOf */.or)(text);
    const raw = text.split('\n');
    const masked = isYaml ? (0,secrets/* maskLines */.sD)(text, { values, keys }) : (0,secrets/* hideAfterSecretName */.Qe)(text);
    const entries = inOrder(problems).map(({ range, message }) => {
        const start = counter.linePos(Math.min(range.start, text.length));
        const end = counter.linePos(Math.min(Math.max(range.start, range.end - 1), text.length));
        const lastColumn = end.line === start.line ? end.col : start.col;
        const frame = drawFrame({ raw, masked, line: start.line, column: start.col, lastColumn });
        const safe = hideWhatFrameHides(message, text.slice(range.start, range.end), masked[start.line - 1] ?? '');
        return (0,errors/* message */.iU) `${file}:${start.line}:${start.col}: ${(0,redact/* redact */.E$)(safe, values)}\n\n${frame}`;
    });
    const left = entries.length - mostProblems;
    const more = left > 0 ? [(0,errors/* message */.iU) `${file}: and ${left} more ${left === 1 ? 'problem' : 'problems'}; fix these first`] : [];
    const shown = [...entries.slice(0, mostProblems), ...more];
    return new errors/* InputError */.dz((0,errors/* listLines */.i4)(shown.flatMap((entry, index) => (index === 0 ? [entry] : ['', entry]))));
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
    return (0,lib/* codeFrameColumns */.gl)(shown.join('\n'), { start: { line, column: from - cut }, end: { line, column: Math.min(to - cut, widestLine) + 1 } }, { linesAbove: 2, linesBelow: 2, highlightCode: false });
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
        const { settings, findings } = (0,environments/* readSettings */.sb)(value ?? {});
        return { data: settings, findings };
    };
    return { file, ...parseYaml({ text, file, read }) };
}
/** The same, of the environment that is meant where nothing names one. @throws InputError as `parseSettings` does */
function parseConfig(source) {
    const settings = parseSettings(source);
    return (0,environments/* settingsOf */.f5)(settings, (0,environments/* usualEnvironment */.kG)(settings));
}
/**
 * Reads a list of checks, as under `health.checks`, from the text of an input; none from an empty one.
 * @param file how messages call it: the setting that holds the text, or the name of a file
 * @param intervalMs time between rounds, which the default of `for` goes by
 * @param windowMs how long the gate will look; a longer `for` is refused
 * @throws InputError as `parseConfig` does
 */
function parseChecks({ text, file, intervalMs = (0,settings_schema/* defaultConfig */.sb)().health.intervalMs, windowMs = Number.POSITIVE_INFINITY, }) {
    return parseYaml({ text, file, read: readerOfChecks({ intervalMs, windowMs }) });
}
/**
 * The check of one address, by the same rules and with the same defaults as one in a list.
 * @param setting that holds the address: nobody wrote the rest of the check, so that messages are about the address alone
 * @throws InputError for an address that can't be probed
 */
function parseUrlCheck({ url, setting, ...rounds }) {
    const check = { name: 'url', type: 'http', url, severity: 'critical' };
    const { data, findings } = readerOfChecks(rounds)([check]);
    const { document } = (0,settings_source/* readSource */.o$)(JSON.stringify([check]));
    const secrets = document === undefined ? [] : findLiteralSecrets(document).findings;
    const [first] = [...secrets, ...findings];
    if (data !== undefined && first === undefined)
        return data;
    const what = (first?.message ?? '').replace(/^`url` /, '');
    throw new errors/* InputError */.dz(first?.message === what ? (0,errors/* message */.iU) `${setting}: ${what}` : (0,errors/* message */.iU) `${setting} ${what}`);
}
function readerOfChecks(rounds) {
    const schema = (0,settings_schema/* checksSchemaFor */.wq)(rounds);
    return (value) => {
        const parsed = schema.safeParse(value ?? [], { reportInput: true, error: explain/* explainPlainly */.V });
        return { data: parsed.data, findings: parsed.error?.issues.flatMap((issue) => (0,explain/* explainIssue */.J)(issue)) ?? [] };
    };
}
function parseYaml({ text: raw, file, read, }) {
    const text = raw.replace(/^\ufeff/, '');
    const bytes = Buffer.byteLength(text);
    if (bytes > largestFile) {
        const size = `${Math.ceil(bytes / 1024)} KiB`;
        throw new errors/* InputError */.dz((0,errors/* message */.iU) `${file} has ${size}; a configuration has at most ${largestFile / 1024} KiB: make it shorter`);
    }
    const { document, value, problems } = (0,settings_source/* readSource */.o$)(text);
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
    return { range: (0,settings_source/* locate */.x5)({ document, path, at }), message: text };
}


/***/ }),

/***/ 6907:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  e6: () => (/* binding */ follow),
  yJ: () => (/* binding */ isMergeKey),
  or: () => (/* binding */ lineCounterOf),
  x5: () => (/* binding */ locate),
  o$: () => (/* binding */ readSource),
  u0: () => (/* binding */ sourcesOf)
});

// EXTERNAL MODULE: ./node_modules/yaml/dist/index.js
var dist = __webpack_require__(8815);
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


/***/ })

};
