import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { createSecretClient, RequestSecret, SecretsModule, SecretsService } from '@kms-secrets/nestjs';
import type { Secret } from '@kms-secrets/nestjs';
import { startFakeKms } from '@kms-secrets/testing';
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';

test('a process that leaves its testing module open ends by itself', async () => {
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
    timeout: 20_000,
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);

  expect([code, output, errors]).toEqual([0, 'db\n', '']);
});

/** Reads twice, with a wait in between that a rotation may fall into. */
@Controller()
class Routes {
  readonly #secrets: SecretsService;

  constructor(@Inject(SecretsService) secrets: SecretsService) {
    this.#secrets = secrets;
  }

  @Get()
  async read(@RequestSecret('db') db: Secret, @Req() incoming: IncomingMessage): Promise<readonly string[]> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await this.#secrets.of(incoming).get('db');
    // The last word of the value is its version: a value under the id of another version would show.
    return [db.text().split(' ').at(-1) ?? '', db.versionId, again.versionId];
  }
}

test('rotations under 200 requests a second fail no request, and no request sees two versions', async () => {
  const kms = await startFakeKms({ quota: false });
  onTestFinished(() => kms.close());
  const rotate = (round: number): void => {
    kms.put('db', `s3cret-db v${round}`, { versionId: `v${round}` });
  };
  rotate(0);
  const client = createSecretClient({
    credentials: kms.accessKey,
    endpoints: kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
    ttl: '1s',
  });
  onTestFinished(() => client.close());
  const imports = [SecretsModule.forRoot(client, { secrets: ['db'] })];
  const module = await Test.createTestingModule({ imports, controllers: [Routes] }).compile();
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  onTestFinished(() => app.close());
  const url = await app.getUrl();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());

  const asked: Promise<readonly [status: number | undefined, body: string]>[] = [];
  const [perSecond, seconds] = [200, 4];
  const startedAt = performance.now();
  for (let round = 0; asked.length < perSecond * seconds;) {
    const elapsed = (performance.now() - startedAt) / 1_000;
    // What a busy machine could not send in time is sent now: the rate holds on average.
    while (asked.length < Math.min(elapsed * perSecond, perSecond * seconds)) asked.push(ask(url, agent));
    if (elapsed * 2 > round + 1) rotate((round += 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const answers = await Promise.all(asked);

  const seen = answers.map(([, body]) => new Set(JSON.parse(body) as string[]));
  expect(answers.filter(([status]) => status !== 200)).toEqual([]);
  expect(seen.filter((versions) => versions.size !== 1)).toEqual([]);
  expect(new Set(seen.flatMap((versions) => [...versions])).size).toBeGreaterThanOrEqual(3);
});

function ask(url: string, agent: Agent): Promise<readonly [status: number | undefined, body: string]> {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => {
      text(response).then((body) => resolve([response.statusCode, body]), reject);
    })
      .on('error', reject)
      .end();
  });
}
