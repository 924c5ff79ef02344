import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startFakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';

/** Runs a program in a new process. Returns its output and its exit code, `null` if it had to be killed. */
async function run(
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ code: unknown; output: string }> {
  const source = `import { createSecretClient } from '@kms-secrets/core';\n${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { PATH: process.env['PATH'] ?? '', KMS_SECRETS_CONFIG_FILE: '', ...environment },
    // The package resolves to its build from here, as in a user's program.
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, output };
}

test('a process that has read a secret exits when it has nothing else to do', async () => {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db');

  const { code, output } = await run(
    `const client = createSecretClient();
     const secret = await client.get('db');
     console.log(secret, secret.text().length, JSON.stringify(client.describe()));`,
    kms.environment(),
  );

  expect(code).toBe(0);
  expect(output).toContain("name: 'db'");
  expect(output.includes('s3cret')).toBe(false);
});

test('a process that awaits a secret does not exit during the read', async () => {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  const environment = kms.environment();
  await kms.stop('cn-hangzhou');

  const { code, output } = await run(
    `const client = createSecretClient({ deadline: '3s', preload: ['db'], readyTimeout: '1s' });
     await client.get('db').catch(({ code }) => console.log('read', code));
     await client.ready().catch(({ code }) => console.log('ready', code));`,
    environment,
  );

  expect(output).toMatch(/^read ERR_\w+\nready ERR_SECRET_SET\n$/u);
  expect(code).toBe(0);
});

test('an uncaught error ends the process with a message without secrets', async () => {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  const environment = { ...kms.environment(), credentials_access_secret: 's3cret-but-wrong' };

  const { code, output } = await run(`await createSecretClient().get('db');`, environment);

  expect(code).toBe(1);
  expect(output).toContain('ERR_IDENTITY_REJECTED');
  expect(output).toContain('SignatureDoesNotMatch');
  expect(output.includes('s3cret')).toBe(false);
  expect(output.includes(kms.accessKey.accessKeyId)).toBe(false);
});
