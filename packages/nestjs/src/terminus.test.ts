import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { expect, test } from 'vitest';
import { SecretsModule } from './index.ts';
import { SecretsHealthIndicator } from './terminus.ts';
import { get, startedApp, trial } from './trial.fixture.ts';
import type { Trial } from './trial.fixture.ts';

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

async function setup(
  reports: Trial = trial(),
): Promise<Trial & { ask: (path: string) => Promise<readonly [number, Kms]> }> {
  const usual = trial();
  const { app } = await startedApp({
    imports: [
      TerminusModule.forRoot({ logger: false }),
      SecretsModule.forRoot(usual.client, { secrets: ['db'] }),
      SecretsModule.forRoot(reports.client, { name: 'reports' }),
    ],
    controllers: [HealthController],
    providers: [SecretsHealthIndicator],
  });
  const ask = async (path: string): Promise<readonly [number, Kms]> => {
    const answer = await get(app, path);
    const text = await answer.text();
    expect(text.includes('s3cret-')).toBe(false);
    return [answer.status, (JSON.parse(text) as { details: { kms: Kms } }).details.kms];
  };
  return { ...usual, ask };
}

interface Kms {
  readonly status: string;
  readonly health: string;
}

test('it is up while all is served, told with versions and ages, not with values', async () => {
  const { ask } = await setup();

  expect(await ask('/ready')).toMatchObject([
    200,
    { status: 'up', health: 'ok', secrets: [{ name: 'db', versionId: 'v1', freshness: 'fresh' }] },
  ]);
});

test('while old values are served it is not down: a restart would throw them away', async () => {
  const { ask, kms, clock } = await setup();
  kms.fail('unreachable');
  await clock.pass('2h');

  const [status, { status: state, health }] = await ask('/ready');

  expect([status, health]).toEqual([200, 'degraded']);
  expect(['up', 'degraded']).toContain(state); // Terminus knows of degraded since 12.1
});

test('it is down, and answered with 503, when nothing can be served', async () => {
  const { ask, client } = await setup();
  await client.close();

  expect(await ask('/ready')).toMatchObject([503, { status: 'down', health: 'failing' }]);
});

test('of another client, and while a required secret is missing, it says so', async () => {
  const reports = trial();
  const { ask } = await setup(reports);
  const before = await ask('/ready-with-api');
  await reports.client.get('api');

  expect([before, await ask('/ready-with-api')]).toMatchObject([
    [503, { status: 'down', missing: ['api'] }],
    [200, { status: 'up', missing: [] }],
  ]);
});
