/** The faults that are still to happen, in the order in which they were asked for. */
export function openFaults() {
    const pending = [];
    return {
        add: (fault) => void pending.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }),
        /** The one that happens to this request. */
        take(operation) {
            const next = pending.find(({ fault }) => fault.operation === undefined || fault.operation === operation);
            if (next === undefined)
                return undefined;
            if (next.skip > 0) {
                next.skip -= 1;
                return undefined;
            }
            next.times -= 1;
            if (next.times <= 0)
                pending.splice(pending.indexOf(next), 1);
            return next.fault;
        },
        /** Those that never happened. */
        left: () => pending.map(({ fault }) => fault),
    };
}
