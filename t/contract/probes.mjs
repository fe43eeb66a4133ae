// t/contract/probes.mjs - what is tried on every operation: each probe sends some calls.
import { invalid, invalidText, text, valid, validOthers } from './values.mjs';

const problem = { accept: 'application/problem+json, application/json;q=0.9' };
const inQuery = (operation) => operation.parameters.filter((each) => each.in === 'query');
const answers = (operation, status) => operation.answers.some((each) => each.status === status);
const success = (operation) => operation.answers.map((each) => each.status).filter((status) => status < 300);

// A call of OPERATION that must succeed, with what MORE says.
const right = async (operation, world, more = {}) => {
    const token = more.token ?? (await world.caller(operation));
    const path = more.path ?? (await world.path(operation, token));
    const body = operation.body && more.raw === undefined ? (more.body ?? (await world.body(operation))) : undefined;
    return { token, ...more, path, body };
};

// Both shapes of an error.
const refused = async (operation, world, call, status, why) => {
    const answer = await world.calls.send(operation, call, status, why);
    await world.calls.send(operation, { ...call, headers: { ...call.headers, ...problem } }, status, `${why}, as a problem`);
    return answer;
};

const succeeds = async (operation, world) => {
    const { calls } = world;
    await calls.send(operation, await right(operation, world), success(operation), 'with everything');
    if (!operation.body) return;
    await calls.send(operation, await right(operation, world, { body: await world.required(operation) }), success(operation), 'with what is required');
    for (const type of operation.bodyTypes.slice(1)) {
        await calls.send(operation, await right(operation, world, { type }), success(operation), `as ${type}`);
    }
    for (const [name, schema] of Object.entries(operation.body.properties)) {
        if (schema.format === 'password' || schema['x-crm-reference']) continue;
        for (const { why, value } of validOthers(schema)) {
            const call = await right(operation, world);
            await calls.send(operation, { ...call, body: { ...call.body, [name]: value } }, success(operation).concat(operation.path.includes('login') ? 400 : []), `${name} ${why}`);
        }
    }
};

const refusesBodies = async (operation, world) => {
    if (!operation.body) return;
    const call = await right(operation, world);
    for (const [name, schema] of Object.entries(operation.body.properties)) {
        for (const { why, value } of invalid(schema)) {
            const answer = await world.calls.send(operation, { ...call, body: { ...call.body, [name]: value } }, 400, `${name}: ${why}`);
            if (!Array.isArray(answer.value?.[name])) world.calls.problems.push(`${operation.method} ${operation.path} ${name}: ${why}: not told of the field: ${answer.text}`);
        }
    }
    for (const name of operation.body.required ?? []) {
        const { [name]: left, ...rest } = call.body;
        const answer = await world.calls.send(operation, { ...call, body: rest }, 400, `without ${name}`);
        if (!Array.isArray(answer.value?.[name])) world.calls.problems.push(`${operation.method} ${operation.path} without ${name}: not told of it: ${answer.text}`);
    }
    await refused(operation, world, { ...call, body: [] }, 400, 'a list');
    await refused(operation, world, { ...call, raw: '{"a": ' }, 400, 'no JSON');
    await refused(operation, world, { ...call, raw: '<a/>', type: 'text/xml' }, 415, 'XML');
    await refused(operation, world, { ...call, body: { a: 'x'.repeat(200000) } }, 413, 'too large');
};

// Parameters with a value that is right, and one that is not.
const queries = async (operation, world) => {
    const list = operation['x-crm-list'];
    const asks = operation.method === 'GET';
    const call = asks ? await right(operation, world) : undefined;
    for (const { name, schema } of inQuery(operation)) {
        if (name === 'tenant' || !asks) continue;
        const values = schema.enum ?? [name === 'cursor' ? '' : schema.items?.enum ?? valid(schema)];
        for (const value of values) {
            await world.calls.send(operation, { ...call, query: { [name]: text(value) } }, 200, `${name} right`);
        }
        const wrong = invalidText(schema);
        const lenient = { page: 404, page_size: 200 }[name];
        if (wrong) await refused(operation, world, { ...call, query: { [name]: wrong } }, lenient ?? 400, `${name} wrong`);
    }
    if (list) {
        await refused(operation, world, { ...call, query: 'no_such_filter=1' }, 400, 'an unknown filter');
        await refused(operation, world, { ...call, query: 'cursor=broken' }, 404, 'a cursor that is none');
        const first = await world.calls.send(operation, { ...call, query: 'cursor=&page_size=1' }, 200, 'by cursor');
        if (first.value?.next) {
            await world.calls.send(operation, { ...call, query: new URL(first.value.next).search.slice(1) }, 200, 'the next page');
        }
    }
    await refused(operation, world, await right(operation, world, { query: 'a=%zz' }), 400, 'a malformed query');
};

