// t/contract/world.mjs - who calls, and what there is to be called for: made by calls that the
// description describes, so that a new resource needs nothing here.
import { File } from 'node:buffer';
import { valid } from './values.mjs';

const password = 'correct horse battery';

// Where what a path parameter names is made, when that is not the path before it.
const elsewhere = {
    '/api/auth/users/': '/api/auth/tenant/users/',
    '/api/leads/call-summaries/by-customer/': '/api/customers/',
};

const tenants = '/api/auth/tenants/';
const jobs = '/api/auth/jobs/';
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

export class World {
    references = new Map(); // path to the id of a record that others refer to
    made = undefined; // what was made last for a path's parameter
    saved = undefined; // a tenant that there is a backup of, and the job that made it

    constructor(calls, tokens) {
        this.calls = calls;
        this.description = calls.description;
        this.tokens = tokens;
    }

    // A new account of the tenant, logged in: {username, email, password, token, id}.
    async account() {
        const made = await this.make('/api/auth/tenant/users/');
        return { ...made, password, token: await this.logIn(made.username) };
    }

    async logIn(username) {
        const login = this.description.find('POST', '/api/auth/login/');
        return (await this.calls.send(login, { body: { username, password } }, 200, 'logs in')).value.token;
    }

    // The token of one who may call OPERATION. What ends or changes the caller's own account is called
    // by one that is there for it.
    async caller(operation) {
        if (operation.access === 'anyone') return undefined;
        if (['superuser', 'tenant itself'].includes(operation.access)) return this.tokens.superuser;
        if (operation.access === 'user' && operation.method !== 'GET') return (await this.account()).token;
        return this.tokens.admin;
    }

    // A body of OPERATION with the properties that ONLY allows, each with a value of its own; where it may
    // be a list, a list of one.
    async body(operation, only = () => true) {
        const list = operation.body?.anyOf?.find((each) => each.type === 'array');
        if (list) return [await this.body({ ...operation, body: this.description.resolve(list.items) }, only)];
        const body = {};
        const properties = operation.body?.properties ?? {};
        for (const name of Object.keys(properties).filter(only)) body[name] = await this.value(operation, name, properties[name]);
        return body;
    }

    async required(operation) {
        return this.body(operation, (name) => operation.body.required?.includes(name));
    }

    // What the description cannot tell: passwords, and accounts that are there.
    async value(operation, name, schema) {
        if (operation.path.endsWith('/auth/login/') && name === 'username') return (await this.account()).username;
        if (operation.path.endsWith('/purge/') && name === 'name') return this.made?.name ?? 'nobody';
        if (operation.path.endsWith('/restore/') && name === 'job') return (await this.backup()).job;
        if (operation.path.endsWith('/move/') && name === 'server') return 'elsewhere';
        if (schema.format === 'password') return password;
        if (schema.format === 'binary') return this.file(operation);
        if (schema['x-crm-reference']) return this.reference(schema['x-crm-reference'].path);
        return valid(schema);
    }

    // A spreadsheet for the import OPERATION, of records with all that is required of them.
    async file(operation, extra = '') {
        const create = this.description.find('POST', operation.path.replace(/import\/$/, ''));
        const required = await this.required(create);
        const row = Object.keys(required).length ? required : await this.body(create, (name) => name === Object.keys(create.body.properties)[0]);
        return new File([`${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n${extra}`], 'records.csv', { type: 'text/csv' });
    }

    async reference(path) {
        if (!this.references.has(path)) this.references.set(path, (await this.make(path)).id);
        return this.references.get(path);
    }

    // Makes what lies at PATH ("/api/auth/tenants/"), whose parameters are PARAMETERS: the answer's
    // value; undefined where nothing can be made.
    async make(path, parameters) {
        const create = this.description.find('POST', path) ?? this.description.find('POST', `${path}create/`);
        if (!create) return undefined;
        const token = create.access === 'superuser' ? this.tokens.superuser : this.tokens.admin;
        const call = { path: parameters ?? (await this.path(create)), token, body: await this.required(create) };
        return (await this.calls.send(create, call, create.answers[0].status, 'makes one')).value;
    }

    // Values of OPERATION's path parameters that are there.
    async path(operation, token) {
        const parameters = {};
        for (const { name, schema } of operation.parameters.filter((each) => each.in === 'path')) {
            const before = operation.path.slice(0, operation.path.indexOf(`{${name}}`));
            const property = operation.body?.properties?.[name];
            parameters[name] = schema.format ? await this.there(before, parameters, token) : valid(property ?? schema);
        }
        if (/\/tenants\/\{id\}\/(undelete|purge)\/$/.test(operation.path)) await this.act(parameters.id, 'delete', 200);
        if (/\/tenants\/\{id\}\/restore\/$/.test(operation.path)) parameters.id = (await this.backup()).tenant;
        return parameters;
    }

    // A superuser's action on a tenant.
    async act(id, action, status) {
        const operation = this.description.find('POST', `${tenants}{id}/${action}/`);
        return (await this.calls.send(operation, { path: { id }, token: this.tokens.superuser }, status, 'on the way')).value;
    }

    // A new tenant with a backup: {tenant, job}, when that is done.
    async save() {
        const { id: tenant } = await this.make(tenants, {});
        const { id: job } = await this.act(tenant, 'backup', 202);
        const look = this.description.find('GET', `${jobs}{id}/`);
        for (let turn = 0; turn < 600; turn++) {
            const { value } = await this.calls.send(look, { path: { id: job }, token: this.tokens.superuser }, 200, 'waits');
            if (value.state === 'done') return { tenant, job };
            await pause(50);
        }
        throw new Error(`job ${job} is not done`);
    }

    async backup() {
        this.saved ??= await this.save();
        return this.saved;
    }

    // The id of one that lies at the collection PATH.
    async there(path, parameters, token) {
        if (path === jobs) return (await this.save()).job;
        const made = await this.make(elsewhere[path] ?? path, elsewhere[path] ? {} : { ...parameters });
        this.made = made;
        if (made) return made.id;
        const list = this.description.find('GET', path);
        const answer = await this.calls.send(list, { path: parameters, token: token ?? this.tokens.admin }, 200, 'lists');
        return answer.value?.results?.[0]?.id;
    }
}
