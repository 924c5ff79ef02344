import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { expect, test } from 'vitest';
import { getSecretToken, SecretsModule } from './index.ts';
import type { SecretHandle } from './index.ts';
import { startedApp, setup } from './nest-app.fixture.ts';

test('a configuration namespace keeps the value of the start; a handle follows rotation', async () => {
  const { client, rotate } = setup();
  const database = registerAs('database', async () => ({ password: (await client.get('db')).text() }));
  const { app } = await startedApp({
    imports: [
      ConfigModule.forRoot({ ignoreEnvFile: true, load: [database] }),
      SecretsModule.forRoot(client, { secrets: ['db'] }),
    ],
  });
  await rotate('db', 'v2');

  expect(app.get(ConfigService).get<string>('database.password') === 's3cret-db-v1').toBe(true);
  expect(app.get<SecretHandle>(getSecretToken('db')).text() === 's3cret-db-v2').toBe(true);
});

test('the options of a client can come from ConfigService', async () => {
  const { options, kms } = setup();
  await startedApp({
    imports: [
      ConfigModule.forRoot({ ignoreEnvFile: true, load: [() => ({ secrets: { preload: ['api'] } })] }),
      SecretsModule.forRootAsync({
        imports: [ConfigModule],
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({ ...options, ...config.get<object>('secrets') }),
      }),
    ],
  });

  expect(kms.requests.map(({ name }) => name)).toEqual(['api']);
});
