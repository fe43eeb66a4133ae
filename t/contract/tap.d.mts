// t/contract/tap.d.mts - the types of tap.mjs.
export class Tap {
    ok(right: boolean, name: string, detail?: unknown): boolean;
    is(got: unknown, wanted: unknown, name: string): boolean;
    same(got: unknown, wanted: unknown, name: string): boolean;
    done(): void;
}
