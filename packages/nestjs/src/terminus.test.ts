import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { expect, test } from 'vitest';
import { SecretsModule } from './index.ts';
import { SecretsHealthIndicator } from './terminus.ts';
import { get, startedApp, setup } from './nest-app.fixture.ts';
import type { Setup } from './nest-app.fixture.ts';

@Controller()
class HealthController {
  readonly #health: HealthCheckService;
  readonly #secrets: SecretsHealthIndicator;

  constructor(
    @Inject(HealthCheckService) health: HealthCheckService,
    @Inject(SecretsHealthIndicator) secrets: SecretsHealthIndicator,
  ) {
    this.#health = health;
    this.#secrets = secrets;
  }

  @Get('ready')
  @HealthCheck()
  check(): unknown {
    return this.#health.check([() => this.#secrets.isHealthy('kms')]);
  }

  @Get('ready-with-api')
  @HealthCheck()
  checkWithApi(): unknown {
    return this.#health.check([() => this.#secrets.isHealthy('kms', { client: 'reports', required: ['api'] })]);
  }
}

async function healthApp(
  reports: Setup = setup(),
): Promise<Setup & { check: (path: string) => Promise<readonly [number, Kms]> }> {
  const main = setup();
  const { app } = await startedApp({
    imports: [
      TerminusModule.forRoot({ logger: false }),
      SecretsModule.forRoot(main.client, { secrets: ['db'] }),
      SecretsModule.forRoot(reports.client, { name: 'reports' }),
    ],
    controllers: [HealthController],
    providers: [SecretsHealthIndicator],
  });
  const check = async (path: string): Promise<readonly [number, Kms]> => {
    const response = await get(app, path);
    const text = await response.text();
    expect(text.includes('s3cret-')).toBe(false);
    return [response.status, (JSON.parse(text) as { details: { kms: Kms } }).details.kms];
  };
  return { ...main, check };
}

interface Kms {
  readonly status: string;
  readonly health: string;
}

test('is up while all secrets are fresh, and reports no value', async () => {
  const { check } = await healthApp();

  expect(await check('/ready')).toMatchObject([200, { status: 'up', health: 'ok', counts: { fresh: 1, stale: 0 } }]);
});

test('is not down while stale values are served', async () => {
  const { check, kms, clock } = await healthApp();
  kms.fail('unreachable');
  await clock.pass('2h');

  const [status, { status: state, health }] = await check('/ready');

  expect([status, health]).toEqual([200, 'degraded']);
  expect(['up', 'degraded']).toContain(state); // Terminus 12.1 and later have degraded
});

test('is down, with a 503, when nothing can be served', async () => {
  const { check, client } = await healthApp();
  await client.close();

  expect(await check('/ready')).toMatchObject([503, { status: 'down', health: 'failing' }]);
});

test('is down for another client while a required secret is missing', async () => {
  const reports = setup();
  const { check } = await healthApp(reports);
  const before = await check('/ready-with-api');
  await reports.client.get('api');

  expect([before, await check('/ready-with-api')]).toMatchObject([
    [503, { status: 'down', missing: ['api'] }],
    [200, { status: 'up', missing: [] }],
  ]);
});
