import { expect, test } from 'vitest';
import { minify } from '../../scripts/minify.mjs';

test('a minified super() is a statement, as TypeScript needs it to compile fields for older targets', () => {
  const code = `export class Failure extends Error {
    name = 'Failure';
    constructor(message, code) {
      super(message);
      this.code = code;
    }
  }`;

  expect(minify('failure.js', code)).toMatch(/super\(\w\);this\.code=\w/u);
});
