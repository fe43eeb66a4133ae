// t/contract/values.mjs - values that a schema allows, and values that it does not.
let number = 0;

const word = () => `w${Date.now().toString(36)}x${(number++).toString(36)}`;
const types = (schema) => [schema.type ?? []].flat();
const isText = (schema) => types(schema).includes('string') && !schema.enum;

const byFormat = {
    email: () => `${word()}@values.example`,
    'date-time': () => '2026-01-31T09:30:00Z',
    date: () => '2026-01-31',
    uuid: () => '019c1314-1d40-7c52-9d2e-5f8a0f3c6b1e',
    uri: () => `https://values.example/${word()}`,
    password: () => 'correct horse battery',
    decimal: () => '12.30',
};

// A value that SCHEMA allows; of free text another one each time.
export const valid = (schema) => {
    if (schema.pattern && !byFormat[schema.format]) return schema.examples[0];
    if (schema.enum) return schema.enum.find((each) => each !== null && each !== '');
    const [type] = types(schema);
    if (schema.format === 'binary') return new Blob([word()]);
    if (type === 'string') return (byFormat[schema.format] ?? word)();
    if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
    if (type === 'boolean') return true;
    if (type === 'array') return [valid(schema.items)];
    return {};
};

// Other values that SCHEMA allows: {why, value}.
export const validOthers = (schema) => {
    const others = [];
    if (types(schema).includes('null')) others.push({ why: 'null', value: null });
    if (schema.enum) others.push(...schema.enum.map((value) => ({ why: `"${value}"`, value })));
    if (types(schema).includes('boolean')) others.push({ why: 'false', value: false });
    if (isText(schema) && !schema.format && !schema.pattern) {
        if (!schema.minLength) others.push({ why: 'blank', value: '' });
        if (schema.maxLength <= 4096) others.push({ why: 'longest', value: word().padEnd(schema.maxLength, 'ü') });
    }
    return others;
};

// Values that SCHEMA does not allow: {why, value}.
export const invalid = (schema) => {
    const wrong = [];
    const known = types(schema);
    if (!known.length) return wrong; // any value
    if (!known.includes('object')) wrong.push({ why: 'an object', value: { a: 1 } });
    if (!known.includes('array')) wrong.push({ why: 'a list', value: [[]] });
    if (!known.includes('null')) wrong.push({ why: 'null', value: null });
    if (schema.enum) wrong.push({ why: 'no choice', value: 'no-such-choice' });
    if (known.includes('integer')) wrong.push({ why: 'no number', value: 'x' }, { why: 'a fraction', value: 1.5 });
    if (known.includes('boolean')) wrong.push({ why: 'no boolean', value: 'perhaps' });
    if (isText(schema)) wrong.push({ why: 'a boolean', value: true });
    if (isText(schema) && schema.minLength) wrong.push({ why: 'blank', value: '' });
    if (isText(schema) && schema.minLength > 1) wrong.push({ why: 'too short', value: 'x'.repeat(schema.minLength - 1) });
    if (isText(schema) && schema.maxLength <= 4096) wrong.push({ why: 'too long', value: 'x'.repeat(schema.maxLength + 1) });
    if (schema.pattern) wrong.push({ why: 'of another form', value: '-?-' });
    if (['email', 'date-time', 'date', 'uuid', 'uri', 'decimal'].includes(schema.format)) wrong.push({ why: `no ${schema.format}`, value: 'x' });
    return wrong;
};

// What a query parameter of SCHEMA may not be, as text; undefined: it may be anything.
export const invalidText = (schema) => {
    if (schema.items) return invalidText(schema.items);
    const free = types(schema).includes('string') && !schema.enum && !['date-time', 'date', 'uuid'].includes(schema.format);
    return free ? undefined : 'no such';
};

export const text = (value) => (Array.isArray(value) ? value.join(',') : String(value));
