import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadDuring } from '../support/steady-load.ts';
import { Balancer } from './balancer.ts';
import { fakeKms, nextWeb, programs, start, stop } from './service-process.ts';
import type { Service } from './service-process.ts';

const restarts = 10;
/** Milliseconds after SIGTERM. Longer than several readiness probes, also on a busy machine. */
const shutdownDelay = 2_000;

test.each([...programs, nextWeb])(
  '$name: no request fails in ten rolling restarts, with the signal before the balancer stops',
  async (service) => {
    const directory = await openKms();
    await using balancer = await Balancer.listen();
    const exitCodes: Promise<unknown>[] = [];

    const restartAll = async (): Promise<void> => {
      for (let restart = 0; restart < restarts; restart += 1) {
        for (const terminate of instances.splice(0)) {
          instances.push(await startInstance(service, directory, balancer));
          exitCodes.push(terminate());
        }
      }
    };
    const instances = [
      await startInstance(service, directory, balancer),
      await startInstance(service, directory, balancer),
    ];
    const responses = await loadDuring(restartAll(), `${balancer.url}/secrets/shop%2Fdb`, 100);
    const failed = responses.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`);

    console.log(
      `${service.name}: ${failed.length} of ${responses.length} requests failed in ${restarts} rolling restarts; ` +
        `${balancer.lateConnections} connections came after the signal`,
    );
    expect(failed).toEqual([]);
    expect(balancer.lateConnections).toBeGreaterThan(restarts);
    expect(await Promise.all(exitCodes)).toEqual(Array.from({ length: 2 * restarts }, () => service.exitCode));
  },
  900_000,
);

/** Starts the fake KMS in a new directory with its properties file. */
async function openKms(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'secrets.yaml'), 'shop/db: s3cret-shop-db\n');
  const properties = join(directory, 'secretsmanager.properties');
  await start([fakeKms, 'secrets.yaml', '--properties', properties], directory).line(/(ready)/u);
  return directory;
}

/** Starts a process that gets requests. Returns what sends SIGTERM to it, and resolves to its exit code. */
async function startInstance(
  { command }: Service,
  directory: string,
  balancer: Balancer,
): Promise<() => Promise<unknown>> {
  const instance = start(command, directory, shutdownDelay);
  const signalled = await balancer.add(await instance.line(/(http:\/\/\S+)/u));
  return () => {
    signalled();
    return stop(instance);
  };
}
