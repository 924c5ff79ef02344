// The entry `@kms-secrets/testing/command`: the program `fake-kms`, for `kms-secrets fake` of @kms-secrets/cli.
export { main } from './main.ts';
export type { Invocation, TextStream } from './main.ts';
