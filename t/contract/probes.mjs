// t/contract/probes.mjs - what is tried on every operation: each probe sends some calls.
import { special } from './special.mjs';
import { invalid, invalidText, text, valid, validOthers } from './values.mjs';
import { answers, refused, right, success } from './sending.mjs';

const inQuery = (operation) => operation.parameters.filter((each) => each.in === 'query');

// What has no other values than those that are sent anyhow: who logs in, what is stored elsewhere, which
// group is the default one; which tenant it is, and where it goes.
const isFixed = (operation, name, schema) => schema.format === 'password' || schema['x-crm-reference']
    || /\/login\/$|\/tenants\/\{id\}\/(purge|move)\/$/.test(operation.path) || (operation.path.endsWith('/tenants/{id}/restore/') && name === 'job') || (operation.path.includes('/groups/') && name === 'is_default');

// Another call of the same kind: what changes the caller is called by a new one, what deletes or moves finds
// another one to delete.
const again = async (operation, world, call) => (operation.access === 'user' || operation.method === 'DELETE'
    || /\/tenants\/\{id\}\/(undelete|purge|move)\/$/.test(operation.path)
    ? right(operation, world) : { ...call, body: operation.body && (await world.body(operation)) });

// Batches and files: special.mjs has them.
const isSpecial = (operation) => operation.bodyTypes.length > 0 && operation.bodyTypes[0] !== 'application/json' || operation.body?.anyOf;

const succeeds = async (operation, world) => {
    const { calls } = world;
    if (isSpecial(operation)) return;
    const call = await right(operation, world);
    await calls.send(operation, call, success(operation), 'with everything');
    if (!operation.body) return;
    await calls.send(operation, { ...(await again(operation, world, call)), body: await world.required(operation) },
        success(operation), 'with what is required');
    for (const type of operation.bodyTypes.slice(1)) {
        await calls.send(operation, { ...(await again(operation, world, call)), type }, success(operation), `as ${type}`);
    }
    for (const [name, schema] of Object.entries(operation.body.properties)) {
        if (isFixed(operation, name, schema)) continue;
        for (const { why, value } of validOthers(schema)) {
            const other = await again(operation, world, call);
            await calls.send(operation, { ...other, body: { ...other.body, [name]: value } }, success(operation), `${name} ${why}`);
        }
    }
};

const refusesBodies = async (operation, world) => {
    if (operation.bodyTypes.length === 0) return;
    if (operation.body.properties?.file) return; // special.mjs
    const call = await right(operation, world);
    const told = (answer, name, why) => {
        if (!Array.isArray(answer.value?.[name])) world.calls.problems.push(`${operation.method} ${operation.path} ${name} ${why}: not told of the field: ${answer.text}`);
    };
    for (const [name, schema] of Object.entries(operation.body.properties ?? {})) {
        for (const { why, value } of invalid(schema)) {
            told(await world.calls.send(operation, { ...call, body: { ...call.body, [name]: value } }, 400, `${name}: ${why}`), name, why);
        }
    }
    for (const name of operation.body.required ?? []) {
        const { [name]: left, ...rest } = call.body;
        told(await world.calls.send(operation, { ...call, body: rest }, 400, `without ${name}`), name, 'left out');
    }
    if (operation.body.properties) await refused(operation, world, { ...call, body: [] }, 400, 'a list');
    await refused(operation, world, { ...call, raw: '{"a": ', type: 'application/json' }, 400, 'no JSON');
    await refused(operation, world, { ...call, raw: '<a/>', type: 'text/xml' }, 415, 'XML');
    await refused(operation, world, { ...call, body: { a: 'x'.repeat(200000) } }, 413, 'too large');
};

// Parameters with a value that is right, and one that is not.
const queries = async (operation, world) => {
    const asks = operation.method === 'GET';
    const call = await right(operation, world);
    for (const { name, schema, required } of asks ? inQuery(operation) : []) {
        if (name === 'tenant') continue;
        for (const value of schema.enum ?? [name === 'cursor' ? '' : schema.items?.enum ?? valid(schema)]) {
            await world.calls.send(operation, { ...call, query: { ...call.query, [name]: call.query?.[name] ?? text(value) } }, 200, `${name} right`);
        }
        const wrong = invalidText(schema);
        const lenient = { page: 404, page_size: 200 }[name];
        if (wrong) await refused(operation, world, { ...call, query: { ...call.query, [name]: wrong } }, lenient ?? 400, `${name} wrong`);
        if (required) await refused(operation, world, { ...call, query: { ...call.query, [name]: '' } }, 400, `without ${name}`);
    }
    if (operation['x-crm-list'] && inQuery(operation).some((each) => each.name === 'page')) await pages(operation, world, call);
    if (operation['x-crm-list']) await refused(operation, world, { ...call, query: 'no_such_filter=1' }, 400, 'an unknown filter');
    await refused(operation, world, { ...call, query: 'a=%zz' }, 400, 'a malformed query');
};

