import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { forbidsForce, objectionTo } from './rules.js';
import { hasPermission } from './tokens.js';
/** Clone, fetch and push over HTTP, by git's own server side: https://git-scm.com/docs/git-http-backend */
export async function serveGit({ request, url, body, response, }, { repository, token }) {
    if (token === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end();
        return;
    }
    const isPush = url.pathname.endsWith('/git-receive-pack') || url.searchParams.get('service') === 'git-receive-pack';
    if (!hasPermission(token, 'contents', isPush ? 'write' : 'read') || (isPush && repository.archived)) {
        const what = isPush
            ? `Permission to ${repository.owner}/${repository.name}.git denied to ${token.login}.`
            : 'Repository not found.';
        response.writeHead(isPush ? 403 : 404, { 'content-type': 'text/plain' }).end(`remote: ${what}\n`);
        return;
    }
    const refused = url.pathname.endsWith('/git-receive-pack')
        ? await refusedRefs(body, { repository, token })
        : '';
    await runBackend({ request, url, body, response, repository, token, refused });
}
/** One line for each ref that a rule keeps the push from changing: its name, a tab, and why, as git shows it to the pusher. */
async function refusedRefs(body, { repository, token }) {
    const zero = /^0+$/;
    const lines = await Promise.all(pushedRefs(body).map(async ({ ref, from, to }) => {
        const change = { ref, from: zero.test(from) ? '' : from, to: zero.test(to) ? '' : to };
        const pushed = change.to !== '' && (await repository.git.typeOf(change.to)) === undefined;
        const objection = await objectionTo(repository, { ...change, pushed }, token);
        if (objection === undefined)
            return [];
        const code = objection.kind === 'ruleset' ? 'GH013' : 'GH006';
        return [`${ref}\t${code}: ${objection.message.replace(/\s+/g, ' ')}`];
    }));
    return lines.flat().join('\n');
}
/** The commands at the head of a push, in pkt-lines: https://git-scm.com/docs/protocol-common */
function pushedRefs(body) {
    const commands = [];
    for (let at = 0; at + 4 <= body.length;) {
        const length = Number.parseInt(body.subarray(at, at + 4).toString('latin1'), 16);
        if (!(length > 4))
            break;
        const [command = ''] = body
            .subarray(at + 4, at + length)
            .toString('utf8')
            .split('\0');
        const [from, to, ref] = command.trim().split(' ');
        if (from && to && ref)
            commands.push({ from, to, ref });
        at += length;
    }
    return commands;
}
function runBackend({ request, url, body, response, repository, token, refused, }) {
    const child = spawn('git', ['http-backend'], {
        env: {
            PATH: process.env['PATH'],
            GIT_CONFIG_GLOBAL: '/dev/null',
            GIT_CONFIG_NOSYSTEM: '1',
            GIT_PROJECT_ROOT: dirname(dirname(repository.gitDir)),
            GIT_HTTP_EXPORT_ALL: '1',
            PATH_INFO: url.pathname,
            QUERY_STRING: url.searchParams.toString(),
            REQUEST_METHOD: request.method,
            CONTENT_TYPE: request.headers['content-type'] ?? '',
            CONTENT_LENGTH: String(body.length),
            HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
            GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
            REMOTE_USER: token.login,
            REFUSED_REFS: refused,
            GIT_CONFIG_COUNT: '1',
            GIT_CONFIG_KEY_0: 'receive.denyNonFastForwards',
            GIT_CONFIG_VALUE_0: String(pushedRefs(body).some(({ ref }) => forbidsForce(repository, ref))),
        },
        stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => { });
    child.stdin.end(body);
    return new Promise((resolve, reject) => {
        const chunks = [];
        child.stdout.on('data', (chunk) => chunks.push(chunk));
        child.once('error', reject);
        child.once('close', () => {
            const answer = Buffer.concat(chunks);
            const end = answer.indexOf('\r\n\r\n');
            const head = answer.subarray(0, end).toString('latin1').split('\r\n');
            const headers = head.flatMap((line) => {
                const colon = line.indexOf(':');
                return colon === -1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]];
            });
            const status = Number(headers.find(([name]) => name === 'status')?.[1]?.split(' ')[0] ?? 200);
            response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'status')));
            response.end(answer.subarray(end + 4), () => resolve());
        });
    });
}
