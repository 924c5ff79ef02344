import * as library from '@alicloud/credentials';

type CredentialClass = typeof library.default.default;

// A CommonJS default export: Node.js imports the object that has it, a bundler may import the class.
const imported: { readonly default?: CredentialClass } = library.default;

/** The class `Credential`. */
export const Credential: CredentialClass = imported.default ?? (library.default as unknown as CredentialClass);
