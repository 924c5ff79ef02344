import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { markInstances, warnOfOtherVersion } from './package-copy.ts';

const emitWarning = vi.spyOn(process, 'emitWarning');
beforeEach(() => void emitWarning.mockImplementation(() => {}));
afterEach(() => void emitWarning.mockReset());

function copyOf(version: string | undefined) {
  return {
    version,
    warnedOf: new Set<string>(),
    location: () => (version === undefined ? undefined : `/app/${version}/index.js`),
  };
}

/** An object of a copy. */
function objectOf(copy: unknown): object {
  const prototype = {};
  markInstances(prototype, copy as ReturnType<typeof copyOf>);
  return Object.create(prototype) as object;
}

test('warns of another version, with both locations and what to do', () => {
  warnOfOtherVersion(objectOf({ ...copyOf('1.1.0'), location: () => undefined }), copyOf('1.0.0'));

  expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(
      /1\.0\.0: \/app\/1\.0\.0\/index\.js\n.*1\.1\.0: unknown location\n.*npm ls @kms-secrets\/core/su,
    ),
    { type: 'KmsSecretsWarning', code: 'KMS_SECRETS_TWO_VERSIONS' },
  );
});

test('warns once, whichever of the two copies meets the other', () => {
  const [older, newer] = [copyOf('1.0.0'), copyOf('1.1.0')];

  warnOfOtherVersion(objectOf(newer), older);
  warnOfOtherVersion(objectOf(newer), older);
  warnOfOtherVersion(objectOf(older), newer);

  expect(emitWarning).toHaveBeenCalledTimes(1);
});

test.each([
  ['a copy of the same version', copyOf('1.0.0')],
  ['the sources', copyOf(undefined)],
  ['an unknown mark', true],
])('does not warn of %s', (_case, copy) => {
  warnOfOtherVersion(objectOf(copy), copyOf('1.0.0'));
  warnOfOtherVersion({}, copyOf('1.0.0'));

  expect(emitWarning).not.toHaveBeenCalled();
});
