import { Refusal } from './call.js';
/** @throws Refusal as GitHub words it for this kind of token. @param needed e.g. `contents:write` */
export function demandPermission(token, needed) {
    const [scope = '', level] = needed.split(':');
    if (hasPermission(token, scope, level === 'write' ? 'write' : 'read'))
        return;
    const headers = { 'x-accepted-github-permissions': needed.replace(':', '=') };
    const what = token.kind === 'user' ? 'personal access token' : 'integration';
    throw new Refusal(403, `Resource not accessible by ${what}`, { headers });
}
export function hasPermission({ permissions }, scope, level) {
    // every token may read what a repository is called
    if (scope === 'metadata')
        return true;
    const held = permissions[scope];
    return held === 'write' || held === level;
}
