// t/contract/misuse.ts - calls that the description forbids: each line after "expect-error" must not
// compile, or compiling this file fails.
import createClient from 'openapi-fetch';
import type { paths } from './schema.js';

const client = createClient<paths>({ baseUrl: '' });

// @ts-expect-error a path that is not there
await client.GET('/api/auth/nothing/', {});
// @ts-expect-error a method that the path does not have
await client.DELETE('/api/auth/login/', {});
// @ts-expect-error a required field is left out
await client.POST('/api/auth/login/', { body: { username: 'x' } });
// @ts-expect-error a field of another type
await client.POST('/api/auth/logout/', { body: { all: 'yes' } });
// @ts-expect-error a parameter of the path is left out
await client.GET('/api/auth/tenant/users/{id}/', {});
// @ts-expect-error an order that the list does not have
await client.GET('/api/auth/tenants/', { params: { query: { ordering: ['shoe_size'] } } });
// @ts-expect-error a filter that the list does not have
await client.GET('/api/auth/tenants/', { params: { query: { shoe_size: 43 } } });
const { data } = await client.GET('/api/auth/profile/', {});
// @ts-expect-error a property that the answer does not have
console.log(data?.password);
