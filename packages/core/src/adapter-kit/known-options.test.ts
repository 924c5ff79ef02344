import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import { refuseUnknownOptions } from './known-options.ts';

test('refuses every unknown option, with its source and the known names', () => {
  const refuse = (): void => refuseUnknownOptions({ preload: [], shemas: {}, prelaod: [] }, 'secrets()', ['preload']);

  expect(refuse).toThrow(
    /shemas \(secrets\(\)\)[^]*prelaod \(secrets\(\)\): expected one of the options preload; did you mean "preload"\?/u,
  );
  expect(refuse).toThrow(expect.toSatisfy((error) => isSecretError(error, 'ERR_CONFIGURATION')));
});

test('accepts known options, also if they are undefined', () => {
  expect(() => refuseUnknownOptions({ preload: undefined }, 'secrets()', ['preload'])).not.toThrow();
});
