// t/contract/special.mjs - what only some operations answer: tried by hand.
import { File } from 'node:buffer';
import { refused, right } from './sending.mjs';
import { invalidText, text, valid } from './values.mjs';

const file = (content, name = 'records.csv') => ({ file: new File([content], name, { type: 'text/csv' }) });

// An import's parameters, files that are wrong, and rows that are.
const upload = async (operation, world) => {
    const { calls } = world;
    const call = await right(operation, world);
    const wrongRow = await world.file(operation, '"","",""\n');
    const send = async (query, body, status, why) => calls.send(operation, { ...call, query, body }, status, why);
    await send({}, call.body, 200, 'a file');
    await send({ errors: 'csv' }, { file: wrongRow }, 200, 'the rows that are wrong, as a file');
    await send({ fields: 'created,errors' }, call.body, 200, 'only some of the report');
    for (const { name, schema } of operation.parameters.filter((each) => each.in === 'query' && !['tenant', 'fields'].includes(each.name))) {
        for (const value of schema.enum ?? [name === 'charset' ? 'utf-8' : name === 'sheet' ? '1' : valid(schema)]) {
            await send({ [name]: text(value), dry_run: 'true' }, call.body, 200, `${name} right`);
        }
        const wrong = invalidText(schema);
        if (wrong) await refused(operation, world, { ...call, query: { [name]: wrong } }, 400, `${name} wrong`);
    }
    await refused(operation, world, { ...call, query: { no_such: '1' } }, 400, 'an unknown parameter');
    await refused(operation, world, { ...call, body: {} }, 400, 'no file');
    await refused(operation, world, { ...call, body: file('name\n"cut off') }, 400, 'a file that is damaged');
    await send({ partial: 'true' }, file('name,email,phone\nx,x@values.example,1\n"cut off'), 200, 'what stands before the damage');
    await refused(operation, world, { ...call, raw: '<a/>', type: 'text/xml' }, 415, 'XML');
    await refused(operation, world, { ...call, body: file('x'.repeat(600000)) }, 413, 'too large');
};

const wrongPasswords = async (operation, world, call) => {
    for (let turn = 0; turn < 10; turn++) await world.calls.send(operation, call, 400, 'a wrong password');
    await refused(operation, world, call, 429, 'once too often');
};

// A batch's body is a list, or operations; the operation that creates one tells what is in it.
const batch = async (operation, world) => {
    const { calls } = world;
    const create = world.description.find('POST', operation.path.replace(/batch\/$/, ''));
    const call = await right(operation, world);
    const made = async () => world.body(create);
    const send = async (body, status, why, more) => calls.send(operation, { ...call, ...more, body }, status, why);
    const created = await send([await made(), await made()], 200, 'a list');
    const id = created.value?.results?.[0]?.body?.id;
    const all = [{ method: 'POST', body: await made() }, { method: 'PUT', id, body: await made() },
        { method: 'PATCH', id, body: {} }, { method: 'DELETE', id }];
    await send({ operations: all }, 200, 'operations of all kinds');
    const failing = [{ method: 'POST', body: await made() }, { method: 'DELETE', id: '00000000-0000-7000-8000-000000000000' },
        { method: 'POST', body: { is_active: 'perhaps' } }];
    await send({ operations: failing, atomic: false }, 207, 'some that fail');
    await send({ operations: failing, atomic: false }, 207, 'some that fail, as problems', { headers: { accept: 'application/problem+json, */*' } });
    await send({ operations: failing }, 400, 'one that fails');
    await send({ operations: [{ method: 'GET' }] }, 400, 'a method that is none');
    await send({ operations: 1 }, 400, 'operations that are none');
    await send({ operations: [], atomic: 'perhaps' }, 400, 'neither atomic nor not');
    await send({}, 400, 'nothing');
    await refused(operation, world, { ...call, body: 1 }, 400, 'a number');
};

// A key is the account's, so the call is known to the next session, too.
const logoutTwice = async (operation, world) => {
    const { username, token } = await world.account();
    const call = { headers: { 'idempotency-key': 'logout-twice' }, body: { all: false } };
    await world.calls.send(operation, { ...call, token }, 200, 'with a key');
    const again = await world.calls.send(operation, { ...call, token: await world.logIn(username) }, 200, 'with the same key');
    if (again.headers.get('idempotent-replayed') !== 'true') world.calls.problems.push('logout with the same key is done again');
    await refused(operation, world, { ...call, token: await world.logIn(username), body: { all: true } }, 422, 'another call with the same key');
};

export const special = [
    { method: 'POST', path: /\/auth\/logout\/$/, probe: logoutTwice },
    { method: 'POST', path: /\/batch\/$/, probe: batch },
    { method: 'POST', path: /\/import\/$/, probe: upload },
    {
        method: 'POST',
        path: /\/auth\/login\/$/,
        probe: async (operation, world) => wrongPasswords(operation, world, { body: { username: (await world.account()).username, password: 'wrong' } }),
    },
    {
        method: 'POST',
        path: /\/auth\/password\/change\/$/,
        probe: async (operation, world) => wrongPasswords(operation, world, { token: (await world.account()).token, body: { old_password: 'wrong', new_password: 'correct horse' } }),
    },
    {
        method: 'POST',
        path: /\/auth\/register\/$/,
        probe: async (operation, world) => refused(operation, world, { body: await world.body(operation), headers: { 'x-closed': '1' } }, 403, 'while it is closed'),
    },
];