const headers = async (operation, world) => {
    const { calls } = world;
    if (answers(operation, 304)) {
        const call = await right(operation, world);
        const fresh = await calls.send(operation, call, 200, 'for its tag');
        const tag = { 'if-none-match': fresh.headers.get('etag') };
        const isNoted = /history/.test(operation.path); // each call is one more
        if (!isNoted || /\{/.test(operation.path)) await calls.send(operation, { ...call, headers: tag }, 304, 'unchanged');
        await calls.send(operation, { ...call, headers: { 'if-none-match': '*' } }, 304, 'unchanged, whatever it is');
    }
    if (answers(operation, 412)) {
        const call = await right(operation, world);
        await refused(operation, world, { ...call, headers: { 'if-match': '"0-0"' } }, 412, 'changed since');
    }
    await refusesForms(operation, world);
};

const refusesForms = async (operation, world) => {
    await world.calls.send(operation, await right(operation, world, { headers: { accept: 'image/png' } }), 406, 'as a picture');
    for (const { status, type } of operation.answers.filter((each) => each.status === 200 && !/json$/.test(each.type) && each.type !== '-')) {
        await world.calls.send(operation, await right(operation, world, { headers: { accept: type } }), status, `as ${type}`);
    }
    for (const { status, type } of operation.answers.filter((each) => each.status === 200 && /\+json$/.test(each.type))) {
        await world.calls.send(operation, await right(operation, world, { headers: { accept: type } }), status, `as ${type}`);
    }
};

const refusesCallers = async (operation, world) => {
    if (operation.access === 'anyone') return;
    const call = await right(operation, world);
    await refused(operation, world, { ...call, token: undefined }, 401, 'by nobody');
    await refused(operation, world, { ...call, token: `crm_${'x'.repeat(54)}` }, 401, 'with a bad token');
    await refused(operation, world, { ...call, token: world.tokens.stranger, headers: { 'x-tenant': 'acme' } }, 403, "by another tenant's admin");
    if (operation.access !== 'user') await refused(operation, world, { ...call, token: world.tokens.user }, 403, 'by a user');
};

const finds = async (operation, world) => {
    const call = await right(operation, world);
    for (const { name, schema } of operation.parameters.filter((each) => each.in === 'path')) {
        if (schema.type === 'string' && !schema.format) continue;
        const nobody = schema.type === 'integer' ? '999999999' : '00000000-0000-7000-8000-000000000000';
        await refused(operation, world, { ...call, path: { ...call.path, [name]: nobody } }, 404, `no such ${name}`);
    }
    if (!operation.parameters.some((each) => each.name === 'tenant')) return;
    const unknown = answers(operation, 404) ? 404 : 400;
    for (const more of [{ query: 'tenant=no+such+tenant' }, { headers: { 'x-tenant': 'no such tenant' } }]) {
        await refused(operation, world, { ...call, ...more }, unknown, 'an unknown tenant');
    }
};

// What only one operation answers.
const special = {
    'POST /api/auth/login/': async (operation, world) => {
        const { username } = await world.account();
        const call = { body: { username, password: 'wrong' } };
        for (let turn = 0; turn < 10; turn++) await world.calls.send(operation, call, 400, 'a wrong password');
        await refused(operation, world, call, 429, 'once too often');
    },
    'POST /api/auth/password/change/': async (operation, world) => {
        const call = { token: (await world.account()).token, body: { old_password: 'wrong', new_password: 'correct horse' } };
        for (let turn = 0; turn < 10; turn++) await world.calls.send(operation, call, 400, 'a wrong password');
        await refused(operation, world, call, 429, 'once too often');
    },
    'POST /api/auth/register/': async (operation, world) => {
        const closed = { body: await world.body(operation), headers: { 'x-closed': '1' } };
        await refused(operation, world, closed, 403, 'while it is closed');
    },
};

const itsOwn = async (operation, world) => special[`${operation.method} ${operation.path}`]?.(operation, world);

export const probes = [succeeds, refusesBodies, queries, headers, refusesCallers, finds, itsOwn];
