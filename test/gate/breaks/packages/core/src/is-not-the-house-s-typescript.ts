console.log('here'); // breaks eslint(no-console): console
export enum Colour { Red } // breaks syntax(no-restricted-syntax): No enum
export declare enum Shade { Dark } // breaks syntax(no-restricted-syntax): No enum
export namespace Space { export const wide = 1; } // breaks typescript(no-namespace): namespace
export const anything = (value: any): unknown => value; // breaks typescript(no-explicit-any): any
export const first = (values: string[]): string => values[0]!; // breaks typescript(no-non-null-assertion): non-null
export const four = (a: 1, b: 2, c: 3, d: 4): unknown => [a, b, c, d]; // breaks eslint(max-params): Maximum allowed is 3
export const floating = (): void => { Promise.resolve(1); }; // breaks typescript(no-floating-promises): promise
export default first; // breaks import(no-default-export): default