const pages = async (operation, world, call) => {
    await refused(operation, world, { ...call, query: 'cursor=broken' }, 404, 'a cursor that is none');
    const first = await world.calls.send(operation, { ...call, query: 'cursor=&page_size=1' }, 200, 'by cursor');
    if (first.value?.next) {
        await world.calls.send(operation, { ...call, query: new URL(first.value.next).search.slice(1) }, 200, 'the next page');
    }
};

const headers = async (operation, world) => {
    const { calls } = world;
    const call = await right(operation, world);
    if (answers(operation, 304)) {
        const fresh = await calls.send(operation, call, 200, 'for its tag');
        const isNoted = /auth\/history\/($|statistics)/.test(operation.path); // each call is one more
        if (!isNoted) await calls.send(operation, { ...call, headers: { 'if-none-match': fresh.headers.get('etag') } }, 304, 'unchanged');
        await calls.send(operation, { ...call, headers: { 'if-none-match': '*' } }, 304, 'unchanged, whatever it is');
    }
    if (answers(operation, 412)) {
        await refused(operation, world, { ...call, headers: { 'if-match': '"0-0"' } }, 412, 'changed since');
    }
    if (answers(operation, 422)) await keys(operation, world);
    await calls.send(operation, { ...call, headers: { accept: 'image/png' } }, 406, 'as a picture');
    const types = operation.method === 'GET' ? operation.answers.filter((each) => each.status === 200 && each.type !== '-') : [];
    for (const { type } of types) await calls.send(operation, { ...call, headers: { accept: type } }, 200, `as ${type}`);
};

// Sent twice, done once; with something else it is refused.
const keys = async (operation, world) => {
    const key = { 'idempotency-key': `contract-${operation.path}-${Date.now()}`.replace(/[^!-~]/g, '') };
    const call = await right(operation, world, { headers: key });
    const first = await world.calls.send(operation, call, success(operation), 'with a key');
    if (operation.path.endsWith('/logout/')) return; // the caller has ended: special.mjs
    const second = await world.calls.send(operation, call, first.status, 'with the same key');
    if (second.text !== first.text || second.headers.get('idempotent-replayed') !== 'true') world.calls.problems.push(`${operation.path} with the same key: not the same answer`);
    await refused(operation, world, { ...call, query: 'another=1' }, 422, 'another call with the same key');
};

const refusesCallers = async (operation, world) => {
    if (operation.access === 'anyone') return;
    const call = await right(operation, world);
    await refused(operation, world, { ...call, token: undefined }, 401, 'by nobody');
    await refused(operation, world, { ...call, token: `crm_${'x'.repeat(54)}` }, 401, 'with a bad token');
    await refused(operation, world, { ...call, token: world.tokens.stranger, headers: { 'x-tenant': 'acme' } }, 403, "by another tenant's admin");
    if (operation.access !== 'user') await refused(operation, world, { ...call, token: world.tokens.user }, 403, 'by a user who may not');
};

const finds = async (operation, world) => {
    const call = await right(operation, world);
    for (const { name, schema } of operation.parameters.filter((each) => each.in === 'path' && each.schema.format)) {
        const nobody = schema.type === 'integer' ? '999999999' : '00000000-0000-7000-8000-000000000000';
        await refused(operation, world, { ...call, path: { ...call.path, [name]: nobody } }, 404, `no such ${name}`);
    }
    if (!operation.parameters.some((each) => each.name === 'tenant')) return;
    const unknown = answers(operation, 404) ? 404 : 400;
    for (const more of [{ query: 'tenant=no+such+tenant' }, { headers: { 'x-tenant': 'no such tenant' } }]) {
        await refused(operation, world, { ...call, ...more }, unknown, 'an unknown tenant');
    }
};

const itsOwn = async (operation, world) => {
    for (const { method, path, probe } of special) {
        if (operation.method === method && path.test(operation.path)) await probe(operation, world);
    }
};

export const probes = [succeeds, refusesBodies, queries, headers, refusesCallers, finds, itsOwn];
