// t/contract/calls.mjs - sends calls, holds each answer against the description, and remembers what came.
import YAML from 'yaml';

const read = (type, text) => {
    try {
        return /json/.test(type) ? JSON.parse(text) : /yaml|vnd\.oai/.test(type) ? YAML.parse(text) : text;
    } catch {
        return undefined;
    }
};

const encoders = {
    'application/json': (body) => JSON.stringify(body),
    'application/merge-patch+json': (body) => JSON.stringify(body),
    'application/x-www-form-urlencoded': (body) => new URLSearchParams(body).toString(),
    'multipart/form-data': (body) => {
        const form = new FormData();
        for (const [name, value] of Object.entries(body)) form.append(name, value);
        return form;
    },
};

export class Calls {
    sent = [];
    seen = new Set(); // "METHOD path status type"
    problems = []; // of the operation that is looked at

    constructor(url, description) {
        this.url = url;
        this.description = description;
    }

    fill(path, parameters = {}) {
        return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(parameters[name] ?? 'missing'));
    }

    // Sends OPERATION with {path, query (an object, or text), headers, token, body, type, raw}. EXPECT:
    // the status (or several) that it must have; WHY names it. The answer.
    async send(operation, { path, query, headers = {}, token, body, type = operation.bodyTypes[0], raw }, expect, why) {
        const text = typeof query === 'string' ? query : new URLSearchParams(query ?? {}).toString();
        const target = this.url + this.fill(operation.path, path) + (text ? `?${text}` : '');
        const sent = { ...headers, ...(token ? { authorization: `Token ${token}` } : {}) };
        const content = raw ?? (body === undefined ? undefined : encoders[type](body));
        if (content !== undefined && typeof content === 'string') sent['content-type'] = type;
        const answer = await this.fetch(target, operation.method, sent, content);
        this.judge(operation, answer, { loose: /(^|&)fields=/.test(text), expect,
            name: `${operation.method} ${target.slice(this.url.length)} ${why}${content ? ` ${String(content).slice(0, 300)}` : ''}` });
        return answer;
    }

    async fetch(target, method, headers, body) {
        const response = await fetch(target, { method, headers, body, redirect: 'manual' });
        const text = await response.text();
        const type = (response.headers.get('content-type') ?? '-').split(';')[0];
        return { status: response.status, headers: response.headers, type, text, value: read(type, text) };
    }

    judge(operation, answer, { loose, expect, name }) {
        this.sent.push(name);
        this.seen.add(`${operation.method} ${operation.path} ${answer.status} ${answer.type}`);
        const faults = this.description.faults(operation, answer, loose);
        if (expect !== undefined && ![expect].flat().includes(answer.status)) {
            faults.push(`status ${answer.status}, not ${expect}: ${answer.text.slice(0, 300)}`);
        }
        this.problems.push(...faults.map((fault) => `${name}: ${fault}`));
    }
}
