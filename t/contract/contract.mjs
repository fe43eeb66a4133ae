// t/contract/contract.mjs - holds the API's description of itself against the server, both ways: nothing
// is answered that is not described, nothing is described that is never answered. Prints TAP.
// Wants CRM_URL, CRM_TOKENS (JSON: admin, user, superuser, stranger) and what t/93-contract.t sets up.
import { Calls } from './calls.mjs';
import { Description } from './description.mjs';
import { Tap } from './tap.mjs';
import { World } from './world.mjs';
import { probes } from './probes.mjs';

// Answers that no request of a test brings about, and why.
const unprovoked = [
    { status: 500, why: 'would be a fault of the server' },
    { status: 503, why: 'needs a database that is gone: t/32-database-down.t' },
    { status: 409, why: 'needs a first call that is still running: t/46-idempotency.t' },
    { status: 200, path: /password\/reset/, why: 'needs a mailed code: t/50-password.t' },
    { status: 429, path: /password\/(forgot|reset)/, why: 'counts calls by address, as all of this test are: t/50-password.t' },
];
const isUnprovoked = (operation, status) => unprovoked.some((each) => each.status === status && (!each.path || each.path.test(operation.path)));

const url = process.env.CRM_URL;
const description = new Description(await (await fetch(`${url}/api/schema/`)).json());
const calls = new Calls(url, description);
const world = new World(calls, JSON.parse(process.env.CRM_TOKENS));
const tap = new Tap();

for (const operation of description.operations) {
    const name = `${operation.method} ${operation.path}`;
    const from = calls.sent.length;
    calls.problems = [];
    try {
        for (const probe of probes) await probe(operation, world);
    } catch (error) {
        calls.problems.push(error.stack);
    }
    const number = calls.sent.length - from;
    tap.ok(number > 0 && calls.problems.length === 0, `${name}: ${number} calls are answered as described`,
        calls.problems.slice(0, 20).join('\n'));
    const never = operation.answers.filter(({ status, type }) => !isUnprovoked(operation, status) && !calls.seen.has(`${name} ${status} ${type}`));
    tap.ok(never.length === 0, `${name}: all that is described is answered`,
        never.map(({ status, type }) => `${status} ${type} never came`).join('\n'));
}
tap.done();
