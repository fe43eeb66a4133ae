// t/contract/document.mjs - the document in all its forms: the same by any way, and valid. Prints TAP.
// Wants CRM_URL.
import SwaggerParser from '@apidevtools/swagger-parser';
import YAML from 'yaml';
import { Tap } from './tap.mjs';

const url = process.env.CRM_URL;
const tap = new Tap();

const get = async (path, accept) => {
    const answer = await fetch(url + path, { headers: accept ? { accept } : {} });
    return { status: answer.status, type: answer.headers.get('content-type'), tag: answer.headers.get('etag'), text: await answer.text() };
};
const value = ({ text, type }) => (/json/.test(type) ? JSON.parse(text) : YAML.parse(text, { version: '1.2', strict: true }));

const forms = [
    ['/api/schema/', undefined, 'application/json'],
    ['/api/schema/', '*/*', 'application/json'],
    ['/api/schema/', 'text/html,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['/api/schema/', 'application/json', 'application/json'],
    ['/api/schema/', 'application/vnd.oai.openapi+json', 'application/vnd.oai.openapi+json'],
    ['/api/schema/', 'application/yaml', 'application/yaml'],
    ['/api/schema/', 'application/json;q=0.5, application/yaml', 'application/yaml'],
    ['/api/schema/', 'application/yaml;q=0.5, application/json;q=0.6', 'application/json'],
    ['/api/schema/', 'application/vnd.oai.openapi', 'application/vnd.oai.openapi'],
    ['/api/schema/?format=json', 'application/yaml', 'application/json'],
    ['/api/schema/?format=yaml', 'text/html', 'application/yaml'],
    ['/api/schema/?version=3.1', undefined, 'application/json'],
    ['/swagger/openapi.json', undefined, 'application/json'],
];
const swaggers = [
    ['/api/schema/?version=2.0', undefined, 'application/json'],
    ['/api/schema/?version=2.0&format=yaml', undefined, 'application/yaml'],
    ['/swagger.json', 'text/html', 'application/json'],
    ['/swagger.yaml', undefined, 'application/yaml'],
];

for (const [list, key, version] of [[forms, 'openapi', '3.1.0'], [swaggers, 'swagger', '2.0']]) {
    const first = value(await get(list[0][0]));
    tap.is(first[key], version, `${list[0][0]} is ${key} ${version}`);
    for (const [path, accept, type] of list) {
        const answer = await get(path, accept);
        const name = `${path} for ${accept ?? 'anything'}`;
        tap.is(answer.type, type, `${name} is ${type}`);
        tap.same(value(answer), first, `${name} says the same`);
        const again = await fetch(url + path, { headers: { 'if-none-match': answer.tag, accept: accept ?? '*/*' } });
        tap.is(again.status, 304, `${name} has not changed since`);
    }
}
for (const [path, accept, status] of [['/api/schema/', 'text/html', 406], ['/api/schema/', 'application/json;q=0', 406],
    ['/api/schema/?format=xml', undefined, 400], ['/api/schema/?version=4', undefined, 400]]) {
    tap.is((await get(path, accept)).status, status, `${path} for ${accept}: ${status}`);
}

try {
    await SwaggerParser.validate(value(await get('/swagger.json')));
    tap.ok(true, 'the Swagger form is valid by its schema and specification');
} catch (error) {
    tap.ok(false, 'the Swagger form is valid by its schema and specification', error.message);
}
tap.done();
