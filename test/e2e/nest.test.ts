import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { startFakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';

test('a process that leaves its testing module open exits', async () => {
  const kms = await startFakeKms();
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db');
  const program = `
    import 'reflect-metadata';
    import { Test } from '@nestjs/testing';
    import { getSecretToken, SecretsModule } from '@kms-secrets/nestjs';
    const imports = [SecretsModule.forRoot({}, { secrets: ['db'] })];
    const module = await Test.createTestingModule({ imports }).compile();
    await module.init();
    console.log(module.get(getSecretToken('db'), { strict: false }).current.name);`;

  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env['PATH'] ?? '', KMS_SECRETS_CONFIG_FILE: '', ...kms.environment() },
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);

  expect([code, output, errors]).toEqual([0, 'db\n', '']);
});
