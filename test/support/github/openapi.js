import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { operations } from './operations.js';
/** Answers that any operation can give though its description does not list them. */
const alwaysPossible = new Set([401, 403, 404, 429, 500, 502, 503]);
/** Reads GitHub's description; made once for all tests of a process. */
export function loadOperations() {
    const text = readFileSync(new URL('./github.openapi.json', import.meta.url), 'utf8');
    const description = JSON.parse(text);
    const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false });
    addFormats.default(ajv);
    // names of commits by Git are not of any format that ajv knows by default
    ajv.addSchema(description, 'github');
    const known = new Set(operations);
    return Object.entries(at(description, 'paths')).flatMap(([template, item]) => Object.entries(item).map(([method, operation]) => {
        const id = String(at(operation, 'operationId'));
        if (!known.has(id))
            throw new Error(`${id} is not in operations.ts: run script/extract-openapi.ts`);
        return describe({
            ajv,
            description,
            template,
            method,
            operation: operation,
            id: id,
        });
    }));
}
function describe({ ajv, description, template, method, operation, id, }) {
    const resolve = (value) => {
        const reference = value['$ref'];
        if (typeof reference !== 'string')
            return value;
        return reference
            .slice(2)
            .split('/')
            .reduce((node, key) => node[key] ?? null, description);
    };
    const parameters = (operation['parameters'] ?? []).map(resolve);
    const pattern = pathPattern(template, parameters);
    const bodySchema = jsonSchemaOf(operation['requestBody']);
    const compiled = new Map();
    /** `#/components/…` inside a schema means the description's, so all of them are compiled in its scope. */
    const compile = (key, schema) => {
        const found = compiled.get(key) ?? ajv.compile(inDescription(schema));
        compiled.set(key, found);
        return found;
    };
    const violations = (key, schema, value) => {
        const validate = compile(key, schema);
        return validate(value) ? [] : (validate.errors ?? []).map(explain);
    };
    return {
        id,
        literalLength: template.replace(/\{[^}]+\}/g, '').length,
        match(requestMethod, path) {
            if (requestMethod.toLowerCase() !== method)
                return undefined;
            const groups = pattern.exec(path)?.groups;
            return groups && Object.fromEntries(Object.entries(groups).map(([k, v]) => [k, decodeURIComponent(v)]));
        },
        checkRequest({ query, body }) {
            const known = parameters.filter((parameter) => parameter.in === 'query');
            const problems = [...query].flatMap(([name, value]) => {
                const parameter = known.find((each) => each.name === name);
                if (parameter === undefined)
                    return [`query: ${name} is not known`];
                return violations(`query ${name}`, parameter.schema, coerce(value, parameter.schema)).map((each) => `query ${name}: ${each}`);
            });
            if (bodySchema === undefined)
                return body === undefined ? problems : [...problems, 'body: this operation takes none'];
            if (body === undefined) {
                const required = operation['requestBody']['required'] === true;
                return required ? [...problems, 'body: is required'] : problems;
            }
            return [...problems, ...violations('body', closed(bodySchema), body).map((each) => `body: ${each}`)];
        },
        checkResponse({ status, body }) {
            const described = at(operation, 'responses')[String(status)];
            if (described === undefined) {
                if (alwaysPossible.has(status))
                    return [];
                return [`status ${status} is not one that ${id} answers with`];
            }
            const schema = jsonSchemaOf(resolve(described));
            if (schema === undefined)
                return body === undefined || status >= 400 ? [] : [`status ${status} of ${id} has no body`];
            return violations(`response ${status}`, schema, body).map((each) => `response ${status}: ${each}`);
        },
    };
}
/** `{name}` is a segment of the path; parameters marked multi-segment may hold slashes. */
function pathPattern(template, parameters) {
    const multi = new Set(parameters.filter((each) => each['x-multi-segment']).map(({ name }) => name));
    const source = template
        .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
        .replace(/\{([^}]+)\}/g, (_, name) => `(?<${name}>${multi.has(name) ? '.+' : '[^/]+?'})`);
    return new RegExp(`^${source}$`);
}
function jsonSchemaOf(body) {
    const content = body?.['content'];
    return content?.['application/json']?.['schema'];
}
/**
 * A request's schema in which every object has only the fields it names. GitHub passes unknown fields over in silence,
 * so a misspelt one does nothing there and is an error here.
 */
function closed(schema) {
    const entries = Object.entries(schema).map(([key, value]) => [key, closeJson(value)]);
    const isOpen = 'properties' in schema && !('additionalProperties' in schema);
    return Object.fromEntries([
        ...entries,
        ...(isOpen ? [['additionalProperties', false]] : []),
    ]);
}
function closeJson(value) {
    if (Array.isArray(value))
        return value.map(closeJson);
    return value !== null && typeof value === 'object' ? closed(value) : value;
}
function inDescription(schema) {
    return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"github#/components/'));
}
/** Query parameters are text: a number or a truth value is read as one where the description asks for it. */
function coerce(value, schema) {
    if (schema['type'] === 'integer' && /^-?\d+$/.test(value))
        return Number(value);
    if (schema['type'] === 'boolean' && /^(true|false)$/.test(value))
        return value === 'true';
    return value;
}
function explain({ instancePath, message, params }) {
    const extra = params['additionalProperty'] ?? params['allowedValues'];
    return `${instancePath || '/'} ${message ?? ''}${extra === undefined ? '' : ` (${JSON.stringify(extra)})`}`;
}
function at(value, key) {
    return value[key];
}
