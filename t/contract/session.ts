// t/contract/session.ts - a session by a client that is generated from the description: it compiles
// under --strict only while the description says what the calls need and give. Prints TAP.
import createClient from 'openapi-fetch';
import type { components, paths } from './schema.js';
import { Tap } from './tap.mjs';

declare const process: { env: Record<string, string | undefined> };

type Account = components['schemas']['Account'];

const baseUrl = process.env['CRM_URL'] ?? '';
const tap = new Tap();
const client = createClient<paths>({ baseUrl });

// What was answered; a failure ends the session.
const expect = <T>(name: string, { data, error, response }: { data?: T; error?: unknown; response: Response }): T => {
    tap.ok(data !== undefined, `${name}: ${response.status}`, JSON.stringify(error));
    if (data === undefined) throw new Error(`${name}: ${JSON.stringify(error)}`);
    return data;
};

const registered = expect('registers', await client.POST('/api/auth/register/', {
    body: { username: 'tess', email: 'tess@typed.example', password: 'a long password', tenant_name: 'Typed',
        first_name: 'Tess', last_name: 'Typed' },
}));
tap.is(registered.user.tenant?.name, 'Typed', 'the answer has the new tenant');

const session = expect('logs in', await client.POST('/api/auth/login/', {
    body: { username: 'tess', password: 'a long password' },
}));
client.use({
    onRequest({ request }) {
        request.headers.set('Authorization', `Bearer ${session.token}`);
        return request;
    },
});

const profile: Account = expect('reads the profile', await client.GET('/api/auth/profile/', {}));
tap.is(profile.is_tenant_admin, true, 'who registered is the admin');

const made: Account = expect('creates a user', await client.POST('/api/auth/tenant/users/create/', {
    body: { username: 'theo', email: 'theo@typed.example', password: 'a long password', first_name: 'Theo', last_name: 'Typed' },
}));
const changed = expect('changes him', await client.PATCH('/api/auth/tenant/users/{id}/', {
    params: { path: { id: made.id } },
    body: { last_name: 'Tailor' },
}));
tap.is(changed.last_name, 'Tailor', 'and he is changed');

const page = expect('lists the users', await client.GET('/api/auth/tenant/users/', {
    params: { query: { search: 'theo', ordering: ['-date_joined'], page_size: 5, is_active: true } },
}));
tap.is(page.count, 1, 'and finds the one');
tap.is(page.results[0]?.username, 'theo', 'by his name');

const refused = await client.POST('/api/auth/tenant/users/create/', {
    body: { username: 'theo', email: 'theo@typed.example', password: 'short', first_name: 'Theo', last_name: 'Typed' },
});
tap.is(refused.response.status, 400, 'what is wrong is refused');
tap.ok(Array.isArray((refused.error as components['schemas']['Invalid'])['password']), 'and told by field');

expect('disables him', await client.DELETE('/api/auth/tenant/users/{id}/', { params: { path: { id: made.id } } }));
const figures = expect('reads the statistics', await client.GET('/api/auth/history/statistics/', { params: { query: { status: 200 } } }));
tap.ok(typeof figures.total_requests === 'number', 'which are numbers');
expect('logs out', await client.POST('/api/auth/logout/', { body: { all: true } }));
const after = await client.GET('/api/auth/profile/', {});
tap.is(after.response.status, 401, 'after which the token is over');
tap.done();
