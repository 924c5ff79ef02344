import { resolve } from 'node:path';

/** The root of the repository. */
export const root = resolve(import.meta.dirname, '../..');
/** The folder of the pages. */
export const docs = resolve(root, 'docs');

export const repository = 'https://github.com/kms-secrets/kms-secrets';
export const hostname = 'https://kms-secrets.github.io';
/** The path of the site at its host. */
export const base = '/kms-secrets/';
