// t/contract/sending.mjs - calls that must succeed, and calls that must not.
import { valid } from './values.mjs';

const problem = { accept: 'application/problem+json, application/json;q=0.9' };

export const answers = (operation, status) => operation.answers.some((each) => each.status === status);

// A code that was mailed is not to be had here, so a new password is refused; a tenant that is there does not
// come back.
export const success = (operation) => {
    if (operation.path.endsWith('/password/reset/')) return [400];
    return operation.path.endsWith('/tenants/{id}/restore/') ? [202, 409] : described(operation);
};

const described = (operation) => operation.answers.map((each) => each.status).filter((status) => status < 300);

// A call of OPERATION that must succeed, with what MORE says.
export const right = async (operation, world, more = {}) => {
    const token = more.token ?? (await world.caller(operation));
    const path = more.path ?? (await world.path(operation, token));
    const body = operation.bodyTypes.length ? (more.body ?? (await world.body(operation))) : undefined;
    const needed = operation.parameters.filter((each) => each.in === 'query' && each.required);
    const query = needed.length ? Object.fromEntries(needed.map(({ name, schema }) => [name, schema.examples?.[0] ?? valid(schema)])) : undefined;
    return { token, query, ...more, path, body };
};

// Both shapes of an error.
export const refused = async (operation, world, call, status, why) => {
    const answer = await world.calls.send(operation, call, status, why);
    await world.calls.send(operation, { ...call, headers: { ...call.headers, ...problem } }, status, `${why}, as a problem`);
    return answer;
};
