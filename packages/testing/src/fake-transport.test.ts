import { FetchFailure } from '@kms-secrets/core';
import { expect, test } from 'vitest';
import { FakeTransport } from './fake-transport.ts';

test('fail throws for a failure that does not exist', () => {
  const fail = (failure: unknown) => (): void => {
    // @ts-expect-error -- a caller without types
    new FakeTransport().fail(failure, 'db');
  };

  expect(fail('unavailabel')).toThrow(
    /^fail\(\) expects an error or one of hang, .*unavailable.*, got "unavailabel"\.$/u,
  );
  expect(fail(undefined)).toThrow(TypeError);
  expect(fail('unavailable')).not.toThrow();
  expect(fail('hang')).not.toThrow();
  expect(fail(new FetchFailure('denied', 'Denied.'))).not.toThrow();
});
