/** An answer that says no, in GitHub's words. */
export class Refusal extends Error {
    status;
    extra;
    headers;
    constructor(status, message, { extra = {}, headers = {}, } = {}) {
        super(message);
        this.status = status;
        this.extra = extra;
        this.headers = headers;
    }
}
export function notFound() {
    return new Refusal(404, 'Not Found');
}
/** A field that fits its type and that GitHub still does not take. */
export function invalid(resource, field, message) {
    return new Refusal(422, 'Validation Failed', {
        extra: { errors: [{ resource, field, code: 'custom', message }] },
    });
}
/** One page of a list, with the links to the others in GitHub's way. */
export function pageOf(items, query) {
    const size = Math.min(100, Math.max(1, Number(query.get('per_page') ?? 30)));
    const page = Math.max(1, Number(query.get('page') ?? 1));
    const last = Math.max(1, Math.ceil(items.length / size));
    const link = (number, rel) => {
        const target = new URLSearchParams(query);
        target.set('page', String(number));
        return `<{self}?${target}>; rel="${rel}"`;
    };
    const links = [
        ...(page > 1 ? [link(page - 1, 'prev'), link(1, 'first')] : []),
        ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ];
    const body = items.slice((page - 1) * size, page * size);
    return { body, headers: links.length === 0 ? {} : { link: links.join(', ') } };
}
