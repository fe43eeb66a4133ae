// t/contract/world.mjs - who calls, and what there is to be called for: made by calls that the
// description describes, so that a new resource needs nothing here.
import { valid } from './values.mjs';

const password = 'correct horse battery';

export class World {
    constructor(calls, tokens) {
        this.calls = calls;
        this.description = calls.description;
        this.tokens = tokens;
    }

    // A new account of the tenant, logged in: {username, password, token, id}.
    async account() {
        const made = await this.make('/api/auth/tenant/users/create/');
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

    // A body of OPERATION with the properties that ONLY allows, each with a value of its own.
    async body(operation, only = () => true) {
        const body = {};
        const properties = operation.body?.properties ?? {};
        for (const name of Object.keys(properties).filter(only)) body[name] = await this.value(name, properties[name], body);
        return body;
    }

    async required(operation) {
        return this.body(operation, (name) => operation.body.required?.includes(name));
    }

    // What the description cannot tell: passwords, and accounts that are there.
    async value(name, schema, body) {
        if (name === 'username' && body.password === undefined && schema.maxLength === 254) return (this.known = await this.account()).username;
        if (schema.format === 'password') return password;
        if (schema['x-crm-reference']) return (await this.make(schema['x-crm-reference'].path)).id;
        return valid(schema);
    }

    // Makes what lies at PATH ("/api/auth/tenants/"): the answer's value.
    async make(path) {
        const create = this.description.find('POST', path) ?? this.description.find('POST', `${path}create/`);
        if (!create) return undefined;
        const token = create.access === 'superuser' ? this.tokens.superuser : this.tokens.admin;
        const call = { path: await this.path(create), token, body: await this.body(create) };
        const answer = await this.calls.send(create, call, create.answers[0].status, 'makes one');
        return answer.value;
    }

    // Values of OPERATION's path parameters that are there.
    async path(operation, token) {
        const parameters = {};
        for (const { name } of operation.parameters.filter((each) => each.in === 'path')) {
            const before = operation.path.slice(0, operation.path.indexOf(`{${name}}`));
            parameters[name] = (await this.there(before, parameters, token)) ?? 'none';
        }
        return parameters;
    }

    // The id of one that lies at the collection PATH.
    async there(path, parameters, token) {
        const made = await this.make(path);
        if (made) return made.id;
        const list = this.description.find('GET', path);
        const answer = await this.calls.send(list, { path: parameters, token: token ?? this.tokens.admin }, 200, 'lists');
        return answer.value?.results?.[0]?.id;
    }
}
