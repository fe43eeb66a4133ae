// t/contract/description.mjs - the document as a test reads it: operations, their parameters and
// answers, and whether a body is as described.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const escaped = (key) => key.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D');

// A validator of everything in DOCUMENT; LOOSE: nothing is required, as where fields= leaves some out.
const validator = (document, loose) => {
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
    addFormats(ajv);
    for (const format of ['password', 'decimal', 'binary']) ajv.addFormat(format, true);
    const copy = structuredClone(document);
    if (loose) for (const schema of Object.values(copy.components.schemas)) delete schema.required;
    ajv.addSchema(copy, 'doc');
    return ajv;
};

export class Description {
    constructor(document) {
        this.document = document;
        this.ajv = { strict: validator(document, false), loose: validator(document, true) };
        this.operations = [];
        for (const [path, item] of Object.entries(document.paths)) {
            for (const method of methods.filter((key) => item[key])) this.operations.push(this.read(path, method, item[method]));
        }
    }

    at(pointer) {
        return pointer.slice(2).split('/').reduce((value, key) => value[key.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
    }

    // A schema, parameter or response, its reference followed.
    resolve(value) {
        return value?.$ref ? this.resolve(this.at(value.$ref)) : value;
    }

    read(path, method, item) {
        const parameters = item.parameters.map((each) => this.resolve(each));
        const answers = [];
        for (const [status, each] of Object.entries(item.responses)) {
            const types = Object.keys(this.resolve(each).content ?? { '-': 0 });
            for (const type of types) answers.push({ status: Number(status), type });
        }
        const body = item.requestBody?.content;
        return { ...item, path, method: method.toUpperCase(), parameters, answers, bodyTypes: Object.keys(body ?? {}),
            body: this.resolve(Object.values(body ?? {})[0]?.schema), access: item['x-crm-access'],
            where: `#/paths/${escaped(path)}/${method}` };
    }

    find(method, path) {
        return this.operations.find((operation) => operation.method === method && operation.path === path);
    }

    // What is wrong with the answer to OPERATION: texts.
    faults(operation, answer, loose) {
        const described = this.resolve(operation.responses[answer.status]);
        if (!described) return [`status ${answer.status} is not described: ${answer.text.slice(0, 300)}`];
        const faults = Object.keys(described.headers ?? {}).filter((name) => described.headers[name].required && !answer.headers.has(name))
            .map((name) => `header ${name} is described, and not there`);
        const types = Object.keys(described.content ?? {});
        if (!types.length) return answer.text === '' ? faults : [...faults, `a body, and none is described: ${answer.text.slice(0, 100)}`];
        if (!types.includes(answer.type)) return [...faults, `type ${answer.type} is not described for ${answer.status}`];
        return [...faults, ...this.bodyFaults(operation, answer, loose)];
    }

    bodyFaults(operation, answer, loose) {
        if (answer.value === undefined) return ['the body cannot be read'];
        const response = operation.responses[answer.status];
        const base = response.$ref ?? `${operation.where}/responses/${answer.status}`;
        const pointer = `${base}/content/${escaped(answer.type)}/schema`;
        const check = this.ajv[loose ? 'loose' : 'strict'].getSchema(`doc${pointer}`);
        if (check(answer.value)) return [];
        return check.errors.map((error) => `${error.instancePath || 'the body'} ${error.message} ${JSON.stringify(error.params)}: ${answer.text.slice(0, 200)}`);
    }
}
