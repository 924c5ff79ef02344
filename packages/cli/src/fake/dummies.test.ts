import { expect, test } from 'vitest';
import { dummyOf, dummyShapeOf, secretsYaml } from './dummies.ts';

test.each([
  ['s3cret-text', 'dummy'],
  ['"s3cret-string"', 'dummy'],
  ['1234', 'dummy'],
  ['{"user":"s3cret-u","port":3306,"tls":true,"none":null}', '{"user":"dummy","port":0,"tls":false,"none":null}'],
  ['{"hosts":["s3cret-1","s3cret-2"],"deep":{"a":{"b":"s3cret-3"}}}', '{"hosts":["dummy"],"deep":{"a":{"b":"dummy"}}}'],
  ['[]', '[]'],
  ['{"broken": s3cret', 'dummy'],
])('keeps only the shape of %j', (value, shape) => {
  expect(dummyShapeOf(value)).toBe(shape);
});

test('ends at a depth that no secret has', () => {
  const deep = '{"a":'.repeat(1_000) + '"s3cret-x"' + '}'.repeat(1_000);

  expect(dummyShapeOf(deep).length).toBeLessThan(300);
});

test('the dummy of a managed secret has the properties of its type', () => {
  expect(dummyOf('Generic')).toBe('dummy');
  expect(dummyOf('Rds')).toBe('{"AccountName":"dummy-AccountName","AccountPassword":"dummy-AccountPassword"}');
});

test('quotes names', () => {
  expect(secretsYaml([{ name: 'a: b', type: 'Other', value: 'dummy' }]).split('\n')[1]).toBe(
    '"a: b": {"value":"dummy"}',
  );
});
