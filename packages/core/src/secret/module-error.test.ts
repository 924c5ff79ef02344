import { expect, test } from 'vitest';
import { safeMessage } from './errors.ts';
import { loadModule, ModuleLoadError, moduleErrorMessage } from './module-error.ts';

test.each<[string, string | undefined, string]>([
  ['Node', 'ERR_MODULE_NOT_FOUND', "Cannot find package 'x' imported from /app/dist/main.js"],
  ['CommonJS', 'MODULE_NOT_FOUND', "Cannot find module 'x'"],
  ['an ES module that is required', 'ERR_REQUIRE_ESM', 'require() of ES Module /app/x.js not supported.'],
  ['esbuild', undefined, 'Dynamic require of "url" is not supported'],
  ['rolldown', undefined, 'Calling `require` for "url" in an environment that doesn\'t expose the `require` function.'],
  ['CommonJS in an ES module', undefined, '__dirname is not defined in ES module scope'],
])('shows the message of %s', (_, code, message) => {
  const error = Object.assign(new Error(`${message}\nRequire stack:\n- /app/main.js`), { code });

  expect(moduleErrorMessage(error)).toBe(message);
  expect(safeMessage(error)).toContain(`was thrown: ${message}`);
});

test.each([
  new Error('s3cret-1'),
  new Error('Dynamic require of "s3cret-1'),
  Object.assign(new Error('s3cret-1'), { code: 'ENOENT' }),
  's3cret-1',
])('does not show the message of %s', (error) => {
  expect(moduleErrorMessage(error)).toBeUndefined();
  expect(safeMessage(error)).not.toContain('s3cret-1');
});

test('loadModule rejects with the message and code of the loader', async () => {
  const loading = loadModule(() =>
    Promise.reject(Object.assign(new TypeError('x is not a function'), { code: 'E_X' })),
  );

  await expect(loading).rejects.toEqual(expect.objectContaining({ message: 'x is not a function', code: 'E_X' }));
  await expect(loading).rejects.toBeInstanceOf(ModuleLoadError);
  expect(await loadModule(() => Promise.resolve({ x: 1 }))).toEqual({ x: 1 });
});
