import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What plain Node finds behind the built door: no source, no test runner in between. */
async function namesBehind(door: string, file = 'index.js'): Promise<string[]> {
  const url = JSON.stringify(join(import.meta.dirname, '../../packages', door, 'dist', file));
  const script = `import(${url}).then((names) => console.log(JSON.stringify(Object.keys(names))))`;
  // The condition of React's servers, which is what `server-only` lets in.
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions', 'react-server', '-e', script]);
  return JSON.parse(stdout) as string[];
}

// A name more is a promise more, a name less breaks somebody: both want a changeset. `vitest -u` records them.
test('@kms-secrets/core exports', async () => {
  expect(await namesBehind('core')).toMatchInlineSnapshot(`
    [
      "AccessDeniedError",
      "ClientClosedError",
      "ConfigurationError",
      "DeadlineExceededError",
      "FetchFailure",
      "RequestRejectedError",
      "Secret",
      "SecretDisabledError",
      "SecretError",
      "SecretHandle",
      "SecretNotFoundError",
      "SecretSetError",
      "SecretSnapshot",
      "SecretTypeError",
      "SecretUnavailableError",
      "StoreError",
      "createKeyring",
      "createSecretClient",
      "errorAnswer",
      "failures",
      "fileStore",
      "healthAnswer",
      "healthOf",
      "isSecretError",
      "isSecretSnapshot",
      "milliseconds",
      "sdkTransport",
      "systemClock",
    ]
  `);
});

test('@kms-secrets/express exports', async () => {
  expect(await namesBehind('express')).toMatchInlineSnapshot(`
    [
      "createSecretClient",
      "getSecrets",
      "isSecretError",
      "secretErrors",
      "secrets",
      "secretsHealth",
    ]
  `);
});

test('@kms-secrets/fastify exports', async () => {
  expect(await namesBehind('fastify')).toMatchInlineSnapshot(`
    [
      "createSecretClient",
      "isSecretError",
      "secretErrors",
      "secrets",
      "secretsHealth",
    ]
  `);
});

test('@kms-secrets/nestjs exports', async () => {
  expect(await namesBehind('nestjs')).toMatchInlineSnapshot(`
    [
      "InjectSecret",
      "InjectSecretClient",
      "OnSecretRotated",
      "RequestSecret",
      "SecretErrorsFilter",
      "SecretHandle",
      "SecretsModule",
      "SecretsService",
      "createSecretClient",
      "getSecretClientToken",
      "getSecretToken",
      "healthAnswer",
      "healthOf",
      "isSecretError",
    ]
  `);
  expect(await namesBehind('nestjs', 'terminus.js')).toMatchInlineSnapshot(`
    [
      "SecretsHealthIndicator",
    ]
  `);
});

test('@kms-secrets/redis exports', async () => {
  expect(await namesBehind('redis')).toMatchInlineSnapshot(`
    [
      "redisStore",
    ]
  `);
});

test('@kms-secrets/testing exports', async () => {
  expect(await namesBehind('testing')).toMatchInlineSnapshot(`
    [
      "FakeClock",
      "FakeKms",
      "FakeStore",
      "FakeTransport",
      "fixedSecrets",
      "startAdmin",
      "startFakeKms",
    ]
  `);
});

test('@kms-secrets/next exports', async () => {
  expect(await namesBehind('next')).toMatchInlineSnapshot(`
    [
      "SecretNotAllowedHereError",
      "getSecret",
      "getSecretClient",
      "isSecretError",
      "secretErrors",
      "secretsHealth",
    ]
  `);
});

test('@kms-secrets/next/setup exports', async () => {
  expect(await namesBehind('next', 'setup.js')).toMatchInlineSnapshot(`
    [
      "configureSecrets",
      "createSecretClient",
      "getSecretClient",
      "isSecretError",
      "register",
      "withKmsSecrets",
    ]
  `);
});
