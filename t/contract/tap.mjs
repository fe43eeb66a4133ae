// t/contract/tap.mjs - prints what a test found as TAP.
import { isDeepStrictEqual } from 'node:util';

export class Tap {
    count = 0;

    ok(right, name, detail) {
        console.log(`${right ? 'ok' : 'not ok'} ${++this.count} - ${name}`);
        if (!right && detail !== undefined) console.log(`# ${String(detail).replace(/\n/g, '\n# ')}`);
        return right;
    }

    is(got, wanted, name) {
        return this.ok(got === wanted, name, `got ${got}, not ${wanted}`);
    }

    same(got, wanted, name) {
        return this.ok(isDeepStrictEqual(got, wanted), name, `got ${JSON.stringify(got).slice(0, 300)}`);
    }

    done() {
        console.log(`1..${this.count}`);
    }
}
